"""pandas in chunks, the way a notebook does it: aggregate each million rows, concatenate, aggregate again.

Shortcuts of the notebook, none of which changes a count of events or a sum of money on a log in order of time:
- rows without `user_session` are dropped as malformed (pandas fills missing fields, so it cannot tell);
- duplicates are looked for within a chunk (copies share a second, so only copies at a chunk's very end are missed);
- a product seen on both sides of a chunk's end counts twice in its session's `products_viewed`;
- the standard deviation of ln(price) is taken from sums of squares.
pandas has no memory limit and uses one core; MEMORY and THREADS are not used.

    python pandas_chunks.py FILE.csv.gz OUT.parquet WORK_FOLDER MEMORY THREADS
"""

import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd

CHUNK_ROWS = 1_000_000
TYPES = ("view", "cart", "remove_from_cart", "purchase")
GAP = pd.Timedelta(minutes=30)
VISITOR = ["user_id", "user_session", "month"]


def main(file: str, out: str, *_: str) -> None:
    """Raw file to features."""
    pieces: dict[str, list[pd.DataFrame]] = {}
    # With `usecols` pandas would take lines that are too long for good ones.
    for chunk in pd.read_csv(file, chunksize=CHUNK_ROWS, dtype=str, on_bad_lines="skip"):
        for name, piece in aggregates(cleaned(chunk)).items():
            pieces.setdefault(name, []).append(piece)
    whole = {name: pd.concat(pieces.pop(name)) for name in list(pieces)}
    features(whole).to_parquet(out)


def cleaned(chunk: pd.DataFrame) -> pd.DataFrame:
    """Good rows, typed, each once."""
    chunk = chunk.dropna(subset=["event_time", "product_id", "category_id", "user_id", "user_session"]).copy()
    chunk["event_time"] = pd.to_datetime(chunk["event_time"], format="%Y-%m-%d %H:%M:%S UTC", errors="coerce")
    chunk["price"] = pd.to_numeric(chunk["price"], errors="coerce")
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + pd.Timedelta(days=1)
    good = (
        (chunk["event_time"] >= "1990-01-01")
        & (chunk["event_time"] < tomorrow)
        & chunk["event_type"].isin(TYPES)
        & ((chunk["price"] > 0) | (chunk["event_type"] == "remove_from_cart"))
    )
    chunk = chunk[good].drop_duplicates(["event_time", "user_id", "product_id", "event_type"])
    for name in ("product_id", "category_id", "user_id"):
        chunk[name] = chunk[name].astype("int64")
    chunk["brand"] = chunk["brand"].str.strip().str.lower()
    return chunk


