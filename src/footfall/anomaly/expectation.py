"""What is to be expected of each series in the next bucket: level x hour of the week x how the last hours were.

Every part is a ratio of two sums that forget, what happened over what was to be expected, so that it is right for one
order an hour and for a thousand: the discounted Poisson-gamma filter (Harvey and Fernandes 1989; West and Harrison
1997, chapter 10). What a series does not know of its own hours yet it takes from all series together.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WEEK, DAY = 168, 24
ORDINARY, SALE, HOLIDAY = range(3)
"""Kinds of hours, each with a factor of its own."""
LEVEL_HOURS, RECENT_HOURS, OCCASION_HOURS, SEASON_WEEKS = 14 * DAY, 12, 8, 8
"""Half-lives of what is remembered."""
_HOUR_PRIOR, _SLOT_PRIOR, _RECENT_PRIOR = 5.0, 20.0, 20.0
_OCCASION_CV, _OCCASION_SPREAD = 0.5, 0.01
PLANNED_UPLIFT = 2.0
"""What a sale is taken to bring of which nobody said it: so many times as much as ordinary days."""
_LEAST = 1e-9


class Hour(NamedTuple):
    """Which hour it is.

    Args:
        slot: hour of the week on the shop's clock; Monday 0:00 is 0.
        kind: `ORDINARY`, `SALE` or `HOLIDAY`.
        planned: how many times as much as in ordinary hours a sale is to bring; None where nobody said.
    """

    slot: int
    kind: int = ORDINARY
    planned: float | None = None

    @property
    def brings(self) -> float:
        """How many times as much as in ordinary hours is planned."""
        return 1.0 if self.kind != SALE else self.planned or PLANNED_UPLIFT


@dataclass(frozen=True)
class Ahead:
    """What is to be expected in a bucket, for each series.

    Args:
        base: level x season: what an ordinary hour of that kind has.
        factor: how the last hours were, or what a sale or holiday does.
        spread: variance of the factor's logarithm beyond what the series' own noise is; 0 in ordinary hours.
    """

    base: Array
    factor: Array
    spread: Array

    @property
    def mean(self) -> Array:
        """The expected value."""
        return np.maximum(self.base * self.factor, _LEAST)


class Expectation:
    """Levels, seasons and effects of `series` series; an hour at a time."""

    def __init__(self, series: int) -> None:
        self.slot_sums = np.zeros((2, series, WEEK))
        self.hour_sums = np.zeros((2, series, DAY))
        self.pooled = np.zeros((2, WEEK))
        self.level_sums = np.zeros((2, series))
        self.recent_sums = np.zeros((2, series))
        self.occasion_sums = np.zeros((2, series))
        self.uplift = np.zeros((series, 3))  # logarithm of what kinds of hours brought, over what was planned
        self.last_kind, self.last_planned = ORDINARY, 1.0
        self.age = np.zeros(series, np.int64)  # hours known
        self.number = 0  # of the hour that is judged

    @property
    def level(self) -> Array:
        """Of an average hour; null while nothing is known."""
        done, exposure = self.level_sums
        return np.divide(done, exposure, out=np.full_like(done, np.nan), where=exposure > 0)

    def ahead(self, hour: Hour, unit: Array) -> Ahead:
        """What to expect.

        Args:
            hour: which.
            unit: what one event of each series weighs: 1 for counts, about an order's value for revenue.
        """
        base = self.level * self._season(hour.slot, unit)
        if hour.kind == ORDINARY:
            prior = _RECENT_PRIOR * unit
            done, exposure = self.recent_sums
            return Ahead(base, (done + prior) / (exposure + prior), np.zeros_like(base))
        uplift = np.exp(self.uplift[:, hour.kind]) * hour.brings
        prior = unit / _OCCASION_CV**2
        done, exposure = self.occasion_sums if self._goes_on(hour) else np.zeros_like(self.occasion_sums)
        spread = 1 / (1 / _OCCASION_CV**2 + exposure * uplift / unit)
        return Ahead(base, (done + prior * uplift) / (exposure + prior), np.maximum(spread, _OCCASION_SPREAD))

    def learn(self, hour: Hour, ahead: Ahead, values: Array, unit: Array) -> None:
        """Take in what happened; null where it is not known. Anomalies should be winsorised before."""
        self._change_kind(hour)
        known = np.isfinite(values)
        is_new = self.age < WEEK
        happened = np.where(known, values, 0.0)
        exposure = np.where(known, np.where(is_new, 1.0, np.nan_to_num(self.level)), 0.0)
        base = np.where(known & ~is_new, np.nan_to_num(ahead.base), 0.0)
        if hour.kind != ORDINARY:
            _remember(self.occasion_sums, OCCASION_HOURS, happened, base, known)
        else:
            season = np.where(known & ~is_new, self._season(hour.slot, unit), 0.0)
            evened = np.where(is_new, happened, happened / np.clip(ahead.factor, 1 / 3, 3.0))
            _remember(self.level_sums, LEVEL_HOURS, np.where(is_new, 0.0, happened), season, known)
            _remember(self.recent_sums, RECENT_HOURS, np.where(is_new, 0.0, happened), base, known)
            _remember(self.slot_sums[:, :, hour.slot], SEASON_WEEKS, evened, exposure, known)
            _remember(self.hour_sums[:, :, hour.slot % DAY], SEASON_WEEKS * 7, evened, exposure, known)
            self._pool(hour.slot, np.stack([evened, exposure])[:, ~is_new], unit[~is_new])
        self.age += known
        self._begin((self.age == WEEK) & is_new, unit)

    def shift(self, which: Bools, ratio: Array) -> None:
        """Take another level for normal, where a series has changed for good; its last hours are forgotten."""
        self.level_sums[0] = np.where(which, self.level_sums[0] * ratio, self.level_sums[0])
        self.recent_sums[:, which] = 0.0

    def forget(self, which: Bools) -> None:
        """Begin anew with some series."""
        for sums in (self.slot_sums, self.hour_sums, self.level_sums, self.recent_sums, self.occasion_sums):
            sums[:, which] = 0.0
        self.age[which] = 0

    def _begin(self, which: Bools, unit: Array) -> None:
        """The first week is over: its mean is the level that its hours are compared with."""
        if not which.any():
            return
        done, hours = self.slot_sums[:, which]
        mean = np.maximum(done.sum(axis=1) / hours.sum(axis=1), _LEAST)
        self.slot_sums[1, which] *= mean[:, None]
        self.hour_sums[1, which] *= mean[:, None]
        self.level_sums[:, which] = np.stack([mean, np.ones_like(mean)]) * WEEK
        for slot in range(WEEK):
            self._pool(slot, self.slot_sums[:, which, slot], unit[which])

    def _pool(self, slot: int, sums: Array, unit: Array) -> None:
        """Add to what all series have in common, relative to their levels; large ones know more."""
        done, exposure = sums
        weight = np.divide(1.0, np.sqrt(exposure * unit), out=np.zeros_like(exposure), where=exposure > 0)
        self.pooled[:, slot] *= 0.5 ** (1 / SEASON_WEEKS)
        self.pooled[:, slot] += (done @ weight, exposure @ weight)

    def _season(self, slot: int, unit: Array) -> Array:
        """Share of an hour of the week, around 1: own, else as of that hour of the day, else as in all series."""
        days = self.pooled[:, slot % DAY :: DAY].sum(axis=1)
        pooled_day = days[0] / days[1] if days[1] > 0 else 1.0
        done, exposure = self.pooled[:, slot]
        pooled = done / exposure if exposure > 0 else pooled_day
        done, exposure = self.hour_sums[:, :, slot % DAY]
        day = (done + _HOUR_PRIOR * unit * pooled_day) / (exposure + _HOUR_PRIOR * unit)
        prior = day * (pooled / pooled_day if pooled_day > 0 else 1.0)
        done, exposure = self.slot_sums[:, :, slot]
        season: Array = (done + _SLOT_PRIOR * unit * prior) / (exposure + _SLOT_PRIOR * unit)
        return season

    def _goes_on(self, hour: Hour) -> bool:
        """Whether it belongs to the same sale or holiday as the hour before."""
        return (hour.kind, hour.brings) == (self.last_kind, self.last_planned)

    def _change_kind(self, hour: Hour) -> None:
        """After a sale or a holiday: remember what it did, compared with what was planned."""
        if self._goes_on(hour):
            return
        if self.last_kind != ORDINARY:
            done, exposure = self.occasion_sums
            ratio = np.divide(done, exposure, out=np.zeros_like(done), where=exposure > 0)
            is_usable = (ratio > 0.2) & (ratio < 20)
            brought = np.log(np.where(is_usable, ratio, 1.0) / self.last_planned)
            learnt = (self.uplift[:, self.last_kind] + brought) / 2
            self.uplift[:, self.last_kind] = np.where(is_usable, learnt, self.uplift[:, self.last_kind])
        self.occasion_sums[:] = 0.0
        self.last_kind, self.last_planned = hour.kind, hour.brings


def _remember(sums: Array, half_life: float, happened: Array, exposure: Array, known: Bools) -> None:
    """Add to both sums in place; what is not known forgets nothing."""
    fading = np.where(known, 0.5 ** (1 / half_life), 1.0)
    sums *= fading
    sums[0] += np.where(known, happened, 0.0)
    sums[1] += exposure
