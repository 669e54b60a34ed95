"""Transactions: an engine writes Parquet beside the lake's tables, one Delta commit makes it the new version.

A run that dies leaves either files under `.staging`, or files that were moved into a table's folder and not committed.
Both are swept when the next run begins: the moves are noted before they are made.
"""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake import Transaction as DeltaTxn
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from footfall.contracts import Table
from footfall.engine import Engine
from footfall.errors import ContractViolated, StorageFailed
from footfall.lake.footers import time_spans
from footfall.lake.lake import DataFile, Lake

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MOVES = "moves.json"
_KEEP_HOURS = 24 * 7


class Transaction:
    """A stage's writes. Every `replace` is one commit: readers see the old rows or the new ones.

    Args:
        lake: the lake; the caller holds its lock.
        folder: the transaction's own place under `.staging`.
    """

    def __init__(self, lake: Lake, folder: Path) -> None:
        self._lake = lake
        self._folder = folder

    def place(self, name: str) -> Path:
        """A folder that does not exist yet, for an engine to write to."""
        return self._folder / f"{name}-{uuid.uuid4().hex[:8]}"

    def run(
        self,
        engine: Engine,
        rows: "ir.Table",
        table: Table,
        *,
        known: Mapping[str, str] | None = None,
        per_bucket: bool = False,
    ) -> Path:
        """Run an expression into files of a table; `replace` commits them.

        Args:
            engine: runs it.
            rows: the table's columns, in any order.
            table: the contract.
            known: see `Engine.write_parquet`, as is `per_bucket`.
            per_bucket: whether some buckets may be taken at a time.

        Returns:
            The folder of the files.
        """
        folder, ours = self.place(table.name), rows.select(table.schema.names)
        engine.write_parquet(ours, folder, table.partition_by, known=known, per_bucket=per_bucket)
        return folder

    def replace(
        self,
        table: Table,
        written: Sequence[Path] | Mapping[Path, str],
        *,
        owner: str = "part",
        replaces: Callable[[DataFile], bool] = lambda _: True,
        done: Mapping[str, int] | None = None,
    ) -> int:
        """Put the files of `written` in the place of those that `replaces` picks, in one commit.

        Args:
            table: the contract that the files must keep.
            written: folders that an engine wrote; they need not exist where it wrote no row. A mapping says for each
                what the names of its files begin with.
            owner: first part of the new files' names where `written` does not say.
            replaces: picks files of the current version; all by default.
            done: keys that this completes, with the fingerprints of what they were made from.

        Returns:
            The number of rows in the new files.

        Raises:
            ContractViolated: a file's columns are not the contract's.
            StorageFailed: the disk is full or cannot be written.
        """
        try:
            owners = written if isinstance(written, Mapping) else dict.fromkeys(written, owner)
            return self._replace(table, owners, replaces, done or {})
        except OSError as error:
            raise storage_failed(self._lake.root, error) from error
        except DeltaError as error:
            raise StorageFailed(f"table {table.name}: the commit failed ({error}); run again") from error

    def write(self, table: Table, rows: pa.Table, *, done: Mapping[str, int] | None = None) -> None:
        """Replace a small table without partitions."""
        folder = self.place(table.name)
        try:
            folder.mkdir(parents=True)
            pq.write_table(rows.select(table.file_schema.names).cast(table.file_schema), folder / "rows.parquet")
        except OSError as error:
            raise storage_failed(self._lake.root, error) from error
        self.replace(table, [folder], done=done)

    def _replace(
        self,
        table: Table,
        written: Mapping[Path, str],
        replaces: Callable[[DataFile], bool],
        done: Mapping[str, int],
    ) -> int:
        removed = [file for file in self._lake.files(table) if replaces(file)]
        found = [(file, folder) for folder in written for file in sorted(folder.rglob("*.parquet"))]
        footers = [(file, folder, _checked_footer(file, table)) for file, folder in found]
        kept = [(file, folder, footer) for file, folder, footer in footers if footer.num_rows]
        target = self._lake.folder(table)
        moves = {file: _final_name(file.relative_to(folder), written[folder]) for file, folder, _ in kept}
        self._note_moves(target, list(moves.values()))
        for file, name in moves.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            file.rename(target / name)
        added = [_add(target, moves[file], footer) for file, _, footer in kept]
        _commit(target, table, added, removed, done)
        return sum(footer.num_rows for _, _, footer in kept)

    def _note_moves(self, target: Path, names: list[str]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        note = self._folder / f"{uuid.uuid4().hex[:8]}.{_MOVES}"
        note.write_text(json.dumps({"table": str(target.relative_to(self._lake.root)), "files": names}), "utf-8")


@contextmanager
def transaction(lake: Lake) -> Iterator[Transaction]:
    """A transaction; whatever it wrote and did not commit is gone when it ends."""
    folder = lake.staging / uuid.uuid4().hex
    try:
        yield Transaction(lake, folder)
    finally:
        _sweep_folder(lake, folder)


def sweep(lake: Lake) -> None:
    """Remove what killed runs left: staged and spilled files, and moved files that no commit took up."""
    _sweep_folder(lake, lake.staging)


def _sweep_folder(lake: Lake, folder: Path) -> None:
    if folder.exists():
        for note in folder.rglob(f"*.{_MOVES}"):
            _sweep_moves(lake, note)
        shutil.rmtree(folder)


def forget_old_versions(lake: Lake) -> None:
    """Delete files that no version of the last seven days holds."""
    for name in lake.tables():
        delta = lake.delta(name)
        if delta is not None and _has_old_files(delta):
            delta.vacuum(retention_hours=_KEEP_HOURS, dry_run=False)


def _has_old_files(delta: DeltaTable) -> bool:
    return bool(delta.vacuum(retention_hours=_KEEP_HOURS, dry_run=True))


def _sweep_moves(lake: Lake, note: Path) -> None:
    try:
        moved = json.loads(note.read_text("utf-8"))
    except json.JSONDecodeError:
        return  # killed while it was written, so before any move
    folder = lake.root / moved["table"]
    current: set[str] = set()
    if (folder / "_delta_log").is_dir():
        actions = pa.table(DeltaTable(str(folder)).get_add_actions(flatten=True)).to_pylist()
        current = {unquote(action["path"]) for action in actions}
    for name in set(moved["files"]) - current:
        (folder / name).unlink(missing_ok=True)


def _checked_footer(file: Path, table: Table) -> pq.FileMetaData:
    footer = pq.read_metadata(file)
    schema = footer.schema.to_arrow_schema()
    found = {field.name: field.type for field in schema}
    expected = {field.name: field.type for field in table.file_schema}
    if found != expected:
        wrong = sorted(set(found.items()) ^ set(expected.items()), key=str)
        raise ContractViolated(f"table {table.name}: columns differ from the contract in {wrong}")
    return footer


def _final_name(relative: Path, owner: str) -> str:
    return str(relative.with_name(f"{owner}-{uuid.uuid4().hex}.parquet"))


def _add(target: Path, name: str, footer: pq.FileMetaData) -> AddAction:
    status = (target / name).stat()
    partition = dict(part.split("=", 1) for part in Path(name).parts[:-1])
    spans = time_spans(footer)
    statistics = {
        "numRecords": footer.num_rows,
        "minValues": {column: first.isoformat() for column, (first, _) in spans.items()},
        "maxValues": {column: last.isoformat() for column, (_, last) in spans.items()},
    }
    return AddAction(name, status.st_size, partition, int(status.st_mtime * 1000), True, json.dumps(statistics))


def _commit(
    target: Path, table: Table, added: list[AddAction], removed: list[DataFile], done: Mapping[str, int]
) -> None:
    schema, partition_by = Schema.from_arrow(table.schema), list(table.partition_by)
    if not (target / "_delta_log").is_dir():
        target.mkdir(parents=True, exist_ok=True)
        create_table_with_add_actions(
            str(target), schema, [], partition_by=partition_by, name=table.name, description=table.definition
        )
    now = int(max((action.modification_time for action in added), default=0))
    removals = [
        RemoveAction(file.path, True, now, (target / file.path).stat().st_size, dict(file.partition))
        for file in removed
    ]
    DeltaTable(str(target)).create_write_transaction(
        [*removals, *added],
        "append",
        schema,
        partition_by,
        commit_properties=CommitProperties(app_transactions=[DeltaTxn(key, mark) for key, mark in done.items()]),
        post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
    )


def storage_failed(root: Path, error: OSError) -> StorageFailed:
    """The error for a disk that is full or cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFailed(f"lake {root}: the disk is full; free space and run again, nothing is lost")
    place = f" {error.filename}" if error.filename else ""
    return StorageFailed(f"lake {root}: {os.strerror(error.errno or 0)}{place}; mend it and run again, nothing is lost")
