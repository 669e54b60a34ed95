"""What all plots have in common."""

from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go

from footfall.forecast.report import colours

FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
_SMALL, _LINE_LETTERS = 12, 16


@dataclass(frozen=True)
class Key:
    """What a colour stands for; `shape` is line, area, dash or dot."""

    name: str
    colour: str
    shape: str = "line"


@dataclass(frozen=True)
class Plot:
    """A plot with what stands around it.

    Args:
        title: what is seen.
        label: what is seen, for those who do not see it.
        figure: the plot.
        note: what else is to be known.
        keys: what its colours stand for.
    """

    title: str
    label: str
    figure: go.Figure
    note: str = ""
    keys: tuple[Key, ...] = ()

    @property
    def json(self) -> str:
        """The figure, so that it can stand inside of a script element: no `<` could close it."""
        return str(self.figure.to_json()).replace("<", "\\u003c")


def new_figure(*, height: int, **margin: int) -> go.Figure:
    """An empty figure. Its title stands above it on the page."""
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


def axis(text: str, **more: Any) -> dict[str, Any]:
    """An axis with a title."""
    title = {"text": escape(text), "font": {"size": _SMALL, "color": colours.MUTED}, "standoff": 8}
    tick = {"size": _SMALL, "color": colours.MUTED}
    return {"title": title, "tickfont": tick, "gridcolor": colours.RULE, "zeroline": False, "automargin": True} | more


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
