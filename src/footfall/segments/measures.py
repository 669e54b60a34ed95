"""What segments are like: means and medians in the features' own units, and contrasts in a unit that compares."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array, column
from footfall.segments.transform import LINEAR, damp


@dataclass(frozen=True)
class Measure:
    """A feature in each segment and over all users (the base). Nulls are left out; NaN where nothing else is there.

    Attributes:
        feature: a column of user_features.
        mean: each segment's mean.
        median: each segment's median.
        contrast: how far each segment's mean lies from the base's, in the base's standard deviations, after the
            logarithm where the feature has one. NaN where the feature is not defined for half of the segment's users:
            what a few have says nothing about all.
        base_mean: the mean over all users.
        base_median: the median over all users.
    """

    feature: str
    mean: Array
    median: Array
    contrast: Array
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
        contrast=np.where(is_typical, _contrast(name, known, base), np.nan),
        base_mean=_mean(base),
        base_median=_median(base),
    )


def _contrast(name: str, known: list[Array], base: Array) -> Array:
    log = name not in LINEAR
    means = np.array([_mean(damp(values, log=log)) for values in known])
    damped = damp(base, log=log)
    deviation = float(damped.std()) if base.size else 0.0
    return (means - damped.mean()) / deviation if deviation else np.zeros(len(known))


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else float("nan")


def _median(values: Array) -> float:
    return float(np.median(values)) if values.size else float("nan")
