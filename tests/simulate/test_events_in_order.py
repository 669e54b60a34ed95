import numpy as np

from footfall.simulate.events import Events, EventType, in_order, no_events


def events(*rows: tuple[int, int, int, EventType]) -> Events:
    """Events from rows of second, user, product and type; each is a session of its own."""
    second, user, product, kind = np.array(rows, dtype=np.int64).T
    return Events(second, user, np.arange(len(rows)), product, kind)


def test_events_are_put_in_order_of_time():
    ordered = in_order(events((30, 1, 7, EventType.VIEW), (10, 2, 8, EventType.VIEW), (20, 1, 9, EventType.CART)))
    assert ordered.second.tolist() == [10, 20, 30]
    assert ordered.product.tolist() == [8, 9, 7]


def test_a_user_has_one_event_a_second_so_nothing_repeats_by_accident():
    same = (10, 1, 7, EventType.VIEW)
    ordered = in_order(events(same, same, (10, 2, 7, EventType.VIEW), (11, 1, 7, EventType.VIEW)))
    assert list(zip(ordered.second.tolist(), ordered.user.tolist(), strict=True)) == [(10, 1), (10, 2), (11, 1)]
    assert ordered.session.tolist() == [0, 2, 3]


def test_no_events_stay_none():
    assert len(in_order(no_events())) == 0
