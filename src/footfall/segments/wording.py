"""Numbers and differences as people read them."""

import math
from dataclasses import dataclass

import numpy as np

from footfall.segments.measures import Measure
from footfall.segments.transform import Array, Scale
from footfall.segments.vocabulary import Unit, word

NOTHING = "–"  # noqa: RUF001 - an en dash is what a reader expects in an empty cell
_SUFFIX = {"days": " d", "hours": " h", "minutes": " min"}


def count(value: float) -> str:
    """Whole numbers with thousands separators: `1,067,371`."""
    return f"{value:,.0f}"


def percent(share: float | None) -> str:
    """A share in percent, with more digits where it is small: `43%`, `4.3%`, `0.02%`."""
    if share is None or math.isnan(share):
        return NOTHING
    if share and abs(share) < 0.0001:
        return "<0.01%"
    if abs(share) < 0.001:
        return f"{share:.2%}" if share else "0%"
    whole = abs(share) >= 0.0995 and round(share, 2) != 1
    return f"{share:.0%}" if whole or share == 1 else f"{share:.1%}"


def amount(value: float) -> str:
    """Three digits that matter, or all before the point: `1,234`, `56.7`, `4.32`, `0`."""
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_unit(value: float, unit: Unit) -> str:
    """A feature's value with its unit; a dash where it is not defined."""
    if math.isnan(value):
        return NOTHING
    return percent(value) if unit == "share" else amount(value) + _SUFFIX.get(unit, "")


@dataclass(frozen=True)
class Difference:
    """What sets a segment apart in one feature, in words and in numbers."""

    phrase: str
    label: str
    statistic: str
    segment: str
    base: str
    is_more: bool


def differences(
    segment: int, contrasts: Array, scales: tuple[Scale, ...], measures: dict[str, Measure], *, at_most: int = 3
) -> list[Difference]:
    """Say what distinguishes a segment most: the strongest contrast of each family of features.

    One of each family, for orders, items and spend would say the same thing three times.
    """
    found: dict[str, Difference] = {}
    for place in np.argsort(-np.abs(contrasts[segment]), kind="stable"):
        feature = scales[place].feature
        is_more = bool(contrasts[segment, place] > 0)
        found.setdefault(word(feature).family, _difference(segment, measures[feature], is_more=is_more))
    return list(found.values())[:at_most]


def _difference(segment: int, one: Measure, *, is_more: bool) -> Difference:
    trait = word(one.feature)
    # Where the medians say the same (most users never fill a cart), the means tell the difference.
    statistic = "mean" if one.median[segment] == one.base_median or np.isnan(one.median[segment]) else "median"
    own, base = (one.mean, one.base_mean) if statistic == "mean" else (one.median, one.base_median)
    return Difference(
        phrase=trait.high if is_more else trait.low,
        label=trait.label,
        statistic=statistic,
        segment=in_unit(float(own[segment]), trait.unit),
        base=in_unit(base, trait.unit),
        is_more=is_more,
    )
