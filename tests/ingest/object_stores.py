"""A real S3 server on loopback."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from obstore.store import S3Store

BUCKET = "shop"
KEYS = {"AWS_ACCESS_KEY_ID": "footfall-test", "AWS_SECRET_ACCESS_KEY": "not-a-secret", "AWS_REGION": "us-east-1"}


@dataclass(frozen=True)
class ObjectStore:
    """A bucket of a real server, and the variables that say where it is."""

    endpoint: str
    variables: dict[str, str]

    def put(self, key: str, text: str) -> str:
        """Write an object; its address."""
        S3Store(
            BUCKET, endpoint=self.endpoint, client_options={"allow_http": True},
            access_key_id=KEYS["AWS_ACCESS_KEY_ID"], secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        ).put(key, text.encode())  # fmt: skip
        return f"s3://{BUCKET}/{key}"


def free_port() -> int:
    """A port that is free, and the one 10,000 above, where SeaweedFS speaks gRPC."""
    while True:
        with socket.socket() as probe, socket.socket() as other:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port


@contextmanager
def s3_server(folder: Path) -> Iterator[ObjectStore]:
    """A real S3 server on loopback, which keeps everything in the folder."""
    identity = {"name": "test", "actions": ["Admin", "Read", "Write", "List"]}
    keys = {"accessKey": KEYS["AWS_ACCESS_KEY_ID"], "secretKey": KEYS["AWS_SECRET_ACCESS_KEY"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity | {"credentials": [keys]}]}))
    ports = {name: free_port() for name in ("s3", "master", "volume", "filer")}
    command = [
        shutil.which("weed") or str(Path(sys.executable).with_name("weed")),
        "server",
        "-s3",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
    ]
    command += [f"-dir={folder}", f"-s3.config={folder}/s3.json", "-master.volumeSizeLimitMB=64", "-volume.max=20"]
    command += [f"-{name}.port={port}" for name, port in ports.items()]
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    try:
        _make_bucket(endpoint, server, folder / "log")
        yield ObjectStore(endpoint, KEYS | {"AWS_ENDPOINT_URL": endpoint})
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def _make_bucket(endpoint: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """SeaweedFS makes a bucket at the first write."""
    end = time.monotonic() + 90
    while server.poll() is None and time.monotonic() < end:
        try:
            ObjectStore(endpoint, {}).put("ready", "yes")
        except Exception:  # noqa: BLE001 - whatever the library raises until the server listens
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"the S3 server did not start:\n{log.read_text()[-2000:]}")
