"""Rows between reading and comparing: typed, judged, not yet rid of duplicates. They live as long as the file's run."""

import pyarrow as pa

from footfall.contracts import EVENTS, Column, Table

QUARANTINE_BUCKET = -1

_REPLACED = ("session_id", "month", "bucket")

STAGED = Table(
    "staged",
    "cleansed",
    grain="line",
    definition="The rows of one file, event times to the second.",
    partition_by=("bucket",),
    columns=(
        Column("line", pa.int64(), "line of the file", "line"),
        *(column for column in EVENTS.columns if column.name not in _REPLACED),
        Column("source_session", pa.string(), "the source's own session; null where it has none"),
        Column("identity", pa.string(), "digest of the whole line, where that is the source's identity"),
        Column("reason", pa.string(), "why it is quarantined; null for a good row"),
        Column("raw", pa.string(), "the row as it was, ids masked; null for a good row"),
        Column("bucket", pa.int32(), "hash bucket of the user; -1 for a rejected row"),
    ),
)
