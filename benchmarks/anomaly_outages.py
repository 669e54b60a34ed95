"""Is an outage one incident, with its cause, however many series it shows in? Simulated shops; one table.

    python benchmarks/anomaly_outages.py [--shops 8] [--weeks 4] [--seed 7] [--jobs 2]

A shop has 12 brands, 6 countries and 12 categories in 4 categories, sizes by Zipf's law, brands concentrated in few
categories. Visits of each cell are Poisson, around a season of the day and the week; events, carts, orders and revenue
follow from them, so that what a brand loses is missing in its categories, its countries and the shop. All 35 members
are watched in all five metrics, by one `Watch` with the usual policy (`Policy()`); it learns from six weeks.

Then, every three to five days, something fails for 2 to 12 hours, at any hour: it loses 50 to 100% of its orders and
revenue (payments, in every second outage) or of everything. A third of outages are of the whole shop, the others of one
member of one dimension, of those whose orders lose at least 5 standard deviations by it and that are no only child.

A drop is of an outage if its onset lies between three hours before it and a day after its end; all others are false.
*Found*: outages with an incident. *Incidents*: of those found, how many each has. *Anomalies* and *series*: of each of
these incidents, series-hours in alarm and series that it shows in, as they are when it is over. *Closed*: hours from
the end of an outage to that of its last incident (its third normal hour, at best), and in nine of ten outages. *Cause*:
whether the first message, and the last one, name the member first, or nobody if it is the whole shop.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from footfall.anomaly import ORDINARY, Hour, Incident, Kin, Policy, Watch, limits_of

Array = npt.NDArray[np.float64]
DAY, WEEK, LEARNT_WEEKS = 24, 168, 6
BRANDS, COUNTRIES, CATEGORIES, TOP = 12, 6, 12, 4
METRICS = ("sessions", "events", "carts", "orders", "revenue")
CART, ORDER, EVENTS, PRICE, PRICE_SHAPE = 0.12, 0.35, 4.0, 40.0, 1.5
CLEAR, BEFORE, AFTER = 5, 3, 24
AXES = {"brand": 0, "country": 1, "category": 2, "category_2": 2}
KINDS = ("whole shop", *AXES)


@dataclass(frozen=True)
class Outage:
    """Whom it happens to, in which hours, which part is lost, and whether only of orders and revenue."""

    dimension: str
    member: str
    first: int
    hours: int
    loss: float
    is_of_payments: bool

    @property
    def ends(self) -> int:
        """The first hour after it."""
        return self.first + self.hours

    @property
    def kind(self) -> str:
        return "whole shop" if self.dimension == "all" else self.dimension


class Shop:
    """Expected visits of an hour by brand, country and category, and the series that are watched."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        mixed = 0.8 * rng.dirichlet(np.full(CATEGORIES, 0.2), BRANDS) + 0.2 / CATEGORIES
        cells = self._sizes(BRANDS)[:, None, None] * self._sizes(COUNTRIES)[:, None] * mixed[:, None, :]
        self.cells = cells / cells.sum() * np.exp(rng.uniform(np.log(1_000), np.log(10_000)))
        tops = [f"c{number % TOP}" for number in range(CATEGORIES)]
        self.names = {
            "brand": np.array([f"b{number}" for number in range(BRANDS)]),
            "country": np.array([f"k{number}" for number in range(COUNTRIES)]),
            "category": np.array(tops),
            "category_2": np.array([f"{top}.{number}" for number, top in enumerate(tops)]),
        }
        self.subjects = [("all", "all")] + [(name, one) for name in AXES for one in dict.fromkeys(self.names[name])]
        self.kin = Kin(*map(tuple, zip(*self._series(), strict=True)))

    def _sizes(self, number: int) -> Array:
        return self.rng.permutation(np.arange(1, number + 1) ** -1.0 * self.rng.lognormal(0, 0.3, number))

    def _series(self) -> Iterator[tuple[str, str, str, str, str | None, str]]:
        for metric in METRICS:
            for dimension, member in self.subjects:
                above = ("category", member.split(".")[0]) if dimension == "category_2" else ("all", "all")
                parent = None if dimension == "all" else "/".join((metric, *above))
                yield f"{metric}/{dimension}/{member}", metric, dimension, member, parent, "shop"

    def is_of(self, dimension: str, member: str) -> npt.NDArray[np.bool_]:
        """Which cells a member has."""
        if dimension == "all":
            return np.ones(self.cells.shape, bool)
        ours = np.expand_dims(self.names[dimension] == member, tuple({0, 1, 2} - {AXES[dimension]}))
        return np.broadcast_to(ours, self.cells.shape)

    def values(self, number: int, outage: Outage | None) -> Array:
        """What happens in an hour, by series; in an outage if there is one."""
        come = pay = np.ones(self.cells.shape)
        if outage is not None:
            left = np.where(self.is_of(outage.dimension, outage.member), 1 - outage.loss, 1.0)
            come, pay = (come, left) if outage.is_of_payments else (left, pay)
        sessions = self.rng.poisson(self.cells * season(number) * come)
        carts = self.rng.binomial(sessions, CART)
        orders = self.rng.binomial(carts, ORDER * pay)
        revenue = self.rng.gamma(np.maximum(orders * PRICE_SHAPE, 1e-9), PRICE / PRICE_SHAPE)
        counts = (sessions, sessions + self.rng.poisson(sessions * EVENTS), carts, orders, revenue)
        return np.concatenate([self._by_subject(count.astype(np.float64)) for count in counts])

    def _by_subject(self, count: Array) -> Array:
        sums = [np.array([count.sum()])]
        for dimension, axis in AXES.items():
            names = self.names[dimension]
            places = pd.factorize(names)[0]
            sums.append(np.bincount(places, count.sum(tuple({0, 1, 2} - {axis}))))
        return np.concatenate(sums)


