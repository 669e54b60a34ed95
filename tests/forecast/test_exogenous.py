"""Columns beside the series: distances against a slow count, and the guard against what leaks."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import LeakingFeature
from footfall.forecast import Exogenous, KnownDays, Panel, exogenous, models, refuse_leaks, roll
from footfall.forecast.boosting import Boosting
from footfall.forecast.exogenous import CALENDAR

FIRST = date(2024, 3, 1)


def series(count: int = 60, freq: str = "D", first: object = FIRST) -> pd.DataFrame:
    moments = pd.date_range(pd.Timestamp(first), periods=count, freq=freq)
    values = np.random.default_rng(0).normal(100, 10, 2 * count)
    names = np.repeat(["a", "b"], count)
    return pd.DataFrame({"series_id": names, "ts": [*moments, *moments], "value": values})


def calendar(rows: pd.DataFrame, known: KnownDays, freq: str = "D") -> pd.DataFrame:
    return pd.DataFrame({one.name: one.values(rows, freq, known) for one in CALENDAR}, rows.index)


days = st.frozensets(st.integers(-40, 110).map(lambda n: FIRST + timedelta(days=n)), max_size=6)


@given(holidays=days, sales=days, closed=days)
def test_distances_are_counted_day_by_day(
    holidays: frozenset[date], sales: frozenset[date], closed: frozenset[date]
) -> None:
    known = KnownDays(closed, holidays, dict.fromkeys(sales, 0.5))
    rows = series()
    found = calendar(rows, known)
    for name, marked in (("holiday", holidays), ("sale", sales), ("closing", closed)):
        for row, day in enumerate(rows.ts.dt.date):
            ahead = [(other - day).days for other in marked if 0 <= (other - day).days < 28]
            behind = [(day - other).days for other in marked if 0 <= (day - other).days < 28]
            assert found[f"days_to_{name}"][row] == min(ahead, default=28)
            assert found[f"days_from_{name}"][row] == min(behind, default=28)
    assert list(found.sale) == [0.5 if day in sales else 0.0 for day in rows.ts.dt.date]


@pytest.mark.parametrize(("day", "hours"), [(date(2024, 3, 30), 24), (date(2024, 3, 31), 23), (date(2024, 10, 27), 25)])
def test_hours_belong_to_the_days_of_the_shop(day: date, hours: int) -> None:
    """Also to those on which clocks change."""
    rows = series(24 * 5, "h", day - timedelta(days=2))
    found = calendar(rows, KnownDays(holidays={day}, sales={day: 2.0}, timezone="Europe/Paris"), "h")
    on_it = rows[(found.sale == 2) & (rows.series_id == "a")].ts
    midnight = pd.Timestamp(day, tz="Europe/Paris").tz_convert("UTC").tz_localize(None)
    assert list(on_it) == list(pd.date_range(midnight, periods=hours, freq="h"))
    assert (found.days_to_holiday[on_it.index] == 0).all()
    assert found.days_to_holiday[on_it.index[0] - 1] == 1
    assert found.days_from_holiday[on_it.index[-1] + 1] == 1


def test_columns_lie_on_the_rows_that_they_are_of() -> None:
    rows = series()
    past, ahead = rows[rows.ts < "2024-04-10"], rows.loc[rows.ts >= "2024-04-10", ["series_id", "ts"]]
    past, ahead = past.sample(frac=1, random_state=0), ahead.sample(frac=1, random_state=0)
    day = Exogenous("day", True, lambda rows, freq, known: rows.ts.dt.day.astype(float))
    before = Exogenous("before", False, lambda rows, freq, known: rows.groupby("series_id").value.shift())
    behind, coming = exogenous([day, before], past, ahead, "D", KnownDays())
    assert (list(behind.columns), list(coming.columns)) == (["day", "before"], ["day"])
    assert behind.day.equals(past.ts.dt.day.astype(float))
    assert coming.day.equals(ahead.ts.dt.day.astype(float))


def test_what_is_to_come_is_blank_to_features() -> None:
    rows = series()
    seen = []

    def spy(table: pd.DataFrame, freq: str, known: KnownDays) -> pd.Series:
        seen.append(table)
        return table.ts.dt.day.astype(float)

    exogenous(
        [Exogenous("spy", True, spy)], rows[rows.ts < "2024-04-10"], rows[rows.ts >= "2024-04-10"], "D", KnownDays()
    )
    assert seen[0][seen[0].ts >= "2024-04-10"].value.isna().all()


def shifted(by: int) -> object:
    return lambda rows, freq, known: rows.groupby("series_id").value.shift(by)


def guard(values: object, *, is_known_ahead: bool) -> None:
    refuse_leaks([Exogenous("it", is_known_ahead, values)], series(), pd.Timestamp("2024-04-01"), "D", KnownDays())


@pytest.mark.parametrize("is_known_ahead", [True, False])
@pytest.mark.parametrize(
    "values",
    [
        shifted(-1),
        lambda rows, freq, known: rows.value - rows.groupby("series_id").value.transform("mean"),
        lambda rows, freq, known: rows.groupby("series_id").value.rank(),
        lambda rows, freq, known: rows.groupby("series_id").value.transform(
            lambda ours: ours.rolling(3, center=True).mean()
        ),
        lambda rows, freq, known: rows.value.fillna(rows.value.mean()) + rows.value.isna().sum(),
    ],
)
def test_tomorrow_is_refused(values: object, is_known_ahead: bool) -> None:
    with pytest.raises(LeakingFeature, match=r'feature "it" of [ab] at 2024-0\d.* uses what comes after 2024-04-01'):
        guard(values, is_known_ahead=is_known_ahead)


@pytest.mark.parametrize("by", [0, 1, 7])
def test_a_lag_is_honest_where_it_is_not_said_to_be_known_ahead(by: int) -> None:
    guard(shifted(by), is_known_ahead=False)
    with pytest.raises(LeakingFeature, match="feature"):
        guard(shifted(by), is_known_ahead=True)


def test_a_lag_beyond_all_that_is_to_come_is_known_ahead() -> None:
    guard(shifted(30), is_known_ahead=True)


@pytest.mark.parametrize("values", [lambda rows, freq, known: rows.value * np.nan, shifted(1)])
def test_blanks_are_not_taken_for_leaks(values: object) -> None:
    rows = series().assign(value=lambda table: table.value.mask(table.index % 5 == 0))
    refuse_leaks([Exogenous("it", False, values)], rows, pd.Timestamp("2024-04-01"), "D", KnownDays())


def test_the_order_of_a_column_does_not_hide_a_leak() -> None:
    """A column lies on the rows by its index; in the other order, a lead must be seen all the same."""
    rows = series()
    rows = rows[rows.series_id == "a"]
    lead = Exogenous("it", False, lambda table, freq, known: table.value.shift(-1).iloc[::-1])
    with pytest.raises(LeakingFeature, match=r"of a at 2024-04-20"):
        refuse_leaks([lead], rows, pd.Timestamp("2024-04-20"), "D", KnownDays())


@pytest.mark.parametrize(
    ("freq", "first"), [("D", "2024-03-01"), ("h", "2024-03-29"), ("7D", "2024-01-01"), ("MS", "2020-01-01")]
)
def test_the_calendar_leaks_nothing(freq: str, first: str) -> None:
    rows = series(72, freq, first)
    known = KnownDays({date(2024, 4, 1)}, {date(2024, 4, 1)}, {date(2024, 4, 3): 1.0}, "Europe/Paris")
    refuse_leaks(CALENDAR, rows, rows.ts[40], freq, known)


@pytest.mark.parametrize(
    ("freq", "before", "since"),
    [
        ("D", "2024-10-31", "2024-11-01"),
        ("h", "2024-10-31 21:00", "2024-10-31 23:00"),  # in Paris it is midnight when it is 23:00 in UTC
        ("7D", "2024-10-21", "2024-10-28"),
        ("MS", "2024-10-01", "2024-11-01"),
    ],
)
def test_a_sale_is_known_from_the_bucket_in_which_it_was_announced(freq: str, before: str, since: str) -> None:
    black_friday, winter = {date(2024, 11, 29): 2.5}, {date(2024, 12, 27): 1.0, date(2024, 11, 29): 3.0}
    announced = [(date(2024, 11, 1), black_friday), (date(2030, 1, 1), winter)]
    known = KnownDays(sales={date(2024, 6, 1): 1.0}, timezone="Europe/Paris", announced=announced)
    assert known.at(pd.Timestamp(before), freq).sales == {date(2024, 6, 1): 1.0}
    assert known.at(pd.Timestamp(since), freq).sales == {date(2024, 6, 1): 1.0} | black_friday
    assert known.at(pd.Timestamp("2031-01-01"), freq).sales[date(2024, 11, 29)] == 3.0


def test_models_do_not_know_of_a_sale_before_it_was_announced() -> None:
    """Half way between two origins: the first forecasts as if there were none, the second as if it was always known."""
    rows = series(120).assign(status="complete")
    rows["value"] *= np.where(rows.ts.dt.day == 20, 2, 1)
    before, coming = {date(2024, month, 20): 1.0 for month in (3, 4, 5)}, {date(2024, 6, 20): 1.0}
    kinds = {
        "never": KnownDays(sales=before),
        "always": KnownDays(sales=before | coming),
        "announced": KnownDays(sales=before, announced=[(date(2024, 6, 10), coming)]),
    }
    origins = {}
    for name, known in kinds.items():
        told = roll(Panel(rows, "D"), [*models([]), Boosting()], horizon=10, origins=2, known=known).rows
        told = told[told.model == "xgboost"]
        origins[name] = [ours["mean"].to_numpy() for _, ours in told.groupby("origin")]
    assert len(origins["announced"]) == 2
    np.testing.assert_array_equal(origins["announced"][0], origins["never"][0])
    np.testing.assert_array_equal(origins["announced"][1], origins["always"][1])
    assert not np.array_equal(origins["never"][0], origins["always"][0])
    assert not np.array_equal(origins["never"][1], origins["always"][1])


def test_columns_of_the_models_are_guarded_too() -> None:
    """What is to come is blank when it forecasts, but it would learn from rows that know it."""
    rows = series(35).assign(status="complete")
    leaking = Boosting(features=(Exogenous("tomorrow", True, shifted(-1)),))
    with pytest.raises(LeakingFeature, match="tomorrow"):
        roll(Panel(rows, "D"), [*models([]), leaking], horizon=7, origins=2)
