"""Intervals from past errors: conformal, by horizon, volume and kind of day, with recent errors counting more.

A quantile of a forecast is moved by the same quantile of what earlier forecasts missed it by (conformalised quantile
regression, Romano, Patterson and Candes 2019, each side apart). Errors are of origins before, so they are not
exchangeable with those to come: their weights fall with age (Barber, Candes, Ramdas and Tibshirani 2023).
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from footfall.contracts import COMPLETE
from footfall.forecast.quantiles import LEVELS, QUANTILES

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
STRATA = ("volume", "reach", "kind")
_WIDER = (STRATA, ("volume", "kind"), ("volume", "reach"), ("volume",), ())
_FADING = 0.8
_LEAST_ERRORS = 200


def calibrated(told: pd.DataFrame) -> pd.DataFrame:
    """Forecasts with quantiles from the errors of the origins before.

    Args:
        told: `model`, `origin`, `ts`, `mean`, the quantiles (null where the model has none: the mean stands for them),
            `actual` and `status` (null in buckets to come), `scale` of the series at the origin, `is_closed`, and the
            strata `volume`, `reach` and `kind`. `least` is what nothing of the series is below, `smallest` its smallest
            positive value.

    Returns:
        The same rows with quantiles in order, none below `least`. Those of the first origin are null. A closed bucket
        has all of them 0.
    """
    base = told[list(QUANTILES)].to_numpy(np.float64)
    base = np.where(np.isnan(base), told["mean"].to_numpy(np.float64)[:, None], base)
    scale = told.scale.to_numpy(np.float64)[:, None]
    missed = (told.actual.to_numpy(np.float64)[:, None] - base) / scale
    is_error = (told.status == COMPLETE).to_numpy() & ~told.is_closed.to_numpy() & ~np.isnan(missed).any(axis=1)
    moved = np.full_like(base, np.nan)
    strata = np.column_stack([_codes(told, names) for names in _WIDER])
    origins = np.sort(told.origin.unique())
    numbers = np.searchsorted(origins, told.origin.to_numpy())
    stamps = told.ts.to_numpy()
    for rows in told.groupby("model").indices.values():
        for number in range(1, len(origins)):
            here = rows[numbers[rows] == number]
            before = rows[is_error[rows] & (numbers[rows] < number) & (stamps[rows] <= origins[number])]
            weights = _FADING ** (number - 1 - numbers[before])
            moved[here] = _moves(strata[here], strata[before], missed[before], weights)
    quantiles = np.sort(base + moved * scale, axis=1)
    least, smallest = (told[name].to_numpy(np.float64)[:, None] for name in ("least", "smallest"))
    quantiles = np.maximum(quantiles, least)
    quantiles[(quantiles < smallest / 2) & (least == 0)] = 0.0  # between nothing and the smallest sale is nothing
    quantiles[told.is_closed.to_numpy() & ~np.isnan(base).any(axis=1)] = 0.0
    return told.assign(**dict(zip(QUANTILES, quantiles.T, strict=True)))


def _codes(told: pd.DataFrame, names: tuple[str, ...]) -> Codes:
    """A number for each stratum of these columns."""
    if not names:
        return np.zeros(len(told), np.int64)
    return np.asarray(told.groupby(list(names)).ngroup(), np.int64)


def _moves(here: Codes, before: Codes, missed: Array, weights: Array) -> Array:
    """Quantiles of past errors for each row: those of its stratum, or of a wider one where that has too few."""
    moves = np.full((len(here), len(LEVELS)), np.nan)
    if not len(before):
        return moves
    is_open = np.full(len(here), True)
    for wideness, names in enumerate(_WIDER):
        for stratum in np.unique(here[is_open, wideness]):
            is_ours = before[:, wideness] == stratum
            if is_ours.sum() >= _LEAST_ERRORS or not names:
                rows = is_open & (here[:, wideness] == stratum)
                moves[rows] = _weighted_quantiles(missed[is_ours], weights[is_ours])
                is_open &= ~rows
    return moves


def _weighted_quantiles(missed: Array, weights: Array) -> Array:
    """The quantile of each level of its own column of errors."""
    found = []
    for column, level in zip(missed.T, LEVELS, strict=True):
        order = np.lexsort((weights, column))
        share = np.cumsum(weights[order])
        found.append(np.interp(level * share[-1], share - weights[order] / 2, column[order]))
    return np.array(found)
