"""What sales and holidays bring over ordinary hours: what was planned, what the last ones brought, how this one goes.

The logarithm of what an occasion brings, over what was planned, is filtered from one to the next as a random level
(Kalman 1960; West and Harrison 1997, chapter 2); how much occasions differ from each other is learnt over all series.
Within one, hours that are over count as in the Poisson-gamma filter of `expectation`.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

ORDINARY, SALE, HOLIDAY = range(3)
"""Kinds of hours."""
_KINDS = 4  # a sale of which somebody said what it is to bring is a kind of its own
PLANNED_UPLIFT = 2.0
"""What a sale is taken to bring of which nobody said it: so many times as much as ordinary days."""
OCCASION_HOURS = 8
"""Half-life of what is remembered of the hours of an occasion."""
DAY = 24
_UNKNOWN = 0.5
_BETWEEN = np.array([0.0, 0.1, 0.05, 0.02])
_BETWEEN_DAYS, _LEAST_SPREAD = 0.02, 0.01
_PRIOR_WEIGHT = 0.5
_USABLE = (0.05, 20.0)


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


class Occasions:
    """Effects of sales and holidays on `series` series; all variances are of logarithms."""

    def __init__(self, series: int) -> None:
        self.sums = np.zeros(
            (2, series)
        )  # of the hours of this one, forgetting: what happened, what ordinary ones have
        self.whole = np.zeros((2, series))  # the same, forgetting nothing
        self.uplift = np.zeros((_KINDS, series))  # what kinds of hours brought, over what was planned
        self.unsure = np.full((_KINDS, series), _UNKNOWN)  # its variance
        self.evidence = np.stack([_PRIOR_WEIGHT * _BETWEEN, np.full(_KINDS, _PRIOR_WEIGHT)])
        self.last_kind, self.last_planned = ORDINARY, 1.0
        self.begun = 0  # number of its first hour

    @property
    def between(self) -> Array:
        """Variance between two occasions of a kind."""
        found: Array = np.maximum(self.evidence[0] / self.evidence[1], _BETWEEN / 4)
        return found

    def goes_on(self, hour: Hour) -> bool:
        """Whether an hour belongs to the same sale or holiday as the hour before."""
        return (_kind(hour), hour.brings) == (self.last_kind, self.last_planned)

    def first_hour(self, hour: Hour, number: int) -> int:
        """Number of the first hour of the occasion that an hour belongs to."""
        return self.begun if self.goes_on(hour) else number

    def plan(self, hour: Hour) -> tuple[Array, Array]:
        """What an occasion is to bring before any of it is known, and the variance of that."""
        kind = _kind(hour)
        return np.exp(self.uplift[kind]) * hour.brings, self.unsure[kind] + self.between[kind]

    def ahead(self, hour: Hour, unit: Array) -> tuple[Array, Array]:
        """What the next hour of it is to bring, and the variance of that."""
        planned, variance = self.plan(hour)
        done, exposure = self.sums if self.goes_on(hour) else np.zeros_like(self.sums)
        weight = unit / variance
        spread = 1 / (1 / variance + exposure * planned / unit)
        return (done + weight) / (exposure + weight / planned), np.maximum(spread, _LEAST_SPREAD)

    def enter(self, hour: Hour, number: int, unit: Array) -> None:
        """Before an hour is learnt from: where it is no more of the same occasion, that one is over."""
        if self.goes_on(hour):
            if hour.slot % DAY == 0:  # the next day of it is another one
                self.sums /= 1 + _BETWEEN_DAYS * self.sums[1] * self.plan(hour)[0] / unit
            return
        if self.last_kind != ORDINARY:
            self._finish(unit)
        self.sums[:], self.whole[:] = 0.0, 0.0
        self.last_kind, self.last_planned, self.begun = _kind(hour), hour.brings, number

    def learn(self, happened: Array, base: Array, known: Bools) -> None:
        """Take in an hour of it: what happened, and what an ordinary hour has."""
        told = np.where(known, np.stack([happened, base]), 0.0)
        self.sums = self.sums * np.where(known, 0.5 ** (1 / OCCASION_HOURS), 1.0) + told
        self.whole += told

    def forget(self, which: Bools) -> None:
        """Begin anew with some series."""
        for sums in (self.sums, self.whole, self.uplift):
            sums[:, which] = 0.0
        self.unsure[:, which] = _UNKNOWN

    def _finish(self, unit: Array) -> None:
        """Remember what it brought, compared with what was planned."""
        kind, (done, exposure) = self.last_kind, self.whole
        ratio = np.divide(done, exposure, out=np.zeros_like(done), where=exposure > 0)
        is_usable = (ratio > _USABLE[0]) & (ratio < _USABLE[1])
        if not is_usable.any():
            return
        unsure, between = self.unsure[kind], self.between[kind]
        missed = np.log(np.where(is_usable, ratio, 1.0) / self.last_planned) - self.uplift[kind]
        chance = _LEAST_SPREAD + unit / np.maximum(done, unit)
        # One occasion is one observation, however many series see it; of series that were unsure it tells little.
        weight = np.where(is_usable, (between / (between + unsure + chance)) ** 2, 0.0)
        share = is_usable / is_usable.sum()
        self.evidence[:, kind] += (share * weight) @ (missed**2 - unsure - chance), share @ weight
        gain = np.where(is_usable, unsure / (unsure + between + chance), 0.0)
        self.uplift[kind] += gain * missed
        self.unsure[kind] = np.maximum(unsure * (1 - gain), between / 4)


def _kind(hour: Hour) -> int:
    return _KINDS - 1 if hour.kind == SALE and hour.planned is not None else hour.kind
