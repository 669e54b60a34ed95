"""Series of known nature."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from footfall.forecast import KnownDays, Model, Panel, Past, roll
from footfall.forecast.history import filled

Values = Callable[[np.random.Generator, "np.ndarray[tuple[int], np.dtype[np.int64]]"], object]


SEASONS = {"30min": 48, "h": 24, "D": 7, "7D": 52, "MS": 12}
CHANGES = [  # of clocks: by an hour, by half an hour, at midnight
    ("Europe/Paris", "2020-03-29 01:00"),
    ("Europe/Paris", "2020-10-25 01:00"),
    ("Australia/Lord_Howe", "2020-04-04 15:00"),
    ("Australia/Lord_Howe", "2020-10-03 15:30"),
    ("America/Santiago", "2020-04-05 03:00"),
    ("America/Santiago", "2020-09-06 04:00"),
]


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


def past(
    values: dict[str, object],
    freq: str = "D",
    first: str = "2020-01-06",
    known: KnownDays | None = None,
) -> Past:
    """Series that all begin at `first`; what is null is missing, and nulls before the first value are cut off."""
    known, parts = known or KnownDays(), []
    for name, each in values.items():
        ours = np.asarray(each, np.float64)
        ts = pd.date_range(first, periods=len(ours), freq=freq)
        rows = pd.DataFrame({"series_id": name, "ts": ts, "value": ours})
        rows["status"] = np.where(rows.value.isna(), "missing", "complete")
        parts.append(rows.iloc[max(rows.value.first_valid_index() or 0, 0) :])
    rows = pd.concat(parts, ignore_index=True)
    return Past(rows, filled(rows, freq, known.timezone), freq, SEASONS[freq], known)


def white_noise(rng: np.random.Generator, days: np.ndarray) -> object:
    return 100 + rng.normal(0, 10, len(days))


def slow_level(rng: np.random.Generator, days: np.ndarray) -> object:
    """A level that wanders, under a week: what exponential smoothing is made for."""
    level = 200 + np.cumsum(rng.normal(0, 4, len(days)))
    return level + 30 * np.sin(2 * np.pi * days / 7) + rng.normal(0, 12, len(days))


def wild(_rng: np.random.Generator, days: np.ndarray) -> np.ndarray:
    """What nobody foresees who looks at its past."""
    return 100 + 40 * np.sin(days.astype(float) ** 2)


def backtest(ours: Panel, models: Sequence[Model], *, horizon: int, origins: int) -> pd.DataFrame:
    """Forecasts beside the truth."""
    return roll(ours, models, horizon=horizon, origins=origins).compared


def forecast(ours: Panel, models: Sequence[Model], *, horizon: int, known: KnownDays | None = None) -> pd.DataFrame:
    """What is to come."""
    return roll(ours, models, horizon=horizon, origins=2, known=known, ahead=True).ahead


def with_values(ours: Past, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Past:
    rows = change(ours.rows)
    return Past(rows, filled(rows, ours.freq, ours.known.timezone), ours.freq, ours.season, ours.known)
