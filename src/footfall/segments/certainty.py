"""How sure a user's segment is: the chance that a segmentation of other users of the shop says the same."""

import numpy as np
import numpy.typing as npt

from footfall.segments.clusters import learn_centres, nearest_labels
from footfall.segments.feature_table import Array

REFITS = 50
FITTED_ON = 20_000
JUDGED = 5_000
_HARDEST, _SOFTEST = 1e-4, 10.0


def learn_softness(points: npt.NDArray[np.float32], centres: Array, seed: int) -> float:
    """Learn the softness with which `clusters.nearest` turns distances into the chance that a refit agrees.

    Users, 20,000 at most, are drawn again with replacement 50 times and segmented, each time from the model's centres,
    as a refit is; up to 5,000 users are put into the segments of each. The softness is the one whose chances come
    nearest to how often each user was put where, in squared error: temperature scaling (C. Guo et al., On calibration
    of modern neural networks, 2017) with refits in the place of labels, by the score of G. W. Brier (1950). The
    likelihood would serve less well: a few refits that fall out otherwise make it call everyone unsure.

    Returns:
        In squared distance on the components; at least 1/10,000 of the mean squared distance to the nearest centre.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - only a fit needs it

    k = len(centres)
    if k == 1:
        return 1.0
    rng = np.random.default_rng([seed, k])
    judged = points[rng.permutation(len(points))[:JUDGED]]
    times = np.zeros((len(judged), k))
    for _ in range(REFITS):
        drawn = points[rng.integers(0, len(points), min(len(points), FITTED_ON))]
        labels, _ = nearest_labels(judged, learn_centres(drawn, k, seed, start=centres))
        times[np.arange(len(judged)), labels] += 1
    squares = np.stack([((judged - centre) ** 2).sum(axis=1) for centre in centres], axis=1)
    beyond = squares - squares.min(axis=1, keepdims=True)
    unit = max(float(squares.min(axis=1).mean()), 1e-12)

    def error(log_softness: float) -> float:
        chances = np.exp(-beyond / np.exp(log_softness))
        return float(((chances / chances.sum(axis=1, keepdims=True) - times / REFITS) ** 2).sum())

    found = minimize_scalar(error, bounds=(np.log(unit * _HARDEST), np.log(unit * _SOFTEST)), method="bounded")
    return float(np.exp(found.x))
