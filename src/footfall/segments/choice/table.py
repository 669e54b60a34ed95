"""The choice as a table."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from footfall.contracts import K_SELECTION
from footfall.segments.choice.choose import (
    GAP_ERRORS,
    LEAST_JACCARD,
    LEAST_PREDICTION_STRENGTH,
    LEAST_SHARE,
    Candidate,
    Choice,
)

# By how much the last model's number may fall short of the rule.
_SLACK = 0.05


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

    The number that the rule chose; or that of the last model, as long as it does not clearly fail and, where it was one
    segment, more are not clearly better: people plan with their segments.

    Args:
        selection: from `k_selection`.
        last: how many the parts had in the last model, where the rule chose them.
    """
    parts: dict[str, dict[int, dict[str, Any]]] = {}
    for row in selection.to_pylist():
        parts.setdefault(row["part"], {})[row["k"]] = row
    chosen = {part: next(k for k, row in rows.items() if row["is_chosen"]) for part, rows in parts.items()}
    return {
        part: last[part] if last and part in last and _stays(parts[part], last[part], k) else k
        for part, k in chosen.items()
    }


def _stays(rows: Mapping[int, Mapping[str, Any]], last: int, chosen: int) -> bool:
    if last not in rows:
        return False
    if last == 1:
        return not _is_above(rows[chosen], rows[1], errors=2 * GAP_ERRORS)
    return last == chosen or not rows[last]["verdict"] or _nearly_holds(rows[last], rows[1])


def _nearly_holds(row: Mapping[str, Any], single: Mapping[str, Any]) -> bool:
    return (
        row["jaccard_min"] >= LEAST_JACCARD - _SLACK
        and row["prediction_strength"] >= LEAST_PREDICTION_STRENGTH - _SLACK
        and row["smallest_share"] >= LEAST_SHARE * (1 - _SLACK)
        and _is_above(row, single, errors=-GAP_ERRORS)
    )


def _is_above(row: Mapping[str, Any], other: Mapping[str, Any], *, errors: float) -> bool:
    """Whether a gap exceeds another by so many of its standard errors."""
    return row["gap"] is not None and bool(row["gap"] - errors * row["gap_error"] > other["gap"])


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
