"""Events of a month -> volumes: what happened in every hour and on every day, in all and by member.

Every order, visit and user is counted once, for one member: an order for the category, brand and country that most of
its money went to, a visit and a user for those of their first event. So members sum to the total, and the levels of a
category to their parent.
"""

from collections.abc import Mapping
from functools import reduce

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from footfall.contracts import DIMENSIONS, VOLUMES, Column, Table
from footfall.engine import Engine
from footfall.engine.shop_time import shop_time

UNKNOWN = "unknown"
_COUNTS = ("events", "views", "carts", "items", "orders", "sessions", "buying_sessions", "users", "day_users")
_MEASURES = dict.fromkeys(_COUNTS, "int64") | {"revenue": "float64", "refunds": "float64"}
_PLACES = 2**24  # more than any shop has combinations of category, brand and country
_MEMBERS = tuple(dimension for dimension in DIMENSIONS if dimension != "all")


CELLS = Table(
    "cells",
    "processed",
    grain="hour, place, and whatever part of the users was counted at a time",
    definition="Counts of a month on the way to `volumes`; never committed.",
    columns=(
        Column("hour", pa.timestamp("us"), "as in volumes"),
        Column("day", pa.timestamp("us"), "as in volumes"),
        Column("place", pa.int64(), "number of a combination of members"),
        *(column for column in VOLUMES.columns if column.name in _MEASURES),
    ),
)


def count_cells(
    engine: Engine, events: Mapping[str, ir.Table], *, month: str, timezone: str
) -> tuple[ir.Table, ir.Table]:
    """Count the product events of a month of the shop's calendar, by hour and combination of members.

    Args:
        engine: works out which combinations there are.
        events: `events` by UTC month (`2019-10`): this one and, unless the shop's time is UTC, its neighbours, as some
            of their hours belong to it.
        month: which month, in the shop's time.
        timezone: the shop's.

    Returns:
        Rows as in `CELLS`, which may be worked out for some buckets of users at a time: users, visits and orders lie in
        one bucket each. And the combinations, by number. A visit that goes on past the month's end counts in both
        months, as in `sessions`.
    """
    lines = reduce(ir.Table.union, [_lines(one, utc_month, timezone) for utc_month, one in events.items()])
    year, number = map(int, month.split("-"))
    ours = lines.filter(lines.day.year() == year, lines.day.month() == number)
    places = engine.read_arrow(_numbered(engine.collect(ours.select(_MEMBERS).distinct())))
    placed = ours.join(places, _MEMBERS).drop(*_MEMBERS)
    things = [_line_counts(placed), _orders(placed), _visits(placed), _users(placed)]
    return reduce(ir.Table.union, [_summed(thing, "hour", "day", "place") for thing in things]), places


def volumes(cells: ir.Table, places: ir.Table, *, month: str) -> ir.Table:
    """Rows as in the contract `volumes`, from `count_cells`; an hour without an event has none."""
    members = _of_dimensions(cells.join(places, "place"))
    return _summed(members, "hour", "day", "dimension", "member").mutate(month=ibis.literal(month))


def _lines(events: ir.Table, utc_month: str, timezone: str) -> ir.Table:
    """Product events with the shop's day and hour (the UTC moment at which that hour began), and their members."""
    local = shop_time(events.event_time, timezone, utc_month)
    members = {"category": events.category_code, "brand": events.brand, "country": events.country}
    return events.filter(events.is_product).select(
        "event_type", "event_time", "quantity", "amount", "user_id", "session_id", "order_id",
        hour=(events.event_time - local.minute().as_interval("m")).cast("timestamp"),
        day=local.truncate("D").cast("timestamp"),
        is_activity=events.event_type != "refund",
        is_purchase=events.event_type == "purchase",
        **{name: member.coalesce(UNKNOWN) for name, member in members.items()},
    )  # fmt: skip


def _numbered(places: pa.Table) -> pa.Table:
    """Combinations of members with numbers in their alphabetical order: much faster to compare than three texts."""
    ordered = places.sort_by([(name, "ascending") for name in _MEMBERS])
    return ordered.append_column("place", pa.array(range(len(ordered)), pa.int64()))


def _line_counts(lines: ir.Table) -> ir.Table:
    return lines.select(
        "hour", "day", "place",
        events=lines.is_activity,
        views=lines.event_type == "view",
        carts=lines.event_type == "cart",
        items=lines.is_purchase.ifelse(lines.quantity, 0),
        revenue=lines.is_purchase.ifelse(lines.amount, 0.0),
        refunds=lines.is_activity.ifelse(0.0, -lines.amount),
    )  # fmt: skip


def _orders(lines: ir.Table) -> ir.Table:
    """Each order once, at its first line, for the members that most of its money went to."""
    bought = lines.filter(lines.is_purchase & lines.order_id.notnull())
    shares = bought.group_by(["user_id", "order_id", "place"]).agg(**_begun(bought), amount=bought.amount.sum())
    orders = shares.group_by(["user_id", "order_id"]).agg(
        **_begun(shares), most=ibis.struct({"amount": -shares.amount.round(4), "place": shares.place}).min()
    )
    return orders.select("hour", "day", place=orders.most["place"], orders=ibis.literal(1))


def _visits(lines: ir.Table) -> ir.Table:
    """Each visit once, at its first event."""
    ours = lines.filter(lines.is_activity & lines.session_id.notnull())
    visits = ours.group_by("session_id").agg(**_begun(ours), place=_first_place(ours), is_buying=ours.is_purchase.any())
    return visits.select("hour", "day", "place", sessions=ibis.literal(1), buying_sessions=visits.is_buying)


def _users(lines: ir.Table) -> ir.Table:
    """Each user once an hour, and once a day: at the first event of the day."""
    ours = lines.filter(lines.is_activity & lines.user_id.notnull())
    hours = ours.group_by(["user_id", "hour"]).agg(day=ours.day.min(), place=_first_place(ours))
    first = hours.hour.min().over(group_by=["user_id", "day"])
    return hours.select("hour", "day", "place", users=ibis.literal(1), day_users=hours.hour == first)


def _begun(lines: ir.Table) -> dict[str, ir.Scalar]:
    return {"hour": lines.hour.min(), "day": lines.day.min()}


def _first_place(lines: ir.Table) -> ir.IntegerScalar:
    """The place of the earliest line: of the first in the alphabet where several share a minute."""
    return (lines.event_time.epoch_seconds().cast("int64") * _PLACES + lines.place).min() % _PLACES


def _of_dimensions(cells: ir.Table) -> ir.Table:
    """Every row once a dimension. A scan for each would work the cells out anew."""
    every = cells.mutate(dimension=ibis.array(list(DIMENSIONS)).unnest())
    members = [(every.dimension == name, every[name]) for name in _MEMBERS]
    return every.mutate(member=ibis.cases(*members, else_="all"))


def _summed(rows: ir.Table, *by: str) -> ir.Table:
    """Sums of all measures, 0 where the rows have none."""
    sums = {name: rows[name].cast(kind).sum() for name, kind in _MEASURES.items() if name in rows.columns}
    summed = rows.group_by(by).agg(**sums)
    every = summed.mutate(**{name: ibis.literal(0) for name in _MEASURES if name not in sums})
    return every.select(*by, **{name: every[name].fill_null(0).cast(kind) for name, kind in _MEASURES.items()})
