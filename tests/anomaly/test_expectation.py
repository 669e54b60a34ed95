"""What is to be expected: level x season, gaps, occasions, and what series learn from each other."""

import numpy as np
import pytest
from hourly import hours_from, means, season

from footfall.anomaly import HOLIDAY, ORDINARY, SALE, Hour
from footfall.anomaly.expectation import WEEK, Expectation
from footfall.anomaly.occasions import DAY

Values = np.ndarray[tuple[int, int], np.dtype[np.float64]]


def teach(ours: Expectation, first: int, values: Values, kind: int = ORDINARY) -> None:
    unit = np.ones(values.shape[1])
    for number, row in zip(hours_from(first, len(values)), values, strict=True):
        hour = Hour(int(number % WEEK), kind)
        ours.learn(hour, ours.ahead(hour, unit), row, unit)


def expected(ours: Expectation, series: int, kind: int = ORDINARY, planned: float | None = None) -> Values:
    """Slots of the week x series."""
    return np.stack([ours.ahead(Hour(slot, kind, planned), np.ones(series)).mean for slot in range(WEEK)])


@pytest.mark.parametrize(("level", "series"), [(0.5, 400), (500.0, 10)])
def test_it_comes_to_the_level_and_the_season(level: float, series: int) -> None:
    """As many series as leave little of chance: three deviations of what eight remembered weeks hold."""
    truth = means([level] * series, hours_from(0, 8 * WEEK))
    ours = Expectation(series)
    teach(ours, 0, np.random.default_rng(0).poisson(truth).astype(float))
    found = expected(ours, series)
    of_slots = level * season(np.arange(WEEK))
    off = np.abs(found.mean(axis=1) / of_slots - 1)
    assert (off < 0.01 + 4 / np.sqrt(6 * series * of_slots)).all()
    np.testing.assert_allclose(found.mean(), level, rtol=0.02)
    assert found.mean(axis=0).std() < level * (0.005 + 0.1 / np.sqrt(level))


def test_without_noise_it_is_the_level_times_the_season() -> None:
    truth = means([1000.0], hours_from(0, 4 * WEEK))
    ours = Expectation(1)
    teach(ours, 0, truth)
    np.testing.assert_allclose(expected(ours, 1), truth[:WEEK], rtol=1e-3)
    np.testing.assert_allclose(ours.level, 1000.0, rtol=1e-3)


def test_nothing_is_expected_before_anything_was_seen() -> None:
    assert np.isnan(Expectation(2).ahead(Hour(0), np.ones(2)).mean).all()


def test_gaps_teach_nothing() -> None:
    truth = np.random.default_rng(1).poisson(means([0.5, 500.0], hours_from(0, 4 * WEEK))).astype(float)
    ours = Expectation(2)
    teach(ours, 0, truth)
    before, age = expected(ours, 2), ours.age.copy()
    teach(ours, 0, np.full((WEEK, 2), np.nan))
    np.testing.assert_allclose(expected(ours, 2), before, rtol=1e-12)
    np.testing.assert_array_equal(ours.age, age)


@pytest.mark.parametrize("parts", [1, 9])
def test_a_few_events_are_no_season(parts: int) -> None:
    """Two a day, for two weeks, also if it is told of parts, too: any hour may be the next."""
    events = np.random.default_rng(3).poisson(2 / DAY / parts, (2 * WEEK, parts)).astype(float)
    ours = Expectation(parts + 1)
    teach(ours, 0, np.column_stack([events.sum(axis=1), events]))
    found = expected(ours, parts + 1)[:, 0]
    assert found.max() < 6 * found.min()


