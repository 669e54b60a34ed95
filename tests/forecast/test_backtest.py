"""Rolling origins and scores: on series whose answer is known, and against definitions written out."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pytest
from shapes import backtest, forecast, panel, slow_level, white_noise, wild

from footfall.errors import UserError
from footfall.forecast import (
    BENCHMARKS,
    FAST,
    QUANTILES,
    KnownDays,
    Panel,
    Past,
    errors,
    models,
    origins_of,
    roll,
    skill,
)


def test_origins_are_a_horizon_apart_and_the_last_leaves_a_horizon() -> None:
    found = origins_of(panel(white_noise, days=100), horizon=14, origins=3)
    last = pd.Timestamp("2020-01-06") + pd.Timedelta(days=99)
    assert found == [last - pd.Timedelta(days=14 * n) for n in (3, 2, 1)]


def test_as_many_origins_as_the_past_is_long_enough_for() -> None:
    assert len(origins_of(panel(white_noise, days=45), horizon=14, origins=12)) == 2
    with pytest.raises(UserError, match="has 41 buckets, which are too few: 2 origins need 42"):
        origins_of(panel(white_noise, days=41), horizon=14, origins=12)


def test_no_forecast_sees_what_comes_after_its_origin() -> None:
    """Another future, the same forecasts."""
    ours = panel(slow_level, series=2)
    origin = origins_of(ours, horizon=14, origins=2)[0]
    other = ours.rows.assign(value=ours.rows.value.where(ours.rows.ts <= origin, 1e6))
    told = [backtest(Panel(rows, "D"), models(FAST), horizon=14, origins=2) for rows in (ours.rows, other)]
    told = [found[found.origin == origin].reset_index(drop=True) for found in told]
    pd.testing.assert_frame_equal(told[0].drop(columns="actual"), told[1].drop(columns="actual"))
    assert not told[0].actual.equals(told[1].actual)


@dataclass(frozen=True)
class Knowing:
    """A model that knows what comes, but for an error of its own."""

    name: str
    share: float

    def forecast(self, past: Past, horizon: int) -> pd.DataFrame:
        ahead = past.ahead(horizon)
        days = (ahead.ts - past.rows.ts.min()).dt.days.to_numpy()
        return ahead.assign(mean=wild(np.random.default_rng(0), days) + self.share * 20 * np.cos(days**2 / 7))


def test_a_model_may_be_blended_with_the_median() -> None:
    """The errors of one are opposite to those of two others; of these, the median is one."""
    fitted = [Knowing("one", 1.0), Knowing("two", -1.0), Knowing("three", -1.1)]
    found = roll(panel(wild, days=400), [*models([]), *fitted], horizon=14, origins=6)
    assert set(found.choices.model) == {"one+median"}
    rows = found.compared.set_index(["series_id", "ts", "model"])["mean"].unstack()
    pd.testing.assert_series_equal(rows.chosen, (rows.one + rows.two) / 2, check_names=False)


def test_benchmarks_are_what_they_are_called() -> None:
    ours = panel(white_noise, series=2)
    found = backtest(ours, models([]), horizon=7, origins=2)
    values = ours.rows.set_index(["series_id", "ts"]).value
    for row in found[found.model == "seasonal_naive"].itertuples():
        assert row.point == values[row.series_id, row.ts - pd.Timedelta(days=7)]
    for row in found[found.model == "mean"].to_dict("records"):
        assert row["mean"] == pytest.approx(values[row["series_id"]][: row["origin"]].mean())


def test_scores_are_their_definitions() -> None:
    ours = panel(slow_level, series=3)
    found = backtest(ours, models([]), horizon=14, origins=4)
    scores = errors(found, ours).set_index(["series_id", "model"])
    for (name, model), rows in found.groupby(["series_id", "model"]):
        past = ours.rows[(ours.rows.series_id == name) & (ours.rows.ts <= found.origin.min())].value.to_numpy()
        error, missed = (rows.point - rows.actual).to_numpy(), (rows["mean"] - rows.actual).to_numpy()
        naive = past[7:] - past[:-7]
        told = scores.loc[(name, model)]
        assert told.mae == pytest.approx(np.abs(error).mean())
        assert told.rmse == pytest.approx(np.sqrt((missed**2).mean()))
        assert told.bias == pytest.approx(missed.mean())
        assert told.mase == pytest.approx(np.abs(error).mean() / np.abs(naive).mean())
        assert told.rmsse == pytest.approx(np.sqrt((missed**2).mean() / (naive**2).mean()))
        assert told.wape == pytest.approx(np.abs(error).sum() / rows.actual.sum())
        assert told.zeros == 0


@pytest.mark.slow
def test_a_model_that_is_made_for_the_series_beats_both_benchmarks() -> None:
    found = backtest(panel(slow_level, series=6, days=260), models(["ets"]), horizon=7, origins=10)
    for benchmark in BENCHMARKS:
        told = skill(found, "ets", benchmark)
        assert told.is_better, told
        assert told.skill > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_on_white_noise_no_model_beats_both_benchmarks(seed: int) -> None:
    """A mean does beat repeating last week's noise, so repeating it is not benchmark enough."""
    found = backtest(panel(white_noise, series=6, days=200, seed=seed), models(["ets", "theta"]), horizon=14, origins=8)
    for model in ("ets", "theta", "median"):
        assert not all(skill(found, model, benchmark).is_better for benchmark in BENCHMARKS)
    assert skill(found, "mean", "seasonal_naive").is_better


