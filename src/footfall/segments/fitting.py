"""From user features to a segmentation: divide, scale, project, cluster, recognise."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.engine import KMeans
from footfall.errors import SettingInvalid, SourceUnreadable
from footfall.segments.certainty import learn_softness
from footfall.segments.choice import Choice, Effort, choose_k
from footfall.segments.clusters import Labels, learn_centres, nearest_labels, sklearn_k_means
from footfall.segments.feature_table import Array, as_of_date, feature_names
from footfall.segments.identity import match
from footfall.segments.model import Part, SegmentModel
from footfall.segments.numbers import Numbers, check_numbers, divided
from footfall.segments.parts import TOP_SPENDERS, USERS, Rule, divide, places
from footfall.segments.recognition import Clusters, all_labels, next_version, recognised
from footfall.segments.scoring import nearest_of
from footfall.segments.space import Space, learn_space
from footfall.segments.transform import BLOCK_ROWS, values_of


def fit(
    features: pa.Table,
    *,
    k: Numbers = 5,
    seed: int = 0,
    last: SegmentModel | None = None,
    isolate_top_spenders: bool = False,
    highest_version: str | None = None,
    first_id: int = 0,
    k_means: KMeans = sklearn_k_means,
) -> SegmentModel:
    """Find segments of users.

    Args:
        features: `user_features` as of one date: user_id, as_of, then one column a feature.
        k: how many segments (top spenders who are isolated are one more). A number is shared between the parts, the
            larger half to the buyers; two are for buyers and visitors; by part they are what `numbers_chosen` chose.
        seed: the same seed on the same features, after the same model, gives the same model.
        last: the model that this one follows: where a part has as many segments as before, the fit starts from
            them, and segments that are the same keep their ids and, with some patience, their names.
        isolate_top_spenders: whether buyers beyond the upper fence of spend are a segment of their own.
        highest_version: the highest that was ever given; the new one is above it.
        first_id: the first id that no segment ever had.
        k_means: whose K-means; by default scikit-learn's.

    Raises:
        SettingInvalid: k does not fit the users.
        SourceUnreadable: the features tell no user from another, or are no features.
    """
    parts, numbers = divided(features, k, isolate_top_spenders=isolate_top_spenders)
    which = places(features, [rule for _, rule in parts])
    found = [
        _clusters(name, rule, features, np.flatnonzero(which == place), numbers[name], seed, last, k_means)
        for place, (name, rule) in enumerate(parts)
    ]
    if not any(one.part.scales for one in found):
        raise _all_alike(features.num_rows)
    k_found = sum(one.k for one in found)
    same = match(last, features, all_labels(found, features.num_rows), k_found) if last else {}
    fitted, next_id = recognised(features, found, same, last, first_id)
    return SegmentModel(
        version=next_version(fitted, last, highest_version),
        seed=seed,
        fitted_as_of=as_of_date(features),
        users=features.num_rows,
        next_id=next_id,
        is_chosen=isinstance(k, Mapping),
        parts=fitted,
    )


def choose(
    features: pa.Table,
    *,
    seed: int = 0,
    isolate_top_spenders: bool = False,
    effort: Effort | None = None,
    threads: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Choice]:
    """Find out how many segments the users of each part have.

    Args:
        features: as for `fit`.
        seed: the same seed on the same features gives the same choice.
        isolate_top_spenders: as for `fit`; who is isolated is not divided.
        effort: how often users are drawn again.
        threads: how many cores; all by default.
        progress: told what is being measured.

    Raises:
        SettingInvalid: there are fewer than two users.
        SourceUnreadable: the features tell no user from another, or are no features.
    """
    feature_names(features)
    check_numbers({USERS: 1}, features.num_rows)
    parts = divide(features, isolate_top_spenders=isolate_top_spenders)
    which = places(features, [rule for _, rule in parts])
    # Only the points are kept: at millions of users a second copy of the table would fill the memory.
    points = {
        name: learn_space(name, features.take(np.flatnonzero(which == place))).points
        for place, (name, _) in enumerate(parts)
        if name != TOP_SPENDERS
    }
    if not any(ours.shape[1] for ours in points.values()):
        raise _all_alike(features.num_rows)
    return {
        name: choose_k(
            ours,
            seed=seed,
            effort=effort,
            of_users=features.num_rows,
            threads=threads,
            progress=partial(_tell, progress, name),
        )
        for name, ours in points.items()
    }


def _tell(progress: Callable[[str], None], part: str, step: str) -> None:
    progress(f"{part}: {step}")


def _all_alike(users: int) -> SourceUnreadable:
    return SourceUnreadable(
        f"user_features: all {users:,} users are alike in all features, so there is nothing to segment; "
        "check that the right events were cleaned, or add data"
    )


def _clusters(
    name: str,
    rule: Rule | None,
    features: pa.Table,
    users: npt.NDArray[np.int64],
    k: int,
    seed: int,
    last: SegmentModel | None,
    k_means: KMeans,
) -> Clusters:
    space = learn_space(name, features.take(users))
    centres, labels = _clustered(space, k, seed, last, k_means)
    softness = learn_softness(space.points, centres, seed)
    part = Part(name, rule, len(users), space.scales, space.dropped, space.projection, softness, ())
    return Clusters(part, users, centres, labels)


def _clustered(space: Space, k: int, seed: int, last: SegmentModel | None, k_means: KMeans) -> tuple[Array, Labels]:
    """Centres and labels, the largest cluster first."""
    users = len(space.points)
    if users < k:
        raise SettingInvalid(
            f"user_features: {users:,} {space.name}, and {k} segments of them are asked for; choose fewer"
        )
    if k == 1:
        return space.points.mean(axis=0, dtype=np.float64)[None, :], np.zeros(users, np.int32)
    if not space.scales:
        raise SettingInvalid(
            f"user_features: all {users:,} {space.name} are alike, and {k} segments of them are asked for; choose 1"
        )
    start = _last_centres(space, k, last)
    return _ordered_by_size(space, k, learn_centres(space.points, k, seed, start=start, k_means=k_means))


def _last_centres(space: Space, k: int, last: SegmentModel | None) -> Array | None:
    """Where the segments of the last model lie on the new components; None if they are fewer, more, or empty now.

    The components of two models cannot be compared, users can: the old model says who is in which segment today.
    """
    part = next((one for one in last.parts if one.name == space.name), None) if last else None
    if part is None or part.k != k or not {scale.feature for scale in part.scales} <= set(space.features.column_names):
        return None
    labels = np.concatenate(
        [
            nearest_of(part, values_of(space.features.slice(start, BLOCK_ROWS), part.scaling.features)).label
            for start in range(0, len(space.points), BLOCK_ROWS)
        ]
    )
    if len(np.unique(labels)) < k:
        return None
    return np.stack([space.points[labels == label].mean(axis=0, dtype=np.float64) for label in range(k)])


def _ordered_by_size(space: Space, k: int, centres: Array) -> tuple[Array, Labels]:
    labels, _ = nearest_labels(space.points, centres)
    users = np.bincount(labels, minlength=len(centres))
    groups = np.count_nonzero(users)
    if groups < k:
        raise SettingInvalid(
            f"k is {k}, but the {space.name} fall into {groups} different groups at most; choose k = {groups} or less"
        )
    order = np.argsort(-users, kind="stable")
    ranks = np.argsort(order).astype(np.int32)
    return centres[order], ranks[labels]
