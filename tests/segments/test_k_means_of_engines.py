"""One K-means on what fits in memory, one on the cluster: the same settings, the same answer."""

import numpy as np
import pytest
from shoppers import planted, shop

from footfall.engine import Engine, KMeansSettings
from footfall.segments import clusters, fit
from footfall.segments.clusters import nearest_labels, sklearn_k_means
from footfall.segments.identity import overlaps
from footfall.segments.scoring import place_users


@pytest.mark.parametrize("k", [2, 8])
def test_inertia_agrees_within_one_percent(engine: Engine, k: int) -> None:
    rng = np.random.default_rng(k)
    points = (rng.normal(size=(6_000, 5)) * [4, 2, 1, 1, 1] + 6 * rng.integers(0, 2, (6_000, 5))).astype(np.float32)
    ours, settings = engine.k_means() or sklearn_k_means, KMeansSettings(seed=0, n_init=4)

    _, inertia = nearest_labels(points, ours(points, k, settings))
    _, expected = nearest_labels(points, sklearn_k_means(points, k, settings))

    assert inertia == pytest.approx(expected, rel=0.01)


def test_it_starts_from_the_centres_that_it_is_given(engine: Engine) -> None:
    points = np.array([[0.0], [1.0], [10.0], [11.0], [20.0], [21.0]], np.float32)
    ours = engine.k_means() or sklearn_k_means

    found = ours(points, 2, KMeansSettings(seed=0, max_iter=1), np.array([[0.5], [16.0]]))

    assert sorted(found.ravel()) == pytest.approx([0.5, 15.5])


def test_the_segments_are_the_same_users(engine: Engine) -> None:
    features, _ = shop(3_000, seed=3)
    ours, expected = fit(features, k=(3, 2), k_means=engine.k_means() or sklearn_k_means), fit(features, k=(3, 2))

    same = overlaps(place_users(ours, features).label, place_users(expected, features).label, (5, 5))

    assert same.max(axis=1).min() >= 0.9


def test_a_refit_keeps_identities(engine: Engine) -> None:
    features, _ = planted()
    k_means = engine.k_means() or sklearn_k_means
    first = fit(features, k=3, k_means=k_means)
    again = fit(features, k=3, last=first, k_means=k_means)

    assert [segment.id for segment in again.segments] == [segment.id for segment in first.segments]
    assert again.version == "v1.0.1"


def test_more_starts_on_many_users_are_refined_on_all(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "START_ROWS", 300)
    features, _ = planted(2_000)

    model = fit(features, k=3, k_means=engine.k_means() or sklearn_k_means)

    assert sum(segment.users for segment in model.segments) == 2_000
    assert place_users(model, features).proba.min() > 0.99
