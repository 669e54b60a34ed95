"""How fresh the tables are."""

from dataclasses import asdict
from datetime import UTC, datetime

from footfall.errors import LakeInvalid
from footfall.pipeline.status import TableStatus, table_status
from footfall.serve.views.published import Published, Row


class Freshness:
    """Rows, version and age of every table; a version is looked at once."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._known: dict[tuple[str, str], TableStatus] = {}

    def rows(self, now: datetime | None = None) -> list[Row]:
        """One row a table: name, rows, bytes, files, version, committed_at (UTC) and age_seconds.

        While the lake cannot be read they are those of before.

        Raises:
            LakeInvalid: a table is gone.
        """
        moment = now or datetime.now(UTC).replace(tzinfo=None)
        if self._published.failure is None:
            self._known = self._look()
        return [
            asdict(one) | {"age_seconds": max(0.0, (moment - one.committed_at).total_seconds())}
            for one in self._known.values()
        ]

    def _look(self) -> dict[tuple[str, str], TableStatus]:
        try:
            return {key: self._known.get(key) or table_status(self._published.lake, key[0]) for key in self._keys()}
        except LookupError as error:
            raise LakeInvalid(f"table {error} of lake {self._published.lake.root} is gone") from error

    def _keys(self) -> list[tuple[str, str]]:
        return [(name, self._published.tag(name)) for name in sorted(self._published.versions)]
