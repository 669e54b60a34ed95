"""Do intervals hold on days of sales? Simulated shops whose sales are planned; ordinary days and days of sales apart.

    python benchmarks/forecast_events.py [--shops 3] [--series 40]

Daily counts of two years: a week, a year, a wandering level. Every five to nine weeks a sale of two to five days is in
the calendar, with the intensity that was planned; what it brings differs by series and from sale to sale. 12 origins,
14 days ahead. Beside Footfall's choice are its own models that know no calendar.
"""

import argparse
import sys
import warnings

import numpy as np
import pandas as pd

from footfall.forecast import BENCHMARKS, FAST, KnownDays, Panel, coverage, models, roll
from footfall.forecast.choice import quantile_losses

DAYS = pd.date_range("2022-01-03", periods=730, freq="D")


def shop(seed: int, series: int) -> tuple[Panel, KnownDays]:
    """Series, and the sales that were planned."""
    rng = np.random.default_rng(seed)
    planned, uplift = np.zeros(len(DAYS)), np.ones((len(DAYS), series))
    taste = rng.lognormal(0, 0.3, series)
    day = int(rng.integers(20, 50))
    while day < len(DAYS) - 5:
        length, intensity = int(rng.integers(2, 6)), float(rng.choice([0.5, 1.0, 2.0]))
        planned[day : day + length] = intensity
        uplift[day : day + length] = 1 + intensity * taste * rng.lognormal(0, 0.2, series)
        day += int(rng.integers(35, 64))
    time = np.arange(len(DAYS))[:, None]
    shape = (1 + 0.3 * np.sin(2 * np.pi * time / 7)) * (1 + 0.3 * np.sin(2 * np.pi * time / 365))
    level = rng.lognormal(3, 1.2, series) * np.exp(np.cumsum(rng.normal(0, 0.01, (len(DAYS), series)), axis=0))
    counts = rng.negative_binomial(15, 15 / (15 + level * shape * uplift)).astype(float)
    rows = pd.DataFrame(counts, DAYS, [f"s{number}" for number in range(series)]).rename_axis("ts").reset_index()
    long = rows.melt("ts", var_name="series_id").assign(status="complete").sort_values(["series_id", "ts"])
    sales = {moment.date(): float(plan) for moment, plan in zip(DAYS, planned, strict=True) if plan}
    return Panel(long[["series_id", "ts", "value", "status"]].reset_index(drop=True), "D"), KnownDays(sales=sales)


def main() -> None:
    """Backtest every shop, print a line for each model and kind of day."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", type=int, default=3)
    parser.add_argument("--series", type=int, default=40)
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    parts = []
    for seed in range(asked.shops):
        panel, known = shop(seed, asked.series)
        rolled = roll(panel, models(FAST, threads=2), horizon=14, origins=12, known=known)
        parts.append(rolled.compared.assign(shop=seed))
        print(f"shop {seed + 1} of {asked.shops}", file=sys.stderr)
    told = pd.concat(parts, ignore_index=True)
    told["loss"] = quantile_losses(told) / told.scale
    told[["80", "95"]] = coverage(told)
    told["missed"] = (told.point - told.actual).abs() / told.scale
    means = told.groupby(["kind", "model"])[["80", "95", "missed", "loss"]].mean()
    buckets = told[told.model == BENCHMARKS[0]].groupby("kind").size()
    print("| days | model | 80% | 95% | error | quantile loss |\n| --- | --- | ---: | ---: | ---: | ---: |")
    for (kind, model), row in means.iterrows():
        print(
            f"| {kind} ({buckets[kind]:,}) | {model} | {row['80']:.1%} | {row['95']:.1%} "
            f"| {row.missed:.2f} | {row.loss:.2f} |"
        )


if __name__ == "__main__":
    main()
