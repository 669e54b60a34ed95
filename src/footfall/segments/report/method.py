"""How the segments were made, as the page's foot tells it."""

from collections import Counter

from footfall.segments.model import Part, SegmentModel
from footfall.segments.naming.vocabulary import word
from footfall.segments.naming.wording import amount, count
from footfall.segments.projection import VARIANCE_KEPT
from footfall.segments.transform import CAPS, CUT_OFF, EDGE, Shape

_BENDS: tuple[tuple[Shape, str], ...] = (("log", "as logarithms"), ("logit", "as log odds"), ("linear", "as they are"))


def scaling() -> str:
    """How every feature is made comparable."""
    return (
        f"Every feature is capped at its percentiles {CAPS[0]} and {CAPS[1]}; counts, money and durations become "
        f"logarithms, shares become log odds (never below {EDGE:.0%} or above {1 - EDGE:.0%}). It is then centred on "
        f"its median, divided by its interquartile range, and cut off at {CUT_OFF:.0f} of these. A feature that is the "
        "same for most users is divided by the range of the values that differ."
    )


def clustering(model: SegmentModel) -> str:
    """How segments were found."""
    day = model.fitted_as_of.removesuffix("T00:00:00").replace("T", " ")
    return (
        f"Principal components that hold at least {VARIANCE_KEPT:.0%} of the variance, then K-means, in each group of "
        f"users apart (seed {model.seed}). Fitted on {count(model.users)} users as of {day}."
    )


def features_of(part: Part) -> str:
    """What a part is made from: its features, and how they were scaled."""
    if not part.scales:
        return "no feature tells these users apart."
    shapes = Counter(scale.shape for scale in part.scales)
    bends = ", ".join(f"{shapes[shape]} {how}" for shape, how in _BENDS if shapes[shape])
    rare = sum(scale.is_rare for scale in part.scales)
    differ = f"; {rare} of them scaled on the values that differ" if rare else ""
    return f"{len(part.scales)} features ({bends}{differ}), {len(part.projection.loadings)} components."


def dropped_from(part: Part) -> str:
    """What a part does not use, by reason; empty if it uses everything."""
    reasons: dict[str, list[str]] = {}
    for one in part.dropped:
        reasons.setdefault(one.reason, []).append(word(one.feature).label.en)
    return "; ".join(f"{', '.join(labels)} ({reason})" for reason, labels in reasons.items())


def set_apart(part: Part) -> str:
    """By which rule top spenders are told from other buyers."""
    rule = part.rule
    return f"{word(rule.feature).label.en} above {amount(rule.above)}" if rule else ""
