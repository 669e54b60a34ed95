"""Prophet: a trend that bends, seasons, holidays and sales, added up (Taylor and Letham 2018, Forecasting at scale)."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.contracts import COMPLETE
from footfall.errors import SettingInvalid
from footfall.forecast.history import Past, local, own_columns
from footfall.forecast.quantiles import LEVELS, QUANTILES

_TWO_YEARS = pd.Timedelta(days=730)
# Waves of a year; ten, the library's own, cannot be told apart in twelve months.
_YEARLY_WAVES, _YEARLY_WAVES_OF_MONTHS = 10, 5
_NUMBERS = ["mean", *QUANTILES]


@dataclass(frozen=True)
class Prophet:
    """Prophet, fitted to each series apart.

    Only complete buckets are fitted. All holidays have one effect and all sales another, whatever was planned; in
    months they have none. Own columns that are known ahead are regressors, with their median where a number is missing;
    others are not used. Buckets shorter than a day are fitted in the shop's time. The mean is the library's `yhat`, the
    quantiles are those of its predictive samples.

    Args:
        name: what results call it.
        threads: processes; each fits one series at a time.
        seed: of the predictive samples.

    Raises:
        SettingInvalid: the library is not installed.
    """

    name: str = "prophet"
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if find_spec("prophet") is None:
            raise SettingInvalid('model "prophet" needs the extra: pip install "footfall[prophet]"')

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        """Mean and quantiles of the coming buckets of every series; null for a series that Prophet refuses."""
        known = past.rows[past.rows.status == COMPLETE]
        fitted = {str(name): _dated(ours, past) for name, ours in known.groupby("series_id")}
        coming = past.ahead(horizon)
        asked = _dated(past.ahead_with_given(horizon), past)
        marked, seasons = _marked_days(past), _seasons(past)
        nothing = _dated(known.head(0), past)
        tasks = [
            (fitted.get(str(name), nothing), asked.loc[rows.index]) for name, rows in coming.groupby("series_id").ts
        ]
        told = joblib.Parallel(n_jobs=self.threads)(
            joblib.delayed(_numbers)(ours, theirs, marked, seasons, self.seed) for ours, theirs in tasks
        )
        return coming.join(pd.concat(told))


def _dated(rows: pd.DataFrame, past: Past) -> pd.DataFrame:
    """Moments, values and own columns by the library's names, in the shop's time."""
    found = rows[past.known_ahead].assign(ds=local(rows.ts, past.freq, past.known.timezone))
    return found.assign(y=rows.value) if "value" in rows else found


def _seasons(past: Past) -> dict[str, bool | int]:
    """Which seasons a step can show; that of the year is left out for series of less than two."""
    is_long = past.freq in ("7D", "MS")
    return {
        "daily_seasonality": past.freq != "D" and not is_long,
        "weekly_seasonality": not is_long,
        "yearly_seasonality": _YEARLY_WAVES_OF_MONTHS if past.freq == "MS" else _YEARLY_WAVES,
    }


def _marked_days(past: Past) -> pd.DataFrame | None:
    """Holidays and sales as the library's table; a day in the middle of a week marks the week's first."""
    if past.freq == "MS":
        return None
    days = [("holiday", day) for day in past.known.holidays] + [("sale", day) for day in past.known.sales]
    found = pd.DataFrame(sorted(days), columns=["holiday", "ds"]).astype({"ds": "datetime64[ns]"})
    if past.freq == "7D":
        since = past.origin.dayofweek
        found["ds"] -= pd.to_timedelta((found.ds.dt.dayofweek - since) % 7, unit="D")
        found = found.drop_duplicates()
    return None if found.empty else found


def _numbers(
    ours: pd.DataFrame, coming: pd.DataFrame, marked: pd.DataFrame | None, seasons: dict[str, bool | int], seed: int
) -> pd.DataFrame:
    """Mean and quantiles on the index of what comes, null if the library refuses the series or cannot fit it."""
    moments = coming.ds
    if moments.iloc[0] - ours.ds.min() < _TWO_YEARS:
        seasons = seasons | {"yearly_seasonality": False}
    # The hour that the clock repeats in autumn is asked once: the library sorts, and would mix up its rows.
    asked = coming.drop_duplicates("ds").sort_values("ds")
    usual = ours[own_columns(ours)].median().fillna(0.0)
    ours, asked = ours.fillna(usual), asked.fillna(usual)
    try:
        with _quiet(), _seeded(seed):
            numbers = _fitted(ours, asked, marked, seasons, seed)
    except (ValueError, RuntimeError):
        return pd.DataFrame(np.nan, moments.index, _NUMBERS)
    return pd.DataFrame(numbers, pd.DatetimeIndex(asked.ds), _NUMBERS).loc[moments].set_index(moments.index)


def _fitted(
    ours: pd.DataFrame, asked: pd.DataFrame, marked: pd.DataFrame | None, seasons: dict[str, Any], seed: int
) -> npt.NDArray[np.float64]:
    """Mean and quantiles of the moments asked, a row for each."""
    import prophet  # noqa: PLC0415 - an extra, and takes a second to import

    model: Any = prophet.Prophet(holidays=marked, **seasons)
    for name in own_columns(ours):
        model.add_regressor(name)
    model.fit(ours, seed=seed)
    # It leaves a file for each fit in the temporary folder until the process ends.
    model.stan_backend.cleanup()
    samples = model.predictive_samples(asked)["yhat"]
    model.uncertainty_samples = 0  # they are drawn already
    mean = model.predict(asked).yhat.to_numpy(np.float64)
    return np.column_stack([mean, np.quantile(samples, LEVELS, axis=1).T])


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings and no log of the library and of the compiler that it calls."""
    # Not by their levels: cmdstanpy sets its own when it is first imported, which is in here.
    loggers = [logging.getLogger(name) for name in ("prophet", "cmdstanpy")]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, was in zip(loggers, before, strict=True):
                logger.disabled = was


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The library draws from NumPy's global generator, which is as it was afterwards."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)
