"""Series of a lake: they say what the events say, add up, and are counted anew only where something changed."""

import gzip
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from commands import Ended, footfall
from lake_tables import assert_same, in_order, one, rows

from footfall.contracts import BUCKET_STATUSES
from footfall.series import METRICS
from footfall.simulate import SimulatedShop

SUMS = tuple(name for name, metric in METRICS.items() if metric.per is None)


def test_days_are_those_of_the_events(small_lake: tuple[Path, Ended]) -> None:
    lake, _ = small_lake
    ours = rows(
        lake,
        "SELECT metric, ts, value FROM metric_series WHERE grain = 'day' AND dimension = 'all' AND value > 0 "
        "AND metric IN ('events', 'users', 'orders', 'revenue') ORDER BY ALL",
    )
    events = "FROM events WHERE is_product"
    active, bought = f"{events} AND event_type <> 'refund'", f"{events} AND event_type = 'purchase'"
    expected = rows(
        lake,
        f"""
        SELECT 'events' AS metric, date_trunc('day', event_time) AS ts, count(*)::DOUBLE AS value {active} GROUP BY ts
        UNION ALL SELECT 'users', date_trunc('day', event_time) AS ts, count(DISTINCT user_id) {active} GROUP BY ts
        UNION ALL SELECT 'revenue', date_trunc('day', event_time) AS ts, sum(amount) {bought} GROUP BY ts
        UNION ALL SELECT 'orders', ts, count(*) FROM (
            SELECT date_trunc('day', min(event_time)) AS ts {bought} GROUP BY user_id, order_id, month
        ) GROUP BY ts
        ORDER BY ALL
        """,
    )
    assert [(row["metric"], row["ts"]) for row in ours] == [(row["metric"], row["ts"]) for row in expected]
    assert [row["value"] for row in ours] == pytest.approx([row["value"] for row in expected])


def test_visits_are_those_of_sessions(small_lake: tuple[Path, Ended]) -> None:
    """Sessions leave out visitors without an id; volumes count them."""
    lake, _ = small_lake
    known = one(lake, "SELECT count(*) FROM sessions")
    strangers = one(
        lake,
        "SELECT count(DISTINCT session_id) FROM events WHERE user_id IS NULL AND is_product AND event_type <> 'refund'",
    )
    assert isinstance(known, int)
    assert isinstance(strangers, int)
    assert one(lake, "SELECT sum(sessions) FROM volumes WHERE dimension = 'all'") == known + strangers


@pytest.mark.parametrize("grain", ["hour", "day"])
def test_every_level_sums_to_its_parent_in_every_bucket(small_lake: tuple[Path, Ended], grain: str) -> None:
    lake, _ = small_lake
    wanted = ", ".join(f"'{name}'" for name in SUMS)
    apart = rows(
        lake,
        f"""
        SELECT p.series_id, p.ts, c.dimension, any_value(p.value) AS whole, sum(c.value) AS parts
        FROM metric_series p JOIN metric_series c ON c.parent = p.series_id AND c.ts = p.ts
        WHERE p.grain = '{grain}' AND p.metric IN ({wanted})
        GROUP BY p.series_id, p.ts, c.dimension HAVING abs(whole - parts) > 1e-6 * (1 + whole)
        """,
    )
    assert apart == []
    assert one(lake, "SELECT count(DISTINCT dimension) FROM metric_series WHERE parent IS NOT NULL") == 4


def test_hours_sum_to_days(small_lake: tuple[Path, Ended]) -> None:
    """All but users, who are counted once a day."""
    lake, _ = small_lake
    sums = "SELECT metric, sum(value) AS value FROM metric_series WHERE grain = '{}' AND dimension = 'all' GROUP BY ALL"
    hours = {row["metric"]: row["value"] for row in rows(lake, sums.format("hour"))}
    days = {row["metric"]: row["value"] for row in rows(lake, sums.format("day"))}
    for name in (name for name in SUMS if name != "users" and name in days):
        assert hours[name] == pytest.approx(days[name]), name
    assert hours["users"] > days["users"]


def test_series_have_no_gaps_and_known_statuses(small_lake: tuple[Path, Ended]) -> None:
    lake, _ = small_lake
    found = rows(
        lake,
        "SELECT series_id, grain, count(*) AS n, min(ts) AS first, max(ts) AS last, list(DISTINCT status) AS statuses "
        "FROM metric_series GROUP BY ALL",
    )
    steps = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
    for row in found:
        assert row["n"] == (row["last"] - row["first"]) / steps[row["grain"]] + 1, row["series_id"]
        assert set(row["statuses"]) <= set(BUCKET_STATUSES)
    assert len({(row["grain"], row["n"]) for row in found}) == 2


