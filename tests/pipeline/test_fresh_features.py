"""Events of a request give the features, and the segments, that the batch gave to users with the same events."""

import csv
import gzip
import lzma
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from commands import Ended, footfall, snapshot
from lake_tables import one, rows
from real_files import real_file

from footfall.contracts import QUARANTINE_REASONS
from footfall.errors import SettingInvalid, SourceUnreadable, UserError
from footfall.features import USER_FEATURES
from footfall.lake import open_lake
from footfall.pipeline.fresh_features import FreshFeatures, TooManyMonths, features_of_events
from footfall.pipeline.known_shop import KnownShop
from footfall.pipeline.models import load
from footfall.segments import assign
from footfall.settings import load_settings
from footfall.simulate import SimulatedShop
from footfall.sources import preset
from footfall.sources.pseudonyms import Pseudonymiser

Row = dict[str, Any]

LABEL = "somebody"
VIEW: Row = {
    "event_time": "2019-11-20 10:00:00 UTC",
    "event_type": "view",
    "product_id": "no such product",
    "category_id": "1",
    "category_code": "electronics.tablet",
    "brand": "acme",
    "price": 12.5,
    "user_id": LABEL,
    "session_id": "s",
}


def view(**changed: Any) -> Row:
    return VIEW | changed


def logged(shop: SimulatedShop) -> dict[str, list[Row]]:
    """The whole lines of the shop's files, by user."""
    by_user = defaultdict(list)
    for month in shop.months:
        lines = list(csv.reader(gzip.decompress(month.read_bytes()).decode().splitlines()))
        names = ["session_id" if name == "user_session" else name for name in lines[0]]
        for line in lines[1:]:
            if len(line) == len(names):
                by_user[line[names.index("user_id")]].append(dict(zip(names, line, strict=True)))
    return by_user


def open_shop(lake: Path, **settings: Any) -> KnownShop:
    return KnownShop(open_lake(lake), load_settings(lake=lake, **settings))


@pytest.fixture(scope="module")
def log(small_shop: SimulatedShop) -> dict[str, list[Row]]:
    return logged(small_shop)


@pytest.fixture(scope="module")
def shop(small_lake: tuple[Path, Ended]) -> Iterator[KnownShop]:
    with open_shop(small_lake[0]) as known:
        yield known


@pytest.fixture
def some(log: dict[str, list[Row]]) -> list[str]:
    """Thirty users: buyers over two months, the busiest, and whoever else comes."""
    known = sorted(user for user in log if user)
    returning = [user for user in known if len({row["event_time"][:7] for row in log[user]}) == 2]
    buyers = [user for user in returning if any(row["event_type"] == "purchase" for row in log[user])]
    busiest = sorted(known, key=lambda user: -len(log[user]))
    return list(dict.fromkeys([*buyers[:10], *returning[:5], *busiest[:5], *known]))[:30]


def published(table: str, lake: Path, key: Path, as_of: object) -> Callable[[str], Row]:
    """A table's row of a user, by the raw id."""
    found = {row["user_id"]: row for row in rows(lake, f"SELECT * FROM {table} WHERE as_of = '{as_of}'")}
    pseudonyms = Pseudonymiser(key.read_bytes().strip())
    return lambda user: found[pseudonyms.one(user)]


def assert_as_published(found: FreshFeatures, lake: Path, key: Path) -> None:
    """Every feature, to 1e-9."""
    expected = published("user_features", lake, key, found.features["as_of"][0])
    assert found.features.schema.equals(USER_FEATURES.schema)
    for row in found.features.to_pylist():
        label = row.pop("user_id")
        theirs = expected(label)
        assert row.pop("as_of") == theirs["as_of"]
        for name, value in row.items():
            near = theirs[name] if theirs[name] is None else pytest.approx(theirs[name], rel=1e-9, abs=1e-12)
            assert value == near, f"{label}: {name}"


def test_thirty_users_in_one_request(
    shop: KnownShop, log: dict[str, list[Row]], some: list[str], small_lake: tuple[Path, Ended], own_key: Path
) -> None:
    found = features_of_events(shop, [row for user in some for row in log[user]])

    assert found.features["user_id"].to_pylist() == some
    assert [name for name in USER_FEATURES.schema.names if found.features[name].null_count == len(some)] == []
    assert_as_published(found, small_lake[0], own_key)


def test_all_users_of_the_shop(
    shop: KnownShop, log: dict[str, list[Row]], small_lake: tuple[Path, Ended], own_key: Path
) -> None:
    everything = [row for user in log for row in log[user]]

    found = features_of_events(shop, everything)

    accounts = rows(small_lake[0], "SELECT outcome, sum(rows)::INT AS n FROM row_accounts GROUP BY outcome")
    assert found.accounts == {row["outcome"]: row["n"] for row in accounts if row["outcome"] != "malformed"}
    assert found.features.num_rows == one(small_lake[0], "SELECT count(*) FROM user_features")
    assert_as_published(found, small_lake[0], own_key)


