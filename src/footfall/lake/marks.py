"""Marks of what is done, many at once, as a table's Delta log has them.

`DeltaTable.transaction_version` looks for one at a time and needs a millisecond for each: a lake that got a file every
minute of a month would be asked 43 seconds long.
"""

import json
from pathlib import Path

import pyarrow.parquet as pq


def all_marks(folder: Path, version: int) -> dict[str, int]:
    """Every mark that stands at a version of the table in this folder: of the checkpoint, then of each commit after."""
    log = folder / "_delta_log"
    at = _last_checkpoint(log, version)
    marks = {} if at < 0 else _of_checkpoint(log / f"{at:020}.checkpoint.parquet")
    for number in range(at + 1, version + 1):
        lines = (log / f"{number:020}.json").read_text("utf-8").splitlines()
        found = [action["txn"] for line in lines if (action := json.loads(line)) and "txn" in action]
        marks |= {one["appId"]: one["version"] for one in found}
    return marks


def _last_checkpoint(log: Path, version: int) -> int:
    known = [int(file.name.partition(".")[0]) for file in log.glob("*.checkpoint.parquet")]
    return max((number for number in known if number <= version), default=-1)


def _of_checkpoint(file: Path) -> dict[str, int]:
    rows = pq.read_table(file, columns=["txn"])["txn"].drop_null().to_pylist()
    return {row["appId"]: row["version"] for row in rows}
