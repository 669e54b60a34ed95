"""MLlib on local[2] as its guide shows it: assemble, scale, project, k-means||, one start.

    python segments_mllib.py FEATURES.parquet K

No users apart, no caps, no logarithms, no log odds; nulls become 0; 15 components, for MLlib takes no share.
"""

import sys

from pyspark.ml import Pipeline
from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import PCA, StandardScaler, VectorAssembler
from pyspark.sql import SparkSession


def main(file: str, k: int) -> None:
    """Scale, project, cluster and count the labels."""
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "6g")
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
    rows = spark.read.parquet(file).fillna(0)
    names = [name for name in rows.columns if name not in ("user_id", "as_of")]
    steps = [
        VectorAssembler(inputCols=names, outputCol="raw"),
        StandardScaler(inputCol="raw", outputCol="scaled", withMean=True),
        PCA(k=15, inputCol="scaled", outputCol="features"),
        KMeans(k=k, seed=0),
    ]
    model = Pipeline(stages=steps).fit(rows)
    users = model.transform(rows).groupBy("prediction").count().count()
    print(f"inertia {model.stages[-1].summary.trainingCost:.0f} in 15 components, {users} clusters")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
