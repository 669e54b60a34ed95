"""Labelled series of many kinds, and what happens in them. Used by own_series.py.

A series is drawn from its seed: its length, season, noise and level, what happens in it and when. It is made of a
course (what is expected), noise, and a way to round; what happens changes one of them, as it would where such series
come from. No detector is known here.

| kind | rows | what it is |
| --- | --- | --- |
| waves | 3,000 to 6,000 | one to three harmonics of a season of 20 to 200 rows, in noise |
| hourly counts | 2,000 to 5,000 | Poisson, by day and week, wandering level |
| load | 3,000 to 6,000 | per cent by five minutes: days, autocorrelated noise, between 0 and 100 |
| sensor | 3,000 to 6,000 | a random walk, or one drawn back to its mean, with the noise of its sensor |
| bursts | 3,000 to 6,000 | heavy-tailed traffic: small counts, and bursts that die away |
| modes | 3,000 to 6,000 | a machine that goes between two to four levels, with next to no noise |
| beats | 4,000 to 7,000 | one shape again and again, 40 to 160 rows long, not quite in time |
| business days | 700 to 1,500 | by day: week, year, trend, multiplicative noise |
| temperature | 3,000 to 6,000 | by hour: year, day, weather of some days |
| with gaps | 2,500 to 5,000 | demand by half an hour; rows are left out, or have no value |

| what happens | rows | how |
| --- | --- | --- |
| point | 1 to 2 | 6 to 15 times the noise away |
| context | 4 to 30 | values that are usual at another time of the season |
| shape | a half to two seasons | the course runs backward, half or twice as fast, or upside down |
| frozen | 20 to 120 | the same value again |
| noise | 20 to 120 | 3 to 6 times as much |
| shift | 40 to 200 | away by 0.7 to 2 times the spread of the series, and back |
| dropout | 5 to 60 | nothing, or next to it |
| missing beat | a season | a season in which nothing goes up or down |
| burst | 5 to 40 | two to four times the spread, dying away |

Things happen after the first fifth of a series, once to five times, apart from each other. In three of ten series
people labelled generously, with up to 30 rows around.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Array = npt.NDArray[np.float64]
Rng = np.random.Generator
FIRST, APART, AROUND = 0.2, 150, 30


@dataclass(frozen=True)
class Course:
    """A series before anything happens.

    Args:
        expected: the course without noise.
        noise: drawn for it, to be added.
        season: rows after which it repeats, or about as long as what one looks at.
        can: what may happen in such a series.
        lowest: no value is below.
        highest: no value is above.
        step: values are rounded to multiples of it; 0 if they are not.
    """

    expected: Array
    noise: Array
    season: int
    can: tuple[str, ...]
    lowest: float = -np.inf
    highest: float = np.inf
    step: float = 0.0


@dataclass(frozen=True)
class Series:
    """A labelled series: values (null where missing), 1 where it is labelled, and what happens."""

    kind: str
    values: Array
    labels: npt.NDArray[np.int64]
    happened: tuple[str, ...]


USUAL = ("point", "context", "shape", "frozen", "noise", "shift", "dropout", "burst")
WALKS = ("point", "shape", "frozen", "noise", "shift", "dropout", "burst")


def drawn(kind: str, seed: int, *, clean: bool = False) -> Series:
    """A series of a kind."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind), int(clean)])
    course = KINDS[kind](rng)
    labels, happened = np.zeros(len(course.expected), np.int64), []
    expected, noise = course.expected.copy(), course.noise.copy()
    if not clean:
        for what, begins, ends in _planned(course, rng):
            HAPPENINGS[what](Scene(course, expected, noise, slice(begins, ends), rng))
            labels[begins:ends] = 1
            happened.append(what)
        if rng.random() < 0.3:
            labels = _generous(labels, int(rng.integers(5, AROUND + 1)))
    values = np.clip(expected + noise, course.lowest, course.highest)
    if course.step:
        values = np.round(values / course.step) * course.step
    if kind == "with gaps":
        values, labels = _with_gaps(values, labels, rng)
    return Series(kind, values, labels, tuple(happened))


