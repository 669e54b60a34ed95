"""Calendars that close for long, steps longer than a day, and models that fail only now."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shapes import forecast, panel, slow_level, wild

from footfall.forecast import KnownDays, Panel, Past, exogenous, models, read_csv, roll, shut
from footfall.forecast.exogenous import CALENDAR

SUMMER = frozenset(date(2020, 5, 1) + timedelta(days=n) for n in range(60))


def test_a_shop_that_opens_again_sells_again() -> None:
    """The origin is the last day of a closing that is longer than the eight weeks by which days off are known."""
    ours = panel(slow_level, days=176)
    rows = ours.rows[ours.rows.ts <= "2020-06-29"].copy()
    is_shut = rows.ts.dt.date.isin(SUMMER)
    rows.loc[is_shut, ["value", "status"]] = 0.0, "closed"
    told = forecast(Panel(rows, "D"), models(["smoothing"]), horizon=7, known=KnownDays(closed=SUMMER))
    chosen = told[told.model == "chosen"]
    assert (chosen["mean"] > 100).all()
    assert not chosen.is_closed.any()


@pytest.mark.parametrize(
    ("freq", "buckets", "planned"),
    [
        ("7D", ["2024-11-18", "2024-11-25", "2024-12-02"], [0.0, 2.5 * 3 / 7, 2.5 * 1 / 7]),
        ("MS", ["2024-10-01", "2024-11-01", "2024-12-01"], [0.0, 2.5 * 2 / 30, 2.5 * 2 / 31]),
    ],
)
def test_a_sale_is_in_the_weeks_and_months_of_its_days(freq: str, buckets: list[str], planned: list[float]) -> None:
    """From Friday 29 November to Monday 2 December."""
    days = [date(2024, 11, 29) + timedelta(days=n) for n in range(4)]
    rows = pd.DataFrame({"series_id": "a", "ts": pd.to_datetime(buckets), "value": 1.0})
    known = KnownDays(sales=dict.fromkeys(days, 2.5))
    found, _ = exogenous(CALENDAR, rows, rows.iloc[:0], freq, known)
    assert found.sale.tolist() == pytest.approx(planned)
    assert found.days_to_sale.tolist()[1:] == [0.0, 0.0]
    assert found.days_from_sale.tolist() == [28.0, 0.0, 0.0]


@dataclass(frozen=True)
class GoodUntil:
    """Knows what comes, and fails on one series after a day."""

    day: str
    name: str = "good"

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        ahead = past.ahead(horizon)
        days = (ahead.ts - past.rows.ts.min()).dt.days.to_numpy()
        fails = (ahead.series_id == "s0") & (past.origin >= pd.Timestamp(self.day))
        return ahead.assign(mean=wild(np.random.default_rng(0), days)).assign(
            mean=lambda told: told["mean"].mask(fails)
        )


def test_where_the_chosen_model_fails_now_another_stands_for_it() -> None:
    ours = panel(wild, days=300)
    last = ours.rows.ts.max()
    told = roll(ours, [*models([]), GoodUntil(str(last.date()))], horizon=7, origins=6, ahead=True)
    assert told.choices.model.iloc[-1] == "good"
    rows = told.ahead[told.ahead.series_id == "s0"].set_index(["model", "ts"])
    assert rows.loc["good", "mean"].isna().all()
    assert rows.loc["chosen", "mean"].notna().all()
    numbers = ["mean", "q100", "q900"]
    pd.testing.assert_frame_equal(rows.loc["chosen", numbers], rows.loc["seasonal_naive", numbers])


def test_empty_days_that_the_calendar_closes_are_closed() -> None:
    rows = pd.DataFrame({"series_id": "a", "ts": pd.date_range("2024-12-23", periods=4), "value": [3.0, 0.0, 0.0, 2.0]})
    closed = frozenset({date(2024, 12, 25), date(2024, 12, 26)})
    found = shut(Panel(rows.assign(status="complete"), "D"), closed, "UTC")
    assert found.rows.status.tolist() == ["complete", "complete", "closed", "complete"]


def test_a_closing_is_known_from_the_day_on_which_it_was_announced() -> None:
    known = KnownDays(announced_closings=[(date(2024, 3, 10), frozenset({date(2024, 3, 12)}))])
    assert known.at(pd.Timestamp("2024-03-09"), "D").closed == frozenset()
    assert known.at(pd.Timestamp("2024-03-10"), "D").closed == {date(2024, 3, 12)}


def test_a_series_called_na_and_one_that_only_comes(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=40)
    parts = [
        pd.DataFrame({"series_id": name, "ts": days[:30], "value": np.arange(30) % 7 + number, "price": 1.0})
        for number, name in enumerate(("NA", "N/A"))
    ]
    parts.append(pd.DataFrame({"series_id": "new", "ts": days[30:], "value": "", "price": 2.0}))
    parts[0]["value"] = parts[0]["value"].astype(object)
    parts[0].loc[3, "value"] = "NaN"
    pd.concat(parts).to_csv(tmp_path / "own.csv", index=False)
    found = read_csv(tmp_path / "own.csv", ["price"])
    assert set(found.rows.series_id) == {"NA", "N/A"}
    assert found.rows[found.rows.series_id == "NA"].status.tolist()[3] == "missing"
    assert found.left_out == {"new": "has only buckets to come, and no past to learn from"}
