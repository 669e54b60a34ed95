"""Users into the segments of a fitted model."""

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from footfall.contracts import CUSTOMER_SEGMENTS
from footfall.errors import SourceUnreadable
from footfall.segments.clusters import Labels, Nearest, nearest
from footfall.segments.feature_table import Array, feature_names
from footfall.segments.model import Part, SegmentModel
from footfall.segments.parts import places_by
from footfall.segments.transform import BLOCK_ROWS, values_of


def assign(model: SegmentModel, features: pa.Table, *, updated_at: datetime) -> pa.Table:
    """Put each user into a segment: rows as in `customer_segments`, in the features' order.

    A user belongs to the first part of the model whose rule meets them, and in it to the segment with the nearest
    centre. `distance` is the Euclidean distance to that centre on the part's principal components. `proba` is the
    chance that a segmentation of other users of the shop puts the user there too (see `certainty.learn_softness`).

    Args:
        model: a fitted segmentation.
        features: `user_features`, with at least the features that the model uses.
        updated_at: when the rows are written; without a time zone it is UTC.

    Raises:
        SourceUnreadable: a feature that the model needs is missing or is not a number.
    """
    found = place_users(model, features)
    labels = pa.array(found.label)
    columns = {
        "user_id": features["user_id"],
        "segment_id": pa.array([segment.id for segment in model.segments], pa.int32()).take(labels),
        "segment_name": pa.array([segment.name.text() for segment in model.segments]).take(labels),
        "proba": found.proba,
        "distance": found.distance,
        "model_version": pa.repeat(model.version, features.num_rows),
        "as_of": features["as_of"],
        "updated_at": pa.repeat(_in_utc(updated_at), features.num_rows),
    }
    return pa.table(columns).cast(CUSTOMER_SEGMENTS.schema).combine_chunks()


def place_users(model: SegmentModel, features: pa.Table) -> Nearest:
    """Find each user's segment, as a place in `model.segments`; how far its centre is; how sure it is.

    Raises:
        SourceUnreadable: a feature that the model needs is missing or is not a number.
    """
    _must_have_features(model, features)
    blocks = [
        place_rows(model, values_of(features.slice(start, BLOCK_ROWS), model.features))
        for start in range(0, max(1, features.num_rows), BLOCK_ROWS)
    ]
    return Nearest(
        *(np.concatenate([getattr(block, name) for block in blocks]) for name in ("label", "distance", "proba"))
    )


def place_rows(model: SegmentModel, rows: Array) -> Nearest:
    """The same, of rows of numbers: one row a user, one column for each of `model.features`."""
    users = len(rows)
    found = Nearest(np.empty(users, np.int32), np.empty(users), np.empty(users))
    parts, first = parts_of(model, rows), 0
    for place, part in enumerate(model.parts):
        ours = np.flatnonzero(parts == place)
        if len(ours):
            near = nearest_of(part, rows[np.ix_(ours, model.columns[place])])
            found.label[ours] = first + near.label
            found.distance[ours], found.proba[ours] = near.distance, near.proba
        first += part.k
    return found


def parts_of(model: SegmentModel, rows: Array) -> npt.NDArray[np.int8]:
    """Which part of the model each user is in."""
    rules = [part.rule for part in model.parts]
    return places_by(lambda name: rows[:, model.features.index(name)], rules, len(rows))


def nearest_of(part: Part, values: Array) -> Nearest:
    """Find the nearest centre of a part for users of that part.

    Args:
        part: of a model.
        values: one row a user, one column for each of the part's scales.
    """
    return nearest(part.projection.project(part.scaling.scaled(values)), part.centres, part.softness)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _must_have_features(model: SegmentModel, features: pa.Table) -> None:
    present = set(feature_names(features))
    missing = [name for name in model.features if name not in present]
    if missing:
        raise SourceUnreadable(
            f"user_features: no column {', '.join(missing)}, which segment model {model.version} was fitted on; "
            "compute the features again, or fit new segments without it: `footfall segments --fresh`"
        )


def labels_of(model: SegmentModel, features: pa.Table, assigned: pa.Table) -> Labels:
    """Read which segment each user of the features was assigned to, as places in `model.segments`.

    Raises:
        SourceUnreadable: a user was not assigned, or was assigned by another model.
    """
    versions = assigned["model_version"].unique().to_pylist()
    if versions not in ([model.version], []):
        raise SourceUnreadable(
            f"customer_segments: made by {versions} and not by {model.version}; assign the users again"
        )
    rows = pc.index_in(features["user_id"], value_set=assigned["user_id"])
    if rows.null_count:
        raise SourceUnreadable(
            f"customer_segments: {rows.null_count:,} of {features.num_rows:,} users have no segment; assign again"
        )
    ids = pa.array([segment.id for segment in model.segments], pa.int32())
    labels: Labels = pc.index_in(assigned["segment_id"].take(rows), value_set=ids).to_numpy().astype(np.int32)
    return labels
