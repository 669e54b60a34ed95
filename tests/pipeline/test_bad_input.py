"""Bad input: a clear error or a quarantine, never a traceback, nothing lost."""

import gzip
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from commands import Ended, footfall, snapshot
from isal import igzip
from lake_tables import assert_same, in_order, one, rows

from footfall.sources.pseudonyms import Pseudonymiser

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
SESSION = "9333dfbd-b87a-4708-9857-6336556b0fcc"


def line(
    second: int = 0, *, event_type: str = "view", price: str = "10.00", brand: str = "apple", user: int = 512000001
) -> str:
    time = f"2019-10-{1 + second // 86400:02}{second % 86400 // 3600:3}:{second // 60 % 60:02}:{second % 60:02} UTC"
    time = time.replace("  ", " 0") if "  " in time else time
    return f"{time},{event_type},1003461,2053013555631882655,electronics.smartphone,{brand},{price},{user},{SESSION}"


def log(path: Path, lines: list[str], *, end: str = "\n", start: str = "") -> Path:
    path.write_bytes((start + "".join(text + end for text in [HEADER, *lines])).encode())
    return path


def good(count: int = 40) -> list[str]:
    """Rows of ten users that can be told apart."""
    return [
        line(97 * number, event_type=("view", "cart", "purchase")[number % 3], user=512000000 + number * number % 11)
        for number in range(count)
    ]


@pytest.fixture
def ingest(lake: Path) -> Callable[..., Ended]:
    return lambda *arguments: footfall("ingest", *arguments, "--lake", lake, "--json")


def quarantined(lake: Path) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in rows(lake, "SELECT line, reason, raw FROM quarantine ORDER BY line")]


# Files that cannot be read: exit 1, the message names the file and the next step, and what was there stays.


