"""Events of a month -> occurrences: whatever there is to count in every hour, once each, for one member.

An order counts for the category, brand and country that most of its money went to, a visit and a user for those of
their first event. Hours and members are numbers here: much faster to read, to move and to compare than times and texts.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from footfall.contracts import VOLUMES, Column, Table
from footfall.engine import Engine
from footfall.engine.shop_time import shop_time
from footfall.errors import UserError

UNKNOWN = "unknown"
COLUMNS = {"category": "category_code", "brand": "brand", "country": "country"}
"""The dimensions that have members, and where events name them."""
COUNTS = ("events", "views", "carts", "orders", "sessions", "buying_sessions", "users", "day_users")
SUMS = {"items": "int64", "revenue": "float64", "refunds": "float64"}
"""Measures of `volumes`: what is counted, and what is summed."""
_TRUE, _DAY = ibis.literal(value=True), timedelta(days=1)
_BITS = 63 - 16  # for the members of a line; 16 hold the minutes of 45 days


OCCURRENCES = Table(
    "occurrences",
    "processed",
    grain="a line, an order, a visit, a user of an hour",
    definition="Whatever the volumes of a month count or sum, once each; never committed.",
    columns=(
        Column("hour", pa.int32(), "number of the hour and its day: see `times_of`"),
        *(Column(name, pa.int32(), "number of the member that it counts for") for name in COLUMNS),
        *(Column(name, pa.bool_(), "true where it is one of these, else null") for name in COUNTS),
        *(column for column in VOLUMES.columns if column.name in SUMS),
    ),
)


def find_occurrences(
    engine: Engine, events: Mapping[str, ir.Table], *, month: str, timezone: str
) -> tuple[ir.Table, ir.Table]:
    """What there is to count in the product events of a month of the shop's calendar.

    Args:
        engine: works out which members there are.
        events: `events` by UTC month (`2019-10`): this one and, unless the shop's time is UTC, its neighbours, as some
            of their hours belong to it.
        month: which month, in the shop's time.
        timezone: the shop's.

    Returns:
        Rows as in `OCCURRENCES`, which may be worked out for some buckets of users at a time: users, visits and orders
        lie in one bucket each. And the members: `dimension`, `number`, `member`. A visit that goes on past the month's
        end counts in both months, as in `sessions`.

    Raises:
        UserError: there are too many members.
    """
    names = _names(engine, events.values())
    bits, members = _bits(names), engine.read_arrow(_numbered(names))
    timed = reduce(ir.Table.union, [_timed(one, utc_month, timezone, month) for utc_month, one in events.items()])
    lines = _placed(timed, members, bits)
    every = reduce(ir.Table.union, [_lines(lines), _orders(lines, bits), _visits(lines), _users(lines)])
    return every.mutate(**_numbers(every.moment, bits)).select(OCCURRENCES.schema.names), members


def _names(engine: Engine, events: Iterable[ir.Table]) -> dict[str, list[str]]:
    """The members of every dimension in alphabetical order, a few too many: also those of the months beside."""
    return {
        name: sorted({UNKNOWN} | {member for one in events for member in _different(engine, one, column)})
        for name, column in COLUMNS.items()
    }


def _different(engine: Engine, events: ir.Table, column: str) -> set[str]:
    """The texts in a column; nulls are taken out here because DuckDB is four times as fast on the column as it is."""
    found = engine.collect(events.select(column).distinct())
    return set(found[column].to_pylist()) - {None}


def _bits(names: Mapping[str, list[str]]) -> dict[str, int]:
    """How many bits hold the numbers of each dimension.

    Raises:
        UserError: they do not fit beside the minutes.
    """
    bits = {name: len(ours).bit_length() for name, ours in names.items()}
    if sum(bits.values()) > _BITS:
        many = ", ".join(f"{len(ours):,} ({name})" for name, ours in names.items())
        raise UserError(
            f"events have too many different members to count by: {many}; their product may be 2^{_BITS - len(bits)} "
            "at most: take one of these columns out of the mapping, or mend what fills it"
        )
    return bits


def _numbered(names: Mapping[str, list[str]]) -> pa.Table:
    rows = [
        {"dimension": name, "number": number, "member": member}
        for name, ours in names.items()
        for number, member in enumerate(ours)
    ]
    return pa.Table.from_pylist(
        rows, pa.schema({"dimension": pa.string(), "number": pa.int32(), "member": pa.string()})
    )


def _timed(events: ir.Table, utc_month: str, timezone: str, month: str) -> ir.Table:
    """Product events of a month of the shop, with the number of their hour."""
    first, start, end = _bounds(month)
    ours = events.filter(events.is_product, events.event_time.between(first, end + 2 * _DAY))
    local = shop_time(ours.event_time, timezone, utc_month)
    minute = ((ours.event_time.epoch_seconds() - int(first.replace(tzinfo=UTC).timestamp())) / 60).cast("int64")
    timed = ours.mutate(local=local, minute=minute, hour=((local.day() << 16) + minute - local.minute()).cast("int32"))
    return timed.filter(timed.local >= start, timed.local < end)


def times_of(hour: ir.IntegerColumn, month: str) -> dict[str, ir.TimestampColumn]:
    """When an hour of a month began, UTC, and its day in the shop's time: the upper bits of its number have the day."""
    first, start, _ = _bounds(month)
    return {
        "hour": (ibis.literal(first) + (hour & 0xFFFF).as_interval("m")).cast("timestamp"),
        "day": (ibis.literal(start - _DAY) + (hour >> 16).as_interval("D")).cast("timestamp"),
    }


