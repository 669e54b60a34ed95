"""What all plots have in common."""

from html import escape
from typing import Any

import plotly.graph_objects as go

from footfall.segments.report import colours

FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
SMALL, WIDTH = 12, 900
_LINE_LETTERS = 24


def new_figure(title: str, note: str = "", *, height: int, width: int = WIDTH, **margin: int) -> go.Figure:
    """An empty figure. Its title stands above it on the page, and in it where it is a file, which has that width."""
    return go.Figure(
        layout={
            "template": "none",
            "meta": {"title": title, "note": note, "width": width},
            "height": height,
            "font": {"family": FONT, "size": 13, "color": colours.INK},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 40, "r": 8, "t": 8, "b": 40} | margin,
            "showlegend": False,
            "dragmode": False,
            "hoverlabel": {"bgcolor": colours.PAPER, "bordercolor": colours.RULE, "font": {"color": colours.INK}},
        }
    )


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


def in_lines(text: str, letters: int = _LINE_LETTERS) -> str:
    """Break a long text into lines; plotly reads its texts as HTML, so what comes from data is escaped."""
    lines = [""]
    for part in text.split():
        longer = f"{lines[-1]} {part}".strip()
        if len(longer) > letters and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = longer
    return "<br>".join(escape(line) for line in lines)
