import numpy as np
import pytest

from footfall.simulate.dirt import DIRTY_KINDS, MonthlyDirt, spoiled
from footfall.simulate.events import Events, EventType

LINE = (
    "2019-10-01 00:00:01 UTC,view,17200506,2053013559792632471,furniture.living_room.sofa,rals,543.10,519107250,"
    "566511c2-e2e3-422b-b695-cf8e6e792ca8\n"
)
ONE_FIELD = {
    "bad_timestamp": {0},
    "out_of_period": {0},
    "unknown_event_type": {1},
    "missing_product": {2},
    "no_category": {3, 4},
    "price_not_positive": {6},
    "missing_user": {7},
}


def day_of(kind: EventType, rows: int) -> Events:
    number = np.arange(rows)
    return Events(number, number, number, number, np.full(rows, int(kind)))


def kinds_of(dirt: MonthlyDirt, events: Events) -> list[str]:
    return [DIRTY_KINDS[kind] for kind in dirt.soil(events).kind]


def test_what_is_taken_out_of_a_cart_may_be_free_of_charge():
    dirt = MonthlyDirt(1, np.random.default_rng(0))
    assert set(kinds_of(dirt, day_of(EventType.REMOVE_FROM_CART, 50_000))) == {*DIRTY_KINDS} - {"price_not_positive"}


def test_a_kind_that_found_no_row_waits_for_the_next_day():
    dirt = MonthlyDirt(1, np.random.default_rng(0))
    assert kinds_of(dirt, day_of(EventType.VIEW, 0)) == []
    first = kinds_of(dirt, day_of(EventType.VIEW, 4))
    second = kinds_of(dirt, day_of(EventType.VIEW, 100))
    assert len(first) == 4
    assert {*DIRTY_KINDS} - {*first} <= {*second}


def test_a_duplicate_follows_the_row_that_it_repeats():
    soiled = MonthlyDirt(1, np.random.default_rng(0)).soil(day_of(EventType.VIEW, 1000))
    copies = soiled.position[soiled.kind == DIRTY_KINDS.index("duplicate")]
    assert len(copies) > 0
    assert (soiled.event[copies] == soiled.event[copies - 1]).all()


@pytest.mark.parametrize("kind", ONE_FIELD)
def test_a_spoiled_row_differs_in_the_fields_of_its_defect_only(kind):
    for seed in range(20):
        after = spoiled(LINE, DIRTY_KINDS.index(kind), np.random.default_rng(seed))
        pairs = zip(LINE.split(","), after.split(","), strict=True)
        assert {place for place, (old, new) in enumerate(pairs) if old != new} == ONE_FIELD[kind]


def test_a_malformed_row_has_the_wrong_number_of_fields_and_one_line():
    counts = set()
    for seed in range(200):
        after = spoiled(LINE, DIRTY_KINDS.index("malformed"), np.random.default_rng(seed))
        assert after.count("\n") == 1
        assert after.endswith("\n")
        counts.add(after.count(",") + 1)
    assert counts == {2, 3, 4, 5, 6, 7, 8, 10}
