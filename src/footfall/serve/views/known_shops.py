"""The shop that events of a request are seen beside, and whose turn it is to be scored."""

import os
from collections.abc import Awaitable, Callable
from threading import Lock
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from footfall.errors import TransientError
from footfall.pipeline.known_shop import KnownShop
from footfall.serve.views.published import Published

Value = TypeVar("Value")

_MOST_WAITING = 8


class ScoringBusy(TransientError):
    """As many requests as may wait to be scored are waiting."""


class Turns:
    """Work of seconds, in threads: no more at a time than there are cores, and a few that wait.

    Shared threads, of which anyio has 40, would all be taken by it, and no other question be answered.

    Args:
        cores: how much at a time.
    """

    def __init__(self, cores: int) -> None:
        self._limiter = CapacityLimiter(cores)

    async def run(self, work: Callable[[], Value], *, is_given_up: Callable[[], Awaitable[bool]]) -> Value:
        """The result of work, once it has its turn.

        Args:
            work: is run in a thread.
            is_given_up: whether nobody waits for the result any more; then it is not begun.

        Raises:
            ScoringBusy: too many wait already.
        """
        if self._limiter.statistics().tasks_waiting >= _MOST_WAITING:
            raise ScoringBusy(f"{_MOST_WAITING} requests wait to be scored, which is as many as may; come again")
        async with self._limiter:
            if await is_given_up():
                raise ScoringBusy("whoever asked has gone")
            return await run_sync(work)


class KnownShops:
    """The shop as of the tables' current versions, built when first asked for: on a big lake that takes seconds.

    Attributes:
        turns: of the requests that take long.
    """

    def __init__(self, published: Published) -> None:
        self._published = published
        self._lock = Lock()
        self._known: KnownShop | None = None
        self.turns = Turns(published.settings.threads or os.cpu_count() or 1)

    def __call__(self) -> KnownShop:
        """The shop now. One before it lives on until whoever uses it is done.

        Raises:
            NotPublished: there are no features yet.
            SettingInvalid: the lake's files do not tell how events are read.
        """
        self._published.need("customer_segments", "user_features")
        with self._lock:
            if self._known is None or not self._known.is_current():
                self._known = KnownShop(self._published.lake, self._published.settings)
            return self._known
