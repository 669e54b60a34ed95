"""A watch that was stopped and begun again goes on as one that was not."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hourly import DAY, LEVELS, Shop, everything, set_to, strangers

from footfall.anomaly import Budget, Judged, Kin, Watch, load, save

MARK = "policy and revision"


def resumed(file: Path, shop: Shop) -> Shop:
    """Another watch, of the same policy, that remembers what is in the file."""
    watch = Watch(shop.watch.kin, everything(len(LEVELS)), Budget(false_alerts_per_week=0.1))
    assert load(file, watch, MARK)
    return Shop(watch, shop.levels)


def assert_same(mine: list[Judged], theirs: list[Judged]) -> None:
    for one, other in zip(mine, theirs, strict=True):
        for part in ("scores", "changes"):
            ours, yours = getattr(one, part), getattr(other, part)
            for field in fields(ours):
                np.testing.assert_array_equal(getattr(ours, field.name), getattr(yours, field.name))
        assert one.events == other.events


@pytest.mark.parametrize("stopped_after", [1, 5, 30])
def test_the_next_hours_are_judged_the_same_to_the_last_bit(tmp_path: Path, shop: Shop, stopped_after: int) -> None:
    """Stopped in an incident, after one, and after a change of level."""
    shop.go_on_to(12)
    shop.watch.alarms.hear(np.array([3]), "false")
    shop.go_on(stopped_after, lambda values: [set_to(4, 0.3)(values), set_to(5, 0.1, slice(0, 2))(values)])
    for one in shop.watch.recent:
        one.snoozed = shop.next + 10
    save(tmp_path / "memory.npz", shop.watch, MARK)
    again = resumed(tmp_path / "memory.npz", shop)
    assert again.watch.last == shop.watch.last
    assert again.watch.recent == shop.watch.recent
    mine, theirs = (one.go_on(2 * DAY, set_to(slice(2, 6), 0.4, slice(20, 30))) for one in (shop, again))
    assert_same(mine, theirs)
    assert any(one.events for one in theirs)


def test_it_is_so_for_a_rate_of_false_discoveries(tmp_path: Path, after_six_weeks: Shop) -> None:
    """Which remembers a week of small p-values."""
    watches = [strangers(len(LEVELS), budget=Budget(false_discovery_rate=0.1)) for _ in range(2)]
    ours, theirs = (Shop(watch, LEVELS) for watch in watches)
    ours.go_on(15 * DAY)
    save(tmp_path / "memory.npz", ours.watch, MARK)
    assert load(tmp_path / "memory.npz", theirs.watch, MARK)
    assert len(ours.watch.alarms.threshold.small) > 0
    assert_same(*(one.go_on(DAY, set_to(4, 0.3, slice(12, None))) for one in (ours, theirs)))


def test_nothing_is_remembered_of_another_mark_or_of_other_series(tmp_path: Path, shop: Shop) -> None:
    file = tmp_path / "new folder" / "memory.npz"
    save(file, shop.watch, MARK)
    others = [
        (shop.watch.kin, "another policy", file),
        (Kin.strangers([f"t{number}" for number in range(len(LEVELS))]), MARK, file),
        (Kin.strangers([f"s{number}" for number in range(len(LEVELS) + 1)]), MARK, file),
        (Kin.strangers([f"s{number}" for number in reversed(range(len(LEVELS)))]), MARK, file),
        (shop.watch.kin, MARK, tmp_path / "none.npz"),
    ]
    for kin, mark, where in others:
        watch = Watch(kin, everything(len(kin)), Budget())
        assert not load(where, watch, mark)
        assert watch.last == 0
        assert not watch.detector.age.any()


def test_a_run_that_dies_as_it_writes_leaves_the_last_memory(tmp_path: Path, shop: Shop) -> None:
    file = tmp_path / "memory.npz"
    save(file, shop.watch, MARK)
    before = shop.copy()
    shop.go_on(5)
    save(tmp_path / "later.npz", shop.watch, MARK)
    file.with_suffix(".unfinished").write_bytes((tmp_path / "later.npz").read_bytes()[:5000])
    again = resumed(file, shop)
    assert again.watch.last == before.watch.last
    assert_same(before.go_on(3), again.go_on(3))
    save(file, again.watch, MARK)
    assert not file.with_suffix(".unfinished").exists()
