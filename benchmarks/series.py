"""Events of a month to metric series: Footfall beside SQL that counts distinct by hand. One table.

    python benchmarks/series.py FILE.csv.gz [--members 25] [--memory 4GB]

The file is brought into a lake first, which is not timed. The SQL by hand counts for the same dimensions, with
COUNT(DISTINCT ...) in each; it keeps every member, counts a visit in each member that it saw, and knows no status.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import psutil

from footfall.lake import open_lake
from footfall.pipeline.query import query
from measure import Cost, measure

BY_HAND = """
import duckdb, sys
con = duckdb.connect()
con.execute(f"SET memory_limit = '{sys.argv[3]}'; SET temp_directory = '{sys.argv[2]}/spilled'")
con.execute(f\"\"\"
COPY (
    SELECT grain, date_trunc(grain, event_time) AS ts, dimension,
        CASE dimension WHEN 'all' THEN 'all' WHEN 'category' THEN category_code WHEN 'brand' THEN brand
            ELSE coalesce(country, 'unknown') END AS member,
        count(*) FILTER (event_type <> 'refund') AS events,
        count(DISTINCT session_id) AS sessions,
        count(DISTINCT user_id) AS users,
        count(*) FILTER (event_type = 'cart') AS carts,
        count(DISTINCT order_id) AS orders,
        sum(quantity) FILTER (event_type = 'purchase') AS items,
        sum(amount) FILTER (event_type = 'purchase') AS revenue,
        count(DISTINCT CASE WHEN event_type = 'purchase' THEN session_id END) AS buying_sessions
    FROM read_parquet('{sys.argv[1]}/**/*.parquet')
    CROSS JOIN (VALUES ('hour'), ('day')) AS grains (grain)
    CROSS JOIN (VALUES ('all'), ('category'), ('brand'), ('country')) AS dimensions (dimension)
    WHERE is_product GROUP BY ALL
) TO '{sys.argv[2]}/by_hand.parquet'
\"\"\")
"""


def main() -> None:
    """Bring the file in, measure both, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--members", type=int, default=25, help="members of a level with series of their own")
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--timeout", type=float, default=900)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="footfall-series-") as temporary:
        folder, python = Path(temporary), sys.executable
        lake, cli = folder / "lake", [python, "-m", "footfall.cli"]
        subprocess.run(
            [*cli, "ingest", str(options.file), "--lake", str(lake), "--key-file", str(folder / "key")],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        command = [*cli, "series", "--lake", str(lake), "--members", str(options.members), "--memory", options.memory]
        ours = measure(command, folder / "footfall.log", options.timeout)
        events = str(open_lake(lake).tables()["events"])
        theirs = measure(
            [python, "-c", BY_HAND, events, str(folder), options.memory], folder / "by_hand.log", options.timeout
        )
        print("\n".join(table(lake, {"Footfall": ours, "DuckDB SQL by hand": theirs})))


def table(lake: Path, costs: dict[str, Cost]) -> list[str]:
    """Markdown, and under it what was made on which machine."""
    sql = "SELECT count(*) AS rows, count(DISTINCT series_id) AS series FROM metric_series"
    made = query(open_lake(lake), sql).to_pylist()[0]
    events = query(open_lake(lake), "SELECT count(*) AS n FROM events").to_pylist()[0]["n"]
    lines = ["| | seconds | CPU seconds | peak memory, GB |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {name} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.peak_bytes / 1e9:.2f} |"
        if cost.is_ok
        else f"| {name} | {cost.status} | | |"
        for name, cost in costs.items()
    ]
    size = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GB, DuckDB {duckdb.__version__}"
    return [*lines, "", f"{events:,} events, {made['series']:,} series of {made['rows']:,} buckets in all. {size}."]


if __name__ == "__main__":
    main()
