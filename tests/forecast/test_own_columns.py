"""Columns of a file beside its values: how they are read, and that only what is known of them is used."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shapes import panel, white_noise

from footfall.errors import LeakingFeature, SourceUnreadable, UserError
from footfall.forecast import (
    Exogenous,
    KnownDays,
    Panel,
    Past,
    exogenous,
    models,
    read_csv,
    refuse_gaps_ahead,
    refuse_leaks,
    roll,
)
from footfall.forecast.exogenous import own_features

HEADER = "series_id,ts,value,price,name\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "own.csv"
    file.write_text(text, "utf-8")
    return file


def lines(count: int = 30, price: str = "2.5", value: str = "5") -> list[str]:
    return [f"a,{day:%Y-%m-%d},{value},{price},tea" for day in pd.date_range("2020-01-06", periods=count)]


def test_columns_with_numbers_are_read_and_the_others_are_named(tmp_path: Path) -> None:
    text = HEADER + "\n".join([*lines(29), "a,2020-02-04,5,,7"])
    found = read_csv(written(tmp_path, text))
    assert list(found.rows.columns) == ["series_id", "ts", "value", "status", "own price"]
    assert found.rows["own price"].tolist()[:29] == [2.5] * 29
    assert np.isnan(found.rows["own price"].iloc[29])
    assert found.known_ahead == ()
    assert found.notes["own.csv"] == 'has more columns: "price" is used up to the origin; "name" is not used'


def test_a_column_may_have_any_name_but_none(tmp_path: Path) -> None:
    """`status` and `sale` are columns of ours too; that of an index has no name."""
    rows = "\n".join(f"{n},{line}" for n, line in enumerate(lines()))
    found = read_csv(written(tmp_path, ",series_id,ts,value,status,sale\n" + rows.replace("tea", "1")))
    assert list(found.rows.columns) == ["series_id", "ts", "value", "status", "own status", "own sale"]
    assert set(found.rows.status) == {"complete"}


@pytest.mark.parametrize(
    ("text", "known_ahead", "told"),
    [
        (
            HEADER + "\n".join([*lines(9), 'a,2020-01-15,5,"2,5",tea']),
            (),
            'line 11: price is "2,5" and must be a number',
        ),
        (HEADER + "\n".join(lines()), ("cost",), "--known-ahead cost is no column that holds numbers"),
        (HEADER + "\n".join(lines()), ("name",), "those are: price"),
        (HEADER + "\n".join(lines()), ("value",), "those are: price"),
        (HEADER.replace("name", "price") + "\n".join(lines()), (), "line 1: column price is there more than once"),
    ],
)
def test_what_is_wrong_with_a_column_is_told(
    text: str, known_ahead: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceUnreadable, match=r"own\.csv") as caught:
        read_csv(written(tmp_path, text), known_ahead)
    assert told in str(caught.value)


def test_lines_after_the_last_value_are_to_come_where_a_column_is_known_ahead(tmp_path: Path) -> None:
    ended = [line.replace("a,", "b,", 1) for line in lines(20)]
    coming = [line.replace(",5,", ",,") for line in lines(34)[30:]]
    file = written(tmp_path, HEADER + "\n".join([*lines(), *ended, *coming]))
    found = read_csv(file, ["price"]).rows
    assert found[found.series_id == "a"].status.tolist() == ["complete"] * 30 + ["partial"] * 4
    assert (found["own price"] == 2.5).all()
    assert len(found[found.series_id == "b"]) == 20
    missing = read_csv(file)
    assert missing.rows.status.tolist()[:34] == ["complete"] * 30 + ["missing"] * 4
    assert "4 lines after the last value are missing; --known-ahead COLUMN" in missing.notes["own.csv"]


def with_column(values: Panel, column: pd.Series, *, is_known_ahead: bool) -> Panel:
    rows = values.rows.assign(**{"own it": column})
    return replace(values, rows=rows, known_ahead=("own it",) if is_known_ahead else ())


def errors_by_step(ours: Panel) -> pd.Series:
    """Mean absolute error of xgboost, from one bucket ahead to seven."""
    told = roll(ours, models(["xgboost"]), horizon=7, origins=8).compared
    told = told[told.model == "xgboost"]
    errors = (told["mean"] - told.actual).abs().groupby((told.ts - told.origin).dt.days).mean()
    return errors / (told.actual - 100).abs().mean()


@pytest.mark.slow
def test_what_is_not_known_ahead_earns_what_its_past_says_and_no_more() -> None:
    """Of white noise the value itself tells nothing, tomorrow's only tomorrow; known ahead they tell all."""
    noise = panel(white_noise, series=3, days=200)
    today, tomorrow = noise.rows.value, noise.rows.groupby("series_id").value.shift(-1)
    assert (errors_by_step(with_column(noise, today, is_known_ahead=True)) < 0.3).all()
    assert errors_by_step(with_column(noise, today, is_known_ahead=False)).mean() > 0.9
    told = errors_by_step(with_column(noise, tomorrow, is_known_ahead=False))
    assert told[1] < 0.9 < told[2:].mean()


