"""Only what is new is done, a new version of a file replaces the old, and no feature sees the future."""

import csv
import gzip
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from commands import Ended, footfall
from lake_tables import MADE_BY_ENGINES, assert_same, assert_same_lakes, in_order, one, rows

from footfall.simulate import SimulatedShop


def shorter(month: Path, folder: Path, *, keep: int | None = None, before: str = "9999") -> Path:
    """The month's first rows, or those before a moment, under its own name."""
    folder.mkdir(exist_ok=True)
    header, *lines = gzip.decompress(month.read_bytes()).decode().splitlines(keepends=True)
    kept = [line for line in lines[:keep] if line[:19] < before]
    (folder / month.name).write_bytes(gzip.compress("".join([header, *kept]).encode(), mtime=0))
    return folder / month.name


def test_the_same_file_is_skipped_and_other_content_replaces_it(
    small_shop: SimulatedShop, lake: Path, tmp_path: Path
) -> None:
    month = small_shop.months[0]
    first = footfall("ingest", shorter(month, tmp_path / "v1", keep=2_000), "--lake", lake, "--json").told
    assert first["rows_read"] == 2_000
    again = footfall("ingest", tmp_path / "v1" / month.name, "--lake", lake, "--json").told
    assert again["unchanged"] == [month.name]
    assert again["rows_read"] == 0

    second = footfall("ingest", shorter(month, tmp_path / "v2", keep=3_000), "--lake", lake, "--json").told
    assert second["replaced"] == [month.name]
    assert footfall("ingest", tmp_path / "v2" / month.name, "--lake", tmp_path / "other").code == 0
    assert_same_lakes(lake, tmp_path / "other", ("events", "quarantine", "row_accounts"))
    assert one(lake, "SELECT sum(rows) FROM row_accounts") == 3_000
    assert [row["rows"] for row in rows(lake, "SELECT rows FROM raw_files ORDER BY ingested_at")] == [2_000, 3_000]

    back = footfall("ingest", tmp_path / "v1" / month.name, "--lake", lake, "--json").told
    assert back["rows_read"] == 2_000
    assert one(lake, "SELECT sum(rows) FROM row_accounts") == 2_000


def test_the_same_bytes_under_another_name_are_skipped(small_shop: SimulatedShop, lake: Path, tmp_path: Path) -> None:
    month = shorter(small_shop.months[0], tmp_path / "short", keep=500)
    shutil.copy(month, tmp_path / "copy.csv.gz")
    assert footfall("ingest", month, "--lake", lake).code == 0
    before = one(lake, "SELECT count(*) FROM events")
    ended = footfall("ingest", tmp_path / "copy.csv.gz", "--lake", lake)
    assert ended.code == 0
    assert "skipped" in ended.out
    assert one(lake, "SELECT count(*) FROM events") == before
    assert one(lake, "SELECT count(*) FROM raw_files") == 1


def test_a_second_month_touches_nothing_of_the_first(
    small_shop: SimulatedShop, small_lake: tuple[Path, Ended], lake: Path
) -> None:
    october, november = small_shop.months

    def files() -> dict[str, int]:
        tables = [lake / "cleansed" / "events", *(lake / "processed" / name for name in ("sessions", "user_months"))]
        return {
            str(file): file.stat().st_mtime_ns for table in tables for file in table.glob("month=2019-10/**/*.parquet")
        }

    assert footfall("run", october, "--lake", lake).code == 0
    before = files()
    assert before
    ended = footfall("run", november, "--lake", lake, "--json")
    assert ended.told["features"]["months"] == ["2019-11"]
    assert files() == before
    # Segments go on from those of October, which the other lake never had.
    others = tuple(name for name in MADE_BY_ENGINES if name != "user_features")
    assert_same_lakes(lake, small_lake[0], others)
    latest = "as_of = '2019-12-01'"
    features = in_order(lake, "user_features", latest)
    assert features.num_rows > 100
    assert_same(features, in_order(small_lake[0], "user_features", latest), "user_features")


@pytest.mark.parametrize("as_of", ["2019-11-13T15:20:00", "2019-10-17", "2019-11-01"])
def test_features_as_of_a_date_are_those_of_a_lake_that_knows_no_later_event(
    as_of: str, small_shop: SimulatedShop, small_lake: tuple[Path, Ended], tmp_path: Path
) -> None:
    whole, past = tmp_path / "whole", tmp_path / "past"
    shutil.copytree(small_lake[0], whole)
    ended = footfall("features", "--lake", whole, "--as-of", as_of)
    assert ended.code == 0, ended.err

    moment = datetime.fromisoformat(as_of)
    months = [
        month for month, first in zip(small_shop.months, ("2019-10-01", "2019-11-01"), strict=True) if first < as_of
    ]
    logs = [shorter(month, tmp_path / "logs", before=f"{moment:%Y-%m-%d %H:%M:%S}") for month in months]
    assert footfall("ingest", *logs, "--lake", past).code == 0
    assert footfall("features", "--lake", past, "--as-of", as_of).code == 0
    features = in_order(whole, "user_features", f"as_of = '{moment}'")
    assert features.num_rows > 100
    assert_same(features, in_order(past, "user_features"), "user_features")


def test_the_log_is_in_order_and_cut_where_it_says(small_shop: SimulatedShop, tmp_path: Path) -> None:
    """The test above is worth as much as `shorter`."""
    cut = shorter(small_shop.months[1], tmp_path / "logs", before="2019-11-13 15:20:00")
    with gzip.open(cut, "rt") as text:
        times = [row["event_time"] for row in csv.DictReader(text) if row["event_time"].startswith("2019-11-")]
    assert max(times) < "2019-11-13 15:20:00"
    assert len(times) > 500
