"""What is named as the cause of an incident, and when nothing is."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from footfall.anomaly.causes import Cause, Side, find_cause, find_renames

PARENTS = {"brand": "all", "country": "all", "category": "all", "category_2": "category", "category_3": "category_2"}
TREE = [
    "home.bed.sheet",
    "home.bed.pillow",
    "home.bath.towel",
    "tech.audio.phones",
    "tech.audio.radio",
    "tech.video.tv",
]
TREE += ["toys.games.board", "toys.games.card", "toys.games.other", "toys.other.other"]


def cells(each: float = 400.0) -> pd.DataFrame:
    """Every leaf of every brand in every country: brands sell most of what they sell in two leaves."""
    brands = ("apple", "sony", "ikea", "lego", "asus", "other")
    rows = pd.DataFrame(product(TREE, brands, ("at", "de", "fr", "it")), columns=["category_3", "brand", "country"])
    code = rows.category_3.str.split(".")
    rows["category"], rows["category_2"] = code.str[0], code.str[:2].str.join(".")
    own = {leaf: brands[number % 6] for number, leaf in enumerate(TREE)}
    rows["expected"] = each * np.where(rows.category_3.map(own) == rows.brand, 5.0, 0.5)
    rows["expected"] *= rows.country.map({"at": 0.4, "de": 1.2, "fr": 0.8, "it": 0.6})
    return rows


def by_member(rows: pd.DataFrame, value: pd.Series) -> pd.DataFrame:
    """Cells summed to members; noise as of Poisson counts."""
    levels = []
    for dimension, above in PARENTS.items():
        parent = rows[above] if above in rows else pd.Series("all", rows.index)
        keyed = rows.assign(value=value, member=rows[dimension], parent=parent, dimension=dimension)
        sums = keyed.groupby(["dimension", "member", "parent"], as_index=False)[["value", "expected"]].sum()
        levels.append(sums.assign(parent_dimension=above))
    every = pd.concat(levels, ignore_index=True)
    return every.assign(noise=every.expected**0.5)


def shop(changes: dict[tuple[str, str], float], each: float = 400.0, seed: int | None = None) -> pd.DataFrame:
    """Members of a shop in which every sum of these (dimension, member) is what was expected times so much."""
    rows = cells(each)
    value = rows.expected.copy()
    for (dimension, member), factor in changes.items():
        value[rows[dimension] == member] *= factor
    if seed is not None:
        value = pd.Series(np.random.default_rng(seed).poisson(value).astype(float), rows.index)
    return by_member(rows, value)


def flat(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Brands with their value and expectation."""
    brands = pd.DataFrame(rows, columns=["member", "value", "expected"])
    return brands.assign(dimension="brand", parent_dimension="all", parent="all", noise=brands.expected**0.5)


def text(members: pd.DataFrame) -> str | None:
    cause = find_cause(members)
    return cause.text if cause else None


SINGLE = [("brand", "sony"), ("country", "at"), ("category", "tech"), ("category_2", "tech.audio")]
SINGLE += [("category_3", "home.bed.pillow")]


@pytest.mark.parametrize("factor", [0.0, 0.6, 1.6, 4.0])
@pytest.mark.parametrize("one", SINGLE)
def test_a_single_cause_is_named_in_its_dimension(one: tuple[str, str], factor: float) -> None:
    cause = find_cause(shop({one: factor}, seed=1))
    assert cause is not None
    assert (cause.dimension, cause.members) == (one[0], (one[1],))
    assert cause.share == pytest.approx(1, abs=0.2)


def test_a_parent_is_named_if_all_its_children_change_and_a_child_if_it_alone_does() -> None:
    assert text(shop({("category_3", "tech.audio.phones"): 0.5, ("category_3", "tech.audio.radio"): 0.5})) == (
        "category_2: tech.audio"
    )
    assert text(shop({("category_2", "tech.audio"): 0.5, ("category_2", "tech.video"): 0.5})) == "category: tech"
    assert text(shop({("category_3", "tech.audio.radio"): 0.5})) == "category_3: tech.audio.radio"


def test_an_only_child_is_named_by_its_parent() -> None:
    assert text(shop({("category_3", "tech.video.tv"): 0.5})) == "category_2: tech.video"


def test_levels_are_compared_although_large_members_are_surer_of_what_to_expect() -> None:
    members = shop({("category", "tech"): 0.5})
    members.noise = np.sqrt(members.expected + (0.1 * members.expected) ** 2)
    assert text(members) == "category: tech"


def test_a_drop_has_a_cause_that_fell_and_a_spike_one_that_rose() -> None:
    """Sony falls, asus rises by more: each is the cause of its own side, whatever became of the total."""
    members = shop({("brand", "sony"): 0.5, ("brand", "asus"): 2.5}, seed=2)
    causes = {side: find_cause(members, side) for side in ("down", "up")}
    assert {side: cause.text for side, cause in causes.items() if cause} == {"down": "brand: sony", "up": "brand: asus"}


