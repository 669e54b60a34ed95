from itertools import pairwise

import pyarrow.parquet as pq
import pytest

from footfall.errors import SettingInvalid, StorageFailed
from footfall.simulate import simulate


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"users": 0}, r"users is 0 and must be between 1 and 20,000,000"),
        ({"users": 20_000_001}, r"users is 20000001"),
        ({"users": 5, "months": 0}, r"months is 0 and must be 1 or more"),
        ({"users": 5, "seed": -1}, r"seed is -1 and must be 0 or more"),
        ({"users": 5, "start": "2019-13"}, r'start is "2019-13" and must be a year and a month, like "2019-10"'),
        ({"users": 5, "start": "2019-1"}, r'start is "2019-1"'),
        ({"users": 5, "start": "2019-10-01"}, r'start is "2019-10-01"'),
        ({"users": 5, "start": "Oct 2019"}, r'start is "Oct 2019"'),
        ({"users": 5, "start": "1970-01"}, r"must stay between 1980 and 2030"),
        ({"users": 5, "start": "2030-12", "months": 2}, r"from 2030 to 2031; it must stay between 1980 and 2030"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_before_anything_is_written(out, settings, message):
    with pytest.raises(SettingInvalid, match=message):
        simulate(out, **settings)
    assert not out.exists()


def test_a_file_is_no_folder(out):
    out.write_text("a file")
    with pytest.raises(SettingInvalid, match="is a file"):
        simulate(out, users=1)


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="could not be written"):
        simulate(tmp_path / "file" / "below", users=1)


@pytest.mark.parametrize("users", [1, 2, 50])
def test_tiny_shops_work(out, users):
    shop = simulate(out, users=users, months=2, start="2020-02")
    assert [path.name for path in shop.months] == ["2020-Feb.csv.gz", "2020-Mar.csv.gz"]
    assert min(shop.rows.values()) > 0
    assert pq.read_table(shop.truth / "users.parquet").num_rows > 0


def test_the_last_month_that_is_possible(out):
    assert simulate(out, users=1, start="2030-12").rows.keys() == {"2030-Dec.csv.gz"}


def test_progress_counts_the_days_that_are_done(out):
    told: list[tuple[int, int]] = []
    simulate(out, users=1, months=2, progress=lambda done, total: told.append((done, total)))
    assert all(earlier < later for (earlier, _), (later, _) in pairwise(told))
    assert told[-1] == (61, 61)
