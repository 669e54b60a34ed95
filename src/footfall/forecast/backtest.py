"""Rolling origins: every model forecasts the same stretches of the past from what was known before them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd

from footfall.contracts import CLOSED, COMPLETE, PARTIAL
from footfall.errors import UserError
from footfall.forecast.history import Closing, closed_ahead, filled
from footfall.forecast.models import BENCHMARKS, Model
from footfall.forecast.panel import Panel

ENSEMBLE = "median"
KEYS = ["series_id", "ts"]
LEAST_ORIGINS = 2
Report = Callable[[str], None]


def forecast(panel: Panel, models: Sequence[Model], *, horizon: int, closing: Closing | None = None) -> pd.DataFrame:
    """The buckets after the last that is over, by every model and by the median of them.

    Args:
        panel: the past.
        models: benchmarks are no part of the median.
        horizon: how many buckets.
        closing: what is known in advance.

    Returns:
        `series_id`, `ts`, `model`, `value`: not negative where the past never was, 0 where the shop is closed, null
        where the model failed.
    """
    closing = closing or Closing()
    past = panel.rows[panel.rows.ts <= _last_over(panel)]
    history = filled(past, panel.freq, closing.timezone)
    found = [
        one.forecast(history, horizon, freq=panel.freq, season=panel.season).assign(model=one.name) for one in models
    ]
    every = pd.concat(found, ignore_index=True)
    fitted = every[~every.model.isin(BENCHMARKS)]
    median = fitted.groupby(KEYS, as_index=False).value.median().assign(model=ENSEMBLE)
    every = pd.concat([every, median], ignore_index=True)
    least = history.groupby("series_id").value.min().clip(upper=0).where(lambda low: low == 0, -float("inf"))
    every["value"] = every.value.clip(lower=every.series_id.map(least))
    every["value"] = every.value.mask(closed_ahead(past, every, panel.freq, closing), 0.0)
    result: pd.DataFrame = every[["series_id", "ts", "model", "value"]]
    return result


def origins_of(panel: Panel, *, horizon: int, origins: int) -> list[pd.Timestamp]:
    """The last buckets that are known at each origin, `horizon` apart, the earliest first.

    As many as there are with two seasons of some series before them, and at most `origins`.

    Raises:
        UserError: there are fewer than two.
    """
    steps = pd.date_range(end=_last_over(panel), freq=panel.freq, periods=horizon * origins + 1)
    possible = [moment for moment in steps[:-1:horizon] if not _past(panel, moment).empty]
    if len(possible) < LEAST_ORIGINS:
        longest = int(panel.rows.groupby("series_id").size().max())
        raise UserError(
            f"the longest series has {longest:,} buckets, which are too few: {LEAST_ORIGINS} origins need "
            f"{2 * panel.season + LEAST_ORIGINS * horizon:,} (two seasons of {panel.season}, and {LEAST_ORIGINS} "
            f"horizons of {horizon}); choose a shorter --horizon"
        )
    return possible


def backtest(
    panel: Panel,
    models: Sequence[Model],
    *,
    horizon: int,
    origins: int,
    closing: Closing | None = None,
    report: Report = lambda _: None,
) -> pd.DataFrame:
    """Forecast from every origin, and lay the truth beside it.

    Returns:
        `series_id`, `origin` (the last known bucket), `ts`, `model`, `value`, `actual`, `status`. Buckets that are
        missing or not over are left out: there is nothing to compare with.
    """
    found = []
    every = origins_of(panel, horizon=horizon, origins=origins)
    for number, origin in enumerate(every, start=1):
        report(f"origin {number} of {len(every)}: {origin:%Y-%m-%d %H:%M}")
        past = replace(panel, rows=_past(panel, origin))
        found.append(forecast(past, models, horizon=horizon, closing=closing).assign(origin=origin))
    truth = panel.rows[panel.rows.status.isin([COMPLETE, CLOSED]) & panel.rows.value.notna()]
    compared = pd.concat(found, ignore_index=True).merge(truth.rename(columns={"value": "actual"}), on=KEYS)
    return compared[["series_id", "origin", "ts", "model", "value", "actual", "status"]]


def _last_over(panel: Panel) -> pd.Timestamp:
    last: pd.Timestamp = panel.rows.ts[panel.rows.status != PARTIAL].max()
    return last


def _past(panel: Panel, origin: pd.Timestamp) -> pd.DataFrame:
    """Series that are known at the origin: with two seasons before it, and still going on in the last of them."""
    before = panel.rows[panel.rows.ts <= origin]
    of_series = before.groupby("series_id").ts
    recent = pd.date_range(end=origin, freq=panel.freq, periods=panel.season)[0]
    is_known = (of_series.transform("size") >= 2 * panel.season) & (of_series.transform("max") >= recent)
    return before[is_known]
