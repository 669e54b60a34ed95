"""`footfall sql` reads the lake's tables, and nothing else."""

import csv
import io
import json
from pathlib import Path

import pytest
from commands import Ended, footfall, snapshot


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO events SELECT * FROM events",
        "DELETE FROM events",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW events",
        "COPY (SELECT 1) TO '{lake}/out.csv'",
        "COPY events TO '{lake}/out.parquet'",
        "EXPORT DATABASE '{lake}/out'",
        "ATTACH '{lake}/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA memory_limit='1GB'",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW events",
        "WITH x AS (SELECT 1) INSERT INTO events SELECT * FROM x",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('{raw}')",
        "SELECT * FROM read_parquet('{raw}')",
        "SELECT * FROM read_parquet('{lake}/raw/**/*.parquet')",
        "SELECT * FROM glob('{lake}/**')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/out.csv'",
        "SELECT * FROM nowhere",
        "SELEC 1",
        "",
    ],
)
def test_refused(statement: str, small_lake: tuple[Path, Ended]) -> None:
    lake = small_lake[0]
    raw = next((lake / "raw" / "files").glob("*/*"))
    before = snapshot(lake)
    ended = footfall("sql", statement.format(lake=lake, raw=raw), "--lake", lake)
    assert ended.code == 1
    assert "error:" in ended.err
    assert "root:" not in ended.out
    assert snapshot(lake) == before


def test_a_select_in_each_form(small_lake: tuple[Path, Ended]) -> None:
    statement = "SELECT event_type, count(*) AS events, max(event_time) AS last FROM events GROUP BY ALL ORDER BY 1"
    told = {
        form: footfall("sql", statement, "--lake", small_lake[0], "--format", form) for form in ("json", "csv", "table")
    }
    assert {ended.code for ended in told.values()} == {0}
    as_json = json.loads(told["json"].out)
    as_csv = list(csv.DictReader(io.StringIO(told["csv"].out)))
    assert [row["event_type"] for row in as_json] == ["cart", "purchase", "remove_from_cart", "view"]
    assert [{name: str(value) for name, value in row.items()} for row in as_json] == as_csv
    assert sum(row["events"] for row in as_json) == small_lake[1].told["accounts"]["kept"]
    assert "purchase" in told["table"].out


def test_a_missing_table_is_told_with_those_that_are_there(small_lake: tuple[Path, Ended]) -> None:
    ended = footfall("sql", "FROM event", "--lake", small_lake[0])
    assert "customer_segments, events" in ended.err


def test_with_and_explain_are_reads(small_lake: tuple[Path, Ended]) -> None:
    for statement in ("WITH x AS (SELECT 1 AS y) SELECT y FROM x", "FROM row_accounts", "EXPLAIN SELECT 1"):
        assert footfall("sql", statement, "--lake", small_lake[0]).code == 0, statement
