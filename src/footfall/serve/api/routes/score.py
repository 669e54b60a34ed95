"""Users as they come: from their features or their events to a segment, by the code that scores the whole lake."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from footfall.errors import SourceUnreadable
from footfall.pipeline.fresh_features import FreshFeatures, features_of_events
from footfall.serve.api.asking import Ask, allowed, answer, iso, problems, utc
from footfall.serve.api.schemas import Features, ScoredUsers, placed
from footfall.serve.api.server import Server
from footfall.serve.views.scoring import Scorer

router = APIRouter(tags=["score"])
ScoreAsk = Annotated[Ask, allowed("score")]
MOST_USERS, MOST_EVENTS = 1000, 10_000
_Text = Annotated[str | None, Field(max_length=1000)]
_Number = Annotated[float | None, Field(allow_inf_nan=False)]


class Event(BaseModel):
    """What a user did, as the shop's files have it; columns as in mapping files."""

    model_config = ConfigDict(extra="forbid", strict=True)

    event_time: str = Field(max_length=100, description="ISO 8601; UTC where it has no offset")
    product_id: str = Field(max_length=1000)
    event_type: _Text = Field(None, description="view, cart, remove_from_cart, purchase or refund")
    description: _Text = None
    category_id: _Text = None
    category_code: _Text = None
    brand: _Text = None
    price: _Number = Field(None, description="of one piece")
    amount: _Number = Field(None, description="of the line, for shops whose files have that")
    quantity: _Number = None
    currency: _Text = None
    session_id: _Text = None
    order_id: _Text = None
    country: _Text = None


class ByFeatures(BaseModel):
    """A user whose features are known."""

    model_config = ConfigDict(extra="forbid")

    features: Features = Field(description="as in user_features")


class ByEvents(BaseModel):
    """A user by all events that count."""

    model_config = ConfigDict(extra="forbid")

    events: list[Event] = Field(min_length=1, max_length=MOST_EVENTS)


class ToScore(BaseModel):
    """Users to be scored. Nothing of them is kept."""

    model_config = ConfigDict(extra="forbid")

    users: list[ByFeatures | ByEvents] = Field(min_length=1, max_length=MOST_USERS)
    as_of: Annotated[datetime | None, BeforeValidator(iso)] = Field(
        None, description="only events before it count, UTC; by default the date of the published features"
    )


@router.post("/v1/segments/score", response_model=ScoredUsers, responses=problems(400, 404, 409, 413, 422))
async def score(ask: ScoreAsk, body: ToScore) -> Response:
    """Segment, probability, distances and reasons of one or many users."""
    scorer = ask.server.scorer.value
    has_events = any(isinstance(one, ByEvents) for one in body.users)
    # The engine takes a tenth of a second and more for events; meanwhile others are answered.
    fresh = await run_in_threadpool(_fresh, ask.server, body) if has_events else None
    return answer({"users": list(_scored(scorer, body, fresh))})


def _fresh(server: Server, body: ToScore) -> FreshFeatures:
    """Features of the users who came with events; each is called by their place in the request."""
    events = [
        event.model_dump(exclude_none=True) | {"user_id": str(place)}
        for place, user in enumerate(body.users)
        for event in (user.events if isinstance(user, ByEvents) else ())
    ]
    shop = server.shops()
    try:
        return features_of_events(shop, events, as_of=utc(body.as_of))
    except SourceUnreadable as error:
        raise HTTPException(409, str(error)) from error


def _scored(scorer: Scorer, body: ToScore, fresh: FreshFeatures | None) -> Iterator[dict[str, Any]]:
    rows = {row.pop("user_id"): row for row in fresh.features.drop_columns("as_of").to_pylist()} if fresh else {}
    became, first = fresh.outcomes if fresh else (), 0
    for place, user in enumerate(body.users):
        if isinstance(user, ByFeatures):
            yield _of_features(scorer, vars(user.features))
            continue
        outcomes = became[first : first + len(user.events)]
        first += len(user.events)
        known = rows.get(str(place))
        told = _of_features(scorer, known) if known else {"explanation": None}
        yield told | {"features": known, "outcomes": outcomes}


def _of_features(scorer: Scorer, features: dict[str, Any]) -> dict[str, Any]:
    found = placed(scorer.score(features), scorer.model.version)
    return {"explanation": found, "features": None, "outcomes": None}
