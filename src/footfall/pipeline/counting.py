"""Counting: events of a month of the shop -> its volumes, anew or by what came since.

By what came: V + F(known + came) - F(known), where V are the volumes that stand, F counts, `came` are the events of new
files, and `known` are counted ones that belong together with them: of the same visits and orders, and of the same users
on the same days. Lines of `known` cancel out; its visits, orders and users are counted again together with
what came, and their old counts are taken away. So a visit that went on is still one visit, at its first event, buying
if it bought later; and an order still one order.

This gives what counting anew gives wherever `known` holds all counted events of these visits and orders: it reaches
REACH before and after each hour that events came for (for users over its whole day). It differs for a session id
or an order id of the source that comes back after a longer silence: counted anew that is one visit, by what came two.
Months counted so bear another mark, so that whoever counts without `by_parts` counts them anew, once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from footfall.contracts import EVENTS, VOLUMES
from footfall.engine import Engine
from footfall.lake import DataFile, Lake, Transaction, fingerprint, tier, transaction
from footfall.pipeline.months import (
    event_span,
    events_mark,
    files_mark,
    month_before,
    month_end,
    month_start,
    next_month,
)
from footfall.series import COLUMNS, OCCURRENCES, REVISION, UNKNOWN, added, find_occurrences, volumes

REACH = timedelta(hours=3)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

Span = tuple[datetime, datetime]


def shop_months(months: Iterable[str], timezone: str) -> list[str]:
    """Months of the shop's calendar with events, and those beside them where they may have some hours of it."""
    return sorted({near for month in months for near in _near(month, timezone)})


def is_counted(lake: Lake, month: str, timezone: str, *, by_parts: bool = False) -> bool:
    """Whether a month's volumes are up to date with the events.

    Args:
        lake: read only.
        month: of the shop.
        timezone: the shop's.
        by_parts: whether volumes do that were counted by what came.
    """
    return lake.done(VOLUMES, month) in _marks(events_mark(lake, _near(month, timezone)), timezone, by_parts=by_parts)


def count(lake: Lake, engine: Engine, month: str, timezone: str, *, by_parts: bool = False) -> None:
    """Bring a month's volumes up to date with the events.

    Args:
        lake: its events are read; the caller holds its lock.
        engine: runs it.
        month: of the shop.
        timezone: the shop's.
        by_parts: count only what came since, where that can be told.
    """
    came = _what_came(lake, month, timezone) if by_parts else None
    mark = _marks(events_mark(lake, _near(month, timezone)), timezone, by_parts=True)[came is not None]
    done = {month: mark, _version_key(month): lake.version(EVENTS)}
    with transaction(lake) as tx:
        rows = _anew(lake, engine, tx, month, timezone) if came is None else _by_parts(lake, engine, tx, came)
        if rows is None:
            tx.replace(VOLUMES, [], replaces=lambda _: False, done=done)
            return
        written = tx.run(engine, rows, VOLUMES, known={"month": month})
        tx.replace(VOLUMES, [written], replaces=lambda file: file.partition["month"] == month, done=done)


def _near(month: str, timezone: str) -> tuple[str, ...]:
    return (month,) if timezone == "UTC" else (month_before(month), month, next_month(month))


def _marks(events: int, timezone: str, *, by_parts: bool) -> tuple[int, ...]:
    """The mark of a month that was counted anew, and of one that was counted by parts."""
    anew = fingerprint(REVISION, timezone, events)
    return (anew, fingerprint("by parts", anew)) if by_parts else (anew,)


def _version_key(month: str) -> str:
    return f"{month} counted up to this version of events"


def _anew(lake: Lake, engine: Engine, tx: Transaction, month: str, timezone: str) -> ir.Table:
    near = {one: _events_of(lake, engine, one) for one in _near(month, timezone)}
    return _counted(engine, tx, near, month, timezone)


def _events_of(lake: Lake, engine: Engine, utc_month: str) -> ir.Table:
    return lake.read(engine, EVENTS, lambda part: part["month"] == utc_month)


def _counted(engine: Engine, tx: Transaction, events: Mapping[str, ir.Table], month: str, timezone: str) -> ir.Table:
    rows, members = find_occurrences(engine, events, month=month, timezone=timezone)
    folder = tx.place(OCCURRENCES.name)
    engine.write_parquet(rows, folder, per_bucket=True)
    found = engine.read_parquet([str(file) for file in sorted(folder.rglob("*.parquet"))], OCCURRENCES)
    return volumes(found, members, month=month)


@dataclass(frozen=True)
class _WhatCame:
    """Files of events that were counted for a month of the shop, and those that were not yet."""

    month: str
    timezone: str
    counted: list[DataFile]
    new: list[DataFile]


def _what_came(lake: Lake, month: str, timezone: str) -> _WhatCame | None:
    """None where the volumes do not follow from files that still stand: a file was replaced, or the code."""
    version = lake.done(VOLUMES, _version_key(month))
    if version is None:
        return None
    near = _near(month, timezone)
    before = {file.path for file in lake.files(EVENTS, lambda part: part["month"] in near, version=version)}
    now = lake.files(EVENTS, lambda part: part["month"] in near)
    counted = [file for file in now if file.path in before or tier(file)]  # only what is counted is packed
    if lake.done(VOLUMES, month) not in _marks(files_mark(lake, counted), timezone, by_parts=True):
        return None
    return _WhatCame(month, timezone, counted, [file for file in now if not (file.path in before or tier(file))])


