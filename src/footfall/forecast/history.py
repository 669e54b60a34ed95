"""What a model gets to see: the past up to an origin, with a usual value wherever the true one is not known."""

import hashlib
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import pandas as pd

from footfall.contracts import CLOSED, COMPLETE

_SEASONS_OF_USUAL, _WEEKS_OF_CLOSING, _CLOSED_SHARE = 4, 8, 0.9
_MOST_HOLIDAYS = 0.5
OWN = "own "
"""Columns of a file beside its values are called so, and by their name: no other column can be mistaken for one."""
LONG_STEPS = ("7D", "MS")


@dataclass(frozen=True)
class KnownDays:
    """Days known in advance, in the shop's time.

    Args:
        closed: the shop is closed.
        holidays: public holidays, on which it may be closed.
        sales: days of sales, with the intensity that was planned (1: an ordinary sale).
        timezone: the shop's.
        announced: more sales, each with the day on which it became known; its days as in `sales`. Used through `at`.
        announced_closings: days on which the shop is closed too, with the day on which that became known.
    """

    closed: frozenset[date] = frozenset()
    holidays: Set[date] = frozenset()
    sales: Mapping[date, float] = field(default_factory=dict)
    timezone: str = "UTC"
    announced: Sequence[tuple[date, Mapping[date, float]]] = ()
    announced_closings: Sequence[tuple[date, Set[date]]] = ()

    def at(self, origin: pd.Timestamp, freq: str) -> "KnownDays":
        """What was known when the bucket of the origin was over: sales and closings that were announced by then."""
        end = pd.Series(pd.date_range(origin, periods=2, freq=freq)[-1:] - pd.Timedelta(seconds=1))
        today = local(end, freq, self.timezone).dt.date[0]
        sales = dict(self.sales)
        for announced, days in self.announced:
            if announced <= today:
                sales |= {day: max(intensity, sales.get(day, 0.0)) for day, intensity in days.items()}
        closed = self.closed.union(*(days for announced, days in self.announced_closings if announced <= today))
        return replace(self, closed=closed, sales=sales, announced=(), announced_closings=())

    def in_order(self) -> tuple[object, ...]:
        """All of it, the same for the same days."""
        announced = sorted((day, sorted(days.items())) for day, days in self.announced)
        closings = sorted((day, sorted(days)) for day, days in self.announced_closings)
        return (
            sorted(self.closed), sorted(self.holidays), sorted(self.sales.items()), self.timezone, announced, closings
        )  # fmt: skip


