"""Packs: the rows of many files in one, and one owner's taken out again. And all marks of a table at once."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.contracts import Column, Table
from footfall.lake import Lake, open_lake, owners, pack, take_out, tier, transaction

ROWS = Table(
    "rows",
    "cleansed",
    grain="n",
    definition="numbers",
    partition_by=("month",),
    columns=(Column("n", pa.int64(), "a number"), Column("month", pa.string(), "which month")),
)


def put(lake: Lake, owner: str, numbers: list[int], month: str = "2026-03") -> None:
    with transaction(lake) as tx:
        folder = tx.place("rows")
        (folder / f"month={month}").mkdir(parents=True)
        pq.write_table(pa.table({"n": numbers}, ROWS.file_schema), folder / f"month={month}" / "x.parquet")
        tx.replace(ROWS, [folder], owner=owner, replaces=lambda file: file.owner == owner, done={owner: numbers[0]})


def numbers(lake: Lake) -> list[int]:
    return sorted(lake.load(ROWS)["n"].to_pylist())


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = open_lake(tmp_path / "lake", create=True)
    for number in range(5):
        put(lake, f"file{number}", [10 * number, 10 * number + 1])
    return lake


def packed(lake: Lake) -> None:
    with transaction(lake) as tx:
        pack(lake, ROWS, tx, lake.files(ROWS))


def test_a_pack_has_the_rows_and_the_owners(lake: Lake) -> None:
    before = numbers(lake)
    packed(lake)
    (file,) = lake.files(ROWS)
    assert (numbers(lake), tier(file)) == (before, 1)
    assert owners(lake, ROWS, [file]) == {f"file{number}" for number in range(5)}


def test_what_is_taken_out_can_be_replaced(lake: Lake) -> None:
    packed(lake)
    for _ in range(2):
        with transaction(lake) as tx:
            take_out(lake, ROWS, tx, "file3")
        assert numbers(lake) == sorted(10 * one + more for one in range(5) for more in (0, 1))
        assert sorted(tier(file) for file in lake.files(ROWS)) == [0, 1]
    put(lake, "file3", [33])
    assert numbers(lake) == [0, 1, 10, 11, 20, 21, 33, 40, 41]
    assert owners(lake, ROWS, [file for file in lake.files(ROWS) if tier(file)]) == {"file0", "file1", "file2", "file4"}


def test_packs_of_packs_and_months_apart(lake: Lake) -> None:
    packed(lake)
    for number in range(5, 8):
        put(lake, f"file{number}", [10 * number])
    with transaction(lake) as tx:
        pack(lake, ROWS, tx, [file for file in lake.files(ROWS) if not tier(file)])
    packed(lake)
    (file,) = lake.files(ROWS)
    assert (tier(file), file.rows) == (2, 13)
    put(lake, "april", [90], "2026-04")
    with transaction(lake) as tx:
        take_out(lake, ROWS, tx, "file6")
    put(lake, "file6", [61, 62])
    assert numbers(lake) == [0, 1, 10, 11, 20, 21, 30, 31, 40, 41, 50, 61, 62, 70, 90]


def test_all_marks_at_once_are_those_one_at_a_time(tmp_path: Path) -> None:
    """Past a checkpoint, of which Delta writes one for every hundred commits, and with a mark that was renewed."""
    lake = open_lake(tmp_path / "lake", create=True)
    for number in range(105):
        put(lake, f"file{number % 90}", [number])
    names = [f"file{number}" for number in range(91)]
    assert (lake.folder(ROWS) / "_delta_log" / "_last_checkpoint").exists()
    assert lake.marks(ROWS, names) == {name: lake.done(ROWS, name) for name in names}
    assert lake.marks(ROWS, names)["file3"] == 93
