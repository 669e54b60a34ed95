"""How often somebody may call: a bucket of tokens for each caller."""

import threading
import time
from collections.abc import Callable

from footfall.errors import SettingInvalid

# What a sum of seconds may be off by: whoever waits as long as told is not told to wait again.
_ROUNDING_SECONDS = 1e-6


class RateLimit:
    """So many calls a second, and so many at once after a pause. Threads may use it at the same time.

    Of a caller only the moment is kept at which the bucket is full again (the generic cell rate algorithm, ITU-T
    I.371); when it has passed, the caller is forgotten.

    Args:
        per_second: tokens that come into a bucket each second.
        burst: tokens that a bucket holds.
        clock: monotonic seconds.

    Raises:
        SettingInvalid: no call would ever be allowed.
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        if not (per_second > 0 and burst >= 1):
            raise SettingInvalid(
                f"a rate limit of {per_second:g} calls a second and {burst} at once allows none: "
                "the first must be above 0, the second 1 or more"
            )
        self._seconds_a_token = 1 / per_second
        self._seconds_to_fill = burst / per_second
        self._clock = clock
        self._full_at: dict[str, float] = {}
        self._tidy_at = clock()
        self._lock = threading.Lock()

    def take(self, name: str) -> float:
        """Take a token from a caller's bucket.

        Returns:
            0 if there was one; else the seconds until there is one, and nothing is taken.
        """
        with self._lock:
            now = self._clock()
            self._forget_full(now)
            full_at = max(now, self._full_at.get(name, now)) + self._seconds_a_token
            wait = full_at - now - self._seconds_to_fill
            if wait > _ROUNDING_SECONDS:
                return wait
            self._full_at[name] = full_at
            return 0.0

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._full_at)

    def _forget_full(self, now: float) -> None:
        """Once in the time that an empty bucket takes to fill, so that a call costs the same with many callers."""
        if now >= self._tidy_at:
            self._full_at = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
            self._tidy_at = now + self._seconds_to_fill
