"""The users of a part on its principal components: where they are clustered."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.segments.feature_table import feature_names
from footfall.segments.projection import Projection, learn_projection
from footfall.segments.transform import BLOCK_ROWS, Dropped, Scale, learn_scales, scaled_blocks

Points = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Space:
    """Users of a part, how their features are made comparable, and where they lie.

    Attributes:
        name: of the part.
        features: their rows of `user_features`.
        scales: the features that tell them apart.
        dropped: those that do not.
        projection: the principal components.
        points: the users on them, one row each, in single precision.
    """

    name: str
    features: pa.Table
    scales: tuple[Scale, ...]
    dropped: tuple[Dropped, ...]
    projection: Projection
    points: Points


def learn_space(name: str, features: pa.Table) -> Space:
    """Learn the scales and the components of some users."""
    scales, dropped = learn_scales(features, feature_names(features))
    projection = learn_projection(features, scales)
    return Space(name, features, scales, dropped, projection, points_of(features, scales, projection))


def points_of(features: pa.Table, scales: tuple[Scale, ...], projection: Projection) -> Points:
    """The users on the principal components: one row each, in single precision."""
    points = np.empty((features.num_rows, len(projection.loadings)), np.float32)
    for block, rows in enumerate(scaled_blocks(features, scales)):
        points[block * BLOCK_ROWS : block * BLOCK_ROWS + len(rows)] = projection.project(rows)
    return points
