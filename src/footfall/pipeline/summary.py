"""What a run tells: numbers from the lake's own tables."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.pipeline.run import RunResult
from footfall.pipeline.segments import REPORT

__all__ = ["REPORT", "choice_of_k", "segment_rows", "summary"]


def summary(root: Path, result: RunResult) -> dict[str, Any]:
    """A run's result with the lake's totals, as plain values."""
    lake = open_lake(root)
    accounts: dict[str, int] = {}
    for outcomes in result.cleaning.cleaned.values():
        for outcome, rows in outcomes.items():
            accounts[outcome] = accounts.get(outcome, 0) + rows
    totals = {"events": 0, "users": 0, "amount": 0.0}
    if not result.nothing_to_do and "events" in lake.tables():
        sql = (
            "SELECT count(*) AS events, count(DISTINCT user_id) AS users, coalesce(sum(amount), 0) AS amount "
            "FROM events"
        )
        totals = query(lake, sql).to_pylist()[0]
    return {
        "nothing_to_do": result.nothing_to_do,
        "rows_read": sum(accounts.values()),
        "accounts": accounts,
        "files": result.cleaning.cleaned,
        "unchanged": result.cleaning.unchanged,
        "replaced": result.cleaning.replaced,
        "same_bytes_as": result.cleaning.twins,
        "failed": {name: str(error) for name, error in result.cleaning.failed.items()},
        **totals,
        "features": asdict(result.features) if result.features else None,
        "segments": asdict(result.segments) if result.segments else None,
        "report": str(root / REPORT) if result.segments else None,
    }


def segment_rows(root: Path) -> list[dict[str, Any]]:
    """One row per segment, largest first."""
    sql = (
        "SELECT DISTINCT segment_id, segment_name, users, share, revenue_share, recommendation "
        "FROM segment_profiles ORDER BY segment_id"
    )
    rows: list[dict[str, Any]] = query(open_lake(root), sql).to_pylist()
    return rows


def choice_of_k(root: Path) -> str | None:
    """Why there are so many segments; None where the number was given."""
    lake = open_lake(root)
    if "k_selection" not in lake.tables():
        return None
    rows = query(lake, "SELECT verdict FROM k_selection WHERE is_chosen").to_pylist()
    return str(rows[0]["verdict"]) if rows else None
