"""Forecasts as what detection expects: a model of the forecast room, fitted once a week to what was taught."""

import os

import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.anomaly import Forecaster, Kin
from footfall.contracts import COMPLETE, MISSING
from footfall.forecast import KnownDays, Model, Past, models
from footfall.forecast.history import filled
from footfall.pipeline.series import shop_calendar
from footfall.settings import Settings

Array = npt.NDArray[np.float64]
_WEEK, _DAY, _HOURS = 168, 24, "h"


def forecaster_of(settings: Settings, kin: Kin) -> Forecaster | None:
    """What forecasts the week to come; None for the fast model.

    Raises:
        SettingInvalid: the model needs an extra that is not installed.
    """
    if settings.baseline == "fast":
        return None
    return weekly(models((settings.baseline,), threads=settings.threads or os.cpu_count() or 1)[-1], settings, kin)


def weekly(model: Model, settings: Settings, kin: Kin) -> Forecaster:
    """What forecasts the week to come by this model."""
    calendar = shop_calendar(settings)

    def forecast(first: int, values: Array) -> Array:
        moments = pd.to_datetime(np.arange(first, first + len(values)) * 3600, unit="s")
        years = range(moments[0].year, moments[-1].year + 2)
        known = KnownDays(
            closed=calendar.named_days(),
            holidays=calendar.holidays(years).keys(),
            sales={day: sale.intensity for sale in calendar.sale for day in sale.days()},
            timezone=settings.timezone,
        )
        rows = pd.DataFrame({"series_id": np.repeat(kin.ids, len(values)), "ts": np.tile(moments, len(kin))})
        rows["value"] = values.T.ravel()
        rows["status"] = np.where(rows.value.isna(), MISSING, COMPLETE)
        told = model.forecast(Past(rows, filled(rows, _HOURS, settings.timezone), _HOURS, _DAY, known), _WEEK)
        wide = told.pivot_table(index="ts", columns="series_id", values="mean", dropna=False)
        found: Array = wide.reindex(columns=list(kin.ids)).to_numpy(np.float64)
        return found

    return forecast
