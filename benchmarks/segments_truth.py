"""Is the planted number of segments found, and is none found where there is none? One table.

    python benchmarks/segments_truth.py [--seeds 100] [--users 3000] [--trials trials.jsonl] [--out table.md]

Users are rows of features, as `user_features` has them. Planted kinds differ in what they do: each kind has a level of
every trait (how often, how much, how late), each user the kind's level and scatter, and traits become counts, money,
days and shares. Structureless users have the same features from one cloud: round, long, skewed or evenly spread.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.metrics import adjusted_rand_score

from footfall.segments.choice import choose_k
from footfall.segments.clusters import learn_centres, nearest_labels
from footfall.segments.projection import learn_projection
from footfall.segments.space import points_of
from footfall.segments.transform import learn_scales

Array = npt.NDArray[np.float64]

TRAITS = 8
APART = 8.0
KINDS = range(3, 9)
SHAPES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "round": lambda rng, users: rng.normal(size=(users, TRAITS)),
    "long": lambda rng, users: rng.normal(size=(users, TRAITS)) * np.geomspace(3, 0.5, TRAITS),
    "even": lambda rng, users: rng.uniform(-2, 2, size=(users, TRAITS)),
    "skewed": lambda rng, users: rng.exponential(size=(users, TRAITS)) - 1,
    "heavy": lambda rng, users: rng.standard_t(4, size=(users, TRAITS)),
}
# Which trait a feature shows, how strongly, and as what.
FEATURES = {
    "recency_days": (0, -0.5, "count"), "tenure_days": (1, 0.4, "count"), "orders": (2, 0.5, "count"),
    "spend": (3, 0.6, "money"), "average_order": (3, 0.4, "money"), "active_days": (0, 0.4, "count"),
    "sessions": (0, 0.5, "count"), "views": (4, 0.6, "count"), "carts": (5, 0.6, "count"),
    "removals": (5, 0.4, "count"), "view_to_cart": (5, 0.6, "share"), "events_per_session": (4, 0.4, "money"),
    "bounce_share": (4, -0.6, "share"), "categories": (6, 0.5, "count"), "category_entropy": (6, 0.5, "money"),
    "price_tier": (7, 0.6, "share"), "evening_share": (1, 0.6, "share"), "promotion_share": (7, -0.6, "share"),
}  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One set of users: what was planted (1: nothing), what was found, and how well the two agree."""

    name: str
    planted: int
    found: int
    rand: float
    reason: str


def planted(kinds: int, users: int, seed: int) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Features of users of so many kinds, and which kind each of them is."""
    rng = np.random.default_rng(seed)
    levels = _levels(kinds, rng)
    shares = rng.dirichlet(np.full(kinds, 8.0))
    truth = rng.choice(kinds, users, p=shares)
    return features(levels[truth] + rng.normal(size=(users, TRAITS)), rng), truth


def _levels(kinds: int, rng: np.random.Generator) -> Array:
    """Levels of every kind, any two of which lie at least `APART` scatters from each other."""
    while True:
        levels = rng.uniform(-APART, APART, (kinds, TRAITS))
        distances = np.linalg.norm(levels[:, None] - levels[None], axis=2)[np.triu_indices(kinds, 1)]
        if distances.min() >= APART:
            return levels


def features(traits: Array, rng: np.random.Generator) -> pa.Table:
    """Traits as a shop sees them."""
    users = len(traits)
    as_what = {
        "count": lambda values: rng.poisson(20 * np.exp(0.4 * values)),
        "money": lambda values: 30 * np.exp(0.4 * values),
        "share": lambda values: 1 / (1 + np.exp(-0.6 * values)),
    }
    columns = {
        name: as_what[kind](strength * traits[:, trait] + 0.2 * rng.normal(size=users))
        for name, (trait, strength, kind) in FEATURES.items()
    }
    keys = {"user_id": [f"{n:032x}" for n in range(users)], "as_of": pa.array([datetime(2020, 1, 1)] * users)}
    return pa.table(keys | columns)


def trial(name: str, kinds: int, users: int, seed: int) -> Trial:
    """Plant, choose, compare."""
    rng = np.random.default_rng([seed, 99])
    if kinds > 1:
        table, truth = planted(kinds, users, seed)
    else:
        table, truth = features(SHAPES[name](rng, users), rng), np.zeros(users, np.int64)
    names = [column for column in table.column_names if column in FEATURES]
    scales, _ = learn_scales(table, names)
    points = points_of(table, scales, learn_projection(table, scales))
    choice = choose_k(points, seed=seed)
    labels, _ = nearest_labels(points, learn_centres(points, choice.k, seed))
    return Trial(name, kinds, choice.k, float(adjusted_rand_score(truth, labels)), choice.reason)


def main() -> None:
    """Run all trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="sets with structure, and as many without")
    parser.add_argument("--users", type=int, default=3_000, help="users of a set")
    parser.add_argument("--trials", type=Path, help="keep each set's result there; a stopped run goes on from it")
    parser.add_argument("--out", type=Path, help="write the table there too")
    options = parser.parse_args()
    shapes = list(SHAPES)
    wanted = [
        one
        for seed in range(options.seeds)
        for one in (
            ("kinds", KINDS[seed % len(KINDS)], options.users, seed),
            (shapes[seed % len(shapes)], 1, options.users, seed),
        )
    ]
    trials = kept(options.trials)
    began, before = time.perf_counter(), len(trials)
    for one in wanted[before:]:
        trials.append(trial(*one))
        print(f"{len(trials)} of {len(wanted)}: {_name(trials[-1])} -> {trials[-1].found}", file=sys.stderr, flush=True)
        if options.trials:
            with options.trials.open("a") as file:
                file.write(json.dumps(asdict(trials[-1])) + "\n")
    took = f"{time.perf_counter() - began:,.0f} s for {len(trials) - before} of {len(trials)} sets"
    lines = [*table(trials), "", f"{options.users:,} users a set; {took}."]
    lines += [f"- {one.name} {one.planted} -> {one.found}: {one.reason}" for one in trials if one.found != one.planted]
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


def kept(file: Path | None) -> list[Trial]:
    """What an earlier run with the same `--users` has written."""
    if file is None or not file.exists():
        return []
    return [Trial(**json.loads(line)) for line in file.read_text().splitlines()]


def table(trials: Sequence[Trial]) -> list[str]:
    """Markdown."""
    lines = ["| planted | sets | number found | median ARI | least ARI |", "| --- | ---: | ---: | ---: | ---: |"]
    for name in sorted({_name(one) for one in trials}):
        ours = [one for one in trials if _name(one) == name]
        right = sum(one.found == one.planted for one in ours)
        rand = [one.rand for one in ours if one.planted > 1]
        lines.append(
            f"| {name} | {len(ours)} | {right} | " + (f"{np.median(rand):.3f} | {min(rand):.3f} |" if rand else "| |")
        )
    return lines


def _name(one: Trial) -> str:
    return f"{one.planted} kinds" if one.planted > 1 else f"none ({one.name})"


if __name__ == "__main__":
    main()
