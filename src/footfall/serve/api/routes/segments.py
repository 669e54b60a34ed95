"""Segments, and what each is like."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from starlette.convertors import StringConvertor, register_url_convertor

from footfall.serve.api.asking import Ask, allowed, problems, told, unless_known
from footfall.serve.api.problems import Missing
from footfall.serve.api.schemas import Segment, SegmentProfile
from footfall.serve.views.published import Published
from footfall.serve.views.segments import profile
from footfall.serve.views.segments import segments as all_segments


class _Segment(StringConvertor):
    """A few digits. Starlette's own number takes thousands, of which Python makes no number."""

    regex = "[0-9]{1,10}"


register_url_convertor("segment", _Segment())
router = APIRouter(tags=["segments"])
SegmentsAsk = Annotated[Ask, allowed("segments:read")]


@router.get("/v1/segments", response_model=list[Segment], responses=problems(404))
def segments(ask: SegmentsAsk) -> Response:
    """All segments, part by part, the largest first."""
    return unless_known(ask, all_segments.tables, lambda: [told(row) for row in all_segments(ask.server.published)])


@router.get("/v1/segments/{segment_id:segment}", response_model=SegmentProfile, responses=problems(404, 422))
def segment(
    ask: SegmentsAsk, segment_id: Annotated[int, Path(ge=0, lt=2**31, description="of the segment")]
) -> Response:
    """A segment with every feature, and what to do with its users."""
    return unless_known(ask, profile.tables, lambda: _segment(ask.server.published, segment_id))


def _segment(published: Published, segment_id: int) -> dict[str, Any]:
    found = [row for row in all_segments(published) if row["segment_id"] == segment_id]
    if not found:
        raise Missing(f"there is no segment {segment_id}; /v1/segments lists them")
    return told(found[0]) | {"features": profile(published, segment_id)}
