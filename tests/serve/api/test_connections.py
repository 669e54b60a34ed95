"""What reaches the server without a key: endless heads, requests that never end, fields after the body."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served import Server

_IMPATIENT = """
import sys
from pathlib import Path
from footfall.serve.api import connection
from footfall.serve.api.running import run
from footfall.serve.api.server import Limits
from footfall.serve.listening import listen
from footfall.settings import load_settings
connection.REQUEST_SECONDS, connection.CONNECTIONS = 0.5, 20
listening = listen("127.0.0.1", 0)
print(listening.getsockname()[1], flush=True)
run(load_settings(lake=Path(sys.argv[1])), listening, with_keys=False, limits=Limits())
"""


def connect(api: Server) -> socket.socket:
    host, port = api.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), 10)


def rest_of(connection: socket.socket) -> bytes:
    """What the server says until it closes the connection."""
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionError:  # it closed while we still sent
        pass
    return found


@pytest.mark.parametrize("begin", [b"GET /health HTTP/1.1\r\nX-Long: ", b"GET /", b"X-Key: 1\r\n" * 10])
def test_a_head_without_end_is_refused(api: Server, begin: bytes) -> None:
    with connect(api) as connection:
        sent = 0
        try:
            connection.sendall(begin)
            while sent < 50_000_000:
                connection.sendall(b"a" * 65536)
                sent += 65536
        except ConnectionError:
            pass
        assert sent < 20_000_000  # what the buffers between us hold, and not more
        assert b" 400 " in rest_of(connection)[:20] or sent
    assert api.get("/health/live", role=None).status_code == 200


def test_requests_one_after_the_other_are_no_long_head(api: Server) -> None:
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(api) as connection:
        connection.sendall(request * 3000)
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert rest_of(connection).count(b"HTTP/1.1 200 OK") == 3001


def test_a_key_after_the_body_opens_nothing(api: Server) -> None:
    body = b'{"raw_user_id": "1"}'
    request = (
        b"POST /v1/users/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\nTrailer: X-API-Key\r\n\r\n"
        b"%x\r\n%s\r\n0\r\nX-API-Key: %s\r\n\r\n" % (len(body), body, api.keys["data_science"].encode())
    )
    with connect(api) as connection:
        connection.sendall(request)
        assert rest_of(connection).startswith(b"HTTP/1.1 401 ")


def test_who_does_not_come_to_an_end_is_sent_away(published_lake: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", _IMPATIENT, str(published_lake)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        address = ("127.0.0.1", int(server.stdout.readline()))
        slow = [socket.create_connection(address, 30) for _ in range(60)]
        for one in slow[::2]:
            one.sendall(b"GET /health/live HTTP/1.1\r\n")
        with socket.create_connection(address, 30) as posting:
            posting.sendall(b"POST /v1/segments/score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
            assert b"200 OK" not in rest_of(posting)
        for one in slow:
            assert rest_of(one) == b""
            one.close()
        time.sleep(0.2)
        with socket.create_connection(address, 30) as good:
            good.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b"200 OK" in rest_of(good)
    finally:
        server.terminate()
        server.communicate(timeout=30)
