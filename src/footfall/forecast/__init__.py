"""Series -> forecasts: models behind one protocol, compared on the same rolling origins."""

from footfall.forecast.backtest import backtest, forecast, origins_of
from footfall.forecast.history import Closing
from footfall.forecast.models import BENCHMARKS, FAST, Model, models
from footfall.forecast.panel import Panel, read_csv
from footfall.forecast.scores import Skill, errors, skill

__all__ = [
    "BENCHMARKS",
    "FAST",
    "Closing",
    "Model",
    "Panel",
    "Skill",
    "backtest",
    "errors",
    "forecast",
    "models",
    "origins_of",
    "read_csv",
    "skill",
]
