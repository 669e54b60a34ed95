"""Read-only SQL over all tables of a lake."""

from pathlib import Path

import duckdb
import pyarrow as pa

from footfall.errors import QueryRefused
from footfall.lake import Lake

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def query(lake: Lake, sql: str) -> pa.Table:
    """Run one SELECT over the tables' current versions.

    The database is in memory, knows only the files of the tables, and is locked before the query runs: it can neither
    write nor read anything else.

    Raises:
        QueryRefused: it is no single SELECT, reaches for something outside the tables, or is not valid.
    """
    files = {name: _files(lake, name) for name in lake.tables()}
    con = duckdb.connect(config={"allow_community_extensions": False, "autoinstall_known_extensions": False})
    try:
        for name, (paths, partitioned, empty) in files.items():
            if paths:
                listed = ", ".join(_quoted(path) for path in paths)
                con.execute(
                    f'CREATE VIEW "{name}" AS SELECT * FROM read_parquet([{listed}], hive_partitioning={partitioned})'
                )
            else:
                con.register(f"empty_{name}", empty)
                con.execute(f'CREATE VIEW "{name}" AS SELECT * FROM "empty_{name}"')
        allowed = ", ".join(_quoted(path) for paths, _, _ in files.values() for path in paths)
        con.execute(f"SET allowed_paths = [{allowed}]")
        con.execute("SET enable_external_access = false")
        con.execute("SET lock_configuration = true")
        _must_be_one_select(con, sql)
        return con.execute(sql).to_arrow_table()
    except duckdb.Error as error:
        raise QueryRefused(_explained(error, lake)) from error
    finally:
        con.close()


def _files(lake: Lake, name: str) -> tuple[list[str], bool, pa.Table]:
    delta = lake.delta(name)
    if delta is None:
        return [], False, pa.table({})
    folder = lake.tables()[name].resolve()
    actions = pa.table(delta.get_add_actions(flatten=True))
    paths = [str(folder / path) for path in actions["path"].to_pylist()]
    return paths, bool(delta.metadata().partition_columns), pa.schema(delta.schema().to_arrow()).empty_table()


def _must_be_one_select(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = con.extract_statements(sql)
    if len(statements) != 1 or statements[0].type not in _READS:
        kinds = ", ".join(statement.type.name for statement in statements) or "nothing"
        raise QueryRefused(f"only one SELECT can be run, and this is {kinds}")


def _explained(error: duckdb.Error, lake: Lake) -> str:
    text = str(error)
    if isinstance(error, duckdb.PermissionException):
        return f"the query may read the lake's tables only: {text}"
    if isinstance(error, duckdb.CatalogException):
        return f"{text}\nThe lake has {', '.join(sorted(lake.tables())) or 'no table yet'}."
    return text


def _quoted(path: str | Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
