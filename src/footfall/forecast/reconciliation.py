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
_TOLERANCE, _ROUNDS = 1e-9, 20


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
        found[bucket] = _nearest(told, variance, sums, _closed_below(closed, sums, is_child))
    return np.maximum(found, 0.0)


def _nearest(told: Array, variance: Array, sums: Array, is_closed: Flags) -> Array:
    """The nearest point that is not negative, by primal and dual active sets (Hintermueller, Ito and Kunisch 2002)."""
    least = -_TOLERANCE * max(float(np.abs(told).max()), 1.0)
    is_zero = is_closed
    for attempt in range(_ROUNDS + len(told)):
        point, unbound = _projected(told, variance, sums, is_zero)
        # The rounds nearly always end after a few. Where they go in circles, zeros are only added: coherent, and near.
        wanted = is_closed | (unbound < least) if attempt < _ROUNDS else is_zero | (point < least)
        if (wanted == is_zero).all():
            break
        is_zero = wanted
    return point


def _closed_below(closed: Flags, sums: Array, is_child: Flags) -> Flags:
    """Members of what is closed are closed, down to the last level."""
    closed = closed.copy()
    for _ in sums:
        wider = closed | is_child[(sums[:, closed] > 0).any(axis=1)].any(axis=0)
        if (wider == closed).all():
            break
        closed = wider
    return closed


def _projected(told: Array, variance: Array, sums: Array, is_zero: Flags) -> tuple[Array, Array]:
    """The nearest point in the metric of the variances on which the sums hold and what is to be 0 is 0.

    And what each series would be if it were not to be 0.
    """
    kept = np.where(is_zero, 0.0, told)
    across = sums * np.where(is_zero, 0.0, variance)
    gram = across @ sums.T
    size = np.sqrt(np.diag(gram))  # variances of a shop and of its least member lie far apart: brought to one size
    unit = 1 / np.where(size > 0, size, 1.0)
    multipliers = unit * np.linalg.lstsq(gram * np.outer(unit, unit), unit * (sums @ kept), rcond=None)[0]
    return kept - across.T @ multipliers, told - variance * (sums.T @ multipliers)
