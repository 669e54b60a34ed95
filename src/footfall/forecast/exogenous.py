"""Columns beside the series: what is known of a bucket before it comes, and what is not and so is never used ahead."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import pandas as pd

from footfall.errors import LeakingFeature
from footfall.forecast.history import KnownDays, Past, days_within, own_columns
from footfall.forecast.panel import Panel

Values = Callable[[pd.DataFrame, str, KnownDays], pd.Series]
_REACH = 28


@dataclass(frozen=True)
class Exogenous:
    """A column beside the series.

    Args:
        name: of the column.
        is_known_ahead: whether its values are known before their buckets come. If not, models see its past only.
        values: gets rows of `series_id`, `ts`, `value` and own columns (null in buckets to come, but for own columns
            that are known ahead), their frequency, and the days that are known in advance; gives a number for each row.
    """

    name: str
    is_known_ahead: bool
    values: Values


def exogenous(
    features: Sequence[Exogenous], past: pd.DataFrame, ahead: pd.DataFrame, freq: str, known: KnownDays
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The columns of the past, and of the buckets to come.

    Args:
        features: which columns.
        past: `series_id`, `ts`, `value`, and own columns.
        ahead: `series_id`, `ts`, and own columns that are known ahead: those of other features are not looked at.
        freq: of both.
        known: what is known in advance.

    Returns:
        Two tables with a column per feature, on the index of `past` and of `ahead`; ahead there are only those that are
        known then.
    """
    ahead_names = [one.name for one in features if one.is_known_ahead]
    given = [name for name in own_columns(ahead) if name in ahead_names]
    both = pd.concat(
        [past[["series_id", "ts", "value", *own_columns(past)]], ahead[["series_id", "ts", *given]]], ignore_index=True
    )
    every = pd.DataFrame({one.name: one.values(both, freq, known) for one in features}, index=both.index)
    behind, coming = every.iloc[: len(past)], every.iloc[len(past) :]
    return behind.set_index(past.index), coming[ahead_names].set_index(ahead.index)


def refuse_leaks(
    features: Sequence[Exogenous], rows: pd.DataFrame, origin: pd.Timestamp, freq: str, known: KnownDays
) -> None:
    """See that no feature knows what comes after an origin: with the future blanked, it must say the same.

    Args:
        features: which.
        rows: `series_id`, `ts`, `value` and own columns, with buckets before and after the origin.
        origin: the last bucket that is known.
        freq: of the rows.
        known: what is known in advance.

    Raises:
        LeakingFeature: one says something else.
    """
    is_ahead = rows.ts > origin
    ahead_names = {one.name for one in features if one.is_known_ahead}
    hidden = ["value", *(name for name in own_columns(rows) if name not in ahead_names)]
    blanked = rows.assign(**{name: rows[name].mask(is_ahead) for name in hidden})
    for one in features:
        told, alone = (
            one.values(table, freq, known).reindex(table.index).to_numpy(np.float64) for table in (rows, blanked)
        )
        differs = ~np.isclose(told, alone, rtol=0, atol=0, equal_nan=True) & (one.is_known_ahead | ~is_ahead.to_numpy())
        if differs.any():
            first = rows[differs].iloc[0]
            raise LeakingFeature(
                f'feature "{one.name}" of {first.series_id} at {first.ts} uses what comes after {origin}: with the '
                "values after it blanked it says something else; compute it from earlier buckets, or declare it as not "
                "known ahead"
            )


def own_features(series: Panel | Past) -> tuple[Exogenous, ...]:
    """The own columns of the series, as features."""

    def column(name: str) -> Exogenous:
        return Exogenous(name, name in series.known_ahead, lambda rows, _freq, _known: rows[name])

    return tuple(column(name) for name in own_columns(series.rows))


def _distance(moments: pd.Series, marked: Iterable[date], freq: str, known: KnownDays, *, forward: bool) -> pd.Series:
    """Days to the next marked day, or from the last; 0 in a bucket with one, and the reach where none is as near."""
    every, step = set(marked), timedelta(days=1 if forward else -1)

    @cache
    def far(first: date, last: date) -> int:
        if any(first + timedelta(days=n) in every for n in range((last - first).days + 1)):
            return 0
        edge = last if forward else first
        return next((n for n in range(1, _REACH) if edge + n * step in every), _REACH)

    buckets = days_within(moments, freq, known.timezone)
    return moments.map({moment: far(days[0], days[-1]) for moment, days in buckets.items()}).astype(np.float64)


def _near(name: str, marked: Callable[[KnownDays], Iterable[date]], *, forward: bool) -> Exogenous:
    def values(rows: pd.DataFrame, freq: str, known: KnownDays) -> pd.Series:
        return _distance(rows.ts, marked(known), freq, known, forward=forward)

    return Exogenous(name, is_known_ahead=True, values=values)


def _sale(rows: pd.DataFrame, freq: str, known: KnownDays) -> pd.Series:
    """The intensity that was planned: the mean over the days of a bucket."""
    buckets = days_within(rows.ts, freq, known.timezone)
    planned = {moment: np.mean([known.sales.get(day, 0.0) for day in days]) for moment, days in buckets.items()}
    return rows.ts.map(planned).astype(np.float64)


CALENDAR = (
    _near("days_to_holiday", lambda known: known.holidays, forward=True),
    _near("days_from_holiday", lambda known: known.holidays, forward=False),
    _near("days_to_sale", lambda known: known.sales, forward=True),
    _near("days_from_sale", lambda known: known.sales, forward=False),
    _near("days_to_closing", lambda known: known.closed, forward=True),
    _near("days_from_closing", lambda known: known.closed, forward=False),
    Exogenous("sale", is_known_ahead=True, values=_sale),
)
"""What the shop's calendar says of a day: how near a holiday, a sale or a closing is, and how intense a sale."""
