"""Rows of a table, some at a time: filters, an order, and where the last page ended."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        order: columns that together tell any two rows apart; none of them is ever null.
        columns: what is shown of a row.
        descending: whether the last come first.
    """

    table: str
    order: tuple[str, ...]
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
            PageUnknown: that is no cursor of this list.
        """
        asked = {text: value for text, value in where.items() if value is not None}
        texts = [text.replace("?", f"$p{number}") for number, text in enumerate(asked)]
        parameters = {f"p{number}": value for number, value in enumerate(asked.values())} | {"most": limit + 1}
        if cursor is not None:
            after = _decoded(cursor, len(self.order))
            parameters |= {f"after{number}": value for number, value in enumerate(after)}
            marks = ", ".join(f"$after{number}" for number in range(len(after)))
            texts.append(f"({', '.join(map(_as_text, self.order))}) {'<' if self.descending else '>'} ({marks})")
        condition = f"WHERE {' AND '.join(texts)}" if texts else ""
        direction = "DESC" if self.descending else "ASC"
        order = ", ".join(f"{_as_text(name)} {direction}" for name in self.order)
        rows = published.rows(
            f"SELECT {self.columns} FROM {self.table} {condition} ORDER BY {order} LIMIT $most", parameters
        )
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(rows[:limit], None if last is None else _encoded([_plain(last[name]) for name in self.order]))


def _as_text(name: str) -> str:
    """Texts and times sort alike as texts: a cursor has nothing else."""
    return f"{name}::VARCHAR"


def _plain(value: Any) -> str:
    return str(value)


def _encoded(values: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _decoded(cursor: str, count: int) -> list[str]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise PageUnknown("the cursor is none of ours; take next_cursor of the page before") from error
    if not (isinstance(values, list) and len(values) == count and all(isinstance(one, str) for one in values)):
        raise PageUnknown("the cursor is of another list; take next_cursor of the page before")
    return values
