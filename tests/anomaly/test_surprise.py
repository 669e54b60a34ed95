"""How unlikely a value is: the negative binomial of scipy, in loops."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from footfall.anomaly.dispersion import Noise
from footfall.anomaly.surprise import DOWN, UP, surprise, value_at


def noise(unit: float, spread: float, count: int) -> Noise:
    return Noise(np.full(count, unit), np.full(count, spread))


def p_values(values: np.ndarray, mean: float, unit: float, spread: float, chance: np.ndarray) -> np.ndarray:
    return np.exp(-surprise(values, np.full(len(values), mean), noise(unit, spread, len(values)), chance))


@pytest.mark.parametrize("mean", [0.3, 5.0, 500.0])
@pytest.mark.parametrize("spread", [1e-6, 0.01, 1.0])
def test_of_its_own_draws_they_are_uniform(mean: float, spread: float) -> None:
    rng = np.random.default_rng(0)
    values = stats.nbinom(1 / spread, 1 / (1 + mean * spread)).rvs(5000, random_state=rng).astype(float)
    for found in p_values(values, mean, 1.0, spread, rng.random(len(values))):
        assert stats.kstest(found, "uniform").pvalue > 0.01


@pytest.mark.parametrize("mean", [0.3, 5.0, 500.0])
@pytest.mark.parametrize("spread", [1e-6, 0.01, 1.0])
def test_it_is_the_negative_binomial_of_scipy(mean: float, spread: float) -> None:
    theirs = stats.nbinom(1 / spread, 1 / (1 + mean * spread))
    counts = [0, 1, 2, 7, 30, 450, 500, 550, 2000]
    for count, chance in product(counts, (0.001, 0.4, 0.999)):
        low, high = p_values(np.array([float(count)]), mean, 1.0, spread, np.array([chance]))[:, 0]
        assert low == pytest.approx(theirs.cdf(count - 1) + chance * theirs.pmf(count), rel=1e-6, abs=1e-290)
        assert high == pytest.approx(theirs.sf(count) + (1 - chance) * theirs.pmf(count), rel=1e-6, abs=1e-290)


def test_both_sides_together_are_one() -> None:
    values, chance = np.arange(60.0), np.random.default_rng(1).random(60)
    np.testing.assert_allclose(p_values(values, 20.0, 1.0, 0.02, chance).sum(axis=0), 1.0, rtol=1e-9)


def test_a_unit_is_what_one_event_weighs() -> None:
    """Seven orders of 30 are as unlikely as seven orders."""
    values, chance = np.arange(40.0), np.random.default_rng(2).random(40)
    np.testing.assert_allclose(
        p_values(30 * values, 300.0, 30.0, 0.02, chance), p_values(values, 10.0, 1.0, 0.02, chance), rtol=1e-9
    )


def test_what_is_not_known_is_not_surprising() -> None:
    found = p_values(np.array([np.nan, 3.0]), 5.0, 1.0, 0.01, np.array([0.5, 0.5]))
    assert np.isnan(found[:, 0]).all()
    assert np.isfinite(found[:, 1]).all()


def test_the_most_unlikely_value_is_still_a_number() -> None:
    found = surprise(np.array([0.0, 1e9]), np.array([1e6, 1.0]), noise(1.0, 1e-6, 2), np.array([0.5, 0.5]))
    assert np.isfinite(found).all()
    assert found[DOWN, 0] > 500
    assert found[UP, 1] > 500


@pytest.mark.parametrize("side", [DOWN, UP])
def test_the_value_of_a_surprise_has_that_surprise(side: int) -> None:
    unlikely = np.array([1.0, 3.0, 5.0, 8.0])
    found = value_at(unlikely, np.full(4, 1000.0), np.full(4, 1000.0 + 0.01 * 1000.0**2), side)
    back = surprise(np.round(found), np.full(4, 1000.0), noise(1.0, 0.01, 4), np.full(4, 0.5))[side]
    np.testing.assert_allclose(back, unlikely, rtol=0.03)
