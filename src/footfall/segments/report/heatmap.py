"""All segments by all features: the numbers people know, over colours that compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from footfall.segments.measures import Measure
from footfall.segments.naming.vocabulary import Unit, word
from footfall.segments.naming.wording import in_unit
from footfall.segments.report import colours
from footfall.segments.report.content import PartView

# An effect that gives a cell a visible colour.
_VISIBLE = 0.25


@dataclass(frozen=True)
class Column:
    """A segment, or all users of a part (the base)."""

    title: str
    colour: str
    is_base: bool


@dataclass(frozen=True)
class Cell:
    """A segment's value of a feature, and how it compares with the rest of its part; NaN where it does not."""

    text: str
    effect: float
    is_base: bool

    @property
    def colour(self) -> str:
        """The colour that compares."""
        return colours.PAPER if np.isnan(self.effect) else colours.of_effect(self.effect)


@dataclass(frozen=True)
class HeatRow:
    """One feature over all columns."""

    label: str
    statistic: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class HeatMap:
    """The table.

    Attributes:
        groups: each part's title and how many columns it has.
        columns: all columns.
        families: the rows, by family of features.
    """

    groups: Sequence[tuple[str, int]]
    columns: Sequence[Column]
    families: dict[str, list[HeatRow]]


def heat_map(parts: Sequence[PartView]) -> HeatMap:
    """Lay out the heat map: the features that any part uses, the segments part by part, each with its base."""
    columns = [_columns(view) for view in parts]
    families: dict[str, list[HeatRow]] = {}
    for place, one in enumerate(parts[0].measures):
        if any(one.feature == scale.feature for view in parts for scale in view.part.scales):
            row = _row(one.feature, [(view, view.measures[place]) for view in parts])
            families.setdefault(word(one.feature).family, []).append(row)
    groups = [(view.title, len(ours)) for view, ours in zip(parts, columns, strict=True)]
    return HeatMap(groups, list(chain.from_iterable(columns)), families)


def _columns(view: PartView) -> list[Column]:
    segments = [Column(card.name, card.colour, is_base=False) for card in view.cards]
    return [*segments, *([Column(view.base, "transparent", is_base=True)] if _has_base(view) else [])]


def _has_base(view: PartView) -> bool:
    """One segment is its own base, and would stand there twice."""
    return len(view.cards) > 1


def _row(feature: str, measured: Sequence[tuple[PartView, Measure]]) -> HeatRow:
    trait, by_median = word(feature), all(_medians_agree(one) for _, one in measured)
    cells = chain.from_iterable(_cells(one, trait.unit, by_median, _has_base(view)) for view, one in measured)
    return HeatRow(trait.label.en, "median" if by_median else "mean", list(cells))


def _cells(one: Measure, unit: Unit, by_median: bool, has_base: bool) -> list[Cell]:
    values, base = (one.median, one.base_median) if by_median else (one.mean, one.base_mean)
    unknown = float("nan")
    # Where an effect says nothing, few of the segment's users have the feature, and their number would mislead.
    cells = [
        Cell(in_unit(unknown if np.isnan(effect) else float(value), unit), float(effect), is_base=False)
        for value, effect in zip(values, one.effect, strict=True)
    ]
    return [*cells, *([Cell(in_unit(base, unit), unknown, is_base=True)] if has_base else [])]


def _medians_agree(one: Measure) -> bool:
    """Whether the medians differ as the colours do. Often they do not: most users fill no cart, in any segment."""
    coloured = np.abs(one.effect) >= _VISIBLE
    return bool((np.sign(one.median - one.base_median) == np.sign(one.effect))[coloured].all())
