"""Series of known nature."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from footfall.forecast import KnownDays, Model, Panel, roll

Values = Callable[[np.random.Generator, "np.ndarray[tuple[int], np.dtype[np.int64]]"], object]


def panel(values: Values, *, series: int = 4, days: int = 200, seed: int = 0) -> Panel:
    """Daily series; `values` gets a generator and the number of each day from a Monday on."""
    days_of = pd.date_range("2020-01-06", periods=days, freq="D")
    parts = []
    for number in range(series):
        rng = np.random.default_rng([seed, number])
        parts.append(
            pd.DataFrame(
                {"series_id": f"s{number}", "ts": days_of, "value": values(rng, np.arange(days)), "status": "complete"}
            )
        )
    return Panel(pd.concat(parts, ignore_index=True), "D")


def white_noise(rng: np.random.Generator, days: np.ndarray) -> object:
    return 100 + rng.normal(0, 10, len(days))


def slow_level(rng: np.random.Generator, days: np.ndarray) -> object:
    """A level that wanders, under a week: what exponential smoothing is made for."""
    level = 200 + np.cumsum(rng.normal(0, 4, len(days)))
    return level + 30 * np.sin(2 * np.pi * days / 7) + rng.normal(0, 12, len(days))


def backtest(ours: Panel, models: Sequence[Model], *, horizon: int, origins: int) -> pd.DataFrame:
    """Forecasts beside the truth."""
    return roll(ours, models, horizon=horizon, origins=origins).compared


def forecast(ours: Panel, models: Sequence[Model], *, horizon: int, known: KnownDays | None = None) -> pd.DataFrame:
    """What is to come."""
    return roll(ours, models, horizon=horizon, origins=2, known=known, ahead=True).ahead
