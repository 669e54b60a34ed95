"""How far values lie from what was to be expected when nothing is wrong: variance = unit x mean + (spread x mean)^2.

The first part is chance in what is counted (for counts the unit is 1 or, where events come together, their number; for
revenue about an order's value), the second what moves all of a series at once. Both are learnt from past errors by
weighted least squares, as in quasi-likelihood (McCullagh and Nelder 1989, chapter 9).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MOST_MEMORY_HOURS, _LEAST_MEMORY_HOURS = 4 * 168, 48
_PRIOR_HOURS, _PRIOR_EVENTS, _CLIP, _HOURS_UNCLIPPED = 48.0, 10.0, 4.0, 336
LEAST_UNIT, _LEAST_MEAN = 1.0, 0.01
_LEAST_SPREAD, _MOST_SPREAD, _USUAL_SPREAD = 1e-6, 4.0, 0.01


class Noise(NamedTuple):
    """`unit` and the squared `spread` of each row of means."""

    unit: Array
    spread: Array

    def deviation(self, mean: Array) -> Array:
        """Standard deviation of what happens around a mean."""
        deviation: Array = np.sqrt(self.unit * mean + self.spread * mean**2)
        return deviation


class Dispersion:
    """Learns the noise of `rows` kinds of values of each series.

    Args:
        rows: how many kinds (windows).
        groups: of every series, a name: series of a group have about the same unit.
    """

    def __init__(self, rows: int, groups: Sequence[str]) -> None:
        self._groups = np.unique(np.asarray(groups), return_inverse=True)[1]
        self.sums = np.zeros((5, rows, len(groups)))
        self.hours = np.zeros(len(groups))

    def noise(self) -> Noise:
        """As learnt so far; what a series has not seen enough of it takes from its group, or from all."""
        weight, mean, square, error, product = self.sums
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.nan_to_num((weight * product - mean * error) / (weight * square - mean**2), posinf=0.0)
            usual = np.nan_to_num(product.sum(axis=1) / square.sum(axis=1), nan=_USUAL_SPREAD)[:, None]
            share = _PRIOR_HOURS / (_PRIOR_HOURS + np.minimum(self.hours, MOST_MEMORY_HOURS))
            spread = np.maximum(spread, 0.0) * (1 - share) + share * np.minimum(usual, _USUAL_SPREAD)
            unit = np.nan_to_num((error - spread * mean) / weight, nan=LEAST_UNIT)
            is_least = unit <= LEAST_UNIT
            common = self._units_of_groups(weight, mean, error)
            events = mean  # for rare ones; large ones have as many as hours
            unit = (np.maximum(unit, LEAST_UNIT) * events + common * _PRIOR_EVENTS) / (events + _PRIOR_EVENTS)
            # Where the unit would be less than the least, the spread was too large: it is what that unit leaves.
            alone = (product - unit * mean) / square
            spread = np.where(is_least & np.isfinite(alone), np.maximum(alone, 0.0), spread)
        return Noise(unit, np.clip(spread, _LEAST_SPREAD, _MOST_SPREAD))

    def learn(self, values: Array, means: Array, noise: Noise) -> None:
        """Take in errors (null where not known); after two weeks those beyond four deviations count as four."""
        reach = np.where(self.hours < _HOURS_UNCLIPPED, np.inf, _CLIP)
        # Next to nothing expected is an hour in which the shop has been closed: its first order is beyond all noise.
        is_known = np.isfinite(values) & (means > _LEAST_MEAN * noise.unit)
        with np.errstate(invalid="ignore", divide="ignore"):
            farthest = reach * noise.deviation(means)
            error = np.clip(values - means, -farthest, farthest) ** 2 / means
            # Not in units of the series: what is learnt now would outweigh all before whenever the unit grows.
            weight = 1 / (noise.unit + means)
        parts = np.stack([weight, weight * means, weight * means**2, weight * error, weight * error * means])
        self.hours += np.isfinite(values[0])
        # The first errors are those of somebody who still learns: what is remembered grows with what is known.
        self.sums *= 0.5 ** (1 / np.clip(self.hours / 3, _LEAST_MEMORY_HOURS, MOST_MEMORY_HOURS))
        self.sums += np.where(is_known, parts, 0.0)

    def _units_of_groups(self, weight: Array, mean: Array, error: Array) -> Array:
        """The unit that all series of a group have together, in which those with few events count the most."""
        count = self._groups.max() + 1
        few = weight / (1 + mean / np.maximum(weight, 1e-9))
        found = np.empty_like(weight)
        for row in range(len(weight)):
            sums = [
                np.bincount(self._groups, part[row], count)
                for part in (few * np.divide(error, weight, out=np.zeros_like(error), where=weight > 0), few)
            ]
            found[row] = np.divide(sums[0], sums[1], out=np.ones(count), where=sums[1] > 0)[self._groups]
        return np.maximum(found, LEAST_UNIT)
