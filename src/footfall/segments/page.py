"""The report: one HTML page that needs nothing but a browser."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import numpy as np
import pyarrow as pa
from markupsafe import Markup

from footfall.segments import colours
from footfall.segments.accounts import Accounts, accounts
from footfall.segments.clusters import Labels
from footfall.segments.measures import Measure, contrasts, measure
from footfall.segments.model import SegmentModel
from footfall.segments.scoring import labels_of
from footfall.segments.transform import Array, column
from footfall.segments.vocabulary import word
from footfall.segments.wording import Difference, amount, count, differences, in_unit, percent


@dataclass(frozen=True)
class Card:
    """One segment, for a reader in a hurry."""

    name: str
    colour: str
    users: int
    share: float
    revenue_share: float | None
    recommendation: str
    differences: Sequence[Difference]


@dataclass(frozen=True)
class HeatRow:
    """One feature over all segments: (value, colour) for each."""

    label: str
    family: str
    statistic: str
    base: str
    cells: Sequence[tuple[str, str]]


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
    contrast = contrasts(features, model.scales, labels, model.k)
    cards = _cards(model, profiles, contrast, measures)
    rows = accounts(row_accounts)
    return _template().render(
        model=model,
        users=features.num_rows,
        spend=_total(features, "spend"),
        buyers=_buyers(features),
        cards=cards,
        heat_rows=_heat_rows(measures, contrast),
        accounts=rows,
        dropped=[(word(one.feature).label, one.reason) for one in model.dropped],
        meta=meta,
        **_figures(model, features, labels, cards, rows),
    )


def _cards(model: SegmentModel, profiles: pa.Table, contrast: Array, measures: list[Measure]) -> list[Card]:
    first = {row["segment_id"]: row for row in reversed(profiles.to_pylist())}
    by_feature = {one.feature: one for one in measures}
    return [
        Card(
            name=first[segment]["segment_name"],
            colour=colours.of_segment(segment),
            users=first[segment]["users"],
            share=first[segment]["share"],
            revenue_share=first[segment]["revenue_share"],
            recommendation=first[segment]["recommendation"],
            differences=differences(segment, contrast, model.scales, by_feature),
        )
        for segment in range(model.k)
    ]


def _heat_rows(measures: list[Measure], contrast: Array) -> list[HeatRow]:
    rows = [_heat_row(one, contrast[:, place]) for place, one in enumerate(measures)]
    families = list(dict.fromkeys(row.family for row in rows))
    return sorted(rows, key=lambda row: families.index(row.family))


def _heat_row(one: Measure, contrast: Array) -> HeatRow:
    trait = word(one.feature)
    # Where every segment's median is the same, often 0, only the means can show what the colours say.
    is_flat = len(set(one.median[~np.isnan(one.median)])) < 2
    values, base = (one.mean, one.base_mean) if is_flat else (one.median, one.base_median)
    return HeatRow(
        label=trait.label,
        family=trait.family,
        statistic="mean" if is_flat else "median",
        base=in_unit(base, trait.unit),
        cells=list(zip((in_unit(float(value), trait.unit) for value in values), colours.of_contrasts(contrast), strict=True)),
    )


def _total(features: pa.Table, name: str) -> float | None:
    return float(np.nansum(column(features, name))) if name in features.column_names else None


def _buyers(features: pa.Table) -> float | None:
    return float((column(features, "orders") > 0).mean()) if "orders" in features.column_names else None


def _figures(
    model: SegmentModel, features: pa.Table, labels: Labels, cards: list[Card], rows: Accounts
) -> dict[str, Markup | None]:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - plotly is slow to import

    from footfall.segments import figures  # noqa: PLC0415 - because it imports plotly

    names = [card.name for card in cards]
    revenue = [card.revenue_share for card in cards]
    plots = {
        "sizes": figures.shares(names, [card.share for card in cards]),
        "revenues": None if None in revenue else figures.shares(names, [share or 0.0 for share in revenue]),
        "projection": figures.projection(model, features, labels, names),
        "scree": figures.scree(model),
        "outcomes": figures.outcomes(rows) if rows.read > rows.kept else None,
    }
    pieces = {name: plot and Markup(figures.as_html(plot, name)) for name, plot in plots.items()}  # noqa: S704 - plotly's own markup; figures.py escapes the labels
    return pieces | {"plotlyjs": Markup(get_plotlyjs())}  # noqa: S704 - the library itself


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("footfall.segments"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {"count": count, "percent": percent, "amount": amount}
    environment.filters.update(filters)
    return environment.get_template("report.html.j2")
