"""The page of forecasts: it names all and loads nothing, and what is in the data cannot become markup."""

import json
import re
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from html_reader import Reader
from shapes import panel, slow_level

from footfall.forecast import KnownDays, Panel, Rolled, Skill, models, roll
from footfall.forecast.report import write_report
from footfall.forecast.report.content import MOST_SERIES, read
from footfall.forecast.report.headline import headline
from footfall.forecast.report.plots import calibration_plot, fan, skill_plot
from footfall.forecast.report.record import calibration, choices, coverage, errors_by_origin

CALENDAR = KnownDays(
    closed={date(2020, 7, 1)}, holidays={date(2020, 7, 6)}, sales={date(2020, 7, 10): 1.0}, timezone="UTC"
)
EVIL = "day/revenue/country/<script>alert(1)</script>"
BOARD = [
    {
        "model": "smoothing",
        "mase": 0.8,
        "wape": 0.1,
        "seasonal_naive": Skill("smoothing", "seasonal_naive", 0.2, 0.1, 0.3, 0.01, 4),
        "mean": None,
    },
    {"model": "mean", "mase": None, "wape": float("nan")},
]


def with_total(names: list[str]) -> Panel:
    """Series of countries that sum to a total."""
    rows = panel(slow_level, series=len(names), days=140).rows
    rows["series_id"] = rows.series_id.map({f"s{number}": name for number, name in enumerate(names)})
    total = rows.groupby("ts", as_index=False).value.sum().assign(series_id="day/revenue/all/all", status="complete")
    hierarchy = pd.DataFrame({"series_id": names, "parent": "day/revenue/all/all", "dimension": "country"})
    hierarchy.loc[len(hierarchy)] = ["day/revenue/all/all", None, "all"]
    return Panel(pd.concat([rows, total[rows.columns]], ignore_index=True), "D", hierarchy=hierarchy)


@cache
def shop(*, ahead: bool = True) -> tuple[Panel, Rolled]:
    ours = with_total(["day/revenue/country/france", EVIL])
    return ours, roll(ours, models(["smoothing"]), horizon=14, origins=3, known=CALENDAR, ahead=ahead)


def written(tmp_path: Path, ours: Panel, rolled: Rolled, **changed: Any) -> str:
    said = {"title": "Revenue", "unit": "EUR", "leaderboard": BOARD, "trusted": "smoothing", "calendar": CALENDAR}
    write_report(tmp_path / "forecast.html", panel=ours, rolled=rolled, **(said | changed))
    return (tmp_path / "forecast.html").read_text(encoding="utf-8")


def test_the_page_can_be_read_and_names_every_series_and_model(tmp_path: Path) -> None:
    page = Reader(written(tmp_path, *shop()))
    assert not page.open
    titles = {attributes.get("title") for _, attributes in page.tags}
    assert {"day/revenue/all/all", "day/revenue/country/france", EVIL} <= titles
    assert "Total revenue: about" in page.text
    assert "The model smoothing is to be trusted" in page.text
    assert "seasonal naive" in page.text


def test_every_plot_says_what_is_seen_and_has_titled_axes(tmp_path: Path) -> None:
    page = Reader(written(tmp_path, *shop()))
    plots = [attributes for _, attributes in page.tags if attributes.get("class") == "plot"]
    assert [one["data-figure"] for one in plots] == ["fan-0", "fan-1", "fan-2", "skill", "errors", "calibration"]
    for one in plots:
        figure = json.loads(page.scripts[str(one["data-figure"])])
        assert one["role"] == "img"
        assert len(str(one["aria-label"])) > 40
        assert figure["layout"]["xaxis"]["title"]["text"]
        assert figure["layout"]["yaxis"].get("title", {}).get("text") or figure["layout"]["yaxis"]["ticktext"]


def test_nothing_from_outside_is_loaded(tmp_path: Path) -> None:
    html = written(tmp_path, *shop())
    page = Reader(html)
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object")
        assert not {"src", "href", "srcset", "action"} & set(attributes)
    assert "default-src 'none'" in html
    assert not re.search(
        r"""(?:src|href)\s*=\s*["']?https?:|@import|url\(""", re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    )


def test_names_and_texts_cannot_become_markup(tmp_path: Path) -> None:
    ours, rolled = shop()
    odd = replace(ours, notes={EVIL: "<b>odd</b>"}, left_out={"<i>x</i>": "<u>short</u>"})
    html = written(tmp_path, odd, rolled, title="</title><script>alert(2)</script>", unit="<img src=x>")
    assert "<script>alert" not in html
    for markup in ("<b>odd", "<i>x", "<u>short", "<img"):
        assert markup not in re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    page = Reader(html)
    assert "<script>alert(1)</script>" in page.text
    assert "&lt;img src=x&gt;" in page.scripts["fan-0"]


def test_a_forecast_of_the_past_only_promises_nothing(tmp_path: Path) -> None:
    page = Reader(written(tmp_path, *shop(ahead=False)))
    assert "Nothing to come was forecast" in page.text
    assert "Expected" not in page.text
    assert not page.open


def test_no_model_is_trusted(tmp_path: Path) -> None:
    page = Reader(written(tmp_path, *shop(), leaderboard=[], trusted=None))
    assert "No model is better than the benchmarks" in page.text
    assert "No model was compared" in page.text


