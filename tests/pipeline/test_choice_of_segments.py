"""How many segments: found, told, written down; given by people, and what that costs."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from commands import Ended, footfall, snapshot
from lake_tables import one, rows

HOLDING = (
    "jaccard_min >= 0.75 AND prediction_strength >= 0.8 AND smallest_share >= 0.005 AND gap - 3 * gap_error > "
    "(SELECT max(gap) FROM k_selection AS fewer WHERE fewer.part = ours.part AND fewer.k < ours.k "
    "AND (fewer.k = 1 OR fewer.verdict = '' OR fewer.is_chosen))"
)


@pytest.fixture
def own_lake(small_lake: tuple[Path, Ended], tmp_path: Path) -> Path:
    return shutil.copytree(small_lake[0], tmp_path / "lake")


def test_auto_finds_the_number_of_segments_and_says_why(own_lake: Path) -> None:
    auto = ("segments", "--k", "auto", "--resamples", "20", "--lake", own_lake)
    ended = footfall(*auto)
    assert ended.code == 0, ended.err
    chosen = rows(own_lake, "SELECT * FROM k_selection WHERE is_chosen ORDER BY part")
    assert [row["part"] for row in chosen] == ["buyers", "visitors"]
    for row in chosen:
        part = row["part"]
        assert f"{part}: {row['verdict']}" in ended.out.replace("\n", " ")
        ours = f"SELECT count(DISTINCT segment_id) FROM segment_profiles WHERE part = '{part}'"
        assert one(own_lake, ours) == row["k"]
        best = one(own_lake, f"SELECT coalesce(max(k), 1) FROM k_selection AS ours WHERE part = '{part}' AND {HOLDING}")
        assert row["k"] == best
    assert one(own_lake, "SELECT min(resamples) FROM k_selection") == 20

    before = snapshot(own_lake)
    assert "nothing to do" in footfall(*auto).out
    assert snapshot(own_lake) == before


def test_a_number_that_is_given_overrides_and_its_cost_is_told(own_lake: Path) -> None:
    assert footfall("segments", "--k", "auto", "--resamples", "20", "--lake", own_lake).code == 0
    measured = one(own_lake, "SELECT string_agg(verdict ORDER BY part, k) FROM k_selection")
    ended = footfall("segments", "--k", "9+1", "--resamples", "20", "--lake", own_lake)
    assert ended.code == 0, ended.err
    assert one(own_lake, "SELECT string_agg(verdict ORDER BY part, k) FROM k_selection") == measured
    counts = rows(own_lake, "SELECT part, count(DISTINCT segment_id) AS k FROM segment_profiles GROUP BY part")
    assert {row["part"]: row["k"] for row in counts} == {"buyers": 9, "visitors": 1}
    assert "buyers: 9 and not" in ended.out.replace("\n", " ")
    assert "below 0.75" in ended.out.replace("\n", " ")


def test_without_resamples_nothing_is_measured_and_auto_is_refused(own_lake: Path) -> None:
    assert one(own_lake, "SELECT count(*) FROM segment_profiles") > 0
    assert "k_selection" not in {path.name for path in (own_lake / "processed").iterdir()}
    before = snapshot(own_lake)
    ended = footfall("segments", "--k", "auto", "--resamples", "0", "--lake", own_lake)
    assert ended.code == 1
    assert "resamples is 0" in ended.err
    assert {name: size for name, (size, _) in before.items()} == {
        name: size for name, (size, _) in snapshot(own_lake).items()
    }


def test_top_spenders_are_isolated_on_demand(tmp_path: Path) -> None:
    """Forty buyers of one order each; twelve spend a thousand times as much."""
    start = datetime(2019, 10, 1)
    lines = ["event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"]
    for user in range(90):
        price = 5_000 + user if user < 12 else 5 + user % 7
        for kind in ("view", "purchase") if user < 52 else ("view",):
            moment = start + timedelta(hours=7 * user + (kind == "purchase"))
            lines.append(f"{moment:%Y-%m-%d %H:%M:%S} UTC,{kind},{user % 9},77,a.b,acme,{price},{1000 + user},s{user}")
    (tmp_path / "2019-Oct.csv").write_text("\n".join(lines) + "\n")
    ended = footfall(
        "run", tmp_path / "2019-Oct.csv", "--k", "2+1", "--isolate-top-spenders", "--lake", tmp_path / "lake"
    )
    assert ended.code == 0, ended.err
    found = rows(tmp_path / "lake", "SELECT DISTINCT part, segment_name, users FROM segment_profiles ORDER BY ALL")
    assert {row["part"] for row in found} == {"buyers", "top_spenders", "visitors"}
    (tail,) = (row for row in found if row["part"] == "top_spenders")
    assert (tail["segment_name"], tail["users"]) == ("Exceptional Spenders", 12)


@pytest.mark.parametrize("k", ["0", "3+", "-2", "1+2+3", "many"])
def test_numbers_that_are_none_are_refused(k: str, lake: Path) -> None:
    assert footfall("segments", "--k", k, "--lake", lake).code in (1, 2)
