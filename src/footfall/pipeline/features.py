"""The features stage: aggregate the months whose events changed, then merge them as of a date."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis.expr.types as ir

from footfall.contracts import CUSTOMER_SEGMENTS, EVENTS, PRODUCT_PRICES, USER_MONTHS, Table
from footfall.engine import Engine
from footfall.errors import UserError
from footfall.features import AGGREGATES, REVISION, USER_FEATURES, Aggregates, aggregate_month, user_features
from footfall.features.aggregates import known_users, order_lines, user_aggregates
from footfall.features.prices import price_ranks, reference_prices
from footfall.features.user_features import shares_of_all
from footfall.lake import Lake, Transaction, fingerprint, transaction
from footfall.pipeline.months import (
    event_months,
    events_mark,
    forget_other_months,
    last_event,
    month_before,
    month_end,
    month_start,
    months_with_events,
)

Report = Callable[[str], None]

_OWNER = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class FeaturesResult:
    """The date of the features, the users (None if nothing was to do), and the months that were aggregated anew."""

    as_of: datetime
    users: int | None
    months: list[str]


def build_features(
    lake: Lake, engine: Engine, *, as_of: datetime | None, timezone: str, report: Report = lambda _: None
) -> FeaturesResult:
    """Bring `user_features` up to date.

    Args:
        lake: its events are read; the caller holds its lock.
        engine: runs it.
        as_of: only events before it are used, UTC; by default the midnight after the last event.
        timezone: the shop's.
        report: told what is being done.

    Raises:
        UserError: the lake holds no event before `as_of`.
    """
    months = months_with_events(lake)
    for table in AGGREGATES:
        forget_other_months(lake, table, months)
    stale = [month for month in months if not _is_aggregated(lake, month, timezone)]
    for month in stale:
        report(f"aggregating {month}")
        _aggregate(lake, engine, month, timezone)
    last = last_event(lake)
    moment = as_of or _midnight_after(last)
    used = [month for month in months if month_start(month) < moment]
    if not used:
        raise UserError(f"no event is before --as-of {moment:%Y-%m-%d %H:%M}; the first month is {months[0]}")
    mark, key = _features_mark(lake, moment, timezone, used), _key(moment)
    if lake.done(USER_FEATURES, key) == mark:
        return FeaturesResult(moment, None, stale)
    report(f"features as of {moment:%Y-%m-%d}")
    users = _merge(lake, engine, used, moment, timezone, is_cut=_is_cut(used, last, moment), done={key: mark})
    return FeaturesResult(moment, users, stale)


def is_built(lake: Lake, *, as_of: datetime | None, timezone: str) -> datetime | None:
    """The date of the features if they are up to date with the events, else None. Reads only."""
    months = event_months(lake)
    if not months or not all(_is_aggregated(lake, month, timezone) for month in months):
        return None
    moment = as_of or _midnight_after(last_event(lake))
    used = [month for month in months if month_start(month) < moment]
    return moment if lake.done(USER_FEATURES, _key(moment)) == _features_mark(lake, moment, timezone, used) else None


def published(lake: Lake) -> datetime:
    """The date of the features that the segments are of, or of the latest where there are no segments.

    Raises:
        UserError: there are no features yet.
    """
    row = lake.first(CUSTOMER_SEGMENTS)
    if row is not None:
        return datetime.fromisoformat(str(row["as_of"]))
    owners = {file.owner for file in lake.files(USER_FEATURES)}
    if not owners:
        raise UserError(f"lake {lake.root} has no features yet; `footfall features --lake {lake.root}` makes them")
    return datetime.strptime(max(owners), _OWNER)


def shares_as_of(lake: Lake, engine: Engine, as_of: datetime, timezone: str) -> dict[str, float]:
    """The shares over all users towards which the features of a date shrink those of single ones. Reads only."""
    used = [month for month in event_months(lake) if month_start(month) < as_of]
    is_cut = bool(used) and _is_cut(used, last_event(lake), as_of)
    whole = set(used[:-1] if is_cut else used)
    cut = _user_aggregates(lake, engine, used[-1], as_of, timezone) if is_cut else {}

    def read(table: Table) -> ir.Table:
        kept = lake.read(engine, table, lambda part: part["month"] in whole)
        return kept.union(cut[table].select(kept.columns)) if cut else kept

    return shares_of_all(engine, read)


def _user_aggregates(lake: Lake, engine: Engine, month: str, before: datetime, timezone: str) -> dict[Table, ir.Table]:
    """The aggregates of a month's users before a moment, as expressions; without prices, which no share is of."""
    events = lake.read(engine, EVENTS, lambda part: part["month"] == month)
    ours = known_users(events.filter(events.event_time < before), month, timezone)
    nothing = engine.read_arrow(PRODUCT_PRICES.schema.empty_table())
    return user_aggregates(ours, price_ranks(nothing), reference_prices(order_lines(ours), nothing))


