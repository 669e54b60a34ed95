"""The leading series of an incident, and what was usual around it."""

from datetime import datetime, timedelta

import plotly.graph_objects as go

from footfall.pages import colours
from footfall.pages.plots import Key
from footfall.publish import wording
from footfall.publish.language import Text, local
from footfall.publish.names import is_daily
from footfall.serve.dashboard.elements import card, chart, told
from footfall.serve.dashboard.incident_words import on_clock, series_name
from footfall.serve.dashboard.plotting import line, new_figure, time_axis, value_axis
from footfall.serve.dashboard.visit import Visit
from footfall.serve.views.incidents import anomalies_of, series_between
from footfall.serve.views.published import Row

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
_AROUND = timedelta(days=3)


def band(visit: Visit, row: Row) -> None:
    """The card with the series three days around the incident."""
    title = visit.say(_BAND_DAYS if is_daily(row) else _BAND, name=series_name(visit, row))
    with card("band", title, visit.say(_BAND_NOTE, zone=visit.served.settings.timezone)), told(visit):
        _draw(visit, row)


def _draw(visit: Visit, row: Row) -> None:
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


def _local(when: datetime, zone: str) -> datetime:
    return local(when, zone).replace(tzinfo=None)
