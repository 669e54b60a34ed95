"""The oracle itself, against values worked out by hand; and the strategies, against the contract of `events`."""

from collections import defaultdict
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from itertools import pairwise
from math import log, sqrt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from oracle import FEATURES, Event, Value, features_oracle
from strategies import MOST_EVENTS, PERIODS, as_ofs, event_lists, timezones

from footfall.contracts.tables import EVENT_TYPES, EVENTS

AS_OF = datetime(2020, 3, 1)

# The oracle is slow on purpose, and the first example of a run pays for what Hypothesis and Arrow load.


def event(
    at: str,
    event_type: str = "view",
    product: str = "lamp",
    *,
    price: float | None = 10.0,
    quantity: int = 1,
    category_id: str | None = None,
    code: str = "unknown",
    brand: str = "unknown",
    is_product: bool = True,
    user: str | None = "ann",
    session: str | None = None,
    order: str | None = None,
) -> Event:
    """What happened in 2020 at `at` ("02-03 10:00"); to Ann unless it says otherwise."""
    return Event(
        event_time=datetime.fromisoformat(f"2020-{at}"),
        event_type=event_type,
        product_id=product,
        category_id=category_id,
        category_code=code,
        brand=brand,
        price=price,
        quantity=quantity,
        amount=round(price * quantity, 4) if price is not None and event_type in ("purchase", "refund") else 0.0,
        is_product=is_product,
        currency="EUR",
        user_id=user,
        session_id=session,
        order_id=order,
        country=None,
    )


def bought(at: str, order: str = "o1", product: str = "lamp", **fields: object) -> Event:
    return event(at, "purchase", product, order=order, **fields)  # type: ignore[arg-type]


def refunded(at: str, order: str = "r1", quantity: int = -1, **fields: object) -> Event:
    return event(at, "refund", order=order, quantity=quantity, **fields)  # type: ignore[arg-type]


def times(n: int, event_type: str, user: str | None = "ann", **fields: object) -> list[Event]:
    """`n` events of one type, all in the same minute."""
    order = "o1" if event_type == "purchase" else None
    return [event("02-03 10:00", event_type, user=user, order=order, **fields)] * n  # type: ignore[arg-type]


def value(feature: str, *events: Event, user: str = "ann", as_of: datetime = AS_OF, timezone: str = "UTC") -> Value:
    return features_oracle(list(events), as_of, timezone)[user][feature]


# Who and when


def test_every_user_with_an_event_has_a_row() -> None:
    events = [
        event("02-01 10:00", user="viewer"),
        event("02-01 10:00", is_product=False, user="payer of postage"),
        refunded("02-01 10:00", user="returner"),
        event("02-01 10:00", user=None),
        event("03-01 00:00", user="newcomer"),
    ]

    assert list(features_oracle(events, AS_OF)) == ["payer of postage", "returner", "viewer"]


def test_without_events_there_is_no_row() -> None:
    assert features_oracle([], AS_OF) == {}


def test_only_what_happened_before_as_of_counts() -> None:
    minutes = [event("02-03 10:00"), event("02-03 10:01"), event("02-03 10:02")]

    assert value("views", *minutes, as_of=datetime(2020, 2, 3, 10, 2)) == 2
    assert value("views", *minutes, as_of=datetime(2020, 2, 3, 10, 2, 1)) == 3


COUNTS = ("orders", "items", "spend", "active_days", "sessions", "views", "carts", "removals", "categories")


def test_without_product_events_counts_are_zero_and_the_rest_is_null() -> None:
    postage = [
        event("02-03 10:00", kind, "post", is_product=False, session="s", order="o", code="fees", brand="mail")
        for kind in EVENT_TYPES
    ]

    row = features_oracle([*postage, *times(3, "cart", user="bob"), *times(5, "view", user="bob")], AS_OF)["ann"]

    assert row == {feature.__name__: 0 if feature.__name__ in COUNTS else None for feature in FEATURES}


def test_a_refund_counts_as_spend_and_as_nothing_else() -> None:
    refund = refunded("02-03 10:00", price=4.5, quantity=-2, session="s", code="home", brand="acme")

    row = features_oracle([refund], AS_OF)["ann"]

    assert row.pop("spend") == -9.0
    assert set(row.values()) == {0, None}


