"""The series stage: count the months whose events changed, then lay all series out with the status of every bucket."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from footfall.contracts import METRIC_SERIES, VOLUMES
from footfall.engine import Engine
from footfall.errors import UserError
from footfall.lake import Lake, fingerprint, open_lake, transaction
from footfall.pipeline.counting import count, shop_months
from footfall.pipeline.counting import is_counted as is_month_counted
from footfall.pipeline.months import event_months, forget_other_months, last_event, months_with_events
from footfall.pipeline.query import query
from footfall.series import (
    METRICS,
    REVISION,
    ShopCalendar,
    days_with_status,
    hours_with_status,
    metric_series,
    places,
    read_calendar,
)
from footfall.settings import Settings

Report = Callable[[str], None]
CALENDAR = Path("sales.toml")
ALL_SERIES = "all series"
KNOWN_UNTIL = "minutes since 1970 of which everything is known"
_EPOCH, _MINUTE = datetime(1970, 1, 1), timedelta(minutes=1)


@dataclass(frozen=True)
class SeriesResult:
    """Months that were counted anew; rows that were written (None if nothing was to do); days by status."""

    months: list[str]
    rows: int | None
    days: dict[str, int] = field(default_factory=dict)


def build_series(
    lake: Lake,
    engine: Engine,
    settings: Settings,
    report: Report = lambda _: None,
    *,
    known_until: datetime | None = None,
    by_parts: bool = False,
) -> SeriesResult:
    """Bring `volumes` and `metric_series` up to date with the events.

    Args:
        lake: its events are read; the caller holds its lock.
        engine: runs it.
        settings: the shop's time zone and calendar, how many members have series, and up to when.
        report: told what is being done.
        known_until: whatever happened before it is known, UTC; by default until the minute of the last event.
        by_parts: count only what came since (see `counting`), where that can be told.

    Raises:
        UserError: the lake holds no event before `as_of`, or the calendar cannot be read.
    """
    calendar = shop_calendar(settings)
    stale = build_volumes(lake, engine, settings, report, by_parts=by_parts)
    months = shop_months(event_months(lake), settings.timezone)
    mark = _series_mark(lake, months, calendar, settings, known_until)
    if lake.done(METRIC_SERIES, ALL_SERIES) == mark:
        return SeriesResult(stale, None)
    report("series")
    return _lay_out(lake, engine, calendar, settings, stale, mark, known_until or minute_after_last_event(lake))


def build_volumes(
    lake: Lake, engine: Engine, settings: Settings, report: Report = lambda _: None, *, by_parts: bool = False
) -> list[str]:
    """Bring `volumes` alone up to date with the events, as `build_series` does first.

    Returns:
        Months that were counted anew or by parts.
    """
    months = shop_months(months_with_events(lake), settings.timezone)
    forget_other_months(lake, VOLUMES, months)
    stale = [month for month in months if not is_month_counted(lake, month, settings.timezone, by_parts=by_parts)]
    for month in stale:
        report(f"counting {month}")
        count(lake, engine, month, settings.timezone, by_parts=by_parts)
    return stale


def is_counted(lake: Lake, settings: Settings) -> bool:
    """Whether the series are up to date with the events, the calendar and the settings. Reads only."""
    months = shop_months(event_months(lake), settings.timezone)
    return all(is_month_counted(lake, month, settings.timezone) for month in months) and (
        lake.done(METRIC_SERIES, ALL_SERIES) == _series_mark(lake, months, shop_calendar(settings), settings)
    )


def shop_calendar(settings: Settings) -> ShopCalendar:
    """The calendar that the settings name, else `sales.toml` in the working folder, else an empty one."""
    if settings.calendar is not None:
        return read_calendar(settings.calendar)
    return read_calendar(CALENDAR) if CALENDAR.exists() else ShopCalendar()


def laid_out_until(lake: Lake) -> datetime | None:
    """Up to when everything was known when `metric_series` was laid out, UTC; None where that was never."""
    minutes = lake.done(METRIC_SERIES, KNOWN_UNTIL)
    return None if minutes is None else _EPOCH + minutes * _MINUTE


def minute_after_last_event(lake: Lake) -> datetime:
    """Up to when everything is known if events come in the order of time."""
    return last_event(lake) + _MINUTE


def _series_mark(
    lake: Lake,
    months: Iterable[str],
    calendar: ShopCalendar,
    settings: Settings,
    known_until: datetime | None = None,
) -> int:
    counted = [lake.done(VOLUMES, month) for month in months]
    until = () if known_until is None else (known_until,)
    return fingerprint(
        REVISION, settings.timezone, settings.members, settings.as_of, calendar.model_dump_json(), counted, *until
    )


def _lay_out(
    lake: Lake,
    engine: Engine,
    calendar: ShopCalendar,
    settings: Settings,
    stale: list[str],
    mark: int,
    known_until: datetime,
) -> SeriesResult:
    known, watermark = _known(lake, engine, settings.as_of, known_until)
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
        total = tx.replace(
            METRIC_SERIES, [written], done={ALL_SERIES: mark, KNOWN_UNTIL: (watermark - _EPOCH) // _MINUTE}
        )
    return SeriesResult(stale, total, {str(name): int(number) for name, number in days.status.value_counts().items()})


def _known(lake: Lake, engine: Engine, as_of: datetime | None, watermark: datetime) -> tuple[ir.Table, datetime]:
    """Volumes of the hours that had begun, and up to when everything is known."""
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
