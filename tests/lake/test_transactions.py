"""A table changes in one commit, keeps its contract, and remembers what it was."""

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from footfall.contracts import PRODUCT_PRICES, ROW_ACCOUNTS
from footfall.errors import ContractViolated, LakeBusy, LakeInvalid
from footfall.lake import Lake, open_lake, sweep, transaction


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(tmp_path / "lake", create=True)


def accounts(*rows: int) -> pa.Table:
    lines = [{"source_file": f"{number}.csv", "outcome": "kept", "rows": count} for number, count in enumerate(rows)]
    return pa.Table.from_pylist(lines, ROW_ACCOUNTS.schema)


def counts(lake: Lake) -> list[int]:
    return sorted(lake.load(ROW_ACCOUNTS)["rows"].to_pylist())


def test_a_write_replaces_what_was_there_and_history_stays_readable(lake: Lake) -> None:
    for rows in [(1, 2, 3), (4,)]:
        with transaction(lake) as tx:
            tx.write(ROW_ACCOUNTS, accounts(*rows), done={"key": len(rows)})
    assert counts(lake) == [4]
    assert lake.done(ROW_ACCOUNTS, "key") == 1
    assert lake.done(ROW_ACCOUNTS, "other") is None
    folder = lake.folder(ROW_ACCOUNTS)
    now = DeltaTable(str(folder)).version()
    old = DeltaTable(str(folder), version=now - 1)
    past = [
        pq.read_table(folder / path)["rows"].to_pylist() for path in pa.table(old.get_add_actions())["path"].to_pylist()
    ]
    assert past == [[1, 2, 3]]
    assert not any(lake.staging.iterdir())


def test_only_the_files_that_are_picked_are_replaced(lake: Lake) -> None:
    for owner, rows in [("a", (1,)), ("b", (2,)), ("a", (3,))]:
        with transaction(lake) as tx:
            folder = tx.place("rows")
            folder.mkdir(parents=True)
            pq.write_table(accounts(*rows), folder / "rows.parquet")
            written = tx.replace(
                ROW_ACCOUNTS, [folder], owner=owner, replaces=lambda file, owner=owner: file.path.startswith(owner)
            )
            assert written == 1
    assert counts(lake) == [2, 3]


def test_a_stage_that_fails_leaves_the_table_as_it_was(lake: Lake) -> None:
    with transaction(lake) as tx:
        tx.write(ROW_ACCOUNTS, accounts(1))
    version = DeltaTable(str(lake.folder(ROW_ACCOUNTS))).version()

    def fail() -> None:
        with transaction(lake) as tx:
            folder = tx.place("rows")
            folder.mkdir(parents=True)
            pq.write_table(accounts(9), folder / "rows.parquet")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert counts(lake) == [1]
    assert DeltaTable(str(lake.folder(ROW_ACCOUNTS))).version() == version
    assert not any(lake.staging.iterdir())


@pytest.mark.parametrize(
    "rows",
    [
        pa.table({"source_file": ["a"], "outcome": ["kept"], "rows": ["three"]}),
        pa.table({"source_file": ["a"], "outcome": ["kept"]}),
        pa.table({"source_file": ["a"], "outcome": ["kept"], "rows": [3], "mood": ["good"]}),
    ],
    ids=["type", "missing", "extra"],
)
def test_columns_that_are_not_the_contracts_are_refused(rows: pa.Table, lake: Lake) -> None:
    with transaction(lake) as tx:
        tx.write(ROW_ACCOUNTS, accounts(1))

    def replace() -> None:
        with transaction(lake) as tx:
            folder = tx.place("rows")
            folder.mkdir(parents=True)
            pq.write_table(rows, folder / "rows.parquet")
            tx.replace(ROW_ACCOUNTS, [folder])

    with pytest.raises(ContractViolated, match="row_accounts"):
        replace()
    assert counts(lake) == [1]
    assert len(list(lake.folder(ROW_ACCOUNTS).glob("*.parquet"))) == 1


def test_files_that_were_moved_and_not_committed_are_swept(lake: Lake) -> None:
    """As a run leaves them that dies between its moves and its commit."""
    with transaction(lake) as tx:
        tx.write(ROW_ACCOUNTS, accounts(1))
    folder = lake.folder(ROW_ACCOUNTS)
    stray = folder / "part-dead.parquet"
    pq.write_table(accounts(9), stray)
    note = lake.staging / "dead" / "1.moves.json"
    note.parent.mkdir(parents=True)
    (kept,) = (file.name for file in folder.glob("*.parquet") if file != stray)
    note.write_text(f'{{"table": "cleansed/row_accounts", "files": ["{stray.name}", "{kept}"]}}')
    sweep(lake)
    assert not stray.exists()
    assert not lake.staging.exists()
    assert counts(lake) == [1]


def test_a_note_that_was_cut_off_sweeps_nothing_else(lake: Lake) -> None:
    with transaction(lake) as tx:
        tx.write(ROW_ACCOUNTS, accounts(1))
    lake.staging.mkdir(exist_ok=True)
    (lake.staging / "1.moves.json").write_text('{"table": "cleansed/row_acc')
    sweep(lake)
    assert counts(lake) == [1]
    assert not lake.staging.exists()


def test_partitions_are_read_by_the_folders_names(lake: Lake) -> None:
    with transaction(lake) as tx:
        folder = tx.place("prices")
        for month in ("2019-10", "2019-11"):
            (folder / f"month={month}").mkdir(parents=True)
            rows = [{"product_id": month, "category": "c", "day": None, "price": 1.0, "events": 1}]
            table = pa.Table.from_pylist(rows, PRODUCT_PRICES.file_schema)
            pq.write_table(table, folder / f"month={month}" / "rows.parquet")
        assert tx.replace(PRODUCT_PRICES, [folder]) == 2
    (october,) = lake.files(PRODUCT_PRICES, lambda part: part["month"] == "2019-10")
    assert october.rows == 1
    assert dict(october.partition) == {"month": "2019-10"}


def test_a_second_writer_is_told_to_wait(lake: Lake) -> None:
    held, finish, told = threading.Event(), threading.Event(), []

    def hold() -> None:
        with Lake(lake.root).lock():
            held.set()
            finish.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    held.wait(10)
    try:
        with pytest.raises(LakeBusy, match="another run is writing"), lake.lock():
            told.append("got in")
    finally:
        finish.set()
        other.join()
    assert not told
    with lake.lock():
        told.append("free again")


def test_a_lake_of_a_later_format_is_not_touched(lake: Lake) -> None:
    (lake.root / "lake.json").write_text('{"format": 2, "key_id": null}')
    with pytest.raises(LakeInvalid, match="upgrade"):
        open_lake(lake.root, create=True)


def test_a_damaged_card_is_told(lake: Lake) -> None:
    (lake.root / "lake.json").write_text('{"form')
    with pytest.raises(LakeInvalid, match=r"lake\.json"):
        open_lake(lake.root)
