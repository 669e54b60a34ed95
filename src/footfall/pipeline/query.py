"""Read-only SQL over all tables of a lake."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from footfall.errors import LakeInvalid, QueryRefused
from footfall.lake import Lake

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def query(lake: Lake, sql: str) -> pa.Table:
    """Run one SELECT over the tables' current versions.

    Raises:
        QueryRefused: it is no single SELECT, reaches for something outside the tables, or is not valid.
        LakeInvalid: a file of a table is gone.
    """
    with Reader(lake) as reader:
        return reader.ask(sql)


class Reader:
    """The tables of a lake at the versions that they had when it was opened, for one question after the other.

    The database is in memory, knows only the files of the tables, and is locked before anything is asked: it can
    neither write nor read anything else. Threads may ask at the same time.

    Args:
        lake: the lake.
        versions: the number of each table's version, as `Lake.versions` gives them; by default those of now.
        memory: limit such as `1GB`.
        threads: cores to use; all by default.
    """

    def __init__(
        self,
        lake: Lake,
        versions: Mapping[str, int] | None = None,
        *,
        memory: str | None = None,
        threads: int | None = None,
    ) -> None:
        self.lake = lake
        self.versions = dict(lake.versions() if versions is None else versions)
        limits = {name: value for name, value in (("memory_limit", memory), ("threads", threads)) if value}
        config: dict[str, Any] = {"allow_community_extensions": False, "autoinstall_known_extensions": False}
        self._connection = duckdb.connect(config=config | limits)
        self._files: list[str] = []
        try:
            self._define_and_lock()
        except duckdb.Error as error:
            self.close()
            raise self._refused(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _define_and_lock(self) -> None:
        con = self._connection
        folders = self.lake.tables()
        for name, version in self.versions.items():
            paths, partitioned, empty = _files(folders[name], version)
            self._files += paths
            if paths:
                listed = ", ".join(_quoted(path) for path in paths)
                con.execute(
                    f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{listed}], hive_partitioning={partitioned})'
                )
            else:
                # A table of its own: what is registered with one connection is not seen by its cursors.
                con.register("empty", empty)
                con.execute(f'CREATE TABLE "{name}" AS SELECT * FROM empty')
                con.unregister("empty")
        con.execute(f"SET allowed_paths = [{', '.join(map(_quoted, self._files))}]")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")

    def ask(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pa.Table:
        """The result of one SELECT.

        Args:
            sql: the question.
            parameters: what stands for `?` or `$name` in it.

        Raises:
            QueryRefused: it is no single SELECT, reaches for something outside the tables, or is not valid.
            LakeInvalid: a file of a table is gone.
        """
        try:
            with self._connection.cursor() as con:
                _must_be_one_select(con, sql)
                return con.execute(sql, parameters).to_arrow_table()
        except duckdb.Error as error:
            raise self._refused(error) from error

    def _refused(self, error: duckdb.Error) -> LakeInvalid | QueryRefused:
        gone = [path for path in self._files if not Path(path).exists()]
        if gone:
            return LakeInvalid(
                f"{gone[0]} is gone, and {len(gone)} files of the tables are; restore them from a backup"
            )
        return QueryRefused(_explained(error, self.versions))

    def close(self) -> None:
        """Give back its memory; questions that are being answered end first."""
        self._connection.close()


def _files(folder: Path, version: int) -> tuple[list[str], bool, pa.Table]:
    delta = DeltaTable(str(folder), version=version)
    actions = pa.table(delta.get_add_actions(flatten=True))
    paths = [str(folder.resolve() / path) for path in actions["path"].to_pylist()]
    return paths, bool(delta.metadata().partition_columns), pa.schema(delta.schema().to_arrow()).empty_table()


def _must_be_one_select(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = con.extract_statements(sql)
    if len(statements) != 1 or statements[0].type not in _READS:
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise QueryRefused(f"only one SELECT can be run, and this is {kinds}")


def _explained(error: duckdb.Error, tables: Mapping[str, int]) -> str:
    text = str(error)
    if isinstance(error, duckdb.PermissionException):
        return f"the query may read the lake's tables only: {text}"
    if isinstance(error, duckdb.CatalogException):
        return f"{text}\nThe lake has {', '.join(sorted(tables)) or 'no table yet'}."
    return text


def _quoted(path: str | Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
