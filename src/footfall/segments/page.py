"""The report: one HTML page that needs nothing but a browser."""

from collections.abc import Sequence

import jinja2
import numpy as np
import pyarrow as pa
from markupsafe import Markup

from footfall.segments.accounts import Accounts, accounts
from footfall.segments.cards import Card, cards
from footfall.segments.clusters import Labels
from footfall.segments.feature_table import as_of_date, column
from footfall.segments.heatmap import heat_map
from footfall.segments.measures import measure
from footfall.segments.model import SegmentModel
from footfall.segments.scoring import labels_of
from footfall.segments.vocabulary import word
from footfall.segments.wording import count, percent


def report(
    model: SegmentModel,
    features: pa.Table,
    assigned: pa.Table,
    profiles: pa.Table,
    *,
    row_accounts: pa.Table,
    meta: dict[str, str],
) -> str:
    """Write the report as one self-contained HTML page; it loads nothing, so it works offline and can be mailed.

    Args:
        model: the segmentation.
        features: `user_features` as of one date.
        assigned: what `assign` returned for these users.
        profiles: what `profile` returned for them.
        row_accounts: where the rows went, as in the contract of that name.
        meta: what stands in the page's foot, for example {"Lake": "/data/lake", "Footfall": "0.1.0"}.

    Raises:
        SourceUnreadable: the tables do not belong together.
    """
    labels = labels_of(model, features, assigned)
    measures = measure(features, [scale.feature for scale in model.scales], labels, model.k)
    segments, rows = cards(profiles, measures), accounts(row_accounts)
    return _template().render(
        model=model,
        as_of=as_of_date(features),
        users=features.num_rows,
        spend=_total_spend(features),
        buyers=_share_of_buyers(features),
        cards=segments,
        families=heat_map(measures),
        accounts=rows,
        dropped=[(word(one.feature).label, one.reason) for one in model.dropped],
        meta=meta,
        **_plots(model, features, labels, segments, rows),
    )


def _total_spend(features: pa.Table) -> float | None:
    return float(np.nansum(column(features, "spend"))) if "spend" in features.column_names else None


def _share_of_buyers(features: pa.Table) -> float | None:
    return float((column(features, "orders") > 0).mean()) if "orders" in features.column_names else None


def _plots(
    model: SegmentModel, features: pa.Table, labels: Labels, segments: Sequence[Card], rows: Accounts
) -> dict[str, Markup | None]:
    # Plotly takes long to import, and only a report needs it.
    from plotly.offline import get_plotlyjs  # noqa: PLC0415

    from footfall.segments import figures  # noqa: PLC0415

    names = [card.name for card in segments]
    revenue = [card.revenue_share for card in segments if card.revenue_share is not None]
    plots = {
        "sizes": figures.shares(names, [card.share for card in segments]),
        "revenues": figures.shares(names, revenue) if revenue else None,
        "projection": figures.projection(model, features, labels, names),
        "scree": figures.scree(model),
        "outcomes": figures.outcomes(rows) if rows.read > rows.kept else None,
    }
    # Plotly's own markup must not be escaped again; figures.py has escaped what comes from data.
    pieces = {name: plot and Markup(figures.as_html(plot, name)) for name, plot in plots.items()}  # noqa: S704
    return pieces | {"plotlyjs": Markup(get_plotlyjs())}  # noqa: S704


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("footfall.segments"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": count, "percent": percent}
    return environment.get_template("report.html.j2")
