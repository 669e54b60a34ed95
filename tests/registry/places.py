"""A place where a registry is, and a look behind its back."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from footfall.registry import Registry, open_registry
from footfall.registry.mlflow_client import connect
from footfall.registry.records import name_of, runs

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


@dataclass(frozen=True)
class Place:
    """Where a registry is, and a look behind its back."""

    uri: str | None
    folder: Path
    files: Path

    def open(self) -> Registry:
        return open_registry(self.uri, self.folder)

    def client(self) -> Any:
        return connect(self.uri or f"sqlite:///{self.folder.resolve()}/mlflow.db")

    def runs(self, model: str) -> list[str]:
        """Names of the runs that MLflow does not hide."""
        return sorted(run.info.run_name for run in runs(self.client(), model))

    def kept(self, model: str) -> list[str]:
        """Names of the files that are kept for the model."""
        experiment = self.client().get_experiment_by_name(name_of(model))
        folder = self.files / (experiment.experiment_id if self.uri else model)
        return sorted(file.name for file in folder.rglob("*") if file.is_file())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def mlflow_server(folder: Path) -> Iterator[Place]:
    """A real MLflow server on loopback, which keeps everything in the folder."""
    uri = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", uri.rpartition(":")[2]]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db", "--serve-artifacts"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | QUIET, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for(uri, process, folder / "log")
        yield Place(uri, folder / "not-used", folder / "artifacts")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def wait_for(uri: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{uri}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the MLflow server did not start:\n{log.read_text()[-2000:]}")
