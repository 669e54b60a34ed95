"""Which members explain an incident: the smallest set whose change leaves the rest of the shop as expected.

A set has moved by one factor, all others not at all. How much likelier that is than no change at all is its gain: an
expectation-based scan statistic (Neill 2012, "Fast subset scan for spatial pattern detection", Journal of the Royal
Statistical Society B 74) of counts whose variance is a multiple of their mean. The true set has the greatest gain of
all dimensions, for in any other its change is diluted. Each name costs (Speakman et al. 2016, "Penalized fast subset
scanning", Journal of Computational and Graphical Statistics 25), and a set must gain more than the whole shop moving by
one factor. Adtributor (Bhagwan et al. 2014, NSDI) has the same aims, explanatory power, surprise and few names, but
knows no noise and no levels; its two figures are in the ranking.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import xlogy

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Side = Literal["down", "up"]

_SIGNS: dict[Side | None, int] = {"down": -1, "up": 1, None: 0}
_OTHER = "other"
_NAME_COST = 2.0
"""Times the logarithm of the number of members: what the best of so many gains by chance (Foster and George 1994)."""
_EVIDENCE = 4.0
"""What a set gains beyond the cost of its names, at least: the noise of members is itself estimated."""
_OTHER_WEIGHT = 0.5
"""Part of its gain that a set with `other` counts for: it is named if nothing else explains half as much."""
_EVEN = 0.91
"""Twice the median of a chi-square of one degree of freedom: the median of a few members is uncertain."""
_LEAST_PART = 0.1
"""Of the total's change, for a member that moved by another factor to be named too (as by Bhagwan et al. 2014)."""
_FACTORS = np.geomspace(0.02, 50, 40)
_LEAST_FACTOR = 1e-3
_RANKED = 3
# A renamed member leaves at most this part, was so many deviations from nothing, and is within so many of the new one.
_TRACE, _CLEAR, _ALIKE = 0.05, 5.0, 3.0


@dataclass(frozen=True)
class Cause:
    """The members that explain a change.

    `members` begins with the largest change. `share` is the part of the total's change that they explain, 0 to 1; 1 too
    where the total moved less than they did, or the other way, because others made up for them. `ranking` is for a
    report, the best three of each dimension, the greatest gain first: `dimension`, `member`, `value`, `expected`,
    `share` (of the total's change), `surprise` (a term of the Jensen-Shannon divergence, in nats) and `gain` (twice the
    logarithm of the likelihood ratio).
    """

    dimension: str
    members: tuple[str, ...]
    share: float
    ranking: pd.DataFrame = field(compare=False, repr=False)

    @property
    def text(self) -> str:
        """Like `brand: apple, sony`."""
        return f"{self.dimension}: {', '.join(self.members)}"


@dataclass(frozen=True)
class _Members:
    """Columns of the members that can be judged, upper levels first; `parent` is a row, -1 above the first level."""

    dimension: npt.NDArray[np.object_]
    member: npt.NDArray[np.object_]
    depth: Rows
    parent: Rows
    value: Array
    expected: Array
    noise: Array

    @property
    def change(self) -> Array:
        return self.value - self.expected

    @property
    def is_other(self) -> Flags:
        return np.array([name.split(".")[-1] == _OTHER for name in self.member], bool)


@dataclass(frozen=True)
class _Set:
    """Rows of one dimension that moved by one factor, and what that explains beyond the cost of their names."""

    rows: Rows
    score: float


