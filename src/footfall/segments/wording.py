"""Numbers and differences as people read them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footfall.segments.measures import Measure
from footfall.segments.vocabulary import Unit, word

NOTHING = "–"  # noqa: RUF001 - an en dash is what a reader expects in an empty cell


def count(value: float) -> str:
    """Whole numbers with thousands separators: `1,067,371`."""
    return f"{value:,.0f}"


def percent(share: float | None) -> str:
    """A share in percent, with more digits towards 0 and 1: `43%`, `4.3%`, `0.02%`, `99.9%`."""
    if share is None or math.isnan(share):
        return NOTHING
    if share in (0, 1):
        return f"{share:.0%}"
    edge = min(abs(share), abs(1 - share))
    if edge < 0.0001:
        return "<0.01%" if 0 < share < 0.5 else ">99.99%" if 0.5 <= share < 1 else f"{share:.2%}"
    return f"{share:.{0 if edge >= 0.1 else 1 if edge >= 0.001 else 2}%}"


def amount(value: float) -> str:
    """Three digits that matter, or all before the point: `1,234`, `56.7`, `4.32`, `0`."""
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_unit(value: float, unit: Unit) -> str:
    """A feature's value as its unit is written; a dash where it is not defined."""
    if math.isnan(value):
        return NOTHING
    if unit == "share":
        return percent(value)
    if unit == "duration" and 0 < abs(value) < 10:
        return f"{value:.1f}".replace("0.0", "0")
    return amount(value)


@dataclass(frozen=True)
class Difference:
    """What sets a segment apart in one feature, in words and in numbers."""

    phrase: str
    label: str
    statistic: str
    segment: str
    base: str
    is_more: bool


def differences(segment: int, measures: Sequence[Measure], *, at_most: int = 3) -> list[Difference]:
    """Say what distinguishes a segment most: the strongest contrast of each family of features.

    One of each family, for orders, items and spend would say the same thing three times.
    """
    found: dict[str, Difference] = {}
    for one in sorted(measures, key=lambda one: -abs(np.nan_to_num(one.contrast[segment]))):
        difference = _difference(segment, one)
        if difference:
            found.setdefault(word(one.feature).family, difference)
    return list(found.values())[:at_most]


def _difference(segment: int, one: Measure) -> Difference | None:
    """Give the numbers that show the difference, or nothing where neither medians nor means do."""
    trait, is_more = word(one.feature), bool(one.contrast[segment] > 0)
    if not abs(one.contrast[segment]) > 0:
        return None
    for statistic, value, base in (
        ("median", float(one.median[segment]), one.base_median),
        ("mean", float(one.mean[segment]), one.base_mean),
    ):
        texts = in_unit(value, trait.unit), in_unit(base, trait.unit)
        if (value > base if is_more else value < base) and texts[0] != texts[1]:
            return Difference(trait.high if is_more else trait.low, trait.label, statistic, *texts, is_more=is_more)
    return None
