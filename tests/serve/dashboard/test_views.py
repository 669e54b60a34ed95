"""What the dashboard asks of the tables, held against plain pandas on the same rows."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from footfall.lake import open_lake
from footfall.serve.views import forecasts, incidents, overview, quality, segments, spenders
from footfall.serve.views.published import NotPublished, Published
from footfall.serve.views.users import UserUnknown
from footfall.settings import load_settings


@pytest.fixture(scope="module")
def published(published_lake: Path) -> Published:
    return Published(load_settings(lake=published_lake), threads=2)


def table(published: Published, name: str) -> pd.DataFrame:
    return published.ask(f"SELECT * FROM {name}").to_pandas()


def test_key_figures_are_sums_and_ratios_of_sums(published: Published) -> None:
    first, last = date(2019, 10, 10), date(2019, 10, 19)
    rows = table(published, "metric_series").query("grain == 'day' and dimension == 'all'")
    days = rows[(rows.ts >= "2019-10-10") & (rows.ts <= "2019-10-19")].pivot(
        index="ts", columns="metric", values="value"
    )
    found = overview.key_figures(published, first, last)
    assert found["revenue"] == pytest.approx(days.revenue.sum())
    assert found["average_order"] == pytest.approx(days.revenue.sum() / days.orders.sum())
    assert found["conversion"] == pytest.approx((days.conversion * days.sessions).sum() / days.sessions.sum())
    assert found["days"] == 10
    before = overview.key_figures(published, first - timedelta(days=10), first - timedelta(days=1))
    assert overview.compared(published, first, last)[1] == pytest.approx(before)  # threads add in any order


def test_the_leaderboard_says_how_wrong_each_model_was(published: Published) -> None:
    rows = table(published, "backtests").query("not is_closed")
    rows["point"] = rows.q500.fillna(rows["mean"])
    rows["error"] = (rows.point - rows.actual).abs()
    found = {row["model"]: row for row in forecasts.leaderboard(published, "orders", "day")}
    assert set(found) == set(rows.model)
    for model, part in rows.groupby("model"):
        assert found[model]["wape"] == pytest.approx(part.error.sum() / part.actual.abs().sum())
        assert found[model]["inside_80"] == pytest.approx(part.actual.between(part.q100, part.q900).mean())
        assert found[model]["buckets"] == len(part)
    assert found["seasonal_naive"]["skill"] == pytest.approx(0)


def test_top_spenders_are_those_who_spend_most(published: Published) -> None:
    users = table(published, "user_features").merge(table(published, "customer_segments"), on=["user_id", "as_of"])
    best = users.sort_values(["spend", "user_id"], ascending=[False, True])
    assert [row["user_id"] for row in spenders.top_spenders(published, 7)] == list(best.user_id[:7])
    segment = int(best.segment_id.iloc[0])
    ours = best[best.segment_id == segment]
    assert [row["user_id"] for row in spenders.top_spenders(published, 7, segment)] == list(ours.user_id[:7])


def test_a_user_who_is_not_there_is_unknown(published: Published) -> None:
    with pytest.raises(UserUnknown):
        spenders.features_of(published, "0" * 32)


def test_a_sample_is_of_its_segments_and_the_same_each_time(published: Published) -> None:
    ids = tuple(row["segment_id"] for row in segments.segments(published))[:2]
    once, again = (segments.sample(published, ids, 50) for _ in range(2))
    assert set(once["segment_id"].to_pylist()) <= set(ids)
    assert once.num_rows == 50
    assert sorted(once["spend"].to_pylist()) == sorted(again["spend"].to_pylist())
    assert "user_id" not in once.column_names


def test_a_segment_that_is_not_there_is_not_exported(published: Published) -> None:
    with pytest.raises(segments.SegmentTooSmall, match="has 0 users"):
        segments.export(published, 999)


def test_files_account_for_all_their_rows(published: Published) -> None:
    for row in quality.files(published):
        assert row["rows"] == row["kept"] + row["duplicate"] + row["quarantined"]


def test_what_is_missing_names_its_command(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published._reader, "versions", {})
    with pytest.raises(NotPublished) as caught:
        overview.span(published)
    assert caught.value.command.startswith("footfall series")


def test_incidents_are_those_of_the_shops_days(published_lake: Path, tmp_path: Path) -> None:
    lake = shutil.copytree(published_lake, tmp_path / "lake")
    table = open_lake(lake).delta("incidents")
    assert table is not None
    one = pa.table(table.to_pyarrow_table())["incident_id"][0].as_py()
    times = {"onset": "2019-10-11T20:00:00", "closed_at": "2019-10-11T22:00:00"}
    casts = {name: f"CAST('{when}' AS TIMESTAMP)" for name, when in times.items()}
    table.update(casts, predicate=f"incident_id = '{one}'")
    published = Published(load_settings(lake=lake), threads=2)

    def found_on(day: int, timezone: str) -> bool:
        rows = incidents.incidents_between(published, date(2019, 10, day), date(2019, 10, day), timezone)
        return one in {row["incident_id"] for row in rows}

    assert [day for day in range(9, 15) if found_on(day, "UTC")] == [11]
    assert [day for day in range(9, 15) if found_on(day, "Asia/Kolkata")] == [12]  # 1:30 to 3:30
