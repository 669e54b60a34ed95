"""A shop with everything that can be published, made once for all processes of a test run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock
from served import Server, serving

from footfall.simulate import simulate

_COMMANDS = (
    ("run", "shop"),
    ("forecast", "--metric", "orders", "--horizon", "7", "--origins", "4"),
    ("detect",),
)


@pytest.fixture(scope="session")
def published_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of some 2,000 users: segments, forecasts of orders, incidents. Read only: tests share it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "published"
    with FileLock(shared / "published.lock"):
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            simulate(folder / "shop", users=1500, months=2, seed=1)
            for command in _COMMANDS:
                footfall(folder, *command)
            (folder / "done").touch()
    return folder / "lake"


@pytest.fixture
def own_lake(published_lake: Path, tmp_path: Path) -> Path:
    """A copy to write to."""
    return shutil.copytree(published_lake, tmp_path / "lake")


@pytest.fixture(scope="session")
def key_file(published_lake: Path) -> Path:
    """The key of its pseudonyms."""
    return published_lake.parent / "key"


@pytest.fixture(scope="module")
def api(published_lake: Path, key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> "Server":
    """A server of the module's own copy, in a process of its own, with a key for each role."""
    lake = shutil.copytree(published_lake, tmp_path_factory.mktemp("served") / "lake")
    with serving(lake, key_file, "--rate", 1000, "--burst", 10000, "--body", 30_000) as server:
        yield server


def footfall(folder: Path, *command: str) -> None:
    """Run a command on the folder's lake, in a process of its own."""
    settings = {"FOOTFALL_K": "5", "FOOTFALL_RESAMPLES": "0", "FOOTFALL_KEY_FILE": str(folder / "key")}
    ended = subprocess.run(
        [sys.executable, "-m", "footfall.cli", *command, "--lake", "lake"],
        cwd=folder, env=os.environ | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
