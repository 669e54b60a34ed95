"""Choosing an engine by name."""

from pathlib import Path

from footfall.engine.engine import Engine
from footfall.errors import SettingInvalid

ENGINES = ("duckdb", "spark")


def open_engine(
    name: str, *, temporary: Path, memory: str | None = None, threads: int | None = None, master: str = "local[*]"
) -> Engine:
    """Start an engine.

    Args:
        name: `duckdb` or `spark`.
        temporary: folder for what does not fit in memory; made when needed.
        memory: limit such as `4GB`; by default half of the machine's, at most 8 GB.
        threads: cores to use; all by default.
        master: Spark's master URL.

    Raises:
        SettingInvalid: the name is unknown, or what the engine needs is not installed.
    """
    match name:
        case "duckdb":
            from footfall.engine.duckdb import DuckDBEngine  # noqa: PLC0415 - the other engine's imports take seconds

            return DuckDBEngine(temporary=temporary, memory=memory, threads=threads)
        case "spark":
            from footfall.engine.spark import SparkEngine  # noqa: PLC0415

            return SparkEngine(temporary=temporary, memory=memory, threads=threads, master=master)
        case _:
            raise SettingInvalid(f'engine "{name}" is unknown; use {" or ".join(ENGINES)}')