@dataclass(frozen=True)
class Past:
    """Series up to an origin.

    Args:
        rows: `series_id`, `ts`, `value`, `status` and own columns, as in a panel.
        history: `series_id`, `ts`, `value`: the same with a value in every bucket, as `filled` makes it.
        freq: the step from bucket to bucket, as pandas writes it.
        season: buckets in a season.
        known: days known in advance.
        given: `series_id`, `ts` and own columns of buckets after the origin: those columns that are known ahead. None
            where there are none.
    """

    rows: pd.DataFrame
    history: pd.DataFrame
    freq: str
    season: int
    known: KnownDays = field(default_factory=KnownDays)
    given: pd.DataFrame | None = None

    @cached_property
    def origin(self) -> pd.Timestamp:
        """The last bucket that is known."""
        last: pd.Timestamp = self.rows.ts.max()
        return last

    @cached_property
    def digest(self) -> str:
        """The same for the same past, and for no other."""
        names = own_columns(self.rows), self.known_ahead
        found = hashlib.blake2b(repr((self.freq, self.season, self.known.in_order(), names)).encode(), digest_size=16)
        for table in (self.rows, self.given):
            if table is not None:
                found.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
        return found.hexdigest()

    @property
    def known_ahead(self) -> list[str]:
        """Own columns that are known ahead."""
        return [] if self.given is None else own_columns(self.given)

    def ahead(self, horizon: int) -> pd.DataFrame:
        """`series_id` and `ts` of the coming buckets; a series that ended before the origin goes on from its end."""
        ends = self.rows.groupby("series_id").ts.max()
        parts = {end: pd.date_range(end, periods=horizon + 1, freq=self.freq)[1:] for end in ends.unique()}
        ahead = ends.map(parts).explode()
        return pd.DataFrame({"series_id": ahead.index, "ts": pd.to_datetime(ahead.to_numpy())})

    def ahead_with_given(self, horizon: int) -> pd.DataFrame:
        """The coming buckets with those own columns that are known ahead; null where they are not given."""
        ahead = self.ahead(horizon)
        return ahead if self.given is None else ahead.merge(self.given, on=["series_id", "ts"], how="left")

    def on_wall(self, horizon: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """History and coming buckets by the shop's clock, on which every day has 24 hours.

        An hour that comes twice is one, the mean of both, once both are over; one that is left out in spring lies
        between its neighbours. Days and longer steps are as they are.

        Returns:
            `series_id`, `wall`, `value` of the history; and `series_id`, `ts`, `wall` of the coming buckets.
        """
        behind, ahead = (
            rows.assign(wall=wall_buckets(rows.ts, self.freq, self.known.timezone))
            for rows in (self.history, self.ahead(horizon))
        )
        if is_intraday(self.freq):
            is_over = behind.wall < behind.series_id.map(ahead.groupby("series_id").wall.min())
            wide = behind[is_over].pivot_table(index="wall", columns="series_id", values="value", aggfunc="mean")
            whole = wide.asfreq(self.freq).interpolate(limit_area="inside")
            behind = whole.melt(ignore_index=False).dropna().reset_index()
        return behind[["series_id", "wall", "value"]], ahead


def own_columns(rows: pd.DataFrame) -> list[str]:
    """Names of the columns that a file has beside its values."""
    return [str(name) for name in rows if str(name).startswith(OWN)]


def filled(rows: pd.DataFrame, freq: str, timezone: str = "UTC") -> pd.DataFrame:
    """The rows with a value in every bucket.

    Days on which the shop was closed, buckets that are missing or not over say nothing of the demand on such a day: the
    median of the last four of the same place in the season stands for them, else the median of all before.

    Returns:
        `series_id`, `ts`, `value`.
    """
    true = rows.value.where(rows.status == COMPLETE)
    places = [rows.series_id, place_in_season(rows.ts, freq, timezone)]
    usual = true.groupby(places).transform(
        lambda ours: ours.ffill().shift(1).rolling(_SEASONS_OF_USUAL, min_periods=1).median()
    )
    before = true.groupby(rows.series_id).transform(lambda ours: ours.expanding().median())
    return rows[["series_id", "ts"]].assign(value=true.fillna(usual).fillna(before).fillna(0.0))


def closed_ahead(rows: pd.DataFrame, ahead: pd.DataFrame, freq: str, known: KnownDays) -> pd.Series:
    """Which coming buckets a series is closed in.

    Those of the calendar; those of the hour or day of the week in which it was closed for eight weeks, closings of the
    calendar apart; and public holidays, where nothing happened on most of the past ones. A week or a month is never
    closed.

    Args:
        rows: the past.
        ahead: the coming buckets, `series_id` and `ts`.
        freq: of both.
        known: what is known in advance.

    Returns:
        True or False for each row of `ahead`.
    """
    if freq in LONG_STEPS:
        return pd.Series(False, ahead.index)
    ordinary = rows[~days_of(rows.ts, freq, known.timezone).isin(known.closed)]
    recent = ordinary[ordinary.ts > ordinary.ts.max() - pd.Timedelta(weeks=_WEEKS_OF_CLOSING)]
    places = [recent.series_id, place_in_season(recent.ts, freq, known.timezone)]
    shares = (recent.status == CLOSED).groupby(places).mean()
    coming = pd.MultiIndex.from_arrays([ahead.series_id, place_in_season(ahead.ts, freq, known.timezone)])
    usually = coming.isin(shares.index[shares >= _CLOSED_SHARE])
    days = days_of(ahead.ts, freq, known.timezone)
    is_holiday = days.isin(known.holidays) & ahead.series_id.isin(_resting(rows, freq, known))
    return days.isin(known.closed) | is_holiday | usually


def _resting(rows: pd.DataFrame, freq: str, known: KnownDays) -> list[str]:
    """Series that were closed on most past public holidays, or idle on them and on half as many other days at most."""
    known_rows = rows[rows.value.notna()].assign(day=days_of(rows.ts, freq, known.timezone))
    days = known_rows.assign(is_closed=known_rows.status == CLOSED, is_idle=known_rows.value == 0)
    days = days.groupby(["series_id", "day"])[["is_closed", "is_idle"]].all().reset_index()
    is_holiday = days.day.isin(known.holidays)
    past = days[is_holiday].groupby("series_id")[["is_closed", "is_idle"]].mean()
    others = days[~is_holiday].groupby("series_id").is_idle.mean().reindex(past.index).fillna(0.0)
    rests = (past.is_closed > _MOST_HOLIDAYS) | ((past.is_idle > _MOST_HOLIDAYS) & (others < past.is_idle / 2))
    return [str(name) for name in rests.index[rests]]


def place_in_season(moments: pd.Series, freq: str, timezone: str) -> pd.Series:
    """Day of the week, hour of the week, or month: what buckets of the same kind share, in the shop's time."""
    wall = local(moments, freq, timezone)
    if freq in LONG_STEPS:
        months: pd.Series = wall.dt.month
        return months
    days: pd.Series = wall.dt.dayofweek
    minutes: pd.Series = days * 1440 + wall.dt.hour * 60 + wall.dt.minute
    return days if freq == "D" else minutes


def days_of(moments: pd.Series, freq: str, timezone: str) -> pd.Series:
    """The date of each moment, in the shop's time."""
    different = pd.Series(moments.unique())  # dates are Python objects, and slow to make
    days: pd.Series = moments.map(dict(zip(different, local(different, freq, timezone).dt.date, strict=True)))
    return days


def days_within(moments: pd.Series, freq: str, timezone: str) -> dict[pd.Timestamp, list[date]]:
    """The days of each different bucket, in the shop's time: one, or all of a week or a month."""
    different = pd.Series(moments.unique())
    first = days_of(different, freq, timezone)
    if freq not in LONG_STEPS:
        return {moment: [day] for moment, day in zip(different, first, strict=True)}
    ends = [pd.date_range(day, periods=2, freq=freq)[-1] for day in first]
    return {
        moment: list(pd.date_range(day, end, inclusive="left").date)
        for moment, day, end in zip(different, first, ends, strict=True)
    }


def local(moments: pd.Series, freq: str, timezone: str) -> pd.Series:
    """The time on the shop's wall. Days, weeks and months are dates of the shop already; shorter steps are in UTC."""
    if not is_intraday(freq):
        return moments
    wall: pd.Series = moments.dt.tz_localize("UTC").dt.tz_convert(timezone).dt.tz_localize(None)
    return wall


def wall_buckets(moments: pd.Series, freq: str, timezone: str) -> pd.Series:
    """The bucket of each moment on the shop's wall. Clocks that go back put two moments in one, and forward none."""
    wall = local(moments, freq, timezone)
    return wall.dt.floor(freq) if is_intraday(freq) else wall


def is_intraday(freq: str) -> bool:
    """Whether steps are shorter than a day."""
    return freq != "D" and freq not in LONG_STEPS