def _planned(course: Course, rng: Rng) -> list[tuple[str, int, int]]:
    rows, found = len(course.expected), []
    taken = np.zeros(rows, bool)
    taken[: int(FIRST * rows)] = True
    apart = min(APART, rows // 20)
    for _ in range(rng.integers(1, 6)):
        what = str(rng.choice(course.can))
        length = _length(what, course.season, rng)
        begins = int(rng.integers(int(FIRST * rows), rows - length))
        if not taken[max(begins - apart, 0) : begins + length + apart].any() or not found:
            begins = max(begins, int(FIRST * rows))
            taken[begins : begins + length] = True
            found.append((what, begins, begins + length))
    return sorted(found, key=lambda one: one[1])


def _length(what: str, season: int, rng: Rng) -> int:
    if what == "shape":
        return int(np.clip(rng.uniform(0.5, 2) * season, 20, 300))
    if what == "missing beat":
        return season
    low, high = {
        "point": (1, 2), "context": (4, 30), "frozen": (20, 120), "noise": (20, 120), "shift": (40, 200),
        "dropout": (5, 60), "burst": (5, 40),
    }[what]  # fmt: skip
    return int(rng.integers(low, high + 1))


def _generous(labels: npt.NDArray[np.int64], around: int) -> npt.NDArray[np.int64]:
    return (np.convolve(labels, np.ones(2 * around + 1), "same") > 0).astype(np.int64)


def _with_gaps(values: Array, labels: npt.NDArray[np.int64], rng: Rng) -> tuple[Array, npt.NDArray[np.int64]]:
    """Rows that were never written, and rows without a value."""
    values = np.where(rng.random(len(values)) < 0.01, np.nan, values)
    kept = rng.random(len(values)) > 0.01
    for _ in range(rng.integers(1, 6)):
        begins = int(rng.integers(0, len(values) - 60))
        gap = slice(begins, begins + int(rng.integers(3, 60)))
        if labels[gap].any():
            continue
        if rng.random() < 0.5:
            values[gap] = np.nan
        else:
            kept[gap] = False
    return values[kept], labels[kept]


# ---- what happens -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """Where something happens: it changes what is expected of a course and its noise, in some rows."""

    course: Course
    expected: Array
    noise: Array
    where: slice
    rng: Rng

    @property
    def rows(self) -> int:
        """How many they are."""
        return int(self.where.stop - self.where.start)


def _spread(course: Course) -> float:
    """Of the values, the usual ones."""
    low, high = np.quantile(course.expected + course.noise, [0.1, 0.9])
    return float(max((high - low) / 2.56, 1e-6))


def _grain(course: Course) -> float:
    """How much a value is off what is expected, or off the one before where that is more."""
    steps = np.abs(np.diff(course.expected + course.noise))
    return float(max(course.noise.std(), np.quantile(steps, 0.9) / 1.64, course.step, 0.02 * _spread(course)))


def point(scene: Scene) -> None:
    away = scene.rng.uniform(6, 15) * _grain(scene.course)
    is_up = scene.rng.random() < 0.5 or scene.expected[scene.where].mean() - away < scene.course.lowest
    scene.expected[scene.where] += away if is_up else -away


def context(scene: Scene) -> None:
    sources = [
        s
        for s in (scene.where.start - scene.course.season // 2, scene.where.start - scene.course.season // 3)
        if s >= 0
    ]
    source = max(
        sources,
        key=lambda s: abs(scene.course.expected[s : s + scene.rows].mean() - scene.course.expected[scene.where].mean()),
    )
    scene.expected[scene.where] = scene.course.expected[source : source + scene.rows]


def shape(scene: Scene) -> None:
    how = scene.rng.choice(["backward", "faster", "slower", "upside down"])
    ours = scene.course.expected[scene.where]
    if how == "backward":
        scene.expected[scene.where] = ours[::-1]
    elif how == "upside down":
        scene.expected[scene.where] = 2 * ours.mean() - ours
    else:
        places = np.arange(scene.rows) * (2.0 if how == "faster" else 0.5)
        scene.expected[scene.where] = scene.course.expected[
            (scene.where.start + places.astype(int)) % len(scene.course.expected)
        ]


def frozen(scene: Scene) -> None:
    scene.expected[scene.where], scene.noise[scene.where] = (
        scene.expected[scene.where.start] + scene.noise[scene.where.start],
        0.0,
    )


def noisier(scene: Scene) -> None:
    scene.noise[scene.where] += (
        scene.rng.uniform(3, 6)
        * max(scene.course.noise.std(), 0.05 * _spread(scene.course))
        * scene.rng.normal(size=scene.rows)
    )


def shift(scene: Scene) -> None:
    away = scene.rng.uniform(0.7, 2) * _spread(scene.course) + 2 * scene.course.noise.std()
    scene.expected[scene.where] += away if scene.rng.random() < 0.5 else -away


def dropout(scene: Scene) -> None:
    lowest = scene.course.lowest if np.isfinite(scene.course.lowest) else 0.0
    scene.expected[scene.where], scene.noise[scene.where] = (
        lowest,
        scene.noise[scene.where] * scene.rng.choice([0.0, 0.05]),
    )


def missing_beat(scene: Scene) -> None:
    scene.expected[scene.where] = np.median(scene.course.expected)


def burst(scene: Scene) -> None:
    scene.expected[scene.where] += (
        scene.rng.uniform(2, 4) * 1.5 * _spread(scene.course) * np.exp(-2 * np.arange(scene.rows) / scene.rows)
    )


HAPPENINGS: dict[str, Callable[[Scene], None]] = {
    "point": point, "context": context, "shape": shape, "frozen": frozen, "noise": noisier, "shift": shift,
    "dropout": dropout, "missing beat": missing_beat, "burst": burst,
}  # fmt: skip


# ---- kinds of series ----------------------------------------------------------------------------------------------


def waves(rng: Rng) -> Course:
    rows, season = int(rng.integers(3000, 6001)), int(rng.integers(20, 201))
    phase = 2 * np.pi * np.arange(rows) / season
    course = sum(
        rng.uniform(0.3, 1) * np.sin(harmonic * phase + rng.uniform(0, 6.28))
        for harmonic in range(1, rng.integers(2, 5))
    )
    scale, level = 10 ** rng.uniform(-2, 3), rng.uniform(-5, 5)
    noise = rng.uniform(0.02, 0.4) * rng.normal(size=rows)
    return Course(scale * (level + course), scale * noise, season, (*USUAL, "missing beat"))


def hourly_counts(rng: Rng) -> Course:
    rows = int(rng.integers(2000, 5001))
    level = 10 ** rng.uniform(0.7, 3) * np.exp(_walk(rows, 0.995, 0.15, rng))
    expected = level * _by_day(rows, 24, rng) * _by_week(rows, 24, rng)
    return Course(expected, rng.poisson(expected) - expected, 24, (*USUAL, "missing beat"), lowest=0.0, step=1.0)


def load(rng: Rng) -> Course:
    rows, base = int(rng.integers(3000, 6001)), rng.uniform(5, 50)
    expected = base * (1 + rng.uniform(0, 0.8) * (_by_day(rows, 288, rng) - 1))
    noise = base * rng.uniform(0.02, 0.15) * (_walk(rows, 0.8, 1.0, rng) + 0.5 * rng.standard_t(4, rows))
    return Course(expected, noise, 288, USUAL, lowest=0.0, highest=100.0)


def sensor(rng: Rng) -> Course:
    rows, kept = int(rng.integers(3000, 6001)), float(rng.choice([1.0, 0.999, 0.99]))
    steps = rng.normal(size=rows) * (rng.random(rows) < rng.choice([0.2, 1.0]))
    course = np.asarray(lfilter([1.0], [1.0, -kept], steps)) if kept < 1 else np.cumsum(steps)
    noise = rng.uniform(0.1, 2) * rng.normal(size=rows)
    return Course(100 + course, noise, 100, WALKS, step=float(rng.choice([0.0, 0.1])))


def bursts(rng: Rng) -> Course:
    rows = int(rng.integers(3000, 6001))
    began = (rng.random(rows) < rng.uniform(0.005, 0.03)) * (rng.pareto(2.2, rows) + 0.5) * rng.uniform(5, 20)
    mean = rng.uniform(2, 30) * (0.4 + 0.6 * _by_day(rows, 288, rng)) + lfilter(
        [1.0], [1.0, -rng.uniform(0.3, 0.9)], began
    )
    noise = rng.negative_binomial(3, 3 / (3 + mean)) - mean
    return Course(mean, noise, 288, ("point", "frozen", "noise", "shift", "dropout", "burst"), lowest=0.0, step=1.0)


def modes(rng: Rng) -> Course:
    rows, levels = int(rng.integers(3000, 6001)), np.cumsum(rng.uniform(0.5, 2, rng.integers(2, 5)))
    is_regular, length = rng.random() < 0.5, int(rng.integers(30, 200))
    expected = np.zeros(0)
    for number in range(rows):
        level = levels[number % len(levels)] if is_regular else rng.choice(levels)
        expected = np.append(expected, np.full(length if is_regular else 1 + int(rng.exponential(length)), level))
        if len(expected) >= rows:
            break
    scale = 10 ** rng.uniform(-1, 3)
    noise = rng.choice([0.0, 0.01, 0.05]) * rng.normal(size=rows)
    can = ("point", "noise", "shift", "dropout", "burst", *(("context", "shape", "frozen") if is_regular else ()))
    return Course(scale * expected[:rows], scale * noise, length * len(levels), can)


def beats(rng: Rng) -> Course:
    rows, length = int(rng.integers(4000, 7001)), int(rng.integers(40, 161))
    places = np.linspace(0, 1, length)
    bumps = [(0.2, 0.15, 0.04), (0.36, -0.2, 0.012), (0.4, 1.0, 0.018), (0.44, -0.3, 0.014), (0.65, 0.3, 0.06)]
    beat = sum(h * rng.uniform(0.6, 1.4) * np.exp(-0.5 * ((places - at) / (w * 1.5)) ** 2) for at, h, w in bumps)
    loose, expected = rng.uniform(0, 0.06), np.zeros(0)
    while len(expected) < rows:
        ours = max(10, round(length * (1 + loose * rng.normal())))
        expected = np.append(expected, np.interp(np.linspace(0, 1, ours), places, beat))
    wander = 0.1 * np.sin(2 * np.pi * np.arange(rows) / rng.uniform(300, 900))
    noise = rng.uniform(0.005, 0.04) * rng.normal(size=rows)
    can = ("missing beat", "shape", "shape", "noise", "frozen", "context", "point")
    return Course(expected[:rows] + wander, noise, length, can)


def business_days(rng: Rng) -> Course:
    rows = int(rng.integers(700, 1501))
    day = np.arange(rows)
    level = 10 ** rng.uniform(1, 5) * np.exp(
        rng.normal(0, 0.4) * day / 365 + 0.2 * np.sin(2 * np.pi * day / 365 + rng.uniform(0, 6))
    )
    expected = level * _by_week(rows, 1, rng)
    return Course(expected, expected * rng.uniform(0.03, 0.15) * rng.normal(size=rows), 7, USUAL, lowest=0.0)


def temperature(rng: Rng) -> Course:
    rows = int(rng.integers(3000, 6001))
    hour = np.arange(rows) + rng.uniform(0, 8760)
    year, day = (np.sin(2 * np.pi * hour / length) for length in (8760, 24))
    weather = _walk(rows, 0.99, rng.uniform(2, 5), rng)
    expected = rng.uniform(0, 20) + rng.uniform(5, 12) * year + rng.uniform(1, 6) * day + weather
    return Course(expected, rng.uniform(0.1, 0.6) * rng.normal(size=rows), 24, USUAL, step=0.1)


def with_gaps(rng: Rng) -> Course:
    rows = int(rng.integers(2500, 5001))
    expected = 10 ** rng.uniform(2, 4.3) * _by_day(rows, 48, rng) * _by_week(rows, 48, rng)
    noise = expected * (0.04 * rng.normal(size=rows) + _walk(rows, 0.9, 0.08, rng))
    return Course(expected, noise, 48, (*USUAL, "missing beat"), lowest=0.0)


KINDS: dict[str, Callable[[Rng], Course]] = {
    "waves": waves, "hourly counts": hourly_counts, "load": load, "sensor": sensor, "bursts": bursts, "modes": modes,
    "beats": beats, "business days": business_days, "temperature": temperature, "with gaps": with_gaps,
}  # fmt: skip


def _walk(rows: int, kept: float, deviation: float, rng: Rng) -> Array:
    """Autocorrelated noise of this standard deviation."""
    steps = rng.normal(size=rows) * np.sqrt(1 - kept**2)
    steps[0] = rng.normal()
    return deviation * np.asarray(lfilter([1.0], [1.0, -kept], steps))


def _by_day(rows: int, day: int, rng: Rng) -> Array:
    """By the time of the day, 1 on average: quiet at night, one or two peaks."""
    hour = np.arange(day) / day * 24
    peaks = [(rng.uniform(8, 13), rng.uniform(1, 4)), (rng.uniform(16, 21), rng.uniform(1, 4))][: rng.integers(1, 3)]
    profile = rng.uniform(0.1, 0.5) + sum(np.exp(-0.5 * ((hour - at) / wide) ** 2) for at, wide in peaks)
    profile = profile / profile.mean()
    return np.roll(np.resize(profile, rows + day), int(rng.integers(day)))[:rows]


def _by_week(rows: int, day: int, rng: Rng) -> Array:
    """By the day of the week: at weekends more, or less."""
    week = np.ones(7)
    week[5:] = rng.uniform(0.3, 1.4)
    week *= rng.uniform(0.95, 1.05, 7)
    return np.resize(np.repeat(week, day), rows)
