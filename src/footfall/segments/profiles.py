"""What each segment is like, against the users that it was divided from, and what to do with it."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.contracts import SEGMENT_PROFILES
from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array, as_of_date, column, feature_names
from footfall.segments.measures import Measure, measure
from footfall.segments.model import Part, SegmentModel
from footfall.segments.naming.kinds import KINDS
from footfall.segments.naming.text import Text
from footfall.segments.naming.wording import evidence
from footfall.segments.scoring import labels_of

Counts = npt.NDArray[np.int64]

BASES = {
    "top_spenders": Text("all exceptional spenders", "tous les acheteurs exceptionnels"),
    "buyers": Text("all buyers", "tous les acheteurs"),
    "visitors": Text("all who never bought", "tous ceux qui n'ont jamais acheté"),
    "users": Text("all users", "tous les utilisateurs"),
}
CORRELATIONAL = "correlational"


def profile(model: SegmentModel, features: pa.Table, assigned: pa.Table) -> pa.Table:
    """Describe each segment by each feature: rows as in `segment_profiles`, segment by segment.

    A segment is compared with the users of its part (the base). Means and medians leave nulls out and are null where
    nothing is left. `revenue_share` is the segment's part of all spend, net of refunds; null where the shop's spend is
    not above zero.

    Args:
        model: the segmentation.
        features: `user_features` as of one date.
        assigned: what `assign` returned for these users, in any order.

    Raises:
        SourceUnreadable: the tables do not belong together.
    """
    as_of_date(features)
    labels = labels_of(model, features, assigned)
    users = np.bincount(labels, minlength=model.k)
    revenue = revenue_shares(features, labels, model.k)
    tables = [
        _describe(model, part, first + segment, segment, measures, users, revenue)
        for part, first, measures in measures_by_part(model, features, labels)
        for segment in range(part.k)
    ]
    table = pa.concat_tables(tables)
    as_of = features["as_of"].slice(0, 1).combine_chunks().cast(pa.timestamp("us"))[0]
    return table.append_column("as_of", pa.repeat(as_of, table.num_rows)).cast(SEGMENT_PROFILES.schema).combine_chunks()


def measures_by_part(model: SegmentModel, features: pa.Table, labels: Labels) -> list[tuple[Part, int, list[Measure]]]:
    """Measure all features in the segments of each part: the part, its first segment's place, and the measures."""
    names, first, found = feature_names(features), 0, []
    for part in model.parts:
        ours = np.flatnonzero((labels >= first) & (labels < first + part.k))
        found.append((part, first, measure(features.take(ours), names, labels[ours] - first, part.k)))
        first += part.k
    return found


def revenue_shares(features: pa.Table, labels: Labels, k: int) -> Array:
    """Each segment's part of all spend; NaN where there is none."""
    if "spend" not in features.column_names:
        return np.full(k, np.nan)
    spend = np.bincount(labels, np.nan_to_num(column(features, "spend")), minlength=k)
    return spend / spend.sum() if spend.sum() > 0 else np.full(k, np.nan)


def _describe(
    model: SegmentModel, part: Part, place: int, segment: int, measures: list[Measure], users: Counts, revenue: Array
) -> pa.Table:
    ours = part.segments[segment]
    kind = KINDS[ours.name.kind]
    told = evidence(segment, measures, kind.evidence, BASES[part.name])
    same = {
        "segment_id": ours.id,
        "segment_name": ours.name.text("en"),
        "segment_name_fr": ours.name.text("fr"),
        "part": part.name,
        "users": int(users[place]),
        "share": float(users[place] / users.sum()),
        "revenue_share": None if np.isnan(revenue[place]) else float(revenue[place]),
        "recommendation": kind.advice.en,
        "recommendation_fr": kind.advice.fr,
        "reason": kind.reason.en,
        "reason_fr": kind.reason.fr,
        "evidence": told.en,
        "evidence_fr": told.fr,
        "basis": CORRELATIONAL,
        "model_version": model.version,
    }
    numbers = {
        "mean": [one.mean[segment] for one in measures],
        "median": [one.median[segment] for one in measures],
        "base_mean": [one.base_mean for one in measures],
        "base_median": [one.base_median for one in measures],
        "effect_size": [one.effect[segment] for one in measures],
    }
    types = SEGMENT_PROFILES.schema
    columns = {name: pa.repeat(pa.scalar(value, types.field(name).type), len(measures)) for name, value in same.items()}
    columns["feature"] = pa.array([one.feature for one in measures], pa.string())
    columns |= {name: pa.array(np.array(values, np.float64), from_pandas=True) for name, values in numbers.items()}
    return pa.table({name: columns[name] for name in types.names if name in columns})