def season(number: int) -> float:
    """Quiet nights, busy evenings, and weekends a third above the rest."""
    of_day = 1 - 0.6 * np.cos(2 * np.pi * (number % DAY - 3) / DAY)
    return float(of_day * (1.25 if number % WEEK >= 5 * DAY else 0.9))


def planned(shop: Shop, rng: np.random.Generator, first: int, last: int) -> list[Outage]:
    """Outages from one hour to another."""
    found, begins = [], first + int(rng.integers(DAY))
    while begins + 2 * DAY < last:
        found.append(_outage(shop, rng, begins))
        begins += int(rng.integers(3 * DAY, 5 * DAY))
    return found


def _outage(shop: Shop, rng: np.random.Generator, first: int) -> Outage:
    while True:
        hours, loss = int(rng.integers(2, 13)), float(rng.uniform(0.5, 1))
        is_of_payments = bool(rng.random() < 0.5)
        dimension = "all" if rng.random() < 1 / 3 else str(rng.choice(list(AXES)))
        member = "all" if dimension == "all" else str(rng.choice(shop.names[dimension]))
        rate = shop.cells[shop.is_of(dimension, member)].sum() * CART * ORDER
        usual = rate * sum(season(hour) for hour in range(first, first + hours))
        if loss * usual >= CLEAR * usual**0.5:
            return Outage(dimension, member, first, hours, loss, is_of_payments)


@dataclass(frozen=True)
class Told:
    """An incident, and what was its cause when it was told first."""

    incident: Incident
    first_cause: str | None

    def is_of(self, outage: Outage) -> bool:
        is_near = -BEFORE <= self.incident.onset - outage.first < outage.hours + AFTER
        return is_near and self.incident.side == "down"


def watched(seed: int, weeks: int) -> tuple[list[Outage], list[Told]]:
    """What was planted in a shop, and the incidents after the weeks that it is learnt from."""
    rng = np.random.default_rng(seed)
    shop, policy = Shop(rng), Policy()
    money = np.array([metric == "revenue" for metric in shop.kin.metrics])
    watch = Watch(shop.kin, limits_of(policy, list(shop.kin.metrics), money), policy.budget)
    start, begins = WEEK, WEEK * (1 + LEARNT_WEEKS)
    outages = planned(shop, rng, begins, begins + weeks * WEEK)
    told = []
    for number in range(start, begins + weeks * WEEK):
        now = next((one for one in outages if one.first <= number < one.ends), None)
        values = shop.values(number, now)
        judged = watch.judge(number, Hour(number % WEEK, ORDINARY), values, np.zeros(len(values), bool))
        told += [Told(one, one.cause) for one, event in judged.events if event == "opened" and number >= begins]
    return outages, told


def is_right(cause: str | None, outage: Outage) -> bool:
    """Whether a cause names the member first; of the whole shop nobody."""
    if outage.dimension == "all":
        return cause is None
    return cause is not None and cause.split(", ")[0] == f"{outage.dimension}: {outage.member}"


def rows_of(outages: list[Outage], told: list[Told]) -> tuple[list[dict[str, object]], int]:
    """A row for each outage, and how many incidents are of none."""
    rows = []
    for outage in outages:
        ours = [one for one in told if one.is_of(outage)]
        row = {"kind": outage.kind, "is_found": bool(ours), "incidents": len(ours)}
        row |= {"anomalies": sum(one.incident.anomalies for one in ours)}
        row |= {"series": sum(len(one.incident.series) for one in ours)}
        if ours:
            row |= {"at_once": is_right(ours[0].first_cause, outage)}
            row |= {"at_last": is_right(ours[0].incident.cause, outage)}
            closed = [one.incident.closed for one in ours]
            row |= {"closed": np.nan if None in closed else max(closed) + 1 - outage.ends}
        rows.append(row)
    return rows, sum(not any(one.is_of(outage) for outage in outages) for one in told)


def main() -> None:
    """Simulate, watch, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=int, default=8)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    shops = Parallel(asked.jobs, return_as="generator")(
        delayed(watched)(asked.seed + shop, asked.weeks) for shop in range(asked.shops)
    )
    rows, false = [], 0
    for shop in shops:
        found, others = rows_of(*shop)
        rows, false = rows + found, false + others
        print(f"{len(rows)} outages", file=sys.stderr)
    table = pd.DataFrame(rows)
    print(
        "| outage of | outages | found | incidents for each | anomalies in each | series in each | closed after | "
        f"cause at once | cause at last |\n| --- |{' ---: |' * 8}"
    )
    for kind in ("all", *KINDS):
        ours = table if kind == "all" else table[table.kind == kind]
        if len(ours):
            print(_line(kind, ours))
    print(f"\nFalse incidents a week and shop: {false / asked.shops / asked.weeks:.2f}.")


def _line(kind: str, ours: pd.DataFrame) -> str:
    found = ours[ours.is_found]
    incidents = found.incidents.sum()
    shares = [ours.is_found.mean(), found.at_once.mean(), found.at_last.mean()]
    means = [incidents / len(found), found.anomalies.sum() / incidents, found.series.sum() / incidents]
    middle, most = found.closed.quantile([0.5, 0.9])
    return (
        f"| {kind} | {len(ours)} | {shares[0]:.1%} | {means[0]:.2f} | {means[1]:.1f} | {means[2]:.1f} "
        f"| {middle:.0f} h ({most:.0f} h) | {shares[1]:.1%} | {shares[2]:.1%} |"
    )


if __name__ == "__main__":
    main()
