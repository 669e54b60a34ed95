"""How users lie to each other: the first two components, and how much each component holds."""

import numpy as np
import plotly.graph_objects as go

from footfall.pages.figures import in_lines
from footfall.segments.feature_table import Array
from footfall.segments.naming.wording import percent
from footfall.segments.report import colours
from footfall.segments.report.components import Component, components
from footfall.segments.report.content import Content, PartView
from footfall.segments.report.plots.style import muted, new_figure
from footfall.segments.transform import scaled

USERS_SHOWN = 3_000
_COMPONENTS_SHOWN = 20
_AXIS_LETTERS = 44


def projection(content: Content, view: PartView) -> go.Figure | None:
    """A sample of a part's users on its first two components; nothing where there is no component."""
    users = content.users_of(view)
    meanings = components(view.part)
    if not meanings:
        return None
    rng = np.random.default_rng(content.model.seed)
    shown = np.sort(rng.choice(users, min(len(users), USERS_SHOWN), replace=False))
    points = view.part.projection.project(scaled(content.features.take(shown), view.part.scales)).astype(np.float32)
    if len(meanings) == 1:
        # A line of points would lie on itself.
        points = np.column_stack([points[:, 0], rng.uniform(-1, 1, len(points))])
    sample = f"a sample of {USERS_SHOWN:,}" if len(users) > USERS_SHOWN else ""
    figure = new_figure(f"{view.title}: users on the first two principal components", sample, height=430, l=72, b=72)
    labels = content.labels[shown] - view.first
    for place, card in enumerate(view.cards):
        figure.add_trace(_cloud(points[labels == place], card.name, card.colour))
    figure.update_xaxes(**_bare_axis(meanings[0]))
    return figure.update_yaxes(**_bare_axis(meanings[1] if len(meanings) > 1 else None))


def _cloud(points: Array, name: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=points[:, 0],
        y=points[:, 1],
        mode="markers",
        name=in_lines(name, 60),
        marker={"color": colour, "size": 5, "opacity": 0.5},
        hoverinfo="name",
    )


def _bare_axis(component: Component | None) -> dict[str, object]:
    text = "there is one component: heights mean nothing"
    if component:
        share = percent(component.variance_share)
        words = in_lines(f"{component.meaning} →", _AXIS_LETTERS)
        text = f"Component {component.number} · {share} of the variance:<br>{words}"
    return {
        "title": muted(text),
        "showticklabels": False,
        "showgrid": False,
        "zeroline": True,
        "zerolinecolor": colours.RULE,
    }


def scree(view: PartView) -> go.Figure | None:
    """The variance that each component holds, and what they hold together; nothing where there is no component."""
    held = np.array(view.part.projection.variance_shares[:_COMPONENTS_SHOWN])
    if not held.size:
        return None
    kept, number = len(view.part.projection.loadings), list(range(1, len(held) + 1))
    figure = new_figure(
        f"{view.title}: variance held by each component, and together",
        f"{kept} {'is' if kept == 1 else 'are'} used, to hold at least 90%",
        height=250,
    )
    figure.add_bar(
        x=number,
        y=held,
        marker_color=[colours.ACCENT if place <= kept else colours.QUIET for place in number],
        hovertemplate="Component %{x}: %{y:.1%}<extra></extra>",
    )
    figure.add_scatter(
        x=number,
        y=held.cumsum(),
        mode="lines+markers",
        line={"color": colours.INK, "width": 1.5},
        marker={"size": 5},
        hovertemplate="First %{x} together: %{y:.1%}<extra></extra>",
    )
    figure.add_hline(0.9, line={"color": colours.WARNING, "width": 1, "dash": "dot"})
    figure.update_yaxes(
        tickformat=".0%", range=[0, 1.06], gridcolor=colours.RULE, tickvals=[0, 0.25, 0.5, 0.75, 0.9, 1]
    )
    figure.update_xaxes(
        title=muted("Component"), tick0=1, dtick=max(1, len(held) // 8), range=[0.4, max(len(held), 3) + 0.6]
    )
    return figure
