from dataclasses import replace

import numpy as np
import pytest
from segmented import Segmented
from shoppers import shop, users_with

from footfall.segments import fit
from footfall.segments.measures import Measure, measure
from footfall.segments.names import BUYERS, VISITORS, kind_of, unique_names
from footfall.segments.portraits import Portrait, portraits

BASE = {"orders": 0, "spend": 50, "sessions": 2, "recency_days": 20, "tenure_days": 60, "views": 10, "carts": 1}
QUIET = {"orders": 0, "spend": 0, "sessions": 3, "recency_days": 20, "tenure_days": 60, "views": 3, "carts": 0}


def segment(**numbers: float) -> Portrait:
    """A segment whose users are all alike, in a shop whose buyers spend 200 on average."""
    own = {name: float(value) for name, value in (QUIET | numbers).items()}
    base = {name: float(value) for name, value in BASE.items()}
    return Portrait(mean=own, median=own, base_mean=base, base_median=base, buyers_spend=200)


@pytest.mark.parametrize(
    ("portrait", "name"),
    [
        (segment(orders=9, spend=900), "Top Spenders"),
        (segment(orders=9, spend=900, recency_days=80), "Lapsed Top Spenders"),
        (segment(orders=4, spend=200), "Loyal Customers"),
        (segment(orders=1, spend=60), "Occasional Spenders"),
        (segment(orders=1, spend=60, recency_days=80), "Lapsed Customers"),
        (segment(orders=1, spend=60, recency_days=5, tenure_days=6), "New Customers"),
        (segment(carts=12), "Heavy Cart Users"),
        (segment(views=40), "Window Shoppers"),
        (segment(sessions=1), "One-time Visitors"),
        (segment(sessions=1, recency_days=80), "One-time Visitors"),
        (segment(sessions=1, recency_days=3, tenure_days=3), "New Visitors"),
        (segment(recency_days=80), "Lapsed Visitors"),
        (segment(), "Casual Visitors"),
    ],
)
def test_a_segment_is_called_by_what_its_users_do(portrait: Portrait, name: str) -> None:
    assert kind_of(portrait).name == name


def test_users_of_whom_some_buy_are_occasional_spenders() -> None:
    visitors = segment()
    some_buy = replace(visitors, mean=visitors.mean | {"orders": 0.5}, base_mean=visitors.base_mean | {"orders": 0.2})

    assert kind_of(some_buy).name == "Occasional Spenders"


def test_a_segment_of_which_nothing_is_known_still_has_a_name() -> None:
    assert kind_of(Portrait({}, {}, {}, {}, float("nan"))).name == "Casual Visitors"


def test_every_kind_says_what_to_do() -> None:
    assert all(kind.recommendation.endswith(".") for kind in BUYERS + VISITORS)


def measure_of(feature: str, contrast: list[float]) -> Measure:
    nothing = np.zeros(len(contrast))
    return Measure(feature, nothing, nothing, np.array(contrast), 0.0, 0.0)


def test_a_name_that_is_unique_stays_as_it_is() -> None:
    assert unique_names(["Lapsed Visitors", "Top Spenders"], []) == ["Lapsed Visitors", "Top Spenders"]


def test_namesakes_are_told_apart_by_what_they_differ_in() -> None:
    measures = [measure_of("views", [0.1, 0.2, 9.0]), measure_of("weekend_share", [1.5, -1.0, 0.0])]

    assert unique_names(["Window Shoppers", "Window Shoppers", "Top Spenders"], measures) == [
        "Window Shoppers, weekends",
        "Window Shoppers, weekdays",
        "Top Spenders",
    ]


def test_namesakes_that_differ_in_the_same_are_told_apart_further() -> None:
    measures = [measure_of("evening_share", [3.0, 2.8, -3.0]), measure_of("views", [1.0, -1.0, 0.0])]

    assert unique_names(["Window Shoppers"] * 3, measures) == [
        "Window Shoppers, evenings, more views",
        "Window Shoppers, evenings, fewer views",
        "Window Shoppers, daytime",
    ]


def test_namesakes_without_a_difference_are_numbered() -> None:
    nowhere_defined = [measure_of("average_order", [float("nan"), 1.0])]

    assert unique_names(["Lapsed Visitors"] * 2, nowhere_defined) == ["Lapsed Visitors (1)", "Lapsed Visitors (2)"]


@pytest.mark.parametrize("k", [2, 8, 12])
def test_names_are_unique_within_a_model(k: int) -> None:
    names = [segment.name for segment in fit(shop(600, seed=1)[0], k=k, version="v1").segments]

    assert len(set(names)) == k


def test_the_kinds_of_a_shop_are_recognised(web_shop: Segmented) -> None:
    names = {segment.name.split(",")[0] for segment in web_shop.model.segments}

    assert names == {"One-time Visitors", "Occasional Spenders", "Top Spenders", "Heavy Cart Users"}


def test_a_feature_that_the_model_does_not_use_is_in_no_name() -> None:
    # Without carts, cart_to_purchase is not used, although nothing lies further apart.
    features = users_with(
        orders=[1.0] * 6,
        evening_share=[0.1, 0.2, 0.1, 0.9, 0.8, 0.9],
        carts=[0.0] * 6,
        cart_to_purchase=[0.1, 0.1, 0.1, 1.0, 1.0, 1.0],
    )

    names = {segment.name for segment in fit(features, k=2, version="v1").segments}

    assert names == {"Occasional Spenders, daytime", "Occasional Spenders, evenings"}


def test_what_few_users_have_is_no_contrast() -> None:
    features = users_with(average_order=[None, None, 50.0, 60.0, 70.0, 80.0])

    (orders,) = measure(features, ["average_order"], np.array([0, 0, 0, 1, 1, 1], np.int32), 2)

    assert np.isnan(orders.contrast).tolist() == [True, False]
    assert orders.mean.tolist() == [50.0, 70.0]


def test_buyers_are_compared_with_buyers() -> None:
    orders = Measure("orders", np.array([0.0, 2.0, 6.0]), np.array([0.0, 1.0, 5.0]), np.zeros(3), 1.0, 0.0)
    spend = Measure("spend", np.array([np.nan, 100.0, 700.0]), np.zeros(3), np.zeros(3), 50.0, 0.0)

    assert portraits([orders, spend], np.array([90, 5, 1]))[0].buyers_spend == (5 * 100 + 1 * 700) / 6