def test_columns_stand_in_the_order_of_the_specification() -> None:
    assert list(features_oracle([event("02-01 10:00")], AS_OF)["ann"]) == [
        *("recency_days", "recency_purchase_days", "tenure_days"),
        *("orders", "items", "spend", "average_order", "largest_order", "order_value_cv"),
        *("active_days", "sessions", "session_gap_median_hours", "session_gap_cv", "purchase_gap_median_days"),
        *("views", "carts", "removals", "view_to_cart", "cart_to_purchase", "cart_abandonment", "removal_ratio"),
        *("events_per_session", "session_minutes_median", "bounce_share", "repeat_view_ratio", "views_per_purchase"),
        *("categories", "category_entropy", "brand_entropy", "top_brand_share", "price_tier", "price_dispersion"),
        *("weekend_share", "evening_share", "hour_entropy", "second_half_share"),
        "promotion_share",
    ]


# Money

HISTORY = [
    event("02-10 12:00"),
    bought("02-20 06:00"),
    event("02-28 00:00"),
    refunded("02-29 12:00"),
    event("02-29 18:00", is_product=False),
]


def test_recency_is_the_age_of_the_last_active_event() -> None:
    assert value("recency_days", *HISTORY) == 2.0
    assert value("recency_days", *HISTORY, as_of=datetime(2020, 2, 28, 0, 0, 36)) == pytest.approx(36 / 86_400)


def test_recency_purchase_is_the_age_of_the_last_purchase() -> None:
    assert value("recency_purchase_days", *HISTORY) == 9.75
    assert value("recency_purchase_days", *HISTORY, bought("02-12 00:00")) == 9.75
    assert value("recency_purchase_days", event("02-10 12:00")) is None


def test_tenure_is_the_age_of_the_first_active_event() -> None:
    assert value("tenure_days", *HISTORY) == 19.5
    assert value("tenure_days", *HISTORY, refunded("02-01 00:00")) == 19.5


BASKETS = [
    bought("02-01 10:00", "o1", price=10.0, quantity=2),
    bought("02-05 10:00", "o1", product="mug", price=4.0),
    bought("02-03 10:00", "o2", price=8.0),
    bought("02-03 10:00", "o2", product="post", price=100.0, is_product=False),
    bought("02-03 10:00", "o1", price=500.0, user="bob"),
    refunded("02-04 10:00", price=10.0, quantity=-1),
]
"""Ann's orders are worth 24 (two sessions) and 8; bob has an order with the same id."""


def test_orders_are_the_purchase_lines_of_a_user_with_the_same_order_id() -> None:
    assert value("orders", *BASKETS) == 2
    assert value("orders", *BASKETS, user="bob") == 1


def test_items_are_the_pieces_bought() -> None:
    assert value("items", *BASKETS, event("02-06 10:00", "cart", quantity=7)) == 4


def test_spend_is_net_of_refunds() -> None:
    assert value("spend", *BASKETS) == 22.0


def test_average_order_is_net_spend_by_order() -> None:
    assert value("average_order", *BASKETS) == 11.0


def test_largest_order_is_gross() -> None:
    assert value("largest_order", *BASKETS) == 24.0


def test_order_values_are_rounded_to_four_decimals() -> None:
    assert value("largest_order", bought("02-01 10:00", price=0.1), bought("02-01 10:00", price=0.2)) == 0.3


def test_order_value_cv() -> None:
    # Values 24 and 8: mean 16, population std 8.
    assert value("order_value_cv", *BASKETS) == 0.5
    assert value("order_value_cv", *BASKETS[:2]) is None
    free = bought("02-01 10:00", "o1", price=0.00004), bought("02-01 10:00", "o2", price=0.00004)
    assert value("order_value_cv", *free) is None


# Rhythm


def test_active_days_are_dates_in_utc() -> None:
    events = [
        event("02-03 00:00"),
        event("02-03 23:59"),
        event("02-04 00:00"),
        refunded("02-05 10:00"),
        event("02-06 10:00", is_product=False),
    ]

    assert value("active_days", *events) == 2
    # 05:30 later the days would be the 3rd and the 4th, 23:59 belonging to the latter; 00:00 and 18:30 are one day.
    assert value("active_days", event("02-03 00:00"), event("02-03 18:30"), timezone="Asia/Kolkata") == 1


VISITS = [
    # 60 minutes and 3 events.
    event("02-03 10:00", session="a"),
    event("02-03 10:30", "cart", session="a"),
    event("02-03 11:00", session="a"),
    refunded("02-03 11:20", session="a"),
    # 2 hours later: 1 event.
    event("02-03 13:00", session="b"),
    # 6 hours later: 30 minutes and 2 events.
    event("02-03 19:00", session="c"),
    event("02-03 19:30", session="c"),
    # No sessions: nothing but a refund, nothing but postage, no session id.
    refunded("02-04 10:00", session="d"),
    event("02-05 10:00", session="e", is_product=False),
    event("02-06 10:00"),
]


