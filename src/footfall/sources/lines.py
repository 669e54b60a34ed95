"""Delimited text -> Arrow tables of strings, block by block, with every line's number and every bad line kept.

A block that Arrow's parser takes line for line costs some 0.3 s per million rows. A block that it does not (text that
is not in the encoding, a quote that is never closed) is parsed again line by line, so that one bad line costs itself
only.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from footfall.sources.mapping import FileFormat

BLOCK_BYTES = 16 << 20

_QUOTE = b'"'


@dataclass(frozen=True)
class BadLine:
    """A line that is not a row: its number in the file and its text."""

    line: int
    text: str


@dataclass(frozen=True)
class Block:
    """A run of whole lines: the number of the first, the header being line 1, their text, and how many they are."""

    line: int
    data: bytes
    lines: int


@dataclass(frozen=True)
class Parsed:
    """A block's rows as strings, the line of each, and the lines that are none."""

    rows: pa.Table
    lines: pa.Array
    bad: list[BadLine] = field(default_factory=list)


def blocks(stream: IO[bytes], layout: FileFormat, *, line: int, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """Cut a stream at line ends; `line` is the number of its first line."""
    rest = b""
    while chunk := stream.read(size):
        data = rest + chunk
        cut = _last_row_end(data, layout)
        if cut:
            lines = data.count(b"\n", 0, cut)
            yield Block(line, data[:cut], lines)
            line += lines
        rest = data[cut:]
    if rest:
        yield Block(line, rest, rest.count(b"\n") + 1)


def _last_row_end(data: bytes, layout: FileFormat) -> int:
    """Where the last whole row ends: at a line end, outside quotes where values may hold line ends."""
    cut = data.rfind(b"\n") + 1
    while layout.newlines_in_values and cut and data.count(_QUOTE, 0, cut) % 2:
        cut = data.rfind(b"\n", 0, cut - 1) + 1
    return cut


def parse(block: Block, names: list[str], layout: FileFormat) -> Parsed:
    """The rows of a block.

    Args:
        block: whole lines.
        names: the header's fields.
        layout: delimiter, encoding, and whether values hold line ends.
    """
    data = _as_utf8(block.data, layout.encoding)
    if data is None:
        return _parse_singly(block, names, layout)
    try:
        parsed = _parse_fast(replace(block, data=data), names, layout)
    except pa.ArrowInvalid:
        return _parse_singly(block, names, layout)
    # With values that hold line ends the count of lines says nothing; Arrow then has parsed the quotes itself.
    whole = layout.newlines_in_values or len(parsed.lines) + len(parsed.bad) == block.lines
    return parsed if whole else _parse_singly(block, names, layout)


def _as_utf8(data: bytes, encoding: str) -> bytes | None:
    """The same text in UTF-8. Arrow prints a traceback for a bad line that is no UTF-8, so it must not meet one."""
    if encoding == "utf-8" and data.isascii():
        return data
    try:
        text = data.decode(encoding)
        return data if encoding == "utf-8" else text.encode()
    except UnicodeDecodeError:
        return None


def _parse_fast(block: Block, names: list[str], layout: FileFormat) -> Parsed:
    skipped: list[tuple[int, str]] = []

    def keep(row: pa_csv.InvalidRow) -> str:
        skipped.append((row.number, row.text))
        return "skip"

    rows = pa_csv.read_csv(
        pa.BufferReader(block.data),
        read_options=pa_csv.ReadOptions(use_threads=False, column_names=names, block_size=len(block.data) + 1),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.delimiter,
            ignore_empty_lines=True,  # the count of lines shows that there was one; looking for it costs more
            newlines_in_values=layout.newlines_in_values,
            invalid_row_handler=keep,
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    lines = _line_numbers(block.line, rows.num_rows, [number for number, _ in skipped])
    bad = [BadLine(block.line + number - 1, text) for number, text in skipped]
    return Parsed(rows, lines, bad)


def _line_numbers(first: int, rows: int, skipped: list[int]) -> pa.Array:
    """Lines of the rows that were kept, given the row numbers (from 1) that were skipped."""
    if not skipped:
        return pa.array(np.arange(first, first + rows))
    kept = np.ones(rows + len(skipped), dtype=bool)
    kept[np.asarray(skipped) - 1] = False
    return pa.array(np.flatnonzero(kept) + first)


def _parse_singly(block: Block, names: list[str], layout: FileFormat) -> Parsed:
    values: list[list[str | None]] = []
    lines: list[int] = []
    bad: list[BadLine] = []
    for number, line in enumerate(block.data.removesuffix(b"\n").split(b"\n"), block.line):
        raw = line.removesuffix(b"\r")
        fields = _fields(raw, layout)
        if fields is not None and len(fields) == len(names):
            values.append([value or None for value in fields])
            lines.append(number)
        else:
            bad.append(BadLine(number, raw.decode(layout.encoding, errors="backslashreplace")))
    columns = zip(*values, strict=True) if values else ((),) * len(names)
    rows = pa.table([pa.array(column, pa.string()) for column in columns], names=names)
    return Parsed(rows, pa.array(lines, pa.int64()), bad)


def _fields(raw: bytes, layout: FileFormat) -> list[str] | None:
    try:
        text = raw.decode(layout.encoding)
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=layout.delimiter))
    except (UnicodeDecodeError, csv.Error, StopIteration):
        return None
