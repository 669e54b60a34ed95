"""What a run tells: numbers from the lake's own tables."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.pipeline.run import RunResult
from footfall.pipeline.segments import REPORT

__all__ = ["REPORT", "segment_rows", "summary", "why_so_many"]


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
    """One row per segment, part by part, the largest first."""
    sql = (
        "SELECT DISTINCT segment_id, segment_name, part, users, share, revenue_share, recommendation "
        "FROM segment_profiles ORDER BY part, users DESC"
    )
    rows: list[dict[str, Any]] = query(open_lake(root), sql).to_pylist()
    return rows


def why_so_many(root: Path) -> list[str]:
    """For each part of the users: how many segments it has, and what the rule says; nothing where none was measured."""
    sql = (
        "SELECT chosen.part, chosen.k, chosen.verdict, ours.k AS given, kept.verdict AS flaw "
        "FROM (SELECT part, as_of, count(DISTINCT segment_id) AS k FROM segment_profiles GROUP BY ALL) AS ours "
        "JOIN k_selection AS chosen ON chosen.part = ours.part AND chosen.as_of = ours.as_of AND chosen.is_chosen "
        "LEFT JOIN k_selection AS kept ON kept.part = ours.part AND kept.k = ours.k ORDER BY chosen.part"
    )
    lake = open_lake(root)
    rows = query(lake, sql).to_pylist() if {"k_selection", "segment_profiles"} <= lake.tables().keys() else []
    return [_said(**row) for row in rows]


def _said(part: str, k: int, verdict: str, given: int, flaw: str | None) -> str:
    if given == k:
        return f"{part}: {verdict}"
    if flaw is None:
        return f"{part}: {given} and not {k}, which the rule chooses; {given} were not measured"
    if not flaw:
        return f"{part}: {given} hold too; the rule would choose {k}"
    return f"{part}: {given} and not {k}, which the rule chooses: with {given}, {flaw}"