def test_the_future_of_a_column_that_is_not_known_ahead_changes_no_forecast() -> None:
    """Another future, the same forecasts; where it is known ahead, others."""
    noise = panel(white_noise, series=2, days=120)
    column = noise.rows.value + np.random.default_rng(0).normal(0, 1, len(noise.rows))
    for is_known_ahead in (False, True):
        ours = with_column(noise, column, is_known_ahead=is_known_ahead)
        whole = roll(ours, models(["xgboost"]), horizon=7, origins=2).rows
        origin = whole.origin.max()
        other = with_column(noise, column.mask(noise.rows.ts > origin, 150.0), is_known_ahead=is_known_ahead)
        again = roll(other, models(["xgboost"]), horizon=7, origins=2).rows
        mine, theirs = (rows[rows.model == "xgboost"]["mean"].to_numpy() for rows in (whole, again))
        assert np.array_equal(mine, theirs) is not is_known_ahead


def test_features_see_what_is_to_come_of_no_column_but_those_known_ahead() -> None:
    rows = panel(white_noise, series=1, days=40).rows.assign(**{"own a": 1.0, "own b": 2.0})
    seen = []
    spy = Exogenous("spy", False, lambda table, freq, known: seen.append(table) or table["own a"])
    ours = Panel(rows, "D", known_ahead=("own b",))
    is_past = rows.ts < "2020-02-01"
    exogenous([spy, *own_features(ours)], rows[is_past], rows[~is_past], "D", KnownDays())
    coming = seen[0][seen[0].ts >= "2020-02-01"]
    assert coming["own a"].isna().all()
    assert (coming["own b"] == 2).all()


@pytest.mark.parametrize("by", [-1, 1])
def test_a_feature_of_a_column_is_guarded_as_one_of_the_values(by: int) -> None:
    noise = panel(white_noise, series=2, days=60)
    shifted = Exogenous("it", False, lambda rows, freq, known: rows.groupby("series_id")["own it"].shift(by))
    for is_known_ahead in (True, False):
        ours = with_column(noise, noise.rows.value, is_known_ahead=is_known_ahead)
        asked = ((shifted, *own_features(ours)), ours.rows, pd.Timestamp("2020-02-10"), "D", KnownDays())
        if by < 0 and not is_known_ahead:
            with pytest.raises(LeakingFeature, match=r'feature "it" of s0 at 2020-02-10'):
                refuse_leaks(*asked)
        else:
            refuse_leaks(*asked)


def test_another_column_is_another_past() -> None:
    rows = panel(white_noise, series=1, days=20).rows
    given = rows[["series_id", "ts"]].assign(**{"own a": 1.0})
    pasts = [
        Past(rows, rows, "D", 7),
        Past(rows.assign(**{"own a": 1.0}), rows, "D", 7),
        Past(rows.assign(**{"own b": 1.0}), rows, "D", 7),
        Past(rows.assign(**{"own a": 2.0}), rows, "D", 7),
        Past(rows.assign(**{"own a": 1.0}), rows, "D", 7, given=given),
        Past(rows.assign(**{"own a": 1.0}), rows, "D", 7, given=given.assign(**{"own a": 2.0})),
    ]
    assert len({past.digest for past in pasts}) == len(pasts)
    assert pasts[4].digest == replace(pasts[4]).digest


def test_what_is_said_to_be_known_ahead_must_be(tmp_path: Path) -> None:
    coming = [line.replace(",5,", ",,") for line in lines(35)[30:]]
    coming[3] = coming[3].replace("2.5", "")
    file = written(tmp_path, HEADER + "\n".join([*lines(), *coming]))
    ours = read_csv(file, ["price"])
    refuse_gaps_ahead(ours, 3, file)
    with pytest.raises(UserError) as caught:
        refuse_gaps_ahead(ours, 7, file)
    told = str(caught.value)
    assert "own.csv: price is said to be known ahead, but has no number for series a at 2020-02-08" in told
    assert "nor in 2 more of the 7 coming buckets" in told
    assert "up to 2020-02-11" in told
