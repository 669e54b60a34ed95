"""How good forecasts were: errors by series and model, skill against a benchmark, and whether it could be chance."""

from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from utilsforecast import losses

from footfall.forecast.choice import quantile_losses
from footfall.forecast.panel import Panel
from footfall.forecast.quantiles import INTERVALS, LEVELS, QUANTILES

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Skill:
    """A model against a benchmark.

    `skill` is 1 - the geometric mean, over series, of the model's mean absolute error divided by the benchmark's; `low`
    and `high` are the ends of its 95% interval over origins (jackknife). `p_value` is of the Diebold-Mariano test that
    scaled absolute errors are equal. `series` counts those on which neither is always right.
    """

    model: str
    benchmark: str
    skill: float
    low: float
    high: float
    p_value: float
    series: int

    @property
    def is_better(self) -> bool:
        """Whether chance is no explanation: the interval and the test agree."""
        return self.low > 0 and self.p_value < 0.05


def errors(compared: pd.DataFrame, panel: Panel) -> pd.DataFrame:
    """Errors of every series and model over all origins.

    Absolute errors are of `point` (a median has the least of them), squared ones and the bias of `mean`.

    Args:
        compared: from `roll`.
        panel: what was forecast; errors are scaled by those of the seasonal naive forecast before the first origin.

    Returns:
        `series_id`, `model`, and MASE and RMSSE (Hyndman and Koehler 2006; M5), WAPE, MAE, RMSE, bias (positive: too
        high), the quantile loss scaled as MASE is, and MAPE with `zeros`, the buckets that it leaves out. What is
        scaled is null where the scale is 0. A model without a forecast for some bucket of a series has no row for it.
    """
    told = compared[_is_whole(compared)].copy()
    told["id"] = told.series_id + "\n" + told.model
    measured = {
        "mae": losses.mae(told, ["point"], "id", "actual"),
        "rmse": losses.rmse(told, ["mean"], "id", "actual"),
        "bias": losses.bias(told, ["mean"], "id", "actual"),
        "mape": losses.mape(told[told.actual != 0], ["point"], "id", "actual"),
    }
    every = pd.DataFrame({name: table.set_index("id").iloc[:, 0] for name, table in measured.items()})
    every[["series_id", "model"]] = [str(name).rsplit("\n", 1) for name in every.index]
    scales = every.series_id.map(_scales(compared, panel, 1))
    squares = every.series_id.map(_scales(compared, panel, 2))
    sizes = told.groupby("id").actual
    every["mase"] = every.mae / scales.where(scales > 0)
    every["rmsse"] = every.rmse / np.sqrt(squares.where(squares > 0))
    every["quantile_loss"] = quantile_losses(told).groupby(told.id).mean() / scales.where(scales > 0)
    every["wape"] = every.mae / sizes.agg(lambda actual: actual.abs().mean()).where(lambda size: size > 0)
    every["zeros"] = sizes.agg(lambda actual: int((actual == 0).sum()))
    return every.reset_index(drop=True)


def coverage(compared: pd.DataFrame) -> pd.DataFrame:
    """How often the truth lay inside the intervals, in buckets in which the shop was not known to be closed.

    A truth that is equal to a quantile (0, where nothing happens on most days) counts as spread evenly over the levels
    that the forecast gives it, so that a right forecast of counts covers what it says (Czado, Gneiting and Held 2009).
    They begin and end between two known levels: taken in the middle.

    Returns:
        A share per row of `compared` and nominal coverage: columns 80 and 95, null without quantiles or where closed.
    """
    quantiles = compared[list(QUANTILES)].to_numpy(np.float64)
    truth = compared.actual.to_numpy(np.float64)[:, None]
    edges = np.array([0.0, *LEVELS, 1.0])
    middles = (edges[:-1] + edges[1:]) / 2
    less, up_to = (quantiles < truth).sum(axis=1), (quantiles <= truth).sum(axis=1)
    is_equal = up_to > less
    below = np.where(is_equal & (less > 0), middles[less], edges[less])
    upper = np.where(is_equal, middles[up_to], edges[less + 1])
    is_known = ~np.isnan(quantiles).any(axis=1) & ~compared.is_closed.to_numpy(bool)
    shares = {}
    for nominal, (low, high) in INTERVALS.items():
        first, last = (LEVELS[QUANTILES.index(name)] for name in (low, high))
        inside = np.clip(np.minimum(upper, last) - np.maximum(below, first), 0, None) / (upper - below)
        shares[nominal] = np.where(is_known, inside, np.nan)
    return pd.DataFrame(shares, index=compared.index)


