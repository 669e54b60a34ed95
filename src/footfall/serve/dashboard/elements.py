"""What pages are made of: headings, cards, figures, tables and charts with their downloads, notes, empty states."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from footfall.errors import FootfallError
from footfall.pages.plots import Key
from footfall.publish.language import Text
from footfall.serve.dashboard.visit import NOTHING, Visit
from footfall.serve.views.published import NotPublished

Row = Mapping[str, Any]

_CODE = re.compile(r"`([^`]+)`")
_AS_CSV = Text("Download the data (CSV)", "Télécharger les données (CSV)")
_NOT_YET = Text("Nothing here yet", "Rien pour l'instant")
_MADE_BY = Text(
    "The lake has no table {table} yet. This command makes it:",
    "Le lac n'a pas encore de table {table}. Cette commande la crée\u00a0:",
)
_FAILED = Text("That did not work", "Cela n'a pas fonctionné")


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its key in the rows.
        label: what stands above it.
        write: a value as it is read; by default as it is.
        is_number: whether it stands at the right.
        is_code: whether it is an id, or a row of a file.
        is_long: whether it is a text of several lines.
    """

    name: str
    label: Text
    write: Callable[[Any], str] = str
    is_number: bool = False
    is_code: bool = False
    is_long: bool = False


def heading(title: str, note: str = "", *, level: int = 2) -> None:
    """A heading, and what else is to be known."""
    small = f"<p class='ff-note'>{_with_code(note)}</p>" if note else ""
    st.html(f"<h{level} class='ff-h{level}'>{escape(title)}</h{level}>{small}")


def note(text: str) -> None:
    """Something to know."""
    st.html(f"<p class='ff-note'>{_with_code(text)}</p>")


def _with_code(text: str) -> str:
    """What stands between backticks is something to type: it is shown as such, and all of it as it is written.

    >>> _with_code("`footfall run` <now>")
    '<code>footfall run</code> &lt;now&gt;'
    """
    return _CODE.sub(r"<code>\1</code>", escape(text))


def message(title: str, text: str, *, kind: str = "info", code: str = "") -> None:
    """A box with something that matters: `info`, `warning` or `good`; and a command that can be copied."""
    role = "alert" if kind == "warning" else "status"
    with st.container(key=f"box-{kind}-{abs(hash((title, text, code))) % 10**8}"):
        st.html(f"<div role='{role}'><strong>{escape(title)}</strong><p>{_with_code(text)}</p></div>")
        if code:
            st.code(code, language=None)


@contextmanager
def told(visit: Visit) -> Iterator[None]:
    """Say what is missing, and which command makes it; say what went wrong."""
    try:
        yield
    except NotPublished as missing:
        message(visit.say(_NOT_YET), visit.say(_MADE_BY, table=missing.table), code=missing.command)
    except FootfallError as error:
        message(visit.say(_FAILED), str(error), kind="warning")


@contextmanager
def card(key: str, title: str = "", note: str = "") -> Iterator[None]:
    """A white box with a title; as high as those beside it."""
    with st.container(key=f"card-{key}", height="stretch"):
        if title:
            heading(title, note)
        yield


@dataclass(frozen=True)
class Figure:
    """A number that matters.

    Attributes:
        label: what it is.
        value: how it is written.
        change: what else is to be said of it, such as its change.
        is_good: whether that is good; None where it is neither.
    """

    label: str
    value: str
    change: str = ""
    is_good: bool | None = None


def figures(found: Iterable[Figure]) -> None:
    """Numbers that matter, beside each other."""
    st.html(f"<dl class='ff-figures'>{''.join(map(_figure, found))}</dl>")


def _figure(one: Figure) -> str:
    mood = {True: "good", False: "bad", None: "calm"}[one.is_good]
    change = f"<dd class='ff-change ff-{mood}'>{escape(one.change)}</dd>" if one.change else ""
    return f"<div><dt>{escape(one.label)}</dt><dd class='ff-value'>{escape(one.value)}</dd>{change}</div>"


def facts(told_of: Iterable[tuple[str, str]]) -> None:
    """What is known of something: names and what they stand for."""
    st.html(f"<dl class='ff-facts'>{''.join(f'<dt>{escape(a)}</dt><dd>{escape(b)}</dd>' for a, b in told_of)}</dl>")


def listed(lines: Iterable[str]) -> None:
    """Sentences, one below the other."""
    st.html(f"<ul class='ff-list'>{''.join(f'<li>{escape(one)}</li>' for one in lines)}</ul>")


def table(
    visit: Visit, key: str, columns: Sequence[Column], rows: Sequence[Row], *, caption: str, download: bool = True
) -> None:
    """Rows as people read them, and a download of them as they are.

    Args:
        visit: whose language is spoken.
        key: the table's name on the page and of its file.
        columns: what is shown.
        rows: what there is.
        caption: what it is, for those who do not see it.
        download: whether the rows may be taken away.
    """
    head = "".join(f"<th scope='col'{_kind(one)}>{escape(visit.say(one.label))}</th>" for one in columns)
    body = "".join(f"<tr>{''.join(_cell(one, row.get(one.name)) for one in columns)}</tr>" for row in rows)
    st.html(
        f"<div class='ff-scroll' tabindex='0' role='region' aria-label='{escape(caption, quote=True)}'>"
        f"<table class='ff-table'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    if download:
        download_rows(visit, key, rows)


def _kind(column: Column) -> str:
    kinds = {"number": column.is_number, "code": column.is_code, "long": column.is_long}
    return next((f" class='ff-{kind}'" for kind, holds in kinds.items() if holds), "")


def _cell(column: Column, value: Any) -> str:
    text = NOTHING if value is None else column.write(value)
    return f"<td{_kind(column)}>{escape(text)}</td>"


def download_rows(visit: Visit, key: str, rows: Sequence[Row]) -> None:
    """A button that gives rows as CSV."""
    st.download_button(
        visit.say(_AS_CSV), lambda: as_csv(rows), f"{key}.csv", "text/csv", key=f"csv-{key}", type="tertiary",
        on_click="ignore",
    )  # fmt: skip


def as_csv(rows: Sequence[Row]) -> bytes:
    r"""Rows as CSV with a header; bytes of UTF-8. A text that a spreadsheet would take for a formula is quoted.

    >>> as_csv([{"name": "=1+1", "value": 2.5}])
    b"name,value\r\n'=1+1,2.5\r\n"
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return file.getvalue().encode()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def chart(
    visit: Visit,
    key: str,
    figure: go.Figure,
    rows: Sequence[Row],
    *,
    alt: str,
    keys: Sequence[Key] = (),
) -> None:
    """A chart, what its colours stand for, and a download of its data.

    Args:
        visit: whose language is spoken.
        key: the chart's name on the page and of its files.
        figure: the chart; its title stands above it.
        rows: its data.
        alt: what is seen, for those who do not see it.
        keys: what its colours stand for.
    """
    if keys:
        st.html(f"<ul class='ff-keys'>{''.join(map(_key, keys))}</ul>")
    config = {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d", "zoom2d"],
        "toImageButtonOptions": {"filename": key, "scale": 2},
        "scrollZoom": False,
    }
    st.plotly_chart(figure, key=f"chart-{key}", theme=None, config=config, alt=alt)
    download_rows(visit, key, rows)


def _key(one: Key) -> str:
    return f"<li><span class='ff-key ff-{one.shape}' style='--c: {one.colour}'></span>{escape(one.name)}</li>"
