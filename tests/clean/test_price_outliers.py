"""Prices outside Tukey's fences are kept, and rejected only on request."""

from pathlib import Path

import numpy as np
import pytest

from footfall.pipeline.run import ingest_and_clean
from footfall.settings import load_settings

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
PRICES = [10.0, 11.5, 12.0, 12.5, 13.0, 14.0, 15.5, 16.0, 40.0, 500.0]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [
        f"2019-10-01 10:{place:02}:00 UTC,view,{place},2053,toys.doll,acme,{price},{510000000 + place},s{place}\n"
        for place, price in enumerate([*PRICES, 0.0])
    ]
    (tmp_path / "log.csv").write_text(HEADER + "".join(rows))
    return tmp_path / "log.csv"


def accounts(log: Path, rule: str) -> dict[str, int]:
    settings = load_settings(lake=log.parent / rule, key_file=log.parent / "key", price_outliers=rule)
    return ingest_and_clean([str(log)], settings).cleaned["log.csv"]


def test_luxury_is_kept_by_default(log: Path) -> None:
    assert accounts(log, "keep") == {"kept": 10, "duplicate": 0, "price_not_positive": 1}


def test_iqr_rejects_what_is_outside_the_fences(log: Path) -> None:
    first, third = np.quantile(PRICES, [0.25, 0.75])
    reach = 1.5 * (third - first)
    outside = sum(not first - reach <= price <= third + reach for price in PRICES)
    assert outside == 2
    assert accounts(log, "iqr") == {
        "kept": 10 - outside,
        "duplicate": 0,
        "price_outlier": outside,
        "price_not_positive": 1,
    }
