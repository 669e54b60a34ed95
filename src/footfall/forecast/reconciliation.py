"""Coherent forecasts: members of a level sum to the member above, and none is negative.

Minimum trace reconciliation (Wickramasuriya, Athanasopoulos and Hyndman 2019) with the variances of past errors. Levels
of a shop cross (brands, countries and categories each sum to the same total, and no series is below all of them), so it
is written with the sums as constraints (Di Fonzo and Girolimetto 2023) rather than as a summing matrix.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_TOLERANCE = 1e-9


def constraints(hierarchy: pd.DataFrame, names: Sequence[str]) -> Array:
    """Sums that must hold, a row for each: 1 at the parent, -1 at its members of one dimension.

    Args:
        hierarchy: `series_id`, `parent` (null for the total), `dimension`.
        names: the series that are forecast, in their order. A sum of which some series is not forecast is left out.
    """
    places = {name: place for place, name in enumerate(names)}
    rows = []
    for (parent, _), ours in hierarchy.dropna(subset="parent").groupby(["parent", "dimension"], sort=True):
        if {parent, *ours.series_id} <= places.keys():
            row = np.zeros(len(names))
            row[places[str(parent)]] = 1
            row[[places[name] for name in ours.series_id]] = -1
            rows.append(row)
    return np.array(rows).reshape(len(rows), len(names))


def reconciled(forecasts: Array, variances: Array, sums: Array, is_closed: Flags) -> Array:
    """The nearest forecasts that are coherent, not negative, and 0 where closed.

    Args:
        forecasts: of each bucket, bucket x series, none null.
        variances: of past errors, bucket x series: what is surer is changed less.
        sums: from `constraints`.
        is_closed: bucket x series.

    Returns:
        Bucket x series.
    """
    if not len(sums):
        return forecasts
    is_child = sums < 0
    found = np.empty_like(forecasts)
    for bucket, (told, variance, closed) in enumerate(zip(forecasts, variances, is_closed, strict=True)):
        is_zero = _closed_below(closed, sums, is_child)
        for _ in range(len(told) + 1):
            found[bucket] = _projected(told, variance, sums, is_zero)
            is_negative = found[bucket] < -_TOLERANCE * max(np.abs(told).max(), 1.0)
            if not is_negative.any():
                break
            is_zero = is_zero | is_negative
        found[bucket] = np.maximum(found[bucket], 0.0)
    return found


def _closed_below(closed: Flags, sums: Array, is_child: Flags) -> Flags:
    """Members of what is closed are closed, down to the last level."""
    closed = closed.copy()
    for _ in sums:
        wider = closed | is_child[(sums[:, closed] > 0).any(axis=1)].any(axis=0)
        if (wider == closed).all():
            break
        closed = wider
    return closed


def _projected(told: Array, variance: Array, sums: Array, is_zero: Flags) -> Array:
    """The nearest point in the metric of the variances on which the sums hold and what is to be 0 is 0."""
    told, free = np.where(is_zero, 0.0, told), np.where(is_zero, 0.0, variance)
    across = sums * free
    multipliers = np.linalg.lstsq(across @ sums.T, sums @ told, rcond=None)[0]
    point: Array = told - across.T @ multipliers
    return point
