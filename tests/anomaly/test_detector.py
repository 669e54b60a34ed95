"""The detector: probabilities that hold where nothing is wrong, and what it does not judge or learn from."""

import numpy as np
import pytest
from hourly import DAY, WEEK, Shop, follow, hours_from, learnt, means, set_to, strangers

from footfall.anomaly import WARM_UP, Budget, Judged
from footfall.anomaly.surprise import DOWN, UP

SERIES, WEEKS, HELD_OUT = 60, 14, 7


@pytest.fixture(scope="module")
def clean() -> list[Judged]:
    """Fourteen weeks of counts from one in two hours to a thousand an hour; each third with a noise of its own."""
    rng = np.random.default_rng(0)
    truth = means(np.geomspace(0.5, 1000, SERIES).tolist(), hours_from(WEEK, WEEKS * WEEK))
    values = rng.poisson(truth).astype(float)
    values[:, 1::3] = rng.poisson(truth[:, 1::3] * rng.lognormal(-0.005, 0.1, truth[:, 1::3].shape))
    values[:, 2::3] = 3.0 * rng.poisson(truth[:, 2::3] / 3)
    return follow(strangers(SERIES), hours_from(WEEK, len(values)), values)


@pytest.mark.parametrize("side", [DOWN, UP])
@pytest.mark.parametrize("which", ["p", "hour_p"])
def test_one_in_a_hundred_clean_hours_has_a_p_value_below_one_in_a_hundred(
    clean: list[Judged], side: int, which: str
) -> None:
    held_out = np.stack([getattr(one.scores, which)[side] for one in clean[-HELD_OUT * WEEK :]])
    assert np.isfinite(held_out).all()
    assert 0.007 < (held_out < 0.01).mean() < 0.013
    assert 0.035 < (held_out < 0.05).mean() < 0.065


def test_so_have_series_of_every_size(clean: list[Judged]) -> None:
    held_out = np.stack([one.scores.p for one in clean[-HELD_OUT * WEEK :]])
    for of_size in np.array_split(held_out, 4, axis=2):
        assert 0.006 < (of_size < 0.01).mean() < 0.015


def test_rarer_p_values_are_as_rare_as_they_say(clean: list[Judged]) -> None:
    held_out = np.stack([one.scores.p for one in clean[-HELD_OUT * WEEK :]])
    assert 0.0005 < (held_out < 0.001).mean() < 0.0017
    assert (held_out < 1e-5).sum() <= 8  # 1.4 on average


def test_it_judges_nobody_in_warm_up() -> None:
    numbers = hours_from(WEEK, WARM_UP + 1)
    judged = follow(strangers(2), numbers, np.random.default_rng(0).poisson(means([5, 50], numbers)).astype(float))
    p_values = np.stack([one.scores.hour_p for one in judged])
    assert np.isnan(p_values[:WARM_UP]).all()
    assert np.isfinite(p_values[WARM_UP]).all()


def test_unknown_hours_have_no_p_value_and_the_others_do(shop: Shop) -> None:
    def unknown(values: np.ndarray) -> None:
        values[3:5, 2] = np.nan

    p_values = np.stack([one.scores.hour_p[DOWN] for one in shop.go_on(8, unknown)])
    is_unknown = np.isnan(p_values)
    assert is_unknown[3:5, 2].all()
    assert is_unknown.sum() == 2


@pytest.fixture(scope="module")
def with_a_sleeper() -> Shop:
    """The second series has had one event in three days."""
    return learnt(strangers(2, budget=Budget(false_alerts_per_week=0.1)), (50.0, 0.01))


def test_a_sleeping_series_is_not_judged(with_a_sleeper: Shop) -> None:
    judged = with_a_sleeper.copy().go_on(DAY)
    assert np.isnan([one.scores.p[:, 1] for one in judged]).all()
    assert np.isfinite([one.scores.p[:, 0] for one in judged]).all()


def test_a_series_that_wakes_begins_anew(with_a_sleeper: Shop) -> None:
    def wake(values: np.ndarray) -> None:
        values[:, 1] = values[:, 0]

    shop = with_a_sleeper.copy()
    judged = shop.go_on(WARM_UP + 3 * DAY, wake)
    p_values = np.stack([one.scores.hour_p[DOWN, 1] for one in judged])
    assert np.isnan(p_values[:WARM_UP]).all()
    assert np.isfinite(p_values[-DAY:]).all()
    assert (p_values[-DAY:] > 1e-4).all()
    assert shop.watch.detector.expectation.level[1] == pytest.approx(50, rel=0.1)
    assert not any(one.changes.opened[1] for one in judged)


def test_a_large_outage_teaches_nothing(shop: Shop) -> None:
    """Neither what to expect, nor how far off values are, nor how surprising."""
    same = shop.copy()
    for one, change in ((shop, set_to(slice(None), 0.0)), (same, set_to(slice(None), np.nan))):
        one.go_on_to(12)
        one.go_on(8, change)
    outage, gap = shop.watch.detector, same.watch.detector
    large = [4, 5, 6, 7]
    np.testing.assert_allclose(outage.expectation.level[large], gap.expectation.level[large], rtol=1e-12)
    for ours, theirs in ((outage.of_windows, gap.of_windows), (outage.of_sides, gap.of_sides)):
        beyond = [each.counts[:, 4:, 120:].sum() for each in (ours, theirs)]  # surprises over 12, of hours over 16
        assert beyond[0] == beyond[1]


def test_an_odd_hour_teaches_little(shop: Shop) -> None:
    shop.go_on_to(12)
    before = shop.watch.detector.expectation.level[4:].copy()
    shop.go_on(1, set_to(slice(4, None), 100.0))
    np.testing.assert_allclose(shop.watch.detector.expectation.level[4:], before, rtol=0.01)


def test_the_band_holds_ordinary_hours(shop: Shop) -> None:
    """One hour in a hundred is outside."""
    detector, outside = shop.watch.detector, []
    judged = shop.go_on(2 * WEEK)
    for series in range(4, 8):
        values, expected, variances = detector.recent(np.array([one.number for one in judged]), series)
        low, high = detector.band(series, expected, variances)
        outside += [(values < low).mean(), (values > high).mean()]
    assert 0.002 < np.mean(outside) < 0.01


def test_replaying_comes_to_the_same(after_six_weeks: Shop) -> None:
    first, second = (after_six_weeks.copy().go_on(DAY, set_to(4, 0.3, slice(12, None))) for _ in range(2))
    for mine, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(mine.scores.p, theirs.scores.p)
        np.testing.assert_array_equal(mine.changes.opened, theirs.changes.opened)
