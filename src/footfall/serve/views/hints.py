"""What somebody may have meant who misspelt a name."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 60


def unknown(name: str, known: Iterable[str]) -> str:
    """That a name is unknown, and which one is near; a long name is cut.

    >>> unknown("limt", ["cursor", "limit"])
    '"limt" is unknown; did you mean "limit"?'
    """
    short = name[:_LONGEST]
    near = get_close_matches(short, list(known), 1)
    return f'"{short}" is unknown' + (f'; did you mean "{near[0]}"?' if near else "")
