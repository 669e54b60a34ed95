"""The report's plots. Imported when a report is made: plotly is slow to import."""

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from footfall.segments import colours
from footfall.segments.accounts import Accounts
from footfall.segments.clusters import Labels
from footfall.segments.feature_table import Array
from footfall.segments.model import SegmentModel
from footfall.segments.transform import scaled
from footfall.segments.wording import count, percent

FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
USERS_SHOWN = 5_000
_COMPONENTS_SHOWN = 20
_LINE_LETTERS = 20


def as_html(figure: go.Figure, name: str) -> str:
    """Write a figure as a piece of HTML that expects plotly.js on the page."""
    html: str = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=name,
        config={"displayModeBar": False, "responsive": True, "scrollZoom": False},
    )
    return html


def shares(names: Sequence[str], values: Sequence[float]) -> go.Figure:
    """Bars of the segments' shares, the first segment on top."""
    bars = go.Bar(
        x=list(values),
        y=[_label(name) for name in names],
        orientation="h",
        marker_color=[colours.of_segment(segment) for segment in range(len(names))],
        text=[f"<b>{percent(value)}</b>" for value in values],
        hovertemplate="%{y}: %{text}<extra></extra>",
        **_TEXT_OUTSIDE,
    )
    return _with_bars(bars, values)


def outcomes(accounts: Accounts) -> go.Figure:
    """Bars of the rows that were not kept, by reason."""
    lost = [outcome for outcome in accounts.outcomes[1:] if outcome.rows]
    bars = go.Bar(
        x=[outcome.rows for outcome in lost],
        y=[_label(outcome.name) for outcome in lost],
        orientation="h",
        marker_color=[colours.QUIET if outcome.name == "duplicate" else colours.WARNING for outcome in lost],
        text=[f"<b>{count(outcome.rows)}</b>  {percent(outcome.share)}" for outcome in lost],
        hovertemplate="%{y}: %{text}<extra></extra>",
        **_TEXT_OUTSIDE,
    )
    return _with_bars(bars, [outcome.rows for outcome in lost], room=1.5)


def projection(model: SegmentModel, features: pa.Table, labels: Labels, names: Sequence[str]) -> go.Figure:
    """A sample of at most 5,000 users on the first two components, coloured by segment."""
    sample = _sample(features.num_rows, model.seed)
    points = model.projection.project(scaled(features.take(sample), model.scales)).astype(np.float32)
    figure = go.Figure(layout=_layout(height=400))
    for segment, name in enumerate(names):
        figure.add_trace(_cloud(points[labels[sample] == segment], name, colours.of_segment(segment)))
    for axis, place in (("xaxis", 0), ("yaxis", 1)):
        figure.update_layout({axis: _bare_axis(model, place)})
    return figure.update_layout(margin={"l": 28, "r": 8, "t": 8, "b": 32})


def _sample(users: int, seed: int) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).choice(users, min(users, USERS_SHOWN), replace=False))


def _cloud(points: Array, name: str, colour: str) -> go.Scatter:
    # A model of one component is a line: every user then has height 0.
    heights = points[:, 1] if points.shape[1] > 1 else np.zeros(len(points))
    return go.Scatter(
        x=points[:, 0],
        y=heights,
        mode="markers",
        name=escape(name),
        marker={"color": colour, "size": 5, "opacity": 0.55},
        hoverinfo="name",
    )


def _bare_axis(model: SegmentModel, place: int) -> dict[str, object]:
    shares = model.projection.variance_shares
    title = f"Component {place + 1} · {percent(shares[place])} of the variance" if place < len(shares) else ""
    return {
        "title": {"text": title, "font": {"size": 12, "color": colours.MUTED}, "standoff": 6},
        "showticklabels": False,
        "showgrid": False,
        "zeroline": True,
        "zerolinecolor": colours.RULE,
    }


def scree(model: SegmentModel) -> go.Figure:
    """The variance that each component holds, and what they hold together."""
    held = np.array(model.projection.variance_shares[:_COMPONENTS_SHOWN])
    kept, number = len(model.projection.loadings), list(range(1, len(held) + 1))
    bars = go.Bar(
        x=number,
        y=held,
        marker_color=[colours.ACCENT if place <= kept else colours.QUIET for place in number],
        hovertemplate="Component %{x}: %{y:.1%}<extra></extra>",
    )
    line = go.Scatter(
        x=number,
        y=held.cumsum(),
        mode="lines+markers",
        line={"color": colours.INK, "width": 1.5},
        marker={"size": 5},
        hovertemplate="First %{x} together: %{y:.1%}<extra></extra>",
    )
    figure = go.Figure([bars, line], layout=_layout(height=400))
    figure.add_hline(0.9, line={"color": colours.WARNING, "width": 1, "dash": "dot"})
    figure.update_yaxes(
        tickformat=".0%", range=[0, 1.06], gridcolor=colours.RULE, tickvals=[0, 0.25, 0.5, 0.75, 0.9, 1]
    )
    figure.update_xaxes(
        title={"text": "Component", "font": {"size": 12, "color": colours.MUTED}},
        tick0=1,
        dtick=max(1, len(held) // 8),
        range=[0.4, len(held) + 0.6],
    )
    return figure


_TEXT_OUTSIDE = {"textposition": "outside", "cliponaxis": False, "textfont": {"color": colours.INK, "size": 13}}


def _with_bars(bars: go.Bar, values: Sequence[float], *, room: float = 1.22) -> go.Figure:
    figure = go.Figure(bars, layout=_layout(height=12 + 44 * max(len(values), 1)))
    figure.update_yaxes(autorange="reversed", automargin=True, ticklabelstandoff=8, tickfont={"size": 13})
    # The label stands outside the bar: leave it room, to the left too where refunds outweigh a segment's purchases.
    low, high = min([*values, 0]), max([*values, 0])
    span = (high - low) or 1
    figure.update_xaxes(visible=False, range=[low - (0.22 * span if low else 0), low + span * room])
    return figure.update_layout(bargap=0.32, margin={"b": 4})


def _layout(*, height: int) -> dict[str, object]:
    return {
        "template": "none",
        "height": height,
        "font": {"family": FONT, "size": 13, "color": colours.INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 40, "r": 8, "t": 8, "b": 40},
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"bgcolor": colours.PAPER, "bordercolor": colours.RULE, "font": {"color": colours.INK}},
    }


def _label(name: str) -> str:
    """Break a long name into lines; plotly reads its labels as HTML, so what comes from data is escaped."""
    lines = [""]
    for part in name.split():
        longer = f"{lines[-1]} {part}".strip()
        if len(longer) > _LINE_LETTERS and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = longer
    return "<br>".join(escape(line) for line in lines)
