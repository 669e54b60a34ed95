"""The series stage: count the months whose events changed, then lay all series out with the status of every bucket."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from footfall.contracts import EVENTS, METRIC_SERIES, VOLUMES
from footfall.engine import Engine
from footfall.errors import UserError
from footfall.lake import Lake, fingerprint, open_lake, transaction
from footfall.pipeline.months import (
    event_months,
    events_mark,
    forget_other_months,
    last_event,
    month_before,
    months_with_events,
    next_month,
)
from footfall.pipeline.query import query
from footfall.series import (
    METRICS,
    OCCURRENCES,
    REVISION,
    ShopCalendar,
    days_with_status,
    find_occurrences,
    hours_with_status,
    metric_series,
    places,
    read_calendar,
    volumes,
)
from footfall.settings import Settings

Report = Callable[[str], None]
CALENDAR = Path("sales.toml")
ALL_SERIES = "all series"


@dataclass(frozen=True)
class SeriesResult:
    """Months that were counted anew; rows that were written (None if nothing was to do); days by status."""

    months: list[str]
    rows: int | None
    days: dict[str, int] = field(default_factory=dict)


def build_series(lake: Lake, engine: Engine, settings: Settings, report: Report = lambda _: None) -> SeriesResult:
    """Bring `volumes` and `metric_series` up to date with the events.

    Args:
        lake: its events are read; the caller holds its lock.
        engine: runs it.
        settings: the shop's time zone and calendar, how many members have series, and up to when.
        report: told what is being done.

    Raises:
        UserError: the lake holds no event before `as_of`, or the calendar cannot be read.
    """
    calendar = shop_calendar(settings)
    months = _shop_months(months_with_events(lake), settings.timezone)
    forget_other_months(lake, VOLUMES, months)
    stale = [month for month in months if not _is_counted(lake, month, settings.timezone)]
    for month in stale:
        report(f"counting {month}")
        _count(lake, engine, month, settings.timezone)
    mark = _series_mark(lake, months, calendar, settings)
    if lake.done(METRIC_SERIES, ALL_SERIES) == mark:
        return SeriesResult(stale, None)
    report("series")
    return _lay_out(lake, engine, calendar, settings, stale, mark)


def is_counted(lake: Lake, settings: Settings) -> bool:
    """Whether the series are up to date with the events, the calendar and the settings. Reads only."""
    months = _shop_months(event_months(lake), settings.timezone)
    return all(_is_counted(lake, month, settings.timezone) for month in months) and (
        lake.done(METRIC_SERIES, ALL_SERIES) == _series_mark(lake, months, shop_calendar(settings), settings)
    )


def shop_calendar(settings: Settings) -> ShopCalendar:
    """The calendar that the settings name, else `sales.toml` in the working folder, else an empty one."""
    if settings.calendar is not None:
        return read_calendar(settings.calendar)
    return read_calendar(CALENDAR) if CALENDAR.exists() else ShopCalendar()


def _shop_months(months: Iterable[str], timezone: str) -> list[str]:
    """Months of the shop's calendar with events, and those beside them where they may have some hours of it."""
    return sorted({near for month in months for near in _near(month, timezone)})


def _near(month: str, timezone: str) -> tuple[str, ...]:
    return (month,) if timezone == "UTC" else (month_before(month), month, next_month(month))


def _is_counted(lake: Lake, month: str, timezone: str) -> bool:
    return lake.done(VOLUMES, month) == _mark(lake, month, timezone)


def _mark(lake: Lake, month: str, timezone: str) -> int:
    return fingerprint(REVISION, timezone, events_mark(lake, _near(month, timezone)))


def _series_mark(lake: Lake, months: Iterable[str], calendar: ShopCalendar, settings: Settings) -> int:
    counted = [lake.done(VOLUMES, month) for month in months]
    return fingerprint(
        REVISION, settings.timezone, settings.members, settings.as_of, calendar.model_dump_json(), counted
    )


def _count(lake: Lake, engine: Engine, month: str, timezone: str) -> None:
    def events(utc_month: str) -> ir.Table:
        return lake.read(engine, EVENTS, lambda part: part["month"] == utc_month)

    with transaction(lake) as tx:
        near = {one: events(one) for one in _near(month, timezone)}
        rows, members = find_occurrences(engine, near, month=month, timezone=timezone)
        folder = tx.place(OCCURRENCES.name)
        engine.write_parquet(rows, folder, per_bucket=True)
        found = engine.read_parquet([str(file) for file in sorted(folder.rglob("*.parquet"))], OCCURRENCES)
        tx.replace(
            VOLUMES,
            [tx.run(engine, volumes(found, members, month=month), VOLUMES, known={"month": month})],
            replaces=lambda file: file.partition["month"] == month,
            done={month: _mark(lake, month, timezone)},
        )


