"""What the pages tell readers to type is what the program takes."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.publish import Notify
from footfall.series import ShopCalendar
from footfall.settings import Settings
from footfall.sources.mapping import (
    Canonical,
    EventTypes,
    FileFormat,
    Identity,
    NumberFormat,
    Products,
    Source,
    TimeFormat,
)
from reference import commands

ROOT = Path(__file__).parents[2]
COMMANDS = dict(commands())
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> Iterator[tuple[str, str]]:
    """Title and text of a page's code blocks in a language."""
    return ((title, text) for found, title, text in _BLOCK.findall(page) if found == language)


def typed_commands(pages: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Every `footfall ...` that a page shows, in a console block or in running text, cut into words."""
    found = []
    for name, page in pages.items():
        lines = [line[2:] for _, text in blocks(page, "console") for line in text.splitlines() if line.startswith("$ ")]
        lines += re.findall(r"`(footfall [^`]+)`", re.sub(_BLOCK, "", page))
        found += [
            (f"{name}: {line}", shlex.split(line, comments=True)) for line in lines if line.startswith("footfall ")
        ]
    return found


def the_command(words: list[str]) -> tuple[str, list[str]]:
    """The command that the words call, and the words after it."""
    for length in (3, 2):
        name = " ".join(words[:length])
        if name in COMMANDS:
            return name, words[length:]
    raise AssertionError(f"no command {' '.join(words[:3])}")


def test_every_command_that_is_shown_exists_with_its_options(pages: dict[str, str]) -> None:
    shown = typed_commands(pages)
    assert len(shown) > 15
    for where, words in shown:
        if words[1] in {"--version", "COMMAND"}:
            continue
        name, rest = the_command(words)
        known = {spelling for one in COMMANDS[name].params for spelling in one.opts} | {"--help"}
        unknown = [word for word in rest if word.startswith("--") and word not in known]
        assert not unknown, f"{where}: {name} has no {unknown}"


def test_every_make_target_that_is_shown_exists(pages: dict[str, str]) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {target for page in pages.values() for target in re.findall(r"(?:\$ |`)make ([a-z]+)", page)}
    assert {"demo", "test"} <= shown <= targets


def test_python_examples_parse_and_call_what_exists(pages: dict[str, str]) -> None:
    examples = [text for page in pages.values() for _, text in blocks(page, "python")]
    assert examples
    called = set()
    for text in examples:
        tree = ast.walk(ast.parse(text))
        called |= {
            node.func.attr
            for node in tree
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"lake", "footfall"}
        }
    opened = footfall.open("a lake that is not there")
    assert {"open", "run", "table", "sql", "status"} <= called
    assert not [name for name in called if not hasattr(opened, name) and not hasattr(footfall, name)]


def test_settings_files_that_are_shown_can_be_used(pages: dict[str, str]) -> None:
    shown = [text for page in pages.values() for title, text in blocks(page, "toml") if title == "footfall.toml"]
    assert shown
    for text in shown:
        Settings(**tomllib.loads(text))


def test_calendars_that_are_shown_can_be_used(pages: dict[str, str]) -> None:
    shown = [text for page in pages.values() for title, text in blocks(page, "toml") if title == "sales.toml"]
    assert shown
    for text in shown:
        assert ShopCalendar.model_validate(tomllib.loads(text)).sale


def test_channels_that_are_shown_can_be_used(pages: dict[str, str]) -> None:
    page = pages["docs/notifications.md"]
    shown = [tomllib.loads(text) for title, text in blocks(page, "toml") if title == "alerts.toml"]
    assert [len(Notify.model_validate(text["notify"]).open({})) for text in shown] == [2]
    variable = re.search(r'FOOTFALL_NOTIFY="(.+)"', page)
    assert variable is not None
    assert len(Notify().open({"FOOTFALL_NOTIFY": variable[1]})) == 2


def mapping_keys() -> Iterator[str]:
    """Every key of a mapping file."""
    yield from (
        name for name, one in Source.model_fields.items() if one.annotation in (str, str | None) or name == "kind"
    )
    yield from Canonical.__args__  # type: ignore[attr-defined]
    for part in (FileFormat, TimeFormat, NumberFormat, EventTypes, Identity, Products):
        yield from part.model_fields


@pytest.mark.parametrize("key", sorted(set(mapping_keys())))
def test_every_key_of_a_mapping_is_explained(key: str, pages: dict[str, str]) -> None:
    assert f"\n| `{key}` |" in pages["docs/mapping.md"]


@pytest.fixture
def boutique(pages: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tutorial's files, as a reader would save them."""
    page = pages["docs/mapping.md"]
    files = {title: text for language in ("text", "toml") for title, text in blocks(page, language) if title}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tutorial_gives_what_it_says(boutique: Path, pages: dict[str, str]) -> None:
    lake = footfall.open(str(boutique / "lake"), key="a key for this test", k=2, timezone="Europe/Paris")
    result = lake.run(boutique / "boutique.csv", mapping=boutique / "boutique.toml")

    assert result.cleaning.cleaned["boutique.csv"] == outcomes(pages["docs/mapping.md"])[0]
    rejected = lake.sql("SELECT line, reason FROM quarantine ORDER BY line").to_pylist()
    assert rejected == [{"line": 9, "reason": "price_not_positive"}, {"line": 10, "reason": "missing_user"}]
    assert columns(lake, "SELECT event_time::VARCHAR, event_type FROM events WHERE product_id = 'A-19' ORDER BY 1") == [
        ("2024-10-26 23:58:00", "view"),
        ("2024-10-27 02:02:00", "cart"),
        ("2024-10-27 02:05:00", "purchase"),
        ("2024-10-29 17:30:00", "refund"),
    ]
    assert columns(lake, "SELECT count(DISTINCT session_id) FROM events WHERE event_time < '2024-10-28'") == [(2,)]
    assert columns(lake, "SELECT is_product, amount FROM events WHERE product_id = 'PORT'") == [(False, 4.9)]
    assert columns(lake, "SELECT amount FROM events WHERE event_type = 'refund'") == [(-129.9,)]


def columns(lake: Any, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query, as tuples."""
    return [tuple(row.values()) for row in lake.sql(sql).to_pylist()]


def outcomes(page: str) -> list[dict[str, int]]:
    """Every table of outcomes on a page, without its sum, which is checked."""
    tables = []
    for block in re.findall(r"^\| outcome \| rows .*\n\|[-: |]+\n((?:\|.*\n?)+)", page, re.MULTILINE):
        cells = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in block.splitlines()]
        rows = {name: int(count.replace(",", "")) for name, count, *_ in cells}
        assert rows.pop("read") == sum(rows.values())
        tables.append(rows)
    return tables


def test_outcomes_that_are_shown_sum_to_the_rows_read(pages: dict[str, str]) -> None:
    sample = {"kept": 17_409, "duplicate": 6, "price_not_positive": 19, "malformed": 1}
    retail = {"kept": 1_027_017, "duplicate": 34_147, "price_not_positive": 6_207}
    assert outcomes(pages["README.md"]) == [sample]
    assert outcomes(pages["docs/presets.md"]) == [sample, retail]
