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
    # Where all medians are the same, often 0, only the means can show what the colours say.
    is_flat = len(np.unique(one.median[~np.isnan(one.median)])) < 2
    values, base = (one.mean, one.base_mean) if is_flat else (one.median, one.base_median)
    return HeatRow(
        label=trait.label,
        statistic="mean" if is_flat else "median",
        base=in_unit(base, trait.unit),
        cells=[
            Cell(in_unit(float(value), trait.unit), colours.of_contrast(float(contrast)))
            if not np.isnan(contrast)
            else _UNDEFINED
            for value, contrast in zip(values, one.contrast, strict=True)
        ],
    )
