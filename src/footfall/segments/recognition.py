"""Clusters become segments: which they go on from, their ids, their names, and the version of the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array, feature_names
from footfall.segments.measures import measure
from footfall.segments.model import Part, Segment, SegmentModel
from footfall.segments.naming.kinds import UNDIVIDED
from footfall.segments.naming.names import Name, names_of


@dataclass(frozen=True)
class Clusters:
    """What was found in a part, before it is known which segments these are.

    Attributes:
        part: without its segments.
        users: the rows of its users among all features.
        centres: one row a cluster, the largest first.
        labels: each user's cluster.
    """

    part: Part
    users: npt.NDArray[np.int64]
    centres: Array
    labels: Labels

    @property
    def k(self) -> int:
        """How many."""
        return len(self.centres)


def all_labels(found: Sequence[Clusters], users: int) -> Labels:
    """Each user's cluster, counted on through the parts."""
    labels, first = np.empty(users, np.int32), 0
    for one in found:
        labels[one.users] = first + one.labels
        first += one.k
    return labels


def recognised(
    features: pa.Table,
    found: Sequence[Clusters],
    same: Mapping[int, tuple[int, float]],
    last: SegmentModel | None,
    first_id: int,
) -> tuple[tuple[Part, ...], int]:
    """Give the segments their ids and names; the next id that is free."""
    next_id, first, parts = max(first_id, last.next_id if last else 0), 0, []
    for one in found:
        earlier = [
            (last.segments[same[label][0]], same[label][1]) if last and label in same else None
            for label in range(first, first + one.k)
        ]
        parts.append(_named(features.take(one.users), one, earlier, next_id))
        next_id += sum(segment is None for segment in earlier)
        first += one.k
    return tuple(parts), next_id


def _named(features: pa.Table, found: Clusters, earlier: Sequence[tuple[Segment, float] | None], next_id: int) -> Part:
    k, part = found.k, found.part
    measures = measure(features, feature_names(features), found.labels, k)
    last_names = [segment and segment[0].name for segment in earlier]
    names = names_of(part.name, measures, {scale.feature for scale in part.scales}, last_names)
    if k == 1 and part.name in UNDIVIDED:
        names = [Name(UNDIVIDED[part.name].key)]
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


def next_version(parts: Sequence[Part], last: SegmentModel | None, highest: str | None) -> str:
    """v1.x.y, above all that there were: other segments raise x, the last ones fitted anew raise y.

    After a rollback the last ones are not those of the highest x, so x is raised.
    """
    if last is None and highest is None:
        return "v1.0.0"
    numbers = [tuple(map(int, version.removeprefix("v").split("."))) for version in _known(last, highest)]
    major, minor, patch = max(numbers)
    ids = {segment.id for part in parts for segment in part.segments}
    is_same = last is not None and ids == {segment.id for segment in last.segments} and numbers[0][1] == minor
    return f"v{major}.{minor}.{patch + 1}" if is_same else f"v{major}.{minor + 1}.0"


def _known(last: SegmentModel | None, highest: str | None) -> list[str]:
    return [*([last.version] if last else []), *([highest] if highest else [])]
