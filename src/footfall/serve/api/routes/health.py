"""Whether the server lives, is ready, and how fresh the tables are; what Prometheus reads."""

import logging
from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

import footfall
from footfall.errors import FootfallError
from footfall.serve.api.asking import Anyone, answer, told
from footfall.serve.api.door import UNREADABLE
from footfall.serve.api.metrics import MEDIA_TYPE
from footfall.serve.api.problems import problem
from footfall.serve.api.server import Server

router = APIRouter(tags=["health"])
_log = logging.getLogger("footfall.serve")


class Table(BaseModel):
    """A table's current version."""

    name: str
    rows: int
    bytes: int
    files: int
    version: int
    committed_at: datetime
    age_seconds: float


class Health(BaseModel):
    """The state of the server."""

    status: str = Field(description="ready, or what is missing")
    footfall: str = Field(description="its version")
    users: int = Field(description="users that are held in memory")
    model_version: str | None = Field(description="the model that scores; null before there is one")
    tables: list[Table]


@router.head("/health/live", include_in_schema=False)
@router.get("/health/live", response_model=dict[str, str])
async def live() -> Response:
    """Whether the process answers."""
    return answer({"status": "live"})


@router.head("/health/ready", include_in_schema=False)
@router.get("/health/ready", response_model=dict[str, str], responses={503: {"description": "not ready"}})
def ready(ask: Anyone) -> Response:
    """Whether the lake, the keys and the audit log can be used."""
    trouble = _trouble(ask.server)
    return answer({"status": "ready"}) if trouble is None else problem(503, trouble)


@router.get("/health", response_model=Health)
def health(ask: Anyone) -> Response:
    """Everything about the server's state, with the freshness of each table."""
    return answer(
        {
            "status": _trouble(ask.server) or "ready",
            "footfall": footfall.__version__,
            "users": users_of(ask.server),
            "model_version": None if ask.server.scorer.is_empty else ask.server.scorer.value.model.version,
            "tables": [told(row) for row in ask.server.freshness.rows()],
        }
    )


def _trouble(server: Server) -> str | None:
    """What is wrong, without paths: whoever asks needs no key."""
    if server.published.failure is not None:
        return UNREADABLE
    try:
        server.audit.must_be_writable()
        if server.keys is not None:
            server.keys.must_be_readable()
    except FootfallError as error:
        _log.error("%s", error)
        return "the keys or the audit log cannot be used; the server's log says why"
    return None


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(ask: Anyone) -> Response:
    """What Prometheus reads."""
    text = ask.server.metrics.text(ask.server.freshness.rows(), users_of(ask.server))
    return Response(text, media_type=MEDIA_TYPE)


def users_of(server: Server) -> int:
    """How many users are held in memory."""
    return 0 if server.users.is_empty else len(server.users.value)
