"""DuckDB by hand: what a good engineer writes for this one file, without pseudonyms, quarantine, accounts or a lake.

It knows the file where Footfall asks a mapping: ids are whole numbers, sessions are UUIDs, every row has a category id,
nothing is ever returned. From `FEATURE_STEPS` on the SQL is portable; `spark_naive.py` runs the same.

    python hand_sql.py FILE.csv.gz OUT.parquet WORK_FOLDER MEMORY THREADS
"""

import sys
from pathlib import Path

import duckdb

LOAD = """
CREATE TABLE raw AS
SELECT event_time, event_type, product_id, category_id, nullif(lower(trim(brand)), '') AS brand,
    price, user_id, user_session
FROM read_csv('{file}', header = true, auto_detect = false, delim = ',', quote = '"', ignore_errors = true,
    timestampformat = '%Y-%m-%d %H:%M:%S UTC',
    columns = {{'event_time': 'TIMESTAMP', 'event_type': 'VARCHAR', 'product_id': 'BIGINT', 'category_id': 'BIGINT',
        'category_code': 'VARCHAR', 'brand': 'VARCHAR', 'price': 'DOUBLE', 'user_id': 'BIGINT',
        'user_session': 'UUID'}})
WHERE event_time >= TIMESTAMP '1990-01-01' AND event_time < now()::TIMESTAMP + INTERVAL 1 DAY
    AND event_type IN ('view', 'cart', 'remove_from_cart', 'purchase')
    AND (price > 0 OR event_type = 'remove_from_cart')
    AND user_id IS NOT NULL AND product_id IS NOT NULL AND category_id IS NOT NULL
"""

# The default frame of the running sum takes in all rows of a second, so that ties cannot tear a visit apart.
EVENTS = """
CREATE TABLE events AS
WITH unique_rows AS (
    SELECT * FROM raw
    QUALIFY row_number() OVER (PARTITION BY event_time, user_id, product_id, event_type ORDER BY rowid) = 1
), paused AS (
    SELECT *, coalesce(event_time - lag(event_time) OVER visit > INTERVAL 30 MINUTE, false)::INT AS cut
    FROM unique_rows WINDOW visit AS (PARTITION BY user_id, user_session ORDER BY event_time)
)
SELECT user_id, user_session, sum(cut) OVER (PARTITION BY user_id, user_session ORDER BY event_time) AS part,
    date_trunc('month', event_time) AS month, date_trunc('minute', event_time) AS event_time,
    event_type, product_id, category_id, brand, price
FROM paused
"""

VISITS = """
SELECT user_id, user_session, part, month, min(event_time) AS started_at, max(event_time) AS ended_at,
    count(*) AS events,
    count(*) FILTER (WHERE event_type = 'view') AS views,
    count(*) FILTER (WHERE event_type = 'cart') AS carts,
    count(*) FILTER (WHERE event_type = 'purchase') AS purchases,
    count(DISTINCT CASE WHEN event_type = 'view' THEN product_id END) AS products_viewed,
    round(sum(price) FILTER (WHERE event_type = 'purchase'), 4) AS order_value,
    min(event_time) FILTER (WHERE event_type = 'purchase') AS ordered_at
FROM events GROUP BY user_id, user_session, part, month
"""

PRICES = """
SELECT product_id, category_id, month, CAST(event_time AS DATE) AS day, price, count(*) AS events
FROM events WHERE price > 0 GROUP BY product_id, category_id, month, CAST(event_time AS DATE), price
"""

PRICE_RANKS = """
WITH means AS (
    SELECT product_id, category_id, month, round(sum(price * events) / sum(events), 6) AS mean_price
    FROM prices GROUP BY product_id, category_id, month
)
SELECT product_id, category_id, month,
    CASE WHEN count(*) OVER (PARTITION BY month, category_id) = 1 THEN 0.5e0
        ELSE percent_rank() OVER (PARTITION BY month, category_id ORDER BY mean_price) END AS price_rank
FROM means
"""

