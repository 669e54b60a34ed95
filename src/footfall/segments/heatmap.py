"""All segments by all features: the numbers people know, over colours that compare."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footfall.segments import colours
from footfall.segments.measures import Measure
from footfall.segments.vocabulary import word
from footfall.segments.wording import NOTHING, in_unit


@dataclass(frozen=True)
class Cell:
    """A segment's value of a feature, and the colour that compares it with the average user's."""

    text: str
    colour: str


# A contrast that gives a cell a visible colour.
_VISIBLE = 0.25
_UNDEFINED = Cell(NOTHING, colours.PAPER)


@dataclass(frozen=True)
class HeatRow:
    """One feature over all segments."""

    label: str
    statistic: str
    base: str
    cells: Sequence[Cell]


def heat_map(measures: Sequence[Measure]) -> dict[str, list[HeatRow]]:
    """The rows of the heat map, by family of features."""
    families: dict[str, list[HeatRow]] = {}
    for one in measures:
        families.setdefault(word(one.feature).family, []).append(_row(one))
    return families


def _row(one: Measure) -> HeatRow:
    trait = word(one.feature)
    by_median = _medians_agree(one)
    values, base = (one.median, one.base_median) if by_median else (one.mean, one.base_mean)
    return HeatRow(
        label=trait.label,
        statistic="median" if by_median else "mean",
        base=in_unit(base, trait.unit),
        cells=[
            Cell(in_unit(float(value), trait.unit), colours.of_contrast(float(contrast)))
            if not np.isnan(contrast)
            else _UNDEFINED
            for value, contrast in zip(values, one.contrast, strict=True)
        ],
    )


def _medians_agree(one: Measure) -> bool:
    """Whether the medians differ as the colours do. Often they do not: most users fill no cart, in any segment."""
    coloured = np.abs(one.contrast) >= _VISIBLE
    return bool((np.sign(one.median - one.base_median) == np.sign(one.contrast))[coloured].all())
