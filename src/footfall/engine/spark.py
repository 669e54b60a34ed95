"""Spark: the same expressions on a cluster, through Ibis."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from footfall.contracts import Table
from footfall.engine.engine import Batches, Compression, Progress
from footfall.engine.k_means import KMeans
from footfall.engine.spark_k_means import SparkKMeans
from footfall.errors import FootfallError, SettingInvalid

try:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import TimestampNTZType, TimestampType
except ImportError as error:
    raise SettingInvalid("engine spark needs PySpark and Java 17: pip install 'footfall[spark]'") from error


class SparkEngine:
    """Runs expressions on Spark."""

    name = "spark"

    def __init__(
        self, *, temporary: Path, memory: str | None = None, threads: int | None = None, master: str = "local[*]"
    ) -> None:
        if threads and master == "local[*]":
            master = f"local[{threads}]"
        self._spark = _session(master, temporary, memory)
        self._temporary = temporary
        self._ibis = ibis.pyspark.connect(self._spark)
        self._views = 0

    def native(self) -> Any:
        """The Spark session."""
        return self._spark

    def read_batches(self, source: Batches, progress: Progress) -> ir.Table:
        """Rows that a worker reads: one task a file, because a packed file has one beginning.

        The driver sees no progress of it.
        """
        del progress

        def read(_: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
            return source.batches(lambda _: None)

        one_task = self._spark.range(1, numPartitions=1)
        return self._view(one_task.mapInArrow(read, from_arrow_schema(source.schema(), prefer_timestamp_ntz=True)))

    def read_parquet(self, files: Sequence[str], table: Table) -> ir.Table:
        """The rows of a table's files."""
        if not files:
            return self.read_arrow(table.schema.empty_table())
        schema = from_arrow_schema(table.schema, prefer_timestamp_ntz=True)
        by_base: dict[Path, list[str]] = {}
        for file in files:
            by_base.setdefault(Path(file).parents[len(table.partition_by)], []).append(file)
        frames = [
            self._spark.read.schema(schema).option("basePath", str(base)).parquet(*ours)
            for base, ours in by_base.items()
        ]
        return self._view(reduce(lambda one, other: one.unionByName(other), frames).select(*table.schema.names))

    def read_arrow(self, rows: pa.Table) -> ir.Table:
        """A small table of ours."""
        schema = from_arrow_schema(rows.schema, prefer_timestamp_ntz=True)
        return self._view(self._spark.createDataFrame(rows, schema))

    def _view(self, frame: Any) -> ir.Table:
        self._views += 1
        name = f"footfall_{id(self):x}_{self._views}"
        frame.createOrReplaceTempView(name)
        return self._ibis.table(name)

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
        """Run an expression into Parquet files. Spark cuts the work itself, so `known` and `per_bucket` say nothing."""
        del known, per_bucket
        folder.parent.mkdir(parents=True, exist_ok=True)
        frame = self._frame(rows)
        if partition_by:
            frame = frame.repartition(*partition_by)  # one file a partition, not one for every task and partition
        self._run(
            lambda: frame.write.partitionBy(*partition_by).option("compression", compression).parquet(str(folder))
        )

    def collect(self, rows: ir.Table) -> pa.Table:
        """Run an expression whose result is small."""
        result: pa.Table = self._run(lambda: self._frame(rows).toArrow())
        return result

    def k_means(self) -> KMeans:
        """MLlib's."""
        return SparkKMeans(self._spark, self._temporary)

    def _frame(self, rows: ir.Table) -> Any:
        frame = self._run(lambda: self._spark.sql(ibis.to_sql(rows, dialect="pyspark")))
        # date_trunc and others return instants whatever they are given; the session's zone is UTC, ours are naive UTC.
        instants = [field.name for field in frame.schema.fields if isinstance(field.dataType, TimestampType)]
        return frame.withColumns({name: frame[name].cast(TimestampNTZType()) for name in instants})

    def _run(self, work: Any) -> Any:
        try:
            return work()
        except PySparkException as error:
            raise _our_error(error) or error from None

    def close(self) -> None:
        """End the session."""
        self._spark.stop()


def _session(master: str, temporary: Path, memory: str | None) -> SparkSession:
    # Workers must run this environment's Python; a cluster's administrator may have named another.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        return (
            SparkSession.builder.master(master)
            .appName("footfall")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
            .config("spark.sql.ansi.enabled", "false")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
            .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
            .config("spark.driver.memory", (memory or "2GB").rstrip("Bb"))
            .config("spark.local.dir", str(temporary))
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.log.level", "ERROR")
            .getOrCreate()
        )
    except (PySparkException, RuntimeError, OSError) as error:
        raise SettingInvalid(f"Spark does not start on {master}: {error}; is Java 17 installed?") from error


def _our_error(error: PySparkException) -> FootfallError | None:
    """Our error that was raised in a worker, known by its name in the worker's traceback."""
    text = str(error)
    kinds = {kind.__name__: kind for kind in _all_kinds(FootfallError)}
    for line in text.splitlines():
        name, _, message = line.strip().partition(": ")
        kind = kinds.get(name.rpartition(".")[2])
        if kind is not None:
            return kind(message)
    return None


def _all_kinds(root: type[FootfallError]) -> Iterator[type[FootfallError]]:
    for kind in root.__subclasses__():
        yield kind
        yield from _all_kinds(kind)
