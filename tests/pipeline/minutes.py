"""Minute files of a small shop, in REES46's format: visits that go on from file to file and from hour to hour."""

import random
from datetime import datetime, timedelta
from pathlib import Path

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
PRODUCTS = [
    (str(1000 + number), str(20 + number % 4), code, brand, f"{3 + number * 1.37:.2f}")
    for number, (code, brand) in enumerate(
        [("food.fruit.apple", "orchard"), ("food.fruit.pear", "orchard"), ("food.bread", ""), ("toys.kite", "wind"),
         ("toys.ball.red", "bounce"), ("", "wind"), ("books", "press"), ("food.fruit.apple", "press")]
    )
]  # fmt: skip

Row = tuple[datetime, str]


def visits(start: datetime, minutes: int, seed: int = 0, per_minute: int = 3, people: int = 60) -> list[Row]:
    """Events of so many minutes: each visit lasts up to an hour, pauses included, and may buy several things."""
    chance = random.Random(seed)
    rows: list[Row] = []
    for number in range(minutes * per_minute):
        user, session = 500 + chance.randrange(people), f"00000000-0000-4000-8000-{seed:04x}{number:08x}"
        moment = start + timedelta(seconds=chance.randrange(minutes * 60))
        for _ in range(chance.randrange(1, 9)):
            kind = chance.choices(["view", "cart", "purchase"], [6, 2, 3])[0]
            product = chance.choice(PRODUCTS)
            line = ",".join([f"{moment:%Y-%m-%d %H:%M:%S} UTC", kind, *product, str(user), session])
            rows.append((moment, line))
            moment += timedelta(seconds=chance.choice([20, 90, 400, 1500]))
    return sorted(row for row in rows if row[0] < start + timedelta(minutes=minutes))


def write(folder: Path, name: str, rows: list[Row]) -> Path:
    """A file with these rows, as a shop delivers it: under its name it is whole."""
    folder.mkdir(exist_ok=True)
    unfinished = folder / f".{name}"
    unfinished.write_text("\n".join([HEADER, *(line for _, line in rows)]) + "\n", encoding="utf-8")
    return unfinished.replace(folder / name)


def by_minute(rows: list[Row], minutes: int = 1) -> dict[str, list[Row]]:
    """The rows by file name, one file for so many minutes."""
    files: dict[str, list[Row]] = {}
    for moment, line in rows:
        begun = moment - timedelta(minutes=moment.minute % minutes)
        files.setdefault(f"{begun:%Y%m%d-%H%M}.csv", []).append((moment, line))
    return files
