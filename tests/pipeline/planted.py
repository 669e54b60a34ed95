"""A small shop of 30 days, about 60 visits and 30 orders an hour, and what went wrong in it; as Parquet files."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from commands import footfall

START = datetime(2019, 10, 7)  # a Monday
END = START + timedelta(days=30)
HOUR = timedelta(hours=1)
SALE, WEAK_SALE = START + timedelta(days=15), START + timedelta(days=22)  # Tuesdays, a week apart
GAP, GAP_ENDS = START + timedelta(days=18, hours=10), START + timedelta(days=18, hours=12)
BRAND_DROPS, BRAND_IS_BACK = START + timedelta(days=20, hours=9), START + timedelta(days=20, hours=15)
OUTAGE, OUTAGE_ENDS = START + timedelta(days=27, hours=13), START + timedelta(days=27, hours=16)

PARTS = {
    "weeks": (START, BRAND_DROPS + timedelta(minutes=5)),
    "hour": (BRAND_DROPS + timedelta(minutes=5), BRAND_DROPS + timedelta(minutes=65)),
    "drop": (BRAND_DROPS + timedelta(minutes=65), BRAND_DROPS + timedelta(minutes=185)),
    "back": (BRAND_DROPS + timedelta(minutes=185), BRAND_DROPS + timedelta(minutes=1265)),
    "rest": (BRAND_DROPS + timedelta(minutes=1265), END),
}
"""The files: before a brand drops; its first hour; two hours more; until it has long been back; the last nine days."""

BRANDS, COUNTRIES, CATEGORIES = ("apple", "wind"), ("DE", "FR"), ("books", "toys")
VISITS, BOUGHT = 60.0, 0.5
CALENDAR = f"""
[[sale]]
name = "Harvest"
from = {SALE:%Y-%m-%d}
to = {SALE:%Y-%m-%d}