def test_one_series_without_a_hierarchy(tmp_path: Path) -> None:
    ours = panel(slow_level, series=1, days=140)
    page = Reader(written(tmp_path, ours, roll(ours, models(["smoothing"]), horizon=7, origins=3, ahead=True)))
    assert "s0: about" in page.text
    assert "select" not in [tag for tag, _ in page.tags]
    assert "sum to a total" not in page.text


def test_the_first_series_is_the_total_and_the_smallest_are_counted_only() -> None:
    ours, rolled = shop()
    assert read(ours, rolled, CALENDAR, "EUR").series[0].series_id == "day/revenue/all/all"
    copies = [rolled.rows.assign(series_id=f"n{number:03}") for number in range(MOST_SERIES)]
    rows = pd.concat([rolled.rows, *(one.drop_duplicates(["origin", "ts", "model"]) for one in copies)])
    held = pd.concat(
        [ours.rows, *(ours.rows[ours.rows.series_id == EVIL].assign(series_id=f"n{n:03}") for n in range(MOST_SERIES))]
    )
    many = read(replace(ours, rows=held), replace(rolled, rows=rows), CALENDAR, "EUR")
    assert (len(many.series), many.more) == (MOST_SERIES, 3)


def test_what_is_expected_is_the_sum_of_means_and_the_range_is_of_one_day() -> None:
    ours, rolled = shop()
    content = read(ours, rolled, CALENDAR, "EUR")
    told = rolled.ahead[(rolled.ahead.model == "chosen") & (rolled.ahead.series_id == "day/revenue/all/all")]
    first = content.series[0]
    assert first.expected == pytest.approx(told["mean"].sum())
    before = ours.rows[ours.rows.series_id == first.series_id].value.tail(14).sum()
    assert first.change == pytest.approx(told["mean"].sum() / before - 1)
    days = told[~told.is_closed].sort_values("q500")
    assert first.typical.ts == days.ts.iloc[len(days) // 2]
    past = rolled.compared[(rolled.compared.model == "chosen") & (rolled.compared.series_id == first.series_id)]
    sums = past.groupby("origin")[["mean", "actual"]].sum()
    np.testing.assert_allclose(first.misses, sums["mean"] / sums.actual - 1)
    assert f"The last {len(sums)} forecasts of such a sum" in headline(content, None).record


def test_one_very_wide_range_does_not_hide_the_rest() -> None:
    ours, rolled = shop()
    wide = rolled.rows.assign(q975=rolled.rows.q975.where(rolled.rows.ts != rolled.rows.ts.max(), 1e6))
    content = read(ours, replace(rolled, rows=wide), CALENDAR, "EUR")
    plot = fan(content.series[0], content)
    assert plot.figure.layout.yaxis.range[1] < 1e4
    assert plot.note == "The 95% range goes up to 1,000,000, out of the picture."


def test_days_are_marked_as_the_calendar_knows_them() -> None:
    ours, rolled = shop(ahead=False)
    days = read(ours, rolled, KnownDays(holidays={date(2020, 5, 4)}), "EUR").series[0].history
    assert list(days[days.mark == "holiday"].ts) == [pd.Timestamp("2020-05-04")]


def told_rows() -> pd.DataFrame:
    """Two open buckets and a closed one, of which the record is known by heart."""
    quantiles = {
        f"q{level}": value for level, value in zip(("025", 100, 250, 500, 750, 900, 975), range(7), strict=True)
    }
    common = {"series_id": "a", "origin": pd.Timestamp("2020-01-01"), "model": "chosen", "volume": "steady"}
    rows = [
        {"ts": 1, "actual": 3.0, "point": 4.0, "is_closed": False, "kind": "ordinary"},
        {"ts": 2, "actual": 5.5, "point": 3.0, "is_closed": False, "kind": "event"},
        {"ts": 3, "actual": 9.0, "point": 0.0, "is_closed": True, "kind": "ordinary"},
    ]
    return pd.DataFrame([common | quantiles | {"scale": 2.0} | row for row in rows])


def test_the_record_counts_open_buckets_only() -> None:
    told = told_rows()
    assert errors_by_origin(told).chosen.tolist() == [pytest.approx((1 / 2 + 2.5 / 2) / 2)]
    found = calibration(told).set_index("level")
    assert (found.below[0.5], found.up_to[0.5], found.up_to[0.25], found.up_to[0.975]) == (0.0, 0.5, 0.0, 1.0)
    assert [(one.kind, one.buckets, one.share_80, one.share_95) for one in coverage(told)] == [
        ("ordinary", 1, 1.0, 1.0),
        ("event", 1, 0.0, 1.0),
    ]


def test_nothing_to_compare_is_no_plot() -> None:
    nothing = told_rows().iloc[:0]
    assert calibration_plot(calibration(nothing)) is None
    assert skill_plot([{"model": "mean"}]) is None
    assert coverage(nothing) == []


def test_choices_are_told_as_a_story() -> None:
    origins = pd.to_datetime(["2020-01-01", "2020-01-15", "2020-01-29"])
    chosen = pd.DataFrame({"origin": origins, "volume": "rare", "model": ["median", "median", "xgboost"], "loss": 1.0})
    one = choices(Rolled(told_rows(), chosen, pd.DataFrame()), "D")[0]
    assert (one.now, one.story) == ("XGBoost", "median of the models at the first 2, then XGBoost from 29 Jan 2020")
