from dataclasses import replace

import numpy as np
import pytest
from segmented import Segmented
from shoppers import shop, users_with

from footfall.segments import fit
from footfall.segments.measures import Measure, measure
from footfall.segments.naming.kinds import KINDS, kind_of
from footfall.segments.naming.names import Name, Trait, names_of, read_name
from footfall.segments.naming.portraits import Portrait
from footfall.segments.naming.vocabulary import WORDS, word

BUYERS = {"orders": 1, "spend": 200, "sessions": 4, "recency_days": 20, "tenure_days": 60, "views": 20, "carts": 2}
VISITORS = {"orders": 0, "spend": 0, "sessions": 2, "recency_days": 20, "tenure_days": 60, "views": 10, "carts": 1}


def buying(**numbers: float) -> Portrait:
    """Buyers who are all alike, beside all buyers."""
    return portrait(BUYERS, {"orders": 1, "spend": 60, "sessions": 3, **numbers})


def visiting(**numbers: float) -> Portrait:
    """Visitors who are all alike, beside all visitors."""
    return portrait(VISITORS, {"sessions": 3, "views": 3, "carts": 0, **numbers})


def portrait(base: dict[str, float], numbers: dict[str, float]) -> Portrait:
    own = {name: float(value) for name, value in (base | numbers).items()}
    alike = {name: float(value) for name, value in base.items()}
    return Portrait(mean=own, median=own, base_mean=alike, base_median=alike)


@pytest.mark.parametrize(
    ("part", "segment", "name", "in_french"),
    [
        ("buyers", buying(orders=9, spend=900), "Top Spenders", "Gros acheteurs"),
        ("buyers", buying(orders=9, spend=900, recency_days=80), "Lapsed Top Spenders", "Gros acheteurs inactifs"),
        ("buyers", buying(orders=4, spend=200), "Loyal Customers", "Clients fidèles"),
        ("buyers", buying(), "Occasional Spenders", "Acheteurs occasionnels"),
        ("buyers", buying(recency_days=80), "Lapsed Customers", "Clients inactifs"),
        ("buyers", buying(recency_days=5, tenure_days=6), "New Customers", "Nouveaux clients"),
        ("visitors", visiting(carts=12), "Heavy Cart Users", "Adeptes du panier"),
        ("visitors", visiting(views=40), "Window Shoppers", "Flâneurs"),
        ("visitors", visiting(sessions=1), "One-time Visitors", "Visiteurs d'un jour"),
        ("visitors", visiting(sessions=1, recency_days=80), "One-time Visitors", "Visiteurs d'un jour"),
        ("visitors", visiting(sessions=1, recency_days=3, tenure_days=3), "New Visitors", "Nouveaux visiteurs"),
        ("visitors", visiting(recency_days=80), "Lapsed Visitors", "Visiteurs inactifs"),
        ("visitors", visiting(), "Casual Visitors", "Visiteurs de passage"),
        ("users", buying(), "Occasional Spenders", "Acheteurs occasionnels"),
        ("users", visiting(), "Casual Visitors", "Visiteurs de passage"),
        ("top_spenders", visiting(), "Exceptional Spenders", "Acheteurs exceptionnels"),
    ],
)
def test_a_segment_is_called_by_what_its_users_do(part: str, segment: Portrait, name: str, in_french: str) -> None:
    kind = kind_of(segment, part)

    assert (Name(kind.key).text("en"), Name(kind.key).text("fr")) == (name, in_french)


def test_a_segment_of_which_nothing_is_known_still_has_a_name() -> None:
    assert kind_of(Portrait({}, {}, {}, {}), "visitors").key == "casual_visitors"
    assert kind_of(Portrait({}, {}, {}, {}), "buyers").key == "occasional_spenders"


def test_everything_is_said_in_both_languages() -> None:
    texts = [text for kind in KINDS.values() for text in (kind.name, kind.advice, kind.reason)]
    texts += [text for feature in WORDS.values() for text in (feature.label, feature.low, feature.high)]

    assert all(text.en and text.fr for text in texts)
    assert all(kind.advice.en.endswith(".") and kind.advice.fr.endswith(".") for kind in KINDS.values())
    assert all(feature in WORDS for kind in KINDS.values() for feature in kind.evidence)


@pytest.mark.parametrize(
    ("spend", "last", "kind"),
    [
        (301, None, "top_spenders"),
        (299, None, "occasional_spenders"),
        (250, "top_spenders", "top_spenders"),
        (239, "top_spenders", "occasional_spenders"),
        (370, "occasional_spenders", "occasional_spenders"),
        (376, "occasional_spenders", "top_spenders"),
        (370, "window_shoppers", "top_spenders"),
    ],
)
def test_a_name_holds_until_it_is_clearly_wrong(spend: float, last: str | None, kind: str) -> None:
    """Top Spenders spend 1.5 times the buyers' mean, here 300: a name is left at 240 and gained at 375."""
    assert kind_of(buying(spend=spend), "buyers", last).key == kind


def measure_of(feature: str, effect: list[float], **numbers: float) -> Measure:
    mine = np.full(len(effect), numbers.get("value", 0.0))
    return Measure(feature, mine, mine, np.array(effect), numbers.get("base", 0.0), numbers.get("base", 0.0))


