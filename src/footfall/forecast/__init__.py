"""Series -> forecasts: models behind one protocol, compared on the same rolling origins."""

from footfall.forecast.backtest import (
    ENSEMBLE,
    REVISION,
    Keep,
    Rolled,
    forecast_each,
    origins_of,
    refuse_gaps_ahead,
    roll,
)
from footfall.forecast.choice import CHOSEN
from footfall.forecast.exogenous import Exogenous, exogenous, refuse_leaks
from footfall.forecast.history import KnownDays, Past
from footfall.forecast.models import BENCHMARKS, FAST, Model, models
from footfall.forecast.panel import Panel, read_csv, shut
from footfall.forecast.quantiles import INTERVALS, LEVELS, MEDIAN, QUANTILES
from footfall.forecast.scores import Skill, coverage, errors, skill

__all__ = [
    "BENCHMARKS",
    "CHOSEN",
    "ENSEMBLE",
    "FAST",
    "INTERVALS",
    "LEVELS",
    "MEDIAN",
    "QUANTILES",
    "REVISION",
    "Exogenous",
    "Keep",
    "KnownDays",
    "Model",
    "Panel",
    "Past",
    "Rolled",
    "Skill",
    "coverage",
    "errors",
    "exogenous",
    "forecast_each",
    "models",
    "origins_of",
    "read_csv",
    "refuse_gaps_ahead",
    "refuse_leaks",
    "roll",
    "shut",
    "skill",
]
