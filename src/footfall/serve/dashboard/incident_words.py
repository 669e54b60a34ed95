"""Incidents in words, in both languages: as messages tell them."""

from datetime import datetime
from typing import Any

from footfall.publish import message_of
from footfall.publish.language import MINUS, Text, moment, money
from footfall.publish.names import cause_of, is_daily, name_of, scope_of, shop_time
from footfall.serve.dashboard.elements import Column
from footfall.serve.dashboard.visit import NOTHING, Visit
from footfall.serve.views.published import Row

KINDS = {
    "drop": Text("drop", "baisse"),
    "spike": Text("spike", "pic"),
    "level_shift": Text("new level", "nouveau niveau"),
    "no_data": Text("no data", "aucune donnée"),
}
STATUSES = {"open": Text("open", "en cours"), "closed": Text("over", "terminé")}
VERDICTS = {
    "true": Text("a real incident", "un vrai incident"),
    "false": Text("a false alert", "une fausse alerte"),
    "expected": Text("planned by the shop", "prévu par la boutique"),
}
SINCE, UNTIL = Text("Since", "Début"), Text("Until", "Fin")
_WHAT, _MONEY, _CAUSE, _STATUS = (
    Text("What", "Quoi"),
    Text("Revenue vs expected", "Écart de CA"),
    Text("Cause", "Cause"),
    Text("Status", "État"),
)
_NO_DATA = Text("No data", "Aucune donnée")


def title_of(visit: Visit, row: Row) -> str:
    """What the matter is, in a line."""
    if row["kind"] == "no_data":
        return subject_of(visit, row)
    settings = visit.served.settings
    return message_of(row, "opened", visit.language, unit_of_money=visit.unit, timezone=settings.timezone).title


def subject_of(visit: Visit, row: Row) -> str:
    """What it is about: the series that leads, or data that is missing, of which there is no series."""
    if row["kind"] != "no_data":
        return series_name(visit, row)
    scope = scope_of(row, visit.language)
    return visit.say(_NO_DATA) + (f" ({scope})" if scope else "")


def facts_of(visit: Visit, row: Row) -> str:
    """What happened, since when, what it costs and why, as a message tells it; without the commands at its end."""
    settings = visit.served.settings
    event = "opened" if row["status"] == "open" else "closed"
    said = message_of(row, event, visit.language, unit_of_money=visit.unit, timezone=settings.timezone)  # type: ignore[arg-type]
    return said.body.partition("\n\n")[0]


def series_name(visit: Visit, row: Row) -> str:
    """A series in words."""
    return name_of(row, visit.language)


def on_clock(visit: Visit, row: Row, column: str) -> datetime:
    """A moment of an incident on the shop's clock; while it goes on, its end is when it was last looked at."""
    which = column if row[column] is not None else "updated_at"
    return shop_time(row, which, visit.served.settings.timezone).replace(tzinfo=None)


def time_of(visit: Visit, row: Row, column: str) -> str:
    """The same in words: a day where the leading series is counted by day; nothing where it is not over."""
    if row[column] is None:
        return NOTHING
    when = on_clock(visit, row, column)
    return visit.day(when) if is_daily(row) else moment(when, visit.language)


def cause_in_words(visit: Visit, row: Row) -> str:
    """Which members explain it, and how much of it."""
    if not row["cause"]:
        return NOTHING
    share = f" ({visit.percent(row['cause_share'])})" if row["cause_share"] is not None else ""
    return cause_of(row, visit.language) + share


def signed_money(visit: Visit, value: float | None) -> str:
    """What is missing, or too much."""
    if value is None:
        return NOTHING
    return ("+" if value > 0 else MINUS if value < 0 else "") + money(
        abs(value), visit.unit, visit.language, rounded=True
    )


def signed_count(visit: Visit, value: float | None) -> str:
    """How many are missing, or too many."""
    text = visit.count(value)
    return f"+{text}" if value is not None and round(value) > 0 else text


def incident_rows(visit: Visit, rows: list[Row]) -> list[Row]:
    """Rows of `incidents` with what is made of several of their columns."""
    return [
        row
        | {"title": title_of(visit, row), "in_words": cause_in_words(visit, row)}
        | {f"{column}_in_words": time_of(visit, row, column) for column in ("onset", "closed_at")}
        for row in rows
    ]


def incident_columns(visit: Visit) -> list[Column]:
    """How a list of incidents is shown."""

    def status(value: Any) -> str:
        return visit.say(STATUSES[value])

    return [
        Column("title", _WHAT, is_long=True),
        Column("onset_in_words", SINCE),
        Column("closed_at_in_words", UNTIL),
        Column("status", _STATUS, status),
        Column("money", _MONEY, lambda value: signed_money(visit, value), is_number=True),
        Column("in_words", _CAUSE, is_long=True),
    ]
