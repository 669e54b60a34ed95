"""What goes wrong in the shop, so that whoever looks for anomalies has a truth to be held against."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from footfall.simulate.arrays import Ints, Stream, chance
from footfall.simulate.events import SECONDS_PER_DAY
from footfall.simulate.period import Month, Period
from footfall.simulate.sales_calendar import Occasions

HOUR = 3600
# Categories large enough for an incident to be seen, in a shop of any size: a range of numbers in the catalogue.
VISIBLE_CATEGORIES = range(1, 12)
# An incident needs ordinary days before it, from which it stands out.
EARLIEST_DAY = 2
MOST_BOTS, BOT_SHARE, FEWEST_BOT_VIEWS = 3, 0.04, 60


@dataclass(frozen=True)
class Incident:
    """One thing that goes wrong; times are seconds since the start of the period.

    Attributes:
        kind: payment_outage, tracking_loss, bot_spike, price_error or slow_decline.
        start: the first second.
        end: the first second after it.
        scope: whom it strikes: the shop, a category, a user.
        member: the number of that category or user; 0 for the shop.
        intensity: the share of events lost (for slow_decline, by its end), the factor on prices, or a bot's views.
    """

    kind: str
    start: int
    end: int
    scope: str
    member: int
    intensity: float

    def seconds_of(self, day: int) -> tuple[int, int]:
        """Its start and end counted from midnight of a day; they may lie on other days."""
        return self.start - day * SECONDS_PER_DAY, self.end - day * SECONDS_PER_DAY

    def strikes(self, day: int) -> bool:
        """Whether a part of it lies on the day."""
        start, end = self.seconds_of(day)
        return start < SECONDS_PER_DAY and end > 0


def plan_incidents(
    period: Period, calendar: Occasions, daily_events: float, first_bot: int, seed: int
) -> tuple[Incident, ...]:
    """One incident of each kind a month, those of hours on different days; a spike has a row for each of its bots.

    Bots are the users from the number `first_bot` on.
    """
    planned: list[Incident] = []
    bots = 0
    for number, month in enumerate(period.months):
        rng = chance(seed, Stream.INCIDENTS, number)
        days = rng.permutation(_quiet_days(month, calendar))
        declining, mispriced = rng.choice(VISIBLE_CATEGORIES, 2, replace=False)
        spike = list(_bot_spike(int(days[0]), daily_events, first_bot + bots, rng))
        bots += len(spike)
        planned += [
            *spike,
            Incident("payment_outage", *_hours(int(days[1]), (8, 14), (3, 6), rng), "shop", 0, 0.97),
            Incident("tracking_loss", *_hours(int(days[2]), (6, 16), (2, 4), rng), "shop", 0, 1.0),
            _price_error(int(days[3]), int(mispriced), rng),
            _slow_decline(month, int(declining), rng),
        ]
    return tuple(sorted(planned, key=lambda incident: incident.start))


def bots_of(incidents: tuple[Incident, ...]) -> tuple[Incident, ...]:
    """The rows that are bots, by the bot's number."""
    bots = (incident for incident in incidents if incident.kind == "bot_spike")
    return tuple(sorted(bots, key=lambda incident: incident.member))


def _quiet_days(month: Month, calendar: Occasions) -> Ints:
    days = np.arange(month.first_day + EARLIEST_DAY, month.first_day + month.days)
    loud = [np.arange(row["first_day"], row["end_day"]) for row in calendar[calendar["scope"] == "shop"]]
    return np.setdiff1d(days, np.concatenate([np.zeros(0, dtype=np.int64), *loud]))


def _hours(day: int, first: tuple[int, int], length: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    """A start within some hours of a day, and an end some hours later; both in whole minutes."""
    start = day * SECONDS_PER_DAY + 60 * int(rng.integers(first[0] * 60, first[1] * 60))
    return start, start + 60 * int(rng.integers(length[0] * 60, length[1] * 60 + 1))


def _price_error(day: int, category: int, rng: np.random.Generator) -> Incident:
    start, end = _hours(day, (1, 6), (10, 17), rng)
    return Incident("price_error", start, end, "category", category, float(rng.choice((10.0, 0.01))))


def _slow_decline(month: Month, category: int, rng: np.random.Generator) -> Incident:
    first = month.first_day + int(rng.integers(3, 9))
    last = first + int(rng.integers(14, 20))
    return Incident("slow_decline", first * SECONDS_PER_DAY, last * SECONDS_PER_DAY, "category", category, 0.7)


def _bot_spike(day: int, daily_events: float, first_bot: int, rng: np.random.Generator) -> Iterator[Incident]:
    start, end = _hours(day, (2, 20), (1, 3), rng)
    # A bot is one user, who has at most one event a second.
    views = min(max(FEWEST_BOT_VIEWS, int(BOT_SHARE * daily_events)), int(0.6 * (end - start)))
    for number in range(int(rng.integers(1, MOST_BOTS + 1))):
        yield Incident("bot_spike", start, end, "user", first_bot + number, float(views))
