"""How many segments each part has, and why: the table `k_selection` in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from footfall.segments.model import SegmentModel

Row = Mapping[str, Any]


@dataclass(frozen=True)
class NumberOf:
    """How many segments the users of a part are divided into.

    Attributes:
        key: the part's name.
        title: what its users are called.
        rows: what was measured, by number of segments, as in `k_selection`.
        chosen: the number that the rule chose; None if it chose none.
        runner_up: the next best number.
        in_use: the number that the model has; None if the model does not know this part.
        reason: why the rule chose its number.
        cost: what it costs that the model has another number; empty if it has the one that was chosen.
        resamples: how often users were drawn again.
    """

    key: str
    title: str
    rows: Sequence[Row]
    chosen: int | None
    runner_up: int | None
    in_use: int | None
    reason: str
    cost: str
    resamples: int

    @property
    def measured(self) -> list[Row]:
        """The rows of two segments and more: one segment has nothing to measure but its gap."""
        return [row for row in self.rows if row["inertia"] is not None]

    @property
    def headline(self) -> str:
        """The number in the model, in words."""
        if self.in_use is None:
            return "not divided in this model"
        return f"{self.in_use} segment{'s' if self.in_use != 1 else ''}"


def numbers_of(model: SegmentModel, selection: pa.Table, titles: Mapping[str, str]) -> list[NumberOf]:
    """Read the choice for each part that was measured."""
    in_use = {part.name: part.k for part in model.parts}
    by_part: dict[str, list[Row]] = {}
    for row in selection.to_pylist():
        by_part.setdefault(row["part"], []).append(row)
    found = [_number(key, titles.get(key, key), rows, in_use.get(key)) for key, rows in by_part.items()]
    order = [*in_use, *by_part]
    return sorted(found, key=lambda one: order.index(one.key))


def _number(key: str, title: str, rows: list[Row], in_use: int | None) -> NumberOf:
    rows = sorted(rows, key=lambda row: int(row["k"]))
    chosen = next((row for row in rows if row["is_chosen"]), None)
    used = next((row for row in rows if row["k"] == in_use), None)
    return NumberOf(
        key=key,
        title=title,
        rows=rows,
        chosen=int(chosen["k"]) if chosen else None,
        runner_up=next((row["k"] for row in rows if row["is_runner_up"]), None),
        in_use=in_use,
        reason=_sentence(chosen["verdict"]) if chosen else "The rule chose no number.",
        cost=_cost(in_use, used, chosen),
        resamples=rows[0]["resamples"] or 0,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _cost(in_use: int | None, used: Row | None, chosen: Row | None) -> str:
    if chosen is None or in_use == chosen["k"]:
        return ""
    if in_use is None:
        return f"This model does not tell these users from the others. {_apart(chosen)}"
    return (
        f"This model has {in_use} here and the rule chooses {chosen['k']}: the number was given, or kept from the last "
        f"model. {_what_it_costs(in_use, used, chosen)}"
    )


def _apart(chosen: Row) -> str:
    if chosen["inertia"] is None:
        return "Apart, they would be one segment."
    return f"Apart, the rule divides them into {chosen['k']}: {_quality(chosen)}"


def _what_it_costs(in_use: int, used: Row | None, chosen: Row) -> str:
    if in_use == 1:
        return f"Undivided, users of {chosen['k']} different kinds look alike. {_quality(chosen)}"
    if used is None or used["inertia"] is None:
        return f"{in_use} were not measured, so what that costs is not known."
    broken = f"{in_use} break the rule: {used['verdict']}." if used["verdict"] else f"{in_use} hold as well."
    return f"{broken} {_beside(used, chosen)}"


def _quality(row: Row) -> str:
    silhouette, jaccard = f"{row['silhouette']:.2f}", f"{row['jaccard_min']:.2f}"
    return f"{row['k']} segments have a silhouette of {silhouette}, and the worst one's Jaccard is {jaccard}."


def _beside(used: Row, chosen: Row) -> str:
    if chosen["inertia"] is None:
        return f"{_quality(used)} One segment has neither, and breaks nothing."
    return (
        f"The silhouette is {used['silhouette']:.2f} with {used['k']} and {chosen['silhouette']:.2f} with "
        f"{chosen['k']}; the worst segment's Jaccard is {used['jaccard_min']:.2f} and {chosen['jaccard_min']:.2f}."
    )
