"""A plot as it stands on a page, and its axes."""

from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.io import to_json

from footfall.pages import colours
from footfall.pages.figures import SMALL


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
        figure: the plot; one of many may be plain values, as validating them takes plotly fifty milliseconds each.
        note: what else is to be known.
        keys: what its colours stand for.
    """

    title: str
    label: str
    figure: go.Figure | dict[str, Any]
    note: str = ""
    keys: tuple[Key, ...] = ()

    @property
    def json(self) -> str:
        """The figure, so that it can stand inside of a script element: no `<` could close it."""
        return str(to_json(self.figure, validate=False)).replace("<", "\\u003c")


def axis(text: str, **more: Any) -> dict[str, Any]:
    """An axis with a title."""
    title = {"text": escape(text), "font": {"size": SMALL, "color": colours.MUTED}, "standoff": 8}
    tick = {"size": SMALL, "color": colours.MUTED}
    return {"title": title, "tickfont": tick, "gridcolor": colours.RULE, "zeroline": False, "automargin": True} | more
