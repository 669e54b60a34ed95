"""What a run does where an earlier one died, a file is gone, or a date lies in the past."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from commands import footfall
from lake_tables import one, rows, serving, versions

from footfall.lake import Transaction, open_lake
from footfall.registry import Registry
from footfall.simulate import SimulatedShop


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_a_promotion_that_dies_is_mended_by_the_next_run(
    own_lake: Path, small_shop: SimulatedShop, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies before its first, second or third commit."""
    real, left = Transaction.write, [writes]

    def dying(self: Transaction, *arguments: Any, **named: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        real(self, *arguments, **named)

    before = serving(own_lake)
    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "write", dying)
        assert footfall("segment", "promote", "v1.0.0", "--lake", own_lake).code == 130
    assert serving(own_lake) == before
    assert footfall("run", *small_shop.months, "--lake", own_lake).code == 0
    for table in ("segment_profiles", "customer_segments"):
        assert one(own_lake, f"SELECT DISTINCT model_version FROM {table}") == before
    assert one(own_lake, "SELECT DISTINCT to_model_version FROM segment_migration") == before
    assert f"Model {before}" in (own_lake / "reports" / "segments.html").read_text()
    assert "nothing to do" in footfall("run", *small_shop.months, "--lake", own_lake).out


def test_a_version_that_the_registry_was_not_told_of_is_told_with_the_next(
    own_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Registry, "register", dies)
        assert footfall("segments", "--k", "4+1", "--lake", own_lake).code == 130
    between = serving(own_lake)
    assert between not in versions(own_lake)

    assert footfall("segments", "--k", "3+1", "--lake", own_lake).code == 0
    assert between in versions(own_lake)
    retired = footfall("segment", "retire", "--keep", "1", "--lake", own_lake)
    assert str(between) in retired.out
    assert not (own_lake / "models" / "segments" / str(between)).exists()


def test_files_of_a_version_that_are_lost_come_back_from_the_registry(own_lake: Path) -> None:
    folder = own_lake / "models" / "segments" / str(serving(own_lake))
    shutil.rmtree(folder)
    assert footfall("segment", "show", "--lake", own_lake).code == 0
    assert footfall("segments", "--seed", "6", "--as-challenger", "--lake", own_lake).code == 0
    assert {"model.json", "facts.json", "witnesses.arrow"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("lost", ["reports/segments.html", "models/registry/mlflow.db", "model.json"])
def test_what_is_deleted_is_made_again(own_lake: Path, small_shop: SimulatedShop, lost: str) -> None:
    version = serving(own_lake)
    file = own_lake / ("" if "/" in lost else f"models/segments/{version}") / lost
    file.unlink()

    assert "nothing to do" not in footfall("run", *small_shop.months, "--lake", own_lake).out

    assert file.exists()
    assert versions(own_lake)[str(version)] == ["champion"]
    assert "nothing to do" in footfall("run", *small_shop.months, "--lake", own_lake).out


def test_a_model_that_is_damaged_is_no_reason_to_do_nothing(own_lake: Path, small_shop: SimulatedShop) -> None:
    (own_lake / "models" / "segments" / str(serving(own_lake)) / "model.json").write_text("{")

    refused = footfall("run", *small_shop.months, "--lake", own_lake)

    assert refused.code == 1
    assert "segment model: not JSON" in refused.err
    assert "footfall segments --fresh" in refused.err


def test_without_any_model_only_fresh_segments_are_made_and_no_number_is_given_twice(own_lake: Path) -> None:
    served = serving(own_lake)
    highest = one(own_lake, "SELECT max(segment_id) FROM segment_profiles")
    shutil.rmtree(own_lake / "models")

    refused = footfall("segments", "--seed", "7", "--lake", own_lake)
    assert refused.code == 1
    assert "is missing, and the registry has no copy" in refused.err
    assert "footfall segments --fresh" in refused.err

    assert footfall("segments", "--fresh", "--lake", own_lake).code == 0
    assert str(serving(own_lake)) > str(served)
    assert one(own_lake, "SELECT min(segment_id) FROM segment_profiles") > highest


def test_a_lake_of_an_older_format_is_segmented_afresh(own_lake: Path) -> None:
    for file in (own_lake / "models" / "segments").glob("v*/model.json"):
        file.write_text('{"format": 1}')
    refused = footfall("segments", "--seed", "7", "--lake", own_lake)
    assert refused.code == 1
    assert "footfall segments --fresh" in refused.err
    assert footfall("segments", "--fresh", "--lake", own_lake).code == 0


def flows(lake: Path) -> list[dict[str, Any]]:
    return rows(lake, "SELECT DISTINCT from_as_of, to_as_of FROM segment_migration ORDER BY to_as_of")


def test_going_back_in_time_is_said_and_forward_again_nothing_is_lost(own_lake: Path) -> None:
    known = flows(own_lake)

    back = footfall("segments", "--as-of", "2019-10-15", "--lake", own_lake)
    assert "customer_segments was as of 2019-12-01 00:00:00, and is now as of 2019-10-15 00:00:00" in back.err
    assert "From 2019-11-01 to" not in (own_lake / "reports" / "segments.html").read_text()

    assert footfall("segments", "--lake", own_lake).code == 0
    assert len(known) == 1
    assert flows(own_lake) == known


def test_a_tail_that_is_not_there_is_said(own_lake: Path) -> None:
    ended = footfall("segments", "--isolate-top-spenders", "--json", "--lake", own_lake)

    (note,) = json.loads(ended.out)["notes"]

    assert "no top spenders are isolated" in note


def test_an_impossible_number_is_refused_before_anything_is_measured(own_lake: Path) -> None:
    refused = footfall("segments", "--k", "99999", "--resamples", "200", "--lake", own_lake)

    assert refused.code == 1
    assert "k = 99999 needs 99,999 or more" in refused.err
    assert "k_selection" not in open_lake(own_lake).tables()
