import math
from collections.abc import Sequence
from statistics import median, pstdev, quantiles

import numpy as np
import pyarrow as pa
import pytest
from shoppers import users_with

from footfall.errors import SourceUnreadable
from footfall.segments.feature_table import as_of_date, column, feature_names
from footfall.segments.transform import CUT_OFF, Dropped, Scale, learn_scales, scaled


def only_scale(name: str, values: Sequence[float | None]) -> Scale:
    (scale,), dropped = learn_scales(users_with(**{name: values}), [name])
    assert not dropped
    return scale


@pytest.mark.parametrize(
    ("feature", "fill"),
    [("recency_purchase_days", 9.0), ("views_per_purchase", 9.0), ("weekend_share", 2.0), ("session_gap_cv", 0.0)],
)
def test_a_null_becomes_what_the_rule_of_its_feature_says(feature: str, fill: float) -> None:
    assert only_scale(feature, [1.0, 2.0, None, 9.0]).fill == fill


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_finite_number_is_null(odd: float) -> None:
    features = users_with(spend=[1.0, 2.0, odd], views=[1.0, 2.0, 3.0])

    assert np.isnan(column(features, "spend")).tolist() == [False, False, True]
    assert only_scale("spend", [1.0, 2.0, odd]) == only_scale("spend", [1.0, 2.0, None])


@pytest.mark.parametrize("log", [True, False])
def test_scaling_agrees_with_plain_python(log: bool) -> None:
    name, values = ("spend" if log else "price_dispersion"), [-20.0, 0.0, 3.0, 4.0, 10.0, 250.0, 1e4]

    damped = [math.copysign(math.log1p(abs(value)), value) if log else value for value in values]
    low, _, high = quantiles(damped, n=4, method="inclusive")
    spread = max(high - low, pstdev(damped))
    expected = [max(-CUT_OFF, min(CUT_OFF, (value - median(damped)) / spread)) for value in damped]

    scale = only_scale(name, values)
    assert scale.log is log
    assert scaled(users_with(**{name: values}), (scale,))[:, 0] == pytest.approx(expected, rel=1e-12)


def test_a_feature_that_is_mostly_constant_does_not_outweigh_the_others() -> None:
    values = [0.02 + 1e-6 * n for n in range(95)] + [0.5] * 5

    rows = scaled(users_with(view_to_cart=values), (only_scale("view_to_cart", values),))

    assert rows.std() <= 1


@pytest.mark.parametrize("extreme", [1e308, -1e308, 5e-324])
def test_extremes_are_cut_off(extreme: float) -> None:
    scale = only_scale("price_dispersion", [0.1, 0.2, 0.3])

    rows = scaled(users_with(price_dispersion=[extreme]), (scale,))

    assert np.isfinite(rows).all()
    assert np.abs(rows).max() <= CUT_OFF


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None, None, None], "not defined for any user"),
        ([7.0, 7.0, 7.0], "the same for every user"),
        ([0.1 + 0.2, 0.3, 0.3], "the same for every user"),
    ],
)
def test_a_feature_that_tells_no_user_from_another_is_dropped(values: list[float | None], reason: str) -> None:
    scales, dropped = learn_scales(users_with(promotion_share=values), ["promotion_share"])

    assert scales == ()
    assert dropped == (Dropped("promotion_share", reason),)


def test_without_carts_the_share_of_bought_carts_is_dropped() -> None:
    features = users_with(carts=[0.0, 0.0, 0.0], cart_to_purchase=[0.2, 0.4, 1.0])

    assert Dropped("cart_to_purchase", "no user has any carts") in learn_scales(features, feature_names(features))[1]


def test_integers_and_decimals_are_features_too() -> None:
    features = users_with(spend=[1.0, 2.0]).append_column("orders", pa.array([1, 2]))
    features = features.append_column("items", pa.array([1, 2]).cast(pa.decimal128(38, 0)))

    assert feature_names(features) == ["spend", "orders", "items"]
    assert column(features, "items").tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("features", "complaint"),
    [
        (users_with(spend=[1.0]).drop_columns(["user_id"]), "no column 'user_id'"),
        (users_with(spend=[1.0]).drop_columns(["as_of"]), "no column 'as_of'"),
        (users_with(spend=[1.0]).drop_columns(["spend"]), "no feature column"),
        (users_with(spend=[1.0]).append_column("brand", pa.array(["apple"])), "'brand' is string and must be a number"),
    ],
)
def test_a_table_that_holds_no_features_is_refused(features: pa.Table, complaint: str) -> None:
    with pytest.raises(SourceUnreadable, match=complaint):
        feature_names(features)


def test_a_date_with_a_time_zone_is_read_in_utc() -> None:
    moment = pa.array([0], pa.timestamp("us", "Europe/Paris"))

    assert as_of_date(users_with(spend=[1.0]).set_column(1, "as_of", moment)) == "1970-01-01T00:00:00"


def test_features_of_two_dates_are_refused() -> None:
    dates = pa.array([0, 1], pa.timestamp("us"))

    with pytest.raises(SourceUnreadable, match="as_of has 2 values"):
        as_of_date(users_with(spend=[1.0, 2.0]).set_column(1, "as_of", dates))
