"""`kill -9` at any moment: running again gives what an undisturbed run gives, and leaves nothing behind."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import kill_at
from lake_tables import assert_same_lakes, one, orphans

from footfall.lake import open_lake
from footfall.simulate import simulate

# In the order in which a run comes to them; it goes on from where the one before was killed.
MARKS = (
    "raw/arriving/*",
    "raw/raw_files/_delta_log/*.json",
    ".staging/*/*",
    "cleansed/events/_delta_log/*.json",
    "processed/metric_series/_delta_log/*.json",
    "processed/sessions/month=*",
    "processed/user_features/_delta_log/*.json",
    "models/segments/v*/model.json",
    "processed/segment_profiles/_delta_log/*.json",
    "processed/customer_segments/_delta_log/*.json",
    "reports/*",
    "models/registry/mlflow.db",
)
KILLS = 3


def start(shop: Path, lake: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "footfall.cli", "run", str(shop), "--lake", str(lake), "--json"]
    command += ["--key-file", str(shop.parent / "key")]
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


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("killed") / "shop", users=300, months=2, seed=3).truth.parent


@pytest.fixture(scope="module")
def undisturbed(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The lake of a run that nobody killed, and how many seconds it took."""
    lake, began = tmp_path_factory.mktemp("undisturbed") / "lake", time.monotonic()
    finish(start(shop, lake))
    return lake, time.monotonic() - began


@pytest.mark.slow
def test_a_kill_at_every_step_and_another_run_give_the_undisturbed_tables(
    shop: Path, undisturbed: tuple[Path, float], tmp_path: Path
) -> None:
    lake, (whole, _) = tmp_path / "lake", undisturbed
    for mark in MARKS:
        run = start(shop, lake)
        kill_at(lake, mark, run)
        if run.returncode == 0:  # The kill before this came so late that nothing was left to do.
            shutil.rmtree(lake)
            run = start(shop, lake)
            kill_at(lake, mark, run)
        assert run.returncode == -signal.SIGKILL, mark
    finish(start(shop, lake))
    assert_same_lakes(lake, whole)
    assert orphans(lake) == []


@pytest.mark.slow
def test_kills_at_any_moment_and_another_run_give_the_undisturbed_tables(
    shop: Path, undisturbed: tuple[Path, float], tmp_path: Path
) -> None:
    lake, (whole, duration) = tmp_path / "lake", undisturbed
    chance, kills, finished = random.Random(20191001), 0, 0
    while kills < KILLS and finished < 3 * KILLS:
        # A killed run is followed by one that goes on from there, and has less to do; one that came to its end, by a
        # new lake.
        if killed(start(shop, lake), chance.uniform(0, duration / 2)):
            kills += 1
        else:
            finished += 1
            assert_same_lakes(lake, whole)
            assert orphans(lake) == []
            shutil.rmtree(lake)
    finish(start(shop, lake))
    assert kills == KILLS
    assert_same_lakes(lake, whole)
    assert one(lake, "SELECT sum(rows) FROM row_accounts") == one(whole, "SELECT sum(rows) FROM row_accounts")
    assert orphans(lake) == []


def test_a_lake_whose_making_was_killed_can_be_made_again(tmp_path: Path) -> None:
    """The card is written beside its place and renamed; between the two a kill leaves only the first."""
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / f".lake.json.{os.getpid() + 1}").write_text('{"format": 1')
    assert open_lake(lake, create=True).key_id is None
