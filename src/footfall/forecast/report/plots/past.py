"""How good past forecasts were: errors by origin, and whether ranges held what they promised."""

from html import escape

import pandas as pd
import plotly.graph_objects as go

from footfall.forecast.backtest import ENSEMBLE
from footfall.forecast.choice import CHOSEN
from footfall.forecast.models import BENCHMARKS
from footfall.forecast.report import colours
from footfall.forecast.report.wording import bucket_name, model_name, moment, percent
from footfall.pages.figures import empty_figure
from footfall.pages.plots import Key, Plot, axis

_HEIGHT = 340
_NAMED = {CHOSEN: colours.ACCENT, ENSEMBLE: colours.OTHERS[0], BENCHMARKS[0]: colours.MUTED}
_VOLUMES = {"steady": colours.ACCENT, "sparse": colours.OTHERS[0], "rare": colours.OTHERS[2]}
# Marks that can be seen through one another: good ranges put all of them in one place.
_SYMBOLS = {"steady": "circle", "sparse": "square-open", "rare": "diamond-open"}


def origins_plot(errors: pd.DataFrame, freq: str) -> Plot | None:
    """A line for each model over the origins; nothing where there is nothing to compare."""
    if errors.empty:
        return None
    palette = _palette(list(errors.columns))
    figure = empty_figure(height=_HEIGHT, l=56)
    for model in reversed(errors.columns):  # the chosen one is drawn last, above the others
        figure.add_trace(_line(errors[model], model, palette[model]))
    figure.update_xaxes(axis(f"Last {bucket_name(freq)} known to the forecast (origin)", showgrid=False, nticks=6))
    figure.update_yaxes(axis("Error / usual size of the series", rangemode="tozero", tickformat=".0%"))
    means = "; ".join(f"{model_name(name)} {percent(errors[name].mean())}" for name in palette)
    span = " to ".join(moment(pd.Timestamp(at), freq) for at in (errors.index.min(), errors.index.max()))
    return Plot(
        "How far past forecasts were off",
        f"Scaled absolute error by origin, {span}. On average: {means}.",
        figure,
        "mean absolute error on open buckets, of the series in the middle; lower is better",
        tuple(Key(model_name(name), colour, _dash(name)) for name, colour in palette.items()),
    )


def _palette(models: list[str]) -> dict[str, str]:
    others = dict(zip((name for name in models if name not in _NAMED), colours.OTHERS[1:], strict=False))
    return {name: (_NAMED | others)[name] for name in models}


def _dash(model: str) -> str:
    return "dash" if model == BENCHMARKS[0] else "line"


def _line(errors: pd.Series, model: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=errors.index,
        y=errors,
        mode="lines+markers",
        line={
            "color": colour,
            "width": 3 if model == CHOSEN else 1.5,
            "dash": "dot" if model == BENCHMARKS[0] else "solid",
        },
        marker={"size": 7 if model == CHOSEN else 4, "color": colour},
        hovertemplate="%{y:.1%}<extra>" + escape(model_name(model)) + "</extra>",
    )


def calibration_plot(found: pd.DataFrame) -> Plot | None:
    """Promised against observed shares, by class of volume; nothing where nothing was observed."""
    if found.empty:
        return None
    figure = empty_figure(height=_HEIGHT, l=56)
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": colours.QUIET, "width": 1.5, "dash": "dot"}, hoverinfo="skip"
    )
    for volume, rows in found.groupby("volume", sort=False):
        figure.add_trace(_observed(rows, str(volume)))
    for update, text in (
        (figure.update_xaxes, "Promised: truth below the quantile"),
        (figure.update_yaxes, "Observed share below"),
    ):
        update(axis(text, tickformat=".0%", range=[-0.03, 1.03], tickvals=[0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]))
    return Plot(
        "Are the ranges honest?",
        "Share of past buckets below each quantile of the chosen forecast. "
        + "; ".join(f"{volume} {_told(rows)}" for volume, rows in found.groupby("volume", sort=False))
        + ".",
        figure,
        "dots on the dotted line: as often as promised; whiskers: without and with buckets that are the quantile "
        "itself, as where both are 0",
        tuple(Key(f"{name} series", _VOLUMES.get(name, colours.OTHERS[3]), "dot") for name in found.volume.unique()),
    )


def _told(rows: pd.DataFrame) -> str:
    return ", ".join(f"{level:.1%}: {up_to:.1%}" for level, up_to in zip(rows.level, rows.up_to, strict=True))


def _observed(rows: pd.DataFrame, volume: str) -> go.Scatter:
    """A dot where the share below is as near to the promise as ties allow, and a whisker over all that they allow."""
    colour = _VOLUMES.get(volume, colours.OTHERS[3])
    nearest = rows.level.clip(rows.below, rows.up_to)
    return go.Scatter(
        x=rows.level,
        y=nearest,
        mode="markers",
        marker={"size": 7 if volume == "steady" else 13, "color": colour, "symbol": _SYMBOLS.get(volume, "x-open")},
        error_y={
            "type": "data", "symmetric": False, "array": rows.up_to - nearest, "arrayminus": nearest - rows.below,
            "color": colour, "thickness": 1.2, "width": 3,
        },
        customdata=rows[["level", "below", "up_to"]],
        hovertemplate="promised %{customdata[0]:.1%}, observed %{customdata[1]:.1%} to %{customdata[2]:.1%}<extra>"
        + escape(volume)
        + "</extra>",
    )  # fmt: skip
