"""Anomalies: incidents in time, one in detail, what people say of it, and what another policy would have told."""

from html import escape

import streamlit as st

from footfall.pages import colours
from footfall.pages.plots import Key
from footfall.publish.language import Text
from footfall.serve.dashboard.address import recall_as, remember, said_of
from footfall.serve.dashboard.elements import Column, card, chart, facts, heading, listed, message, note, table, told
from footfall.serve.dashboard.incident_band import band
from footfall.serve.dashboard.incident_verdict import say
from footfall.serve.dashboard.incident_words import (
    KINDS,
    SINCE,
    STATUSES,
    UNTIL,
    VERDICTS,
    cause_in_words,
    facts_of,
    incident_columns,
    incident_rows,
    on_clock,
    series_name,
    signed_count,
    signed_money,
    subject_of,
    time_of,
    title_of,
)  # fmt: skip
from footfall.serve.dashboard.plotting import new_figure, time_axis
from footfall.serve.dashboard.replaying import replaying
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.incidents import incident_called, incidents_between, series_of
from footfall.serve.views.published import Row

TITLE = Text("Anomalies", "Anomalies")
NOTE = Text(
    "What was out of the ordinary in the period, and how far revenue was from what was expected.",
    "Ce qui est sorti de l'ordinaire dans la période, et de combien le chiffre d'affaires s'est écarté de l'attendu.",
)
_TIMELINE = Text("Incidents in the period", "Incidents de la période")
_TIMELINE_ALT_ONE = Text("One incident, as a line.", "Un incident, représenté par une ligne.")
_TIMELINE_ALT = Text("{number} incidents, one line each.", "{number} incidents, une ligne chacun.")
_NONE = Text("No incident from {first} to {last}.", "Aucun incident du {first} au {last}.")
_NONE_ON = Text("No incident on {first}.", "Aucun incident le {first}.")
_MORE, _LESS, _MISSING = (
    Text("more than expected", "plus qu'attendu"),
    Text("less than expected", "moins qu'attendu"),
    Text("no data", "aucune donnée"),
)
_ALL, _INCIDENT = Text("All incidents of the period", "Tous les incidents de la période"), Text("Incident", "Incident")
_CHOOSE = Text("An incident in detail", "Un incident en détail")
_OUTSIDE = Text("This incident lies outside the period.", "Cet incident est hors de la période.")
_UNKNOWN = Text("No such incident", "Incident inconnu")
_UNKNOWN_WHY = Text(
    "The address asks for the incident \u201c{name}\u201d, and there is none of that name.",
    "L'adresse demande l'incident «\u00a0{name}\u00a0», et aucun ne porte ce nom.",
)
_KIND, _STATUS, _MONEY, _ORDERS = (
    Text("Kind", "Type"),
    Text("Status", "État"),
    Text("Revenue against what was expected", "Chiffre d'affaires par rapport à l'attendu"),
    Text("Orders against what was expected", "Commandes par rapport à l'attendu"),
)
_CAUSE, _SAID, _SPREAD = (
    Text("Cause", "Cause"),
    Text("Said of it", "Avis donné"),
    Text("Series it shows in", "Séries touchées"),
)
_NOTHING_SAID = Text("nothing yet", "rien pour l'instant")
_ACKNOWLEDGED, _SNOOZED = (
    Text("acknowledged {when}", "pris en charge le {when}"),
    Text("snoozed until {when}", "suspendu jusqu'au {when}"),
)
_WHERE = Text("Where it shows", "Où il se voit")
_SERIES_NAME, _COUNT, _CHANCE = Text("Series", "Série"), Text("Anomalies", "Anomalies"), Text("p-value", "valeur p")
_COLOURS = {"down": colours.WARNING, "up": colours.ACCENT, "none": colours.MUTED}
# Of a name in the address that is no incident's.
_LONGEST = 40


def show(visit: Visit) -> None:
    """The page."""
    rows = visit.ask(incidents_between, visit.days.first, visit.days.last, visit.served.settings.timezone)
    with card("timeline", visit.say(_TIMELINE)):
        if rows:
            _timeline(visit, rows)
        else:
            days = {"first": visit.day(visit.days.first), "last": visit.day(visit.days.last)}
            note(visit.say(_NONE_ON if visit.days.days == 1 else _NONE, **days))
    if rows:
        with card("incidents", visit.say(_ALL)):
            shown = incident_rows(visit, sorted(rows, key=_most_lost))
            table(visit, "incidents", incident_columns(visit), shown, caption=visit.say(_ALL))
    _detail(visit, rows)
    replaying(visit)


def _most_lost(row: Row) -> float:
    """What is sorted by: revenue less what was expected, where it is known."""
    return float("inf") if row["money"] is None else float(row["money"])


def _side(row: Row) -> str:
    return "none" if row["kind"] == "no_data" else str(row["side"])


