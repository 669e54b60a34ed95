"""Events -> features, through the aggregates of each month and without a lake."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
from oracle import Event

from footfall.contracts import EVENTS, PRODUCT_PRICES, Table
from footfall.engine import Engine
from footfall.features import Aggregates, aggregate_month, user_features
from footfall.features.user_features import shares_of_all
from footfall.lake import Lake, Transaction


def features_of(
    events: Sequence[Event], as_of: datetime, timezone: str, engine: Engine, folder: Path
) -> dict[str, dict[str, float | int | None]]:
    """What Footfall says: features by user, `user_id` and `as_of` left out."""
    rows = [row_of(event) for event in events if event.event_time < as_of]
    months = sorted({row["month"] for row in rows})
    if not months:
        return {}
    made: dict[str, Aggregates] = {}
    nothing = engine.read_arrow(PRODUCT_PRICES.schema.empty_table())
    for month in months:
        table = engine.read_arrow(pa.Table.from_pylist([r for r in rows if r["month"] == month], EVENTS.schema))
        earlier = [made[name].files(PRODUCT_PRICES) for name in made if name == previous(month)]
        made[month] = aggregate_month(
            engine,
            Transaction(Lake(folder), folder / month),
            table,
            month=month,
            earlier_prices=engine.read_parquet(earlier[0], PRODUCT_PRICES) if earlier else nothing,
            timezone=timezone,
        )

    def read(table: Table) -> ir.Table:
        return engine.read_parquet([file for month in made.values() for file in month.files(table)], table)

    result = engine.collect(user_features(read, as_of, shares_of_all(engine, read))).to_pylist()
    return {row.pop("user_id"): {k: v for k, v in row.items() if k != "as_of"} for row in result}


def row_of(event: Event) -> dict[str, object]:
    """The event as a row of `events`."""
    return asdict(event) | {
        "month": f"{event.event_time:%Y-%m}",
        "bucket": int(event.user_id[0], 16) if event.user_id else 0,
    }


def previous(month: str) -> str:
    """The month before."""
    year, number = map(int, month.split("-"))
    return f"{year - (number == 1)}-{(number - 2) % 12 + 1:02}"
