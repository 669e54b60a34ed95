"""Volumes -> metric series: every metric of every kept member in every bucket, with what is known of the bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from footfall.contracts import MISSING
from footfall.engine import Engine
from footfall.series.hierarchy import Place


@dataclass(frozen=True)
class Metric:
    """What is forecast and watched: a measure of `volumes`, or one measure per another."""

    measure: str
    per: str | None
    unit: str
    definition: str


METRICS = {
    "events": Metric("events", None, "events", "views, cart changes and purchase lines"),
    "sessions": Metric("sessions", None, "visits", "visits, at their first event"),
    "users": Metric("users", None, "users", "different users of the hour or day"),
    "carts": Metric("carts", None, "events", "additions to the cart"),
    "orders": Metric("orders", None, "orders", "orders, at their first line"),
    "items": Metric("items", None, "pieces", "pieces bought"),
    "revenue": Metric("revenue", None, "currency", "purchases, before refunds"),
    "refunds": Metric("refunds", None, "currency", "money given back, as a positive number"),
    "conversion": Metric("buying_sessions", "sessions", "share", "visits with a purchase, of all visits"),
    "average_order": Metric("revenue", "orders", "currency", "revenue for each order"),
}
"""Sums add up over members and hours (users: over members only); shares and averages do not."""

_MEASURES = tuple(dict.fromkeys(name for one in METRICS.values() for name in (one.measure, one.per) if name))
_BUCKET = ("grain", "ts", "dimension", "member")


def metric_series(
    engine: Engine, volumes: ir.Table, *, hours: pd.DataFrame, days: pd.DataFrame, places: Sequence[Place]
) -> ir.Table:
    """All series.

    Args:
        engine: runs it.
        volumes: as in the contract.
        hours: the buckets of hourly series, `ts` and `status`.
        days: those of daily ones.
        places: where the members of `volumes` count.

    Returns:
        Rows as in the contract `metric_series`. A metric that never happens in the shop has no series.
    """
    buckets = pd.concat([hours.assign(grain="hour"), days.assign(grain="day")])[["grain", "ts", "status"]]
    members = engine.read_arrow(_members(places))
    every = members.cross_join(engine.read_arrow(_arrow(buckets)))
    counts = _counts(volumes, engine.read_arrow(_leaves(places)))
    dense = every.left_join(counts, _BUCKET).select(every, *_MEASURES)
    rows = dense.mutate(metric=ibis.array(_metrics(engine, volumes)).unnest())
    return rows.select(
        "metric", *_BUCKET, "status",
        series_id=_id(rows, rows.dimension, rows.member),
        parent=rows.parent.notnull().ifelse(_id(rows, rows.parent_dimension, rows.parent), ibis.null("string")),
        value=(rows.status == MISSING).ifelse(ibis.null("float64"), _value(rows)),
    )  # fmt: skip


def _arrow(buckets: pd.DataFrame) -> pa.Table:
    types = pa.schema({"grain": pa.string(), "ts": pa.timestamp("us"), "status": pa.string()})
    return pa.Table.from_pandas(buckets, schema=types, preserve_index=False)


def _members(places: Sequence[Place]) -> pa.Table:
    found = {
        (place.level, place.member): {
            "dimension": place.level,
            "member": place.member,
            "parent_dimension": place.parent_level,
            "parent": place.parent,
        }
        for place in places
    }
    texts = dict.fromkeys(("dimension", "member", "parent_dimension", "parent"), pa.string())
    return pa.Table.from_pylist(list(found.values()), schema=pa.schema(texts))


def _leaves(places: Sequence[Place]) -> pa.Table:
    rows = [
        {"dimension": place.dimension, "member": place.leaf, "level": place.level, "kept": place.member}
        for place in places
    ]
    return pa.Table.from_pylist(rows)


def _counts(volumes: ir.Table, leaves: ir.Table) -> ir.Table:
    """Sums by hour and by day of the members that have series."""
    placed = volumes.join(leaves, ["dimension", "member"])
    hours = placed.group_by("hour", "day", dimension=placed.level, member=placed.kept).agg(**_sums(placed))
    days = hours.mutate(users=hours.day_users)
    both = [
        hours.mutate(grain=ibis.literal("hour"), ts=hours.hour),
        days.mutate(grain=ibis.literal("day"), ts=days.day),
    ]
    twice = both[0].union(both[1])
    return twice.group_by(_BUCKET).agg(**_sums(twice))


def _sums(rows: ir.Table) -> dict[str, ir.Scalar]:
    return {name: rows[name].sum() for name in (*_MEASURES, "day_users")}


def _metrics(engine: Engine, volumes: ir.Table) -> list[str]:
    """Those that happen in the shop."""
    totals = engine.collect(volumes.filter(volumes.dimension == "all").agg(**_sums(volumes))).to_pylist()[0]
    return [name for name, metric in METRICS.items() if totals[metric.measure]]


def _value(rows: ir.Table) -> ir.FloatingValue:
    """The metric's value: 0 where nothing happened, null for a share or an average of nothing."""
    counts = {name: rows[name].fill_null(0).cast("float64") for name in _MEASURES}
    values = {
        name: counts[metric.measure] / counts[metric.per].nullif(0) if metric.per else counts[metric.measure]
        for name, metric in METRICS.items()
    }
    return ibis.cases(*((rows.metric == name, value) for name, value in values.items()))


def _id(rows: ir.Table, dimension: ir.StringValue, member: ir.StringValue) -> ir.StringValue:
    return rows.grain + "/" + rows.metric + "/" + dimension + "/" + member
