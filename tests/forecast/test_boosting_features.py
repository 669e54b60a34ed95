"""What boosting learns from: features against slow definitions, and blind to the future."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from shapes import CHANGES, past, with_values

from footfall.forecast import Exogenous, KnownDays, Past
from footfall.forecast.boosting import _Table
from footfall.forecast.exogenous import CALENDAR

CYCLES = {"h": 168, "D": 7, "7D": 52, "MS": 12}
RECENT = [f"last {n} cycles" for n in (1, 2, 4, 8, 26)]
SAME = [f"same place {n}" for n in (1, 4, 8, 16)]
CLOCK = ["day of week", "hour", "day of month", "day of year"]


def features(table: _Table, origin: int, step: int, series: int) -> np.ndarray:
    return table.features_at(np.array([origin]), np.array([step]), np.array([series]))[0]


def noisy(rng: np.random.Generator, length: int) -> np.ndarray:
    """Counts with gaps, zeros and now and then a value below 0."""
    values = rng.poisson(5, length) * 1.0 - (rng.random(length) < 0.05) * 9
    return np.where(rng.random(length) < 0.15, np.nan, values)


def ragged(seed: int, freq: str, length: int) -> Past:
    """One whole series, one that started late, one that ended early, and one that is always 0."""
    rng = np.random.default_rng(seed)
    late = noisy(rng, length)
    late[: length // 2] = np.nan
    early = noisy(rng, length)[: length - 3]
    return past({"a": noisy(rng, length), "b": late, "c": early, "d": np.zeros(length)}, freq)


@pytest.mark.parametrize(
    ("freq", "length", "horizon"), [("D", 120, 16), ("MS", 60, 14), ("h", 500, 30), ("7D", 130, 9)]
)
def test_features_are_their_definitions(freq: str, length: int, horizon: int) -> None:
    """Sums and counts that run along against loops over the buckets."""
    ours = ragged(0, freq, length)
    table, cycle = _Table(ours, horizon, ()), CYCLES[freq]
    matrix = ours.rows.pivot(index="ts", columns="series_id", values="value")
    rng = np.random.default_rng(1)
    for _ in range(150):
        origin, step, series = int(rng.integers(0, length)), int(rng.integers(1, horizon + 1)), int(rng.integers(4))
        values = [float(value) for value in matrix.iloc[:, series]]
        expected = slow_features(values, matrix.index, origin, step, cycle, freq)
        found = features(table, origin, step, series)
        np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-9, atol=1e-12)


def slow_features(
    values: list[float], moments: pd.DatetimeIndex, origin: int, step: int, cycle: int, freq: str
) -> list[float]:
    def mean(places: list[int], of: Callable[[float], float] = lambda value: value) -> float:
        known = [of(values[place]) for place in places if place >= 0 and not np.isnan(values[place])]
        return sum(known) / len(known) if known else np.nan

    def last(count: int) -> list[int]:
        return list(range(max(origin + 1 - count, 0), origin + 1))

    scale = mean(last(13 * cycle), abs)
    if not scale > 0:
        scale = mean(last(10**6), abs)
    if not scale > 0:
        scale = 1.0
    target = pd.date_range(moments[origin], periods=step + 1, freq=freq)[-1]
    alike = [origin + step - n * cycle for n in range(1, 200)]
    alike = [place for place in alike if place <= origin]
    return [
        step,
        np.log(scale),
        *(target.dayofweek, target.hour, target.day, target.dayofyear),
        *(mean(last(n * cycle)) / scale for n in (1, 2, 4, 8, 26)),
        mean(last(8 * cycle), lambda value: float(value == 0)),
        *(mean(alike[:n]) / scale for n in (1, 4, 8, 16)),
    ]


def mean(parts: Iterable[list[float]]) -> float:
    every = list(chain.from_iterable(parts))
    return sum(every) / len(every) if every else np.nan


@pytest.mark.parametrize(("timezone", "change"), CHANGES)
@pytest.mark.parametrize("freq", ["h", "30min"])
def test_the_same_place_is_that_on_the_wall_and_over_at_the_origin(freq: str, timezone: str, change: str) -> None:
    """Around changes of clocks by an hour, by half an hour and at midnight, against loops over moments."""
    week, middle = pd.Timedelta(weeks=1), pd.Timestamp(change).floor("h")
    moments = pd.date_range(middle - 3 * week, middle + 3 * week, freq=freq)
    per_week = len(moments) // 6
    values = np.random.default_rng(7).poisson(9, len(moments)) * 1.0
    table = _Table(past({"a": values}, freq, str(moments[0]), KnownDays(timezone=timezone)), per_week + 1, ())
    wall = list(moments.tz_localize("UTC").tz_convert(timezone).tz_localize(None).floor(freq))
    on_wall: dict[pd.Timestamp, list[float]] = defaultdict(list)
    for bucket, value in zip(wall, values, strict=True):
        on_wall[bucket].append(value)
    for origin in [*range(3 * per_week - 6, 3 * per_week + 6), *range(4 * per_week - 6, 4 * per_week + 6)]:
        later = min(wall[origin + 1 :])
        for step in (1, 2, 3, per_week // 7, per_week, per_week + 1):
            last = wall[origin + step] - week
            while last >= later:
                last -= week
            expected = [mean(on_wall[last - k * week] for k in range(n)) for n in (1, 4, 8, 16)]
            found = features(table, origin, step, 0)[12:16] * table.scale[origin, 0]
            np.testing.assert_allclose(found, expected, err_msg=f"{moments[origin]}, {step} ahead")


@pytest.mark.parametrize(
    ("freq", "length", "horizon", "year", "width"),
    [("D", 900, 370, 364, 7), ("7D", 200, 55, 52, 3), ("MS", 70, 16, 12, 1), ("h", 9300, 40, 8736, 168)],
)
def test_the_year_before_is_the_buckets_around_the_same_date(
    freq: str, length: int, horizon: int, year: int, width: int
) -> None:
    """A week of days or hours, three weeks, one month; not where some of them are still to come."""
    values = np.random.default_rng(2).poisson(20, length) * 1.0
    table = _Table(past({"a": values}, freq), horizon, ())
    for origin in (length - 1, length - 30, year + 20):
        level = mean([list(values[max(origin - year - 4 * width + 1, 0) : origin - year + 1])])
        for step in range(1, min(horizon, length + horizon - 1 - origin) + 1):
            last = origin + step - year + width // 2
            alike = values[max(last - width + 1, 0) : last + 1].mean() if last <= origin else np.nan
            expected = [alike / table.scale[origin, 0], alike / level]
            np.testing.assert_allclose(features(table, origin, step, 0)[-2:], expected, err_msg=f"{origin}, {step}")


@pytest.mark.parametrize(
    ("freq", "length", "horizon"), [("D", 800, 30), ("h", 400, 30), ("MS", 60, 15), ("7D", 150, 55)]
)
def test_features_and_scales_do_not_see_beyond_their_origin(freq: str, length: int, horizon: int) -> None:
    """Another future, the same features; so too for columns beside the series."""
    before = Exogenous("before", False, lambda rows, freq, known: rows.groupby("series_id").value.shift())
    today = Exogenous("today", False, lambda rows, freq, known: rows.value)
    ours = ragged(3, freq, length)
    asked = (*CALENDAR, before, today)
    mine = _Table(ours, horizon, asked)
    moments = np.sort(ours.rows.ts.unique())
    rng = np.random.default_rng(4)
    for origin in rng.integers(0, length - 1, 6):
        after = ours.rows.ts > moments[origin]
        other = _Table(with_values(ours, changed(after, rng)), horizon, asked)
        steps, series = rng.integers(1, horizon + 1, 20), rng.integers(0, 4, 20)
        places = np.full(20, origin)
        np.testing.assert_array_equal(mine.features_at(places, steps, series), other.features_at(places, steps, series))
        np.testing.assert_array_equal(mine.scale[: origin + 1], other.scale[: origin + 1])


def changed(where: pd.Series, rng: np.random.Generator) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Other values, other gaps."""
    gaps = rng.random(len(where)) < 0.3
    status = np.where(gaps, "missing", "complete")
    value = np.where(gaps, np.nan, rng.normal(1e6, 1e5, len(where)))
    return lambda rows: rows.assign(
        value=rows.value.mask(where, pd.Series(value, rows.index)),
        status=rows.status.mask(where, pd.Series(status, rows.index)),
    )


