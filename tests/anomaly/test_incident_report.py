"""The page of incidents: it tells of each, loads nothing, and what is in the data cannot become markup."""

import json
import re
from datetime import datetime, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyarrow as pa
import pytest
from html_reader import Reader

from footfall.anomaly import Budget
from footfall.anomaly.report import write_report
from footfall.anomaly.report.content import MOST_CARDS, Shop, read
from footfall.anomaly.report.headline import headline, stake
from footfall.anomaly.report.timeline import LEAST_HOURS, timeline
from footfall.contracts import INCIDENTS

UNTIL = datetime(2019, 12, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVIL = "<script>alert(1)</script>"
SHOP = Shop("EUR", "UTC", UNTIL)


class Page(Reader):
    """A page of incidents."""

    @property
    def cards(self) -> list[str]:
        return [str(one["id"]).removeprefix("card-") for tag, one in self.tags if tag == "article"]


def row(name: str, **changed: Any) -> dict[str, Any]:
    """An incident that began two days ago and goes on."""
    ours: dict[str, Any] = {
        "incident_id": name, "kind": "drop", "status": "open", "onset": UNTIL - 2 * DAY,
        "opened_at": UNTIL - 2 * DAY + 2 * HOUR, "closed_at": None, "series_id": "hour/revenue/brand/apple",
        "metric": "revenue", "dimension": "brand", "member": "apple", "side": "down", "series": 3, "anomalies": 40,
        "value": 100.0, "expected": 400.0, "depth": -0.9, "money": -300.0, "orders": -12.2, "p_value": 1e-9,
        "cause": "brand: apple", "cause_share": 0.93, "snoozed_until": None, "acknowledged_at": None, "verdict": None,
        "updated_at": UNTIL,
    }  # fmt: skip
    if "closed_at" in changed:
        ours["status"] = "closed"
    return ours | changed


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pa.Table.from_pylist(list(rows), INCIDENTS.schema).to_pandas()


def hours(first: datetime = UNTIL - 5 * DAY, last: datetime = UNTIL) -> pd.DataFrame:
    ts = pd.date_range(first, last - HOUR, freq="h")
    expected = np.full(len(ts), 10.0)
    value = np.where(ts >= UNTIL - 2 * DAY, 2.5, 10.0)
    return pd.DataFrame({"ts": ts, "value": value, "expected": expected, "low": expected - 4, "high": expected + 4})


def written(tmp_path: Path, rows: pd.DataFrame, series: dict[str, pd.DataFrame] | None = None, **changed: Any) -> str:
    said = {
        "title": "demo: incidents", "judged_until": UNTIL, "watched": 475, "budget": Budget(),
        "metrics": ("orders", "sessions"), "unit_of_money": "EUR",
    }  # fmt: skip
    write_report(tmp_path / "reports" / "page.html", incidents=rows, series=series or {}, **(said | changed))
    assert [one.name for one in (tmp_path / "reports").iterdir()] == ["page.html"]
    return (tmp_path / "reports" / "page.html").read_text(encoding="utf-8")


def test_a_card_tells_all_of_an_incident(tmp_path: Path) -> None:
    html = written(tmp_path, table(row("aaaaaaaa", acknowledged_at=UNTIL - DAY)), {"aaaaaaaa": hours()}, lake="my lake")
    page = Page(html)
    assert not page.open
    for text in (
        "Revenue (brand apple): 75% below expected",
        "29 Nov 2019, 00:00",
        "2 days so far; found after 2 hours",
        "100\xa0EUR where 400\xa0EUR were to be expected".replace("\xa0", " "),
        "at worst −90%",  # noqa: RUF001
        "−300 EUR",  # noqa: RUF001
        "−12 orders",  # noqa: RUF001
        "brand apple",
        "93% of the change",
        "3 series, 40 anomalous hours in all",
        "acknowledged",
        "footfall incidents ack aaaaaaaa --lake 'my lake'",
        "footfall incidents feedback aaaaaaaa true|false|expected --lake 'my lake'",
    ):
        assert text in page.text


def test_the_headline_says_how_things_stand(tmp_path: Path) -> None:
    over = row("bbbbbbbb", opened_at=UNTIL - 10 * DAY, closed_at=UNTIL - 9 * DAY, verdict="false")
    page = Page(written(tmp_path, table(row("aaaaaaaa"), over), budget=Budget(false_alerts_per_week=3)))
    assert "1 incident is open; about 300 EUR of revenue is missing so far." in page.text
    assert "475 series of orders and visits were watched hour by hour, up to 1 Dec 2019, 00:00 (UTC)." in page.text
    shown = read(table(row("aaaaaaaa"), over), SHOP)
    numbers = headline(shown, watched=1, metrics=(), budget=Budget(), judged_since=None).numbers
    assert [one.value for one in numbers[:3]] == ["1", "1", "2"]
    assert numbers[4].value == "0.5"
    assert numbers[4].note == "budget: 5 false a week; 1 said to be false in all"
    short = headline(shown, watched=1, metrics=(), budget=Budget(), judged_since=UNTIL - 14 * DAY).numbers
    assert short[4].value == "1"
    rate = headline(shown, watched=1, metrics=(), budget=Budget(false_discovery_rate=0.1), judged_since=None)
    assert rate.numbers[4].note.startswith("budget: 10% of them false")


def test_what_is_missing_in_a_brand_and_in_its_category_is_missing_once() -> None:
    parts = [
        row("a", money=-300.0),
        row("b", member="sony", money=-200.0),
        row("c", dimension="category", member="phones", money=-450.0),
        row("d", dimension="category", member="toys", money=70.0),
        row("e", dimension="all", member="all", money=-100.0),
        row("f", kind="no_data", money=-1e6),
        row("g", money=None),
    ]
    found = stake(read(table(*parts), SHOP).shown)
    assert (found.missing, found.more) == (500.0, 70.0)


def test_open_and_costly_ones_come_first_and_no_more_than_twenty_have_a_card(tmp_path: Path) -> None:
    gain = row("gain0000", money=9000.0, side="up", kind="spike")
    loss, blind = row("loss0000", money=-500.0), row("blind000", kind="no_data", money=None)
    old = row("old00000", opened_at=UNTIL - 20 * DAY, closed_at=UNTIL - 19 * DAY)
    past = row("past0000", opened_at=UNTIL - 40 * DAY, onset=UNTIL - 40 * DAY, closed_at=UNTIL - 39 * DAY)
    many = [row(f"{count:08}", closed_at=UNTIL - DAY, money=-float(count)) for count in range(25)]
    page = Page(written(tmp_path, table(old, *many, gain, loss, blind, past)))
    assert page.cards[:4] == ["blind000", "loss0000", "gain0000", "00000024"]
    assert len(page.cards) == MOST_CARDS
    assert "8 more are in the table below." in page.text
    rows = {str(one["id"]).removeprefix("row-") for tag, one in page.tags if tag == "tr" and "id" in one}
    assert rows == {"old00000", "gain0000", "loss0000", "blind000", *(one["incident_id"] for one in many)}


def test_a_bar_for_every_incident_leads_to_it(tmp_path: Path) -> None:
    short = row("aaaaaaaa", onset=UNTIL - 20 * DAY, opened_at=UNTIL - 20 * DAY, closed_at=UNTIL - 20 * DAY + HOUR)
    ends = row("bbbbbbbb", onset=UNTIL - HOUR, opened_at=UNTIL)
    long = row("cccccccc", onset=UNTIL - 50 * DAY, opened_at=UNTIL - 50 * DAY, side="up", kind="level_shift")
    rows = table(short, ends, long)
    page = Page(written(tmp_path, rows))
    links = [one for tag, one in page.tags if tag == "a"]
    bars = {str(one["href"]): str(one["class"]) for one in links if "bar" in str(one.get("class"))}
    assert set(bars) == {"#row-aaaaaaaa", "#card-bbbbbbbb", "#card-cccccccc"}
    ids = {one.get("id") for _, one in page.tags}
    assert {target.removeprefix("#") for target in bars} <= ids
    assert {"up", "level", "open", "cut"} <= set(bars["#card-cccccccc"].split())
    laid_out = timeline(read(rows, SHOP))
    every = {bar.incident.id: bar for group in laid_out.groups for lane in group.lanes for bar in lane}
    least = 100 * LEAST_HOURS / (28 * 24)
    assert every["aaaaaaaa"].width == pytest.approx(least, abs=0.01)
    assert every["bbbbbbbb"].left + every["bbbbbbbb"].width == pytest.approx(100, abs=0.01)
    assert (every["cccccccc"].left, every["cccccccc"].width) == (0, 100)


def test_bars_of_a_lane_do_not_touch() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for count in range(200):
        begin = UNTIL - timedelta(hours=float(rng.integers(2, 28 * 24)))
        end = min(begin + timedelta(hours=float(rng.integers(1, 60))), UNTIL)
        rows.append(row(f"{count:08}", onset=begin, opened_at=begin + HOUR, closed_at=end))
    groups = timeline(read(table(*rows), SHOP)).groups
    bars = [bar for group in groups for lane in group.lanes for bar in lane]
    assert len(bars) == 200
    for group in groups:
        for lane in group.lanes:
            for before, after in pairwise(lane):
                assert before.taken[1] < after.taken[0]


def test_a_plot_says_what_is_seen_and_has_titled_axes(tmp_path: Path) -> None:
    page = Page(written(tmp_path, table(row("aaaaaaaa")), {"aaaaaaaa": hours()}, timezone="Europe/Paris"))
    plot = next(one for _, one in page.tags if one.get("class") == "plot")
    assert plot["role"] == "img"
    assert "its hours lie between 2.5 EUR and 2.5 EUR, where 10 EUR" in str(plot["aria-label"]).replace("\xa0", " ")
    figure = json.loads(page.scripts["plot-aaaaaaaa"])
    assert unescape(figure["layout"]["xaxis"]["title"]["text"]) == "Shop's time (Europe/Paris)"
    assert figure["layout"]["yaxis"]["title"]["text"] == "Revenue per hour"
    assert len(go.Figure(figure).data) == 5  # plotly knows all that is in it
    stretch = figure["layout"]["shapes"][0]
    assert stretch["x0"] == "2019-11-29T01:00:00"


def test_of_an_incident_that_is_over_a_day_after_it_is_shown(tmp_path: Path) -> None:
    over = row("aaaaaaaa", onset=UNTIL - 5 * DAY, opened_at=UNTIL - 5 * DAY, closed_at=UNTIL - 4 * DAY)
    page = Page(written(tmp_path, table(over), {"aaaaaaaa": hours(UNTIL - 8 * DAY)}))
    assert "23 Nov 2019 to 28 Nov 2019" in page.text
    assert "footfall incidents snooze" not in page.text


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    evil = row("aaaaaaaa", member=EVIL, series_id=f"hour/revenue/brand/{EVIL}", cause=f"brand: {EVIL}")
    html = written(tmp_path, table(evil), {"aaaaaaaa": hours()}, title="</title><script>alert(2)</script>")
    assert "<script>alert" not in html
    page = Page(html)
    assert not page.open
    assert f"Revenue (brand {EVIL}): 75% below expected" in page.text
    assert "<" not in page.scripts["plot-aaaaaaaa"]


def test_nothing_from_outside_is_loaded(tmp_path: Path) -> None:
    html = written(tmp_path, table(row("aaaaaaaa")), {"aaaaaaaa": hours()})
    for tag, attributes in Page(html).tags:
        assert tag not in ("link", "iframe", "object", "img")
        assert not {"src", "srcset", "action"} & set(attributes)
        assert str(attributes.get("href", "#")).startswith("#")
    assert "default-src 'none'" in html
    own = re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    assert not re.search(r"""https?:|@import|url\(""", own)


def test_nothing_was_found(tmp_path: Path) -> None:
    html = written(tmp_path, table())
    page = Page(html)
    assert not page.open
    assert "No incident is open, and none was found in the last 28 days." in page.text
    assert "475 series of orders and visits were watched" in page.text
    assert "Nothing was found" in page.text
    assert not page.cards
    assert len(html) < 100_000


def test_none_is_recent(tmp_path: Path) -> None:
    old = row("aaaaaaaa", opened_at=UNTIL - 20 * DAY, closed_at=UNTIL - 19 * DAY)
    page = Page(written(tmp_path, table(old)))
    assert "No incident is open." in page.text
    assert "No incident is open, and none was found in the last 14 days." in page.text


@pytest.mark.parametrize("series", [{}, {"aaaaaaaa": hours(UNTIL - 30 * DAY, UNTIL - 20 * DAY)}])
def test_without_a_memory_a_card_says_why_it_has_no_plot(series: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    page = Page(written(tmp_path, table(row("aaaaaaaa")), series, without_plots="Of another policy."))
    assert page.cards == ["aaaaaaaa"]
    assert "Of another policy." in page.text
    assert "plot" not in {one.get("class") for _, one in page.tags}


def test_hours_without_data_have_no_size(tmp_path: Path) -> None:
    blind = row("aaaaaaaa", kind="no_data", value=0.0, expected=0.0, depth=0.0, money=None, orders=None, cause=None,
                series_id="hour/orders/all/all", dimension="all", member="all")  # fmt: skip
    nothing = hours().assign(value=lambda rows: rows.value.where(rows.ts < UNTIL - 2 * DAY))
    page = Page(written(tmp_path, table(blind), {"aaaaaaaa": nothing}))
    assert "1 incident is open: data have stopped coming." in page.text
    assert "No data of the whole shop" in page.text
    assert "were to be expected" not in page.text
    both = Page(written(tmp_path, table(blind, row("bbbbbbbb"))))
    assert "2 incidents are open; about 300 EUR of revenue is missing so far. Data have stopped coming." in both.text
    assert any("no data came in it" in str(one.get("aria-label")) for _, one in page.tags)


def test_a_page_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    html = written(tmp_path, table())
    with pytest.raises(KeyError):
        written(tmp_path, pd.DataFrame([{"incident_id": "x"}]))
    assert (tmp_path / "reports" / "page.html").read_text(encoding="utf-8") == html