def test_equal_forecasts_are_seldom_called_better_or_worse() -> None:
    """In about 95 of 100 draws the interval holds 0, and in about 5 the test says that they differ."""
    rng = np.random.default_rng(5)
    told = [skill(as_good_as_each_other(rng), "ours", "theirs") for _ in range(200)]
    assert 180 <= sum(one.low <= 0 <= one.high for one in told) <= 199
    assert 2 <= sum(one.p_value < 0.05 for one in told) <= 24


def as_good_as_each_other(rng: np.random.Generator) -> pd.DataFrame:
    keys = {"origin": np.repeat(np.arange(10), 7), "ts": np.arange(70), "actual": 0.0}
    return pd.concat(
        pd.DataFrame(keys | {"series_id": f"s{number}", "model": model, "point": rng.normal(size=70)})
        for number in range(4)
        for model in ("ours", "theirs")
    )


def test_closed_days_are_zero_and_nothing_is_negative() -> None:
    ours = panel(lambda rng, days: np.where(days % 7 == 5, 0.0, np.maximum(5 - 0.1 * days, 0) + rng.random(len(days))))
    rows = ours.rows.assign(status=np.where(ours.rows.ts.dt.dayofweek == 5, "closed", "complete"))
    christmas = ours.rows.ts.max() + pd.Timedelta(days=3)
    found = forecast(Panel(rows, "D"), models(FAST), horizon=14, known=KnownDays({christmas.date()}))
    assert (found[["mean", *QUANTILES]] >= 0).all(axis=None)
    is_closed = (found.ts.dt.dayofweek == 5) | (found.ts == christmas)
    assert (found[is_closed].point == 0).all()
    assert (found[~is_closed & (found.model == "seasonal_naive")].point > 0).all()


def test_missing_days_do_not_pull_forecasts_down() -> None:
    ours = panel(lambda rng, days: 100 + rng.normal(0, 1, len(days)), series=1)
    lost = ours.rows.ts.between("2020-07-10", "2020-07-22")
    rows = ours.rows.assign(value=ours.rows.value.mask(lost), status=np.where(lost, "missing", "complete"))
    found = forecast(Panel(rows, "D"), models(FAST), horizon=7)
    assert found.point.between(95, 105).all()


def of(**values: object) -> Panel:
    """Daily series from a Monday on, by name."""
    parts = [
        pd.DataFrame(
            {"series_id": name, "ts": pd.date_range("2020-01-06", periods=len(ours), freq="D"), "value": ours}
        ).assign(status="complete")
        for name, ours in values.items()
    ]
    return Panel(pd.concat(parts, ignore_index=True), "D")


def test_a_series_is_closed_on_its_own_days_only() -> None:
    days = np.arange(120)
    ours = of(a=np.where(days % 7 == 6, 0.0, 50.0 + days % 5), b=80.0 + days % 5)
    is_shut = (ours.rows.series_id == "a") & (ours.rows.value == 0)
    found = forecast(
        Panel(ours.rows.assign(status=np.where(is_shut, "closed", "complete")), "D"), models([]), horizon=7
    )
    sunday = found[(found.ts.dt.dayofweek == 6) & (found.model == "seasonal_naive")].set_index("series_id").point
    assert (sunday["a"], sunday["b"] > 70) == (0, True)


@pytest.mark.parametrize("rests", [True, False])
def test_a_holiday_is_closed_where_past_ones_were(rests: bool) -> None:
    days = np.arange(120)
    past, coming = date(2020, 4, 10), date(2020, 5, 8)
    values = np.where((days == 95) & rests, 0.0, 50.0 + days % 5)
    known = KnownDays(holidays={past, coming})
    found = forecast(of(a=values), models([]), horizon=7, known=known)
    value = found[(found.ts == pd.Timestamp(coming)) & (found.model == "seasonal_naive")].point.iloc[0]
    assert (value == 0) == rests


