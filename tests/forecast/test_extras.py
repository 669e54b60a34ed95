"""Prophet and the LSTM: fitted for real to small series, where their libraries are installed."""

import logging
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shapes import panel

from footfall.errors import SettingInvalid
from footfall.forecast import models
from footfall.forecast.deep import Lstm
from footfall.forecast.history import KnownDays, Past, filled
from footfall.forecast.models import Model
from footfall.forecast.prophet_model import Prophet
from footfall.forecast.quantiles import MEDIAN, QUANTILES

HORIZON = 14
LIBRARIES = {"prophet": "prophet", "lstm": "neuralforecast"}
EXTRAS = {"prophet": "prophet", "lstm": "deep"}
NUMBERS = ["mean", *QUANTILES]


def model(name: str, *, seed: int = 0, steps: int = 20) -> Model:
    pytest.importorskip(LIBRARIES[name], reason=f'needs the extra: pip install "footfall[{EXTRAS[name]}]"')
    return Prophet(seed=seed) if name == "prophet" else Lstm(seed=seed, steps=steps)


def weekly(rng: np.random.Generator, days: np.ndarray) -> object:
    return 100 + 30 * np.sin(2 * np.pi * days / 7) + rng.normal(0, 2, len(days))


def past_of(rows: pd.DataFrame, freq: str = "D", season: int = 7, known: KnownDays | None = None) -> Past:
    known = known or KnownDays()
    return Past(rows, filled(rows, freq, known.timezone), freq, season, known)


def weekly_past(days: int = 200) -> Past:
    return past_of(panel(weekly, series=3, days=days).rows)


def busy_at_noon(moments: pd.Series) -> np.ndarray:
    """Most at noon in Berlin, in summer as in winter."""
    wall = moments.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin").dt.hour
    return 50 + 30 * np.cos(2 * np.pi * (wall.to_numpy() - 12) / 24)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_clean_week_is_forecast_with_quantiles_in_order(name: str) -> None:
    past = weekly_past()
    found = model(name, steps=150).forecast(past, HORIZON)
    assert list(found.columns) == ["series_id", "ts", *NUMBERS]
    pd.testing.assert_frame_equal(found[["series_id", "ts"]], past.ahead(HORIZON))
    day = (found.ts - pd.Timestamp("2020-01-06")).dt.days
    truth = 100 + 30 * np.sin(2 * np.pi * day / 7)
    assert (found[["mean", MEDIAN]].sub(truth, axis=0).abs() < 6).all(axis=None)
    quantiles = found[list(QUANTILES)].to_numpy()
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles) >= 0).all()
    assert ((truth > found[QUANTILES[0]]) & (truth < found[QUANTILES[-1]])).mean() > 0.9


@pytest.mark.parametrize("name", LIBRARIES)
def test_the_same_seed_gives_the_same_forecast_and_leaves_the_generators_alone(name: str) -> None:
    past = weekly_past(60)
    first = model(name, seed=1).forecast(past, HORIZON)
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    pd.testing.assert_frame_equal(model(name, seed=1).forecast(past, HORIZON), first)
    assert (np.random.get_state()[1] == before).all()
    assert not model(name, seed=2).forecast(past, HORIZON).equals(first)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_series_with_one_complete_bucket_is_null_and_the_others_go_on(name: str) -> None:
    rows = panel(weekly, series=2, days=60).rows
    first = rows.ts.min()
    rows["status"] = rows.status.mask((rows.series_id == "s1") & (rows.ts > first), "closed")
    found = model(name).forecast(past_of(rows), HORIZON).set_index("series_id")[NUMBERS]
    assert found.loc["s1"].isna().all(axis=None)
    assert found.loc["s0"].notna().all(axis=None)


@pytest.mark.parametrize("name", LIBRARIES)
def test_series_of_all_lengths_go_on_from_their_own_ends(name: str) -> None:
    rows = panel(weekly, series=3, days=60).rows
    last = rows.ts.max()
    is_new = (rows.series_id == "s1") & (rows.ts < last - pd.Timedelta(days=2))
    is_over = (rows.series_id == "s2") & (rows.ts > last - pd.Timedelta(days=3))
    past = past_of(rows[~is_new & ~is_over].reset_index(drop=True))
    found = model(name).forecast(past, HORIZON)
    pd.testing.assert_frame_equal(found[["series_id", "ts"]], past.ahead(HORIZON))
    assert found.notna().all(axis=None)


