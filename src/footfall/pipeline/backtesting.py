"""Backtests of a lake's series, or of anyone's own: which model to trust, and whether it beats repeating a season."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from footfall.errors import UserError
from footfall.forecast import BENCHMARKS, Panel, Skill, backtest, errors, models, read_csv, skill
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
        failed: models that gave no forecast, by series.
        notes: what is odd about a series.
        left_out: why a series was not tested.
    """

    compared: pd.DataFrame
    errors: pd.DataFrame
    skills: list[Skill]
    failed: dict[str, list[str]]
    notes: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def mase(self) -> dict[str, float]:
        """Geometric mean of MASE over series, by model; series without an error, or without a scale, are left out."""
        known = self.errors[self.errors.mase > 0]
        return {str(model): float(np.exp(np.log(ours.mase).mean())) for model, ours in known.groupby("model")}

    @property
    def wape(self) -> dict[str, float]:
        """Sum of absolute errors of all series by their sum, by model."""
        known = self.compared.dropna(subset="value")
        return {
            str(model): float((ours.value - ours.actual).abs().sum() / ours.actual.sum())
            for model, ours in known.groupby("model")
        }

    def leaders(self) -> list[str]:
        """Models by their MASE, the best first."""
        return sorted(self.mase, key=self.mase.__getitem__)

    @property
    def trusted(self) -> str | None:
        """The best model that beats every benchmark by more than chance; None where none does."""
        for name in self.leaders():
            ours = [one for one in self.skills if one.model == name]
            if ours and all(one.is_better for one in ours):
                return name
        return None

    def leaderboard(self) -> list[dict[str, Any]]:
        """A row per model, the best first: errors over all series, and skill against each benchmark."""
        skills = {(one.model, one.benchmark): one for one in self.skills}
        return [
            {"model": name, "mase": self.mase[name], "wape": self.wape[name]}
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
    years = range(panel.rows.ts.min().year, panel.rows.ts.max().year + 2)
    compared = backtest(
        panel,
        models(names, threads=settings.threads or os.cpu_count() or 1),
        horizon=horizon,
        origins=origins,
        closed_days=shop_calendar(settings).closed_days(years),
        report=report,
    )
    found = [name for name in compared.model.unique() if name not in BENCHMARKS]
    failures = compared[compared.value.isna()].groupby("model").series_id.unique()
    short = sorted(set(panel.rows.series_id) - set(compared.series_id))
    return Comparison(
        compared,
        errors(compared, panel),
        [skill(compared, name, benchmark) for name in found for benchmark in BENCHMARKS],
        {str(model): sorted(ids) for model, ids in failures.items()},
        panel.notes,
        panel.left_out | dict.fromkeys(short, "is shorter than two seasons at every origin"),
    )


def _of_lake(settings: Settings, asked: Asked) -> Panel:
    check_known(settings.lake, asked.metric, asked.by)
    rows = query(
        open_lake(settings.lake),
        f"SELECT series_id, ts, value, status FROM metric_series WHERE grain = '{asked.grain}' "
        f"AND metric = '{asked.metric}' AND dimension = '{asked.by}' ORDER BY series_id, ts",
    ).to_pandas()
    return Panel(rows, {"day": "D", "hour": "h"}[asked.grain])
