"""Noise: chance in what is counted, and what moves all of a series at once."""

import numpy as np
import numpy.typing as npt
import pytest

from footfall.anomaly.dispersion import Dispersion, Noise

HOURS = 6 * 168
SWING = 1 - 0.6 * np.cos(2 * np.pi * np.arange(HOURS) / 24)
"""Means have to differ for chance and spread to be told apart."""
Values = npt.NDArray[np.float64]


def around(mean: float, series: int = 6) -> Values:
    """Hours x series of means."""
    return np.outer(mean * SWING, np.ones(series))


def learnt(values: Values, means: Values, groups: list[str] | None = None) -> Noise:
    ours = Dispersion(1, groups or ["x"] * values.shape[1])
    for value, mean in zip(values, means, strict=True):
        ours.learn(value[None], mean[None], ours.noise())
    return ours.noise()


@pytest.mark.parametrize("mean", [0.3, 5.0, 500.0])
def test_counts_of_chance_alone(mean: float) -> None:
    found = learnt(np.random.default_rng(0).poisson(around(mean)).astype(float), around(mean))
    np.testing.assert_allclose(found.unit, 1.0, atol=0.2)
    assert (found.spread * mean < 0.15).all()
    np.testing.assert_allclose(found.deviation(np.full(6, mean)), np.sqrt(mean), rtol=0.1)


@pytest.mark.parametrize("mean", [5.0, 500.0])
def test_without_a_season_the_deviation_is_right_all_the_same(mean: float) -> None:
    means = np.full((HOURS, 6), mean)
    found = learnt(np.random.default_rng(0).poisson(means).astype(float), means)
    np.testing.assert_allclose(found.deviation(np.full(6, mean)), np.sqrt(mean), rtol=0.1)


@pytest.mark.parametrize("cluster", [3.0, 40.0])
def test_events_that_come_together_are_the_unit(cluster: float) -> None:
    means = around(10 * cluster)
    values = cluster * np.random.default_rng(1).poisson(means / cluster)
    found = learnt(values.astype(float), means)
    np.testing.assert_allclose(found.unit.mean(), cluster, rtol=0.15)
    np.testing.assert_allclose(found.deviation(np.full(6, 10 * cluster)), np.sqrt(10) * cluster, rtol=0.1)


def test_what_moves_a_whole_series_is_spread() -> None:
    rng, means = np.random.default_rng(2), around(10_000.0)
    found = learnt(rng.poisson(means * rng.lognormal(-0.005, 0.1, means.shape)).astype(float), means)
    np.testing.assert_allclose(found.spread, 0.01, rtol=0.3)
    np.testing.assert_allclose(found.deviation(np.full(6, 10_000.0)), 1000, rtol=0.1)


def test_both_parts_are_told_apart_where_small_and_large_hours_are_seen() -> None:
    rng = np.random.default_rng(3)
    means = np.where(np.arange(HOURS) % 2, 4.0, 4000.0)[:, None] * np.ones(6)
    found = learnt(rng.poisson(means * rng.lognormal(-0.02, 0.2, means.shape)).astype(float), means)
    np.testing.assert_allclose(found.unit, 1.0, atol=0.5)
    np.testing.assert_allclose(found.spread, np.expm1(0.04), rtol=0.3)


def test_a_series_with_few_events_takes_the_unit_of_its_group() -> None:
    """The last has had two days; the one that counts is of another group."""
    rng, means = np.random.default_rng(4), around(20.0, 5)
    values = 20.0 * rng.poisson(means / 20)
    values[:, 3] = rng.poisson(means[:, 3])
    values[48:, 4] = np.nan
    found = learnt(values, means, ["money", "money", "money", "count", "money"])
    np.testing.assert_allclose(found.unit[0], [20.0, 20.0, 20.0, 1.0, 20.0], rtol=0.4)


def test_a_single_monstrous_hour_changes_little() -> None:
    means = around(50.0, 1)
    values = np.random.default_rng(5).poisson(means).astype(float)
    clean = learnt(values, means).deviation(np.array([50.0]))
    values[-100] = 50_000.0
    assert learnt(values, means).deviation(np.array([50.0])) < 1.1 * clean


@pytest.mark.parametrize("mean", [5.0, 500.0, 10_000.0])
def test_a_day_of_large_errors_does_not_outweigh_weeks(mean: float) -> None:
    """Else a slow decline would make its own noise, and never be found: each counts as four deviations at most."""
    means = np.concatenate([around(mean, 1), around(mean, 1)[:24] * 0.9])
    values = np.random.default_rng(7).poisson(means).astype(float)
    before = learnt(values[:-24], means[:-24]).deviation(np.array([mean]))
    values[-24:] *= 0.5
    assert learnt(values, means).deviation(np.array([mean])) < 2 * before


def test_what_is_not_known_teaches_nothing() -> None:
    means = around(50.0, 2)
    values = np.random.default_rng(6).poisson(means).astype(float)
    mine = learnt(values, means)
    gap = np.full((300, 2), np.nan)
    theirs = learnt(np.insert(values, 500, gap, axis=0), np.insert(means, 500, gap, axis=0))
    np.testing.assert_allclose(theirs.deviation(np.array([50.0])), mine.deviation(np.array([50.0])), rtol=0.05)


def test_a_first_order_where_nothing_was_to_be_expected_is_no_noise() -> None:
    """Its square over that mean would be all that is ever known of the noise."""
    ours = Dispersion(1, ["orders"])
    rng = np.random.default_rng(0)
    for hour in range(100):
        value, mean = (5.0, 1e-9) if hour == 50 else (float(rng.poisson(5)), 5.0)
        ours.learn(np.array([[value]]), np.array([[mean]]), ours.noise())
    assert ours.noise().unit[0, 0] < 2
