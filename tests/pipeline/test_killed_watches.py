"""`kill -9` of a watch at any moment: the next one goes on, and nothing is lost or counted twice."""

import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commands import footfall
from lake_tables import assert_same_lakes, orphans
from minutes import by_minute, visits, write

WATCH = "import typer; from footfall.cli.watching import watch; typer.run(watch)"
START = datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0) - timedelta(hours=5)


def start(folder: Path, lake: Path, *flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WATCH, str(folder), "--lake", str(lake), *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_watches_that_are_killed_come_to_the_tables_of_one_run(tmp_path: Path) -> None:
    folder, lake, whole = tmp_path / "incoming", tmp_path / "lake", tmp_path / "whole"
    chance = random.Random(20260301)
    for name, rows in by_minute(visits(START, 180, seed=4), minutes=15).items():
        write(folder, name, rows)
        if len(list(folder.iterdir())) % 2 == 0:
            watching = start(folder, lake, "--once")
            try:
                watching.communicate(timeout=chance.uniform(2, 9))
            except subprocess.TimeoutExpired:
                watching.kill()
                watching.communicate()
    watching = start(folder, lake, "--once")
    _, told = watching.communicate(timeout=200)
    assert watching.returncode == 0, told
    assert orphans(lake) == []
    assert footfall("ingest", folder, "--lake", whole).code == 0
    assert_same_lakes(lake, whole, ("events", "quarantine", "row_accounts"))
    for one in (lake, whole):
        assert footfall("series", "--lake", one).code == 0
    assert_same_lakes(lake, whole, ("volumes", "metric_series"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_watch_ends_after_the_step_at_hand(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "incoming"
    write(folder, "a.csv", visits(START, 30, seed=5))
    watching = start(folder, tmp_path / "lake", "--json")
    assert watching.stdout is not None
    assert '"files": 1' in watching.stdout.readline()
    watching.send_signal(number)
    _, told = watching.communicate(timeout=60)
    assert (watching.returncode, told.count("\n")) == (0, 1)
    assert "watch ended" in told
