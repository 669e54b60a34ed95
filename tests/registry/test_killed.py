"""A process that is killed at any moment leaves whole versions only, and the next one tidies up."""

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from places import Place

from footfall.registry import Registry, open_registry

VERSIONS = ("v1.0.0", "v1.1.0")
FILES = 3

# Registers two numbers again and again, so that a kill always falls into a replacement.
REGISTERS = """
import sys
from itertools import count
from pathlib import Path
from footfall.registry import open_registry
registry = open_registry(sys.argv[1] or None, Path(sys.argv[2]))
print("begins", flush=True)
for round in count():
    files = {f"part-{part}": str(round) * 1_000_000 for part in range(3)}
    version = f"v1.{round % 2}.0"
    registry.register(sys.argv[3], version, params={"round": str(round)}, metrics={}, tags={}, files=files)
    if round == 1:
        print("both are there", flush=True)
"""

DELETES = """
import sys
from pathlib import Path
from footfall.registry import open_registry
registry = open_registry(sys.argv[1] or None, Path(sys.argv[2]))
registry.versions(sys.argv[3])
print("begins", flush=True)
registry.delete(sys.argv[3], "v1.0.0")
"""


@contextmanager
def killed(script: str, place: Place, model: str, *, after: str, seconds: float) -> Iterator[None]:
    """Run the script and kill it so long after it says so."""
    command = [sys.executable, "-c", script, place.uri or "", str(place.folder), model]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while said.strip() != after:
            said = process.stdout.readline()
            assert said, "the script ended by itself"
        time.sleep(seconds)
        process.kill()
    yield


def assert_whole_and_mendable(place: Place, model: str, at_least: int) -> None:
    registry = place.open()
    listed = registry.versions(model)
    assert len(listed) >= at_least
    for version in listed:
        content = version.params["round"] * 1_000_000
        assert [registry.file(model, version.version, f"part-{part}").decode() for part in range(FILES)] == [
            content
        ] * 3
    for number in VERSIONS:
        files = {f"part-{part}": "mended" for part in range(FILES)}
        registry.register(model, number, params={"round": "last"}, metrics={}, tags={}, files=files)
    assert [version.params for version in registry.versions(model)] == [{"round": "last"}] * 2
    assert place.runs(model) == list(VERSIONS)
    assert len(place.kept(model)) == FILES * len(VERSIONS)


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_while_versions_are_replaced(place: Place, model: str, seed: int) -> None:
    with killed(REGISTERS, place, model, after="both are there", seconds=random.Random(seed).uniform(0, 0.4)):
        assert_whole_and_mendable(place, model, at_least=2)


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_while_the_database_is_made(tmp_path: Path, seed: int) -> None:
    place = Place(None, tmp_path / "lake", tmp_path / "lake" / "artifacts")
    with killed(REGISTERS, place, "segments", after="begins", seconds=1 + random.Random(seed).uniform(0, 2)):
        assert_whole_and_mendable(place, "segments", at_least=0)
    assert sorted(path.name for path in place.folder.iterdir()) == ["artifacts", "mlflow.db", "mlflow.db.lock"]


@pytest.mark.parametrize("seed", range(2))
def test_a_kill_while_a_version_is_deleted(place: Place, registry: Registry, model: str, seed: int) -> None:
    for number in VERSIONS:
        registry.register(model, number, params={}, metrics={}, tags={}, files={"model.json": "{}"})
    with killed(DELETES, place, model, after="begins", seconds=random.Random(seed).uniform(0, 0.05)):
        for version in registry.versions(model):
            assert registry.file(model, version.version, "model.json") == b"{}"
        registry.register(model, "v1.0.0", params={}, metrics={}, tags={}, files={"model.json": "{}"})
        registry.delete(model, "v1.0.0")
        assert place.runs(model) == ["v1.1.0"]
        assert place.kept(model) == ["model.json"]


def test_a_change_of_the_database_that_was_cut_off_is_rolled_back(tmp_path: Path) -> None:
    """SQLite leaves a journal beside the file, and whoever opens it next must be able to write."""
    registry = open_registry(None, tmp_path / "whole")
    registry.register("segments", "v1.0.0", params={"k": "5"}, metrics={}, tags={}, files={})
    (tmp_path / "cut").mkdir()
    with closing(sqlite3.connect(tmp_path / "whole" / "mlflow.db")) as database:
        database.execute("PRAGMA cache_size = 1")
        database.execute("UPDATE model_version_tags SET value = 'v9.9.9'")
        database.execute("CREATE TABLE half AS SELECT randomblob(5000000)")
        for file in (tmp_path / "whole").glob("mlflow.db*"):
            shutil.copy(file, tmp_path / "cut")
    assert (tmp_path / "cut" / "mlflow.db-journal").exists()
    assert [version.version for version in open_registry(None, tmp_path / "cut").versions("segments")] == ["v1.0.0"]
