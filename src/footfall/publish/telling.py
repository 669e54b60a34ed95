"""An incident -> the message that tells it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from footfall.publish import wording
from footfall.publish.language import MINUS, Language, Text, about, clock, day, moment, money, number, percent
from footfall.publish.message import Event, Message
from footfall.publish.names import Incident, cause_of, is_daily, name_of, scope_of, shop_time, value_of

# From there on "12 times" reads better than "1,100% above".
_MANY_TIMES = 3.0
_HAPPENED = {"opened": "opened_at", "reopened": "updated_at", "updated": "updated_at", "closed": "closed_at"}


def message_of(incident: Incident, event: Event, language: Language, *, unit_of_money: str, timezone: str) -> Message:
    """Say what is the matter, since when, how bad it is, what it costs, why, and what to do next.

    Args:
        incident: a row of the contract `incidents`.
        event: what is told of it.
        language: of the text.
        unit_of_money: the shop's currency, like EUR or €; empty where it is not known.
        timezone: of the shop; times are told in it.

    Returns:
        The message, due at once and without a plot. The same event of the same incident has the same id.
    """
    known = {name: None if pd.isna(value) else value for name, value in incident.items()}
    told = _Told(known, event, language, unit_of_money, timezone)
    at = pd.Timestamp(known[_HAPPENED[event]]).to_pydatetime()
    stamp = "" if event == "opened" else f"-{at:%Y%m%dT%H%M%S}"
    return Message(
        id=f"{known['incident_id']}-{event}{stamp}",
        incident_id=known["incident_id"],
        event=event,
        at=at,
        title=_title(told),
        body="\n".join([*(part for part in _facts(told) if part), "", *_commands(told)]),
        due_at=at,
    )


@dataclass(frozen=True)
class _Told:
    """An incident, and how to speak of it."""

    incident: dict[str, Any]
    event: Event
    language: Language
    unit_of_money: str
    timezone: str

    def say(self, text: Text, **parts: str) -> str:
        return text.of(self.language).format(**parts)

    def at(self, column: str) -> datetime:
        """On the shop's clock."""
        return shop_time(self.incident, column, self.timezone)

    @property
    def is_over(self) -> bool:
        return self.event == "closed"

    @property
    def is_health(self) -> bool:
        return bool(self.incident["kind"] == "no_data")

    @property
    def share(self) -> float | None:
        """How much of what was expected is missing (below 0) or too much; None where nothing was expected."""
        value, expected = self.incident["value"], self.incident["expected"]
        return value / expected - 1 if value is not None and expected is not None and expected > 0 else None


def _title(told: _Told) -> str:
    if told.is_health:
        return _title_of_no_data(told)
    change = _change(told)
    if told.incident["kind"] == "level_shift":
        change = told.say(wording.NEW_LEVEL, change=change)
    title = told.say(wording.TITLE, name=name_of(told.incident, told.language), change=change)
    return told.say(wording.EVENTS[told.event], title=title)


def _title_of_no_data(told: _Told) -> str:
    where = _where(told)
    if told.is_over:
        return told.say(wording.DATA_AGAIN) + where
    return told.say(wording.EVENTS[told.event], title=told.say(wording.NO_DATA, since=_when(told, "onset")) + where)


def _facts(told: _Told) -> list[str]:
    if told.is_health:
        return [told.say(wording.HEALTHY if told.is_over else wording.HEALTH, span=_span(told), where=_where(told))]
    return [f"{_span(told)}.", _values(told), _cost(told), _cause(told)]


def _where(told: _Told) -> str:
    scope = scope_of(told.incident, told.language)
    return f" ({scope})" if scope else ""


def _when(told: _Told, column: str) -> str:
    return (day if is_daily(told.incident) else moment)(told.at(column), told.language)


def _span(told: _Told) -> str:
    """Since when, or from when until when."""
    if not told.is_over:
        return told.say(wording.SINCE, since=_when(told, "onset"), zone=told.timezone)
    first, last = told.at("onset"), told.at("closed_at")
    if first.date() == last.date():
        hours = {"since": clock(first, told.language), "until": clock(last, told.language)}
        return told.say(wording.ON_A_DAY, day=day(first, told.language), zone=told.timezone, **hours)
    return told.say(wording.FROM_TO, since=_when(told, "onset"), until=_when(told, "closed_at"), zone=told.timezone)


def _change(told: _Told) -> str:
    """How far the value is from what was expected, in words."""
    share = told.share
    if share is None:
        return told.say(wording.FAR_BELOW if told.incident["side"] == "down" else wording.FAR_ABOVE)
    if share + 1 >= _MANY_TIMES:
        return told.say(wording.TIMES, times=number(share + 1, told.language, digits=2))
    return told.say(wording.BELOW if share < 0 else wording.ABOVE, percent=percent(abs(share), told.language))


def _values(told: _Told) -> str:
    value, expected, share = told.incident["value"], told.incident["expected"], told.share
    if value is None or expected is None:
        return ""
    both = [value_of(one, told.incident["metric"], told.unit_of_money, told.language) for one in (value, expected)]
    change = _change(told) if share is None else _signed(share, told.language)
    values = told.say(wording.VALUES, value=both[0], expected=both[1], change=change)
    depth = told.incident["depth"]
    if depth is None or share is None or abs(depth) < abs(share) + 0.01:
        return values
    return f"{values} {told.say(wording.DEEPEST, depth=_signed(depth, told.language))}"


def _signed(share: float, language: Language) -> str:
    return ("+" if share > 0 else "") + percent(share, language)


def _cost(told: _Told) -> str:
    """What is missing, or what is too much, in money and in orders."""
    parts = []
    if told.incident["money"]:
        lost = money(abs(told.incident["money"]), told.unit_of_money, told.language, rounded=True)
        parts.append((told.incident["money"], lost))
    if told.incident["orders"]:
        orders = max(1, round(abs(told.incident["orders"])))
        lost = told.say(wording.ORDERS if orders > 1 else wording.ORDER, number=about(orders, told.language))
        parts.append((told.incident["orders"], lost))
    if not parts:
        return ""
    if all(value < 0 for value, _ in parts):
        text = wording.LOST_IN_ALL if told.is_over else wording.LOST
        return told.say(text, parts=told.say(wording.AND).join(amount for _, amount in parts))
    signed = [f"{'+' if value > 0 else MINUS}{amount}" for value, amount in parts]
    return told.say(wording.BALANCE, parts=told.say(wording.AND).join(signed))


def _cause(told: _Told) -> str:
    parts, share, series = [], told.incident["cause_share"], told.incident["series"]
    if told.incident["cause"]:
        parts.append(told.say(wording.CAUSE, cause=cause_of(told.incident, told.language)))
        if share is not None:
            parts[0] += told.say(wording.CAUSE_SHARE, share=percent(share, told.language))
        parts[0] += "."
    elif told.incident["dimension"] == "all":
        parts.append(told.say(wording.EVERYWHERE))
    if series and series > 1:
        parts.append(told.say(wording.SERIES, series=number(series, told.language)))
    return " ".join(parts)


def _commands(told: _Told) -> list[str]:
    """What can be typed: of an incident that is over nobody needs to be reminded later."""
    known = {name: text for name, text in wording.COMMANDS.items() if not told.is_over or name in wording.ONCE_OVER}
    typed = {name: f"footfall incidents {name} {told.incident['incident_id']}" for name in known}
    width = max(map(len, typed.values()))
    return [told.say(wording.NEXT), *(f"  {typed[name]:<{width}}  {told.say(text)}" for name, text in known.items())]
