"""What is told together, from when on, and what it cost."""

import numpy as np
import pytest
from hourly import Change, Shop, everything, learnt, set_to, strangers, told

from footfall.anomaly import Budget, Incident, Judged, Kin, Watch
from footfall.anomaly.occasions import DAY

MEMBERS = {"all": (("all",), None), "country": (("at", "de"), "all"), "brand": (("apple", "sony"), "all")}
SIZES = {"all": 200.0, "at": 80.0, "de": 120.0, "apple": 140.0, "sony": 60.0}
WEIGHTS = {"orders": 1.0, "revenue": 30.0, "sessions": 5.0}


def family(shops: tuple[str, ...]) -> Kin:
    """Orders, revenue and sessions of each shop: total, by country, by brand."""
    rows = [
        (f"{shop}/{metric}/{member}", metric, dimension, member, above and f"{shop}/{metric}/{above}", shop)
        for shop in shops
        for metric in WEIGHTS
        for dimension, (members, above) in MEMBERS.items()
        for member in members
    ]
    return Kin(*(tuple(column) for column in zip(*rows, strict=True)))


KIN = family(("ours", "theirs"))
LEVELS = tuple(
    SIZES[member] * (5.0 if metric == "sessions" else 1.0)
    for metric, member in zip(KIN.metrics, KIN.members, strict=True)
)


@pytest.fixture(scope="module")
def after_six_weeks_of_shops() -> Shop:
    """Counts; revenue is told in orders, and weighs no more than they do."""
    return learnt(Watch(KIN, everything(len(KIN)), Budget(false_alerts_per_week=0.2)), LEVELS)


@pytest.fixture
def shops(after_six_weeks_of_shops: Shop) -> Shop:
    found = after_six_weeks_of_shops.copy()
    found.go_on_to(12)
    return found


def place(metric: str, member: str, shop: str = "ours") -> int:
    return KIN.place[f"{shop}/{metric}/{member}"]


def incidents(judged: list[Judged]) -> list[Incident]:
    return [one for _, _, one in told(judged, "opened")]


def several(*changes: tuple[int, float, slice]) -> Change:
    def change(values: np.ndarray) -> None:
        for series, factor, hours in changes:
            set_to(series, factor, hours)(values)

    return change


def test_series_that_are_kin_and_near_in_time_are_one_incident(shops: Shop) -> None:
    """Orders fall in a country and so in all, revenue an hour later, sessions of a brand two hours later."""
    judged = shops.go_on(
        8,
        several(
            (place("orders", "all"), 0.4, slice(None)),
            (place("orders", "de"), 0.1, slice(None)),
            (place("revenue", "all"), 0.4, slice(1, None)),
            (place("sessions", "sony"), 0.3, slice(2, None)),
        ),
    )
    (one,) = incidents(judged)
    assert one.series == {"ours/orders/all", "ours/orders/de", "ours/revenue/all", "ours/sessions/sony"}
    assert (one.kind, one.lead, one.closed) == ("drop", "ours/orders/de", None)
    assert one.active == one.series


def test_the_total_alone_leads_where_it_is_the_least_likely(shops: Shop) -> None:
    everyone = [(place("orders", member), 0.5, slice(None)) for member in SIZES]
    assert [one.lead for one in incidents(shops.go_on(4, several(*everyone)))] == ["ours/orders/all"]


def test_strangers_are_not(shops: Shop) -> None:
    judged = shops.go_on(4, several(*((place("orders", "all", shop), 0.3, slice(None)) for shop in ("ours", "theirs"))))
    assert sorted(one.lead for one in incidents(judged)) == ["ours/orders/all", "theirs/orders/all"]
    assert len({one.id for one in incidents(judged)}) == 2


def test_opposite_sides_of_different_members_are_not(shops: Shop) -> None:
    judged = shops.go_on(
        4, several((place("orders", "at"), 0.2, slice(None)), (place("orders", "sony"), 2.5, slice(None)))
    )
    assert sorted((one.lead, one.kind) for one in incidents(judged)) == [
        ("ours/orders/at", "drop"),
        ("ours/orders/sony", "spike"),
    ]


def test_the_cause_of_a_drop_fell_and_of_a_spike_rose(shops: Shop) -> None:
    judged = shops.go_on(
        4, several((place("orders", "at"), 0.2, slice(None)), (place("orders", "sony"), 2.5, slice(None)))
    )
    assert {one.kind: one.cause for one in incidents(judged)} == {"drop": "country: at", "spike": "brand: sony"}


