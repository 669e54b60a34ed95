"""Overview: how the shop is doing, how fresh its tables are, what is wrong."""

from datetime import timedelta

import streamlit as st

from footfall.pages import colours
from footfall.pages.plots import Key
from footfall.publish.language import Text
from footfall.publish.wording import METRICS
from footfall.serve.dashboard.address import recall, remember
from footfall.serve.dashboard.elements import Column, Figure, card, chart, figures, note, table, told
from footfall.serve.dashboard.incident_words import incident_columns, incident_rows
from footfall.serve.dashboard.period import Period
from footfall.serve.dashboard.plotting import line, new_figure, time_axis, value_axis
from footfall.serve.dashboard.visit import NOTHING, Visit
from footfall.serve.views.incidents import open_incidents
from footfall.serve.views.overview import daily, key_figures
from footfall.serve.views.published import Row

TITLE = Text("Overview", "Vue d'ensemble")
NOTE = Text("How the shop is doing.", "Comment va la boutique.")
_USERS = Text("Users a day", "Utilisateurs par jour")
_NO_BEFORE = Text("nothing to compare with", "pas de comparaison possible")
_SPAN = Text(
    "{first} to {last}: {days} days. Changes are against as many days before.",
    "Du {first} au {last}\u00a0: {days} jours. Les évolutions portent sur autant de jours précédents.",
)
_SPAN_DAY = Text("On {first}. Changes are against the day before.", "Le {first}. Les évolutions portent sur la veille.")
_PARTIAL = Text(" Days with incomplete data: {number}.", " Jours aux données incomplètes\u00a0: {number}.")
_REVENUE = Text("Revenue by day", "Chiffre d'affaires par jour")
_TRAFFIC = Text("Traffic by day", "Trafic par jour")
_TRAFFIC_METRICS = ("sessions", "users", "events", "carts", "orders", "conversion", "average_order")
_METRIC = Text("What is counted", "Ce qui est compté")
_ALT = Text(
    "{title}, from {first} to {last}: between {low} and {high}.",
    "{title}, du {first} au {last}\u00a0: entre {low} et {high}.",
)
_ALT_DAY = Text("{title}, on {first}: {high}.", "{title}, le {first}\u00a0: {high}.")
_NOW, _EARLIER = Text("this period", "cette période"), Text("the days before", "les jours précédents")
_INCIDENTS = Text("Open incidents", "Incidents en cours")
_NO_INCIDENT = Text("No incident is open.", "Aucun incident en cours.")
_WHENEVER = Text("Whatever the period: what is open now.", "Quelle que soit la période\u00a0: ce qui est en cours.")
_TABLES = Text("Freshness of the tables", "Fraîcheur des tables")
_TABLES_NOTE = Text(
    "When each table was written last; the period does not apply.",
    "Dernière écriture de chaque table\u00a0; la période ne s'applique pas.",
)
_TABLE, _WRITTEN, _AGE = Text("Table", "Table"), Text("Written", "Écrite"), Text("Ago", "Il y a")
_ROWS, _SIZE = Text("Rows", "Lignes"), Text("Size", "Taille")
_UNITS = (
    (86400, Text("{number} days", "{number} jours")),
    (3600, Text("{number} hours", "{number} heures")),
    (60, Text("{number} minutes", "{number} minutes")),
    (1, Text("{number} seconds", "{number} secondes")),
)
# The chart without a choice above it is as much higher: their axes lie side by side.
_HEIGHT, _CHOICE = 280, 50
_KEY_FIGURES = ("revenue", "orders", "sessions", "users", "conversion", "average_order")


def show(visit: Visit) -> None:
    """The page."""
    with told(visit):
        _figures(visit)
        _over_time(visit)
    if visit.may("incidents:read"):
        with card("open-incidents", visit.say(_INCIDENTS), visit.say(_WHENEVER)), told(visit):
            _open(visit)
    with card("freshness", visit.say(_TABLES), visit.say(_TABLES_NOTE)):
        _freshness(visit)


def _figures(visit: Visit) -> None:
    period = visit.days
    before = _before(period)
    now, earlier = (visit.ask(key_figures, one.first, one.last) for one in (period, before))
    figures(
        _figure(visit, metric, now[metric], earlier[metric] if earlier["days"] == period.days else None)
        for metric in _KEY_FIGURES
    )
    ends = {"first": visit.day(period.first), "last": visit.day(period.last)}
    said = visit.say(_SPAN_DAY if period.days == 1 else _SPAN, days=visit.count(period.days), **ends)
    note(said + (visit.say(_PARTIAL, number=visit.count(now["partial"])) if now["partial"] else ""))


