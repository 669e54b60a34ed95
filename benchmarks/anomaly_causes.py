"""Is the member that is at fault named first, and nobody if the whole shop is? Simulated shops; one table.

    python benchmarks/anomaly_causes.py [--shops 1000]

A shop has cells: categories of three levels, brands and countries, sizes by Zipf's law, brands concentrated in few
categories. Counts of a cell are Poisson or negative binomial; in some shops members and the whole wander by 3 or 6%
from window to window. For 1 to 6 hours one member of one dimension loses 30 to 100% or gains 50 to 300%. What was to be
expected, and how far chance goes from it, is learnt from 40 windows before, summed to members, of which the 20 largest
brands and 8 largest countries are kept. A cause counts only if it is distinguishable: the planted change of the member
is at least 5 of its standard deviations. Only children of a category are not planted, being the same as their parent.

Beside Footfall: Adtributor as published (Bhagwan et al. 2014: explanatory power 67% in all and 10% each, the dimension
with the most surprise), the largest absolute change, and the most standard deviations.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import xlogy

from footfall.anomaly.causes import find_cause

Array = npt.NDArray[np.float64]
Named = tuple[str, str] | None
ABOVE = {"brand": "all", "country": "all", "category": "all", "category_2": "category", "category_3": "category_2"}
DEPTHS = {
    -0.6: "drop of 60 to 100%",
    0.0: "drop of 30 to 60%",
    1.5: "spike of 50 to 150%",
    3.0: "spike of 150 to 300%",
}
SIZES = {0.02: "up to 2% of the shop", 0.1: "2 to 10% of the shop", 1.0: "over 10% of the shop"}
KINDS = ("whole shop", "whole shop, unevenly", "nothing")
AXES = {"brand": 0, "country": 2, "category": 1, "category_2": 1, "category_3": 1}
PAST, BRANDS, COUNTRIES, CLEAR = 40, 20, 8, 5


class Shop:
    """Expected counts of an hour by brand, leaf category and country, and how they wander."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        leaves = [
            (f"c{top}", f"c{top}.{middle}", f"c{top}.{middle}.{leaf}")
            for top in range(rng.integers(4, 8))
            for middle in range(rng.integers(1, 5))
            for leaf in range(rng.integers(1, 4))
        ]
        brands, countries = int(rng.integers(15, 60)), int(rng.integers(3, 16))
        mixed = 0.85 * rng.dirichlet(np.full(len(leaves), 0.08), brands) + 0.15 * self._sizes(len(leaves), 0.8)
        cells = self._sizes(brands, 1.0)[:, None] * mixed
        cells = cells[:, :, None] * self._sizes(countries, 1.2) * rng.lognormal(0, 0.2, (brands, 1, countries))
        self.cells = cells / cells.sum() * np.exp(rng.uniform(np.log(200), np.log(20_000)))
        self.names = dict(
            zip(("category", "category_2", "category_3"), map(np.array, zip(*leaves, strict=True)), strict=True)
        )
        self.names["brand"] = self._kept(0, "b", BRANDS)
        self.names["country"] = self._kept(2, "k", COUNTRIES)
        self.own, self.common = rng.choice([0, 0.03, 0.06], 2)
        self.shape = rng.choice([np.inf, 20, 5])

    def _sizes(self, number: int, power: float) -> Array:
        return self.rng.permutation(np.arange(1, number + 1) ** -power * self.rng.lognormal(0, 0.3, number))

    def _kept(self, axis: int, letter: str, most: int) -> npt.NDArray[np.str_]:
        sizes = self.cells.sum(tuple({0, 1, 2} - {axis}))
        names = np.array([f"{letter}{number}" for number in range(len(sizes))], dtype="<U5")
        names[np.argsort(-sizes)[most:]] = "other"
        return names

    def along(self, dimension: str, values: Array) -> Array:
        """Values of a dimension's members, to be multiplied with cells."""
        return np.expand_dims(values, tuple({0, 1, 2} - {AXES[dimension]}))

    def counts(self, hours: int, factor: Array | float = 1.0) -> dict[str, pd.Series]:
        """What happens in a window, by dimension and member."""
        mean = self.cells * hours * factor * self.rng.lognormal(0, self.common)
        for dimension in ("brand", "country", "category_3"):
            mean = mean * self.along(dimension, self.rng.lognormal(0, self.own, len(self.names[dimension])))
        if np.isfinite(self.shape):
            mean = self.rng.gamma(self.shape * hours, mean / (self.shape * hours))
        drawn = self.rng.poisson(mean)
        sums = {name: drawn.sum(tuple({0, 1, 2} - {AXES[name]})) for name in ABOVE}
        return {name: pd.Series(sums[name]).groupby(self.names[name]).sum() for name in ABOVE}

    def expected(self, hours: int) -> pd.DataFrame:
        """Members with what is to be expected in so many hours, and its noise."""
        past = [self.counts(hours) for _ in range(PAST)]
        levels = []
        for dimension, above in ABOVE.items():
            windows = pd.concat([window[dimension] for window in past], axis=1)
            level = pd.DataFrame({"expected": windows.mean(axis=1), "noise": windows.std(axis=1)})
            level = level.rename_axis("member").reset_index().assign(dimension=dimension, parent_dimension=above)
            levels.append(level.assign(parent="all" if above == "all" else level.member.str.rpartition(".")[0]))
        return pd.concat(levels, ignore_index=True)

    def window(self, members: pd.DataFrame, hours: int, factor: Array | float) -> pd.DataFrame:
        """The members, and what happened to them."""
        now = self.counts(hours, factor)
        values = [now[dimension][member] for dimension, member in zip(members.dimension, members.member, strict=True)]
        return members.assign(value=np.array(values, dtype=np.float64))


