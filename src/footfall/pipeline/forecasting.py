"""Forecasts and backtests of a lake's series, or of anyone's own: what is to come, and which model to trust with it."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from footfall.contracts import BACKTESTS, FORECASTS, METRIC_SERIES, Table
from footfall.errors import UserError
from footfall.forecast import (
    BENCHMARKS,
    CHOSEN,
    REVISION,
    KnownDays,
    Panel,
    Rolled,
    Skill,
    coverage,
    errors,
    models,
    read_csv,
    roll,
    skill,
)
from footfall.forecast.report import write_report
from footfall.lake import Lake, fingerprint, open_lake, transaction
from footfall.pipeline.kept_forecasts import KeptForecasts
from footfall.pipeline.models import CHAMPION, number_of, registry_of
from footfall.pipeline.query import query
from footfall.pipeline.series import ALL_SERIES, check_known, shop_calendar
from footfall.pipeline.writing import writing
from footfall.series import METRICS
from footfall.settings import Settings

Report = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """Which series of the lake, or those of a file, are forecast; how far, from how many origins, by which models."""

    metric: str = "orders"
    by: str = "all"
    grain: str = "day"
    csv: Path | None = None
    horizon: int = 14
    origins: int = 12
    names: tuple[str, ...] = ()


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


@dataclass(frozen=True)
class Forecast:
    """What is to come.

    Args:
        ahead: the forecast to use: `series_id`, `origin`, `ts`, `model` (always `chosen`), `mean` and the quantiles.
        before: as many buckets before: `series_id`, `ts`, `value`, `status`.
        comparison: the backtest behind it; None where nothing changed since it was made.
        report: the page about it, if one was written.
    """

    ahead: pd.DataFrame
    before: pd.DataFrame
    comparison: Comparison | None
    report: Path | None = None

    def summary(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        rows = self.ahead.assign(ts=self.ahead.ts.astype(str)).drop(columns=["model", "origin"])
        series = {str(name): ours.drop(columns="series_id") for name, ours in rows.groupby("series_id")}
        return {
            "origin": str(self.ahead.origin.max()),
            "changed": self.comparison is not None,
            "series": {name: ours.to_dict("records") for name, ours in series.items()},
            "backtest": self.comparison.summary() if self.comparison else None,
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
    panel = _panel(settings, asked)
    rolled = _roll(settings, asked, panel, _known(settings, panel), report=report)
    return _comparison(panel, rolled, asked)


def forecast(
    settings: Settings, asked: Asked, *, page: Path | None = None, report: Report = lambda _: None
) -> Forecast:
    """Forecast what is to come, of all series of a metric together; `forecasts` and `backtests` have every model.

    What was forecast before from the same past is not forecast again, and nothing is where nothing changed.

    Args:
        settings: the lake and its calendar, cores.
        asked: which series and models.
        page: where a report is written; by default among the lake's reports.
        report: told what is being done.

    Raises:
        UserError: the series do not exist, cannot be read, or are all too short.
    """
    panel = _panel(settings, asked)
    known = _known(settings, panel)
    if asked.csv is not None:
        rolled = _roll(settings, asked, panel, known, ahead=True, report=report)
        return _told(settings, panel, rolled, asked, known, page, _comparison(panel, rolled, asked))
    page = page or settings.lake / "reports" / f"forecast-{asked.metric}-{asked.grain}-{asked.by}.html"
    lake = open_lake(settings.lake)
    key = f"{asked.metric}/{asked.grain}"
    with writing(lake, settings) as engine:
        mark = _mark(lake, asked, known)
        if lake.done(FORECASTS, key) == mark:
            return _forecast(panel, _stored(lake, asked), asked, None, page if page.exists() else None)
        kept = KeptForecasts(lake.root / "models" / "kept_forecasts" / asked.metric / asked.grain)
        rolled = _roll(
            settings,
            asked,
            panel,
            known,
            ahead=True,
            kept=kept,
            anchor=_anchor(lake, asked),
            spark=engine().native() if settings.engine == "spark" else None,
            report=report,
        )
        found = _comparison(panel, rolled, asked)
        version = _register(lake, settings, asked, rolled, found)
        report(f"{version} of {_model(asked)} is registered")
        with transaction(lake) as tx:
            for table, rows in ((BACKTESTS, rolled.compared), (FORECASTS, rolled.ahead)):
                written = tx.run(engine(), engine().read_arrow(_arrow(rows, table)), table)
                tx.replace(
                    table,
                    [written],
                    replaces=lambda file: file.partition == {"metric": asked.metric, "grain": asked.grain},
                    done={key: mark},
                )
        kept.forget_unused()
        report("report")
        return _told(settings, panel, rolled, asked, known, page, found)


def _told(
    settings: Settings,
    panel: Panel,
    rolled: Rolled,
    asked: Asked,
    known: KnownDays,
    page: Path | None,
    found: Comparison,
) -> Forecast:
    """With its backtest, and a page about it."""
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        ours = Rolled(_asked_for(rolled.rows, asked), rolled.choices, rolled.before)
        name = asked.csv.name if asked.csv else f"{settings.lake.resolve().name}: {asked.metric} by {asked.grain}"
        write_report(
            page,
            title=name,
            unit=_unit(settings, asked),
            panel=panel,
            rolled=ours,
            leaderboard=found.leaderboard(),
            trusted=found.trusted,
            calendar=known,
        )
    return _forecast(panel, _chosen(rolled.ahead), asked, found, page)


def _unit(settings: Settings, asked: Asked) -> str:
    """What the metric counts; the shop's currency where that is money and there is one."""
    if asked.csv is not None:
        return ""
    unit = METRICS[asked.metric].unit
    if unit != "currency":
        return unit
    found = query(open_lake(settings.lake), "SELECT DISTINCT currency FROM events LIMIT 2")["currency"].to_pylist()
    return str(found[0]) if len(found) == 1 and found[0] else unit


