"""How unlikely a value is under a count-aware distribution: the negative binomial in units of the series.

Ties are broken at random (randomised quantile residuals, Dunn and Smyth 1996), so that a right distribution gives
uniform probabilities for one order an hour as for a thousand.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincc, gammaincinv

from footfall.anomaly.dispersion import Noise

Array = npt.NDArray[np.float64]
DOWN, UP = 0, 1
_LEAST = 1e-300


def surprise(values: Array, means: Array, noise: Noise, chance: Array) -> Array:
    """-log of the probability of a value as low, and of one as high.

    Args:
        values: what happened, 0 or more; null gives null.
        means: what was to be expected.
        noise: unit and squared spread.
        chance: uniform numbers in (0, 1), one for each value.

    Returns:
        With a first axis of two: `DOWN` and `UP`.
    """
    count, mean = values / noise.unit, means / noise.unit
    size = 1 / noise.spread
    stop = size / (size + mean)
    one_less = np.maximum(count, 1e-12)
    with np.errstate(invalid="ignore"):
        up_to, below = betainc(size, count + 1, stop), np.where(count > 0, betainc(size, one_less, stop), 0.0)
        above, from_here = betaincc(size, count + 1, stop), np.where(count > 0, betaincc(size, one_less, stop), 1.0)
    low = below + chance * (up_to - below)
    high = above + (1 - chance) * (from_here - above)
    unlikely: Array = -np.log(np.clip(np.stack([low, high]), _LEAST, 1.0))
    return unlikely


def value_at(surprises: Array, means: Array, variances: Array, side: int) -> Array:
    """About the value that is so surprising on a side, by the gamma distribution of that mean and variance."""
    shape = means**2 / np.maximum(variances, _LEAST)
    tail = np.exp(-surprises)
    found: Array = gammaincinv(shape, tail if side == DOWN else 1 - np.minimum(tail, 1.0)) * variances / means
    return found
