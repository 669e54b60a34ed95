"""Servers in processes of their own, as people start them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.serve.access import ROLES, KeyStore, access_folder


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes:
        url: where it is reached.
        lake: what it serves.
        keys: a key for each role, by the role's name.
        process: the server's.
    """

    url: str
    lake: Path
    keys: dict[str, str]
    process: "subprocess.Popen[str]"

    def ask(self, method: str, path: str, role: str | None = "data_science", **more: Any) -> httpx.Response:
        """Ask with the key of a role, or with none."""
        headers = dict(more.pop("headers", {})) | ({"X-API-Key": self.keys[role]} if role else {})
        return httpx.request(method, self.url + path, headers=headers, timeout=30, trust_env=False, **more)

    def get(self, path: str, role: str | None = "data_science", **more: Any) -> httpx.Response:
        """Get something."""
        return self.ask("GET", path, role, **more)

    def post(self, path: str, body: Any, role: str | None = "data_science", **more: Any) -> httpx.Response:
        """Post JSON."""
        return self.ask("POST", path, role, json=body, **more)


@contextmanager
def serving(lake: Path, key_file: Path, *options: object) -> Iterator[Server]:
    """`footfall serve` on a port that is free; ended with SIGTERM, as by a service manager."""
    store = KeyStore(access_folder(open_lake(lake)))
    keys = {role: store.create(f"of-{role}", [role]) for role in ROLES}
    command = ["serve", "--port", "0", "--lake", str(lake), "--key-file", str(key_file), *map(str, options)]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "footfall.cli", *command],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            process.kill()
            raise AssertionError(f"no server: {line} {process.communicate()[1]}")
        server = Server(found.group(), lake, keys, process)
        server_lives(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors, errors


def server_lives(server: Server) -> None:
    """Wait for it; the socket listens before the lake is read, and holds what comes."""
    assert server.get("/health/live", role=None).status_code == 200


def wait_for(is_so: Callable[[], bool]) -> None:
    """Ask again and again, for half a minute."""
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.1)
    raise AssertionError("waited 30 s in vain")


def rows(lake: Path, sql: str) -> list[dict[str, Any]]:
    """What the lake itself says."""
    found: list[dict[str, Any]] = query(open_lake(lake), sql).to_pylist()
    return found


def is_problem(response: httpx.Response, status: int) -> bool:
    """RFC 9457: the media type, and the members that say what and how."""
    told = response.json()
    return (
        response.status_code == told["status"] == status
        and response.headers["content-type"] == "application/problem+json"
        and bool(told["title"])
        and bool(told["detail"])
    )
