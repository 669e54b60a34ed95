"""Whether what the truth says went wrong can be seen in the log."""

import pytest

KINDS = ["bot_spike", "payment_outage", "price_error", "slow_decline", "tracking_loss"]


def window(shop, kind: str) -> tuple[str, str]:
    start, end = shop.sql(
        f"SELECT min(start)::TIMESTAMP::VARCHAR, max(\"end\")::TIMESTAMP::VARCHAR FROM incidents WHERE kind = '{kind}'"
    ).fetchone()
    return start, end


def inside(shop, kind: str) -> str:
    start, end = window(shop, kind)
    return f"event_time >= '{start}' AND event_time < '{end}'"


def same_hours_of_other_days(shop, kind: str) -> str:
    start, end = window(shop, kind)
    return f"event_time::TIME >= '{start[11:]}' AND event_time::TIME < '{end[11:]}' AND NOT ({inside(shop, kind)})"


def test_every_month_has_every_kind_of_incident(quarter):
    found = quarter.sql("SELECT month(start), list(DISTINCT kind ORDER BY kind) FROM incidents GROUP BY 1 ORDER BY 1")
    assert found.fetchall() == [(10, KINDS), (11, KINDS), (12, KINDS)]


def test_incidents_of_hours_do_not_share_a_day_with_each_other_or_with_black_friday(quarter):
    days = quarter.sql(
        "SELECT DISTINCT kind, start::DATE::VARCHAR FROM incidents WHERE kind <> 'slow_decline'"
    ).fetchall()
    dates = [day for _, day in days]
    assert len(dates) == len(set(dates))
    assert not {"2019-11-29", "2019-11-30", "2019-12-01", "2019-12-02"} & set(dates)


def test_a_payment_outage_takes_purchases_but_no_views(october, number):
    purchases = "SELECT count(*) / {} FROM events WHERE event_type = 'purchase' AND {}"
    expected = number(october, purchases.format(30, same_hours_of_other_days(october, "payment_outage")))
    assert expected > 30
    assert number(october, purchases.format(1, inside(october, "payment_outage"))) < 0.15 * expected
    views = purchases.replace("purchase", "view")
    expected_views = number(october, views.format(30, same_hours_of_other_days(october, "payment_outage")))
    assert number(october, views.format(1, inside(october, "payment_outage"))) > 0.8 * expected_views


def test_a_tracking_loss_leaves_no_event(october, number):
    count = "SELECT count(*) FROM events WHERE {}"
    assert number(october, count.format(same_hours_of_other_days(october, "tracking_loss"))) > 1000
    assert number(october, count.format(inside(october, "tracking_loss"))) == 0


def test_bots_have_many_more_views_than_anyone_else(october, number):
    bots = "SELECT member::BIGINT FROM incidents WHERE kind = 'bot_spike'"
    views = f"SELECT user_id, count(*) AS n FROM events WHERE {inside(october, 'bot_spike')} GROUP BY 1"
    fewest = number(october, f"SELECT min(n) FROM ({views}) WHERE user_id IN ({bots})")
    most_of_others = number(october, f"SELECT max(n) FROM ({views}) WHERE user_id NOT IN ({bots})")
    assert fewest > 3 * most_of_others


def test_bots_only_view_and_only_during_the_spike(october, number):
    bots = "user_id IN (SELECT member::BIGINT FROM incidents WHERE kind = 'bot_spike')"
    assert number(october, f"SELECT count(*) FROM events WHERE {bots} AND event_type <> 'view'") == 0
    assert number(october, f"SELECT count(*) FROM events WHERE {bots} AND NOT ({inside(october, 'bot_spike')})") == 0


def test_a_price_error_multiplies_the_prices_of_one_category(october, number):
    category, factor = october.sql("SELECT member, intensity FROM incidents WHERE kind = 'price_error'").fetchone()
    typical = "SELECT exp(avg(ln(price / base_price))) FROM events JOIN products USING (product_id) WHERE {} AND {}"
    struck = f"events.category_id = {category}"
    during = inside(october, "price_error")
    assert number(october, typical.format(during, struck)) == pytest.approx(factor, rel=0.2)
    assert number(october, typical.format(f"NOT ({during})", struck)) == pytest.approx(1, rel=0.1)
    assert number(october, typical.format(during, f"NOT ({struck})")) == pytest.approx(1, rel=0.1)


def test_a_slow_decline_takes_most_of_a_category_by_its_end(october, number):
    category = october.sql("SELECT member FROM incidents WHERE kind = 'slow_decline'").fetchone()[0]
    start, end = window(october, "slow_decline")
    share = f"SELECT avg((category_id = {category})::INT) FROM events WHERE event_time {{}}"
    before = number(october, share.format(f"< '{start}'"))
    last_days = number(october, share.format(f"BETWEEN '{end}'::TIMESTAMP - INTERVAL 3 DAYS AND '{end}'"))
    assert last_days == pytest.approx(0.36 * before, rel=0.35)
