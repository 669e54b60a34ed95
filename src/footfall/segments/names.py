"""Readable names for segments, from what their users do and never from a cluster's number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from footfall.segments.feature_table import Array
from footfall.segments.measures import Measure
from footfall.segments.portraits import Portrait
from footfall.segments.vocabulary import word


@dataclass(frozen=True)
class Kind:
    """A kind of segment: its name, what to do with it, and by what it is recognised."""

    name: str
    recommendation: str
    fits: Callable[[Portrait], bool]


# The first kind that fits gives the name, so the order matters.
BUYERS = (
    Kind(
        "Lapsed Top Spenders",
        "They spent the most and stopped coming. Win them back personally, and ask what made them leave.",
        lambda segment: segment.spends_much and segment.is_away,
    ),
    Kind(
        "Top Spenders",
        "They bring the most revenue per head. Look after them: early access, personal service, no blanket discounts.",
        lambda segment: segment.spends_much,
    ),
    Kind(
        "Lapsed Customers",
        "They used to buy and stopped coming. Try one reminder with what is new, and stop if it stays without answer.",
        lambda segment: segment.is_away,
    ),
    Kind(
        "New Customers",
        "They came recently and have already bought. Welcome them and make the second order easy.",
        lambda segment: segment.is_new,
    ),
    Kind(
        "Loyal Customers",
        "They come back and buy again. Reward regularity, recommend related products, ask for reviews.",
        lambda segment: segment.typical("orders") >= max(2.0, segment.base("orders")),
    ),
    Kind(
        "Occasional Spenders",
        "They buy now and then. Remind them when a purchase is due, with products close to the last one.",
        lambda _: True,
    ),
)
VISITORS = (
    Kind(
        "Heavy Cart Users",
        "They fill carts and leave them. Check delivery costs and checkout, and send a reminder of the cart.",
        lambda segment: segment.typical("carts") >= 1 and segment.times_base("carts") >= 2,
    ),
    Kind(
        "Occasional Spenders",
        "Some of them buy now and then. Remind them of what they looked at last.",
        lambda segment: segment.times_base("orders") >= 1.5,
    ),
    Kind(
        "New Visitors",
        "They came recently for the first time. Show what the shop is known for and offer the newsletter.",
        lambda segment: segment.is_new,
    ),
    Kind(
        "One-time Visitors",
        "They came once. Look at where they came from and what they saw first before spending money on them.",
        lambda segment: segment.typical("sessions") <= 1,
    ),
    Kind(
        "Lapsed Visitors",
        "They looked around and stopped coming. Leave them out of paid campaigns.",
        lambda segment: segment.is_away,
    ),
    Kind(
        "Window Shoppers",
        "They look at much and buy nothing. Help them decide: comparisons, reviews, price alerts, a first-order offer.",
        lambda segment: segment.typical("views") >= segment.base("views"),
    ),
    Kind(
        "Casual Visitors",
        "They drop by and look at little. Show best sellers early and keep the cost of reaching them low.",
        lambda _: True,
    ),
)


def kind_of(portrait: Portrait) -> Kind:
    """Recognise a segment; the last kind of either list fits everything."""
    return next(kind for kind in (BUYERS if portrait.buys else VISITORS) if kind.fits(portrait))


def unique_names(names: Sequence[str], measures: Sequence[Measure]) -> list[str]:
    """Tell segments of the same name apart by what they differ in: `Window Shoppers, weekends`."""
    unique = list(names)
    for name in dict.fromkeys(names):
        _tell_apart(unique, [place for place, other in enumerate(names) if other == name], measures)
    return unique


def _tell_apart(names: list[str], same: list[int], measures: Sequence[Measure]) -> None:
    """Add to each name the feature that is furthest from the others of that name; again for those still alike.

    On one feature, not all can lie above the mean of the others, nor all below it: each round splits the group.
    """
    if len(same) < 2:
        return
    contrasts = np.array([one.contrast[same] for one in measures])
    # NaN where a feature is not defined for one of them: it cannot tell them apart in words.
    differences = np.nan_to_num(contrasts - contrasts.mean(axis=1, keepdims=True))
    if not differences.any():
        _number(names, same)
        return
    for place, difference in zip(same, differences.T, strict=True):
        names[place] += ", " + _trait(difference, measures)
    for name in dict.fromkeys(names[place] for place in same):
        _tell_apart(names, [place for place in same if names[place] == name], measures)


def _trait(difference: Array, measures: Sequence[Measure]) -> str:
    strongest = int(np.abs(difference).argmax())
    trait = word(measures[strongest].feature)
    return trait.high if difference[strongest] > 0 else trait.low


def _number(names: list[str], same: list[int]) -> None:
    for number, place in enumerate(same, start=1):
        names[place] += f" ({number})"
