"""Backtests of a lake's series, or of anyone's own: which model to trust, and whether it beats repeating a season."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from footfall.errors import UserError
from footfall.forecast import (
    BENCHMARKS,
    Keep,
    KnownDays,
    Panel,
    Rolled,
    Skill,
    coverage,
    errors,
    forecast_each,
    models,
    read_csv,
    roll,
    shut,
    skill,
)
from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.pipeline.series import check_known, is_counted, shop_calendar
from footfall.series import METRICS
from footfall.settings import Settings

Report = Callable[[str], None]
_YEARS_AHEAD = 6


@dataclass(frozen=True)
class Asked:
    """What is forecast: series of the lake, or those of a file; how far, from how many origins, by which models.

    `known_ahead` has the columns of the file whose values are known before their buckets come.
    """

    metric: str = "orders"
    by: str = "all"
    grain: str = "day"
    csv: Path | None = None
    horizon: int = 14
    origins: int = 12
    names: tuple[str, ...] = ()
    known_ahead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A backtest.

    Args:
        compared: every forecast beside the truth.
        errors: by series and model.
        skills: of each model against each benchmark.
        failed: buckets without a forecast, by model and series. The model is not compared on such a series.
        notes: what is odd about a series.
        left_out: why a series was not tested.
    """

    compared: pd.DataFrame
    errors: pd.DataFrame
    skills: list[Skill]
    failed: dict[str, dict[str, int]]
    notes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def geometric_mean(self, measure: str) -> dict[str, float]:
        """Of MASE or another measure by model, over series on which all that have one make some error."""
        wide = self.errors.pivot_table(index="series_id", columns="model", values=measure)
        usable = wide[(wide > 0).any(axis=1) & ~(wide == 0).any(axis=1)]
        return {str(name): float(np.exp(np.log(usable[name].dropna()).mean())) for name in usable if usable[name].any()}

    @cached_property
    def mase(self) -> dict[str, float]:
        """Geometric mean of MASE by model."""
        return self.geometric_mean("mase")

    @cached_property
    def coverage(self) -> dict[str, tuple[float, float]]:
        """Share of open buckets inside the intervals of 80 and of 95%, by model."""
        shares = coverage(self.compared).groupby(self.compared.model).mean()
        return {str(model): (float(row[80]), float(row[95])) for model, row in shares.dropna().iterrows()}

    @property
    def wape(self) -> dict[str, float]:
        """Sum of absolute errors of all series by their sum, by model; models that failed somewhere have none."""
        return {
            str(model): float((ours.point - ours.actual).abs().sum() / ours.actual.abs().sum())
            for model, ours in self.compared.groupby("model")
            if ours.point.notna().all() and ours.actual.any()
        }

    @cached_property
    def mape(self) -> dict[str, float]:
        """Median of MAPE by model, over series in which something happened."""
        medians = self.errors.groupby("model").mape.median().dropna()
        return {str(model): float(median) for model, median in medians.items()}

    @cached_property
    def mape_left_out(self) -> dict[str, float]:
        """Share of buckets that MAPE leaves out, by model: nothing happened in them."""
        shares = (self.compared.actual == 0).groupby(self.compared.model).mean()
        return {str(model): float(share) for model, share in shares.items()}

    def leaders(self) -> list[str]:
        """Models by their MASE, the best first; those that have none, or failed on a series, last."""
        mase, wape, far = self.mase, self.wape, float("inf")
        names = [str(name) for name in self.compared.model.unique()]
        return sorted(names, key=lambda name: (name in self.failed, mase.get(name, far), wape.get(name, far), name))

    @property
    def trusted(self) -> str | None:
        """The best model that beats every benchmark by more than chance, and failed nowhere; None where none does."""
        for name in self.leaders():
            ours = [one for one in self.skills if one.model == name]
            if ours and name not in self.failed and all(one.is_better for one in ours):
                return name
        return None

    def leaderboard(self) -> list[dict[str, Any]]:
        """A row per model, the best first: errors over all series, and skill against each benchmark."""
        skills = {(one.model, one.benchmark): one for one in self.skills if one.series}
        mase, wape, quantile_loss = self.mase, self.wape, self.geometric_mean("quantile_loss")
        nothing = (None, None)
        return [
            {"model": name, "mase": mase.get(name), "wape": wape.get(name), "quantile_loss": quantile_loss.get(name)}
            | dict(zip(("coverage_80", "coverage_95"), self.coverage.get(name, nothing), strict=True))
            | {"mape": self.mape.get(name), "mape_left_out": self.mape_left_out[name]}
            | {benchmark: skills.get((name, benchmark)) for benchmark in BENCHMARKS}
            for name in self.leaders()
        ]

    def summary(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        rows = [
            row | {name: asdict(row[name]) if row[name] else None for name in BENCHMARKS} for row in self.leaderboard()
        ]
        return {
            "trusted": self.trusted,
            "series": int(self.compared.series_id.nunique()),
            "origins": [str(origin) for origin in sorted(self.compared.origin.unique())],
            "models": rows,
            "failed": self.failed,
            "notes": self.notes,
            "left_out": self.left_out,
        }


def compare(settings: Settings, asked: Asked, report: Report = lambda _: None) -> Comparison:
    """Test models on rolling origins.

    Args:
        settings: the lake and its calendar, cores.
        asked: which series and models.
        report: told what is being done.

    Raises:
        UserError: the series do not exist, cannot be read, or are all too short.
    """
    panel = panel_of(settings, asked)
    rolled = rolled_forecasts(settings, asked, panel, known_days(settings, panel), report=report)
    return comparison_of(panel, rolled, asked)


def rolled_forecasts(
    settings: Settings,
    asked: Asked,
    panel: Panel,
    known: KnownDays,
    *,
    ahead: bool = False,
    each: Keep = forecast_each,
    anchor: pd.Timestamp | None = None,
    spark: Any = None,
    report: Report,
) -> Rolled:
    """Forecasts of the models that were asked for, on this machine's cores or on Spark's."""
    return roll(
        panel,
        models(asked.names, threads=settings.threads or os.cpu_count() or 1, spark=spark),
        horizon=asked.horizon,
        origins=asked.origins,
        known=known,
        ahead=ahead,
        anchor=anchor,
        each=each,
        report=report,
    )


def panel_of(settings: Settings, asked: Asked) -> Panel:
    """The series of the file, or all of the lake's metric.

    Raises:
        UserError: there are none, or none can be used.
    """
    if asked.known_ahead and asked.csv is None:
        raise UserError(
            f"--known-ahead {asked.known_ahead[0]} is a column of your own series: name their file by --csv"
        )
    panel = _of_file(settings, asked.csv, asked.known_ahead) if asked.csv else _of_lake(settings, asked)
    if panel.rows.empty:
        raise UserError(
            "no series can be tested: " + "; ".join(f"{name}: {why}" for name, why in panel.left_out.items())
        )
    return panel


def known_days(settings: Settings, panel: Panel) -> KnownDays:
    """What the shop's calendar says of the years of the series."""
    calendar = shop_calendar(settings)
    return KnownDays(
        holidays=calendar.holidays(_years(panel)).keys(),
        timezone=settings.timezone,
        announced=[(one.announced or date.min, dict.fromkeys(one.days(), one.intensity)) for one in calendar.sale],
        announced_closings=[(one.announced or date.min, frozenset(one.days())) for one in calendar.closed],
    )


def _years(panel: Panel) -> range:
    """The years of the series, and as many after them as anyone forecasts."""
    return range(panel.rows.ts.min().year - 1, panel.rows.ts.max().year + _YEARS_AHEAD)


def _of_file(settings: Settings, file: Path, known_ahead: Sequence[str]) -> Panel:
    """The series of a file; days without sales that the calendar names as closed, or a holiday, are closed ones."""
    panel = read_csv(file, known_ahead)
    return (
        panel
        if panel.rows.empty
        else shut(panel, shop_calendar(settings).closed_days(_years(panel)), settings.timezone)
    )


def _of_lake(settings: Settings, asked: Asked) -> Panel:
    """All series of the metric: levels are reconciled together, whichever is asked for."""
    check_known(settings.lake, asked.metric, asked.by)
    lake = open_lake(settings.lake)
    old = "are older than the events, the calendar or --timezone; `footfall series` brings them up to date"
    rows = query(
        lake,
        f"SELECT series_id, ts, value, status, parent, dimension FROM metric_series "
        f"WHERE grain = '{asked.grain}' AND metric = '{asked.metric}' ORDER BY series_id, ts",
    ).to_pandas()
    hierarchy = rows[["series_id", "parent", "dimension"]].drop_duplicates(ignore_index=True)
    return Panel(
        rows[["series_id", "ts", "value", "status"]],
        {"day": "D", "hour": "h"}[asked.grain],
        notes={} if is_counted(lake, settings) else {f"series of {settings.lake}": old},
        hierarchy=None if METRICS[asked.metric].per else hierarchy,
    )


def comparison_of(panel: Panel, rolled: Rolled, asked: Asked) -> Comparison:
    """The backtest of the series that were asked for."""
    compared = asked_for(rolled.compared, asked)
    found = [name for name in compared.model.unique() if name not in BENCHMARKS]
    return Comparison(
        compared,
        errors(compared, panel),
        [skill(compared, name, benchmark) for name in found for benchmark in BENCHMARKS],
        _failures(compared),
        panel.notes,
        panel.left_out | _untested(panel, compared, asked),
    )


def asked_for(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Rows of the series that were asked for, of those of the metric."""
    if asked.csv is not None:
        return rows
    ours = rows.series_id.str.startswith(f"{asked.grain}/{asked.metric}/{asked.by}/")
    return rows[ours].reset_index(drop=True)


def _failures(compared: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Buckets without a forecast, by model and series."""
    missing = compared[compared["mean"].isna()]
    return {
        str(model): {str(name): int(count) for name, count in ours.series_id.value_counts().sort_index().items()}
        for model, ours in missing.groupby("model")
    }


def _untested(panel: Panel, compared: pd.DataFrame, asked: Asked) -> dict[str, str]:
    first = compared.origin.min()
    ends = asked_for(panel.rows, asked).groupby("series_id").ts.max()
    return {
        str(name): f"ended on {end:%Y-%m-%d %H:%M}, before the first origin"
        if end <= first
        else "is shorter than two seasons at every origin, or has nothing after one to compare with"
        for name, end in ends.items()
        if name not in set(compared.series_id)
    }
