"""All plots of the report."""

import plotly.graph_objects as go

from footfall.segments.report.content import Content
from footfall.segments.report.plots.bars import outcomes, revenue, sizes
from footfall.segments.report.plots.choice import choice_plots
from footfall.segments.report.plots.flows import sankey
from footfall.segments.report.plots.heat import picture
from footfall.segments.report.plots.spread import projection, scree


def draw(content: Content) -> dict[str, go.Figure]:
    """Every plot by its key, in the order of the page; one that has nothing to show is left out."""
    found = {"sizes": sizes(content.parts), "revenue": revenue(content.parts), "heat-map": picture(content)}
    for number in content.numbers:
        found |= choice_plots(number)
    found["migration"] = sankey(content.moves) if content.moves else None
    for view in content.parts:
        found[f"projection-{view.key}"] = projection(content, view)
        found[f"scree-{view.key}"] = scree(view)
    found["outcomes"] = outcomes(content.accounts)
    return {key: figure for key, figure in found.items() if figure is not None}