def _before(period: Period) -> Period:
    length = timedelta(days=period.days)
    return Period(period.first - length, period.last - length)


def _figure(visit: Visit, metric: str, now: float | None, before: float | None) -> Figure:
    label = visit.say(_USERS if metric == "users" else METRICS[metric])
    value = visit.count(now) if metric == "users" else visit.writer(metric)(now)
    if now is None or not before:
        return Figure(label, value, visit.say(_NO_BEFORE))
    change = now / before - 1
    return Figure(label, value, visit.signed_percent(change), None if abs(change) < 0.005 else change > 0)


def _over_time(visit: Visit) -> None:
    left, right = st.columns(2)
    with left, card("revenue", visit.say(_REVENUE)):
        _series(visit, "revenue", _HEIGHT + _CHOICE)
    with right, card("traffic", visit.say(_TRAFFIC)):
        recall("traffic", _TRAFFIC_METRICS, _TRAFFIC_METRICS[0])
        metric = st.selectbox(
            visit.say(_METRIC), _TRAFFIC_METRICS, key="traffic", format_func=lambda one: visit.say(METRICS[one]),
            label_visibility="collapsed",
        )  # fmt: skip
        remember("traffic", _TRAFFIC_METRICS[0])
        _series(visit, metric, _HEIGHT)


def _series(visit: Visit, metric: str, height: int) -> None:
    period, before = visit.days, _before(visit.days)
    rows = visit.ask(daily, (metric,), period.first, period.last)
    earlier = visit.ask(daily, (metric,), before.first, before.last)
    write = visit.writer(metric)
    figure, shift = new_figure(height), timedelta(days=period.days)
    keys = [Key(visit.say(_NOW), colours.ACCENT)]
    if earlier:
        days = [row["ts"] + shift for row in earlier]
        name = visit.say(_EARLIER)
        figure.add_trace(line(visit, days, _values(earlier), write, name=name, colour=colours.QUIET, dash="dot"))
        figure.data[-1].customdata = [f"{visit.day(row['ts'])}: {write(row['value'])}" for row in earlier]
        keys.append(Key(name, colours.QUIET, "dash"))
    figure.add_trace(line(visit, [row["ts"] for row in rows], _values(rows), write, name=visit.say(_NOW)))
    time_axis(figure, [row["ts"] for row in rows], visit.language)
    value_axis(figure, _values([*rows, *earlier]), write)
    chart(visit, f"{metric}-by-day", figure, [*earlier, *rows], alt=_alt(visit, metric, rows), keys=keys)


def _values(rows: list[Row]) -> list[float | None]:
    return [row["value"] for row in rows]


def _alt(visit: Visit, metric: str, rows: list[Row]) -> str:
    known = [row["value"] for row in rows if row["value"] is not None]
    write = visit.writer(metric)
    ends = {"low": write(min(known)), "high": write(max(known))} if known else {"low": NOTHING, "high": NOTHING}
    days = {"first": visit.day(visit.days.first), "last": visit.day(visit.days.last)}
    return visit.say(_ALT_DAY if visit.days.days == 1 else _ALT, title=visit.say(METRICS[metric]), **days, **ends)


def _open(visit: Visit) -> None:
    rows = visit.ask(open_incidents)
    if not rows:
        note(visit.say(_NO_INCIDENT))
        return
    table(visit, "open-incidents", incident_columns(visit), incident_rows(visit, rows), caption=visit.say(_INCIDENTS))


def _freshness(visit: Visit) -> None:
    columns = [
        Column("name", _TABLE, is_code=True),
        Column("committed_at", _WRITTEN, visit.moment),
        Column("age_seconds", _AGE, lambda seconds: _age(visit, seconds), is_number=True),
        Column("rows", _ROWS, visit.count, is_number=True),
        Column("bytes", _SIZE, visit.size, is_number=True),
    ]
    rows = sorted(visit.served.freshness.rows(), key=lambda row: row["committed_at"], reverse=True)
    table(visit, "freshness", columns, rows, caption=visit.say(_TABLES))


def _age(visit: Visit, seconds: float) -> str:
    """In the largest unit of which there are two.

    A day and a half is told in hours: "1 day" would hide half of it.
    """
    length, unit = next((one for one in _UNITS if seconds >= 2 * one[0]), _UNITS[-1])
    return visit.say(unit, number=visit.count(seconds // length))
