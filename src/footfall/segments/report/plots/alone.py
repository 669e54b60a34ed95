"""A plot as a file of its own."""

import plotly.graph_objects as go

from footfall.pages.figures import SMALL, in_lines
from footfall.segments.report import colours
from footfall.segments.report.plots.style import key_of

_LETTER, _LINE, _TITLE, _SWATCH = 7.4, 20, 48, 46


def standing_alone(figure: go.Figure) -> go.Figure:
    """A copy that needs no page around it: on paper, with its title, its note, and a key to its colours."""
    alone, meta, margin = go.Figure(figure), figure.layout.meta, figure.layout.margin
    note = in_lines(meta["note"], round(meta["width"] / _LETTER))
    top = _TITLE + (_LINE * (note.count("<br>") + 1) if note else 0)
    key = _key_height(key_of(figure), meta["width"])
    # A margin that fits the labels leaves nothing beside them: a blank title does.
    alone.for_each_yaxis(lambda axis: axis.update(title={"text": " ", "standoff": 0}) if axis.automargin else None)
    return alone.update_layout(
        width=meta["width"],
        height=figure.layout.height + top + key,
        paper_bgcolor=colours.PAPER,
        margin={"t": margin.t + top, "b": margin.b + key, "l": margin.l + 12, "r": margin.r + 24},
        title={
            "text": f"<b>{in_lines(meta['title'], 80)}</b>",
            "subtitle": {"text": note, "font": {"size": SMALL, "color": colours.MUTED}},
            "font": {"size": 16},
            "x": 0,
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"l": 16, "t": 16},
        },
        showlegend=bool(key),
        legend={"orientation": "h", "x": 0, "y": 0.01, "yref": "container", "yanchor": "bottom"},
    )


def _key_height(key: list[tuple[str, str]], width: int) -> int:
    """Plotly gives each entry of a row the width of the longest."""
    if not key:
        return 0
    entry = max(len(name) for name, _ in key) * _LETTER + _SWATCH
    in_a_row = max(1, int((width - 80) / entry))
    return 14 + _LINE * -(-len(key) // in_a_row)
