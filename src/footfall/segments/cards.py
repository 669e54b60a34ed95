"""One card for each segment of the report."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from footfall.segments import colours
from footfall.segments.measures import Measure
from footfall.segments.model import SegmentModel
from footfall.segments.transform import Array
from footfall.segments.wording import Difference, differences


@dataclass(frozen=True)
class Card:
    """A segment, for a reader in a hurry."""

    name: str
    colour: str
    users: int
    share: float
    revenue_share: float | None
    recommendation: str
    differences: Sequence[Difference]


def cards(model: SegmentModel, profiles: pa.Table, contrasts: Array, measures: Sequence[Measure]) -> list[Card]:
    """Take a segment's name, size, revenue and recommendation from its profile, and add what distinguishes it."""
    by_segment = {row["segment_id"]: row for row in profiles.to_pylist()}
    by_feature = {one.feature: one for one in measures}
    return [
        Card(
            name=row["segment_name"],
            colour=colours.of_segment(segment),
            users=row["users"],
            share=row["share"],
            revenue_share=row["revenue_share"],
            recommendation=row["recommendation"],
            differences=differences(segment, contrasts, model.scales, by_feature) if row["users"] else [],
        )
        for segment, row in sorted(by_segment.items())
    ]
