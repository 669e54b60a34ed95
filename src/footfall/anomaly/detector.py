"""The detector: hour after hour, what was to be expected of every series and how unlikely it is that nothing is wrong.

Its state is all that it remembers: judging an hour takes the same steps whether it has just ended or is replayed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from footfall.anomaly.calibration import Calibration
from footfall.anomaly.dispersion import Dispersion, Noise
from footfall.anomaly.expectation import WEEK, Ahead, Expectation
from footfall.anomaly.occasions import DAY, ORDINARY, Hour
from footfall.anomaly.surprise import DOWN, UP, surprise, value_at

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

WINDOWS = (1, 3, 6, 24)
"""Hours that are judged together, in parallel: sudden failures show in one, slow ones in a day."""
_LEAST_KNOWN = {1: 1, 3: 2, 6: 3, 24: 8}
WARM_UP = 14 * DAY
"""Hours of its own that a series learns from before it is judged."""
_CLASSES = np.array([1.0, 4.0, 16.0, 64.0, 256.0, 1024.0])
_CLIP, _CLIP_IF_ODD, _ODD = 3.0, 1.0, 1e-3
_ASLEEP, _AWAKE = 1.0, 10.0
_NO_CHANCE = 3e-5
_SIDES = np.array([[DOWN], [UP]])
BAND = 0.01
"""Chance of an ordinary value outside the band that is shown, half on each side."""
HISTORY = 14 * DAY
"""Hours that are remembered one by one."""


@dataclass(frozen=True)
class Scores:
    """Of one hour. First axes are sides (`DOWN`, `UP`) and windows (`WINDOWS`), the last is series; null if not judged.

    Args:
        values: sums over each window.
        means: what was to be expected of them.
        deviation: standard deviation of each window.
        hour_p: chance, per side, of an hour as far out.
        p: chance, per side, of the most extreme window being as far out.
        window: which window that is, per side.
    """

    values: Array
    means: Array
    deviation: Array
    hour_p: Array
    p: Array
    window: Numbers


class Detector:
    """Judges hours of series.

    Args:
        groups: of every series, what is counted: events of a group weigh about the same, and their tails are alike.
        seed: of the random breaking of ties.
        expectation: what says what to expect; the fast model by default.
    """

    def __init__(self, groups: Sequence[str], seed: int = 0, expectation: Expectation | None = None) -> None:
        self.seed, series = seed, len(groups)
        self.expectation = expectation or Expectation(series)
        self.dispersion = Dispersion(len(WINDOWS), groups)
        self._group = np.unique(np.asarray(groups), return_inverse=True)[1]
        sides = 2 * (int(self._group.max()) + 1)
        self.of_windows = Calibration(sides * len(WINDOWS), len(_CLASSES) + 1)
        self.of_pairs = Calibration(sides, len(_CLASSES) + 1)
        self.of_sides = Calibration(sides, len(_CLASSES) + 1)
        self._last_p = np.ones((2, 2, series))  # of the two hours before, per side
        # What happened, base, factor, mean, spread of the factor, variance, whether windows count it, and the mean as
        # it was told, for a new level changes the other one.
        self.past = np.full((8, HISTORY, series), np.nan)
        self.last = 0  # number of the last hour

    @property
    def age(self) -> Numbers:
        """Hours known of each series since it began."""
        return self.expectation.age

    def judge(self, number: int, hour: Hour, values: Array) -> Scores:
        """Judge an hour that is over; `learn` must follow before the next.

        Args:
            number: of the hour, greater than that of the hour before; hours between them are not known.
            hour: which hour it is.
            values: what happened, null where it is not known or the shop is closed; less than nothing is nothing.

        Raises:
            ValueError: the hour, or a later one, was judged before.
        """
        if self.last and number <= self.last:
            raise ValueError(f"hour {number} does not come after hour {self.last}, which was judged before")
        values = np.maximum(values, 0.0)
        noise = self.dispersion.noise()
        self.expectation.number = number
        ahead = self.expectation.ahead(hour, noise.unit[0])
        variance = noise.deviation(np.stack([ahead.mean] * len(WINDOWS)))[0] ** 2 + ahead.spread * ahead.mean**2
        self.past[:, np.arange(max(self.last + 1, number - HISTORY), number) % HISTORY] = np.nan
        self.past[:6, number % HISTORY] = values, ahead.base, ahead.factor, ahead.mean, ahead.spread, variance
        self.past[6:, number % HISTORY] = np.ones_like(ahead.mean), ahead.mean
        self.last = number
        begun = self.expectation.occasions.first_hour(hour, number) if hour.kind != ORDINARY else number + 1
        parts = [self._window(window, number, ahead, begun) for window in WINDOWS]
        sums, means, spread = (np.stack(part) for part in zip(*parts, strict=True))
        widened = Noise(noise.unit, noise.spread + spread)
        chance = np.random.default_rng([self.seed, number]).random(sums.shape)
        found = self._evidence(sums, means, widened, chance)
        scores = self._scores(sums, means, widened, found)
        if number % DAY == 0:
            for calibration in (self.of_windows, self.of_pairs, self.of_sides):
                calibration.refit()
        self._judged = _Judged(hour, ahead, noise, scores, found)
        return scores

    def learn(self, in_alarm: Bools) -> None:
        """Learn from the hour that was judged last.

        Args:
            in_alarm: series that have an alarm, also if it has only begun: nothing is learnt from them.
        """
        hour, ahead, noise, scores, found = self._judged
        values = scores.values[0]
        is_odd = np.nan_to_num(scores.hour_p, nan=1.0).min(axis=0) < _ODD
        reach = np.where(is_odd, _CLIP_IF_ODD, _CLIP) * scores.deviation[0]
        is_old = self.age >= WEEK
        # Where nothing is to be expected, what happens is beyond all noise, which its whole metric would learn.
        is_usual = is_old & ~in_alarm & ~self._is_asleep(noise)
        taught = np.where(is_old, np.clip(values, ahead.mean - reach, ahead.mean + reach), values)
        taught = np.where(in_alarm, np.nan, taught)
        self.expectation.learn(hour, ahead, taught, noise.unit[0])
        if hour.kind == ORDINARY:
            self.dispersion.learn(np.where(is_usual, scores.values, np.nan), scores.means, noise)
            # Sales are few, and one that goes otherwise is so for hours: its tail would hide failures in the next.
            self.of_windows.learn(found.groups, found.kinds, _ordinary(found.unlikely, found.p_values, in_alarm))
            self.of_pairs.learn(found.sides, found.kinds[:, 0], _ordinary(found.pair, found.of_pair, in_alarm))
            self.of_sides.learn(found.sides, found.kinds[:, 0], _ordinary(found.together, scores.p, in_alarm))
        self._wake(noise)

    def shift(self, which: Bools, ratio: Array) -> None:
        """Take another level for normal from now on, and for the last day."""
        self.expectation.shift(which, ratio)
        day, ours = np.ix_(self._last_day, which)
        for row in (1, 3):
            self.past[row][day, ours] *= ratio[which]

    def recent(self, hours: Numbers, series: int | Numbers) -> tuple[Array, Array, Array]:
        """What happened in hours of the last two weeks, what was to be expected, and its variance: hours x series."""
        values, means, variances = (self.past[row][hours % HISTORY][:, series] for row in (0, 7, 5))
        return values, means, variances

    def band(self, series: int, means: Array, variances: Array) -> tuple[Array, Array]:
        """Ends of the interval that ordinary hours of a series leave with the chance `BAND`, half on each side."""
        kinds = np.searchsorted(_CLASSES, np.nan_to_num(means / self.dispersion.noise().unit[0, series]))
        sides = 2 * int(self._group[series]) + np.array([DOWN, UP])
        groups = (np.full_like(kinds, side * len(WINDOWS)) for side in sides)
        reach = [self.of_windows.surprise_of(group, kinds, BAND / 2) for group in groups]
        return value_at(reach[DOWN], means, variances, DOWN), value_at(reach[UP], means, variances, UP)

    @property
    def _last_day(self) -> Numbers:
        """Places of the last 24 hours in what is remembered."""
        places: Numbers = (self.last - np.arange(DAY)) % HISTORY
        return places

    def forget_day(self, which: Bools) -> None:
        """Leave the last day out of later windows, where an alarm is over."""
        self.past[6][np.ix_(self._last_day, which)] = 0.0

    def _window(self, window: int, number: int, ahead: Ahead, begun: int) -> tuple[Array, Array, Array]:
        """Sum of the last hours (null where too little is known), expected sum, and more spread, by series.

        A window is judged by what was known when it began: how the last hours before it were, and in a window of a day
        by what is usual. Of a sale or holiday that began in it (in the hour `begun`) that is what was planned.
        """
        values, base, factor, mean, spread, _, counts, _ = self.past
        hours = number - np.arange(window)
        is_of_this, hours = (hours >= begun)[:, None], hours % HISTORY
        known = np.isfinite(values[hours]) & ((window == 1) | np.isfinite(mean[hours]) & (counts[hours] == 1))
        oldest = np.flatnonzero(np.isfinite(factor[hours]).any(axis=1))[-1]  # hours before it were left out
        then, is_short = hours[oldest], window < DAY
        is_ordinary = spread[hours] == 0
        start = np.where(is_short & is_ordinary[oldest] & np.isfinite(factor[then]), factor[then], 1.0)
        outside = np.where(is_ordinary, base[hours] * start, mean[hours])
        planned, unsure = ahead.planned, ahead.planned_spread
        if is_short and is_of_this[oldest]:
            planned, unsure = factor[then], spread[then]
        expected = np.where(known, np.where(is_of_this, base[hours] * planned, outside), 0.0)
        total = np.maximum(expected.sum(axis=0), 1e-9)
        # One occasion is unsure as a whole: its hours do not even out.
        together = np.sqrt(np.where(known, np.where(is_of_this, unsure, spread[hours]), 0.0))
        enough = (known.sum(axis=0) >= _LEAST_KNOWN[window]) & known[0]
        happened = np.where(enough, np.where(known, values[hours], 0.0).sum(axis=0), np.nan)
        return happened, total, ((expected * together).sum(axis=0) / total) ** 2

    def _evidence(self, sums: Array, means: Array, noise: Noise, chance: Array) -> "_Evidence":
        """Surprises of every side and window that can be judged, with the strata that they are compared in."""
        unlikely = surprise(sums, means, noise, chance)
        unlikely[:, :, (self.age < WARM_UP) | self._is_asleep(noise)] = np.nan
        kinds = np.broadcast_to(np.searchsorted(_CLASSES, np.nan_to_num(means / noise.unit)), unlikely.shape)
        sides = 2 * self._group + _SIDES
        groups = sides[:, None] * len(WINDOWS) + np.arange(len(WINDOWS))[None, :, None]
        p_values = self.of_windows.p_values(groups, kinds, unlikely)
        hours = p_values[:, 0]
        pair = -np.log(np.maximum(hours, self._last_p.min(axis=0)))
        of_pair = self.of_pairs.p_values(sides, kinds[:, 0], pair)
        self._last_p = np.stack([self._last_p[1], np.nan_to_num(hours, nan=1.0)])
        least = np.concatenate([p_values, of_pair[:, None]], axis=1)
        least = np.where(np.isfinite(least), least, np.inf)
        together = -np.log(least.min(axis=1))
        return _Evidence(
            unlikely, groups, sides, kinds, p_values, pair, of_pair, least.argmin(axis=1) % len(WINDOWS),
            np.where(np.isfinite(together), together, np.nan),
        )  # fmt: skip

    def _scores(self, sums: Array, means: Array, noise: Noise, found: "_Evidence") -> Scores:
        p_values = self.of_sides.p_values(found.sides, found.kinds[:, 0], found.together)
        deviation = noise.deviation(means)
        return Scores(sums, means, deviation, found.p_values[:, 0], p_values, found.window)

    def _is_asleep(self, noise: Noise) -> Bools:
        """Whether next to nothing happens in a series in a day: nobody is told of its ups and downs."""
        asleep: Bools = np.nan_to_num(self.expectation.level) * DAY < _ASLEEP * noise.unit[0]
        return asleep

    def _wake(self, noise: Noise) -> None:
        """Begin anew with series that slept and in which something happens now."""
        is_awake = np.nansum(self.past[0][self._last_day], axis=0) >= _AWAKE * noise.unit[0]
        woken = is_awake & self._is_asleep(noise) & (self.age >= WARM_UP)
        if woken.any():
            self.expectation.forget(woken)


@dataclass(frozen=True)
class _Evidence:
    """Surprises, strata and p-values: sides x windows x series; the least of the windows: sides x series."""

    unlikely: Array
    groups: Numbers
    sides: Numbers
    kinds: Numbers
    p_values: Array
    pair: Array
    of_pair: Array
    window: Numbers
    together: Array


class _Judged(NamedTuple):
    """What `learn` needs of the hour that was judged."""

    hour: Hour
    ahead: Ahead
    noise: Noise
    scores: Scores
    found: _Evidence


def _ordinary(surprises: Array, p_values: Array, in_alarm: Bools) -> Array:
    """Surprises that may be chance, the others null: a tail that learns from anomalies hides the next (Siffer 2017)."""
    return np.where(in_alarm | (p_values < _NO_CHANCE), np.nan, surprises)
