import json
import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from segmented import UPDATED_AT, Segmented
from shoppers import shop, users_with

from footfall.contracts import CUSTOMER_SEGMENTS
from footfall.errors import SourceUnreadable
from footfall.segments import assign, from_json, transform
from footfall.segments.clusters import nearest
from footfall.segments.scoring import labels_of

coordinates = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3))


@given(
    st.tuples(coordinates, coordinates),
    st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=5, unique=True),
)
def test_nearest_agrees_with_plain_python(point: tuple[float, float], centres: list[tuple[float, float]]) -> None:
    distances = [math.dist(point, centre) for centre in centres]
    closest = min(distances)

    softness = max(closest**2, 1.0)
    found = nearest(np.array([point]), np.array(centres), softness)

    assert found.distance[0] == pytest.approx(closest, rel=1e-9)
    assert distances[found.label[0]] == pytest.approx(closest, rel=1e-9)
    others = sum(math.exp((closest**2 - distance**2) / softness) for distance in distances)
    assert found.proba[0] == pytest.approx(1 / others, rel=1e-6)


def test_proba_lies_between_an_even_choice_and_certainty(web_shop: Segmented) -> None:
    proba = web_shop.assigned["proba"].to_numpy()

    assert proba.min() >= 1 / 3
    assert proba.max() <= 1


def test_rows_are_as_in_the_contract(web_shop: Segmented) -> None:
    assigned = web_shop.assigned

    assert assigned.schema.equals(CUSTOMER_SEGMENTS.schema)
    assert assigned["user_id"].equals(web_shop.features["user_id"])
    assert sum(assigned[name].null_count for name in assigned.column_names) == 0
    first = assigned.slice(0, 1).to_pylist()[0]
    assert first["segment_name"] == web_shop.model.segments[first["segment_id"]].name.text()
    assert (first["model_version"], first["as_of"], first["updated_at"]) == ("v1.0.0", datetime(2020, 1, 1), UPDATED_AT)


@pytest.mark.parametrize(
    "moment",
    [datetime(2020, 1, 1, 7, 30, tzinfo=timezone(timedelta(hours=1))), datetime(2020, 1, 1, 6, 30, tzinfo=UTC)],
)
def test_the_time_of_writing_is_in_utc(web_shop: Segmented, moment: datetime) -> None:
    assigned = assign(web_shop.model, web_shop.features.slice(0, 1), updated_at=moment)

    assert assigned["updated_at"].to_pylist() == [UPDATED_AT]


def test_the_size_of_a_block_changes_nothing(web_shop: Segmented, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transform, "BLOCK_ROWS", 700)

    assert assign(web_shop.model, web_shop.features, updated_at=UPDATED_AT).equals(web_shop.assigned)


def test_a_model_read_from_json_assigns_the_same(web_shop: Segmented) -> None:
    model = from_json(web_shop.model.to_json())

    assert model == web_shop.model
    assert assign(model, web_shop.features, updated_at=UPDATED_AT).equals(web_shop.assigned)


def test_nobody_to_assign_gives_no_rows(web_shop: Segmented) -> None:
    assert assign(web_shop.model, web_shop.features.slice(0, 0), updated_at=UPDATED_AT).equals(
        web_shop.assigned.slice(0, 0)
    )


@pytest.mark.parametrize("value", [None, 0.0, -1e308, 1e308, math.nan, math.inf])
def test_nulls_zeros_and_extremes_are_assigned(web_shop: Segmented, value: float | None) -> None:
    names = web_shop.model.features

    (row,) = assign(web_shop.model, users_with(**{name: [value] for name in names}), updated_at=UPDATED_AT).to_pylist()

    assert 0 <= row["segment_id"] < 5
    assert 0 < row["proba"] <= 1
    assert math.isfinite(row["distance"])


def test_a_feature_that_is_missing_is_named(web_shop: Segmented) -> None:
    with pytest.raises(SourceUnreadable, match="no column carts, which segment model v1"):
        assign(web_shop.model, web_shop.features.drop_columns(["carts"]), updated_at=UPDATED_AT)


def test_labels_are_found_in_any_order(web_shop: Segmented) -> None:
    shuffled = web_shop.assigned.take(np.random.default_rng(0).permutation(3_000))

    assert (
        labels_of(web_shop.model, web_shop.features, shuffled).tolist() == web_shop.assigned["segment_id"].to_pylist()
    )


def test_assignments_that_do_not_belong_to_the_features_are_refused(web_shop: Segmented) -> None:
    model, features, assigned = web_shop.model, web_shop.features, web_shop.assigned
    other = assigned.set_column(5, "model_version", pa.repeat("v9", assigned.num_rows))

    with pytest.raises(SourceUnreadable, match="1 of 3,000 users have no segment"):
        labels_of(model, features, assigned.slice(1))
    with pytest.raises(SourceUnreadable, match=r"made by \['v9'\] and not by v1.0.0"):
        labels_of(model, features, other)


def damaged(web_shop: Segmented, **changes: object) -> str:
    return json.dumps(json.loads(web_shop.model.to_json()) | changes)


def test_a_model_file_that_cannot_be_read_is_refused(web_shop: Segmented) -> None:
    with pytest.raises(SourceUnreadable, match="not JSON"):
        from_json("{")
    with pytest.raises(SourceUnreadable, match="format is None"):
        from_json("[]")
    with pytest.raises(SourceUnreadable, match="format is 1 and this version of Footfall reads format 2"):
        from_json(damaged(web_shop, format=1))
    with pytest.raises(SourceUnreadable, match="version is missing or wrong"):
        from_json('{"format": 2}')
    with pytest.raises(SourceUnreadable, match="users is missing or wrong"):
        from_json(damaged(web_shop, users="many"))
    with pytest.raises(SourceUnreadable, match=r"parts.0.rule is missing or wrong"):
        from_json(damaged(web_shop, parts=[{"name": "users", "scales": [{"feature": "carts"}]}]))


def test_users_who_came_later_are_assigned_by_the_old_model(web_shop: Segmented) -> None:
    later, _ = shop(200, seed=9)

    assert assign(web_shop.model, later, updated_at=UPDATED_AT).num_rows == 200
