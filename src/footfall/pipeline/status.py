"""What a lake holds: files, row accounts, tables, freshness."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from footfall.contracts import RAW_FILES, ROW_ACCOUNTS
from footfall.lake import Lake
from footfall.pipeline.query import query


@dataclass(frozen=True)
class TableStatus:
    """A table's current version."""

    name: str
    rows: int
    bytes: int
    files: int
    version: int
    committed_at: datetime


@dataclass(frozen=True)
class Status:
    """A lake at a glance. `accounts` sums the outcomes of all files."""

    files: list[dict[str, object]]
    accounts: dict[str, int]
    tables: list[TableStatus]
    first_event: datetime | None
    last_event: datetime | None
    users: int
    purchases: float


def status(lake: Lake) -> Status:
    """Look at the lake; nothing is written."""
    accounts: dict[str, int] = {}
    for row in lake.load(ROW_ACCOUNTS).to_pylist():
        accounts[row["outcome"]] = accounts.get(row["outcome"], 0) + row["rows"]
    files = sorted(lake.load(RAW_FILES).to_pylist(), key=lambda row: row["ingested_at"])
    events = _events(lake)
    return Status(
        files=files,
        accounts=accounts,
        tables=[table_status(lake, name) for name in lake.tables()],
        first_event=events["first"],
        last_event=events["last"],
        users=events["users"] or 0,
        purchases=events["purchases"] or 0.0,
    )


def _events(lake: Lake) -> dict[str, Any]:
    tables = lake.tables()
    span: dict[str, Any] = {"first": None, "last": None, "users": 0, "purchases": 0.0}
    if "user_months" in tables:
        # From the aggregates: the events themselves may be billions.
        sql = (
            "SELECT min(first_at) AS first, max(last_at) AS last, count(DISTINCT user_id) AS users, "
            "sum(spend) AS purchases FROM user_months"
        )
        span = query(lake, sql).to_pylist()[0]
    return span


def table_status(lake: Lake, name: str) -> TableStatus:
    """A table at a glance.

    Raises:
        LookupError: there is none of that name.
    """
    delta = lake.delta(name)
    if delta is None:
        raise LookupError(name)
    actions = pa.table(delta.get_add_actions(flatten=True))
    moment = datetime.fromtimestamp(delta.history(1)[0]["timestamp"] / 1000, UTC).replace(tzinfo=None)
    return TableStatus(
        name,
        rows=sum(actions["num_records"].to_pylist()),
        bytes=sum(actions["size_bytes"].to_pylist()),
        files=actions.num_rows,
        version=delta.version(),
        committed_at=moment,
    )