def find_cause(members: pd.DataFrame, side: Side | None = None) -> Cause | None:
    """The smallest set of members of one dimension that explains the change of one metric.

    Args:
        members: a row per member: `dimension`, `member`, `parent_dimension`, `parent`, and over the incident's buckets
            `value` (the sum of what happened), `expected` (the sum of what was to be expected) and `noise` (standard
            deviation of value - expected when nothing happens), in the metric's unit. Of a share or an average: its
            numerator, and what was to be expected of that given the denominator. Rows without a value or an
            expectation are left out; noise that is not known is taken from the other members.
        side: of the change that is to be explained: a member that rose is no cause of a drop. None for either.

    Returns:
        None where no set explains the change better than chance, or than the whole shop moving by one factor. Renamed
        members (`find_renames`) are nobody's cause.

    >>> shop = pd.DataFrame({"member": ["apple", "sony", "asus"], "value": [20, 99, 52], "expected": [100, 100, 50]})
    >>> shop = shop.assign(noise=shop.expected**0.5, dimension="brand", parent_dimension="all", parent="all")
    >>> find_cause(shop, "down").text
    'brand: apple'
    """
    every = _judged(members)
    count, usual = _evidence(every)
    # As expected: what ended goes on under the other name.
    count = np.where(_is_renamed(every), usual, count)
    count, usual = _summed_from_below(every, count, usual)
    cost = _NAME_COST * float(np.log(max(len(count), 1)))
    sign = _SIGNS[side]
    found = [one for rows in _dimensions(every) for one in _sets(every, rows, count, usual, cost, sign)]
    if not found:
        return None
    best = min(found, key=lambda one: (-round(one.score, 6), len(one.rows), one.rows[0]))
    gain = _gain(count, usual)
    return _cause(every, _with_others(every, best.rows, gain > cost + _EVIDENCE), gain)


def find_renames(members: pd.DataFrame) -> list[tuple[str, str]]:
    """Members that ended while another of the same parent began with the same volume: the shop calls them otherwise.

    Args:
        members: as for `find_cause`.

    Returns:
        Old and new name, upper levels first, then those with the most volume. A renamed parent is the same parent, so
        what is below it is found too.

    >>> shop = pd.DataFrame({"member": ["home", "living", "toys"], "value": [0, 95, 52], "expected": [100, 0, 50]})
    >>> shop = shop.assign(noise=shop.expected**0.5, dimension="category", parent_dimension="all", parent="all")
    >>> find_renames(shop)
    [('home', 'living')]
    """
    every = _judged(members)
    return [(str(every.member[old]), str(every.member[new])) for old, new in _renamed_rows(every)]


def _judged(members: pd.DataFrame) -> _Members:
    """Rows with a value and an expectation, neither below 0; noise that is not known is like that of the others."""
    names = ("dimension", "member", "parent_dimension", "parent")
    dimension, member, parent_dimension, parent = (members[name].tolist() for name in names)
    value, expected, noise = (members[name].to_numpy(np.float64) for name in ("value", "expected", "noise"))
    above = dict(zip(dimension, parent_dimension, strict=True))
    depths = {level: _depth(level, above) for level in above if level != "all"}
    usable = np.flatnonzero(np.isfinite(value) & np.isfinite(expected))
    order = sorted(
        (row for row in usable if dimension[row] in depths),
        key=lambda row: (depths[dimension[row]], dimension[row], member[row]),
    )
    places = {(dimension[row], member[row]): place for place, row in enumerate(order)}
    value, expected, noise = (column[order].clip(0) for column in (value, expected, noise))
    return _Members(
        dimension=np.array([dimension[row] for row in order], object),
        member=np.array([member[row] for row in order], object),
        depth=np.array([depths[dimension[row]] for row in order], np.intp),
        parent=np.array([places.get((parent_dimension[row], parent[row]), -1) for row in order], np.intp),
        value=value,
        expected=expected,
        noise=_filled(noise, expected),
    )


def _depth(level: str, above: dict[str, str]) -> int:
    """How many levels lie between this one and the whole."""
    return 1 + _depth(above[level], above) if above[level] in above and above[level] != "all" else 0


def _filled(noise: Array, expected: Array) -> Array:
    """Noise where it is known; elsewhere as if the variance were the same multiple of the mean, of a count 1."""
    is_known = np.isfinite(noise) & (noise > 0) & (expected > 0)
    typical = float(np.median(noise[is_known] ** 2 / expected[is_known])) if is_known.any() else 1.0
    return np.where(is_known, noise, np.sqrt(typical * expected))