def test_sessions_need_an_active_event() -> None:
    assert value("sessions", *VISITS) == 3


def test_session_gaps_run_from_end_to_start() -> None:
    # 2 and 6 hours.
    assert value("session_gap_median_hours", *VISITS) == 4.0
    assert value("session_gap_median_hours", *VISITS[:4]) is None
    assert value("session_gap_median_hours", *VISITS[:5]) == 2.0


def test_overlapping_sessions_have_no_gap() -> None:
    long = event("02-03 10:00", session="long"), event("02-03 14:00", session="long")
    short = event("02-03 11:00", session="short"), event("02-03 11:30", session="short")
    after = event("02-03 15:00", session="after")

    # Each session is held against the one that started before it: 0 hours, then 15:00 - 11:30.
    assert value("session_gap_median_hours", *long, *short, after) == 1.75


def test_sessions_that_start_together_are_in_the_order_of_their_ends() -> None:
    a = event("02-03 10:00", session="a"), event("02-03 12:00", session="a")
    b = event("02-03 10:00", session="b"), event("02-03 11:00", session="b")
    c = event("02-03 13:00", session="c")

    # b, a, c: 0 hours, then 13:00 - 12:00.
    assert value("session_gap_median_hours", *a, *b, c) == 0.5


def test_session_gap_cv() -> None:
    # Gaps of 2 and 6 hours: mean 4, population std 2.
    assert value("session_gap_cv", *VISITS) == 0.5
    assert value("session_gap_cv", *VISITS[:5]) is None
    together = [event("02-03 10:00", session=name) for name in "abc"]
    assert value("session_gap_cv", *together) is None
    # Gaps of 0, 0 and 6 hours: mean 2, population std sqrt(8).
    assert value("session_gap_cv", *together, event("02-03 16:00", session="d")) == pytest.approx(sqrt(2))


def test_purchase_gap_runs_from_order_to_order() -> None:
    first = bought("02-01 00:00", "o3"), bought("02-09 00:00", "o3")
    second = bought("02-02 12:00", "o2")
    third = bought("02-06 00:00", "o1")

    # 1.5 and 3.5 days; the late line of o3 does not move it.
    assert value("purchase_gap_median_days", third, second, *first) == 2.5
    assert value("purchase_gap_median_days", second, *first) == 1.5
    assert value("purchase_gap_median_days", *first) is None


def test_gap_medians_of_an_odd_number_are_the_middle_one() -> None:
    bought_on = [bought(f"02-{day} 00:00", f"o{day}") for day in ("01", "02", "05", "15")]

    assert value("purchase_gap_median_days", *bought_on) == 3.0


# Funnel


def test_views_carts_and_removals_are_counted_by_type() -> None:
    events = [*times(3, "view"), *times(2, "cart"), *times(1, "remove_from_cart", price=None)]
    noise = [*times(5, "view", is_product=False), *times(7, "cart", user="bob"), *times(9, "purchase")]

    assert value("views", *events, *noise) == 3
    assert value("carts", *events, *noise) == 2
    assert value("removals", *events, *noise) == 1


def test_view_to_cart_is_drawn_to_the_share_of_all_users() -> None:
    ann = times(10, "view") + times(4, "cart")
    bob = times(30, "view", user="bob") + times(6, "cart", user="bob")

    # p = 10 carts / 40 views.
    assert value("view_to_cart", *ann, *bob) == pytest.approx((4 + 20 * 0.25) / (10 + 20))
    assert value("view_to_cart", *ann, *bob, user="bob") == pytest.approx((6 + 20 * 0.25) / (30 + 20))


def test_view_to_cart_leaves_out_visitors_without_an_id_and_what_is_no_product() -> None:
    ann = times(10, "view") + times(5, "cart")
    noise = times(50, "view", user=None) + times(50, "view", is_product=False)

    # p = 5 carts / 10 views.
    assert value("view_to_cart", *ann, *noise) == pytest.approx((5 + 20 * 0.5) / (10 + 20))


def test_view_to_cart_is_at_most_one() -> None:
    viewer, carter = times(20, "view"), times(60, "cart", user="bob")

    # p = 60 / 20 counts as 1, not as 3.
    assert value("view_to_cart", *viewer, *carter) == pytest.approx((0 + 20) / (20 + 20))
    assert value("view_to_cart", *viewer, *carter, user="bob") == 1.0