def test_opposite_sides_of_one_member_are(shops: Shop) -> None:
    """Sessions of bots go up as orders go down."""
    judged = shops.go_on(
        4, several((place("orders", "at"), 0.1, slice(None)), (place("sessions", "at"), 3.0, slice(None)))
    )
    assert len(incidents(judged)) == 1


def test_a_rebound_after_the_end_is_told_of_its_own(shops: Shop) -> None:
    judged = shops.go_on(14, several(
        (place("orders", "at"), 0.1, slice(0, 3)), (place("orders", "at"), 3.0, slice(8, 10)),
    ))  # fmt: skip
    assert [(one.kind, one.lead) for one in incidents(judged)] == [
        ("drop", "ours/orders/at"),
        ("spike", "ours/orders/at"),
    ]
    assert told(judged, "reopened") == []


def test_unrelated_members_hours_apart_are_two(shops: Shop) -> None:
    judged = shops.go_on(
        14, several((place("orders", "at"), 0.1, slice(None)), (place("orders", "sony"), 0.1, slice(8, None)))
    )
    assert sorted(one.lead for one in incidents(judged)) == ["ours/orders/at", "ours/orders/sony"]


def test_a_child_that_joins_later_is_an_update(shops: Shop) -> None:
    judged = shops.go_on(
        14, several((place("orders", "all"), 0.5, slice(None)), (place("orders", "apple"), 0.2, slice(8, None)))
    )
    first = judged[0].number
    assert [(number - first, event, one.lead) for number, event, one in told(judged)] == [
        (0, "opened", "ours/orders/all"),
        (8, "updated", "ours/orders/all"),
    ]


@pytest.mark.parametrize(("factor", "is_late"), [(0.3, False), (0.76, True)])
def test_money_and_orders_are_what_is_missing_from_the_onset_on(shops: Shop, factor: float, is_late: bool) -> None:
    """Summed by loops; a country loses orders for ten hours, and revenue a little. What is found late counts too."""
    orders, revenue = place("orders", "at"), place("revenue", "at")
    judged = shops.go_on(20, several((orders, factor, slice(0, 10)), (revenue, 0.9, slice(0, 10))))
    (one,) = incidents(judged)
    assert one.closed is not None
    assert (one.opened > one.onset) == is_late
    missing = {orders: 0.0, revenue: 0.0}
    value = expected = 0.0
    for hour in judged:
        if one.onset <= hour.number <= one.closed:
            for series in missing:
                missing[series] += hour.scores.values[0, series] - hour.scores.means[0, series]
            value += hour.scores.values[0, orders]
            expected += hour.scores.means[0, orders]
    assert one.orders == pytest.approx(missing[orders], rel=1e-9)
    assert one.money == pytest.approx(missing[revenue], rel=1e-9)
    assert (one.value, one.expected) == pytest.approx((value, expected), rel=1e-9)
    assert one.orders < -100


def test_its_depth_is_the_greatest_relative_change(shops: Shop) -> None:
    judged = shops.go_on(
        6, several((place("orders", "all"), 0.7, slice(0, 3)), (place("orders", "all"), 0.2, slice(3, 6)))
    )
    (one,) = incidents(judged)
    assert one.depth == pytest.approx(-0.8, abs=0.1)


def test_where_neither_is_watched_there_is_none(shop: Shop) -> None:
    (one,) = incidents(shop.go_on(3, set_to(4, 0.0)))
    assert (one.money, one.orders) == (None, None)


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.75, 1.4])
@pytest.mark.parametrize("quiet", [0, 3, 7])
def test_the_onset_is_right_within_an_hour(shops: Shop, factor: float, quiet: int) -> None:
    judged = shops.go_on(quiet + 10, several((place("orders", "all"), factor, slice(quiet, None))))
    (one,) = incidents(judged)
    assert abs(one.onset - (judged[0].number + quiet)) <= 1
    assert one.onset <= one.opened


@pytest.mark.parametrize("seed", range(4))
def test_the_onset_of_what_is_found_late_is_right_too(shops: Shop, seed: int) -> None:
    judged = shops.go_on(15, several((place("orders", "at"), 0.8, slice(3, None))), seed=seed)
    (one,) = incidents(judged)
    assert one.opened >= judged[0].number + 3 + 2
    assert abs(one.onset - (judged[0].number + 3)) <= 1


