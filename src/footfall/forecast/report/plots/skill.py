"""How much better than the seasonal naive forecast each model is, and whether that could be chance."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from footfall.forecast.models import BENCHMARKS
from footfall.forecast.report import colours
from footfall.forecast.report.wording import model_name, percent
from footfall.forecast.scores import Skill
from footfall.pages.figures import empty_figure, in_lines
from footfall.pages.plots import Key, Plot, axis

_ROW, _LEAST, _LINE_LETTERS = 38, -1.0, 16
_KEYS = (
    Key("better by more than chance", colours.ACCENT, "dot"),
    Key("could be chance", colours.QUIET, "dot"),
    Key("worse by more than chance", colours.WARNING, "dot"),
)


def skill_plot(rows: Sequence[Mapping[str, Any]]) -> Plot | None:
    """A dot and a 95% interval for each model; nothing where no skill is known."""
    skills = _known(row.get(BENCHMARKS[0]) for row in rows)
    if not skills:
        return None
    figure = empty_figure(height=70 + _ROW * len(skills), l=110)
    for place, one in enumerate(skills):
        _add(figure, place, one)
    figure.add_vline(x=0, line={"color": colours.MUTED, "width": 1})
    figure.update_xaxes(axis("Smaller error than seasonal naive (skill)", tickformat=".0%", range=_range(skills)))
    figure.update_yaxes(
        range=[len(skills) - 0.5, -0.5],
        tickvals=list(range(len(skills))),
        ticktext=[in_lines(model_name(one.model), letters=_LINE_LETTERS) for one in skills],
        automargin=True,
        ticklabelstandoff=8,
        showgrid=False,
        zeroline=False,
    )
    told = "; ".join(f"{model_name(one.model)} {percent(one.skill)}" for one in skills)
    return Plot(
        "How much better than repeating the last season",
        f"Skill against the seasonal naive forecast with 95% intervals: {told}.",
        figure,
        "0% is as good as repeating the last season; lines are 95% intervals",
        _KEYS,
    )


def _known(found: Iterable[Any]) -> list[Skill]:
    return [one for one in found if isinstance(one, Skill) and not math.isnan(one.skill)]


def _range(skills: Sequence[Skill]) -> list[float]:
    """All dots and intervals, but not as far as a model that is hopeless: that would hide all others."""
    low = min(0.0, *(one.low for one in skills if not math.isnan(one.low)), *(one.skill for one in skills))
    high = max(0.0, *(one.high for one in skills if not math.isnan(one.high)), *(one.skill for one in skills))
    room = 0.06 * ((high - low) or 1)
    return [max(low - room, _LEAST), high + room]


def _add(figure: Any, place: int, one: Skill) -> None:
    colour = _colour(one)
    figure.add_scatter(
        x=[one.low, one.high], y=[place, place], mode="lines", line={"color": colour, "width": 3}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[one.skill],
        y=[place],
        mode="markers",
        marker={"size": 12, "color": colour},
        hovertemplate=f"{percent(one.skill)}, 95%: {percent(one.low)} to {percent(one.high)}<extra></extra>",
    )


def _colour(one: Skill) -> str:
    if one.is_better:
        return colours.ACCENT
    return colours.WARNING if one.high < 0 and one.p_value < 0.05 else colours.QUIET
