"""Polars' lazy API on its streaming engine: clean once into Parquet, then one lazy query per group of features.

Left out, since Polars reads a line with missing fields as one with empty fields: rows without `user_session` are
dropped as malformed, where the others keep those that are whole (REES46 has a handful, the simulator none).
Polars has no memory limit to set, so MEMORY is not used.

    python polars_streaming.py FILE.csv.gz OUT.parquet WORK_FOLDER MEMORY THREADS
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = sys.argv[5]  # read when Polars is imported
import polars as pl
from polars import LazyFrame, col

TEXT_COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code",
    "brand", "price", "user_id", "user_session",
)  # fmt: skip
TYPES = ("view", "cart", "remove_from_cart", "purchase")
is_view, is_cart, is_removal, is_purchase = (col("event_type") == name for name in TYPES)


def main(file: str, out: str, work: str, memory: str, threads: str) -> None:
    """Raw file to features."""
    del memory, threads
    events = stored(cleaned(file), work, "events")
    visits = stored(visits_of(events), work, "visits")
    prices = stored(prices_of(events), work, "prices")
    parts = [
        users_of(events, prices),
        user_visits(visits),
        user_orders(visits),
        diversity(events, "category_id", "category").select("user_id", "categories", "category_entropy"),
        diversity(events.filter(col("brand") != "unknown"), "brand", "brand").select(
            "user_id", "brand_entropy", "top_brand_share"
        ),
        diversity(events.with_columns(hour=col("event_time").dt.hour()), "hour", "hour").select(
            "user_id", "hour_entropy"
        ),
        promotions(events, prices),
    ]
    parts = [stored(part, work, f"part{number}") for number, part in enumerate(parts)]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.join(part, on="user_id", how="left")
    features(joined).sink_parquet(out, engine="streaming")


def stored(rows: LazyFrame, work: str, name: str) -> LazyFrame:
    """The rows, written to Parquet on the streaming engine."""
    file = Path(work) / f"{name}.parquet"
    rows.sink_parquet(file, engine="streaming")
    return pl.scan_parquet(file)


def cleaned(file: str) -> LazyFrame:
    """Good rows, each once, with the number of their visit."""
    # A tenth column catches lines that are too long.
    rows = pl.scan_csv(
        file, has_header=False, skip_rows=1, schema=dict.fromkeys((*TEXT_COLUMNS, "too_long"), pl.String),
        missing_columns="insert", ignore_errors=True, truncate_ragged_lines=True,
    )  # fmt: skip
    typed = rows.filter(col("too_long").is_null(), col("user_session").is_not_null()).select(
        col("event_time").str.to_datetime("%Y-%m-%d %H:%M:%S UTC", strict=False, time_unit="us"),
        col("event_type").cast(pl.Enum(TYPES), strict=False),
        col("product_id", "category_id", "user_id").cast(pl.Int64, strict=False),
        col("price").cast(pl.Float64, strict=False),
        brand=col("brand").str.strip_chars().str.to_lowercase(),
        user_session="user_session",
    )
    tomorrow = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    good = typed.filter(
        col("event_time").is_between(datetime(1990, 1, 1), tomorrow, closed="left"),
        (col("price") > 0) | (col("event_type") == "remove_from_cart"),
        pl.all_horizontal(col("event_type", "product_id", "category_id", "user_id").is_not_null()),
    )
    unique = good.unique(["event_time", "user_id", "product_id", "event_type"], keep="first")
    in_order = unique.sort("user_id", "user_session", "event_time")
    is_next = pl.any_horizontal(
        col("user_id") != col("user_id").shift(),
        col("user_session") != col("user_session").shift(),
        col("event_time").dt.truncate("1mo") != col("event_time").shift().dt.truncate("1mo"),
        col("event_time") - col("event_time").shift() > timedelta(minutes=30),
    )
    return in_order.with_columns(visit=is_next.fill_null(False).cast(pl.Int64).cum_sum()).with_columns(
        col("event_time").dt.truncate("1m"), month=col("event_time").dt.truncate("1mo")
    ).drop("user_session")  # fmt: skip


def visits_of(events: LazyFrame) -> LazyFrame:
    """One row per visit."""
    return events.group_by("user_id", "visit").agg(
        started_at=col("event_time").min(),
        ended_at=col("event_time").max(),
        events=pl.len(),
        views=is_view.sum(),
        carts=is_cart.sum(),
        purchases=is_purchase.sum(),
        products_viewed=col("product_id").filter(is_view).n_unique(),
        order_value=col("price").filter(is_purchase).sum().round(4),
        ordered_at=col("event_time").filter(is_purchase).min(),
    )


def prices_of(events: LazyFrame) -> LazyFrame:
    """At which prices every product was seen on every day."""
    by = ["product_id", "category_id", "month", col("event_time").dt.date().alias("day"), "price"]
    return events.filter(col("price") > 0).group_by(by).agg(events=pl.len())


def price_ranks(prices: LazyFrame) -> LazyFrame:
    """Percent rank of every product in its category and month."""
    mean = ((col("price") * col("events")).sum() / col("events").sum()).round(6)
    means = prices.group_by("product_id", "category_id", "month").agg(mean_price=mean)
    among = ["month", "category_id"]
    rank, products = col("mean_price").rank("min").over(among), pl.len().over(among)
    percent = pl.when(products == 1).then(0.5).otherwise((rank - 1) / (products - 1))
    return means.select("product_id", "category_id", "month", price_rank=percent)


def users_of(events: LazyFrame, prices: LazyFrame) -> LazyFrame:
    """What a user's events say one by one."""
    ranked = events.join(price_ranks(prices), on=["product_id", "category_id", "month"], how="left")
    time = col("event_time")
    log_price = pl.when(col("price") > 0).then(col("price")).log()
    return ranked.with_columns(log_price=log_price).group_by("user_id").agg(
        first_at=time.min(),
        last_at=time.max(),
        last_purchase_at=time.filter(is_purchase).max(),
        views=is_view.sum(),
        carts=is_cart.sum(),
        removals=is_removal.sum(),
        items=is_purchase.sum(),
        spend=col("price").filter(is_purchase).sum(),
        active_days=time.dt.date().n_unique(),
        price_tier=col("price_rank").mean(),
        price_dispersion=col("log_price").std(ddof=0),
        weekend_share=(time.dt.weekday() >= 6).mean(),
        evening_share=(time.dt.hour() >= 18).mean(),
        second_half_share=(time.dt.day() >= 16).mean(),
    )  # fmt: skip


