"""The cleaner against the simulator, which knows every row that it made bad."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from footfall.lake import open_lake
from footfall.pipeline.cleaning import SourceChoice
from footfall.pipeline.query import query
from footfall.pipeline.run import ingest_and_clean
from footfall.settings import load_settings
from footfall.simulate import simulate


def test_every_dirty_row_is_found_and_no_other(tmp_path: Path) -> None:
    shop = simulate(tmp_path / "shop", users=4_000, months=2, seed=11)
    dirty = pq.read_table(shop.truth / "dirty.parquet").to_pylist()
    assert all(shop.dirty_rows.values())

    settings = load_settings(lake=tmp_path / "lake", key_file=tmp_path / "key", threads=2)
    result = ingest_and_clean([str(shop.truth.parent)], settings, SourceChoice())
    assert not result.failed

    rejected = [row for row in dirty if row["kind"] != "duplicate"]
    expected = {(row["file"], row["line"]): row["kind"] for row in rejected}
    found = query(open_lake(settings.lake), "FROM quarantine").to_pylist()
    assert len(found) == len(rejected)
    assert {(row["source_file"], row["line"]): row["reason"] for row in found} == expected

    for name, rows in shop.rows.items():
        kinds = Counter(row["kind"] for row in dirty if row["file"] == name)
        accounts = {outcome: count for outcome, count in result.cleaned[name].items() if count}
        assert accounts == {"kept": rows - kinds.total(), **kinds}
