"""Events as the CSV rows that REES46 publishes."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.simulate.arrays import Bytes, Ints, Stream, Words, chance
from footfall.simulate.events import SECONDS_PER_DAY, EventType
from footfall.simulate.shop import Day, Shop

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
UUID_LENGTH = 36
# Where a UUID has its dashes, and the hexadecimal digits between them.
UUID_PARTS = ((0, 8, 0), (8, 12, 9), (12, 16, 14), (16, 20, 19), (20, 32, 24))
HEXADECIMAL = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2")


class RowWriter:
    """Turns the events of one shop into text, from tables of everything that repeats."""

    def __init__(self, shop: Shop) -> None:
        self._period = shop.period
        self._clock = pa.array(_clock_texts())
        self._types = pa.array([each.name.lower() for each in EventType])
        self._products = shop.goods.texts()
        self._users = pa.array(shop.people.user_id).cast(pa.string())
        self._session_key = chance(shop.seed, Stream.SESSIONS).integers(0, 2**64, 1, dtype=np.uint64)

    def lines(self, day: Day, rows: Ints) -> pa.Array:
        """One text for each of these events of a day, with its line end."""
        events = day.events.take(rows)
        date = self._period.date_of(day.number).isoformat()
        time = pc.binary_join_element_wise(date, self._clock.take(pa.array(events.second)), " ")
        return pc.binary_join_element_wise(
            time,
            self._types.take(pa.array(events.type)),
            self._products.take(pa.array(events.product)),
            _prices(day.cents[rows]),
            self._users.take(pa.array(events.user)),
            self._sessions(events.session),
            ",",
        )

    def _sessions(self, session: Ints) -> pa.Array:
        """A UUID for each session number, always the same, and the line end that follows it."""
        halves = session.astype(np.uint64)[:, np.newaxis] * 2 + np.array([0, 1], dtype=np.uint64)
        octets = _scrambled(halves + self._session_key).astype(">u8").view(np.uint8).reshape(-1, 16)
        # RFC 9562: version 4 (random), variant 10.
        octets[:, 6] = (octets[:, 6] & 0x0F) | 0x40
        octets[:, 8] = (octets[:, 8] & 0x3F) | 0x80
        return _fixed_texts(_uuid_lines(octets))


def _clock_texts() -> list[str]:
    return [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02} UTC" for s in range(SECONDS_PER_DAY)]


def _prices(cents: Ints) -> pa.Array:
    # Arrow's decimals are 128 bits wide: the cents, and above them only the sign.
    wide = np.zeros((len(cents), 2), dtype=np.int64)
    wide[:, 0] = cents
    decimals = pa.Array.from_buffers(pa.decimal128(15, 2), len(cents), [None, pa.py_buffer(wide)])
    return decimals.cast(pa.string())


def _scrambled(number: Words) -> Words:
    """SplitMix64 (Steele, Lea, Flood 2014): different numbers stay different, and look random."""
    mixed = number * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _uuid_lines(octets: Bytes) -> Bytes:
    digits = HEXADECIMAL[octets].view(np.uint8).reshape(len(octets), 32)
    lines = np.full((len(octets), UUID_LENGTH + 1), ord("-"), dtype=np.uint8)
    for first, last, place in UUID_PARTS:
        lines[:, place : place + last - first] = digits[:, first:last]
    lines[:, UUID_LENGTH] = ord("\n")
    return lines


def _fixed_texts(lines: Bytes) -> pa.Array:
    rows, width = lines.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(lines))
