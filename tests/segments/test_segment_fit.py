import subprocess
import sys
from datetime import datetime

import numpy as np
import pyarrow.compute as pc
import pytest
from segmented import Segmented
from shoppers import planted, shop, users_with
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from footfall.errors import SettingInvalid, SourceUnreadable, UserError
from footfall.segments import assign, clusters, fit, from_json
from footfall.segments.transform import scaled

NOW = datetime(2020, 1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_planted_kinds_are_found(seed: int) -> None:
    features, truth = planted(seed=seed)

    found = assign(fit(features, k=3), features, updated_at=NOW)["segment_id"]

    assert adjusted_rand_score(truth, found.to_numpy()) > 0.9


def test_shuffled_features_do_not_find_the_planted_kinds() -> None:
    features, truth = planted()
    rng = np.random.default_rng(0)
    for place in range(2, features.num_columns):
        shuffled = features.column(place).take(rng.permutation(features.num_rows))
        features = features.set_column(place, features.column_names[place], shuffled)

    found = assign(fit(features, k=3), features, updated_at=NOW)["segment_id"]

    assert adjusted_rand_score(truth, found.to_numpy()) < 0.05


def test_the_starts_compete_on_a_sample_of_many_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "START_ROWS", 200)
    features, truth = planted()

    found = assign(fit(features, k=3), features, updated_at=NOW)["segment_id"]

    assert adjusted_rand_score(truth, found.to_numpy()) > 0.9


def test_the_same_seed_gives_the_same_model() -> None:
    features, _ = shop(500, seed=3)

    assert fit(features, seed=7) == fit(features, seed=7)


def test_the_segments_of_a_part_are_ordered_by_size(web_shop: Segmented) -> None:
    users = np.bincount(web_shop.assigned["segment_id"].to_numpy())

    assert users.tolist() == [segment.users for segment in web_shop.model.segments]
    assert [segment.id for segment in web_shop.model.segments] == [0, 1, 2, 3, 4]
    for part in web_shop.model.parts:
        assert sorted((segment.users for segment in part.segments), reverse=True) == [s.users for s in part.segments]


def test_buyers_and_visitors_are_segmented_apart(web_shop: Segmented) -> None:
    buyers, visitors = web_shop.model.parts
    orders = web_shop.features["orders"].to_numpy()
    segments = web_shop.assigned["segment_id"].to_numpy()

    assert (buyers.name, visitors.name, buyers.k, visitors.k) == ("buyers", "visitors", 3, 2)
    assert buyers.users == (orders > 0).sum()
    assert set(segments[orders > 0]) == {segment.id for segment in buyers.segments}
    assert set(segments[orders == 0]) == {segment.id for segment in visitors.segments}
    assert "orders" not in {scale.feature for scale in visitors.scales}


def test_a_part_of_one_segment_is_called_by_who_is_in_it(web_shop: Segmented) -> None:
    names = [segment.name.text() for segment in fit(web_shop.features, k=(1, 1)).segments]

    assert names == ["All Buyers", "All Visitors"]


def test_numbers_by_part_are_kept(web_shop: Segmented) -> None:
    assert fit(web_shop.features, k=(1, 4)).numbers == {"buyers": 1, "visitors": 4}
    assert fit(web_shop.features, k={"buyers": 2, "visitors": 1}).numbers == {"buyers": 2, "visitors": 1}
    assert fit(web_shop.features, k=1).numbers == {"users": 1}


def test_the_components_are_those_of_scikit_learn(web_shop: Segmented) -> None:
    part = web_shop.model.parts[0]
    bought = web_shop.features.filter(pc.greater(web_shop.features["orders"], 0))
    rows = scaled(bought, part.scales)
    oracle, ours = PCA(0.9).fit(rows), part.projection
    loadings = np.array(ours.loadings)

    assert len(loadings) == oracle.n_components_
    assert ours.variance_shares[: len(loadings)] == pytest.approx(oracle.explained_variance_ratio_)
    assert np.abs(loadings) == pytest.approx(np.abs(oracle.components_), abs=1e-8)
    assert (loadings.max(axis=1) == np.abs(loadings).max(axis=1)).all()
    assert ours.project(rows).var(axis=0).sum() / rows.var(axis=0).sum() >= 0.9


def test_a_shop_of_invoices_leaves_out_what_it_does_not_know(invoice_shop: Segmented) -> None:
    (users,) = invoice_shop.model.parts
    dropped = {one.feature for one in users.dropped}

    assert {"views", "carts", "view_to_cart", "cart_to_purchase", "brand_entropy"} <= dropped
    assert "orders" not in dropped
    assert invoice_shop.model.k == 5


def test_extremes_and_nulls_do_not_stop_a_fit() -> None:
    features = users_with(
        spend=[1e300, -1e300, None, 0.0, 5.0, 7.0],
        carts=[0.0, 1e15, 3.0, None, 2.0, 1.0],
        average_order=[None, None, None, 2.0, 3.0, 4.0],
    )

    model = fit(features, k=2)

    assert from_json(model.to_json()) == model
    assert sum(segment.users for segment in model.segments) == 6


def test_one_segment_holds_everyone() -> None:
    features, _ = planted(50)

    assigned = assign(fit(features, k=1), features, updated_at=NOW)

    assert set(assigned["segment_id"].to_pylist()) == {0}
    assert set(assigned["proba"].to_pylist()) == {1.0}


@pytest.mark.parametrize(
    ("spend", "k", "error", "complaint"),
    [
        ([1.0, 2.0, 3.0], 0, SettingInvalid, "k is 0 and must be 1 or more"),
        ([1.0, 2.0, 3.0], 4, SettingInvalid, "3 users, and k = 4 needs 4 or more; choose a smaller k"),
        ([1.0], 1, SettingInvalid, "1 users, and k = 1 needs 2 or more"),
        ([], 1, SettingInvalid, "0 users"),
        ([5.0, 5.0, 5.0], 1, SourceUnreadable, "all 3 users are alike in all features"),
        ([None, None, None], 1, SourceUnreadable, "all 3 users are alike"),
        ([0.0, 0.0, 0.0], 2, SettingInvalid, "all 3 users are alike, and 2 segments of them are asked for"),
        ([1.0, 1.0, 2.0, 2.0], 3, SettingInvalid, "the users fall into 2 different groups at most; choose k = 2"),
    ],
)
def test_what_cannot_be_segmented_is_refused(
    spend: list[float | None], k: int, error: type[UserError], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        fit(users_with(spend=spend), k=k)


def test_the_room_is_quick_to_import() -> None:
    slow = "import sys, footfall.segments; print([m for m in ('sklearn', 'plotly', 'scipy') if m in sys.modules])"

    assert subprocess.run([sys.executable, "-c", slow], capture_output=True, text=True, check=True).stdout == "[]\n"
