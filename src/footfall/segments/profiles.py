"""What each segment is like, against all users."""

import numpy as np
import pyarrow as pa

from footfall.contracts import SEGMENT_PROFILES
from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array, as_of_date, column, feature_names
from footfall.segments.measures import Measure, measure
from footfall.segments.model import SegmentModel
from footfall.segments.portraits import Counts
from footfall.segments.scoring import labels_of


def profile(model: SegmentModel, features: pa.Table, assigned: pa.Table) -> pa.Table:
    """Describe each segment by each feature: rows as in `segment_profiles`, segment by segment.

    Means and medians leave nulls out and are null where nothing is left. `revenue_share` is the segment's part of all
    spend, net of refunds; null where the shop's spend is not above zero.

    Args:
        model: the segmentation.
        features: `user_features` as of one date.
        assigned: what `assign` returned for these users, in any order.

    Raises:
        SourceUnreadable: the tables do not belong together.
    """
    names = feature_names(features)
    as_of_date(features)
    labels = labels_of(model, features, assigned)
    users = np.bincount(labels, minlength=model.k)
    measures = measure(features, names, labels, model.k)
    revenue = _revenue_shares(features, labels, model.k)
    tables = [_describe(model, segment, measures, users, revenue) for segment in range(model.k)]
    table = pa.concat_tables(tables)
    as_of = features["as_of"].slice(0, 1).combine_chunks().cast(pa.timestamp("us"))[0]
    return table.append_column("as_of", pa.repeat(as_of, table.num_rows)).cast(SEGMENT_PROFILES.schema).combine_chunks()


def _revenue_shares(features: pa.Table, labels: Labels, k: int) -> Array:
    if "spend" not in features.column_names:
        return np.full(k, np.nan)
    spend = np.bincount(labels, np.nan_to_num(column(features, "spend")), minlength=k)
    return spend / spend.sum() if spend.sum() > 0 else np.full(k, np.nan)


def _describe(model: SegmentModel, segment: int, measures: list[Measure], users: Counts, revenue: Array) -> pa.Table:
    rows = len(measures)
    return pa.table(
        {
            "segment_id": pa.repeat(segment, rows),
            "segment_name": pa.repeat(model.segments[segment].name, rows),
            "users": pa.repeat(int(users[segment]), rows),
            "share": pa.repeat(float(users[segment] / users.sum()), rows),
            "revenue_share": _nan_as_null([revenue[segment]] * rows),
            "feature": [one.feature for one in measures],
            "mean": _nan_as_null([one.mean[segment] for one in measures]),
            "median": _nan_as_null([one.median[segment] for one in measures]),
            "base_mean": _nan_as_null([one.base_mean for one in measures]),
            "base_median": _nan_as_null([one.base_median for one in measures]),
            "recommendation": pa.repeat(model.segments[segment].recommendation, rows),
            "model_version": pa.repeat(model.version, rows),
        }
    )


def _nan_as_null(values: list[float]) -> pa.Array:
    return pa.array(np.array(values, np.float64), from_pandas=True)
