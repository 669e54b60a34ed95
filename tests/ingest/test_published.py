from datetime import date

import pytest

from footfall.errors import SettingInvalid
from footfall.ingest.published import PublishedFile, published

ALL = ["2019-10", "2019-11", "2019-12", "2020-01", "2020-02", "2020-03", "2020-04"]


def months_of(files: list[PublishedFile]) -> list[str]:
    return [file.month for file in files]


def test_all_seven_months_lie_at_rees46() -> None:
    files = published("rees46")

    assert months_of(files) == ALL
    assert [file.url for file in files] == [
        f"https://data.rees46.com/datasets/marketplace/{name}.csv.gz"
        for name in ("2019-Oct", "2019-Nov", "2019-Dec", "2020-Jan", "2020-Feb", "2020-Mar", "2020-Apr")
    ]
    assert all(file.url.endswith("/" + file.name) for file in files)


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ("2019-10..2020-04", ALL),
        ("2019-12..2020-01", ["2019-12", "2020-01"]),
        ("2020-02..2020-02", ["2020-02"]),
        ("2019-11", ["2019-11"]),
        ("2020-03, 2019-10", ["2019-10", "2020-03"]),
        ("2019-10..2019-12,2019-12,2020-04", ["2019-10", "2019-11", "2019-12", "2020-04"]),
    ],
)
def test_months_are_read_as_range_single_or_list(months: str, expected: list[str]) -> None:
    assert months_of(published("rees46", months=months)) == expected


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (date(2019, 1, 1), ALL),
        (date(2019, 12, 31), ALL[2:]),
        (date(2020, 1, 1), ALL[3:]),
        (date(2020, 4, 30), ["2020-04"]),
        (date(2020, 5, 1), []),
    ],
)
def test_since_keeps_months_that_end_after_it(since: date, expected: list[str]) -> None:
    assert months_of(published("rees46", since=since)) == expected


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000/mirror", "http://127.0.0.1:8000/mirror/"])
def test_base_url_replaces_the_folder(base_url: str) -> None:
    (file,) = published("rees46", months="2020-01", base_url=base_url)

    assert file == PublishedFile("2020-01", "http://127.0.0.1:8000/mirror/2020-Jan.csv.gz", "2020-Jan.csv.gz")


@pytest.mark.parametrize("months", ["2019-09", "2019-09..2019-11", "2020-01..2020-05", "Oct", "", "2019-10,,2019-11"])
def test_unknown_month_lists_what_is_published(months: str) -> None:
    with pytest.raises(SettingInvalid, match=", ".join(ALL)):
        published("rees46", months=months)


def test_range_backwards_is_refused() -> None:
    with pytest.raises(SettingInvalid, match=r"write 2019-10\.\.2020-01"):
        published("rees46", months="2020-01..2019-10")


def test_unknown_dataset_is_refused() -> None:
    with pytest.raises(SettingInvalid, match='"rees47" and must be rees46'):
        published("rees47")
