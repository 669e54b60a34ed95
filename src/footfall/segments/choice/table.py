"""The choice as a table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from footfall.contracts import K_SELECTION
from footfall.segments.choice.choose import Candidate, Choice


def k_selection(choices: Mapping[str, Choice], *, resamples: int, as_of: datetime) -> pa.Table:
    """What was measured for every number of segments: rows as in `k_selection`.

    Args:
        choices: by part, from `choose`.
        resamples: how often users were drawn again.
        as_of: the date of the features.
    """
    same = {"resamples": resamples, "as_of": as_of}
    blank = dict.fromkeys(K_SELECTION.schema.names)
    rows = [blank | same | {"part": part} | row for part, choice in choices.items() for row in _rows(choice)]
    return pa.Table.from_pylist(rows, K_SELECTION.schema)


def _rows(choice: Choice) -> list[dict[str, Any]]:
    single: dict[str, Any] = {"k": 1, "verdict": "more than one segment holds"}
    if choice.single is not None:
        single |= {"gap": choice.single.value, "gap_error": choice.single.error}
    return [row | _judged(row, choice) for row in (single, *map(_measures, choice.candidates))]


def numbers_chosen(selection: pa.Table, last: Mapping[str, int] | None = None) -> dict[str, int]:
    """How many segments each part is to have.

    The number that the rule chose; or that of the last model, as long as it holds too: people plan with their segments.

    Args:
        selection: from `k_selection`.
        last: how many the parts had in the last model, where the rule chose them.
    """
    rows = selection.select(["part", "k", "is_chosen", "verdict"]).to_pylist()
    chosen = {row["part"]: int(row["k"]) for row in rows if row["is_chosen"]}
    holding = {(row["part"], row["k"]) for row in rows if not row["verdict"]}
    return {
        part: last[part] if last and min(k, last.get(part, 1)) > 1 and (part, last[part]) in holding else k
        for part, k in chosen.items()
    }


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
