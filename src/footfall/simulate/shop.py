"""A shop in which everything is settled beforehand, and its days one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from footfall.simulate.arrays import Ints, Stream, chance
from footfall.simulate.browsing import browse
from footfall.simulate.catalogue import Catalogue, stock_catalogue
from footfall.simulate.damage import bot_views, shown_cents, surviving
from footfall.simulate.events import SECONDS_PER_DAY, Events, in_order, joined, no_events
from footfall.simulate.incidents import Incident, bots_of, plan_incidents
from footfall.simulate.period import Period
from footfall.simulate.population import BOT_HABIT, Population, idle_users, settle_population
from footfall.simulate.sales_calendar import DayConditions, Occasions, conditions_on, plan_calendar
from footfall.simulate.visits import draw_visits

EVENTS_PER_USER_AND_DAY = 14 / 30


@dataclass(frozen=True)
class Shop:
    """Who comes, what is sold, what is planned and what goes wrong; the same for the same seed."""

    period: Period
    seed: int
    goods: Catalogue
    people: Population
    calendar: Occasions
    incidents: tuple[Incident, ...]


@dataclass(frozen=True)
class Day:
    """The events of a day in order of time, and the price of each in cents."""

    number: int
    events: Events
    cents: Ints


def open_shop(users: int, period: Period, seed: int) -> Shop:
    """Settle a shop that about `users` users visit in the first month."""
    goods = stock_catalogue(users, seed)
    people = settle_population(users, period, goods, seed)
    calendar = plan_calendar(period, goods, seed)
    incidents = plan_incidents(period, calendar, users * EVENTS_PER_USER_AND_DAY, len(people), seed)
    bots = idle_users(people.user_id.max() + 1 + np.arange(len(bots_of(incidents))), BOT_HABIT)
    return Shop(period, seed, goods, people.joined_with(bots), calendar, incidents)


def days_of(shop: Shop) -> Iterator[Day]:
    """The shop's days. A visit that lasts beyond midnight goes on in the next day; the period's end cuts it off."""
    carried = no_events()
    sessions = 0
    for number in range(shop.period.days):
        conditions = conditions_on(number, shop.calendar, shop.goods)
        begun, sessions = _begun(shop, number, conditions, sessions)
        waiting = joined([carried, begun])
        today = waiting.second < SECONDS_PER_DAY
        carried = waiting.take(~today).later_by(-SECONDS_PER_DAY)
        events = surviving(in_order(waiting.take(today)), number, shop.incidents, shop.goods, shop.seed)
        yield Day(number, events, shown_cents(conditions.cents, events, number, shop.incidents, shop.goods))


def _begun(shop: Shop, number: int, conditions: DayConditions, sessions: int) -> tuple[Events, int]:
    """The events of all sessions that begin on a day, and the number of sessions so far."""
    rng = chance(shop.seed, Stream.VISITS, number)
    weekday = shop.period.date_of(number).weekday()
    visits = draw_visits(number, weekday, shop.people, conditions, rng)
    browsed = browse(visits, shop.people, conditions, sessions, rng)
    sessions += len(visits)
    botted = bot_views(number, shop.incidents, conditions, sessions, shop.seed)
    return joined([browsed, botted]), sessions + len(bots_of(shop.incidents))
