"""Who moved from segment to segment: the latest pair of dates in `segment_migration`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from footfall.segments.naming.wording import count, percent
from footfall.segments.report import colours

NEW, GONE = "New users", "Not seen any more"


@dataclass(frozen=True)
class Stop:
    """A segment on one of the two dates; users who were not known then are none."""

    id: int | None
    name: str
    colour: str
    users: int


@dataclass(frozen=True)
class Moves:
    """The users who went from one segment to another, or stayed.

    Attributes:
        before: the segments on the earlier date, in the model's order, users who were not known yet last.
        after: the segments on the later date, likewise.
        flows: how many users went from which place in `before` to which in `after`.
        caption: how many stayed, in a sentence.
        days: the two dates.
    """

    before: Sequence[Stop]
    after: Sequence[Stop]
    flows: Sequence[tuple[int, int, int]]
    caption: str
    days: tuple[str, str]


def latest_moves(migration: pa.Table, order: Sequence[int]) -> Moves | None:
    """Read the latest moves; None where there are none.

    Args:
        migration: rows as in `segment_migration`, of any number of dates.
        order: the ids of the model's segments, in its order.
    """
    rows = migration.to_pylist()
    if not rows:
        return None
    latest = max((row["to_as_of"], row["from_as_of"]) for row in rows)
    rows = [row for row in rows if (row["to_as_of"], row["from_as_of"]) == latest]
    ids = {row[name] for row in rows for name in ("from_segment_id", "to_segment_id")} - {None, *order}
    ordered = [*order, *sorted(ids)]
    palette = colours.of_segments(ordered)
    before, after = _stops(rows, "from", NEW, ordered, palette), _stops(rows, "to", GONE, ordered, palette)
    left, right = ({stop.id: place for place, stop in enumerate(stops)} for stops in (before, after))
    flows = [(left[row["from_segment_id"]], right[row["to_segment_id"]], row["users"]) for row in rows]
    return Moves(before, after, flows, _caption(rows), (_day(latest[1]), _day(latest[0])))


def _stops(
    rows: list[dict[str, Any]], side: str, nobody: str, order: Sequence[int], palette: dict[int, str]
) -> list[Stop]:
    names = {row[f"{side}_segment_id"]: row[f"{side}_segment_name"] for row in rows}
    return [
        Stop(
            id=segment,
            name=nobody if segment is None else names[segment],
            colour=colours.QUIET if segment is None else palette[segment],
            users=sum(row["users"] for row in rows if row[f"{side}_segment_id"] == segment),
        )
        for segment in [*order, None]
        if segment in names
    ]


def _caption(rows: list[dict[str, Any]]) -> str:
    both = [row for row in rows if row["from_segment_id"] is not None and row["to_segment_id"] is not None]
    known = sum(row["users"] for row in both)
    stayed = sum(row["users"] for row in both if row["from_segment_id"] == row["to_segment_id"])
    new = sum(row["users"] for row in rows if row["from_segment_id"] is None)
    gone = sum(row["users"] for row in rows if row["to_segment_id"] is None)
    first = rows[0]
    told = [f"From {_day(first['from_as_of'])} to {_day(first['to_as_of'])}"]
    told.append(
        f"{percent(stayed / known)} of {count(known)} users stayed where they were"
        if known
        else "nobody is known on both dates"
    )
    told += [f"{count(new)} are new"] if new else []
    told += [f"{count(gone)} are not seen any more"] if gone else []
    text = f"{told[0]}, {'; '.join(told[1:])}."
    if not {row["from_segment_id"] for row in rows} & ({row["to_segment_id"] for row in rows} - {None}):
        text += " The segments were fitted without the last model's: none is one of those before, so everyone moved."
    elif first["from_model_version"] != first["to_model_version"]:
        text += (
            f" The model changed from {first['from_model_version']} to {first['to_model_version']},"
            " so some moved because its borders did."
        )
    return text


def _day(moment: datetime) -> str:
    return moment.isoformat(" ").removesuffix(" 00:00:00")