def _is_whole(compared: pd.DataFrame) -> pd.Series:
    """Whether the model has a forecast for every bucket of the series that is compared."""
    whole: pd.Series = compared.point.notna().groupby([compared.series_id, compared.model]).transform("all")
    return whole


def _scales(compared: pd.DataFrame, panel: Panel, power: int) -> pd.Series:
    """Mean over time of |difference from a season before|^power, by series, up to its first origin."""
    first = compared.groupby("series_id").origin.min()
    past = panel.rows[panel.rows.ts <= panel.rows.series_id.map(first)]
    steps = past.value - past.groupby("series_id").value.shift(panel.season)
    scale: pd.Series = (steps.abs() ** power).groupby(past.series_id).mean()
    return scale


def skill(compared: pd.DataFrame, model: str, benchmark: str) -> Skill:
    """How much better a model is than a benchmark on the same buckets.

    Args:
        compared: from `roll`, two origins or more; series on which one of them failed are left out.
        model: which.
        benchmark: against which.
    """
    both = _absolute_errors(compared, [model, benchmark])
    if both.empty:
        return Skill(model, benchmark, skill=nan, low=nan, high=nan, p_value=1.0, series=0)
    by_origin = both.groupby(["series_id", "origin"])[[model, benchmark]].sum().unstack("origin").fillna(0.0)
    ours, theirs = (np.asarray(by_origin[name], dtype=np.float64) for name in (model, benchmark))
    is_usable = (ours.sum(axis=1) > 0) & (theirs.sum(axis=1) > 0)
    ratio, low, high = _log_ratio(ours[is_usable], theirs[is_usable])
    return Skill(
        model,
        benchmark,
        skill=float(-np.expm1(ratio)),
        low=float(-np.expm1(high)),
        high=float(-np.expm1(low)),
        p_value=_diebold_mariano(both, model, benchmark),
        series=int(is_usable.sum()),
    )


def _log_ratio(ours: Array, theirs: Array) -> tuple[float, float, float]:
    """Mean over series of the logarithm of error / benchmark's error, and its 95% interval.

    Series of one origin are not independent, origins nearly are: the interval comes from leaving out one origin at a
    time (jackknife; Efron and Tibshirani 1993, chapter 11). Sums of absolute errors, series x origins.
    """

    def estimate(mine: Array, benchmark: Array) -> float:
        sums, others = mine.sum(axis=1), benchmark.sum(axis=1)
        is_known = (sums > 0) & (others > 0)
        return float(np.log(sums[is_known] / others[is_known]).mean()) if is_known.any() else float("nan")

    origins, whole = ours.shape[-1], estimate(ours, theirs)
    without = [estimate(np.delete(ours, n, axis=1), np.delete(theirs, n, axis=1)) for n in range(origins)]
    error = float(np.sqrt((origins - 1) * np.var(without)))
    reach = float(stats.t.ppf(0.975, origins - 1)) * error
    return whole, whole - reach, whole + reach


def _absolute_errors(compared: pd.DataFrame, models: list[str]) -> pd.DataFrame:
    ours = compared[compared.model.isin(models) & _is_whole(compared)]
    ours = ours.assign(error=(ours.point - ours.actual).abs())
    wide = ours.pivot_table(index=["series_id", "origin", "ts"], columns="model", values="error")
    return wide.reindex(columns=models).dropna()


def _diebold_mariano(both: pd.DataFrame, model: str, benchmark: str) -> float:
    """Two-sided p-value of equal accuracy (Diebold and Mariano 1995, corrected by Harvey, Leybourne and Newbold 1997).

    The series are taken together: the loss of a bucket is the mean of their errors, scaled by the benchmark's mean.
    """
    scale = both[benchmark].groupby("series_id").transform("mean")
    differences = ((both[model] - both[benchmark]) / scale)[scale > 0].groupby("ts").mean().to_numpy()
    if not len(differences):
        return 1.0
    horizon = int(both.groupby(["series_id", "origin"]).size().max())
    size, centred = len(differences), differences - differences.mean()
    covariances = [float(centred[lag:] @ centred[: size - lag]) / size for lag in range(min(horizon, size))]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / size
    if variance <= 0:  # as R's forecast::dm.test does
        variance, horizon = covariances[0] / size, 1
    if variance == 0:
        return 1.0
    correction = (size + 1 - 2 * horizon + horizon * (horizon - 1) / size) / size
    statistic = differences.mean() / np.sqrt(variance) * np.sqrt(max(correction, 0.0))
    return float(2 * stats.t.sf(abs(statistic), size - 1))
