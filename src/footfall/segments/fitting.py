"""From user features to a segmentation: divide, scale, project, cluster, recognise, name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.errors import SettingInvalid, SourceUnreadable
from footfall.segments.certainty import learn_softness
from footfall.segments.choice import Choice, Effort, choose_k
from footfall.segments.clusters import KMeans, Labels, learn_centres, nearest_labels, sklearn_k_means
from footfall.segments.feature_table import Array, as_of_date, feature_names
from footfall.segments.identity import match
from footfall.segments.measures import measure
from footfall.segments.model import Part, Segment, SegmentModel
from footfall.segments.naming.kinds import EVERYONE
from footfall.segments.naming.names import Name, names_of
from footfall.segments.parts import TOP_SPENDERS, USERS, Parts, Rule, divide, places
from footfall.segments.projection import Projection, learn_projection
from footfall.segments.scoring import nearest_in
from footfall.segments.transform import BLOCK_ROWS, Dropped, Scale, learn_scales, scaled_blocks

Points = npt.NDArray[np.float32]
Numbers = int | tuple[int, int] | Mapping[str, int]
"""How many segments: in all, of buyers and of visitors, or by part."""


@dataclass(frozen=True)
class _Space:
    """The users of a part, on the principal components."""

    name: str
    features: pa.Table
    scales: tuple[Scale, ...]
    dropped: tuple[Dropped, ...]
    projection: Projection
    points: Points


@dataclass(frozen=True)
class _Clusters:
    """What was found in a part, before it is known which segments these are."""

    part: Part
    users: npt.NDArray[np.int64]
    centres: Array
    labels: Labels


def fit(
    features: pa.Table,
    *,
    k: Numbers = 5,
    seed: int = 0,
    last: SegmentModel | None = None,
    isolate_top_spenders: bool = False,
    used_versions: Sequence[str] = (),
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
        used_versions: versions that there are; the new one is above all of them.
        first_id: the first segment's id, where there is no last model.
        k_means: whose K-means; by default scikit-learn's.

    Raises:
        SettingInvalid: k does not fit the users.
        SourceUnreadable: the features tell no user from another, or are no features.
    """
    parts, numbers = _divided(features, k, isolate_top_spenders)
    which = places(features, [rule for _, rule in parts])
    found = [
        _clusters(name, rule, features, np.flatnonzero(which == place), numbers[name], seed, last, k_means)
        for place, (name, rule) in enumerate(parts)
    ]
    if not any(one.part.scales for one in found):
        raise _all_alike(features.num_rows)
    same = match(last, features, _all_labels(found, features.num_rows), sum(map(_k, found))) if last else {}
    fitted, next_id = _identified(features, found, same, last, first_id)
    return SegmentModel(
        version=_version(fitted, last, used_versions),
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
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Choice]:
    """Find out how many segments the users of each part have.

    Args:
        features: as for `fit`.
        seed: the same seed on the same features gives the same choice.
        isolate_top_spenders: as for `fit`; who is isolated is not divided.
        effort: how often users are drawn again.
        progress: told what is being measured.

    Raises:
        SettingInvalid: there are fewer than two users.
        SourceUnreadable: the features tell no user from another, or are no features.
    """
    parts, _ = _divided(features, 1, isolate_top_spenders, together=False)
    which = places(features, [rule for _, rule in parts])
    spaces = [
        _space(name, features.take(np.flatnonzero(which == place)))
        for place, (name, _) in enumerate(parts)
        if name != TOP_SPENDERS
    ]
    if not any(space.scales for space in spaces):
        raise _all_alike(features.num_rows)
    return {space.name: _choice(space, features.num_rows, seed, effort, progress) for space in spaces}


def _choice(space: _Space, users: int, seed: int, effort: Effort | None, progress: Callable[[str], None]) -> Choice:
    def told(step: str) -> None:
        progress(f"{space.name}: {step}")

    return choose_k(space.points, seed=seed, effort=effort, of_users=users, progress=told)


def _divided(
    features: pa.Table, k: Numbers, isolate_top_spenders: bool, *, together: bool = True
) -> tuple[Parts, dict[str, int]]:
    """Name the parts, and how many segments each has."""
    feature_names(features)
    parts = divide(features, isolate_top_spenders=isolate_top_spenders)
    tail, divided = [one for one in parts if one[0] == TOP_SPENDERS], [one for one in parts if one[0] != TOP_SPENDERS]
    if together and k == 1:
        divided = [(USERS, None)]
    numbers = _numbers(k, [name for name, _ in divided])
    _check_numbers(numbers, features.num_rows)
    return (*tail, *divided), numbers | {name: 1 for name, _ in tail}


