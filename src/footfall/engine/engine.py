"""What an engine can do. Stages know only this, and Ibis expressions."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import ibis.expr.types as ir
import pyarrow as pa

from footfall.contracts import Table

Progress = Callable[[int], None]
Slice = Sequence[int] | None
Compression = Literal["zstd", "lz4_raw"]


class Batches(Protocol):
    """Rows that come one Arrow batch at a time. It can be pickled, so that a worker elsewhere can read it."""

    def schema(self) -> pa.Schema:
        """The schema of every batch."""

    def batches(self, progress: Progress) -> Iterator[pa.RecordBatch]:
        """The rows, from the beginning at every call."""


class Engine(Protocol):
    """An engine that reads and writes Parquet and runs Ibis expressions."""

    name: str

    def read_batches(self, source: Batches, progress: Progress) -> ir.Table:
        """Rows that are read as the expression runs. Use the table in one expression, once."""

    def read_parquet(self, files: Sequence[str], table: Table) -> ir.Table:
        """The rows of a table's files, partition columns from the folders' names; no file, no row."""

    def read_arrow(self, rows: pa.Table) -> ir.Table:
        """A small table of ours."""

    def write_parquet(
        self, rows: ir.Table, folder: Path, partition_by: Sequence[str] = (), *, compression: Compression = "zstd"
    ) -> None:
        """Run an expression into Parquet files in a folder that does not exist yet."""

    def collect(self, rows: ir.Table) -> pa.Table:
        """Run an expression whose result is small."""

    def slices(self, rows: int) -> list[Slice]:
        """How to cut work on so many rows by hash bucket: sets of buckets, or `[None]` for all at once."""

    def native(self) -> Any:
        """The engine's own connection or session, for tests and extensions."""

    def close(self) -> None:
        """Give back memory and temporary files."""