def test_view_to_cart_without_views_or_carts() -> None:
    # Nobody viewed: p = 0.
    assert value("view_to_cart", *times(4, "cart")) == pytest.approx(4 / 20)
    assert value("view_to_cart", *times(3, "view")) == 0.0
    assert value("view_to_cart", *times(3, "view"), *times(3, "cart")) == 1.0
    assert value("view_to_cart", *times(3, "purchase"), *times(3, "view", user="bob")) is None


def test_cart_to_purchase_is_drawn_to_the_share_of_all_users() -> None:
    ann = times(5, "cart") + times(1, "purchase")
    bob = times(15, "cart", user="bob") + times(7, "purchase", user="bob")

    # p = 8 purchases / 20 carts.
    assert value("cart_to_purchase", *ann, *bob) == pytest.approx((1 + 5 * 0.4) / (5 + 5))


def test_cart_to_purchase_is_at_most_one() -> None:
    ann, bob = times(5, "cart"), times(20, "purchase", user="bob")

    # p = 20 / 5 counts as 1.
    assert value("cart_to_purchase", *ann, *bob) == pytest.approx((0 + 5) / (5 + 5))
    assert value("cart_to_purchase", *ann, *bob, user="bob") == 1.0


def test_cart_to_purchase_without_carts_or_purchases() -> None:
    # Nobody used the cart: p = 0.
    assert value("cart_to_purchase", *times(2, "purchase")) == pytest.approx(2 / 5)
    assert value("cart_to_purchase", *times(2, "purchase"), *times(2, "cart")) == 1.0
    assert value("cart_to_purchase", *times(2, "view"), *times(2, "cart", user="bob")) is None


def cart_session(name: str, *, bought_too: bool = False, user: str | None = "ann") -> list[Event]:
    carted = event("02-03 10:00", "cart", session=name, user=user)
    return [carted, bought("02-03 10:05", session=name, user=user)] if bought_too else [carted]


def test_cart_abandonment_is_drawn_to_the_share_of_all_users() -> None:
    ann = [*cart_session("a"), *cart_session("b"), *cart_session("c", bought_too=True)]
    bob = [*cart_session("d", user="bob"), *cart_session("e", bought_too=True, user="bob")]
    noise = [*cart_session("f", user=None), event("02-03 10:00", "cart"), bought("02-03 10:00", session="g")]

    # p = 3 abandoned / 5 with a cart.
    assert value("cart_abandonment", *ann, *bob, *noise) == pytest.approx((2 + 5 * 0.6) / (3 + 5))
    assert value("cart_abandonment", *ann, *bob, *noise, user="bob") == pytest.approx((1 + 5 * 0.6) / (2 + 5))


def test_cart_abandonment_needs_a_session_with_a_cart() -> None:
    elsewhere = cart_session("d", user="bob")

    assert value("cart_abandonment", event("02-03 10:00", "cart"), *elsewhere) is None
    assert value("cart_abandonment", event("02-03 10:00", session="a"), *elsewhere) is None


def test_a_removed_cart_is_abandoned_too_and_a_bought_non_product_does_not_save_it() -> None:
    removed = event("02-03 10:01", "remove_from_cart", session="a")
    postage = bought("02-03 10:02", session="a", is_product=False)

    # All of one: (1 + 5 x 1) / 6.
    assert value("cart_abandonment", *cart_session("a"), removed, postage) == 1.0


def test_removal_ratio_is_drawn_to_the_share_of_all_users() -> None:
    ann = times(4, "cart") + times(1, "remove_from_cart")
    bob = times(6, "cart", user="bob") + times(4, "remove_from_cart", user="bob")

    # p = 5 removals / 10 carts.
    assert value("removal_ratio", *ann, *bob) == pytest.approx((1 + 5 * 0.5) / (4 + 5))


def test_removal_ratio_is_at_most_one() -> None:
    ann, bob = times(5, "cart"), times(20, "remove_from_cart", user="bob")

    # p = 20 / 5 counts as 1.
    assert value("removal_ratio", *ann, *bob) == pytest.approx((0 + 5) / (5 + 5))
    assert value("removal_ratio", *ann, *bob, user="bob") == 1.0


def test_removal_ratio_without_carts_or_removals() -> None:
    # Nobody used the cart: p = 0.
    assert value("removal_ratio", *times(2, "remove_from_cart")) == pytest.approx(2 / 5)
    assert value("removal_ratio", *times(2, "remove_from_cart"), *times(2, "cart")) == 1.0
    assert value("removal_ratio", *times(2, "view"), *times(2, "cart", user="bob")) is None


