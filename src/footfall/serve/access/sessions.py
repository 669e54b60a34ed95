"""Browsers that have signed in: each has a token, which says nothing and opens nothing elsewhere."""

import secrets
import threading
import time
from collections.abc import Callable

IDLE_SECONDS = 12 * 3600.0


class Sessions:
    """Which key each token stands for, in memory: after a restart of the server everybody signs in again.

    A browser keeps the token, never the key. Threads may use it at the same time.

    Args:
        idle_seconds: a token that was not used for so long is forgotten.
        clock: monotonic seconds.
    """

    def __init__(self, idle_seconds: float = IDLE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._held: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def begin(self, key: str) -> str:
        """A new token for an API key."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            self._held = {one: held for one, held in self._held.items() if not self._is_over(held[1], now)}
            self._held[token] = key, now
        return token

    def key_of(self, token: str) -> str | None:
        """The key that a token stands for; None if it stands for none, or not any more."""
        with self._lock:
            key, used_at = self._held.get(token, (None, 0.0))
            now = self._clock()
            if key is None or self._is_over(used_at, now):
                self._held.pop(token, None)
                return None
            self._held[token] = key, now
            return key

    def end(self, token: str) -> None:
        """Forget a token."""
        with self._lock:
            self._held.pop(token, None)

    def __len__(self) -> int:
        """How many tokens are remembered."""
        return len(self._held)

    def _is_over(self, used_at: float, now: float) -> bool:
        return now - used_at > self._idle_seconds
