"""Features in words: what they are called and how their values are written."""

from footfall.publish.language import Text
from footfall.segments.naming.vocabulary import word
from footfall.segments.naming.wording import in_unit
from footfall.serve.dashboard.visit import NOTHING, Visit


def feature_name(visit: Visit, feature: str) -> str:
    """What a feature is called."""
    return word(feature).label.of(visit.language)


def feature_label(feature: str) -> Text:
    """The same in both languages."""
    label = word(feature).label
    return Text(label.en, label.fr)


def feature_value(visit: Visit, feature: str, value: float | None) -> str:
    """A value in the feature's own unit."""
    return NOTHING if value is None else in_unit(value, word(feature).unit, visit.language)
