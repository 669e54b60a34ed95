"""A lake: a folder of Delta tables in zones. Written through transactions, read as Parquet files of a version."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from filelock import FileLock, Timeout

from footfall.contracts import Table
from footfall.engine import Engine
from footfall.errors import LakeBusy, LakeInvalid
from footfall.lake.marks import all_marks

if TYPE_CHECKING:  # Ibis takes long to import, and who only looks needs no expressions.
    import ibis.expr.types as ir

FORMAT = 1
_ZONES = ("raw", "cleansed", "processed", "models")
_CARD = "lake.json"

Partition = Mapping[str, str]


@dataclass(frozen=True)
class DataFile:
    """A Parquet file of a version of a table: its path under the table, its partition, its rows.

    `spans` has the first and the last time in its columns of times, where the version's commit noted them.
    """

    path: str
    partition: Partition
    rows: int
    spans: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict, compare=False)

    @property
    def owner(self) -> str:
        """First part of its name: what wrote it."""
        return Path(self.path).name.partition("-")[0]


class Lake:
    """Tables by name.

    Args:
        root: the lake's folder; `open_lake` checks it or makes it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def __repr__(self) -> str:
        return f"Lake({str(self.root)!r})"

    @property
    def staging(self) -> Path:
        """Where unfinished work stands; nothing in it is ever read by others."""
        return self.root / ".staging"

    def folder(self, table: Table) -> Path:
        """The table's own folder."""
        return self.root / table.zone / table.name

    def tables(self) -> dict[str, Path]:
        """The folders of the tables that exist, by name."""
        return {
            folder.name: folder
            for zone in _ZONES
            for folder in sorted((self.root / zone).glob("*"))
            if (folder / "_delta_log").is_dir()
        }

    def versions(self) -> dict[str, int]:
        """The number of the current version of every table, without reading any of them."""
        return {name: _last_version(folder) for name, folder in self.tables().items()}

    def made_at(self) -> int:
        """What tells it from another lake in the same folder: when it was made, in nanoseconds.

        Raises:
            LakeInvalid: the folder is no lake any more.
        """
        try:
            return (self.root / _CARD).stat().st_mtime_ns
        except OSError as error:
            raise LakeInvalid(f"lake {self.root}: cannot be read ({error.strerror}); is it where it was?") from error

    def delta(self, name: str) -> DeltaTable | None:
        """The Delta table of that name at its current version, or None."""
        folder = self.tables().get(name)
        return None if folder is None else DeltaTable(str(folder))

    def files(
        self, table: Table, where: Callable[[Partition], bool] = lambda _: True, *, version: int | None = None
    ) -> list[DataFile]:
        """The files of the current version, or of an earlier one, whose partition fits."""
        delta = self.delta(table.name)
        if delta is None:
            return []
        if version is not None:
            delta.load_as_version(version)
        actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
        found = [_data_file(action, table.partition_by) for action in actions]
        return sorted((file for file in found if where(file.partition)), key=lambda file: file.path)

    def read(self, engine: Engine, table: Table, where: Callable[[Partition], bool] = lambda _: True) -> "ir.Table":
        """The table's rows, as an expression of the engine."""
        folder = self.folder(table)
        return engine.read_parquet([str(folder / file.path) for file in self.files(table, where)], table)

    def load(self, table: Table) -> pa.Table:
        """The rows of a small table without partitions, in memory."""
        folder = self.folder(table)
        parts = [pq.read_table(folder / file.path, schema=table.file_schema) for file in self.files(table)]
        return pa.concat_tables([table.file_schema.empty_table(), *parts])

    def version(self, table: Table) -> int:
        """The number of the current version; -1 where there is none."""
        delta = self.delta(table.name)
        return -1 if delta is None else delta.version()

    def first(self, table: Table) -> dict[str, object] | None:
        """The first row of a table without partitions; None where it is empty."""
        for file in self.files(table):
            with pq.ParquetFile(self.folder(table) / file.path) as rows:
                for batch in rows.iter_batches(batch_size=1):
                    found: dict[str, object] = batch.to_pylist()[0]
                    return found
        return None

    def done(self, table: Table, key: str) -> int | None:
        """The fingerprint of what `key` of the table was last made from; None where it never was."""
        delta = self.delta(table.name)
        return None if delta is None else delta.transaction_version(key)

    def marks(self, table: Table, keys: Iterable[str]) -> dict[str, int | None]:
        """The fingerprints of several keys, as `done` gives them one at a time."""
        delta = self.delta(table.name)
        known = {} if delta is None else all_marks(self.folder(table), delta.version())
        return {key: known.get(key) for key in keys}

    @property
    def key_id(self) -> str | None:
        """Id of the key behind the lake's pseudonyms; None before the first one."""
        card = _read_card(self.root)
        known = card.get("key_id") if card else None
        return str(known) if known else None

    def remember_key(self, key_id: str) -> None:
        """Record which key makes this lake's pseudonyms."""
        _write_card(self.root, {"format": FORMAT, "key_id": key_id})

    @contextmanager
    def lock(self, *, patience: float = 0.0) -> Iterator[None]:
        """Keep other runs from writing.

        Args:
            patience: seconds to wait for another run to end.

        Raises:
            LakeBusy: another run is writing.
        """
        lock = FileLock(self.root / ".lock")
        try:
            with lock.acquire(timeout=patience):
                yield
        except Timeout as error:
            raise LakeBusy(f"lake {self.root}: another run is writing; wait for it to end and run again") from error
        except OSError as error:
            if error.filename != str(self.root / ".lock"):
                raise
            raise _not_writable(self.root, error) from error


