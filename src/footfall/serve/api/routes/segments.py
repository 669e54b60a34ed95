"""Segments, and what each is like."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from footfall.serve.api.asking import Ask, allowed, problems, told, unless_known
from footfall.serve.api.problems import Missing
from footfall.serve.api.schemas import FeatureProfile, Segment, SegmentProfile
from footfall.serve.api.server import Server

router = APIRouter(tags=["segments"])
SegmentsAsk = Annotated[Ask, allowed("segments:read")]
_TABLE = "segment_profiles"
_OF_ALL, _OF_EACH = tuple(Segment.model_fields), tuple(FeatureProfile.model_fields)


@router.get("/v1/segments", response_model=list[Segment], responses=problems(404))
def segments(ask: SegmentsAsk) -> Response:
    """All segments, part by part, the largest first."""
    ask.server.published.need(_TABLE)
    return unless_known(ask, (_TABLE,), lambda: _segments(ask.server))


@router.get("/v1/segments/{segment_id:int}", response_model=SegmentProfile, responses=problems(404, 422))
def segment(
    ask: SegmentsAsk, segment_id: Annotated[int, Path(ge=0, lt=2**31, description="of the segment")]
) -> Response:
    """A segment with every feature, and what to do with its users."""
    ask.server.published.need(_TABLE)
    return unless_known(ask, (_TABLE,), lambda: _segment(ask.server, segment_id))


def _segments(server: Server) -> list[dict[str, Any]]:
    rows = server.published.rows(f"SELECT DISTINCT {', '.join(_OF_ALL)} FROM {_TABLE} ORDER BY part, users DESC")
    return [told(row) for row in rows]


def _segment(server: Server, segment_id: int) -> dict[str, Any]:
    found = [row for row in _segments(server) if row["segment_id"] == segment_id]
    if not found:
        raise Missing(f"there is no segment {segment_id}; /v1/segments lists them")
    features = server.published.rows(
        f"SELECT {', '.join(_OF_EACH)} FROM {_TABLE} WHERE segment_id = $id ORDER BY abs(effect_size) DESC NULLS LAST",
        {"id": segment_id},
    )
    return found[0] | {"features": features}
