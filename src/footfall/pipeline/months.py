"""Calendar months as texts (`2019-10`), and which of them the lake's events lie in."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from footfall.clean.clean import file_key
from footfall.contracts import EVENTS, ROW_ACCOUNTS, Table
from footfall.errors import UserError
from footfall.ingest.landing import known_files
from footfall.lake import DataFile, Lake, fingerprint, owners, time_span, transaction

_FORGOTTEN = 0


def event_months(lake: Lake) -> list[str]:
    """UTC months with events."""
    return sorted({file.partition["month"] for file in lake.files(EVENTS)})


def months_with_events(lake: Lake) -> list[str]:
    """As `event_months`.

    Raises:
        UserError: there are none yet.
    """
    months = event_months(lake)
    if not months:
        raise UserError(f"lake {lake.root} holds no events yet; `footfall run SOURCE --lake {lake.root}` brings some")
    return months


def forget_other_months(lake: Lake, table: Table, months: Collection[str]) -> None:
    """Remove what a table holds of months without events: a file's new version may have lost one.

    The months' marks go too, because the version before may come back.
    """
    gone = {file.partition["month"] for file in lake.files(table)} - set(months)
    if gone:
        with transaction(lake) as tx:
            tx.replace(
                table, [], replaces=lambda file: file.partition["month"] in gone, done=dict.fromkeys(gone, _FORGOTTEN)
            )


def events_mark(lake: Lake, months: Collection[str]) -> int:
    """What the events of these months follow from: the marks of their files, the same in every lake."""
    return files_mark(lake, lake.files(EVENTS, lambda part: part["month"] in months))


def files_mark(lake: Lake, files: Iterable[DataFile]) -> int:
    """What the events in these files follow from, as `events_mark`."""
    keys = owners(lake, EVENTS, files)
    sources = sorted(name for name in known_files(lake) if file_key(name) in keys)
    return fingerprint(lake.marks(ROW_ACCOUNTS, sources))


def last_event(lake: Lake) -> datetime:
    """The last event time, UTC, without reading a row."""
    files = lake.files(EVENTS)
    last = max(file.partition["month"] for file in files)
    return max(event_span(lake, file)[1] for file in files if file.partition["month"] == last)


def event_span(lake: Lake, file: DataFile) -> tuple[datetime, datetime]:
    """The first and the last event time in a file: as the commit noted them, else from its footer."""
    known = file.spans.get("event_time")
    return known or time_span([str(lake.folder(EVENTS) / file.path)], "event_time")


def month_start(month: str) -> datetime:
    """Its first moment."""
    return datetime.fromisoformat(f"{month}-01")


def month_end(month: str) -> datetime:
    """The first moment of the next one."""
    return month_start(next_month(month))


def month_before(month: str) -> str:
    """The one before.

    >>> month_before("2020-01")
    '2019-12'
    """
    return f"{month_start(month) - timedelta(days=1):%Y-%m}"


def next_month(month: str) -> str:
    """The one after.

    >>> next_month("2019-12")
    '2020-01'
    """
    return f"{month_start(month) + timedelta(days=31):%Y-%m}"
