"""Users into the segments of a fitted model."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.contracts import CUSTOMER_SEGMENTS
from footfall.errors import SourceUnreadable
from footfall.segments.clusters import Labels, Nearest, nearest
from footfall.segments.feature_table import feature_names
from footfall.segments.model import SegmentModel
from footfall.segments.transform import scaled_blocks


def assign(model: SegmentModel, features: pa.Table, *, updated_at: datetime) -> pa.Table:
    """Put each user into the segment with the nearest centre: rows as in `customer_segments`, in the features' order.

    `distance` is the Euclidean distance to the segment's centre on the principal components. `proba` is the segment's
    share in the inverse squared distances to all centres (1 on the centre itself; see `clusters.nearest`).

    Args:
        model: a fitted segmentation.
        features: `user_features`, with at least the features that the model uses.
        updated_at: when the rows are written; without a time zone it is UTC.

    Raises:
        SourceUnreadable: a feature that the model needs is missing or is not a number.
    """
    _must_have_features(model, features)
    blocks = [_nearest(model, rows) for rows in scaled_blocks(features, model.scales)] or [_nobody()]
    labels = np.concatenate([block.label for block in blocks])
    columns = {
        "user_id": features["user_id"],
        "segment_id": labels,
        "segment_name": pa.array([segment.name for segment in model.segments]).take(pa.array(labels)),
        "proba": np.concatenate([block.proba for block in blocks]),
        "distance": np.concatenate([block.distance for block in blocks]),
        "model_version": pa.repeat(model.version, features.num_rows),
        "as_of": features["as_of"],
        "updated_at": pa.repeat(_in_utc(updated_at), features.num_rows),
    }
    return pa.table(columns).cast(CUSTOMER_SEGMENTS.schema).combine_chunks()


def _nearest(model: SegmentModel, rows: np.ndarray) -> Nearest:
    return nearest(model.projection.project(rows), model.centres)


def _nobody() -> Nearest:
    return Nearest(np.empty(0, np.int32), np.empty(0), np.empty(0))


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _must_have_features(model: SegmentModel, features: pa.Table) -> None:
    present = set(feature_names(features))
    missing = [scale.feature for scale in model.scales if scale.feature not in present]
    if missing:
        raise SourceUnreadable(
            f"user_features: no column {', '.join(missing)}, which segment model {model.version} was fitted on; "
            "compute the features again, or fit the segments again without it"
        )


def labels_of(model: SegmentModel, features: pa.Table, assigned: pa.Table) -> Labels:
    """Read which segment each user of the features was assigned to, in the features' order.

    Raises:
        SourceUnreadable: a user was not assigned, or was assigned by another model.
    """
    versions = assigned["model_version"].unique().to_pylist()
    if versions not in ([model.version], []):
        raise SourceUnreadable(
            f"customer_segments: made by {versions} and not by {model.version}; assign the users again"
        )
    places = pc.index_in(features["user_id"], value_set=assigned["user_id"])
    if places.null_count:
        raise SourceUnreadable(
            f"customer_segments: {places.null_count:,} of {features.num_rows:,} users have no segment; assign again"
        )
    labels: Labels = assigned["segment_id"].take(places).to_numpy().astype(np.int32)
    return labels
