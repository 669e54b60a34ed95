"""A raw file -> Arrow batches of its rows, with pseudonyms in place of user ids.

This is the only code that sees raw user ids. Both engines run it: DuckDB pulls its batches, Spark's workers call it.
So lines are numbered, malformed rows are told and pseudonyms are made in the same way everywhere.

A batch has the parsed columns of `parsed_schema` and one `raw_<name>` text column for every column of the file, except
that of the user.
"""

import csv
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.errors import SourceUnreadable
from footfall.sources.lines import BadLine, Block, Parsed, blocks, parse
from footfall.sources.mapping import FileFormat, Source
from footfall.sources.masking import mask
from footfall.sources.packed import packing, unpacked
from footfall.sources.pseudonyms import Pseudonymiser
from footfall.sources.values import numbers, times

_PARSERS = 2
_ROWS_PER_BATCH = 1 << 17

Progress = Callable[[int], None]


@dataclass(frozen=True)
class RowReader:
    """Reads one file as its source says. It can be sent to another process, and read any number of times.

    Args:
        path: the file.
        source: what it looks like.
        pseudonyms: turns user ids into pseudonyms.
    """

    path: Path
    source: Source
    pseudonyms: Pseudonymiser

    def header(self) -> list[str]:
        """The file's columns, checked against the source's.

        Raises:
            SourceUnreadable: the file has no header, or lacks a column that the source names.
        """
        names = read_header(self.path, self.source.file)
        missing = [column for column in self.source.columns.values() if column not in names]
        if missing:
            raise SourceUnreadable(
                f"{self.path.name}, line 1: column {_quoted(missing)} is missing for source {self.source.name}; "
                f"the header has {_quoted(names)}{_delimiter_hint(names, self.source.file)}"
            )
        folded = [name.casefold() for name in names]
        if len(set(folded)) < len(folded):
            raise SourceUnreadable(f"{self.path.name}, line 1: two columns have the same name in {_quoted(names)}")
        return names

    def schema(self) -> pa.Schema:
        """The schema of the batches."""
        return schema_of(self.header(), self.source)

    def batches(self, progress: Progress = lambda _: None) -> Iterator[pa.RecordBatch]:
        """All rows in the order of the file; `progress` is called with the number of packed bytes read so far.

        Raises:
            SourceUnreadable: the file turns out to be cut off or no text.
        """
        schema = self.schema()
        tables = self._parquet(progress) if packing(self.path) == "parquet" else self._text(progress)
        for table in tables:
            yield from table.select(schema.names).cast(schema).to_batches()

    def _text(self, progress: Progress) -> Iterator[pa.Table]:
        layout, names = self.source.file, self.header()
        with unpacked(self.path) as stream, ThreadPoolExecutor(_PARSERS) as pool:
            stream.readline(_LONGEST_HEADER)

            def table(block: Block) -> pa.Table:
                parsed = parse(block, names, layout)
                return _with_bad_lines(canonical(parsed, self.source, self.pseudonyms), self._masked(parsed.bad, names))

            for parsed in _ahead(pool, table, blocks(stream, layout, line=2)):
                progress(_position(stream))
                yield parsed

    def _parquet(self, progress: Progress) -> Iterator[pa.Table]:
        file, row, size = pq.ParquetFile(self.path), 1, self.path.stat().st_size
        for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH):
            lines = pa.array(range(row, row + batch.num_rows), pa.int64())
            yield canonical(Parsed(pa.Table.from_batches([batch]), lines), self.source, self.pseudonyms)
            row += batch.num_rows
            progress(size * row // (file.metadata.num_rows + 1))

    def _masked(self, bad: list[BadLine], names: list[str]) -> list[BadLine]:
        identifying = [
            names.index(self.source.columns[name]) for name in ("user_id", "session_id") if name in self.source.columns
        ]
        return [
            BadLine(line.line, mask(line.text, self.source.file.delimiter, identifying))
            for line in bad
            if line.text.strip()
        ]


_PARSED: list[tuple[str, pa.DataType]] = [
    ("line", pa.int64()),
    ("malformed", pa.string()),
    ("event_time", pa.timestamp("us")),
    ("price", pa.float64()),
    ("amount", pa.float64()),
    ("quantity", pa.float64()),
    ("user_id", pa.string()),
    ("bucket", pa.int32()),
]


def schema_of(names: Iterable[str], source: Source) -> pa.Schema:
    """The schema of a reader's batches, given the columns that a file of the source has."""
    user = source.columns.get("user_id")
    return pa.schema([*_PARSED, *((raw_name(name), pa.string()) for name in names if name != user)])


def canonical(parsed: Parsed, source: Source, pseudonyms: Pseudonymiser) -> pa.Table:
    """Rows as the source has them -> the parsed columns and the raw ones."""
    rows, columns = parsed.rows, source.columns
    absent = pa.nulls(rows.num_rows)
    raw = {name: rows[name].combine_chunks() for name in rows.column_names}
    users = raw.get(columns.get("user_id", ""), absent.cast(pa.string()))
    fallback = raw.get(columns.get("session_id", columns.get("order_id", "")), parsed.lines).cast(pa.string())
    user_id, bucket = pseudonyms.of(users.cast(pa.string()), fallback)
    table = {
        "line": parsed.lines,
        "malformed": absent.cast(pa.string()),
        "event_time": times(raw[columns["event_time"]], source.time),
        **{
            name: numbers(raw[columns[name]], source.numbers) if name in columns else absent.cast(pa.float64())
            for name in ("price", "amount", "quantity")
        },
        "user_id": user_id,
        "bucket": bucket,
        **{raw_name(name): raw[name].cast(pa.string()) for name in raw if name != columns.get("user_id")},
    }
    return pa.table(table)


def raw_name(column: str) -> str:
    """The batch column that holds the file's column as text."""
    return f"raw_{column}"


def read_header(path: Path, layout: FileFormat | None = None) -> list[str]:
    """The names in the file's first line (or in its Parquet schema).

    Raises:
        SourceUnreadable: the file is empty, packed wrongly, or no text.
    """
    layout = layout or FileFormat()
    if packing(path) == "parquet":
        try:
            return list(pq.read_schema(path).names)
        except pa.ArrowInvalid as error:
            raise SourceUnreadable(f"{path.name}: is damaged or not a whole Parquet file ({error})") from error
    with unpacked(path) as stream:
        first = stream.readline(_LONGEST_HEADER)
    if b"\x00" in first or len(first) == _LONGEST_HEADER:
        raise SourceUnreadable(f"{path.name}: is not a text file; CSV (plain, gzip, xz, zip) or Parquet was expected")
    try:
        text = first.decode(layout.encoding).removeprefix("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise SourceUnreadable(f"{path.name}, line 1: is not {layout.encoding} text ({error.reason})") from error
    names = next(csv.reader([text], delimiter=layout.delimiter), [])
    if not names:
        raise SourceUnreadable(f"{path.name}, line 1: is empty; a header line was expected")
    return [name.strip() for name in names]


_LONGEST_HEADER = 1 << 16


def _position(stream: IO[bytes]) -> int:
    """How far the packed file has been read, in bytes."""
    raw = getattr(stream, "fileobj", None) or getattr(stream, "_fp", None) or stream
    try:
        return int(raw.tell())
    except (OSError, ValueError):
        return 0


def _ahead(pool: ThreadPoolExecutor, work: Callable[[Block], pa.Table], items: Iterable[Block]) -> Iterator[pa.Table]:
    """`map` in order, with a few items worked on ahead of the one that is asked for."""
    waiting = iter(items)
    queue = deque(pool.submit(work, item) for item in itertools.islice(waiting, _PARSERS + 1))
    while queue:
        done = queue.popleft().result()
        queue.extend(pool.submit(work, item) for item in itertools.islice(waiting, 1))
        yield done


def _with_bad_lines(table: pa.Table, bad: list[BadLine]) -> pa.Table:
    if not bad:
        return table
    columns = {
        "line": pa.array([line.line for line in bad], pa.int64()),
        "malformed": pa.array([line.text for line in bad], pa.string()),
    }
    return pa.concat_tables([table, pa.table(columns)], promote_options="default")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _delimiter_hint(names: list[str], layout: FileFormat) -> str:
    found = next((mark for mark in (";", "\t", "|", ",") if mark != layout.delimiter and mark in names[0]), None)
    if len(names) > 1 or found is None:
        return ""
    return f"; it looks delimited by {found!r}: use a mapping file with [file] delimiter = {found!r}"