@pytest.mark.parametrize(("side", "factor"), [("down", 2.0), ("up", 0.3)])
def test_nobody_who_moved_the_other_way_is_a_cause(side: Side, factor: float) -> None:
    assert find_cause(shop({("brand", "asus"): factor}), side) is None


def test_several_members_are_named_the_largest_change_first() -> None:
    cause = find_cause(shop({("country", "at"): 0.3, ("country", "fr"): 0.3}, seed=2))
    assert cause is not None
    assert (cause.dimension, cause.members) == ("country", ("fr", "at"))
    assert text(shop({("brand", "sony"): 0.0, ("brand", "asus"): 0.5}, seed=2)) == "brand: sony, asus"


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.9, 1.3, 4.0])
def test_the_whole_shop_names_nobody(factor: float) -> None:
    assert text(shop({("country", country): factor for country in ("at", "de", "fr", "it")}, seed=3)) is None


def test_the_whole_shop_names_nobody_although_not_all_lose_alike() -> None:
    brands = flat(("a", 500, 1000), ("b", 350, 1000), ("c", 640, 1000), ("d", 880, 1000), ("e", 270, 1000))
    assert text(brands) is None


def test_nothing_but_noise_names_nobody() -> None:
    named = sum(text(shop({}, each, seed)) is not None for seed in range(25) for each in (0.2, 400))
    assert named <= 3


def test_a_small_member_may_jump() -> None:
    assert text(flat(("apple", 700, 1000), ("sony", 990, 1000), ("tiny", 9, 3), ("small", 0, 2))) == "brand: apple"


def test_other_is_named_only_if_nothing_else_explains_it() -> None:
    assert text(flat(("apple", 550, 1000), ("sony", 1000, 1000), ("other", 600, 1000))) == "brand: apple, other"
    assert text(flat(("apple", 999, 1000), ("sony", 1000, 1000), ("other", 300, 1000))) == "brand: other"
    assert text(flat(("apple", 0, 1000), ("sony", 1000, 1000), ("other", 600, 1000))) == "brand: apple"
    assert text(shop({("category_2", "toys.other"): 0.2})) == "category_2: toys.other"
    # The same under two names, of which one says something.
    same = pd.concat(
        [
            flat(("other", 300, 1000), ("sony", 500, 500)),
            flat(("toys", 300, 1000), ("home", 500, 500)).assign(dimension="category"),
        ]
    )
    assert text(same) == "category: toys"


def test_a_new_member_is_a_cause() -> None:
    assert text(flat(("apple", 1000, 1000), ("sony", 1010, 1000), ("new", 400, 0))) == "brand: new"


def test_a_renamed_member_is_no_cause() -> None:
    members = flat(("apple", 1000, 1000), ("sony", 0, 500), ("sony ltd", 510, 0), ("asus", 0, 100), ("new", 300, 0))
    assert find_renames(members) == [("sony", "sony ltd")]
    assert text(members[members.member != "new"]) == "brand: asus"
    assert text(members[~members.member.isin(["new", "asus"])]) is None


def renamed_audio(each: float) -> pd.DataFrame:
    """A shop in which `tech.audio` and all that is in it goes on as `tech.sound`."""
    before = shop({}, each)
    is_audio = before.member.str.contains("audio")
    after = before[is_audio].replace({"member": "audio", "parent": "audio"}, "sound", regex=True)
    return pd.concat([before.assign(value=before.value.mask(is_audio, 0)), after.assign(expected=0.0, noise=0.0)])


def test_what_is_below_a_renamed_category_is_renamed_with_it() -> None:
    members = renamed_audio(400)
    upper, *lower = find_renames(members)
    assert upper == ("tech.audio", "tech.sound")
    assert set(lower) == {("tech.audio.phones", "tech.sound.phones"), ("tech.audio.radio", "tech.sound.radio")}
    assert text(members) is None
    assert find_renames(members.assign(parent=members.parent.mask(members.member == "tech.sound", "toys"))) == []


def test_what_is_below_a_renamed_category_is_no_cause_although_it_is_too_small_to_be_found() -> None:
    members = renamed_audio(0.8)
    assert find_renames(members) == [("tech.audio", "tech.sound")]
    assert text(members) is None


def test_an_end_and_a_beginning_of_other_volumes_are_no_rename() -> None:
    assert find_renames(flat(("apple", 1000, 1000), ("sony", 0, 500), ("new", 300, 0))) == []
    assert find_renames(flat(("apple", 1000, 1000), ("tiny", 0, 4), ("new", 4, 0))) == []


