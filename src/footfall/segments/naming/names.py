"""Readable names for segments, from what their users do and never from a cluster's number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from footfall.segments.feature_table import Array
from footfall.segments.measures import Measure
from footfall.segments.naming.kinds import KINDS, kind_of
from footfall.segments.naming.portraits import portraits
from footfall.segments.naming.text import Language
from footfall.segments.naming.vocabulary import WORDS, word


@dataclass(frozen=True)
class Trait:
    """What tells a segment from others of its kind: more of a feature than they have, or less."""

    feature: str
    is_more: bool


@dataclass(frozen=True)
class Name:
    """What a segment is called: its kind, and what tells it from others of its kind (a number, where nothing does)."""

    kind: str
    traits: tuple[Trait, ...] = ()
    number: int = 0

    def text(self, language: Language = "en") -> str:
        """Say it.

        >>> Name("window_shoppers", (Trait("weekend_share", True),)).text("fr")
        'Flâneurs, le week-end'
        """
        traits = [
            (word(one.feature).high if one.is_more else word(one.feature).low).of(language) for one in self.traits
        ]
        return ", ".join([KINDS[self.kind].name.of(language), *traits]) + (f" ({self.number})" if self.number else "")


def read_name(text: str) -> Name | None:
    """The name that `Name.text` writes so in English; None where there is none.

    Tables of past dates have the names of segments that are in no model any more.

    >>> read_name("Window Shoppers, weekends (2)").text("fr")
    'Flâneurs, le week-end (2)'
    """
    parts = _WRITTEN.fullmatch(text)
    kind, *told = parts["words"].split(", ") if parts else [""]
    traits = tuple(_TRAITS[one] for one in told if one in _TRAITS)
    if kind not in _KINDS or len(traits) < len(told):
        return None
    return Name(_KINDS[kind], traits, int(parts["number"] or 0) if parts else 0)


_WRITTEN = re.compile(r"(?P<words>.*?)( \((?P<number>\d+)\))?")
_KINDS = {kind.name.en: key for key, kind in KINDS.items()}
_TRAITS = {
    text.en: Trait(feature, is_more)
    for feature, told in WORDS.items()
    for text, is_more in ((told.high, True), (told.low, False))
}


def names_of(part: str, measures: Sequence[Measure], used: set[str], last: Sequence[Name | None]) -> list[Name]:
    """Name the segments of a part.

    Args:
        part: which one.
        measures: all features in its segments.
        used: the features that the segments were found by; only these tell segments of one kind apart.
        last: each segment's name in the last model; kept where it still fits, with some patience.
    """
    kinds = [
        kind_of(portrait, part, name.kind if name else None)
        for portrait, name in zip(portraits(measures, len(last)), last, strict=True)
    ]
    telling = [one for one in measures if one.feature in used]
    fresh = [Name(kind.key) for kind in kinds]
    for key in dict.fromkeys(kind.key for kind in kinds):
        _tell_apart(fresh, [place for place, kind in enumerate(kinds) if kind.key == key], telling)
    names = [
        old if old and old.kind == new.kind and _still_holds(old, segment, measures) else new
        for segment, (old, new) in enumerate(zip(last, fresh, strict=True))
    ]
    return _numbered(names)


def _still_holds(name: Name, segment: int, measures: Sequence[Measure]) -> bool:
    effects = {one.feature: float(one.effect[segment]) for one in measures}
    return not name.number and all((effects.get(one.feature, 0) > 0) == one.is_more for one in name.traits)


def _tell_apart(names: list[Name], same: list[int], measures: Sequence[Measure]) -> None:
    """Add to each name the feature that is furthest from the others of that name; again for those still alike.

    On one feature, not all can lie above the mean of the others, nor all below it: each round splits the group.
    """
    if len(same) < 2:
        return
    effects = np.array([one.effect[same] for one in measures])
    # NaN where a feature is not defined for one of them: it cannot tell them apart in words.
    differences = np.nan_to_num(effects - effects.mean(axis=1, keepdims=True))
    if not differences.any():
        return
    for place, difference in zip(same, differences.T, strict=True):
        names[place] = replace(names[place], traits=(*names[place].traits, _trait(difference, measures)))
    for name in dict.fromkeys(names[place] for place in same):
        _tell_apart(names, [place for place in same if names[place] == name], measures)


def _trait(difference: Array, measures: Sequence[Measure]) -> Trait:
    strongest = int(np.abs(difference).argmax())
    return Trait(measures[strongest].feature, bool(difference[strongest] > 0))


def _numbered(names: Sequence[Name]) -> list[Name]:
    """Number those that are called the same after all; the first keeps its name."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        count = seen[name.text()] = seen.get(name.text(), 0) + 1
        found.append(replace(name, number=count) if count > 1 else name)
    return found
