"""Whether the kinds of users that the truth names behave differently, and come and go."""

import pytest

HABITS = {"window_shopper", "occasional", "heavy_cart", "loyal", "top_spender"}


@pytest.fixture(scope="module")
def by_kind(october) -> dict[str, dict[str, float]]:
    rows = october.execute(
        """WITH behaviour AS (
            SELECT user_id, count(DISTINCT user_session) AS visits,
                count(*) FILTER (event_type = 'view') / visits AS views_per_visit,
                count(*) FILTER (event_type = 'cart') AS carts,
                coalesce(sum(price) FILTER (event_type = 'purchase'), 0) AS spend,
                count(*) FILTER (event_type = 'purchase') > 0 AS buys,
                datediff('day', max(event_time), TIMESTAMP '2019-11-01') AS recency,
                datediff('day', min(event_time), TIMESTAMP '2019-11-01') AS age
            FROM events GROUP BY 1)
        SELECT kind, count(*) AS users, avg(visits) AS visits, avg(views_per_visit) AS views_per_visit,
            avg(carts) AS carts, avg(spend) AS spend, avg(buys::INT) AS buyers, median(recency) AS recency,
            max(age) AS age
        FROM behaviour JOIN (SELECT user_id, kind FROM users) USING (user_id) GROUP BY 1"""
    ).to_arrow_table()
    return {row["kind"]: row for row in rows.to_pylist()}


def leaders(by_kind, measure: str) -> list[str]:
    """The kinds of human users, the highest first."""
    humans = [kind for kind in by_kind if kind != "bot"]
    return sorted(humans, key=lambda kind: by_kind[kind][measure], reverse=True)


def test_all_kinds_occur(by_kind):
    assert set(by_kind) == HABITS | {"new", "lapsed", "bot"}
    assert min(row["users"] for kind, row in by_kind.items() if kind != "bot") > 200


def test_every_user_of_the_log_stands_in_the_truth(october, number):
    assert number(october, "SELECT count(*) FROM (SELECT user_id FROM events EXCEPT SELECT user_id FROM users)") == 0
    assert number(october, "SELECT count(*) - count(DISTINCT user_id) FROM users") == 0
    assert number(october, "SELECT count(*) FROM (SELECT user_id FROM users EXCEPT SELECT user_id FROM events)") < 10


def test_loyal_users_come_most_often(by_kind):
    assert leaders(by_kind, "visits")[0] == "loyal"
    assert by_kind["loyal"]["visits"] > 3 * by_kind["occasional"]["visits"]


def test_top_spenders_spend_most_and_look_longest(by_kind):
    assert leaders(by_kind, "spend")[:2] == ["top_spender", "loyal"]
    assert leaders(by_kind, "views_per_visit")[0] == "top_spender"
    assert by_kind["top_spender"]["spend"] > 1.5 * by_kind["loyal"]["spend"]


def test_heavy_carts_fill_carts_and_seldom_buy(by_kind):
    assert leaders(by_kind, "carts")[0] == "heavy_cart"
    assert by_kind["heavy_cart"]["buyers"] < 0.3 * by_kind["occasional"]["buyers"]


def test_window_shoppers_buy_nothing(by_kind):
    assert by_kind["window_shopper"]["buyers"] < 0.02


def test_lapsed_users_have_been_away_and_new_ones_have_just_come(by_kind):
    assert leaders(by_kind, "recency")[0] == "lapsed"
    assert by_kind["lapsed"]["recency"] > 14
    assert by_kind["new"]["age"] <= 11


def test_about_half_of_the_users_come_back_in_the_next_month(quarter, number):
    quarter.execute(
        "CREATE OR REPLACE TEMP TABLE active AS SELECT DISTINCT user_id, month(event_time) AS month FROM events"
    )
    for month in (10, 11):
        kept = number(
            quarter,
            f"""SELECT avg((user_id IN (SELECT user_id FROM active WHERE month = {month + 1}))::INT)
            FROM active WHERE month = {month}""",
        )
        assert kept == pytest.approx(0.47, abs=0.06)


def test_the_shop_keeps_its_size_because_new_users_come(quarter):
    sizes = quarter.sql("SELECT count(DISTINCT user_id) FROM events GROUP BY month(event_time)").fetchall()
    assert all(size == pytest.approx(8_000, rel=0.12) for (size,) in sizes)


def test_users_who_come_later_have_higher_numbers(quarter, number):
    humans = "FROM users WHERE kind <> 'bot'"
    earliest_new = number(quarter, f"SELECT min(user_id) {humans} AND arrived IS NOT NULL")
    assert earliest_new > number(quarter, f"SELECT max(user_id) {humans} AND arrived IS NULL")


def test_parameters_explain_behaviour(october, number):
    expected = """SELECT corr(n, visits_per_day) FROM users JOIN (
        SELECT user_id, count(DISTINCT user_session) AS n FROM events GROUP BY 1) USING (user_id) WHERE kind <> 'bot'"""
    assert number(october, expected) > 0.7
