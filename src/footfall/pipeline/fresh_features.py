"""Events that a request brings -> features of their users, as the batch would have them.

The stages are the batch's own: what `clean`, `aggregate_month` and `user_features` write into a lake, these expressions
give here over rows in memory. What they need of the rest of the shop comes from the lake (see `known_shop`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from footfall.clean.clean import events_of
from footfall.clean.rules import Rules, classify
from footfall.clean.staged import STAGED
from footfall.contracts import EVENTS, Table
from footfall.engine.duckdb import placeholder, sql_of
from footfall.errors import ContractViolated, UserError
from footfall.features import USER_FEATURES, user_features
from footfall.features.aggregates import known_users, order_lines, user_aggregates
from footfall.features.prices import price_ranks, reference_prices
from footfall.pipeline.known_shop import PRICES, KnownShop
from footfall.pipeline.months import month_before
from footfall.sources import Source
from footfall.sources.in_memory import rows_in_memory
from footfall.sources.lines import Parsed
from footfall.sources.pseudonyms import Pseudonymiser, normalise
from footfall.sources.reader import canonical, schema_of

KEPT, DUPLICATE, AFTER = "kept", "duplicate", "after_as_of"
"""What becomes of a row that is not rejected."""


@dataclass(frozen=True)
class FreshFeatures:
    """The features of the users of some events.

    Attributes:
        features: the columns of `user_features`; `user_id` is the caller's label. One row for each user with a row that
            was kept, in the order in which they come.
        outcomes: what became of each row, in order: `kept`, `duplicate` (of an earlier row), `after_as_of` (a good row
            that is not used), or the reason for which it was rejected.
    """

    features: pa.Table
    outcomes: tuple[str, ...]

    @property
    def accounts(self) -> dict[str, int]:
        """Rows by outcome; they sum to the rows given."""
        return dict(Counter(self.outcomes))

    @property
    def rejected(self) -> list[tuple[int, str]]:
        """The position of every rejected row, from 0, and the reason."""
        fine = (KEPT, DUPLICATE, AFTER)
        return [(place, outcome) for place, outcome in enumerate(self.outcomes) if outcome not in fine]


class TooManyMonths(UserError):
    """Events lie in more months than whoever asked for their features has time for."""

    def __init__(self, months: list[str], most: int) -> None:
        super().__init__(
            f"events lie in {len(months)} months, from {months[0]} to {months[-1]}, and may lie in {most}; send fewer "
            f"users at once, or leave out what was before {months[-most]}"
        )


def features_of_events(
    shop: KnownShop,
    events: pa.Table | Sequence[Mapping[str, Any]],
    *,
    as_of: datetime | None = None,
    most_months: int | None = None,
) -> FreshFeatures:
    """The features of the users of some events, as the batch has them for users with these events.

    Nothing is written, into the lake or anywhere on the disk: rows are in memory, and what does not fit there fails.

    Args:
        shop: the rest of the shop.
        events: by the names that mapping files give to columns (see `rows_in_memory`). `user_id` is any label that
            tells the users apart, compared as text; a blank one is none.
        as_of: only events before it are used, UTC; by default the date of the published features. The shares of the
            whole shop are always as of that date.
        most_months: how many months the events that are used may lie in; any number by default. A month takes some
            50 ms, few events or many.

    Raises:
        TooManyMonths: the events lie in more.
        SourceUnreadable: a column is unknown, or the shop's events cannot have it.
        StorageFailed: memory is full.
    """
    moment = _naive(as_of or shop.as_of)
    rows, source = rows_in_memory(events, shop.source)
    rows, labels = _numbered_users(rows)
    staged = _staged(shop, rows, source)
    found = _events(shop, staged, source)
    used = found.filter(pc.less(found["event_time"], pa.scalar(moment, pa.timestamp("us"))))
    months = sorted(pc.unique(used["month"]).to_pylist())
    if most_months is not None and len(months) > most_months:
        raise TooManyMonths(months, most_months)
    features = _features(shop, used, months, moment)
    return FreshFeatures(_labelled(features, labels), _outcomes(rows.num_rows, staged, found, used))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _numbered_users(rows: pa.Table) -> tuple[pa.Table, list[str]]:
    """Numbers in the place of labels, and the labels: any text may be one, and ids are trimmed when they are read."""
    if "user_id" not in rows.column_names:
        return rows, []
    told = [label if label and normalise(label) else None for label in rows["user_id"].to_pylist()]
    labels = [label for label in dict.fromkeys(told) if label is not None]
    numbers = {label: str(number) for number, label in enumerate(labels)}
    column = pa.array([None if label is None else numbers[label] for label in told], pa.string())
    return rows.set_column(rows.column_names.index("user_id"), "user_id", column), labels


def _labelled(features: pa.Table, labels: list[str]) -> pa.Table:
    """Labels in the place of pseudonyms, in their order."""
    numbers = {_PSEUDONYMS.one(str(number)): number for number in range(len(labels))}
    found = pa.array([numbers[user] for user in features["user_id"].to_pylist()], pa.int64())
    users = pa.array(labels, pa.string()).take(found)
    return features.set_column(0, "user_id", users).take(pc.sort_indices(found)).cast(USER_FEATURES.schema)


_PSEUDONYMS = Pseudonymiser(b"of the numbers of a request's users")
"""The stages work with pseudonyms. The same for every request, so that the same events give the same bits."""


def _staged(shop: KnownShop, rows: pa.Table, source: Source) -> pa.Table:
    """Every row typed and judged; `line` is its position."""
    read = canonical(Parsed(rows, pa.array(range(rows.num_rows), pa.int64())), source, _PSEUDONYMS)
    schema = schema_of(source.columns, source)
    asked = _judging(source.model_dump_json(), shop.rules())
    return shop.ask(asked, {"read": read.select(schema.names).cast(schema)})


def _events(shop: KnownShop, staged: pa.Table, source: Source) -> pa.Table:
    """The rows that are neither rejected nor repeated, as events with their `line`."""
    good = staged.filter(pc.is_null(staged["reason"]))
    return shop.ask(_visiting(source.model_dump_json(), shop.session_gap), {"staged": good})


def _outcomes(rows: int, staged: pa.Table, found: pa.Table, used: pa.Table) -> tuple[str, ...]:
    reasons = dict(zip(staged["line"].to_pylist(), staged["reason"].to_pylist(), strict=True))
    if len(reasons) != rows:
        raise ContractViolated(f"events: {rows} rows came and {len(reasons)} were judged")
    came_out = dict.fromkeys(found["line"].to_pylist(), AFTER) | dict.fromkeys(used["line"].to_pylist(), KEPT)
    return tuple(reasons[line] or came_out.get(line, DUPLICATE) for line in range(rows))


def _features(shop: KnownShop, events: pa.Table, months: list[str], as_of: datetime) -> pa.Table:
    if not months:
        return USER_FEATURES.schema.empty_table()
    made = [_aggregates(shop, events.filter(pc.equal(events["month"], month)), month, as_of) for month in months]
    over_all = {name: pa.concat_tables([one[name] for one in made]) for name in made[0]}
    return shop.ask(_merging(as_of, tuple(shop.shares.items())), over_all)


def _aggregates(shop: KnownShop, events: pa.Table, month: str, as_of: datetime) -> dict[str, pa.Table]:
    """What `aggregate_month` makes of one month's events, with the prices of the whole shop; by table."""
    ours = shop.ask(_locating(month, shop.timezone), {"events": events})
    rows = {
        "events": ours,
        "ranks": shop.ranks(pc.unique(ours["product_id"]).to_pylist(), month, as_of),
        "references": _references(shop, ours, month),
    }
    return {name: shop.ask(sql, rows) for name, sql in _aggregating().items()}


