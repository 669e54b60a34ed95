"""The Python surface: open a lake, run, read results."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from footfall.errors import LakeInvalid
from footfall.lake import open_lake
from footfall.pipeline.cleaning import SourceChoice
from footfall.pipeline.query import query
from footfall.pipeline.run import RunResult, run
from footfall.pipeline.status import Status, status
from footfall.settings import load_settings


class OpenLake:
    """A lake, and what can be done with it. Made by `footfall.open`."""

    def __init__(self, lake: str | Path, settings: dict[str, Any]) -> None:
        self.settings = load_settings(lake=Path(lake), **settings)

    def __repr__(self) -> str:
        return f"footfall.open({str(self.settings.lake)!r})"

    def run(self, *sources: str | Path, source: str = "auto", mapping: str | Path | None = None) -> RunResult:
        """Bring files, folders, globs or URLs into the lake, and all that follows up to date.

        Raises:
            FootfallError: nothing could be done; files that could not be read are in the result's `cleaning.failed`.
        """
        choice = SourceChoice(source, Path(mapping) if mapping else None)
        return run([str(one) for one in sources], self.settings, choice)

    def table(self, name: str) -> pa.Table:
        """All rows of a table, as Arrow. Use `sql` for a part of a big one.

        Raises:
            LakeInvalid: the lake has no such table.
        """
        names = open_lake(self.settings.lake).tables()
        if name not in names:
            raise LakeInvalid(f'lake {self.settings.lake} has no table "{name}"; it has {", ".join(sorted(names))}')
        return self.sql(f'SELECT * FROM "{name}"')

    def sql(self, statement: str) -> pa.Table:
        """The result of one SELECT over the tables, as Arrow.

        Raises:
            QueryRefused: it does more than read the tables, or is not valid.
        """
        return query(open_lake(self.settings.lake), statement)

    def status(self) -> Status:
        """Files, row accounts, tables and how fresh they are."""
        return status(open_lake(self.settings.lake))
