"""`proba`: the chance that a segmentation of other users of the shop puts a user into the same segment."""

from datetime import datetime

import numpy as np
import pytest
from shoppers import planted, shop

from footfall.segments import assign, fit
from footfall.segments.certainty import learn_softness
from footfall.segments.clusters import learn_centres, nearest, nearest_labels
from footfall.segments.scoring import place_users


def agreement(points: np.ndarray, centres: np.ndarray, refits: int, seed: int) -> np.ndarray:
    """For each user, the share of segmentations of other users that put it where these centres do."""
    rng = np.random.default_rng([seed, 99])
    ours, _ = nearest_labels(points, centres)
    same = np.zeros(len(points))
    for _ in range(refits):
        drawn = points[rng.integers(0, len(points), len(points))]
        labels, _ = nearest_labels(points, learn_centres(drawn, len(centres), seed, start=centres))
        same += labels == ours
    return same / refits


@pytest.mark.parametrize(("shape", "k"), [("round", 4), ("even", 3), ("long", 5)])
def test_proba_is_calibrated(shape: str, k: int) -> None:
    """Of users with a proba of p, refits that the softness was not learned from agree on a share of p."""
    rng = np.random.default_rng(5)
    points = {
        "round": rng.normal(size=(4_000, 4)),
        "even": rng.uniform(-1, 1, (4_000, 3)),
        "long": rng.normal(size=(4_000, 5)) * [5, 2, 1, 1, 1],
    }[shape].astype(np.float32)
    centres = learn_centres(points, k, seed=0)

    found = nearest(points.astype(np.float64), centres, learn_softness(points, centres, seed=0))
    agreed = agreement(points, centres, refits=60, seed=1)

    bins = np.digitize(found.proba, [0.6, 0.7, 0.8, 0.9, 0.95, 0.99])
    errors = [abs(found.proba[bins == one].mean() - agreed[bins == one].mean()) for one in np.unique(bins)]
    users = np.bincount(bins)[np.unique(bins)]
    assert np.average(errors, weights=users) <= 0.03
    # Where it matters: in the bins that are not sure.
    unsure = found.proba < 0.9
    assert unsure.sum() > 50
    assert abs(found.proba[unsure].mean() - agreed[unsure].mean()) <= 0.1


def test_on_kinds_that_nobody_could_confuse_everyone_is_sure() -> None:
    features, _ = planted()

    assert place_users(fit(features, k=3), features).proba.min() > 0.99


def test_a_cut_through_the_middle_of_a_cloud_leaves_its_neighbours_unsure() -> None:
    features, _ = shop(2_000, seed=2)
    model = fit(features, k=(4, 4))
    assigned = assign(model, features, updated_at=datetime(2020, 1, 1)).to_pandas()

    assert assigned["proba"].min() < 0.7
    assert (assigned["proba"] > 0.99).mean() > 0.3


def test_the_same_seed_gives_the_same_softness() -> None:
    points = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    centres = learn_centres(points, 3, seed=0)

    assert learn_softness(points, centres, seed=4) == learn_softness(points, centres, seed=4)
