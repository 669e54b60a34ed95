"""What the shop knows in advance: its sales, the days on which it is closed, and public holidays."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Self

import holidays
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator

from footfall.settings import read_toml


class Days(BaseModel):
    """A stretch of days with a name, both ends included; known from the day on which it was announced, or always."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    first: date = Field(validation_alias=AliasChoices("from", "first"))
    last: date = Field(validation_alias=AliasChoices("to", "last"))
    announced: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f'"{self.name}" ends on {self.last}, before it begins on {self.first}')
        return self

    @model_validator(mode="after")
    def _before_it_begins(self) -> Self:
        if self.announced is not None and self.announced > self.first:
            raise ValueError(f'"{self.name}" is announced on {self.announced}, after it begins on {self.first}')
        return self

    def days(self) -> list[date]:
        """Each of them."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


class Sale(Days):
    """A sale that was planned."""

    intensity: Annotated[float, Field(gt=0)] = 1.0


class ShopCalendar(BaseModel):
    """Sales, closed days, and the country (or part of it, as in GB-ENG) whose public holidays count."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sale: tuple[Sale, ...] = ()
    closed: tuple[Days, ...] = ()
    country: str | None = None

    @field_validator("country")
    @classmethod
    def _known_country(cls, code: str | None) -> str | None:
        if code is not None:
            country, _, part = code.partition("-")
            known = holidays.list_supported_countries(include_aliases=True)
            if country not in known:
                raise ValueError(f'"{country}" is no country with known holidays; write it like FR, or GB-ENG')
            if part and part not in known[country]:
                parts = ", ".join(known[country]) or "none"
                raise ValueError(f'"{part}" is no part of {country} with holidays of its own; known are: {parts}')
        return code

    def closed_days(self, years: Iterable[int]) -> frozenset[date]:
        """Days of these years on which an empty shop is a closed one: those named, and public holidays."""
        return frozenset(self.named_days() | self.holidays(years).keys())

    def named_days(self) -> frozenset[date]:
        """Days on which the shop says that it is closed."""
        return frozenset(day for stretch in self.closed for day in stretch.days())

    def holidays(self, years: Iterable[int]) -> dict[date, str]:
        """Public holidays of the country in these years, with their names."""
        if self.country is None:
            return {}
        country, _, part = self.country.partition("-")
        return dict(holidays.country_holidays(country, subdiv=part or None, years=list(years)))


def read_calendar(file: Path) -> ShopCalendar:
    """A shop's calendar: `country = "GB"`, and any number of `[[sale]]` and `[[closed]]` (see docs/series.md).

    Raises:
        SettingInvalid: the file cannot be read, or says something that a calendar does not say.
    """
    return read_toml(file, "calendar", ShopCalendar)
