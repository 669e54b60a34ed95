"""What is true of a simulated shop, as Parquet tables beside its files."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.simulate.arrays import Bools, Ints, Texts
from footfall.simulate.catalogue import Catalogue
from footfall.simulate.dirt import DIRTY_KINDS
from footfall.simulate.events import SECONDS_PER_DAY
from footfall.simulate.habits import BOT, HABITS, LAPSED, LAPSED_DAYS, NEW, NEW_DAYS
from footfall.simulate.month_files import WrittenMonth
from footfall.simulate.population import BEFORE, BOT_HABIT
from footfall.simulate.sales_calendar import EFFECTS
from footfall.simulate.shop import Shop

MOMENT = pa.timestamp("s", "UTC")


def write_truth(shop: Shop, months: tuple[WrittenMonth, ...], seen: Bools, folder: Path) -> None:
    """Write `users`, `products`, `calendar`, `incidents` and `dirty` into a folder."""
    folder.mkdir()
    tables = {
        "users": _users(shop, np.flatnonzero(seen)),
        "products": _products(shop.goods),
        "calendar": _calendar(shop),
        "incidents": _incidents(shop),
        "dirty": _dirty(months),
    }
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")


def _users(shop: Shop, who: Ints) -> pa.Table:
    """Each user with an event: the kind that a segmentation at the period's end should find, and its causes."""
    people = shop.people
    names = np.array([*(habit.name for habit in HABITS), BOT])
    habit, arrived, left = people.habit[who], people.arrived[who], people.left[who]
    kind = names[habit].astype("U16")
    kind[arrived >= shop.period.days - NEW_DAYS] = NEW
    kind[(left < shop.period.days - LAPSED_DAYS) & (habit != BOT_HABIT)] = LAPSED
    behind = {
        "arrived": _moments(shop, arrived, absent=arrived == BEFORE),
        "left": _moments(shop, left, absent=(left >= shop.period.days) | (habit == BOT_HABIT)),
        "visits_per_day": people.visits_per_day[who],
        "bounce": people.bounce[who],
        "views_per_visit": people.views[who],
        "cart": people.cart[who],
        "buy": people.buy[who],
        "favourite_category": shop.goods.category_id[people.favourite[who]],
    }
    return pa.table({"user_id": people.user_id[who], "kind": kind, "habit": names[habit], **behind})


def _products(goods: Catalogue) -> pa.Table:
    return pa.table(
        {
            "product_id": goods.product_id,
            "category_id": goods.category_id[goods.category],
            "category_code": np.array(goods.category_code)[goods.category],
            "brand": goods.brand,
            "base_price": goods.base_cents / 100,
            "popularity": goods.popularity,
        }
    )


def _calendar(shop: Shop) -> pa.Table:
    rows = np.sort(shop.calendar, order=["first_day", "kind", "member"])
    columns = {
        "kind": rows["kind"].tolist(),
        "start": _moments(shop, rows["first_day"]),
        "end": _moments(shop, rows["end_day"]),
        "scope": rows["scope"].tolist(),
        "member": _members(shop, rows["scope"], rows["member"]),
    }
    return pa.table(columns | {f"{effect}_factor": rows[effect].copy() for effect in EFFECTS})


def _incidents(shop: Shop) -> pa.Table:
    rows = shop.incidents
    scope, member = np.array([row.scope for row in rows]), np.array([row.member for row in rows])
    return pa.table(
        {
            "kind": [row.kind for row in rows],
            "start": pa.array((_moment(shop, row.start) for row in rows), MOMENT),
            "end": pa.array((_moment(shop, row.end) for row in rows), MOMENT),
            "scope": scope,
            "member": _members(shop, scope, member),
            "intensity": [row.intensity for row in rows],
        }
    )


def _dirty(months: tuple[WrittenMonth, ...]) -> pa.Table:
    rows = [len(month.dirty_line) for month in months]
    return pa.table(
        {
            "file": np.repeat([month.file_name for month in months], rows),
            "line": np.concatenate([month.dirty_line for month in months]),
            "kind": np.array(DIRTY_KINDS)[np.concatenate([month.dirty_kind for month in months])],
        }
    )


def _members(shop: Shop, scope: Texts, member: Ints) -> list[str]:
    """The ids that the log shows, for the numbers that the simulator uses; empty for the whole shop."""
    ids = {"category": shop.goods.category_id, "product": shop.goods.product_id, "user": shop.people.user_id}
    return [str(ids[kind][number]) if kind in ids else "" for kind, number in zip(scope, member, strict=True)]


def _moment(shop: Shop, second: int) -> datetime:
    return shop.period.moment(*divmod(second, SECONDS_PER_DAY))


def _moments(shop: Shop, day: Ints, absent: Bools | None = None) -> pa.Array:
    seconds = int(shop.period.moment(0).timestamp()) + day * SECONDS_PER_DAY
    return pa.array(seconds, mask=absent).cast(MOMENT)
