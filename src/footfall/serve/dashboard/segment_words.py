"""Segments in words and colours, the same on all pages."""

from footfall.publish.language import Text
from footfall.segments.parts import BUYERS, TOP_SPENDERS, USERS, VISITORS
from footfall.segments.report.colours import of_segments
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.published import Row

PARTS = {
    TOP_SPENDERS: Text("Exceptional spenders", "Acheteurs exceptionnels"),
    BUYERS: Text("Buyers", "Acheteurs"),
    VISITORS: Text("Never bought", "N'ont jamais acheté"),
    USERS: Text("All users", "Tous les utilisateurs"),
}


def localised(visit: Visit, row: Row, name: str) -> str:
    """A text of `segment_profiles` in the visitor's language."""
    return str(row[f"{name}_fr" if visit.language == "fr" else name])


def names_of(visit: Visit, rows: list[Row]) -> dict[int, str]:
    """What segments are called, by id."""
    return {row["segment_id"]: localised(visit, row, "segment_name") for row in rows}


def colours_of(rows: list[Row]) -> dict[int, str]:
    """A colour for each segment, as in the report."""
    return of_segments(row["segment_id"] for row in rows)


def part_name(visit: Visit, part: str) -> str:
    """Whom segments were divided from."""
    return visit.say(PARTS[part])
