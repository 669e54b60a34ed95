"""Amounts, spans and times as the page says them, in English."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from footfall.publish import wording as messages
from footfall.publish.language import MINUS, clock, percent, short_day
from footfall.publish.language import money as amount

NOTHING = "–"  # noqa: RUF001 - an en dash is what a reader expects in an empty cell
KINDS = {"drop": "drop", "spike": "spike", "level_shift": "new level", "no_data": "no data"}
SIDES = {"up": "More than expected", "down": "Less than expected", "none": "No data"}
VERDICTS = {"true": "said to be right", "false": "said to be false", "expected": "said to be expected"}
_MANY_TIMES = 2.0
_HOUR = timedelta(hours=1)


def moment(when: datetime) -> str:
    """A day and a time of day.

    >>> moment(datetime(2019, 11, 4, 10))
    '4 Nov 2019, 10:00'
    """
    return f"{day(when)}, {clock(when, 'en')}"


def day(when: datetime) -> str:
    """A day: `4 Nov 2019`."""
    return f"{short_day(when, 'en')} {when.year}"


def span(length: timedelta) -> str:
    """How long something is.

    >>> span(timedelta(hours=1)), span(timedelta(hours=47)), span(timedelta(hours=60))
    ('1 hour', '47 hours', '2.5 days')
    """
    hours = round(length / _HOUR)
    return counted(hours, "hour") if hours < 48 else f"{hours / 24:,.1f}".removesuffix(".0") + " days"


def counted(number: float, thing: str) -> str:
    """How many of a thing: `1 hour`, `1,200 hours`."""
    return f"{number:,.0f} {thing}{'' if number == 1 else 's'}"


def signed_money(value: float, unit: str) -> str:
    r"""An amount that is missing or too much.

    >>> signed_money(-45407.1, "EUR"), signed_money(930.0, "")
    ('\u221245,400\xa0EUR', '+930')
    """
    return ("+" if value > 0 else "") + amount(value, unit, "en", rounded=True)


def signed_orders(value: float) -> str:
    """Orders that are missing or too many: `+1,200`; less than half an order is none."""
    rounded = round(value)
    return f"{'+' if rounded > 0 else MINUS if rounded else ''}{abs(rounded):,}"


def change(depth: float) -> str:
    r"""How far from what was to be expected, in per cent or as a multiple.

    >>> change(-0.274), change(0.19), change(11.2)
    ('\u221227%', '+19%', '12 times')
    """
    if depth >= _MANY_TIMES:
        return f"{1 + depth:,.2g} times" if depth < 99 else f"{1 + depth:,.0f} times"
    return ("+" if depth > 0 else "") + percent(depth, "en")


def metric_name(metric: str) -> str:
    """What is counted, within a sentence."""
    known = messages.METRICS.get(metric)
    return known.en.lower() if known else metric


def listed(parts: Sequence[str]) -> str:
    """Names in a row.

    >>> listed(["orders", "revenue", "visits"])
    'orders, revenue and visits'
    """
    return " and ".join([*([", ".join(parts[:-1])] if parts[1:] else []), *parts[-1:]])
