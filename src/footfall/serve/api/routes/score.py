"""Users as they come: from their features or their events to a segment, by the code that scores the whole lake."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from pydantic import BeforeValidator, Discriminator, FailFast, Field, Tag

from footfall.errors import SourceUnreadable
from footfall.pipeline.fresh_features import FreshFeatures, features_of_events
from footfall.serve.api.asking import Ask, allowed, answer, iso, problems, utc
from footfall.serve.api.schemas import Closed, Features, Number, ScoredUsers, placed
from footfall.serve.api.server import Server
from footfall.serve.views.scoring import Scorer

router = APIRouter(tags=["score"])
ScoreAsk = Annotated[Ask, allowed("score")]
MOST_USERS, MOST_EVENTS = 1000, 10_000
MOST_MONTHS = 60
"""Of the events of a request: 50 ms each, and so 3 s. Five years are longer than most shops keep events."""
_FEW_USERS = 20
"""Scored at once, by their features, where they are read: 6 ms. More would keep everybody else waiting."""
_Text = Annotated[str | None, Field(max_length=1000)]


class Event(Closed):
    """What a user did, as the shop's files have it; columns as in mapping files."""

    event_time: str = Field(max_length=100, description="ISO 8601; UTC where it has no offset")
    product_id: str = Field(max_length=1000)
    event_type: _Text = Field(None, description="view, cart, remove_from_cart, purchase or refund")
    description: _Text = None
    category_id: _Text = None
    category_code: _Text = None
    brand: _Text = None
    price: Number = Field(None, description="of one piece")
    amount: Number = Field(None, description="of the line, for shops whose files have that")
    quantity: Number = None
    currency: _Text = None
    session_id: _Text = None
    order_id: _Text = None
    country: _Text = None


class ByFeatures(Closed):
    """A user whose features are known."""

    features: Features = Field(description="as in user_features")


class ByEvents(Closed):
    """A user by all events that count."""

    events: Annotated[list[Event], FailFast()] = Field(min_length=1, max_length=MOST_EVENTS)


_KINDS = {"features": "ByFeatures", "events": "ByEvents"}


def _by(user: object) -> str | None:
    """Whether a user comes with features or with events; None where they have both or neither."""
    kinds = [kind for name, kind in _KINDS.items() if isinstance(user, dict) and name in user]
    return kinds[0] if len(kinds) == 1 else None


UserToScore = Annotated[
    Annotated[ByFeatures, Tag("ByFeatures")] | Annotated[ByEvents, Tag("ByEvents")],
    Discriminator(
        _by,
        custom_error_type="user",
        custom_error_message='a user is {"features": {...}} or {"events": [...]}, and one of both',
    ),
]


def _not_too_many(users: object) -> object:
    """Count before anything is looked at closely."""
    if not isinstance(users, list):
        return users
    if len(users) > MOST_USERS:
        raise ValueError(f"{len(users):,} users came, and {MOST_USERS:,} may; send them in several requests")
    told = [user.get("events") for user in users if isinstance(user, dict)]
    events = sum(len(one) for one in told if isinstance(one, list))
    if events > MOST_EVENTS:
        raise ValueError(f"{events:,} events came, and {MOST_EVENTS:,} may; send fewer users at once")
    return users


class ToScore(Closed):
    """Users to be scored. Nothing of them is kept."""

    # At the first user who is wrong it ends: a million errors would take seconds, in which nobody is answered.
    users: Annotated[list[UserToScore], FailFast(), BeforeValidator(_not_too_many)] = Field(
        min_length=1,
        max_length=MOST_USERS,
        description=f"with {MOST_EVENTS:,} events at most, in {MOST_MONTHS} months, all users together",
    )
    as_of: Annotated[datetime | None, Field(strict=False), BeforeValidator(iso)] = Field(
        None, description="only events before it count, UTC; by default the date of the published features"
    )


@router.post("/v1/segments/score", response_model=ScoredUsers, responses=problems(400, 404, 409, 413, 422))
async def score(ask: ScoreAsk, body: ToScore) -> Response:
    """Segment, probability, distances and reasons of one or many users."""
    scorer = ask.server.scorer.value

    def scored() -> Response:
        return answer({"users": list(_scored(scorer, body, _fresh(ask.server, body)))})

    if len(body.users) <= _FEW_USERS and not _has_events(body):
        return scored()
    return await ask.server.shops.turns.run(scored, is_given_up=ask.request.is_disconnected)


def _has_events(body: ToScore) -> bool:
    return any(isinstance(user, ByEvents) for user in body.users)


def _fresh(server: Server, body: ToScore) -> FreshFeatures | None:
    """Features of the users who came with events, if any did; each is called by their place in the request."""
    if not _has_events(body):
        return None
    events = [
        event.model_dump(exclude_none=True) | {"user_id": str(place)}
        for place, user in enumerate(body.users)
        for event in (user.events if isinstance(user, ByEvents) else ())
    ]
    shop = server.shops()
    try:
        return features_of_events(shop, events, as_of=utc(body.as_of), most_months=MOST_MONTHS)
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
