"""Hours as they should not be: out of order, unknown, negative; series that come and that go."""

import numpy as np
import pytest
from hourly import DAY, LEVELS, WEEK, Shop, follow, hours_from, learnt, means, set_to, strangers, told

from footfall.anomaly import WARM_UP, Budget, Hour
from footfall.anomaly.surprise import DOWN

HUNDRED, LARGE = 4, 7


def test_hours_that_were_left_out_are_not_those_of_two_weeks_before(after_six_weeks: Shop) -> None:
    """Windows count them as unknown."""
    left_out, unknown = (after_six_weeks.copy() for _ in range(2))
    numbers = hours_from(left_out.next, 12)
    values = np.random.default_rng(0).poisson(means(LEVELS, numbers)).astype(float)
    gap = slice(4, 8)
    with_nulls = values.copy()
    with_nulls[gap] = np.nan
    kept = np.r_[0:4, 8:12]
    mine = follow(left_out.watch, numbers[kept], values[kept])
    theirs = follow(unknown.watch, numbers, with_nulls)
    np.testing.assert_array_equal(mine[4].scores.values, theirs[8].scores.values)
    np.testing.assert_allclose(mine[4].scores.means, theirs[8].scores.means, rtol=1e-4)


@pytest.mark.parametrize("back", [0, 1, 30])
def test_an_hour_that_is_not_later_is_refused(shop: Shop, back: int) -> None:
    level = shop.watch.detector.expectation.level.copy()
    with pytest.raises(ValueError, match="after"):
        shop.watch.judge(shop.watch.last - back, Hour(0), np.array(LEVELS), np.zeros(len(LEVELS), bool))
    np.testing.assert_array_equal(shop.watch.detector.expectation.level, level)


def test_nothing_known_from_the_beginning_on() -> None:
    watch = strangers(3)
    judged = follow(watch, hours_from(WEEK, 16 * DAY), np.full((16 * DAY, 3), np.nan))
    assert told(judged) == []
    assert np.isnan(np.stack([one.scores.p for one in judged])).all()
    assert not watch.detector.age.any()


def test_nothing_known_for_weeks_and_then_as_before(shop: Shop) -> None:
    shop.go_on(3 * WEEK, set_to(slice(None), np.nan))
    judged = shop.go_on(2 * DAY)
    assert told(judged) == []
    assert np.isfinite(judged[-1].scores.hour_p).all()


def test_a_series_that_appears_later_is_judged_after_its_own_warm_up(shop: Shop) -> None:
    watch = strangers(2, budget=Budget(false_alerts_per_week=0.001))
    numbers = hours_from(WEEK, 2 * WARM_UP + DAY)
    values = np.random.default_rng(0).poisson(means((50.0, 100.0), numbers)).astype(float)
    values[:WARM_UP, 1] = np.nan
    judged = follow(watch, numbers, values)
    p_values = np.stack([one.scores.hour_p[DOWN] for one in judged])
    assert np.isnan(p_values[: 2 * WARM_UP, 1]).all()
    assert np.isfinite(p_values[2 * WARM_UP :]).all()
    assert told(judged) == []


@pytest.mark.parametrize("level", [5.0, 100.0, 5000.0])
def test_a_series_that_dies_is_one_incident_and_then_silence(level: float) -> None:
    """A very large one in two steps: a thousandth of it would still be something."""
    shop = learnt(strangers(2, budget=Budget(false_alerts_per_week=0.001)), (level, 50.0))
    judged = shop.go_on(10 * DAY, set_to(0, 0.0))
    assert not any(one.changes.opened[0] for one in judged[2 * DAY + 1 :])
    ((_, _, one),) = told(judged, "opened")
    assert (one.lead, one.kind) == ("s0", "level_shift")
    assert one.closed - one.opened <= 2 * DAY


def test_less_than_nothing_is_nothing(shop: Shop) -> None:
    """Refunds are usually told as positive numbers; an hour that has more of them than sales has no sales."""

    def refund(values: np.ndarray, instead: float) -> None:
        values[5:8, HUNDRED] = instead
        values[:, 0] = instead

    same = shop.copy()
    judged = shop.go_on(2 * DAY, lambda values: refund(values, -30.0))
    zeros = same.go_on(2 * DAY, lambda values: refund(values, 0.0))
    for one, other in zip(judged, zeros, strict=True):
        np.testing.assert_array_equal(one.scores.p, other.scores.p)
    assert any(one.changes.opened[HUNDRED] for one in judged)
    assert (shop.watch.detector.expectation.level > 0).all()


def test_hours_of_nothing_and_hours_of_too_much_break_nothing(shop: Shop) -> None:
    judged = shop.go_on(12, lambda values: [set_to(LARGE, 1e9, slice(0, 2))(values), set_to(3, 0.0)(values)])
    assert judged[0].changes.opened[LARGE]
    assert shop.watch.detector.expectation.level[LARGE] == pytest.approx(500, rel=0.1)
