"""Which members are kept, and that every level divides the one above it."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from footfall.series import places

CODES = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join) | st.just("unknown")
EVENTS = st.fixed_dictionaries(
    {
        "all": st.just({"all": 1}),
        "brand": st.dictionaries(st.sampled_from(("acme", "zeta", "b.b", "unknown")), st.integers(0, 9), min_size=1),
        "country": st.dictionaries(st.sampled_from(("france", "unknown")), st.integers(0, 9), min_size=1),
        "category": st.dictionaries(CODES, st.integers(0, 9), min_size=1, max_size=12),
    }
)


@given(events=EVENTS, members=st.integers(1, 4))
def test_every_level_divides_its_parent(events: dict[str, dict[str, int]], members: int) -> None:
    found = places(events, members)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    parts: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for place in found:
        count = events[place.dimension][place.leaf]
        sums[place.level, place.member] += count
        if place.parent_level is not None and place.parent is not None:
            parts[place.parent_level, place.parent][place.level, place.member] += count
    for parent, children in parts.items():
        for level in {level for level, _ in children}:
            ours = sum(count for (name, _), count in children.items() if name == level)
            expected = sums[parent] if parent != ("all", "all") else sum(events[dimension_of(level)].values())
            assert ours == expected, (parent, level)


def dimension_of(level: str) -> str:
    return level.removesuffix("_2").removesuffix("_3")


@given(events=EVENTS, members=st.integers(1, 4))
def test_a_member_has_one_parent(events: dict[str, dict[str, int]], members: int) -> None:
    parents: dict[tuple[str, str], set[object]] = defaultdict(set)
    for place in places(events, members):
        parents[place.level, place.member].add((place.parent_level, place.parent))
    assert {len(ours) for ours in parents.values()} == {1}


def test_the_largest_are_kept_and_the_rest_has_a_name() -> None:
    events = {"category": {"home.light": 9, "home.rugs.red": 3, "home.rugs.blue": 2, "toys": 4, "food": 1}}
    found = {(place.level, place.leaf): place.member for place in places(events, members=2)}
    assert found == {
        ("all", "all"): "all",
        ("category", "home.light"): "home",
        ("category", "home.rugs.red"): "home",
        ("category", "home.rugs.blue"): "home",
        ("category", "toys"): "toys",
        ("category", "food"): "other",
        ("category_2", "home.light"): "home.light",
        ("category_2", "home.rugs.red"): "home.rugs",
        ("category_2", "home.rugs.blue"): "home.rugs",
        ("category_2", "toys"): "toys.other",
        ("category_2", "food"): "other",
        ("category_3", "home.light"): "home.light",
        ("category_3", "home.rugs.red"): "home.rugs.red",
        ("category_3", "home.rugs.blue"): "home.rugs.other",
        ("category_3", "toys"): "toys.other",
        ("category_3", "food"): "other",
    }


def test_a_level_that_divides_nothing_is_left_out() -> None:
    events = {"brand": {"unknown": 7}, "country": {}, "category": {"home": 3, "toys": 2}}
    assert {place.level for place in places(events, members=5)} == {"all", "category"}
