"""The users of the shop: when they come and go, and how each behaves.

They follow the standard model of customers without a contract (Schmittlein, Morrison, Colombo 1987, "Counting your
customers"): users arrive at an even pace, stay for an exponential time, visit as a Poisson process while they stay, and
the visiting rates of a kind are gamma distributed. So the shop is in balance from its first day on.
"""

from dataclasses import dataclass, fields

import numpy as np

from footfall.simulate.arrays import Floats, Ints, Stream, chance, cumulate, pick_weighted
from footfall.simulate.catalogue import Catalogue
from footfall.simulate.habits import HABITS
from footfall.simulate.period import Month, Period

BEFORE = -1
BOT_HABIT = -1
SMALLEST_USER_ID = 500_000_000
USER_ID_SPAN = 499_000_000
USER_ID_STEP = 20
# The shop attracts a little more every month.
MONTHLY_GROWTH = 1.02
# The shape of the gamma distributions around a habit's averages: the lower, the more the users of a habit differ.
VISITS_SHAPE, VIEWS_SHAPE, CHANCE_SHAPE = 1.5, 3.0, 4.0


@dataclass(frozen=True)
class Population:
    """Users, in order of arrival, with their days and parameters (see `Habit`).

    `arrived` is `BEFORE` for who came before the period; `left` is the first day on which a user comes no more.
    """

    user_id: Ints
    habit: Ints
    arrived: Ints
    left: Ints
    favourite: Ints
    visits_per_day: Floats
    bounce: Floats
    views: Floats
    cart: Floats
    buy: Floats

    def __len__(self) -> int:
        return len(self.user_id)

    def joined_with(self, other: "Population") -> "Population":
        """Both populations, this one first."""
        names = [field.name for field in fields(self)]
        return Population(**{name: np.concatenate((getattr(self, name), getattr(other, name))) for name in names})


def settle_population(users: int, period: Period, catalogue: Catalogue, seed: int) -> Population:
    """Everybody who may visit in the period; about `users` of them are active in its first month."""
    rng = chance(seed, Stream.POPULATION)
    first = period.months[0]
    pace = _arrivals_per_day(users, first.days)
    waiting = pace * _of_habits("lifetime_days")
    cohorts = [_cohort(_counts(waiting, 0, rng), None, rng)]
    for number, month in enumerate(period.months):
        newcomers = _counts(pace * month.days * MONTHLY_GROWTH**number, int(number == 0), rng)
        cohorts.append(_cohort(newcomers, month, rng))
    habit, arrived = (np.concatenate(part) for part in zip(*cohorts, strict=True))
    stay = np.ceil(rng.exponential(_of_habits("lifetime_days")[habit])).astype(np.int64)
    cumulative = cumulate(catalogue.popularity)
    everything = np.full(len(habit), len(catalogue.product_id))
    favourite = catalogue.category[pick_weighted(cumulative, np.zeros_like(everything), everything, rng)]
    return Population(
        user_id=_user_ids(len(habit), rng),
        habit=habit,
        arrived=arrived,
        left=np.maximum(arrived, 0) + np.maximum(stay, 1),
        favourite=favourite,
        visits_per_day=_scatter("visits_per_month", habit, VISITS_SHAPE, rng) / 30,
        bounce=np.minimum(_scatter("bounce", habit, 20.0, rng), 0.9),
        views=2 + (_of_habits("views")[habit] - 2) * rng.gamma(VIEWS_SHAPE, 1 / VIEWS_SHAPE, len(habit)),
        cart=np.minimum(_scatter("cart", habit, CHANCE_SHAPE, rng), 0.9),
        buy=np.minimum(_scatter("buy", habit, CHANCE_SHAPE, rng), 0.9),
    )


def idle_users(user_id: Ints, habit: int) -> Population:
    """Users who never come by themselves: what they do is drawn elsewhere, as for bots."""
    number = np.zeros(len(user_id), dtype=np.int64)
    none = np.zeros(len(user_id))
    return Population(user_id, number + habit, number + BEFORE, number, number, none, none, none, none, none)


def _of_habits(name: str) -> Floats:
    return np.array([getattr(habit, name) for habit in HABITS], dtype=np.float64)


def _arrivals_per_day(users: int, days: int) -> Floats:
    """The pace of arrivals, by habit, at which `users` users are active in a month of so many days.

    Active are all who arrive in the month, and of those who were there at its start (in balance: pace x lifetime) the
    ones whose first visit comes before they leave.
    """
    leaving = 1 / _of_habits("lifetime_days")
    # A fixed sample stands for the gamma distribution of the rates.
    scatter = np.random.default_rng(0).gamma(VISITS_SHAPE, 1 / VISITS_SHAPE, (4096, 1))
    visiting = scatter * _of_habits("visits_per_month") / 30
    returning = (visiting / (visiting + leaving) * -np.expm1(-(visiting + leaving) * days)).mean(axis=0)
    pace: Floats = users * _of_habits("share") / (returning / leaving + days)
    return pace


def _counts(expected: Floats, at_least: int, rng: np.random.Generator) -> Ints:
    """How many users of each habit; their total is the expected one, rounded."""
    total = max(at_least, round(float(expected.sum())))
    return rng.multinomial(total, expected / expected.sum())


def _cohort(counts: Ints, month: Month | None, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Habit and day of arrival of users who come in a month, or who came before the first."""
    habit = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    if month is None:
        return habit, np.full(len(habit), BEFORE)
    return habit, np.sort(rng.integers(month.first_day, month.first_day + month.days, len(habit)))


def _scatter(name: str, habit: Ints, shape: float, rng: np.random.Generator) -> Floats:
    scattered: Floats = _of_habits(name)[habit] * rng.gamma(shape, 1 / shape, len(habit))
    return scattered


def _user_ids(users: int, rng: np.random.Generator) -> Ints:
    """Different numbers of nine digits that grow with the order of arrival, as those of REES46 do."""
    step = min(USER_ID_STEP, USER_ID_SPAN // users)
    return SMALLEST_USER_ID + np.arange(users) * step + rng.integers(0, step, users)
