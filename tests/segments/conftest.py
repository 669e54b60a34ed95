import pyarrow as pa
import pytest
from segmented import Segmented, segmented
from shoppers import shop


@pytest.fixture(scope="session")
def web_shop() -> Segmented:
    return segmented(shop(3_000, seed=0)[0])


@pytest.fixture(scope="session")
def invoice_shop() -> Segmented:
    return segmented(shop(3_000, seed=0, invoices_only=True)[0])


@pytest.fixture(scope="session")
def row_accounts() -> pa.Table:
    rows = [
        ("2019-Oct.csv.gz", "kept", 1_017_409),
        ("2019-Oct.csv.gz", "duplicate", 600),
        ("2019-Oct.csv.gz", "price_not_positive", 1_900),
        ("2019-Nov.csv.gz", "kept", 4_000),
        ("2019-Nov.csv.gz", "malformed", 1),
    ]
    return pa.table(
        dict(zip(("source_file", "outcome", "rows"), map(list, zip(*rows, strict=True)), strict=True))
        | {"sha256": ["0" * 64] * 5, "fingerprint": ["x"] * 5}
    )
