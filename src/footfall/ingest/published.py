"""Where the public data sets of online shops lie, month by month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from footfall.errors import SettingInvalid

REES46_FOLDER = "https://data.rees46.com/datasets/marketplace"
REES46_MONTHS = {
    "2019-10": "2019-Oct.csv.gz",
    "2019-11": "2019-Nov.csv.gz",
    "2019-12": "2019-Dec.csv.gz",
    "2020-01": "2020-Jan.csv.gz",
    "2020-02": "2020-Feb.csv.gz",
    "2020-03": "2020-Mar.csv.gz",
    "2020-04": "2020-Apr.csv.gz",
}


@dataclass(frozen=True)
class PublishedFile:
    """One month of a public data set: `month` as 2019-10, where it lies, and what the file is called."""

    month: str
    url: str
    name: str


def published(
    dataset: str,
    months: str = "2019-10..2020-04",
    since: date | None = None,
    base_url: str | None = None,
) -> list[PublishedFile]:
    """The files of a public data set, in the order of time; `rees46` is the only data set.

    Args:
        dataset: the name of the data set.
        months: one month, a range with both ends, or a comma list of these.
        since: keeps the months that have a day on or after this date.
        base_url: the folder that holds the files, where it is not the publisher's: a mirror.

    Raises:
        SettingInvalid: the data set or a month is not published, or `months` cannot be read.

    >>> [file.name for file in published("rees46", months="2019-10..2020-04", since=date(2020, 3, 31))]
    ['2020-Mar.csv.gz', '2020-Apr.csv.gz']
    """
    if dataset != "rees46":
        raise SettingInvalid(f'dataset is "{dataset}" and must be rees46, the only one that is published')
    asked = set(_months_asked(months))
    folder = (base_url or REES46_FOLDER).rstrip("/")
    return [
        PublishedFile(month=month, url=f"{folder}/{name}", name=name)
        for month, name in REES46_MONTHS.items()
        if month in asked and (since is None or _month_end(month) > since)
    ]


def _months_asked(months: str) -> Iterator[str]:
    for item in months.split(","):
        first, is_range, last = item.partition("..")
        yield from _months_between(first.strip(), last.strip() if is_range else first.strip())


def _months_between(first: str, last: str) -> list[str]:
    for month in (first, last):
        if month not in REES46_MONTHS:
            raise SettingInvalid(
                f'months names "{month}", which is not published; rees46 has {", ".join(REES46_MONTHS)}; '
                "write 2019-10, 2019-10..2019-12 or 2019-10,2020-02"
            )
    if first > last:
        raise SettingInvalid(f"months is {first}..{last}, which ends before it begins; write {last}..{first}")
    return [month for month in REES46_MONTHS if first <= month <= last]


def _month_end(month: str) -> date:
    """The first day that is no longer in the month."""
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)
