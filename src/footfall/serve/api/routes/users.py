"""One user: what is published, and why. Every access is noted in the audit log."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field
from starlette.convertors import StringConvertor, register_url_convertor

from footfall.pipeline.keys import pseudonymiser
from footfall.serve.api.asking import Ask, allowed, answer, problems
from footfall.serve.api.schemas import User, placed
from footfall.serve.api.server import Server
from footfall.serve.views.users import UserUnknown


class _User(StringConvertor):
    """Any name but that of the search: what is no pseudonym is refused with a reason, and not as an unknown page."""

    regex = "(?!search$)[^/]+"


register_url_convertor("user", _User())
router = APIRouter(tags=["users"])
Pseudonym = Annotated[
    str,
    Path(pattern="^[0-9a-f]{32}$", description="pseudonym; ids of the shop are looked for with POST /v1/users/search"),
]


class RawId(BaseModel):
    """A user as the shop knows them. It becomes a pseudonym at the door, and is neither stored nor logged."""

    raw_user_id: str = Field(min_length=1, max_length=200, description="the shop's own id of the user")


# Coroutines: a record is found in microseconds, and a thread for each would cost more.
@router.get("/v1/users/{user_id:user}", response_model=User, responses=problems(404, 422))
async def user(ask: Annotated[Ask, allowed("users:read", audited="users.read")], user_id: Pseudonym) -> Response:
    """A user's segment, probability and features, and why they are there."""
    return _record(ask, user_id, "users.read")


@router.post("/v1/users/search", response_model=User, responses=problems(400, 404, 413, 422))
async def search(ask: Annotated[Ask, allowed("users:read", audited="users.search")], body: RawId) -> Response:
    """The same for a user whom the shop knows under this id; the server needs the key of the lake's pseudonyms."""
    name = pseudonymiser(ask.server.settings, ask.server.published.lake).one(body.raw_user_id)
    return _record(ask, name or "", "users.search")


def _record(ask: Ask, user_id: str, what: str) -> Response:
    try:
        found = ask.server.users.value.find(user_id)
    except UserUnknown:
        ask.server.audit.record(ask.caller, what, via="api", outcome="not_found", users=[user_id])
        raise
    ask.server.audit.record(ask.caller, what, via="api", users=[user_id])
    names = _names(ask.server, found.segment_id)
    return answer(vars(found) | names | {"explanation": _explanation(ask.server, found)})


def _explanation(server: Server, found: Any) -> dict[str, Any] | None:
    """Why; None in the moment in which users and model are of two versions."""
    scorer = server.scorer.value
    if scorer.model.version != found.model_version:
        return None
    return placed(scorer.score(found.features, found.user_id), scorer.model.version)


def _names(server: Server, segment_id: int) -> dict[str, str]:
    for segment in server.scorer.value.model.segments:
        if segment.id == segment_id:
            return {"segment_name": segment.name.text("en"), "segment_name_fr": segment.name.text("fr")}
    return {"segment_name": f"segment {segment_id}", "segment_name_fr": f"segment {segment_id}"}
