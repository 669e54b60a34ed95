"""What Parquet footers tell without reading a row."""

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq


def time_span(files: Iterable[str], column: str) -> tuple[datetime, datetime]:
    """The first and the last time in a column of files that hold rows, from the statistics of their row groups."""
    groups = [statistics for file in files for statistics in _statistics(file, column)]
    return min(group.min for group in groups), max(group.max for group in groups)


def time_spans(footer: pq.FileMetaData) -> dict[str, tuple[datetime, datetime]]:
    """The first and the last time in every column of times, where all row groups tell them."""
    times = [field.name for field in footer.schema.to_arrow_schema() if pa.types.is_timestamp(field.type)]
    told = {name: _of_groups(footer, name) for name in times}
    return {
        name: (min(one.min for one in groups), max(one.max for one in groups))
        for name, groups in told.items()
        if groups and all(one is not None and one.has_min_max for one in groups)
    }


def _statistics(file: str, column: str) -> list[pq.Statistics]:
    return _of_groups(pq.read_metadata(file), column)


def _of_groups(footer: pq.FileMetaData, column: str) -> list[pq.Statistics]:
    place = footer.schema.names.index(column)
    return [footer.row_group(number).column(place).statistics for number in range(footer.num_row_groups)]
