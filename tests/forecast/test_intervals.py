"""Intervals: nominal where errors are exchangeable, following a change, and blind to what comes after the origin."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.forecast.intervals import _FADING, _weighted_quantiles, calibrated
from footfall.forecast.quantiles import INTERVALS, LEVELS, QUANTILES

STEPS = 14
Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def told(errors: np.ndarray, *, model: str = "x", scale: float = 1.0, level: float = 100.0) -> pd.DataFrame:
    """Forecasts of a level without quantiles; errors by origin, series and step, in units of the scale."""
    number, name, step = (each.ravel() for each in np.meshgrid(*map(np.arange, errors.shape), indexing="ij"))
    first = pd.Timestamp("2020-01-05")
    rows = pd.DataFrame({"series_id": [f"s{n}" for n in name], "origin": first + pd.to_timedelta(number * STEPS, "D")})
    rows["ts"] = rows.origin + pd.to_timedelta(step + 1, "D")
    rows = rows.assign(model=model, mean=level, actual=level + scale * errors.ravel(), status="complete", scale=scale)
    rows = rows.assign(least=-np.inf, smallest=0.0, is_closed=False, volume="steady", kind="ordinary")
    return rows.assign(reach=np.minimum(step // 7, 1).astype(str), **dict.fromkeys(QUANTILES, np.nan))


def coverage(rows: pd.DataFrame, percent: int) -> float:
    low, high = INTERVALS[percent]
    return float(rows.actual.between(rows[low], rows[high]).mean())


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, size: rng.normal(0, 1, size),
        lambda rng, size: rng.lognormal(0, 1, size),
        lambda rng, size: rng.standard_t(3, size) * 50 - 20,
    ],
    ids=["normal", "skewed", "heavy and biased"],
)
def test_every_quantile_is_where_it_says_on_exchangeable_errors(draw: Draw) -> None:
    rng = np.random.default_rng(0)
    found = calibrated(told(draw(rng, (30, 20, STEPS)), scale=3.0))
    later = found[found.origin >= found.origin.unique()[5]]
    for level, name in zip(LEVELS, QUANTILES, strict=True):
        assert (later.actual <= later[name]).mean() == pytest.approx(level, abs=0.015)
    assert coverage(later, 80) == pytest.approx(0.8, abs=0.015)
    assert coverage(later, 95) == pytest.approx(0.95, abs=0.01)


def test_quantiles_of_a_model_that_are_too_narrow_and_too_high_are_mended() -> None:
    rng = np.random.default_rng(1)
    rows = told(rng.normal(0, 1, (20, 20, STEPS)) * 10)
    for level, name in zip(LEVELS, QUANTILES, strict=True):
        rows[name] = 107.0 + level
    later = calibrated(rows)
    later = later[later.origin >= later.origin.unique()[4]]
    assert coverage(later, 80) == pytest.approx(0.8, abs=0.02)
    assert (later.actual <= later.q500).mean() == pytest.approx(0.5, abs=0.02)


def test_intervals_follow_a_change_of_variance() -> None:
    """Nominal within it again; without fading it would still be far from that."""
    rng = np.random.default_rng(2)
    errors = rng.normal(0, 1, (60, 20, STEPS))
    errors[20:] *= 4
    found = calibrated(told(errors))
    at = found.origin.unique()
    assert coverage(found[found.origin == at[20]], 80) < 0.4
    assert coverage(found[found.origin >= at[50]], 80) == pytest.approx(0.8, abs=0.03)
    width = (found.q900 - found.q100).groupby(found.origin).mean()
    assert width[at[20]] < 3
    assert width[at[59]] > 8


def test_events_far_buckets_and_classes_have_their_own_width() -> None:
    rng = np.random.default_rng(3)
    rows = told(rng.normal(0, 1, (20, 30, STEPS)))
    rows["kind"] = np.where(rows.ts.dt.dayofweek == 5, "event", "ordinary")
    rows["volume"] = np.where(rows.series_id.str.len() == 2, "rare", "steady")
    wider = np.select([rows.kind == "event", rows.volume == "rare", rows.reach == "1"], [8.0, 4.0, 2.0], 1.0)
    rows["actual"] = 100 + wider * (rows.actual - 100)
    later = calibrated(rows.assign(wider=wider))
    later = later[later.origin >= later.origin.unique()[12]]
    widths = (later.q900 - later.q100).groupby(later.wider).mean()
    np.testing.assert_allclose(widths, 2 * 1.2816 * widths.index, rtol=0.15)
    assert later.groupby("wider")[["actual", *QUANTILES]].apply(coverage, 80).between(0.76, 0.84).all()


def test_a_stratum_with_too_few_errors_takes_those_of_a_wider_one() -> None:
    """One event each time: its errors are too few, and those of all days of its class stand for them."""
    rng = np.random.default_rng(4)
    rows = told(rng.normal(0, 1, (4, 8, STEPS))).assign(reach="0")
    is_event = (rows.ts == rows.origin + pd.Timedelta(days=3)) & (rows.series_id == "s0")
    found = calibrated(rows.assign(kind=np.where(is_event, "event", "ordinary")))
    is_before = rows.origin < rows.origin.max()
    all_before, ordinary = rows[is_before], rows[is_before & ~is_event]
    last = found[found.origin == found.origin.max()]
    for rows_before, ours in ((all_before, last[last.kind == "event"]), (ordinary, last[last.kind == "ordinary"])):
        weights = _FADING ** ((rows.origin.max() - rows_before.origin).dt.days.to_numpy() / STEPS - 1)
        expected = slow_quantile(rows_before.actual.to_numpy(), weights, 0.9)
        np.testing.assert_allclose(ours.q900, expected)


def slow_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> float:
    """Each value lies in the middle of its weight; straight lines between them."""
    pairs = sorted(zip(values, weights, strict=True))
    total = float(sum(weights))
    middles, before = [], 0.0
    for value, weight in pairs:
        middles.append((before + weight / 2, value))
        before += weight
    if level * total <= middles[0][0]:
        return float(middles[0][1])
    for (left, low), (right, high) in pairwise(middles):
        if left <= level * total <= right:
            return float(low + (high - low) * (level * total - left) / (right - left))
    return float(middles[-1][1])


def test_equal_errors_in_another_order_are_the_same() -> None:
    """Errors of rare series are often 0."""
    values, weights = np.array([0.0, 0.0, 0.0, 1.0]), np.array([1.0, 0.1, 0.5, 1.0])
    found = [
        _weighted_quantiles(np.repeat(values[order, None], len(LEVELS), axis=1), weights[order])
        for order in (np.array([0, 1, 2, 3]), np.array([3, 1, 2, 0]), np.array([2, 0, 3, 1]))
    ]
    np.testing.assert_array_equal(found[1:], found[:1] * 2)


@given(
    st.lists(
        st.tuples(st.floats(-100, 100), st.floats(0.1, 1)), min_size=1, max_size=40, unique_by=lambda pair: pair[0]
    )
)
def test_a_weighted_quantile_is_its_definition(pairs: list[tuple[float, float]]) -> None:
    values, weights = (np.array(each) for each in zip(*pairs, strict=True))
    found = _weighted_quantiles(np.repeat(values[:, None], len(LEVELS), axis=1), weights)
    np.testing.assert_allclose(found, [slow_quantile(values, weights, level) for level in LEVELS], rtol=1e-7, atol=1e-7)


def test_with_equal_weights_it_is_the_quantile_of_hazen() -> None:
    values = np.random.default_rng(5).normal(size=333)
    found = _weighted_quantiles(np.repeat(values[:, None], len(LEVELS), axis=1), np.full(333, 0.3))
    np.testing.assert_allclose(found, np.quantile(values, LEVELS, method="hazen"))


@pytest.mark.parametrize("number", [0, 1, 3])
def test_what_comes_after_an_origin_does_not_change_its_quantiles(number: int) -> None:
    rng = np.random.default_rng(6)
    rows = told(rng.normal(0, 1, (5, 20, STEPS)))
    origin = rows.origin.unique()[number]
    other = rows.assign(
        actual=rows.actual.mask(rows.ts > origin, 1e6), status=rows.status.mask(rows.ts > origin, "closed")
    )
    mine, theirs = (calibrated(each).loc[rows.origin == origin, list(QUANTILES)] for each in (rows, other))
    pd.testing.assert_frame_equal(mine, theirs)


def test_an_earlier_forecast_that_reaches_beyond_the_origin_is_not_used_there() -> None:
    """Origins that are nearer than the horizon."""
    rows = told(np.random.default_rng(7).normal(0, 1, (5, 40, STEPS)))
    nearer = (rows.origin - rows.origin.min()) / 2
    rows = rows.assign(ts=rows.ts - nearer, origin=rows.origin - nearer)
    origin = rows.origin.unique()[2]
    other = rows.assign(actual=rows.actual.mask(rows.ts > origin, 1e6))
    mine, theirs = (calibrated(each).loc[rows.origin == origin, list(QUANTILES)] for each in (rows, other))
    assert mine.notna().all(axis=None)
    pd.testing.assert_frame_equal(mine, theirs)


def test_models_do_not_share_errors() -> None:
    rng = np.random.default_rng(8)
    both = [told(rng.normal(0, size, (5, 20, STEPS)), model=model) for model, size in (("x", 1), ("y", 100))]
    together = calibrated(pd.concat(both, ignore_index=True))
    pd.testing.assert_frame_equal(together[together.model == "x"], calibrated(both[0]))


def test_errors_are_measured_in_the_scale_of_the_series() -> None:
    """A hundred times the series, a hundred times the interval."""
    errors = np.random.default_rng(9).normal(0, 1, (5, 20, STEPS))
    small, large = calibrated(told(errors)), calibrated(told(errors, scale=100.0, level=10_000.0))
    np.testing.assert_allclose(small[list(QUANTILES)] * 100, large[list(QUANTILES)], rtol=1e-9)


def test_order_least_and_closed() -> None:
    rng = np.random.default_rng(10)
    rows = told(rng.normal(0, 60, (6, 20, STEPS)), level=20.0)
    rows["least"] = np.where(rows.series_id == "s0", -np.inf, 0.0)
    rows["is_closed"] = rows.ts.dt.dayofweek == 6
    rows["mean"] = rows["mean"].mask(rows.is_closed, 0.0)
    crossing = rows.assign(**{name: 20.0 - 5 * place for place, name in enumerate(QUANTILES)})
    crossing.loc[rows.is_closed, list(QUANTILES)] = 0.0
    for each in (rows, crossing):
        found = calibrated(each)
        found = found[found.origin > found.origin.min()]
        numbers = found[list(QUANTILES)]
        assert (np.diff(numbers) >= 0).all()
        assert (numbers[found.least == 0] >= 0).all(axis=None)
        assert (numbers[found.least < 0] < 0).any(axis=None)
        assert (found.loc[found.is_closed, list(QUANTILES)] == 0).all(axis=None)
        assert (numbers.q900[~found.is_closed] > 0).all()


@pytest.mark.parametrize("status", ["closed", "missing", None])
def test_only_complete_buckets_teach(status: str | None) -> None:
    rows = told(np.random.default_rng(11).normal(0, 1, (5, 20, STEPS)))
    odd = rows.index % 5 == 0
    wrong = rows.assign(status=rows.status.mask(odd, status), actual=rows.actual.mask(odd, 1e6))
    found = calibrated(wrong).loc[~odd].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, calibrated(rows[~odd].reset_index(drop=True)))


def test_a_model_that_failed_has_no_quantiles_there_and_teaches_nothing() -> None:
    rows = told(np.random.default_rng(12).normal(0, 1, (5, 20, STEPS)))
    rows["mean"] = rows["mean"].mask(rows.series_id == "s3")
    found = calibrated(rows)
    assert found.loc[found.series_id == "s3", list(QUANTILES)].isna().all(axis=None)
    assert found.loc[(found.series_id != "s3") & (found.origin > found.origin.min()), "q025"].notna().all()


def test_of_the_first_origin_there_are_none_as_it_has_no_errors_before() -> None:
    rows = told(np.random.default_rng(13).normal(0, 1, (3, 20, STEPS)))
    is_first = rows.origin == rows.origin.min()
    assert calibrated(rows).loc[is_first, list(QUANTILES)].isna().all(axis=None)
    own = rows.assign(**{name: 90.0 + place for place, name in enumerate(QUANTILES)})
    assert calibrated(own).loc[is_first, list(QUANTILES)].isna().all(axis=None)


def test_between_nothing_and_the_smallest_sale_is_nothing() -> None:
    rng = np.random.default_rng(2)
    rows = told(rng.normal(0, 1, (6, 20, STEPS)), level=1.5).assign(least=0.0, smallest=2.0)
    found = calibrated(rows)
    numbers = found.loc[found.origin > found.origin.min(), list(QUANTILES)].to_numpy()
    assert ((numbers == 0) | (numbers >= 1)).all()
    assert (numbers == 0).any()
