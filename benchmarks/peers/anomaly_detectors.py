"""What others would have said of an hourly series, hour after hour. Used by ../anomaly.py.

Every detector gets the known hours of one series, one after the other, judges each before it sees the next, and learns
from the ten weeks before, anew each week where it has to be fitted. A score above 1 is an alert at the threshold that
is recommended. None is told of missing data: they judge the hours that there are.

| name | score of 1 |
| --- | --- |
| Prophet | the end of its 99% interval; default settings, sales are holidays of its own |
| PyOD as in Anomstack | mean probability of 0.8 by PCA and KNN, contamination 1%, of six means of three differences |
| PyOD, 24 hours | mean of PCA and KNN, each in units of its own threshold (contamination 1%), on the last 24 values |
| spectral residual | three times the mean saliency of the 21 hours before (Ren et al. 2019), in a window of 1,440 |
| rolling z-score | three standard deviations from the mean of the last four weeks |
| z-score of the hour of the week | three standard deviations from the mean of that hour in the ten weeks before |

Anomstack's defaults are those of metrics/defaults/defaults.yaml and preprocess.py (February 2026): diff_n 1, smooth_n
3, lags_n 5, alert_threshold 0.8. Its alert_smooth_n has no effect here: the SQL smooths over hours that are newer than
the one that is judged, and the newest has none.
"""

import logging
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
LEARNT_WEEKS, SALE = 10, 1
_START = pd.Timestamp("2024-01-01")


class Known:
    """The known hours of a series.

    Args:
        values: of these hours.
        numbers: of these hours, a week being 168.
        kinds: 1 in hours of sales.
        first: the first that is to be judged.
        week: how many hours a week has that are known.
    """

    def __init__(self, values: Array, numbers: npt.NDArray[np.int64], kinds: Array, first: int, week: int) -> None:
        self.values, self.numbers, self.kinds, self.first, self.week = values, numbers, kinds, first, week

    def weeks(self) -> Iterator[tuple[slice, slice]]:
        """The past and the hours of every week to be judged."""
        for begin in range(self.first, len(self.values), self.week):
            yield slice(max(begin - LEARNT_WEEKS * self.week, 0), begin), slice(begin, begin + self.week)


def rolling_z(known: Known) -> Array:
    series = pd.Series(known.values)
    past = series.shift(1).rolling(4 * known.week, min_periods=known.week)
    return _ratio((series - past.mean()).abs(), 3 * past.std())


def z_of_slot(known: Known) -> Array:
    series, slots = pd.Series(known.values), known.numbers % 168
    ours = series.groupby(slots)
    mean = ours.transform(lambda one: one.shift(1).rolling(LEARNT_WEEKS, min_periods=3).mean())
    deviation = ours.transform(lambda one: one.shift(1).rolling(LEARNT_WEEKS, min_periods=3).std())
    return _ratio((series - mean).abs(), 3 * deviation)


def _ratio(distance: pd.Series, reach: pd.Series) -> Array:
    # Where all were the same, a deviation of one: something happened in an hour in which nothing ever did.
    return (distance / reach.where(reach != 0, 3.0)).to_numpy()


def spectral_residual(known: Known) -> Array:
    """Ren et al., Time-Series Anomaly Detection Service at Microsoft (KDD 2019), with the paper's constants."""
    window, smoothed, local, threshold, added, slopes = 1440, 3, 21, 3.0, 5, 5
    scores = np.full(len(known.values), np.nan)
    window = min(window, known.first)
    for place in range(known.first, len(known.values)):
        seen = known.values[place - window + 1 : place + 1]
        slope = np.mean((seen[-1] - seen[-1 - np.arange(1, slopes + 1)]) / np.arange(1, slopes + 1))
        extended = np.append(seen, np.full(added, seen[-slopes] + slope * slopes))
        spectrum = np.fft.fft(extended)
        amplitude = np.maximum(np.abs(spectrum), 1e-8)
        logarithm = np.log(amplitude)
        residual = logarithm - np.convolve(logarithm, np.ones(smoothed) / smoothed, "same")
        saliency = np.abs(np.fft.ifft(np.exp(residual) * spectrum / amplitude))[: len(seen)]
        usual = saliency[-1 - local : -1].mean()
        scores[place] = (saliency[-1] - usual) / usual / threshold
    return scores


def pyod_anomstack(known: Known) -> Array:
    smooth = pd.Series(known.values).diff().rolling(3).mean()
    lagged = pd.concat([smooth.shift(lag) for lag in range(6)], axis=1).to_numpy()
    return _of_pyod(known, lagged, lambda model, rows: model.predict_proba(rows)[:, 1] / 0.8)


def pyod_day(known: Known) -> Array:
    lagged = pd.concat([pd.Series(known.values).shift(lag) for lag in range(24)], axis=1).to_numpy()
    return _of_pyod(known, lagged, lambda model, rows: model.decision_function(rows) / model.threshold_)


def _of_pyod(known: Known, rows: Array, score: Callable[..., Array]) -> Array:
    from pyod.models.knn import KNN  # noqa: PLC0415 - only these peers need it
    from pyod.models.pca import PCA  # noqa: PLC0415

    scores = np.full(len(rows), np.nan)
    for past, ahead in known.weeks():
        learnt = rows[past]
        learnt = learnt[np.isfinite(learnt).all(axis=1)]
        models = [PCA(contamination=0.01).fit(learnt), KNN(contamination=0.01).fit(learnt)]
        scores[ahead] = np.mean([score(model, rows[ahead]) for model in models], axis=0)
    return scores


def prophet(known: Known) -> Array:
    from prophet import Prophet  # noqa: PLC0415 - an extra

    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore")
    moments = _START + pd.to_timedelta(known.numbers, unit="h")
    days = pd.DatetimeIndex(moments[known.kinds == SALE]).normalize().unique()
    holidays = pd.DataFrame({"holiday": "sale", "ds": days}) if len(days) else None
    scores = np.full(len(known.values), np.nan)
    for past, ahead in known.weeks():
        fitted = Prophet(interval_width=0.99, holidays=holidays)
        fitted.fit(pd.DataFrame({"ds": moments[past], "y": known.values[past]}), seed=0)
        np.random.seed(0)  # of Prophet's samples
        told = fitted.predict(pd.DataFrame({"ds": moments[ahead]}))
        missed = known.values[ahead] - told.yhat.to_numpy()
        reach = np.where(missed > 0, told.yhat_upper - told.yhat, told.yhat - told.yhat_lower)
        scores[ahead] = np.abs(missed) / np.maximum(reach, 1e-9)
    return scores


DETECTORS: dict[str, Callable[[Known], Array]] = {
    "Prophet": prophet,
    "PyOD as in Anomstack": pyod_anomstack,
    "PyOD, 24 hours": pyod_day,
    "spectral residual": spectral_residual,
    "rolling z-score": rolling_z,
    "z-score of the hour of the week": z_of_slot,
}
