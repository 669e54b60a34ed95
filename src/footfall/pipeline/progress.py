"""How a run says what it is doing. The CLI draws it; by default nothing is shown."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int, int | None], None]


class Progress(Protocol):
    """Where a run reports to."""

    def step(self, text: str) -> None:
        """A step begins."""

    def bytes(self, text: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """A step over bytes; the advance is called with bytes done, and in all where that is known only later."""


class Silence:
    """Reports nothing."""

    def step(self, text: str) -> None:
        """Say nothing."""

    @contextmanager
    def bytes(self, text: str, total: int | None = None) -> Iterator[Advance]:
        """Say nothing."""
        del text, total
        yield lambda _done, _total: None
