"""Small but nasty lists of cleaned events, and moments at which to look at them.

Everything comes from a handful of values, so that days, sessions, orders, products, prices and minutes collide.
Rows may be equal in every column: two events of one minute are two events.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import add

from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Event

MOST_EVENTS = 40

USERS = tuple(f"{bucket}{'0' * 30}{number}" for number, bucket in enumerate("007f", start=1))
"""Pseudonyms; the first two share a bucket."""

PERIODS = (
    (datetime(2020, 1, 1), datetime(2020, 2, 1), datetime(2020, 3, 1), datetime(2020, 4, 1)),
    (datetime(2019, 12, 1), datetime(2020, 1, 1), datetime(2020, 2, 1), datetime(2020, 3, 1)),
)
"""Three months and the end of the last: a leap day, a change of the clock, the turn of a year."""

BEFORE_EVERYTHING = datetime(2019, 11, 30, 12)
AFTER_EVERYTHING = datetime(2020, 6, 15, 12)

TIMEZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")

DAY = timedelta(days=1)
LATE = timedelta(hours=23, minutes=50)

MONTH_OFFSETS = (
    timedelta(0),
    timedelta(hours=17, minutes=50),
    LATE,
    14 * DAY + LATE,
    15 * DAY,
    28 * DAY,
    28 * DAY + LATE,
    29 * DAY,
)
"""From the first of a month: before evening, around the 16th, around the end of the 28 days of a reference price."""

TURNS = (
    datetime(2020, 2, 14, 23, 50),  # Friday to Saturday
    datetime(2020, 2, 16, 23, 50),  # Sunday to Monday
    datetime(2020, 3, 8, 6, 50),  # the clocks of New York
    datetime(2020, 3, 29, 0, 50),  # the clocks of Berlin
)


def critical_times(period: Sequence[datetime]) -> list[datetime]:
    """Moments of the period at which a day, a month, a window or the clock turns, or is about to."""
    first, *_, end = period
    of_months = [month + offset for month in period for offset in MONTH_OFFSETS]
    before_months = [month - ahead for month in period for ahead in (DAY, timedelta(minutes=10))]
    return [moment for moment in (*of_months, *before_months, *TURNS) if first <= moment < end]


# The longest gap stays below 30 minutes, at which a session would be split.
GAP_MINUTES = (0, 0, 1, 9, 29)

PRICES = (10.0, 9.0, 9.01, 9.5, 0.7, 0.63, 0.01, 0.00004, 1999.99)
"""Some are nine tenths of another, one is the mean of two others, and one is so low that its amount rounds to 0."""


@dataclass(frozen=True)
class Line:
    """What happens in one step of a visit."""

    minutes_later: int
    event_type: str
    product_id: str
    category_id: str | None
    category_code: str
    brand: str
    price: float
    price_is_known: bool
    quantity: int
    is_product: bool
    order: int
    country: str | None


LINES = st.builds(
    Line,
    minutes_later=st.sampled_from(GAP_MINUTES),
    event_type=st.sampled_from(("view",) * 4 + ("cart",) * 3 + ("remove_from_cart", "purchase", "purchase", "refund")),
    product_id=st.sampled_from(("lamp", "mug", "rug")),
    category_id=st.sampled_from(("101", "102", None)),
    category_code=st.sampled_from(("unknown", "home", "home.light")),
    brand=st.sampled_from(("unknown", "acme", "zeta")),
    price=st.sampled_from(PRICES),
    price_is_known=st.booleans(),
    quantity=st.integers(1, 3),
    is_product=st.sampled_from((True, True, True, True, True, False)),
    order=st.integers(1, 3),
    country=st.sampled_from((None, "germany")),
)


@dataclass(frozen=True)
class Visit:
    """Steps of one visitor, each at most 29 minutes after the one before."""

    visitor: str | None
    starts_at: datetime
    least_gap_minutes: int
    has_session: bool
    lines: list[Line]


def visits(visitors: Sequence[str], period: Sequence[datetime]) -> st.SearchStrategy[Visit]:
    first, *_, end = period
    any_minute = st.integers(0, (end - first) // timedelta(minutes=1) - 1)
    return st.builds(
        Visit,
        visitor=st.sampled_from((*visitors, *visitors, None)),
        starts_at=st.sampled_from(critical_times(period))
        | any_minute.map(lambda minute: first + timedelta(minutes=minute)),
        least_gap_minutes=st.sampled_from((0, 0, 29)),
        has_session=st.sampled_from((True, True, True, True, False)),
        lines=st.lists(LINES, min_size=1, max_size=10),
    )


@st.composite
def event_lists(draw: st.DrawFn) -> list[Event]:
    """Up to 40 events of one to four users and of visitors without an id, in no order, over three months."""
    period = draw(st.sampled_from(PERIODS))
    visitors = USERS[: draw(st.integers(1, len(USERS)))]
    drawn = draw(st.lists(visits(visitors, period), max_size=12))
    events = [event for number, visit in enumerate(drawn) for event in visit_events(visit, number)]
    return [event for event in events if event.event_time < period[-1]][:MOST_EVENTS]


def visit_events(visit: Visit, number: int) -> list[Event]:
    events = []
    moment = visit.starts_at
    for line in visit.lines:
        events.append(event_of(line, visit, number, moment))
        moment += timedelta(minutes=max(line.minutes_later, visit.least_gap_minutes))
    return events


def event_of(line: Line, visit: Visit, number: int, moment: datetime) -> Event:
    return Event(
        event_time=moment,
        event_type=line.event_type,
        product_id=line.product_id,
        category_id=line.category_id,
        category_code=line.category_code,
        brand=line.brand,
        price=line.price if line.price_is_known or line.event_type != "remove_from_cart" else None,
        quantity=quantity_of(line),
        amount=amount_of(line),
        is_product=line.is_product,
        currency="EUR",
        user_id=visit.visitor,
        # A new one in every month, as `clean` has it.
        session_id=f"visit {number} in {moment:%Y-%m}" if visit.has_session else None,
        order_id=order_of(line),
        country=line.country,
    )


def quantity_of(line: Line) -> int:
    if line.event_type == "refund":
        return -line.quantity
    return line.quantity if line.event_type in ("cart", "purchase") else 1


def amount_of(line: Line) -> float:
    if line.event_type in ("purchase", "refund"):
        return round(line.price * quantity_of(line), 4)
    return 0.0


def order_of(line: Line) -> str | None:
    """Few ids, which several users share: an order is one only together with its user."""
    prefixes = {"purchase": "order", "refund": "refund"}
    return f"{prefixes[line.event_type]} {line.order}" if line.event_type in prefixes else None


def as_ofs() -> st.SearchStrategy[datetime]:
    """After everything, at a month's first moment, in the middle of a visit or of a month, seldom before everything."""
    months = sorted({month for period in PERIODS for month in period})
    turns = sorted({moment for period in PERIODS for moment in critical_times(period)})
    plain = (AFTER_EVERYTHING, AFTER_EVERYTHING, *reversed(months), BEFORE_EVERYTHING)
    mid_month = [month + timedelta(days=14, hours=12, minutes=34, seconds=56) for month in reversed(months)]
    minutes = st.integers(0, 60).map(lambda minutes: timedelta(minutes=minutes))
    in_visit = st.builds(add, st.sampled_from(turns), minutes)
    return st.just(AFTER_EVERYTHING) | st.sampled_from(plain) | st.sampled_from(mid_month) | in_visit


def timezones() -> st.SearchStrategy[str]:
    return st.sampled_from(TIMEZONES)


def many_events(seed: int) -> list[Event]:
    """Several generated lists in one, drawn from a seed."""
    random.seed(seed)
    drawn: list[Event] = []

    @settings(database=None, deadline=None, max_examples=15, derandomize=True)
    @given(events=event_lists())
    def draw(events: list[Event]) -> None:
        drawn.extend(in_own_sessions(events, number=len(drawn)))

    draw()
    return random.sample(drawn, min(len(drawn), 120))


def in_own_sessions(events: list[Event], number: int) -> list[Event]:
    """The events with session ids that no other list has: a session belongs to one user."""
    return [
        replace(event, session_id=None if event.session_id is None else f"{number} {event.session_id}")
        for event in events
    ]
