"""Hourly series, simulated and real, and what is planted in them. Used by anomaly.py.

What is planted begins in the held-out hours, on average once in six weeks of a series, at least three days after the
last one; hours are hours in which the shop is open, and lengths are drawn uniformly:

| kind | share | hours | what happens to the expected value |
| --- | ---: | --- | --- |
| drop | 30% | 2 to 8 | falls by 40 to 80% (uniform) |
| outage | 25% | 2 to 6 | falls by 100% or by 97% (one in two) |
| spike | 20% | 1 to 5 | times 2 to 5 (uniform) |
| drift | 8% | 8 days | falls in a straight line by 40 to 65%, then is as before |
| shift | 7% | for good | times 0.5, 0.6, 1.7 or 2; once in a series |
| gap | 10% | 3 to 24 | no data, and the watch is told that some should have come |

In real series, which have few events and few open hours, drops, outages and spikes last three times as long.

Beside them, in one of seven sales of a series there is a failure (drop or outage) that begins 6 to 60 hours into it.
Sales themselves are decoys: they are in the calendar, and an incident because of one is false.

In simulated series the mean is changed before counts are drawn. In real ones counts are thinned (binomial) or get
Poisson counts on top; revenue is multiplied. A gap leaves nulls.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.signal import lfilter

from footfall.anomaly import ORDINARY, SALE, Hour, Policy
from footfall.lake import open_lake
from footfall.pipeline.watched import hours_of, kin_of
from footfall.settings import Settings
from footfall.sources import presets

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
DAY, WEEK = 24, 168
LEARNT_WEEKS, HELD_OUT_WEEKS = 10, 16
SHARES = {"drop": 0.30, "outage": 0.25, "spike": 0.20, "drift": 0.08, "shift": 0.07, "gap": 0.10}
STRETCHED = ("drop", "outage", "spike")
PER_WEEK, DAYS_APART, SHIFT_DAYS, SALE_FAILURES = 1 / 6, 3, 21, 1 / 7
ORDER_VALUE, ORDER_SHAPE = 40.0, 1.2


@dataclass(frozen=True)
class Shop:
    """Hourly series without what is planted.

    Args:
        hours: which hour each is.
        metrics: of each series: orders, events, or revenue.
        first: number of the first hour that is held out.
        is_open: hours in which something can happen.
        events: expected events (of revenue: what is paid for), hours x series.
        units: how many events come together, by series: variance of the counts over their mean.
        draw: values after the expected ones were multiplied by a factor (hours x series).
        stretch: how many times as long as in the table drops, outages and spikes are.
    """

    hours: list[Hour]
    metrics: tuple[str, ...]
    first: int
    is_open: Bools
    events: Array
    units: Array
    draw: Callable[[Array, int], Array]
    stretch: int = 1

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """Numbers of the open hours."""
        return np.flatnonzero(self.is_open)

    @property
    def weeks(self) -> float:
        """How long the held-out stretch is."""
        return (len(self.hours) - self.first) / WEEK

    @property
    def in_sale(self) -> Bools:
        """Hours of sales."""
        return np.array([hour.kind == SALE for hour in self.hours])

    def part(self, series: int) -> "Shop":
        """Its first series."""
        whole = self.draw

        def draw(factor: Array, seed: int) -> Array:
            rest = np.ones((len(factor), self.events.shape[1] - series))
            return whole(np.concatenate([factor, rest], axis=1), seed)[:, :series]

        return Shop(
            self.hours, self.metrics[:series], self.first, self.is_open, self.events[:, :series],
            self.units[:series], draw, self.stretch,
        )  # fmt: skip


@dataclass(frozen=True)
class Injection:
    """What was planted; hours are counted among the open ones.

    Args:
        series: in which.
        kind: what.
        begins: first hour.
        ends: the hour after the last.
        until: last hour in which an incident that opens is right.
        factor: of the expected value (of a drift: at its end).
        events: expected an hour, had nothing been planted.
        in_sale: whether it begins in a sale.
        unit: how many events come together.
    """

    series: int
    kind: str
    begins: int
    ends: int
    until: int
    factor: float
    events: float
    in_sale: bool
    unit: float

    @property
    def is_failure(self) -> bool:
        """A drop of 40% or more that lasts two hours or more."""
        return self.kind in ("drop", "outage")


@dataclass(frozen=True)
class Planted:
    """Series with what is planted in them: values and missing hours (hours x series), and the truth."""

    shop: Shop
    values: Array
    missing: Bools
    injections: list[Injection]


def simulate(series: int, seed: int) -> Shop:
    """Poisson counts (half), counts that come in clusters of 2 to 6 (30%), and revenue of orders (20%).

    Volumes are log-uniform from 0.5 to 3,000 an hour. Days have one or two peaks, weekends are different, levels drift
    (3% a week, at random, and a trend), days and hours have correlated noise of 2 to 8% and 2 to 5%. Every three to
    five weeks there is a known sale from Friday to Sunday that lifts a series by 1.4 to 2.5, not every day by the same.
    """
    rng, count = np.random.default_rng(seed), (LEARNT_WEEKS + HELD_OUT_WEEKS) * WEEK
    volume = np.exp(rng.uniform(np.log(0.5), np.log(3000), series))
    slots, days = np.arange(count) % WEEK, count // DAY
    season = np.stack([_season(rng) for _ in range(series)], axis=1)
    steps = rng.normal(0, 0.03 / np.sqrt(WEEK), (count, series))
    wander = steps.cumsum(axis=0) + rng.normal(0, 0.3, series) * (np.arange(count) / 8760)[:, None]
    wander += _correlated(rng, (count, series), np.exp(-1 / DAY)) * rng.uniform(0.02, 0.08, series)
    wander += _correlated(rng, (count, series), 0.7) * rng.uniform(0.02, 0.05, series)
    in_sale, begins = np.zeros(count, bool), WEEK + 4 * DAY
    while begins < count:
        in_sale[begins : begins + 3 * DAY] = True
        begins += int(rng.integers(3, 6)) * WEEK
    lift = rng.uniform(1.4, 2.5, series) * np.exp(rng.normal(0, 0.1, (days, series))).repeat(DAY, axis=0)
    means = volume * season[slots] * np.exp(wander) * np.where(in_sale[:, None], lift, 1.0)
    metrics = rng.choice(["orders", "events", "revenue"], series, p=[0.5, 0.3, 0.2])
    size = rng.uniform(2, 6, series)
    units = np.select(
        [metrics == "events", metrics == "revenue"], [size + 1 - 1 / size, 1 + 1 / ORDER_SHAPE], default=1.0
    )
    hours = [Hour(int(slot), SALE if sale else ORDINARY) for slot, sale in zip(slots, in_sale, strict=True)]

    def draw(factor: Array, seed: int) -> Array:
        return _drawn(means * factor, metrics, size, np.random.default_rng(seed))

    first = LEARNT_WEEKS * WEEK
    return Shop(hours, tuple(map(str, metrics)), first, np.ones(count, bool), means, units, draw)


def _season(rng: np.random.Generator) -> Array:
    hours = np.arange(DAY)

    def peak(middle: float, width: float) -> Array:
        distance = np.minimum(abs(hours - middle), DAY - abs(hours - middle))
        return np.exp(-0.5 * (distance / width) ** 2)

    noon = rng.uniform(0.3, 1) * peak(rng.uniform(9, 14), 3.5)
    day = rng.uniform(0.05, 0.2) + noon + peak(rng.uniform(18, 22), 2.5)
    week = np.exp(rng.normal(0, 0.06, 7))
    week[5:] *= np.exp(rng.normal(0, 0.2))
    season = (week[:, None] * day).ravel()
    return np.asarray(season / season.mean())


def _correlated(rng: np.random.Generator, shape: tuple[int, int], kept: float) -> Array:
    """Autoregressive noise of variance 1."""
    noise = rng.normal(0, 1, shape)
    noise[1:] *= np.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], noise, axis=0))


def _drawn(means: Array, metrics: npt.NDArray[np.str_], size: Array, rng: np.random.Generator) -> Array:
    values = rng.poisson(means).astype(float)
    clusters = metrics == "events"
    visits = rng.poisson(means[:, clusters] / size[clusters])
    values[:, clusters] = visits + rng.poisson(visits * (size[clusters] - 1))
    money = metrics == "revenue"
    orders = values[:, money]
    amounts = rng.gamma(np.maximum(orders, 1) * ORDER_SHAPE, ORDER_VALUE / ORDER_SHAPE)
    values[:, money] = np.where(orders > 0, amounts, 0.0).round(2)
    return values


def real(file: Path, folder: Path) -> Shop:
    """Online Retail II by hour: a year to learn from, and the next one held out.

    The shop, its product groups and its large countries, orders and lines and revenue of each that had at least one
    line in two open hours of the first year. Hours in which the shop is closed are null.
    """
    from forecast import CALENDAR, with_groups  # noqa: PLC0415 - needs the forecasting libraries

    grouped, mapping, calendar = folder / "grouped.csv", folder / "grouped.toml", folder / "sales.toml"
    if not grouped.exists():
        with_groups(file, grouped)
    preset = (Path(presets.__file__).parent / "online_retail.toml").read_text("utf-8")
    mapping.write_text(preset.replace('country = "Country"', 'country = "Country"\ncategory_code = "category_code"'))
    calendar.write_text(CALENDAR)
    lake, cli = folder / "lake", [sys.executable, "-m", "footfall.cli"]
    place = ["--lake", str(lake), "--timezone", "Europe/London"]
    for command in (
        ["ingest", str(grouped), "--mapping", str(mapping), "--key-file", str(folder / "key"), *place[:2]],
        ["series", "--calendar", str(calendar), *place],
    ):
        subprocess.run([*cli, *command], check=True, stdout=subprocess.DEVNULL)
    settings = Settings(lake=lake, timezone="Europe/London", calendar=calendar)
    policy = Policy(metrics=("orders", "events", "revenue"))
    kin = kin_of(open_lake(lake), policy)
    read = hours_of(open_lake(lake), settings, kin)
    is_open = np.isfinite(read.values).any(axis=1)
    first = int(np.searchsorted(read.moments, pd.Timestamp("2010-12-06")))
    subjects = list(zip(kin.dimensions, kin.members, strict=True))
    lines = {subjects[place]: place for place, metric in enumerate(kin.metrics) if metric == "events"}
    busy = np.nanmean(read.values[:first], axis=0) >= 0.5
    kept = [n for n, one in enumerate(subjects) if busy[lines[one]] and one[1] not in ("other", "unknown")]
    values, metrics = read.values[:, kept], tuple(kin.metrics[n] for n in kept)
    expected = _usual(values, read.hours, is_open)
    events = _usual(read.values[:, [lines[subjects[n]] if kin.metrics[n] == "revenue" else n for n in kept]],
                    read.hours, is_open)  # fmt: skip
    squares = (values - expected)[:first] ** 2
    units = np.nansum(squares, axis=0) / np.nansum(np.where(np.isfinite(squares), expected[:first], np.nan), axis=0)
    units = np.where(
        np.array(metrics) == "revenue", units * np.nanmean(events, axis=0) / np.nanmean(expected, axis=0), units
    )

    def draw(factor: Array, seed: int) -> Array:
        rng, is_money = np.random.default_rng(seed), np.array(metrics) == "revenue"
        counts = np.nan_to_num(values).round().astype(np.int64)
        fewer = rng.binomial(np.maximum(counts, 0), np.clip(factor, 0.0, 1.0))
        more = rng.poisson(np.maximum(counts * (factor - 1), 0.0))
        changed = np.where(is_money, values * factor, np.where(factor == 1, values, fewer + more))
        return np.where(np.isfinite(values), changed, np.nan)

    return Shop(read.hours, metrics, first, is_open, np.nan_to_num(events), units, draw, stretch=3)


def _usual(values: Array, hours: list[Hour], is_open: Bools) -> Array:
    """Mean of the same hour of the week in the ten weeks before."""
    slots = np.array([hour.slot for hour in hours])
    table = pd.DataFrame(np.where(is_open[:, None], values, np.nan))
    told = table.groupby(slots).transform(lambda ours: ours.rolling(LEARNT_WEEKS, min_periods=2).mean().shift(1))
    return told.to_numpy()


def plant(shop: Shop, seed: int) -> Planted:
    """Plant failures, decoys and gaps in the held-out hours."""
    rng, places = np.random.default_rng(seed), shop.places
    first = int(np.searchsorted(places, shop.first))
    week = (len(places) - first) / shop.weeks
    factor, missing = np.ones(shop.events.shape), np.zeros(shop.events.shape, bool)
    injections: list[Injection] = []
    for series in range(shop.events.shape[1]):
        wanted = [*_sale_failures(shop, rng), *_failures(first, len(places), week, shop.stretch, rng)]
        taken: list[tuple[int, int]] = []
        for kind, begins, ends in wanted:
            apart = round(DAYS_APART * week / 7)
            occupied = begins + round(SHIFT_DAYS * week / 7) if kind == "shift" else ends
            if any(begins < after + apart and occupied + apart > before for before, after in taken):
                continue
            taken.append((begins, occupied))
            hours = places[begins:ends]
            change = _factor(kind, rng)
            some = hours[:DAY]
            until = begins + round(week) if kind == "shift" else ends - 1 + (round(week / 7) if kind == "drift" else 3)
            events = float((shop.events[some, series] * factor[some, series]).mean())
            injections.append(
                Injection(series, kind, begins, ends, until, change, events, bool(shop.in_sale[hours[0]]),
                          float(shop.units[series]))
            )  # fmt: skip
            if kind == "gap":
                missing[hours, series] = True
            else:
                factor[hours, series] *= np.linspace(1, change, len(hours)) if kind == "drift" else change
    values = shop.draw(factor, seed + 1)
    return Planted(shop, np.where(missing, np.nan, values), missing, injections)


def clean(shop: Shop, seed: int) -> Planted:
    """The same shop, and nothing planted."""
    values = shop.draw(np.ones(shop.events.shape), seed + 1)
    return Planted(shop, values, np.zeros(values.shape, bool), [])


def _sale_failures(shop: Shop, rng: np.random.Generator) -> list[tuple[str, int, int]]:
    found, sale = [], shop.in_sale[shop.places]
    begins = np.flatnonzero(sale & ~np.append(False, sale[:-1]))
    for start in begins[begins >= np.searchsorted(shop.places, shop.first)]:
        if rng.random() < SALE_FAILURES:
            kind, onset = str(rng.choice(["drop", "outage"])), int(start + rng.integers(6, 61))
            found.append((kind, onset, min(onset + _length(kind, DAY, rng), len(sale))))
    return found


def _failures(
    first: int, count: int, week: float, stretch: int, rng: np.random.Generator
) -> list[tuple[str, int, int]]:
    found, day, is_shifted = [], week / 7, False
    begins = first + int(rng.integers(0, round(week)))
    while begins < count - week:
        kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        if kind == "shift" and is_shifted:
            kind = "drop"
        is_shifted |= kind == "shift"
        ends = count if kind == "shift" else begins + _length(kind, day, rng) * (stretch if kind in STRETCHED else 1)
        found.append((kind, begins, min(ends, count)))
        after = begins + SHIFT_DAYS * day if kind == "shift" else ends
        begins = round(after + DAYS_APART * day + rng.exponential(week / PER_WEEK))
    return found


def _length(kind: str, day: float, rng: np.random.Generator) -> int:
    longest = {"drop": 8, "outage": 6, "spike": 5, "gap": 24}
    if kind == "drift":
        return round(8 * day)
    return int(rng.integers({"spike": 1, "gap": 3}.get(kind, 2), longest[kind] + 1))


def _factor(kind: str, rng: np.random.Generator) -> float:
    if kind == "outage":
        return float(rng.choice([0.0, 0.03]))
    if kind == "shift":
        return float(rng.choice([0.5, 0.6, 1.7, 2.0]))
    low, high = {"drop": (0.2, 0.6), "spike": (2.0, 5.0), "drift": (0.35, 0.6), "gap": (1.0, 1.0)}[kind]
    return float(rng.uniform(low, high))
