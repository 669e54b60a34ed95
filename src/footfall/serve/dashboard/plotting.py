"""Axes and lines in both languages: Plotly's own words would be English."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from footfall.pages import colours
from footfall.pages.figures import SMALL, empty_figure, in_lines
from footfall.pages.plots import axis
from footfall.publish.language import Language, clock, day, short_day
from footfall.serve.dashboard.visit import Visit

_LETTERS = 22
# So few points are marked: of one alone there is no line.
_FEW = 10
FONT = "'Source Sans', sans-serif"
"""Of the page: Streamlit brings it along, so that it is everywhere the same."""


def new_figure(height: int = 280, **margin: int) -> go.Figure:
    """An empty chart that can be hovered, with room for its axes."""
    return empty_figure(height=height, **({"l": 8, "r": 12, "t": 8, "b": 8} | margin)).update_layout(
        hovermode="x",
        font_family=FONT,
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.MUTED, "activecolor": colours.ACCENT},
    )


def time_axis(figure: go.Figure, times: Sequence[date], language: Language, *, most: int = 5) -> None:
    """Days as people write them, so many that they do not touch."""
    if not times:
        return
    first, last = min(times), max(times)
    ticks = _ticks(first, last, most)
    words = [_tick(one, first, last, language) for one in ticks]
    figure.update_xaxes(
        showgrid=False, zeroline=False, tickvals=ticks, ticktext=words, tickangle=0, automargin=True,
        tickfont={"size": SMALL, "color": colours.MUTED}, ticklabelstandoff=6,
    )  # fmt: skip


def _ticks(first: date, last: date, most: int) -> list[date]:
    length = last - first
    if length < timedelta(days=2) and isinstance(first, datetime):
        step = timedelta(hours=max(1, round(length.total_seconds() / 3600 / most)))
    else:
        step = timedelta(days=max(1, -(-length.days // most)))
    return [first + number * step for number in range(int(length / step) + 1)]


def _tick(when: date, first: date, last: date, language: Language) -> str:
    moment = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day)
    if last - first < timedelta(days=2) and isinstance(when, datetime):
        return clock(moment, language)
    text = short_day(moment, language)
    return f"{text}<br>{moment.year}" if when == first or (last - first).days > 365 else text


def value_axis(
    figure: go.Figure, values: Sequence[float | None], write: Callable[[float], str], title: str = "", **more: Any
) -> None:
    """Values as people write them, from 0 on unless some are below."""
    known = [one for one in values if one is not None and one == one]  # noqa: PLR0124 - not NaN
    low, high = min([0.0, *known]), max([0.0, *known])
    ticks = nice_ticks(low, high or 1.0)
    top = max(ticks[-1], high) + 0.04 * (ticks[-1] - ticks[0])
    figure.update_yaxes(
        axis(
            title,
            tickvals=ticks,
            ticktext=[write(one) for one in ticks],
            range=[min(low, ticks[0]), top],
            ticklabelstandoff=6,
        )
        | more
    )


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from `low` to `high`.

    >>> nice_ticks(0, 93)
    [0.0, 20.0, 40.0, 60.0, 80.0]
    """
    rough = (high - low or 1.0) / most
    size = 10.0 ** int(f"{rough:e}".partition("e")[2])
    step = next(size * one for one in (1, 2, 2.5, 5, 10) if size * one >= rough)
    first = int(low // step)
    return [round(number * step, 12) for number in range(first, int(high // step) + 1)]


def line(
    visit: Visit,
    times: Sequence[date],
    values: Sequence[float | None],
    write: Callable[[float | None], str],
    *,
    name: str,
    colour: str = colours.ACCENT,
    dash: str = "solid",
    width: float = 2,
) -> go.Scatter:
    """A line whose values are read as people write them."""
    texts = [f"{when(visit, one)}: {write(value)}" for one, value in zip(times, values, strict=True)]
    return go.Scatter(
        x=list(times), y=list(values), mode="lines+markers" if len(values) <= _FEW else "lines", name=name,
        customdata=texts, line={"color": colour, "width": width, "dash": dash}, marker={"size": 7, "color": colour},
        hovertemplate="%{customdata}<extra>" + name + "</extra>",
    )  # fmt: skip


def when(visit: Visit, moment: date) -> str:
    """A day, or a moment on the axis' own clock."""
    if not isinstance(moment, datetime):
        return visit.day(moment)
    return day(moment, visit.language) + (f", {clock(moment, visit.language)}" if moment.hour or moment.minute else "")


def bars(
    names: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    *,
    colour: str | Sequence[str] = colours.ACCENT,
    hover: Sequence[str] | None = None,
) -> go.Figure:
    """Bars that lie, the first at the top, with their values at their ends."""
    words = [in_lines(name, _LETTERS) for name in names]
    row = 44 if any("<br>" in one for one in words) else 34
    figure = new_figure(row * len(names) + 16, r=8).update_layout(hovermode="closest", bargap=0.34)
    figure.add_bar(
        x=list(values), y=list(range(len(names))), orientation="h", text=list(texts), textposition="outside",
        cliponaxis=False, marker_color=colour if isinstance(colour, str) else list(colour),
        customdata=list(hover or [f"{name}: {text}" for name, text in zip(names, texts, strict=True)]),
        hovertemplate="%{customdata}<extra></extra>", textfont={"color": colours.INK, "size": 12},
    )  # fmt: skip
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    beside = span * (0.08 + 0.034 * max(map(len, texts)))
    room = [low - (beside if low < 0 else 0), high + beside]
    figure.update_xaxes(visible=False, range=room)
    return figure.update_yaxes(
        axis("", autorange="reversed", tickvals=list(range(len(names))), ticktext=words, showgrid=False)
    )
