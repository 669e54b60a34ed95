"""The days that all pages speak of."""

from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from footfall.publish.language import Language, Text
from footfall.serve.dashboard.address import recall, recall_days, remember

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


@dataclass(frozen=True)
class Period:
    """From a day to another; both count."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def period_in_links() -> dict[str, str]:
    """What links to other pages say of the period; the filter itself is drawn only after them."""
    chosen = st.session_state.get("period", st.query_params.get("period", USUAL))
    if chosen != "dates":
        return {} if chosen == USUAL else {"period": chosen}
    days = st.session_state.get("days")
    told = "..".join(map(str, days)) if days else st.query_params.get("days", "")
    return {"period": chosen, "days": told}


def choose_period(first: date, last: date, language: Language) -> Period:
    """The filter: the latest days, all of them, or any, of those that the shop has."""
    recall("period", tuple(PRESETS), USUAL)
    # Widgets are drawn beside each other only where somebody names the days.
    chosen = st.selectbox(
        _LABEL.of(language), tuple(PRESETS), key="period", format_func=lambda one: PRESETS[one].of(language)
    )
    remember("period", USUAL)
    if chosen == "dates":
        return _named(first, last, language)
    st.query_params.pop("days", None)
    return Period(first if chosen == "all" else max(first, last - timedelta(days=int(chosen) - 1)), last)


def _named(first: date, last: date, language: Language) -> Period:
    recall_days("days", first, last)
    days = st.date_input(
        _DAYS.of(language), min_value=first, max_value=last, key="days",
        format="DD/MM/YYYY" if language == "fr" else "YYYY-MM-DD",
    )  # fmt: skip
    found = days if isinstance(days, tuple) else (days,)
    # While the second day is still to be clicked, the first stands alone.
    period = Period(found[0], found[-1]) if found else Period(first, last)
    st.query_params["days"] = f"{period.first}..{period.last}"
    return period