@dataclass(frozen=True)
class Trial:
    """Members of a shop in a window, whom it happened to (None: to nobody or all), and groups that the trial is in."""

    members: pd.DataFrame
    planted: Named
    groups: tuple[str, ...]


def change_of(rng: np.random.Generator) -> float:
    return float(-rng.uniform(0.3, 1) if rng.random() < 0.6 else rng.uniform(0.5, 3))


def single(seed: int) -> Trial:
    """A shop in which a distinguishable change happens to one member."""
    rng = np.random.default_rng(seed)
    while True:
        shop, hours, change = Shop(rng), int(rng.integers(1, 7)), change_of(rng)
        members, dimension = shop.expected(hours), rng.choice(list(ABOVE))
        siblings = members.groupby(["dimension", "parent"]).member.transform("size")
        clear = members.expected * abs(change) >= np.maximum(CLEAR * members.noise, 1e-9)
        fit = members[(members.dimension == dimension) & clear & (siblings > 1) & (members.member != "other")]
        if len(fit):
            break
    one = fit.iloc[int(rng.integers(len(fit)))]
    factor = 1 + change * shop.along(dimension, (shop.names[dimension] == one.member).astype(float))
    share = one.expected / members.expected[members.dimension == dimension].sum()
    groups = ("single cause", one.dimension, _within(change, DEPTHS), _within(share, SIZES))
    return Trial(shop.window(members, hours, factor), (one.dimension, one.member), groups)


def _within(number: float, names: dict[float, str]) -> str:
    """The name of the first bound that is above."""
    return next(name for bound, name in names.items() if number <= bound)


def whole(seed: int, kind: str) -> Trial:
    """A shop in which something happens to everyone, or nothing."""
    rng = np.random.default_rng([seed, len(kind)])
    shop, hours = Shop(rng), int(rng.integers(1, 7))
    factor: Array | float = 1.0 if kind == "nothing" else 1 + change_of(rng)
    if kind == "whole shop, unevenly":
        for dimension in ("brand", "country", "category_3"):
            factor = factor * shop.along(dimension, rng.lognormal(0, 0.25, len(shop.names[dimension])))
    return Trial(shop.window(shop.expected(hours), hours, factor), None, (kind,))


def footfall(members: pd.DataFrame) -> Named:
    cause = find_cause(members)
    return (cause.dimension, cause.members[0]) if cause else None


def adtributor(members: pd.DataFrame) -> Named:
    """As published, figure 5: of each dimension the most surprising members until they explain 67%."""
    found: list[tuple[float, Named]] = []
    for dimension, ours in members.groupby("dimension", sort=False):
        total = ours.value.sum() - ours.expected.sum()
        p, q = ours.expected / ours.expected.sum(), ours.value / max(ours.value.sum(), 1e-9)
        middle = ((p + q) / 2).where(p + q > 0, 1)
        rows = ours.assign(surprise=(xlogy(p, p / middle) + xlogy(q, q / middle)) / 2)
        rows["power"] = (ours.value - ours.expected) / (total or 1e-9)
        rows = rows[rows.power > 0.1].sort_values("surprise", ascending=False)
        enough = np.flatnonzero(rows.power.cumsum() > 0.67)
        if len(enough):
            found.append((float(rows.surprise.iloc[: enough[0] + 1].sum()), (str(dimension), rows.member.iloc[0])))
    return max(found, key=lambda one: one[0])[1] if found else None


def largest_change(members: pd.DataFrame) -> Named:
    one = members.loc[(members.value - members.expected).abs().idxmax()]
    return (one.dimension, one.member)


def most_deviations(members: pd.DataFrame) -> Named:
    known = members[members.noise > 0]
    one = known.loc[((known.value - known.expected).abs() / known.noise).idxmax()]
    return (one.dimension, one.member)


CONTESTANTS: dict[str, Callable[[pd.DataFrame], Named]] = {
    "Footfall": footfall,
    "Adtributor": adtributor,
    "largest change": largest_change,
    "most deviations": most_deviations,
}


def main() -> None:
    """Simulate, ask everyone, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=int, default=1_000)
    asked = parser.parse_args()
    rights, seconds = [], 0.0
    for seed in range(asked.shops):
        trials = [single(seed)] + ([whole(seed, KINDS[seed // 2 % 3])] if seed % 2 else [])
        for trial in trials:
            began = time.perf_counter()
            find_cause(trial.members)
            seconds += time.perf_counter() - began
            right = {name: find(trial.members) == trial.planted for name, find in CONTESTANTS.items()}
            rights += [{"group": group, **right} for group in trial.groups]
        if seed % 100 == 99:
            print(f"{seed + 1} of {asked.shops} shops", file=sys.stderr)
    table = pd.DataFrame(rights)
    print(f"| right | cases | {' | '.join(CONTESTANTS)} |\n| --- | ---: |{' ---: |' * len(CONTESTANTS)}")
    for group in ("single cause", *ABOVE, *DEPTHS.values(), *SIZES.values(), *KINDS):
        ours = table[table.group == group]
        if len(ours):
            shares = " | ".join(f"{ours[name].mean():.1%}" for name in CONTESTANTS)
            print(f"| {group} | {len(ours):,} | {shares} |")
    print(f"\nFootfall: {1000 * seconds / (asked.shops + asked.shops // 2):.1f} ms a case.")


if __name__ == "__main__":
    main()