# Engagement


def test_events_per_session_leave_out_what_is_in_no_session() -> None:
    # 3, 1 and 2 events.
    assert value("events_per_session", *VISITS) == 2.0
    assert value("events_per_session", event("02-03 10:00")) is None


def test_session_minutes_median() -> None:
    # 60, 0 and 30 minutes.
    assert value("session_minutes_median", *VISITS) == 30.0
    assert value("session_minutes_median", event("02-03 10:00")) is None


def test_session_minutes_are_capped_before_the_median() -> None:
    long = event("02-03 10:00", session="long"), event("02-03 20:00", session="long")

    # 240 instead of 600, and 0.
    assert value("session_minutes_median", *long, event("02-04 10:00", session="short")) == 120.0


def test_bounce_share_is_of_sessions_with_one_active_event() -> None:
    assert value("bounce_share", *VISITS) == pytest.approx(1 / 3)
    assert value("bounce_share", event("02-03 10:00", session="a"), refunded("02-03 10:00", session="a")) == 1.0
    assert value("bounce_share", event("02-03 10:00")) is None


def test_repeat_view_ratio_is_within_sessions() -> None:
    events = [
        # 4 views of 2 products.
        *[event("02-03 10:00", product="lamp", session="a")] * 3,
        event("02-03 10:00", product="mug", session="a"),
        event("02-03 10:00", "cart", product="rug", session="a"),
        # 1 view, of a product seen before.
        event("02-04 10:00", product="lamp", session="b"),
        # In no session.
        *[event("02-05 10:00", product="lamp")] * 5,
    ]

    assert value("repeat_view_ratio", *events) == pytest.approx(1 - 3 / 5)
    assert value("repeat_view_ratio", event("02-03 10:00"), event("02-03 10:00", "cart", session="a")) is None


def test_views_per_purchase_are_by_purchase_line() -> None:
    # Two lines of one order.
    assert value("views_per_purchase", *times(5, "view"), *times(2, "purchase")) == 2.5
    assert value("views_per_purchase", *times(2, "purchase")) == 0.0
    assert value("views_per_purchase", *times(5, "view"), refunded("02-03 10:00")) is None


# Diversity

BROWSED = [
    event("02-03 10:00", category_id="101", code="home", brand="acme"),
    event("02-03 10:00", category_id="101", code="unknown", brand="acme"),
    event("02-03 10:00", "cart", category_id="102", code="home", brand="zeta"),
    event("02-03 10:00", code="home", brand="moon"),
    event("02-03 10:00", code="unknown", brand="unknown"),
    refunded("02-03 10:00", code="garden", brand="acme"),
    event("02-03 10:00", code="fees", brand="acme", is_product=False),
]
"""Categories 101 (twice), 102 and home; brands acme (twice), zeta and moon."""


def test_a_category_is_its_id_or_else_its_code() -> None:
    assert value("categories", *BROWSED) == 3


def test_category_entropy_is_in_bits() -> None:
    # Shares 1/2, 1/4 and 1/4.
    assert value("category_entropy", *BROWSED) == pytest.approx(1.5)
    assert value("category_entropy", *BROWSED[:2]) == 0.0
    assert value("category_entropy", event("02-03 10:00")) is None


def test_brand_entropy_leaves_out_unknown_brands() -> None:
    assert value("brand_entropy", *BROWSED) == pytest.approx(1.5)
    assert value("brand_entropy", event("02-03 10:00")) is None


def test_top_brand_share_is_of_known_brands() -> None:
    assert value("top_brand_share", *BROWSED) == 0.5
    assert value("top_brand_share", event("02-03 10:00")) is None


def shelf(at: str, **prices: float) -> list[Event]:
    """Every product once, at its price, in one category, seen by a visitor without an id."""
    return [event(at, product=name, price=price, code="home", user=None) for name, price in prices.items()]


def test_price_tier_is_the_mean_of_ranks_in_the_category() -> None:
    others = shelf("02-10 10:00", mug=5.0, lamp=10.0, rug=20.0, sofa=800.0, bed=900.0)
    seen = [
        event("02-03 10:00", product="mug", price=5.0, code="home"),
        *[event("02-03 10:00", product="sofa", price=800.0, code="home")] * 2,
    ]

    # Ranks of mug 0/4 and, twice, of sofa 3/4.
    assert value("price_tier", *others, *seen) == pytest.approx(0.5)


