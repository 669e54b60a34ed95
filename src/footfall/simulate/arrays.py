"""Names for the array types of the simulator, and its reproducible sources of chance."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Texts = npt.NDArray[np.str_]


class Stream(IntEnum):
    """What a source of chance is for. Each purpose has its own: one more draw in one does not move the others."""

    CATALOGUE = 0
    CALENDAR = 1
    INCIDENTS = 2
    POPULATION = 3
    VISITS = 4
    THINNING = 5
    BOTS = 6
    DIRT = 7
    SESSIONS = 8


def chance(seed: int, stream: Stream, index: int = 0) -> np.random.Generator:
    """The generator for one purpose and one day or month: the same whatever was drawn before and by whom."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, index)))


def pick_weighted(cumulative: Floats, low: Ints, high: Ints, rng: np.random.Generator) -> Ints:
    """For each pair, an index in `low <= index < high`, with the chance that `cumulative` gives it.

    `cumulative` starts with 0 and has one more entry than there are indices.
    """
    floor, ceiling = cumulative[low], cumulative[high]
    drawn = np.searchsorted(cumulative, floor + rng.random(len(low)) * (ceiling - floor), side="right") - 1
    # Floating point can round a draw up onto the boundary, which belongs to the next range.
    picked: Ints = np.clip(drawn, low, high - 1)
    return picked


def cumulate(weights: Floats) -> Floats:
    """Weights as the cumulative array that `pick_weighted` takes."""
    return np.concatenate(([0.0], np.cumsum(weights)))
