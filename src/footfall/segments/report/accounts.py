"""Where the rows went, as the report tells it."""

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from footfall.contracts import QUARANTINE_REASONS

KEPT, DUPLICATE = "kept", "duplicate"
FILES_SHOWN = 20
_MEANINGS = {
    KEPT: "clean rows that everything else is made from",
    DUPLICATE: "the same event again; the first is kept",
} | QUARANTINE_REASONS


@dataclass(frozen=True)
class Outcome:
    """What happened to some of the rows."""

    name: str
    meaning: str
    rows: int
    share: float


@dataclass(frozen=True)
class FileAccount:
    """The rows of one file."""

    source_file: str
    read: int
    kept: int
    duplicate: int
    quarantined: int


@dataclass(frozen=True)
class Accounts:
    """All rows: read = kept + duplicate + quarantined.

    Attributes:
        outcomes: kept, duplicate, then the reasons of quarantine, the most frequent first.
        files: the largest files.
        more_files: how many files are not shown.
    """

    read: int
    kept: int
    duplicate: int
    quarantined: int
    outcomes: tuple[Outcome, ...]
    files: tuple[FileAccount, ...]
    more_files: int


def accounts(row_accounts: pa.Table) -> Accounts:
    """Sum `row_accounts` over the files and over the outcomes."""
    by_outcome: Counter[str] = Counter({KEPT: 0, DUPLICATE: 0})
    by_file: dict[str, Counter[str]] = {}
    for row in row_accounts.select(["source_file", "outcome", "rows"]).to_pylist():
        by_outcome[row["outcome"]] += row["rows"]
        by_file.setdefault(row["source_file"], Counter())[row["outcome"]] += row["rows"]
    files = sorted((_file(name, rows) for name, rows in by_file.items()), key=lambda one: (-one.read, one.source_file))
    total = _file("", by_outcome)
    return Accounts(
        read=total.read,
        kept=total.kept,
        duplicate=total.duplicate,
        quarantined=total.quarantined,
        outcomes=_outcomes(by_outcome),
        files=tuple(files[:FILES_SHOWN]),
        more_files=len(files[FILES_SHOWN:]),
    )


def _file(name: str, rows: Counter[str]) -> FileAccount:
    read, kept, duplicate = rows.total(), rows[KEPT], rows[DUPLICATE]
    return FileAccount(name, read, kept, duplicate, read - kept - duplicate)


def _outcomes(rows: Counter[str]) -> tuple[Outcome, ...]:
    reasons = sorted((name for name in rows if name not in (KEPT, DUPLICATE)), key=lambda name: (-rows[name], name))
    read = max(rows.total(), 1)
    return tuple(
        Outcome(name.replace("_", " "), _MEANINGS.get(name, ""), rows[name], rows[name] / read)
        for name in (KEPT, DUPLICATE, *reasons)
    )
