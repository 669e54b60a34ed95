"""Scores -> alarms: which series somebody should know about, from which hour on, and when it is over."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.anomaly.budget import Threshold
from footfall.anomaly.detector import WARM_UP, Detector, Scores
from footfall.anomaly.occasions import DAY, ORDINARY, Hour
from footfall.anomaly.policy import Impact, Policy
from footfall.anomaly.surprise import DOWN, UP

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

OFF, NO_DATA = -1, 2
"""States of a series beside `DOWN` and `UP`."""
NORMAL_HOURS, HOURS_TO_SHIFT = 3, DAY
_NORMAL_P, _RETURN_HOURS = 0.01, 14 * DAY
_NOTHING, _MOST = 1e-9, 1e3
"""Ends of a new level relative to the one before. At nothing a series of any size sleeps."""
_FALSE, _TRUE, _STRICTEST = 0.25, 2.0, 1 / 64


@dataclass(frozen=True)
class Limits:
    """What an alert of each series needs.

    Args:
        sides: whether drops (first row) and spikes (second) of the series matter.
        relative: least change relative to what was expected.
        absolute: least change in the metric's unit; null for five of the series' own units.
    """

    sides: Bools
    relative: float
    absolute: Array


def limits_of(policy: Policy, metrics: list[str], money: Bools) -> Limits:
    """The policy's limits for series of these metrics; `money` says which of them are amounts."""
    told = [policy.direction.get(metric, "both") for metric in metrics]
    sides = np.array([[one != "up" for one in told], [one != "down" for one in told]])
    return Limits(sides, policy.impact.relative, absolute_impact(policy.impact, money))


def absolute_impact(impact: Impact, money: Bools) -> Array:
    """Least change by series; null where the policy leaves it to the series' own unit."""
    of_money, of_count = (np.nan if one is None else one for one in (impact.money, impact.count))
    return np.where(money, of_money, of_count)


@dataclass(frozen=True)
class Changes:
    """What an hour changed, by series.

    Args:
        opened: alarms that began.
        closed: alarms that ended.
        shifted: those of them that ended because the series has a new level.
        odd: series with an anomaly in this hour, told or not.
        side: of each series' alarm: `DOWN`, `UP`, `NO_DATA`, or `OFF`. Of those that closed, what it was.
        window: number of the window that showed it.
        p: of the hour, on the side of the alarm or on the less likely one.
    """

    opened: Bools
    closed: Bools
    shifted: Bools
    odd: Bools
    side: Numbers
    window: Numbers
    p: Array


