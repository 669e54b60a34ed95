"""The page about incidents: from the lake, and from what the detector remembers of the last two weeks."""

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from footfall.anomaly import HISTORY, WARM_UP, Policy, Watch, load
from footfall.anomaly.report import write_report
from footfall.contracts import INCIDENTS
from footfall.errors import UserError
from footfall.lake import Lake, open_lake
from footfall.pipeline.notifying import series_around, unit_of_money
from footfall.pipeline.query import query
from footfall.pipeline.watched import (
    judged_until_of,
    kin_of,
    mark_of,
    memory_of,
    number_of,
    policy_of,
    watch_of,
)
from footfall.settings import Settings

_OTHER_MEMORY = (
    "There is no plot: what the detector remembers is of another policy, baseline or time zone, or of other series. "
    "The next footfall detect learns anew."
)


def page_of(lake: Lake) -> Path:
    """Where the report is, unless somebody wants it elsewhere."""
    return lake.root / "reports" / "incidents.html"


def report_incidents(settings: Settings, page: Path | None = None) -> Path:
    """Write the report of what is in the lake; nothing is judged.

    Args:
        settings: the lake, its policy and its time zone.
        page: where it is written; by default among the lake's reports.

    Raises:
        UserError: no hour was judged yet, or the policy cannot be used.
    """
    policy, lake = policy_of(settings), open_lake(settings.lake)
    watch = watch_of(kin_of(lake, policy), policy, settings)
    is_known = load(memory_of(lake), watch, mark_of(settings, policy))
    return write_page(page or page_of(lake), lake, settings, policy, watch, has_memory=is_known)


def write_page(
    page: Path, lake: Lake, settings: Settings, policy: Policy, watch: Watch, *, has_memory: bool = True
) -> Path:
    """Write the report, with plots of what the watch remembers."""
    judged_until = judged_until_of(lake)
    if judged_until is None:
        raise UserError(f"lake {lake.root}: no hour was judged yet; `footfall detect --lake {lake.root}` judges them")
    rows = lake.load(INCIDENTS).to_pandas()
    told = {"without_plots": _OTHER_MEMORY} if not has_memory else {}
    write_report(
        page,
        title=f"{lake.root.resolve().name}: incidents",
        incidents=rows,
        series=_series(watch, rows) if has_memory else {},
        judged_until=judged_until,
        watched=len(watch.kin),
        budget=policy.budget,
        metrics=policy.metrics,
        judged_since=_judged_since(lake),
        unit_of_money=unit_of_money(lake),
        timezone=settings.timezone,
        lake=str(settings.lake),
        **told,
    )
    return page


def _series(watch: Watch, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The leading series around the incidents of which an hour is remembered."""
    first = watch.last - HISTORY
    found = {}
    for row in rows.to_dict("records"):
        is_remembered = row["status"] == "open" or number_of(row["closed_at"]) > first
        if is_remembered and row["series_id"] in watch.kin.place:
            found[row["incident_id"]] = series_around(watch, {str(name): value for name, value in row.items()})
    return found


def _judged_since(lake: Lake) -> datetime | None:
    """No hour before was judged: series learn first."""
    first = query(lake, "SELECT min(ts) AS first FROM metric_series WHERE grain = 'hour'")["first"][0].as_py()
    return None if first is None else first + timedelta(hours=WARM_UP)
