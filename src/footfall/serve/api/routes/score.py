"""Users as they come: from their features to a segment, by the code that scores the whole lake."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from footfall.serve.api.asking import Ask, allowed, answer, problems
from footfall.serve.api.schemas import Features, Placed, placed

router = APIRouter(tags=["score"])
ScoreAsk = Annotated[Ask, allowed("score")]
MOST_USERS = 1000


class UserToScore(BaseModel):
    """A user, by features."""

    model_config = ConfigDict(extra="forbid")

    features: Features = Field(description="as in user_features")


class ToScore(BaseModel):
    """Users to be scored. Nothing of them is kept."""

    model_config = ConfigDict(extra="forbid")

    users: list[UserToScore] = Field(min_length=1, max_length=MOST_USERS)


class ScoredUsers(BaseModel):
    """The users' segments, in their order."""

    users: list[Placed]


@router.post("/v1/segments/score", response_model=ScoredUsers, responses=problems(400, 404, 413, 422))
async def score(ask: ScoreAsk, body: ToScore) -> Response:
    """Segment, probability, distances and reasons of one or many users."""
    scorer = ask.server.scorer.value
    found = [scorer.score(vars(one.features)) for one in body.users]
    return answer({"users": [placed(one, scorer.model.version) for one in found]})
