"""What segments are like: means and medians in the features' own units, and effect sizes, which compare."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array, column
from footfall.segments.transform import bent, shape_of

LARGEST = 10.0
_NOISE = 1e-12


@dataclass(frozen=True)
class Measure:
    """A feature in each segment, and over all users of their part (the base). Without nulls; NaN if nothing is left.

    Attributes:
        feature: a column of user_features.
        mean: each segment's mean.
        median: each segment's median.
        effect: Cohen's d of each segment against the other users of the part: the difference of their means in pooled
            standard deviations, after the feature was bent as for the fit. NaN where the feature is not defined for
            half of the segment's users: what a few have says nothing about all. (Source: J. Cohen, Statistical power
            analysis for the behavioral sciences, 1988; 0.2 is small, 0.5 medium, 0.8 large.)
        base_mean: the mean over the base.
        base_median: the median over the base.
    """

    feature: str
    mean: Array
    median: Array
    effect: Array
    base_mean: float
    base_median: float


def measure(features: pa.Table, names: Sequence[str], labels: Labels, k: int) -> list[Measure]:
    """Measure each feature in each of k segments."""
    order = np.argsort(labels, kind="stable")
    borders = np.searchsorted(labels[order], np.arange(1, k))
    return [_measure(name, np.split(column(features, name)[order], borders)) for name in names]


def _measure(name: str, segments: list[Array]) -> Measure:
    known = [values[~np.isnan(values)] for values in segments]
    base = np.concatenate(known)
    is_typical = [len(kept) >= 0.5 * max(len(values), 1) for kept, values in zip(known, segments, strict=True)]
    return Measure(
        name,
        mean=np.array([_mean(values) for values in known]),
        median=np.array([_median(values) for values in known]),
        effect=np.where(is_typical, _effects(name, known), np.nan),
        base_mean=_mean(base),
        base_median=_median(base),
    )


def _effects(name: str, known: list[Array]) -> Array:
    bends = [bent(values, shape_of(name)) for values in known]
    users = np.array([values.size for values in bends], np.float64)
    centre = _mean(np.concatenate(bends)) if users.sum() else 0.0
    # Around the common mean, where sums of squares lose no digit.
    sums = np.array([float((values - centre).sum()) for values in bends])
    squares = np.array([float(((values - centre) ** 2).sum()) for values in bends])
    others = users.sum() - users
    means, other_means = _ratio(sums, users), _ratio(sums.sum() - sums, others)
    within = squares - users * means**2 + (squares.sum() - squares) - others * other_means**2
    pooled = np.sqrt(np.maximum(within, 0) / max(users.sum() - 2, 1))
    # Where each of both groups is of one value, any difference is without limit: it is capped.
    difference = np.where((users > 0) & (others > 0), means - other_means, 0)
    difference[np.abs(difference) <= _NOISE] = 0
    effects: Array = np.divide(difference, pooled, out=np.sign(difference) * LARGEST, where=pooled > _NOISE)
    return np.clip(effects, -LARGEST, LARGEST)


def _ratio(sums: Array, numbers: Array) -> Array:
    return sums / np.maximum(numbers, 1)


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else float("nan")


def _median(values: Array) -> float:
    return float(np.median(values)) if values.size else float("nan")
