"""The days that all pages speak of."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import streamlit as st

from footfall.publish.language import Language, Text, day
from footfall.serve.dashboard.address import recall, recall_as, remember_as, said_of, text_of

PRESETS = {
    "7": Text("Last 7 days", "7 derniers jours"),
    "28": Text("Last 28 days", "28 derniers jours"),
    "90": Text("Last 90 days", "90 derniers jours"),
    "all": Text("All days", "Tous les jours"),
    "dates": Text("From … to …", "Du … au …"),
}
USUAL = "28"
_LABEL = Text("Period", "Période")
_DAYS = Text("First and last day", "Premier et dernier jour")
_NO_DAYS = Text(
    "The address asks for \u201c{told}\u201d: the shop has no such days, but those from {first} to {last}. The last 28 "
    "days are shown instead.",
    "L'adresse demande «\u00a0{told}\u00a0»\u00a0: la boutique n'a pas ces jours, mais ceux du {first} au {last}. "
    "Les 28 derniers jours sont affichés à la place.",
)
_LONGEST = 40


@dataclass(frozen=True)
class Period:
    """From a day to another; both count."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def recall_period(first: date, last: date) -> None:
    """Before anything speaks of the period: what it is, of the days that the shop has."""
    recall("period", tuple(PRESETS), USUAL)
    if st.session_state["period"] == "dates":
        recall_as("days", lambda text: days_in(text, first, last) or _usual(first, last))


def period_in_links() -> dict[str, str]:
    """What links to other pages say of the period."""
    chosen = st.session_state.get("period", said_of("period") or USUAL)
    if chosen != "dates":
        return {} if chosen == USUAL else {"period": chosen}
    days = st.session_state.get("days")
    return {"period": chosen, "days": _text_of(days) if days else said_of("days")}


def choose_period(first: date, last: date, language: Language) -> Period:
    """The filter: the latest days, all of them, or any, of those that the shop has; `recall_period` comes before."""
    # Widgets are drawn beside each other only where somebody names the days.
    chosen = st.selectbox(
        _LABEL.of(language), tuple(PRESETS), key="period", format_func=lambda one: PRESETS[one].of(language)
    )
    if chosen == "dates":
        return _named(first, last, language)
    remember_as({"period": text_of(chosen, USUAL), "days": ""})
    return Period(first if chosen == "all" else max(first, last - timedelta(days=int(chosen) - 1)), last)


def _named(first: date, last: date, language: Language) -> Period:
    days = st.date_input(
        _DAYS.of(language), min_value=first, max_value=last, key="days",
        format="DD/MM/YYYY" if language == "fr" else "YYYY-MM-DD",
    )  # fmt: skip
    found = days if isinstance(days, tuple) else (days,)
    # While the second day is still to be clicked, the first stands alone.
    period = Period(found[0], found[-1]) if found else Period(first, last)
    # Which days are usual changes with every day that comes, and a link is to name those that were seen.
    if len(found) == 2:
        remember_as({"period": "dates", "days": _text_of(found)}, anyway=not said_of("days"))
    return period


def days_not_there(first: date, last: date, language: Language) -> str:
    """What is to be said where the address asks for days that the shop does not have; else nothing."""
    told = said_of("days")
    if not told or days_in(told, first, last):
        return ""
    ends = {name: day(datetime.combine(one, time()), language) for name, one in (("first", first), ("last", last))}
    return _NO_DAYS.of(language).format(told=told[:_LONGEST], **ends)


def _usual(first: date, last: date) -> tuple[date, date]:
    return max(first, last - timedelta(days=int(USUAL) - 1)), last


def _text_of(days: tuple[date, ...]) -> str:
    return f"{days[0]}..{days[-1]}"


def days_in(text: str, first: date, last: date) -> tuple[date, date] | None:
    """What `FROM..TO` and a shop's days have in common; None where that is nothing, or where it is no such text.

    >>> days_in("2019-09-01..2019-10-03", date(2019, 10, 1), date(2019, 11, 30))
    (datetime.date(2019, 10, 1), datetime.date(2019, 10, 3))
    """
    begin, _, end = text.partition("..")
    try:
        days = max(date.fromisoformat(begin), first), min(date.fromisoformat(end), last)
    except ValueError:
        return None
    return days if days[0] <= days[1] else None
