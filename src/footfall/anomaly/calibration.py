"""Surprises -> p-values that hold: ranks among past surprises of similar series, with a generalised Pareto tail.

Conformal p-values (Vovk, Gammerman and Shafer 2005) in the body; beyond the 2% largest, peaks over threshold (Pickands
1975), fitted by probability-weighted moments (Hosking and Wallis 1987). What a stratum has seen little of it takes from
all of its group, and these from the distribution itself, for which surprises are exponential.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

BIN, BINS = 0.1, 400
_TAIL = 0.02
_FROM_ALL, _FROM_THEORY = 1000.0, 1000.0
_HALF_LIVES = 3.0, 45.0  # in days: what is remembered grows with what is known
_HEAVIEST = 0.5
_EDGES = np.arange(BINS + 1) * BIN
_THEORY = np.exp(-_EDGES[:-1]) - np.append(np.exp(-_EDGES[1:-1]), 0.0)


class Calibration:
    """Past surprises of `groups` x `classes` strata; a stratum is next of kin to the others of its group."""

    def __init__(self, groups: int, classes: int) -> None:
        self.counts = np.zeros((groups, classes, BINS))
        self.days = 0
        self.refit()

    def learn(self, group: Numbers, kind: Numbers, surprises: Array) -> None:
        """Count surprises (null ones are not) of these groups and classes."""
        known = np.isfinite(surprises)
        places = np.minimum(surprises[known] / BIN, BINS - 1).astype(np.int64)
        flat = (group[known] * self.counts.shape[1] + kind[known]) * BINS + places
        self.counts += np.bincount(flat, minlength=self.counts.size).reshape(self.counts.shape)

    def refit(self) -> None:
        """Take up what was learnt since the last time, and fade what was learnt before."""
        whole = self.counts.sum(axis=1, keepdims=True) + _FROM_THEORY * _THEORY
        smooth = self.counts + _FROM_ALL * whole / whole.sum(axis=2, keepdims=True)
        flat = smooth.reshape(-1, BINS)
        survival = flat[:, ::-1].cumsum(axis=1)[:, ::-1] / flat.sum(axis=1, keepdims=True)
        self._survival = np.concatenate([survival, np.zeros((len(flat), 1))], axis=1)
        self._start = np.maximum((self._survival > _TAIL).sum(axis=1), 1)
        fits = [_pareto(counts, start) for counts, start in zip(flat, self._start, strict=True)]
        self._shape, self._scale = np.array(fits).T
        self._beyond = self._survival[np.arange(len(flat)), self._start]
        self.days += 1
        self.counts *= 0.5 ** (1 / np.clip(self.days / 3, *_HALF_LIVES))

    def p_values(self, group: Numbers, kind: Numbers, surprises: Array) -> Array:
        """The chance of a surprise as large; null for null."""
        stratum = group * self.counts.shape[1] + kind
        place = np.minimum(np.nan_to_num(surprises) / BIN, BINS - 1e-6)
        below = place.astype(np.int64)
        part = place - below
        body = self._survival[stratum, below] * (1 - part) + self._survival[stratum, below + 1] * part
        over = np.maximum(surprises - self._start[stratum] * BIN, 0.0) / self._scale[stratum]
        shape = self._shape[stratum]
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(shape > 1e-6, (1 + shape * over) ** (-1 / shape), np.exp(-over))
        tail = self._beyond[stratum] * share
        found: Array = np.where(over > 0, tail, body)
        return np.where(np.isfinite(surprises), np.clip(found, 1e-30, 1.0), np.nan)

    def surprise_of(self, group: Numbers, kind: Numbers, p_value: float) -> Array:
        """The surprise that has this p-value, to a tenth; for p-values of 2% and less by the tail."""
        stratum = group * self.counts.shape[1] + kind
        shape, scale, beyond = self._shape[stratum], self._scale[stratum], self._beyond[stratum]
        ratio = np.maximum(beyond / p_value, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            over = np.where(shape > 1e-6, scale * (ratio**shape - 1) / shape, scale * np.log(ratio))
        found: Array = self._start[stratum] * BIN + over
        return found


def _pareto(counts: Array, start: int) -> tuple[float, float]:
    """Shape (0 to 0.5) and scale of the excesses over the start of a bin."""
    excess, weight = (np.arange(start, BINS) - start + 0.5) * BIN, counts[start:]
    total = weight.sum()
    above = (weight[::-1].cumsum()[::-1] - weight / 2) / total
    first, second = float(excess @ weight) / total, float((excess * weight) @ above) / total
    if not first > 2 * second:
        return 0.0, first
    shape = 2 - first / (first - 2 * second)
    if not shape > 0:
        return 0.0, first
    shape = min(shape, _HEAVIEST)
    return shape, first * (1 - shape)
