"""The two public data sets: every row accounted for, to the last one."""

from pathlib import Path

import pytest
from commands import footfall, snapshot
from lake_tables import one, rows
from real_files import real_file

REES46 = "rees46_2019-10_sample.csv"
RETAIL = "online_retail_II.csv.xz"


def test_rees46_sample_and_nothing_to_do_the_second_time(lake: Path) -> None:
    log = real_file(REES46)
    ended = footfall("run", log, "--lake", lake, "--json")
    assert ended.code == 0, ended.err
    assert ended.told["rows_read"] == 17_435
    assert ended.told["accounts"] == {"kept": 17_409, "duplicate": 6, "price_not_positive": 19, "malformed": 1}
    assert ended.told["users"] == 4_500
    assert one(lake, "SELECT count(DISTINCT user_id) FROM events") == 4_500
    assert one(lake, "SELECT count(*) FROM user_features") == 4_500
    assert one(lake, "SELECT count(*) FROM customer_segments") == 4_500
    assert one(lake, "SELECT sum(amount) FROM events") == pytest.approx(59_442.63, abs=0.005)
    assert one(lake, "SELECT sum(amount) FROM purchases WHERE event_type = 'purchase'") == pytest.approx(
        59_442.63, abs=0.005
    )
    assert one(lake, "SELECT sum(rows) FROM row_accounts") == 17_435
    assert one(lake, "SELECT rows FROM raw_files") == 17_435

    before = snapshot(lake)
    again = footfall("run", log, "--lake", lake)
    assert again.code == 0
    assert "nothing to do" in again.out
    assert snapshot(lake) == before


@pytest.mark.slow
def test_online_retail_and_nothing_to_do_the_second_time(lake: Path) -> None:
    log = real_file(RETAIL)
    ended = footfall("run", log, "--lake", lake, "--json")
    assert ended.code == 0, ended.err
    assert ended.told["rows_read"] == 1_067_371
    assert ended.told["accounts"] == {"kept": 1_027_017, "duplicate": 34_147, "price_not_positive": 6_207}
    assert one(lake, "SELECT count(DISTINCT user_id) FROM events") == 5_939
    assert one(lake, "SELECT count(*) FROM user_features") == 5_939
    assert one(lake, "SELECT count(*) FROM events WHERE user_id IS NULL") > 200_000  # type: ignore[operator]
    assert one(lake, "SELECT count(*) FROM user_features WHERE user_id IS NULL") == 0
    assert one(lake, "SELECT sum(amount) FROM events") == pytest.approx(19_014_209.84, abs=0.005)

    others = rows(lake, "SELECT product_id, count(*) AS lines FROM events WHERE NOT is_product GROUP BY ALL")
    assert {"POST", "DOT", "M", "D", "BANK CHARGES"} <= {row["product_id"] for row in others}
    assert one(lake, "SELECT count(*) FROM events WHERE is_product AND product_id IN ('POST', 'DOT', 'M', 'D')") == 0
    # 85123A is the best-sold product: a pattern that took it for a fee would show here.
    assert one(lake, "SELECT count(*) FROM events WHERE is_product AND product_id = '85123A'") > 5_000  # type: ignore[operator]
    fees = "SELECT count(*) FROM purchases WHERE product_id IN (SELECT product_id FROM events WHERE NOT is_product)"
    assert one(lake, fees) == 0
    bought = "SELECT sum(quantity) FROM events WHERE is_product AND event_type = 'purchase' AND user_id IS NOT NULL"
    assert one(lake, "SELECT sum(items) FROM user_features") == one(lake, bought)

    before = snapshot(lake)
    again = footfall("run", log, "--lake", lake)
    assert again.code == 0
    assert "nothing to do" in again.out
    assert snapshot(lake) == before
