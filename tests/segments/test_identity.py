"""The same segments again, after a refit."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from segmented import Segmented
from shoppers import planted

from footfall.segments import assign, fit, from_json, migration
from footfall.segments.identity import match, overlaps
from footfall.segments.scoring import place_users

OCTOBER, NOVEMBER = datetime(2019, 11, 1), datetime(2019, 12, 1)


def ids_of(model: object, features: pa.Table) -> np.ndarray:
    return assign(model, features, updated_at=NOVEMBER)["segment_id"].to_numpy()  # type: ignore[arg-type]


def test_overlap_is_jaccards() -> None:
    before, after = np.array([0, 0, 0, 1, 1], np.int32), np.array([0, 0, 1, 1, 2], np.int32)

    assert overlaps(before, after, (2, 3)) == pytest.approx(np.array([[2 / 3, 1 / 4, 0], [0, 1 / 3, 1 / 2]]))


def test_a_refit_on_the_same_users_changes_nothing_but_its_version(web_shop: Segmented) -> None:
    again = fit(web_shop.features, k=5, last=web_shop.model)

    assert again.version == "v1.0.1"
    assert [segment.id for segment in again.segments] == [segment.id for segment in web_shop.model.segments]
    assert [segment.name for segment in again.segments] == [segment.name for segment in web_shop.model.segments]
    assert min(segment.overlap or 0 for segment in again.segments) > 0.98


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_under_another_seed_at_least_99_of_100_users_keep_their_segment(web_shop: Segmented, seed: int) -> None:
    again = fit(web_shop.features, k=5, last=web_shop.model, seed=seed)
    kept = ids_of(again, web_shop.features) == web_shop.assigned["segment_id"].to_numpy()

    assert kept.mean() >= 0.99


def test_other_users_of_the_same_kinds_keep_the_identities() -> None:
    first, truth = planted(seed=0)
    other, other_truth = planted(seed=1)
    model = fit(first, k=3)
    again = fit(other, k=3, last=model)
    for kind in range(3):
        assert set(ids_of(model, first)[truth == kind]) == set(ids_of(again, other)[other_truth == kind])


def test_a_kind_that_is_new_gets_an_id_that_was_never_used() -> None:
    features, truth = planted(seed=0)
    small = features.filter(pa.array(truth != 2))
    two = fit(small, k=2)
    three = fit(features, k=3, last=two)
    back = fit(small, k=2, last=three)
    again = fit(features, k=3, last=back)

    assert {segment.id for segment in two.segments} == {segment.id for segment in back.segments} == {0, 1}
    assert {segment.id for segment in three.segments} == {0, 1, 2}
    assert {segment.id for segment in again.segments} == {0, 1, 3}
    assert [model.version for model in (two, three, back, again)] == ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0"]
    assert {segment.id for segment in three.segments if segment.overlap is None} == {2}


def test_without_a_last_model_ids_begin_where_they_are_told() -> None:
    features, _ = planted()
    model = fit(features, k=3, first_id=7, highest_version="v1.10.2")

    assert ([segment.id for segment in model.segments], model.next_id, model.version) == ([7, 8, 9], 10, "v1.11.0")


def test_shuffled_users_keep_no_identity() -> None:
    """On its null: where the features say nothing about the segments, no segment goes on."""
    features, _ = planted()
    rng = np.random.default_rng(0)
    shuffled = features
    for place in range(2, features.num_columns):
        values = features.column(place).take(rng.permutation(features.num_rows))
        shuffled = shuffled.set_column(place, features.column_names[place], values)
    model = fit(features, k=3)
    again = fit(shuffled, k=6, last=model)

    assert [segment.overlap for segment in again.segments] == [None] * 6
    assert {segment.id for segment in again.segments} == set(range(3, 9))


def test_after_a_rollback_neither_number_nor_id_is_given_again() -> None:
    features, _ = planted()
    first = fit(features, k=3)
    again = fit(features, k=5, last=first, first_id=20, highest_version="v1.4.2")
    same = fit(features, k=3, last=first, first_id=20, highest_version="v1.4.2")

    assert again.version == same.version == "v1.5.0"
    assert {segment.id for segment in again.segments} - {0, 1, 2} <= set(range(20, 25))


def test_a_pair_of_half_is_worth_more_than_two_of_a_third(monkeypatch: pytest.MonkeyPatch) -> None:
    features, _ = planted(60)
    model = fit(features, k=2)
    half = np.array([[0.5, 0.33], [0.33, 0.0]])
    monkeypatch.setattr("footfall.segments.identity.overlaps", lambda *_: half)

    assert match(model, features, np.zeros(60, np.int32), 2) == {0: (0, 0.5)}


def test_a_model_read_from_json_goes_on_the_same(web_shop: Segmented) -> None:
    read = from_json(web_shop.model.to_json())

    assert fit(web_shop.features, k=5, last=read) == fit(web_shop.features, k=5, last=web_shop.model)


def test_ids_and_not_places_are_assigned(web_shop: Segmented) -> None:
    parts = tuple(
        replace(part, segments=tuple(replace(one, id=one.id + 40) for one in part.segments))
        for part in web_shop.model.parts
    )
    moved = replace(web_shop.model, parts=parts)

    assert (ids_of(moved, web_shop.features) == web_shop.assigned["segment_id"].to_numpy() + 40).all()
    assert (place_users(moved, web_shop.features).label == web_shop.assigned["segment_id"].to_numpy()).all()


def segments(as_of: datetime, version: str, **users: int) -> pa.Table:
    rows = len(users)
    return pa.table(
        {
            "user_id": list(users),
            "segment_id": pa.array(users.values(), pa.int32()),
            "segment_name": [f"Segment {one}" for one in users.values()],
            "model_version": [version] * rows,
            "as_of": pa.array([as_of] * rows, pa.timestamp("us")),
        }
    )


def test_migration_counts_who_moved_who_came_and_who_left() -> None:
    before = segments(OCTOBER, "v1.0.0", ann=0, bob=0, cid=0, dee=1)
    after = segments(NOVEMBER, "v1.0.1", ann=0, bob=0, cid=2, eve=1)

    rows = migration(before, after).to_pylist()

    found = {(row["from_segment_id"], row["to_segment_id"]): (row["users"], row["share_of_from"]) for row in rows}
    assert found == {
        (0, 0): (2, pytest.approx(2 / 3)),
        (0, 2): (1, pytest.approx(1 / 3)),
        (1, None): (1, 1.0),
        (None, 1): (1, None),
    }
    assert {(row["from_as_of"], row["to_as_of"]) for row in rows} == {(OCTOBER, NOVEMBER)}
    assert {(row["from_model_version"], row["to_model_version"]) for row in rows} == {("v1.0.0", "v1.0.1")}
    assert rows[0]["from_segment_name"] == "Segment 0"
