"""The months of a shop as compressed CSV files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from isal import igzip

from footfall.simulate.arrays import Bools, Ints, Stream, chance
from footfall.simulate.dirt import DirtyRows, MonthlyDirt, spoiled
from footfall.simulate.period import Month
from footfall.simulate.rows import HEADER, RowWriter
from footfall.simulate.shop import Day, Shop, days_of

FAST_COMPRESSION = 1
# The text of so many rows is held at once.
ROWS_PER_BLOCK = 500_000


@dataclass(frozen=True)
class WrittenMonth:
    """A month's file: its rows without the header, and the line and kind of each bad row; the header is line 1."""

    file_name: str
    rows: int
    dirty_line: Ints
    dirty_kind: Ints


def write_months(
    shop: Shop, folder: Path, progress: Callable[[int, int], None]
) -> tuple[tuple[WrittenMonth, ...], Bools]:
    """Write each month into a folder; returns what was written, and which users have an event in it."""
    seen = np.zeros(len(shop.people), dtype=np.bool_)
    days, writer = _watched(days_of(shop), shop.period.days, seen, progress), RowWriter(shop)
    months = tuple(
        _write_month(month, days, writer, folder, chance(shop.seed, Stream.DIRT, number))
        for number, month in enumerate(shop.period.months)
    )
    progress(shop.period.days, shop.period.days)
    return months, seen


def _watched(days: Iterator[Day], total: int, seen: Bools, progress: Callable[[int, int], None]) -> Iterator[Day]:
    """Pass the days on; note their users, and tell how many days are done when one begins."""
    for day in days:
        progress(day.number, total)
        seen[day.events.user] = True
        yield day


def _write_month(
    month: Month, days: Iterator[Day], writer: RowWriter, folder: Path, rng: np.random.Generator
) -> WrittenMonth:
    dirt = MonthlyDirt(month.days, rng)
    rows, lines, kinds = 0, [], []
    with _compressed(folder / month.file_name) as file:
        file.write(HEADER.encode())
        for day in islice(days, month.days):
            soiled = dirt.soil(day.events)
            for text in _texts(day, soiled, writer, rng):
                file.write(text)
            lines.append(rows + 2 + soiled.position)
            kinds.append(soiled.kind)
            rows += len(soiled.event)
    return WrittenMonth(month.file_name, rows, np.concatenate(lines), np.concatenate(kinds))


@contextmanager
def _compressed(path: Path) -> Iterator[BinaryIO]:
    # Without a name and a time in the gzip header, equal rows are equal bytes.
    with (
        path.open("wb") as raw,
        igzip.IGzipFile("", "wb", FAST_COMPRESSION, raw, mtime=0) as file,  # type: ignore[no-untyped-call]
    ):
        yield cast("BinaryIO", file)


def _texts(day: Day, soiled: DirtyRows, writer: RowWriter, rng: np.random.Generator) -> Iterator[memoryview]:
    """The day's rows as CSV text, block by block."""
    for start in range(0, len(soiled.event), ROWS_PER_BLOCK):
        lines = writer.lines(day, soiled.event[start : start + ROWS_PER_BLOCK])
        here = (soiled.position >= start) & (soiled.position < start + ROWS_PER_BLOCK)
        yield _characters(_with_spoiled(lines, soiled.position[here] - start, soiled.kind[here], rng))


def _with_spoiled(lines: pa.Array, position: Ints, kind: Ints, rng: np.random.Generator) -> pa.Array:
    good = lines.take(pa.array(position)).to_pylist()
    bad = [spoiled(line, int(each), rng) for line, each in zip(good, kind, strict=True)]
    mask = np.zeros(len(lines), dtype=np.bool_)
    mask[position] = True
    return pc.replace_with_mask(lines, pa.array(mask), pa.array(bad, pa.string()))


def _characters(lines: pa.Array) -> memoryview:
    """The lines' text, which Arrow holds as one piece."""
    _, offsets, characters = lines.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return memoryview(characters)[bounds[0] : bounds[-1]]
