"""Versions of the segment model."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from footfall.serve.api.asking import Ask, allowed, answer, problems, told

router = APIRouter(tags=["models"])
ModelsAsk = Annotated[Ask, allowed("models:read")]


class ModelVersion(BaseModel):
    """A fitted model."""

    model: str
    version: str
    created_at: datetime
    aliases: list[str] = Field(description="champion scores the users; challenger waits; previous served before")
    params: dict[str, str]
    metrics: dict[str, float]


@router.get("/v1/models", response_model=list[ModelVersion], responses=problems(404))
def models(ask: ModelsAsk) -> Response:
    """All versions that the registry knows, the newest first."""
    names = ModelVersion.model_fields
    return answer([told({name: getattr(one, name) for name in names}) for one in ask.server.versions()])
