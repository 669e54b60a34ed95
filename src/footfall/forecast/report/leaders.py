"""The leaderboard, as the page shows it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from footfall.forecast.report.wording import NOTHING, amount, model_name, percent, score
from footfall.forecast.scores import Skill

# What stands in a column, how a number of it is written, and whether the least is the best.
_COLUMNS = {
    "mase": ("MASE", score, True),
    "wape": ("WAPE", percent, True),
    "quantile_loss": ("Quantile loss", score, True),
    "coverage_80": ("Inside 80%", percent, False),
    "coverage_95": ("Inside 95%", percent, False),
    "mape": ("MAPE", percent, False),
    "bias": ("Bias", amount, False),
    "seasonal_naive": ("Better than seasonal naive", None, False),
    "mean": ("Better than the mean", None, False),
}


@dataclass(frozen=True)
class Cell:
    """A number as it is written, and what stands smaller below it."""

    text: str
    below: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Leader:
    """A model's row."""

    name: str
    is_trusted: bool
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Leaders:
    """The leaderboard: a heading per column, a row per model."""

    headings: Sequence[str]
    rows: Sequence[Leader]


def leaders(rows: Sequence[Mapping[str, Any]], trusted: str | None) -> Leaders:
    """The rows in their order; a column that no row has is left out."""
    keys = [key for key in _COLUMNS if any(_has(row.get(key)) for row in rows)]
    best = {key: min(row[key] for row in rows if _has(row.get(key))) for key in keys if _COLUMNS[key][2]}
    found = [
        Leader(
            model_name(str(row["model"])),
            row["model"] == trusted,
            [_cell(key, row.get(key), best.get(key), _left_out(key, row)) for key in keys],
        )
        for row in rows
    ]
    return Leaders([_COLUMNS[key][0] for key in keys], found)


def _has(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))


def _left_out(key: str, row: Mapping[str, Any]) -> str:
    """What MAPE does not count is said below it."""
    share = row.get("mape_left_out")
    return f"{percent(share)} are 0, left out" if key == "mape" and share else ""


def _cell(key: str, value: Any, best: float | None, below: str) -> Cell:
    if not _has(value):
        return Cell(NOTHING)
    if isinstance(value, Skill):
        return _cell_of_skill(value)
    write = _COLUMNS[key][1]
    text = write(value) if write else NOTHING
    return Cell(f"+{text}" if key == "bias" and value > 0 else text, below, is_best=value == best)


def _cell_of_skill(skill: Skill) -> Cell:
    if math.isnan(skill.skill):
        return Cell(NOTHING)
    return Cell(percent(skill.skill), f"{percent(skill.low)} to {percent(skill.high)}")
