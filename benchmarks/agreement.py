"""Do the contestants compute the same? Every feature of every user, held against Footfall's."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from footfall.features import FEATURES
from footfall.sources.pseudonyms import Pseudonymiser

RELATIVE, ABSOLUTE = 1e-9, 1e-6
COUNTS_AND_MONEY = ("orders", "items", "spend", "active_days", "sessions", "views", "carts", "removals", "categories")


def parquet_files(output: Path) -> str:
    """What DuckDB reads: a contestant's output is a file or a folder of files."""
    return str(output / "*.parquet") if output.is_dir() else str(output)


def count_users(output: Path) -> int:
    """Rows of a contestant's output."""
    found = duckdb.sql(f"SELECT count(*) FROM read_parquet('{parquet_files(output)}')").fetchone()
    return int(found[0]) if found else 0


def read_features(output: Path, key: bytes | None = None) -> pd.DataFrame:
    """A contestant's features by pseudonym; raw user ids are made into pseudonyms with the key."""
    rows = duckdb.sql(f"SELECT * FROM read_parquet('{parquet_files(output)}')").df()
    if key is not None:
        one = Pseudonymiser(key).one
        rows["user_id"] = [one(str(user)) for user in rows["user_id"]]
    return rows.set_index("user_id").sort_index()


def deviations(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Per feature: the largest deviation, and of how many users the values differ or only one is null."""
    if not ours.index.equals(theirs.index):
        missing, extra = len(ours.index.difference(theirs.index)), len(theirs.index.difference(ours.index))
        raise SystemExit(f"other users: {missing} of footfall's are missing, {extra} are not among footfall's")
    return pd.DataFrame({name: _deviation(ours[name], theirs[name]) for name in ["as_of", *FEATURES]}).T


def _deviation(ours: pd.Series, theirs: pd.Series) -> dict[str, float]:
    one, other = _numbers(ours), _numbers(theirs)
    apart = np.abs(one - other)
    one_is_null = np.isnan(one) != np.isnan(other)
    differs = apart > np.maximum(ABSOLUTE, RELATIVE * np.abs(one))
    return {
        "largest": float(np.nanmax(apart, initial=0.0)),
        "null in one": int(one_is_null.sum()),
        "users that differ": int((one_is_null | differs).sum()),
    }


def _numbers(values: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.astype("datetime64[us]").astype("int64").to_numpy() / 1e6
    return values.astype("float64").to_numpy()
