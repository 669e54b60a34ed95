"""`footfall backtest` and `footfall forecast`: on a lake's series and on anyone's own."""

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import Ended, footfall

from footfall.contracts import METRIC_SERIES
from footfall.forecast import read_csv
from footfall.lake import open_lake
from footfall.pipeline.backtesting import known_days
from footfall.pipeline.models import registry_of
from footfall.pipeline.query import query
from footfall.settings import load_settings


def own_series(folder: Path, *extra: str) -> Path:
    """Two series with a week and a wandering level, and more lines."""
    lines = ["series_id,ts,value"]
    for number in range(2):
        rng = np.random.default_rng(number)
        level = 100 + np.cumsum(rng.normal(0, 3, 150))
        moments = pd.date_range("2020-01-06", periods=150, freq="D")
        values = level + 20 * np.sin(2 * np.pi * np.arange(150) / 7)
        lines += [f"s{number},{day:%Y-%m-%d},{value:.3f}" for day, value in zip(moments, values, strict=True)]
    file = folder / "own.csv"
    file.write_text("\n".join([*lines, *extra]) + "\n")
    return file


def test_own_series(tmp_path: Path) -> None:
    file, out = own_series(tmp_path), tmp_path / "compared.csv"
    ended = footfall(
        "backtest", "--csv", file, "--origins", 5, "--horizon", 7, "--model", "ets", "--out", out, "--json"
    )
    assert ended.code == 0, ended.err
    told = ended.told
    assert told["series"] == 2
    assert [origin[:10] for origin in told["origins"]][-1] == "2020-05-27"
    assert {row["model"] for row in told["models"]} == {"ets", "chosen", "median", "mean", "seasonal_naive"}
    errors = [row["mase"] for row in told["models"]]
    assert errors == sorted(errors)
    compared = pd.read_csv(out)
    assert len(compared) == 2 * 5 * 7 * 5
    ours = compared[compared.model == "ets"]
    wape = (ours.point - ours.actual).abs().sum() / ours.actual.sum()
    assert next(row["wape"] for row in told["models"] if row["model"] == "ets") == pytest.approx(wape, rel=1e-6)


def test_mape_says_what_it_leaves_out(tmp_path: Path) -> None:
    """Every tenth day is 0, and has no percentage."""
    lines = own_series(tmp_path).read_text().splitlines()
    lines[10::10] = [f"{line.rpartition(',')[0]},0" for line in lines[10::10]]
    file, out, page = tmp_path / "zeros.csv", tmp_path / "compared.csv", tmp_path / "page.html"
    file.write_text("\n".join(lines) + "\n")
    asked = ("--csv", file, "--origins", 4, "--horizon", 7, "--model", "smoothing")
    told = footfall("backtest", *asked, "--out", out, "--json").told["models"]
    row = next(row for row in told if row["model"] == "smoothing")
    ours = pd.read_csv(out).query("model == 'smoothing'")
    known = ours[ours.actual != 0]
    by_series = ((known.point - known.actual) / known.actual).abs().groupby(known.series_id).mean()
    assert row["mape"] == pytest.approx(by_series.median())
    assert row["mape_left_out"] == pytest.approx((ours.actual == 0).mean())
    assert 0.05 < row["mape_left_out"] < 0.2
    assert footfall("forecast", *asked, "--report", page).code == 0
    assert "are 0, left out" in page.read_text("utf-8")


def test_what_is_wrong_with_a_series_is_said_and_the_others_go_on(tmp_path: Path) -> None:
    file = own_series(tmp_path, "twice,2020-01-06,1", "twice,2020-01-06,2", "one,2020-01-06,1")
    ended = footfall("backtest", "--csv", file, "--origins", 2, "--model", "theta")
    assert ended.code == 0, ended.err
    assert "left out: twice 1 time stamps occur more than once" in ended.err
    assert "left out: one ended on 2020-01-06 00:00, before the first origin" in ended.err
    assert "2 series, 2 origins" in ended.out


