"""From feature columns to numbers that can be compared: nulls, caps, logarithms, scales.

A null says "not defined for this user". What it becomes is a rule per feature, and the value is part of the model:

| feature | a null becomes | because |
| --- | --- | --- |
| recency_days, recency_purchase_days, session_gap_median_hours, purchase_gap_median_days, views_per_purchase | the \
largest value that counts | "never yet" is longer than everything that was seen |
| price_tier, weekend_share, evening_share, second_half_share | the median | it says nothing about the user |
| every other feature: counts, money, lengths, ratios, variations, entropies | 0 | there was nothing to count |

NaN and infinities are treated as nulls. Each value is then

1. capped at the 0.1st and the 99.9th percentile;
2. bent: shares become log odds (0 and 1 as if 0.01 and 0.99), counts, money and durations become
   sign(x) * log(1 + |x|) (spend may be negative, because refunds count), entropies and variations stay;
3. scaled: centred on its median and divided by its interquartile range. Where that range is 0, because most users do
   the same thing, it is the range of the values that differ;
4. cut off at 4 of these ranges.

Why the fourth step: `docs/adr/0008`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from footfall.segments.feature_table import Array, column

BLOCK_ROWS = 65_536

Shape = Literal["log", "logit", "linear"]

NULL_IS_LARGEST = frozenset(
    {
        "recency_days",
        "recency_purchase_days",
        "session_gap_median_hours",
        "purchase_gap_median_days",
        "views_per_purchase",
    }
)
NULL_IS_MEDIAN = frozenset({"price_tier", "weekend_share", "evening_share", "second_half_share"})
SHARES = frozenset(
    {
        "view_to_cart",
        "cart_to_purchase",
        "cart_abandonment",
        "removal_ratio",
        "bounce_share",
        "repeat_view_ratio",
        "top_brand_share",
        "price_tier",
        "weekend_share",
        "evening_share",
        "second_half_share",
        "promotion_share",
    }
)
LINEAR = frozenset(
    {"order_value_cv", "session_gap_cv", "category_entropy", "brand_entropy", "price_dispersion", "hour_entropy"}
)
# Without carts, what is left of the ratio counts purchases only, under a name that says something else.
NEEDS = {"cart_to_purchase": "carts"}

# Other values of these three need another `model.FORMAT`.
CAPS = (0.1, 99.9)
EDGE = 0.01
CUT_OFF = 4.0

# A range this small beside the values is rounding noise, not information.
_NOISE = 1e-9


@dataclass(frozen=True)
class Scale:
    """How one feature is made comparable: fill nulls, cap, bend, then (x - centre) / spread, cut off.

    Attributes:
        feature: its column.
        fill: what stands for a null.
        low: the lowest value that counts; lower ones are taken for it.
        high: the highest.
        shape: how it is bent.
        centre: the median, bent.
        spread: the interquartile range, bent.
        is_rare: whether that is the range of the values that differ from the median, most being equal to it.
    """

    feature: str
    fill: float
    low: float
    high: float
    shape: Shape
    centre: float
    spread: float
    is_rare: bool


@dataclass(frozen=True)
class Dropped:
    """A feature that the model does not use, and why."""

    feature: str
    reason: str


def learn_scales(features: pa.Table, names: list[str]) -> tuple[tuple[Scale, ...], tuple[Dropped, ...]]:
    """Learn how to scale each feature; features that tell no user from another are dropped."""
    learned = [_without_base(features, name) or _learn_scale(name, column(features, name)) for name in names]
    scales = tuple(one for one in learned if isinstance(one, Scale))
    return scales, tuple(one for one in learned if isinstance(one, Dropped))


def _without_base(features: pa.Table, name: str) -> Dropped | None:
    base = NEEDS.get(name, "")
    if base not in features.column_names or np.nan_to_num(column(features, base)).any():
        return None
    return Dropped(name, f"no user has any {base}")


def _learn_scale(name: str, values: Array) -> Scale | Dropped:
    known = values[~np.isnan(values)]
    if not known.size:
        return Dropped(name, "not defined for any user")
    low, high = (float(cap) for cap in np.percentile(known, CAPS))
    fill, shape = _fill(name, known, high), shape_of(name)
    ours = bent(np.clip(np.where(np.isnan(values), fill, values), low, high), shape)
    least = _NOISE * max(1e-9, float(np.abs(ours).max()))
    centre = float(np.median(ours))
    others = ours[np.abs(ours - centre) > least]
    if not others.size:
        return Dropped(name, "the same for every user")
    # Which range to take: of all, of those that differ, or, where those are all alike, their distance.
    ranges = (_range(ours), _range(others), float(np.median(np.abs(others - centre))))
    spread = next(one for one in ranges if one > least)
    return Scale(name, fill, low, high, shape, centre, spread, is_rare=ranges[0] <= least)


def _fill(name: str, known: Array, high: float) -> float:
    if name in NULL_IS_LARGEST:
        return high
    if name in NULL_IS_MEDIAN:
        return float(np.median(known))
    return 0.0


def shape_of(name: str) -> Shape:
    """How a feature is bent; one that is not known is taken for a count."""
    return "logit" if name in SHARES else "linear" if name in LINEAR else "log"


def bent(values: Array, shape: Shape) -> Array:
    """Take the logarithm or the log odds of the values, or leave them as they are."""
    match shape:
        case "log":
            return np.sign(values) * np.log1p(np.abs(values))
        case "logit":
            inside = _within(values, EDGE, 1 - EDGE)
            odds: Array = np.log(inside / (1 - inside))
            return odds
        case "linear":
            return values


def unbent(values: Array, shape: Shape) -> Array:
    """Undo `bent`.

    >>> unbent(bent(np.array([0.2, 0.7]), "logit"), "logit").round(9).tolist()
    [0.2, 0.7]
    """
    match shape:
        case "log":
            return np.sign(values) * np.expm1(np.abs(values))
        case "logit":
            shares: Array = 1 / (1 + np.exp(-values))
            return shares
        case "linear":
            return values


def _range(values: Array) -> float:
    low, high = np.percentile(values, [25, 75])
    return float(high - low)


class Scaling:
    """Some scales at once: what is scaled has one row a user and one column a scale, NaN standing for null."""

    def __init__(self, scales: tuple[Scale, ...]) -> None:
        self.features = tuple(one.feature for one in scales)
        self.fill, self.low, self.high, self.centre, self.spread = (
            np.array([getattr(one, name) for one in scales]) for name in ("fill", "low", "high", "centre", "spread")
        )
        shapes = np.array([one.shape for one in scales])
        self._bent: tuple[tuple[Shape, npt.NDArray[np.intp]], ...] = tuple(
            (shape, np.flatnonzero(shapes == shape)) for shape in ("log", "logit")
        )

    def scaled(self, values: Array) -> Array:
        """Make values comparable."""
        ours = _within(np.where(np.isnan(values), self.fill, values), self.low, self.high)
        for shape, places in self._bent:
            ours[..., places] = bent(ours[..., places], shape)
        return _within((ours - self.centre) / self.spread, -CUT_OFF, CUT_OFF)

    def unscaled(self, scaled: Array) -> Array:
        """Scaled values in the features' own units; what lies beyond the cut-off is taken for it."""
        ours: Array = self.centre + _within(scaled, -CUT_OFF, CUT_OFF) * self.spread
        for shape, places in self._bent:
            ours[..., places] = unbent(ours[..., places], shape)
        return ours


def _within(values: Array, low: Array | float, high: Array | float) -> Array:
    """As `np.clip`, which takes longer to begin than to clip one user's features."""
    within: Array = np.minimum(np.maximum(values, low), high)
    return within


def values_of(features: pa.Table, names: Sequence[str]) -> Array:
    """Features as numbers: one row per user, one column per name, NaN for null."""
    matrix = np.empty((features.num_rows, len(names)))
    for place, name in enumerate(names):
        matrix[:, place] = column(features, name)
    return matrix


def scaled(features: pa.Table, scales: tuple[Scale, ...]) -> Array:
    """Scale the features of some users: one row per user, one column per scale."""
    scaling = Scaling(scales)
    return scaling.scaled(values_of(features, scaling.features))


def scaled_blocks(features: pa.Table, scales: tuple[Scale, ...]) -> Iterator[Array]:
    """Scale all users, some at a time: only one block of the matrix is in memory."""
    for start in range(0, features.num_rows, BLOCK_ROWS):
        yield scaled(features.slice(start, BLOCK_ROWS), scales)
