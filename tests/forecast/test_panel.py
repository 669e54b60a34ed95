"""Anyone's own series: what is read, what is said, and what is left out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from footfall.errors import SourceUnreadable
from footfall.forecast import Panel, read_csv


def csv(lines: list[str], folder: Path) -> Panel:
    file = folder / "own.csv"
    file.write_text("\n".join(["series_id,ts,value", *lines]) + "\n", "utf-8")
    return read_csv(file)


def days(name: str, count: int, value: str = "5", first: str = "2020-01-06") -> list[str]:
    return [f"{name},{day:%Y-%m-%d},{value}" for day in pd.date_range(first, periods=count, freq="D")]


@pytest.mark.parametrize(
    ("freq", "season"), [("min", 1440), ("15min", 96), ("h", 24), ("D", 7), ("7D", 52), ("MS", 12)]
)
def test_the_step_is_told_from_the_time_stamps(freq: str, season: int, tmp_path: Path) -> None:
    moments = pd.date_range("2020-01-01", periods=30, freq=freq)
    found = csv([f"a,{moment.isoformat()},{n}" for n, moment in enumerate(moments)], tmp_path)
    assert (found.freq, found.season) == (freq, season)
    assert list(found.rows.ts) == list(moments)
    assert list(found.rows.value) == list(range(30))


def test_series_are_read_in_any_order(tmp_path: Path) -> None:
    lines = days("b", 20) + days("a", 20, "7")
    found = csv(list(np.random.default_rng(0).permutation(lines)), tmp_path)
    pd.testing.assert_frame_equal(found.rows, csv(days("a", 20, "7") + days("b", 20), tmp_path).rows)


def test_empty_values_and_missing_lines_are_missing(tmp_path: Path) -> None:
    lines = days("a", 40)
    lines[10] = lines[10].removesuffix("5")
    del lines[20]
    found = csv(lines, tmp_path).rows
    assert list(found.index[found.status == "missing"]) == [10, 20]
    assert found.value.isna().sum() == 2


def test_zeros_of_one_day_of_the_week_are_closed_and_others_are_not(tmp_path: Path) -> None:
    moments = pd.date_range("2020-01-06", periods=70, freq="D")
    lines = [f"a,{day:%Y-%m-%d},{0 if day.dayofweek == 5 or n == 30 else 9}" for n, day in enumerate(moments)]
    found = csv(lines, tmp_path).rows
    assert set(found.ts[found.status == "closed"].dt.dayofweek) == {5}
    assert found.status[30] == "complete"


def test_a_change_of_clocks_does_not_move_days(tmp_path: Path) -> None:
    zones = ["+01:00"] * 10 + ["+02:00"] * 10
    lines = [
        f"a,{day:%Y-%m-%d}T00:00{zone},1"
        for day, zone in zip(pd.date_range("2020-03-20", periods=20), zones, strict=True)
    ]
    found = csv(lines, tmp_path)
    assert found.freq == "D"
    assert found.left_out == {}
    assert list(found.rows.ts) == list(pd.date_range("2020-03-20", periods=20))


def test_hours_with_a_time_zone_are_those_of_utc(tmp_path: Path) -> None:
    moments = pd.date_range("2020-03-28 12:00", periods=40, freq="h", tz="Europe/Paris")
    found = csv([f"a,{moment.isoformat()},1" for moment in moments], tmp_path)
    assert found.freq == "h"
    assert found.rows.ts[0] == pd.Timestamp("2020-03-28 11:00")
    assert (found.rows.status == "complete").all()


def test_one_bad_series_stops_no_other(tmp_path: Path) -> None:
    moved = days("off", 40)
    moved[20:] = [line.replace(",5", "T07:00:00,5") for line in moved[20:]]
    found = csv(days("good", 40) + days("twice", 40) + days("twice", 1) + moved + days("short", 9), tmp_path)
    assert set(found.rows.series_id) == {"good", "short"}
    assert "1 time stamps occur more than once, the first is 2020-01-06" in found.left_out["twice"]
    assert "20 time stamps do not lie a whole number of steps (a day) after 2020-01-06" in found.left_out["off"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (days("a", 40, "0"), "is 0 in every bucket"),
        (days("a", 40, "3.5"), "is 3.5 in every bucket"),
        (days("a", 1) + days("b", 30), "is 5 in every bucket"),
        (days("a", 40) + days("a", 40, "6", first="2020-03-20"), "has a gap of 34 buckets"),
    ],
)
def test_what_is_odd_is_said_and_the_series_stays(lines: list[str], told: str, tmp_path: Path) -> None:
    found = csv(lines, tmp_path)
    assert told in found.notes["a"]
    assert "a" in set(found.rows.series_id)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not CSV"),
        ("id,when,y\n1,2,3\n", "line 1: there is no column series_id, ts, value, but id, when, y"),
        ("series_id;ts;value\na;2020-01-01;1\n", "columns are divided by commas"),
        ("series_id,ts,value\n", "holds no rows"),
        ('series_id,ts,value\na,2020-01-01,1\na,2020-01-02,"1,5"\n', 'line 3: value is "1,5" and must be a number'),
        ("series_id,ts,value\na,2020-01-01,inf\n", 'value is "inf"'),
        ("series_id,ts,value\na,2020-01-01,1\na,soon,1\n", 'line 3: ts is "soon" and must be a date'),
        ("series_id,ts,value\na,2020-01-01,1\n", "no series has two time stamps"),
        ("series_id,ts,value\na,2020-01-01,1\na,2020-01-04,1\na,2020-01-07,1\n", "the most common step"),
    ],
)
def test_a_file_that_cannot_be_read(text: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(text)
    with pytest.raises(SourceUnreadable, match=r"own\.csv") as caught:
        read_csv(file)
    assert told in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="cannot be read"):
        read_csv(tmp_path / "own.csv")
