"""Hours and days with what is known of each: complete, partial, closed or missing.

- closed: the shop does not sell then. An hour of the week that has events in at most 2% of its weeks, where 10 visits
  would have come in these weeks if all hours were alike; or a day that the calendar closes. An hour with an event is
  never closed.
- missing: no data arrived. Hours without any event in which at least 20 visits were to be expected from the weeks
  before (for the time before the very first event: from the weeks after). With fewer it could be chance, and zero is
  then a value like any other.
- partial: it ends after the watermark, up to which everything is known; or a day some of whose hours are missing.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Set
from datetime import date, datetime, timedelta
from itertools import groupby
from math import isnan
from statistics import median
from typing import NamedTuple

import pandas as pd

from footfall.contracts import BUCKET_STATUSES, CLOSED, COMPLETE, MISSING, PARTIAL

ENOUGH_VISITS = 20.0
CLOSED_SHARE, _WEEKS_TO_CLOSE, _VISITS_IF_OPEN = 0.02, 4, 10.0
_WEEKS_REMEMBERED, _WEEKS_TO_EXPECT = 8, 2
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def hours_with_status(
    visits: pd.Series, *, watermark: datetime, timezone: str, closed_days: Set[date] = frozenset()
) -> pd.DataFrame:
    """Every hour of the shop's days from the first event to the watermark.

    Args:
        visits: how many, by the UTC moment at which the shop's hour began (the index, naive); no row, no event.
        watermark: UTC; whatever happened before it is known.
        timezone: the shop's.
        closed_days: in the shop's time; the shop is closed on them unless something happened.

    Returns:
        Columns `ts` (UTC), `day` (the shop's date) and `status` in the order of time; also the hours of the last day
        that lie after the watermark.
    """
    first = visits.index.min().to_pydatetime()
    hours = _shop_hours(first, watermark, timezone)
    hours["visits"] = visits.reindex(hours.ts).to_numpy()
    is_over, is_empty = hours.ts + _HOUR <= watermark, hours.visits.isna()
    is_closed = is_empty & (_is_closed_slot(hours, is_over) | hours.day.dt.date.isin(closed_days))
    is_lost = hours.index.isin(list(_lost(hours[is_over & ~is_closed], first)))
    hours["status"] = COMPLETE
    hours.loc[~is_over, "status"] = PARTIAL
    hours.loc[is_lost, "status"] = MISSING
    hours.loc[is_closed, "status"] = CLOSED
    return hours[["ts", "day", "status"]]


def days_with_status(hours: pd.DataFrame) -> pd.DataFrame:
    """The days of such hours: columns `ts` (the shop's date) and `status`."""
    hourly = pd.crosstab(hours.day, hours.status).reindex(columns=list(BUCKET_STATUSES), fill_value=0)
    is_open = hourly[CLOSED] < hourly.sum(axis=1)
    is_lost = is_open & (hourly[COMPLETE] + hourly[PARTIAL] == 0)
    days = pd.DataFrame({"ts": hourly.index, "status": COMPLETE})
    days.loc[(hourly[PARTIAL] + hourly[MISSING] > 0).to_numpy(), "status"] = PARTIAL
    days.loc[is_lost.to_numpy(), "status"] = MISSING
    days.loc[~is_open.to_numpy(), "status"] = CLOSED
    return days


def _shop_hours(first: datetime, last: datetime, timezone: str) -> pd.DataFrame:
    """All hours of the shop's days, 23 or 25 of them where clocks change; `slot` is the hour of the week."""
    # Every zone is a multiple of a quarter of an hour from UTC.
    quarters = pd.date_range(pd.Timestamp(first).floor("h") - 2 * _DAY, last + 2 * _DAY, freq="15min")
    local = quarters.tz_localize("UTC").tz_convert(timezone).tz_localize(None)
    hours = pd.DataFrame(
        {
            "ts": quarters - pd.to_timedelta(local.minute, unit="min"),
            "day": local.normalize(),
            "slot": local.dayofweek * 24 + local.hour,
        }
    ).drop_duplicates("ts")
    begun = hours.day[hours.ts <= first].iloc[-1]
    ended = hours.day[hours.ts < last].iloc[-1]
    return hours[hours.day.between(begun, ended)].reset_index(drop=True)


def _is_closed_slot(hours: pd.DataFrame, is_over: pd.Series) -> pd.Series:
    """Whether an hour of the week is (nearly) always empty, in a shop large enough to have visits in it."""
    known = hours[is_over]
    weeks = known.groupby("slot").visits.size()
    open_weeks = known.groupby("slot").visits.count()
    expected = weeks * known.visits.fillna(0.0).mean()
    is_closed = (weeks >= _WEEKS_TO_CLOSE) & (open_weeks <= CLOSED_SHARE * weeks) & (expected >= _VISITS_IF_OPEN)
    return hours.slot.isin(is_closed.index[is_closed])


class _Hour(NamedTuple):
    row: int
    ts: pd.Timestamp
    day: pd.Timestamp
    slot: int
    visits: float


def _lost(hours: pd.DataFrame, first: datetime) -> Iterator[int]:
    """Index of the hours whose data did not arrive. Weeks that were lost are not remembered as empty ones."""
    usual = hours.visits.fillna(0.0).groupby(hours.slot).median()
    of_days = hours.groupby("day").visits.count()
    empty_days = set(of_days.index[of_days == 0])
    remembered: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_WEEKS_REMEMBERED))

    def expected(run: Iterable[_Hour]) -> float:
        return sum(float(usual[hour.slot]) if hour.ts < first else _expected(remembered[hour.slot]) for hour in run)

    columns = (hours[name].tolist() for name in ("ts", "day", "slot", "visits"))
    every = [_Hour(*row) for row in zip(hours.index.tolist(), *columns, strict=True)]
    for is_empty, group in groupby(every, key=lambda hour: isnan(hour.visits)):
        run = list(group)
        is_lost = is_empty and expected(run) >= ENOUGH_VISITS
        for day, of_day in groupby(run, key=lambda hour: hour.day):
            ours = list(of_day)
            # Before and after a lost stretch lie the quiet hours of days that have events.
            if is_lost and (day in empty_days or expected(ours) >= ENOUGH_VISITS):
                yield from (hour.row for hour in ours)
            else:
                for hour in ours:
                    remembered[hour.slot].append(0.0 if is_empty else hour.visits)


def _expected(visits: deque[float]) -> float:
    return median(visits) if len(visits) >= _WEEKS_TO_EXPECT else 0.0
