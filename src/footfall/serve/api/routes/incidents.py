"""What went wrong, and what people say of it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from footfall.pipeline.incidents import acknowledge, feedback, snooze
from footfall.serve.api.asking import (
    Ask,
    Cursor,
    Limit,
    Moment,
    Name,
    PageOf,
    allowed,
    answer,
    listed,
    problems,
    told,
    utc,
)
from footfall.serve.api.problems import Missing
from footfall.serve.api.schemas import Anomaly, Incident
from footfall.serve.views.paging import Listing
from footfall.serve.views.published import Published, Row

router = APIRouter(tags=["incidents"])
PATIENCE_SECONDS = 10.0
"""How long what somebody says waits for a run that is writing, before it is asked to come again."""
_WRITERS = CapacityLimiter(4)
"""Threads that may wait so: others go on to answer."""

Which = Annotated[str, Path(pattern="^[0-9a-f]{8}$", description="of the incident")]
Reader = Annotated[Ask, allowed("incidents:read")]
Writer = Annotated[Ask, allowed("incidents:write", audited="incidents.write")]
_INCIDENTS = Listing("incidents", {"opened_at": datetime, "incident_id": str}, descending=True)
_ANOMALIES = Listing("anomalies", {"ts": datetime, "series_id": str}, columns="* EXCLUDE (month)", descending=True)


class Snooze(BaseModel):
    """For how long nobody is told."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hours: float = Field(24.0, ge=0.1, le=24 * 365, allow_inf_nan=False)


class Feedback(BaseModel):
    """What it was."""

    model_config = ConfigDict(extra="forbid", strict=True)

    verdict: Literal["true", "false", "expected"]


class IncidentInFull(Incident):  # type: ignore[valid-type,misc]
    """An incident with its anomalies."""

    anomaly_rows: list[Anomaly]  # type: ignore[valid-type]


@router.get(
    "/v1/anomalies",
    response_model=PageOf[Anomaly],  # type: ignore[valid-type]
    responses=problems(404, 422),
)
def anomalies(
    ask: Reader,
    series_id: Name = None,
    metric: Name = None,
    incident_id: Annotated[str | None, Query(pattern="^[0-9a-f]{8}$")] = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Buckets that hardly happen by chance, the newest first; `until` is not included."""
    where = {
        "series_id = ?": series_id, "metric = ?": metric, "incident_id = ?": incident_id, "ts >= ?": utc(since),
        "ts < ?": utc(until),
    }  # fmt: skip
    return listed(ask, _ANOMALIES, "anomalies", where, limit, cursor)


@router.get(
    "/v1/incidents",
    response_model=PageOf[Incident],  # type: ignore[valid-type]
    responses=problems(404, 422),
)
def incidents(
    ask: Reader,
    status: Annotated[Literal["open", "closed"] | None, Query()] = None,
    metric: Name = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """Incidents, the newest first, by when they were opened; `until` is not included."""
    where = {
        "status = ?": status, "metric = ?": metric, "opened_at >= ?": utc(since), "opened_at < ?": utc(until),
    }  # fmt: skip
    return listed(ask, _INCIDENTS, "incidents", where, limit, cursor)


@router.get("/v1/incidents/{incident_id}", response_model=IncidentInFull, responses=problems(404, 422))
def one(ask: Reader, incident_id: Which) -> Response:
    """An incident and its anomalies."""
    published = ask.server.published
    found = _there(published, incident_id)
    rows = published.rows(
        "SELECT * EXCLUDE (month) FROM anomalies WHERE incident_id = $id ORDER BY ts, series_id", {"id": incident_id}
    )
    return answer(told(found) | {"anomaly_rows": [told(row) for row in rows]})


@router.post("/v1/incidents/{incident_id}/acknowledge", response_model=Incident, responses=problems(404, 422))
async def take_on(ask: Writer, incident_id: Which) -> Response:
    """Take it on: of its updates nobody is told any more, of its end they are."""
    return await _said(ask, "acknowledge", incident_id, acknowledge)


@router.post("/v1/incidents/{incident_id}/snooze", response_model=Incident, responses=problems(400, 404, 413, 422))
async def silence(ask: Writer, incident_id: Which, body: Snooze) -> Response:
    """Be silent about it, and about its leading series, for some hours."""
    return await _said(ask, "snooze", incident_id, partial(snooze, hours=body.hours))


@router.post("/v1/incidents/{incident_id}/feedback", response_model=Incident, responses=problems(400, 404, 413, 422))
async def judge(ask: Writer, incident_id: Which, body: Feedback) -> Response:
    """Say what it was: after a false alarm more is needed for the next one of its leading series."""
    return await _said(ask, "feedback", incident_id, partial(feedback, verdict=body.verdict))


async def _said(ask: Ask, what: str, incident_id: str, say: Callable[..., Row]) -> Response:
    def write() -> Row:
        published, audit = ask.server.published, ask.server.audit
        _there(published, incident_id)
        audit.must_be_writable()
        row = say(ask.server.settings.lake, incident_id, patience=PATIENCE_SECONDS)
        audit.record(ask.caller, f"incidents.{what}", via="api", target=incident_id)
        published.look()  # the caller's next question sees what they said
        return row

    return answer(told(await to_thread.run_sync(write, limiter=_WRITERS)))


def _there(published: Published, incident_id: str) -> Row:
    published.need("incidents")
    found = published.rows("SELECT * FROM incidents WHERE incident_id = $id", {"id": incident_id})
    if not found:
        raise Missing(f"there is no incident {incident_id}; /v1/incidents lists them")
    return found[0]
