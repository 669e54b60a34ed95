"""Backtests of a lake's series, or of anyone's own: which model to trust, and whether it beats repeating a season."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from footfall.errors import UserError
from footfall.forecast import BENCHMARKS, Closing, Panel, Skill, backtest, errors, models, read_csv, skill
from footfall.lake import open_lake
from footfall.pipeline.query import query
from footfall.pipeline.series import check_known, shop_calendar
from footfall.settings import Settings

Report = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is to be tested: series of the lake, or those of a file."""

    metric: str = "orders"
    by: str = "all"
    grain: str = "day"
    csv: Path | None = None


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

    @property
    def mase(self) -> dict[str, float]:
        """Geometric mean of MASE by model, over series on which all that have one make some error."""
        wide = self.errors.pivot_table(index="series_id", columns="model", values="mase")
        usable = wide[(wide > 0).any(axis=1) & ~(wide == 0).any(axis=1)]
        return {str(name): float(np.exp(np.log(usable[name].dropna()).mean())) for name in usable if usable[name].any()}

    @property
    def wape(self) -> dict[str, float]:
        """Sum of absolute errors of all series by their sum, by model; models that failed somewhere have none."""
        return {
            str(model): float((ours.value - ours.actual).abs().sum() / ours.actual.abs().sum())
            for model, ours in self.compared.groupby("model")
            if ours.value.notna().all() and ours.actual.any()
        }

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
        mase, wape = self.mase, self.wape
        return [
            {"model": name, "mase": mase.get(name), "wape": wape.get(name)}
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


def compare(
    settings: Settings,
    asked: Asked,
    *,
    horizon: int,
    origins: int,
    names: Sequence[str],
    report: Report = lambda _: None,
) -> Comparison:
    """Test models on rolling origins.

    Args:
        settings: the lake and its calendar, cores.
        asked: which series.
        horizon: buckets ahead.
        origins: how many, at most; as many as the series are long enough for.
        names: of the models, beside the benchmarks.
        report: told what is being done.

    Raises:
        UserError: the series do not exist, cannot be read, or are all too short.
    """
    panel = read_csv(asked.csv) if asked.csv else _of_lake(settings, asked)
    if panel.rows.empty:
        raise UserError(
            "no series can be tested: " + "; ".join(f"{name}: {why}" for name, why in panel.left_out.items())
        )
    calendar = shop_calendar(settings)
    years = range(panel.rows.ts.min().year, panel.rows.ts.max().year + 2)
    compared = backtest(
        panel,
        models(names, threads=settings.threads or os.cpu_count() or 1),
        horizon=horizon,
        origins=origins,
        closing=Closing(calendar.named_days(), calendar.holidays(years).keys(), settings.timezone),
        report=report,
    )
    found = [name for name in compared.model.unique() if name not in BENCHMARKS]
    return Comparison(
        compared,
        errors(compared, panel),
        [skill(compared, name, benchmark) for name in found for benchmark in BENCHMARKS],
        _failures(compared),
        panel.notes,
        panel.left_out | _untested(panel, compared),
    )


def _failures(compared: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Buckets without a forecast, by model and series."""
    missing = compared[compared.value.isna()]
    return {
        str(model): {str(name): int(count) for name, count in ours.series_id.value_counts().sort_index().items()}
        for model, ours in missing.groupby("model")
    }


def _untested(panel: Panel, compared: pd.DataFrame) -> dict[str, str]:
    first = compared.origin.min()
    ends = panel.rows.groupby("series_id").ts.max()
    return {
        str(name): f"ended on {end:%Y-%m-%d %H:%M}, before the first origin"
        if end <= first
        else "is shorter than two seasons at every origin, or has nothing after one to compare with"
        for name, end in ends.items()
        if name not in set(compared.series_id)
    }


def _of_lake(settings: Settings, asked: Asked) -> Panel:
    check_known(settings.lake, asked.metric, asked.by)
    rows = query(
        open_lake(settings.lake),
        f"SELECT series_id, ts, value, status FROM metric_series WHERE grain = '{asked.grain}' "
        f"AND metric = '{asked.metric}' AND dimension = '{asked.by}' ORDER BY series_id, ts",
    ).to_pandas()
    return Panel(rows, {"day": "D", "hour": "h"}[asked.grain])
