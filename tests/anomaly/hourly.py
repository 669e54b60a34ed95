"""Hours of shops that are known, and watches that look at them."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from footfall.anomaly import ORDINARY, SALE, Budget, Event, Hour, Incident, Judged, Kin, Watch
from footfall.anomaly.alarms import Limits
from footfall.anomaly.expectation import WEEK
from footfall.anomaly.occasions import DAY

Array = npt.NDArray[np.float64]
Change = Callable[[Array], None]
"""Changes hours x series in place."""

LEVELS = (0.5, 2.0, 5.0, 20.0, 100.0, 100.0, 100.0, 500.0)
LEARNT_WEEKS, SALE_DAY, SALE_HOURS, UPLIFT = 6, 24, 2 * DAY, 3.0
"""What `the_shop` has seen: six weeks with a sale of two days in the fourth that triples everything."""


def season(hours: npt.ArrayLike) -> Array:
    """Share of an hour of the week, 1 on average: quiet nights, busy evenings, and weekends a third above the rest."""
    slot = np.asarray(hours) % WEEK
    day = 1 - 0.6 * np.cos(2 * np.pi * (slot % DAY - 3) / DAY)
    found: Array = day * np.where(slot >= 5 * DAY, 1.25, 0.9)
    return found


def hours_from(first: int, count: int) -> npt.NDArray[np.int64]:
    """Numbers of hours; a multiple of 168 is a Monday's first."""
    return np.arange(first, first + count)


def means(levels: Sequence[float], numbers: npt.NDArray[np.int64]) -> Array:
    """Hours x series."""
    return np.outer(season(numbers), levels)


def everything(count: int, *, relative: float = 0.2, absolute: float = 5.0) -> Limits:
    """Both sides of so many series, with the usual limits of impact."""
    return Limits(np.ones((2, count), bool), relative, np.full(count, absolute))


def strangers(count: int, limits: Limits | None = None, budget: Budget | None = None) -> Watch:
    kin = Kin.strangers([f"s{number}" for number in range(count)])
    return Watch(kin, limits or everything(count), budget or Budget())


def follow(
    watch: Watch,
    numbers: Iterable[int],
    values: Array,
    kinds: Sequence[int] | None = None,
    missing: Sequence[bool] | None = None,
    planned: float | None = None,
) -> list[Judged]:
    """Judge hours one after the other."""
    found = []
    for place, (number, ours) in enumerate(zip(numbers, values, strict=True)):
        kind = ORDINARY if kinds is None else kinds[place]
        gone = np.full(len(ours), missing is not None and missing[place])
        found.append(watch.judge(int(number), Hour(int(number % WEEK), kind, planned), ours, gone))
    return found


@dataclass(frozen=True)
class Shop:
    """A watch that has learnt, and what comes next."""

    watch: Watch
    levels: tuple[float, ...]

    def copy(self) -> "Shop":
        return copy.deepcopy(self)

    @property
    def next(self) -> int:
        """Number of the hour that is judged next."""
        return self.watch.last + 1

    def means(self, hours: int) -> Array:
        return means(self.levels, hours_from(self.next, hours))

    def go_on(
        self,
        hours: int,
        change: Change = lambda _: None,
        *,
        seed: int = 1,
        kind: int = ORDINARY,
        factor: float = 1.0,
        planned: float | None = None,
        gone: Callable[[int], bool] = lambda _: False,
    ) -> list[Judged]:
        """Judge the next hours: Poisson counts, changed."""
        numbers = hours_from(self.next, hours)
        values = np.random.default_rng([seed, self.next]).poisson(self.means(hours) * factor).astype(float)
        change(values)
        missing = [gone(place) for place in range(hours)]
        values[missing] = np.nan
        return follow(self.watch, numbers, values, [kind] * hours, missing, planned)

    def go_on_to(self, hour_of_day: int, *, seed: int = 9) -> None:
        """Judge ordinary hours up to an hour of the day."""
        self.go_on((hour_of_day - self.next) % DAY, seed=seed)


def learnt(watch: Watch, levels: Sequence[float], seed: int = 0) -> Shop:
    """The shop after six weeks with one sale."""
    numbers = hours_from(WEEK, LEARNT_WEEKS * WEEK)
    is_sale = (np.arange(len(numbers)) // DAY >= SALE_DAY) & (np.arange(len(numbers)) < SALE_DAY * DAY + SALE_HOURS)
    expected = means(levels, numbers) * np.where(is_sale, UPLIFT, 1.0)[:, None]
    values = np.random.default_rng(seed).poisson(expected).astype(float)
    follow(watch, numbers, values, np.where(is_sale, SALE, ORDINARY).tolist())
    return Shop(watch, tuple(levels))


def told(judged: Iterable[Judged], event: Event | None = None) -> list[tuple[int, Event, Incident]]:
    """What incidents had to tell: number of the hour, event, and the incident as it is at the end."""
    return [(one.number, what, incident) for one in judged for incident, what in one.events if event in (None, what)]


def set_to(series: int | slice, factor: float, hours: slice = slice(None)) -> Change:
    """Multiply a series in some hours."""

    def change(values: Array) -> None:
        values[hours, series] = np.round(values[hours, series] * factor)

    return change
