from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from plain_log import good_rows

from footfall.simulate import SimulatedShop, simulate


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture(scope="session")
def one_month(tmp_path_factory: pytest.TempPathFactory) -> SimulatedShop:
    return simulate(tmp_path_factory.mktemp("one_month"), users=20_000, seed=1)


@pytest.fixture(scope="session")
def autumn(tmp_path_factory: pytest.TempPathFactory) -> SimulatedShop:
    """October to December: Black Friday, and Cyber Monday in December."""
    return simulate(tmp_path_factory.mktemp("autumn"), users=8_000, months=3, seed=2)


@pytest.fixture(scope="session")
def october(one_month: SimulatedShop) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load(connection, one_month)
        yield connection


@pytest.fixture(scope="session")
def quarter(autumn: SimulatedShop) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        load(connection, autumn)
        yield connection


def load(connection: duckdb.DuckDBPyConnection, shop: SimulatedShop) -> None:
    """The good rows as `events`, and each table of the truth under its name; times are in UTC."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("rows", pa.concat_tables(good_rows(path, shop.truth) for path in shop.months))
    connection.execute("CREATE TABLE events AS FROM rows")
    for table in shop.truth.iterdir():
        connection.execute(f"CREATE VIEW {table.stem} AS FROM '{table}'")


@pytest.fixture
def number() -> Callable[[duckdb.DuckDBPyConnection, str], float]:
    """The one number that a query gives."""

    def ask(connection: duckdb.DuckDBPyConnection, query: str) -> float:
        row = connection.sql(query).fetchone()
        assert row is not None
        return float(row[0])

    return ask