def _register(lake: Lake, settings: Settings, asked: Asked, rolled: Rolled, found: Comparison) -> str:
    """A version in the registry: what was chosen, and its errors. It is champion, as the tables are its own."""
    registry = registry_of(lake, settings)
    last = max((number_of(one.version) for one in registry.versions(_model(asked))), default=(1, -1, 0))
    version = f"v1.{last[1] + 1}.0"
    chosen = next(row for row in found.leaderboard() if row["model"] == CHOSEN)
    registry.register(
        _model(asked),
        version,
        params={
            "by": asked.by,
            "horizon": str(asked.horizon),
            "origins": str(asked.origins),
            "models": ", ".join(asked.names),
            "last_known_bucket": str(rolled.rows.origin.max()),
            "trusted": found.trusted or "none",
        },
        metrics={name: float(value) for name, value in chosen.items() if isinstance(value, float)},
        tags={"fitted_as_of": str(rolled.rows.origin.max())},
        files={
            "backtest.json": json.dumps(found.summary(), indent=1),
            "choices.csv": rolled.choices.to_csv(index=False),
        },
    )
    registry.set_alias(_model(asked), CHAMPION, version)
    return version


def _model(asked: Asked) -> str:
    return f"forecasts-{asked.metric}-{asked.grain}"


def _mark(lake: Lake, asked: Asked, known: KnownDays) -> int:
    days = [sorted(known.closed), sorted(known.holidays), sorted(known.sales.items()), known.timezone]
    made_from = lake.done(METRIC_SERIES, ALL_SERIES)
    return fingerprint(REVISION, made_from, asked.horizon, asked.origins, asked.names, days)


def _roll(
    settings: Settings,
    asked: Asked,
    panel: Panel,
    known: KnownDays,
    *,
    ahead: bool = False,
    kept: KeptForecasts | None = None,
    anchor: pd.Timestamp | None = None,
    spark: Any = None,
    report: Report,
) -> Rolled:
    return roll(
        panel,
        models(asked.names, threads=settings.threads or os.cpu_count() or 1, spark=spark),
        horizon=asked.horizon,
        origins=asked.origins,
        known=known,
        ahead=ahead,
        anchor=anchor,
        each=kept or KeptForecasts(None),
        report=report,
    )


def _panel(settings: Settings, asked: Asked) -> Panel:
    panel = read_csv(asked.csv) if asked.csv else _of_lake(settings, asked)
    if panel.rows.empty:
        raise UserError(
            "no series can be tested: " + "; ".join(f"{name}: {why}" for name, why in panel.left_out.items())
        )
    return panel


