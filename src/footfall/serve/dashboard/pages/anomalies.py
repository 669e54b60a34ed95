"""Anomalies: incidents in time, one in detail, what people say of it, and what another policy would have told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape

import plotly.graph_objects as go
import streamlit as st

from footfall.errors import FootfallError
from footfall.pages import colours
from footfall.pages.plots import Key
from footfall.pipeline import incidents as pipeline
from footfall.publish import wording
from footfall.publish.language import Text, local
from footfall.publish.names import is_daily
from footfall.serve.dashboard.address import keep, recall_as, remember, said_of
from footfall.serve.dashboard.elements import Column, card, chart, facts, heading, listed, message, note, table, told
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
from footfall.serve.dashboard.plotting import line, new_figure, time_axis, value_axis
from footfall.serve.dashboard.replaying import replaying
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.incidents import anomalies_of, incident_called, incidents_between, series_between, series_of
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
_BAND = Text("{name} by hour, around the incident", "{name} par heure, autour de l'incident")
_BAND_DAYS = Text("{name} by day, around the incident", "{name} par jour, autour de l'incident")
_BAND_NOTE = Text(
    "The usual range holds 99% of outcomes on either side. It is known for hours that were anomalous; where several "
    "hours were judged together, it is their mean. Times are the shop's ({zone}).",
    "La plage habituelle contient 99\u202f% des valeurs de chaque côté. Elle est connue pour les heures "
    "anormales\u00a0; "
    "quand plusieurs heures ont été jugées ensemble, c'est leur moyenne. Heures de la boutique ({zone}).",
)
_BAND_ALT = Text(
    "{name} with the incident marked. Anomalous buckets: {anomalies}.",
    "{name} avec l'incident marqué. Intervalles anormaux\u00a0: {anomalies}.",
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
_SAY = Text("Say something of it", "Donner votre avis")
_NOT_ALLOWED = Text(
    "Your roles may look only (operations may act).", "Vos rôles ne permettent que la lecture (operations peut agir)."
)
_ACKNOWLEDGE, _SNOOZE, _FEEDBACK = (
    Text("Acknowledge", "Prendre en charge"),
    Text("Snooze", "Suspendre"),
    Text("Give feedback", "Donner un avis"),
)
_HOUR, _HOURS = Text("{number} hour", "{number} heure"), Text("{number} hours", "{number} heures")
_HOURS_LABEL = Text("For how long", "Pendant combien de temps")
_OVER = Text("It is over: there are no messages to suspend.", "Il est terminé\u00a0: aucun message à suspendre.")
_WAS = Text("It was", "C'était")
_DONE = Text("Noted", "C'est noté")
_DONE_WHY = Text("{what}: {title}", "{what}\u00a0: {title}")
_FAILED = Text("That did not work", "Cela n'a pas fonctionné")
_WHERE = Text("Where it shows", "Où il se voit")
_SERIES_NAME, _COUNT, _CHANCE = Text("Series", "Série"), Text("Anomalies", "Anomalies"), Text("p-value", "valeur p")
_SNOOZES = (1, 4, 12, 24, 72)
# Seconds that a visitor waits for a run that is writing.
_PATIENCE = 10.0
_AROUND = timedelta(days=3)
_COLOURS = {"down": colours.WARNING, "up": colours.ACCENT, "none": colours.MUTED}
_DONE_KEY = "_said"
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


def _local(when: datetime, zone: str) -> datetime:
    return local(when, zone).replace(tzinfo=None)


def _detail(visit: Visit, rows: list[Row]) -> None:
    row = _chosen(visit, rows)
    if row is None:
        return
    left, right = st.columns([3, 2])
    with (
        left,
        card("band", _band_title(visit, row), visit.say(_BAND_NOTE, zone=visit.served.settings.timezone)),
        told(visit),
    ):
        _band(visit, row)
    with right, card("facts", title_of(visit, row), row["incident_id"]):
        _facts(visit, row)
        heading(visit.say(_SAY), level=3)
        _say(visit, row)
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


def _say(visit: Visit, row: Row) -> None:
    """Three things that can be said; each is written at once."""
    may = visit.may("incidents:write")
    name, root = row["incident_id"], visit.served.settings.lake
    if not may:
        note(visit.say(_NOT_ALLOWED))
    if st.button(visit.say(_ACKNOWLEDGE), disabled=not may, type="primary", key=f"acknowledge-{name}", width="stretch"):
        _write(visit, name, "incidents.acknowledge", lambda: pipeline.acknowledge(root, name, patience=_PATIENCE))
    left, right = st.columns(2, vertical_alignment="bottom")
    keep("_hours", _SNOOZES[1])
    hours = left.selectbox(
        visit.say(_HOURS_LABEL), _SNOOZES, disabled=not may, key="_hours",
        format_func=lambda one: visit.say(_HOUR if one == 1 else _HOURS, number=one),
    )  # fmt: skip
    is_over = row["status"] == "closed"
    if right.button(
        visit.say(_SNOOZE), disabled=not may or is_over, key=f"snooze-{name}", width="stretch",
        help=visit.say(_OVER) if is_over else None,
    ):  # fmt: skip
        _write(visit, name, "incidents.snooze", lambda: pipeline.snooze(root, name, hours, patience=_PATIENCE))
    left, right = st.columns(2, vertical_alignment="bottom")
    keep("_verdict", next(iter(VERDICTS)))
    verdict = left.selectbox(
        visit.say(_WAS), tuple(VERDICTS), disabled=not may, key="_verdict",
        format_func=lambda one: visit.say(VERDICTS[one]),
    )  # fmt: skip
    if right.button(visit.say(_FEEDBACK), disabled=not may, key=f"feedback-{name}", width="stretch"):
        _write(visit, name, "incidents.feedback", lambda: pipeline.feedback(root, name, verdict, patience=_PATIENCE))
    if done := st.session_state.pop(_DONE_KEY, None):
        message(
            visit.say(_DONE), visit.say(_DONE_WHY, what=visit.say(_WHAT[done]), title=title_of(visit, row)), kind="good"
        )


_WHAT = {"incidents.acknowledge": _ACKNOWLEDGE, "incidents.snooze": _SNOOZE, "incidents.feedback": _FEEDBACK}


def _write(visit: Visit, name: str, what: str, say: Callable[[], Row]) -> None:
    try:
        say()
    except FootfallError as error:
        message(visit.say(_FAILED), str(error), kind="warning")
        return
    visit.note(what, target=name)
    visit.published.look()
    st.session_state[_DONE_KEY] = what
    st.rerun()


def _band_title(visit: Visit, row: Row) -> str:
    text = _BAND_DAYS if is_daily(row) else _BAND
    return visit.say(text, name=series_name(visit, row))


def _band(visit: Visit, row: Row) -> None:
    """The leading series three days around the incident, and what was usual where it was not."""
    first, last = row["onset"] - _AROUND, (row["closed_at"] or row["updated_at"]) + _AROUND
    rows = visit.ask(series_between, row["series_id"], first, last)
    found = visit.ask(anomalies_of, row["incident_id"], row["series_id"])
    # Buckets of days are dates, which no clock moves.
    zone, write = "UTC" if is_daily(row) else visit.served.settings.timezone, visit.writer(row["metric"])
    figure, usual = new_figure(340), usual_range(found)
    at = [_local(one["ts"], zone) for one in usual]
    _draw_range(visit, figure, at, usual)
    times = [_local(one["ts"], zone) for one in rows]
    values = [one["value"] for one in rows]
    figure.add_trace(line(visit, times, values, write, name=visit.say(wording.ACTUAL), width=1.8))
    begin, end = (on_clock(visit, row, name) for name in ("onset", "closed_at"))
    figure.add_vrect(begin, end, fillcolor=colours.WARNING, opacity=0.12, line_width=0, layer="below")
    time_axis(figure, times, visit.language)
    value_axis(figure, [*values, *(one["high"] for one in usual)], write)
    keys = [
        Key(visit.say(wording.ACTUAL), colours.ACCENT),
        Key(visit.say(wording.EXPECTED), colours.MUTED, "dash"),
        Key(visit.say(wording.BAND), colours.QUIET, "area"),
        Key(visit.say(wording.ANOMALOUS), "rgba(213, 94, 0, 0.25)", "area"),
    ]
    alt = visit.say(_BAND_ALT, name=series_name(visit, row), anomalies=visit.count(len(found)))
    chart(visit, f"incident-{row['incident_id']}", figure, rows, alt=alt, keys=keys)


def _draw_range(visit: Visit, figure: go.Figure, at: list[datetime], usual: list[Row]) -> None:
    edge = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    figure.add_scatter(x=at, y=[one["low"] for one in usual], **edge)
    figure.add_scatter(
        x=at, y=[one["high"] for one in usual], fill="tonexty", fillcolor="rgba(184, 193, 203, 0.45)", **edge
    )
    figure.add_scatter(
        x=at, y=[one["expected"] for one in usual], mode="lines", hoverinfo="skip", name=visit.say(wording.EXPECTED),
        line={"color": colours.MUTED, "width": 1.4, "dash": "dot", "shape": "hv"},
    )  # fmt: skip


def usual_range(anomalies: list[Row]) -> list[Row]:
    """What was to be expected, hour by hour: of the shortest stretch of hours that was judged anomalous and has it.

    Args:
        anomalies: rows with `ts`, the last hour of the stretch, `hours`, and `expected`, `low`, `high` of all of it.

    Returns:
        `ts`, `expected`, `low`, `high` of each hour, in the order of time.
    """
    found: dict[datetime, Row] = {}
    for one in sorted(anomalies, key=lambda one: -one["hours"]):
        for back in range(one["hours"]):
            moment = one["ts"] - timedelta(hours=back)
            found[moment] = {name: one[name] / one["hours"] for name in ("expected", "low", "high")}
    return [{"ts": moment} | found[moment] for moment in sorted(found)]


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
