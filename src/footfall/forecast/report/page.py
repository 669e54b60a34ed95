"""The page: what it shows, put into its template."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from footfall.forecast.backtest import Rolled
from footfall.forecast.history import KnownDays
from footfall.forecast.panel import Panel
from footfall.forecast.report import record
from footfall.forecast.report.content import Content, read
from footfall.forecast.report.headline import headline
from footfall.forecast.report.leaders import leaders
from footfall.forecast.report.wording import about, alike, bucket_name, moment, percent, signed
from footfall.pages import template


def write_report(
    file: Path,
    *,
    title: str,
    unit: str,
    panel: Panel,
    rolled: Rolled,
    leaderboard: Sequence[Mapping[str, Any]],
    trusted: str | None,
    calendar: KnownDays,
) -> None:
    """Write forecasts as one self-contained HTML page; it loads nothing, so it works offline and can be mailed.

    Args:
        file: where to.
        title: of the page.
        unit: of the values, for example "GBP" or "orders".
        panel: the series.
        rolled: their forecasts.
        leaderboard: a row per model, the best first: `model`, and, where they are known, `mase`, `wape`,
            `quantile_loss`, `coverage_80`, `coverage_95`, `mape` with `mape_left_out`, `bias`, and its `Skill` against
            each benchmark.
        trusted: the model that is better than all benchmarks by more than chance; None where none is.
        calendar: the days that are marked.
    """
    content = read(panel, rolled, calendar, unit)
    html = _template().render(
        title=title,
        content=content,
        headline=headline(content, trusted),
        leaders=leaders(leaderboard, trusted),
        coverage=record.coverage(rolled.compared),
        covered=record.share_covered(rolled.compared),
        choices=record.choices(rolled, panel.freq),
        left_out=panel.left_out,
        sums=panel.hierarchy is not None,
        origins=rolled.compared.origin.nunique(),
        alike=alike,
        bucket_name=bucket_name,
        made_at=moment(rolled.rows.origin.max(), panel.freq),
        **_plots(content, rolled, leaderboard),
    )
    file.write_text(html, encoding="utf-8")


def _plots(content: Content, rolled: Rolled, leaderboard: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    # Plotly takes long to import, and only a report needs it.
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    from footfall.forecast.report import plots  # noqa: PLC0415

    return {
        "plotlyjs": Markup(get_plotlyjs()),  # noqa: S704 - plotly's own
        "fans": [plots.fan(one, content) for one in content.series],
        "skill": plots.skill_plot(leaderboard),
        "errors": plots.origins_plot(record.errors_by_origin(rolled.compared), content.freq),
        "calibration": plots.calibration_plot(record.calibration(rolled.compared)),
    }


def _template() -> jinja2.Template:
    filters = {
        "about": about,
        "percent": percent,
        "signed": signed,
        "as_script": Markup,  # only for `Plot.json`, which has no `<`
    }
    return template("footfall.forecast.report", "forecast.html.j2", filters)
