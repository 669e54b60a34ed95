"""One card for each segment of the report."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from footfall.segments import colours
from footfall.segments.measures import Measure
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


def cards(profiles: pa.Table, measures: Sequence[Measure]) -> list[Card]:
    """Take a segment's name, size, revenue and recommendation from its profile, and add what distinguishes it."""
    by_segment = {row["segment_id"]: row for row in profiles.to_pylist()}
    return [
        Card(
            name=row["segment_name"],
            colour=colours.of_segment(segment),
            users=row["users"],
            share=row["share"],
            revenue_share=row["revenue_share"],
            recommendation=row["recommendation"],
            differences=differences(segment, measures),
        )
        for segment, row in sorted(by_segment.items())
    ]
