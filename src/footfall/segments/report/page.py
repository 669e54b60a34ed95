"""The report: one HTML page that needs nothing but a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2
import numpy as np
import pyarrow as pa
from markupsafe import Markup

from footfall.pages import template
from footfall.segments.choice.choose import LEAST_JACCARD, LEAST_PREDICTION_STRENGTH, LEAST_SHARE
from footfall.segments.feature_table import as_of_date, column
from footfall.segments.naming.wording import count, percent
from footfall.segments.report import method
from footfall.segments.report.components import SHOWN, components
from footfall.segments.report.content import Content, ReportTables, read
from footfall.segments.report.heatmap import heat_map

if TYPE_CHECKING:
    import plotly.graph_objects as go

_RULE = {"jaccard": LEAST_JACCARD, "prediction_strength": LEAST_PREDICTION_STRENGTH, "share": LEAST_SHARE}


def report(tables: ReportTables, meta: dict[str, str]) -> str:
    """Write the report as one self-contained HTML page; it loads nothing, so it works offline and can be mailed.

    Args:
        tables: what it is made from.
        meta: what stands in the page's foot, for example {"Lake": "/data/lake", "Footfall": "0.1.0"}.

    Raises:
        SourceUnreadable: the tables do not belong together.
    """
    content, features = read(tables), tables.features
    return _template().render(
        content=content,
        model=tables.model,
        as_of=as_of_date(features),
        users=features.num_rows,
        spend=_total_spend(features),
        buyers=_share_of_buyers(features),
        heat=heat_map(content.parts),
        components={view.key: components(view.part) for view in content.parts},
        components_shown=SHOWN,
        rule=_RULE,
        method=method,
        meta=meta,
        **_plots(content),
    )


def figures(tables: ReportTables) -> dict[str, go.Figure]:
    """Draw every plot of the report.

    Returns:
        By a key that can be a file's name: sizes, revenue, heat-map, migration, outcomes, and for each part, here
        buyers, elbow-buyers, silhouette-buyers, gap-buyers, stability-buyers, projection-buyers, scree-buyers. A plot
        that has nothing to show is left out.
    """
    from footfall.segments.report.plots import draw  # noqa: PLC0415 - plotly takes long to import

    return draw(read(tables))


def _total_spend(features: pa.Table) -> float | None:
    return float(np.nansum(column(features, "spend"))) if "spend" in features.column_names else None


def _share_of_buyers(features: pa.Table) -> float | None:
    return float((column(features, "orders") > 0).mean()) if "orders" in features.column_names else None


def _plots(content: Content) -> dict[str, object]:
    # Plotly takes long to import, and only a report needs it.
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    from footfall.segments.report.plots import as_html, draw, key_of  # noqa: PLC0415

    drawn = draw(content)
    # Plotly's own markup must not be escaped again; plots/ has escaped what comes from data.
    plots = {
        key: {
            "html": Markup(as_html(figure, key)),  # noqa: S704
            "key": [(Markup(name), colour) for name, colour in key_of(figure)],  # noqa: S704
            **figure.layout.meta,
        }
        for key, figure in drawn.items()
        if key != "heat-map"
    }
    return {"plots": plots, "plotlyjs": Markup(get_plotlyjs())}  # noqa: S704


def _template() -> jinja2.Template:
    return template("footfall.segments.report", "report.html.j2", {"count": count, "percent": percent})
