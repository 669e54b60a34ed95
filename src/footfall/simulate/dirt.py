"""Bad rows, each with exactly one defect, and where they are: what a cleaner must find."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from footfall.simulate.arrays import Ints
from footfall.simulate.events import Events, EventType

# Of all rows, all kinds of defects together.
DIRTY_SHARE = 0.001
# A kind that did not occur by chance in the first three quarters of a month is put in.
DUE_SHARE = 0.75
BAD_TIMES = ("", "N/A", "2019-13-05 10:11:12 UTC", "2019-10-32 10:11:12 UTC", "2019-10-05 27:61:00 UTC", "yesterday")
FAR_TIMES = ("1970-01-01 00:00:00 UTC", "1970-01-01 03:00:00 UTC", "2038-01-19 03:14:07 UTC", "2038-01-01 00:00:00 UTC")
BAD_PRICES = ("0.00", "0.00", "0.00", "-0.01", "-35.79")
STRANGE_TYPES = ("click", "wishlist", "share", "compare")
TIME, TYPE, PRODUCT, CATEGORY_ID, CATEGORY_CODE, PRICE, USER = 0, 1, 2, 3, 4, 6, 7
CLEAN = -1

Spoiler = Callable[[list[str], np.random.Generator], list[str]]


def _cut_or_extended(fields: list[str], rng: np.random.Generator) -> list[str]:
    if rng.random() < 0.3:
        return [*fields, "1"]
    # A cut within the last field would leave the right number of fields.
    kept = int(rng.integers(1, len(fields) - 1))
    return [*fields[:kept], fields[kept][: int(rng.integers(len(fields[kept]) + 1))]]


def _replaced(*places: int, by: tuple[str, ...]) -> Spoiler:
    def replace(fields: list[str], rng: np.random.Generator) -> list[str]:
        value = by[int(rng.integers(len(by)))]
        return [value if place in places else field for place, field in enumerate(fields)]

    return replace


def _unchanged(fields: list[str], rng: np.random.Generator) -> list[str]:
    del rng
    return fields


# A duplicate is no spoiled row but one row more.
SPOILERS: dict[str, Spoiler] = {
    "duplicate": _unchanged,
    "malformed": _cut_or_extended,
    "bad_timestamp": _replaced(TIME, by=BAD_TIMES),
    "out_of_period": _replaced(TIME, by=FAR_TIMES),
    "price_not_positive": _replaced(PRICE, by=BAD_PRICES),
    "missing_user": _replaced(USER, by=("",)),
    "missing_product": _replaced(PRODUCT, by=("",)),
    "no_category": _replaced(CATEGORY_ID, CATEGORY_CODE, by=("",)),
    "unknown_event_type": _replaced(TYPE, by=STRANGE_TYPES),
}
DIRTY_KINDS = tuple(SPOILERS)
DUPLICATE, FREE_PRICE = DIRTY_KINDS.index("duplicate"), DIRTY_KINDS.index("price_not_positive")


@dataclass(frozen=True)
class DirtyRows:
    """A day's rows with the bad ones among them.

    Attributes:
        event: for each row, the event that it shows; a duplicate shows that of an earlier row.
        position: the rows that are bad, ascending.
        kind: what is wrong with each of these, as a position in `DIRTY_KINDS`.
    """

    event: Ints
    position: Ints
    kind: Ints


class MonthlyDirt:
    """Decides day by day which rows of a month are bad; each kind occurs in every month that has enough rows."""

    def __init__(self, days: int, rng: np.random.Generator) -> None:
        self._rng = rng
        self._days_left = rng.integers(0, max(1, int(DUE_SHARE * days)), len(DIRTY_KINDS))
        self._found = np.zeros(len(DIRTY_KINDS), dtype=np.int64)

    def soil(self, events: Events) -> DirtyRows:
        """Choose the bad rows among a day's events, which are in order of time."""
        kind_of = self._defects(events)
        originals = np.flatnonzero(kind_of == DUPLICATE)
        kind_of[originals] = CLEAN
        event = np.concatenate((np.arange(len(events)), originals))
        kind = np.concatenate((kind_of, np.full(len(originals), DUPLICATE)))
        # The sort is stable: a copy stands behind its original and all else that happened in that second.
        order = np.argsort(events.second[event], kind="stable")
        position = np.flatnonzero(kind[order] != CLEAN)
        return DirtyRows(event[order], position, kind[order][position])

    def _defects(self, events: Events) -> Ints:
        """For each event, its kind of defect or `CLEAN`."""
        wanted = self._rng.poisson(len(events) * DIRTY_SHARE / len(DIRTY_KINDS), len(DIRTY_KINDS))
        wanted = np.maximum(wanted, (self._days_left <= 0) & (self._found == 0))
        self._days_left -= 1
        kinds = self._rng.permutation(np.repeat(np.arange(len(DIRTY_KINDS)), wanted))[: len(events)]
        chosen = self._rng.choice(len(events), len(kinds), replace=False)
        # What is taken out of a cart may be free of charge, so its price is no defect.
        possible = (kinds != FREE_PRICE) | (events.type[chosen] != EventType.REMOVE_FROM_CART)
        defects = np.full(len(events), CLEAN, dtype=np.int64)
        defects[chosen[possible]] = kinds[possible]
        self._found += np.bincount(kinds[possible], minlength=len(DIRTY_KINDS))
        return defects


def spoiled(line: str, kind: int, rng: np.random.Generator) -> str:
    """A good CSV row with its line end, made bad in one way."""
    fields = line.removesuffix("\n").split(",")
    return ",".join(SPOILERS[DIRTY_KINDS[kind]](fields, rng)) + "\n"
