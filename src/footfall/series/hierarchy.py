"""Which members have series of their own, and how levels sum.

all -> brand, all -> country, all -> category -> category_2 -> category_3. The members with the most events are kept;
the others of a level are one, `other`, and below a category `<category>.other`. So each level sums to the one above it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = {"brand": ("brand",), "country": ("country",), "category": ("category", "category_2", "category_3")}
"""What series are by, for each dimension of `volumes`: `category_2` has the first two levels of `category_code`."""
OTHER = "other"


@dataclass(frozen=True)
class Place:
    """Where a member of a dimension of `volumes` counts on a level, and which series that one is part of."""

    dimension: str
    leaf: str
    level: str
    member: str
    parent_level: str | None = None
    parent: str | None = None


def places(events: Mapping[str, Mapping[str, int]], members: int) -> list[Place]:
    """Where every member counts, on every level.

    Args:
        events: how many, by dimension and member.
        members: how many members a level keeps.

    Returns:
        Levels that divide nothing are left out: those with one member, and those that are like the level above.
    """
    found = [Place("all", "all", "all", "all")]
    for dimension, levels in LEVELS.items():
        ours = events.get(dimension, {})
        above_level, above = "all", dict.fromkeys(ours, "all")
        for depth, level in enumerate(levels, start=1):
            named = {leaf: _first_levels(leaf, depth) if dimension == "category" else leaf for leaf in ours}
            level_members = _kept(named, ours, above, members)
            if level_members == above or len(set(level_members.values())) < 2:
                continue
            found += [
                Place(dimension, leaf, level, member, above_level, above[leaf])
                for leaf, member in level_members.items()
            ]
            above_level, above = level, level_members
    return found


def _first_levels(code: str, depth: int) -> str:
    return ".".join(code.split(".")[:depth])


def _kept(
    named: Mapping[str, str], events: Mapping[str, int], above: Mapping[str, str], members: int
) -> dict[str, str]:
    """The member of each leaf: its name where that has the most events, else what is left of the level above."""
    totals: Counter[str] = Counter()
    for leaf, name in named.items():
        if not _is_rest(above[leaf]):
            totals[name] += events[leaf]
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    kept = set(ranked[:members])
    return {leaf: name if name in kept else _rest(above[leaf]) for leaf, name in named.items()}


def _is_rest(member: str) -> bool:
    return member == OTHER or member.endswith(f".{OTHER}")


def _rest(above: str) -> str:
    if above == "all":
        return OTHER
    return above if _is_rest(above) else f"{above}.{OTHER}"
