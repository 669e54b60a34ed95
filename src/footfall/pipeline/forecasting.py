"""Forecasts of a lake's series, or of anyone's own: what is to come, with a range to plan on."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from footfall.contracts import BACKTESTS, FORECASTS, METRIC_SERIES, Table
from footfall.engine import Engine
from footfall.forecast import CHOSEN, REVISION, KnownDays, Panel, Rolled, refuse_gaps_ahead
from footfall.forecast.report import write_report
from footfall.lake import Lake, fingerprint, open_lake, transaction
from footfall.pipeline.backtesting import (
    Asked,
    Comparison,
    asked_for,
    comparison_of,
    known_days,
    panel_of,
    rolled_forecasts,
)
from footfall.pipeline.kept_forecasts import KeptForecasts
from footfall.pipeline.models import CHAMPION, number_of, registry_of
from footfall.pipeline.query import query
from footfall.pipeline.series import ALL_SERIES
from footfall.pipeline.writing import writing
from footfall.series import METRICS
from footfall.settings import Settings

Report = Callable[[str], None]


@dataclass(frozen=True)
class Forecast:
    """What is to come.

    Args:
        ahead: the forecast to use: `series_id`, `origin`, `ts`, `model` (always `chosen`), `mean` and the quantiles.
        before: as many buckets before: `series_id`, `ts`, `value`, `status`.
        comparison: the backtest behind it; None where nothing changed and the page stands.
        report: the page about it, if one was written.
        is_new: whether something changed since it was last made.
    """

    ahead: pd.DataFrame
    before: pd.DataFrame
    comparison: Comparison | None
    report: Path | None = None
    is_new: bool = True

    def summary(self) -> dict[str, Any]:
        """Plain values, for scripts."""
        rows = self.ahead.assign(ts=self.ahead.ts.astype(str)).drop(columns=["model", "origin"])
        series = {str(name): ours.drop(columns="series_id") for name, ours in rows.groupby("series_id")}
        return {
            "origin": str(self.ahead.origin.max()),
            "changed": self.is_new,
            "series": {name: ours.to_dict("records") for name, ours in series.items()},
            "backtest": self.comparison.summary() if self.comparison else None,
        }


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
    panel = panel_of(settings, asked)
    known = known_days(settings, panel)
    if asked.csv is not None:
        refuse_gaps_ahead(panel, asked.horizon, asked.csv)
        rolled = rolled_forecasts(settings, asked, panel, known, ahead=True, report=report)
        return _told(settings, panel, rolled, asked, known, page, comparison_of(panel, rolled, asked))
    usual_page = settings.lake / "reports" / f"forecast-{asked.metric}-{asked.grain}-{asked.by}.html"
    lake = open_lake(settings.lake)
    with writing(lake, settings) as engine:
        mark = _mark(lake, asked, known)
        is_new = lake.done(FORECASTS, _key(asked)) != mark
        if not is_new and page is None and usual_page.exists():
            return _forecast(panel, _stored(lake, asked), asked, None, usual_page, is_new=False)
        kept = KeptForecasts(lake.root / "models" / "kept_forecasts" / asked.metric / asked.grain)
        rolled = rolled_forecasts(
            settings,
            asked,
            panel,
            known,
            ahead=True,
            each=kept,
            anchor=_anchor(lake, asked),
            spark=engine().native() if settings.engine == "spark" else None,
            report=report,
        )
        found = comparison_of(panel, rolled, asked)
        if is_new:
            version = _register(lake, settings, asked, rolled, found)
            report(f"{version} of {_model(asked)} is registered")
            for page_before in usual_page.parent.glob(f"forecast-{asked.metric}-{asked.grain}-*.html"):
                page_before.unlink()  # by other dimensions, of what was forecast before
            _commit(lake, engine(), rolled, asked, mark)
        kept.forget_unused()
        report("report")
        return _told(settings, panel, rolled, asked, known, page or usual_page, found, is_new=is_new)


def _commit(lake: Lake, engine: Engine, rolled: Rolled, asked: Asked, mark: int) -> None:
    with transaction(lake) as tx:
        for table, rows in ((BACKTESTS, rolled.compared), (FORECASTS, rolled.ahead)):
            tx.replace(
                table,
                [tx.run(engine, engine.read_arrow(_arrow(rows, table)), table)],
                replaces=lambda file: file.partition == {"metric": asked.metric, "grain": asked.grain},
                done={_key(asked): mark},
            )


def _key(asked: Asked) -> str:
    return f"{asked.metric}/{asked.grain}"


def _told(
    settings: Settings,
    panel: Panel,
    rolled: Rolled,
    asked: Asked,
    known: KnownDays,
    page: Path | None,
    found: Comparison,
    *,
    is_new: bool = True,
) -> Forecast:
    """With its backtest, and a page about it."""
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        ours = Rolled(asked_for(rolled.rows, asked), rolled.choices, rolled.before)
        name = asked.csv.name if asked.csv else f"{settings.lake.resolve().name}: {asked.metric} by {asked.grain}"
        write_report(
            page,
            title=name,
            unit=_unit(settings, asked),
            panel=panel,
            rolled=ours,
            leaderboard=found.leaderboard(),
            trusted=found.trusted,
            calendar=known.at(rolled.rows.origin.max(), panel.freq),
        )
    return _forecast(panel, _chosen(rolled.ahead), asked, found, page, is_new=is_new)


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
    made_from = lake.done(METRIC_SERIES, ALL_SERIES)
    return fingerprint(REVISION, made_from, asked.horizon, asked.origins, asked.names, known.in_order())


def _forecast(
    panel: Panel, ahead: pd.DataFrame, asked: Asked, comparison: Comparison | None, page: Path | None, *, is_new: bool
) -> Forecast:
    ahead = asked_for(ahead, asked)
    first = pd.date_range(end=ahead.origin.max(), freq=panel.freq, periods=ahead.ts.nunique())[0]
    before = asked_for(panel.rows, asked)
    before = before[(before.ts >= first) & (before.ts <= ahead.origin.max())]
    return Forecast(ahead, before, comparison, page, is_new)


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
