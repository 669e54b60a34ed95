"""What a model gets to see: the past up to an origin, with a usual value wherever the true one is not known."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

import pandas as pd

from footfall.contracts import CLOSED, COMPLETE

_SEASONS_OF_USUAL, _WEEKS_OF_CLOSING, _CLOSED_SHARE = 4, 8, 0.9
_MOST_HOLIDAYS = 0.5
_LONG_STEPS = ("7D", "MS")


@dataclass(frozen=True)
class Closing:
    """Days known in advance, in the shop's time: closed ones, and public holidays, on which it may be closed."""

    days: Set[date] = frozenset()
    holidays: Set[date] = frozenset()
    timezone: str = "UTC"


def filled(rows: pd.DataFrame, freq: str, timezone: str = "UTC") -> pd.DataFrame:
    """The rows with a value in every bucket.

    Days on which the shop was closed, buckets that are missing or not over say nothing of the demand on such a day: the
    median of the last four of the same place in the season stands for them, else the median of all before.

    Returns:
        `series_id`, `ts`, `value`.
    """
    known = rows.value.where(rows.status == COMPLETE)
    places = [rows.series_id, place_in_season(rows.ts, freq, timezone)]
    usual = known.groupby(places).transform(
        lambda ours: ours.ffill().shift(1).rolling(_SEASONS_OF_USUAL, min_periods=1).median()
    )
    before = known.groupby(rows.series_id).transform(lambda ours: ours.expanding().median())
    return rows[["series_id", "ts"]].assign(value=known.fillna(usual).fillna(before).fillna(0.0))


def closed_ahead(rows: pd.DataFrame, ahead: pd.DataFrame, freq: str, closing: Closing) -> pd.Series:
    """Which coming buckets a series is closed in.

    Those of the calendar; those of the hour or day of the week in which it was closed for eight weeks; and public
    holidays, where nothing happened on most of the past ones. A week or a month is never closed.

    Args:
        rows: the past.
        ahead: the coming buckets, `series_id` and `ts`.
        freq: of both.
        closing: what is known in advance.

    Returns:
        True or False for each row of `ahead`.
    """
    if freq in _LONG_STEPS:
        return pd.Series(False, ahead.index)
    recent = rows[rows.ts > rows.ts.max() - pd.Timedelta(weeks=_WEEKS_OF_CLOSING)]
    places = [recent.series_id, place_in_season(recent.ts, freq, closing.timezone)]
    shares = (recent.status == CLOSED).groupby(places).mean()
    coming = pd.MultiIndex.from_arrays([ahead.series_id, place_in_season(ahead.ts, freq, closing.timezone)])
    usually = coming.isin(shares.index[shares >= _CLOSED_SHARE])
    days = _days(ahead.ts, freq, closing.timezone)
    is_holiday = days.isin(closing.holidays) & ahead.series_id.isin(_resting(rows, freq, closing))
    return days.isin(closing.days) | is_holiday | usually


def _resting(rows: pd.DataFrame, freq: str, closing: Closing) -> list[str]:
    """Series in which nothing happened on most of the past public holidays."""
    past = rows[_days(rows.ts, freq, closing.timezone).isin(closing.holidays) & rows.value.notna()]
    is_idle = (past.value == 0).groupby(past.series_id).mean()
    return [str(name) for name in is_idle.index[is_idle > _MOST_HOLIDAYS]]


def place_in_season(moments: pd.Series, freq: str, timezone: str) -> pd.Series:
    """Day of the week, hour of the week, or month: what buckets of the same kind share, in the shop's time."""
    local = _local(moments, freq, timezone)
    if freq in _LONG_STEPS:
        months: pd.Series = local.dt.month
        return months
    days: pd.Series = local.dt.dayofweek
    minutes: pd.Series = days * 1440 + local.dt.hour * 60 + local.dt.minute
    return days if freq == "D" else minutes


def _days(moments: pd.Series, freq: str, timezone: str) -> pd.Series:
    days: pd.Series = _local(moments, freq, timezone).dt.date
    return days


def _local(moments: pd.Series, freq: str, timezone: str) -> pd.Series:
    """Days, weeks and months are dates of the shop already; shorter steps are moments, in UTC."""
    if freq == "D" or freq in _LONG_STEPS:
        return moments
    local: pd.Series = moments.dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None)
    return local