def _references(shop: KnownShop, events: pa.Table, month: str) -> pa.Table:
    """Days before a purchase lie before `as_of` as well, so prices need not be cut there."""
    bought = events.filter(pc.equal(events["event_type"], "purchase"))
    if not bought.num_rows:
        return _REFERENCES.empty_table()
    prices = shop.prices(pc.unique(bought["product_id"]).to_pylist(), [month_before(month), month])
    return shop.ask(_referring(), {"events": bought, "prices": prices})


# The expressions as SQL: making it takes ten times as long as running it over the rows of a request.


@lru_cache(16)
def _judging(source_as_json: str, rules: Rules) -> str:
    source = Source.model_validate_json(source_as_json)
    read = placeholder("read", schema_of(source.columns, source))
    return sql_of(classify(read, source, rules, list(source.columns)).drop("raw"))


@lru_cache(16)
def _visiting(source_as_json: str, gap: timedelta) -> str:
    rows = placeholder("staged", pa.schema([field for field in STAGED.schema if field.name != "raw"]))
    with_month = rows.mutate(month=rows.event_time.strftime("%Y-%m"))
    events = events_of(with_month, Source.model_validate_json(source_as_json), gap=gap, file_key="request")
    return sql_of(events.select("line", *EVENTS.schema.names))


@lru_cache(256)
def _locating(month: str, timezone: str) -> str:
    return sql_of(known_users(placeholder("events", EVENTS.schema), month, timezone))


@cache
def _referring() -> str:
    return sql_of(reference_prices(order_lines(placeholder("events", _LOCAL)), placeholder("prices", PRICES)))


@cache
def _aggregating() -> dict[str, str]:
    rows = (placeholder("events", _LOCAL), placeholder("ranks", _RANKS), placeholder("references", _REFERENCES))
    return {table.name: sql_of(made.select(table.schema.names)) for table, made in user_aggregates(*rows).items()}


@lru_cache(16)
def _merging(as_of: datetime, shares: tuple[tuple[str, float], ...]) -> str:
    def read(table: Table) -> Any:
        return placeholder(table.name, table.schema)

    return sql_of(user_features(read, as_of, dict(shares)))


_LOCAL: pa.Schema = known_users(placeholder("events", EVENTS.schema), "2019-10", "UTC").schema().to_pyarrow()
_RANKS: pa.Schema = price_ranks(placeholder("prices", PRICES)).schema().to_pyarrow()
_REFERENCES: pa.Schema = (
    reference_prices(order_lines(placeholder("events", EVENTS.schema)), placeholder("prices", PRICES))
    .schema()
    .to_pyarrow()
)
