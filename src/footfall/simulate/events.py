"""Events as columns of numbers, before they become text."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from footfall.simulate.arrays import Bools, Ints

SECONDS_PER_DAY = 86_400


class EventType(IntEnum):
    """What happened; the names, in lower case, are those of REES46."""

    VIEW = 0
    CART = 1
    REMOVE_FROM_CART = 2
    PURCHASE = 3


@dataclass(frozen=True)
class Events:
    """Events: the second counts from midnight of a day, user and product are positions in their tables."""

    second: Ints
    user: Ints
    session: Ints
    product: Ints
    type: Ints

    def __len__(self) -> int:
        return len(self.second)

    def take(self, rows: Ints | Bools) -> "Events":
        """The events at these positions, or where a mask is true."""
        return Events(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def later_by(self, seconds: int) -> "Events":
        """The same events, counted from a midnight that lies so many seconds earlier."""
        return Events(self.second + seconds, self.user, self.session, self.product, self.type)


def no_events() -> Events:
    """Events without a row."""
    none = np.zeros(0, dtype=np.int64)
    return Events(none, none, none, none, none)


def joined(parts: Sequence[Events]) -> Events:
    """All events of several parts, one part after the other."""
    names = [field.name for field in fields(Events)]
    return Events(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def in_order(events: Events) -> Events:
    """The events by time; of several of one user in one second, only the first.

    So no event repeats another's time, user, product and type: the repetitions that the truth lists are the only ones.
    """
    key = (events.second << 32) | events.user
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1]))[: len(ordered)]
    return events.take(order[first])
