"""Events as a program brings them -> a table as the reader finds it in a file: values as text, times as times.

A value that cannot be read is no error here: the rules of cleaning say why its row is rejected.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, get_args

import pyarrow as pa

from footfall.errors import SourceUnreadable
from footfall.sources.mapping import Canonical, Source

_NAMES: tuple[Canonical, ...] = get_args(Canonical)
_OF_THEIR_ROW: tuple[Canonical, ...] = ("event_type", "description", "brand", "currency", "country")
"""Columns that a source may lack and a row may have: any other would change what the rows beside it mean."""


def rows_in_memory(events: pa.Table | Sequence[Mapping[str, Any]], source: Source) -> tuple[pa.Table, Source]:
    """Events by the canonical names -> a table with all columns of a source, and the source with those that they add.

    Args:
        events: `event_time` is a time, or text by ISO 8601 (`2019-10-01 00:00:00 UTC` does as well); where it has no
            zone it is UTC.
        source: how the events are read, by `with_our_names`.

    Raises:
        SourceUnreadable: a column is none of ours, or the source lacks it and cannot do with it.
    """
    columns = _columns(events)
    unknown = sorted(columns.keys() - set(_NAMES))
    if unknown:
        raise SourceUnreadable(f'events: column "{unknown[0]}" is unknown; they may have {", ".join(_NAMES)}')
    more = [name for name in _NAMES if name not in source.columns and any(one is not None for one in columns[name])]
    refused = [name for name in more if name not in _OF_THEIR_ROW]
    if refused:
        raise SourceUnreadable(
            f'events: column "{refused[0]}" is none of source {source.name}, by which the shop\'s events are read '
            f"({', '.join(source.columns)}); leave it out"
        )
    wider = source.model_copy(update={"columns": source.columns | {name: str(name) for name in more}})
    return pa.table({name: _array(name, columns[name]) for name in wider.columns}), wider


def _columns(events: pa.Table | Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The values of every column that may be, and of those that may not."""
    if isinstance(events, pa.Table):
        given = {name: events[name].to_pylist() for name in events.column_names}
    else:
        given = {
            name: [row.get(name) for row in events] for name in dict.fromkeys(name for row in events for name in row)
        }
    return {name: [None] * len(events) for name in _NAMES} | given


def _array(name: Canonical, values: list[Any]) -> pa.Array:
    if name == "event_time":
        return pa.array([_time(value) for value in values], pa.timestamp("us"))
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: object) -> str | None:
    """A value as a file would have it; what no file can hold (half a character) is spelled out."""
    return str(value).encode("utf-8", "backslashreplace").decode() or None if value is not None else None


def _time(value: object) -> datetime | None:
    """Naive UTC; None where it is no time.

    >>> _time("2019-10-01T02:00:00+02:00")
    datetime.datetime(2019, 10, 1, 0, 0)
    """
    text = value.isoformat() if isinstance(value, date) else str(value).strip().removesuffix(" UTC")
    if text[4:5] != "-":  # without hyphens, numbers of any kind would pass for dates
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
