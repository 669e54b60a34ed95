"""What a running server holds: the tables, who may ask, and what was asked."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from footfall.errors import FootfallError
from footfall.registry import Version
from footfall.serve.access import AuditLog, KeyStore, RateLimit
from footfall.serve.api.metrics import Metrics
from footfall.serve.views.freshness import Freshness
from footfall.serve.views.known_shops import KnownShops
from footfall.serve.views.published import Kept, Published
from footfall.serve.views.scoring import Scorer
from footfall.serve.views.users import Users
from footfall.settings import Settings

Value = TypeVar("Value")


@dataclass(frozen=True)
class Limits:
    """What a caller may ask for.

    Attributes:
        per_second: requests, in the long run.
        burst: requests at once.
        body_bytes: size of a request's body.
    """

    per_second: float = 100.0
    burst: int = 200
    body_bytes: int = 1 << 20


@dataclass(frozen=True)
class Server:
    """Everything that answers. `keys` is None where anyone on this machine may do everything."""

    settings: Settings
    published: Published
    users: Kept[Users]
    scorer: Kept[Scorer]
    shops: KnownShops
    freshness: Freshness
    versions: "Remembered[list[Version]]"
    keys: KeyStore | None
    audit: AuditLog
    rate: RateLimit
    limits: Limits
    metrics: Metrics


class Remembered(Generic[Value]):
    """A value that is slow to get, or why it cannot be had, for some seconds."""

    def __init__(self, get: Callable[[], Value], seconds: float) -> None:
        self._get, self._seconds = get, seconds
        self._known: tuple[float, Value | FootfallError] | None = None
        self._lock = Lock()

    def __call__(self) -> Value:
        """The value, as it was at most so many seconds ago.

        Raises:
            FootfallError: it could not be had then.
        """
        with self._lock:
            if self._known is None or time.monotonic() - self._known[0] > self._seconds:
                got = self._try()
                self._known = time.monotonic(), got
            known = self._known[1]
        if isinstance(known, FootfallError):
            raise known.with_traceback(None)
        return known

    def _try(self) -> Value | FootfallError:
        try:
            return self._get()
        except FootfallError as error:
            return error
