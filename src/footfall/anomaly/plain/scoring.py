"""A score for each row of a series, from the rows before it.

Rows come in blocks. What a block is measured with (scale, neighbours, coefficients) is fitted on what lies before the
block, and a row sees itself and earlier rows only. The last block is filled up to full size, so that the same
arithmetic is done whatever follows: a score never changes when the file grows, not by one bit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from footfall.anomaly.plain.views import KINDS, look

Floats = npt.NDArray[np.float64]

BLOCK = 64
# Neighbours and scales come from this many rows, what is usual in a view from as many of its values.
HISTORY, USUAL = 8192, 16384
# The rows before it have no score: there is too little to compare with.
SCORED_FROM = 3 * BLOCK
# What is usual is asked after each block, and in a long past after so many.
ASKED = 4
# So many rows without a value are filled.
GAP = 4
# A score at or above it is an alert.
THRESHOLD = 0.5
# Evidence of one view is a power of ten, and comes close to this: one view alone, however sure, does not decide.
_LARGEST = 3.0
# Evidence of all views that one in a thousand rows of Laplace noise reaches, and of normal noise hardly any: measured,
# and held by a test. Real series have tails at least as heavy.
_RARE = 0.65
# What is less, in units of the usual deviation, is rounding.
_LEAST = 1e-4
# Squares of larger values would overflow.
_FAR = 1e100


def score_online(values: npt.ArrayLike, report: Callable[[int], None] = lambda _: None) -> Floats:
    """How anomalous each row is, from 0 (usual) to 1, as seen when it arrives.

    Each row is looked at in many ways (room `views`), each view is compared with its own past, and the score grows with
    the mean evidence. On heavy-tailed (Laplace) noise one row in a thousand reaches `THRESHOLD`, on normal noise fewer.

    A row without a value scores 0, and later rows see the value before it in its place, of a longer gap four times. The
    first rows score 0 until there is a past to compare with, and views of longer windows join as the past grows.

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
    seen = _seen(np.isfinite(known))
    filled = _filled(known[seen])
    scores = np.zeros(len(filled))
    past = _Past({}, {})
    # Products of a block are small: threads would wait for each other longer than they work.
    with threadpool_limits(1):
        for start in range(BLOCK, len(filled), BLOCK):
            scores[start : start + BLOCK] = _block(filled, start, past)
            report(min(start + BLOCK, len(known)))
    report(len(known))
    found = np.zeros(len(known))
    found[seen] = scores[: int(seen.sum())]
    return np.where(np.isfinite(known), found, 0.0)


@dataclass(frozen=True)
class _Past:
    """What each view showed in the last rows, in any order, and what of that is usual: median and highest tenth."""

    shown: dict[str, Floats]
    usual: dict[str, tuple[float, float]]

    def take(self, name: str, start: int, found: Floats) -> None:
        """Take in a block of a view, in the place of the oldest one."""
        place = start % USUAL
        self.shown.setdefault(name, np.full(USUAL, np.nan))[place : place + BLOCK] = found

    def usual_of(self, name: str, start: int) -> tuple[float, float] | None:
        """Median and highest tenth, as they were when last asked for; None where too little is known."""
        if start < ASKED * BLOCK * BLOCK or start % (ASKED * BLOCK) == 0 or name not in self.usual:
            shown = self.shown.get(name, np.zeros(0))
            known = shown[np.isfinite(shown)]
            if len(known) < SCORED_FROM - BLOCK:
                return None
            median, high = np.quantile(known, [0.5, 0.9])
            self.usual[name] = float(median), float(high)
        return self.usual[name]


def _block(filled: Floats, start: int, past: _Past) -> Floats:
    """Scores of a block; what was seen of it in each view is added to the past."""
    told = {kind: np.zeros(BLOCK) for kind in KINDS}
    for kind, name, found in look(_scaled(filled[max(0, start - HISTORY) : start + BLOCK]), min(start, HISTORY)):
        told[kind] += _evidence(past.usual_of(name, start), found) / KINDS[kind].views
        past.take(name, start, found)
    return _score(sum((KINDS[kind].weight * told[kind] for kind in KINDS), np.zeros(BLOCK)))


def _seen(is_known: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """All rows but the first ones without a value, and those of a gap after its fourth: it would look like calm."""
    rows = np.arange(len(is_known))
    last = np.maximum.accumulate(np.where(is_known, rows, -GAP - 1))
    seen: npt.NDArray[np.bool_] = rows - last <= GAP
    return seen


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


def _evidence(usual: tuple[float, float] | None, found: Floats) -> Floats:
    """-log10 of how often the past of a view would give as much, above its median, with an exponential tail.

    The tail is drawn through the median and the highest tenth. Anomalies of the past, up to a tenth of it, leave it
    where it is; a tail fitted to the largest values, as in SPOT (Siffer et al., KDD 2017), learns from them what is
    usual, and was worse on nearly all series that were tried.
    """
    if usual is None:
        return np.zeros(BLOCK)
    median, high = usual
    tenfolds = np.log10(5) * np.maximum(found - median, 0) / (high - median + 0.01 * abs(median) + _LEAST)
    capped: Floats = _LARGEST * -np.expm1(-tenfolds / _LARGEST)
    return capped


def _score(evidence: Floats) -> Floats:
    """From 0 to 1, and `THRESHOLD` for evidence that is rare on noise."""
    power = np.log(THRESHOLD) / np.log(_RARE / _LARGEST)
    score: Floats = (np.clip(evidence, 0, _LARGEST) / _LARGEST) ** power
    return score
