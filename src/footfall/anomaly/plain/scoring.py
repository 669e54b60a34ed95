"""A score for each row of a series, from the rows before it.

Rows come in blocks. What a block is measured with (scale, neighbours, coefficients) is fitted on what lies before the
block, and a row sees itself and earlier rows only. The last block is filled up to full size, so that the same
arithmetic is done whatever follows: a score never changes when the file grows, not by one bit.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from footfall.anomaly.plain.views import KINDS, look

Floats = npt.NDArray[np.float64]

BLOCK = 64
# Neighbours and scales come from this many rows, what is usual in a view from as many of its values.
HISTORY, USUAL = 8192, 16384
# A score at or above it is an alert.
THRESHOLD = 0.5
# Evidence of one view is a power of ten, and comes close to this: one view alone, however sure, does not decide.
_LARGEST = 3.0
# Evidence of all views that one in a thousand rows of Laplace noise reaches, and of normal noise hardly any: measured,
# and held by a test. Real series have tails at least as heavy.
_RARE = 1.0
# Squares of larger values would overflow.
_FAR = 1e100


def score_online(values: npt.ArrayLike, report: Callable[[int], None] = lambda _: None) -> Floats:
    """How anomalous each row is, from 0 (usual) to 1, as seen when it arrives.

    Each row is looked at in many ways (room `views`), each view is compared with its own past, and the score grows with
    the mean evidence. On heavy-tailed (Laplace) noise one row in a thousand reaches `THRESHOLD`, on normal noise fewer.

    A row without a value scores 0, and later rows see the value before it in its place. The first rows score 0 until
    there is a past to compare with, and views of longer windows join as the past grows.

    Args:
        values: in the order in which they came; NaN where missing.
        report: told how many rows are done, after each block.

    Returns:
        As many scores as values.

    >>> waves = np.tile([1.0, 2.0, 3.0, 2.0], 200)
    >>> waves[700] = 9.0
    >>> int((score_online(waves) >= THRESHOLD).argmax())
    700
    """
    known = np.asarray(values, float)
    filled = _filled(known)
    scores = np.zeros(len(filled))
    looks: dict[str, Floats] = {}
    # Products of a block are small: threads would wait for each other longer than they work.
    with threadpool_limits(1):
        for start in range(BLOCK, len(filled), BLOCK):
            scores[start : start + BLOCK] = _block(filled, start, looks)
            report(min(start + BLOCK, len(known)))
    return np.where(np.isfinite(known), scores[: len(known)], 0.0)


def _block(filled: Floats, start: int, looks: dict[str, Floats]) -> Floats:
    """Scores of a block; what was seen of it in each view is added to `looks`."""
    told = {kind: np.zeros(BLOCK) for kind in KINDS}
    for kind, name, found in look(_scaled(filled[max(0, start - HISTORY) : start + BLOCK]), min(start, HISTORY)):
        view = looks.setdefault(name, np.full(len(filled), np.nan))
        told[kind] += _evidence(view[max(0, start - USUAL) : start], found) / KINDS[kind].views
        view[start : start + BLOCK] = found
    return _score(sum((KINDS[kind].weight * told[kind] for kind in KINDS), np.zeros(BLOCK)))


def _filled(known: Floats) -> Floats:
    """The last known value for those that are missing, up to whole blocks."""
    whole = np.full(-(-len(known) // BLOCK) * BLOCK, np.nan)
    whole[: len(known)] = np.clip(known, -_FAR, _FAR)
    before = np.maximum.accumulate(np.where(np.isfinite(whole), np.arange(len(whole)), 0))
    filled: Floats = np.nan_to_num(whole[before], nan=0.0)
    return filled


def _scaled(x: Floats) -> Floats:
    """Centre and scale of all but the last block become 0 and 1; what is very far away is brought to 20."""
    past = x[:-BLOCK]
    low, lower, median, upper, high = np.quantile(past, [0.1, 0.25, 0.5, 0.75, 0.9])
    spread = max((upper - lower) / 1.349, (high - low) / 2.563, 0.1 * past.std(), 1e-9 * max(1.0, abs(median)))
    scaled: Floats = np.clip((x - median) / spread, -20, 20)
    return scaled


def _evidence(past: Floats, found: Floats) -> Floats:
    """-log10 of how often the past of a view would give as much, above its median, with an exponential tail.

    The tail is drawn through the median and the highest tenth. Anomalies of the past, up to a tenth of it, leave it
    where it is; a tail fitted to the largest values, as in SPOT (Siffer et al., KDD 2017), learns from them what is
    usual, and was worse on nearly all series that were tried.
    """
    usual = past[np.isfinite(past)]
    if len(usual) < 2 * BLOCK:
        return np.zeros(BLOCK)
    median, high = np.quantile(usual, [0.5, 0.9])
    tenfolds = np.log10(5) * np.maximum(found - median, 0) / (high - median + 0.01 * abs(median) + 1e-9)
    capped: Floats = _LARGEST * -np.expm1(-tenfolds / _LARGEST)
    return capped


def _score(evidence: Floats) -> Floats:
    """From 0 to 1, and `THRESHOLD` for evidence that is rare on noise."""
    power = np.log(THRESHOLD) / np.log(_RARE / _LARGEST)
    score: Floats = (np.clip(evidence, 0, _LARGEST) / _LARGEST) ** power
    return score
