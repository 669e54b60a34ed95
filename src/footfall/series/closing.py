"""When an hour is over, so that it may be judged: decided from four moments, by nothing else."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

GRACE = timedelta(minutes=2)
LIVE = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def known_until(*, last_event: datetime, brought_at: datetime, now: datetime, grace: timedelta = GRACE) -> datetime:
    """Up to when everything is known of a shop's log, UTC.

    Until the last event, whose minute is over: events come in the order of time, or late. And until `grace` ago, as far
    as the log is live, which a log is that brought its last event within a day: a shop that has gone silent is silent
    in the hours that pass. An event that is still to come, of a client whose clock is fast, closes nothing.

    >>> noon = datetime(2026, 3, 1, 12)
    >>> moments = {"last_event": noon - timedelta(minutes=1), "brought_at": noon}
    >>> known_until(**moments, now=noon + timedelta(minutes=1)).isoformat()  # by what was seen
    '2026-03-01T12:00:00'
    >>> known_until(**moments, now=noon + timedelta(minutes=62)).isoformat()  # by the clock
    '2026-03-01T13:00:00'

    Args:
        last_event: the time of the last one seen, to the minute.
        brought_at: when the last file came.
        now: by the clock of whoever asks.
        grace: how long after its end an hour may still get events.
    """
    seen = last_event + _MINUTE
    if brought_at - last_event > LIVE:
        return seen
    return max(seen, now - grace) if seen <= now else now - grace


def begin_of_hour(moment: datetime, timezone: str) -> datetime:
    """When the shop's hour of a moment began, both UTC: the end of the last hour that was over then."""
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    return moment - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
