"""How watched series are related: by what they are about, and by what they are a part of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
NONE = -1
ALL = "all"
"""Dimension and member of a whole shop."""


@dataclass(frozen=True)
class Kin:
    """Watched series, and what each is about.

    Args:
        ids: of the series.
        metrics: what is counted.
        dimensions: by what.
        members: of which member.
        parents: ids of the series that they are part of; None for those that are part of none.
        shops: whose series; anomalies of different shops are never one incident.
    """

    ids: tuple[str, ...]
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...]
    members: tuple[str, ...]
    parents: tuple[str | None, ...]
    shops: tuple[str, ...]

    @classmethod
    def strangers(cls, ids: Sequence[str], metric: str = "value") -> "Kin":
        """Series that have nothing to do with each other."""
        count = len(ids)
        return cls(tuple(ids), (metric,) * count, (ALL,) * count, tuple(ids), (None,) * count, tuple(ids))

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def place(self) -> dict[str, int]:
        """Numbers of the series by their ids."""
        return {name: number for number, name in enumerate(self.ids)}

    @cached_property
    def parent(self) -> Numbers:
        """Number of the series that each is part of."""
        return np.array([NONE if name is None else self.place.get(name, NONE) for name in self.parents], np.int64)

    def subject(self, series: int) -> tuple[str, str, str]:
        """What a series is about, whatever is counted."""
        return self.shops[series], self.dimensions[series], self.members[series]

    def beside(self, series: int, metric: str) -> int:
        """The series of another metric about the same; `NONE` where there is none."""
        return self._by_subject.get((*self.subject(series), metric), NONE)

    def named(self, series: int, dimension: str, member: str) -> int:
        """The series of another subject, of the same shop and metric; `NONE` where there is none."""
        return self._by_subject.get((self.shops[series], dimension, member, self.metrics[series]), NONE)

    def is_within(self, series: int, other: int) -> bool:
        """Whether a series is part of another, or of the same member as one that is."""
        wanted, here = self.subject(other), series
        while here != NONE:
            if self.subject(here) == wanted:
                return True
            here = int(self.parent[here])
        return False

    def with_parts(self, which: Bools) -> Bools:
        """These series, and all that are part of one of them."""
        found, before = which.copy(), np.zeros_like(which)
        while (found != before).any():
            before = found.copy()
            found |= (self.parent != NONE) & found[self.parent]
        return found

    def is_apart(self, series: int, other: int) -> bool:
        """Whether two series have nothing in common, like two brands; a brand and a category may have."""
        is_nested = self.is_within(series, other) or self.is_within(other, series)
        return self._tree(series) == self._tree(other) and not is_nested

    def _tree(self, series: int) -> str:
        """The dimension of the first level below the whole: levels of categories are one tree."""
        here, above = series, int(self.parent[series])
        while above != NONE and self.dimensions[above] != ALL:
            here, above = above, int(self.parent[above])
        return self.dimensions[here]

    def of_metric(self, series: int) -> Numbers:
        """All series of the same shop and metric."""
        ours = self.shops[series], self.metrics[series]
        found = [n for n, one in enumerate(zip(self.shops, self.metrics, strict=True)) if one == ours]
        return np.array(found, np.int64)

    @cached_property
    def _by_subject(self) -> dict[tuple[str, str, str, str], int]:
        return {(*self.subject(number), metric): number for number, metric in enumerate(self.metrics)}
