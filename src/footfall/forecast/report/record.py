"""How good past forecasts were: errors by origin, calibration, coverage, and which models were chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pandas as pd

from footfall.forecast.backtest import ENSEMBLE, Rolled
from footfall.forecast.choice import CHOSEN
from footfall.forecast.models import BENCHMARKS
from footfall.forecast.quantiles import INTERVALS, LEVELS, QUANTILES
from footfall.forecast.report.wording import model_name, moment

VOLUMES = {
    "steady": "something happens in more than nine of ten buckets",
    "sparse": "nothing happens in one to five of ten buckets",
    "rare": "nothing happens in half of the buckets or more",
}
_ALWAYS = (CHOSEN, ENSEMBLE, BENCHMARKS[0])


def errors_by_origin(compared: pd.DataFrame, *, most_others: int = 2) -> pd.DataFrame:
    """Mean absolute error by the series' size, on open buckets that all models forecast, of the series in the middle.

    A mean over series would be that of the one that is rarest, and once sold a hundred times its size.

    Returns:
        A row per origin, a column per model: the chosen forecast, the median, the seasonal naive one, and the best of
        the others.
    """
    ours = compared[~compared.is_closed]
    ours = ours.assign(error=(ours.point - ours.actual).abs() / ours.scale)
    wide = ours.pivot_table(index=["series_id", "origin", "ts"], columns="model", values="error").dropna()
    by_series = wide.groupby(["origin", "series_id"]).mean()
    by_origin = by_series.groupby("origin").median()
    always = [name for name in _ALWAYS if name in by_origin]
    others = by_origin.drop(columns=always).mean().sort_values().index[:most_others]
    return by_origin[[*always, *others]]


def calibration(compared: pd.DataFrame) -> pd.DataFrame:
    """How often the truth was below each quantile of the chosen forecast, in open buckets, by class of volume.

    Returns:
        `volume`, `level`, `below`, `up_to` (below or equal: more than `below` where many buckets are 0), `buckets`.
    """
    ours = _open(compared)
    found = []
    for volume in _volumes(ours):
        rows = ours[ours.volume == volume]
        for level, name in zip(LEVELS, QUANTILES, strict=True):
            below, up_to = (rows.actual < rows[name]).mean(), (rows.actual <= rows[name]).mean()
            found.append((volume, level, below, up_to, len(rows)))
    return pd.DataFrame(found, columns=["volume", "level", "below", "up_to", "buckets"])


@dataclass(frozen=True)
class Coverage:
    """How often the truth was inside the ranges, in buckets of one kind."""

    kind: str
    volume: str
    buckets: int
    share_80: float
    share_95: float


def coverage(compared: pd.DataFrame) -> list[Coverage]:
    """Coverage of the chosen forecast's ranges in open buckets, by kind of day and class of volume."""
    ours = _open(compared)
    found = []
    for kind in sorted(ours.kind.unique(), reverse=True):
        for volume in _volumes(ours):
            rows = ours[(ours.kind == kind) & (ours.volume == volume)]
            if len(rows):
                found.append(Coverage(kind, volume, len(rows), _inside(rows, 80), _inside(rows, 95)))
    return found


def _inside(rows: pd.DataFrame, percent: int) -> float:
    low, high = INTERVALS[percent]
    return float(rows.actual.between(rows[low], rows[high]).mean())


def _open(compared: pd.DataFrame) -> pd.DataFrame:
    is_known = compared[list(QUANTILES)].notna().all(axis=1)
    return compared[(compared.model == CHOSEN) & ~compared.is_closed & is_known]


def _volumes(rows: pd.DataFrame) -> list[str]:
    known = set(rows.volume)
    return [*(name for name in VOLUMES if name in known), *sorted(known - set(VOLUMES))]


@dataclass(frozen=True)
class Choice:
    """Which model forecasts a class of volume, and which did before."""

    volume: str
    meaning: str
    series: int
    now: str
    story: str


def choices(rolled: Rolled, freq: str) -> list[Choice]:
    """The choice for each class of volume, over the origins."""
    volumes = rolled.ahead.drop_duplicates("series_id").volume
    found = []
    for volume in _volumes(rolled.choices):
        rows = rolled.choices[rolled.choices.volume == volume].sort_values("origin")
        story = _story(list(rows.model), list(rows.origin), freq)
        now = model_name(str(rows.model.iloc[-1]))
        found.append(Choice(volume, VOLUMES.get(volume, ""), int((volumes == volume).sum()), now, story))
    return found


def _story(names: Sequence[str], origins: Sequence[pd.Timestamp], freq: str) -> str:
    """Runs of one model: `mean at 2 origins, then XGBoost from 9 Jun 2011`."""
    runs = [
        (name, [at for _, at in run]) for name, run in groupby(zip(names, origins, strict=True), key=lambda x: x[0])
    ]
    first, ours = runs[0]
    if len(runs) == 1:
        return f"{model_name(first)} at all {len(ours)} origins"
    begun = f"{model_name(first)} at the first {len(ours)}" if len(ours) > 1 else f"{model_name(first)} at the first"
    return ", then ".join([begun, *(f"{model_name(name)} from {moment(at[0], freq)}" for name, at in runs[1:])])


def share_covered(compared: pd.DataFrame) -> float:
    """How often the truth was inside the range of 80%, over all open buckets; not a number where none is known."""
    ours = _open(compared)
    return _inside(ours, 80) if len(ours) else float(np.nan)
