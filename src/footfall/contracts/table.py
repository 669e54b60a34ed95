"""The shape of a table, apart from any engine."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

Zone = Literal["raw", "cleansed", "processed", "models"]


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, what it means, and its unit where it has one."""

    name: str
    type: pa.DataType
    definition: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table's contract.

    `grain` names the columns that identify a row (in words where no set of columns does).
    Partition columns stand in the folder's name and not in the files.
    """

    name: str
    zone: Zone
    grain: str
    definition: str
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()

    @cached_property
    def schema(self) -> pa.Schema:
        """All columns, in order, as Arrow types."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @cached_property
    def file_schema(self) -> pa.Schema:
        """The columns that stand inside the files: all but the partition's."""
        return pa.schema([field for field in self.schema if field.name not in self.partition_by])
