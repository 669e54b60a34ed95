from statistics import fmean, median

import pytest
from segmented import UPDATED_AT, Segmented
from shoppers import users_with

from footfall.contracts import SEGMENT_PROFILES
from footfall.segments import assign, fit, profile


def mean_or_null(values: list[float]) -> float | None:
    return fmean(values) if values else None


def median_or_null(values: list[float]) -> float | None:
    return median(values) if values else None


def oracle(segmented: Segmented) -> list[dict[str, object]]:
    """Segment by segment, feature by feature, in plain Python."""
    users = segmented.features.to_pylist()
    segments = segmented.assigned["segment_id"].to_pylist()
    total = sum(user["spend"] for user in users)
    rows: list[dict[str, object]] = []
    part_of = {segment.id: part.name for part in segmented.model.parts for segment in part.segments}
    for segment, part_name in part_of.items():
        members = [user for user, own in zip(users, segments, strict=True) if own == segment]
        for feature in segmented.features.column_names[2:]:
            own = [user[feature] for user in members if user[feature] is not None]
            alike = [user for user, own in zip(users, segments, strict=True) if part_of[own] == part_name]
            base = [user[feature] for user in alike if user[feature] is not None]
            rows.append(
                {
                    "segment_id": segment,
                    "segment_name": segmented.model.segments[segment].name.text(),
                    "part": part_name,
                    "users": len(members),
                    "share": len(members) / len(users),
                    "revenue_share": sum(user["spend"] for user in members) / total,
                    "feature": feature,
                    "mean": mean_or_null(own),
                    "median": median_or_null(own),
                    "base_mean": mean_or_null(base),
                    "base_median": median_or_null(base),
                    "basis": "correlational",
                    "model_version": "v1.0.0",
                    "as_of": users[0]["as_of"],
                }
            )
    return rows


@pytest.mark.parametrize("shop", ["web_shop", "invoice_shop"])
def test_profiles_agree_with_plain_python(shop: str, request: pytest.FixtureRequest) -> None:
    segmented: Segmented = request.getfixturevalue(shop)

    for found, expected in zip(segmented.profiles.to_pylist(), oracle(segmented), strict=True):
        for name, value in expected.items():
            assert found[name] == (pytest.approx(value, rel=1e-9, abs=1e-12) if isinstance(value, float) else value)


def test_rows_are_as_in_the_contract(web_shop: Segmented) -> None:
    assert web_shop.profiles.schema.equals(SEGMENT_PROFILES.schema)
    assert web_shop.profiles.num_rows == 5 * 37


def test_the_order_of_the_assignments_does_not_matter(web_shop: Segmented) -> None:
    reversed_order = web_shop.assigned.take(list(range(2_999, -1, -1)))

    assert profile(web_shop.model, web_shop.features, reversed_order).equals(web_shop.profiles)


def test_a_segment_that_nobody_is_in_has_a_profile_without_numbers(web_shop: Segmented) -> None:
    alone = web_shop.features.slice(0, 1)
    assigned = assign(web_shop.model, alone, updated_at=UPDATED_AT)

    rows = profile(web_shop.model, alone, assigned).to_pylist()

    empty = [row for row in rows if row["segment_id"] != assigned["segment_id"][0].as_py()]
    assert len(rows) == 5 * 37
    assert {(row["users"], row["share"], row["mean"], row["median"]) for row in empty} == {(0, 0.0, None, None)}


@pytest.mark.parametrize("spend", [[0.0, 0.0, 0.0, 0.0], [5.0, -5.0, 10.0, -20.0], [None, None, None, None]])
def test_without_revenue_there_is_no_share_of_it(spend: list[float | None]) -> None:
    features = users_with(views=[1.0, 2.0, 50.0, 60.0], spend=spend)
    model = fit(features, k=2)

    profiles = profile(model, features, assign(model, features, updated_at=UPDATED_AT))

    assert profiles["revenue_share"].null_count == profiles.num_rows == 4
