"""Are failures found, soon, and without crying wolf? Planted failures in hourly series, Footfall beside five peers.

    python benchmarks/anomaly.py [--series 300] [--real online_retail_II.csv] [--no-peers] [--year] [--seed 7]

Series, and what is planted in them, are told in anomaly_series.py; the peers in peers/anomaly_detectors.py. Footfall
is a `Watch` of series that have nothing to do with each other, with the usual policy and a budget of 20 false alerts a
week for 1,000 series, fixed before the series are drawn. It learns from ten weeks and judges the others hour by hour.

An incident is *right* if it opens in the time of something planted in its series: from the onset to three open hours
after the end (a day after the end of a drift, a week after the onset of a shift). What is planted is found by the
first, further ones are repeats, neither right nor false. In a gap only an incident of missing data is right. All others
are false; in real series that includes what really happened to the shop, which nobody has labelled.

Buckets: how many were over when the incident opened, the first one with the failure included; median over what was
found. Oracle: knows the true mean (of real series: the usual one) and which hours to test together, and spends as many
false alerts: one Poisson test at the level of a week's budget, divided by hours, series and sides. No detector can do
better on these counts, as far as they are Poisson; clusters, and revenue, are taken for so many Poisson events.

Peers judge a part of the series (--compared), and so does Footfall for that table, alone with them. Alerts of a series
within six hours are one incident. At equal recall: the peer's threshold is moved to the highest one with which it finds
as large a share of drops of 40% or more at 20 events an hour or more as Footfall does. Where none does (a threshold so
low that alerts never end finds nothing that begins in one), the best share is told.
"""

import argparse
import os
import pickle
import platform
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import psutil
from joblib import Parallel, delayed
from scipy.stats import poisson

from anomaly_series import WEEK, Injection, Planted, Shop, clean, plant, real, simulate
from footfall.anomaly import SALE, Budget, Hour, Kin, Policy, Watch, limits_of
from peers.anomaly_detectors import DETECTORS, Known

Array = npt.NDArray[np.float64]
FALSE_PER_WEEK, SIDES, TOGETHER = 20, 2, 6
DISCOVERY_RATE = 0.1
LEVELS = (0.05, 0.01, 0.001, 0.0001)
VOLUMES = {"under 5": 5.0, "5 to 20": 20.0, "20 to 50": 50.0, "50 to 200": 200.0, "200 and more": np.inf}
DEPTHS = {"outage": 0.1, "60 to 80%": 0.4, "40 to 60%": 0.6}


@dataclass(frozen=True)
class Opened:
    """An incident: series, number among the open hours, whether it is of missing data, whether in a sale."""

    series: int
    hour: int
    of_gap: bool
    in_sale: bool


@dataclass(frozen=True)
class Watched:
    """What a watch said of held-out hours: incidents, and p-values of hours and of alarms (sides x hours x series)."""

    opened: list[Opened]
    hour_p: Array
    p: Array
    seconds: Array


@dataclass(frozen=True)
class Outcome:
    """What was found: buckets until each injection was (null: it was not), false incidents, repeats."""

    injections: list[Injection]
    buckets: Array
    false: list[Opened]
    repeats: int

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        """Whether each injection was."""
        return np.isfinite(self.buckets)

    @property
    def precision(self) -> float:
        """Share of right ones among incidents."""
        right = int(self.found.sum())
        return right / max(right + len(self.false), 1)

    def which(self, wanted: Callable[[Injection], bool]) -> npt.NDArray[np.bool_]:
        """Which injections are so."""
        return np.array([wanted(one) for one in self.injections], bool)

    def recall(self, wanted: Callable[[Injection], bool]) -> float:
        """Share found of those that are so; null if there are none."""
        ours = self.found[self.which(wanted)]
        return float(ours.mean()) if len(ours) else np.nan

    def false_rate(self, shop: Shop) -> float:
        """False incidents a week and 1,000 series."""
        return 1000 * len(self.false) / shop.weeks / len(shop.metrics)


