import math
from collections.abc import Callable, Sequence
from statistics import median

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
    [("recency_purchase_days", 0.9), ("views_per_purchase", 0.9), ("price_tier", 0.2), ("session_gap_cv", 0.0)],
)
def test_a_null_becomes_what_the_rule_of_its_feature_says(feature: str, fill: float) -> None:
    assert only_scale(feature, [0.1, 0.2, None, 0.9]).fill == pytest.approx(fill, rel=0.01)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_finite_number_is_null(odd: float) -> None:
    features = users_with(spend=[1.0, 2.0, odd], views=[1.0, 2.0, 3.0])

    assert np.isnan(column(features, "spend")).tolist() == [False, False, True]
    assert only_scale("spend", [1.0, 2.0, odd]) == only_scale("spend", [1.0, 2.0, None])


def percentile(values: Sequence[float], percent: float) -> float:
    """By hand: linear between the two nearest of the ordered values."""
    ordered, place = sorted(values), (len(values) - 1) * percent / 100
    low = math.floor(place)
    return ordered[low] + (place - low) * (ordered[min(low + 1, len(ordered) - 1)] - ordered[low])


BENDS: dict[str, Callable[[float], float]] = {
    "spend": lambda value: math.copysign(math.log1p(abs(value)), value),
    "price_dispersion": lambda value: value,
    "weekend_share": lambda value: math.log(min(max(value, 0.01), 0.99) / (1 - min(max(value, 0.01), 0.99))),
}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("spend", [-20.0, 0.0, 3.0, 4.0, 10.0, 250.0, 1e4]),
        ("price_dispersion", [0.0, 0.0, 0.3, 0.4, 1.0, 2.5, 40.0]),
        ("weekend_share", [0.0, 0.1, 0.3, 0.3, 0.5, 0.9, 1.0]),
    ],
)
def test_scaling_agrees_with_plain_python(name: str, values: list[float]) -> None:
    low, high = percentile(values, 0.1), percentile(values, 99.9)
    bends = [BENDS[name](min(max(value, low), high)) for value in values]
    spread = percentile(bends, 75) - percentile(bends, 25)
    expected = [max(-CUT_OFF, min(CUT_OFF, (value - median(bends)) / spread)) for value in bends]

    scale = only_scale(name, values)

    assert not scale.is_rare
    assert scaled(users_with(**{name: values}), (scale,))[:, 0] == pytest.approx(expected, rel=1e-9)


def test_a_feature_that_most_users_have_none_of_is_scaled_on_those_who_have() -> None:
    scale = only_scale("carts", [0.0] * 90 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])

    some = [math.log1p(value) for value in range(1, 11)]
    assert scale.is_rare
    assert scale.centre == 0
    assert scale.spread == pytest.approx(percentile(some, 75) - percentile(some, 25), rel=0.01)


def test_a_feature_that_few_users_have_and_all_alike_is_scaled_by_how_far_they_are() -> None:
    scale = only_scale("carts", [0.0] * 90 + [3.0] * 10)

    assert (scale.is_rare, scale.spread) == (True, pytest.approx(math.log1p(3)))


def test_what_lies_beyond_the_caps_counts_as_the_cap() -> None:
    scale = only_scale("spend", [float(value) for value in range(1, 2_001)])

    assert (scale.low, scale.high) == (pytest.approx(2.999), pytest.approx(1_998.001))
    beyond, at = (scaled(users_with(spend=[value]), (scale,))[0, 0] for value in (1e12, scale.high))
    assert beyond == at


def test_a_feature_that_is_mostly_constant_does_not_outweigh_the_others() -> None:
    values = [0.02 + 1e-6 * n for n in range(95)] + [0.5] * 5

    rows = scaled(users_with(view_to_cart=values), (only_scale("view_to_cart", values),))

    assert rows.std() <= 1.1


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
        ([0.0] * 4_999 + [1.0], "the same for every user"),
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
