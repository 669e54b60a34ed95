"""What segments are like: means and medians in the features' own units, and contrasts in units that compare."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from footfall.segments.clusters import Labels
from footfall.segments.transform import Array, Scale, column, scaled_blocks


@dataclass(frozen=True)
class Measure:
    """A feature's mean and median in each segment and over all users (the base).

    Nulls are left out; NaN where a segment has nothing but nulls.
    """

    feature: str
    mean: Array
    median: Array
    base_mean: float
    base_median: float


def measure(features: pa.Table, names: list[str], labels: Labels, k: int) -> list[Measure]:
    """Measure each feature in each of k segments."""
    order = np.argsort(labels, kind="stable")
    borders = np.searchsorted(labels[order], np.arange(1, k))
    return [_measure(name, column(features, name)[order], borders) for name in names]


def _measure(name: str, values: Array, borders: np.ndarray) -> Measure:
    pieces = [_known(piece) for piece in np.split(values, borders)]
    known = _known(values)
    return Measure(
        name,
        mean=np.array([_mean(piece) for piece in pieces]),
        median=np.array([_median(piece) for piece in pieces]),
        base_mean=_mean(known),
        base_median=_median(known),
    )


def _known(values: Array) -> Array:
    return values[~np.isnan(values)]


def _mean(values: Array) -> float:
    return float(values.mean()) if values.size else float("nan")


def _median(values: Array) -> float:
    return float(np.median(values)) if values.size else float("nan")


def contrasts(features: pa.Table, scales: tuple[Scale, ...], labels: Labels, k: int) -> Array:
    """How far each segment lies from the average user: one row per segment, one column per scale.

    The unit is the standard deviation, over all users, of the scaled feature. A segment without users has zeros.
    """
    sums, squares = np.zeros((k, len(scales))), np.zeros(len(scales))
    start = 0
    for rows in scaled_blocks(features, scales):
        members = labels[start : start + len(rows), None] == np.arange(k)
        sums += members.T.astype(np.float64) @ rows
        squares += (rows**2).sum(axis=0)
        start += len(rows)
    mean = sums.sum(axis=0) / len(labels)
    deviation = np.sqrt(np.maximum(squares / len(labels) - mean**2, 0))
    users = np.bincount(labels, minlength=k)[:, None]
    return np.divide(sums / np.maximum(users, 1) - mean, deviation, out=np.zeros_like(sums), where=(users > 0) & (deviation > 0))
