"""`kill -9` at any moment: running again gives what an undisturbed run gives, and leaves nothing behind."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lake_tables import assert_same_lakes, one, orphans

from footfall.lake import open_lake
from footfall.simulate import simulate

KILLS = 10


def start(shop: Path, lake: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "footfall.cli", "run", str(shop), "--lake", str(lake), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(run: subprocess.Popen[bytes]) -> None:
    printed, _ = run.communicate(timeout=120)
    assert run.returncode == 0, printed.decode()


def killed(run: subprocess.Popen[bytes], after: float) -> bool:
    """Kill a run some seconds after its start; whether it was still at work then."""
    try:
        run.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return True
    assert run.returncode == 0
    return False


@pytest.mark.slow
def test_ten_kills_and_another_run_give_the_undisturbed_tables(tmp_path: Path) -> None:
    shop = simulate(tmp_path / "shop", users=1_000, months=2, seed=3).truth.parent
    undisturbed, lake = tmp_path / "undisturbed", tmp_path / "killed"
    began = time.monotonic()
    finish(start(shop, undisturbed))
    duration = time.monotonic() - began

    chance, kills, finished = random.Random(20191001), 0, 0
    while kills < KILLS and finished < 3 * KILLS:
        # A killed run is followed by one that goes on from there; one that came to its end, by a new lake.
        if killed(start(shop, lake), chance.uniform(0, duration)):
            kills += 1
        else:
            finished += 1
            assert_same_lakes(lake, undisturbed)
            assert orphans(lake) == []
            shutil.rmtree(lake)
    finish(start(shop, lake))
    assert kills == KILLS
    assert_same_lakes(lake, undisturbed)
    assert one(lake, "SELECT sum(rows) FROM row_accounts") == one(undisturbed, "SELECT sum(rows) FROM row_accounts")
    assert orphans(lake) == []


def test_a_lake_whose_making_was_killed_can_be_made_again(tmp_path: Path) -> None:
    """The card is written beside its place and renamed; between the two a kill leaves only the first."""
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / f".lake.json.{os.getpid() + 1}").write_text('{"format": 1')
    assert open_lake(lake, create=True).key_id is None
