"""Coherent forecasts: against the closed form with a summing matrix, and against a search for the nearest ones."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, minimize

from footfall.forecast import CHOSEN, Panel, models, roll
from footfall.forecast.reconciliation import constraints, reconciled

NESTED = [("t", None), *(("t" + a, "t") for a in "ab"), *(("t" + a + b, "t" + a) for a in "ab" for b in "xyz")]
CROSSED = {"country": 3, "category": 4}


def nested() -> tuple[list[str], np.ndarray]:
    rows = pd.DataFrame(NESTED, columns=["series_id", "parent"]).assign(dimension="place")
    names = list(rows.series_id)
    return names, constraints(rows, names)


def crossed(sizes: dict[str, int] = CROSSED) -> tuple[list[str], np.ndarray]:
    """Each dimension sums to the same total, and no series is below two of them."""
    members = [(f"{dimension} {n}", "t", dimension) for dimension, size in sizes.items() for n in range(size)]
    rows = pd.DataFrame([("t", None, None), *members], columns=["series_id", "parent", "dimension"])
    names = list(rows.series_id)
    return names, constraints(rows, names)


HIERARCHIES = {"nested": nested, "crossed": crossed}


def one(told: np.ndarray, variance: np.ndarray, sums: np.ndarray, closed: np.ndarray | None = None) -> np.ndarray:
    is_closed = np.zeros(len(told), bool) if closed is None else closed
    return reconciled(told[None], variance[None], sums, is_closed[None])[0]


def nearest(told: np.ndarray, variance: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """The same found by a general search, from nothing."""
    found = minimize(
        lambda x: ((x - told) ** 2 / variance).sum(),
        np.maximum(told, 0.0),
        jac=lambda x: 2 * (x - told) / variance,
        hess=lambda _: np.diag(2 / variance),
        bounds=Bounds(0, np.inf),
        constraints=LinearConstraint(sums, 0, 0),
        method="trust-constr",
        options={"maxiter": 5000, "gtol": 1e-10, "xtol": 1e-12, "barrier_tol": 1e-10},
    )
    assert found.status in (1, 2), found.message
    return np.asarray(found.x)


def test_a_sum_is_a_row_and_only_where_all_of_it_is_forecast() -> None:
    names, sums = nested()
    assert [set(np.array(names)[row < 0]) for row in sums] == [
        {"ta", "tb"},
        {"tax", "tay", "taz"},
        {"tbx", "tby", "tbz"},
    ]
    assert [names[int(row.argmax())] for row in sums] == ["t", "ta", "tb"]
    rows = pd.DataFrame(NESTED, columns=["series_id", "parent"]).assign(dimension="place")
    without = constraints(rows, [name for name in names if name != "tby"])
    assert without.shape == (2, len(names) - 1)
    assert len(crossed()[1]) == 2


def test_without_bounds_it_is_mint_with_a_summing_matrix() -> None:
    """(S' W^-1 S)^-1 S' W^-1, as the paper writes it."""
    names, sums = nested()
    leaves = names[3:]
    summing = np.array([[float(leaf.startswith(name)) for leaf in leaves] for name in names])
    rng = np.random.default_rng(1)
    told, variances = 100 + rng.normal(0, 5, (20, len(names))), rng.gamma(2, 3, (20, len(names)))
    told[:, :3] = told[:, 3:] @ summing[:3].T + rng.normal(0, 5, (20, 3))
    found = reconciled(told, variances, sums, np.zeros(told.shape, bool))
    for ours, base, variance in zip(found, told, variances, strict=True):
        weighted = summing.T / variance
        expected = summing @ np.linalg.solve(weighted @ summing, weighted @ base)
        np.testing.assert_allclose(ours, expected, rtol=1e-9)


@pytest.mark.parametrize("hierarchy", HIERARCHIES)
def test_it_is_the_nearest_that_is_coherent_and_not_negative(hierarchy: str) -> None:
    names, sums = HIERARCHIES[hierarchy]()
    rng = np.random.default_rng(0)
    for _ in range(30):
        told, variance = rng.gamma(0.3, 5, len(names)), rng.gamma(0.5, 2, len(names)) + 0.05
        np.testing.assert_allclose(one(told, variance, sums), nearest(told, variance, sums), atol=1e-4)


def test_what_is_negative_below_does_not_make_all_of_it_nothing() -> None:
    """The first point without bounds is negative at one member; another one must come free of its bound again."""
    _, sums = crossed({"country": 2, "category": 2})
    told, variance = np.array([-4.0, 3.0, 6.0, 2.0, 9.0]), np.array([0.5, 4.0, 1.0, 2.0, 1.0])
    np.testing.assert_allclose(one(told, variance, sums), nearest(told, variance, sums), atol=1e-4)


@pytest.mark.parametrize("least", [1e-2, 1e-4, 1e-8])
def test_sums_hold_where_sizes_are_far_apart(least: float) -> None:
    """A shop with a total of 100,000, and a brand that sells one a day."""
    _, sums = nested()
    told = np.array([1e5, 1e5, 3.0, 5e4, 2e4, 2e4, 1.0, 1.0, 0.5])
    variance = np.array([1e10, 1e10, least, 1e9, 1e9, 1e9, least, least, least])
    found = one(told, variance, sums)
    np.testing.assert_allclose(found[2], found[6:].sum(), atol=1e-6)
    np.testing.assert_allclose(sums @ found, 0, atol=1e-3)


@pytest.mark.parametrize("hierarchy", HIERARCHIES)
def test_closed_stays_closed_with_all_below(hierarchy: str) -> None:
    names, sums = HIERARCHIES[hierarchy]()
    told, closed = np.full(len(names), 10.0), np.zeros(len(names), bool)
    closed[1] = True
    found = one(told, np.ones(len(names)), sums, closed)
    below = np.char.startswith(names, names[1])
    assert (found[below] == 0).all()
    assert (found[~below] > 0).all()
    np.testing.assert_allclose(sums @ found, 0, atol=1e-9)
    everything = one(told, np.ones(len(names)), sums, np.arange(len(names)) == 0)
    assert (everything == 0).all()


def test_one_bucket_is_not_changed_by_another() -> None:
    _, sums = crossed()
    rng = np.random.default_rng(3)
    told, variances = rng.gamma(1, 5, (5, sums.shape[1])), rng.gamma(1, 5, (5, sums.shape[1]))
    closed = rng.random(told.shape) < 0.2
    together = reconciled(told, variances, sums, closed)
    apart = [one(*each[:2], sums, each[2]) for each in zip(told, variances, closed, strict=True)]
    np.testing.assert_array_equal(together, apart)


def test_what_is_surer_is_changed_less() -> None:
    """3 apart, variances 2 and 1 and 0: by hand."""
    _, sums = crossed({"country": 2})
    np.testing.assert_allclose(
        one(np.array([13.0, 4.0, 6.0]), np.array([2.0, 1.0, 1e-12]), sums), [11, 5, 6], atol=1e-9
    )


def test_with_no_sums_nothing_is_changed() -> None:
    told = np.array([[5.0, -1.0]])
    assert reconciled(told, np.ones((1, 2)), np.zeros((0, 2)), np.zeros((1, 2), bool)) is told


@given(st.data())
def test_any_hierarchy_is_coherent_and_never_negative(data: st.DataObject) -> None:
    """A total, dimensions that cross, and members of some members: any sizes, any variances, any closings."""
    rows: list[tuple[str, str | None, str | None]] = [("t", None, None)]
    for dimension in range(data.draw(st.integers(1, 3))):
        for member in range(data.draw(st.integers(1, 4))):
            rows.append((name := f"{dimension}.{member}", "t", f"d{dimension}"))
            rows += [(f"{name}.{leaf}", name, "leaf") for leaf in range(data.draw(st.integers(0, 3)))]
    names = [row[0] for row in rows]
    sums = constraints(pd.DataFrame(rows, columns=["series_id", "parent", "dimension"]), names)
    numbers = st.lists(st.floats(0, 1000), min_size=len(names), max_size=len(names)).map(np.array)
    told, variance = data.draw(numbers), data.draw(numbers) + 1e-3
    closed = np.array(data.draw(st.lists(st.booleans(), min_size=len(names), max_size=len(names)))) & (told < 200)
    found = one(told, variance, sums, closed)
    np.testing.assert_allclose(sums @ found, 0, atol=1e-6 * max(told.max(), 1))
    assert (found >= 0).all()
    assert (found[closed] == 0).all()
    np.testing.assert_allclose(one(found, variance, sums, closed), found, atol=1e-6 * max(told.max(), 1))


def shop(days: int = 120) -> Panel:
    """Two countries, and a total that is counted apart and more than both."""
    rng = np.random.default_rng(0)
    values = {"a": rng.poisson(30, days) * 1.0, "b": rng.poisson(10, days) * 1.0}
    values["t"] = values["a"] + values["b"] + rng.poisson(20, days)
    ts = pd.date_range("2020-01-06", periods=days, freq="D")
    parts = [
        pd.DataFrame({"series_id": name, "ts": ts, "value": ours, "status": "complete"})
        for name, ours in values.items()
    ]
    hierarchy = pd.DataFrame([("t", None, None), ("a", "t", "c"), ("b", "t", "c")])
    hierarchy.columns = ["series_id", "parent", "dimension"]
    return Panel(pd.concat(parts, ignore_index=True), "D", hierarchy=hierarchy)


def apart(panel: Panel, names: tuple[str, ...] = ("seasonal_mean",), origins: int = 3) -> pd.Series:
    """How far sums are from what they are of, where all is forecast."""
    rows = roll(panel, models(names), horizon=7, origins=origins).rows
    means = rows[rows.model == CHOSEN].pivot_table(index=["origin", "ts"], columns="series_id", values="mean").dropna()
    assert len(means)
    return (means.t - means.a - means.b).abs()


def test_forecasts_of_a_shop_are_coherent_at_every_origin() -> None:
    assert apart(shop()).max() < 1e-6


def test_a_gap_in_one_series_does_not_leave_its_origin_incoherent() -> None:
    whole = shop()
    is_lost = (whole.rows.series_id == "b") & (whole.rows.ts == whole.rows.ts.max() - pd.Timedelta(days=4))
    rows = whole.rows.assign(value=whole.rows.value.mask(is_lost), status=whole.rows.status.mask(is_lost, "missing"))
    assert apart(Panel(rows, "D", hierarchy=whole.hierarchy)).max() < 1e-6


def test_benchmarks_alone_are_coherent_too() -> None:
    assert apart(shop(28), (), origins=2).max() < 1e-6
