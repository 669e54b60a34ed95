"""The models, behind one small protocol. None is written here: they are those of the libraries that keep them well."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Protocol, cast

import pandas as pd

from footfall.errors import UserError
from footfall.forecast.boosting import Boosting
from footfall.forecast.deep import Lstm
from footfall.forecast.history import Past, is_intraday
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
    """A model of statsforecast, fitted to each series apart.

    Args:
        name: which, and what results call it.
        threads: processes, where there is no Spark.
        spark: a session over which the series are spread, through the library's own back end.
    """

    name: str
    threads: int = 1
    spark: Any = field(default=None, repr=False, compare=False)

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        """The coming buckets of every series."""
        behind, ahead = past.on_wall(horizon)
        series, steps = behind.rename(columns=_THEIR_NAMES), _steps(behind, ahead, past.freq)
        waves = None
        if self.name == "arima" and is_intraday(past.freq):
            series, waves = _with_waves(series, steps, past)
        told = self._told(series, waves, steps, past).set_axis(["series_id", "wall", "mean"], axis="columns")
        return ahead.merge(told, on=["series_id", "wall"], how="left")[["series_id", "ts", "mean"]]

    def _told(self, series: pd.DataFrame, waves: pd.DataFrame | None, steps: int, past: Past) -> pd.DataFrame:
        """Series, moment and mean of so many steps, by the library's names."""
        from statsforecast import StatsForecast  # noqa: PLC0415 - takes more than a second to import
        from statsforecast import models as library  # noqa: PLC0415

        makers = _STATISTICAL | (_INTRADAY if is_intraday(past.freq) else {})
        seasons = max(1, int(series.groupby("unique_id").size().min()) // past.season)
        model = makers[self.name](library, past.season, seasons)
        processes = self.threads if self.spark is None else 1
        fitting = StatsForecast([model], freq=past.freq, n_jobs=processes, fallback_model=library.NaNModel())
        if self.spark is None:
            with warnings.catch_warnings():  # it warns of every order of ARIMA that it tries in vain
                warnings.simplefilter("ignore")
                return cast("pd.DataFrame", fitting.forecast(steps, series, waves))
        spread, coming = (
            None if table is None else self.spark.createDataFrame(table).repartition("unique_id")
            for table in (series, waves)
        )
        told: pd.DataFrame = cast("Any", fitting.forecast(df=spread, h=steps, X_df=coming)).toPandas()
        return told


def _steps(behind: pd.DataFrame, ahead: pd.DataFrame, freq: str) -> int:
    """How many steps it is from the end of any series to its last coming bucket, at most."""
    ends, lasts = (rows.groupby("series_id").wall.max() for rows in (behind, ahead))
    return max(len(pd.date_range(end, last, freq=freq)) for end, last in set(zip(ends, lasts, strict=True))) - 1


def _with_waves(series: pd.DataFrame, steps: int, past: Past) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last weeks and the steps to come, with waves of the week (Fourier terms), or of the day if there are few."""
    from utilsforecast.feature_engineering import fourier  # noqa: PLC0415 - takes half a second to import

    recent = series.groupby("unique_id").tail(max(_MOST_WITH_WAVES, 2 * past.season))
    weeks = int(recent.groupby("unique_id").size().min()) // (_DAYS * past.season)
    length, waves = (_DAYS * past.season, 20) if weeks >= _LEAST_CYCLES else (past.season, 10)
    return cast("tuple[pd.DataFrame, pd.DataFrame]", fourier(recent, past.freq, length, waves, steps))


_DAYS, _LEAST_CYCLES = 7, 2
_THEIR_NAMES = {"series_id": "unique_id", "wall": "ds", "value": "y"}
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
# Steps shorter than a day have two seasons. A season of 168 hours is out of reach of ARIMA, and so waves stand for it.
_INTRADAY: dict[str, Callable[[ModuleType, int, int], Any]] = {
    "mstl": lambda library, season, seasons: library.MSTL(
        [season, _DAYS * season] if seasons >= _LEAST_CYCLES * _DAYS else season
    ),
    "arima": lambda library, _season, _seasons: library.AutoARIMA(
        seasonal=False, d=0, max_p=2, max_q=1, approximation=True
    ),
}
# Eight weeks of hours: the time that the library's check of the waves takes grows with the cube of their length.
_MOST_WITH_WAVES = 1344
_OTHERS: dict[str, Callable[..., Model]] = {"xgboost": Boosting, "prophet": Prophet, "lstm": Lstm}
_SEASONS_OF_MEAN = 8
BENCHMARKS = ("seasonal_naive", "mean")
"""The same place in the season before, and the mean of all that was. A model is of use if it beats both: a mean beats
repeating last week's noise, and anything with a season beats a flat line."""
FAST = (*BENCHMARKS, "seasonal_mean", "smoothing", "xgboost")
"""Those that forecast a thousand series in minutes; `smoothing` is ETS(A,N,A)."""


def models(names: Sequence[str], *, threads: int = 1, spark: Any = None) -> list[Model]:
    """The models of these names, the benchmarks always among them and first.

    Args:
        names: which.
        threads: cores of this machine to use.
        spark: a session over which those of statsforecast spread the series.

    Raises:
        UserError: a name is unknown.
    """
    wanted = dict.fromkeys([*BENCHMARKS, *names])
    return [_model(name, threads, spark) for name in wanted]


def _model(name: str, threads: int, spark: Any) -> Model:
    if name in _STATISTICAL:
        return Statistical(name, threads, spark)
    if name in _OTHERS:
        return _OTHERS[name](threads=threads)
    raise UserError(f'there is no model "{name}"; there are {", ".join([*_STATISTICAL, *_OTHERS])}')