def test_it_is_over_when_its_last_series_is(shops: Shop) -> None:
    judged = shops.go_on(
        16, several((place("orders", "all"), 0.3, slice(0, 4)), (place("orders", "de"), 0.1, slice(0, 8)))
    )
    ((number, _, one),) = told(judged, "closed")
    assert number == one.closed == judged[0].number + 10
    assert one.active == set()


def test_it_is_over_with_its_leading_series_whatever_noise_keeps_in_alarm(shops: Shop) -> None:
    """A country lost a third, and a fifth in the hours in which the shop is well again: that may be chance."""
    at = place("orders", "at")
    others = [(place("orders", member), 0.1, slice(0, 6)) for member in SIZES if member != "at"]
    during = shops.go_on(8, several(*others, (at, 0.65, slice(0, 6)), (at, 0.8, slice(6, 9))))
    assert told(during, "closed") == []
    assert shops.watch.alarms.is_on[at]
    ((_, event, one),) = told(shops.go_on(1, set_to(at, 0.8)))
    assert (event, one.active) == ("closed", set())
    assert "ours/orders/at" in one.series
    assert not shops.watch.alarms.is_on.any()


def test_a_relative_that_shows_when_all_is_over_does_not_begin_it_again(shops: Shop) -> None:
    """What Sony's sessions had lost by then comes to light late, so that only the window of a day shows it."""
    shops.go_on(10, several(*((place("orders", member), 0.1, slice(0, 7)) for member in SIZES)))
    (one,) = shops.watch.recent
    detector, series, before = shops.watch.detector, place("sessions", "sony"), one.closed
    detector.past[0][(detector.last - np.arange(4, 16)) % len(detector.past[0]), series] *= 0.6
    judged = shops.go_on(1)
    assert judged[0].changes.opened[series]
    assert told(judged) == []
    assert "ours/sessions/sony" in one.series
    assert (one.closed, one.active) == (before, set())
    assert not shops.watch.alarms.is_on.any()


def test_what_comes_again_soon_is_the_same_incident(shops: Shop) -> None:
    all_orders = place("orders", "all")
    soon = shops.copy().go_on(14, several((all_orders, 0.2, slice(0, 4)), (all_orders, 0.2, slice(9, 11))))
    late = shops.copy().go_on(30, several((all_orders, 0.2, slice(0, 4)), (all_orders, 0.2, slice(24, 26))))
    assert [event for _, event, _ in told(soon)] == ["opened", "closed", "reopened", "closed"]
    assert len({one.id for _, _, one in told(soon)}) == 1
    assert [event for _, event, _ in told(late)] == ["opened", "closed", "opened", "closed"]


LOST_BY_SONY = {"sony": 0.0, "all": 0.7, "at": 0.4, "de": 0.9}


def sony(metric: str, hours: slice, *alarmed: str) -> list[tuple[int, float, slice]]:
    """Sony loses all, mostly in a country: of its metric, what the shop and these members have left."""
    return [(place(metric, member), LOST_BY_SONY[member], hours) for member in {"sony", "all", *alarmed}]


@pytest.mark.parametrize("late", ["revenue/sony", "revenue/at", "orders/at", "revenue/all"])
def test_what_a_brand_lost_is_one_incident_however_late_another_series_tells_of_it(shops: Shop, late: str) -> None:
    """Its revenue, or a country or the shop, whose change is for the most part the brand's."""
    metric, member = late.split("/")
    later = sony(metric, slice(9, None), member)
    if metric == "orders":
        later = [(place(metric, member), LOST_BY_SONY[member], slice(9, None))]
    judged = shops.go_on(14, several(*sony("orders", slice(None)), *later))
    (one,) = incidents(judged)
    assert one.cause == "brand: sony"
    assert f"ours/{late}" in one.series


def test_a_whole_shop_that_falls_after_a_brand_is_told_of_its_own(shops: Shop) -> None:
    """Most of what the shop loses then is not the brand's."""
    outage = [(place("orders", member), 0.2, slice(9, None)) for member in ("all", "at", "de", "apple")]
    judged = shops.go_on(14, several((place("orders", "sony"), 0.0, slice(None)), *outage))
    assert [one.lead for one in incidents(judged)] == ["ours/orders/sony", "ours/orders/all"]


