"""A shop's own file, described by a mapping: rows in, events out."""

import gzip
import lzma
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import footfall
from footfall.errors import SettingInvalid
from footfall.facade import OpenLake
from footfall.pipeline.cleaning import SourceChoice
from footfall.pipeline.run import ingest_and_clean
from footfall.sources.mapping import parse_mapping
from footfall.sources.pseudonyms import Pseudonymiser

PLAIN = """
name = "shop"
[columns]
event_time = "at"
event_type = "what"
product_id = "sku"
price = "price"
user_id = "who"
"""
FRENCH = """
name = "boutique"
kind = "invoices"
currency = "EUR"
[columns]
event_time = "Date"
product_id = "Article"
amount = "Total"
quantity = "Quantité"
user_id = "Client"
order_id = "Facture"
[file]
delimiter = ";"
encoding = "latin-1"
[time]
formats = ["%d/%m/%Y %H:%M"]
timezone = "Europe/Paris"
[numbers]
decimal_mark = ","
thousands_mark = "."
[event_type]
default = "purchase"
refund_if_negative_quantity = true
[product]
not_product = "^PORT$"
"""

Read = Callable[..., tuple[OpenLake, dict[str, int]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Ingest a file as a mapping says: the lake, and the accounts of the file."""

    def ingest(file: Path, mapping: str) -> tuple[OpenLake, dict[str, int]]:
        (tmp_path / "shop.toml").write_text(mapping, encoding="utf-8")
        lake = footfall.open(str(tmp_path / "lake"), threads=2, key_file=tmp_path / "key")
        result = ingest_and_clean([str(file)], lake.settings, SourceChoice(mapping=tmp_path / "shop.toml"))
        assert not result.failed, result.failed
        return lake, {outcome: rows for outcome, rows in result.cleaned[file.name].items() if rows}

    return ingest


def events(lake: OpenLake, columns: str, order: str = "event_time, product_id") -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in lake.sql(f"SELECT {columns} FROM events ORDER BY {order}").to_pylist()]


def text(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(line + "\n" for line in lines).encode(encoding))
    return path


def test_semicolons_decimal_commas_line_amounts_and_shop_time(tmp_path: Path, read: Read) -> None:
    file = text(
        tmp_path / "ventes.csv",
        "Date;Facture;Article;Quantité;Total;Client",
        "15/07/2023 12:00;F1;TASSE;2;1.234,50;C1",
        "15/01/2023 12:00;F2;TASSE;4;10,00;C1",
        "16/07/2023 12:00;F3;TASSE;-1;-617,25;C1",
        "17/07/2023 12:00;F4;PORT;1;4,90;",
        "18/07/2023 12:00;F5;TASSE;1;4.90x;C1",
        encoding="latin-1",
    )
    lake, accounts = read(file, FRENCH)
    assert accounts == {"kept": 4, "price_not_positive": 1}
    assert events(lake, "event_time, event_type, price, quantity, amount, is_product, currency, order_id") == [
        (datetime(2023, 1, 15, 11), "purchase", 2.5, 4, 10.0, True, "EUR", "F2"),
        (datetime(2023, 7, 15, 10), "purchase", 617.25, 2, 1234.5, True, "EUR", "F1"),
        (datetime(2023, 7, 16, 10), "refund", 617.25, -1, -617.25, True, "EUR", "F3"),
        (datetime(2023, 7, 17, 10), "purchase", 4.9, 1, 4.9, False, "EUR", "F4"),
    ]
    assert events(lake, "count(user_id), count(DISTINCT user_id), count(*)", "1") == [(3, 1, 4)]


def test_the_hours_that_clocks_skip_and_repeat(tmp_path: Path, read: Read) -> None:
    """Clocks go forward on 26 March 2023 at 2:00 and back on 29 October at 3:00."""
    clocks = [
        "26/03/2023 01:59",
        "26/03/2023 02:30",
        "26/03/2023 03:00",
        "29/10/2023 01:59",
        "29/10/2023 02:30",
        "29/10/2023 03:00",
    ]
    rows = [f"{clock};F{number};A;1;1,00;C1" for number, clock in enumerate(clocks)]
    lake, accounts = read(
        text(tmp_path / "v.csv", "Date;Facture;Article;Quantité;Total;Client", *rows, encoding="latin-1"), FRENCH
    )
    assert accounts == {"kept": 6}
    assert [f"{time:%m-%d %H:%M}" for (time,) in events(lake, "event_time")] == [
        "03-26 00:59",
        "03-26 01:00",
        "03-26 01:00",
        "10-28 23:59",
        "10-29 00:30",
        "10-29 02:00",
    ]


ROWS = [
    "at,what,sku,price,who",
    "2024-02-29 10:00:30,view,A,9.99,u1",
    "2024-02-29 10:01:00,buy,A,9.99,u1",
    "2024-02-29 11:00:00,view,B,5,u2",
]


def as_gzip(folder: Path, data: bytes) -> Path:
    (folder / "log.csv.gz").write_bytes(gzip.compress(data))
    return folder / "log.csv.gz"


def as_xz(folder: Path, data: bytes) -> Path:
    (folder / "log.csv.xz").write_bytes(lzma.compress(data))
    return folder / "log.csv.xz"


def as_zip(folder: Path, data: bytes) -> Path:
    with zipfile.ZipFile(folder / "log.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside/log.csv", data)
    return folder / "log.zip"


def as_two_gzip_members(folder: Path, data: bytes) -> Path:
    (folder / "log.csv.gz").write_bytes(gzip.compress(data[:70]) + gzip.compress(data[70:]))
    return folder / "log.csv.gz"


def misnamed(folder: Path, data: bytes) -> Path:
    (folder / "log.csv").write_bytes(gzip.compress(data))
    return folder / "log.csv"


@pytest.mark.parametrize("pack", [as_gzip, as_xz, as_zip, as_two_gzip_members, misnamed])
def test_packed_files(pack: Callable[[Path, bytes], Path], tmp_path: Path, read: Read) -> None:
    lake, accounts = read(pack(tmp_path, ("\n".join(ROWS) + "\n").encode()), PLAIN)
    assert accounts == {"kept": 3}
    assert events(lake, "event_time, event_type, product_id, amount") == [
        (datetime(2024, 2, 29, 10, 0), "view", "A", 0.0),
        (datetime(2024, 2, 29, 10, 1), "purchase", "A", 9.99),
        (datetime(2024, 2, 29, 11, 0), "view", "B", 0.0),
    ]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
def test_parquet_with_types_of_its_own(zone: str | None, tmp_path: Path, read: Read) -> None:
    """An instant is an instant whatever zone it is shown in; a time without zone is the mapping's."""
    times = pa.array([datetime(2024, 2, 29, 10), datetime(2024, 2, 29, 11), None], pa.timestamp("ms", zone))
    rows = {"at": times, "what": ["view", "purchase", "view"], "sku": [7, 8, 9], "price": [1, 2, 3], "who": [5, 6, 7]}
    pq.write_table(pa.table(rows), tmp_path / "log.parquet")
    lake, accounts = read(tmp_path / "log.parquet", PLAIN)
    assert accounts == {"kept": 2, "bad_timestamp": 1}
    assert events(lake, "event_time, product_id, price") == [
        (datetime(2024, 2, 29, 10), "7", 1.0),
        (datetime(2024, 2, 29, 11), "8", 2.0),
    ]
    assert [row["line"] for row in lake.table("quarantine").to_pylist()] == [3]


@pytest.mark.parametrize(
    ("spelling", "event_type"),
    [
        ("view", "view"),
        (" View ", "view"),
        ("page view", "view"),
        ("Add-to-Cart", "cart"),
        ("remove", "remove_from_cart"),
        ("REMOVE FROM CART", "remove_from_cart"),
        ("Transaction", "purchase"),
        ("return", "refund"),
        ("panier", "cart"),
        ("wish", None),
        ("", None),
    ],
)
def test_spellings_of_event_types(spelling: str, event_type: str | None, tmp_path: Path, read: Read) -> None:
    file = text(tmp_path / "log.csv", ROWS[0], f"2024-02-29 10:00:30,{spelling},A,9.99,u1")
    lake, accounts = read(file, PLAIN + '[event_type.values]\n"Panier" = "cart"\n')
    if event_type is None:
        assert accounts == {"unknown_event_type": 1}
    else:
        assert events(lake, "event_type") == [(event_type,)]


def test_newlines_in_quoted_values(tmp_path: Path, read: Read) -> None:
    file = text(tmp_path / "log.csv", *ROWS[:2], '2024-02-29 10:05:00,view,"A\nB",1,u1', ROWS[2])
    lake, accounts = read(file, PLAIN + "[file]\nnewlines_in_values = true\n")
    assert accounts == {"kept": 3}
    assert events(lake, "product_id") == [("A",), ("A",), ("A\nB",)]


def test_quotes_and_delimiters_in_values(tmp_path: Path, read: Read) -> None:
    file = text(tmp_path / "log.csv", ROWS[0], '2024-02-29 10:00:00,view,"A,""b""",1,u1')
    lake, _ = read(file, PLAIN)
    assert events(lake, "product_id") == [('A,"b"',)]


def test_several_time_formats(tmp_path: Path, read: Read) -> None:
    file = text(
        tmp_path / "log.csv", ROWS[0], "2024-02-29 10:00:00,view,A,1,u1", "29.2.2024 11:00,view,A,1,u1", "x,view,A,1,u1"
    )
    lake, accounts = read(file, PLAIN + '[time]\nformats = ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M"]\n')
    assert accounts == {"kept": 2, "bad_timestamp": 1}
    assert events(lake, "event_time") == [(datetime(2024, 2, 29, 10),), (datetime(2024, 2, 29, 11),)]


def test_what_identifies_a_duplicate(tmp_path: Path, read: Read) -> None:
    rows = [ROWS[1], ROWS[1].replace("9.99", "8.88"), ROWS[1], ROWS[1].replace("u1", "u2")]
    lake, accounts = read(
        text(tmp_path / "log.csv", ROWS[0], *rows), PLAIN + '[identity]\ncolumns = ["event_time", "user_id"]\n'
    )
    assert accounts == {"kept": 2, "duplicate": 2}
    assert events(lake, "price") == [(9.99,), (9.99,)]


def test_the_whole_row_identifies_a_duplicate_by_default(tmp_path: Path, read: Read) -> None:
    rows = [ROWS[1], ROWS[1].replace("9.99", "8.88"), ROWS[1], ROWS[1].replace("u1", "u2")]
    _, accounts = read(text(tmp_path / "log.csv", ROWS[0], *rows), PLAIN)
    assert accounts == {"kept": 3, "duplicate": 1}


def test_ids_that_went_through_a_float_are_the_same_user() -> None:
    pseudonyms = Pseudonymiser(b"sixteen bytes at least")
    assert pseudonyms.one("13085.0") == pseudonyms.one(" 13085") != pseudonyms.one("13086")
    assert pseudonyms.one("  ") is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("price = ", "prices = "), "prices"),
        (('price = "price"', 'price = "price"\namount = "price"'), "either price"),
        (('what"', 'what"\n[time]\ntimezone = "Mars/Base"\n[columns2]'), "Mars/Base"),
        (('user_id = "who"', ""), "user_id"),
        (('user_id = "who"', 'user_id = "who"\n[event_type]\ndefault = "buy"'), "must be one of"),
        (('user_id = "who"', 'user_id = "who"\n[identity]\ncolumns = ["order_id"]'), "order_id"),
        (('user_id = "who"', 'user_id = "who"\n[file]\ndelimiter = "ab"'), "delimiter"),
        (('user_id = "who"', 'user_id = "who"\n[file]\nencoding = "klingon"'), "klingon"),
    ],
)
def test_a_mapping_that_says_something_impossible(change: tuple[str, str], told: str) -> None:
    with pytest.raises(SettingInvalid, match=told):
        parse_mapping(PLAIN.replace(*change), where="shop.toml")
