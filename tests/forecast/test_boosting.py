"""Boosting: features against slow definitions, blind to the future, and forecasts on series of known nature."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from shapes import CHANGES, panel, past, white_noise

from footfall.forecast import BENCHMARKS, FAST, Exogenous, KnownDays, Panel, Past, models, roll, skill
from footfall.forecast.boosting import Boosting, _Table
from footfall.forecast.exogenous import CALENDAR
from footfall.forecast.history import filled
from footfall.forecast.quantiles import QUANTILES

CYCLES = {"h": 168, "D": 7, "7D": 52, "MS": 12}
RECENT = [f"last {n} cycles" for n in (1, 2, 4, 8, 26)]
SAME = [f"same place {n}" for n in (1, 4, 8, 16)]
CLOCK = ["day of week", "hour", "day of month", "day of year"]


def with_values(ours: Past, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Past:
    rows = change(ours.rows)
    return Past(rows, filled(rows, ours.freq, ours.known.timezone), ours.freq, ours.season, ours.known)


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


def told(ours: Past, horizon: int = 14, **settings: object) -> pd.DataFrame:
    return Boosting(**settings).forecast(ours, horizon).set_index(["series_id", "ts"])


def weekly(length: int = 300, seed: int = 0, level: float = 100.0) -> np.ndarray:
    days = np.arange(length)
    return level * (1 + 0.5 * np.sin(2 * np.pi * days / 7) + 0.02 * np.random.default_rng(seed).normal(size=length))


def test_a_clean_week_is_learnt_by_series_of_all_sizes() -> None:
    found = told(past({"a": weekly(), "b": weekly(seed=1, level=0.01), "c": weekly(seed=2, level=1e5)}))
    for name, level in (("a", 100), ("b", 0.01), ("c", 1e5)):
        truth = level * (1 + 0.5 * np.sin(2 * np.pi * np.arange(300, 314) / 7))
        np.testing.assert_allclose(found.loc[name, "mean"], truth, atol=0.08 * level)
        np.testing.assert_allclose(found.loc[name, "q500"], truth, atol=0.08 * level)
    assert (np.diff(found[list(QUANTILES)]) >= 0).all()


def test_the_same_seed_says_the_same_and_another_another() -> None:
    ours = past({"a": weekly(80), "b": weekly(80, 1)})
    pd.testing.assert_frame_equal(told(ours, seed=3), told(ours, seed=3))
    assert not told(ours, seed=3)["mean"].equals(told(ours, seed=4)["mean"])


@pytest.mark.parametrize("status", ["missing", "closed"])
def test_only_complete_buckets_are_learnt_from(status: str) -> None:
    ours = past({"a": weekly(200), "b": weekly(200, 1)})
    odd = np.random.default_rng(0).random(len(ours.rows)) < 0.2
    with_odd = [
        with_values(
            ours,
            lambda rows, value=value: rows.assign(
                value=rows.value.mask(odd, value), status=rows.status.mask(odd, status)
            ),
        )
        for value in (0.0, 1e6)
    ]
    pd.testing.assert_frame_equal(*(told(each) for each in with_odd))


def test_what_was_negative_may_be_so_again() -> None:
    found = told(past({"a": -weekly(), "b": weekly(seed=1)}))
    truth = -100 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(300, 314) / 7))
    np.testing.assert_allclose(found.loc["a", "mean"], truth, atol=10)
    assert (found.loc["b", "mean"] > 0).all()


def test_hours_of_a_shop_and_their_night() -> None:
    hours = np.arange(24 * 30)
    is_open = (hours % 24 >= 9) & (hours % 24 < 19)
    found = told(past({"a": np.where(is_open, 50.0, 0.0)}, "h"), 48)
    np.testing.assert_allclose(found["mean"], np.tile(np.where(is_open[:24], 50.0, 0.0), 2), atol=2)


def test_hours_after_clocks_changed() -> None:
    """The shop opens at 9 on its own wall, two days after the change as before it."""
    hours = pd.date_range("2020-09-16", periods=24 * 42, freq="h")
    wall = hours.tz_localize("UTC").tz_convert("Europe/Paris").hour
    values = np.where((wall >= 9) & (wall < 19), 50.0, 0.0)
    found = told(past({"a": values[:-24]}, "h", "2020-09-16", KnownDays(timezone="Europe/Paris")), 24)
    np.testing.assert_allclose(found["mean"], values[-24:], atol=10)


def test_months_and_a_horizon_longer_than_their_cycle() -> None:
    months = np.arange(120)
    found = told(past({"a": 100 + 20.0 * (months % 12)}, "MS", "2010-01-01"), 18)
    assert list(found.index.get_level_values("ts")) == list(pd.date_range("2020-01-01", periods=18, freq="MS"))
    np.testing.assert_allclose(found["mean"], 100 + 20.0 * (np.arange(120, 138) % 12), atol=25)


def test_weeks_of_series_that_begin_on_other_days() -> None:
    """The step of one is not the step of both."""

    def level(ts: pd.DatetimeIndex) -> np.ndarray:
        return np.asarray(100 + 60 * np.sin(2 * np.pi * ts.dayofyear / 365))

    mondays, thursdays = (pd.date_range(first, periods=150, freq="7D") for first in ("2017-01-02", "2017-01-05"))
    rows = pd.concat(
        pd.DataFrame({"series_id": name, "ts": ts, "value": level(ts), "status": "complete"})
        for name, ts in (("a", mondays), ("b", thursdays))
    ).reset_index(drop=True)
    found = told(Past(rows, filled(rows, "7D"), "7D", 52), 12).reset_index()
    np.testing.assert_allclose(found["mean"], level(pd.DatetimeIndex(found.ts)), atol=15)


def test_series_that_began_late_or_ended_are_forecast_from_their_own_end() -> None:
    late, ended = weekly(seed=1), weekly(seed=2)[:295]
    late[:250] = np.nan
    found = told(past({"a": weekly(), "late": late, "ended": ended}), 7)
    first = pd.Timestamp("2020-01-06")
    for name, end in (("a", 300), ("late", 300), ("ended", 295)):
        assert found.loc[name].index[0] == first + pd.Timedelta(days=end)
        truth = 100 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(end, end + 7) / 7))
        np.testing.assert_allclose(found.loc[name, "mean"], truth, atol=12)


def test_a_constant_is_forecast_as_such() -> None:
    found = told(past({"a": np.full(90, 5.0)}))
    np.testing.assert_allclose(found, 5, rtol=0.01)


def test_nothing_but_zeros_is_forecast_as_zero() -> None:
    np.testing.assert_allclose(told(past({"a": np.zeros(60)})), 0, atol=1e-6)


NOTHING = {
    "all missing": np.full(60, np.nan),
    "a day": np.full(1, 5.0),
    "long ago": np.append(np.ones(30), [np.nan] * 30),
}


@pytest.mark.filterwarnings("ignore:Exception ignored on calling ctypes")
@pytest.mark.parametrize("values", NOTHING.values(), ids=NOTHING)
def test_nothing_to_learn_from_is_no_forecast_and_no_error(values: np.ndarray) -> None:
    """Null where it failed, as the protocol of models says."""
    found = told(past({"a": values}))
    assert len(found) == 14
    assert found["mean"].isna().all() or found["mean"].between(0.9, 5.1).all()


def test_a_series_without_a_value_does_not_harm_others() -> None:
    alone = told(past({"a": weekly()}))
    beside = told(past({"a": weekly(), "b": np.full(300, np.nan)}))
    np.testing.assert_allclose(alone["mean"], beside.loc["a", "mean"].to_numpy(), atol=10)


def test_a_series_that_took_off_does_not_widen_the_others() -> None:
    """From one in a quarter to a thousand a day: in units of what it was that is a million, and learnt by all."""
    rng = np.random.default_rng(1)
    steady = {name: rng.poisson(30, 300) * 1.0 for name in "ab"}
    taken_off = np.concatenate([np.zeros(100), [1.0], np.zeros(150), rng.poisson(1000, 49)])
    found = told(past(steady | {"c": taken_off}))
    assert found.loc[["a", "b"], "q025"].min() > 5
    assert found.loc[["a", "b"], "q975"].max() < 150


def test_a_column_beside_the_series_replaces_no_column_of_the_series() -> None:
    ours = past({"a": weekly(100)})
    seven = Exogenous("step", True, lambda rows, freq, known: pd.Series(7.0, rows.index))
    assert features(_Table(ours, 5, (seven,)), 80, 2, 0)[0] == 2


def test_a_sale_that_was_planned_is_learnt() -> None:
    """Ten sales double what is sold: the eleventh will too."""
    sales = [
        date(2020, 2, 1),
        date(2020, 2, 20),
        date(2020, 3, 10),
        date(2020, 4, 2),
        date(2020, 4, 21),
        date(2020, 5, 12),
    ]
    sales += [date(2020, 6, 3), date(2020, 6, 23), date(2020, 7, 15), date(2020, 8, 6), date(2020, 11, 5)]
    days = pd.date_range("2020-01-06", periods=300, freq="D")
    is_sale = days.isin(pd.DatetimeIndex(sales))
    known = KnownDays(sales=dict.fromkeys(sales, 1.0))
    values = {f"s{n}": weekly(300, n) * np.where(is_sale, 2, 1) for n in range(4)}
    found = told(past(values, known=known))
    on_it = found.xs(pd.Timestamp("2020-11-05"), level="ts")["mean"]
    usual = (
        100
        * (1 + 0.5 * np.sin(2 * np.pi * np.arange(300, 314) / 7))[
            list(pd.date_range("2020-11-01", periods=14)).index(pd.Timestamp("2020-11-05"))
        ]
    )
    assert (on_it > 1.5 * usual).all()


def skewed_noise(rng: np.random.Generator, days: np.ndarray) -> object:
    return 100 * np.exp(rng.normal(0, 1, len(days)))


@pytest.mark.slow
@pytest.mark.parametrize("noise", [white_noise, skewed_noise])
def test_on_white_noise_nothing_beats_both_benchmarks(noise: Callable[..., object]) -> None:
    """Nor where its median is far from its mean, which a model of means alone would be blamed for."""
    found = roll(panel(noise, series=3, days=91), models(FAST), horizon=7, origins=4).compared
    for model in set(found.model) - set(BENCHMARKS):
        assert not all(skill(found, model, benchmark).is_better for benchmark in BENCHMARKS), model
    assert skill(found, "mean", "seasonal_naive").is_better


@pytest.mark.slow
def test_the_future_changes_no_forecast_of_the_whole_of_it() -> None:
    """Boosted, calibrated, chosen: another future, the same rows."""
    ours = panel(lambda rng, days: weekly(len(days), int(rng.integers(99))), series=2, days=63)
    whole = roll(ours, models(["seasonal_mean", "xgboost"]), horizon=14, origins=2)
    origin = whole.rows.origin.max()
    other = Panel(ours.rows.assign(value=ours.rows.value.where(ours.rows.ts <= origin, 1e6)), "D")
    again = roll(other, models(["seasonal_mean", "xgboost"]), horizon=14, origins=2)
    mine, theirs = (each.rows[each.rows.origin == origin].drop(columns="actual") for each in (whole, again))
    pd.testing.assert_frame_equal(mine, theirs)
