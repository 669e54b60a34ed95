"""Ways to look at the last rows of a series. Each gives a number that is larger the less they are like the past.

Simple views on windows are hard to beat: of forty detectors on 350 public series, PCA and clusters of windows came
first (Liu, Paparrizos: The Elephant in the Room, NeurIPS 2024). None is best everywhere: a change of shape shows in the
distance to neighbours, a long change of level in the energy, a beat out of rhythm in the error of a forecast.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Rows in a window are this many points, each the mean of 1, 4 or 16 rows.
POINTS = 32
STEPS = (1, 4, 16)
LAGS = 16
_ENOUGH = 4
_NEIGHBOURS = 6


@dataclass(frozen=True)
class Kind:
    """Views that see alike: how many they are, and what they weigh together."""

    views: int
    weight: float


KINDS = {"distance": Kind(6, 0.5), "extent": Kind(9, 0.25), "surprise": Kind(8, 0.25)}


def look(x: Floats, past: int) -> Iterator[tuple[str, str, Floats]]:
    """Every view on the rows from `past` on, with its kind and its name; those that need a longer past are left out.

    Args:
        x: rows of the past, then those to judge; centre and scale of the past are 0 and 1.
        past: how many are past. All that is fitted is fitted on these.
    """
    for step in STEPS:
        if past >= _ENOUGH * POINTS * step:
            yield from (("distance", *found) for found in _distances(x, past, step))
    for width in (8, 32, 128):
        if past >= 2 * width:
            yield from (("extent", *found) for found in _extent(x, past, width))
    if past >= _ENOUGH * LAGS:
        yield from (("surprise", *found) for found in (*_forecast(x, past), *_unlikely(x, past)))


def _distances(x: Floats, past: int, step: int) -> Iterator[tuple[str, Floats]]:
    """Distance of the last window to the nearest ones in the past, and to the sixth nearest.

    Windows are compared as they are, not brought to one level and height: that hides too much. The second number does
    not forget an anomaly because it happened before.
    """
    width = POINTS * step
    means = _windows(x, step).mean(axis=1)
    every = _windows(means, width - step + 1)[:, ::step]
    recent = np.ascontiguousarray(every[past - width + 1 :])
    before = np.ascontiguousarray(every[: past - 2 * width + 1 : step])
    squares = np.square(recent).sum(axis=1)[:, None] + np.square(before).sum(axis=1) - 2 * recent @ before.T
    few = np.sort(np.partition(squares, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS], axis=1)
    near = np.sqrt(np.maximum(few, 0) / POINTS)
    yield f"nearest {width}", near[:, 0]
    yield f"near {width}", near[:, -1]


def _extent(x: Floats, past: int, width: int) -> Iterator[tuple[str, Floats]]:
    """How far from the usual the last rows are, in all and on average, and how unusually calm or restless."""
    every = _windows(x, width)
    recent = every[past - width + 1 :]
    yield f"energy {width}", np.sqrt(np.square(recent).mean(axis=1))
    yield f"level {width}", np.abs(recent.mean(axis=1))
    usual = np.log(every[: past - width + 1 : 8].std(axis=1) + 0.05)
    yield f"restless {width}", np.abs(np.log(recent.std(axis=1) + 0.05) - np.median(usual))


def _forecast(x: Floats, past: int) -> Iterator[tuple[str, Floats]]:
    """Error of the forecast from the sixteen rows before, by ridge regression on the past."""
    calm = np.clip(x, -6, 6)
    # Copied, as products of rows that overlap in memory are forty times slower.
    every = np.ascontiguousarray(_windows(calm, LAGS + 1))
    lags, ahead = np.ascontiguousarray(every[: past - LAGS, :LAGS]), calm[LAGS:past]
    weights = np.linalg.solve(lags.T @ lags + 1e-3 * len(lags) * np.eye(LAGS), lags.T @ ahead)
    errors = np.minimum(np.abs(x[LAGS:] - every[:, :LAGS] @ weights), 50)
    yield from _lately("error", errors, len(x) - past)


def _unlikely(x: Floats, past: int) -> Iterator[tuple[str, Floats]]:
    """Mahalanobis distance of eight rows from the past's: a principal component that hardly varies counts much."""
    every = _windows(x, 8)
    usual = every[: past - 7]
    centre = usual.mean(axis=0)
    away = usual - centre
    spread, axes = np.linalg.eigh(away.T @ away / len(away))
    spread = np.maximum(spread, 1e-3 * spread.mean() + 1e-6)
    distance = np.sqrt((np.square((every - centre) @ axes) / spread).mean(axis=1))
    yield from _lately("unlikely", np.minimum(distance, 50), len(x) - past)


def _lately(name: str, found: Floats, rows: int) -> Iterator[tuple[str, Floats]]:
    """Root mean squares over the last rows: an anomaly is seldom one row only."""
    for width in (1, 8, 32, 128):
        if len(found) >= rows + width:
            recent = _windows(found[-(rows + width - 1) :], width)
            yield f"{name} {width}", np.sqrt(np.square(recent).mean(axis=1))


def _windows(x: Floats, width: int) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(x, width)