USERS = """
SELECT user_id, min(event_time) AS first_at, max(event_time) AS last_at,
    max(event_time) FILTER (WHERE event_type = 'purchase') AS last_purchase_at,
    count(*) AS events,
    count(*) FILTER (WHERE event_type = 'view') AS views,
    count(*) FILTER (WHERE event_type = 'cart') AS carts,
    count(*) FILTER (WHERE event_type = 'remove_from_cart') AS removals,
    count(*) FILTER (WHERE event_type = 'purchase') AS purchases,
    coalesce(sum(price) FILTER (WHERE event_type = 'purchase'), 0e0) AS spend,
    count(DISTINCT CAST(event_time AS DATE)) AS active_days,
    avg(price_rank) AS price_tier,
    stddev_pop(ln(CASE WHEN price > 0 THEN price END)) AS price_dispersion,
    avg(CASE WHEN isodow(event_time) >= 6 THEN 1e0 ELSE 0e0 END) AS weekend_share,
    avg(CASE WHEN hour(event_time) >= 18 THEN 1e0 ELSE 0e0 END) AS evening_share,
    avg(CASE WHEN day(event_time) >= 16 THEN 1e0 ELSE 0e0 END) AS second_half_share
FROM events LEFT JOIN price_ranks USING (product_id, category_id, month)
GROUP BY user_id
"""

USER_VISITS = """
WITH spaced AS (
    SELECT *, epoch(started_at) - lag(epoch(ended_at)) OVER (PARTITION BY user_id ORDER BY started_at, ended_at) AS gap
    FROM visits
), timed AS (
    SELECT *, CASE WHEN gap < 0 THEN 0 ELSE gap END / 3600e0 AS gap_hours,
        least((epoch(ended_at) - epoch(started_at)) / 60e0, 240e0) AS minutes
    FROM spaced
)
SELECT user_id, count(*) AS sessions, median(gap_hours) AS session_gap_median_hours,
    CASE WHEN count(gap_hours) > 1 THEN stddev_pop(gap_hours) / nullif(avg(gap_hours), 0e0) END AS session_gap_cv,
    count(*) FILTER (WHERE carts > 0) AS carted,
    count(*) FILTER (WHERE carts > 0 AND purchases = 0) AS abandoned,
    sum(events) * 1e0 / count(*) AS events_per_session,
    median(minutes) AS session_minutes_median,
    count(*) FILTER (WHERE events = 1) * 1e0 / count(*) AS bounce_share,
    1e0 - sum(products_viewed) / nullif(sum(views) * 1e0, 0e0) AS repeat_view_ratio
FROM timed GROUP BY user_id
"""

USER_ORDERS = """
WITH spaced AS (
    SELECT user_id, order_value,
        (epoch(ordered_at) - lag(epoch(ordered_at)) OVER (PARTITION BY user_id ORDER BY ordered_at)) / 86400e0
            AS gap_days
    FROM visits WHERE purchases > 0
)
SELECT user_id, count(*) AS orders, max(order_value) AS largest_order, median(gap_days) AS purchase_gap_median_days,
    CASE WHEN count(*) > 1 THEN stddev_pop(order_value) / nullif(avg(order_value), 0e0) END AS order_value_cv
FROM spaced GROUP BY user_id
"""

USER_CATEGORIES = """
WITH counted AS (SELECT user_id, category_id, count(*) AS n FROM events GROUP BY user_id, category_id)
SELECT user_id, count(*) AS categories, greatest(log2(sum(n)) - sum(n * log2(n)) / sum(n), 0e0) AS category_entropy
FROM counted GROUP BY user_id
"""

USER_BRANDS = """
WITH counted AS (SELECT user_id, brand, count(*) AS n FROM events WHERE brand <> 'unknown' GROUP BY user_id, brand)
SELECT user_id, greatest(log2(sum(n)) - sum(n * log2(n)) / sum(n), 0e0) AS brand_entropy,
    max(n) * 1e0 / sum(n) AS top_brand_share
FROM counted GROUP BY user_id
"""

USER_HOURS = """
WITH counted AS (SELECT user_id, hour(event_time) AS hour, count(*) AS n FROM events GROUP BY user_id, hour(event_time))
SELECT user_id, greatest(log2(sum(n)) - sum(n * log2(n)) / sum(n), 0e0) AS hour_entropy FROM counted GROUP BY user_id
"""

USER_PROMOTIONS = """
WITH bought AS (
    SELECT user_id, product_id, price, CAST(event_time AS DATE) AS day FROM events WHERE event_type = 'purchase'
), earlier AS (
    SELECT wanted.product_id, wanted.day, prices.price, sum(prices.events) AS events
    FROM (SELECT DISTINCT product_id, day FROM bought) AS wanted
    JOIN prices ON prices.product_id = wanted.product_id AND prices.day < wanted.day AND prices.day >= wanted.day - 28
    GROUP BY wanted.product_id, wanted.day, prices.price
), running AS (
    SELECT *, sum(events) OVER (PARTITION BY product_id, day ORDER BY price) AS so_far,
        sum(events) OVER (PARTITION BY product_id, day) AS total
    FROM earlier
), reference AS (
    SELECT product_id, day, min(price) AS reference_price FROM running
    WHERE 2 * so_far >= total GROUP BY product_id, day
)
SELECT user_id, avg(CASE WHEN price <= 0.9e0 * reference_price + 1e-9 THEN 1e0 ELSE 0e0 END) AS promotion_share
FROM bought JOIN reference USING (product_id, day) GROUP BY user_id
"""

