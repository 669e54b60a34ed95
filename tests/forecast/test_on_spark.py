"""The same job on Spark: series are spread over it by the library's own back end."""

from collections.abc import Callable

import numpy as np
import pytest
from shapes import forecast, panel, past, slow_level

from footfall.engine import Engine
from footfall.forecast import KnownDays, models
from footfall.forecast.models import Statistical


@pytest.mark.spark
def test_spark_forecasts_what_one_machine_forecasts(opened: Callable[[str], Engine]) -> None:
    ours = panel(slow_level, series=3, days=60)
    here = forecast(ours, models(["seasonal_mean"]), horizon=7)
    there = forecast(ours, models(["seasonal_mean"], spark=opened("spark").native()), horizon=7)
    keys = ["series_id", "ts", "model"]
    here, there = (found.sort_values(keys, ignore_index=True) for found in (here, there))
    assert here[keys].equals(there[keys])
    np.testing.assert_allclose(here["mean"], there["mean"], rtol=1e-5)  # Spark gives single precision


@pytest.mark.spark
@pytest.mark.parametrize("name", ["seasonal_naive", "arima"])
def test_hours_and_their_waves_are_spread_too(opened: Callable[[str], Engine], name: str) -> None:
    """Fifteen days, the clock put back on the last."""
    hour = np.arange(24 * 15)
    values = 50 + 30 * np.sin(2 * np.pi * hour / 24) + np.random.default_rng(0).normal(0, 2, len(hour))
    ours = past({"a": values, "b": values[::-1]}, "h", "2020-10-11", KnownDays(timezone="Europe/Paris"))
    mine, theirs = (Statistical(name, spark=spark).forecast(ours, 48) for spark in (None, opened("spark").native()))
    assert mine[["series_id", "ts"]].equals(theirs[["series_id", "ts"]])
    np.testing.assert_allclose(mine["mean"], theirs["mean"], rtol=1e-3)
