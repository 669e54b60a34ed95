"""One card for each segment of the report."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from footfall.segments.measures import LARGEST, Measure
from footfall.segments.model import Segment
from footfall.segments.naming.wording import differences, percent

# An effect that fills its bar: few segments differ by more.
_FULL_BAR = 2.5


@dataclass(frozen=True)
class Point:
    """One thing that sets a segment apart.

    Attributes:
        phrase: in words.
        numbers: the feature, the segment's value and that of its base.
        effect: the effect size as a reader sees it.
        bar: how much of its bar it fills, 0 to 1.
        is_more: whether the segment has more of it.
    """

    phrase: str
    numbers: str
    effect: str
    bar: float
    is_more: bool


@dataclass(frozen=True)
class Card:
    """A segment, for a reader in a hurry."""

    id: int
    name: str
    colour: str
    users: int
    share: float
    revenue_share: float | None
    identity: str
    points: Sequence[Point]
    recommendation: str
    reason: str
    evidence: str
    basis: str


def card(
    segment: Segment, place: int, row: Mapping[str, Any], measures: Sequence[Measure], *, colour: str, base: str
) -> Card:
    """Describe a segment.

    Args:
        segment: which one.
        place: its place in its part.
        row: one of its rows in `segment_profiles`.
        measures: all features in the segments of its part.
        colour: its colour.
        base: what the users of its part are called.
    """
    return Card(
        id=segment.id,
        name=row["segment_name"],
        colour=colour,
        users=row["users"],
        share=row["share"],
        revenue_share=row["revenue_share"],
        identity=_identity(segment.overlap),
        points=_points(place, measures, base),
        recommendation=row["recommendation"],
        reason=row["reason"],
        evidence=row["evidence"].replace("d = ", "d\u00a0=\u00a0"),
        basis=row["basis"],
    )


def _identity(overlap: float | None) -> str:
    return "new segment" if overlap is None else f"the same segment as before, {percent(overlap)} overlap"


def _points(segment: int, measures: Sequence[Measure], base: str) -> list[Point]:
    return [
        Point(
            phrase=one.phrase.en,
            numbers=f"{one.label.en}: {one.statistic.en} {one.segment}, {base} {one.base}",
            effect=effect_text(one.effect),
            bar=min(abs(one.effect) / _FULL_BAR, 1.0),
            is_more=one.is_more,
        )
        for one in differences(segment, measures)
    ]


def effect_text(effect: float) -> str:
    """An effect size as it is written; where the groups do not overlap at all it is capped.

    >>> effect_text(-1.42)
    'd = -1.4'
    """
    return f"d = {effect:.1f}" if abs(effect) < LARGEST else f"d beyond {math.copysign(LARGEST, effect):.0f}"
