"""The same segments again: which of a refit is which of the last model."""

import numpy as np
import pyarrow as pa

from footfall.contracts import SEGMENT_MIGRATION
from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array
from footfall.segments.model import SegmentModel
from footfall.segments.scoring import place_users

LEAST_OVERLAP = 0.5


def overlaps(before: Labels, after: Labels, shape: tuple[int, int]) -> Array:
    """Jaccard similarity of each segment before (rows) and each after (columns), of the same users."""
    rows, columns = shape
    both = np.bincount(before.astype(np.int64) * columns + after, minlength=rows * columns).reshape(shape)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
    found: Array = np.divide(both, either, out=np.zeros(shape), where=either > 0)
    return found


def match(last: SegmentModel, features: pa.Table, labels: Labels, k: int) -> dict[int, tuple[int, float]]:
    """Find the segments that are those of the last model.

    Both models are asked about the same users on the same day, so that what is compared are the segments, not what
    users did since. Pairs are chosen for the largest sum of Jaccard similarities (H. W. Kuhn, The Hungarian method for
    the assignment problem, 1955); a pair below 0.5 is none.

    Args:
        last: the last model.
        features: the users of the new fit.
        labels: their new segments, 0 to k - 1.
        k: how many new segments.

    Returns:
        For a new segment, the place in `last.segments` of the one that it goes on, and their similarity.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - only a refit needs it

    found = overlaps(place_users(last, features).label, labels, (last.k, k))
    # What is no pair must not outweigh one: two of 0.33 would beat one of 0.5.
    pairs = zip(*linear_sum_assignment(-np.where(found >= LEAST_OVERLAP, found, 0)), strict=True)
    return {int(new): (int(old), float(found[old, new])) for old, new in pairs if found[old, new] >= LEAST_OVERLAP}


def migration(before: pa.Table, after: pa.Table) -> pa.Table:
    """Count who moved from where to where: rows as in `segment_migration`.

    Args:
        before: the earlier `customer_segments`; not empty.
        after: the later.
    """
    joined = _where(before, "from").join(_where(after, "to"), "user_id", join_type="full outer")
    pairs = ["from_segment_id", "from_segment_name", "to_segment_id", "to_segment_name"]
    flows = joined.group_by(pairs).aggregate([([], "count_all")]).rename_columns([*pairs, "users"])
    flows = flows.sort_by([("from_segment_id", "ascending"), ("to_segment_id", "ascending")])
    totals = flows.group_by("from_segment_id").aggregate([("users", "sum")]).to_pylist()
    users = {row["from_segment_id"]: row["users_sum"] for row in totals}
    shares = [
        None if row["from_segment_id"] is None else row["users"] / users[row["from_segment_id"]]
        for row in flows.to_pylist()
    ]
    same = {f"{side}_{name}": table[name][0] for side, table in (("from", before), ("to", after)) for name in _SAME}
    columns = {name: flows[name] for name in flows.column_names} | {"share_of_from": pa.array(shares, pa.float64())}
    columns |= {name: pa.repeat(value, flows.num_rows) for name, value in same.items()}
    return pa.table({name: columns[name] for name in SEGMENT_MIGRATION.schema.names}).cast(SEGMENT_MIGRATION.schema)


_SAME = ("as_of", "model_version")


def _where(assigned: pa.Table, side: str) -> pa.Table:
    names = ["user_id", "segment_id", "segment_name"]
    return assigned.select(names).rename_columns(["user_id", f"{side}_segment_id", f"{side}_segment_name"])
