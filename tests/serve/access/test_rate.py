"""Nobody gets more than the bucket gives, and nobody less."""

import sys
import threading
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SettingInvalid
from footfall.serve.access import RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Bucket:
    """A bucket of tokens, as one would explain it."""

    def __init__(self, per_second: Fraction, burst: int) -> None:
        self._per_second, self._burst = per_second, burst
        self._tokens, self._at = Fraction(burst), Fraction(0)

    def take(self, now: Fraction) -> Fraction:
        self._tokens = min(Fraction(self._burst), self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return Fraction(0)
        return (1 - self._tokens) / self._per_second


@given(
    per_second=st.sampled_from(["1/2", "1", "2", "8"]).map(Fraction),
    burst=st.integers(1, 5),
    calls=st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40))),
)
def test_a_call_is_allowed_when_the_callers_bucket_has_a_token(
    per_second: Fraction, burst: int, calls: list[tuple[str, int]]
) -> None:
    """All times are sixteenths of a second, which floats hold exactly."""
    clock = Clock()
    limit = RateLimit(float(per_second), burst, clock)
    buckets = {name: Bucket(per_second, burst) for name in "ab"}
    for name, pause in calls:
        clock.now += pause / 16
        assert limit.take(name) == float(buckets[name].take(Fraction(clock.now)))


@given(
    per_second=st.floats(0.01, 1e5),
    burst=st.integers(1, 100),
    start=st.floats(0, 1e7),
    calls=st.integers(1, 300),
)
def test_who_waits_as_long_as_told_is_let_in(per_second: float, burst: int, start: float, calls: int) -> None:
    clock = Clock()
    clock.now = start
    limit = RateLimit(per_second, burst, clock)
    assert [limit.take("someone") for _ in range(burst)] == [0.0] * burst
    for _ in range(calls):
        wait = limit.take("someone")
        clock.now += wait
        assert wait == 0.0 or limit.take("someone") == 0.0


def test_who_is_refused_does_not_wait_longer_for_it() -> None:
    clock = Clock()
    limit = RateLimit(0.5, 1, clock)
    assert limit.take("someone") == 0.0
    assert [limit.take("someone") for _ in range(100)] == [2.0] * 100


def test_callers_whose_buckets_are_full_again_are_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(10, 20, clock)
    for number in range(10_000):
        clock.now = number / 100
        assert limit.take(f"caller {number}") == 0.0
    # Each is full again after 0.1 s, and they are looked through every 2 s, in which 200 come.
    assert len(limit) <= 210


def test_who_still_lacks_tokens_is_not_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(1, 2, clock)
    limit.take("before")
    clock.now = 1.5
    assert [limit.take("someone") for _ in range(2)] == [0.0, 0.0]
    clock.now = 2.0
    limit.take("another")
    assert limit.take("someone") == 0.5


def test_threads_get_no_more_than_there_is() -> None:
    limit = RateLimit(1, 2000, Clock())
    allowed: list[int] = []

    def call() -> None:
        allowed.append(sum(limit.take("someone") == 0.0 for _ in range(1000)))

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(usual)
    assert sum(allowed) == 2000


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (1, 0), (float("nan"), 1)])
def test_a_limit_that_lets_nobody_in_is_refused(per_second: float, burst: int) -> None:
    with pytest.raises(SettingInvalid, match="rate limit"):
        RateLimit(per_second, burst)
