"""Volumes in plain Python: one pass for each thing that is counted."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from oracle import Event

Key = tuple[datetime, datetime, str, str]
Counts = dict[str, float]


def volumes_oracle(events: Sequence[Event], timezone: str, month: str) -> dict[Key, Counts]:
    """Counts by (hour in UTC, day of the shop, dimension, member)."""
    found: dict[Key, Counts] = defaultdict(lambda: defaultdict(float))
    ours = [event for event in events if event.is_product and f"{local(event, timezone):%Y-%m}" == month]
    active = [event for event in ours if event.event_type != "refund"]
    bought = [event for event in ours if event.event_type == "purchase"]

    def count(event: Event, members: tuple[str, str, str], **amounts: float) -> None:
        named = {"all": "all", **dict(zip(("category", "brand", "country"), members, strict=True))}
        for dimension, member in named.items():
            for measure, amount in amounts.items():
                found[*place_in_time(event, timezone), dimension, member][measure] += amount

    for event in active:
        kind = {"view": "views", "cart": "carts"}.get(event.event_type)
        count(event, members_of(event), events=1, **({kind: 1} if kind else {}))
    for event in ours:
        if event.event_type == "refund":
            count(event, members_of(event), refunds=-event.amount)
    for event in bought:
        count(event, members_of(event), items=event.quantity, revenue=event.amount)
    for lines in groups(bought, lambda event: event.order_id and (event.user_id or "", event.order_id)):
        count(first(lines), dearest(lines), orders=1)
    for visit in groups(active, lambda event: event.session_id):
        is_buying = any(event.event_type == "purchase" for event in visit)
        count(first(visit), members_of(first(visit)), sessions=1, buying_sessions=is_buying)
    for hour in groups(active, lambda e: e.user_id and (e.user_id, place_in_time(e, timezone))):
        same_day = [
            e for e in active if e.user_id == hour[0].user_id and day_of(e, timezone) == day_of(hour[0], timezone)
        ]
        is_first = place_in_time(first(same_day), timezone) == place_in_time(hour[0], timezone)
        count(first(hour), members_of(first(hour)), users=1, day_users=is_first)
    return found


def groups(events: Iterable[Event], key: Callable[[Event], object]) -> Iterable[list[Event]]:
    by: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        if key(event):
            by[key(event)].append(event)
    return by.values()


def first(events: Sequence[Event]) -> Event:
    return min(events, key=lambda event: (event.event_time, members_of(event)))


def dearest(lines: Sequence[Event]) -> tuple[str, str, str]:
    amounts: dict[tuple[str, str, str], float] = defaultdict(float)
    for line in lines:
        amounts[members_of(line)] += line.amount
    return min(amounts, key=lambda members: (-round(amounts[members], 6), members))


def members_of(event: Event) -> tuple[str, str, str]:
    return (event.category_code, event.brand, event.country or "unknown")


def local(event: Event, timezone: str) -> datetime:
    return event.event_time.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


def place_in_time(event: Event, timezone: str) -> tuple[datetime, datetime]:
    return event.event_time - timedelta(minutes=local(event, timezone).minute), day_of(event, timezone)


def day_of(event: Event, timezone: str) -> datetime:
    return local(event, timezone).replace(hour=0, minute=0)