def _lay_out(
    lake: Lake, engine: Engine, calendar: ShopCalendar, settings: Settings, stale: list[str], mark: int
) -> SeriesResult:
    known, watermark = _known(lake, engine, settings.as_of)
    shop = engine.collect(known.filter(known.dimension == "all").select("hour", "sessions")).to_pandas()
    if shop.empty:
        raise UserError(f"no event is before --as-of {settings.as_of:%Y-%m-%d %H:%M}")
    years = range(shop.hour.min().year - 1, shop.hour.max().year + 2)
    hours = hours_with_status(
        shop.set_index("hour").sessions,
        watermark=watermark,
        timezone=settings.timezone,
        closed_days=calendar.closed_days(years),
    )
    days = days_with_status(hours)
    found = places(_events_by_member(engine, known), settings.members)
    begun = hours[hours.ts < watermark]
    with transaction(lake) as tx:
        rows = metric_series(engine, known, hours=begun[["ts", "status"]], days=days, places=found)
        written = tx.run(engine, rows, METRIC_SERIES)
        count = tx.replace(METRIC_SERIES, [written], done={ALL_SERIES: mark})
    return SeriesResult(stale, count, {str(name): int(number) for name, number in days.status.value_counts().items()})


def _known(lake: Lake, engine: Engine, as_of: datetime | None) -> tuple[ir.Table, datetime]:
    """Volumes of the hours that had begun, and up to when everything is known."""
    watermark = last_event(lake) + timedelta(minutes=1)
    every = lake.read(engine, VOLUMES)
    if as_of is None or as_of >= watermark:
        return every, watermark
    hour = as_of.replace(minute=0, second=0, microsecond=0)
    return every.filter(every.hour <= hour - timedelta(hours=1)), hour


def _events_by_member(engine: Engine, known: ir.Table) -> dict[str, dict[str, int]]:
    by_member = engine.collect(known.group_by(["dimension", "member"]).agg(events=known.events.sum()))
    found: dict[str, dict[str, int]] = {}
    for row in by_member.to_pylist():
        found.setdefault(row["dimension"], {})[row["member"]] = row["events"]
    return found


def weeks(root: Path, metric: str, by: str) -> list[dict[str, Any]]:
    """A metric week by week, of every member of a dimension: sums, or means for shares and averages.

    Returns:
        Members with the largest values first: `member`, `total` (the mean, for shares and averages) and `weeks`, a list
        of `{"week": date of the Monday, "value": number or None, "is_whole": every day complete or closed}`.

    Raises:
        UserError: the lake has no such series; the message says which it has.
    """
    lake = open_lake(root)
    check_known(root, metric, by)
    total = "avg" if METRICS[metric].per else "sum"
    rows: list[dict[str, Any]] = query(
        lake,
        f"""
        WITH days AS (
            SELECT member, ts, value, status, date_trunc('week', ts)::DATE AS week
            FROM metric_series WHERE grain = 'day' AND metric = '{metric}' AND dimension = '{by}'
        ), weeks AS (
            SELECT member, week, {total}(value) AS value,
                bool_and(status IN ('complete', 'closed')) AND count(*) = 7 AS is_whole
            FROM days GROUP BY ALL
        )
        SELECT member, any_value(total) AS total,
            list({{week: week, value: value, is_whole: is_whole}} ORDER BY week) AS weeks
        FROM weeks JOIN (SELECT member, {total}(value) AS total FROM days GROUP BY ALL) USING (member)
        GROUP BY member ORDER BY total DESC, member
        """,
    ).to_pylist()
    return rows


def check_known(root: Path, metric: str, by: str) -> None:
    """Whether the lake has series of a metric by a dimension.

    Raises:
        UserError: it has not; the message says which it has.
    """
    lake = open_lake(root)
    if METRIC_SERIES.name not in lake.tables():
        raise UserError(f"lake {root} has no series yet; `footfall series --lake {root}` makes them")
    known = query(lake, "SELECT DISTINCT metric, dimension FROM metric_series WHERE grain = 'day'").to_pylist()
    for name, asked in (("metric", metric), ("dimension", by)):
        names = sorted({row[name] for row in known})
        if asked not in names:
            raise UserError(f'the shop has no series of {name} "{asked}"; it has {", ".join(names)}')
