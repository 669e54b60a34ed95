"""What is known of hours and days: shops that are small enough to be seen through."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from footfall.series import days_with_status, hours_with_status

MONDAY = datetime(2020, 1, 6)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Visits = Callable[[datetime], int]


def shop(visits: Visits, *, begins: datetime = MONDAY, days: int = 56) -> pd.Series:
    """Visits by hour; an hour without any has no row."""
    hours = [begins + n * HOUR for n in range(24 * days)]
    counts = pd.Series([visits(hour) for hour in hours], index=pd.DatetimeIndex(hours), dtype="float64")
    return counts[counts > 0]


def by_day(visits: pd.Series, *, days: int = 56, **settings: object) -> dict[date, str]:
    hours = hours_with_status(visits, watermark=MONDAY + days * DAY, **({"timezone": "UTC"} | settings))
    found = days_with_status(hours)
    return {moment.date(): status for moment, status in zip(found.ts, found.status, strict=True)}


def always(hour: datetime) -> int:
    return 5


def on_weekdays_from_9_to_17(hour: datetime) -> int:
    return 5 if hour.weekday() != 5 and 9 <= hour.hour < 17 else 0


def test_a_shop_that_never_sleeps_is_complete() -> None:
    hours = hours_with_status(shop(always), watermark=MONDAY + 56 * DAY, timezone="UTC")
    assert set(hours.status) == {"complete"}
    assert len(hours) == 56 * 24
    assert set(days_with_status(hours).status) == {"complete"}


def test_the_day_of_the_week_without_sales_is_closed_and_so_are_nights() -> None:
    visits = shop(on_weekdays_from_9_to_17)
    hours = hours_with_status(visits, watermark=MONDAY + 56 * DAY, timezone="UTC")
    is_open = np.array([on_weekdays_from_9_to_17(hour) > 0 for hour in hours.ts])
    assert (hours.status[is_open] == "complete").all()
    assert (hours.status[~is_open] == "closed").all()
    assert {day: status for day, status in by_day(visits).items() if day.weekday() == 5} == {
        (MONDAY + (5 + 7 * week) * DAY).date(): "closed" for week in range(8)
    }


def test_one_sale_on_a_closed_day_is_counted_and_the_day_is_not_closed() -> None:
    saturday = MONDAY + 19 * DAY + 10 * HOUR
    visits = shop(lambda hour: 1 if hour == saturday else on_weekdays_from_9_to_17(hour), days=365)
    days = by_day(visits, days=365)
    assert days[saturday.date()] == "complete"
    assert days[(saturday + 7 * DAY).date()] == "closed"


def test_a_month_without_any_event_is_missing_and_the_days_beside_it_are_not() -> None:
    lost = (MONDAY + 21 * DAY, MONDAY + 49 * DAY)
    visits = shop(lambda hour: 0 if lost[0] <= hour < lost[1] else on_weekdays_from_9_to_17(hour), days=84)
    for day, status in by_day(visits, days=84).items():
        is_lost = lost[0].date() <= day < lost[1].date()
        assert status == ("closed" if day.weekday() == 5 else "missing" if is_lost else "complete"), day


def test_an_outage_of_some_hours_makes_the_day_partial() -> None:
    lost = MONDAY + 30 * DAY + 10 * HOUR
    visits = shop(lambda hour: 0 if lost <= hour < lost + 6 * HOUR else always(hour))
    hours = hours_with_status(visits, watermark=MONDAY + 56 * DAY, timezone="UTC")
    assert list(hours.ts[hours.status == "missing"]) == [lost + n * HOUR for n in range(6)]
    assert by_day(visits)[lost.date()] == "partial"


def test_zero_is_not_missing_where_nobody_was_to_be_expected() -> None:
    """An order a week: most hours and days are empty, and none of them is lost or closed."""
    days = by_day(shop(lambda hour: int(hour.weekday() == 2 and hour.hour == 12), days=364), days=364)
    assert set(days.values()) == {"complete"}


def test_a_closed_day_of_the_calendar_is_closed_and_another_missing() -> None:
    christmas, other = MONDAY + 29 * DAY, MONDAY + 36 * DAY
    visits = shop(lambda hour: 0 if hour.date() in (christmas.date(), other.date()) else always(hour))
    days = by_day(visits, closed_days=frozenset({christmas.date()}))
    assert (days[christmas.date()], days[other.date()]) == ("closed", "missing")


def test_a_calendar_day_on_which_something_was_sold_is_open() -> None:
    assert by_day(shop(always), closed_days=frozenset({MONDAY.date()}))[MONDAY.date()] == "complete"


def test_what_the_watermark_cuts_is_partial() -> None:
    watermark = MONDAY + 30 * DAY + 10 * HOUR + timedelta(minutes=20)
    hours = hours_with_status(
        shop(always)[: MONDAY + 30 * DAY + 10 * HOUR], watermark=watermark, timezone="UTC"
    ).set_index("ts")
    assert hours.status[MONDAY + 30 * DAY + 9 * HOUR] == "complete"
    assert hours.status[MONDAY + 30 * DAY + 10 * HOUR] == "partial"
    days = days_with_status(hours.reset_index())
    assert list(days.status[-2:]) == ["complete", "partial"]


def test_a_day_is_complete_when_only_its_closed_hours_lie_after_the_watermark() -> None:
    visits = shop(on_weekdays_from_9_to_17, days=84)[: MONDAY + 70 * DAY + 16 * HOUR]
    hours = hours_with_status(visits, watermark=MONDAY + 70 * DAY + 17 * HOUR, timezone="UTC")
    assert list(days_with_status(hours).status)[-1] == "complete"


@pytest.mark.parametrize(
    ("zone", "begins", "day", "hours"),
    [
        ("Europe/Paris", datetime(2020, 2, 29, 23), date(2020, 3, 29), 23),
        ("Europe/Paris", datetime(2020, 9, 30, 22), date(2020, 10, 25), 25),
        ("Asia/Kolkata", datetime(2020, 2, 29, 18, 30), date(2020, 3, 29), 24),
        ("Australia/Lord_Howe", datetime(2020, 3, 9, 13), date(2020, 4, 5), 25),
    ],
)
def test_days_on_which_clocks_change(zone: str, begins: datetime, day: date, hours: int) -> None:
    found = hours_with_status(pd.Series([1.0], pd.DatetimeIndex([begins])), watermark=begins + 45 * DAY, timezone=zone)
    sizes = found.groupby(found.day.dt.date).size()
    assert found.ts.iloc[0] == begins
    assert sizes[day] == hours
    assert found.ts.is_unique
    assert (found.ts.diff().dropna() >= timedelta(minutes=30)).all()


def test_data_that_begins_in_the_middle_of_a_busy_day_makes_it_partial() -> None:
    noon = MONDAY + 12 * HOUR
    assert by_day(shop(always, begins=noon, days=55))[MONDAY.date()] == "partial"


def test_weeks_that_were_lost_do_not_teach_that_empty_is_usual() -> None:
    lost = (MONDAY + 28 * DAY, MONDAY + 112 * DAY)
    days = by_day(shop(lambda hour: 0 if lost[0] <= hour < lost[1] else always(hour), days=140), days=140)
    assert [day for day, status in days.items() if status == "missing"] == [
        (lost[0] + n * DAY).date() for n in range(84)
    ]