def test_one_user_after_the_other(
    shop: KnownShop, log: dict[str, list[Row]], some: list[str], small_lake: tuple[Path, Ended], own_key: Path
) -> None:
    for user in some[::4]:
        assert_as_published(features_of_events(shop, log[user]), small_lake[0], own_key)


def test_threads_share_a_shop(
    shop: KnownShop, log: dict[str, list[Row]], some: list[str], small_lake: tuple[Path, Ended], own_key: Path
) -> None:
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda user: features_of_events(shop, log[user]), some[:8]):
            assert_as_published(found, small_lake[0], own_key)


def test_segments_and_distances(
    shop: KnownShop, log: dict[str, list[Row]], some: list[str], small_lake: tuple[Path, Ended], own_key: Path
) -> None:
    lake, expected = small_lake[0], published("customer_segments", small_lake[0], own_key, shop.as_of)
    model = load(open_lake(lake), str(one(lake, "SELECT DISTINCT model_version FROM customer_segments")), registry=None)

    found = features_of_events(shop, [row for user in some for row in log[user]])

    placed = assign(model, found.features, updated_at=datetime(2020, 1, 1)).to_pylist()
    assert len({row["segment_id"] for row in placed}) > 2
    for row in placed:
        theirs = expected(row["user_id"])
        assert row["segment_id"] == theirs["segment_id"]
        assert row["distance"] == pytest.approx(theirs["distance"], rel=1e-9)
        assert row["proba"] == pytest.approx(theirs["proba"], rel=1e-9)


def test_dates_that_cut_a_month_in_a_shop_of_another_zone(
    log: dict[str, list[Row]], small_shop: SimulatedShop, lake: Path, own_key: Path
) -> None:
    assert footfall("ingest", small_shop.truth.parent, "--lake", lake).code == 0
    events = [row for user in log for row in log[user]]

    for as_of in ("2019-11-16T12:30:00", "2019-11-17T00:00:00"):
        made = footfall("features", "--lake", lake, "--as-of", as_of, "--timezone", "America/New_York", "--json")
        with open_shop(lake, timezone="America/New_York") as shop:
            found = features_of_events(shop, events)

        assert shop.as_of == datetime.fromisoformat(as_of)
        assert found.features.num_rows == made.told["users"]
        assert found.accounts["after_as_of"] > 1000
        assert_as_published(found, lake, own_key)


def test_invoices_with_refunds_and_postage(lake: Path, tmp_path: Path, own_key: Path) -> None:
    with lzma.open(real_file("online_retail_II.csv.xz"), "rt", encoding="utf-8", newline="") as packed:
        text = list(islice(packed, 40_000))
    (tmp_path / "invoices.csv").write_text("".join(text), encoding="utf-8")
    assert footfall("ingest", tmp_path / "invoices.csv", "--lake", lake).code == 0
    assert footfall("features", "--lake", lake, "--timezone", "Europe/London").code == 0
    theirs = preset("online_retail")
    names = {column: name for name, column in theirs.columns.items()}
    events = [{names[name]: value for name, value in line.items()} for line in csv.DictReader(text)]
    for event in events:
        local = datetime.strptime(event["event_time"], "%m/%d/%Y %H:%M")  # type: ignore[arg-type]
        event["event_time"] = local.replace(tzinfo=ZoneInfo("Europe/London"))  # type: ignore[assignment]

    with open_shop(lake, timezone="Europe/London") as shop:
        found = features_of_events(shop, [event for event in events if event["user_id"]])

    assert found.features.num_rows == one(lake, "SELECT count(*) FROM user_features") > 500
    assert found.accounts["duplicate"] > 100
    assert_as_published(found, lake, own_key)


DIRTY = {
    "bad_timestamp": {"event_time": "yesterday"},
    "out_of_period": {"event_time": "1970-01-01"},
    "unknown_event_type": {"event_type": "wishlist"},
    "price_not_positive": {"price": "12,5"},
    "missing_user": {"user_id": "  "},
    "missing_product": {"product_id": None},
    "no_category": {"category_id": "", "category_code": None},
}


