"""The same job on Spark: series are spread over it by the library's own back end."""

from collections.abc import Callable

import numpy as np
import pytest
from shapes import forecast, panel, slow_level

from footfall.engine import Engine
from footfall.forecast import models


@pytest.mark.spark
def test_spark_forecasts_what_one_machine_forecasts(opened: Callable[[str], Engine]) -> None:
    ours = panel(slow_level, series=3, days=60)
    here = forecast(ours, models(["seasonal_mean"]), horizon=7)
    there = forecast(ours, models(["seasonal_mean"], spark=opened("spark").native()), horizon=7)
    keys = ["series_id", "ts", "model"]
    here, there = (found.sort_values(keys, ignore_index=True) for found in (here, there))
    assert here[keys].equals(there[keys])
    np.testing.assert_allclose(here["mean"], there["mean"], rtol=1e-5)  # Spark gives single precision