def _numbers(k: Numbers, parts: Sequence[str]) -> dict[str, int]:
    if isinstance(k, Mapping):
        return {name: k.get(name, 1) for name in parts}
    if isinstance(k, tuple):
        return dict(zip(parts, k, strict=True)) if len(parts) == len(k) else {parts[0]: sum(k)}
    return {parts[0]: k} if len(parts) == 1 else {parts[0]: (k + 1) // 2, parts[1]: k // 2}


def _check_numbers(numbers: Mapping[str, int], users: int) -> None:
    k = sum(numbers.values())
    if min(numbers.values()) < 1 and not (k == 1 and len(numbers) > 1):
        raise SettingInvalid(
            f"k is {min(numbers.values())} and must be 1 or more; choose how many segments to make, for example 5"
        )
    if users < max(k, 2):
        raise SettingInvalid(
            f"user_features: {users:,} users, and k = {k} needs {max(k, 2):,} or more; choose a smaller k or add data"
        )


def _all_alike(users: int) -> SourceUnreadable:
    return SourceUnreadable(
        f"user_features: all {users:,} users are alike in all features, so there is nothing to segment; "
        "check that the right events were cleaned, or add data"
    )


def _space(name: str, features: pa.Table) -> _Space:
    scales, dropped = learn_scales(features, feature_names(features))
    projection = learn_projection(features, scales)
    return _Space(name, features, scales, dropped, projection, points_of(features, scales, projection))


def points_of(features: pa.Table, scales: tuple[Scale, ...], projection: Projection) -> Points:
    """The users on the principal components: one row each, in single precision."""
    points = np.empty((features.num_rows, len(projection.loadings)), np.float32)
    for block, rows in enumerate(scaled_blocks(features, scales)):
        points[block * BLOCK_ROWS : block * BLOCK_ROWS + len(rows)] = projection.project(rows)
    return points


def _clusters(
    name: str,
    rule: Rule | None,
    features: pa.Table,
    users: npt.NDArray[np.int64],
    k: int,
    seed: int,
    last: SegmentModel | None,
    k_means: KMeans,
) -> _Clusters:
    space = _space(name, features.take(users))
    centres, labels = _clustered(space, k, seed, last, k_means)
    softness = learn_softness(space.points, centres, seed)
    part = Part(name, rule, len(users), space.scales, space.dropped, space.projection, softness, ())
    return _Clusters(part, users, centres, labels)


def _clustered(space: _Space, k: int, seed: int, last: SegmentModel | None, k_means: KMeans) -> tuple[Array, Labels]:
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
    return _ordered_by_size(space, learn_centres(space.points, k, seed, start=start, k_means=k_means))


def _last_centres(space: _Space, k: int, last: SegmentModel | None) -> Array | None:
    """Where the segments of the last model lie on the new components; None if they are fewer, more, or empty now.

    The components of two models cannot be compared, users can: the old model says who is in which segment today.
    """
    part = next((one for one in last.parts if one.name == space.name), None) if last else None
    if part is None or part.k != k or not {scale.feature for scale in part.scales} <= set(space.features.column_names):
        return None
    labels = np.concatenate(
        [
            nearest_in(part, space.features.slice(start, BLOCK_ROWS)).label
            for start in range(0, len(space.points), BLOCK_ROWS)
        ]
    )
    if len(np.unique(labels)) < k:
        return None
    return np.stack([space.points[labels == label].mean(axis=0, dtype=np.float64) for label in range(k)])


def _ordered_by_size(space: _Space, centres: Array) -> tuple[Array, Labels]:
    labels, _ = nearest_labels(space.points, centres)
    users = np.bincount(labels, minlength=len(centres))
    if not users.all():
        raise SettingInvalid(
            f"k is {len(centres)}, but the {space.name} fall into {np.count_nonzero(users)} different groups at most; "
            f"choose k = {np.count_nonzero(users)} or less"
        )
    order = np.argsort(-users, kind="stable")
    ranks = np.argsort(order).astype(np.int32)
    return centres[order], ranks[labels]


def _k(found: _Clusters) -> int:
    return len(found.centres)


def _all_labels(found: Sequence[_Clusters], users: int) -> Labels:
    labels, first = np.empty(users, np.int32), 0
    for one in found:
        labels[one.users] = first + one.labels
        first += _k(one)
    return labels


def _identified(
    features: pa.Table,
    found: Sequence[_Clusters],
    same: Mapping[int, tuple[int, float]],
    last: SegmentModel | None,
    first_id: int,
) -> tuple[tuple[Part, ...], int]:
    """Give the segments their ids and names; the next id that is free."""
    next_id, first, parts = last.next_id if last else first_id, 0, []
    for one in found:
        earlier = [
            (last.segments[same[label][0]], same[label][1]) if last and label in same else None
            for label in range(first, first + _k(one))
        ]
        parts.append(_named(features.take(one.users), one, earlier, next_id))
        next_id += sum(segment is None for segment in earlier)
        first += _k(one)
    return tuple(parts), next_id


def _named(features: pa.Table, found: _Clusters, earlier: Sequence[tuple[Segment, float] | None], next_id: int) -> Part:
    k, part = _k(found), found.part
    measures = measure(features, feature_names(features), found.labels, k)
    last_names = [segment and segment[0].name for segment in earlier]
    names = names_of(part.name, measures, {scale.feature for scale in part.scales}, last_names)
    if part.name == USERS and k == 1:
        names = [Name(EVERYONE.key)]
    new_ids = count(next_id)
    segments = [
        Segment(
            id=before[0].id if before else next(new_ids),
            name=name,
            users=int(users),
            centre=tuple(centre.tolist()),
            overlap=before[1] if before else None,
        )
        for before, name, users, centre in zip(
            earlier, names, np.bincount(found.labels, minlength=k), found.centres, strict=True
        )
    ]
    return replace(part, segments=tuple(segments))


def _version(parts: Sequence[Part], last: SegmentModel | None, used: Sequence[str]) -> str:
    """v1.x.y, above all that there are: other segments raise x, the same ones fitted anew raise y."""
    numbers = [tuple(map(int, version.removeprefix("v").split("."))) for version in used]
    ids = {segment.id for part in parts for segment in part.segments}
    if last is None and not numbers:
        return "v1.0.0"
    if last is not None:
        numbers.append(tuple(map(int, last.version.removeprefix("v").split("."))))
    major, minor, patch = max(numbers)
    is_same = last is not None and ids == {segment.id for segment in last.segments}
    return f"v{major}.{minor}.{patch + 1}" if is_same else f"v{major}.{minor + 1}.0"
