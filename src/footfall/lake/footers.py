"""What Parquet footers tell without reading a row."""

from collections.abc import Iterable
from datetime import datetime

import pyarrow.parquet as pq


def time_span(files: Iterable[str], column: str) -> tuple[datetime, datetime]:
    """The first and the last time in a column of files that hold rows, from the statistics of their row groups."""
    groups = [statistics for file in files for statistics in _statistics(file, column)]
    return min(group.min for group in groups), max(group.max for group in groups)


def _statistics(file: str, column: str) -> list[pq.Statistics]:
    footer = pq.read_metadata(file)
    place = footer.schema.names.index(column)
    return [footer.row_group(number).column(place).statistics for number in range(footer.num_row_groups)]