def aggregates(events: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What the chunk adds to every table."""
    events["month"] = events["event_time"].dt.to_period("M")
    events = events.sort_values([*VISITOR, "event_time"], kind="stable")
    visitor = events.groupby(VISITOR, sort=False)
    events["part"] = (visitor["event_time"].diff() > GAP).groupby([events[name] for name in VISITOR]).cumsum()
    events["second"] = events["event_time"]
    events["event_time"] = events["event_time"].dt.floor("min")
    events["day"] = events["event_time"].dt.normalize()
    events["hour"] = events["event_time"].dt.hour
    for name in TYPES:
        events[name] = (events["event_type"] == name).astype("int64")
    events["weekend"] = events["event_time"].dt.dayofweek >= 5
    events["evening"] = events["hour"] >= 18
    events["late"] = events["event_time"].dt.day >= 16
    events["log_price"] = np.log(events["price"].where(events["price"] > 0))
    events["log_price_squared"] = events["log_price"] ** 2
    bought = events[events["purchase"] == 1]
    priced = events[events["price"] > 0]
    users = events.groupby("user_id").agg(
        first_at=("event_time", "min"), last_at=("event_time", "max"), events=("purchase", "size"),
        views=("view", "sum"), carts=("cart", "sum"), removals=("remove_from_cart", "sum"), items=("purchase", "sum"),
        weekend=("weekend", "sum"), evening=("evening", "sum"), late=("late", "sum"),
        log_price=("log_price", "sum"), log_price_squared=("log_price_squared", "sum"), priced=("log_price", "count"),
    )  # fmt: skip
    return {
        "users": users,
        "visits": visit_parts(events, bought),
        "bought": bought[["user_id", "product_id", "price", "day", "event_time"]],
        "days": events[["user_id", "day"]].drop_duplicates(),
        "products": counted(events, ["user_id", "product_id", "category_id", "month"]),
        "category_id": counted(events, ["user_id", "category_id"]),
        "brand": counted(events[events["brand"] != "unknown"], ["user_id", "brand"]),
        "hour": counted(events, ["user_id", "hour"]),
        "prices": counted(priced, ["product_id", "category_id", "month", "day", "price"]),
    }


def visit_parts(events: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    """The stretches of visits in this chunk."""
    by = [*VISITOR, "part"]
    parts = events.groupby(by).agg(
        first_second=("second", "min"), last_second=("second", "max"),
        started_at=("event_time", "min"), ended_at=("event_time", "max"),
        events=("view", "size"), views=("view", "sum"), carts=("cart", "sum"), purchases=("purchase", "sum"),
    )  # fmt: skip
    seen = events[events["view"] == 1].drop_duplicates([*by, "product_id"])
    parts["products_viewed"] = seen.groupby(by).size()
    parts["order_value"] = bought.groupby(by)["price"].sum()
    parts["ordered_at"] = bought.groupby(by)["event_time"].min()
    return parts.reset_index().drop(columns="part")


def counted(events: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Events by group."""
    return events.groupby(by).size().reset_index(name="n")


def features(whole: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per user, from the concatenated pieces."""
    sums = dict.fromkeys(whole["users"].columns.drop(["first_at", "last_at"]), "sum")
    users = whole["users"].groupby("user_id").agg({"first_at": "min", "last_at": "max", **sums})
    users = users.join(user_visits(whole["visits"]))
    users["active_days"] = whole["days"].drop_duplicates().groupby("user_id").size()
    users["last_purchase_at"] = whole["bought"].groupby("user_id")["event_time"].max()
    users["spend"] = whole["bought"].groupby("user_id")["price"].sum()
    users["price_tier"] = price_tier(whole["products"], whole["prices"])
    users["promotion_share"] = promotion_share(whole["bought"], whole["prices"])
    for dimension in ("category_id", "brand", "hour"):
        counts = whole[dimension].groupby(list(whole[dimension].columns[:2]))["n"].sum()
        by_user = counts.groupby("user_id")
        total = by_user.sum()
        users[f"{dimension}_entropy"] = (
            np.log2(total) - (counts * np.log2(counts)).groupby("user_id").sum() / total
        ).clip(0)
        users[f"{dimension}_members"] = by_user.size()
        users[f"{dimension}_top"] = by_user.max() / total
    return in_order(users)


def in_order(users: pd.DataFrame) -> pd.DataFrame:
    """The columns of the features, in their order."""
    as_of = users["last_at"].max().normalize() + pd.Timedelta(days=1)
    for name in ("orders", "category_id_members", "spend"):
        users[name] = users[name].fillna(0)
    day = pd.Timedelta(days=1)
    views, carts, removals, items = users["views"], users["carts"], users["removals"], users["items"]
    carted, abandoned = users["carted"], users["abandoned"]
    mean = users["log_price"] / users["priced"]
    made = {
        "as_of": as_of,
        "recency_days": (as_of - users["last_at"]) / day,
        "recency_purchase_days": (as_of - users["last_purchase_at"]) / day,
        "tenure_days": (as_of - users["first_at"]) / day,
        "orders": users["orders"].astype("int64"),
        "items": items,
        "spend": users["spend"],
        "average_order": (users["spend"] / users["orders"]).where(users["orders"] > 0),
        **{name: users[name] for name in ("largest_order", "order_value_cv", "active_days", "sessions")},
        **{name: users[name] for name in ("session_gap_median_hours", "session_gap_cv", "purchase_gap_median_days")},
        "views": views,
        "carts": carts,
        "removals": removals,
        "view_to_cart": shrunk(carts, views, 20).where(views + carts > 0),
        "cart_to_purchase": shrunk(items, carts, 5).where(carts + items > 0),
        "cart_abandonment": shrunk(abandoned, carted, 5).where(carted > 0),
        "removal_ratio": shrunk(removals, carts, 5).where(carts + removals > 0),
        **{name: users[name] for name in ("events_per_session", "session_minutes_median", "bounce_share")},
        "repeat_view_ratio": users["repeat_view_ratio"],
        "views_per_purchase": (views / items).where(items > 0),
        "categories": users["category_id_members"].astype("int64"),
        "category_entropy": users["category_id_entropy"],
        "brand_entropy": users["brand_entropy"],
        "top_brand_share": users["brand_top"],
        "price_tier": users["price_tier"],
        "price_dispersion": np.sqrt((users["log_price_squared"] / users["priced"] - mean**2).clip(0)),
        "weekend_share": users["weekend"] / users["events"],
        "evening_share": users["evening"] / users["events"],
        "hour_entropy": users["hour_entropy"],
        "second_half_share": users["late"] / users["events"],
        "promotion_share": users["promotion_share"],
    }
    return pd.DataFrame(made).reset_index()


def shrunk(part: pd.Series, whole: pd.Series, weight: int) -> pd.Series:
    """Users' shares, shrunk towards that of all."""
    prior = min(part.sum() / whole.sum(), 1.0) if whole.sum() else 0.0
    return ((part + weight * prior) / (whole + weight)).clip(upper=1)


def whole_visits(parts: pd.DataFrame) -> pd.DataFrame:
    """Visits whose stretches lie in several chunks are put together; pauses of 30 minutes still part them."""
    parts = parts.sort_values([*VISITOR, "first_second"])
    is_next = (parts[VISITOR] != parts[VISITOR].shift()).any(axis=1)
    parts["visit"] = (is_next | (parts["first_second"] - parts["last_second"].shift() > GAP)).cumsum()
    sums = ("events", "views", "carts", "purchases", "products_viewed", "order_value")
    return parts.groupby("visit").agg(
        user_id=("user_id", "first"), started_at=("started_at", "min"), ended_at=("ended_at", "max"),
        ordered_at=("ordered_at", "min"), **{name: (name, "sum") for name in sums},
    )  # fmt: skip


def user_visits(parts: pd.DataFrame) -> pd.DataFrame:
    """What a user's visits and orders say."""
    visits = whole_visits(parts).sort_values(["user_id", "started_at", "ended_at"])
    same_user = visits["user_id"] == visits["user_id"].shift()
    gap = (visits["started_at"] - visits["ended_at"].shift()) / pd.Timedelta(hours=1)
    visits["gap"] = gap.clip(lower=0).where(same_user)
    visits["minutes"] = ((visits["ended_at"] - visits["started_at"]) / pd.Timedelta(minutes=1)).clip(upper=240)
    visits["bounced"] = visits["events"] == 1
    visits["carted"] = visits["carts"] > 0
    visits["abandoned"] = visits["carted"] & (visits["purchases"] == 0)
    by_user = visits.groupby("user_id")
    found = by_user.agg(
        sessions=("events", "size"), events_per_session=("events", "mean"), bounce_share=("bounced", "mean"),
        session_minutes_median=("minutes", "median"), session_gap_median_hours=("gap", "median"),
        carted=("carted", "sum"), abandoned=("abandoned", "sum"),
    )  # fmt: skip
    found["session_gap_cv"] = variation(by_user["gap"])
    found["repeat_view_ratio"] = 1 - by_user["products_viewed"].sum() / by_user["views"].sum().replace(0, np.nan)
    orders = visits[visits["purchases"] > 0].sort_values(["user_id", "ordered_at"])
    orders["order_value"] = orders["order_value"].round(4)
    orders["gap"] = orders.groupby("user_id")["ordered_at"].diff() / pd.Timedelta(days=1)
    by_user = orders.groupby("user_id")
    found["orders"] = by_user.size()
    found["largest_order"] = by_user["order_value"].max()
    found["order_value_cv"] = variation(by_user["order_value"])
    found["purchase_gap_median_days"] = by_user["gap"].median()
    return found


def variation(grouped: pd.core.groupby.SeriesGroupBy) -> pd.Series:
    """Standard deviation over mean; null for fewer than two values or a mean of zero."""
    return (grouped.std(ddof=0) / grouped.mean().replace(0, np.nan)).where(grouped.count() > 1)


def price_tier(products: pd.DataFrame, prices: pd.DataFrame) -> pd.Series:
    """Mean percent rank of the products within category and month."""
    prices = prices.assign(total=prices["price"] * prices["n"])
    by = ["product_id", "category_id", "month"]
    means = prices.groupby(by)[["total", "n"]].sum().reset_index()
    means["mean_price"] = (means["total"] / means["n"]).round(6)
    among = means.groupby(["month", "category_id"])["mean_price"]
    others = among.transform("size") - 1
    means["price_rank"] = ((among.rank(method="min") - 1) / others.replace(0, np.nan)).fillna(0.5)
    ranked = products.merge(means[[*by, "price_rank"]], on=by)
    ranked["total"] = ranked["price_rank"] * ranked["n"]
    sums = ranked.groupby("user_id")[["total", "n"]].sum()
    return sums["total"] / sums["n"]


def promotion_share(bought: pd.DataFrame, prices: pd.DataFrame) -> pd.Series:
    """Share of purchases at 0.9 or less of the product's lower median price of the 28 days before."""
    by = ["product_id", "day"]
    seen = prices.groupby(["product_id", "day", "price"], as_index=False)["n"].sum().rename(columns={"day": "seen_on"})
    earlier = bought[by].drop_duplicates().merge(seen, on="product_id")
    age = earlier["day"] - earlier["seen_on"]
    earlier = earlier[(age >= pd.Timedelta(days=1)) & (age <= pd.Timedelta(days=28))]
    counts = earlier.groupby([*by, "price"], as_index=False)["n"].sum()
    grouped = counts.groupby(by)["n"]
    upper = counts[2 * grouped.cumsum() >= grouped.transform("sum")]
    reference = upper.groupby(by)["price"].min().rename("reference").reset_index()
    lines = bought.merge(reference, on=by)
    reduced = lines["price"] <= 0.9 * lines["reference"] + 1e-9
    return reduced.groupby(lines["user_id"]).mean()


if __name__ == "__main__":
    main(*sys.argv[1:])