def open_lake(root: Path, *, create: bool = False) -> Lake:
    """Open a lake.

    Raises:
        LakeInvalid: there is none (and `create` is false), the folder holds something else, or is from a later version.
    """
    card = _read_card(root)
    if card is None:
        if not create:
            raise LakeInvalid(f"{root} is not a lake; `footfall run SOURCE --lake {root}` makes one")
        if root.exists() and not root.is_dir():
            raise LakeInvalid(f"{root} is a file; a lake is a folder")
        if root.is_dir() and any(not _is_unfinished_card(file) for file in root.iterdir()):
            raise LakeInvalid(f"{root} is a folder with other files in it; name an empty or a new one with --lake")
        _create(root)
    elif card.get("format") != FORMAT:
        raise LakeInvalid(
            f"lake {root} has format {card.get('format')}; this version of Footfall reads {FORMAT}: upgrade it"
        )
    return Lake(root)


def fingerprint(*parts: object) -> int:
    """A positive 63-bit number that stands for all of `parts` (told apart by their `repr`)."""
    digest = hashlib.sha256("\x1f".join(map(repr, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _last_version(folder: Path) -> int:
    """Commits are named by their numbers; a clean-up of the log keeps the last."""
    return max(int(file.stem) for file in (folder / "_delta_log").glob("*.json") if file.stem.isdecimal())


def _create(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        _write_card(root, {"format": FORMAT, "key_id": None})
    except OSError as error:
        raise _not_writable(root, error) from error


def _not_writable(root: Path, error: OSError) -> LakeInvalid:
    return LakeInvalid(f"lake {root}: cannot be written ({error.strerror}); check the folder's owner and mount")


def _read_card(root: Path) -> dict[str, object] | None:
    try:
        text = (root / _CARD).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise LakeInvalid(f"lake {root}: cannot be read ({error.strerror})") from error
    try:
        card: dict[str, object] = json.loads(text)
    except json.JSONDecodeError as error:
        raise LakeInvalid(f"lake {root}: {_CARD} is damaged ({error}); restore the file from a backup") from error
    return card


def _write_card(root: Path, card: dict[str, object]) -> None:
    temporary = root / f".{_CARD}.{os.getpid()}"
    temporary.write_text(json.dumps(card) + "\n", encoding="utf-8")
    temporary.replace(root / _CARD)


def _is_unfinished_card(file: Path) -> bool:
    """What a run leaves that was killed while it made the lake."""
    return file.name.startswith(f".{_CARD}.")


def _data_file(action: Mapping[str, object], partition_by: tuple[str, ...]) -> DataFile:
    partition = {name: str(action[f"partition.{name}"]) for name in partition_by}
    spans = {
        name.removeprefix("min."): (first, last)
        for name, first in action.items()
        if isinstance(first, datetime) and isinstance(last := action.get(name.replace("min.", "max.", 1)), datetime)
        if name.startswith("min.")
    }
    return DataFile(unquote(str(action["path"])), partition, int(str(action["num_records"])), spans)