def _by_parts(lake: Lake, engine: Engine, tx: Transaction, came: _WhatCame) -> ir.Table | None:
    """The month's volumes with what came; None where nothing came for it."""
    hours = _hours(lake, engine, came)
    if not hours:
        return None
    known = _known(lake, engine, tx, came, hours)
    new = [str(lake.folder(EVENTS) / file.path) for file in came.new]

    def counts(files: list[str]) -> ir.Table:
        months = {one: [file for file in files if f"month={one}/" in file] for one in _near(came.month, came.timezone)}
        events = {one: engine.read_parquet(ours, EVENTS) for one, ours in months.items() if ours}
        return _counted(engine, tx, events, came.month, came.timezone)

    before = lake.read(engine, VOLUMES, lambda part: part["month"] == came.month)
    return added(before, counts([*known, *new]), without=counts(known) if known else None)


def _hours(lake: Lake, engine: Engine, came: _WhatCame) -> list[datetime]:
    """Hours, UTC, near the month for which events came."""
    if not came.new:
        return []
    events = _read(lake, engine, came.new)
    hours = engine.collect(events.select(hour=events.event_time.truncate("h")).distinct())["hour"].to_pylist()
    first, last = month_start(came.month) - _DAY, month_end(came.month) + _DAY
    return sorted(hour for hour in hours if first <= hour < last)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same times in as few spans; they come in the order of their beginnings."""
    found: list[Span] = []
    for first, last in spans:
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def _shop_days(hour: datetime, zone: ZoneInfo) -> Span:
    """The day of the shop that an hour, UTC, lies in, or both days."""
    begins, ends = (moment.replace(tzinfo=UTC).astimezone(zone) for moment in (hour, hour + _HOUR))
    midnight = begins.replace(hour=0, minute=0)
    next_midnight = (ends - timedelta(minutes=1)).replace(hour=0, minute=0) + _DAY
    first, last = (moment.astimezone(UTC).replace(tzinfo=None) for moment in (midnight, next_midnight))
    return first, last


def _known(lake: Lake, engine: Engine, tx: Transaction, came: _WhatCame, hours: list[datetime]) -> list[str]:
    """Files with the counted events that belong together with what came, within the spans around its hours."""
    zone = ZoneInfo(came.timezone)
    days = _merged(_shop_days(hour, zone) for hour in hours)
    around = _merged((hour - REACH, hour + _HOUR + REACH) for hour in hours)
    new = _read(lake, engine, came.new)
    written = []
    for spans, belonging in ((around, _of_visits_and_orders), (days, _of_users)):
        near = [file for file in came.counted if _overlaps(event_span(lake, file), spans)]
        if near:
            counted = _read(lake, engine, near)
            is_inside = reduce(lambda one, other: one | other, (counted.event_time.between(*span) for span in spans))
            folder = tx.place("known")
            rows = belonging(counted.filter(is_inside), new)
            engine.write_parquet(_with_nulls(rows), folder, EVENTS.partition_by, per_bucket=True)
            written += [str(file) for file in sorted(folder.rglob("*.parquet"))]
    return written


def _of_visits_and_orders(counted: ir.Table, came: ir.Table) -> ir.Table:
    """Events of the visits and orders that are among those that came, each event once."""
    columns = counted.drop("product_id", "category_id", "price", "currency")  # nothing is counted by them
    is_ours = [
        counted[name].isin(came.filter(came[name].notnull()).select(name).distinct()[name]).fill_null(False)
        for name in ("session_id", "order_id")
    ]
    return columns.filter(is_ours[0] | is_ours[1])


def _of_users(counted: ir.Table, came: ir.Table) -> ir.Table:
    """Of every user that came, the first event of each quarter of an hour: an hour of any time zone begins with one.

    They bear no visit and no order, so they count for users alone: as views that cancel out, whatever they were.
    """
    users = came.filter(came.user_id.notnull()).select("user_id").distinct()
    seen = counted.filter(counted.is_product, counted.event_type != "refund").semi_join(users, "user_id")
    members = {name: seen[name].coalesce(UNKNOWN) for name in COLUMNS.values()}
    first = ibis.struct({"event_time": seen.event_time, **members}).min()
    quarter = (seen.event_time.epoch_seconds() / 900).floor()
    firsts = seen.group_by("user_id", "month", "bucket", quarter=quarter).agg(first=first)
    return firsts.select(
        "user_id", "month", "bucket",
        event_time=firsts["first"]["event_time"],
        event_type=ibis.literal("view"),
        is_product=ibis.literal(value=True),
        **{name: firsts["first"][name] for name in COLUMNS.values()},
    )  # fmt: skip


def _with_nulls(rows: ir.Table) -> ir.Table:
    """The rows as events, null in all columns that they lack."""
    nothing = {one.name: ibis.null(dt.DataType.from_pyarrow(one.type)) for one in EVENTS.schema}
    return rows.select(**(nothing | {name: rows[name] for name in rows.columns}))


def _read(lake: Lake, engine: Engine, files: list[DataFile]) -> ir.Table:
    return engine.read_parquet([str(lake.folder(EVENTS) / file.path) for file in files], EVENTS)


def _overlaps(ours: Span, spans: Iterable[Span]) -> bool:
    return any(ours[0] <= last and first <= ours[1] for first, last in spans)
