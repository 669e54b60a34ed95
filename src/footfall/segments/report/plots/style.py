"""What all plots have in common."""

from typing import Any

import plotly.graph_objects as go

from footfall.pages import colours
from footfall.pages.figures import SMALL, empty_figure

WIDTH = 900


def new_figure(title: str, note: str = "", *, height: int, width: int = WIDTH, **margin: int) -> go.Figure:
    """An empty figure. Its title stands above it on the page, and in it where it is a file, which has that width."""
    return empty_figure(height=height, **margin).update_layout(meta={"title": title, "note": note, "width": width})


def as_html(figure: go.Figure, name: str) -> str:
    """Write a figure as a piece of HTML that expects plotly.js on the page."""
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=name,
        config={"displayModeBar": False, "responsive": True, "scrollZoom": False},
    )
    return html


def key_of(figure: go.Figure) -> list[tuple[str, str]]:
    """What a figure's colours stand for: names, escaped, and colours. Nothing where one trace is all."""
    named = [trace for trace in figure.data if trace.name and trace.showlegend is not False]
    return [(trace.name, _colour(trace)) for trace in named] if len(named) > 1 else []


def _colour(trace: Any) -> str:
    return str(trace.line.color or trace.marker.color)


def muted(text: str) -> dict[str, Any]:
    """A title of an axis."""
    return {"text": text, "font": {"size": SMALL, "color": colours.MUTED}, "standoff": 6}