def user_visits(visits: LazyFrame) -> LazyFrame:
    """What a user's visits say."""
    in_order = visits.sort("user_id", "started_at", "ended_at")
    same_user = col("user_id") == col("user_id").shift()
    gap = pl.when(same_user).then((col("started_at") - col("ended_at").shift()).dt.total_seconds().clip(0) / 3600)
    minutes = ((col("ended_at") - col("started_at")).dt.total_seconds() / 60).clip(upper_bound=240)
    views = col("views").sum()
    return in_order.with_columns(gap=gap, minutes=minutes).group_by("user_id").agg(
        sessions=pl.len(),
        session_gap_median_hours=col("gap").median(),
        session_gap_cv=variation(col("gap")),
        carted=(col("carts") > 0).sum(),
        abandoned=((col("carts") > 0) & (col("purchases") == 0)).sum(),
        events_per_session=col("events").mean(),
        session_minutes_median=col("minutes").median(),
        bounce_share=(col("events") == 1).mean(),
        repeat_view_ratio=pl.when(views > 0).then(1 - col("products_viewed").sum() / views),
    )  # fmt: skip


def user_orders(visits: LazyFrame) -> LazyFrame:
    """What a user's orders say; an order is a visit with a purchase."""
    in_order = visits.filter(col("purchases") > 0).sort("user_id", "ordered_at")
    same_user = col("user_id") == col("user_id").shift()
    gap = pl.when(same_user).then((col("ordered_at") - col("ordered_at").shift()).dt.total_seconds() / 86400)
    return in_order.with_columns(gap=gap).group_by("user_id").agg(
        orders=pl.len(),
        largest_order=col("order_value").max(),
        order_value_cv=variation(col("order_value")),
        purchase_gap_median_days=col("gap").median(),
    )  # fmt: skip


def variation(values: pl.Expr) -> pl.Expr:
    """Standard deviation over mean; null for fewer than two values or a mean of zero."""
    return pl.when((values.count() > 1) & (values.mean() != 0)).then(values.std(ddof=0) / values.mean())


def diversity(events: LazyFrame, member: str, name: str) -> LazyFrame:
    """How a user's events spread over the members."""
    counted = events.filter(col(member).is_not_null()).group_by("user_id", member).agg(n=pl.len().cast(pl.Float64))
    n = col("n")
    entropy = (n.sum().log(2) - (n * n.log(2)).sum() / n.sum()).clip(0)
    return counted.group_by("user_id").agg(
        categories=pl.len(), top_brand_share=n.max() / n.sum(), **{f"{name}_entropy": entropy}
    )