def test_series_of_the_lake(small_lake: tuple[Path, object]) -> None:
    lake, _ = small_lake
    ended = footfall(
        "backtest", "--lake", lake, "--by", "brand", "--metric", "events", "--horizon", 7, "--origins", 3,
        "--model", "theta", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert ended.told["series"] > 2


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--metric", "visits"), 'no series of metric "visits"'),
        (("--model", "crystal"), 'there is no model "crystal"'),
        (("--horizon", "500"), "choose a shorter --horizon"),
        (("--csv", "nowhere.csv"), "nowhere.csv: cannot be read"),
    ],
)
def test_what_the_caller_can_mend(small_lake: tuple[Path, object], flags: tuple[str, ...], told: str) -> None:
    ended = footfall("backtest", "--lake", small_lake[0], *flags)
    assert ended.code == 1
    assert told in ended.err


def test_a_lake_without_series(own_lake: Path) -> None:
    shutil.rmtree(own_lake / METRIC_SERIES.zone / METRIC_SERIES.name)
    assert "has no series yet; `footfall series" in footfall("backtest", "--lake", own_lake).err


def forecast(lake: Path, *flags: object) -> Ended:
    return footfall(
        "forecast", "--lake", lake, "--metric", "events", "--horizon", 7, "--origins", 3, "--model", "smoothing",
        "--json", *flags,
    )  # fmt: skip


def test_a_forecast_of_the_lake_is_coherent_and_made_once(own_lake: Path) -> None:
    ended = forecast(own_lake, "--by", "brand")
    assert ended.code == 0, ended.err
    assert ended.told["changed"]
    assert all(name.startswith("day/events/brand/") for name in ended.told["series"])
    rows = rows_of(own_lake, "SELECT * FROM forecasts WHERE model = 'chosen'")
    total = rows[rows.dimension == "all"].set_index("ts")["mean"]
    for _, ours in rows[rows.dimension.isin(["brand", "category"])].groupby("dimension"):
        np.testing.assert_allclose(ours.groupby("ts")["mean"].sum(), total, atol=1e-6 * total.max())
    quantiles = rows[[name for name in rows if name.startswith("q")]]
    assert (quantiles.to_numpy() >= 0).all()
    assert (np.diff(quantiles.to_numpy(), axis=1) >= 0).all()
    tested = rows_of(own_lake, "SELECT * FROM backtests")
    assert tested.actual.notna().all()
    assert set(tested.model) == {"chosen", "mean", "median", "seasonal_naive", "smoothing"}
    page = own_lake / "reports" / "forecast-events-day-brand.html"
    assert page.exists()
    again = forecast(own_lake, "--by", "brand")
    assert not again.told["changed"]
    assert again.told["series"] == ended.told["series"]
    other = forecast(own_lake, "--by", "all")
    assert not other.told["changed"]
    assert (own_lake / "reports" / "forecast-events-day-all.html").exists()
    assert versions_of(own_lake) == ["v1.0.0"]
    assert forecast(own_lake, "--origins", 2).code == 0
    assert versions_of(own_lake) == ["v1.1.0", "v1.0.0"]
    assert not page.exists()  # it showed what was forecast before


def test_what_was_forecast_from_the_same_past_is_not_forecast_again(own_lake: Path) -> None:
    assert forecast(own_lake).code == 0
    kept = own_lake / "models" / "kept_forecasts" / "events" / "day"
    first = {file.name: file.stat().st_mtime_ns for file in kept.iterdir()}
    assert len(first) == len({name.partition("-")[2] for name in first}) * 3
    assert forecast(own_lake, "--origins", 2).told["changed"]
    second = {file.name: file.stat().st_mtime_ns for file in kept.iterdir()}
    assert second.items() <= first.items()  # none is made anew


