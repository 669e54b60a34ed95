"""Rolling origins and scores: on series whose answer is known, and against definitions written out."""

import numpy as np
import pandas as pd
import pytest
from shapes import panel, slow_level, white_noise

from footfall.errors import UserError
from footfall.forecast import BENCHMARKS, FAST, Panel, backtest, errors, forecast, models, origins_of, skill


def test_origins_are_a_horizon_apart_and_the_last_leaves_a_horizon() -> None:
    found = origins_of(panel(white_noise, days=100), horizon=14, origins=3)
    last = pd.Timestamp("2020-01-06") + pd.Timedelta(days=99)
    assert found == [last - pd.Timedelta(days=14 * n) for n in (3, 2, 1)]


def test_as_many_origins_as_the_past_is_long_enough_for() -> None:
    assert len(origins_of(panel(white_noise, days=45), horizon=14, origins=12)) == 2
    with pytest.raises(UserError, match="20 buckets are too few: an origin needs 14 before it and a horizon of 14"):
        origins_of(panel(white_noise, days=20), horizon=14, origins=12)


def test_no_forecast_sees_what_comes_after_its_origin() -> None:
    """Another future, the same forecasts."""
    ours = panel(slow_level, series=2)
    origin = origins_of(ours, horizon=14, origins=1)[0]
    other = ours.rows.assign(value=ours.rows.value.where(ours.rows.ts <= origin, 1e6))
    told = [backtest(Panel(rows, "D"), models(FAST), horizon=14, origins=1) for rows in (ours.rows, other)]
    pd.testing.assert_frame_equal(told[0].drop(columns="actual"), told[1].drop(columns="actual"))
    assert not told[0].actual.equals(told[1].actual)


def test_benchmarks_are_what_they_are_called() -> None:
    ours = panel(white_noise, series=2)
    found = backtest(ours, models([]), horizon=7, origins=2)
    values = ours.rows.set_index(["series_id", "ts"]).value
    for row in found[found.model == "seasonal_naive"].itertuples():
        assert row.value == values[row.series_id, row.ts - pd.Timedelta(days=7)]
    for row in found[found.model == "mean"].itertuples():
        assert row.value == pytest.approx(values[row.series_id][: row.origin].mean())


def test_scores_are_their_definitions() -> None:
    ours = panel(slow_level, series=3)
    found = backtest(ours, models([]), horizon=14, origins=4)
    scores = errors(found, ours).set_index(["series_id", "model"])
    for (name, model), rows in found.groupby(["series_id", "model"]):
        past = ours.rows[(ours.rows.series_id == name) & (ours.rows.ts <= found.origin.min())].value.to_numpy()
        error = (rows.value - rows.actual).to_numpy()
        naive = past[7:] - past[:-7]
        told = scores.loc[(name, model)]
        assert told.mae == pytest.approx(np.abs(error).mean())
        assert told.rmse == pytest.approx(np.sqrt((error**2).mean()))
        assert told.bias == pytest.approx(error.mean())
        assert told.mase == pytest.approx(np.abs(error).mean() / np.abs(naive).mean())
        assert told.rmsse == pytest.approx(np.sqrt((error**2).mean() / (naive**2).mean()))
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
        pd.DataFrame(keys | {"series_id": f"s{number}", "model": model, "value": rng.normal(size=70)})
        for number in range(4)
        for model in ("ours", "theirs")
    )


def test_closed_days_are_zero_and_nothing_is_negative() -> None:
    ours = panel(lambda rng, days: np.where(days % 7 == 5, 0.0, np.maximum(5 - 0.1 * days, 0) + rng.random(len(days))))
    rows = ours.rows.assign(status=np.where(ours.rows.ts.dt.dayofweek == 5, "closed", "complete"))
    christmas = ours.rows.ts.max() + pd.Timedelta(days=3)
    found = forecast(Panel(rows, "D"), models(FAST), horizon=14, closed_days={christmas.date()})
    assert (found.value >= 0).all()
    is_closed = (found.ts.dt.dayofweek == 5) | (found.ts == christmas)
    assert (found[is_closed].value == 0).all()
    assert (found[~is_closed & (found.model == "seasonal_naive")].value > 0).all()


def test_missing_days_do_not_pull_forecasts_down() -> None:
    ours = panel(lambda rng, days: 100 + rng.normal(0, 1, len(days)), series=1)
    lost = ours.rows.ts.between("2020-07-10", "2020-07-22")
    rows = ours.rows.assign(value=ours.rows.value.mask(lost), status=np.where(lost, "missing", "complete"))
    found = forecast(Panel(rows, "D"), models(FAST), horizon=7)
    assert found.value.between(95, 105).all()


def test_a_model_that_fails_on_a_series_leaves_the_others() -> None:
    ours = panel(white_noise, series=2, days=60)
    rows = ours.rows[(ours.rows.series_id == "s0") | (ours.rows.ts >= "2020-02-18")]
    found = forecast(Panel(rows, "D"), models(["mstl"]), horizon=7)
    assert found[found.series_id == "s0"].value.notna().all()
    assert found[(found.series_id == "s1") & (found.model == "seasonal_naive")].value.notna().all()


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(UserError, match='there is no model "crystal"; there are seasonal_naive, mean, '):
        models(["crystal"])