def test_dirty_rows_are_accounted_for(shop: KnownShop) -> None:
    assert DIRTY.keys() | {"malformed", "price_outlier"} == QUARANTINE_REASONS.keys()
    good = view()
    again = view(brand="told otherwise")
    late = view(event_time=shop.as_of)
    events = [good, *(view(**changed) for changed in DIRTY.values()), again, late]

    found = features_of_events(shop, events)

    assert found.outcomes == ("kept", *DIRTY, "duplicate", "after_as_of")
    assert found.rejected == list(enumerate(DIRTY, start=1))
    assert found.accounts == dict.fromkeys(["kept", *DIRTY, "duplicate", "after_as_of"], 1)
    assert found.features.num_rows == 1
    alone = features_of_events(shop, [good])
    assert found.features.equals(alone.features)


def test_values_that_no_file_could_hold(shop: KnownShop) -> None:
    odd = [
        view(price=math.nan),
        view(price=True),
        view(price=[1]),
        view(event_time=20191120),
        view(product_id="\0"),
        {},
    ]

    found = features_of_events(shop, odd)

    assert found.outcomes == (*["price_not_positive"] * 3, "bad_timestamp", "kept", "bad_timestamp")


def test_one_event(shop: KnownShop) -> None:
    (row,) = features_of_events(shop, [view()]).features.to_pylist()

    assert (row["user_id"], row["as_of"]) == (LABEL, shop.as_of)
    assert (row["views"], row["sessions"], row["categories"], row["bounce_share"]) == (1, 1, 1, 1.0)
    assert row["recency_days"] == (shop.as_of - datetime(2019, 11, 20, 10)) / timedelta(days=1)
    assert row["price_tier"] is None, "the lake does not know the product"


def test_no_events(shop: KnownShop) -> None:
    for nothing in ([], pa.table({"event_time": pa.array([], pa.string())})):
        found = features_of_events(shop, nothing)

        assert (found.outcomes, found.accounts, found.rejected) == ((), {}, [])
        assert found.features.equals(USER_FEATURES.schema.empty_table())


def test_a_purchase_of_a_product_that_the_lake_does_not_know(shop: KnownShop) -> None:
    (row,) = features_of_events(shop, [view(event_type="purchase")]).features.to_pylist()

    assert (row["orders"], row["spend"], row["price_tier"], row["promotion_share"]) == (1, 12.5, None, None)


def test_a_month_that_the_lake_does_not_have(shop: KnownShop, small_lake: tuple[Path, Ended]) -> None:
    known = rows(small_lake[0], "SELECT product_id, category FROM product_prices WHERE category IS NOT NULL LIMIT 1")[0]
    event = view(product_id=known["product_id"], category_id=known["category"])
    before, now = view(**event | {"event_time": "2015-03-01"}), event

    (early,) = features_of_events(shop, [before]).features.to_pylist()
    (both,) = features_of_events(shop, [before, now]).features.to_pylist()

    assert early["price_tier"] is None
    assert both["price_tier"] is not None
    assert both["views"] == 2


def test_only_what_is_before_as_of(shop: KnownShop) -> None:
    events = [view(), view(event_time="2019-11-25T10:00:00", product_id="another")]

    found = features_of_events(shop, events, as_of=datetime(2019, 11, 25, 11, tzinfo=timezone(timedelta(hours=1))))
    none = features_of_events(shop, events, as_of=datetime(2019, 11, 1))

    assert found.outcomes == ("kept", "after_as_of")
    assert found.features["as_of"].to_pylist() == [datetime(2019, 11, 25, 10)]
    assert found.features["views"].to_pylist() == [1]
    assert none.outcomes == ("after_as_of", "after_as_of")
    assert none.features.num_rows == 0


def test_months_are_counted_over_all_users_and_before_as_of_only(shop: KnownShop) -> None:
    events = [
        view(),
        view(event_time="2019-10-03", user_id="other"),
        view(event_time="2015-03-01"),
        view(event_time="2019-12-05"),
    ]

    assert features_of_events(shop, events, most_months=3).features.num_rows == 2
    with pytest.raises(TooManyMonths, match=r"3 months, from 2015-03 to 2019-11, and may lie in 2; .* before 2019-10"):
        features_of_events(shop, events, most_months=2)


ODD = [
    "541312140",
    "541312140.0",
    " 541312140",
    "O'Brien",
    '"; DROP TABLE events; --',
    "žluťoučký 🐎",
    "a\nb",
    "0",
    "\0",
]


def test_odd_labels_come_back_and_stay_apart(shop: KnownShop) -> None:
    found = features_of_events(shop, [view(user_id=label, session_id=None) for label in ODD * 2])

    assert found.features["user_id"].to_pylist() == ODD
    assert found.features["views"].to_pylist() == [1] * len(ODD)
    assert found.accounts == {"kept": len(ODD), "duplicate": len(ODD)}


