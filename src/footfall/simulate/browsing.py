"""From visits to the single events: which product is looked at, carted or bought, and when."""

from dataclasses import dataclass

import numpy as np

from footfall.simulate.arrays import Ints, pick_weighted
from footfall.simulate.events import Events, EventType
from footfall.simulate.habits import HABITS
from footfall.simulate.population import Population
from footfall.simulate.sales_calendar import DayConditions
from footfall.simulate.visits import Visits

# The next view shows the product of the visit's focus again, another one of its category, or any.
AGAIN, SAME_CATEGORY = 0.25, 0.6
# Seconds from event to event: on the sample, median 33, ninth decile 115; gaps beyond 25 minutes are left to pauses.
LOG_GAP_MEAN, LOG_GAP_SPREAD, LONGEST_GAP = 3.5, 1.05, 1500
PAUSE_SECONDS = (1830, 7200)


@dataclass(frozen=True)
class Steps:
    """One row an event: its visit and its place in it. `first` and `size` have one row a visit."""

    visit: Ints
    place: Ints
    first: Ints
    size: Ints

    def __len__(self) -> int:
        return len(self.visit)


def browse(
    visits: Visits, people: Population, shop: DayConditions, first_session: int, rng: np.random.Generator
) -> Events:
    """The events of the visits, visit by visit; each visit is a session with a number of its own."""
    steps = _steps(visits)
    kind, rank = _types(visits, steps)
    viewed = _views(visits, steps, people, shop, rng)
    # The n-th product carted, removed or bought is the n-th last one that was looked at.
    before = visits.before[steps.visit]
    shown = steps.first[steps.visit] + before - 1 - rank % before
    return Events(
        second=_seconds(visits, steps, rng),
        user=visits.user[steps.visit],
        session=first_session + steps.visit,
        product=np.where(kind == EventType.VIEW, viewed, viewed[shown]),
        type=kind,
    )


def _steps(visits: Visits) -> Steps:
    size = visits.views + visits.carts + visits.removes + visits.purchases
    first = np.cumsum(size) - size
    visit = np.repeat(np.arange(len(visits)), size)
    return Steps(visit, np.arange(len(visit)) - first[visit], first, size)


def _types(visits: Visits, steps: Steps) -> tuple[Ints, Ints]:
    """Each event's type, and its rank among the events of that type, which follow each other in a visit."""
    kind = np.full(len(steps), int(EventType.VIEW))
    rank = np.zeros(len(steps), dtype=np.int64)
    begins = visits.before
    for each, count in (
        (EventType.CART, visits.carts),
        (EventType.REMOVE_FROM_CART, visits.removes),
        (EventType.PURCHASE, visits.purchases),
    ):
        within = steps.place - begins[steps.visit]
        is_one = (within >= 0) & (within < count[steps.visit])
        kind[is_one], rank[is_one] = each, within[is_one]
        begins = begins + count
    return kind, rank


def _views(visits: Visits, steps: Steps, people: Population, shop: DayConditions, rng: np.random.Generator) -> Ints:
    """A product for each event, as if it were a view."""
    mood = rng.random(len(steps))
    category = shop.goods.category[visits.focus][steps.visit]
    near = mood < AGAIN + SAME_CATEGORY
    low = np.where(near, shop.goods.first_product[category], 0)
    high = np.where(near, shop.goods.first_product[category + 1], len(shop.cents))
    product = pick_weighted(shop.demand, low, high, rng)
    product = np.where((steps.place == 0) | (mood < AGAIN), visits.focus[steps.visit], product)
    dear = np.array([habit.dear for habit in HABITS])[people.habit[visits.user]]
    choosy = np.flatnonzero(rng.random(len(steps)) < dear[steps.visit])
    other = pick_weighted(shop.demand, low[choosy], high[choosy], rng)
    product[choosy] = np.where(shop.cents[other] > shop.cents[product[choosy]], other, product[choosy])
    return product


def _seconds(visits: Visits, steps: Steps, rng: np.random.Generator) -> Ints:
    """When each event happens; within a visit every event is later than the one before."""
    gap = np.ceil(np.exp(rng.normal(LOG_GAP_MEAN, LOG_GAP_SPREAD, len(steps)))).astype(np.int64)
    gap = np.clip(gap, 1, LONGEST_GAP)
    interrupted = _pauses(visits, steps, rng)
    gap[interrupted] = rng.integers(*PAUSE_SECONDS, len(interrupted))
    gap[steps.first] = 0
    elapsed = np.cumsum(gap)
    return visits.second[steps.visit] + elapsed - elapsed[steps.first][steps.visit]


def _pauses(visits: Visits, steps: Steps, rng: np.random.Generator) -> Ints:
    """The event before which each paused visit is interrupted, never its first."""
    which = np.flatnonzero(visits.paused & (steps.size > 1))
    after: Ints = 1 + np.floor(rng.random(len(which)) * (steps.size[which] - 1)).astype(np.int64)
    return steps.first[which] + after
