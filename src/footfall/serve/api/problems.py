"""Errors as RFC 9457 problem details: `application/problem+json`, with what to do in `detail`."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from footfall.errors import FootfallError, LakeInvalid, SettingInvalid, TransientError, UserError
from footfall.serve.views.paging import PageUnknown
from footfall.serve.views.published import NotPublished
from footfall.serve.views.users import UserUnknown

MEDIA_TYPE = "application/problem+json"
_LATER = {"Retry-After": "5"}
_log = logging.getLogger("footfall.serve")


class Problem(BaseModel):
    """What went wrong, as RFC 9457 says it."""

    type: str = Field("about:blank", description="what kind of problem: about:blank, as the status says it all")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what was found, and what to do")


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """A problem as a response."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)  # type: ignore[call-arg]
    return Response(to_json(body), status, headers=headers, media_type=MEDIA_TYPE)


def told_of(error: FootfallError) -> Response:
    """The response for an error of ours."""
    if isinstance(error, NotPublished | UserUnknown | PageUnknown | Missing):
        return problem(404, str(error))
    if isinstance(error, SettingInvalid | LakeInvalid):
        _log.error("%s", error)
        return problem(503, "the server is not set up for this; its log says what is missing", _LATER)
    if isinstance(error, UserError):
        return problem(422, str(error))
    if isinstance(error, TransientError):
        return problem(503, str(error), _LATER)
    _log.error("defect: %s", error, exc_info=error)
    return problem(500, "a defect of Footfall; the server's log has it")


class Missing(UserError):
    """What was named is not there."""


def install(app: FastAPI) -> None:
    """Let the app tell every error as a problem."""

    @app.exception_handler(FootfallError)
    async def ours(_: Request, error: FootfallError) -> Response:
        return told_of(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return problem(422, "; ".join(_what_is_wrong(one) for one in error.errors()[:5]))

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        headers = dict(error.headers) if error.headers else None
        return problem(error.status_code, str(error.detail), headers)

    @app.exception_handler(Exception)
    async def defect(_: Request, error: Exception) -> Response:
        _log.error("defect", exc_info=error)
        return problem(500, "a defect of Footfall; the server's log has it")


def _what_is_wrong(error: dict[str, Any]) -> str:
    """Where and what; never the value: it may be somebody's id."""
    place = ".".join(str(part) for part in error["loc"])
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"
