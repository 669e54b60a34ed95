"""The look of plots."""

from html import escape

import plotly.graph_objects as go

from footfall.pages import colours

FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
SMALL = 12


def empty_figure(*, height: int, **margin: int) -> go.Figure:
    """A figure without anything in it. Its title stands above it on the page."""
    return go.Figure(
        layout={
            "template": "none",
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


def in_lines(text: str, letters: int = 24) -> str:
    """Break a long text into lines; plotly reads its texts as HTML, so what comes from data is escaped."""
    lines = [""]
    for part in text.split():
        longer = f"{lines[-1]} {part}".strip()
        if len(longer) > letters and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = longer
    return "<br>".join(escape(line) for line in lines)