def is_large(one: Injection) -> bool:
    """What is to be found: a drop of 40% or more, of two hours or more, at 20 events an hour or more."""
    return one.is_failure and one.events >= 20


def watch_of(shop: Shop, budget: Budget) -> Watch:
    """A watch of strangers that are told apart by metric only."""
    count = len(shop.metrics)
    ids = tuple(f"{metric} {number}" for number, metric in enumerate(shop.metrics))
    kin = Kin(ids, shop.metrics, ("all",) * count, ids, (None,) * count, ids)
    money = np.array([metric == "revenue" for metric in shop.metrics])
    return Watch(kin, limits_of(Policy(), list(shop.metrics), money), budget)


def watch(planted: Planted, budget: Budget) -> Watched:
    """Judge one hour after the other."""
    shop, every = planted.shop, watch_of(planted.shop, budget)
    ordinal = np.cumsum(shop.is_open) - 1
    opened, hour_p, p_values, seconds = [], [], [], []
    for number, hour in enumerate(shop.hours):
        began = time.perf_counter()
        judged = every.judge(number, hour, planted.values[number], planted.missing[number])
        seconds.append(time.perf_counter() - began)
        if number < shop.first:
            continue
        hour_p.append(judged.scores.hour_p.astype(np.float32))
        p_values.append(judged.scores.p.astype(np.float32))
        for one, event in judged.events:
            if event == "opened":
                series = every.kin.place[one.lead]
                opened.append(Opened(series, int(ordinal[number]), one.kind == "no_data", hour.kind == SALE))
    return Watched(opened, np.stack(hour_p, axis=1), np.stack(p_values, axis=1), np.array(seconds))


def match(opened: Sequence[Opened], injections: list[Injection]) -> Outcome:
    """Which incidents are right."""
    of_series = defaultdict(list)
    for number, one in enumerate(injections):
        of_series[one.series].append((number, one))
    buckets, false, repeats = np.full(len(injections), np.nan), [], 0
    for incident in sorted(opened, key=lambda one: one.hour):
        for number, one in of_series[incident.series]:
            if one.begins <= incident.hour <= one.until and incident.of_gap == (one.kind == "gap"):
                repeats += bool(np.isfinite(buckets[number]))
                buckets[number] = np.fmin(buckets[number], incident.hour - one.begins + 1)
                break
        else:
            false.append(incident)
    return Outcome(injections, buckets, false, repeats)


def oracle(one: Injection) -> float:
    """The chance that an oracle finds a drop: a Poisson test of all its hours together."""
    level = FALSE_PER_WEEK / 1000 / WEEK / SIDES
    mean = one.events * (one.ends - one.begins) / max(one.unit, 1.0)
    most = poisson.ppf(level, mean)
    most -= poisson.cdf(most, mean) > level
    return float(poisson.cdf(most, one.factor * mean))


def budget_for(shop: Shop) -> Budget:
    """The budget of the aim, for so many series."""
    return Budget(false_alerts_per_week=FALSE_PER_WEEK * len(shop.metrics) / 1000)


def share(number: float) -> str:
    """As a percentage; nothing for null."""
    return f"{number:.1%}" if np.isfinite(number) else ""


def row(*cells: object) -> str:
    """A line of a table."""
    return f"| {' | '.join(map(str, cells))} |"


def head(*names: str) -> list[str]:
    """The first lines of a table."""
    return [row(*names), row("---", *["---:"] * (len(names) - 1))]


