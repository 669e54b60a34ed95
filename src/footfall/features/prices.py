"""Prices as they were seen: the base of price ranks within a category and of promotions."""

import ibis
import ibis.expr.types as ir

WINDOW_DAYS = 28


def product_prices(events: ir.Table, month: str) -> ir.Table:
    """At which prices every product was seen on every day of the month, by all visitors, known or not."""
    seen = events.filter(events.is_product & (events.event_type != "refund") & (events.price > 0))
    seen = seen.mutate(
        day=seen.event_time.date(),
        category=seen.category_id.coalesce(seen.category_code.nullif("unknown")),
    )
    counted = seen.group_by(["product_id", "category", "day", "price"]).agg(events=seen.count())
    return counted.mutate(month=ibis.literal(month))


def price_ranks(prices: ir.Table) -> ir.Table:
    """Where every product's mean price stands in its category in the month: 0 the cheapest, 1 the dearest.

    The percent rank of SQL; a product alone in its category is in the middle.
    """
    known = prices.filter(prices.category.notnull())
    total = (known.price * known.events).sum()
    means = known.group_by(["product_id", "category"]).agg(mean_price=(total / known.events.sum()).round(6))
    among = {"group_by": "category"}
    rank = ibis.percent_rank().over(**among, order_by="mean_price")
    alone = means.count().over(**among) == 1
    return means.mutate(price_rank=ibis.ifelse(alone, 0.5, rank)).drop("mean_price")


def reference_prices(lines: ir.Table, prices: ir.Table) -> ir.Table:
    """The lower median of a product's prices in the 28 days before a purchase's day, every event counting once."""
    wanted = lines.filter(lines.event_type == "purchase").select("product_id", "day").distinct()
    seen = prices.select("product_id", "price", "events", seen_on=prices.day)
    earlier = wanted.join(
        seen,
        [
            wanted.product_id == seen.product_id,
            seen.seen_on < wanted.day,
            seen.seen_on >= wanted.day - ibis.interval(days=WINDOW_DAYS),
        ],
    ).select(wanted, "price", "events")
    by = ["product_id", "day"]
    counted = earlier.group_by([*by, "price"]).agg(events=earlier.events.sum())
    running = counted.events.sum().over(group_by=by, order_by="price", rows=(None, 0))
    halves = counted.mutate(running=running, total=counted.events.sum().over(group_by=by))
    upper = halves.filter(halves.running * 2 >= halves.total)
    return upper.group_by(by).agg(reference_price=upper.price.min())
