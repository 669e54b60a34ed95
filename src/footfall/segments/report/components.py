"""What principal components mean, in words."""

from dataclasses import dataclass

import numpy as np

from footfall.segments.model import Part
from footfall.segments.naming.vocabulary import word

SHOWN = 6
_MOST = 3
# Weaker features than this, beside the strongest, say little about what a component is.
_TELLING = 0.4


@dataclass(frozen=True)
class Component:
    """A principal component: its number, its share of the variance, and what users have who lie far along it."""

    number: int
    variance_share: float
    meaning: str


def components(part: Part) -> list[Component]:
    """Put the components that a part uses into words."""
    names = [scale.feature for scale in part.scales]
    return [
        Component(number, share, meaning(loadings, names))
        for number, (loadings, share) in enumerate(
            zip(part.projection.loadings, part.projection.variance_shares, strict=False), start=1
        )
    ]


def meaning(loadings: tuple[float, ...], names: list[str]) -> str:
    """Say what the strongest features, at most three, of a component are, and in which direction.

    >>> meaning((0.8, -0.6, 0.05), ["sessions", "bounce_share", "spend"])
    'more visits, fewer bounces'
    """
    order = np.argsort(-np.abs(loadings), kind="stable")[:_MOST]
    strongest = abs(loadings[order[0]])
    telling = [place for place in order if abs(loadings[place]) >= _TELLING * strongest]
    phrases = [word(names[place]).high if loadings[place] > 0 else word(names[place]).low for place in telling]
    return ", ".join(phrase.en for phrase in phrases)