def test_a_share_is_of_the_total_change() -> None:
    cause = find_cause(flat(("apple", 400, 1000), ("sony", 940, 1000), ("asus", 1000, 1000)))
    assert cause is not None
    assert cause.members == ("apple",)
    assert cause.share == pytest.approx(600 / 660)
    made_up = find_cause(flat(("apple", 400, 1000), *((f"b{number}", 1030, 1000) for number in range(15))))
    assert made_up is not None
    assert made_up.share == 1


def test_the_ranking_has_the_best_of_each_dimension() -> None:
    cause = find_cause(shop({("brand", "sony"): 0.5}))
    assert cause is not None
    ranking = cause.ranking
    assert set(ranking.dimension) == set(PARENTS)
    assert ranking.member[0] == "sony"
    assert ranking.gain.is_monotonic_decreasing
    assert ranking.dimension.value_counts().max() == 3
    sony = shop({("brand", "sony"): 0.5}).set_index("member").loc["sony"]
    of_all = cells().expected.sum()
    p, q = sony.expected / of_all, sony.value / (of_all - sony.expected / 2)
    assert ranking.surprise[0] == pytest.approx((p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))) / 2)
    assert (ranking.share[0], ranking.value[0]) == (pytest.approx(1), pytest.approx(sony.value))


NOTHING = flat(("apple", 1, 1)).iloc[:0]
DEGENERATE = {
    "no rows": NOTHING,
    "one member": flat(("apple", 0, 1000)),
    "all zero": flat(("apple", 0, 0), ("sony", 0, 0)),
    "nothing expected": flat(("apple", 100, 0), ("sony", 100, 0)),
    "no noise known": flat(("apple", 100, 1000), ("sony", 990, 1000)).assign(noise=np.nan),
    "noise of zero": flat(("apple", 100, 1000), ("sony", 990, 1000), ("asus", 500, 500)).assign(noise=0.0),
    "values missing": flat(("apple", 100, 1000), ("sony", np.nan, 1000), ("asus", 5, np.nan), ("lego", 500, 500)),
    "below zero": flat(("apple", -50, 1000), ("sony", 990, 1000), ("asus", -4, -3)),
    "huge": flat(("apple", 1e12, 1e14), ("sony", 1e14, 1e14), ("asus", 1e13, 1e13)),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_members_make_neither_errors_nor_infinite_figures(name: str) -> None:
    cause = find_cause(DEGENERATE[name])
    assert isinstance(find_renames(DEGENERATE[name]), list)
    if cause is not None:
        assert cause.text == "brand: apple"
        assert np.isfinite(cause.ranking[["value", "expected", "share", "surprise", "gain"]].to_numpy(float)).all()
    assert (cause is None) == (name in ("no rows", "one member", "all zero", "nothing expected"))


def test_the_order_of_rows_and_what_is_said_of_all_do_not_matter() -> None:
    members = shop({("brand", "sony"): 0.5, ("brand", "asus"): 0.5}, seed=4)
    total = pd.DataFrame({"dimension": ["all"], "member": "all", "value": 1.0, "expected": 5e5, "noise": 1.0})
    other = pd.concat([members.sample(frac=1, random_state=1), total], ignore_index=True)
    first, second = find_cause(members), find_cause(other)
    assert first is not None
    assert first == second
    pd.testing.assert_frame_equal(first.ranking, second.ranking)


def simulated(seed: int) -> tuple[Cause | None, tuple[str, str] | None]:
    """What is found and what was planted: a change of one member by 8 deviations or more, or of the whole shop."""
    rng = np.random.default_rng(seed)
    rows = cells(float(rng.choice([5, 50, 500])))
    rows.expected *= rng.lognormal(0, 0.7, len(rows))
    still = by_member(rows, rows.expected)
    factor = rng.uniform(0, 0.7) if rng.random() < 0.5 else rng.uniform(1.5, 4)
    clear = still[(still.expected * abs(factor - 1) > 8 * still.noise) & ~still.member.str.contains("other|tv|bath")]
    planted = clear.iloc[rng.integers(len(clear))] if seed % 3 else None
    struck = rows[planted.dimension] == planted.member if planted is not None else pd.Series(True, rows.index)
    value = rng.poisson(rows.expected * np.where(struck, factor, 1) * rng.lognormal(0, 0.02, len(rows)))
    found = find_cause(by_member(rows, pd.Series(value, rows.index, dtype=float)))
    return found, None if planted is None else (planted.dimension, planted.member)


def test_of_simulated_single_causes_nine_in_ten_are_named_first_and_of_outages_none() -> None:
    trials = [simulated(seed) for seed in range(90)]
    right = [found is not None and (found.dimension, found.members[0]) == member for found, member in trials if member]
    silent = [found is None for found, member in trials if not member]
    assert np.mean(right) >= 0.9
    assert np.mean(silent) >= 0.95
