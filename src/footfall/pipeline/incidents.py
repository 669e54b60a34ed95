"""What people see of incidents, and what they say of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from footfall.contracts import INCIDENTS, VERDICTS
from footfall.errors import UserError
from footfall.lake import Lake, open_lake, transaction
from footfall.pipeline.query import query
from footfall.pipeline.writing import locked

Row = dict[str, Any]
PATIENCE_SECONDS = 60.0
"""How long what somebody says waits for a run that is writing."""


def incidents(root: Path, *, open_only: bool = False, since: datetime | None = None) -> list[Row]:
    """Rows of `incidents`, the newest first."""
    lake = open_lake(root)
    if INCIDENTS.name not in lake.tables():
        return []
    rows = sorted(lake.load(INCIDENTS).to_pylist(), key=lambda row: row["opened_at"], reverse=True)
    return [
        row
        for row in rows
        if (row["status"] == "open" or not open_only) and (since is None or row["opened_at"] >= since)
    ]


def incident(root: Path, name: str) -> tuple[Row, list[Row]]:
    """An incident and its anomalies.

    Args:
        root: the lake's folder.
        name: the incident's id, or how it begins.

    Raises:
        UserError: there is none, or more than one begins so.
    """
    lake = open_lake(root)
    row = _named(lake, incidents(root), name)
    anomalies = query(
        lake, f"SELECT * FROM anomalies WHERE incident_id = '{row['incident_id']}' ORDER BY ts, series_id"
    )
    return row, anomalies.to_pylist()


def acknowledge(root: Path, name: str, *, patience: float = PATIENCE_SECONDS) -> Row:
    """Somebody has taken it on: of its updates nobody is told any more, of its end they are."""
    return _say(root, name, lambda _: {"acknowledged_at": _now()}, patience)


def snooze(root: Path, name: str, hours: float, *, patience: float = PATIENCE_SECONDS) -> Row:
    """Nobody is told of it for some hours, in which it goes on whenever one of its series does, or what explains it.

    Raises:
        UserError: the hours are not more than 0.
    """
    if not hours > 0:
        raise UserError(f"--hours is {hours:g} and must be more than 0")

    def until(row: Row) -> Row:
        # The lake's time may lie in the past, as in a replayed log.
        now = _now() if row["updated_at"] > _now() - timedelta(days=1) else row["updated_at"]
        return {"snoozed_until": now + timedelta(hours=hours)}

    return _say(root, name, until, patience)


def feedback(root: Path, name: str, verdict: str, *, patience: float = PATIENCE_SECONDS) -> Row:
    """Say what it was: true, false, or expected. After a false one its series needs more to be told of again.

    Raises:
        UserError: that is no verdict.
    """
    if verdict not in VERDICTS:
        raise UserError(f'"{verdict}" is no verdict; say {", ".join(VERDICTS)}')
    return _say(root, name, lambda _: {"verdict": verdict}, patience)


def _say(root: Path, name: str, said: Callable[[Row], Row], patience: float) -> Row:
    lake = open_lake(root)
    with locked(lake, patience=patience):
        rows = incidents(root)
        row = _named(lake, rows, name)
        changed = row | said(row)
        others = [one for one in rows if one is not row]
        table = pa.Table.from_pylist(sorted([*others, changed], key=lambda one: one["opened_at"]), INCIDENTS.schema)
        with transaction(lake) as tx:
            tx.write(INCIDENTS, table)
    return changed


def _named(lake: Lake, rows: list[Row], name: str) -> Row:
    if not rows:
        raise UserError(f"lake {lake.root} has no incidents yet; `footfall detect --lake {lake.root}` looks for some")
    found = [row for row in rows if row["incident_id"].startswith(name)] if name else []
    if len(found) != 1:
        what = f"{len(found)} incidents begin so; write more of it" if found else "there is no such incident"
        raise UserError(f'incident "{name}": {what}; `footfall incidents list` shows all')
    return found[0]


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
