"""Occurrences of a month -> volumes: what happened in every hour and on every day, in all and by member.

Every order, visit and user counts for one member. So members sum to the total, and the levels of a category to their
parent.
"""

from functools import reduce

import ibis
import ibis.expr.types as ir

from footfall.series.occurrences import COLUMNS, COUNTS, SUMS, times_of

_NOTHING = 1e-6  # what a difference of two equal sums of money may leave


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


def added(before: ir.Table, counted: ir.Table, *, without: ir.Table | None) -> ir.Table:
    """Volumes of a month, with what was counted since.

    Args:
        before: as they stand.
        counted: what came, counted together with what it may belong to.
        without: the latter counted alone, as it is in `before`.
    """
    parts = [before, counted]
    if without is not None:
        parts.append(without.mutate(**{name: -without[name] for name in (*COUNTS, *SUMS)}))
    columns = ("hour", "day", "dimension", "member", "month", *COUNTS, *SUMS)
    kinds = before.select(*columns).schema()
    every = reduce(ir.Table.union, [part.select(*columns).cast(kinds) for part in parts])
    sums = every.group_by("hour", "day", "dimension", "member", "month").agg(
        **{name: every[name].sum() for name in (*COUNTS, *SUMS)}
    )
    is_left = [sums[name] != 0 for name in COUNTS] + [sums[name].abs() > _NOTHING for name in SUMS]
    return sums.filter(reduce(lambda one, other: one | other, is_left))