def _is_cut(months: list[str], last: datetime, as_of: datetime) -> bool:
    """Whether a moment lies between the events of the last of these months."""
    return month_end(months[-1]) > as_of and last >= as_of


def _key(as_of: datetime) -> str:
    return f"as of {as_of.isoformat()}"


def _features_mark(lake: Lake, as_of: datetime, timezone: str, months: list[str]) -> int:
    return fingerprint(REVISION, as_of, timezone, [lake.done(USER_MONTHS, month) for month in months])


def _is_aggregated(lake: Lake, month: str, timezone: str) -> bool:
    return lake.done(USER_MONTHS, month) == _mark(lake, month, timezone)


def _mark(lake: Lake, month: str, timezone: str) -> int:
    """A month follows from its own events, and from those of the month before through trailing prices."""
    return fingerprint(REVISION, timezone, events_mark(lake, (month, month_before(month))))


def _aggregate(lake: Lake, engine: Engine, month: str, timezone: str) -> None:
    with transaction(lake) as tx:
        made = _aggregates(lake, tx, engine, month, timezone, before=None)
        for table in AGGREGATES:
            tx.replace(
                table,
                [made.folders[table.name]],
                replaces=lambda file: file.partition["month"] == month,
                done={month: _mark(lake, month, timezone)},
            )


def _aggregates(
    lake: Lake, tx: Transaction, engine: Engine, month: str, timezone: str, *, before: datetime | None
) -> Aggregates:
    events = lake.read(engine, EVENTS, lambda part: part["month"] == month)
    return aggregate_month(
        engine,
        tx,
        events if before is None else events.filter(events.event_time < before),
        month=month,
        # Months are aggregated in their order, so the month before is up to date.
        earlier_prices=lake.read(engine, PRODUCT_PRICES, lambda part: part["month"] == month_before(month)),
        timezone=timezone,
    )


def _merge(
    lake: Lake,
    engine: Engine,
    months: list[str],
    as_of: datetime,
    timezone: str,
    *,
    is_cut: bool,
    done: dict[str, int],
) -> int:
    """Merge whole months from their aggregates; a month that `as_of` cuts is aggregated for this purpose only."""
    with transaction(lake) as tx:
        whole = set(months[:-1] if is_cut else months)
        cut = _aggregates(lake, tx, engine, months[-1], timezone, before=as_of) if is_cut else None

        def read(table: Table) -> ir.Table:
            kept = lake.read(engine, table, lambda part: part["month"] in whole)
            return kept if cut is None else kept.union(engine.read_parquet(cut.files(table), table))

        users = user_features(read, as_of, shares_of_all(engine, read))
        written = tx.run(engine, users, USER_FEATURES, per_bucket=True)
        owner = as_of.strftime(_OWNER)
        return tx.replace(
            USER_FEATURES, [written], owner=owner, replaces=lambda file: file.path.startswith(f"{owner}-"), done=done
        )


def _midnight_after(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day) + timedelta(days=1)
