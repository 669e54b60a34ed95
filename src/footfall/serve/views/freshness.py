"""How fresh the tables are."""

from dataclasses import asdict
from datetime import UTC, datetime

from footfall.pipeline.status import TableStatus, table_status
from footfall.serve.views.published import Published, Row


class Freshness:
    """Rows, version and age of every table; a version is looked at once."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._known: dict[tuple[str, int], TableStatus] = {}

    def rows(self, now: datetime | None = None) -> list[Row]:
        """One row a table: name, rows, bytes, files, version, committed_at (UTC) and age_seconds."""
        moment = now or datetime.now(UTC).replace(tzinfo=None)
        known = {key: self._known.get(key) or table_status(self._published.lake, key[0]) for key in self._keys()}
        self._known = known
        return [
            asdict(one) | {"age_seconds": max(0.0, (moment - one.committed_at).total_seconds())}
            for one in known.values()
        ]

    def _keys(self) -> list[tuple[str, int]]:
        return sorted(self._published.versions.items())
