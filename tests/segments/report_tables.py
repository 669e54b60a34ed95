"""What a report is made from beside the segments: measures of every number of segments, and who moved."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa
from segmented import Segmented

from footfall.contracts import K_SELECTION, SEGMENT_MIGRATION
from footfall.segments.report import ReportTables, figures, report

NO_SELECTION, NO_MIGRATION = K_SELECTION.schema.empty_table(), SEGMENT_MIGRATION.schema.empty_table()
EARLIER, LATER = datetime(2019, 12, 1), datetime(2020, 1, 1)


def report_of(segmented: Segmented, row_accounts: pa.Table, **other: Any) -> str:
    meta = other.pop("meta", {"Lake": "/data/lake"})
    return report(_tables(segmented, row_accounts, **other), meta)


def figures_of(segmented: Segmented, row_accounts: pa.Table, **other: Any) -> dict[str, Any]:
    return figures(_tables(segmented, row_accounts, **other))


def _tables(segmented: Segmented, row_accounts: pa.Table, **other: Any) -> ReportTables:
    ours = ReportTables(
        segmented.model,
        segmented.features,
        segmented.assigned,
        segmented.profiles,
        selection=NO_SELECTION,
        migration=NO_MIGRATION,
        row_accounts=row_accounts,
    )
    return replace(ours, **other)


def selection(*rows: dict[str, Any]) -> pa.Table:
    """Rows of k_selection; what is not given is null."""
    blank = dict.fromkeys(K_SELECTION.schema.names)
    return pa.Table.from_pylist([blank | row for row in rows], K_SELECTION.schema)


def measured(part: str, *, chosen: int, runner_up: int | None = None, ks: range = range(2, 7)) -> list[dict[str, Any]]:
    """What was measured of a part: more segments than four break the rule."""
    same = {"part": part, "resamples": 200, "as_of": LATER}
    single = {"k": 1, "gap": 0.5, "gap_error": 0.02}
    rows = [same | row for row in (single, *map(_of, ks))]
    for row in rows:
        row |= {"is_chosen": row["k"] == chosen, "is_runner_up": row["k"] == runner_up}
        row["verdict"] = f"{chosen} is what holds" if row["is_chosen"] else row.get("verdict", "")
    return rows


def _of(k: int) -> dict[str, Any]:
    return {
        "k": k,
        "inertia": 900.0 / k,
        "silhouette": 0.6 - 0.05 * k,
        "silhouette_sample": 0.4 - 0.05 * k,
        "silhouette_low": 0.38 - 0.05 * k,
        "silhouette_high": 0.42 - 0.05 * k,
        "gap": 0.5 + 0.1 * k,
        "gap_error": 0.01,
        "jaccard_min": 1.0 - 0.05 * k,
        "jaccard_mean": 1.0 - 0.03 * k,
        "rand": 0.8,
        "prediction_strength": 1.0 - 0.04 * k,
        "smallest_share": 0.1,
        "verdict": "" if k <= 4 else f"a cluster's Jaccard is {1.0 - 0.05 * k:.2f}, below 0.75",
    }


def moves(*flows: tuple[int | None, int | None, int], since: datetime = EARLIER, until: datetime = LATER) -> pa.Table:
    """Rows of segment_migration: from which segment to which, and how many users."""
    rows = [
        {
            "from_as_of": since,
            "to_as_of": until,
            "from_segment_id": before,
            "from_segment_name": None if before is None else f"Then {before}",
            "to_segment_id": after,
            "to_segment_name": None if after is None else f"Now {after}",
            "users": users,
            "share_of_from": None,
            "from_model_version": "v1.0.0",
            "to_model_version": "v1.0.0",
        }
        for before, after, users in flows
    ]
    return pa.Table.from_pylist(rows, SEGMENT_MIGRATION.schema)
