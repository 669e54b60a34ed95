"""Packs: one file in the place of many small ones.

Every file of a table is named after what wrote it, its owner, so that a new version of that replaces exactly its rows.
A pack keeps this possible: its row groups are those of the files that went into it, in their order, and its footer says
whose each of them is. So rows of one owner can be taken out again without looking at a row.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq

from footfall.contracts import Table
from footfall.lake.lake import DataFile, Lake
from footfall.lake.writing import Transaction

MOST_TIERS = 2
_PACK = "packed"
_GROUPS, _OWNERS = "footfall.row_groups", "footfall.owners"


def tier(file: DataFile) -> int:
    """0 for a file of one owner, 1 for a pack of such files, 2 for a pack of packs."""
    return int(file.owner.removeprefix(_PACK).partition(".")[0]) if file.owner.startswith(_PACK) else 0


def owners(lake: Lake, table: Table, files: Iterable[DataFile]) -> set[str]:
    """What wrote the rows of these files, and of others in the same packs."""
    ours = {file.owner: file for file in files}  # all files of one pack list the same owners
    return {name for file in ours.values() for name in _listed(lake, table, file)}


def pack(lake: Lake, table: Table, tx: Transaction, files: Sequence[DataFile]) -> None:
    """Put one file for each partition in the place of these, in one commit. No row changes.

    Args:
        lake: the lake.
        table: whose files they are.
        tx: where the packs are written.
        files: of one tier.
    """
    name = f"{_PACK}{tier(files[0]) + 1}.{uuid.uuid4().hex[:12]}"
    listed = sorted(owners(lake, table, files))
    folder, parts = tx.place(table.name), defaultdict(list)
    for file in files:
        parts[Path(file.path).parent].append(file)

    def write(part: Path) -> None:
        groups = [(file, number) for file in parts[part] for number in range(_groups_in(lake, table, file))]
        _write(lake, table, groups, folder / part / "pack.parquet", listed)

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, parts))
    gone = {file.path for file in files}
    tx.replace(table, {folder: name}, replaces=lambda file: file.path in gone)


def take_out(lake: Lake, table: Table, tx: Transaction, owner: str) -> None:
    """Give an owner's rows files of their own again, if they are in packs. No row changes."""
    packs = [file for file in lake.files(table) if tier(file) and owner in _listed(lake, table, file)]
    if not packs:
        return
    written, own = {}, tx.place(table.name)
    for file in packs:
        rest = tx.place(table.name)
        whose = _owner_of_groups(lake, table, file)
        for folder, is_ours in ((own, True), (rest, False)):
            groups = [(file, number) for number, one in enumerate(whose) if (one == owner) is is_ours]
            left = sorted(set(_listed(lake, table, file)) - {owner})
            if groups:
                _write(lake, table, groups, folder / Path(file.path).parent / f"{file.owner}.parquet", left)
        written[rest] = file.owner
    gone = {file.path for file in packs}
    tx.replace(table, written | {own: owner}, replaces=lambda file: file.path in gone)


def _write(
    lake: Lake, table: Table, groups: Sequence[tuple[DataFile, int]], target: Path, listed: Collection[str]
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    whose = []
    with pq.ParquetWriter(target, table.file_schema, compression="zstd") as writer:
        for file, number in groups:
            with pq.ParquetFile(lake.folder(table) / file.path) as source:
                writer.write_table(source.read_row_group(number).select(table.file_schema.names))
                whose.append(_whose(source.metadata, file)[number])
        writer.add_key_value_metadata({_GROUPS: json.dumps(whose), _OWNERS: json.dumps(sorted(listed))})


def _groups_in(lake: Lake, table: Table, file: DataFile) -> int:
    return int(_footer(lake, table, file).num_row_groups)


def _owner_of_groups(lake: Lake, table: Table, file: DataFile) -> list[str]:
    return _whose(_footer(lake, table, file), file)


def _whose(footer: pq.FileMetaData, file: DataFile) -> list[str]:
    if not tier(file):
        return [file.owner] * footer.num_row_groups
    found: list[str] = json.loads(footer.metadata[_GROUPS.encode()])
    return found


def _listed(lake: Lake, table: Table, file: DataFile) -> list[str]:
    if not tier(file):
        return [file.owner]
    found: list[str] = json.loads(_footer(lake, table, file).metadata[_OWNERS.encode()])
    return found


def _footer(lake: Lake, table: Table, file: DataFile) -> pq.FileMetaData:
    return pq.read_metadata(lake.folder(table) / file.path)
