"""A refund takes away what its purchase brought, whichever sign the file gives it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from footfall.clean.rules import Rules, classify
from footfall.engine import Engine
from footfall.lake import open_lake
from footfall.pipeline.cleaning import SourceChoice
from footfall.pipeline.query import query
from footfall.pipeline.run import ingest_and_clean, run_features, run_series
from footfall.settings import load_settings
from footfall.sources import RowReader
from footfall.sources.mapping import Canonical, EventTypes, Source
from footfall.sources.pseudonyms import Pseudonymiser

RULES = Rules(datetime(2024, 1, 1), datetime(2025, 1, 1))
AT = "2024-03-01 10:00:00"
COLUMNS: tuple[Canonical, ...] = ("event_time", "user_id", "product_id")
EITHER_SIGN = [
    (("price",), ["10"]),
    (("price",), ["-10"]),
    (("amount",), ["10"]),
    (("amount",), ["-10"]),
    *[((money, "quantity"), [f"{one}10", f"{other}2"]) for money in ("price", "amount") for one in ("", "-")
      for other in ("", "-")],
]  # fmt: skip


def cleaned(engine: Engine, folder: Path, columns: tuple[Canonical, ...], line: list[str], rules: EventTypes) -> Any:
    """What becomes of one line: its type, price, quantity and amount, or the reason for which it is rejected."""
    names = (*COLUMNS, *columns)
    (folder / "log.csv").write_text("\n".join([",".join(names), ",".join([AT, "ann", "mug", *line])]) + "\n")
    source = Source(name="shop", columns={name: name for name in names}, event_type=rules)
    reader = RowReader(folder / "log.csv", source, Pseudonymiser(b"sixteen bytes at least"))
    rows = engine.read_batches(reader, lambda _: None)
    (row,) = engine.collect(classify(rows, source, RULES, reader.header())).to_pylist()
    return row["reason"] or tuple(row[name] for name in ("event_type", "price", "quantity", "amount"))


@pytest.mark.parametrize(("columns", "line"), EITHER_SIGN)
def test_a_refund_is_booked_back_whatever_its_sign(
    engine: Engine, tmp_path: Path, columns: tuple[Canonical, ...], line: list[str]
) -> None:
    pieces = 2 if "quantity" in columns else 1
    amount = 10.0 * (pieces if "price" in columns else 1)
    found = cleaned(engine, tmp_path, ("event_type", *columns), ["Return", *line], EventTypes())
    assert found == ("refund", amount / pieces, -pieces, -amount)


@pytest.mark.parametrize(
    ("columns", "line", "expected"),
    [
        (("price", "quantity"), ["10", "2"], ("purchase", 10.0, 2, 20.0)),
        (("amount", "quantity"), ["10", "2"], ("purchase", 5.0, 2, 10.0)),
        (("price", "quantity"), ["10", "-2"], ("purchase", 10.0, -2, -20.0)),
        (("price",), ["-10"], "price_not_positive"),
        (("amount",), ["-10"], "price_not_positive"),
    ],
)
def test_other_events_are_as_the_file_has_them(
    engine: Engine, tmp_path: Path, columns: tuple[Canonical, ...], line: list[str], expected: object
) -> None:
    assert cleaned(engine, tmp_path, ("event_type", *columns), ["purchase", *line], EventTypes()) == expected


@pytest.mark.parametrize(
    ("columns", "line", "expected"),
    [
        (("amount", "quantity"), ["F1", "10", "-2"], ("refund", 5.0, -2, -10.0)),
        (("amount", "quantity"), ["F1", "-10", "-2"], ("refund", 5.0, -2, -10.0)),
        (("price", "quantity"), ["C1", "10", "-2"], ("refund", 10.0, -2, -20.0)),
        (("amount", "quantity"), ["C1", "-10", "2"], ("refund", 5.0, -2, -10.0)),
        # A cancelled order's line that has no sign where others have one.
        (("price", "quantity"), ["C1", "10", "2"], ("refund", 10.0, 2, 20.0)),
    ],
)
def test_where_signs_tell_refunds(
    engine: Engine, tmp_path: Path, columns: tuple[Canonical, ...], line: list[str], expected: object
) -> None:
    rules = EventTypes(default="purchase", refund_if_negative_quantity=True, refund_if_order_starts_with="C")
    assert cleaned(engine, tmp_path, ("order_id", *columns), line, rules) == expected


@pytest.mark.parametrize("line", [["C1", "10", "2"], ["C1", "10", "-2"], ["C1", "-10", "2"]])
def test_where_only_orders_tell_refunds(engine: Engine, tmp_path: Path, line: list[str]) -> None:
    rules = EventTypes(default="purchase", refund_if_order_starts_with="C")
    found = cleaned(engine, tmp_path, ("order_id", "price", "quantity"), line, rules)
    assert found == ("refund", 10.0, -2, -20.0)


MAPPING = """
name = "shop"
[columns]
event_time = "at"
event_type = "what"
product_id = "sku"
user_id = "who"
"""


@pytest.mark.parametrize(("money", "value"), [("price", 10), ("price", -10), ("amount", 10), ("amount", -10)])
def test_features_and_series_are_net_of_refunds(tmp_path: Path, money: str, value: int) -> None:
    lines = [
        "at,what,sku,money,who",
        "2024-03-01 10:00:00,purchase,mug,10,ann",
        f"2024-03-02 10:00:00,refund,mug,{value},ann",
        f"2024-03-02 11:00:00,refund,mug,{value},bob",
        "2024-03-03 09:00:00,view,mug,10,bob",
    ]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "shop.toml").write_text(f'{MAPPING}{money} = "money"\n')
    settings = load_settings(lake=tmp_path / "lake", key_file=tmp_path / "key", threads=1)
    result = ingest_and_clean([str(tmp_path / "log.csv")], settings, SourceChoice(mapping=tmp_path / "shop.toml"))
    assert result.cleaned["log.csv"]["kept"] == 4
    run_features(settings)
    run_series(settings)

    lake = open_lake(settings.lake)
    users = query(lake, "SELECT orders, items, spend, average_order FROM user_features ORDER BY orders DESC")
    assert [tuple(row.values()) for row in users.to_pylist()] == [(1, 1, 0.0, 0.0), (0, 0, -10.0, None)]
    assert query(lake, "SELECT sum(amount) AS net FROM events").to_pylist() == [{"net": -10.0}]
    days = "metric_series WHERE grain = 'day' AND dimension = 'all'"
    series = query(lake, f"SELECT metric, sum(value) AS total FROM {days} GROUP BY metric")
    found = {row["metric"]: row["total"] for row in series.to_pylist()}
    assert (found["orders"], found["items"], found["revenue"], found["refunds"]) == (1, 1, 10.0, 20.0)
    assert found["events"] == 2
