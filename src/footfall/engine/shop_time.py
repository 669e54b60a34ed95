"""UTC -> the shop's local time, as an expression that every engine runs alike."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir


def shop_time(time: ir.TimestampValue, timezone: str, month: str) -> ir.TimestampValue:
    """Local time of event times of one month.

    Args:
        time: naive UTC.
        timezone: IANA name.
        month: the UTC month (`2019-10`) that the times lie in; its clock changes are written into the expression.
    """
    if timezone == "UTC":
        return time
    changes = _offsets(ZoneInfo(timezone), datetime.fromisoformat(f"{month}-01"))
    *early, (_, last) = changes
    branches = [(time < until, time + ibis.interval(seconds=offset)) for until, offset in early]
    local = time + ibis.interval(seconds=last)
    return ibis.cases(*branches, else_=local) if branches else local


def _offsets(zone: ZoneInfo, start: datetime) -> list[tuple[datetime, int]]:
    """Offsets in seconds over the month from `start`, each with the UTC moment at which it ends."""
    quarter = timedelta(minutes=15)  # all zones change at a quarter of an hour
    moments = [start + quarter * step for step in range(31 * 96 + 1)]
    seconds = [_offset(zone, moment) for moment in moments]
    ends = [place for place in range(1, len(moments)) if seconds[place] != seconds[place - 1]]
    return [(moments[end], seconds[end - 1]) for end in ends] + [(datetime.max, seconds[-1])]


def _offset(zone: ZoneInfo, utc: datetime) -> int:
    offset = utc.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
    return round(offset.total_seconds())
