"""The colours of segments and of effects."""

from collections.abc import Iterable

from footfall.pages.colours import ACCENT, CALM, INK, MUTED, PAPER, QUIET, RULE, WARNING

__all__ = [
    "ACCENT",
    "CALM",
    "INK",
    "LESS",
    "MORE",
    "MUTED",
    "PAPER",
    "QUIET",
    "RULE",
    "STRONGEST",
    "WARNING",
    "WASH",
    "mixed",
    "of_effect",
    "of_segments",
    "translucent",
]

WASH = "rgba(0, 114, 178, 0.10)"

# Okabe and Ito's palette without its yellow, which is lost on white, then Tol's muted one.
_STRONG = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#d55e00",
    "#56b4e9",
    "#882255",
    "#999933",
    "#332288",
    "#7b8794",
    "#aa4499",
    "#6b4c2a",
)
LESS, MORE = "#f0a35e", "#5ea5d2"
STRONGEST = 1.5


def of_segments(ids: Iterable[int]) -> dict[int, str]:
    """A colour for each segment, taken from its id: as long as a segment is the same, so is its colour.

    Where two ids ask for one colour, the later one gets the next that is free; after twelve come paler ones.

    >>> of_segments([1, 13])
    {1: '#e69f00', 13: '#009e73'}
    """
    shades = [*_STRONG, *(mixed(colour, 0.5) for colour in _STRONG)]
    found: dict[int, str] = {}
    for segment in ids:
        wanted = segment % len(_STRONG)
        order = [*range(wanted, len(_STRONG)), *range(wanted), *range(len(_STRONG), len(shades))]
        free = [place for place in order if shades[place] not in found.values()]
        found[segment] = shades[(free or order)[0]]
    return found


def of_effect(effect: float) -> str:
    """White where a segment is like the others, blue above, orange below, strongest from d = 1.5 on."""
    return mixed(MORE if effect > 0 else LESS, min(abs(effect) / STRONGEST, 1))


def mixed(colour: str, strength: float) -> str:
    """A colour on white paper: all of it at 1, nothing at 0."""
    channels = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    red, green, blue = (round(255 + (channel - 255) * strength) for channel in channels)
    return f"#{red:02x}{green:02x}{blue:02x}"


def translucent(colour: str, opacity: float) -> str:
    """A colour through which others are seen."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"