def _bounds(month: str) -> tuple[datetime, datetime, datetime]:
    """When a month begins and ends, and before them a moment that is before its begin in any time zone."""
    start = datetime.fromisoformat(f"{month}-01")
    return start - 2 * _DAY, start, (start + 31 * _DAY).replace(day=1)


def _placed(timed: ir.Table, members: ir.Table, bits: Mapping[str, int]) -> ir.Table:
    """Lines with one number, `moment`, for their minute and their members.

    The smallest is that of the earliest line: of the first in the alphabet where several share a minute.
    """
    moment = timed.minute
    for name, width in bits.items():
        ours = members.filter(members.dimension == name).select(
            **{f"{name}_number": "number", f"{name}_name": "member"}
        )
        timed = timed.join(ours, timed[COLUMNS[name]].coalesce(UNKNOWN) == ours[f"{name}_name"])
        moment = (moment << width) + timed[f"{name}_number"]
    return timed.select("hour", "event_type", "quantity", "amount", "user_id", "session_id", "order_id", moment=moment)


def _numbers(moment: ir.IntegerColumn, bits: Mapping[str, int]) -> dict[str, ir.IntegerColumn]:
    """The numbers of the members in a `moment`."""
    found = {}
    for name, width in reversed(list(bits.items())):
        found[name] = (moment & (2**width - 1)).cast("int32")
        moment = moment >> width
    return found


def _lines(lines: ir.Table) -> ir.Table:
    is_refund, is_purchase = lines.event_type == "refund", lines.event_type == "purchase"
    return _occurring(
        lines,
        events=~is_refund,
        views=lines.event_type == "view",
        carts=lines.event_type == "cart",
        items=is_purchase.ifelse(lines.quantity, None),
        revenue=is_purchase.ifelse(lines.amount, None),
        refunds=is_refund.ifelse(-lines.amount, None),
    )


def _orders(lines: ir.Table, bits: Mapping[str, int]) -> ir.Table:
    """Each order once, at its first line, for the members that most of its money went to."""
    bought = lines.filter(lines.event_type == "purchase", lines.order_id.notnull())
    members = bought.moment & (2 ** sum(bits.values()) - 1)
    shares = bought.group_by("user_id", "order_id", members=members).agg(
        hour=bought.hour.min(), amount=bought.amount.sum()
    )
    most = ibis.struct({"amount": -shares.amount.round(4), "members": shares.members}).min()
    orders = shares.group_by("user_id", "order_id").agg(hour=shares.hour.min(), most=most)
    return _occurring(orders.mutate(moment=orders.most["members"]), orders=_TRUE)


def _visits(lines: ir.Table) -> ir.Table:
    """Each visit once, at its first event."""
    ours = lines.filter(lines.event_type != "refund", lines.session_id.notnull())
    visits = ours.group_by("session_id").agg(
        hour=ours.hour.min(), moment=ours.moment.min(), is_buying=(ours.event_type == "purchase").any()
    )
    return _occurring(visits, sessions=_TRUE, buying_sessions=visits.is_buying)


def _users(lines: ir.Table) -> ir.Table:
    """Each user once an hour, and once a day: at the first event of it."""
    ours = lines.filter(lines.event_type != "refund", lines.user_id.notnull())
    hours = ours.group_by("user_id", "hour").agg(moment=ours.moment.min())
    first = hours.hour.min().over(group_by=["user_id", hours.hour >> 16])
    return _occurring(hours, users=_TRUE, day_users=hours.hour == first)


def _occurring(rows: ir.Table, **measures: ir.Value) -> ir.Table:
    """What these rows are, and null for all that they are not: a null costs nothing to count or to sum."""
    counts = {name: measures[name].nullif(False) if name in measures else ibis.null("boolean") for name in COUNTS}
    sums = {name: measures.get(name, ibis.null(kind)) for name, kind in SUMS.items()}
    return rows.select("hour", "moment", **counts, **sums)