@pytest.mark.parametrize("name", LIBRARIES)
def test_nothing_is_logged_or_left_behind(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours = model(name)
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)
    ours.forecast(weekly_past(60), HORIZON)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert not list(tmp_path.iterdir())


def test_prophet_learns_what_a_sale_and_a_holiday_add() -> None:
    rows = panel(weekly, series=1, days=200).rows
    sales, holidays = (rows.ts[[*range(start, 200, 20)]].dt.date for start in (5, 10))
    days = rows.ts.dt.date
    rows["value"] += np.where(days.isin(sales), 60, 0) - np.where(days.isin(holidays), 50, 0)
    start = rows.ts.max().date()
    coming = {"sale": date.fromordinal(start.toordinal() + 3), "holiday": date.fromordinal(start.toordinal() + 5)}
    known = KnownDays(
        holidays=frozenset({*holidays, coming["holiday"]}), sales=dict.fromkeys([*sales, coming["sale"]], 1.0)
    )
    told = model("prophet").forecast(past_of(rows, known=known), HORIZON).set_index("ts")["mean"]
    week = 100 + 30 * np.sin(2 * np.pi * np.arange(200, 200 + HORIZON) / 7)
    added = told - week
    assert added[pd.Timestamp(coming["sale"])] == pytest.approx(60, abs=6)
    assert added[pd.Timestamp(coming["holiday"])] == pytest.approx(-50, abs=6)


def test_prophet_marks_the_week_of_a_sale() -> None:
    weeks = pd.date_range("2022-01-03", periods=80, freq="7D")
    noise = np.random.default_rng(0).normal(0, 1, 80)
    rows = pd.DataFrame({"series_id": "a", "ts": weeks, "value": 100 + noise, "status": "complete"})
    rows.loc[::10, "value"] += 40
    # Fridays; that of the second week to come is too.
    sales = [*(weeks[::10] + pd.Timedelta(days=4)).date, date(2023, 7, 28)]
    known = KnownDays(sales=dict.fromkeys(sales, 1.0))
    found = model("prophet").forecast(past_of(rows, "7D", 52, known), 3)["mean"]
    assert found.to_numpy() == pytest.approx([100, 140, 100], abs=6)


@pytest.mark.parametrize("start", ["2024-03-04", "2024-09-30"])
def test_hours_are_those_of_the_shop(start: str) -> None:
    """27 days later the clocks are put forward, or back, when an hour comes twice."""
    rows = pd.DataFrame({"series_id": "a", "ts": pd.date_range(start, periods=24 * 27, freq="h"), "status": "complete"})
    rows["value"] = busy_at_noon(rows.ts) + np.random.default_rng(0).normal(0, 1, len(rows))
    found = model("prophet").forecast(past_of(rows, "h", 24, KnownDays(timezone="Europe/Berlin")), 48)
    assert found["mean"].to_numpy() == pytest.approx(busy_at_noon(found.ts), abs=4)


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_column_that_is_known_ahead_is_learnt(name: str) -> None:
    """One that is not stands beside it, and either is unknown now and then."""
    rows = panel(weekly, series=3, days=200 + HORIZON).rows
    rng = np.random.default_rng(0)
    shares = rng.random(len(rows)) * (rng.random(len(rows)) < 0.3)
    rows["value"] += 100 * shares
    rows["own share"], rows["own noise"] = np.where(
        rng.random(len(rows)) < 0.02, np.nan, [shares, rng.random(len(rows))]
    )
    is_past = rows.ts < rows.ts.min() + pd.Timedelta(days=200)
    given = rows.loc[~is_past, ["series_id", "ts", "own share"]]
    past = replace(past_of(rows[is_past]), given=given)
    found = model(name, steps=200).forecast(past, HORIZON).merge(rows, on=["series_id", "ts"])
    alone = model(name, steps=200).forecast(past_of(rows[is_past].drop(columns=["own share", "own noise"])), HORIZON)
    errors = [(told["mean"] - found.value).abs().mean() for told in (found, alone)]
    assert errors[0] < errors[1] / 2


def test_processes_give_what_one_does() -> None:
    model("prophet")
    past = weekly_past(60)
    told = [Prophet(threads=threads).forecast(past, HORIZON) for threads in (1, 2)]
    pd.testing.assert_frame_equal(*told)


@pytest.mark.parametrize("name", LIBRARIES)
def test_without_its_library_a_model_says_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    with pytest.raises(SettingInvalid) as raised:
        models([name])
    assert str(raised.value) == f'model "{name}" needs the extra: pip install "footfall[{EXTRAS[name]}]"'
