"""PySpark on this machine with its default settings: the same SQL as `hand_sql.py`, each step written to Parquet once.

Steps are stored because `events` is read seven times; recomputing it from the packed CSV each time would be no contest.

    python spark_naive.py FILE.csv.gz OUT WORK_FOLDER MEMORY THREADS
"""

import sys
from pathlib import Path

from hand_sql import FEATURE_STEPS, USER_FEATURES
from pyspark.sql import DataFrame, SparkSession

SCHEMA = (
    "event_time TIMESTAMP, event_type STRING, product_id BIGINT, category_id BIGINT, category_code STRING, "
    "brand STRING, price DOUBLE, user_id BIGINT, user_session STRING"
)

# A packed file is read by one task in its order, so the row's number tells which copy is the first.
RAW = """
SELECT event_time, event_type, product_id, category_id, nullif(lower(trim(brand)), '') AS brand,
    price, user_id, user_session, monotonically_increasing_id() AS line
FROM file
WHERE event_time >= TIMESTAMP '1990-01-01' AND event_time < current_timestamp() + INTERVAL 1 DAY
    AND event_type IN ('view', 'cart', 'remove_from_cart', 'purchase')
    AND (price > 0 OR event_type = 'remove_from_cart')
    AND user_id IS NOT NULL AND product_id IS NOT NULL AND category_id IS NOT NULL
"""

EVENTS = """
WITH numbered AS (
    SELECT *, row_number() OVER (PARTITION BY event_time, user_id, product_id, event_type ORDER BY line) AS copy
    FROM raw
), paused AS (
    SELECT *, CASE WHEN unix_timestamp(event_time)
            - lag(unix_timestamp(event_time)) OVER (PARTITION BY user_id, user_session ORDER BY event_time) > 1800
        THEN 1 ELSE 0 END AS cut
    FROM numbered WHERE copy = 1
)
SELECT user_id, user_session, sum(cut) OVER (PARTITION BY user_id, user_session ORDER BY event_time) AS part,
    date_trunc('month', event_time) AS month, date_trunc('minute', event_time) AS event_time,
    event_type, product_id, category_id, brand, price
FROM paused
"""


def main(file: str, out: str, work: str, memory: str, threads: str) -> None:
    """Raw file to features."""
    spark = (
        SparkSession.builder.master(f"local[{threads}]")
        .config("spark.driver.memory", memory.upper().removesuffix("B").lower())
        .config("spark.local.dir", str(Path(work) / "spark"))
        .config("spark.sql.warehouse.dir", str(Path(work) / "warehouse"))
        .config("spark.sql.session.timeZone", "UTC")
        # Else a row that lacks columns is told as malformed only if those columns are asked for.
        .config("spark.sql.csv.parser.columnPruning.enabled", "false")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    rows = spark.read.csv(
        file, schema=SCHEMA, header=True, mode="DROPMALFORMED", timestampFormat="yyyy-MM-dd HH:mm:ss 'UTC'"
    )
    rows.createOrReplaceTempView("file")
    spark.sql(RAW).createOrReplaceTempView("raw")
    for name, query in {"events": EVENTS, **FEATURE_STEPS}.items():
        stored(spark.sql(for_spark(query)), name, work)
    spark.sql(for_spark(USER_FEATURES)).write.parquet(out)
    stop(spark)


def for_spark(query: str) -> str:
    """The two functions that Spark names otherwise."""
    return query.replace("epoch(", "unix_timestamp(").replace("isodow(", "1 + weekday(")


def stored(rows: DataFrame, name: str, work: str) -> None:
    """Write a step's rows, and let later steps read them by name."""
    folder = str(Path(work) / name)
    rows.write.parquet(folder)
    rows.sparkSession.read.parquet(folder).createOrReplaceTempView(name)


def stop(spark: SparkSession) -> None:
    """Wait for the Java process, whose CPU time is else not counted as ours."""
    gateway = spark.sparkContext._gateway  # there is no public way
    spark.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
