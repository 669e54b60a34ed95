"""The models, behind one small protocol. None is written here: they are those of the libraries that keep them well."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol, cast

import pandas as pd

from footfall.errors import UserError


class Model(Protocol):
    """Forecasts series from their past."""

    @property
    def name(self) -> str:
        """What results call it."""

    def forecast(self, history: pd.DataFrame, horizon: int, *, freq: str, season: int) -> pd.DataFrame:
        """The coming buckets of every series.

        Args:
            history: `series_id`, `ts`, `value`; a value in every bucket.
            horizon: how many buckets.
            freq: the step from bucket to bucket.
            season: buckets in a season.

        Returns:
            `series_id`, `ts`, `value`; a value is null where the model failed on the series.
        """


@dataclass(frozen=True)
class Statistical:
    """A model of statsforecast, fitted to each series apart."""

    name: str
    threads: int = 1

    def forecast(self, history: pd.DataFrame, horizon: int, *, freq: str, season: int) -> pd.DataFrame:
        """The coming buckets of every series."""
        from statsforecast import StatsForecast  # noqa: PLC0415 - takes more than a second to import
        from statsforecast import models as library  # noqa: PLC0415

        seasons = max(1, int(history.groupby("series_id").size().min()) // season)
        model = _STATISTICAL[self.name](library, season, seasons)
        fitting = StatsForecast([model], freq=freq, n_jobs=self.threads, fallback_model=library.NaNModel())
        found = cast("pd.DataFrame", fitting.forecast(horizon, history.rename(columns=_THEIR_NAMES)))
        return found.rename(columns={theirs: ours for ours, theirs in _THEIR_NAMES.items()} | {str(model): "value"})


_THEIR_NAMES = {"series_id": "unique_id", "ts": "ds", "value": "y"}
# Each gets the library, the season, and how many whole seasons every series has.
_STATISTICAL: dict[str, Callable[[ModuleType, int, int], Any]] = {
    "seasonal_naive": lambda library, season, _seasons: library.SeasonalNaive(season),
    "mean": lambda library, _season, _seasons: library.HistoricAverage(),
    "seasonal_mean": lambda library, season, seasons: library.SeasonalWindowAverage(
        season, window_size=min(_SEASONS_OF_MEAN, seasons)
    ),
    "ets": lambda library, season, _seasons: library.AutoETS(season_length=season),
    "theta": lambda library, season, _seasons: library.DynamicOptimizedTheta(season_length=season),
    "mstl": lambda library, season, _seasons: library.MSTL(season_length=season),
    "arima": lambda library, season, _seasons: library.AutoARIMA(season_length=season),
}
_SEASONS_OF_MEAN = 8
BENCHMARKS = ("seasonal_naive", "mean")
"""The same place in the season before, and the mean of all that was. A model is of use if it beats both: a mean beats
repeating last week's noise, and anything with a season beats a flat line."""
FAST = (*BENCHMARKS, "seasonal_mean", "ets", "theta", "mstl")


def models(names: Sequence[str], *, threads: int = 1) -> list[Model]:
    """The models of these names, the benchmarks always among them and first.

    Raises:
        UserError: a name is unknown.
    """
    wanted = [*BENCHMARKS, *(name for name in names if name not in BENCHMARKS)]
    for name in wanted:
        if name not in _STATISTICAL:
            raise UserError(f'there is no model "{name}"; there are {", ".join(_STATISTICAL)}')
    return [Statistical(name, threads) for name in dict.fromkeys(wanted)]