[[sale]]
name = "Harvest again"
from = {WEAK_SALE:%Y-%m-%d}
to = {WEAK_SALE:%Y-%m-%d}
"""
ALERTS = "[budget]\nfalse_alerts_per_week = 0.2\n"
MOMENTS = ("onset", "opened_at", "closed_at", "updated_at", "snoozed_until", "acknowledged_at")
MAPPING = """
name = "planted"
currency = "EUR"
[columns]
event_time = "time"
event_type = "what"
product_id = "product"
category_code = "category"
brand = "brand"
price = "price"
user_id = "user"
session_id = "visit"
country = "country"
[time]
formats = ["%Y-%m-%d %H:%M:%S"]
[identity]
columns = ["event_time", "user_id", "product_id", "event_type"]
"""


def planted(seed: int = 7) -> pd.DataFrame:
    """Events in the order of time: a view, mostly a cart, often a purchase for each visit."""
    chance = np.random.default_rng(seed)
    hours = pd.date_range(START, END, freq="h", inclusive="left")
    brand, country, category = (part.ravel() for part in np.meshgrid(*[range(2)] * 3, indexing="ij"))
    rate = VISITS * np.multiply.outer(_busy(hours), np.array([0.5, 0.5])[brand] * np.array([0.6, 0.4])[country] / 2)
    is_down = (hours >= BRAND_DROPS) & (hours < BRAND_IS_BACK)
    rate[np.ix_(is_down, brand == 1)] *= 0.1
    rate[(hours >= GAP) & (hours < GAP_ENDS)] = 0.0
    many = chance.poisson(rate)
    cell = np.repeat(np.tile(np.arange(8), len(hours)), many.ravel())
    hour = np.repeat(np.repeat(np.arange(len(hours)), 8), many.ravel())
    begun = hours.to_numpy()[hour] + chance.integers(0, 3540, len(hour)).astype("timedelta64[s]")
    is_out = (hours[hour] >= OUTAGE) & (hours[hour] < OUTAGE_ENDS)
    buys = chance.random(len(hour)) < np.where(is_out, 0.03, BOUGHT)
    visits = pd.DataFrame(
        {
            "time": begun, "product": cell * 5 + chance.integers(0, 5, len(cell)),
            "brand": np.array(BRANDS)[brand[cell]],
            "country": np.array(COUNTRIES)[country[cell]], "category": np.array(CATEGORIES)[category[cell]],
            "price": chance.uniform(20, 60, len(cell)).round(2), "user": chance.integers(1, 4000, len(cell)),
            "visit": [f"v{number}" for number in range(len(cell))],
        }
    )  # fmt: skip
    steps = [("view", 0, np.ones(len(visits), bool)), ("cart", 20, buys | (chance.random(len(visits)) < 0.2)),
             ("purchase", 40, buys)]  # fmt: skip
    events = [visits[some].assign(what=what, time=visits.time[some] + pd.Timedelta(seconds=after))
              for what, after, some in steps]  # fmt: skip
    return pd.concat(events).sort_values("time", kind="stable", ignore_index=True)


def _busy(hours: pd.DatetimeIndex) -> np.ndarray:
    """By the hour of the day, and in sales: three times as much as usual in the first, a quarter in the second."""
    of_day = 1 + 0.4 * np.sin((np.asarray(hours.hour) - 8) / 24 * 2 * np.pi)
    day = hours.normalize()
    return of_day * np.where(day == SALE, 3.0, np.where(day == WEAK_SALE, 0.25, 1.0))


@dataclass(frozen=True)
class PlantedShop:
    """A folder with the files of the shop, its mapping, its calendar and a policy with a small budget."""

    folder: Path
    key: Path
    events: pd.DataFrame

    def bring(self, lake: Path, *parts: str) -> Path:
        """Bring files into a lake."""
        for part in parts:
            self.bring_file(lake, self.folder / f"{part}.parquet")
        return lake

    def bring_file(self, lake: Path, file: Path) -> None:
        """Bring any file of the shop's format into a lake."""
        flags = ("--mapping", self.folder / "planted.toml", "--key-file", self.key, "--threads", 2)
        ended = footfall("ingest", file, "--lake", lake, *flags)
        assert ended.code == 0, ended.err

    def flags(self, lake: Path) -> list[str]:
        """What `detect` has to be told."""
        files = {"--calendar": "sales.toml", "--alerts": "alerts.toml"}
        return [
            "--lake",
            str(lake),
            "--threads",
            "2",
            *(part for flag, name in files.items() for part in (flag, str(self.folder / name))),
        ]

    def detect(self, lake: Path, *flags: object) -> dict[str, Any]:
        """Judge, and what was told."""
        ended = footfall("detect", *self.flags(lake), *flags, "--json")
        assert ended.code == 0, ended.err
        return ended.told

    def between(self, first: datetime, last: datetime) -> pd.DataFrame:
        """Its events from one moment to before another."""
        return between(self.events, first, last)


def plant(folder: Path, key: Path) -> PlantedShop:
    """Write the files; lakes have this key."""
    shop = PlantedShop(folder, key, planted())
    for name, (first, last) in PARTS.items():
        deliver(folder, f"{name}.parquet", shop.between(first, last))
    for name, text in (("planted", MAPPING), ("sales", CALENDAR), ("alerts", ALERTS)):
        (folder / f"{name}.toml").write_text(text)
    return shop


def incidents(lake: Path) -> list[dict[str, Any]]:
    """As the command lists them, the oldest first; moments are moments."""
    ended = footfall("incidents", "list", "--lake", lake, "--json")
    assert ended.code == 0, ended.err
    rows = json.loads(ended.out)
    for row in rows:
        row |= {name: datetime.fromisoformat(row[name]) for name in MOMENTS if row[name]}
    return rows[::-1]


def deliver(folder: Path, name: str, events: pd.DataFrame) -> Path:
    """Events as a file of the shop's export."""
    folder.mkdir(exist_ok=True)
    told = events.assign(time=events.time.dt.strftime("%Y-%m-%d %H:%M:%S"), user=events.user.map("u{}".format))
    unfinished = folder / f".{name}"
    told.astype(str).to_parquet(unfinished)
    return unfinished.replace(folder / name)


def between(events: pd.DataFrame, first: datetime, last: datetime) -> pd.DataFrame:
    """Those from one moment to before another."""
    return events[(events.time >= first) & (events.time < last)]
