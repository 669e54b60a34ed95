"""Rolling origins: every model forecasts the same stretches of the past from what was known before them."""

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from datetime import date

import pandas as pd

from footfall.errors import UserError
from footfall.forecast.history import closed_ahead, filled
from footfall.forecast.models import BENCHMARKS, Model
from footfall.forecast.panel import CLOSED, COMPLETE, PARTIAL, Panel

ENSEMBLE = "median"
Report = Callable[[str], None]
KEYS = ["series_id", "ts"]


def forecast(
    panel: Panel, models: Sequence[Model], *, horizon: int, closed_days: Set[date] = frozenset()
) -> pd.DataFrame:
    """The buckets after the last that is over, by every model and by the median of them.

    Args:
        panel: the past.
        models: benchmarks are no part of the median.
        horizon: how many buckets.
        closed_days: known in advance.

    Returns:
        `series_id`, `ts`, `model`, `value`: never negative, 0 where the shop is closed, null where the model failed.
    """
    past = panel.rows[panel.rows.ts <= panel.rows.ts[panel.rows.status != PARTIAL].max()]
    history = filled(past, panel.freq)
    found = [
        one.forecast(history, horizon, freq=panel.freq, season=panel.season).assign(model=one.name) for one in models
    ]
    every = pd.concat(found, ignore_index=True)
    fitted = every[~every.model.isin(BENCHMARKS)]
    median = fitted.groupby(KEYS, as_index=False).value.median().assign(model=ENSEMBLE)
    every = pd.concat([every, median], ignore_index=True)
    every["value"] = every.value.clip(lower=0).mask(closed_ahead(past, every.ts, panel.freq, closed_days), 0.0)
    result: pd.DataFrame = every[["series_id", "ts", "model", "value"]]
    return result


def origins_of(panel: Panel, *, horizon: int, origins: int) -> list[pd.Timestamp]:
    """The last buckets that are known at each origin: as many as can be, `horizon` buckets apart, the earliest first.

    Raises:
        UserError: no origin leaves two seasons before it and a horizon after it.
    """
    moments = pd.Index(panel.rows.ts[panel.rows.status != PARTIAL].unique()).sort_values()
    ends = [len(moments) - 1 - horizon * number for number in range(1, origins + 1)]
    possible = [moments[end] for end in ends if end + 1 >= 2 * panel.season]
    if not possible:
        raise UserError(
            f"{len(moments):,} buckets are too few: an origin needs {2 * panel.season} before it and a horizon of "
            f"{horizon} after it; choose a shorter --horizon"
        )
    return possible[::-1]


def backtest(
    panel: Panel,
    models: Sequence[Model],
    *,
    horizon: int,
    origins: int,
    closed_days: Set[date] = frozenset(),
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
        past = replace(panel, rows=_long_enough(panel.rows[panel.rows.ts <= origin], panel.season))
        found.append(forecast(past, models, horizon=horizon, closed_days=closed_days).assign(origin=origin))
    truth = panel.rows[panel.rows.status.isin([COMPLETE, CLOSED])].rename(columns={"value": "actual"})
    compared = pd.concat(found, ignore_index=True).merge(truth, on=KEYS)
    return compared[["series_id", "origin", "ts", "model", "value", "actual", "status"]]


def _long_enough(rows: pd.DataFrame, season: int) -> pd.DataFrame:
    """Series with two seasons of past."""
    size = rows.groupby("series_id").ts.transform("size")
    return rows[size >= 2 * season]
