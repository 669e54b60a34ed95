"""The leading series around an incident. Imported when a report is made: plotly is slow to import."""

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from footfall.anomaly.report import wording
from footfall.anomaly.report.content import IncidentView, around
from footfall.pages import colours
from footfall.pages.figures import empty_figure
from footfall.pages.plots import Key, Plot, axis
from footfall.publish.language import short_day
from footfall.publish.names import is_daily, name_of, value_of
from footfall.publish.wording import IN_PER_CENT

_HEIGHT = 250
BAND, STRETCH = "#dde3e9", "rgba(213, 94, 0, 0.14)"
KEYS = (
    Key("what happened", colours.ACCENT),
    Key("in the incident", colours.WARNING),
    Key("to be expected", colours.MUTED, "dash"),
    Key("range of 99% of ordinary hours", BAND, "area"),
    Key("anomalous stretch", "#f9e5d6", "area"),
)


def incident_plot(one: IncidentView, series: pd.DataFrame) -> Plot | None:
    """What happened, what was to be expected, the band, and the incident; None where no hour of it is known."""
    rows = around(one, series)
    if not rows.ts.between(one.first, one.last).any():
        return None
    inside = rows[(rows.ts >= one.first) & (rows.ts < one.last)]
    per = f"{one.metric} per {'day' if is_daily(one.row) else 'hour'}"
    form = ".1%" if one.row["metric"] in IN_PER_CENT else ",~s"
    layout = _frame() | {
        "xaxis": axis(f"Shop's time ({one.shop.timezone})", showgrid=False, **_days(rows)),
        "yaxis": axis(per, tickformat=form, nticks=5, range=_range(rows)),
        "shapes": [_stretch(one, rows)],
        "hovermode": "x",
    }
    figure = {"data": [*_band(rows), _expected(rows), _actual(rows), _anomalous(inside)], "layout": layout}
    ends = f"{wording.day(rows['at'].iloc[0])} to {wording.day(rows['at'].iloc[-1])}"
    title = f"{name_of(one.row, 'en')}, {ends}"
    return Plot(title, _label(one, inside, title), figure, keys=KEYS)


@cache
def _frame() -> dict[str, Any]:
    frame: dict[str, Any] = empty_figure(height=_HEIGHT, l=52, t=8, b=44).layout.to_plotly_json()
    return frame


def _stretch(one: IncidentView, rows: pd.DataFrame) -> dict[str, Any]:
    """The incident, behind all."""
    first, last = (one.shop.on_clock(when) for when in (one.first, one.last))
    return {
        "type": "rect", "x0": max(first, rows["at"].iloc[0]), "x1": last, "y0": 0, "y1": 1, "yref": "paper",
        "layer": "below", "line": {"width": 0}, "fillcolor": STRETCH,
    }  # fmt: skip


def _label(one: IncidentView, inside: pd.DataFrame, title: str) -> str:
    """What is seen, for those who do not see it."""
    known = inside.value.dropna()
    told = f"{title}. The incident began on {one.onset} and {'goes on' if one.is_open else f'ended on {one.until}'}"
    if known.empty:
        return f"{told}; no data came in it."
    low, high = (value_of(end, one.row["metric"], one.shop.unit, "en") for end in (known.min(), known.max()))
    told = f"{told}; its hours lie between {low} and {high}"
    if inside.expected.isna().all():
        return f"{told}."
    expected = value_of(float(inside.expected.mean()), one.row["metric"], one.shop.unit, "en")
    return f"{told}, where {expected} were to be expected on average."


def _days(rows: pd.DataFrame) -> dict[str, Any]:
    """A mark at midnights, at most eight, and a little room at both ends."""
    first, last = rows["at"].iloc[0], rows["at"].iloc[-1]
    step = max(math.ceil((last - first).days / 7), 1)
    days = pd.date_range(first.ceil("D"), last, freq=f"{step}D")
    room = (last - first) / 60
    return {
        "tickvals": list(days),
        "ticktext": [short_day(day, "en") for day in days],
        "range": [first - room, last + room],
        "ticklabelstandoff": 4,
    }


def _range(rows: pd.DataFrame) -> list[float]:
    """A band that is very wide does not hide the rest."""
    rest = float(np.nanmax([rows.value.max(), rows.expected.max(), 0.0]))
    top = float(np.fmin(np.fmax(rows.high.max(), rest), 2 * rest)) or 1.0
    bottom = float(np.nanmin([rows.value.min(), rows.low.min(), 0.0]))
    return [1.06 * bottom, 1.06 * top]


def _band(rows: pd.DataFrame) -> list[dict[str, Any]]:
    edge = {"mode": "lines", "line": {"width": 0, "color": BAND}, "hoverinfo": "skip"}
    return [_line(rows, "low", **edge), _line(rows, "high", fill="tonexty", fillcolor=BAND, **edge)]


def _expected(rows: pd.DataFrame) -> dict[str, Any]:
    style = {"color": colours.MUTED, "width": 1.4, "dash": "dot"}
    return _line(rows, "expected", mode="lines", line=style, hovertemplate="%{y:,.3~r}<extra>expected</extra>")


def _actual(rows: pd.DataFrame) -> dict[str, Any]:
    style = {"color": colours.ACCENT, "width": 1.7}
    return _line(rows, "value", mode="lines", line=style, hovertemplate="%{y:,.4~r}<extra>happened</extra>")


def _anomalous(inside: pd.DataFrame) -> dict[str, Any]:
    """With marks, so that a single hour is seen, and colours are not needed."""
    style = {"color": colours.WARNING, "width": 2.2}
    marker = {"size": 4, "color": colours.WARNING}
    return _line(inside, "value", mode="lines+markers", line=style, marker=marker, hoverinfo="skip")


def _line(rows: pd.DataFrame, column: str, **style: object) -> dict[str, Any]:
    """A column over time; more digits than a plot shows would only make the page larger."""
    values = [None if math.isnan(value) else float(f"{value:.4g}") for value in rows[column].astype(float)]
    return {"type": "scatter", "x": [f"{at:%Y-%m-%dT%H:%M}" for at in rows["at"]], "y": values, **style}