def test_shares_and_averages_are_of_sums(small_lake: tuple[Path, Ended]) -> None:
    lake, _ = small_lake
    names = ("orders", "revenue", "average_order", "conversion")
    columns = ", ".join(f"max(value) FILTER (metric = '{name}') AS {name}" for name in names)
    found = rows(
        lake, f"SELECT {columns} FROM metric_series WHERE grain = 'day' AND dimension = 'brand' GROUP BY ts, member"
    )
    assert any(row["orders"] == 0 for row in found)
    for row in found:
        if row["orders"]:
            assert row["average_order"] == pytest.approx(row["revenue"] / row["orders"])
        else:
            assert row["average_order"] is None
        assert row["conversion"] is None or 0 <= row["conversion"] <= 1


def test_only_what_changed_is_counted_anew(two_months: Path, tmp_path: Path) -> None:
    lake = shutil.copytree(two_months, tmp_path / "lake")
    told = footfall("series", "--lake", lake, "--json").told["counted"]
    assert (told["months"], told["rows"]) == ([], None)
    fewer = footfall("series", "--lake", lake, "--members", 3, "--json").told["counted"]
    assert fewer["months"] == []
    assert fewer["rows"] > 0
    assert one(lake, "SELECT count(DISTINCT member) FROM metric_series WHERE dimension = 'brand'") == 4
    elsewhere = footfall("series", "--lake", lake, "--timezone", "America/New_York", "--json").told["counted"]
    assert elsewhere["months"] == ["2019-09", "2019-10", "2019-11", "2019-12"]


def test_as_of_cuts_the_series_and_its_day_is_partial(own_lake: Path) -> None:
    ended = footfall("series", "--lake", own_lake, "--as-of", "2019-11-10T12:00", "--json")
    assert ended.code == 0, ended.err
    ends = "SELECT max(ts)::VARCHAR FROM metric_series WHERE grain = '{}'"
    assert one(own_lake, ends.format("hour")) == "2019-11-10 11:00:00"
    assert one(own_lake, ends.format("day")) == "2019-11-10 00:00:00"
    last = "SELECT DISTINCT status FROM metric_series WHERE grain = 'day' AND ts = '2019-11-10'"
    assert one(own_lake, last) == "partial"


def test_the_calendar_closes_days(own_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('[[closed]]\nname = "Moving"\nfrom = 2019-09-30\nto = 2019-12-31\n')
    ended = footfall("series", "--lake", own_lake, "--calendar", tmp_path / "shop.toml", "--json")
    assert ended.code == 0, ended.err
    assert one(own_lake, "SELECT count(*) FROM metric_series WHERE status = 'missing'") == 0
    assert footfall("series", "--lake", own_lake, "--calendar", tmp_path / "none.toml").code == 1


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--metric", "visits"), 'no series of metric "visits"; it has average_order, carts'),
        (("--by", "colour"), 'no series of dimension "colour"; it has all, brand, category'),
        (("--as-of", "2001-01-01"), "no event is before --as-of 2001-01-01"),
        (("--members", "0"), "setting members"),
    ],
)
def test_what_the_caller_can_mend(own_lake: Path, flags: tuple[str, ...], told: str) -> None:
    ended = footfall("series", "--lake", own_lake, *flags)
    assert ended.code == 1
    assert told in ended.err


def test_a_table_of_weeks(own_lake: Path) -> None:
    told = footfall("series", "--lake", own_lake, "--metric", "revenue", "--by", "brand", "--json").told
    totals = [row["total"] for row in told["weeks"]]
    assert totals == sorted(totals, reverse=True)
    assert sum(totals) == pytest.approx(one(own_lake, "SELECT sum(revenue) FROM volumes WHERE dimension = 'all'"))
    shown = footfall("series", "--lake", own_lake, "--metric", "revenue", "--by", "brand")
    assert shown.code == 0
    assert "█" in shown.out


def test_a_lake_without_events(small_shop: SimulatedShop, lake: Path) -> None:
    assert "is not a lake" in footfall("series", "--lake", lake).err


def test_a_month_that_was_lost_and_came_back_is_counted_again(
    small_shop: SimulatedShop, lake: Path, tmp_path: Path
) -> None:
    """A file's second version lacks October; its third is the first again."""
    october, november = (
        gzip.decompress(month.read_bytes()).decode().splitlines(keepends=True)[:1500] for month in small_shop.months
    )
    whole, half = "".join([*october, *november[1:]]), "".join(november)
    told = []
    for text in (whole, half, whole):
        (tmp_path / "log.csv").write_text(text)
        for command in (("ingest", tmp_path / "log.csv"), ("series",), ("features",)):
            ended = footfall(*command, "--lake", lake)
            assert ended.code == 0, ended.err
        told.append({name: in_order(lake, name) for name in ("volumes", "metric_series", "user_months", "purchases")})
    first, second, third = told
    for name, rows_before in first.items():
        assert second[name].num_rows < rows_before.num_rows, name
        assert_same(third[name], rows_before, name)
