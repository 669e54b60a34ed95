"""The page: what it shows, put into its template."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from footfall.anomaly.policy import Budget
from footfall.anomaly.report import wording
from footfall.anomaly.report.content import RECENT, SHOWN, Content, Shop, commands_end, read
from footfall.anomaly.report.headline import headline
from footfall.anomaly.report.timeline import LEAST_HOURS, timeline
from footfall.pages import template
from footfall.pages.plots import Plot

NOT_REMEMBERED = "The hours around it are not remembered any more, so there is no plot of it."


def write_report(
    file: Path,
    *,
    title: str,
    incidents: pd.DataFrame,
    series: Mapping[str, pd.DataFrame],
    judged_until: datetime,
    watched: int,
    budget: Budget,
    metrics: Sequence[str] = (),
    judged_since: datetime | None = None,
    unit_of_money: str = "",
    timezone: str = "UTC",
    lake: str = "",
    without_plots: str = NOT_REMEMBERED,
) -> None:
    """Write incidents as one self-contained HTML page; it loads nothing, so it works offline and can be mailed.

    A reader of the file sees the page that was there before or the new one, never a part.

    Args:
        file: where to.
        title: of the page.
        incidents: rows of the contract `incidents`.
        series: the leading series around incidents, by id: `ts` (naive UTC), `value`, `expected`, `low`, `high`.
        judged_until: end of the last hour that was judged, UTC.
        watched: how many series are watched.
        budget: how often an alert may be false.
        metrics: what is watched.
        judged_since: begin of the first hour that was judged, UTC; None for long ago.
        unit_of_money: the shop's currency; empty where it is not known.
        timezone: of the shop; times are told in it.
        lake: its folder, for the commands; empty for the usual one.
        without_plots: what cards say that have no series.
    """
    content = read(incidents, Shop(unit_of_money, timezone, judged_until, commands_end(lake)))
    html = _template().render(
        title=title,
        content=content,
        headline=headline(content, watched=watched, metrics=metrics, budget=budget, judged_since=judged_since),
        timeline=timeline(content),
        least_hours=LEAST_HOURS,
        recent_days=RECENT.days,
        shown_days=SHOWN.days,
        nothing=wording.NOTHING,
        without_plots=without_plots,
        has_card={one.id for one in content.cards},
        **_plots(content, series),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(html, encoding="utf-8")
    unfinished.replace(file)


def _plots(content: Content, series: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    from footfall.anomaly.report.plot import KEYS, incident_plot  # noqa: PLC0415 - plotly takes long to import

    plots: dict[str, Plot] = {}
    for one in content.cards:
        plot = incident_plot(one, series[one.id]) if one.id in series else None
        if plot is not None:
            plots[one.id] = plot
    return {"plots": plots, "keys": KEYS, "plotlyjs": _plotlyjs() if plots else ""}


def _plotlyjs() -> Markup:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    return Markup(get_plotlyjs())  # noqa: S704 - plotly's own


def _template() -> jinja2.Template:
    # as_script is only for `Plot.json`, which has no `<`.
    return template("footfall.anomaly.report", "incidents.html.j2", {"as_script": Markup})
