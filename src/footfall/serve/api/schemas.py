"""What answers look like: rows of tables follow from the tables' contracts."""

from datetime import datetime
from typing import Annotated, Any

import pyarrow as pa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator

from footfall.contracts import ANOMALIES, FORECASTS, INCIDENTS, METRIC_SERIES, Column, Table
from footfall.features import USER_FEATURES
from footfall.segments import Explanation
from footfall.serve.views.hints import unknown
from footfall.serve.views.users import COUNTS, FEATURES

_TYPES: dict[pa.DataType, type] = {
    pa.string(): str,
    pa.int32(): int,
    pa.int64(): int,
    pa.float64(): float,
    pa.timestamp("us"): datetime,
    pa.bool_(): bool,
}


def row_of(name: str, table: Table, *, without: tuple[str, ...] = ()) -> type[BaseModel]:
    """A model of a table's rows."""
    columns = [one for one in table.columns if one.name not in without]
    fields: dict[str, Any] = {
        one.name: (
            _TYPES[one.type] | None,
            Field(description=f"{one.definition} ({one.unit})" if one.unit else one.definition),
        )
        for one in columns
    }
    return create_model(name, __doc__=table.definition, **fields)


def _defined(column: Column) -> str:
    return f"{column.definition} ({column.unit})" if column.unit else column.definition


Forecast = row_of("Forecast", FORECASTS)
Anomaly = row_of("Anomaly", ANOMALIES, without=("month",))
Incident = row_of("Incident", INCIDENTS)
Bucket = row_of("Bucket", METRIC_SERIES)


class Closed(BaseModel):
    """What has no other fields than these. Of thousands that are unknown, one is told, with the name that is near.

    By itself pydantic makes an error of each: 70,000 take a second, in which nobody is answered.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _of_known_fields(cls, given: object) -> object:
        known = cls.model_fields
        wrong = next((name for name in given if name not in known), None) if isinstance(given, dict) else None
        if wrong is not None:
            raise ValueError(unknown(wrong, known))
        return given


_LARGEST = 1e15
"""No feature of a user is larger, in any currency. The square of 1e308, in a distance, would be no number."""

Number = Annotated[float | None, Field(ge=-_LARGEST, le=_LARGEST, allow_inf_nan=False)]


def _whole(number: object) -> object:
    """3.0 as 3: JSON has one kind of numbers only."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Count = Annotated[Annotated[int, Field(ge=0, le=int(_LARGEST))] | None, BeforeValidator(_whole)]

Features = create_model(
    "Features",
    __doc__="Features of a user. A count that is left out is 0; any other feature that is left out is not defined.",
    __base__=Closed,
    **{
        one.name: (Count if one.name in COUNTS else Number, Field(None, description=_defined(one)))
        for one in USER_FEATURES.columns
        if one.name in FEATURES
    },  # type: ignore[call-overload]
)


class Series(BaseModel):
    """A metric over time, of the shop or of a part of it."""

    series_id: str = Field(description="grain/metric/dimension/member")
    metric: str
    dimension: str
    member: str
    parent: str | None = Field(description="the series that this one is part of")
    grain: str = Field(description="hour or day")
    first: datetime = Field(description="first bucket")
    last: datetime = Field(description="last bucket")


class Segment(BaseModel):
    """A segment at a glance."""

    segment_id: int = Field(description="kept from model to model while it holds the same users")
    segment_name: str
    segment_name_fr: str
    part: str = Field(description="whom it was divided from")
    users: int
    share: float = Field(description="of all users")
    revenue_share: float | None = Field(description="of all spend")
    recommendation: str
    recommendation_fr: str
    reason: str
    reason_fr: str
    evidence: str
    evidence_fr: str
    basis: str
    model_version: str
    as_of: datetime


class FeatureProfile(BaseModel):
    """A feature in a segment, beside all users of its part."""

    feature: str
    mean: float | None
    median: float | None
    base_mean: float | None
    base_median: float | None
    effect_size: float | None = Field(description="Cohen's d against the other users of the part")


class SegmentProfile(Segment):
    """A segment in full."""

    features: list[FeatureProfile]


class Distance(BaseModel):
    """How far a segment's centre is."""

    segment_id: int
    segment_name: str
    distance: float


class Reason(BaseModel):
    """A feature that speaks for the segment and against the next."""

    feature: str
    value: float | None
    midway: float = Field(description="the value that would speak for neither")
    weight: float


class Move(BaseModel):
    """A change of one feature that would put the user elsewhere."""

    feature: str
    value: float | None
    needed: float
    segment_id: int
    segment_name: str


class Placed(BaseModel):
    """A user's segment, and why."""

    part: str = Field(description="whom the user is segmented with")
    segment_id: int
    segment_name: str
    segment_name_fr: str
    proba: float
    distances: list[Distance] = Field(description="to the centres of the part's segments, the nearest first")
    reasons: list[Reason]
    moves: list[Move]
    model_version: str


class ScoredUser(BaseModel):
    """A user who was sent to be scored."""

    explanation: Placed | None = Field(description="the segment, and why; null where no event was good")
    features: dict[str, float | int | None] | None = Field(description="of the events; null for who came with features")
    outcomes: list[str] | None = Field(
        description="what became of each event: kept, duplicate, after_as_of, or the reason of its rejection"
    )


class ScoredUsers(BaseModel):
    """The users, in their order."""

    users: list[ScoredUser]


class User(BaseModel):
    """What is published of a user."""

    user_id: str = Field(description="pseudonym")
    segment_id: int
    segment_name: str
    segment_name_fr: str
    proba: float
    distance: float
    model_version: str
    as_of: datetime
    features: dict[str, float | int | None]
    explanation: Placed | None = Field(description="null while the model of another version is read")


def placed(found: Explanation, version: str) -> dict[str, Any]:
    """An explanation as plain values."""
    return {
        "part": found.part.name,
        "segment_id": found.segment.id,
        "segment_name": found.segment.name.text("en"),
        "segment_name_fr": found.segment.name.text("fr"),
        "proba": found.proba,
        "distances": [
            {"segment_id": segment.id, "segment_name": segment.name.text(), "distance": distance}
            for segment, distance in found.distances
        ],
        "reasons": [vars(reason) for reason in found.reasons],
        "moves": [
            {
                "feature": move.feature,
                "value": move.value,
                "needed": move.needed,
                "segment_id": move.segment.id,
                "segment_name": move.segment.name.text(),
            }
            for move in found.moves
        ],
        "model_version": version,
    }
