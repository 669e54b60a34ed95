"""When an hour is over: by what was seen, or by the clock."""

from datetime import datetime, timedelta

import pytest

from footfall.series import begin_of_hour, known_until

NOON = datetime(2026, 3, 1, 12)
M = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (NOON - 1 * M, NOON + 0.1 * M, NOON),  # the last minute of the hour was seen
        (NOON - 2 * M, NOON + 1 * M, NOON - M),  # not yet, and it may still come
        (NOON - 9 * M, NOON + 2 * M, NOON),  # quiet minutes: the grace is over
        (NOON - 9 * M, NOON + 600 * M, NOON + 598 * M),  # silent for hours
        (NOON + 3 * M, NOON - 1 * M, NOON - 3 * M),  # a client's clock is fast
        (NOON + 3 * M, NOON + 2 * M, NOON),  # and the hour closes all the same
        (NOON + 3 * M, NOON + 4 * M, NOON + 4 * M),
    ],
)
def test_known_until(last: datetime, now: datetime, expected: datetime) -> None:
    assert known_until(last_event=last, brought_at=last + M, now=now) == expected


def test_no_clock_closes_the_hours_of_a_log_that_is_history() -> None:
    bought = NOON - timedelta(days=2)
    assert known_until(last_event=bought, brought_at=NOON, now=NOON + 999 * M) == bought + M


def test_a_clock_that_went_back_opens_nothing_that_was_seen() -> None:
    before, after = (known_until(last_event=NOON, brought_at=NOON, now=NOON + span * M) for span in (5, 2))
    assert (before, after) == (NOON + 3 * M, NOON + 1 * M)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", "12:00"), ("Asia/Kolkata", "11:30"), ("Asia/Kathmandu", "12:15"), ("America/New_York", "12:00")],
)
def test_hours_are_the_shop_s(zone: str, expected: str) -> None:
    assert f"{begin_of_hour(NOON + timedelta(minutes=29, seconds=7), zone):%H:%M}" == expected
