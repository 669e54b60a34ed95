"""What a model gets to see: the past up to an origin, with a usual value wherever the true one is not known."""

from collections.abc import Set
from datetime import date

import pandas as pd

from footfall.forecast.panel import CLOSED, COMPLETE

_SEASONS_OF_USUAL, _WEEKS_OF_CLOSING, _CLOSED_SHARE = 4, 8, 0.9


def filled(rows: pd.DataFrame, freq: str) -> pd.DataFrame:
    """The rows with a value in every bucket.

    Days on which the shop was closed, buckets that are missing or not over say nothing of the demand on such a day: the
    median of the last four of the same place in the season stands for them, else the median of all before.

    Returns:
        `series_id`, `ts`, `value`.
    """
    known = rows.value.where(rows.status == COMPLETE)
    places = [rows.series_id, place_in_season(rows.ts, freq)]
    usual = known.groupby(places).transform(
        lambda ours: ours.ffill().shift(1).rolling(_SEASONS_OF_USUAL, min_periods=1).median()
    )
    before = known.groupby(rows.series_id).transform(lambda ours: ours.expanding().median())
    return rows[["series_id", "ts"]].assign(value=known.fillna(usual).fillna(before).fillna(0.0))


def closed_ahead(rows: pd.DataFrame, ahead: pd.Series, freq: str, closed_days: Set[date] = frozenset()) -> pd.Series:
    """Which coming buckets the shop is closed in: those of the calendar, and those it was closed in for eight weeks.

    Args:
        rows: the past.
        ahead: the coming buckets.
        freq: of both.
        closed_days: of the calendar.

    Returns:
        True or False for each of `ahead`.
    """
    past = rows.drop_duplicates("ts")
    recent = past[past.ts > past.ts.max() - pd.Timedelta(weeks=_WEEKS_OF_CLOSING)]
    share = (recent.status == CLOSED).groupby(place_in_season(recent.ts, freq)).mean()
    usually = place_in_season(ahead, freq).isin(share.index[share >= _CLOSED_SHARE])
    is_closed: pd.Series = usually | ahead.dt.date.isin(closed_days)
    return is_closed


def place_in_season(moments: pd.Series, freq: str) -> pd.Series:
    """Day of the week, hour of the week, or month: what buckets of the same kind share."""
    if freq in ("MS", "7D"):
        months: pd.Series = moments.dt.month
        return months
    days: pd.Series = moments.dt.dayofweek
    minutes: pd.Series = days * 1440 + moments.dt.hour * 60 + moments.dt.minute
    return days if freq == "D" else minutes
