import csv
import re
from itertools import pairwise

import duckdb
import pyarrow.parquet as pq
from plain_log import HEADER, WELL_FORMED, dirty_lines, lines_of, when

from footfall.simulate import SimulatedShop, simulate

KINDS = {
    "malformed",
    "bad_timestamp",
    "out_of_period",
    "price_not_positive",
    "missing_user",
    "missing_product",
    "no_category",
    "unknown_event_type",
    "duplicate",
}


def truth_of_dirt(shop: SimulatedShop, file: str) -> list[tuple[int, str]]:
    rows = pq.read_table(shop.truth / "dirty.parquet").to_pylist()
    return [(row["line"], row["kind"]) for row in rows if row["file"] == file]


def test_months_are_named_as_rees46_names_them(autumn):
    assert [path.name for path in autumn.months] == ["2019-Oct.csv.gz", "2019-Nov.csv.gz", "2019-Dec.csv.gz"]


def test_the_header_is_that_of_rees46(one_month):
    assert lines_of(one_month.months[0])[0] == HEADER


def test_rows_are_counted(autumn):
    counted = {path.name: len(lines_of(path)) - 1 for path in autumn.months}
    assert autumn.rows == counted


def test_every_good_row_is_well_formed(one_month):
    lines = lines_of(one_month.months[0])
    bad = {line for line, _ in truth_of_dirt(one_month, "2019-Oct.csv.gz")}
    for number, fields in enumerate(csv.reader(lines[1:]), start=2):
        if number not in bad:
            misfits = [
                field for field, form in zip(fields, WELL_FORMED, strict=True) if re.fullmatch(form, field) is None
            ]
            assert not misfits, lines[number - 1]


def test_rows_are_in_order_of_time(autumn):
    for path in autumn.months:
        bad = {line for line, _ in truth_of_dirt(autumn, path.name)}
        times = [line[:19] for number, line in enumerate(lines_of(path), start=1) if number > 1 and number not in bad]
        assert all(earlier <= later for earlier, later in pairwise(times))


def test_the_truth_lists_exactly_the_bad_rows_each_with_its_one_defect(autumn):
    for path, month in zip(autumn.months, ("2019-10", "2019-11", "2019-12"), strict=True):
        assert list(dirty_lines(lines_of(path), month)) == truth_of_dirt(autumn, path.name)


def test_a_duplicate_repeats_an_earlier_row(one_month):
    lines = lines_of(one_month.months[0])
    copies = [line for line, kind in truth_of_dirt(one_month, "2019-Oct.csv.gz") if kind == "duplicate"]
    assert copies
    assert all(lines[copy - 1] in lines[max(1, copy - 50) : copy - 1] for copy in copies)


def test_every_month_has_every_kind_of_bad_row(autumn):
    for path in autumn.months:
        assert {kind for _, kind in truth_of_dirt(autumn, path.name)} == KINDS


def test_even_a_tiny_month_has_every_kind_of_bad_row_once(out):
    shop = simulate(out, users=50)
    assert shop.dirty_rows == dict.fromkeys(KINDS, 1)
    assert list(dirty_lines(lines_of(shop.months[0]), "2019-10")) == truth_of_dirt(shop, "2019-Oct.csv.gz")


def test_one_row_in_a_thousand_is_bad(one_month):
    share = sum(one_month.dirty_rows.values()) / sum(one_month.rows.values())
    assert 0.0008 < share < 0.0012


def test_dirty_rows_are_counted_by_kind(autumn):
    listed = duckdb.sql(f"SELECT kind, count(*) FROM '{autumn.truth}/dirty.parquet' GROUP BY kind").fetchall()
    assert autumn.dirty_rows == dict(listed)


def test_wrong_dates_are_far_from_the_month(one_month):
    lines = lines_of(one_month.months[0])
    wrong = [lines[line - 1] for line, kind in truth_of_dirt(one_month, "2019-Oct.csv.gz") if kind == "out_of_period"]
    assert {when(line.split(",")[0]).year for line in wrong} == {1970, 2038}