class Alarms:
    """The state of every series: off, or in alarm since some hour.

    An alarm begins with one extreme window or with two unlikely hours of three, if the change matters. It ends after
    three normal hours, or after a day with a new level. No data is an alarm of its own.
    """

    def __init__(self, series: int, limits: Limits, threshold: Threshold) -> None:
        self.limits, self.threshold = limits, threshold
        self.last = 0  # number of the last hour
        self.side = np.full(series, OFF, np.int64)
        self.depth = np.zeros(series)
        self.hours_on = np.zeros(series, np.int64)
        self.normal = np.zeros(series, np.int64)
        self.level_before = np.full(series, np.nan)
        self.since_shift = np.full(series, _RETURN_HOURS, np.int64)
        self.strictness = np.ones(series)

    @property
    def is_on(self) -> Bools:
        """Series in alarm."""
        on: Bools = self.side != OFF
        return on

    def follow(self, hour: Hour, scores: Scores, missing: Bools, detector: Detector) -> Changes:
        """Take in an hour's scores.

        Args:
            hour: which hour it is.
            scores: of the detector, which learns from the hour only after this.
            missing: series of which data should have come and did not.
            detector: is told of new levels.
        """
        p_values = scores.p
        # An alarm is one discovery, however many hours it lasts: counted again, it would pay for others that are false.
        new = np.where(self.is_on, np.maximum(p_values, 1.0), p_values)
        allowed = self.threshold.after(np.where(self.limits.sides, new, np.nan)) * self.strictness
        is_odd = np.nan_to_num(p_values, nan=1.0) <= allowed
        matters = self._matters(scores, detector)
        found = is_odd & matters & self.limits.sides
        side = np.where(np.nan_to_num(p_values[DOWN], nan=1.0) <= np.nan_to_num(p_values[UP], nan=1.0), DOWN, UP)
        every = np.arange(side.size)
        wanted = found[side, every] & ~self._returned(side, found, scores, detector)
        opened = wanted & ~self.is_on
        blind = missing & (detector.age >= WARM_UP) & ~self.is_on
        closed = self._closed(scores, missing)
        self._open(opened, blind, side, scores)
        before = self.side.copy()
        if hour.kind == ORDINARY:
            self.hours_on[self.is_on & np.isfinite(scores.values[0])] += 1
        shifted = (self.hours_on >= HOURS_TO_SHIFT) & (self.side < NO_DATA) & self.is_on & ~closed
        self.side[closed | shifted] = OFF
        self.since_shift += 1
        told = np.where((before == DOWN) | (before == UP), before, side)
        return Changes(
            opened | blind, closed | shifted, shifted, is_odd[told, every], before,
            np.where(np.isfinite(scores.p[told, every]), scores.window[told, every], 0), p_values[told, every],
        )  # fmt: skip

    def release(self, which: Numbers, detector: Detector) -> None:
        """End alarms of series whose incident is over, though they alone do not show it yet."""
        self.side[which] = OFF
        over = np.zeros(self.side.size, bool)
        over[which] = True
        detector.forget_day(over)

    def settle(self, changes: Changes, detector: Detector) -> None:
        """After all have looked at the hour: take new levels, and leave what is over out of later windows."""
        detector.forget_day(changes.closed & ~changes.shifted & (changes.side < NO_DATA))
        if changes.shifted.any():
            self.level_before = np.where(changes.shifted, detector.expectation.level, self.level_before)
            self.since_shift[changes.shifted] = 0
            detector.shift(changes.shifted, self._ratio(detector))

    def _ratio(self, detector: Detector) -> Array:
        """The levels of the last day relative to those before; of their first hour a part may have been ordinary."""
        hours = np.arange(self.last - HOURS_TO_SHIFT + 2, self.last + 1)
        values, means, _ = detector.recent(hours, np.arange(self.side.size))
        known = np.isfinite(values) & np.isfinite(means)
        total, expected = (np.where(known, part, 0.0).sum(axis=0) for part in (values, means))
        ratio: Array = np.divide(total, expected, out=np.ones_like(total), where=expected > 0)
        return ratio.clip(_NOTHING, _MOST)

    def hear(self, which: Numbers, verdict: str) -> None:
        """Take in what somebody said of alarms of these series: after a false one, more is needed for the next."""
        factor = {"false": _FALSE, "true": _TRUE}.get(verdict, 1.0)
        self.strictness[which] = np.clip(self.strictness[which] * factor, _STRICTEST, 1.0)

    def _matters(self, scores: Scores, detector: Detector) -> Bools:
        """Whether the change is large enough in its window or in the hour, per side."""
        unit = detector.dispersion.noise().unit[0]
        least = np.where(np.isfinite(self.limits.absolute), self.limits.absolute, 5 * unit)
        change = scores.values - scores.means
        is_large = (np.abs(change) >= least) & (np.abs(change) >= self.limits.relative * scores.means)
        signed = np.stack([is_large & (change < 0), is_large & (change > 0)])  # sides x windows x series
        sides, every = np.indices(scores.window.shape)
        enough: Bools = signed[sides, scores.window, every] | signed[:, 0]
        return enough

    def _closed(self, scores: Scores, missing: Bools) -> Bools:
        """Alarms that are over: the third hour nearer to the usual than to the alarm, or data that come again."""
        value, mean = scores.values[0], scores.means[0]
        middle = mean * (1 + self.depth / 2)
        is_near = np.where(self.side == DOWN, value > middle, value < middle)
        p_value = np.where(self.side == DOWN, scores.hour_p[DOWN], scores.hour_p[UP])
        known = np.isfinite(value)
        is_normal = known & is_near & ~(p_value < _NORMAL_P)
        self.normal = np.where(is_normal, self.normal + 1, np.where(known, 0, self.normal))
        is_seen = (self.side == NO_DATA) & known & ~missing
        closed: Bools = self.is_on & np.where(self.side == NO_DATA, is_seen, self.normal >= NORMAL_HOURS)
        return closed

    def _open(self, opened: Bools, blind: Bools, side: Numbers, scores: Scores) -> None:
        every = np.arange(side.size)
        window = np.where(np.isfinite(scores.p[side, every]), scores.window[side, every], 0)
        depth = scores.values[window, every] / scores.means[window, every] - 1
        self.side = np.where(opened, side, np.where(blind, NO_DATA, self.side))
        self.depth = np.where(opened, depth, self.depth)
        for counter in (self.hours_on, self.normal):
            counter[opened | blind] = 0

    def _returned(self, side: Numbers, found: Bools, scores: Scores, detector: Detector) -> Bools:
        """Series that went back to the level before the last shift: that level is taken again, and nobody is told."""
        every = np.arange(side.size)
        recent = found[side, every] & (self.since_shift < _RETURN_HOURS) & ~self.is_on
        if not recent.any():
            return np.zeros_like(recent)
        shortest = scores.values[:2], scores.means[:2]  # an hour, and some: the first hour of a return is told alone
        with np.errstate(divide="ignore", invalid="ignore"):
            back = self.level_before / detector.expectation.level
            now = shortest[0] / shortest[1]
            is_back = recent & (np.abs(np.log(now / back)) < np.abs(np.log(now)) / 2).any(axis=0)
        if is_back.any():
            detector.expectation.shift(is_back, np.where(is_back, back, 1.0))
            detector.forget_day(is_back)  # most of it was at the other level
            self.since_shift[is_back] = _RETURN_HOURS
        returned: Bools = is_back
        return returned
