"""One shop through both engines, as CSV and as Parquet: all tables agree."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from commands import Ended, footfall
from lake_tables import MADE_BY_ENGINES, assert_same, assert_same_lakes, in_order, one

from footfall.simulate import SimulatedShop, simulate


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """October as CSV, November as Parquet (its malformed lines left out), times and prices typed."""
    folder = tmp_path_factory.mktemp("logs")
    shop = simulate(folder / "shop", users=300, months=2, seed=8)
    rows = pa_csv.read_csv(
        shop.months[1],
        parse_options=pa_csv.ParseOptions(invalid_row_handler=lambda _: "skip"),
        convert_options=pa_csv.ConvertOptions(
            column_types={"event_time": pa.string(), "user_id": pa.string(), "product_id": pa.string()},
        ),
    )
    file = folder / "2019-Nov.parquet"
    pq.write_table(rows, file)
    return [shop.months[0], file]


def test_parquet_gives_what_csv_gives(
    small_shop: SimulatedShop, small_lake: tuple[Path, Ended], tmp_path: Path
) -> None:
    """Typed or as text, the good rows are the same; only the malformed lines have no place in Parquet."""
    text = pa_csv.read_csv(
        small_shop.months[0],
        parse_options=pa_csv.ParseOptions(invalid_row_handler=lambda _: "skip"),
        convert_options=pa_csv.ConvertOptions(column_types={"event_time": pa.string()}),
    )
    pq.write_table(text, tmp_path / "2019-Oct.csv.gz")
    ended = footfall("ingest", tmp_path / "2019-Oct.csv.gz", "--lake", tmp_path / "lake")
    assert ended.code == 0, ended.err
    october = "month = '2019-10'"
    assert_same(in_order(tmp_path / "lake", "events"), in_order(small_lake[0], "events", october), "events")
    reasons = "SELECT reason, count(*) AS rows FROM quarantine WHERE reason <> 'malformed' {} GROUP BY ALL ORDER BY ALL"
    ours = "AND source_file = '2019-Oct.csv.gz'"
    assert one(tmp_path / "lake", f"SELECT list(q::VARCHAR) FROM ({reasons.format('')}) q") == one(
        small_lake[0], f"SELECT list(q::VARCHAR) FROM ({reasons.format(ours)}) q"
    )


@pytest.mark.spark
@pytest.mark.slow
def test_duckdb_and_spark_agree(logs: list[Path], tmp_path: Path) -> None:
    for engine in ("duckdb", "spark"):
        ended = footfall("run", *logs, "--lake", tmp_path / engine, "--engine", engine, "--threads", 2, "--json")
        assert ended.code == 0, ended.err
        assert len(ended.told["accounts"]) > 5
    assert_same_lakes(tmp_path / "spark", tmp_path / "duckdb", MADE_BY_ENGINES)
    # Each engine has a K-means of its own: other starts, and centres that are as good.
    inertia = "SELECT sum(distance * distance) FROM customer_segments"
    assert one(tmp_path / "spark", inertia) == pytest.approx(one(tmp_path / "duckdb", inertia), rel=0.01)
