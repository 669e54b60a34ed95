"""Events of a month -> sessions and partial aggregates that can be merged over months without reading events again."""

from dataclasses import dataclass, field
from pathlib import Path

import ibis
import ibis.expr.types as ir

from footfall.contracts import PRODUCT_PRICES, PURCHASES, SESSIONS, USER_MEMBERS, USER_MONTHS, Table
from footfall.engine import Engine
from footfall.engine.shop_time import shop_time
from footfall.features.prices import price_ranks, product_prices, reference_prices
from footfall.lake import Transaction

REVISION = 1
"""Raise it when the code aggregates differently: months are then aggregated anew."""

AGGREGATES = (PRODUCT_PRICES, SESSIONS, PURCHASES, USER_MEMBERS, USER_MONTHS)
"""In the order in which they are committed; a month is done when the last one is."""


@dataclass
class Aggregates:
    """Where a month's aggregates were written, by table; not yet committed."""

    folders: dict[str, Path] = field(default_factory=dict)

    def files(self, table: Table) -> list[str]:
        """The Parquet files of one of the tables."""
        return [str(file) for file in sorted(self.folders[table.name].rglob("*.parquet"))]


def aggregate_month(
    engine: Engine,
    tx: Transaction,
    events: ir.Table,
    *,
    month: str,
    earlier_prices: ir.Table,
    timezone: str,
) -> Aggregates:
    """Aggregate the events of one month.

    Args:
        engine: runs it.
        tx: gives the folders to write to.
        events: the month's events.
        month: as in `2019-10`.
        earlier_prices: `product_prices` of the month before.
        timezone: the shop's, for hours, weekends and days of the month.
    """
    done = Aggregates()

    def write(table: Table, rows: ir.Table) -> None:
        per_bucket = "bucket" in table.partition_by
        done.folders[table.name] = tx.run(engine, rows, table, known={"month": month}, per_bucket=per_bucket)

    write(PRODUCT_PRICES, product_prices(events, month))
    prices = engine.read_parquet(done.files(PRODUCT_PRICES), PRODUCT_PRICES)
    ours = known_users(events, month, timezone)
    # As many rows as products, and as products bought on a day: worked out once, and not anew for every bucket.
    ranks = engine.read_arrow(engine.collect(price_ranks(prices)))
    references = engine.read_arrow(engine.collect(reference_prices(order_lines(ours), prices.union(earlier_prices))))
    for table, rows in user_aggregates(ours, ranks, references).items():
        write(table, rows)
    return done


def known_users(events: ir.Table, month: str, timezone: str) -> ir.Table:
    """Events of users with a pseudonym, in a month; `is_activity` marks product events but refunds."""
    known = events.filter(events.user_id.notnull())
    is_activity = known.is_product & (known.event_type != "refund")
    local = shop_time(known.event_time, timezone, month)
    return known.mutate(is_activity=is_activity, category=category(known), shop_time=local)


def user_aggregates(events: ir.Table, ranks: ir.Table, references: ir.Table) -> dict[Table, ir.Table]:
    """The aggregates of a month that are of users: all but `product_prices`.

    Args:
        events: of `known_users`.
        ranks: of `price_ranks`, over the whole shop's prices of the month.
        references: of `reference_prices`, for the order lines of these events.
    """
    return {
        SESSIONS: sessions(events),
        PURCHASES: purchases(events, references),
        USER_MEMBERS: user_members(events),
        USER_MONTHS: user_months(events, ranks),
    }


def category(events: ir.Table) -> ir.StringValue:
    """What tells categories apart: the id, else the known code; null where there is neither."""
    return events.category_id.coalesce(events.category_code.nullif("unknown"))


def sessions(events: ir.Table) -> ir.Table:
    """One row per visit that holds more than refunds."""
    visits = events.filter(events.is_product & events.session_id.notnull())
    grouped = visits.group_by("session_id").agg(
        **_same(visits, "user_id", "month", "bucket"),
        started_at=visits.event_time.min(where=visits.is_activity),
        ended_at=visits.event_time.max(where=visits.is_activity),
        **_counts(visits),
        amount=visits.amount.sum(),
        products_viewed=visits.product_id.nunique(where=visits.event_type == "view"),
    )
    return grouped.filter(grouped.events > 0)


def _same(events: ir.Table, *columns: str) -> dict[str, ir.Scalar]:
    """Columns that have one value in a group. Grouping by them too would take half as long again."""
    return {name: events[name].arbitrary() for name in columns}


def _counts(events: ir.Table) -> dict[str, ir.IntegerScalar]:
    def count(event_type: str) -> ir.IntegerScalar:
        return events.count(where=events.is_activity & (events.event_type == event_type))

    return {
        "events": events.count(where=events.is_activity),
        "views": count("view"),
        "carts": count("cart"),
        "removals": count("remove_from_cart"),
        "purchases": count("purchase"),
    }


def order_lines(events: ir.Table) -> ir.Table:
    """Purchase and refund lines of products, with their day."""
    lines = events.filter(events.is_product & events.event_type.isin(["purchase", "refund"]))
    return lines.mutate(day=lines.event_time.date())


def purchases(events: ir.Table, references: ir.Table) -> ir.Table:
    """Purchase and refund lines of products, each with its reference price."""
    priced = order_lines(events).left_join(references, ["product_id", "day"])
    return priced.mutate(bought_at=lambda line: line.event_time)


def user_members(events: ir.Table) -> ir.Table:
    """How each user's activity spreads over categories, known brands and hours."""
    active = events.filter(events.is_activity)
    members = {
        "category": active.category,
        "brand": active.brand.nullif("unknown"),
        "hour": active.shop_time.hour(),
    }
    spreads = [_spread(active.mutate(member=member), dimension) for dimension, member in members.items()]
    return spreads[0].union(*spreads[1:])


def _spread(events: ir.Table, dimension: str) -> ir.Table:
    known = events.filter(events.member.notnull())
    counted = known.group_by(["user_id", "member"]).agg(events=known.count(), **_same(known, "month", "bucket"))
    return counted.mutate(dimension=ibis.literal(dimension), member=counted.member.cast("string"))


def user_months(events: ir.Table, ranks: ir.Table) -> ir.Table:
    """What each user did in the month."""
    ranked = events.left_join(ranks, ["product_id", "category"]).select(events, "price_rank")
    active, bought = ranked.is_activity, ranked.is_activity & (ranked.event_type == "purchase")
    time, local = ranked.event_time, ranked.shop_time
    priced = active & (ranked.price > 0)
    log_price = ibis.ifelse(priced, ranked.price, ibis.null("float64")).ln()
    return ranked.group_by("user_id").agg(
        **_same(ranked, "month", "bucket"),
        first_at=time.min(where=active),
        last_at=time.max(where=active),
        last_purchase_at=time.max(where=bought),
        **_counts(ranked),
        items=ranked.quantity.sum(where=bought).fill_null(0),
        spend=ranked.amount.sum(where=ranked.is_product).fill_null(0.0),
        active_days=time.date().nunique(where=active),
        weekend_events=ranked.count(where=active & (local.day_of_week.index() >= 5)),
        evening_events=ranked.count(where=active & (local.hour() >= 18)),
        late_month_events=ranked.count(where=active & (local.day() >= 16)),
        price_tier_sum=ranked.price_rank.sum(where=active),
        price_tier_events=ranked.count(where=active & ranked.price_rank.notnull()),
        log_price_mean=log_price.mean(),
        log_price_m2=log_price.var(how="pop") * log_price.count(),
        log_price_events=log_price.count(),
    )
