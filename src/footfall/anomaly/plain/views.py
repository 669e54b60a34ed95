"""Ways to look at the last rows of a series. Each gives a number that is larger the less they are like the past.

Simple views on windows are hard to beat: of forty detectors on 350 public series, PCA and clusters of windows came
first (Liu, Paparrizos: The Elephant in the Room, NeurIPS 2024). None is best everywhere: a change of shape shows in the
distance to neighbours, on a wandering level only where windows are brought to one level; a long change of level in the
energy, a beat out of rhythm in the error of a forecast, and a sensor that hangs in nothing but calm.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Windows for distances: how many points they have, and of how many rows each is the mean.
WINDOWS = ((8, 1), (32, 1), (32, 4), (32, 16))
# Windows of eight rows have all the same shape, but for noise.
_LEAST_SHAPE = 32
LAGS = 16
_ENOUGH = 4
_NEIGHBOURS = 6
# Rounding, in units of the usual deviation.
_SAME = 1e-9
# So many rows without a change are as strange as more of them; a constant series is usual.
_LONG = 64


@dataclass(frozen=True)
class Kind:
    """Views that see alike: how many they are, and what they weigh together."""

    views: int
    weight: float


# Weights were chosen on the series of benchmarks/own_series.py; others near them do as well.
KINDS = {
    "distance": Kind(8, 0.35),
    "shape": Kind(6, 0.2),
    "extent": Kind(9, 0.1),
    "surprise": Kind(8, 0.15),
    "calm": Kind(5, 0.2),
}


def look(x: Floats, past: int) -> Iterator[tuple[str, str, Floats]]:
    """Every view on the rows from `past` on, with its kind and its name; those that need a longer past are left out.

    Args:
        x: rows of the past, then those to judge; centre and scale of the past are 0 and 1.
        past: how many are past. All that is fitted is fitted on these.
    """
    for points, step in WINDOWS:
        if past >= _ENOUGH * points * step:
            yield from _distances(x, past, points, step)
    for width in (8, 32, 128):
        if past >= 2 * width:
            yield from (("extent", *found) for found in _extent(x, past, width))
    if past >= _ENOUGH * LAGS:
        yield from (("surprise", *found) for found in (*_forecast(x, past), *_unlikely(x, past)))
    yield from (("calm", *found) for found in _calm(x, past))


def _distances(x: Floats, past: int, points: int, step: int) -> Iterator[tuple[str, str, Floats]]:
    """Distance of the last window to the nearest ones in the past, and to the sixth nearest.

    Windows are compared as they are, and brought to one level (their shape); not to one height, which would make much
    of noise. The sixth nearest does not forget an anomaly because it happened before.
    """
    width = points * step
    means = _windows(x, step).mean(axis=1)
    every = _windows(means, width - step + 1)[:, ::step]
    recent = np.ascontiguousarray(every[past - width + 1 :])
    before = np.ascontiguousarray(every[: past - 2 * width + 1 : step])
    squares = np.square(recent).sum(axis=1)[:, None] + np.square(before).sum(axis=1) - 2 * recent @ before.T
    nearest, near = _nearest(squares, points)
    yield "distance", f"nearest {width}", nearest
    yield "distance", f"near {width}", near
    if width >= _LEAST_SHAPE:
        squares -= points * np.square(recent.mean(axis=1)[:, None] - before.mean(axis=1))
        nearest, near = _nearest(squares, points)
        yield "shape", f"nearest shape {width}", nearest
        yield "shape", f"near shape {width}", near


def _nearest(squares: Floats, points: int) -> tuple[Floats, Floats]:
    """To the nearest and to the sixth nearest, per point."""
    few = np.sort(np.partition(squares, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS], axis=1)
    near = np.sqrt(np.maximum(few, 0) / points)
    return near[:, 0], near[:, -1]


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


def _calm(x: Floats, past: int) -> Iterator[tuple[str, Floats]]:
    """How much calmer than usual the last rows are, in all and from row to row, and how long nothing has changed."""
    steps = np.abs(np.diff(x, prepend=x[0]))
    for width in (8, 32):
        if past >= _ENOUGH * width:
            for name, found in (
                ("calm", _windows(x, width).std(axis=1)),
                ("smooth", _windows(steps, width).mean(axis=1)),
            ):
                logarithm = np.log(found + 0.02)
                usual = np.median(logarithm[: past - width + 1 : 8])
                yield f"{name} {width}", np.maximum(usual - logarithm[past - width + 1 :], 0)
    rows = np.arange(len(x))
    changed = np.maximum.accumulate(np.where(steps > _SAME, rows, 0))
    yield "unchanged", np.log1p(np.minimum(rows - changed, _LONG))[past:]


def _lately(name: str, found: Floats, rows: int) -> Iterator[tuple[str, Floats]]:
    """Root mean squares over the last rows: an anomaly is seldom one row only."""
    for width in (1, 8, 32, 128):
        if len(found) >= rows + width:
            recent = _windows(found[-(rows + width - 1) :], width)
            yield f"{name} {width}", np.sqrt(np.square(recent).mean(axis=1))


def _windows(x: Floats, width: int) -> Floats:
    return np.lib.stride_tricks.sliding_window_view(x, width)
