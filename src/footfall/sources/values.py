"""Text -> times and numbers, on Arrow arrays: what cannot be read becomes null and never an error."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from footfall.sources.mapping import NumberFormat, TimeFormat

_TIMESTAMP = pa.timestamp("us")
_NUMBER = r"^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"


def times(values: pa.Array, layout: TimeFormat) -> pa.Array:
    """Event times as naive UTC, microseconds; null where no format fits.

    A local time that occurs twice (the clock is set back) is its first occurrence; one that never occurs (set forward)
    is the moment of the change.
    """
    if pa.types.is_timestamp(values.type):
        local = values if values.type.tz is None else values.cast(pa.timestamp("us", "UTC")).cast(_TIMESTAMP)
        return _to_utc(local.cast(_TIMESTAMP, safe=False), layout.timezone if values.type.tz is None else "UTC")
    if pa.types.is_date(values.type):
        return _to_utc(values.cast(_TIMESTAMP), layout.timezone)
    # Logs repeat their times (many events a second), and parsing is the dearest part of reading.
    distinct = values.cast(pa.string()).dictionary_encode()
    parsed = _to_utc(_parse_times(distinct.dictionary, layout.formats), layout.timezone)
    return parsed.take(distinct.indices)


def _parse_times(texts: pa.Array, formats: tuple[str, ...]) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(texts)
    attempts = [
        pc.strptime(trimmed, format=layout, unit="us", error_is_null=True).cast(_TIMESTAMP) for layout in formats
    ]
    return attempts[0] if len(attempts) == 1 else pc.coalesce(*attempts)


def _to_utc(local: pa.Array, timezone: str) -> pa.Array:
    if timezone == "UTC":
        return local
    zoned = pc.assume_timezone(local, timezone, ambiguous="earliest", nonexistent="latest")
    return zoned.cast(pa.timestamp("us", "UTC")).cast(_TIMESTAMP)


def numbers(values: pa.Array, layout: NumberFormat) -> pa.Array:
    """Numbers as float64; null where the text is no finite decimal number."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values.cast(pa.float64())
    texts = _plain(values, layout)
    try:
        parsed = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        trimmed = pc.utf8_trim_whitespace(texts)
        fits = pc.match_substring_regex(trimmed, _NUMBER)
        parsed = pc.if_else(fits, trimmed, pa.scalar(None, texts.type)).cast(pa.float64())
    # Arrow reads "nan" and "inf" as numbers.
    return pc.if_else(pc.is_finite(parsed), parsed, pa.scalar(None, pa.float64()))


def _plain(texts: pa.Array, layout: NumberFormat) -> pa.Array:
    """The same numbers with a point and no thousands mark; a point where a comma is due is left to fail."""
    if layout.thousands_mark:
        mark = re.escape(layout.thousands_mark)
        grouped = pc.match_substring_regex(texts, rf"^\s*-?\d{{1,3}}({mark}\d{{3}})+([^{mark}]|$)")
        texts = pc.if_else(grouped, pc.replace_substring(texts, layout.thousands_mark, ""), texts)
    if layout.decimal_mark == ",":
        texts = pc.replace_substring(pc.replace_substring(texts, ".", "x"), ",", ".")
    return texts
