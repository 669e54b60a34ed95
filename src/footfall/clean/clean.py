"""One raw file -> events, quarantined rows, and an account of every row."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.clean.rules import Rules, classify, price_fences
from footfall.clean.staged import QUARANTINE_BUCKET, STAGED
from footfall.clean.visits import visits
from footfall.contracts import BUCKETS, EVENTS, QUARANTINE, ROW_ACCOUNTS
from footfall.engine import Engine
from footfall.engine.engine import Compression, Progress
from footfall.errors import ContractViolated
from footfall.lake import DataFile, Lake, Transaction, time_span
from footfall.sources import RowReader, Source

REVISION = 3
"""Raise it when the code cleans differently: files are then cleaned anew."""

RowAccounts = dict[str, int]

_STAGING: Compression = "lz4_raw"  # read once and deleted: half the time of zstd


@dataclass(frozen=True)
class RawFile:
    """A landed file: its name in the accounts, and the reader of its rows."""

    name: str
    reader: RowReader

    @property
    def key(self) -> str:
        """What the names of its files in the lake begin with: the same for every version of the file."""
        return file_key(self.name)

    def owns(self, file: DataFile) -> bool:
        """Whether a table's file holds rows of this raw file, of this or an earlier version."""
        return Path(file.path).name.startswith(f"{self.key}-")


def file_key(name: str) -> str:
    """The key of a raw file, from its name."""
    return hashlib.sha256(name.encode()).hexdigest()[:12]


def clean(
    raw: RawFile,
    rules: Rules,
    lake: Lake,
    tx: Transaction,
    engine: Engine,
    *,
    session_gap: timedelta,
    fingerprint: int,
    progress: Progress = lambda _: None,
) -> RowAccounts:
    """Turn one raw file into events and quarantined rows.

    Every row ends in exactly one place: kept, duplicate, or quarantined with a reason. Rows of an earlier version of
    the file are replaced.

    Args:
        raw: the file.
        rules: what is accepted.
        lake: where the accounts of other files stand.
        tx: where the tables are written.
        engine: runs it.
        session_gap: inactivity that ends a session.
        fingerprint: what the file is cleaned from and with; recorded when all is done.
        progress: called with the number of packed bytes read so far.

    Returns:
        Rows by outcome; they sum to the rows read.

    Raises:
        SourceUnreadable: the file is not what its source says; nothing was written.
    """
    staged = _stage(raw, rules, tx, engine, progress)
    good = _parquet(staged, range(BUCKETS))
    bad = _parquet(staged, [QUARANTINE_BUCKET])
    kept = _write_events(raw, good, tx, engine, session_gap)
    rejected = _write_quarantine(raw, bad, tx, engine)
    accounts = {"kept": kept, "duplicate": _rows(good) - kept, **rejected}
    if sum(accounts.values()) != _rows(good) + _rows(bad):
        raise ContractViolated(f"{raw.name}: the row accounts {accounts} do not sum to the rows read")
    _write_accounts(raw, accounts, lake, tx, fingerprint)
    return accounts


def _stage(raw: RawFile, rules: Rules, tx: Transaction, engine: Engine, progress: Progress) -> Path:
    """Read the file once, and write its rows in buckets: good ones typed, bad ones as text with a reason."""
    reader = raw.reader
    if rules.price_outliers:
        rules = replace(rules, price_fences=price_fences(engine, reader, rules))
    folder = tx.place("staged")
    rows = engine.read_batches(reader, progress)
    engine.write_parquet(
        classify(rows, reader.source, rules, reader.header()), folder, ["bucket"], compression=_STAGING
    )
    return folder


def _write_events(raw: RawFile, files: list[str], tx: Transaction, engine: Engine, gap: timedelta) -> int:
    if not files:
        return tx.replace(EVENTS, [], owner=raw.key, replaces=raw.owns)
    first, last = (f"{time:%Y-%m}" for time in time_span(files, "event_time"))
    known = {"month": first} if first == last else None
    rows = engine.read_parquet(files, STAGED)
    month = ibis.literal(first) if known else rows.event_time.strftime("%Y-%m")
    events = events_of(rows.mutate(month=month), raw.reader.source, gap=gap, file_key=raw.key)
    written = tx.run(engine, events, EVENTS, known=known, per_bucket=True)
    return tx.replace(EVENTS, [written], owner=raw.key, replaces=raw.owns)


def events_of(staged: ir.Table, source: Source, *, gap: timedelta, file_key: str) -> ir.Table:
    """Good rows -> the columns of `events`, and `line`: the first row of every identity, with its visit and its order.

    Args:
        staged: typed rows that are not rejected, with their `month`.
        source: where they come from.
        gap: inactivity that ends a session.
        file_key: tells the file from others.
    """
    first = visits(staged, source, gap=gap, file_key=file_key)
    order_id = first.order_id if "order_id" in source.columns else first.session_id
    is_order = first.event_type.isin(["purchase", "refund"])
    return first.mutate(
        event_time=first.event_time.truncate("m"),
        order_id=ibis.ifelse(is_order, order_id, ibis.null("string")),
    )


def _write_quarantine(raw: RawFile, files: list[str], tx: Transaction, engine: Engine) -> RowAccounts:
    rejected = engine.read_parquet(files, STAGED)
    rows = rejected.mutate(source_file=ibis.literal(raw.name))
    tx.replace(QUARANTINE, [tx.run(engine, rows, QUARANTINE)] if files else [], owner=raw.key, replaces=raw.owns)
    counts = engine.collect(rejected.group_by("reason").agg(rows=rejected.count())).to_pylist()
    return {row["reason"]: row["rows"] for row in sorted(counts, key=lambda row: -row["rows"])}


def _write_accounts(raw: RawFile, accounts: RowAccounts, lake: Lake, tx: Transaction, fingerprint: int) -> None:
    """Record the accounts last: a file is done when they stand."""
    before = lake.load(ROW_ACCOUNTS)
    others = before.filter(pc.not_equal(before["source_file"], raw.name))
    lines = [{"source_file": raw.name, "outcome": outcome, "rows": rows} for outcome, rows in accounts.items()]
    ours = pa.Table.from_pylist(lines, ROW_ACCOUNTS.schema)
    tx.write(ROW_ACCOUNTS, pa.concat_tables([others, ours]), done={raw.name: fingerprint})


def _parquet(folder: Path, buckets: Iterable[int]) -> list[str]:
    return [str(file) for bucket in buckets for file in sorted(folder.glob(f"bucket={bucket}/*.parquet"))]


def _rows(files: list[str]) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)