def test_price_tier_ranks_mean_prices_weighted_by_events() -> None:
    lamps = shelf("02-03 10:00", lamp=10.0) * 3 + shelf("02-03 10:00", lamp=50.0)
    others = shelf("02-03 10:00", mug=25.0, rug=21.0, sofa=15.0, bed=5.0)

    # Four lamps at 20 on average; hers makes it 19: above bed and sofa.
    assert value("price_tier", *lamps, *others, event("02-03 10:00", price=15.0, code="home")) == pytest.approx(2 / 4)


def test_price_tier_of_equal_prices_is_the_lower_rank() -> None:
    # The mean of 0.1 and 0.2 is 0.15 only after rounding.
    others = shelf("02-03 10:00", mug=0.15, rug=0.01, sofa=9.0)
    lamps = [event("02-03 10:00", price=price, code="home") for price in (0.1, 0.2)]

    assert value("price_tier", *others, *lamps) == pytest.approx(1 / 3)


def test_price_tier_counts_prices_equal_that_differ_by_less_than_a_millionth() -> None:
    others = shelf("02-03 10:00", mug=9.9999999, rug=11.0)

    assert value("price_tier", *others, event("02-03 10:00", price=10.0, code="home")) == 0.0
    others = shelf("02-03 10:00", mug=9.99999, rug=11.0)
    assert value("price_tier", *others, event("02-03 10:00", price=10.0, code="home")) == 0.5


def test_price_tier_is_within_month_and_category() -> None:
    lamp = event("02-03 10:00", price=10.0, code="home")
    elsewhere = [
        *shelf("01-31 23:59", mug=5.0),
        event("02-03 10:00", product="mug", price=5.0, code="garden", user=None),
        event("02-03 10:00", product="rug", price=5.0, user=None),
        event("03-01 00:00", product="mug", price=5.0, code="home", user=None),
    ]

    # Alone on its shelf, whatever is dearer or cheaper elsewhere or later.
    assert value("price_tier", lamp, *elsewhere) == 0.5
    assert value("price_tier", lamp, *elsewhere, *shelf("02-03 10:00", mug=5.0)) == 1.0


def test_price_tier_leaves_out_refunds_and_what_is_no_product() -> None:
    lamp = event("02-03 10:00", price=10.0, code="home")
    noise = [
        event("02-03 10:00", "refund", "mug", price=5.0, quantity=-1, code="home", order="r1"),
        event("02-03 10:00", product="rug", price=5.0, code="home", is_product=False),
    ]

    assert value("price_tier", lamp, *noise) == 0.5
    # The lamp is the dearer of two, and that the cheaper one was given back is no reason to count it.
    assert value("price_tier", lamp, *noise, *shelf("02-03 10:00", mug=5.0)) == 1.0


def test_price_tier_of_an_event_without_a_price_is_its_product_rank() -> None:
    removed = event("02-03 10:00", "remove_from_cart", "mug", price=None, code="home")

    assert value("price_tier", removed, *shelf("02-03 10:00", mug=20.0, lamp=10.0, rug=30.0)) == 0.5
    assert value("price_tier", removed, *shelf("02-03 10:00", lamp=10.0, rug=30.0)) is None


def test_price_tier_needs_a_category() -> None:
    assert value("price_tier", event("02-03 10:00"), *shelf("02-03 10:00", lamp=10.0)) is None


def test_price_dispersion_is_the_population_std_of_log_prices() -> None:
    noise = [
        refunded("02-03 10:00", price=7.0),
        event("02-03 10:00", price=7.0, is_product=False),
        event("02-03 10:00", "remove_from_cart", price=None),
        event("02-03 10:00", price=0.0),
    ]

    # ln 10, ln 10 and ln 40 lie one, one and minus two thirds of ln 4 from their mean: std = ln 4 x sqrt(2) / 3.
    prices = [event("02-03 10:00", price=price) for price in (10.0, 10.0, 40.0)]
    assert value("price_dispersion", *prices, *noise) == pytest.approx(log(4) * sqrt(2) / 3)
    assert value("price_dispersion", prices[0]) == 0.0
    assert value("price_dispersion", *noise) is None


# Seasonality

# 2020-02-14 is a Friday.
CLOCK = [
    event("02-14 17:59"),
    event("02-14 18:00"),
    event("02-15 00:00"),
    event("02-16 17:10"),
    event("02-17 17:30"),
    refunded("02-16 20:00"),
    event("02-16 20:00", is_product=False),
]


