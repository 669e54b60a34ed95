"""The alert policy: when somebody is told, apart from what is unlikely. Set in `alerts.toml`."""

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from footfall.settings import read_toml

Direction = Literal["down", "up", "both"]
Share = Annotated[float, Field(gt=0, lt=1)]


class Budget(BaseModel):
    """How often an alert may be false, over all series: so many a week, or a share of all alerts (not both)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    false_alerts_per_week: Annotated[float, Field(gt=0)] | None = None
    false_discovery_rate: Share | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.false_alerts_per_week is not None and self.false_discovery_rate is not None:
            raise ValueError("takes false_alerts_per_week or false_discovery_rate, not both")
        return self


class Impact(BaseModel):
    """What is too small to tell anybody: relative to what was expected, and in things counted or in money.

    Without a number, five of a series' own units: orders, visits with all their events, amounts of an order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    relative: Annotated[float, Field(ge=0)] = 0.2
    count: Annotated[float, Field(ge=0)] | None = None
    money: Annotated[float, Field(ge=0)] | None = None


class QuietHours(BaseModel):
    """Hours of the day, in the shop's time, in which anomalies are judged and nobody is told before they end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: time = Field(alias="from")
    last: time = Field(alias="to")

    def end_of(self, wall: datetime) -> datetime:
        """When somebody may be told of what is known at a moment on the shop's clock.

        >>> QuietHours.model_validate({"from": "22:00", "to": "07:00"}).end_of(datetime(2020, 1, 31, 23))
        datetime.datetime(2020, 2, 1, 7, 0)
        """
        if self.first < self.last:
            is_quiet, is_tomorrow = self.first <= wall.time() < self.last, False
        else:
            is_quiet, is_tomorrow = wall.time() >= self.first or wall.time() < self.last, wall.time() >= self.first
        return datetime.combine(wall.date() + timedelta(days=is_tomorrow), self.last) if is_quiet else wall


class Policy(BaseModel):
    """What is watched, and when an anomaly is an alert.

    Attributes:
        metrics: which are watched; the others are not judged.
        direction: of a metric, if only drops or only spikes of it matter.
        budget: how often an alert may be false; five a week unless it says something else.
        impact: what is too small.
        quiet: when nobody is told; None for never.
    """

    # Who is told is read elsewhere, and holds secrets that no error may show.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    notify: Annotated[dict[str, Any], Field(exclude=True, repr=False)] = {}
    metrics: Annotated[tuple[str, ...], Field(min_length=1)] = ("orders", "revenue", "carts", "sessions", "events")
    direction: dict[str, Direction] = {"refunds": "up"}
    budget: Budget = Budget()
    impact: Impact = Impact()
    quiet: QuietHours | None = None


def read_policy(file: Path) -> Policy:
    """The policy of a file (see docs/incidents.md).

    Raises:
        SettingInvalid: it cannot be read, or says something that a policy does not say.
    """
    return read_toml(file, "policy", Policy)
