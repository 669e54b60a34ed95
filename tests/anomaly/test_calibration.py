"""Surprises -> p-values that hold."""

import numpy as np
import pytest
from scipy import stats

from footfall.anomaly.calibration import BIN, BINS, Calibration, _pareto


def learnt(surprises: np.ndarray, *, group: int = 0, kind: int = 0) -> Calibration:
    ours = Calibration(2, 3)
    ours.learn(np.full(len(surprises), group), np.full(len(surprises), kind), surprises)
    ours.refit()
    return ours


def p_values(ours: Calibration, surprises: np.ndarray, *, group: int = 0, kind: int = 0) -> np.ndarray:
    return ours.p_values(np.full(len(surprises), group), np.full(len(surprises), kind), surprises)


DRAWS = {
    "as in theory": stats.expon(),
    "twice as surprising": stats.expon(scale=2),
    "bent": stats.gamma(2, scale=1.5),
    "heavy": stats.genpareto(0.25, scale=1.2),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_of_what_it_has_learnt_they_are_uniform(draw: stats.rv_continuous) -> None:
    ours = learnt(draw.rvs(200_000, random_state=0))
    found = p_values(ours, draw.rvs(50_000, random_state=1))
    for share in (0.5, 0.1, 0.01):
        assert (found < share).mean() == pytest.approx(share, rel=0.15 if share < 0.1 else 0.06)
    assert stats.kstest(found, "uniform").statistic < 0.025


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_an_exponential_tail_goes_on(scale: float) -> None:
    """A thousand times rarer than what was seen: within a factor of two."""
    ours = learnt(stats.expon(scale=scale).rvs(100_000, random_state=2))
    for true in (1e-4, 1e-6, 1e-8):
        found = p_values(ours, np.array([-scale * np.log(true)]))[0]
        assert abs(np.log(found / true)) < np.log(2 if true > 1e-5 else 8)


def test_a_heavy_tail_is_not_taken_for_a_light_one() -> None:
    draw = stats.genpareto(0.3, scale=1.0)
    ours = learnt(draw.rvs(200_000, random_state=3))
    for true in (1e-3, 1e-5):
        found = p_values(ours, np.array([draw.isf(true)]))[0]
        assert abs(np.log(found / true)) < np.log(3)


def test_before_anything_was_seen_it_is_the_theory() -> None:
    ours, surprises = Calibration(2, 3), np.linspace(0.2, 12, 50)
    np.testing.assert_allclose(p_values(ours, surprises), np.exp(-surprises), rtol=0.1)


def test_a_stratum_that_has_seen_nothing_takes_from_its_group() -> None:
    draw = stats.expon(scale=2)
    ours = learnt(draw.rvs(100_000, random_state=4), group=0, kind=0)
    surprises = np.array([1.0, 4.0, 9.0])
    np.testing.assert_allclose(p_values(ours, surprises, kind=2), draw.sf(surprises), rtol=0.15)
    np.testing.assert_allclose(p_values(ours, surprises, group=1), np.exp(-surprises), rtol=0.1)


def test_a_stratum_that_has_seen_enough_goes_its_own_way() -> None:
    ours, wide, usual = Calibration(1, 2), stats.expon(scale=3), stats.expon()
    for kind, draw in ((0, usual), (1, wide)):
        ours.learn(np.zeros(50_000, int), np.full(50_000, kind), draw.rvs(50_000, random_state=5))
    ours.refit()
    at = np.array([3.0])
    np.testing.assert_allclose(p_values(ours, at), usual.sf(at), rtol=0.15)
    np.testing.assert_allclose(p_values(ours, at, kind=1), wide.sf(at), rtol=0.15)


@pytest.mark.parametrize("shape", [0.0, 0.15, 0.3])
def test_the_pareto_is_fitted(shape: float) -> None:
    """Bins of a tenth, against draws of scipy's."""
    draws = stats.genpareto(shape, scale=0.8).rvs(200_000, random_state=6)
    counts = np.bincount(np.minimum(draws / BIN, BINS - 1).astype(int) + 20, minlength=BINS)[:BINS].astype(float)
    found_shape, found_scale = _pareto(counts, 20)
    assert found_shape == pytest.approx(shape, abs=0.05)
    assert found_scale == pytest.approx(0.8, rel=0.06)


def test_p_values_fall_without_a_step_where_the_tail_begins() -> None:
    ours = learnt(stats.gamma(2).rvs(100_000, random_state=7))
    found = p_values(ours, np.linspace(0.1, 30, 3000))
    assert (np.diff(found) <= 1e-12).all()
    assert (found[1:] / found[:-1] > 0.9).all()


@pytest.mark.parametrize("p_value", [0.02, 0.005, 1e-4, 1e-7])
def test_the_surprise_of_a_p_value_has_it(p_value: float) -> None:
    ours = learnt(stats.gamma(2).rvs(100_000, random_state=8))
    at = ours.surprise_of(np.array([0]), np.array([0]), p_value)
    assert p_values(ours, at)[0] == pytest.approx(p_value, rel=0.12)


def test_null_is_neither_learnt_nor_judged() -> None:
    surprises = stats.expon(scale=2).rvs(1000, random_state=9)
    gaps = np.concatenate([surprises, np.full(500, np.nan)])
    np.testing.assert_array_equal(learnt(gaps).counts, learnt(surprises).counts)
    assert np.isnan(p_values(learnt(surprises), np.array([np.nan]))).all()


def test_what_is_long_ago_fades() -> None:
    ours, wide = Calibration(1, 1), stats.expon(scale=3)
    for day in range(400):
        draw = wide if day < 100 else stats.expon()
        ours.learn(np.zeros(500, int), np.zeros(500, int), draw.rvs(500, random_state=day))
        ours.refit()
    assert p_values(ours, np.array([5.0]))[0] == pytest.approx(np.exp(-5), rel=0.3)
