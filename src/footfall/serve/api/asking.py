"""What routes share: who asks, what they may, what did not change since they asked last, and lists in pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, BeforeValidator, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from footfall.serve.access import Caller, Permission
from footfall.serve.api.problems import MEDIA_TYPE
from footfall.serve.api.server import Server
from footfall.serve.views.hints import unknown
from footfall.serve.views.paging import MOST_ROWS, Listing
from footfall.serve.views.published import Row

Item = TypeVar("Item")


@dataclass(frozen=True)
class Ask:
    """A request that was let in.

    Attributes:
        server: what answers.
        caller: whose it is.
        request: the request itself.
    """

    server: Server
    caller: Caller
    request: Request


async def _ask(request: Request) -> Ask:
    return Ask(request.app.state.server, request.scope["caller"], request)


Anyone = Annotated[Ask, Depends(_ask)]
"""What needs no key."""


def allowed(permission: Permission, *, audited: str | None = None) -> Any:
    """A dependency: the request of a caller who has a permission; a refusal is noted as `audited`.

    It is the only one of a route: each costs some 50 microseconds.
    """

    async def ask_of(request: Request) -> Ask:
        ask = await _ask(request)
        if not ask.caller.may(permission):
            if audited is not None:
                asked = request.path_params
                users, target = [asked["user_id"]] if "user_id" in asked else [], asked.get("incident_id")
                ask.server.audit.record(ask.caller, audited, via="api", outcome="refused", users=users, target=target)
            roles = ", ".join(ask.caller.roles)
            raise HTTPException(403, f"key {ask.caller.name} has the roles {roles}, and none may {permission}")
        if request.scope["query_string"]:
            _must_be_known(request)
        return ask

    return Depends(ask_of)


def _must_be_known(request: Request) -> None:
    """See that no parameter is misspelt: without its filter the list would be another one."""
    known = [one.alias for one in request.scope["route"].dependant.query_params]
    wrong = next((name for name in request.query_params if name not in known), None)
    if wrong is not None and known:
        raise HTTPException(422, f"parameter {unknown(wrong, known)}")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation's description says of errors."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _TOLD[status], "content": content} for status in (401, 403, *statuses, 429, 503)}


_TOLD = {
    400: "the body is no text",
    401: "no key, or one that is not in force",
    403: "the key has no role that may do this",
    404: "not there, or not published yet",
    409: "the shop's events have no such column",
    413: "the body is too large",
    422: "a parameter or the body cannot be used",
    429: "too many requests",
    503: "a run is writing, the lake is away, or too many requests wait to be scored; try again",
}


def answer(value: Any) -> Response:
    """A value as JSON. What is not a number is null."""
    return Response(to_json(value, inf_nan_mode="null"), media_type="application/json")


def told(row: Row) -> Row:
    """A row whose times say that they are UTC."""
    return {
        name: value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
        for name, value in row.items()
    }


def unless_known(ask: Ask, tables: Sequence[str], make: Callable[[], Any]) -> Response:
    """An answer with an ETag; 304 if the caller has it already.

    Args:
        ask: what is asked.
        tables: what the answer is made of: it is the same as long as their versions are.
        make: makes the answer.
    """
    tag = f'"{ask.server.published.tag(*tables)}"'
    headers = {"ETag": f"W/{tag}", "Cache-Control": "private, no-cache"}
    known = [one.strip().removeprefix("W/") for one in ask.request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(status_code=304, headers=headers)
    response = answer(make())
    if "*" in known:  # whatever there is: so it has to be made first
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


class PageOf(BaseModel, Generic[Item]):
    """Some items of a list."""

    items: list[Item]
    next_cursor: str | None = Field(description="`cursor` of the page that follows; null where this is the last")


Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="items at most")]
Cursor = Annotated[str | None, Query(max_length=2000, description="`next_cursor` of the page before")]


def iso(text: object) -> object:
    """See that a time is text of a date: pydantic would take a number for seconds."""
    if text is not None and not re.match(r"\d{4}-\d\d-\d\d", str(text)):
        raise ValueError("must be a time such as 2019-11-01T12:00:00Z")
    return text


Moment = Annotated[datetime | None, BeforeValidator(iso), Query(description="ISO 8601; UTC where it has no offset")]
Name = Annotated[str | None, Query(max_length=300)]


def utc(moment: datetime | None) -> datetime | None:
    """A moment as the tables have it: UTC without a zone.

    Raises:
        HTTPException: 422, there is no such moment in UTC.
    """
    try:
        return moment.astimezone(UTC).replace(tzinfo=None) if moment is not None and moment.tzinfo else moment
    except OverflowError:
        raise HTTPException(422, f"{moment} is before the year 1 or after the year 9999 in UTC") from None


def listed(
    ask: Ask, listing: Listing, table: str, where: Mapping[str, Any], limit: int, cursor: str | None
) -> Response:
    """A page of a table, with an ETag.

    Raises:
        NotPublished: the table is not there yet.
    """
    ask.server.published.need(table)

    def page() -> dict[str, Any]:
        found = listing.page(ask.server.published, where, limit=limit, cursor=cursor)
        return {"items": [told(row) for row in found.items], "next_cursor": found.next_cursor}

    return unless_known(ask, (table,), page)
