"""Numbers and differences as people read them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footfall.segments.measures import Measure
from footfall.segments.naming.text import Language, Text
from footfall.segments.naming.vocabulary import Unit, word

MEDIAN, MEAN = Text("median", "médiane"), Text("mean", "moyenne")
MINUS = "\u2212"
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
        return "<0.01%" if 0 < share < 0.5 else ">99.99%" if 0.5 <= share < 1 else ">-0.01%" if share < 0 else ">100%"
    return f"{share:.{0 if edge >= 0.1 else 1 if edge >= 0.001 else 2}%}"


def amount(value: float) -> str:
    """Three digits that matter, or all before the point: `1,234`, `56.7`, `4.32`, `0`."""
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_unit(value: float, unit: Unit, language: Language = "en") -> str:
    """A feature's value as its unit is written; a dash where it is not defined.

    >>> in_unit(12.5, "money", "fr")
    '12,5'
    """
    if math.isnan(value):
        return NOTHING
    if unit == "share":
        return _in_language(percent(value), language)
    if unit == "duration" and 0 < abs(value) < 10:
        return _in_language(f"{value:.1f}".replace("0.0", "0"), language)
    return _in_language(amount(value), language)


def _in_language(number: str, language: Language) -> str:
    """French writes a comma for the point, a thin space between thousands, and one before the percent sign."""
    if language == "en":
        return number
    return number.replace(",", "\u202f").replace(".", ",").replace("%", "\u202f%")


@dataclass(frozen=True)
class Difference:
    """What sets a segment apart in one feature, in words and in numbers.

    Attributes:
        phrase: in words.
        label: the feature.
        statistic: which number is compared, the median or the mean.
        segment: of the segment.
        base: of the users that it was divided from.
        effect: Cohen's d against the other users.
        is_more: whether the segment has more of it.
    """

    phrase: Text
    label: Text
    statistic: Text
    segment: str
    base: str
    effect: float
    is_more: bool


def differences(segment: int, measures: Sequence[Measure], *, at_most: int = 3) -> list[Difference]:
    """Say what distinguishes a segment most: the strongest effect in each family of features.

    One of each family, for orders, items and spend would say the same thing three times.
    """
    found: dict[str, Difference] = {}
    for one in sorted(measures, key=lambda one: -abs(np.nan_to_num(one.effect[segment]))):
        difference = _difference(segment, one)
        if difference:
            found.setdefault(word(one.feature).family, difference)
    return list(found.values())[:at_most]


def _difference(segment: int, one: Measure) -> Difference | None:
    """Give the numbers that show the difference, or nothing where neither medians nor means do."""
    trait, effect = word(one.feature), float(one.effect[segment])
    is_more = effect > 0
    if not abs(effect) > 0:
        return None
    for statistic, value, base in (
        (MEDIAN, float(one.median[segment]), one.base_median),
        (MEAN, float(one.mean[segment]), one.base_mean),
    ):
        texts = in_unit(value, trait.unit), in_unit(base, trait.unit)
        if (value > base if is_more else value < base) and texts[0] != texts[1]:
            phrase = trait.high if is_more else trait.low
            return Difference(phrase, trait.label, statistic, *texts, effect=effect, is_more=is_more)
    return None


def evidence(segment: int, measures: Sequence[Measure], features: Sequence[str], base: Text) -> Text:
    """The numbers that a recommendation rests on: of the features that the segment's kind is recognised by.

    Args:
        segment: which one.
        measures: all features.
        features: which of them.
        base: how the users that it is compared with are called.
    """
    told = [one for one in measures if one.feature in features and not math.isnan(one.mean[segment])]
    return Text("; ".join(_told(segment, one, base, "en") for one in told),
                "\u00a0; ".join(_told(segment, one, base, "fr") for one in told))  # fmt: skip


def _told(segment: int, one: Measure, base: Text, language: Language) -> str:
    trait, effect = word(one.feature), one.effect[segment]
    mine, theirs = (in_unit(value, trait.unit, language) for value in (float(one.mean[segment]), one.base_mean))
    size = "" if math.isnan(effect) else f" (d = {_in_language(f'{effect:.1f}', language).replace('-', MINUS)})"
    if language == "fr":
        return f"{trait.label.fr} : {mine} en moyenne, contre {theirs} pour {base.fr}{size}"
    return f"{trait.label.en}: {mine} on average, against {theirs} for {base.en}{size}"
