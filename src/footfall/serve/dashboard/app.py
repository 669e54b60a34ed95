"""The frame of all pages: who looks, the way around, the language, the period."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, cast

import streamlit as st

from footfall.publish.language import Language, Text
from footfall.serve.access import Caller, Permission
from footfall.serve.dashboard.address import recall, remember
from footfall.serve.dashboard.elements import heading, message, note, told
from footfall.serve.dashboard.pages import anomalies, forecasts, models, overview, quality, segments, users
from footfall.serve.dashboard.period import Period, choose_period, days_not_there, period_in_links, recall_period
from footfall.serve.dashboard.served import Served, served
from footfall.serve.dashboard.sign_in import caller_of, known_caller, sign_out
from footfall.serve.dashboard.visit import Visit, answer
from footfall.serve.views.overview import span, unit_of_money

_STYLE = Path(__file__).with_name("style.css")
_LANGUAGES: Mapping[Language, str] = {"en": "English", "fr": "Français"}
_LANGUAGE = Text("Language", "Langue")
_NOT_ALLOWED = Text("Not for your roles", "Non accessible avec vos rôles")
_ROLE = Text(
    "Your key has the role {roles}, which may not see this page ({permission}).",
    "Votre clé a le rôle {roles}, qui ne donne pas accès à cette page ({permission}).",
)
_ROLES = Text(
    "Your key has the roles {roles}, and none of them may see this page ({permission}).",
    "Votre clé a les rôles {roles}, et aucun ne donne accès à cette page ({permission}).",
)


@dataclass(frozen=True)
class Place:
    """A page: where it is, what it is called and tells, who may see it, what it shows."""

    path: str
    title: Text
    note: Text
    permission: Permission
    show: Callable[[Visit], None]


PLACES = (
    Place("overview", overview.TITLE, overview.NOTE, "series:read", overview.show),
    Place("segments", segments.TITLE, segments.NOTE, "segments:read", segments.show),
    Place("users", users.TITLE, users.NOTE, "users:read", users.show),
    Place("forecasts", forecasts.TITLE, forecasts.NOTE, "forecasts:read", forecasts.show),
    Place("anomalies", anomalies.TITLE, anomalies.NOTE, "incidents:read", anomalies.show),
    Place("quality", quality.TITLE, quality.NOTE, "quality:read", quality.show),
    Place("models", models.TITLE, models.NOTE, "models:read", models.show),
)


def show() -> None:
    """Show the page that the address names."""
    st.set_page_config(layout="wide")
    st.html(_STYLE)
    here = served()
    recall("lang", tuple(_LANGUAGES), _language_of_browser())
    language = cast(Language, st.session_state["lang"])
    pages = [(place, _page(place, language, here)) for place in PLACES]
    chosen = st.navigation([page for _, page in pages], position="hidden")
    days = _days(here)
    if days is not None:
        recall_period(*days)
    st.html(f"<script>document.documentElement.lang = '{language}'</script>", unsafe_allow_javascript=True)
    with st.container(key="top"):
        caller = _top(here, language)
        if caller is not None:
            _way(language, [(place, page) for place, page in pages if caller.may(place.permission)], chosen.url_path)
    if caller is None:
        caller_of(here, language)
    else:
        chosen.run()


def _language_of_browser() -> Language:
    return "fr" if (st.context.locale or "").lower().startswith("fr") else "en"


def _page(place: Place, language: Language, here: Served) -> Any:
    return st.Page(
        lambda: _show_place(place, language, here),
        title=f"{place.title.of(language)} \u00b7 Footfall",
        url_path=place.path,
        default=place is PLACES[0],
    )


def _top(here: Served, language: Language) -> Caller | None:
    """Whose shop it is, the language, and who looks."""
    caller = known_caller(here)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="brand"):
        lake = escape(here.settings.lake.resolve().name)
        st.html(f"<div class='ff-brand'>Footfall <small>{lake}</small></div>", width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content", key="who"):
            st.segmented_control(
                _LANGUAGE.of(language), tuple(_LANGUAGES), key="lang", format_func=_LANGUAGES.__getitem__,
                label_visibility="collapsed", required=True,
            )  # fmt: skip
            if caller is not None:
                sign_out(here, caller, language)
    remember("lang")
    return caller


def _way(language: Language, pages: list[tuple[Place, Any]], path: str) -> None:
    """Links to all pages that the visitor may see; they keep the language and the period."""
    kept = {"lang": language} | period_in_links()
    with st.container(horizontal=True, key="nav"):
        for place, page in pages:
            is_here = path == (page.url_path)
            with st.container(key=f"{'here' if is_here else 'to'}-{place.path}", width="content"):
                st.page_link(page, label=place.title.of(language), query_params=kept)


def _show_place(place: Place, language: Language, here: Served) -> None:
    caller = known_caller(here)
    if caller is None:
        return
    left, right = st.columns([3, 1.25], vertical_alignment="bottom")
    with right:
        period = _period(here, language)
    visit = Visit(here, caller, language, period, _unit(here))
    with left:
        heading(visit.say(place.title), visit.say(place.note), level=1)
    if not caller.may(place.permission):
        if place.path == "users":
            visit.note_look("users.read", (), outcome="refused")
        text = _ROLE if len(caller.roles) == 1 else _ROLES
        said = visit.say(text, roles=", ".join(caller.roles), permission=place.permission)
        message(visit.say(_NOT_ALLOWED), said, kind="warning")
        return
    with told(visit):
        place.show(visit)


def _period(here: Served, language: Language) -> Period | None:
    """What the visitor chooses; None while the shop has no days to choose from."""
    days = _days(here)
    if days is None:
        return None
    period = choose_period(*days, language)
    if missing := days_not_there(*days, language):
        note(missing)
    return period


def _days(here: Served) -> tuple[date, date] | None:
    """The first and the last that the shop has."""
    if "metric_series" not in here.published.versions:
        return None
    known = answer(here.published, span)
    return None if known["first"] is None else (known["first"], known["last"])


def _unit(here: Served) -> str:
    return answer(here.published, unit_of_money) if "events" in here.published.versions else ""
