"""`footfall serve` as it is started and ended."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from served import serving

from footfall.serve.listening import is_loopback


def footfall(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "footfall.cli", *map(str, arguments)],
        capture_output=True, text=True, check=False, timeout=60, env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip


@pytest.mark.parametrize("command", ["serve", "dashboard"])
@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_without_keys_nobody_else_may_reach_it(published_lake: Path, command: str, host: str) -> None:
    ended = footfall(command, "--lake", published_lake, "--host", host, "--no-keys")
    assert ended.returncode == 1
    assert "--no-keys is for this machine only" in ended.stderr
    assert "footfall keys create" in ended.stderr


def test_a_port_that_is_taken_and_a_lake_that_is_none(published_lake: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for command in ("serve", "dashboard"):
            taken = footfall(command, "--lake", published_lake, "--port", port)
            assert taken.returncode == 1
            assert f"port {port}" in taken.stderr
            assert "--port" in taken.stderr
    nothing = footfall("serve", "--lake", tmp_path / "nothing", "--port", 0)
    assert nothing.returncode == 1
    assert "is not a lake" in nothing.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to_and_says_nothing_of_it(own_lake: Path, key_file: Path, how: signal.Signals) -> None:
    with serving(own_lake, key_file) as server:
        assert server.get("/v1/segments").status_code == 200
        server.process.send_signal(how)
        code = server.process.wait(30)
    assert code in {0, 130, -how}


def test_whoever_starts_it_without_a_key_is_told_how_to_make_one(own_lake: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "footfall.cli", "serve", "--lake", str(own_lake), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        assert "footfall keys create" in process.stderr.readline()
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_what_is_this_machine() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example.org", "")))