def aims(shop: Shop, outcome: Outcome) -> list[str]:
    """What the issue asks for, and what is."""
    large = outcome.which(is_large)
    delay = np.nanmedian(outcome.buckets[large]) if outcome.found[large].any() else np.nan
    hours, sale = len(shop.hours) - shop.first, int(shop.in_sale[shop.first :].sum())
    lines = [
        *head("what", "aim", "found"),
        row("false incidents a week and 1,000 series", "at most 20", f"{outcome.false_rate(shop):.1f}"),
        row("precision of incidents", "at least 80%", share(outcome.precision)),
        row(
            f"recall of {large.sum():,} drops of 40% or more at 20 an hour",
            "at least 90%",
            share(outcome.recall(is_large)),
        ),
        row(
            "the oracle's recall of them",
            "",
            share(_mean([oracle(one) for one in outcome.injections if is_large(one)])),
        ),
        row("median buckets until they are found", "at most 2", f"{delay:.0f}" if np.isfinite(delay) else ""),
    ]
    if sale:
        in_sale = sum(one.in_sale for one in outcome.false)
        ratio = (in_sale / sale) / max((len(outcome.false) - in_sale) / (hours - sale), 1e-12)
        ours = outcome.which(lambda one: one.in_sale and one.is_failure)
        lines += [
            row("false incidents in sales, to the ordinary rate", "at most 2", f"{ratio:.2f} ({in_sale})"),
            row(f"recall of {(ours & large).sum()} such drops that begin in a sale", "at least 70%",
                share(outcome.recall(lambda one: one.in_sale and is_large(one)))),
            row(f"recall of all {ours.sum()} failures that begin in a sale", "",
                share(outcome.recall(lambda one: one.in_sale and one.is_failure))),
        ]  # fmt: skip
    tail = f"{len(outcome.injections):,} planted in {len(shop.metrics):,} series and {shop.weeks:.0f} weeks"
    return [*lines, "", f"{tail}; {outcome.repeats} repeats."]


def _mean(numbers: list[float]) -> float:
    return float(np.mean(numbers)) if numbers else np.nan


def by_kind(outcome: Outcome) -> list[str]:
    """Recall of all volumes, and at 20 an hour or more."""
    lines = head("kind", "planted", "recall", "at 20 an hour or more", "median buckets")
    for kind in dict.fromkeys(one.kind for one in outcome.injections):
        ours = outcome.buckets[outcome.which(lambda one, kind=kind: one.kind == kind)]
        known = ours[np.isfinite(ours)]
        lines.append(
            row(kind, f"{len(ours):,}", share(len(known) / len(ours)),
                share(outcome.recall(lambda one, kind=kind: one.kind == kind and one.events >= 20)),
                f"{np.median(known):.0f}" if len(known) else "")
        )  # fmt: skip
    return lines


def by_volume(outcome: Outcome) -> list[str]:
    """Recall of drops by volume and depth, the oracle's, and how many there were."""
    lines = head("events an hour", *(f"{name}: recall, oracle (planted)" for name in DEPTHS))
    low = 0.0
    for name, high in VOLUMES.items():
        cells, least = [], 0.0
        for most in DEPTHS.values():

            def wanted(
                one: Injection, low: float = low, high: float = high, least: float = least, most: float = most
            ) -> bool:
                return one.is_failure and low <= one.events < high and least <= one.factor < most

            ours = [one for one in outcome.injections if wanted(one)]
            told = f"{share(outcome.recall(wanted))}, {share(_mean([oracle(one) for one in ours]))} ({len(ours)})"
            cells.append(told if ours else "")
            least = most
        lines.append(row(name, *cells))
        low = high
    return lines


def by_metric(shop: Shop, outcome: Outcome) -> list[str]:
    """Where false incidents are, and what is found in each kind of series."""
    lines = head(
        "metric", "series", "false a week and 1,000", "recall of drops of 40% at 20 an hour", "oracle", "planted"
    )
    for metric in dict.fromkeys(shop.metrics):

        def ours(one: Injection, metric: str = metric) -> bool:
            return is_large(one) and shop.metrics[one.series] == metric

        count, large = shop.metrics.count(metric), [one for one in outcome.injections if ours(one)]
        false = sum(shop.metrics[one.series] == metric for one in outcome.false)
        lines.append(
            row(metric, count, f"{1000 * false / shop.weeks / count:.1f}", share(outcome.recall(ours)),
                share(_mean([oracle(one) for one in large])), len(large))
        )  # fmt: skip
    return lines


