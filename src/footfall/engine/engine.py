"""What an engine can do. Stages know only this, and Ibis expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pyarrow as pa

from footfall.contracts import Table
from footfall.engine.k_means import KMeans

if TYPE_CHECKING:  # Ibis takes long to import, and not every room needs it.
    import ibis.expr.types as ir

Progress = Callable[[int], None]
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
        self,
        rows: ir.Table,
        folder: Path,
        partition_by: Sequence[str] = (),
        *,
        known: Mapping[str, str] | None = None,
        per_bucket: bool = False,
        compression: Compression = "zstd",
    ) -> None:
        """Run an expression into Parquet files under a folder that does not exist yet.

        Args:
            rows: the expression, partition columns included.
            folder: where the files go, by partition.
            partition_by: columns that stand in the folders' names instead of the files.
            known: the value of those of them that have one only, where the caller knows it; saves dividing the rows.
            per_bucket: the rows of a hash bucket follow from rows of the same bucket alone, so that the engine may take
                some buckets at a time.
            compression: of the files.
        """

    def collect(self, rows: ir.Table) -> pa.Table:
        """Run an expression whose result is small."""

    def k_means(self) -> KMeans | None:
        """The engine's own K-means; None where the driver's memory and cores do as well."""

    def native(self) -> Any:
        """The engine's own connection or session, for tests and extensions."""

    def close(self) -> None:
        """Give back memory and temporary files."""
