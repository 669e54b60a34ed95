"""What boosting forecasts, on series of known nature."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from shapes import panel, past, white_noise, with_values

from footfall.forecast import BENCHMARKS, FAST, KnownDays, Panel, Past, models, roll, skill
from footfall.forecast.boosting import Boosting
from footfall.forecast.history import filled
from footfall.forecast.quantiles import QUANTILES


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
