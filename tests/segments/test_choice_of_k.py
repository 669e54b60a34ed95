"""How many segments there are: each measure against a slower or another definition, and the rule on known structure."""

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shoppers import shop
from sklearn.metrics import silhouette_samples

from footfall.segments import assign, fit
from footfall.segments.choice import Effort, choose_k
from footfall.segments.choice.resampling import _jaccard, _kept_together, gaps, prediction_strength, stability
from footfall.segments.choice.silhouette import sampled_silhouette, squared_silhouette
from footfall.segments.clusters import learn_centres, nearest_labels

QUICK = Effort(resamples=20, references=10, splits=5)


def blobs(k: int, users: int, seed: int, *, apart: float = 8.0, axes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Round clusters whose centres lie `apart` from each other, and which is whose."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(max(axes, k), max(axes, k))))[0][:k] * apart / np.sqrt(2)
    truth = rng.integers(0, k, users)
    return (centres[truth] + rng.normal(size=(users, centres.shape[1]))).astype(np.float32), truth


@given(
    users=st.integers(5, 60),
    k=st.integers(2, 5),
    axes=st.integers(1, 4),
    seed=st.integers(0, 2**32),
    shift=st.floats(0, 50),
)
def test_the_silhouette_is_that_of_all_pairs(users: int, k: int, axes: int, seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    points, labels = rng.normal(shift, 1, (users, axes)), rng.integers(0, k, users).astype(np.int32)
    if not 2 <= len(np.unique(labels)) < users:
        return
    expected = silhouette_samples(points, labels, metric="sqeuclidean").mean()
    assert squared_silhouette(points, labels, k) == pytest.approx(expected, abs=1e-9)


def test_the_silhouette_of_5000_users_is_that_of_all_pairs() -> None:
    points, truth = blobs(5, 5_000, seed=1, apart=3)
    expected = silhouette_samples(points.astype(np.float64), truth, metric="sqeuclidean").mean()
    assert squared_silhouette(points, truth.astype(np.int32), 5) == pytest.approx(expected, abs=1e-9)


def test_the_sampled_silhouette_holds_that_of_all_users() -> None:
    points, truth = blobs(4, 3_000, seed=2, apart=4)
    whole = silhouette_samples(points, truth).mean()
    found = [sampled_silhouette(points, truth.astype(np.int32), rows=600, seed=seed) for seed in range(20)]
    assert sum(one.low <= whole <= one.high for one in found) >= 17


def test_jaccard_is_that_of_sets() -> None:
    rng = np.random.default_rng(3)
    ours, found = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    sets = [[set(np.flatnonzero(labels == one)) for one in range(4)] for labels in (ours, found)]
    expected = [max(len(one & other) / len(one | other) for other in sets[1]) for one in sets[0]]
    np.testing.assert_allclose(_jaccard(ours, found, 4), expected)


def test_pairs_kept_together_are_counted_one_by_one() -> None:
    rng = np.random.default_rng(4)
    found, predicted = rng.integers(0, 3, 60), rng.integers(0, 3, 60)
    shares = []
    for cluster in range(3):
        users = np.flatnonzero(found == cluster)
        pairs = [(a, b) for a in users for b in users if a != b]
        shares.append(np.mean([predicted[a] == predicted[b] for a, b in pairs]))
    assert _kept_together(found, predicted, 3) == pytest.approx(min(shares))


def test_the_gap_is_widest_at_the_planted_number() -> None:
    points, _ = blobs(4, 800, seed=5)
    found = gaps(points, range(1, 8), seed=0)
    assert max(found, key=lambda k: found[k].value) == 4


def test_planted_clusters_come_back_and_halved_ones_do_not() -> None:
    points, _ = blobs(4, 1_000, seed=6)
    for k, holds in ((4, True), (5, False)):
        labels, _ = nearest_labels(points, learn_centres(points, k, seed=0))
        held = stability(points, labels, k, seed=0)
        assert (min(held.jaccard) > 0.95) is holds
        assert (prediction_strength(points, k, seed=0) > 0.9) is holds


@pytest.mark.parametrize("k", [3, 5, 8])
def test_the_planted_number_is_chosen(k: int) -> None:
    points, _ = blobs(k, 1_200, seed=k)
    choice = choose_k(points, seed=0, ks=range(2, 11), effort=QUICK)
    assert choice.k == k, choice.reason


@pytest.mark.parametrize("shape", ["round", "long", "even", "skewed"])
def test_no_structure_is_one_segment(shape: str) -> None:
    rng = np.random.default_rng(7)
    points = {
        "round": rng.normal(size=(1_200, 6)),
        "long": rng.normal(size=(1_200, 6)) * [4, 2, 1, 1, 1, 0.5],
        "even": rng.uniform(-1, 1, (1_200, 6)) * [4, 2, 1, 1, 1, 0.5],
        "skewed": rng.exponential(size=(1_200, 6)) * [4, 2, 1, 1, 1, 0.5],
    }[shape].astype(np.float32)
    choice = choose_k(points, seed=0, ks=range(2, 7), effort=QUICK)
    assert choice.k == 1
    assert "no structure" in choice.reason


def test_a_handful_of_users_is_one_segment() -> None:
    assert choose_k(np.zeros((15, 2), np.float32), seed=0).k == 1


def test_one_segment_is_all_users() -> None:
    features, _ = shop(400, seed=0)
    model = fit(features, k=1)
    assigned = assign(model, features, updated_at=datetime(2020, 1, 1))
    assert set(assigned["segment_name"].to_pylist()) == {"All Users"}
    assert set(assigned["proba"].to_pylist()) == {1.0}
