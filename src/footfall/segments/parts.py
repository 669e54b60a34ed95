"""Who is segmented together: users who bought, users who never did, and perhaps a tail of top spenders.

In a shop's log most users never buy. Segmented together with buyers, all that K-means sees is who bought.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.segments.feature_table import Array, column

TOP_SPENDERS, BUYERS, VISITORS, USERS = "top_spenders", "buyers", "visitors", "users"

LEAST_TOP_SPENDERS = 10
FENCE = 1.5


@dataclass(frozen=True)
class Rule:
    """Users with more than so much of a feature. Who has none of it, or null, is not meant."""

    feature: str
    above: float

    def meets(self, values: Array) -> npt.NDArray[np.bool_]:
        """Whom it means of users with so much of the feature."""
        return values > self.above


Parts = tuple[tuple[str, Rule | None], ...]


def divide(features: pa.Table, *, isolate_top_spenders: bool = False) -> Parts:
    """Name the parts and who is in them: each user is in the first whose rule meets them, the last takes the rest.

    Buyers have an order. Where all users are, or none is, or orders are not known, there is one part.

    Top spenders, if they are to be isolated, are the buyers beyond Tukey's upper fence of the logarithm of spend,
    Q3 + 1.5 (Q3 - Q1): in a log-normal shop one buyer in 300. Fewer than ten are left where they are. (Source:
    J. W. Tukey, Exploratory Data Analysis, 1977.)
    """
    if "orders" not in features.column_names:
        return ((USERS, None),)
    bought = Rule("orders", 0)
    are_buyers = bought.meets(column(features, bought.feature))
    everyone: Parts = ((USERS, None),)
    parts: Parts = ((BUYERS, bought), (VISITORS, None)) if 0 < are_buyers.sum() < len(are_buyers) else everyone
    tail = _top_spenders(features, are_buyers) if isolate_top_spenders else None
    return ((TOP_SPENDERS, tail), *parts) if tail else parts


def _top_spenders(features: pa.Table, are_buyers: npt.NDArray[np.bool_]) -> Rule | None:
    if "spend" not in features.column_names:
        return None
    spend: Array = column(features, "spend")
    known = np.log(spend[are_buyers & (spend > 0)])
    if not known.size:
        return None
    low, high = np.percentile(known, [25, 75])
    rule = Rule("spend", float(np.exp(high + FENCE * (high - low))))
    return rule if rule.meets(spend).sum() >= LEAST_TOP_SPENDERS else None


def places(features: pa.Table, rules: Sequence[Rule | None]) -> npt.NDArray[np.int8]:
    """Which part each user is in."""
    return places_by(lambda name: column(features, name), rules, features.num_rows)


def places_by(values: Callable[[str], Array], rules: Sequence[Rule | None], users: int) -> npt.NDArray[np.int8]:
    """Which part each user is in, by a function that gives a feature's value for all of them."""
    found = np.full(users, len(rules) - 1, np.int8)
    for place, rule in reversed(list(enumerate(rules[:-1]))):
        if rule is not None:
            found[rule.meets(values(rule.feature))] = place
    return found
