"""What is to be expected of each series in the next bucket: level x hour of the week x how the last hours were.

Every part is a ratio of two sums that forget, what happened over what was to be expected, so that it is right for one
order an hour and for a thousand: the discounted Poisson-gamma filter (Harvey and Fernandes 1989; West and Harrison
1997, chapter 10). What a series does not know of its own hours yet it takes from all series together.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.anomaly.occasions import DAY, ORDINARY, Hour, Occasions

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

WEEK = 7 * DAY
LEVEL_HOURS, RECENT_HOURS, SEASON_WEEKS = 14 * DAY, 12, 8
"""Half-lives of what is remembered."""
_POOL_PRIOR, _HOUR_PRIOR, _SLOT_PRIOR, _RECENT_PRIOR = 5.0, 5.0, 20.0, 20.0
_LEAST = 1e-9


@dataclass(frozen=True)
class Ahead:
    """What is to be expected in a bucket, for each series.

    Args:
        base: level x season: what an ordinary hour of that kind has.
        factor: how the last hours were, or what a sale or holiday does.
        spread: variance of the factor's logarithm beyond what the series' own noise is; 0 in ordinary hours.
        planned: in a sale or holiday, what was to be expected of the factor before it began.
        planned_spread: variance of that.
    """

    base: Array
    factor: Array
    spread: Array
    planned: Array
    planned_spread: Array

    @property
    def mean(self) -> Array:
        """The expected value."""
        return np.maximum(self.base * self.factor, _LEAST)


class Expectation:
    """Levels, seasons and effects of `series` series; an hour at a time."""

    def __init__(self, series: int) -> None:
        self.slot_sums = np.zeros((2, series, WEEK))
        self.hour_sums = np.zeros((2, series, DAY))
        self.pooled = np.zeros((3, WEEK))
        self.level_sums = np.zeros((2, series))
        self.recent_sums = np.zeros((2, series))
        self.occasions = Occasions(series)
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
            factor, nothing = (done + prior) / (exposure + prior), np.zeros_like(base)
            return Ahead(base, factor, nothing, factor, nothing)
        return Ahead(base, *self.occasions.ahead(hour, unit), *self.occasions.plan(hour))

    def learn(self, hour: Hour, ahead: Ahead, values: Array, unit: Array) -> None:
        """Take in what happened; null where it is not known. Anomalies should be winsorised before."""
        self.occasions.enter(hour, self.number, unit)
        known = np.isfinite(values)
        is_new = self.age < WEEK
        happened = np.where(known, values, 0.0)
        exposure = np.where(known, np.where(is_new, 1.0, np.nan_to_num(self.level)), 0.0)
        base = np.where(known & ~is_new, np.nan_to_num(ahead.base), 0.0)
        if hour.kind != ORDINARY:
            self.occasions.learn(happened, base, known)
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
        for sums in (self.slot_sums, self.hour_sums, self.level_sums, self.recent_sums):
            sums[:, which] = 0.0
        self.occasions.forget(which)
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
        """Add to what all series have in common, relative to their levels; large ones know more. Last: the variance."""
        done, exposure = sums
        if not exposure.any():
            return
        weight = 1 / np.sqrt((exposure + unit) * unit)
        self.pooled[:, slot] *= 0.5 ** (1 / SEASON_WEEKS)
        self.pooled[:, slot] += (done @ weight, exposure @ weight, (exposure * unit) @ weight**2)

    def _season(self, slot: int, unit: Array) -> Array:
        """Share of an hour of the week, around 1: own, else as of that hour of the day, else as in all series."""
        pooled_day = _common(self.pooled[:, slot % DAY :: DAY].sum(axis=1), 1.0)
        pooled = _common(self.pooled[:, slot], pooled_day)
        done, exposure = self.hour_sums[:, :, slot % DAY]
        day = (done + _HOUR_PRIOR * unit * pooled_day) / (exposure + _HOUR_PRIOR * unit)
        prior = day * pooled / pooled_day
        done, exposure = self.slot_sums[:, :, slot]
        season: Array = (done + _SLOT_PRIOR * unit * prior) / (exposure + _SLOT_PRIOR * unit)
        return season


def _common(sums: Array, mean: float) -> float:
    """The season that series have in common: a ratio of sums, drawn to `mean` as by five events.

    The squared exposure over the variance counts events of a whole and its parts once or twice, in each metric.
    """
    done, exposure, variance = sums
    weight = _POOL_PRIOR * variance / exposure if exposure > 0 else 1.0
    return float((done + weight * mean) / (exposure + weight))


def _remember(sums: Array, half_life: float, happened: Array, exposure: Array, known: Bools) -> None:
    """Add to both sums in place; what is not known forgets nothing."""
    fading = np.where(known, 0.5 ** (1 / half_life), 1.0)
    sums *= fading
    sums[0] += np.where(known, happened, 0.0)
    sums[1] += exposure