def test_a_forecast_of_own_series(tmp_path: Path) -> None:
    file, out, page = own_series(tmp_path), tmp_path / "ahead.csv", tmp_path / "page.html"
    ended = footfall(
        "forecast", "--csv", file, "--horizon", 7, "--origins", 4, "--model", "smoothing", "--out", out,
        "--report", page,
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "from 2020-06-04 00:00 to 2020-06-10 00:00" in " ".join(ended.out.split())
    ahead = pd.read_csv(out)
    assert len(ahead) == 2 * 7
    assert ((ahead.q025 <= ahead.q500) & (ahead.q500 <= ahead.q975)).all()
    assert page.exists()


def test_the_calendar_says_since_when_a_sale_is_known(tmp_path: Path) -> None:
    calendar = tmp_path / "sales.toml"
    calendar.write_text(
        '[[sale]]\nname = "old"\nfrom = 2020-05-01\nto = 2020-05-02\n'
        '[[sale]]\nname = "late"\nfrom = 2020-05-02\nto = 2020-05-03\nintensity = 2\nannounced = 2020-04-20\n'
    )
    known = known_days(load_settings(calendar=calendar), read_csv(own_series(tmp_path)))
    always, late = {date(2020, 5, 1): 1.0, date(2020, 5, 2): 1.0}, {date(2020, 5, 2): 2.0, date(2020, 5, 3): 2.0}
    assert known.at(pd.Timestamp("2020-04-19"), "D").sales == always
    assert known.at(pd.Timestamp("2020-04-20"), "D").sales == always | late


def promoted_series(folder: Path) -> Path:
    """Two series that an announced promotion lifts, with promotions of the week to come: on its third day only."""
    lines = ["series_id,ts,value,promotion_share"]
    for number in range(2):
        rng = np.random.default_rng(number)
        shares = np.append((rng.random(150) < 0.3) * 0.5, [0, 0, 0.5, 0, 0, 0, 0])
        values = 100 + 100 * shares + rng.normal(0, 3, 157)
        for day, share, value in zip(pd.date_range("2020-01-06", periods=157), shares, values, strict=True):
            lines.append(
                f"s{number},{day:%Y-%m-%d},{f'{value:.2f}' if day < pd.Timestamp('2020-06-04') else ''},{share}"
            )
    file = folder / "promoted.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_column_that_is_known_ahead_is_used_for_what_comes(tmp_path: Path) -> None:
    file, out = promoted_series(tmp_path), tmp_path / "ahead.csv"
    asked = ("--csv", file, "--origins", 4, "--model", "xgboost", "--known-ahead", "promotion_share")
    ended = footfall("forecast", *asked, "--horizon", 7, "--out", out)
    assert ended.code == 0, ended.err
    assert 'promoted.csv has more columns: "promotion_share" is known ahead' in ended.err
    for _, ours in pd.read_csv(out).groupby("series_id"):
        assert ours.ts.tolist()[::6] == ["2020-06-04", "2020-06-10"]
        assert ours["mean"].iloc[2] == pytest.approx(150, abs=10)
        assert ours["mean"].drop(ours.index[2]).to_numpy() == pytest.approx(100, abs=10)
    too_far = footfall("forecast", *asked, "--horizon", 8)
    assert too_far.code == 1
    assert "promoted.csv: promotion_share is said to be known ahead, but has no number for series s0" in too_far.err


def test_a_column_of_no_file_is_not_known_ahead() -> None:
    ended = footfall("backtest", "--known-ahead", "price")
    assert ended.code == 1
    assert "--known-ahead price is a column of your own series: name their file by --csv" in ended.err


def versions_of(lake: Path) -> list[str]:
    known = registry_of(open_lake(lake), load_settings(lake=lake)).versions("forecasts-events-day")
    assert known[0].aliases == ("champion",)
    return [one.version for one in known]


def rows_of(lake: Path, statement: str) -> pd.DataFrame:
    rows: pd.DataFrame = query(open_lake(lake), statement).to_pandas()
    return rows
