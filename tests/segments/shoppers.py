"""Users of an invented shop, with their features as `user_features` defines them: nulls where nothing is defined."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Array = npt.NDArray[np.float64]
Truth = npt.NDArray[np.int64]
AS_OF = datetime(2020, 1, 1)
DAYS = 92


@dataclass(frozen=True)
class Kind:
    name: str
    share: float
    visits: float
    views: float
    carts: float
    orders: float
    order_value: float
    last_seen: float


KINDS = (
    Kind("window_shopper", 0.55, 0.3, 6, 0.01, 0.01, 40, 45),
    Kind("occasional", 0.22, 3, 7, 0.5, 1.2, 60, 30),
    Kind("heavy_cart", 0.08, 6, 9, 4.0, 0.2, 50, 15),
    Kind("loyal", 0.11, 22, 6, 1.0, 6, 70, 4),
    Kind("top_spender", 0.04, 30, 12, 1.5, 14, 420, 3),
)


def shop(users: int = 3_000, seed: int = 0, *, invoices_only: bool = False) -> tuple[pa.Table, Truth]:
    """The features of a shop's users, and which kind each of them is.

    A shop that keeps invoices only knows no views, carts, brands or categories.
    """
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(KINDS), users, p=[kind.share for kind in KINDS])
    if invoices_only:
        truth = np.where(truth == 0, 1, truth)
    columns = _columns(rng, truth, invoices_only=invoices_only)
    keys = {"user_id": [f"{n:032x}" for n in range(users)], "as_of": pa.array([AS_OF] * users, pa.timestamp("us"))}
    return pa.table(keys | {name: pa.array(values, from_pandas=True) for name, values in columns.items()}), truth


def _columns(rng: np.random.Generator, truth: Truth, *, invoices_only: bool) -> dict[str, npt.NDArray[Any]]:
    def of_kind(name: str) -> Array:
        return np.array([getattr(kind, name) for kind in KINDS])[truth]

    size, taste = len(truth), rng.lognormal(0, 0.35, len(truth))
    sessions = 1 + rng.poisson(of_kind("visits") * taste)
    orders = np.minimum(rng.poisson(of_kind("orders") * taste), sessions)
    views = rng.poisson(of_kind("views") * sessions) + 1
    carts = rng.poisson(of_kind("carts") * sessions) + orders
    if invoices_only:
        sessions = orders = np.maximum(orders, 1)
        views = carts = np.zeros(size, np.int64)
    removals = rng.binomial(carts, 0.15)
    lines = orders + rng.binomial(orders, 0.4)
    order_value = of_kind("order_value") * rng.lognormal(0, 0.5, size)
    refunds = np.where(rng.random(size) < 0.03, order_value, 0) * (orders > 0)
    recency = np.minimum(rng.exponential(of_kind("last_seen")), DAYS - 1)
    tenure = recency + (DAYS - recency) * rng.random(size) * (sessions > 1)
    events = views + carts + removals + lines
    return {
        "recency_days": recency,
        "recency_purchase_days": _where(orders > 0, recency + rng.exponential(5, size)),
        "tenure_days": tenure,
        "orders": orders,
        "items": lines * 2,
        "spend": np.round(orders * order_value - refunds, 2),
        "average_order": _where(orders > 0, order_value),
        "largest_order": _where(orders > 0, order_value * (1 + 0.2 * np.log1p(orders))),
        "order_value_cv": _where(orders > 1, rng.gamma(4, 0.1, size)),
        "active_days": np.minimum(sessions, 1 + tenure.astype(np.int64)),
        "sessions": sessions,
        "session_gap_median_hours": _where(sessions > 1, 24 * tenure / sessions * rng.lognormal(0, 0.3, size)),
        "session_gap_cv": _where(sessions > 2, rng.gamma(6, 0.15, size)),
        "purchase_gap_median_days": _where(orders > 1, tenure / np.maximum(orders, 1)),
        "views": views,
        "carts": carts,
        "removals": removals,
        "view_to_cart": _where(views + carts > 0, np.minimum(1, (carts + 1.5) / (views + 20))),
        "cart_to_purchase": _where(carts + lines > 0, np.minimum(1, (lines + 1.5) / (carts + 5))),
        "cart_abandonment": _where(carts > 0, 1 - np.minimum(1, (orders + 1.5) / (carts + 5))),
        "removal_ratio": _where(carts > 0, (removals + 0.8) / (carts + 5)),
        "events_per_session": events / sessions,
        "session_minutes_median": rng.gamma(2, 2, size) * (not invoices_only),
        "bounce_share": rng.beta(1, 2 + sessions),
        "repeat_view_ratio": _where(views > 0, rng.beta(2, 8, size)),
        "views_per_purchase": _where(lines > 0, views / np.maximum(lines, 1)),
        "categories": (1 + rng.poisson(np.log1p(events))) * (not invoices_only),
        "category_entropy": _where(not invoices_only, np.log2(1 + rng.poisson(np.log1p(events)))),
        "brand_entropy": _where(not invoices_only, np.log2(1 + rng.poisson(np.log1p(events)))),
        "top_brand_share": _where(not invoices_only, rng.beta(5, 1 + np.log1p(events))),
        "price_tier": _where(not invoices_only, rng.beta(2 + 2 * (truth == 4), 2)),
        "price_dispersion": rng.gamma(3, 0.2, size),
        "weekend_share": rng.binomial(events, 0.28) / events,
        "evening_share": rng.binomial(events, 0.3) / events,
        "hour_entropy": np.log2(1 + rng.binomial(np.minimum(events, 15), 0.5)),
        "second_half_share": rng.binomial(events, 0.5) / events,
        "promotion_share": _where(orders > 0, rng.beta(1, 4, size)),
    }


def _where(known: npt.ArrayLike, values: Array) -> Array:
    return np.where(known, values, np.nan)


def planted(users: int = 900, seed: int = 0) -> tuple[pa.Table, Truth]:
    """Users of three kinds that nobody could confuse, and which kind each of them is."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, users, p=[0.5, 0.3, 0.2])
    typical = {
        "recency_days": (60, 5, 20),
        "orders": (1, 20, 4),
        "spend": (20, 3_000, 100),
        "views": (5, 60, 300),
        "carts": (1, 25, 90),
        "evening_share": (0.2, 0.5, 0.8),
    }
    scatter = {name: np.array(values)[truth] * rng.normal(1, 0.08, users) for name, values in typical.items()}
    keys = {"user_id": [f"{n:032x}" for n in range(users)], "as_of": pa.array([AS_OF] * users, pa.timestamp("us"))}
    return pa.table(keys | scatter), truth


def users_with(**features: Sequence[float | None]) -> pa.Table:
    """A few users with the given features."""
    users = len(next(iter(features.values())))
    keys = {"user_id": [f"u{n}" for n in range(users)], "as_of": pa.array([AS_OF] * users, pa.timestamp("us"))}
    return pa.table(keys | {name: pa.array(values, pa.float64()) for name, values in features.items()})
