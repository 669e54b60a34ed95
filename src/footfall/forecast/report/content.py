"""What the report tells of each series, read from the panel and the forecasts once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from footfall.contracts import CLOSED, PARTIAL
from footfall.forecast.backtest import Rolled
from footfall.forecast.choice import CHOSEN
from footfall.forecast.history import KnownDays, days_of, local
from footfall.forecast.panel import Panel
from footfall.forecast.report.wording import SeriesName, series_name

MOST_SERIES = 50
_BUCKETS_SHOWN, _ORIGINS_SHOWN = 120, 4


@dataclass(frozen=True)
class SeriesView:
    """A series, as the report shows it.

    Args:
        series_id: its name in tables.
        name: its name for readers.
        history: `at` (in the shop's time), `value`, `status` and `mark` (closed, holiday, sale, or empty) of the last
            buckets.
        ahead: the chosen forecast from the last origin, with `at`, `mark`, and `actual` where it is known.
        earlier: those from the origins before, as far as the history is shown.
        misses: by past origin, the sum that was forecast over the sum that came, less 1.
        wape: sum of absolute errors of past forecasts by the sum of what came.
        note: what is odd about it.
    """

    series_id: str
    name: SeriesName
    history: pd.DataFrame
    ahead: pd.DataFrame
    earlier: pd.DataFrame
    misses: pd.Series
    wape: float | None
    note: str

    @property
    def is_coming(self) -> bool:
        """Whether the forecast is of buckets to come."""
        return bool(len(self.ahead)) and bool(self.ahead.actual.isna().all())

    @property
    def expected(self) -> float | None:
        """The sum of what is to come: means add up, quantiles do not."""
        return float(self.ahead["mean"].sum()) if self.is_coming and self.ahead["mean"].notna().all() else None

    @property
    def recent(self) -> float | None:
        """The sum of as many buckets before."""
        known = self.history.value[self.history.status != PARTIAL].tail(len(self.ahead))
        return float(known.sum()) if len(known) and known.notna().all() else None

    @property
    def change(self) -> float | None:
        """What is expected against as many buckets before."""
        if self.expected is None or self.recent is None or self.recent <= 0:
            return None
        return self.expected / self.recent - 1

    @property
    def top(self) -> float:
        """How far up there is something to see: beyond twice all the rest, the range of 95% hides it."""
        rest = [self.history.value.max(), self.ahead.q900.max(), self.ahead.actual.max(), self.earlier.q500.max(), 0.0]
        highest = float(np.nanmax(np.array(rest, dtype=np.float64)))
        return float(np.fmin(np.fmax(self.ahead.q975.max(), highest), 2 * highest))

    @property
    def typical(self) -> Any:
        """The bucket of the forecast whose median is the middle one, of those that are open; None where none is."""
        is_open = self.ahead[~self.ahead.is_closed & self.ahead.q500.notna()].sort_values("q500")
        return is_open.iloc[len(is_open) // 2] if len(is_open) else None


@dataclass(frozen=True)
class Content:
    """All that is said of series.

    Args:
        series: the largest first, the total before all.
        more: how many are not shown.
        freq: their frequency.
        unit: of their values.
    """

    series: list[SeriesView]
    more: int
    freq: str
    unit: str


def read(panel: Panel, rolled: Rolled, calendar: KnownDays, unit: str) -> Content:
    """Read the largest series."""
    order = _by_size(panel, rolled)
    chosen = _marked(rolled.rows[rolled.rows.model == CHOSEN], panel.freq, calendar)
    shown = order[:MOST_SERIES]
    history = _marked(panel.rows[panel.rows.series_id.isin(shown)], panel.freq, calendar)
    told = {str(name): ours for name, ours in chosen.groupby("series_id")}
    known = {str(name): ours for name, ours in history.groupby("series_id")}
    totals = _totals(panel)
    last = rolled.rows.origin.max()
    views = [
        _view(name, panel, known[name], told.get(name, chosen.iloc[:0]), last, is_total=name in totals)
        for name in shown
    ]
    return Content(views, len(order) - len(shown), panel.freq, unit)


def _by_size(panel: Panel, rolled: Rolled) -> list[str]:
    """Series that were forecast, by what they hold: the total first, though refunds may make it less than a part."""
    sizes = panel.rows.value.abs().groupby(panel.rows.series_id).sum()
    totals = _totals(panel)
    names = [str(name) for name in rolled.rows.series_id.unique()]
    return sorted(names, key=lambda name: (name not in totals, -sizes.get(name, 0.0), name))


def _totals(panel: Panel) -> set[str]:
    if panel.hierarchy is None:
        return set()
    return {str(name) for name in panel.hierarchy.series_id[panel.hierarchy.parent.isna()]}


def _marked(rows: pd.DataFrame, freq: str, calendar: KnownDays) -> pd.DataFrame:
    """With the time on the shop's wall, and what is known of the day; the sale is named before the holiday it is on."""
    days = days_of(rows.ts, freq, calendar.timezone)
    is_closed = rows.is_closed if "is_closed" in rows else rows.status == CLOSED
    marks = np.select(
        [days.isin(set(calendar.sales)), days.isin(calendar.holidays), is_closed | days.isin(calendar.closed)],
        ["sale", "holiday", "closed"],
        "",
    )
    return rows.assign(at=local(rows.ts, freq, calendar.timezone), mark=marks).sort_values("ts")


def _view(
    series_id: str, panel: Panel, history: pd.DataFrame, told: pd.DataFrame, last: pd.Timestamp, *, is_total: bool
) -> SeriesView:
    ahead, before = told[told.origin == last], told[told.origin < last]
    shown = history[history.ts <= last].tail(max(_BUCKETS_SHOWN, 2 * len(ahead)))
    origins = np.sort(before.origin.unique())[-_ORIGINS_SHOWN:]
    earlier = before[before.origin.isin(origins) & (before.ts >= shown.ts.min())]
    past = told[told.actual.notna()]
    return SeriesView(
        series_id=series_id,
        name=series_name(series_id, is_total=is_total),
        history=shown,
        ahead=ahead,
        earlier=earlier,
        misses=_misses(past),
        wape=_wape(past),
        note=panel.notes.get(series_id, ""),
    )


def _misses(past: pd.DataFrame) -> pd.Series:
    """Sums over whole horizons: those with a bucket that is not known have nothing to compare with."""
    sums = past.groupby("origin")[["mean", "actual"]].sum(min_count=1)
    whole = past.groupby("origin").size()
    sums = sums[(whole == whole.max()) & (sums.actual > 0)]
    misses: pd.Series = sums["mean"] / sums.actual - 1
    return misses


def _wape(past: pd.DataFrame) -> float | None:
    size = past.actual.abs().sum()
    return float((past.point - past.actual).abs().sum() / size) if size > 0 else None