def truncated_gzip(folder: Path) -> Path:
    whole = gzip.compress(("\n".join([HEADER, *good(20_000)]) + "\n").encode())
    (folder / "2019-Oct.csv.gz").write_bytes(whole[: len(whole) // 2])
    return folder / "2019-Oct.csv.gz"


def binary_named_csv(folder: Path) -> Path:
    (folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4000)
    return folder / "picture.csv"


def empty_file(folder: Path) -> Path:
    (folder / "empty.csv").touch()
    return folder / "empty.csv"


def blank_first_line(folder: Path) -> Path:
    (folder / "blank.csv").write_text(f"\n{HEADER}\n{line()}\n")
    return folder / "blank.csv"


def missing_column(folder: Path) -> Path:
    (folder / "no_price.csv").write_text("event_time,event_type,product_id,user_id\n2019-10-01 00:00:00 UTC,view,1,2\n")
    return folder / "no_price.csv"


def wrong_delimiter(folder: Path) -> Path:
    (folder / "semicolons.csv").write_text(f"{HEADER}\n{line()}\n".replace(",", ";"))
    return folder / "semicolons.csv"


def damaged_parquet(folder: Path) -> Path:
    (folder / "cut.parquet").write_bytes(b"PAR1" + bytes(1000))
    return folder / "cut.parquet"


def damaged_zip(folder: Path) -> Path:
    (folder / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(1000))
    return folder / "cut.zip"


def damaged_xz(folder: Path) -> Path:
    (folder / "cut.csv.xz").write_bytes(b"\xfd7zXZ\x00" + bytes(1000))
    return folder / "cut.csv.xz"


UNREADABLE = {
    truncated_gzip: ["cut off or damaged", "fetch or copy the file again"],
    binary_named_csv: ["not a text file|not utf-8", "expected|utf-8"],
    empty_file: ["is empty", "header line was expected"],
    blank_first_line: ["line 1", "header"],
    missing_column: ["line 1", "event_time, event_type, product_id, user_id", "--mapping"],
    wrong_delimiter: ["line 1", "--mapping"],
    damaged_parquet: ["damaged or not a whole Parquet file"],
    damaged_zip: ["cut off or damaged", "fetch or copy the file again"],
    damaged_xz: ["cut off or damaged", "fetch or copy the file again"],
}


@pytest.mark.parametrize("make", UNREADABLE, ids=lambda make: make.__name__)
def test_an_unreadable_file_is_named_and_stops_no_other(
    make: Callable[[Path], Path], tmp_path: Path, lake: Path, ingest: Callable[..., Ended]
) -> None:
    ours = log(tmp_path / "good.csv", good())
    bad = make(tmp_path)
    ended = ingest(bad, ours)
    assert ended.code == 1
    assert bad.name in ended.err
    for alternatives in UNREADABLE[make]:
        assert any(text in ended.err for text in alternatives.split("|")), ended.err
    assert list(ended.told["failed"]) == [bad.name]
    assert one(lake, "SELECT count(*) FROM events") == 40
    assert {row["source_file"] for row in rows(lake, "FROM row_accounts")} == {"good.csv"}
    assert not (lake / ".staging").exists()

    alone = ingest(bad)
    assert alone.code == 1
    assert bad.name in alone.err
    assert one(lake, "SELECT count(*) FROM events") == 40


def test_run_goes_through_with_the_good_file_and_still_says_that_it_failed(tmp_path: Path, lake: Path) -> None:
    ended = footfall(
        "run", truncated_gzip(tmp_path), log(tmp_path / "good.csv", good()), "--lake", lake, "--json", "--k", 2
    )
    assert ended.code == 1
    assert "2019-Oct.csv.gz" in ended.err
    assert one(lake, "SELECT count(*) FROM user_features") == one(lake, "SELECT count(DISTINCT user_id) FROM events")
    assert one(lake, "SELECT count(*) FROM customer_segments") == one(lake, "SELECT count(*) FROM user_features")


def test_a_new_version_that_is_cut_off_leaves_the_rows_of_the_old_one(
    tmp_path: Path, lake: Path, ingest: Callable[..., Ended]
) -> None:
    file = tmp_path / "2019-Oct.csv.gz"
    file.write_bytes(gzip.compress(("\n".join([HEADER, *good()]) + "\n").encode()))
    assert ingest(file).code == 0
    truncated_gzip(tmp_path)
    assert ingest(file).code == 1
    assert one(lake, "SELECT count(*) FROM events") == 40
    assert one(lake, "SELECT rows FROM row_accounts WHERE outcome = 'kept'") == 40


def test_a_header_alone_is_a_file_of_no_rows(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    ended = ingest(log(tmp_path / "header.csv", []))
    assert ended.code == 0, ended.err
    assert ended.told["rows_read"] == 0


def test_run_on_a_header_alone_says_that_there_are_no_events(tmp_path: Path, lake: Path) -> None:
    ended = footfall("run", log(tmp_path / "header.csv", []), "--lake", lake)
    assert ended.code == 1
    assert "holds no events" in ended.err


def test_no_such_file(lake: Path, ingest: Callable[..., Ended]) -> None:
    ended = ingest("/nowhere/at/all.csv")
    assert ended.code == 1
    assert "/nowhere/at/all.csv: no such file" in ended.err


# Rows that cannot be used: quarantined with their line, and the others kept.


def test_windows_line_ends_and_a_byte_order_mark(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    unix, windows = log(tmp_path / "log.csv", good()), tmp_path / "windows" / "log.csv"
    windows.parent.mkdir()
    log(windows, good(), end="\r\n", start="\ufeff")
    ended = ingest(windows)
    assert ended.code == 0, ended.err
    assert ended.told["accounts"] == {"kept": 40, "duplicate": 0}
    assert footfall("ingest", unix, "--lake", tmp_path / "other").code == 0
    assert_same(in_order(lake, "events"), in_order(tmp_path / "other", "events"), "events")


def test_mixed_decimals(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    lines = [line(0, price="12.5"), line(60, price='"12,5"'), line(120, price="1e2"), line(180, price="nan")]
    ended = ingest(log(tmp_path / "mixed.csv", lines))
    assert ended.code == 0, ended.err
    assert ended.told["accounts"] == {"kept": 2, "duplicate": 0, "price_not_positive": 2}
    assert sorted(row["price"] for row in rows(lake, "FROM events")) == [12.5, 100.0]  # type: ignore[type-var]
    (comma, nan) = quarantined(lake)
    assert comma[:2] == (3, "price_not_positive")
    assert "12,5" in str(comma[2])
    assert nan[:2] == (5, "price_not_positive")


def test_an_unquoted_decimal_comma_is_a_field_too_many(
    tmp_path: Path, lake: Path, ingest: Callable[..., Ended]
) -> None:
    ended = ingest(log(tmp_path / "mixed.csv", [line(0), line(60, price="12,5"), line(120)]))
    assert ended.told["accounts"] == {"kept": 2, "duplicate": 0, "malformed": 1}
    assert quarantined(lake)[0][:2] == (3, "malformed")


def test_an_unclosed_quote_costs_its_own_line(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    lines = good(30)
    lines.insert(10, line(9_000, brand='"apple'))
    ended = ingest(log(tmp_path / "quote.csv", lines))
    assert ended.code == 0, ended.err
    assert ended.told["accounts"] == {"kept": 30, "duplicate": 0, "malformed": 1}
    assert quarantined(lake)[0][:2] == (12, "malformed")


def test_a_line_that_is_not_utf8(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    file = log(tmp_path / "latin.csv", [*good(3), line(9_000, brand="BRAND"), line(9_060, brand="nestlé")])
    file.write_bytes(file.read_bytes().replace(b"BRAND", "nestlé".encode("latin-1")))
    ended = ingest(file)
    assert ended.code == 0, ended.err
    assert ended.told["accounts"] == {"kept": 4, "duplicate": 0, "malformed": 1}
    assert quarantined(lake)[0][:2] == (5, "malformed")
    assert one(lake, "SELECT count(*) FROM events WHERE brand = 'nestlé'") == 1


def test_nul_bytes_in_a_row(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    ended = ingest(log(tmp_path / "nul.csv", [*good(3), line(9_000, brand="a\0b"), "\0" * 200]))
    assert ended.code == 0, ended.err
    assert sum(ended.told["accounts"].values()) == 5
    assert ended.told["accounts"]["malformed"] >= 1


def test_blank_lines_are_no_rows(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    ended = ingest(log(tmp_path / "blank.csv", [line(0), "", line(60), "", ""]))
    assert ended.told["accounts"] == {"kept": 2, "duplicate": 0}


def test_no_line_end_at_the_end(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    file = log(tmp_path / "log.csv", [line(0), line(60)])
    file.write_text(file.read_text() + line(120))
    assert ingest(file).told["accounts"] == {"kept": 3, "duplicate": 0}


def test_half_of_millions_of_rows_are_bad(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    """In a quarter of a gigabyte, which is less than they take."""
    bad = [line(3, price="0"), "yesterday,view,1,2,a,b,1,512000001,x", "too,few", line(3, event_type="wish")]
    lines = [bad[number // 2 % 4] if number % 2 else line(number, user=512000000 + number) for number in range(100_000)]
    text = "".join(f"{text}\n" for text in lines)
    with igzip.open(tmp_path / "half.csv.gz", "wb") as file:
        file.write(f"{HEADER}\n".encode())
        for block in range(25):
            file.write(text.replace(",512", f",{600 + block}").encode())  # other users in every block
    ended = ingest(tmp_path / "half.csv.gz", "--memory", "256MB")
    assert ended.code == 0, ended.err
    reasons = ("price_not_positive", "bad_timestamp", "malformed", "unknown_event_type")
    assert ended.told["accounts"] == {"kept": 1_250_000, "duplicate": 0} | dict.fromkeys(reasons, 312_500)
    assert one(lake, "SELECT count(*) FROM events") == 1_250_000
    assert one(lake, "SELECT count(DISTINCT line) FROM quarantine") == 1_250_000
    assert one(lake, "SELECT count(*) FROM quarantine WHERE line % 2 = 1") == 1_250_000


# Settings and places that cannot be used.


def test_another_key_than_the_lakes(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    file = log(tmp_path / "log.csv", good())
    keys = [tmp_path / "one.key", tmp_path / "other.key"]
    for number, key in enumerate(keys):
        key.write_text(f"{number}" * 40)
    assert ingest(file, "--key-file", keys[0]).code == 0
    before = snapshot(lake)
    log(file, good(60))
    ended = ingest(file, "--key-file", keys[1])
    assert ended.code == 1
    for number in range(2):
        assert Pseudonymiser((f"{number}" * 40).encode()).key_id in ended.err
    assert "FOOTFALL_KEY_FILE" in ended.err
    assert snapshot(lake) == before


def test_a_lost_key_is_not_silently_replaced(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    file, key = log(tmp_path / "log.csv", good()), tmp_path / "one.key"
    assert ingest(file, "--key-file", key).code == 0
    key.unlink()
    ended = ingest(file, "--key-file", key)
    assert ended.code == 1
    assert "is missing; restore it" in ended.err
    assert not key.exists()


def test_a_short_key_and_one_in_the_lake(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    file, short = log(tmp_path / "log.csv", good()), tmp_path / "short.key"
    short.write_text("1234567")
    ended = ingest(file, "--key-file", short)
    assert ended.code == 1
    assert "needs at least 16" in ended.err
    ended = ingest(file, "--key-file", lake / "key")
    assert ended.code == 1
    assert "lies in the lake" in ended.err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "x"\n[columns]\nevent_time = "t"\nproduct_idd = "p"\nprice = "c"\n', "product_idd"),
        ('name = "x"\n[columns]\nevent_time = "t"\nprice = "c"\n', "product_id"),
        ('name = "x"\n[columns\n', "not valid TOML"),
        (None, "cannot be read"),
    ],
)
def test_a_mapping_that_cannot_be_followed(
    text: str | None, told: str, tmp_path: Path, lake: Path, ingest: Callable[..., Ended]
) -> None:
    mapping = tmp_path / "shop.toml"
    if text is not None:
        mapping.write_text(text)
    ended = ingest(log(tmp_path / "log.csv", good()), "--mapping", mapping)
    assert ended.code == 1
    assert "shop.toml" in ended.err
    assert told in ended.err


def test_a_mapping_that_names_a_column_the_file_has_not(
    tmp_path: Path, lake: Path, ingest: Callable[..., Ended]
) -> None:
    mapping = tmp_path / "shop.toml"
    mapping.write_text(
        'name = "x"\n[columns]\nevent_time = "event_time"\nevent_type = "event_type"\nproduct_id = "sku"\n'
        'price = "price"\nuser_id = "user_id"\n'
    )
    ended = ingest(log(tmp_path / "log.csv", good()), "--mapping", mapping)
    assert ended.code == 1
    assert 'log.csv, line 1: column "sku" is missing for source x' in ended.err
    assert '"product_id"' in ended.err


def test_a_folder_that_is_no_lake(tmp_path: Path, lake: Path, ingest: Callable[..., Ended]) -> None:
    lake.mkdir()
    (lake / "thesis.txt").write_text("mine")
    ended = ingest(log(tmp_path / "log.csv", good()))
    assert ended.code == 1
    assert "other files in it" in ended.err
    assert [file.name for file in lake.iterdir()] == ["thesis.txt"]


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place))
    yield place
    with suppress(subprocess.CalledProcessError):
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("megabytes", [1, 5, 6])
def test_a_full_disk(megabytes: int, disk: Path, tmp_path: Path) -> None:
    """The disk fills up at another place for each size: while landing, while staging, in the tables."""
    lines = [line(number * 7 % 2_000_000, user=512000000 + number * 7919 % 30_011) for number in range(30_000)]
    file, lake = log(tmp_path / "log.csv", lines), disk / "lake"
    mount("-o", f"remount,size={megabytes}m", str(disk))
    ended = footfall("ingest", file, "--lake", lake, "--json")
    assert ended.code == 1, "the disk was big enough: the test needs a smaller one"
    assert "disk" in ended.err
    assert "run again" in ended.err
    mount("-o", "remount,size=400m", str(disk))
    again = footfall("ingest", file, "--lake", lake, "--json")
    assert again.code == 0, again.err
    assert again.told["rows_read"] == 30_000
    assert footfall("ingest", file, "--lake", tmp_path / "other").code == 0
    for name in ("events", "quarantine", "row_accounts"):
        assert_same(in_order(lake, name), in_order(tmp_path / "other", name), name)
    assert not (lake / ".staging").exists()


def test_a_read_only_lake(disk: Path, tmp_path: Path) -> None:
    file, lake = log(tmp_path / "log.csv", good()), disk / "lake"
    assert footfall("ingest", file, "--lake", lake).code == 0
    mount("-o", "remount,ro", str(disk))
    log(file, good(50))
    ended = footfall("ingest", file, "--lake", lake)
    assert ended.code == 1
    assert str(lake) in ended.err
    assert "Read-only" in ended.err
    assert one(lake, "SELECT count(*) FROM events") == 40
    new = footfall("ingest", file, "--lake", disk / "new")
    assert new.code == 1
    assert "cannot be written" in new.err


def test_a_read_only_lake_that_is_up_to_date_has_nothing_to_do(disk: Path, tmp_path: Path) -> None:
    file, lake = log(tmp_path / "log.csv", good()), disk / "lake"
    mount("-o", "remount,size=100m", str(disk))
    assert footfall("run", file, "--lake", lake, "--k", 2).code == 0
    mount("-o", "remount,ro", str(disk))
    ended = footfall("run", file, "--lake", lake, "--k", 2)
    assert ended.code == 0, ended.err
    assert "nothing to do" in ended.out
    assert footfall("status", "--lake", lake).code == 0