def calibrated(shop: Shop, watched: Watched) -> list[str]:
    """Shares of p-values below a level, divided by it, on hours in which nothing is planted."""
    hours = shop.hours[shop.first :]
    in_sale = np.array([hour.kind == SALE for hour in hours])
    volume = np.nanmean(np.where(shop.is_open[:, None], shop.events, np.nan), axis=0)
    lines = head("p below, relative to nominal", *map(str, LEVELS))
    groups: dict[str, tuple[Array, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = {}
    everyone = np.ones(len(volume), bool)
    for name, p_values in (("hours", watched.hour_p), ("alarms", watched.p)):
        for side, told in enumerate(("down", "up")):
            groups[f"{name}, {told}"] = (p_values[side], ~in_sale, everyone)
    low = 0.0
    for name, high in VOLUMES.items():
        groups[f"alarms, both, {name} an hour"] = (watched.p, ~in_sale, (volume >= low) & (volume < high))
        low = high
    if in_sale.any():
        groups["alarms, both, in sales"] = (watched.p, in_sale, everyone)
    for name, (p_values, when, which) in groups.items():
        known = p_values[..., when, :][..., which]
        known = known[np.isfinite(known)]
        if len(known):
            lines.append(row(name, *(f"{(known < level).mean() / level:.2f}" for level in LEVELS)))
    return lines


def known_hours(planted: Planted, series: int) -> tuple[Known, npt.NDArray[np.int64]]:
    """What a peer gets of a series, and the ordinals of these hours among the open ones."""
    shop = planted.shop
    places = np.flatnonzero(np.isfinite(planted.values[:, series]))
    kinds = np.array([hour.kind for hour in shop.hours])[places]
    week = round(shop.is_open.sum() / len(shop.hours) * WEEK)
    first = int(np.searchsorted(places, shop.first))
    known = Known(planted.values[places, series], places + shop.hours[0].slot, kinds, first, week)
    return known, (np.cumsum(shop.is_open) - 1)[places]


def alerts(scores: list[Array], hours: list[npt.NDArray[np.int64]], threshold: float) -> list[Opened]:
    """Incidents of scores above a threshold: alerts of a series within six hours are one."""
    opened = []
    for series, (score, ordinals) in enumerate(zip(scores, hours, strict=True)):
        above = ordinals[np.nan_to_num(score, nan=-np.inf) > threshold]
        begins = above[np.diff(above, prepend=-1000) > TOGETHER]
        opened += [Opened(series, int(hour), False, False) for hour in begins]
    return opened


def as_good(
    scores: list[Array], hours: list[npt.NDArray[np.int64]], injections: list[Injection], recall: float
) -> tuple[Outcome, float]:
    """What the highest threshold with which the recall is reached gives, else the best one; and the threshold."""
    every = np.concatenate([one[np.isfinite(one)] for one in scores])
    best: tuple[float, Outcome, float] | None = None
    for tail in np.geomspace(1e-6, 0.5, 60):
        threshold = float(np.quantile(every, 1 - tail))
        outcome = match(alerts(scores, hours, threshold), injections)
        found = outcome.recall(is_large)
        if best is None or found > best[0]:
            best = found, outcome, threshold
        if found >= recall:
            break
    assert best is not None
    return best[1:]


def compared(planted: Planted, keep: Path | None) -> list[str]:
    """Footfall and the peers on the same series."""
    shop = planted.shop
    real_ones = [one for one in planted.injections if one.kind != "gap"]
    began = time.process_time()
    ours = match([one for one in watch(planted, budget_for(shop)).opened if not one.of_gap], real_ones)
    lines = head(
        "detector", "false a week and 1,000 series", "precision", "recall of drops of 40% at 20 an hour",
        "median buckets", "spikes", "drifts", "shifts", "false at equal recall", "s",
    )  # fmt: skip
    lines.append(_compared("Footfall", shop, ours, f"{ours.false_rate(shop):.0f}", time.process_time() - began))
    told = [known_hours(planted, series) for series in range(len(shop.metrics))]
    hours = [ordinals for _, ordinals in told]
    for name in DETECTORS:
        scores, seconds = _scores(name, [known for known, _ in told], keep)
        outcome = match(alerts(scores, hours, 1.0), real_ones)
        moved, threshold = as_good(scores, hours, real_ones, ours.recall(is_large))
        equal = f"{moved.false_rate(shop):.0f} (at {threshold:.2f})"
        if moved.recall(is_large) < ours.recall(is_large):
            equal = f"never; {share(moved.recall(is_large))} with {equal}"
        lines.append(_compared(name, shop, outcome, equal, seconds))
    large = sum(map(is_large, real_ones))
    return [*lines, "", f"{len(shop.metrics)} series, {shop.weeks:.0f} weeks, {large} such drops; gaps are left out."]


def _compared(name: str, shop: Shop, outcome: Outcome, equal: str, seconds: float) -> str:
    known = outcome.buckets[outcome.which(is_large) & outcome.found]
    kinds = [
        share(outcome.recall(lambda one, kind=kind: one.kind == kind and one.events >= 20))
        for kind in ("spike", "drift", "shift")
    ]
    return row(
        name, f"{outcome.false_rate(shop):.0f}", share(outcome.precision), share(outcome.recall(is_large)),
        f"{np.median(known):.0f}" if len(known) else "", *kinds, equal, f"{seconds:.0f}",
    )  # fmt: skip


def _scores(name: str, known: list[Known], keep: Path | None) -> tuple[list[Array], float]:
    """Scores of all series and the CPU seconds they took, or those of an earlier run on the same."""
    digest = abs(hash(tuple(float(np.nansum(one.values * np.arange(len(one.values)))) for one in known)))
    file = keep / f"{name} {digest}.npz" if keep else None
    if file and file.exists():
        with np.load(file) as kept:
            return [kept[f"arr_{number}"] for number in range(len(known))], float(kept["seconds"])
    parts = Parallel(n_jobs=2)(delayed(_timed)(name, one) for one in known)
    scores, seconds = [score for score, _ in parts], sum(spent for _, spent in parts)
    if file:
        np.savez(file, *scores, seconds=seconds)
    print(f"{name}: {seconds:.0f} s", file=sys.stderr)
    return scores, seconds


def _timed(name: str, known: Known) -> tuple[Array, float]:
    began = _cpu_seconds()
    return DETECTORS[name](known), _cpu_seconds() - began


def _cpu_seconds() -> float:
    """Of this process and its children: Prophet fits in a process of its own."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def speed(seed: int, weeks: int) -> list[str]:
    """What an hour of 1,000 series costs, and a year of them."""
    shop = simulate(1000, seed)
    values = clean(shop, seed).values
    watch_it, missing = watch_of(shop, budget_for(shop)), np.zeros(1000, bool)
    seconds, cpu_began = np.empty(weeks * WEEK), time.process_time()
    for number in range(len(seconds)):
        hour: Hour = shop.hours[number % len(shop.hours)]
        began = time.perf_counter()
        watch_it.judge(number, hour, values[number % len(values)], missing)
        seconds[number] = time.perf_counter() - began
    year, cpu_year = (spent * 52 / weeks for spent in (seconds.sum(), time.process_time() - cpu_began))
    told = "measured" if weeks >= 52 else f"from {weeks} weeks"
    return [
        *head("what", "aim", "found"),
        row("an hour of 1,000 series, median", "at most 2 s", f"{1000 * np.median(seconds):.0f} ms"),
        row("the slowest of 1,000 hours", "", f"{1000 * np.quantile(seconds, 0.999):.0f} ms"),
        row(f"a year of them ({told})", "at most 600 s", f"{year:.0f} s, {cpu_year:.0f} s of a CPU"),
        row("what it remembers", "", f"{len(pickle.dumps(watch_it)) / 1e6:.0f} MB"),
    ]


def discoveries(planted: Planted) -> str:
    """The realised share of false incidents with a false-discovery rate for budget."""
    watched = watch(planted, Budget(false_discovery_rate=DISCOVERY_RATE))
    outcome = match(watched.opened, planted.injections)
    no_gaps = match(
        [one for one in watched.opened if not one.of_gap], [one for one in planted.injections if one.kind != "gap"]
    )
    return (
        f"False-discovery rate of {DISCOVERY_RATE:.0%} (aim: at most {1.25 * DISCOVERY_RATE:.1%} false): "
        f"{1 - no_gaps.precision:.1%} of {int(no_gaps.found.sum()) + len(no_gaps.false):,} incidents are false "
        f"({1 - outcome.precision:.1%} with gaps), {outcome.false_rate(planted.shop):.1f} a week and 1,000 series; "
        f"recall of the drops {share(outcome.recall(is_large))}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=300)
    parser.add_argument("--compared", type=int, default=60, help="series that the peers judge")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--real", type=Path, help="online_retail_II.csv")
    parser.add_argument("--year", action="store_true", help="measure all of a year of 1,000 series, not 8 weeks")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="a folder that keeps the real series and scores of peers")
    asked = parser.parse_args()
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    if asked.series:
        on_simulated(asked)
    if asked.real:
        on_real(asked)
    print_("Speed", speed(asked.seed, 52 if asked.year else 8))
    print(f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB, Python {platform.python_version()}")


def on_simulated(asked: argparse.Namespace) -> None:
    """All tables of simulated series."""
    shop = simulate(asked.series, asked.seed)
    planted = plant(shop, asked.seed + 1)
    print_(f"{asked.series:,} simulated series", _found(planted))
    print_("The same, nothing planted", [*_clean(shop, asked.seed), "", discoveries(planted)])
    if asked.peers:
        part = plant(shop.part(min(asked.compared, asked.series)), asked.seed + 1)
        print_("Peers, simulated series", compared(part, asked.keep))


def on_real(asked: argparse.Namespace) -> None:
    """All tables of Online Retail II."""
    with TemporaryDirectory() as temporary:
        shop = real(asked.real, asked.keep or Path(temporary))
    planted = plant(shop, asked.seed + 1)
    print_(f"Online Retail II, {len(shop.metrics)} series", _found(planted))
    print_("Online Retail II, nothing planted", _clean(shop, asked.seed))
    if asked.peers:
        print_("Peers, Online Retail II", compared(planted, asked.keep))


def _clean(shop: Shop, seed: int) -> list[str]:
    watched = watch(clean(shop, seed), budget_for(shop))
    in_sale = sum(one.in_sale for one in watched.opened)
    rate = 1000 * len(watched.opened) / shop.weeks / len(shop.metrics)
    told = f"{rate:.1f} incidents a week and 1,000 series ({len(watched.opened)}, {in_sale} of them in sales)."
    return [*calibrated(shop, watched), "", told]


def _found(planted: Planted) -> list[str]:
    outcome = match(watch(planted, budget_for(planted.shop)).opened, planted.injections)
    parts = (aims(planted.shop, outcome), by_kind(outcome), by_volume(outcome), by_metric(planted.shop, outcome))
    return [line for part in parts for line in (*part, "")]


def print_(title: str, lines: list[str]) -> None:
    """Under a title, at once: the whole takes long."""
    print(f"### {title}\n", *lines, "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