SHARES = """
SELECT * FROM (
    SELECT CAST(max(last_at) AS DATE) + 1 AS as_of,
        least(coalesce(sum(carts) * 1e0 / nullif(sum(views), 0), 0e0), 1e0) AS carted_views,
        least(coalesce(sum(purchases) * 1e0 / nullif(sum(carts), 0), 0e0), 1e0) AS bought_carts,
        least(coalesce(sum(removals) * 1e0 / nullif(sum(carts), 0), 0e0), 1e0) AS removed_carts
    FROM users
) AS funnel CROSS JOIN (
    SELECT coalesce(sum(abandoned) * 1e0 / nullif(sum(carted), 0), 0e0) AS left_carts FROM user_visits
) AS carts
"""

USER_FEATURES = """
SELECT user_id, CAST(as_of AS TIMESTAMP) AS as_of,
    (epoch(CAST(as_of AS TIMESTAMP)) - epoch(last_at)) / 86400e0 AS recency_days,
    (epoch(CAST(as_of AS TIMESTAMP)) - epoch(last_purchase_at)) / 86400e0 AS recency_purchase_days,
    (epoch(CAST(as_of AS TIMESTAMP)) - epoch(first_at)) / 86400e0 AS tenure_days,
    coalesce(orders, 0) AS orders, purchases AS items, spend,
    spend / orders AS average_order, largest_order, order_value_cv,
    active_days, sessions, session_gap_median_hours, session_gap_cv, purchase_gap_median_days, views, carts, removals,
    CASE WHEN views + carts > 0 THEN least((carts + 20 * carted_views) / (views + 20), 1e0) END AS view_to_cart,
    CASE WHEN carts + purchases > 0 THEN least((purchases + 5 * bought_carts) / (carts + 5), 1e0) END
        AS cart_to_purchase,
    CASE WHEN carted > 0 THEN (abandoned + 5 * left_carts) / (carted + 5) END AS cart_abandonment,
    CASE WHEN carts + removals > 0 THEN least((removals + 5 * removed_carts) / (carts + 5), 1e0) END AS removal_ratio,
    events_per_session, session_minutes_median, bounce_share, repeat_view_ratio,
    views / nullif(purchases * 1e0, 0e0) AS views_per_purchase,
    coalesce(categories, 0) AS categories, category_entropy, brand_entropy, top_brand_share,
    price_tier, price_dispersion,
    weekend_share, evening_share, hour_entropy, second_half_share, promotion_share
FROM users
LEFT JOIN user_visits USING (user_id)
LEFT JOIN user_orders USING (user_id)
LEFT JOIN user_categories USING (user_id)
LEFT JOIN user_brands USING (user_id)
LEFT JOIN user_hours USING (user_id)
LEFT JOIN user_promotions USING (user_id)
CROSS JOIN shares
"""

FEATURE_STEPS = {
    "visits": VISITS,
    "prices": PRICES,
    "price_ranks": PRICE_RANKS,
    "users": USERS,
    "user_visits": USER_VISITS,
    "user_orders": USER_ORDERS,
    "user_categories": USER_CATEGORIES,
    "user_brands": USER_BRANDS,
    "user_hours": USER_HOURS,
    "user_promotions": USER_PROMOTIONS,
    "shares": SHARES,
}


def main(file: str, out: str, work: str, memory: str, threads: str) -> None:
    """Raw file to features."""
    database = duckdb.connect(str(Path(work) / "hand.duckdb"))
    for setting in (
        f"memory_limit = '{memory}'",
        f"threads = {threads}",
        f"temp_directory = '{Path(work) / 'spilled'}'",
        "enable_progress_bar = false",
    ):
        database.execute(f"SET {setting}")
    database.execute(LOAD.format(file=file))
    database.execute(EVENTS)
    database.execute("DROP TABLE raw")
    for name, query in FEATURE_STEPS.items():
        database.execute(f"CREATE TABLE {name} AS {query}")
    database.execute(f"COPY ({USER_FEATURES}) TO '{out}' (FORMAT parquet)")


if __name__ == "__main__":
    main(*sys.argv[1:])
