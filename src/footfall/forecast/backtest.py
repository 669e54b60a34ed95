"""Rolling origins: every model forecasts the same stretches of the past, from what was known before each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.contracts import CLOSED, COMPLETE, PARTIAL
from footfall.errors import UserError
from footfall.forecast.choice import CHOSEN, choices
from footfall.forecast.exogenous import CALENDAR, own_features, refuse_leaks
from footfall.forecast.history import OWN, KnownDays, Past, closed_ahead, days_within, filled
from footfall.forecast.intervals import calibrated
from footfall.forecast.models import BENCHMARKS, Model
from footfall.forecast.panel import Panel
from footfall.forecast.quantiles import MEDIAN, QUANTILES
from footfall.forecast.reconciliation import constraints, reconciled

ENSEMBLE = "median"
KEYS = ["series_id", "ts"]
LEAST_ORIGINS, BURN_IN = 2, 6
_RARE, _SPARSE = 0.5, 0.1
_RECENT_SEASONS = 13
REVISION = 3
"""Changes when the same past gives other forecasts, or the same forecasts another choice."""
Report = Callable[[str], None]
Keep = Callable[[Model, Past, int], pd.DataFrame]


@dataclass(frozen=True)
class Rolled:
    """Forecasts from rolling origins.

    Args:
        rows: `series_id`, `origin`, `ts`, `model`, `mean`, the quantiles, `point` (what absolute errors are of: the
            median, but for the seasonal naive forecast, which is what it is), `actual` and `status` (null in buckets to
            come), `is_closed` (0 was forecast because the shop is closed), and `volume`, `reach` and `kind`.
        choices: which model forecasts which class of volume from which origin on.
        before: `mean` of the chosen forecast before it was reconciled, by `series_id`, `origin` and `ts`.
    """

    rows: pd.DataFrame
    choices: pd.DataFrame
    before: pd.DataFrame

    @cached_property
    def compared(self) -> pd.DataFrame:
        """Where the truth is known: buckets that are missing or not over have nothing to compare with."""
        known: pd.DataFrame = self.rows[self.rows.actual.notna()].reset_index(drop=True)
        return known

    @cached_property
    def ahead(self) -> pd.DataFrame:
        """What was forecast from the last origin."""
        last: pd.DataFrame = self.rows[self.rows.origin == self.rows.origin.max()].reset_index(drop=True)
        return last


def forecast_each(model: Model, past: Past, horizon: int) -> pd.DataFrame:
    """What a model forecasts; with `Keep` in its place, what it forecast before."""
    return model.forecast(past, horizon)


def roll(
    panel: Panel,
    models: Sequence[Model],
    *,
    horizon: int,
    origins: int,
    known: KnownDays | None = None,
    ahead: bool = False,
    anchor: pd.Timestamp | None = None,
    each: Keep = forecast_each,
    report: Report = lambda _: None,
) -> Rolled:
    """Forecast from every origin, calibrate, choose and reconcile by what was known at each.

    Args:
        panel: the series.
        models: benchmarks are no part of the median.
        horizon: buckets ahead; origins are as far apart.
        origins: how many, at most; some before them are used to calibrate the first.
        known: what is known in advance; models get what of it was known at each origin.
        ahead: forecast what is to come too.
        anchor: an origin that others are whole horizons from; by default the last leaves exactly a horizon.
        each: how a model forecasts from one origin.
        report: told what is being done.

    Raises:
        UserError: the series are too short.
        LeakingFeature: a feature uses what comes after an origin.
    """
    known = known or KnownDays()
    every = origins_of(panel, horizon=horizon, origins=origins + BURN_IN, anchor=anchor)
    first = every[max(min(len(every) // 3, BURN_IN), len(every) - origins)]
    features = dict.fromkeys(feature for one in models for feature in getattr(one, "features", CALENDAR))
    middle = every[len(every) // 2]
    refuse_leaks((*features, *own_features(panel)), panel.rows, middle, panel.freq, known.at(middle, panel.freq))
    history = filled(panel.rows, panel.freq, known.timezone)  # of each bucket from those before it: cut, not made anew
    found = []
    for number, origin in enumerate([*every, *([_last_over(panel)] if ahead else [])], start=1):
        report(f"origin {number} of {len(every) + ahead}: {origin:%Y-%m-%d %H:%M}")
        past = _past(panel, history, origin, horizon, known)
        found.append(_base(past, models, horizon, each).assign(origin=origin))
    report("calibrating, choosing, reconciling")
    told = pd.concat(found, ignore_index=True).merge(_truth(panel), on=KEYS, how="left")
    return _judged(told, panel, first)


def _past(panel: Panel, history: pd.DataFrame, origin: pd.Timestamp, horizon: int, known: KnownDays) -> Past:
    """What was known at the origin: of the buckets of the horizon only own columns that are known ahead."""
    is_past = _is_past(panel, origin)
    given = None
    if panel.known_ahead:
        end = pd.date_range(origin, periods=horizon + 1, freq=panel.freq)[-1]
        given = panel.rows.loc[(panel.rows.ts > origin) & (panel.rows.ts <= end), [*KEYS, *panel.known_ahead]]
    return Past(panel.rows[is_past], history[is_past], panel.freq, panel.season, known.at(origin, panel.freq), given)


def refuse_gaps_ahead(panel: Panel, horizon: int, file: Path) -> None:
    """See that own columns that are said to be known ahead are, in all buckets to come.

    Raises:
        UserError: some are not.
    """
    last = _last_over(panel)
    ahead = _past(panel, panel.rows, last, horizon, KnownDays()).ahead_with_given(horizon)
    for name in panel.known_ahead:
        lacking = ahead[ahead[name].isna()]
        if len(lacking):
            first, column = lacking.iloc[0], name.removeprefix(OWN)
            raise UserError(
                f"{file}: {column} is said to be known ahead, but has no number for series {first.series_id} at "
                f"{first.ts}, nor in {len(lacking) - 1:,} more of the {len(ahead):,} coming buckets; add lines with an "
                f"empty value and a number in {column} up to {ahead.ts.max()}, choose a shorter --horizon, or leave "
                f"--known-ahead {column} out"
            )


def _judged(told: pd.DataFrame, panel: Panel, first: pd.Timestamp) -> Rolled:
    """With quantiles, the median of the models, and the choice among all; origins that only served these left out."""
    told = calibrated(told)
    told["bucket"] = told.groupby(["series_id", "origin", "ts"]).ngroup()  # texts are slow to group by
    told = pd.concat([told, _median(told)], ignore_index=True)
    chosen = choices(_candidates(told), ENSEMBLE if (told.model == ENSEMBLE).any() else BENCHMARKS[0])
    keys = ["origin", "volume", "model"]
    best = pd.concat([rows.merge(chosen[keys], on=keys) for rows in _candidates(told)], ignore_index=True)
    best, told = _without_failures(best, told).assign(model=CHOSEN), told.drop(columns="bucket")
    coherent = best if panel.hierarchy is None else _coherent(best, panel.hierarchy)
    every = pd.concat([told, coherent], ignore_index=True)
    every = every[every.actual.notna() | (every.ts > _last_over(panel))]
    is_naive = every.model == BENCHMARKS[0]
    every["point"] = every[MEDIAN].where(every[MEDIAN].notna() & ~is_naive, every["mean"])
    return Rolled(
        every[every.origin >= first].reset_index(drop=True),
        chosen[chosen.origin >= first].reset_index(drop=True),
        best.loc[best.origin >= first, ["series_id", "origin", "ts", "mean"]],
    )


def origins_of(panel: Panel, *, horizon: int, origins: int, anchor: pd.Timestamp | None = None) -> list[pd.Timestamp]:
    """The last buckets that are known at each origin, `horizon` apart, the earliest first.

    As many as there are with two seasons of some series before them, and at most `origins`.

    Raises:
        UserError: there are fewer than two.
    """
    end = _last_over(panel)
    if anchor is not None and anchor < end:
        beyond = (len(pd.date_range(anchor, end, freq=panel.freq)) - 1) % horizon
        end = pd.date_range(end, freq=panel.freq, periods=1 + (horizon - beyond) % horizon)[-1]
    steps = pd.date_range(end=end, freq=panel.freq, periods=horizon * origins + 1)
    possible = [moment for moment in steps[:-1:horizon] if _is_past(panel, moment).any()]
    if len(possible) < LEAST_ORIGINS:
        longest = int(panel.rows.groupby("series_id").size().max())
        raise UserError(
            f"the longest series has {longest:,} buckets, which are too few: {LEAST_ORIGINS} origins need "
            f"{2 * panel.season + LEAST_ORIGINS * horizon:,} (two seasons of {panel.season}, and {LEAST_ORIGINS} "
            f"horizons of {horizon}); choose a shorter --horizon"
        )
    return possible


def _base(past: Past, models: Sequence[Model], horizon: int, each: Keep) -> pd.DataFrame:
    """What the models say, with what is known of series and buckets at the origin."""
    told = pd.concat([each(one, past, horizon).assign(model=one.name) for one in models], ignore_index=True)
    told = told.reindex(columns=["series_id", "ts", "model", "mean", *QUANTILES])
    ahead = past.ahead(horizon)
    told = told.merge(ahead.assign(**_of_buckets(past, ahead, horizon)), on=KEYS).merge(
        _of_series(past), on="series_id"
    )
    numbers = ["mean", *QUANTILES]
    told[numbers] = told[numbers].clip(lower=told.least, axis=0).mask(told.is_closed & told["mean"].notna(), 0.0)
    return told


def _of_buckets(past: Past, ahead: pd.DataFrame, horizon: int) -> dict[str, npt.NDArray[Any]]:
    """Whether a series is closed in a bucket, how many seasons ahead it is, and whether its day is an ordinary one."""
    step = np.tile(np.arange(horizon), len(ahead) // horizon)
    events = past.known.holidays | past.known.sales.keys()
    buckets = days_within(ahead.ts, past.freq, past.known.timezone)
    is_event = ahead.ts.map({moment: not events.isdisjoint(days) for moment, days in buckets.items()})
    return {
        "is_closed": closed_ahead(past.rows, ahead, past.freq, past.known).to_numpy(),
        "reach": np.minimum(step // past.season, 1).astype(str),
        "kind": np.where(is_event, "event", "ordinary"),
    }


def _of_series(past: Past) -> pd.DataFrame:
    """Size of a series at the origin, its class by how often nothing happens, its least value and its smallest sale."""
    rows = past.rows[past.rows.status == COMPLETE]
    recent = rows.groupby("series_id").tail(_RECENT_SEASONS * past.season)
    size, empty = (
        values.groupby(recent.series_id).mean() for values in (recent.value.abs(), (recent.value == 0).astype(float))
    )
    ever = rows.value.abs().groupby(rows.series_id).mean()
    smallest = rows.value.where(rows.value > 0).groupby(rows.series_id).min()
    least = rows.groupby("series_id").value.min().clip(upper=0).where(lambda low: low == 0, -np.inf)
    found = pd.DataFrame({"scale": size.where(size > 0, ever), "empty": empty, "least": least, "smallest": smallest})
    found = found.reindex(past.rows.series_id.unique()).rename_axis("series_id")
    found["scale"] = found.scale.where(found.scale > 0, 1.0)
    found[["least", "smallest"]] = found[["least", "smallest"]].fillna(0.0)
    found["volume"] = np.select(
        [found["empty"].fillna(1.0) >= _RARE, found["empty"] >= _SPARSE], ["rare", "sparse"], "steady"
    )
    return found.drop(columns="empty").reset_index()


def _without_failures(best: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """Where a model failed on a series only now, the median stands for it, or else a benchmark."""
    numbers = ["mean", *QUANTILES]
    found = best.set_index("bucket")
    for name in (ENSEMBLE, *BENCHMARKS):
        failed = found.index[found["mean"].isna()]
        if len(failed):
            found.loc[failed, numbers] = told[told.model == name].set_index("bucket")[numbers].reindex(failed)
    return found.reset_index(drop=True)


def _median(told: pd.DataFrame) -> pd.DataFrame:
    """Of all models but the benchmarks."""
    return _together(told[~told.model.isin(BENCHMARKS)], "median", ENSEMBLE)


def _candidates(told: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """All that is told, and the blend of each model with the median of all: a table at a time, as they are large."""
    yield told
    fitted = told[~told.model.isin(BENCHMARKS)]
    names = [name for name in fitted.model.unique() if name != ENSEMBLE]
    if len(names) > 1:
        for name in names:
            yield _together(fitted[fitted.model.isin([name, ENSEMBLE])], "mean", f"{name}+{ENSEMBLE}")


def _together(told: pd.DataFrame, how: str, name: str) -> pd.DataFrame:
    """One forecast of several of each bucket, number by number."""
    numbers = told.groupby("bucket")[["mean", *QUANTILES]].agg(how)
    others = told.drop_duplicates("bucket").set_index("bucket").drop(columns=numbers.columns)
    return numbers.join(others).reset_index().assign(model=name)


def _coherent(best: pd.DataFrame, hierarchy: pd.DataFrame) -> pd.DataFrame:
    """Reconciled means, and the quantiles in proportion."""
    parts = []
    for origin, ours in best.groupby("origin"):
        before = best[(best.origin < origin) & (best.ts <= origin) & best.actual.notna() & ~best.is_closed]
        parts.append(_coherent_at(ours, before, hierarchy))
    return pd.concat(parts, ignore_index=True)


def _coherent_at(ours: pd.DataFrame, before: pd.DataFrame, hierarchy: pd.DataFrame) -> pd.DataFrame:
    wide, closed = (ours.pivot(index="ts", columns="series_id", values=name) for name in ("mean", "is_closed"))
    wide = wide.loc[:, wide.notna().all()]
    closed = closed[wide.columns]
    squares = ((before["mean"] - before.actual) ** 2).groupby(before.series_id).mean()
    sizes = ours.groupby("series_id").scale.first()
    variance = squares.reindex(sizes.index).fillna(sizes**2).clip(lower=(1e-6 * sizes) ** 2)[wide.columns]
    sums = constraints(hierarchy, list(wide.columns))
    variances = np.broadcast_to(variance.to_numpy(), wide.shape)
    found = reconciled(wide.to_numpy(), variances, sums, closed.to_numpy(bool))
    means = cast("pd.Series", pd.DataFrame(found, wide.index, wide.columns).stack()).rename("coherent").reset_index()
    ours = ours.merge(means, on=KEYS, how="left")
    ours["coherent"] = ours.coherent.fillna(ours["mean"])
    change = (ours.coherent / ours["mean"].where(ours["mean"] > 0)).clip(0.5, 2).fillna(1.0)
    ours[list(QUANTILES)] = ours[list(QUANTILES)].mul(change, axis=0)
    return ours.assign(mean=ours.coherent).drop(columns="coherent")


def _truth(panel: Panel) -> pd.DataFrame:
    truth = panel.rows[panel.rows.status.isin([COMPLETE, CLOSED]) & panel.rows.value.notna()]
    return truth[["series_id", "ts", "value", "status"]].rename(columns={"value": "actual"})


def _last_over(panel: Panel) -> pd.Timestamp:
    last: pd.Timestamp = panel.rows.ts[panel.rows.status != PARTIAL].max()
    return last


def _is_past(panel: Panel, origin: pd.Timestamp) -> pd.Series:
    """Rows up to the origin, of series with two seasons before it that still go on in the last of them."""
    is_before = panel.rows.ts <= origin
    of_series = panel.rows.ts.where(is_before).groupby(panel.rows.series_id)
    recent = pd.date_range(end=origin, freq=panel.freq, periods=panel.season)[0]
    is_known = (of_series.transform("count") >= 2 * panel.season) & (of_series.transform("max") >= recent)
    return is_before & is_known
