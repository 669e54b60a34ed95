"""From user features to a segmentation: scale, project, cluster, name."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import SettingInvalid, SourceUnreadable
from footfall.segments.choice import Choice, Effort, choose_k
from footfall.segments.clusters import Labels, learn_centres, nearest_labels
from footfall.segments.feature_table import Array, as_of_date, feature_names
from footfall.segments.measures import measure
from footfall.segments.model import Segment, SegmentModel
from footfall.segments.names import kind_of, unique_names
from footfall.segments.portraits import portraits
from footfall.segments.projection import Projection, learn_projection
from footfall.segments.transform import BLOCK_ROWS, Dropped, Scale, learn_scales, scaled_blocks

Points = npt.NDArray[np.float32]

EVERYONE = ("All Users", "No grouping of these users holds. Treat them alike, or look at single features.")


def fit(features: pa.Table, *, k: int = 5, seed: int = 0, version: str) -> SegmentModel:
    """Find k segments of users.

    Args:
        features: `user_features` as of one date: user_id, as_of, then one column a feature.
        k: how many segments.
        seed: the same seed on the same features gives the same model.
        version: what the model is called.

    Raises:
        SettingInvalid: k does not fit the users.
        SourceUnreadable: the features tell no user from another, or are no features.
    """
    names = feature_names(features)
    _check_k(k, features.num_rows)
    scales, dropped, projection, points = _on_components(features, names)
    centres, labels = _ordered_by_size(points, learn_centres(points, k, seed))
    return SegmentModel(
        version=version,
        seed=seed,
        fitted_as_of=as_of_date(features),
        users=features.num_rows,
        scales=scales,
        dropped=dropped,
        projection=projection,
        segments=_segments(features, scales, names, centres, labels),
    )


def choose(
    features: pa.Table, *, seed: int = 0, effort: Effort | None = None, progress: Callable[[str], None] = lambda _: None
) -> Choice:
    """Find out how many segments these users have.

    Args:
        features: as for `fit`.
        seed: the same seed on the same features gives the same choice.
        effort: how often users are drawn again.
        progress: told what is being measured.

    Raises:
        SettingInvalid: there are fewer than two users.
        SourceUnreadable: the features tell no user from another, or are no features.
    """
    names = feature_names(features)
    _check_k(1, features.num_rows)
    *_, points = _on_components(features, names)
    return choose_k(points, seed=seed, effort=effort, progress=progress)


def _on_components(
    features: pa.Table, names: list[str]
) -> tuple[tuple[Scale, ...], tuple[Dropped, ...], Projection, Points]:
    scales, dropped = learn_scales(features, names)
    if not scales:
        raise SourceUnreadable(_all_alike(features.num_rows, names))
    projection = learn_projection(features, scales)
    return scales, dropped, projection, points_of(features, scales, projection)


def _check_k(k: int, users: int) -> None:
    if k < 1:
        raise SettingInvalid(f"k is {k} and must be 1 or more; choose how many segments to make, for example 5")
    if users < max(k, 2):
        raise SettingInvalid(
            f"user_features: {users:,} users, and k = {k} needs {max(k, 2):,} or more; choose a smaller k or add data"
        )


def _all_alike(users: int, names: list[str]) -> str:
    return (
        f"user_features: all {users:,} users are alike in all {len(names)} features, so there is nothing to segment; "
        "check that the right events were cleaned, or add data"
    )


def points_of(features: pa.Table, scales: tuple[Scale, ...], projection: Projection) -> Points:
    """The users on the principal components: one row each, in single precision."""
    points = np.empty((features.num_rows, len(projection.loadings)), np.float32)
    for block, rows in enumerate(scaled_blocks(features, scales)):
        points[block * BLOCK_ROWS : block * BLOCK_ROWS + len(rows)] = projection.project(rows)
    return points


def _ordered_by_size(points: Points, centres: Array) -> tuple[Array, Labels]:
    labels, _ = nearest_labels(points, centres)
    users = np.bincount(labels, minlength=len(centres))
    if not users.all():
        raise SettingInvalid(
            f"k is {len(centres)}, but the users fall into {np.count_nonzero(users)} different groups at most; "
            f"choose k = {np.count_nonzero(users)} or less"
        )
    order = np.argsort(-users, kind="stable")
    places = np.argsort(order).astype(np.int32)
    return centres[order], places[labels]


def _segments(
    features: pa.Table, scales: tuple[Scale, ...], names: list[str], centres: Array, labels: Labels
) -> tuple[Segment, ...]:
    k = len(centres)
    users = np.bincount(labels, minlength=k)
    if k == 1:
        return (Segment(*EVERYONE, int(users[0]), tuple(centres[0].tolist())),)
    measures = measure(features, names, labels, k)
    kinds = [kind_of(portrait) for portrait in portraits(measures, users)]
    used = {scale.feature for scale in scales}
    unique = unique_names([kind.name for kind in kinds], [one for one in measures if one.feature in used])
    return tuple(
        Segment(name, kind.recommendation, int(count), tuple(centre.tolist()))
        for name, kind, count, centre in zip(unique, kinds, users, centres, strict=True)
    )
