"""Sessions and partial aggregates -> user_features as of a date."""

from footfall.features.aggregates import AGGREGATES, REVISION, Aggregates, aggregate_month
from footfall.features.contract import USER_FEATURES
from footfall.features.registry import FEATURES, Feature
from footfall.features.user_features import user_features

__all__ = [
    "AGGREGATES",
    "FEATURES",
    "REVISION",
    "USER_FEATURES",
    "Aggregates",
    "Feature",
    "aggregate_month",
    "user_features",
]