def promotions(events: LazyFrame, prices: LazyFrame) -> LazyFrame:
    """Share of purchases at 0.9 or less of the product's lower median price of the 28 days before."""
    bought = events.filter(is_purchase).select("user_id", "product_id", "price", day=col("event_time").dt.date())
    wanted = bought.select("product_id", "day").unique()
    seen = prices.select("product_id", "price", "events", seen_on="day")
    earlier = wanted.join(seen, on="product_id").filter(
        col("seen_on") < col("day"), col("seen_on") >= col("day") - timedelta(days=28)
    )
    counted = earlier.group_by("product_id", "day", "price").agg(events=col("events").cast(pl.Int64).sum())
    by = ["product_id", "day"]
    running = counted.sort("product_id", "day", "price").with_columns(
        so_far=col("events").cum_sum().over(by), total=col("events").sum().over(by)
    )
    reference = running.filter(2 * col("so_far") >= col("total")).group_by(by).agg(reference=col("price").min())
    reduced = col("price") <= 0.9 * col("reference") + 1e-9
    return bought.join(reference, on=by).group_by("user_id").agg(promotion_share=reduced.mean())


def features(joined: LazyFrame) -> LazyFrame:
    """The columns of the features, in their order."""
    as_of = col("last_at").max().dt.truncate("1d") + timedelta(days=1)
    carted_views = share(col("carts").sum(), col("views").sum())
    bought_carts = share(col("items").sum(), col("carts").sum())
    removed_carts = share(col("removals").sum(), col("carts").sum())
    left_carts = share(col("abandoned").sum(), col("carted").sum())
    counts = [col(name).cast(pl.Int64) for name in ("views", "carts", "removals", "items", "abandoned", "carted")]
    views, carts, removals, items = (col(name) for name in ("views", "carts", "removals", "items"))
    return joined.with_columns(*counts).select(
        "user_id",
        as_of.alias("as_of"),
        recency_days=days(as_of - col("last_at")),
        recency_purchase_days=days(as_of - col("last_purchase_at")),
        tenure_days=days(as_of - col("first_at")),
        orders=col("orders").fill_null(0).cast(pl.Int64),
        items=items,
        spend=col("spend"),
        average_order=col("spend") / col("orders"),
        largest_order=col("largest_order"),
        order_value_cv=col("order_value_cv"),
        active_days=col("active_days").cast(pl.Int64),
        sessions=col("sessions").cast(pl.Int64),
        session_gap_median_hours=col("session_gap_median_hours"),
        session_gap_cv=col("session_gap_cv"),
        purchase_gap_median_days=col("purchase_gap_median_days"),
        views=views,
        carts=carts,
        removals=removals,
        view_to_cart=pl.when(views + carts > 0).then(shrunk(carts, views, carted_views, 20)),
        cart_to_purchase=pl.when(carts + items > 0).then(shrunk(items, carts, bought_carts, 5)),
        cart_abandonment=pl.when(col("carted") > 0).then(shrunk(col("abandoned"), col("carted"), left_carts, 5)),
        removal_ratio=pl.when(carts + removals > 0).then(shrunk(removals, carts, removed_carts, 5)),
        events_per_session=col("events_per_session"),
        session_minutes_median=col("session_minutes_median"),
        bounce_share=col("bounce_share"),
        repeat_view_ratio=col("repeat_view_ratio"),
        views_per_purchase=pl.when(items > 0).then(views / items),
        categories=col("categories").fill_null(0).cast(pl.Int64),
        category_entropy=col("category_entropy"),
        brand_entropy=col("brand_entropy"),
        top_brand_share=col("top_brand_share"),
        price_tier=col("price_tier"),
        price_dispersion=col("price_dispersion"),
        weekend_share=col("weekend_share"),
        evening_share=col("evening_share"),
        hour_entropy=col("hour_entropy"),
        second_half_share=col("second_half_share"),
        promotion_share=col("promotion_share"),
    )


def days(span: pl.Expr) -> pl.Expr:
    """A span of time in days."""
    return span.dt.total_seconds() / 86400


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """A share over all users; 0 where there is nothing to divide."""
    return pl.when(whole > 0).then((part / whole).clip(upper_bound=1)).otherwise(0.0)


def shrunk(part: pl.Expr, whole: pl.Expr, prior: pl.Expr, weight: int) -> pl.Expr:
    """A user's share, shrunk towards that of all."""
    return ((part + weight * prior) / (whole + weight)).clip(upper_bound=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