def named(measures: list[Measure], k: int, last: list[Name | None] | None = None) -> list[str]:
    """All segments look around a little and left long ago: they are of one kind."""
    kind = [measure_of("recency_days", [0.0] * k, value=90, base=20), measure_of("sessions", [0.0] * k, value=3)]
    used = {one.feature for one in measures}
    return [name.text() for name in names_of("visitors", [*kind, *measures], used, last or [None] * k)]


def test_a_name_that_is_unique_stays_as_it_is() -> None:
    assert named([measure_of("views", [3.0])], 1) == ["Lapsed Visitors"]


def test_namesakes_are_told_apart_by_what_they_differ_in() -> None:
    measures = [measure_of("views", [0.1, 0.2]), measure_of("weekend_share", [1.5, -1.0])]

    assert named(measures, 2) == ["Lapsed Visitors, weekends", "Lapsed Visitors, weekdays"]


def test_namesakes_that_differ_in_the_same_are_told_apart_further() -> None:
    measures = [measure_of("evening_share", [3.0, 2.8, -3.0]), measure_of("views", [1.0, -1.0, 0.0])]

    assert named(measures, 3) == [
        "Lapsed Visitors, evenings, more views",
        "Lapsed Visitors, evenings, fewer views",
        "Lapsed Visitors, daytime",
    ]


def test_namesakes_without_a_difference_are_numbered() -> None:
    assert named([measure_of("average_order", [float("nan"), 1.0])], 2) == ["Lapsed Visitors", "Lapsed Visitors (2)"]


def test_a_segment_keeps_its_traits_while_they_hold_and_newcomers_are_told_from_it() -> None:
    last = [Name("lapsed_visitors", (Trait("weekend_share", True),)), None]
    measures = [measure_of("views", [-2.0, 2.0]), measure_of("weekend_share", [0.3, -0.1])]

    assert named(measures, 2, last) == ["Lapsed Visitors, weekends", "Lapsed Visitors, more views"]
    moved = [measures[0], replace(measures[1], effect=np.array([-0.3, 0.1]))]
    assert named(moved, 2, last)[0] == "Lapsed Visitors, fewer views"


@pytest.mark.parametrize("k", [2, 8, 12])
def test_names_are_unique_within_a_model(k: int) -> None:
    names = [segment.name for segment in fit(shop(600, seed=1)[0], k=k).segments]

    assert len({name.text("en") for name in names}) == len({name.text("fr") for name in names}) == k


def test_the_kinds_of_a_shop_are_recognised(web_shop: Segmented) -> None:
    kinds = {segment.name.kind for segment in web_shop.model.segments}

    assert {"top_spenders", "loyal_customers", "one_time_visitors"} <= kinds


def test_a_feature_that_the_model_does_not_use_is_in_no_name() -> None:
    # Without carts, cart_to_purchase is not used, although nothing lies further apart.
    features = users_with(
        orders=[1.0] * 6,
        evening_share=[0.1, 0.2, 0.1, 0.9, 0.8, 0.9],
        carts=[0.0] * 6,
        cart_to_purchase=[0.1, 0.1, 0.1, 1.0, 1.0, 1.0],
    )

    names = {segment.name.text() for segment in fit(features, k=2).segments}

    assert names == {"Occasional Spenders, daytime", "Occasional Spenders, evenings"}


def test_what_few_users_have_has_no_effect() -> None:
    features = users_with(average_order=[None, None, 50.0, 60.0, 70.0, 80.0])

    (orders,) = measure(features, ["average_order"], np.array([0, 0, 0, 1, 1, 1], np.int32), 2)

    assert np.isnan(orders.effect).tolist() == [True, False]
    assert orders.mean.tolist() == [50.0, 70.0]


def test_effects_are_cohens_d_by_hand() -> None:
    values, labels = [1.0, 2.0, 4.0, 7.0, 8.0, 9.0, 3.0], [0, 0, 0, 1, 1, 1, 2]

    (one,) = measure(users_with(price_dispersion=values), ["price_dispersion"], np.array(labels, np.int32), 3)

    for segment in range(3):
        ours = np.array([value for value, label in zip(values, labels, strict=True) if label == segment])
        others = np.array([value for value, label in zip(values, labels, strict=True) if label != segment])
        squares = ((ours - ours.mean()) ** 2).sum() + ((others - others.mean()) ** 2).sum()
        assert one.effect[segment] == pytest.approx((ours.mean() - others.mean()) / np.sqrt(squares / 5))


def test_a_difference_without_scatter_is_large_and_none_is_none() -> None:
    features = users_with(sessions=[1.0, 1.0, 5.0, 5.0], orders=[2.0] * 4)

    sessions, orders = measure(features, ["sessions", "orders"], np.array([0, 0, 1, 1], np.int32), 2)

    assert sessions.effect.tolist() == [-10, 10]
    assert orders.effect.tolist() == [0, 0]


def test_a_feature_without_words_gets_some() -> None:
    assert word("loyalty_points").high.of("fr") == "loyalty points : beaucoup"


def test_names_are_read_as_they_were_written() -> None:
    traits = [Trait(feature, is_more) for feature in WORDS for is_more in (True, False)]
    told = [(), *((one,) for one in traits), *((one, traits[0]) for one in traits)]
    for name in (Name(kind, some, number) for kind in KINDS for some in told for number in (0, 3)):
        assert read_name(name.text()) == name


@pytest.mark.parametrize("text", ["", "(2)", "Window", "Window Shoppers, who sing", "Flâneurs", "2,Top Spenders"])
def test_what_is_no_name_is_not_read(text: str) -> None:
    assert read_name(text) is None