def test_a_label_may_be_a_number_or_no_text_at_all(shop: KnownShop) -> None:
    found = features_of_events(shop, [view(user_id=label) for label in (7, "7", "half \ud83d")])

    assert found.features["user_id"].to_pylist() == ["7", "half \\ud83d"]
    assert found.outcomes == ("kept", "duplicate", "kept")


def test_a_table_is_as_good_as_a_list(shop: KnownShop, log: dict[str, list[Row]], some: list[str]) -> None:
    listed = [
        row
        | {"event_time": datetime.strptime(row["event_time"], "%Y-%m-%d %H:%M:%S UTC"), "price": float(row["price"])}
        for user in some
        for row in log[user]
        if row["event_time"].startswith("2019-") and row["price"] and row["event_time"][8:10] < "31"
    ]
    zoned = pa.timestamp("us", "Europe/Paris")
    table = pa.Table.from_pylist([row | {"event_time": row["event_time"].replace(tzinfo=UTC)} for row in listed])
    table = table.set_column(0, "event_time", table["event_time"].cast(zoned))

    assert features_of_events(shop, table) == features_of_events(shop, listed)


def test_users_do_not_touch_each_other(shop: KnownShop) -> None:
    mine = [view(), view(event_type="purchase", event_time="2019-11-20 10:05:00")]
    other = [view(user_id="other", country="fr", session_id=None, event_type="purchase"), {"user_id": "other"}]

    alone, together = features_of_events(shop, mine), features_of_events(shop, [*other, *mine])

    assert together.features.slice(1).to_pylist() == alone.features.to_pylist()


@pytest.mark.parametrize(("column", "says"), [("userid", "is unknown"), ("quantity", "is none of source rees46")])
def test_columns_that_cannot_be_used(column: str, says: str, shop: KnownShop) -> None:
    with pytest.raises(SourceUnreadable, match=f'"{column}" {says}'):
        features_of_events(shop, [view(**{column: 2})])
    if column == "quantity":
        assert features_of_events(shop, [view(quantity=None)]).outcomes == ("kept",)


def test_nothing_is_written(
    small_lake: tuple[Path, Ended],
    log: dict[str, list[Row]],
    some: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = snapshot(small_lake[0])
    monkeypatch.chdir(tmp_path)  # where DuckDB would spill to
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    with open_shop(small_lake[0], memory="300MB") as shop:
        features_of_events(shop, [row for user in some for row in log[user]])
        features_of_events(shop, log[some[0]], as_of=datetime(2019, 11, 16, 12, 30))
        (spilled_to,) = shop.ask("SELECT current_setting('temp_directory') AS folder", {})["folder"].to_pylist()

    assert snapshot(small_lake[0]) == before
    assert (spilled_to, list(tmp_path.iterdir())) == ("", [])


def test_a_shop_is_current_until_the_lake_changes(own_lake: Path) -> None:
    with open_shop(own_lake) as shop:
        assert shop.is_current()
        assert footfall("features", "--lake", own_lake, "--as-of", "2019-11-10").code == 0
        assert not shop.is_current()


def test_prices_beyond_those_that_were_kept_are_outliers(small_lake: tuple[Path, Ended]) -> None:
    highest = float(str(one(small_lake[0], "SELECT max(price) FROM events")))
    events = [view(price=highest), view(price=highest * 1.01, event_time="2019-11-21")]

    with open_shop(small_lake[0], price_outliers="iqr") as shop:
        assert features_of_events(shop, events).outcomes == ("kept", "price_outlier")
    with open_shop(small_lake[0], period="2019-11-21..2019-12-01") as shop:
        assert features_of_events(shop, events).outcomes == ("out_of_period", "kept")


def test_a_lake_that_does_not_tell_how_events_are_read(lake: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mine.toml"
    mapping.write_text(
        'name = "mine"\nkind = "event_log"\n[columns]\nevent_time = "when"\nproduct_id = "sku"\nprice = "eur"\n'
        'user_id = "who"\nevent_type = "what"\n'
    )
    (tmp_path / "mine.csv").write_text("when,sku,eur,who,what\n2019-11-20 10:00:00,lamp,12.5,ann,view\n")
    assert footfall("ingest", tmp_path / "mine.csv", "--mapping", mapping, "--lake", lake).code == 0
    with pytest.raises(SettingInvalid, match="mine"):
        open_shop(lake)
    source = preset("rees46").model_copy(update={"name": "mine"})
    with pytest.raises(UserError, match="no features"):
        KnownShop(open_lake(lake), load_settings(lake=lake), source=source)
    assert footfall("features", "--lake", lake).code == 0

    with KnownShop(open_lake(lake), load_settings(lake=lake), source=source) as shop:
        assert features_of_events(shop, [view()]).outcomes == ("kept",)
