"""Models of statsforecast: on the shop's clock, with every season that a step has."""

import numpy as np
import pandas as pd
import pytest
from shapes import CHANGES, past

from footfall.forecast import KnownDays, Past, models
from footfall.forecast.models import Statistical


def hours(count: int, last: str, timezone: str, freq: str = "h") -> pd.DatetimeIndex:
    """UTC moments up to one, and what the shop's clock says at each."""
    return pd.date_range(end=last, periods=count, freq=freq, tz="UTC").tz_convert(timezone)


def from_wall(shape: np.ndarray, moments: pd.DatetimeIndex, freq: str = "h") -> Past:
    """One series that is the same at the same hour on the wall."""
    first = str(moments[0].tz_convert(None))
    return past({"a": shape[moments.hour]}, freq, first, KnownDays(timezone=str(moments.tz)))


@pytest.mark.parametrize(("timezone", "change"), CHANGES)
@pytest.mark.parametrize("freq", ["h", "30min"])
def test_history_on_the_wall_is_that_of_loops_over_moments(freq: str, timezone: str, change: str) -> None:
    """Around changes of clocks: buckets that share one on the wall are averaged, none is used before both are over."""
    values = np.random.default_rng(0).normal(size=100)
    for late in range(-3, 20):
        end = pd.Timestamp(change).floor("h") + pd.Timedelta(late, "h")
        moments = pd.date_range(end=end, periods=100, freq=freq)
        ours = past({"a": values}, freq, str(moments[0]), KnownDays(timezone=timezone))
        moments = pd.date_range(moments[0], periods=160, freq=freq, tz="UTC")
        wall = [moment.tz_convert(timezone).tz_localize(None).floor(freq) for moment in moments]
        last = max(bucket for bucket in wall[:100] if bucket < min(wall[100:]))
        expected = {}
        for bucket in pd.date_range(wall[0], last, freq=freq):
            same = [value for value, other in zip(values, wall, strict=False) if other == bucket]
            expected[bucket] = sum(same) / len(same) if same else np.nan
        behind, ahead = ours.on_wall(60)
        assert list(behind.wall) == list(expected)
        np.testing.assert_allclose(behind.value, pd.Series(expected).interpolate())
        assert list(ahead.wall) == wall[100:]


@pytest.mark.parametrize("name", ["seasonal_naive", "seasonal_mean", "smoothing", "theta", "mstl", "arima"])
@pytest.mark.parametrize("last", ["2020-03-28 12:00", "2020-10-24 12:00", "2020-10-25 00:00", "2020-10-27 22:00"])
def test_hours_are_those_of_the_shop_when_clocks_change(name: str, last: str) -> None:
    """The origin is before the change, between the hour that comes twice in autumn, and days after."""
    shape = 50 + 40 * np.sin(2 * np.pi * np.arange(24) / 24)
    ours = from_wall(shape, hours(24 * 10, last, "Europe/Paris"))
    found = Statistical(name).forecast(ours, 48)
    pd.testing.assert_frame_equal(found[["series_id", "ts"]], ours.ahead(48))
    truth = shape[found.ts.dt.tz_localize("UTC").dt.tz_convert("Europe/Paris").dt.hour]
    np.testing.assert_allclose(found["mean"], truth, atol=0.1 if name.startswith("seasonal") else 4)


@pytest.mark.parametrize(("freq", "last"), [("D", 29), ("7D", 130), ("MS", 50)])
def test_days_and_longer_steps_have_no_clock(freq: str, last: int) -> None:
    values = {"a": np.arange(last) % 13.0, "b": np.append([np.nan] * 2, np.arange(last - 2.0))}
    first = "2020-03-01"
    here, there = (past(values, freq, first, KnownDays(timezone=zone)) for zone in ("UTC", "Europe/Paris"))
    for name in ("seasonal_naive", "theta"):
        one, other = (Statistical(name).forecast(each, 9) for each in (here, there))
        pd.testing.assert_frame_equal(one, other)
        pd.testing.assert_frame_equal(one[["series_id", "ts"]], here.ahead(9))
        assert one["mean"].notna().all()


def test_series_that_end_on_both_sides_of_a_change_are_forecast_from_their_own_end() -> None:
    """One ends two hours before clocks go forward, and one after: the hour left out has no forecast and moves none."""
    shape = np.arange(24.0)
    moments = hours(24 * 5, "2020-03-29 05:00", "Europe/Paris")
    values = shape[moments.hour]
    both = {"early": values[:-7], "late": values}
    ours = past(both, "h", str(moments[0].tz_convert(None)), KnownDays(timezone="Europe/Paris"))
    found = Statistical("seasonal_naive").forecast(ours, 30)
    pd.testing.assert_frame_equal(found[["series_id", "ts"]], ours.ahead(30))
    wall = found.ts.dt.tz_localize("UTC").dt.tz_convert("Europe/Paris").dt.hour
    np.testing.assert_allclose(found["mean"], shape[wall])


def weekly_hours(weeks: int, seed: int = 0) -> np.ndarray:
    """Open from 9 to 19, twice as busy on Saturdays, closed on Sundays."""
    hour = np.arange(168 * weeks)
    of_day = np.array([1, 1, 1, 1, 1, 2, 0])[hour // 24 % 7]
    shape = 40.0 * of_day * np.exp(-(((hour % 24 - 14) / 4) ** 2))
    return shape + np.random.default_rng(seed).normal(0, 1, len(hour))


@pytest.mark.parametrize("name", ["mstl", "arima"])
@pytest.mark.parametrize("weeks", [2, 5])
def test_hours_have_a_season_of_the_day_and_one_of_the_week(name: str, weeks: int) -> None:
    values = weekly_hours(weeks + 1)
    found = Statistical(name).forecast(past({"a": values[:-168]}, "h"), 168)
    truth = values[-168:]
    is_saturday, is_sunday = np.arange(168) // 24 == 5, np.arange(168) // 24 == 6
    assert found["mean"][is_saturday].sum() > 1.6 * found["mean"][:24].sum()
    assert found["mean"][is_sunday].abs().mean() < 5
    assert np.abs(found["mean"] - truth).mean() < 4


@pytest.mark.parametrize("name", ["mstl", "arima"])
def test_hours_of_less_than_two_weeks_have_the_season_of_the_day(name: str) -> None:
    """Of the shortest series: what it lacks, none is given."""
    hour = np.arange(24 * 20)
    values = 50 + 30 * np.sin(2 * np.pi * hour / 24) + np.random.default_rng(0).normal(0, 1, len(hour))
    late = np.where(hour < 24 * 10, np.nan, values)
    found = Statistical(name).forecast(past({"a": values, "late": late}, "h"), 48)
    np.testing.assert_allclose(found["mean"], np.tile(50 + 30 * np.sin(2 * np.pi * hour[:24] / 24), 4), atol=6)


@pytest.mark.parametrize("name", ["mstl", "arima"])
@pytest.mark.parametrize("value", [0.0, 7.0])
def test_hours_that_are_all_alike_stay_so(name: str, value: float) -> None:
    found = Statistical(name).forecast(past({"a": np.full(400, value), "b": weekly_hours(3)[:400]}, "h"), 30)
    np.testing.assert_allclose(found["mean"][:30], value, atol=1e-6)
    assert found["mean"].notna().all()


def test_two_days_of_hours_are_enough_for_every_model() -> None:
    ours = past({"a": weekly_hours(1)[:48]}, "h")
    for model in models(["seasonal_mean", "smoothing", "ets", "theta", "mstl", "arima"]):
        assert model.forecast(ours, 24)["mean"].notna().all(), model.name
