"""Gradient boosting: one XGBoost model of all series, which forecasts every coming bucket directly.

The same model learns the mean (Tweedie loss, as winners of the M5 competition did; Makridakis et al. 2022) and the
quantiles (pinball loss). A row is a series at an origin and a step ahead; all of its features are known at that origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed

from footfall.contracts import COMPLETE
from footfall.forecast.exogenous import CALENDAR, Exogenous, exogenous, own_features
from footfall.forecast.history import Past, local, wall_buckets
from footfall.forecast.quantiles import LEVELS, QUANTILES

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
_CYCLES = {"D": 7, "h": 168, "7D": 52, "MS": 12}
_YEARS = {"D": 364, "h": 8736, "7D": 52, "MS": 12}
_AROUND = {"D": 7, "h": 168, "7D": 3, "MS": 1}
_MOST_ROWS = 40_000
_ROUNDS = 100
_CYCLES_TO_LEARN = 10
_TREES: dict[str, Any] = {
    "max_depth": 4,
    "eta": 0.1,
    "subsample": 0.7,
    "colsample_bytree": 0.6,
    "min_child_weight": 10,
    "tree_method": "hist",
}


@dataclass(frozen=True)
class Boosting:
    """XGBoost over all series, with the calendar as features.

    Args:
        name: what results call it.
        threads: cores.
        seed: of the rows it learns from and of the trees.
        features: columns beside the series.
    """

    name: str = "xgboost"
    threads: int = 1
    seed: int = 0
    features: tuple[Exogenous, ...] = CALENDAR

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        """Mean and quantiles of the coming buckets of every series."""
        import xgboost  # noqa: PLC0415 - takes a second to import

        table = _Table(past, horizon, self.features)
        ours = table.sample(np.random.default_rng(self.seed))
        x, y = table.features_at(*ours), table.targets_at(*ours)
        if not len(y):
            return past.ahead(horizon).assign(mean=np.nan, **dict.fromkeys(QUANTILES, np.nan))
        coming = table.coming()
        asked = table.features_at(*coming)
        settings = _TREES | {"nthread": 1, "seed": self.seed}

        def learnt(loss: Mapping[str, Any]) -> Array:
            is_quantile = "quantile_alpha" in loss
            booster = xgboost.train(
                {**settings, **loss}, xgboost.DMatrix(x, np.arcsinh(y) if is_quantile else y), _ROUNDS
            )
            found = np.asarray(booster.predict(xgboost.DMatrix(asked)), np.float64)
            return np.sinh(found) if is_quantile else found

        losses = [_mean_loss(y), *({"objective": "reg:quantileerror", "quantile_alpha": level} for level in LEVELS)]
        # A loss for each core: threads within one booster wait for each other, and ten times as long on a busy machine.
        told = Parallel(self.threads, prefer="threads")(delayed(learnt)(loss) for loss in losses)
        scale = table.scale[coming[0], coming[2]]
        quantiles = np.sort(np.column_stack(told[1:]) * scale[:, None], axis=1)
        return past.ahead(horizon).assign(mean=told[0] * scale, **dict(zip(QUANTILES, quantiles.T, strict=True)))


def _mean_loss(y: Array) -> dict[str, Any]:
    if (y < 0).any() or not y.any():
        return {"objective": "reg:squarederror"}
    return {"objective": "reg:tweedie", "tweedie_variance_power": 1.5}


class _Table:
    """Series as columns of matrices over time, and the features of any (origin, step, series).

    Only complete buckets count: a closed day or a gap says nothing of demand. Values are divided by the mean size of
    the last 13 cycles before the origin, so that series of all sizes teach one model.
    """

    def __init__(self, past: Past, horizon: int, features: tuple[Exogenous, ...]) -> None:
        self._past, self._horizon = past, horizon
        known = past.rows.assign(value=past.rows.value.where(past.rows.status == COMPLETE), ts=self._row(past.rows.ts))
        wide = known.pivot(index="ts", columns="series_id", values="value")
        self._names, self._moments = wide.columns, pd.DatetimeIndex(wide.index)
        self._values = wide.to_numpy(np.float64)
        self._cycle, self._year = _CYCLES.get(past.freq, past.season * 7), _YEARS.get(past.freq)
        self._beside = self._columns(features, known)
        is_known = ~np.isnan(self._values)
        filled = np.where(is_known, self._values, 0.0)
        self._sums, self._counts = _running(filled), _running(is_known)
        self._sizes, self._zeros = _running(np.abs(filled)), _running(is_known & (filled == 0))
        # The last bucket on the wall that is over at each moment: when clocks go back, a moment may end none.
        self._over = np.minimum.accumulate(self._buckets[:0:-1])[::-1] - 1
        self._place_sums, self._place_counts = (
            _running(self._on_wall(part), self._cycle) for part in (filled, is_known)
        )

    def _row(self, moments: pd.Series) -> pd.Series:
        """The moment of the matrix row: weeks begin on the same day, whatever day those of a series begin on."""
        if self._past.freq != "7D":
            return moments
        mondays: pd.Series = moments.dt.normalize() - pd.to_timedelta(moments.dt.dayofweek, unit="D")
        return mondays

    def _columns(self, features: tuple[Exogenous, ...], known: pd.DataFrame) -> dict[str, Array]:
        """Features beside the series, moment x series, up to the end of the horizon."""
        ahead = self._past.ahead_with_given(self._horizon)
        features = (*features, *own_features(self._past))
        behind, coming = exogenous(
            features, known.assign(ts=self._past.rows.ts), ahead, self._past.freq, self._past.known
        )
        ahead["ts"] = self._row(ahead.ts)
        both = pd.concat(
            [known[["series_id", "ts"]].join(behind), ahead[["series_id", "ts"]].join(coming)], ignore_index=True
        )
        moments = both.ts.drop_duplicates().sort_values()
        self._clock, self._buckets = _clock(moments, self._past), _buckets(moments, self._past)
        self._is_known_ahead = {one.name: one.is_known_ahead for one in features}
        return {
            one.name: both.pivot(index="ts", columns="series_id", values=one.name)[self._names].to_numpy(np.float64)
            for one in features
        }

    def _on_wall(self, values: npt.NDArray[np.generic]) -> Array:
        """The same by buckets on the shop's wall, up to the end of the horizon; what shares one is summed."""
        wall = np.zeros((self._buckets.max() + 1, values.shape[1]))
        np.add.at(wall, self._buckets[: len(values)], values)
        return wall

    @cached_property
    def scale(self) -> Array:
        """Mean size of a series at each origin, moment x series; 1 where it was always 0."""
        origins, series = np.indices(self._values.shape)
        recent, ever = (
            self._mean(self._sizes, origins, series, length) for length in (13 * self._cycle, len(self._values))
        )
        return np.where(recent > 0, recent, np.where(ever > 0, ever, 1.0))

    def coming(self) -> tuple[Places, Places, Places]:
        """Origin, step and series of every bucket to come, in the order of `Past.ahead`."""
        ends = self._row(self._past.rows.groupby("series_id").ts.max())
        origins = self._moments.get_indexer(pd.DatetimeIndex(ends))
        series = self._names.get_indexer(ends.index)
        steps = np.tile(np.arange(1, self._horizon + 1), len(ends))
        return np.repeat(origins, self._horizon), steps, np.repeat(series, self._horizon)

    def sample(self, rng: np.random.Generator) -> tuple[Places, Places, Places]:
        """Origins, steps and series to learn from, whose truth is known: all, or as many as are enough."""
        length, series = self._values.shape
        # Earlier, scales and levels are of too few buckets.
        first = min(_CYCLES_TO_LEARN * self._cycle, length // 2)
        origins, steps = np.meshgrid(np.arange(first, length - 1), np.arange(1, self._horizon + 1), indexing="ij")
        is_inside = origins + steps < length
        pairs = np.column_stack([origins[is_inside], steps[is_inside]])
        size = len(pairs) * series
        chosen = rng.choice(size, min(size, 2 * _MOST_ROWS), replace=False)
        origin, step = pairs[chosen // series].T
        member = chosen % series
        is_known = ~np.isnan(self._values[origin + step, member]) & (self._counts[origin + 1, member] > 0)
        kept = np.flatnonzero(is_known)[:_MOST_ROWS]
        return origin[kept], step[kept], member[kept]

    def targets_at(self, origin: Places, step: Places, series: Places) -> Array:
        """What happened, in units of the scale at the origin."""
        truth: Array = self._values[origin + step, series] / self.scale[origin, series]
        return truth

    def features_at(self, origin: Places, step: Places, series: Places) -> Array:
        """A row per (origin, step, series); what is not known is null."""
        scale, cycle = self.scale[origin, series], self._cycle
        target = origin + step
        recent = {
            f"last {n} cycles": self._mean(self._sums, origin, series, n * cycle) / scale for n in (1, 2, 4, 8, 26)
        }
        recent["zeros"] = self._mean(self._zeros, origin, series, 8 * cycle)
        recent |= {f"same place {n}": self._same_place(origin, step, series, n) / scale for n in (1, 4, 8, 16)}
        beside = {
            ("beside", name): values[target if self._is_known_ahead[name] else origin, series]
            for name, values in self._beside.items()
        }
        clock = {name: values[target] for name, values in self._clock.items()}
        columns = (
            {"step": step, "scale": np.log(scale)} | clock | recent | self._last_year(origin, step, series) | beside
        )
        return np.column_stack([np.asarray(values, np.float64) for values in columns.values()])

    def _mean(self, sums: Array, origin: Places, series: Places, length: int, back: int = 0) -> Array:
        last = np.maximum(origin + 1 - back, 0)
        first = np.maximum(last - length, 0)
        count = self._counts[last, series] - self._counts[first, series]
        with np.errstate(invalid="ignore"):
            mean: Array = (sums[last, series] - sums[first, series]) / np.where(count > 0, count, np.nan)
        return mean

    def _same_place(self, origin: Places, step: Places, series: Places, places: int) -> Array:
        """Mean of the last buckets at the target's place in the cycle that are over at the origin."""
        target = self._buckets[origin + step]
        last = target + (self._over[origin] - target) // self._cycle * self._cycle
        first = last - places * self._cycle
        before = np.maximum(first + self._cycle, 0)
        sums, counts = (
            part[last + self._cycle, series] - part[before, series] for part in (self._place_sums, self._place_counts)
        )
        with np.errstate(invalid="ignore"):
            mean: Array = sums / np.where(counts > 0, counts, np.nan)
        return mean

    def _last_year(self, origin: Places, step: Places, series: Places) -> dict[str, Array]:
        """The year before around the target's date, where known, and how that was to four times as long before."""
        if self._year is None or self._year >= len(self._values):
            return {}
        width = _AROUND[self._past.freq]
        end = step + width // 2
        around = self._mean(self._sums, origin + np.minimum(end, self._year), series, width, self._year)
        around = np.where(end <= self._year, around, np.nan)
        level = self._mean(self._sums, origin, series, 4 * width, self._year)
        return {
            "last year": around / self.scale[origin, series],
            "change last year": around / np.where(level > 0, level, np.nan),
        }


def _running(values: npt.NDArray[np.generic], stride: int = 1) -> Array:
    """Sums up to each moment in steps of `stride`, with that many rows of zeros before the first."""
    length, series = values.shape
    rows = -(-length // stride) * stride
    padded = np.zeros((stride + rows, series))
    padded[stride : stride + length] = values
    return np.cumsum(padded.reshape(-1, stride, series), axis=0).reshape(-1, series)[: stride + length]


def _clock(moments: pd.Series, past: Past) -> dict[str, Array]:
    """Where a bucket lies in the day, week, month and year, in the shop's time."""
    wall = local(moments, past.freq, past.known.timezone).dt
    places = {"day of week": wall.dayofweek, "hour": wall.hour, "day of month": wall.day, "day of year": wall.dayofyear}
    return {name: place.to_numpy(np.float64) for name, place in places.items()}


def _buckets(moments: pd.Series, past: Past) -> Places:
    """The number of each moment's bucket on the shop's wall."""
    wall = wall_buckets(moments, past.freq, past.known.timezone)
    every = pd.date_range(wall.min(), wall.max(), freq=past.freq)
    numbers: Places = every.get_indexer(pd.DatetimeIndex(wall), method="ffill")
    return numbers
