"""Merged aggregates -> one row per user."""

from collections.abc import Callable
from datetime import datetime
from functools import reduce

import ibis
import ibis.expr.types as ir

from footfall.contracts import PURCHASES, SESSIONS, USER_MEMBERS, USER_MONTHS, Table
from footfall.engine import Engine
from footfall.features.definitions import FEATURES
from footfall.features.registry import RELATIONS, Context, Needs

_LONGEST_SESSION_MINUTES = 240

ReadAggregate = Callable[[Table], ir.Table]


def user_features(read: ReadAggregate, as_of: datetime, priors: dict[str, float]) -> ir.Table:
    """All features of all users of the aggregates.

    Args:
        read: gives the rows of an aggregate; all of them are from before `as_of`.
        as_of: the date of the features, UTC.
        priors: from `shares_of_all`, over all users.

    Returns:
        The columns of `USER_FEATURES`, one row per user.
    """
    context = Context(as_of, priors)
    rows = relations(read)
    users = read(USER_MONTHS).select("user_id").distinct()
    joined = reduce(lambda left, need: _with_features(left, rows[need], need, context), RELATIONS, users)
    counts = {name: joined[name].fill_null(0).cast("int64") for name, f in FEATURES.items() if f.is_count}
    reals = {name: joined[name].cast("float64") for name, f in FEATURES.items() if not f.is_count}
    return joined.select("user_id", as_of=ibis.literal(as_of), **{name: (counts | reals)[name] for name in FEATURES})


def _with_features(users: ir.Table, rows: ir.Table, need: Needs, context: Context) -> ir.Table:
    wanted = {name: f.expression(rows, context) for name, f in FEATURES.items() if f.needs == need}
    found = rows.group_by("user_id").agg(**wanted)
    return users.left_join(found, "user_id").select(users, *wanted)


def relations(read: ReadAggregate) -> dict[Needs, ir.Table]:
    """What features aggregate, each with the rows of many users."""
    months, lines = read(USER_MONTHS), read(PURCHASES)
    bought = lines.filter(lines.event_type == "purchase")
    return {
        "months": _months(months),
        "visits": _visits(read(SESSIONS)),
        "orders": _orders(bought, lines),
        "categories": _members(read(USER_MEMBERS), "category"),
        "brands": _members(read(USER_MEMBERS), "brand"),
        "hours": _members(read(USER_MEMBERS), "hour"),
        "lines": bought.filter(bought.reference_price.notnull()),
    }


def _months(months: ir.Table) -> ir.Table:
    weighted = (months.log_price_mean * months.log_price_events).sum()
    overall = weighted / months.log_price_events.sum().nullif(0)
    means = months.group_by("user_id").agg(overall_log_price=overall)
    return months.left_join(means, "user_id").select(months, "overall_log_price")


def _visits(sessions: ir.Table) -> ir.Table:
    started, ended = sessions.started_at.epoch_seconds(), sessions.ended_at.epoch_seconds()
    before = {"group_by": "user_id", "order_by": ["started_at", "ended_at"]}
    pause = started - ended.lag().over(**before)
    return sessions.mutate(
        gap_hours=ibis.cases((pause >= 0, pause), (pause < 0, 0)) / 3600,  # sessions may overlap
        minutes=ibis.least((ended - started) / 60, _LONGEST_SESSION_MINUTES),
    )


def _orders(bought: ir.Table, lines: ir.Table) -> ir.Table:
    known = bought.filter(bought.order_id.notnull())
    by = ["user_id", "order_id"]
    orders = known.group_by(by).agg(order_value=known.amount.sum().round(4), ordered_at=known.bought_at.min())
    time = orders.ordered_at.epoch_seconds()
    gap = time - time.lag().over(group_by="user_id", order_by=["ordered_at", "order_id"])
    net = lines.group_by("user_id").agg(net_spend=lines.amount.sum())
    spaced = orders.mutate(gap_days=gap / 86400)
    return spaced.left_join(net, "user_id").select(spaced, "net_spend")


def _members(members: ir.Table, dimension: str) -> ir.Table:
    ours = members.filter(members.dimension == dimension)
    return ours.group_by(["user_id", "member"]).agg(events=ours.events.sum())


def shares_of_all(engine: Engine, read: ReadAggregate) -> dict[str, float]:
    """The shares over all users towards which those of single users are shrunk; 0 where there is nothing to divide."""
    months, visits = read(USER_MONTHS), read(SESSIONS)
    sums = engine.collect(
        months.agg(**{name: months[name].sum() for name in ("views", "carts", "removals", "purchases")})
    ).to_pylist()[0]
    carted = engine.collect(
        visits.agg(
            carted=visits.count(where=visits.carts > 0),
            left=visits.count(where=(visits.carts > 0) & (visits.purchases == 0)),
        )
    ).to_pylist()[0]
    return {
        "view_to_cart": _share(sums["carts"], sums["views"]),
        "cart_to_purchase": _share(sums["purchases"], sums["carts"]),
        "removal_ratio": _share(sums["removals"], sums["carts"]),
        "cart_abandonment": _share(carted["left"], carted["carted"]),
    }


def _share(part: int | None, whole: int | None) -> float:
    return min(1.0, int(part or 0) / int(whole)) if whole else 0.0
