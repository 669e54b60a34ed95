"""Silhouettes: how much nearer users lie to their own segment than to the next one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array
from footfall.segments.transform import BLOCK_ROWS

Points = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def squared_silhouette(points: Points, labels: Labels, k: int) -> float:
    """The mean silhouette of all points in squared Euclidean distance, exactly, in time linear in the points.

    The mean squared distance from a point to the points of a cluster is its squared distance to the cluster's mean plus
    the cluster's variance, so no pair of points need be compared. The own cluster's mean leaves the point itself out,
    and a point alone in its cluster counts 0. (Source: P. J. Rousseeuw, Silhouettes, 1987; the decomposition is that of
    Huygens and Steiner.)

    Args:
        points: one row per user.
        labels: the cluster of each, 0 to k - 1.
        k: at least two of the clusters hold a point.

    Returns:
        From -1 to 1.
    """
    sizes = np.bincount(labels, minlength=k).astype(np.float64)
    centre = _mean(points)
    means = _cluster_means(points, labels, sizes, centre)
    spread = np.zeros(k)
    for rows, ours in _blocks(points, labels, centre):
        own = ((rows - means[ours]) ** 2).sum(axis=1)
        spread += np.bincount(ours, own, minlength=k)
    variances = spread / np.maximum(sizes, 1)
    total = sum(
        _silhouettes(rows, ours, means, variances, sizes).sum() for rows, ours in _blocks(points, labels, centre)
    )
    return float(total / len(points))


def _silhouettes(rows: Array, labels: Labels, means: Array, variances: Array, sizes: Array) -> Array:
    distances = _squared_distances(rows, means) + variances
    place = np.arange(len(rows))
    size = sizes[labels]
    own = distances[place, labels] * size / np.maximum(size - 1, 1)
    distances[:, sizes == 0] = np.inf
    distances[place, labels] = np.inf
    other = distances.min(axis=1)
    larger = np.maximum(own, other)
    return np.where((size > 1) & (larger > 0), (other - own) / np.where(larger > 0, larger, 1), 0.0)


def _squared_distances(rows: Array, centres: Array) -> Array:
    squares: Array = (rows**2).sum(axis=1)[:, None] - 2 * rows @ centres.T + (centres**2).sum(axis=1)
    return np.maximum(squares, 0)


def _mean(points: Points) -> Array:
    mean: Array = points.mean(axis=0, dtype=np.float64)
    return mean


def _cluster_means(points: Points, labels: Labels, sizes: Array, centre: Array) -> Array:
    sums = np.zeros((len(sizes), points.shape[1]))
    for rows, ours in _blocks(points, labels, centre):
        for place in range(points.shape[1]):
            sums[:, place] += np.bincount(ours, rows[:, place], minlength=len(sizes))
    return sums / np.maximum(sizes, 1)[:, None]


def _blocks(points: Points, labels: Labels, centre: Array) -> Iterator[tuple[Array, Labels]]:
    """Some rows at a time, in double precision and around the common mean, where differences lose no digit."""
    for start in range(0, len(points), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        yield points[rows].astype(np.float64) - centre, labels[rows]


@dataclass(frozen=True)
class Estimate:
    """A mean, with the limits that hold it in 95 of 100 samples."""

    mean: float
    low: float
    high: float


def sampled_silhouette(points: Points, labels: Labels, *, rows: int, seed: int) -> Estimate:
    """The mean silhouette in Euclidean distance of a sample, with a normal 95% interval.

    The silhouette as it is usually quoted. It compares pairs, so its cost is quadratic and a sample has to do.
    """
    from sklearn.metrics import silhouette_samples  # noqa: PLC0415 - a second of import that only a choice needs

    chosen = np.random.default_rng(seed).permutation(len(points))[:rows]
    ours = labels[chosen]
    if len(np.unique(ours)) < 2:
        return Estimate(float("nan"), float("nan"), float("nan"))
    found = silhouette_samples(points[chosen], ours)
    mean, error = float(found.mean()), float(found.std(ddof=1) / np.sqrt(len(found)))
    return Estimate(mean, mean - 1.96 * error, mean + 1.96 * error)
