"""Bars: how large segments are, what they bring, and where rows went."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from footfall.pages.figures import in_lines
from footfall.segments.naming.wording import count, percent
from footfall.segments.report import colours
from footfall.segments.report.accounts import Accounts
from footfall.segments.report.cards import Card
from footfall.segments.report.content import PartView
from footfall.segments.report.plots.style import new_figure

_ROW, _LINE, _HEADING = 40, 17, 0.85


@dataclass(frozen=True)
class Bar:
    """A bar, and what is written at its end."""

    name: str
    value: float
    text: str
    colour: str


def sizes(parts: Sequence[PartView]) -> go.Figure:
    """The segments' shares of all users."""
    groups = [(f"{view.title} · {percent(view.share)}", _bars(view, lambda one: one.share)) for view in parts]
    return _grouped("Share of users", groups)


def revenue(parts: Sequence[PartView]) -> go.Figure | None:
    """The segments' shares of the revenue, or nothing where there is none. Who brings nothing needs no bar."""
    if any(view.revenue_share is None for view in parts):
        return None
    groups = []
    for view in parts:
        bars = _bars(view, lambda one: one.revenue_share or 0.0)
        brings = any(bar.value for bar in bars)
        groups.append(
            (f"{view.title} · {percent(view.revenue_share) if brings else 'nothing'}", bars if brings else [])
        )
    return _grouped("Share of revenue", groups)


def _bars(view: PartView, value: Callable[[Card], float]) -> list[Bar]:
    return [Bar(one.name, value(one), f"<b>{percent(value(one))}</b>", one.colour) for one in view.cards]


def outcomes(accounts: Accounts) -> go.Figure | None:
    """The rows that were not kept, by reason; nothing where all were kept."""
    bars = [
        Bar(
            outcome.name,
            outcome.rows,
            f"<b>{count(outcome.rows)}</b>  {percent(outcome.share)}",
            colours.QUIET if outcome.name == "duplicate" else colours.WARNING,
        )
        for outcome in accounts.outcomes[1:]
        if outcome.rows
    ]
    return _grouped("Rows that were not kept", [("", bars)], room=1.5) if bars else None


def _grouped(title: str, groups: Sequence[tuple[str, Sequence[Bar]]], *, room: float = 1.22) -> go.Figure:
    """Bars under their group's heading, the first on top; one group needs no heading."""
    has_headings, rows, place, headings = len(groups) > 1, list[tuple[float, Bar]](), 0.0, []
    for heading, bars in groups:
        if has_headings:
            headings.append((place + _HEADING / 2, heading))
            place += _HEADING
        for bar in bars:
            rows.append((place + _room_for(bar) / 2, bar))
            place += _room_for(bar)
    figure = new_figure(title, height=12 + round(_ROW * place), b=4)
    for at, heading in headings:
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=at, yref="y", text=in_lines(heading, 60), showarrow=False,
            font={"size": 12, "color": colours.MUTED},
        )  # fmt: skip
    figure.add_trace(_trace(rows))
    figure.update_yaxes(
        range=[place, 0],
        tickvals=[at for at, _ in rows],
        ticktext=[in_lines(bar.name) for _, bar in rows],
        automargin=True,
        ticklabelstandoff=8,
    )
    low, high = _room([bar.value for _, bar in rows], room)
    figure.update_xaxes(visible=False, range=[low, high])
    return figure


def _trace(rows: Sequence[tuple[float, Bar]]) -> go.Bar:
    return go.Bar(
        x=[bar.value for _, bar in rows],
        y=[at for at, _ in rows],
        width=0.66,
        orientation="h",
        marker_color=[bar.colour for _, bar in rows],
        text=[bar.text for _, bar in rows],
        customdata=[in_lines(bar.name, 60) for _, bar in rows],
        hovertemplate="%{customdata}: %{text}<extra></extra>",
        textposition="outside",
        cliponaxis=False,
        textfont={"color": colours.INK, "size": 13},
    )


def _room_for(bar: Bar) -> float:
    """The height of a bar's row; a name of three lines needs more than one."""
    return max(1.0, (6 + _LINE * (in_lines(bar.name).count("<br>") + 1)) / _ROW)


def _room(values: Sequence[float], room: float) -> tuple[float, float]:
    """The label stands outside the bar: leave it room, to the left too where refunds outweigh a segment's purchases."""
    low, high = min([*values, 0]), max([*values, 0])
    span = (high - low) or 1
    return low - (0.22 * span if low else 0), low + span * room