def test_another_brand_that_falls_later_is_told_of_its_own(shops: Shop) -> None:
    """Also where a shop has led the first incident, of which one brand was the cause."""
    apple = (place("orders", "apple"), 0.2, slice(9, None))
    judged = shops.go_on(14, several(*sony("orders", slice(None)), apple))
    assert [one.lead for one in incidents(judged)] == ["ours/orders/sony", "ours/orders/apple"]


@pytest.mark.parametrize("again", ["orders/sony", "orders/all", "revenue/sony", "revenue/at"])
def test_a_snoozed_incident_goes_on_until_then(shops: Shop, again: str) -> None:
    """A day later one of its series is in alarm, or one that lost what its cause did; the day after it is told."""
    metric, member = again.split("/")
    shops.go_on(6, several(*sony("orders", slice(0, 3), "at")))
    (one,) = shops.watch.recent
    one.snoozed = shops.next + 40
    shops.go_on(24)
    judged = shops.go_on(9, several(*sony(metric, slice(0, 3), member)))
    assert {(event, each.id) for _, event, each in told(judged)} == {("reopened", one.id), ("closed", one.id)}
    shops.go_on(15)
    assert len(incidents(shops.go_on(4, several(*sony(metric, slice(0, 3), member))))) == 1


def test_another_incident_of_the_shop_is_not_snoozed(shops: Shop) -> None:
    shops.go_on(6, several(*sony("orders", slice(0, 3))))
    (one,) = shops.watch.recent
    one.snoozed = shops.next + 40
    shops.go_on(24)
    judged = shops.go_on(4, several((place("orders", "apple"), 0.2, slice(None))))
    assert [one.lead for one in incidents(judged)] == ["ours/orders/apple"]


@pytest.fixture(scope="module")
def large() -> Shop:
    return learnt(strangers(3, budget=Budget(false_alerts_per_week=0.1)), (300.0, 8000.0, 20.0))


@pytest.mark.parametrize("series", [0, 1])
@pytest.mark.parametrize("of_first_hour", [0.0, 0.6])
@pytest.mark.parametrize("begins", [0, 9])
def test_a_series_that_dies_is_told_twice(large: Shop, series: int, of_first_hour: float, begins: int) -> None:
    """When it drops, maybe in the midst of an hour, and when nothing is taken for normal."""
    dying = [set_to(series, of_first_hour, slice(begins, begins + 1)), set_to(series, 0.0, slice(begins + 1, None))]
    judged = large.copy().go_on(6 * DAY, lambda values: [one(values) for one in dying])
    first = judged[0].number + begins
    (opened, _, _), (closed, event, one) = told(judged)
    assert (event, one.kind, one.lead) == ("closed", "level_shift", f"s{series}")
    assert (opened - first in (0, 1), closed - opened) == (True, DAY - 1)


def test_ids_are_the_same_when_found_again(shops: Shop) -> None:
    found = [incidents(shops.copy().go_on(5, several((place("orders", "all"), 0.2, slice(2, None))))) for _ in range(2)]
    assert [one.id for one in found[0]] == [one.id for one in found[1]]
    assert found[0][0].id.isalnum()
    assert len(found[0][0].id) == 8


def test_data_that_stay_away_are_one_incident_of_each_shop(shops: Shop) -> None:
    found = incidents(shops.go_on(6, gone=lambda hour: hour < 3))
    assert sorted((one.kind, one.lead.split("/")[0], len(one.series)) for one in found) == [
        ("no_data", "ours", 15),
        ("no_data", "theirs", 15),
    ]


def test_nothing_is_learnt_from_parts_of_a_whole_in_alarm(shops: Shop) -> None:
    age = shops.watch.detector.age.copy()
    shops.go_on(3, set_to(place("orders", "all"), 0.0))
    ours = [place("orders", member) for member in SIZES]
    assert (shops.watch.detector.age - age)[ours].tolist() == [0] * len(ours)
    assert (np.delete(shops.watch.detector.age - age, ours) == 3).all()


def test_parts_of_parts_are_parts() -> None:
    kin = Kin.strangers(["a", "b", "c", "d"])
    kin = Kin(kin.ids, kin.metrics, kin.dimensions, kin.members, (None, "a", "b", None), kin.shops)
    assert kin.with_parts(np.array([True, False, False, False])).tolist() == [True, True, True, False]
    assert kin.with_parts(np.array([False, True, False, True])).tolist() == [False, True, True, True]
