"""Who visits the shop on a day, when, and what comes of it."""

from dataclasses import dataclass

import numpy as np

from footfall.simulate.arrays import Bools, Floats, Ints, pick_weighted
from footfall.simulate.events import SECONDS_PER_DAY
from footfall.simulate.habits import HABITS
from footfall.simulate.population import Population
from footfall.simulate.sales_calendar import DayConditions

# Visits by hour of the day, in UTC: the shop's users live three to six hours ahead, so 15 to 17 is their evening.
HOURS = (10, 9, 14, 28, 44, 54, 59, 61, 62, 62, 62, 63, 65, 69, 76, 85, 89, 84, 66, 44, 28, 20, 15, 12)
WEEKEND_HOURS = (12, 10, 12, 20, 34, 48, 58, 64, 67, 68, 68, 69, 70, 73, 79, 86, 88, 82, 66, 47, 31, 22, 17, 14)
WEEKDAYS = (0.97, 0.96, 0.96, 0.97, 1.0, 1.07, 1.07)
SATURDAY = 5
FAVOURITE = 0.5
CART_BEFORE_PURCHASE = 0.45
ONE_MORE_PURCHASE = 0.07
PAUSED = 0.03
LONGEST_VISIT = 400


@dataclass(frozen=True)
class Visits:
    """One row a visit.

    `before` is the number of views before the first event that is none; the carts, removals and purchases follow, and
    then the other views. `paused` visits are interrupted for more than 30 minutes.
    """

    user: Ints
    second: Ints
    focus: Ints
    views: Ints
    before: Ints
    carts: Ints
    removes: Ints
    purchases: Ints
    paused: Bools

    def __len__(self) -> int:
        return len(self.user)


def draw_visits(day: int, weekday: int, people: Population, shop: DayConditions, rng: np.random.Generator) -> Visits:
    """The visits that begin on a day, in no order of time."""
    user = _visitors(day, WEEKDAYS[weekday] * shop.visits, people, rng)
    focus = _focus(people.favourite[user], shop, rng)
    engaged = rng.random(len(user)) >= people.bounce[user]
    views = np.where(engaged, 1 + _at_least_one(people.views[user] - 1, rng), 1)
    carts, removes, purchases = _funnel(user, engaged, shop.buys[focus], people, rng)
    return Visits(
        user=user,
        second=_seconds(len(user), WEEKEND_HOURS if weekday >= SATURDAY else HOURS, rng),
        focus=focus,
        views=views,
        before=1 + np.floor(rng.random(len(user)) * views).astype(np.int64),
        carts=carts,
        removes=removes,
        purchases=purchases,
        paused=rng.random(len(user)) < PAUSED,
    )


def _visitors(day: int, factor: float, people: Population, rng: np.random.Generator) -> Ints:
    here = np.flatnonzero((people.arrived <= day) & (day < people.left))
    times = rng.poisson(people.visits_per_day[here] * factor) + (people.arrived[here] == day)
    return np.repeat(here, times)


def _focus(favourite: Ints, shop: DayConditions, rng: np.random.Generator) -> Ints:
    """The product for which each visit is made, in the user's favourite category or anywhere."""
    loyal = rng.random(len(favourite)) < FAVOURITE
    low = np.where(loyal, shop.goods.first_product[favourite], 0)
    high = np.where(loyal, shop.goods.first_product[favourite + 1], len(shop.cents))
    return pick_weighted(shop.demand, low, high, rng)


def _at_least_one(mean: Floats, rng: np.random.Generator) -> Ints:
    return np.minimum(rng.geometric(1 / np.maximum(mean, 1)), LONGEST_VISIT)


def _funnel(
    user: Ints, engaged: Bools, buys: Floats, people: Population, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """How many products each visit puts into the cart, takes out again, and buys."""
    habit = people.habit[user]
    buying = engaged & (rng.random(len(user)) < people.buy[user] * buys)
    purchases = np.where(buying, rng.geometric(1 - ONE_MORE_PURCHASE, len(user)), 0)
    abandoning = engaged & ~buying & (rng.random(len(user)) < people.cart[user])
    items = _at_least_one(np.array([each.cart_items for each in HABITS])[habit], rng)
    kept = np.where(rng.random(len(user)) < CART_BEFORE_PURCHASE, purchases, 0)
    carts = np.where(abandoning, items, kept)
    removal = np.array([each.remove for each in HABITS])[habit]
    removes = rng.binomial(np.where(abandoning, items, 0), removal)
    return carts, removes, purchases


def _seconds(visits: int, hours: tuple[int, ...], rng: np.random.Generator) -> Ints:
    edges = np.linspace(0, SECONDS_PER_DAY, len(hours) + 1)
    reached = np.concatenate(([0.0], np.cumsum(hours) / sum(hours)))
    return np.interp(rng.random(visits), reached, edges).astype(np.int64)
