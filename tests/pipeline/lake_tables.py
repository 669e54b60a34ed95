"""Tables of a lake as rows in an order of their own, to hold one lake against another."""

import json
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
from commands import footfall

from footfall.lake import open_lake
from footfall.pipeline.query import query

MADE_BY_ENGINES = (
    "events",
    "quarantine",
    "row_accounts",
    "sessions",
    "purchases",
    "user_months",
    "user_members",
    "product_prices",
    "volumes",
    "metric_series",
    "user_features",
)
COMPARED = (*MADE_BY_ENGINES, "customer_segments")
# When a row was written: it differs between any two lakes.
_DIFFER = {"updated_at"}


def rows(lake: Path, sql: str) -> list[dict[str, object]]:
    return query(open_lake(lake), sql).to_pylist()


def one(lake: Path, sql: str) -> object:
    """The one value that a query gives."""
    ((value,),) = (row.values() for row in rows(lake, sql))
    return value


def in_order(lake: Path, table: str, where: str = "true") -> pa.Table:
    """A table sorted by everything that is exact, then by its floats."""
    names = query(open_lake(lake), f'SELECT * FROM "{table}" LIMIT 0').schema
    exact = [field.name for field in names if not pa.types.is_floating(field.type) and field.name not in _DIFFER]
    floats = [field.name for field in names if pa.types.is_floating(field.type)]
    listed = ", ".join(f'"{name}"' for name in [*exact, *floats])
    return query(open_lake(lake), f'SELECT {listed} FROM "{table}" WHERE {where} ORDER BY {listed}')


def assert_same(ours: pa.Table, expected: pa.Table, name: str) -> None:
    """Counts, texts and times exactly; floats to 1e-9 relative, 1e-7 absolute where they are near zero."""
    assert ours.num_rows == expected.num_rows, name
    assert ours.schema.names == expected.schema.names, name
    for column in ours.schema.names:
        if pa.types.is_floating(expected[column].type):
            np.testing.assert_allclose(
                ours[column].to_numpy(), expected[column].to_numpy(), rtol=1e-9, atol=1e-7, err_msg=f"{name}.{column}"
            )
        else:
            assert ours[column].to_pylist() == expected[column].to_pylist(), f"{name}.{column}"


def assert_same_lakes(ours: Path, expected: Path, tables: tuple[str, ...] = COMPARED) -> None:
    for name in tables:
        assert_same(in_order(ours, name), in_order(expected, name), name)


def orphans(lake: Path) -> list[str]:
    """Files that a reader could take for data and that no version of any table has ever held, and unfinished work."""
    found = []
    for table in open_lake(lake).tables().values():
        held = {
            unquote(json.loads(line)["add"]["path"])
            for log in (table / "_delta_log").glob("*.json")
            for line in log.read_text().splitlines()
            if "add" in json.loads(line)
        }
        found += [str(file) for file in table.rglob("*.parquet") if str(file.relative_to(table)) not in held]
    landed = {lake / str(row["landed_as"]) for row in rows(lake, "SELECT landed_as FROM raw_files")}
    copies = (lake / "raw" / "files").rglob("*")
    found += [str(file) for file in copies if file.is_file() and file not in landed]
    found += [str(file) for file in (lake / "raw" / "arriving").rglob("*")]
    known = {table.resolve() for table in open_lake(lake).tables().values()}
    found += [str(file) for file in lake.rglob("*.parquet") if not known & set(file.resolve().parents)]
    return found + [str(path) for path in [lake / ".staging"] if path.exists()]


def versions(lake: Path) -> dict[str, list[str]]:
    found = json.loads(footfall("segment", "list", "--lake", lake, "--json").out)
    return {one["version"]: one["aliases"] for one in found}


def serving(lake: Path) -> object:
    return one(lake, "SELECT DISTINCT model_version FROM customer_segments")
