"""Malformed lines may keep everything but what could identify a person."""

import re
from collections.abc import Collection

MASK = "…"

LOOKS_LIKE_AN_ID = r"^ *[0-9]{6,}(\.0)? *$|^ *[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]+ *$|@"
"""A long number, a UUID or an address, as every engine's regular expressions can say it."""

_MAY_BE_AN_ID = re.compile(r"^(?=.*\d)[0-9a-f-]{6,}(\.0)?$|@", re.IGNORECASE)
# Inside a field, where the line has another delimiter than the file; a date stays.
_ID_INSIDE = re.compile(r"(?!\d{4}-\d\d-\d\d\b)(?<![\w-])(?=[0-9a-f-]*\d)[0-9a-f-]{6,}(?![\w-])|\d{6,}", re.IGNORECASE)


def mask(line: str, delimiter: str, identifying: Collection[int]) -> str:
    """The line with every field masked that stands where an id stands, or that looks like one.

    In a malformed line fields may have moved, so position alone cannot be trusted: a long number, a UUID or an address
    is masked wherever it stands. The line's number leads whoever may see raw data to the original.

    >>> mask("2019-10-01 00:00:00 UTC,view,44600062,,shiseido,35.79,541312140", ",", [7, 8])
    '2019-10-01 00:00:00 UTC,view,…,,shiseido,35.79,…'
    >>> mask("2019-10-01 00:00:00 UTC;view;12;;shiseido;35.79;541312140", ",", [7, 8])
    '2019-10-01 00:00:00 UTC;view;12;;shiseido;35.79;…'
    """
    return delimiter.join(
        MASK if place in identifying or _MAY_BE_AN_ID.search(field.strip(' "\r')) else _ID_INSIDE.sub(MASK, field)
        for place, field in enumerate(line.split(delimiter))
    )
