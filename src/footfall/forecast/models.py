"""The models, behind one small protocol. None is written here: they are those of the libraries that keep them well."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol, cast

import pandas as pd

from footfall.errors import UserError
from footfall.forecast.boosting import Boosting
from footfall.forecast.deep import Lstm
from footfall.forecast.history import Past
from footfall.forecast.prophet_model import Prophet


class Model(Protocol):
    """Forecasts series from their past."""

    @property
    def name(self) -> str:
        """What results call it."""

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        """The coming buckets of every series.

        Args:
            past: the series up to an origin, and what is known in advance.
            horizon: how many buckets.

        Returns:
            `series_id`, `ts`, `mean`, and the quantiles if the model has its own; null where it failed on a series.
        """


@dataclass(frozen=True)
class Statistical:
    """A model of statsforecast, fitted to each series apart."""

    name: str
    threads: int = 1

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        """The coming buckets of every series."""
        from statsforecast import StatsForecast  # noqa: PLC0415 - takes more than a second to import
        from statsforecast import models as library  # noqa: PLC0415

        seasons = max(1, int(past.history.groupby("series_id").size().min()) // past.season)
        model = _STATISTICAL[self.name](library, past.season, seasons)
        fitting = StatsForecast([model], freq=past.freq, n_jobs=self.threads, fallback_model=library.NaNModel())
        found = cast("pd.DataFrame", fitting.forecast(horizon, past.history.rename(columns=_THEIR_NAMES)))
        return found.rename(columns={"unique_id": "series_id", "ds": "ts", str(model): "mean"})


_THEIR_NAMES = {"series_id": "unique_id", "ts": "ds", "value": "y"}
# Each gets the library, the season, and how many whole seasons every series has.
_STATISTICAL: dict[str, Callable[[ModuleType, int, int], Any]] = {
    "seasonal_naive": lambda library, season, _seasons: library.SeasonalNaive(season),
    "mean": lambda library, _season, _seasons: library.HistoricAverage(),
    "seasonal_mean": lambda library, season, seasons: library.SeasonalWindowAverage(
        season, window_size=min(_SEASONS_OF_MEAN, seasons)
    ),
    "smoothing": lambda library, season, _seasons: library.AutoETS(season_length=season, model="ANA"),
    "ets": lambda library, season, _seasons: library.AutoETS(season_length=season),
    "theta": lambda library, season, _seasons: library.DynamicOptimizedTheta(season_length=season),
    "mstl": lambda library, season, _seasons: library.MSTL(season_length=season),
    "arima": lambda library, season, _seasons: library.AutoARIMA(season_length=season),
}
_OTHERS: dict[str, Callable[..., Model]] = {"xgboost": Boosting, "prophet": Prophet, "lstm": Lstm}
_SEASONS_OF_MEAN = 8
BENCHMARKS = ("seasonal_naive", "mean")
"""The same place in the season before, and the mean of all that was. A model is of use if it beats both: a mean beats
repeating last week's noise, and anything with a season beats a flat line."""
FAST = (*BENCHMARKS, "seasonal_mean", "smoothing", "xgboost")
"""Those that forecast a thousand series in minutes; `smoothing` is ETS(A,N,A)."""


def models(names: Sequence[str], *, threads: int = 1) -> list[Model]:
    """The models of these names, the benchmarks always among them and first.

    Raises:
        UserError: a name is unknown.
    """
    wanted = dict.fromkeys([*BENCHMARKS, *names])
    return [_model(name, threads) for name in wanted]


def _model(name: str, threads: int) -> Model:
    if name in _STATISTICAL:
        return Statistical(name, threads)
    if name in _OTHERS:
        return _OTHERS[name](threads=threads)
    raise UserError(f'there is no model "{name}"; there are {", ".join([*_STATISTICAL, *_OTHERS])}')
