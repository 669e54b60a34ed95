"""A simulated log read in the slow and obvious way: the oracle of the simulator's tests."""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
EVENT_TYPES = {"view", "cart", "remove_from_cart", "purchase"}
FORMATS = {
    "event_time": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
    "event_type": r"view|cart|remove_from_cart|purchase",
    "product_id": r"\d{7,8}",
    "category_id": r"\d{19}",
    "category_code": r"([a-z_]+(\.[a-z_]+)*)?",
    "brand": r"[a-z-]*",
    "price": r"\d+\.\d\d",
    "user_id": r"\d{9}",
    "user_session": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
}
FIELDS = tuple(FORMATS)
WELL_FORMED = [re.compile(pattern) for pattern in FORMATS.values()]


def lines_of(path: Path) -> list[str]:
    """All lines of a log without their line ends; the header is the first."""
    return gzip.decompress(path.read_bytes()).decode("ascii").removesuffix("\n").split("\n")


def when(text: str) -> datetime | None:
    """The time that a field gives, if it gives one."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        return None


def defects_of(fields: list[str], month: str) -> list[str]:
    """Every defect of one row, duplicates aside."""
    if len(fields) != len(FIELDS):
        return ["malformed"]
    row = dict(zip(FIELDS, fields, strict=True))
    time = when(row["event_time"])
    free_of_charge = row["event_type"] == "remove_from_cart"
    found = {
        "bad_timestamp": time is None,
        "out_of_period": time is not None and f"{time:%Y-%m}" != month,
        "price_not_positive": not free_of_charge and float(row["price"]) <= 0,
        "missing_user": not row["user_id"],
        "missing_product": not row["product_id"],
        "no_category": not row["category_id"] and not row["category_code"],
        "unknown_event_type": row["event_type"] not in EVENT_TYPES,
    }
    return [kind for kind, is_so in found.items() if is_so]


def dirty_lines(lines: list[str], month: str) -> Iterator[tuple[int, str]]:
    """The number and defect of each bad row, once for each of its defects; the header is line 1."""
    seen: set[tuple[str, ...]] = set()
    for number, fields in enumerate(csv.reader(lines[1:]), start=2):
        defects = defects_of(fields, month)
        yield from ((number, kind) for kind in defects)
        if defects:
            continue
        identity = (fields[0], fields[1], fields[2], fields[7])
        if identity in seen:
            yield number, "duplicate"
        seen.add(identity)


def good_rows(path: Path, truth: Path) -> pa.Table:
    """The rows that the truth does not call bad, typed; `event_time` is in UTC."""
    table = pq.read_table(truth / "dirty.parquet", filters=[("file", "=", path.name)])
    bad = set(table["line"].to_pylist())
    good = [line for number, line in enumerate(lines_of(path), start=1) if number not in bad]
    text = "\n".join(good).replace(" UTC,", ",").encode()
    options = pa_csv.ConvertOptions(column_types={"event_time": pa.timestamp("s"), "price": pa.float64()})
    return pa_csv.read_csv(io.BytesIO(text), convert_options=options)
