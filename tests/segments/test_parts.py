"""Who is segmented together."""

from datetime import datetime

import numpy as np
import pytest
from shoppers import shop, users_with

from footfall.segments import assign, fit
from footfall.segments.parts import Rule, divide, places


def names(**features: list[float | None]) -> list[str]:
    return [name for name, _ in divide(users_with(**features))]


def test_who_bought_is_a_buyer() -> None:
    features = users_with(orders=[0.0, 1.0, None, 7.0], spend=[0.0, 5.0, 0.0, 0.0])
    parts = divide(features)

    assert [name for name, _ in parts] == ["buyers", "visitors"]
    assert places(features, [rule for _, rule in parts]).tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize("orders", [[0.0, 0.0, None], [1.0, 2.0, 3.0]])
def test_where_all_or_none_bought_there_is_one_part(orders: list[float | None]) -> None:
    assert names(orders=orders) == ["users"]


def test_where_orders_are_not_known_there_is_one_part() -> None:
    assert names(views=[1.0, 2.0]) == ["users"]


def test_the_tail_of_spend_is_isolated_by_tukeys_fence() -> None:
    rng = np.random.default_rng(0)
    spend = np.concatenate([rng.lognormal(4, 0.5, 1_000), np.full(12, 5_000.0), np.zeros(300)])
    features = users_with(orders=np.where(spend > 0, 2.0, 0.0).tolist(), spend=spend.tolist())

    (name, rule), *others = divide(features, isolate_top_spenders=True)

    low, high = np.percentile(np.log(spend[spend > 0]), [25, 75])
    assert name == "top_spenders"
    assert rule == Rule("spend", pytest.approx(np.exp(high + 1.5 * (high - low))))
    assert [name for name, _ in others] == ["buyers", "visitors"]
    assert (places(features, [rule, *(rule for _, rule in others)]) == 0).sum() == (spend > rule.above).sum() >= 12


def test_a_tail_of_a_few_users_stays_where_it_is() -> None:
    features = users_with(orders=[2.0] * 109, spend=[10.0, 11.0, 12.0, 13.0] * 25 + [900.0] * 9)

    assert [name for name, _ in divide(features, isolate_top_spenders=True)] == ["users"]


def test_top_spenders_are_a_segment_of_their_own() -> None:
    features, _ = shop(3_000, seed=4)
    spend = features["spend"].to_numpy().copy()
    spend[np.argsort(-spend)[:15]] = 1e6
    features = features.set_column(features.column_names.index("spend"), "spend", [spend])

    model = fit(features, k=(2, 2), isolate_top_spenders=True)
    assigned = assign(model, features, updated_at=datetime(2020, 1, 1)).to_pandas()

    tail, *_ = model.segments
    rule = model.parts[0].rule
    assert rule is not None
    assert (tail.name.text(), model.k) == ("Exceptional Spenders", 5)
    assert 15 <= tail.users == (spend > rule.above).sum() < 100
    assert ((assigned["segment_id"] == tail.id) == (spend > rule.above)).all()
    assert fit(features, k=(2, 2)).k == 4
