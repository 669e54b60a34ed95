"""The features. Importing this package registers all of them, in the order of the columns of `user_features`."""

from footfall.features.definitions import (  # noqa: I001 - the order of the columns
    money,
    rhythm,
    funnel,
    engagement,
    diversity,
    seasonality,
    promotion,
)
from footfall.features.registry import FEATURES

__all__ = ["FEATURES", "diversity", "engagement", "funnel", "money", "promotion", "rhythm", "seasonality"]
