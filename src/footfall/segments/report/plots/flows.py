"""Who moved from segment to segment."""

from collections.abc import Sequence
from html import escape
from textwrap import shorten

import plotly.graph_objects as go

from footfall.pages.figures import in_lines
from footfall.segments.report import colours
from footfall.segments.report.moves import Moves, Stop
from footfall.segments.report.plots.style import new_figure

# Between any two segments there is room for a line of text, so that no name is written over another.
_GAP, _FLOWS, _EDGE, _LETTERS = 20, 280, 12, 56


def sankey(moves: Moves) -> go.Figure:
    """The earlier segments on the left, the later ones on the right, and users who went from one to the other."""
    stops = [*moves.before, *moves.after]
    height = _FLOWS + _GAP * (max(len(moves.before), len(moves.after)) - 1)
    figure = new_figure("Who moved", moves.caption, height=height + 2 * _EDGE, l=4, r=4, t=_EDGE, b=_EDGE)
    figure.add_trace(
        go.Sankey(
            arrangement="fixed",
            node={
                "label": [escape(shorten(stop.name, _LETTERS, placeholder=" …")) for stop in stops],
                "customdata": [in_lines(stop.name, 60) for stop in stops],
                "color": [stop.colour for stop in stops],
                "x": [0.001] * len(moves.before) + [0.999] * len(moves.after),
                "y": [*_heights(moves.before, height), *_heights(moves.after, height)],
                "pad": _GAP,
                "thickness": 14,
                "line": {"width": 0},
                "hovertemplate": "%{customdata}: %{value:,} users<extra></extra>",
            },
            link={
                "source": [before for before, _, _ in moves.flows],
                "target": [len(moves.before) + after for _, after, _ in moves.flows],
                "value": [users for _, _, users in moves.flows],
                "color": [colours.translucent(moves.before[before].colour, 0.32) for before, _, _ in moves.flows],
                "hovertemplate": "%{source.customdata} →<br>%{target.customdata}: %{value:,} users<extra></extra>",
            },
        )
    )
    return figure


def _heights(stops: Sequence[Stop], height: float) -> list[float]:
    """The middle of each segment, from 0 at the top to 1, in the order given: plotly would sort them by its flows."""
    scale, top, found = _FLOWS / sum(stop.users for stop in stops), 0.0, []
    for stop in stops:
        found.append((top + stop.users * scale / 2) / height)
        top += stop.users * scale + _GAP
    return [min(max(place, 0.001), 0.999) for place in found]