def _known(settings: Settings, panel: Panel) -> KnownDays:
    calendar = shop_calendar(settings)
    years = range(panel.rows.ts.min().year - 1, panel.rows.ts.max().year + 2)
    sales: dict[date, float] = {}
    for sale in calendar.sale:
        sales |= {day: max(sale.intensity, sales.get(day, 0.0)) for day in sale.days()}
    return KnownDays(calendar.named_days(), calendar.holidays(years).keys(), sales, settings.timezone)


def _of_lake(settings: Settings, asked: Asked) -> Panel:
    """All series of the metric: levels are reconciled together, whichever is asked for."""
    check_known(settings.lake, asked.metric, asked.by)
    rows = query(
        open_lake(settings.lake),
        f"SELECT series_id, ts, value, status, parent, dimension FROM metric_series "
        f"WHERE grain = '{asked.grain}' AND metric = '{asked.metric}' ORDER BY series_id, ts",
    ).to_pandas()
    hierarchy = rows[["series_id", "parent", "dimension"]].drop_duplicates(ignore_index=True)
    return Panel(
        rows[["series_id", "ts", "value", "status"]],
        {"day": "D", "hour": "h"}[asked.grain],
        hierarchy=None if METRICS[asked.metric].per else hierarchy,
    )


def _comparison(panel: Panel, rolled: Rolled, asked: Asked) -> Comparison:
    """Of the series that were asked for."""
    compared = _asked_for(rolled.compared, asked)
    found = [name for name in compared.model.unique() if name not in BENCHMARKS]
    return Comparison(
        compared,
        errors(compared, panel),
        [skill(compared, name, benchmark) for name in found for benchmark in BENCHMARKS],
        _failures(compared),
        panel.notes,
        panel.left_out | _untested(panel, compared, asked),
    )


def _asked_for(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
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
    ends = _asked_for(panel.rows, asked).groupby("series_id").ts.max()
    return {
        str(name): f"ended on {end:%Y-%m-%d %H:%M}, before the first origin"
        if end <= first
        else "is shorter than two seasons at every origin, or has nothing after one to compare with"
        for name, end in ends.items()
        if name not in set(compared.series_id)
    }


def _forecast(
    panel: Panel, ahead: pd.DataFrame, asked: Asked, comparison: Comparison | None, page: Path | None
) -> Forecast:
    ahead = _asked_for(ahead, asked)
    first = pd.date_range(end=ahead.origin.max(), freq=panel.freq, periods=ahead.ts.nunique())[0]
    before = _asked_for(panel.rows, asked)
    return Forecast(ahead, before[(before.ts >= first) & (before.ts <= ahead.origin.max())], comparison, page)


def _chosen(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.loc[rows.model == CHOSEN, [name for name in FORECASTS.schema.names if name in rows]]


def _stored(lake: Lake, asked: Asked) -> pd.DataFrame:
    rows: pd.DataFrame = query(
        lake,
        f"SELECT * EXCLUDE (metric, grain, dimension, member) FROM forecasts WHERE metric = '{asked.metric}' "
        f"AND grain = '{asked.grain}' AND model = '{CHOSEN}' ORDER BY series_id, ts",
    ).to_pandas()
    return rows


def _anchor(lake: Lake, asked: Asked) -> pd.Timestamp | None:
    """An origin of the last backtest: later ones are whole horizons after it, so that what was forecast is of use."""
    if BACKTESTS.name not in lake.tables():
        return None
    told = query(
        lake,
        f"SELECT max(origin) AS origin FROM backtests WHERE metric = '{asked.metric}' AND grain = '{asked.grain}'",
    ).to_pylist()
    return pd.Timestamp(told[0]["origin"]) if told[0]["origin"] else None


def _arrow(rows: pd.DataFrame, table: Table) -> pa.Table:
    parts = rows.series_id.str.split("/", n=3, expand=True)
    named = rows.assign(grain=parts[0], metric=parts[1], dimension=parts[2], member=parts[3])
    return pa.Table.from_pandas(named[table.schema.names], schema=table.schema, preserve_index=False)
