"""The report's colours: few, and told apart by readers who are colour-blind."""

INK, MUTED, RULE, PAPER = "#1f2933", "#616e7c", "#e4e7eb", "#ffffff"
ACCENT, WARNING, QUIET = "#0072b2", "#d55e00", "#b8c1cb"

# Okabe and Ito's palette without its yellow, which is lost on white, then Tol's muted one.
_SEGMENTS = (
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
)
_LESS, _MORE = (240, 163, 94), (94, 165, 210)
_STRONGEST = 1.5


def of_segment(segment: int) -> str:
    """A segment's colour, the same in each plot; after ten they start again."""
    return _SEGMENTS[segment % len(_SEGMENTS)]


def of_contrast(contrast: float) -> str:
    """White at the average user, blue above, orange below, strongest from 1.5 standard deviations on."""
    strength = min(abs(contrast) / _STRONGEST, 1)
    pole = _MORE if contrast > 0 else _LESS
    red, green, blue = (round(255 + (channel - 255) * strength) for channel in pole)
    return f"#{red:02x}{green:02x}{blue:02x}"
