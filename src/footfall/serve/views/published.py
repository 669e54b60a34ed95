"""The published tables of a lake, kept at hand by a server that sees new versions within a second."""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import pyarrow as pa

import footfall
from footfall.errors import FootfallError, LakeInvalid, UserError
from footfall.lake import open_lake
from footfall.pipeline.query import Reader
from footfall.settings import Settings

Row = dict[str, Any]
Value = TypeVar("Value")

LOOK_EVERY_SECONDS = 1.0
_log = logging.getLogger("footfall.serve")

_MADE_BY = {
    "forecasts": "forecast",
    "backtests": "forecast",
    "anomalies": "detect",
    "incidents": "detect",
    "metric_series": "series",
    "volumes": "series",
    "user_features": "features",
    "customer_segments": "segments",
    "segment_profiles": "segments",
    "segment_migration": "segments",
    "k_selection": "segments",
}


class NotPublished(UserError):
    """A table is not there yet.

    Attributes:
        table: which one.
        lake: of which lake.
        command: what makes it.
    """

    def __init__(self, table: str, lake: str) -> None:
        self.table, self.lake = table, lake
        self.command = f"footfall {_MADE_BY.get(table, 'run SOURCE')} --lake {lake}"
        super().__init__(f"lake {lake} has no table {table} yet; `{self.command}` makes it")


class Kept(Generic[Value]):
    """What is made of some tables, anew whenever one of them has a new version.

    Attributes:
        failure: why the last try to make it failed; what was made before goes on to be used.
    """

    def __init__(self, tables: tuple[str, ...], make: Callable[[Reader], Value]) -> None:
        self._tables, self._make = tables, make
        self._made_from: str | None = None
        self._value: Value | None = None
        self.failure: FootfallError | None = None

    def update(self, published: "Published", reader: Reader) -> None:
        """Make it anew if the tables are not those that it was made from."""
        tag = published.tag(*self._tables)
        if tag == self._made_from:
            return
        try:
            self._value, self._made_from, self.failure = self._make(reader), tag, None
        except FootfallError as error:
            self.failure = error

    @property
    def is_empty(self) -> bool:
        """Whether it could never be made yet."""
        return self._value is None

    @property
    def value(self) -> Value:
        """The latest.

        Raises:
            NotPublished: there is nothing yet to make it of.
            LakeInvalid: it could never be made.
        """
        if self._value is None:
            # A new error each time: one that is raised again and again keeps all its tracebacks.
            if isinstance(self.failure, NotPublished):
                raise NotPublished(self.failure.table, self.failure.lake)
            raise LakeInvalid(f"the published tables cannot be used: {self.failure}")
        return self._value

    @property
    def trouble(self) -> str | None:
        """What is wrong with it; None if nothing is, or if there is nothing yet to make it of."""
        if self.failure is None or isinstance(self.failure, NotPublished):
            return None
        return f"{'nothing can be answered' if self.is_empty else 'answers are of an earlier version'}: {self.failure}"


class Published:
    """A lake's tables for one question after the other, from any thread.

    A thread of its own looks for new versions: no question waits for one.

    Args:
        settings: which lake; its time zone, calendar and policy.
        memory: limit of the engine that answers.
        threads: cores that it may use.
    """

    def __init__(self, settings: Settings, *, memory: str = "1GB", threads: int | None = None) -> None:
        self.settings = settings
        self.lake = open_lake(settings.lake)
        self._limits: dict[str, Any] = {"memory": memory, "threads": threads or settings.threads}
        self._lake_made_at = self.lake.made_at()
        self._reader = Reader(self.lake, **self._limits)
        self._kept: list[Kept[Any]] = []
        self._changing = threading.Lock()
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None
        self._failure: str | None = None

    def start(self) -> None:
        """Look for new versions from now on."""
        self._watcher = threading.Thread(target=self._watch, name="published", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._watcher is not None:
            self._watcher.join()

    def _watch(self) -> None:
        logged = None
        while not self._ended.wait(LOOK_EVERY_SECONDS):
            try:
                self.look()
                self._failure = None
            except (FootfallError, OSError) as error:  # a disk may be away for a while
                self._failure = str(error)
            if self.failure not in (None, logged):
                _log.error("%s", self.failure)
            logged = self.failure

    @property
    def failure(self) -> str | None:
        """Why new versions are not seen; None if they are."""
        if self._watcher is not None and not self._watcher.is_alive() and not self._ended.is_set():
            return "a defect ended the look for new versions, and the log has it; start the server again"
        return self._failure or next(filter(None, (one.trouble for one in self._kept)), None)

    def look(self) -> None:
        """Take up the tables' current versions, and what is made of them."""
        with self._changing:
            made_at, versions = self.lake.made_at(), self.lake.versions()
            if (made_at, versions) != (self._lake_made_at, self._reader.versions):
                # Questions that are being answered keep the reader before alive until they are done.
                self._reader = Reader(self.lake, versions, **self._limits)
                self._lake_made_at = made_at
            for one in self._kept:
                one.update(self, self._reader)

    def keep(self, *tables: str, make: Callable[[Reader], Value]) -> Kept[Value]:
        """Keep what is made of some tables at hand; it is made at once, and anew with each of their versions."""
        one = Kept(tables, make)
        with self._changing:
            one.update(self, self._reader)
            self._kept.append(one)
        return one

    @property
    def versions(self) -> Mapping[str, int]:
        """The numbers of the versions that questions are answered from."""
        return self._reader.versions

    def tag(self, *tables: str) -> str:
        """A short text that changes with each version of some tables, of the lake, and of Footfall."""
        versions = [self._reader.versions.get(name) for name in tables]
        known = (tables, versions, self._lake_made_at, footfall.__version__)
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]

    def need(self, *tables: str) -> None:
        """See that there are some tables.

        Raises:
            NotPublished: one is missing; it says which command makes it.
        """
        for name in tables:
            if name not in self._reader.versions:
                raise NotPublished(name, str(self.settings.lake))

    def ask(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The result of one SELECT; `$name` in it stands for a parameter."""
        return self._reader.ask(sql, parameters)

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """The same as plain rows."""
        rows: list[Row] = self.ask(sql, parameters).to_pylist()
        return rows
