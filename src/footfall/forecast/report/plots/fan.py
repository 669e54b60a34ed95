"""A series and its forecast: what was, the ranges of what is to come, and what is known of the days."""

from collections.abc import Iterable
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from footfall.contracts import CLOSED
from footfall.forecast.quantiles import INTERVALS, MEDIAN, QUANTILES
from footfall.forecast.report import colours
from footfall.forecast.report.content import Content, SeriesView
from footfall.forecast.report.wording import about, alike, bucket_name, moment
from footfall.pages.figures import empty_figure
from footfall.pages.plots import Key, Plot, axis

_HEIGHT = 400
_MARKS = {"closed": colours.CLOSED, "holiday": colours.HOLIDAY, "sale": colours.SALE}
_RANGES = ((95, colours.RANGE_95), (80, colours.RANGE_80))


def fan(series: SeriesView, content: Content) -> Plot:
    """The last buckets of a series, its forecast with ranges of 80% and 95%, and the last forecasts before it."""
    figure = empty_figure(height=_HEIGHT, l=56, t=12)
    _add_marks(figure, series, content.freq)
    for origin, told in series.earlier.groupby("origin"):
        figure.add_trace(_earlier(told, f"forecast of {moment(pd.Timestamp(str(origin)), content.freq)}"))
    for percent, colour in _RANGES:
        figure.add_traces(_band(_open(series.ahead), percent, colour))
    figure.add_trace(_truth(series))
    if len(series.ahead):
        figure.add_trace(_median(_open(series.ahead), escape(content.unit)))
        _add_origin(figure, series)
    figure.update_xaxes(axis(f"{bucket_name(content.freq).capitalize()}, shop's time", showgrid=False, nticks=8))
    per = f"{content.unit} per {bucket_name(content.freq)}"
    figure.update_yaxes(axis(per, tickformat=",~s", nticks=6, range=_range(series)))
    figure.update_layout(hovermode="x", meta={"near": _near(series)})
    return Plot(_title(series, content), _label(series, content), figure, _note(series), _keys(series))


def _range(series: SeriesView) -> list[float]:
    bottom = float(np.fmin(np.fmin(series.history.value.min(), series.ahead[INTERVALS[95][0]].min()), 0.0))
    room = 0.06 * ((series.top - bottom) or 1.0)
    return [bottom - room if bottom < 0 else 0.0, series.top + room]


def _note(series: SeriesView) -> str:
    highest = series.ahead[INTERVALS[95][1]].max()
    said = [f"This series {series.note}."] if series.note else []
    if highest > series.top:
        said.append(f"The 95% range goes up to {about(highest)}, out of the picture.")
    return " ".join(said)


def _near(series: SeriesView) -> list[pd.Timestamp]:
    """What a narrow screen shows: three times as much past as future, or all where there is no future."""
    past = series.history["at"].tail(3 * len(series.ahead)) if len(series.ahead) else series.history["at"]
    ends = [*past, *series.ahead["at"]]
    return [ends[0], ends[-1] + (ends[-1] - ends[0]) / 40]


def _title(series: SeriesView, content: Content) -> str:
    per = bucket_name(content.freq)
    return f"{series.name}: {content.unit} per {per}, and what is forecast"


def _label(series: SeriesView, content: Content) -> str:
    if not len(series.ahead):
        return f"{_title(series, content)}. There is no forecast from the last origin."
    first, last = (moment(series.ahead["at"].iloc[place], content.freq) for place in (0, -1))
    told = _open(series.ahead)[MEDIAN]
    return (
        f"{_title(series, content)}, {first} to {last}: the median lies between {about(told.min())} and "
        f"{about(told.max())}, inside of ranges of 80% and 95%."
    )


def _open(told: pd.DataFrame) -> pd.DataFrame:
    """Without closed buckets: a line that falls to 0 every Sunday hides all that is between."""
    return told[~told.is_closed]


def _truth(series: SeriesView) -> go.Scatter:
    """What was, up to the last origin and, in a backtest, after it."""
    shown = series.history[series.history.status != CLOSED]
    after = _open(series.ahead)
    return go.Scatter(
        x=[*shown["at"], *after["at"]],
        y=[*shown.value, *after.actual],
        mode="lines",
        line={"color": colours.INK, "width": 1.6},
        hovertemplate="%{y:,.4~r}<extra>was</extra>",
    )


def _earlier(told: pd.DataFrame, name: str) -> go.Scatter:
    return go.Scatter(
        x=_open(told)["at"],
        y=_open(told)[MEDIAN],
        mode="lines",
        line={"color": colours.ACCENT, "width": 1.2, "dash": "dot"},
        opacity=0.65,
        hovertemplate="%{y:,.4~r}<extra>" + escape(name) + "</extra>",
    )


def _band(told: pd.DataFrame, percent: int, colour: str) -> list[go.Scatter]:
    low, high = INTERVALS[percent]
    edge = {"mode": "lines", "line": {"width": 0.5, "color": colour}, "hoverinfo": "skip"}
    # A lone open bucket between closed ones has no width as an area: its edges are drawn as a line.
    lower = go.Scatter(x=told["at"], y=told[low], **edge)
    return [lower, go.Scatter(x=told["at"], y=told[high], fill="tonexty", fillcolor=colour, **edge)]


def _median(told: pd.DataFrame, unit: str) -> go.Scatter:
    ranges = [_in_words(alike(*row), unit) for row in told[list(QUANTILES)].to_numpy()]
    return go.Scatter(
        x=told["at"],
        y=told[MEDIAN],
        mode="lines+markers",
        line={"color": colours.ACCENT, "width": 2.4},
        marker={"size": 5, "color": colours.ACCENT},
        customdata=ranges,
        hovertemplate="%{customdata}<extra>forecast</extra>",
    )


def _in_words(quantiles: list[str], unit: str) -> str:
    lowest, low, _, middle, _, high, highest = quantiles
    return f"{middle} {unit}<br>80%: {low} to {high}<br>95%: {lowest} to {highest}"


def _add_origin(figure: go.Figure, series: SeriesView) -> None:
    figure.add_vline(
        x=series.history["at"].iloc[-1], line={"color": colours.MUTED, "width": 1, "dash": "dot"}, layer="below"
    )


def _add_marks(figure: go.Figure, series: SeriesView, freq: str) -> None:
    """Bands behind buckets of which something is known, half a bucket to each side; neighbours are one band."""
    both = pd.concat([series.history, series.ahead], ignore_index=True)
    step = pd.tseries.frequencies.to_offset(freq)
    runs = (both.mark != both.mark.shift()).cumsum()
    for _, run in both[both.mark != ""].groupby(runs):
        first, last = run["at"].iloc[0], run["at"].iloc[-1]
        half = ((last + step) - last) / 2
        figure.add_shape(
            type="rect", x0=first - half, x1=last + half, y0=0, y1=1, yref="paper", layer="below", line_width=0,
            fillcolor=_MARKS[run.mark.iloc[0]],
        )  # fmt: skip


def _keys(series: SeriesView) -> tuple[Key, ...]:
    marks = {*series.history.mark, *series.ahead.mark}
    return (
        Key("what was", colours.INK),
        Key("forecast (median)", colours.ACCENT),
        Key("80% range", colours.RANGE_80, "area"),
        Key("95% range", colours.RANGE_95, "area"),
        *((Key("earlier forecasts", colours.ACCENT, "dash"),) if len(series.earlier) else ()),
        *_marks_in(marks),
    )


def _marks_in(marks: Iterable[str]) -> list[Key]:
    return [Key(name, colour, "area") for name, colour in _MARKS.items() if name in set(marks)]
