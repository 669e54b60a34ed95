"""How many segments: what was measured for every number."""

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from footfall.segments.choice.choose import LEAST_JACCARD, LEAST_PREDICTION_STRENGTH
from footfall.segments.report import colours
from footfall.segments.report.numbers import NumberOf
from footfall.segments.report.plots.style import muted, new_figure

_MARK = 14


def choice_plots(number: NumberOf) -> dict[str, go.Figure]:
    """All plots of a part; none where nothing was measured."""
    if not number.measured:
        return {}
    plots: dict[str, Callable[[NumberOf], go.Figure]] = {
        "elbow": elbow,
        "silhouette": silhouette,
        "gap": gap,
        "stability": stability,
    }
    return {f"{name}-{number.key}": _marked(plot(number), number) for name, plot in plots.items()}


def elbow(number: NumberOf) -> go.Figure:
    """The inertia."""
    figure = _over_k(number, "Elbow", "Inertia: reported, never decides")
    figure.add_trace(_line(number, "inertia", "inertia", colours.INK, digits=",.0f"))
    return figure.update_yaxes(tickformat="~s", rangemode="tozero")


def silhouette(number: NumberOf) -> go.Figure:
    """Both silhouettes, the sampled one with its interval."""
    figure = _over_k(number, "Silhouette", "Users nearer to their own segment than to the next")
    ks = [row["k"] for row in number.measured]
    limits = [[row[name] for row in number.measured] for name in ("silhouette_low", "silhouette_high")]
    figure.add_scatter(
        x=[*ks, *reversed(ks)],
        y=[*limits[0], *reversed(limits[1])],
        mode="lines",
        fill="toself",
        fillcolor=colours.translucent(colours.CALM, 0.18),
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_trace(_line(number, "silhouette_sample", "sample, Euclidean, 95%", colours.CALM))
    figure.add_trace(_line(number, "silhouette", "all users, squared", colours.ACCENT))
    return figure.update_yaxes(rangemode="tozero", tickformat=".2~f")


def gap(number: NumberOf) -> go.Figure:
    """The gap statistic, and the level that it must exceed."""
    figure = _over_k(number, "Gap", "Tighter than users without structure")
    rows = [row for row in number.rows if row["gap"] is not None]
    figure.add_scatter(
        x=[row["k"] for row in rows],
        y=[row["gap"] for row in rows],
        error_y={"array": [row["gap_error"] for row in rows], "thickness": 1, "width": 3, "color": colours.ACCENT},
        mode="lines+markers",
        name="gap ± standard error",
        line={"color": colours.ACCENT, "width": 1.5},
        marker={"size": 5},
        hovertemplate="%{x}: %{y:.3f}<extra></extra>",
    )
    single = next((row["gap"] for row in rows if row["k"] == 1), None)
    if single is not None:
        _threshold(figure, number, single, "one segment", colours.WARNING)
    return figure.update_yaxes(tickformat=".2~f")


def stability(number: NumberOf) -> go.Figure:
    """What comes back when users are drawn again, and how much must."""
    figure = _over_k(number, "Stability", "What comes back when users are drawn again; dotted: what the rule asks")
    figure.add_trace(_line(number, "jaccard_mean", "mean Jaccard", colours.QUIET))
    figure.add_trace(_line(number, "jaccard_min", "worst Jaccard", colours.ACCENT))
    figure.add_trace(_line(number, "prediction_strength", "prediction strength", colours.WARNING))
    for least, colour in ((LEAST_JACCARD, colours.ACCENT), (LEAST_PREDICTION_STRENGTH, colours.WARNING)):
        figure.add_hline(least, line={"color": colour, "width": 1, "dash": "dot"})
    return figure.update_yaxes(range=[0, 1.05], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".2~f")


def _over_k(number: NumberOf, title: str, note: str) -> go.Figure:
    figure = new_figure(f"{number.title}: {title.lower()}", note, height=230, l=44, width=560, b=34)
    largest = max(row["k"] for row in number.rows)
    figure.update_xaxes(
        title=muted("Segments"), range=[0.4, largest + 0.6], tick0=2, dtick=2 if largest > 6 else 1, showgrid=False
    )
    return figure.update_yaxes(gridcolor=colours.RULE, zerolinecolor=colours.RULE, nticks=5)


def _line(number: NumberOf, column: str, name: str, colour: str, *, digits: str = ".2f") -> go.Scatter:
    return go.Scatter(
        x=[row["k"] for row in number.measured],
        y=[row[column] for row in number.measured],
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 1.5},
        marker={"size": 5},
        hovertemplate=f"%{{x}}: %{{y:{digits}}}<extra>{name}</extra>",
    )


def _threshold(figure: go.Figure, number: NumberOf, level: float, name: str, colour: str) -> None:
    ends = [0.4, max(row["k"] for row in number.rows) + 0.6]
    line = {"color": colour, "width": 1, "dash": "dot"}
    figure.add_scatter(x=ends, y=[level, level], mode="lines", name=name, line=line, hoverinfo="name")


def _marked(figure: go.Figure, number: NumberOf) -> go.Figure:
    """Mark the number that was chosen, the runner-up, and the number in the model where it is another."""
    if number.chosen:
        figure.add_vrect(
            number.chosen - 0.4, number.chosen + 0.4, fillcolor=colours.WASH, line={"width": 0}, layer="below"
        )
    in_use = number.in_use if number.in_use != number.chosen else None
    marks: Sequence[tuple[int | None, str, str]] = (
        (number.chosen, "<b>chosen</b>", colours.ACCENT),
        (number.runner_up, "runner-up", colours.MUTED),
        (in_use, "<b>in this model</b>", colours.WARNING),
    )
    shown = [(k, text, colour) for k, text, colour in marks if k]
    for above, (k, text, colour) in enumerate(reversed(shown)):
        _mark(figure, k, text, colour, above)
    return figure.update_layout(margin_t=8 + _MARK * len(shown))


def _mark(figure: go.Figure, k: int, text: str, colour: str, above: int) -> None:
    """A word above the plot with a thin stem down into it; each word has a row of its own, so none meets another."""
    stem: dict[str, Any] = {"color": colour, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=k, x1=k, y0=0, y1=1, yref="paper", line=stem, layer="below", opacity=0.6)
    figure.add_annotation(
        x=k, y=1, yref="paper", yanchor="bottom", yshift=_MARK * above, text=text, showarrow=False,
        xanchor="left" if k <= 3 else "center", xshift=-6 if k <= 3 else 0, font={"size": 11, "color": colour},
    )  # fmt: skip
