"""MLlib's K-means: the points are the driver's, the work is the cluster's."""

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.engine.k_means import KMeansSettings

_ROW_GROUP = 100_000


class SparkKMeans:
    """K-means on Spark, started with k-means||.

    Source: B. Bahmani, B. Moseley, A. Vattani, R. Kumar, S. Vassilvitskii, Scalable k-means++, 2012.

    Args:
        spark: the session.
        shared: a folder that the driver writes and the workers read.
    """

    def __init__(self, spark: Any, shared: Path) -> None:
        self._spark = spark
        self._shared = shared

    def __call__(
        self,
        points: npt.NDArray[np.float32],
        k: int,
        settings: KMeansSettings,
        start: npt.NDArray[np.float64] | None = None,
    ) -> npt.NDArray[np.float64]:
        """Find the centres: from `start`, or the best of several starts.

        Returns:
            One row a centre; fewer than k where there are fewer different points.
        """
        file = self._shared / f"points-{uuid.uuid4().hex[:8]}.parquet"
        _write(points, file)
        rows = self._vectors(file)
        try:
            if start is not None:
                return self._from_centres(rows, start, settings)
            return self._best_start(rows, k, settings)
        finally:
            rows.unpersist()
            file.unlink()

    def _vectors(self, file: Path) -> Any:
        from pyspark.ml.functions import array_to_vector  # noqa: PLC0415 - Spark's own imports take seconds

        rows = self._spark.read.parquet(str(file))
        return rows.select(array_to_vector(rows["point"].cast("array<double>")).alias("features")).cache()

    @staticmethod
    def _best_start(rows: Any, k: int, settings: KMeansSettings) -> npt.NDArray[np.float64]:
        from pyspark.ml.clustering import KMeans  # noqa: PLC0415

        fits = [
            KMeans(k=k, seed=seed, tol=settings.tol, maxIter=settings.max_iter, initMode="k-means||").fit(rows)
            for seed in range(settings.seed * settings.n_init, (settings.seed + 1) * settings.n_init)
        ]
        best = min(fits, key=lambda fit: float(fit.summary.trainingCost))
        return np.array(best.clusterCenters(), np.float64)

    @staticmethod
    def _from_centres(rows: Any, start: npt.NDArray[np.float64], settings: KMeansSettings) -> npt.NDArray[np.float64]:
        # Only the older of Spark's two K-means takes centres to start from.
        from pyspark.mllib.clustering import KMeans, KMeansModel  # noqa: PLC0415
        from pyspark.mllib.linalg import Vectors  # noqa: PLC0415

        vectors = rows.rdd.map(lambda row: Vectors.fromML(row[0]))
        model = KMeans.train(
            vectors,
            len(start),
            maxIterations=settings.max_iter,
            epsilon=settings.tol,
            initialModel=KMeansModel(list(start)),
        )
        return np.array([np.asarray(centre) for centre in model.clusterCenters], np.float64)


def _write(points: npt.NDArray[np.float32], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    values = pa.array(np.ascontiguousarray(points).ravel())
    column = pa.FixedSizeListArray.from_arrays(values, points.shape[1]).cast(pa.list_(pa.float32()))
    pq.write_table(pa.table({"point": column}), file, row_group_size=_ROW_GROUP)
