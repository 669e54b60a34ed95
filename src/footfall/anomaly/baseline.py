"""Another model's forecast in the place of level x hour of the week: Prophet's, an LSTM's, anyone's."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from footfall.anomaly.expectation import WEEK, Ahead, Expectation
from footfall.anomaly.occasions import Hour

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Forecaster = Callable[[int, Array], Array]
"""From the number of the first hour, and values since (hours x series, null where not known), the week to come."""
_LEAST_WEEKS, _MOST_WEEKS = 2, 12


class Forecast(Expectation):
    """Takes what to expect from a forecaster, once a week, and from the fast model where that says nothing.

    It is fitted to what the detector learns from: values of which anomalies are winsorised or left out.
    """

    def __init__(self, series: int, forecaster: Forecaster) -> None:
        super().__init__(series)
        self._forecaster = forecaster
        self.taught = np.zeros((0, series))
        self.coming = np.zeros((0, series))
        self.forecast_from = 0

    def ahead(self, hour: Hour, unit: Array) -> Ahead:
        """What to expect; the forecast knows of sales and holidays, but not how this one goes."""
        fast = super().ahead(hour, unit)
        if len(self.taught) >= _LEAST_WEEKS * WEEK and self.number >= self.forecast_from + len(self.coming):
            self.coming = np.maximum(self._forecaster(self.number - len(self.taught), self.taught), 0.0)
            self.forecast_from = self.number
        place = self.number - self.forecast_from
        if not 0 <= place < len(self.coming):
            return fast
        told = self.coming[place]
        is_told = told > 0
        one, none = np.where(is_told, 1.0, fast.factor), np.where(is_told, 0.0, fast.spread)
        return Ahead(np.where(is_told, told, fast.base), one, none, one, none)

    def learn(self, hour: Hour, ahead: Ahead, values: Array, unit: Array) -> None:
        """Take in what happened, for the next forecast too."""
        del ahead  # the fast model goes on beside it, from what it expected itself
        super().learn(hour, super().ahead(hour, unit), values, unit)
        self.taught = np.concatenate([self.taught, values[None]])[-_MOST_WEEKS * WEEK :]

    def shift(self, which: Bools, ratio: Array) -> None:
        """Take another level for normal, also in what was forecast and what the next forecast learns from."""
        super().shift(which, ratio)
        self.coming[:, which] *= ratio[which]
        self.taught[:, which] *= ratio[which]
