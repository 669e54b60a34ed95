"""Many small files -> few: a file that comes every minute leaves one in every bucket, some 20,000 a day."""

from itertools import groupby

from footfall.clean.clean import file_key
from footfall.contracts import EVENTS, QUARANTINE, ROW_ACCOUNTS, Table
from footfall.ingest.landing import known_files
from footfall.lake import MOST_TIERS, DataFile, Lake, pack, tier, transaction
from footfall.pipeline.counting import is_counted, shop_months
from footfall.pipeline.months import event_months

MANY = 24
"""Files of a partition that are packed together; packs are packed again once they are as many, then no more."""


def pack_small_files(lake: Lake, timezone: str) -> int:
    """Pack what is cleaned, and counted as well. No row changes, and a pack is one commit.

    Args:
        lake: the caller holds its lock.
        timezone: the shop's.

    Returns:
        How many files went into packs; none as long as events are not counted, for what came since could not be told.
    """
    if not all(is_counted(lake, month, timezone, by_parts=True) for month in shop_months(event_months(lake), timezone)):
        return 0
    marks = lake.marks(ROW_ACCOUNTS, known_files(lake))
    done = {file_key(name) for name, mark in marks.items() if mark is not None}
    return sum(_pack(lake, table, done) for table in (EVENTS, QUARANTINE))


def _pack(lake: Lake, table: Table, done: set[str]) -> int:
    ours = [file for file in lake.files(table) if tier(file) < MOST_TIERS and (tier(file) or file.owner in done)]
    packed = 0
    for _, alike in groupby(sorted(ours, key=_kind), key=_kind):
        files = list(alike)
        if len({file.owner for file in files}) < MANY:
            continue
        with transaction(lake) as tx:
            pack(lake, table, tx, files)
        packed += len(files)
    return packed


def _kind(file: DataFile) -> tuple[str, int]:
    return file.partition.get("month", ""), tier(file)