def test_hours_that_are_never_known_take_the_season_of_their_hour_of_the_day() -> None:
    """Saturdays are closed: what is expected there is about what other days have at that hour."""
    truth = means([1000.0], hours_from(0, 4 * WEEK))
    truth[hours_from(0, 4 * WEEK) % WEEK // DAY == 5] = np.nan
    ours = Expectation(1)
    teach(ours, 0, truth)
    found = expected(ours, 1)[:, 0].reshape(7, DAY)
    np.testing.assert_allclose(found[5], np.nanmean(truth[:WEEK, 0].reshape(7, DAY), axis=0), rtol=0.1)


@pytest.mark.parametrize("kind", [SALE, HOLIDAY])
@pytest.mark.parametrize("factor", [3.0, 0.5])
def test_what_an_occasion_does_is_learnt_and_used_the_next_time(kind: int, factor: float) -> None:
    ours, truth = Expectation(1), means([200.0], hours_from(0, 3 * WEEK))
    teach(ours, 0, truth)
    unknown = 2.0 if kind == SALE else 1.0
    np.testing.assert_allclose(expected(ours, 1, kind), unknown * truth[:WEEK], rtol=0.02)
    for _ in range(4):  # each occasion corrects half of what was thought before
        teach(ours, 0, factor * truth[:DAY], kind)
        teach(ours, DAY, truth[DAY:WEEK])
    np.testing.assert_allclose(expected(ours, 1, kind), factor * truth[:WEEK], rtol=0.1)
    np.testing.assert_allclose(expected(ours, 1), truth[:WEEK], rtol=0.02)


def test_within_an_occasion_the_last_hours_count() -> None:
    ours, truth = Expectation(1), means([200.0], hours_from(0, 3 * WEEK))
    teach(ours, 0, truth)
    teach(ours, 0, 5 * truth[:12], SALE)
    ahead = ours.ahead(Hour(12, SALE), np.ones(1))
    assert ahead.mean == pytest.approx(5 * truth[12], rel=0.02)
    assert ours.ahead(Hour(12, HOLIDAY), np.ones(1)).mean == pytest.approx(truth[12], rel=0.02)


def test_a_stronger_sale_does_more() -> None:
    ours, truth = Expectation(1), means([200.0], hours_from(0, 3 * WEEK))
    teach(ours, 0, truth)
    found = [expected(ours, 1, SALE, planned) for planned in (1.0, None, 3.0)]
    np.testing.assert_allclose(found, [truth[:WEEK], 2 * truth[:WEEK], 3 * truth[:WEEK]], rtol=0.02)


def test_a_shift_multiplies_what_is_expected_of_that_series() -> None:
    ours, truth = Expectation(2), means([200.0, 200.0], hours_from(0, 3 * WEEK))
    teach(ours, 0, truth)
    ours.shift(np.array([True, False]), np.array([0.25, 9.0]))
    np.testing.assert_allclose(expected(ours, 2), truth[:WEEK] * [0.25, 1.0], rtol=0.03)


def test_a_series_that_is_forgotten_begins_anew() -> None:
    ours, truth = Expectation(2), means([200.0, 200.0], hours_from(0, 3 * WEEK))
    teach(ours, 0, truth)
    ours.forget(np.array([True, False]))
    assert ours.age.tolist() == [0, 3 * WEEK]
    assert np.isnan(expected(ours, 2)[:, 0]).all()
    teach(ours, 0, truth[: 2 * WEEK] * [10.0, 1.0])
    np.testing.assert_allclose(expected(ours, 2), truth[:WEEK] * [10.0, 1.0], rtol=0.02)


def test_a_rare_series_borrows_the_season_of_the_others() -> None:
    """One event in five hours: two weeks say nothing of its hours, those of the shop do."""
    truth = means([0.2, 300.0, 300.0], hours_from(0, 2 * WEEK))
    values = np.random.default_rng(2).poisson(truth).astype(float)
    together, alone = Expectation(3), Expectation(1)
    teach(together, 0, values)
    teach(alone, 0, values[:, :1])
    true_season = season(np.arange(WEEK))
    likeness = [
        np.corrcoef(found, true_season)[0, 1] for found in (expected(together, 3)[:, 0], expected(alone, 1)[:, 0])
    ]
    assert likeness[0] > 0.9
    assert likeness[0] > likeness[1] + 0.1


def test_the_last_hours_are_followed_at_once_and_forgotten_after() -> None:
    """Half as much again for a day: the next hour is expected to be so too, and a week later none is."""
    ours, truth = Expectation(1), means([200.0], hours_from(0, 4 * WEEK))
    teach(ours, 0, truth)
    teach(ours, 0, 1.5 * truth[:DAY])
    assert ours.ahead(Hour(DAY), np.ones(1)).mean == pytest.approx(1.4 * truth[DAY], rel=0.1)
    teach(ours, DAY, truth[DAY : WEEK + DAY])
    np.testing.assert_allclose(expected(ours, 1), truth[:WEEK], rtol=0.12)