def _dimensions(every: _Members) -> list[Rows]:
    """Which rows each dimension has."""
    names = dict.fromkeys(every.dimension)
    return [np.flatnonzero(every.dimension == name) for name in names]


def _renamed_rows(every: _Members) -> list[tuple[int, int]]:
    """Rows of the old and of the new name, each in one pair at most."""
    is_old = (every.value <= _TRACE * every.expected) & (every.expected > _CLEAR * every.noise)
    is_new = (every.expected <= _TRACE * every.value) & (every.value > 0)
    found: dict[int, int] = {}
    for old in sorted(np.flatnonzero(is_old), key=lambda row: (every.depth[row], -every.expected[row])):
        parent = found.get(int(every.parent[old]), every.parent[old])
        fits = is_new & (every.dimension == every.dimension[old]) & (every.parent == parent)
        fits[list(found.values())] = False
        difference = np.where(fits, np.abs(every.change + every.change[old]), np.inf)
        new = int(difference.argmin())
        if difference[new] <= max(_ALIKE * every.noise[old], _TRACE * every.expected[old]):
            found[int(old)] = new
    return list(found.items())


def _is_renamed(every: _Members) -> Flags:
    """Whether a row, or one above it, is the old or the new name of a member."""
    is_renamed = np.zeros(len(every.member), bool)
    is_renamed[[row for pair in _renamed_rows(every) for row in pair]] = True
    for row in np.flatnonzero(every.parent >= 0):
        is_renamed[row] |= is_renamed[every.parent[row]]
    return is_renamed


def _evidence(every: _Members) -> tuple[Array, Array]:
    """Values and expectations in units of variance / mean, as if Poisson distributed (quasi-likelihood)."""
    is_known = every.expected > 0
    unit = np.divide(every.noise**2, every.expected, out=np.ones_like(every.noise), where=is_known)
    typical = float(np.median(unit[is_known])) if is_known.any() else 1.0
    unit = np.where(is_known, unit, typical)
    # Nothing was to be expected of a new member; half a unit keeps its gain finite.
    return every.value / unit, np.maximum(every.expected, typical / 2) / unit


def _summed_from_below(every: _Members, count: Array, usual: Array) -> tuple[Array, Array]:
    """A member with others below it has their sums: on evidence of its own, it and they could not be compared."""
    for depth in range(int(every.depth.max(initial=0)), 0, -1):
        below = np.flatnonzero((every.depth == depth) & (every.parent >= 0))
        above, size = every.parent[below], len(count)
        is_divided = np.bincount(above, minlength=size) > 0
        count = np.where(is_divided, np.bincount(above, count[below], size), count)
        usual = np.where(is_divided, np.bincount(above, usual[below], size), usual)
    return count, usual


def _sets(every: _Members, rows: Rows, count: Array, usual: Array, cost: float, sign: int) -> Iterator[_Set]:
    """The best set of a dimension without `other`, and with: if it explains more than chance and the whole do.

    Who moved against the sign explains nothing; 0 allows both.
    """
    count, usual = count[rows], usual[rows]
    is_other, is_allowed = every.is_other[rows], sign * every.change[rows] >= 0
    is_whole = sign * (count.sum() - usual.sum()) >= 0
    whole = float(_gain(count.sum(), usual.sum())) if is_whole else 0.0
    for allowed, weight in ((is_allowed & ~is_other, 1.0), (is_allowed, _OTHER_WEIGHT)):
        chosen = _best_set(count, usual, allowed, cost)
        if not chosen.any():
            continue
        gain, price = float(_gain(count[chosen].sum(), usual[chosen].sum())), cost * float(chosen.sum())
        if weight * gain - price > _EVIDENCE and (gain - whole) / _unevenness(count, usual, chosen) > price:
            yield _Set(rows[chosen], weight * gain - price)


