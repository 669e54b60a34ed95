"""Measures that need many fits on few users: the gap statistic, bootstrap stability, prediction strength.

All fits run on a sample, side by side, each on one core; K-means shares a small sample between cores at a loss.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from footfall.segments.choice.silhouette import Points
from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array

# With a single start, as in fpc, luck decides: four segments that hold (0.80 with three starts) fell to 0.50.
STARTS = 3

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Effort:
    """How often users are drawn again: bootstrap resamples, references of the gap statistic, splits into halves."""

    resamples: int = 200
    references: int = 50
    splits: int = 20

    @classmethod
    def of(cls, resamples: int) -> "Effort":
        """An effort in the usual proportions: references a quarter of the resamples, splits a tenth.

        >>> Effort.of(200)
        Effort(resamples=200, references=50, splits=20)
        """
        return cls(resamples, max(10, resamples // 4), max(4, resamples // 10))


@dataclass(frozen=True)
class Gap:
    """How much tighter the clusters are than those of as many points without structure; `error` is its standard error.

    Attributes:
        value: mean log inertia of the references, less that of the data.
        error: standard deviation over the references times sqrt(1 + 1/B).
    """

    value: float
    error: float


@dataclass(frozen=True)
class Stability:
    """Whether clusters come back when the users are drawn again.

    Attributes:
        jaccard: for each cluster, the mean over resamples of its similarity to the most similar new cluster, 0 to 1.
        rand: the mean adjusted Rand index of the two partitions.
    """

    jaccard: tuple[float, ...]
    rand: float


def gaps(points: Points, ks: Sequence[int], seed: int, references: int = Effort.references) -> dict[int, Gap]:
    """The gap statistic of each k.

    The references are uniform in the box of the points' principal axes. (Source: R. Tibshirani, G. Walther, T. Hastie,
    Estimating the number of clusters in a data set via the gap statistic, 2001, choice b.)

    Args:
        points: a sample of users on their principal components.
        ks: which numbers of clusters.
        seed: of references and starts.
        references: how many sets without structure to compare with.
    """
    low, high = points.min(axis=0), points.max(axis=0)

    def logs(number: int) -> list[float]:
        rng = np.random.default_rng([seed, number])
        chosen = rng.uniform(low, high, points.shape) if number else points
        return [float(np.log(max(k_means(chosen, k, rng).inertia_, 1e-300))) for k in ks]

    ours, *others = _side_by_side(logs, range(references + 1))
    expected = np.array(others)
    errors = expected.std(axis=0) * np.sqrt(1 + 1 / references)
    values = expected.mean(axis=0) - np.array(ours)
    return {k: Gap(float(value), float(error)) for k, value, error in zip(ks, values, errors, strict=True)}


def stability(points: Points, labels: Labels, k: int, seed: int, resamples: int = Effort.resamples) -> Stability:
    """Draw the users again with replacement, cluster, and compare with the clusters that there are.

    Compared are the users that were drawn, each once. (Source: C. Hennig, Cluster-wise assessment of cluster stability,
    2007; `clusterboot` with method "boot" in his R package fpc.)

    Args:
        points: a sample of users.
        labels: their clusters in the solution that is judged.
        k: number of clusters.
        seed: of resamples and starts.
        resamples: how often.
    """
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - a second of import that only a choice needs

    def compare(number: int) -> tuple[Array, float]:
        rng = np.random.default_rng([seed, k, number])
        times = np.bincount(rng.integers(0, len(points), len(points)), minlength=len(points))
        drawn = np.flatnonzero(times)
        found = k_means(points[drawn], k, rng, weights=times[drawn].astype(np.float64)).labels_
        return _jaccard(labels[drawn], found, k), float(adjusted_rand_score(labels[drawn], found))

    similar, rand = zip(*_side_by_side(compare, range(resamples)), strict=True)
    # A cluster that a resample did not draw cannot be compared there, and one that none drew does not hold.
    compared = np.isfinite(np.array(similar))
    sums = np.where(compared, np.array(similar), 0).sum(axis=0)
    return Stability(tuple((sums / np.maximum(compared.sum(axis=0), 1)).tolist()), float(np.mean(rand)))


def _jaccard(ours: Labels, found: npt.NDArray[np.int32], k: int) -> Array:
    """For each of our clusters, the Jaccard similarity of the most similar found one."""
    both = np.bincount(ours * k + found, minlength=k * k).reshape(k, k).astype(np.float64)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    best: Array = np.divide(both, either, out=np.zeros_like(both), where=either > 0).max(axis=1)
    return np.where(both.sum(axis=1) > 0, best, np.nan)


def prediction_strength(points: Points, k: int, seed: int, splits: int = Effort.splits) -> float:
    """The share of pairs in the worst cluster of one half that the other half's clusters would keep together.

    Mean over splits. (Source: R. Tibshirani, G. Walther, Cluster validation by prediction strength, 2005.)

    Args:
        points: a sample of users.
        k: number of clusters.
        seed: of splits and starts.
        splits: how often.
    """

    def strength(number: int) -> float:
        rng = np.random.default_rng([seed, k, number])
        order = rng.permutation(len(points))
        half = len(points) // 2
        test, train = points[order[:half]], points[order[half:]]
        found = k_means(test, k, rng).labels_
        predicted = k_means(train, k, rng).predict(test)
        return _kept_together(found, predicted, k)

    return float(np.mean(_side_by_side(strength, range(splits))))


def _kept_together(found: npt.NDArray[np.int32], predicted: npt.NDArray[np.int32], k: int) -> float:
    both = np.bincount(found.astype(np.int64) * k + predicted, minlength=k * k).reshape(k, k).astype(np.float64)
    sizes = both.sum(axis=1)
    pairs = (both * (both - 1)).sum(axis=1)
    # A cluster of one user has no pair that could be torn apart.
    return float(np.where(sizes > 1, pairs / np.maximum(sizes * (sizes - 1), 1), 1.0).min())


def k_means(points: Points, k: int, rng: np.random.Generator, *, weights: Array | None = None) -> Any:
    """One fit: the best of a few starts."""
    from sklearn.cluster import KMeans  # noqa: PLC0415
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    fit = KMeans(k, n_init=STARTS, random_state=int(rng.integers(1 << 31)))
    with threadpool_limits(1), warnings.catch_warnings():
        # Fewer different points than clusters: the measures come out low, which is what they say then.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return fit.fit(np.ascontiguousarray(points, dtype=np.float32), sample_weight=weights)


def _side_by_side(work: Callable[[Task], Result], tasks: Iterable[Task]) -> list[Result]:
    """Run tasks in as many processes as `joblib.parallel_config` says.

    Not in threads: most of a small K-means runs under Python's lock, and two threads take as long as one.
    """
    from joblib import Parallel, delayed  # noqa: PLC0415 - only a choice needs it

    # Without a limit on what is sent, joblib would write each sample to shared memory, where a kill leaves it.
    return list(Parallel(max_nbytes=None)(delayed(work)(task) for task in tasks))
