"""Occurrences of a month -> volumes: what happened in every hour and on every day, in all and by member.

Every order, visit and user counts for one member. So members sum to the total, and the levels of a category to their
parent.
"""

from functools import reduce

import ibis
import ibis.expr.types as ir

from footfall.series.occurrences import COLUMNS, COUNTS, SUMS, times_of


def volumes(occurrences: ir.Table, members: ir.Table, *, month: str) -> ir.Table:
    """Rows as in the contract `volumes`, from `find_occurrences`; an hour without an event has none."""
    counts = {name: occurrences[name].count() for name in COUNTS} | {name: occurrences[name].sum() for name in SUMS}
    by = {name: occurrences.group_by("hour", number=occurrences[name]).agg(**counts) for name in COLUMNS}
    fewest = by["country"]  # summing these again costs less than reading everything again
    shop = fewest.group_by("hour").agg(**{name: fewest[name].sum() for name in counts})
    parts = [
        shop.mutate(dimension=ibis.literal("all"), member=ibis.literal("all")),
        *(one.join(members.filter(members.dimension == name), "number").drop("number") for name, one in by.items()),
    ]
    every = reduce(ir.Table.union, [part.select("hour", "dimension", "member", *counts) for part in parts])
    kinds = dict.fromkeys(COUNTS, "int64") | SUMS
    return every.select(
        "dimension", "member",
        **times_of(every.hour, month),
        **{name: every[name].fill_null(0).cast(kind) for name, kind in kinds.items()},
        month=ibis.literal(month),
    )  # fmt: skip