@pytest.mark.parametrize(
    ("feature", "utc", "kolkata"),
    [
        # Saturday and Sunday; 5:30 later also 18:00 on a Friday is still a Friday.
        ("weekend_share", 2 / 5, 2 / 5),
        # 18:00 only; 5:30 later 23:29, 23:30, 05:30, 22:40 and 23:00.
        ("evening_share", 1 / 5, 4 / 5),
        # The 16th and the 17th.
        ("second_half_share", 2 / 5, 2 / 5),
    ],
)
def test_seasonality_is_told_by_the_clock_of_the_shop(feature: str, utc: float, kolkata: float) -> None:
    assert value(feature, *CLOCK) == pytest.approx(utc)
    assert value(feature, *CLOCK, timezone="Asia/Kolkata") == pytest.approx(kolkata)


def test_the_shop_may_have_another_date_than_utc() -> None:
    late_friday, late_fifteenth = event("02-14 22:59"), event("02-15 23:00")

    assert value("weekend_share", late_friday) == 0.0
    assert value("weekend_share", late_friday, timezone="Europe/Berlin") == 0.0
    assert value("weekend_share", late_friday, timezone="Asia/Tokyo") == 1.0
    assert value("second_half_share", late_fifteenth) == 0.0
    assert value("second_half_share", late_fifteenth, timezone="Europe/Berlin") == 1.0


def test_the_clock_of_the_shop_knows_summer_time() -> None:
    before, after = event("03-28 16:30"), event("03-29 16:30")

    april = datetime(2020, 4, 1)
    assert value("evening_share", before, as_of=april, timezone="Europe/Berlin") == 0.0
    assert value("evening_share", after, as_of=april, timezone="Europe/Berlin") == 1.0


def test_hour_entropy_is_over_hours_of_the_day() -> None:
    # 17 three times, 18 and 0 once: 3/5 x log2(5/3) + 2/5 x log2(5) = 1.37095.
    assert value("hour_entropy", *CLOCK) == pytest.approx(1.370951, abs=1e-6)
    # 5:30 later 23 three times, 5 and 22 once.
    assert value("hour_entropy", *CLOCK, timezone="Asia/Kolkata") == pytest.approx(1.370951, abs=1e-6)
    # In Kolkata 10:00 and 10:30 are two hours.
    same_hour = event("02-14 10:00"), event("02-14 10:30")
    assert value("hour_entropy", *same_hour) == 0.0
    assert value("hour_entropy", *same_hour, timezone="Asia/Kolkata") == 1.0


# Promotion


def seen(at: str, *prices: float) -> list[Event]:
    """Lamps that a visitor without an id looked at."""
    return [event(at, price=price, user=None) for price in prices]


@pytest.mark.parametrize(
    ("first_seen", "promotion"),
    [
        ("01-29 00:00", 1.0),  # 28 days before, the first minute
        ("01-28 23:59", None),
        ("02-25 23:59", 1.0),  # the day before, the last minute
        ("02-26 00:00", None),
    ],
)
def test_a_reference_price_is_of_the_28_days_before(first_seen: str, promotion: float | None) -> None:
    assert value("promotion_share", *seen(first_seen, 100.0), bought("02-26 12:00", price=50.0)) == promotion


@pytest.mark.parametrize(("price", "promotion"), [(9.0, 1.0), (9.000000001, 1.0), (9.00000001, 0.0), (9.01, 0.0)])
def test_a_promotion_is_a_tenth_below_the_reference(price: float, promotion: float) -> None:
    assert value("promotion_share", *seen("02-10 10:00", 10.0), bought("02-20 10:00", price=price)) == promotion


@pytest.mark.parametrize(
    ("prices", "reference"),
    [((10.0, 20.0), 10.0), ((10.0, 20.0, 30.0), 20.0), ((10.0, 20.0, 20.0, 20.0), 20.0), ((10.0, 10.0, 20.0), 10.0)],
)
def test_a_reference_price_is_the_lower_median_of_events(prices: tuple[float, ...], reference: float) -> None:
    just_cheap, just_not = bought("02-20 10:00", price=0.9 * reference), bought("02-20 10:00", price=0.901 * reference)

    assert value("promotion_share", *seen("02-10 10:00", *prices), just_cheap) == 1.0
    assert value("promotion_share", *seen("02-10 10:00", *prices), just_not) == 0.0


def test_a_reference_price_comes_from_active_events_of_the_product() -> None:
    noise = [
        refunded("02-10 10:00", price=100.0, user=None),
        event("02-10 10:00", price=100.0, is_product=False),
        event("02-10 10:00", "remove_from_cart", price=None),
        event("02-10 10:00", product="mug", price=100.0),
    ]

    assert value("promotion_share", *noise, bought("02-20 10:00", price=1.0)) is None
    assert value("promotion_share", *noise, *seen("02-10 10:00", 1.0), bought("02-20 10:00", price=1.0)) == 0.0