def test_what_is_not_known_ahead_is_that_of_the_origin_and_what_is_that_of_the_target() -> None:
    number = lambda rows, freq, known: (rows.ts - rows.ts.min()).dt.days.astype(float)  # noqa: E731
    table = _Table(past({"a": np.arange(60.0)}), 10, (Exogenous("o", False, number), Exogenous("t", True, number)))
    assert list(features(table, 40, 7, 0)[-2:]) == [40, 47]
    assert list(features(table, 59, 10, 0)[-2:]) == [59, 69]


def test_hours_and_days_are_those_of_the_shop() -> None:
    """In Paris clocks went back on 2020-10-25: 00:00 and 01:00 in UTC are both 2 o'clock."""
    known = KnownDays(timezone="Europe/Paris")
    table = _Table(past({"a": np.ones(24 * 30)}, "h", "2020-10-01", known), 24, ())
    hours = [features(table, 24 * 23 + 20, step, 0)[2:5] for step in range(1, 9)]
    assert [hour[1] for hour in hours] == [23, 0, 1, 2, 2, 3, 4, 5]
    assert [hour[0] for hour in hours] == [5, *[6] * 7]
    assert [hour[2] for hour in hours] == [24, *[25] * 7]


def test_rows_to_come_are_in_the_order_of_the_past_and_from_the_end_of_each_series() -> None:
    table = _Table(ragged(5, "D", 90), 4, ())
    origins, steps, series = table.coming()
    assert list(series) == [number for number in range(4) for _ in range(4)]
    assert list(steps) == [1, 2, 3, 4] * 4
    assert [int(origin) for origin in origins[::4]] == [89, 89, 86, 89]


def test_it_learns_from_rows_whose_truth_is_known_and_of_no_later_time() -> None:
    ours = ragged(6, "D", 120)
    table = _Table(ours, 14, ())
    origin, step, series = table.sample(np.random.default_rng(0))
    truth = ours.rows.pivot(index="ts", columns="series_id", values="value").to_numpy()[origin + step, series]
    assert not np.isnan(truth).any()
    assert (origin + step < 120).all()
    assert set(series) == {0, 1, 2, 3}
    np.testing.assert_allclose(table.targets_at(origin, step, series) * table.scale[origin, series], truth)


def test_a_column_beside_the_series_replaces_no_column_of_the_series() -> None:
    ours = past({"a": noisy(np.random.default_rng(0), 100)})
    seven = Exogenous("step", True, lambda rows, freq, known: pd.Series(7.0, rows.index))
    assert features(_Table(ours, 5, (seven,)), 80, 2, 0)[0] == 2
