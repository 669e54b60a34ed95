"""The heat map as a picture; the page has it as a table, which can be read by everyone."""

import plotly.graph_objects as go

from footfall.pages.figures import in_lines
from footfall.segments.report import colours
from footfall.segments.report.content import Content
from footfall.segments.report.heatmap import heat_map
from footfall.segments.report.plots.style import new_figure

_ROW, _COLUMN, _COLUMN_LETTERS = 24, 100, 16
_BARE = {"ticks": "", "showgrid": False, "zeroline": False}


def picture(content: Content) -> go.Figure:
    """Features by segments, coloured by effect size, with the numbers of the table."""
    table = heat_map(content.parts)
    rows = [row for family in table.families.values() for row in family]
    figure = new_figure(
        "What sets them apart",
        "Medians in each feature's own unit; the colour is Cohen's d against the others of the group",
        height=_ROW * len(rows) + 90,
        width=280 + _COLUMN * len(table.columns),
        t=84,
        b=4,
    )
    figure.add_trace(
        go.Heatmap(
            z=[[cell.effect for cell in row.cells] for row in rows],
            text=[[cell.text for cell in row.cells] for row in rows],
            x=list(range(len(table.columns))),
            y=list(range(len(rows))),
            texttemplate="%{text}",
            textfont={"size": 11, "color": colours.INK},
            zmin=-colours.STRONGEST,
            zmax=colours.STRONGEST,
            colorscale=[(0, colours.LESS), (0.5, colours.PAPER), (1, colours.MORE)],
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(rows))),
        ticktext=[in_lines(f"{row.label}{' (mean)' if row.statistic == 'mean' else ''}", 40) for row in rows],
        automargin=True,
        ticklabelstandoff=6,
        **_BARE,
    )
    return figure.update_xaxes(
        side="top",
        tickvals=list(range(len(table.columns))),
        ticktext=[in_lines(column.title, _COLUMN_LETTERS) for column in table.columns],
        tickfont={"size": 11},
        tickangle=0,
        **_BARE,
    )