def test_a_closed_day_closes_no_month() -> None:
    months = pd.date_range("2015-01-01", periods=60, freq="MS")
    rows = pd.DataFrame({"series_id": "a", "ts": months, "value": 100.0 + np.arange(60) % 7, "status": "complete"})
    found = forecast(Panel(rows, "MS"), models([]), horizon=3, known=KnownDays({date(2020, 1, 1)}))
    assert (found.point > 90).all()


def test_hours_are_closed_in_the_time_of_the_shop() -> None:
    hours = pd.date_range("2020-01-06", periods=24 * 60, freq="h")
    rows = pd.DataFrame({"series_id": "a", "ts": hours, "value": 9.0, "status": "complete"})
    known = KnownDays({date(2020, 3, 7)}, timezone="Asia/Tokyo")
    found = forecast(Panel(rows, "h"), models([]), horizon=48, known=known)
    is_zero = found[(found.model == "mean") & (found.point == 0)].ts
    assert (is_zero.min(), is_zero.max()) == (pd.Timestamp("2020-03-06 15:00"), pd.Timestamp("2020-03-07 14:00"))


def test_a_series_that_was_negative_may_be_so_again() -> None:
    found = forecast(of(a=-50.0 - np.arange(60) % 7, b=50.0 + np.arange(60) % 7), models([]), horizon=7)
    assert (found[found.series_id == "a"]["mean"] < 0).all()


def test_what_is_always_right_is_not_better_and_raises_nothing() -> None:
    ours = of(zero=np.zeros(90), same=np.full(90, 5.0), weekly=np.arange(90) % 7 + 1.0)
    found = backtest(ours, models(["ets"]), horizon=7, origins=3)
    assert errors(found, ours).mase.isna().any()
    assert not skill(found, "ets", "seasonal_naive").is_better


def test_a_model_without_a_forecast_for_some_bucket_is_not_scored_on_the_others() -> None:
    ours = panel(slow_level, series=2)
    found = backtest(ours, models(["ets"]), horizon=7, origins=3)
    first = (found.origin == found.origin.min()) & (found.series_id == "s0") & (found.model == "ets")
    holed = found.assign(point=found.point.mask(first))
    told = errors(holed, ours).set_index(["series_id", "model"]).index
    assert ("s0", "ets") not in told
    assert {("s1", "ets"), ("s0", "mean")} <= set(told)
    assert skill(holed, "ets", "mean").series == 1
    nothing = skill(found.assign(point=found.point.mask(found.model == "ets")), "ets", "mean")
    assert (nothing.series, nothing.is_better) == (0, False)


def test_scales_are_of_time_and_not_of_rows() -> None:
    """Business days: a season before is a week before, and not seven rows."""
    days = np.arange(140)
    values = 100.0 + 10 * (days % 7) + days // 7
    ours = of(a=np.where(days % 7 < 5, values, np.nan))
    rows = ours.rows.assign(status=np.where(ours.rows.value.isna(), "missing", "complete"))
    found = backtest(Panel(rows, "D"), models([]), horizon=7, origins=3)
    told = errors(found, Panel(rows, "D")).set_index("model")
    assert told.mase["seasonal_naive"] == pytest.approx(1)


def test_a_late_series_has_scores_and_is_scaled_before_its_own_first_origin() -> None:
    ours = panel(slow_level, series=2, days=200)
    rows = ours.rows[(ours.rows.series_id == "s0") | (ours.rows.ts >= "2020-05-25")]
    found = backtest(Panel(rows, "D"), models([]), horizon=14, origins=8)
    told = errors(found, Panel(rows, "D")).set_index(["series_id", "model"])
    assert told.mase.notna().all()
    assert told.mase["s1", "seasonal_naive"] < 10


def test_series_on_other_days_of_the_week_share_origins_a_horizon_apart() -> None:
    mondays, thursdays = (pd.date_range(first, periods=130, freq="7D") for first in ("2020-01-06", "2020-01-09"))
    rows = pd.concat(
        pd.DataFrame({"series_id": name, "ts": ts, "value": 5.0 + np.arange(130) % 3, "status": "complete"})
        for name, ts in (("a", mondays), ("b", thursdays))
    )
    found = backtest(Panel(rows, "7D"), models([]), horizon=4, origins=3)
    assert (found.origin.drop_duplicates().diff().dropna() == pd.Timedelta(weeks=4)).all()
    assert (found.groupby(["series_id", "ts", "model"]).size() == 1).all()


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(UserError, match='there is no model "crystal"; there are seasonal_naive, mean, '):
        models(["crystal"])
