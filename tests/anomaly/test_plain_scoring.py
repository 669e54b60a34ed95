"""Scores of plain series: from the past only, rare on noise, high where something happens."""

import numpy as np
import pytest

from footfall.anomaly.plain import THRESHOLD, score_online
from footfall.anomaly.plain.scoring import BLOCK

SEASON = 24


def waves(rows, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    return np.sin(2 * np.pi * np.arange(rows) / SEASON) + noise * rng.normal(size=rows)


@pytest.mark.parametrize("known", [1, BLOCK - 1, BLOCK, BLOCK + 1, 777, 1500, 2503])
def test_what_follows_does_not_change_a_score(known):
    values = np.r_[waves(1600), 5 + waves(1000, noise=2, seed=1)]
    values[::97] = np.nan
    np.testing.assert_array_equal(score_online(values[:known]), score_online(values)[:known])


@pytest.fixture(scope="module", params=["normal", "laplace"])
def on_noise(request):
    return request.param, score_online(getattr(np.random.default_rng(5), request.param)(size=16_000))[1000:]


def test_alerts_on_noise_are_as_rare_as_promised(on_noise):
    kind, scores = on_noise
    promised = 0.001
    # Rows are not independent: one strange value is seen for a while. Runs of alerts are, nearly.
    starts = np.flatnonzero(np.diff((scores >= THRESHOLD).astype(int)) == 1)
    highest = promised * len(scores) + 3 * np.sqrt(promised * len(scores))
    assert len(starts) <= highest
    assert (scores >= THRESHOLD).mean() <= 2 * promised
    if kind == "laplace":
        assert (scores >= THRESHOLD).mean() >= promised / 5, "noise is silenced"


def spike(values):
    values[2000] += 3
    return slice(2000, 2003)


def level_shift(values):
    values[2000:2100] += 1.5
    return slice(2000, 2100)


def flat_line(values):
    values[2000:2072] = values[1999]
    return slice(2000, 2072)


def faster_season(values):
    values[2000:2100] = np.sin(2 * np.pi * np.arange(100) / 9)
    return slice(2000, 2100)


def upside_down(values):
    values[2000:2048] *= -1
    return slice(2000, 2048)


@pytest.mark.parametrize("happens", [spike, level_shift, flat_line, faster_season, upside_down])
def test_what_happens_in_a_season_is_found(happens):
    values = waves(2600)
    where = happens(values)
    scores = score_online(values)
    assert scores[where].max() >= THRESHOLD
    assert scores[1000:2000].max() < scores[where].max()
    assert (scores[1000:2000] >= THRESHOLD).mean() <= 0.005


def test_a_shape_on_a_wandering_level_is_found():
    """Windows at the same level are strange to each other, but not their shapes."""
    values = waves(2600) + np.cumsum(np.random.default_rng(1).normal(0, 0.1, 2600))
    where = slice(2000, 2060)
    values[where] = values[where.start] + 2 * np.sin(2 * np.pi * np.arange(60) / 9)
    scores = score_online(values)
    assert scores[where].max() >= THRESHOLD
    assert scores[1000:2000].max() < scores[where].max()


def test_a_source_that_hangs_is_found_in_heavy_tails():
    values = np.random.default_rng(3).negative_binomial(3, 0.2, 2600) * 1.0
    values[2000:2040] = values[1999]
    scores = score_online(values)
    assert scores[2000:2044].max() >= THRESHOLD
    assert scores[1000:2000].max() < THRESHOLD


def test_a_gap_is_not_calm():
    values = np.random.default_rng(3).normal(size=2600)
    values[2000:2200] = np.nan
    assert score_online(values).max() < THRESHOLD


def test_a_constant_series_is_usual_until_it_changes():
    values = np.full(1000, 7.3)
    assert score_online(values).max() == 0
    values[900] = 7.4
    assert score_online(values)[900] >= THRESHOLD


def test_a_row_without_a_value_scores_nothing_and_harms_no_other():
    values = waves(1500)
    gaps = values.copy()
    gaps[[100, 700, 701, 1400]] = np.nan
    scores = score_online(gaps)
    assert (scores[np.isnan(gaps)] == 0).all()
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 500, [1e300, -1e300] * 300, [0.0] * 200 + [1e-300] * 300])
def test_odd_series_do_not_break_it(values):
    scores = score_online(values)
    assert len(scores) == len(values)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_height_and_unit_do_not_matter():
    values = waves(1500)
    np.testing.assert_allclose(score_online(values), score_online(1000 * values - 5e4), atol=1e-6)
