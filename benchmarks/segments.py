"""What it costs to segment 5 million users by 31 features: fit and score, exact silhouette, choice of K. One table.

    python benchmarks/segments.py [--users 5000000] [--k 6] [--only NAME ...] [--out table.md]

Each contestant runs in a process of its own; times are of the whole process, start and reading of the Parquet file
included, and so is memory, sampled every 50 ms. Users are invented: 87% never bought; kinds, nulls and heavy tails as a
shop has them.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.segments import assign, choose, fit, numbers_chosen
from footfall.segments.choice import k_selection
from footfall.segments.choice.silhouette import squared_silhouette
from footfall.segments.feature_table import feature_names
from footfall.segments.model import SegmentModel, from_json
from footfall.segments.scoring import place_users
from footfall.segments.space import points_of
from measure import Cost, measure

PEERS = Path(__file__).parent / "peers"
TIMEOUT = 3_600.0
BLOCK = 250_000
BUYERS = 0.13
OF_BUYERS = ("orders", "items", "spend", "average_order", "largest_order", "order_value_cv", "purchase_gap_median_days")
COUNTS = ("active_days", "sessions", "views", "carts", "removals", "categories")
REALS = ("recency_days", "tenure_days", "session_gap_median_hours", "session_gap_cv", "events_per_session",
         "session_minutes_median", "category_entropy", "brand_entropy", "hour_entropy", "price_dispersion")  # fmt: skip
SHARES = ("view_to_cart", "cart_abandonment", "removal_ratio", "bounce_share", "repeat_view_ratio", "price_tier",
          "weekend_share", "evening_share")  # fmt: skip


def block(users: int, seed: int) -> pa.Table:
    """Features of some users of six kinds."""
    rng = np.random.default_rng(seed)
    levels = np.random.default_rng(0).normal(size=(6, 31))
    traits = levels[rng.integers(0, 6, users)] + 0.7 * rng.normal(size=(users, 31))
    bought = rng.random(users) < BUYERS
    columns: dict[str, pa.Array] = {}
    for place, name in enumerate((*OF_BUYERS, *COUNTS, *REALS, *SHARES)):
        trait = traits[:, place]
        if name in OF_BUYERS:
            values = np.where(bought, np.exp(1 + 0.6 * trait), np.nan if "order_" in name or "gap" in name else 0.0)
            values = np.where(bought, np.maximum(values, 1.0), values)
        elif name in COUNTS:
            values = rng.poisson(np.exp(1 + 0.6 * trait)).astype(np.float64)
        elif name in REALS:
            values = np.exp(1 + 0.6 * trait)
            values[rng.random(users) < 0.1] = np.nan
        else:
            values = 1 / (1 + np.exp(-trait))
        columns[name] = pa.array(values, from_pandas=True)
    columns["orders"] = pc.round(columns["orders"]).cast(pa.int64())
    keys = {"user_id": [f"{seed:08x}{n:024x}" for n in range(users)], "as_of": pa.array([datetime(2020, 1, 1)] * users)}
    return pa.table(keys | columns)


def write(users: int, file: Path) -> None:
    """All users, a block at a time."""
    starts = range(0, users, BLOCK)
    with pq.ParquetWriter(file, block(1, 0).schema) as writer:
        for number, start in enumerate(starts):
            writer.write_table(block(min(BLOCK, users - start), number))


def fit_and_score(file: Path, k: int) -> None:
    """Two parts, k segments, every user scored; the model is kept for the silhouette."""
    features = pq.read_table(file)
    model = fit(features, k=k)
    scored = assign(model, features, updated_at=datetime.now(UTC))
    file.with_suffix(".json").write_text(model.to_json())
    print(f"{model.k} segments of {scored.num_rows:,} users")


def silhouette(file: Path, k: int) -> None:
    """The exact silhouette in squared distance, over all users of each part, of the model that was fitted."""
    del k
    features = pq.read_table(file)
    model: SegmentModel = from_json(file.with_suffix(".json").read_text())
    labels, first = place_users(model, features).label, 0
    for part in model.parts:
        ours = np.flatnonzero((labels >= first) & (labels < first + part.k))
        points = points_of(features.take(ours), part.scales, part.projection)
        print(f"{part.name}: {squared_silhouette(points, labels[ours] - first, part.k):.4f}")
        first += part.k


def choice(file: Path, k: int) -> None:
    """2 to 12 segments of each part, measured as `--k auto` does, and chosen."""
    del k
    features = pq.read_table(file)
    choices = choose(features, progress=lambda step: print(step, flush=True))
    table = k_selection(choices, resamples=200, as_of=datetime(2020, 1, 1))
    print(f"{numbers_chosen(table)} of {len(feature_names(features))} features")


STEPS: dict[str, Callable[[Path, int], None]] = {
    "fit and score": fit_and_score,
    "exact silhouette": silhouette,
    "choice of K": choice,
}


def commands(file: Path, k: int) -> dict[str, list[str]]:
    """What is run, by its name in the table."""
    ours = {f"Footfall: {name}": [sys.executable, __file__, "--step", name, str(file), "--k", str(k)] for name in STEPS}
    peers = {"scikit-learn, naive: fit": "segments_sklearn.py", "MLlib on local[2]: fit": "segments_mllib.py"}
    return ours | {name: [sys.executable, str(PEERS / peer), str(file), str(k)] for name, peer in peers.items()}


def row(name: str, cost: Cost, told: str) -> str:
    """A line of the table."""
    cells = (
        name,
        cost.status,
        f"{cost.seconds:,.1f}",
        f"{cost.cpu_seconds:,.1f}",
        f"{cost.peak_bytes / 1e9:.2f}",
        told,
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run the contestants one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=5_000_000)
    parser.add_argument("--k", type=int, default=6)
    parser.add_argument("--only", nargs="*", help="contestants whose names hold one of these words")
    parser.add_argument("--out", type=Path, help="write the table there too")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("file", nargs="?", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        STEPS[options.step](options.file, options.k)
        return
    with TemporaryDirectory() as folder:
        file = Path(folder) / "features.parquet"
        write(options.users, file)
        print(f"{options.users:,} users, {file.stat().st_size / 1e6:,.0f} MB", file=sys.stderr)
        lines = [
            "| what | ended | seconds | CPU seconds | peak GB | it says |",
            "| --- | --- | ---: | ---: | ---: | --- |",
        ]
        for name, command in commands(file, options.k).items():
            if options.only and not any(word in name for word in options.only):
                continue
            log = Path(folder) / "log"
            cost = measure(command, log, TIMEOUT)
            told = (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
            lines.append(row(name, cost, told))
            print(lines[-1], file=sys.stderr, flush=True)
    print("\n".join(lines))
    if options.out:
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