def _best_set(count: Array, usual: Array, allowed: Flags, cost: float) -> Flags:
    """The set whose gain less the cost of its names is the greatest, by trying factors.

    At a given factor every member adds its own part to the gain, and belongs to the set if that is more than its name
    costs.
    """
    factors = np.concatenate([_FACTORS, count / usual]).clip(_LEAST_FACTOR)
    chosen = np.zeros_like(allowed)
    for _ in range(3):
        surplus = 2 * (count[:, None] * np.log(factors) - usual[:, None] * (factors - 1)) - cost
        surplus[~allowed] = 0
        chosen = surplus[:, np.maximum(surplus, 0).sum(axis=0).argmax()] > 0
        if not chosen.any():
            break
        factors = np.array([count[chosen].sum() / usual[chosen].sum()]).clip(_LEAST_FACTOR)
    return chosen


def _with_others(every: _Members, rows: Rows, is_clear: Flags) -> Rows:
    """The set, and members of its dimension that clearly moved the same way by a factor of their own, if by as much.

    They are found last: were sets free to have many factors, they would fit the diluted change in other dimensions.
    """
    change, is_ours = every.change, every.dimension == every.dimension[rows[0]]
    direction = np.sign(change[rows].sum())
    is_large = direction * change >= _LEAST_PART * direction * change[is_ours].sum()
    is_named = is_ours & is_clear & is_large & (direction * change > 0) & ~every.is_other
    return np.union1d(rows, np.flatnonzero(is_named))


def _gain(count: Array, usual: Array) -> Array:
    """Twice the logarithm of the likelihood of its own factor over that of none: the deviance of a Poisson count."""
    gain: Array = np.maximum(2 * (xlogy(count, count / usual) - (count - usual)), 0)
    return gain


def _unevenness(count: Array, usual: Array, chosen: Flags) -> float:
    """How much more than by chance the members of a dimension differ once the set has its factor; at least 1.

    Where everything moved, but not all alike, a few names would fit better than one factor, and explain nothing. The
    median is not moved by a few members with changes of their own.
    """
    factor = np.where(chosen, max(count[chosen].sum() / usual[chosen].sum(), _LEAST_FACTOR), 1.0)
    return max(1.0, float(np.median(_gain(count, usual * factor))) / _EVEN)


def _cause(every: _Members, rows: Rows, gain: Array) -> Cause:
    dimension, change = str(every.dimension[rows[0]]), every.change[rows]
    total = every.change[every.dimension == dimension].sum()
    share = change.sum() / total if total else 1.0
    names = every.member[rows[np.argsort(-np.abs(change), kind="stable")]]
    return Cause(dimension, tuple(map(str, names)), float(share) if 0 <= share <= 1 else 1.0, _ranking(every, gain))


def _ranking(every: _Members, gain: Array) -> pd.DataFrame:
    share, surprise = np.zeros_like(gain), np.zeros_like(gain)
    for rows in _dimensions(every):
        share[rows] = _parts(every.change[rows])
        surprise[rows] = _surprise(_parts(every.expected[rows]), _parts(every.value[rows]))
    best = [rows[np.argsort(-gain[rows], kind="stable")][:_RANKED] for rows in _dimensions(every)]
    ranked = sorted(np.concatenate(best), key=lambda row: -gain[row])
    columns = {"dimension": every.dimension, "member": every.member, "value": every.value, "expected": every.expected}
    columns |= {"share": share, "surprise": surprise, "gain": gain}
    return pd.DataFrame({name: column[ranked] for name, column in columns.items()})


def _parts(amounts: Array) -> Array:
    total = amounts.sum()
    return amounts / total if total else np.zeros_like(amounts)


def _surprise(before: Array, after: Array) -> Array:
    """A member's term of the Jensen-Shannon divergence of shares before and after (Bhagwan et al. 2014, equation 7)."""
    middle = np.where(before + after > 0, (before + after) / 2, 1.0)
    surprise: Array = (xlogy(before, before / middle) + xlogy(after, after / middle)) / 2
    return surprise