def test_a_reference_price_is_of_the_product_in_all_categories() -> None:
    elsewhere = event("02-10 10:00", price=100.0, code="garden", user="bob")

    assert value("promotion_share", elsewhere, bought("02-20 10:00", price=90.0, code="home")) == 1.0


def test_promotion_share_is_of_lines_with_a_reference() -> None:
    lines = [
        bought("02-20 10:00", price=50.0),
        bought("02-20 10:00", price=95.0),
        bought("02-20 10:00", price=80.0),
        # Without a reference, no product, and no purchase.
        bought("02-20 10:00", product="mug", price=1.0),
        bought("02-20 10:00", price=1.0, is_product=False),
        refunded("02-20 10:00", price=1.0),
        event("02-20 10:00", "cart", price=1.0),
    ]

    assert value("promotion_share", *seen("02-10 10:00", 100.0), *lines) == pytest.approx(2 / 3)


# The oracle on anything: lists of 40 events, of which each example draws hundreds of values

SOME = settings(max_examples=40)


@SOME
@given(events=event_lists(), as_of=as_ofs(), timezone=timezones())
def test_neither_the_order_of_rows_nor_the_future_matters(events: list[Event], as_of: datetime, timezone: str) -> None:
    known = sorted((one for one in events if one.event_time < as_of), key=lambda one: (one.event_time, one.product_id))

    assert features_oracle(events, as_of, timezone) == features_oracle(known, as_of, timezone)


BETWEEN_ZERO_AND_ONE = (
    *("view_to_cart", "cart_to_purchase", "cart_abandonment", "removal_ratio", "bounce_share", "repeat_view_ratio"),
    *("top_brand_share", "price_tier", "weekend_share", "evening_share", "second_half_share", "promotion_share"),
)


@SOME
@given(events=event_lists(), as_of=as_ofs(), timezone=timezones())
def test_shares_lie_between_zero_and_one(events: list[Event], as_of: datetime, timezone: str) -> None:
    for row in features_oracle(events, as_of, timezone).values():
        for feature in BETWEEN_ZERO_AND_ONE:
            share = row[feature]
            assert share is None or 0 <= share <= 1, feature


# The strategies


def test_an_event_has_the_columns_of_the_contract() -> None:
    partition = ["month", "bucket"]

    assert [field.name for field in fields(Event)] + partition == EVENTS.schema.names


@SOME
@given(event_lists())
def test_generated_events_keep_the_contract(events: list[Event]) -> None:
    pa.Table.from_pylist([asdict(event) for event in events], schema=EVENTS.file_schema)
    assert len(events) <= MOST_EVENTS
    for one in events:
        assert one.event_type in EVENT_TYPES
        assert (one.event_time.second, one.event_time.microsecond, one.event_time.tzinfo) == (0, 0, None)
        assert one.price is not None or one.event_type == "remove_from_cart"
        assert one.price is None or one.price > 0
        assert (one.order_id is not None) == (one.event_type in ("purchase", "refund"))
        assert (one.quantity < 0) == (one.event_type == "refund")
        assert one.quantity != 0
        sold = one.price is not None and one.event_type in ("purchase", "refund")
        assert one.amount == (round((one.price or 0.0) * one.quantity, 4) if sold else 0.0)


@SOME
@given(event_lists())
def test_generated_events_lie_in_three_months(events: list[Event]) -> None:
    assert any(all(period[0] <= one.event_time < period[-1] for one in events) for period in PERIODS)


@SOME
@given(event_lists())
def test_generated_sessions_are_of_one_visitor_and_month_and_without_long_pauses(events: list[Event]) -> None:
    sessions: defaultdict[str, list[Event]] = defaultdict(list)
    for one in events:
        if one.session_id is not None:
            sessions[one.session_id].append(one)
    for session in sessions.values():
        assert len({(one.user_id, f"{one.event_time:%Y-%m}") for one in session}) == 1
        moments = sorted(one.event_time for one in session)
        assert all(after - before < timedelta(minutes=30) for before, after in pairwise(moments))


@SOME
@given(event_lists())
def test_generated_refunds_have_their_own_order_ids(events: list[Event]) -> None:
    ids = {kind: {one.order_id for one in events if one.event_type == kind} for kind in ("purchase", "refund")}

    assert not ids["purchase"] & ids["refund"]
