"""Principal components: fewer, uncorrelated numbers that keep most of what tells users apart."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from footfall.segments.feature_table import Array
from footfall.segments.transform import Scale, scaled_blocks

VARIANCE_KEPT = 0.9


@dataclass(frozen=True)
class Projection:
    """Principal components of the scaled features.

    Attributes:
        mean: the scaled features' means.
        loadings: one row per kept component, one weight per feature.
        variance_shares: every component's share of the variance, the ones that were not kept included.
    """

    mean: tuple[float, ...]
    loadings: tuple[tuple[float, ...], ...]
    variance_shares: tuple[float, ...]

    def project(self, rows: Array) -> Array:
        """Give scaled rows their coordinates on the kept components."""
        coordinates: Array = (rows - self.middle) @ self.weights.T
        return coordinates

    @cached_property
    def middle(self) -> Array:
        """The scaled features' means, as an array."""
        return np.array(self.mean)

    @cached_property
    def weights(self) -> Array:
        """The loadings as an array, one row a component."""
        return np.array(self.loadings).reshape(len(self.loadings), len(self.mean))


def learn_projection(features: pa.Table, scales: tuple[Scale, ...]) -> Projection:
    """Keep the fewest components that hold at least 90% of the variance (Pearson 1901).

    A component's sign means nothing, so it is fixed: the largest weight is positive. Where nothing tells users apart,
    there are no scales and no components: all lie in one point.
    """
    if not scales:
        return Projection((), (), ())
    mean, covariance = _moments(features, scales)
    values, vectors = np.linalg.eigh(covariance)
    shares = np.maximum(values[::-1], 0) / np.maximum(values, 0).sum()
    # Rounding may leave the cumulated shares a hair below the target when all components are needed.
    kept = min(int(np.searchsorted(shares.cumsum(), VARIANCE_KEPT)) + 1, len(shares))
    loadings = _with_fixed_signs(vectors[:, ::-1].T[:kept])
    return Projection(tuple(mean.tolist()), tuple(map(tuple, loadings.tolist())), tuple(shares.tolist()))


def _moments(features: pa.Table, scales: tuple[Scale, ...]) -> tuple[Array, Array]:
    total, products = np.zeros(len(scales)), np.zeros((len(scales), len(scales)))
    for rows in scaled_blocks(features, scales):
        total += rows.sum(axis=0)
        products += rows.T @ rows
    mean = total / features.num_rows
    # The scaled features lie around 0 with a spread near 1: subtracting the means afterwards costs no precision.
    return mean, products / features.num_rows - np.outer(mean, mean)


def _with_fixed_signs(loadings: Array) -> Array:
    strongest = np.abs(loadings).argmax(axis=1)
    signs: Array = np.sign(loadings[np.arange(len(loadings)), strongest])
    return loadings * signs[:, None]
