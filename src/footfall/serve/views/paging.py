"""Rows of a table, some at a time: filters, an order, and where the last page ended."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json

from footfall.errors import UserError
from footfall.serve.views.published import Published, Row

MOST_ROWS = 1000


class PageUnknown(UserError):
    """No page begins there."""


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor of those that follow; None where they are the last."""

    items: list[Row]
    next_cursor: str | None


@dataclass(frozen=True)
class Listing:
    """How a table is listed.

    Args:
        table: the table, or a query in brackets.
        order: columns that together tell any two rows apart, and what they hold; none of them is ever null.
        columns: what is shown of a row.
        descending: whether the last come first.
    """

    table: str
    order: Mapping[str, type[str | datetime]]
    columns: str = "*"
    descending: bool = False

    def page(self, published: Published, where: Mapping[str, Any], *, limit: int, cursor: str | None = None) -> Page:
        """One page.

        Args:
            published: the tables.
            where: conditions in SQL with one `?` each, and what stands for it; those with None are left out.
            limit: how many rows at most.
            cursor: of the page before.

        Raises:
            PageUnknown: that is no cursor of this list with these conditions.
        """
        asked = {text: value for text, value in where.items() if value is not None}
        texts = [text.replace("?", f"$p{number}") for number, text in enumerate(asked)]
        parameters = {f"p{number}": value for number, value in enumerate(asked.values())} | {"most": limit + 1}
        if cursor is not None:
            after = self._after(cursor, asked)
            parameters |= {f"after{number}": value for number, value in enumerate(after)}
            marks = ", ".join(f"$after{number}" for number in range(len(after)))
            texts.append(f"({', '.join(self.order)}) {'<' if self.descending else '>'} ({marks})")
        condition = f"WHERE {' AND '.join(texts)}" if texts else ""
        direction = "DESC" if self.descending else "ASC"
        order = ", ".join(f"{name} {direction}" for name in self.order)
        rows = published.rows(
            f"SELECT {self.columns} FROM {self.table} {condition} ORDER BY {order} LIMIT $most", parameters
        )
        return Page(rows[:limit], self._cursor(rows[limit - 1], asked) if len(rows) > limit else None)

    def _cursor(self, last: Row, asked: Mapping[str, Any]) -> str:
        """What tells the page after a row: of which list, and where the row stands in its order."""
        values = [self._digest(asked), *(last[name] for name in self.order)]
        return base64.urlsafe_b64encode(to_json(values)).decode().rstrip("=")

    def _after(self, cursor: str, asked: Mapping[str, Any]) -> list[str | datetime]:
        try:
            # Pydantic's parser has a limit of depth, and takes no text that is not UTF-8.
            digest, *values = _TEXTS.validate_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except ValueError as error:
            raise PageUnknown("the cursor is none of ours; take next_cursor of the page before") from error
        if digest != self._digest(asked) or len(values) != len(self.order):
            raise PageUnknown(
                "the cursor is of another list, or of this one with other filters; take next_cursor of the page before "
                "and change nothing but limit"
            )
        return [_read(text, kind) for text, kind in zip(values, self.order.values(), strict=True)]

    def _digest(self, asked: Mapping[str, Any]) -> str:
        """A short text that tells this list with its conditions from others."""
        known = repr((self.table, list(self.order), self.descending, sorted(asked.items())))
        return hashlib.sha256(known.encode()).hexdigest()[:12]


_TEXTS = TypeAdapter(list[str])


def _read(text: str, kind: type[str | datetime]) -> str | datetime:
    if kind is str:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PageUnknown("the cursor has no time where one is due; take next_cursor of the page before") from error
    if moment.tzinfo is not None:
        raise PageUnknown("the cursor's time has a zone, and ours have none; take next_cursor of the page before")
    return moment
