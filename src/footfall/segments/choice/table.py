"""The choice as a table."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from footfall.contracts import K_SELECTION
from footfall.segments.choice.choose import Candidate, Choice


def k_selection(choice: Choice | None, *, version: str, as_of: datetime) -> pa.Table:
    """What was measured for every number of segments: rows as in `k_selection`; none where nothing was chosen.

    Args:
        choice: from `choose`.
        version: of the model that it led to.
        as_of: the date of its features.
    """
    if choice is None:
        return K_SELECTION.schema.empty_table()
    single: dict[str, Any] = {"k": 1}
    if choice.single is not None:
        single |= {"gap": choice.single.value, "gap_error": choice.single.error}
    rows = [single, *map(_measures, choice.candidates)]
    blank = dict.fromkeys(K_SELECTION.schema.names)
    return pa.Table.from_pylist(
        [blank | row | _judged(row, choice) | {"model_version": version, "as_of": as_of} for row in rows],
        K_SELECTION.schema,
    )


def _measures(one: Candidate) -> dict[str, Any]:
    return {
        "k": one.k,
        "inertia": one.inertia,
        "silhouette": one.silhouette,
        "silhouette_sample": one.euclidean.mean,
        "silhouette_low": one.euclidean.low,
        "silhouette_high": one.euclidean.high,
        "gap": one.gap.value,
        "gap_error": one.gap.error,
        "jaccard_min": min(one.jaccard),
        "jaccard_mean": sum(one.jaccard) / one.k,
        "rand": one.rand,
        "prediction_strength": one.prediction_strength,
        "smallest_share": one.smallest_share,
        "verdict": "; ".join(one.failures),
    }


def _judged(row: dict[str, Any], choice: Choice) -> dict[str, Any]:
    is_chosen = row["k"] == choice.k
    verdict = choice.reason if is_chosen else row.get("verdict", "")
    return {"is_chosen": is_chosen, "is_runner_up": row["k"] == choice.runner_up, "verdict": verdict}
