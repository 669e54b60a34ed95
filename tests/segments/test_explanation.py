"""Why a user is where they are, and what would move them."""

import numpy as np
import pyarrow as pa
import pytest
from segmented import Segmented
from shoppers import planted, shop

from footfall.errors import UserError
from footfall.segments import explain, fit
from footfall.segments.scoring import place_users


@pytest.fixture(scope="module")
def many() -> Segmented:
    from segmented import segmented  # noqa: PLC0415

    return segmented(shop(1_500, seed=6)[0], k=8)


def test_distances_are_those_to_all_centres_of_the_part(many: Segmented) -> None:
    for row in many.assigned.slice(0, 40).to_pylist():
        found = explain(many.model, many.features, row["user_id"])
        distances = [distance for _, distance in found.distances]
        assert (found.segment.id, distances[0]) == (row["segment_id"], pytest.approx(row["distance"]))
        assert found.proba == pytest.approx(row["proba"])
        assert distances == sorted(distances)
        assert len(distances) == found.part.k
        assert found.nearest_other == found.distances[1][0]


def test_the_weights_of_what_speaks_for_a_segment_sum_to_one(many: Segmented, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.segments.explanation.REASONS", 100)
    for row in many.assigned.slice(0, 20).to_pylist():
        found = explain(many.model, many.features, row["user_id"])
        assert sum(reason.weight for reason in found.reasons if reason.weight > 0) == pytest.approx(1)
        assert sum(reason.weight for reason in found.reasons) >= 0
        assert len(found.reasons) == len(found.part.scales)


def test_a_move_leads_where_it_says(many: Segmented) -> None:
    moved = 0
    for place, row in enumerate(many.assigned.slice(0, 60).to_pylist()):
        for move in explain(many.model, many.features, row["user_id"]).moves:
            user = many.features.slice(place, 1)
            column = user.column_names.index(move.feature)
            changed = user.set_column(column, move.feature, pa.array([move.needed], pa.float64()))
            label = place_users(many.model, changed).label[0]
            assert many.model.segments[label] == move.segment
            assert move.segment.id != row["segment_id"]
            if pa.types.is_integer(user.schema.field(column).type):
                assert move.needed == int(move.needed)
            moved += 1
    assert moved > 20


def test_the_reasons_are_the_features_that_were_planted() -> None:
    features, truth = planted()
    model = fit(features, k=3)
    users = features["user_id"].to_pylist()
    heavy = int(np.flatnonzero(truth == 2)[0])

    found = explain(model, features, users[heavy])

    assert {reason.feature for reason in found.reasons} <= {
        "views",
        "carts",
        "orders",
        "spend",
        "evening_share",
        "recency_days",
    }
    assert all(reason.weight > 0 for reason in found.reasons)


def test_one_segment_needs_no_reason(web_shop: Segmented) -> None:
    found = explain(fit(web_shop.features, k=1), web_shop.features, web_shop.features["user_id"][0].as_py())

    assert (found.reasons, found.moves, found.nearest_other, found.proba) == ((), (), None, 1.0)


def test_an_unknown_user_is_named(web_shop: Segmented) -> None:
    with pytest.raises(UserError, match="no user nobody"):
        explain(web_shop.model, web_shop.features, "nobody")
