"""Whether what the truth says was planned can be seen in the log."""

import pytest

DAILY = "SELECT event_time::DATE AS day, count(*) AS n FROM events GROUP BY ALL"


def test_black_friday_is_the_largest_day_of_autumn(quarter, number):
    day, events = quarter.sql(f"SELECT day, n FROM ({DAILY}) ORDER BY n DESC LIMIT 1").fetchone()
    assert str(day) == "2019-11-29"
    assert events > 1.6 * number(quarter, f"SELECT median(n) FROM ({DAILY})")


def test_black_friday_sells_more_than_its_visits_explain(quarter, number):
    usual = number(quarter, "SELECT avg((event_type = 'purchase')::INT) FROM events WHERE event_time < '2019-11-25'")
    friday = number(
        quarter, "SELECT avg((event_type = 'purchase')::INT) FROM events WHERE event_time::DATE = '2019-11-29'"
    )
    assert friday > 1.3 * usual


def test_black_friday_stands_in_the_calendar_only_if_it_lies_in_the_period(october, quarter):
    query = (
        "SELECT DISTINCT start::DATE::VARCHAR FROM calendar WHERE kind IN ('black_friday', 'cyber_monday') ORDER BY 1"
    )
    assert october.sql(query).fetchall() == []
    assert quarter.sql(query).fetchall() == [("2019-11-29",), ("2019-11-30",), ("2019-12-02",)]


def test_every_month_has_private_sales_launches_promotions_and_price_changes(quarter):
    kinds = quarter.sql(
        "SELECT kind, count(*) FROM calendar WHERE kind NOT LIKE '%day' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert [kind for kind, _ in kinds] == ["price_change", "private_sale", "product_launch", "promotion"]
    assert dict(kinds)["private_sale"] == 3
    assert dict(kinds)["product_launch"] == 6


def test_prices_are_the_base_price_times_what_the_calendar_says(october, number):
    """The oracle: an SQL product over the calendar, for every row outside the price error."""
    wrong = number(
        october,
        """WITH shown AS (
            SELECT product_id, event_time::DATE AS day, price, category_id FROM events
            WHERE NOT EXISTS (FROM incidents WHERE kind = 'price_error' AND member = category_id::VARCHAR
                AND event_time >= start::TIMESTAMP AND event_time < "end"::TIMESTAMP)
            GROUP BY ALL
        ), due AS (
            SELECT day, price, base_price * coalesce(product(price_factor), 1) AS expected
            FROM shown JOIN products USING (product_id)
            LEFT JOIN calendar ON day >= start::DATE AND day < "end"::DATE AND member IN (
                shown.product_id::VARCHAR, shown.category_id::VARCHAR)
            GROUP BY shown.product_id, day, price, base_price
        ) SELECT count(*) FROM due WHERE abs(price - greatest(expected, 0.77)) > 0.006""",
    )
    assert wrong == 0


def test_promotions_cut_prices_by_10_to_40_percent_for_days(october):
    cut = "min(1 - price_factor), max(1 - price_factor), max(datediff('day', start, \"end\"))"
    least, most, days = october.sql(f"SELECT {cut} FROM calendar WHERE kind = 'promotion'").fetchone()
    assert 0.1 <= least < most <= 0.4
    assert days <= 10


def test_a_launched_product_does_not_occur_before_its_launch(quarter, number):
    early = """SELECT count(*) FROM events JOIN calendar ON member = product_id::VARCHAR
        WHERE kind = 'product_launch' AND event_time < start::TIMESTAMP - INTERVAL 3 HOURS"""
    late = early.replace("event_time <", "event_time >=")
    assert number(quarter, early) == 0
    assert number(quarter, late) > 0


def test_a_private_sale_draws_users_to_its_category(october, number):
    start, end, category = october.sql(
        "SELECT start, \"end\", member FROM calendar WHERE kind = 'private_sale'"
    ).fetchone()
    share = "SELECT avg((category_id = {}) ::INT) FROM events WHERE event_time::DATE {} BETWEEN '{}' AND '{}'"
    days = (start.date(), end.date())
    inside = number(october, share.format(category, "", *days))
    outside = number(october, share.format(category, "NOT", *days))
    assert inside == pytest.approx(1.6 * outside, rel=0.4)
    assert inside > 1.15 * outside
