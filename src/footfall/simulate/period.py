"""The months that are simulated. A day is its number, counted from the first day of the first month."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from footfall.errors import SettingInvalid

# REES46 names its files in English, whatever the locale.
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Rows with a wrong date are put into 1970 and 2038; the shop's own months stay far from both.
FIRST_YEAR, LAST_YEAR = 1980, 2030


@dataclass(frozen=True)
class Month:
    """One month of the period: its first day as a date and as a day number, and its length."""

    first_date: date
    first_day: int
    days: int

    @property
    def file_name(self) -> str:
        """The name under which REES46 publishes the month, as in `2019-Oct.csv.gz`."""
        return f"{self.first_date.year}-{MONTH_NAMES[self.first_date.month - 1]}.csv.gz"

    def day_numbers(self) -> range:
        """The month's days, counted from the start of the period."""
        return range(self.first_day, self.first_day + self.days)


@dataclass(frozen=True)
class Period:
    """Consecutive months."""

    months: tuple[Month, ...]

    @property
    def days(self) -> int:
        """How many days the period has."""
        return sum(month.days for month in self.months)

    def date_of(self, day: int) -> date:
        """The date of a day number."""
        return self.months[0].first_date + timedelta(days=day)

    def day_of(self, when: date) -> int:
        """The day number of a date; negative before the period."""
        return (when - self.months[0].first_date).days

    def moment(self, day: int, second: int = 0) -> datetime:
        """The point in time, in UTC, at a second of a day."""
        return datetime.combine(self.date_of(day), datetime.min.time(), UTC) + timedelta(seconds=second)


def parse_period(start: str, months: int) -> Period:
    """Read `2019-10` and a number of months.

    Raises:
        SettingInvalid: the start is not a month, or a month is outside the years that can be simulated.
    """
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", start, re.ASCII) is None:
        raise SettingInvalid(f'start is "{start}" and must be a year and a month, like "2019-10"')
    if months < 1:
        raise SettingInvalid(f"months is {months} and must be 1 or more")
    first_year, first_month = int(start[:4]), int(start[5:])
    last_year = first_year + (first_month + months - 2) // 12
    if first_year < FIRST_YEAR or last_year > LAST_YEAR:
        raise SettingInvalid(
            f'start "{start}" with {months} months reaches from {first_year} to {last_year};'
            f" it must stay between {FIRST_YEAR} and {LAST_YEAR}"
        )
    return Period(tuple(_months_from(date(first_year, first_month, 1), months)))


def _months_from(first: date, months: int) -> Iterator[Month]:
    day = 0
    for _ in range(months):
        length = monthrange(first.year, first.month)[1]
        yield Month(first, day, length)
        day += length
        first += timedelta(days=length)