def _timeline(visit: Visit, rows: list[Row]) -> None:
    """A line for each incident, the newest at the top."""
    figure = new_figure(28 * len(rows) + 60).update_layout(hovermode="closest")
    labels = [_shortened(subject_of(visit, row)) for row in rows]
    ends = []
    for place, row in enumerate(rows):
        first, last = (on_clock(visit, row, name) for name in ("onset", "closed_at"))
        ends += [first, last]
        figure.add_scatter(
            x=[first, last], y=[place, place], mode="lines+markers", line={"color": _COLOURS[_side(row)], "width": 9},
            marker={"size": 9, "symbol": "square", "color": _COLOURS[_side(row)]},
            hovertemplate=escape(title_of(visit, row)) + f"<br>{time_of(visit, row, 'onset')}<extra></extra>",
        )  # fmt: skip
    time_axis(figure, ends, visit.language, most=4)
    tick = {"size": 12, "color": colours.MUTED}
    figure.update_yaxes(
        autorange="reversed", tickvals=list(range(len(rows))), ticktext=[escape(one) for one in labels], tickfont=tick,
        gridcolor=colours.RULE, automargin=True, zeroline=False, ticklabelstandoff=6,
    )  # fmt: skip
    words = {"down": _LESS, "up": _MORE, "none": _MISSING}
    keys = [
        Key(visit.say(words[side]), _COLOURS[side], "area") for side in words if side in {_side(row) for row in rows}
    ]
    alt = visit.say(_TIMELINE_ALT_ONE if len(rows) == 1 else _TIMELINE_ALT, number=visit.count(len(rows)))
    chart(visit, "timeline", figure, rows, alt=alt, keys=keys)


def _shortened(name: str, letters: int = 26) -> str:
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _detail(visit: Visit, rows: list[Row]) -> None:
    row = _chosen(visit, rows)
    if row is None:
        return
    left, right = st.columns([3, 2])
    with left:
        band(visit, row)
    with right, card("facts", title_of(visit, row), row["incident_id"]):
        _facts(visit, row)
        say(visit, row)
    with card("where", visit.say(_WHERE)), told(visit):
        _where(visit, row)


def _chosen(visit: Visit, rows: list[Row]) -> Row | None:
    """The incident that is looked at, in the period or not: never another one than was chosen or the address names."""
    open_ones = [row for row in rows if row["status"] == "open"]
    usual = (open_ones or rows)[0]["incident_id"] if rows else None
    recall_as(
        "incident", lambda name: _known(visit, name) if name else usual, lambda name: _known(visit, name) is not None
    )
    wanted = st.session_state["incident"]
    by_id = {row["incident_id"]: row for row in rows}
    outside = visit.ask(incident_called, wanted) if wanted and wanted not in by_id else None
    if outside is not None:
        by_id[wanted] = outside
    if not by_id and not said_of("incident"):
        return None
    heading(visit.say(_CHOOSE))
    if wanted is None:
        message(visit.say(_UNKNOWN), visit.say(_UNKNOWN_WHY, name=said_of("incident")[:_LONGEST]), kind="warning")
    chosen = st.selectbox(
        visit.say(_INCIDENT), tuple(by_id), key="incident", index=0 if wanted else None, placeholder="",
        format_func=lambda one: f"{title_of(visit, by_id[one])} \u2013 {time_of(visit, by_id[one], 'onset')}",
    )  # fmt: skip
    remember("incident")
    if outside is not None:
        note(visit.say(_OUTSIDE))
    return by_id.get(chosen)


def _known(visit: Visit, name: object) -> str | None:
    return name if isinstance(name, str) and visit.ask(incident_called, name) else None


def _facts(visit: Visit, row: Row) -> None:
    listed(facts_of(visit, row).splitlines())
    facts([
        (visit.say(_KIND), visit.say(KINDS[row["kind"]])),
        (visit.say(_STATUS), visit.say(STATUSES[row["status"]])),
        (visit.say(SINCE), time_of(visit, row, "onset")),
        (visit.say(UNTIL), time_of(visit, row, "closed_at")),
        (visit.say(_MONEY), signed_money(visit, row["money"])),
        (visit.say(_ORDERS), signed_count(visit, row["orders"])),
        (visit.say(_CAUSE), cause_in_words(visit, row)),
        (visit.say(_SPREAD), visit.count(row["series"])),
        (visit.say(_SAID), _said(visit, row)),
    ])  # fmt: skip


def _said(visit: Visit, row: Row) -> str:
    parts = []
    if row["acknowledged_at"] is not None:
        parts.append(visit.say(_ACKNOWLEDGED, when=visit.moment(row["acknowledged_at"])))
    if row["snoozed_until"] is not None:
        parts.append(visit.say(_SNOOZED, when=visit.moment(row["snoozed_until"])))
    if row["verdict"]:
        parts.append(visit.say(VERDICTS[row["verdict"]]))
    return "; ".join(parts) or visit.say(_NOTHING_SAID)


def _where(visit: Visit, row: Row) -> None:
    rows = [one | {"name": series_name(visit, one)} for one in visit.ask(series_of, row["incident_id"])]
    columns = [
        Column("name", _SERIES_NAME, is_long=True),
        Column("anomalies", _COUNT, visit.count, is_number=True),
        Column(
            "p_value",
            _CHANCE,
            lambda value: visit.number(value, digits=2) if value >= 1e-6 else f"< {visit.number(1e-6)}",
            is_number=True,
        ),
    ]
    table(visit, f"series-{row['incident_id']}", columns, rows, caption=visit.say(_WHERE))
