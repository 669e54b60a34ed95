"""One DuckDB database: settings, sources by name, and errors that say what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.contracts import Table
from footfall.errors import StorageFailed


@dataclass(frozen=True)
class Files:
    """Parquet files of a table."""

    table: Table
    paths: tuple[str, ...]

    @property
    def has_buckets(self) -> bool:
        """Whether they are divided by hash bucket."""
        return "bucket" in self.table.partition_by

    def only(self, buckets: Sequence[int]) -> "Files":
        """The files of some buckets; all where they are not divided."""
        if not self.has_buckets:
            return self
        folders = {f"bucket={bucket}" for bucket in buckets}
        return Files(self.table, tuple(path for path in self.paths if folders & set(Path(path).parts)))

    def rows(self) -> int:
        """How many rows they hold."""
        return sum(pq.read_metadata(path).num_rows for path in self.paths)

    def select(self) -> str:
        """The table's columns, partition columns from the folders' names."""
        columns = ", ".join(f'"{name}"' for name in self.table.schema.names)
        paths = ", ".join(map(quoted, self.paths))
        kinds = {name: _PARTITION_TYPES[self.table.schema.field(name).type] for name in self.table.partition_by}
        types = ", ".join(f"{name}: {kind}" for name, kind in kinds.items())
        options = f"hive_partitioning = true, hive_types = {{{types}}}" if kinds else "hive_partitioning = false"
        return f"SELECT {columns} FROM read_parquet([{paths}], {options})"


_PARTITION_TYPES = {pa.string(): "VARCHAR", pa.int32(): "INTEGER"}


class Database:
    """A connection to a database in memory.

    Args:
        connection: of a new database.
        temporary: folder for what does not fit in memory; made when needed. Without one, nothing touches the disk.
        memory: limit such as `4GB`.
        threads: cores to use; all by default.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, temporary: Path | None, *, memory: str, threads: int | None
    ) -> None:
        self._connection = connection
        self._set("memory_limit", memory)
        if threads:
            self._set("threads", threads)
        self._set("temp_directory", str(temporary or ""))
        # Order costs memory and a core, and no table of ours depends on it.
        self._set("preserve_insertion_order", value=False)
        # 16 buckets x 2 threads x the default of 524,288 rows would buffer gigabytes.
        self._set("partitioned_write_flush_threshold", 1 << 16)
        self._set("enable_progress_bar", value=False)

    def _set(self, setting: str, value: str | int | bool) -> None:
        self._connection.execute(f"SET {setting} = {value!r}")

    @property
    def memory(self) -> int:
        """The limit in bytes."""
        number, unit = str(self._setting("memory_limit")).split()
        return int(float(number) * 1024 ** _UNITS.index(unit))

    @property
    def threads(self) -> int:
        """How many cores it uses."""
        return int(str(self._setting("threads")))

    def _setting(self, name: str) -> object:
        found = self._connection.execute(f"SELECT current_setting('{name}')").fetchone()
        return found[0] if found else None

    def define(self, name: str, source: Files | pa.Table) -> None:
        """Let a name stand for rows."""
        if isinstance(source, Files) and source.paths:
            self.run(f"CREATE OR REPLACE TEMP VIEW {name} AS {source.select()}")
            return
        rows = source.table.schema.empty_table() if isinstance(source, Files) else source
        self._connection.register(f"{name}_in_memory", rows)
        self.run(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {name}_in_memory")

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run a statement.

        Raises:
            StorageFailed: memory or disk is full, or the disk refuses.
        """
        return _run(self._connection, sql)

    def ask(self, sql: str, rows: Mapping[str, pa.Table]) -> pa.Table:
        """The result of a SELECT over rows of its own, by the names that it knows them by. Threads may ask at a time.

        Raises:
            StorageFailed: memory is full.
        """
        with self._connection.cursor() as cursor:
            for name, table in rows.items():
                cursor.register(name, table)
            return _run(cursor, sql).to_arrow_table()

    def interrupt(self) -> None:
        """End what is running."""
        self._connection.interrupt()

    def close(self) -> None:
        """Give back memory and temporary files."""
        self._connection.close()


def _run(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    try:
        return connection.execute(sql)
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) or "No space left" in str(error):
            raise StorageFailed(f"the disk refuses to be written or read: {error}; free space and run again") from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise StorageFailed(f"{error}; give more with --memory, or free the disk it spills to") from error
        raise


_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
