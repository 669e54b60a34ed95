"""No raw user id stands anywhere in the lake but in the raw files themselves."""

import csv
import gzip
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import Ended, footfall
from lake_tables import rows
from real_files import REES46_SAMPLE, real_file

from footfall.simulate import SimulatedShop

ID = re.compile(rb"[0-9]{7,}")


def raw_ids(log: Path) -> tuple[set[str], set[str]]:
    """User ids and session ids of a REES46-shaped log, malformed lines left out."""
    text = gzip.decompress(log.read_bytes()) if log.suffix == ".gz" else log.read_bytes()
    fields = [row for row in csv.reader(text.decode().splitlines()) if len(row) == 9][1:]
    return {row[7] for row in fields} - {""}, {row[8] for row in fields} - {""}


def tokens(data: bytes) -> set[str]:
    """All that stands in some bytes and could be a nine-digit id."""
    return {found.decode() for found in ID.findall(data)}


def texts(file: Path) -> set[str]:
    """All texts of a Parquet file, unpacked, and its numbers."""
    found: set[str] = set()
    for column in pq.read_table(file).columns:
        if not pa.types.is_floating(column.type):
            found.update(map(str, column.unique().to_pylist()))
    return found


def readable(lake: Path) -> tuple[set[str], str]:
    """What could be an id in all files outside `raw/files`, and all of their texts."""
    ids: set[str] = set()
    words: set[str] = set()
    for file in lake.rglob("*"):
        if file.is_file() and lake / "raw" / "files" not in file.parents:
            words |= texts(file) if file.suffix == ".parquet" else set()
            ids |= tokens(file.read_bytes()) if file.suffix != ".parquet" else set()
            ids |= tokens(str(file.relative_to(lake)).encode())
    return ids | tokens("\n".join(words).encode()), "\n".join(words)


def assert_private(lake: Path, logs: list[Path]) -> None:
    users, sessions = (set().union(*kind) for kind in zip(*map(raw_ids, logs), strict=True))
    assert len(users) > 100
    found, words = readable(lake)
    assert "unknown" in words, "the scan reads nothing"
    # A plotted number or a product may have the digits of an id; in the tables of users none may.
    assert not users & found
    assert not {session for session in sessions if session in words}
    in_bytes = b"\n".join(file.read_bytes() for file in lake.rglob("*.parquet"))
    assert not users & tokens(in_bytes)


def test_no_raw_id_of_the_simulated_shop(small_lake: tuple[Path, Ended], small_shop: SimulatedShop) -> None:
    assert all(small_shop.dirty_rows.values()), "every kind of dirty row is in the shop"
    assert_private(small_lake[0], list(small_shop.months))


def test_the_scan_finds_an_id_that_is_there(small_shop: SimulatedShop, tmp_path: Path) -> None:
    users, _ = raw_ids(small_shop.months[0])
    leak = pa.table({"raw": ["unknown", f"view,{min(users)},"]})
    pq.write_table(leak, tmp_path / "quarantine.parquet")
    with pytest.raises(AssertionError):
        assert_private(tmp_path, list(small_shop.months))


def test_no_raw_id_of_the_rees46_sample(lake: Path) -> None:
    log = real_file(REES46_SAMPLE)
    assert footfall("ingest", log, "--lake", lake).code == 0
    assert_private(lake, [log])


def test_malformed_lines_with_ids_in_every_place(lake: Path, tmp_path: Path) -> None:
    header = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
    good = "2019-10-01 00:00:00 UTC,view,1,2,a.b,c,1.0,512000001,9333dfbd-b87a-4708-9857-6336556b0fcc"
    moved = [",".join(good.split(",")[cut:]) for cut in range(1, 8)]
    moved += [good + ",512000001", good.replace("512000001", '"512000001'), good.replace("c,1.0", "é,1.0")]
    moved += [moved[3].replace("a.b", "é")]
    moved += [
        good.replace(",", ";"),
        good.replace(",512000001", ", 512000001 ,"),
        good.replace(",512000001,", ",512000001|"),
    ]
    file = tmp_path / "moved.csv"
    file.write_bytes("\n".join([header, *moved]).encode("latin-1"))
    assert footfall("ingest", file, "--lake", lake).code == 0
    quarantined = "\n".join(str(row["raw"]) for row in rows(lake, "SELECT raw FROM quarantine"))
    assert "512000001" not in quarantined
    assert "9333dfbd" not in quarantined


def test_pseudonyms_agree_under_one_key_and_share_nothing_under_two(small_shop: SimulatedShop, tmp_path: Path) -> None:
    def users(lake: str, key: str) -> set[object]:
        file = tmp_path / f"{key}.key"
        file.write_text(key * 40)
        ended = footfall("ingest", small_shop.months[0], "--lake", tmp_path / lake, "--key-file", file)
        assert ended.code == 0, ended.err
        return {row["user_id"] for row in rows(tmp_path / lake, "SELECT DISTINCT user_id FROM events")}

    first, again, other = users("first", "a"), users("again", "a"), users("other", "b")
    assert len(first) > 100
    assert first == again
    assert not first & other


def test_the_key_stands_nowhere_in_the_lake(small_lake: tuple[Path, Ended], own_key: Path) -> None:
    key = own_key.read_bytes().strip()
    assert len(key) == 64
    assert not [file for file in small_lake[0].rglob("*") if file.is_file() and key in file.read_bytes()]
    assert own_key.stat().st_mode & 0o077 == 0


def test_rows_whose_values_have_moved(lake: Path, tmp_path: Path) -> None:
    header = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
    good = [
        "2019-10-01 00:00:00 UTC",
        "view",
        "1234567",
        "2",
        "a.b",
        "c",
        "0",
        "512000001",
        "9333dfbd-b87a-4708-9857-6336556b0fcc",
    ]
    moved = [",".join(good[by:] + good[:by]) for by in range(1, 9)]
    unpriced = [*good[:4], "512000001", " 512000001", *good[6:]]
    log = tmp_path / "moved.csv"
    log.write_text("\n".join([header, *moved, ",".join(unpriced), ",".join(good)]) + "\n")
    assert footfall("ingest", log, "--lake", lake).code == 0
    found = [row["raw"] for row in rows(lake, "SELECT raw FROM quarantine ORDER BY line")]
    assert len(found) == 10
    assert not [raw for raw in found if "512000001" in raw or "9333dfbd" in raw]
    assert found[-1] == "2019-10-01 00:00:00 UTC,view,1234567,2,a.b,c,0,…,…"
