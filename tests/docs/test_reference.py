"""The reference is complete: what the code has, the site tells."""

import pytest

from footfall import contracts
from footfall.contracts import EVENT_TYPES, QUARANTINE_REASONS, Table
from footfall.features import FEATURES, USER_FEATURES
from footfall.settings import Settings
from reference import commands, fill

COMMANDS = dict(commands())
TABLES = [*(one for one in vars(contracts).values() if isinstance(one, Table)), USER_FEATURES]


def section(page: str, title: str) -> str:
    """The text from a heading of the second level to the next one."""
    _, found, rest = f"\n{page}".partition(f"\n## {title}\n")
    assert found, f"no section {title}"
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_docs_with_all_it_takes(name: str, pages: dict[str, str]) -> None:
    text = section(pages["docs/commands.md"], name)
    command = COMMANDS[name]
    assert command.help, f"{name} has no help"
    assert command.help.strip() in text
    for one in command.params:
        assert one.help, f"{name} {one.name} has no help"
        assert one.help.partition("  [default: ")[0] in text
        assert all(spelling in text for spelling in one.opts if spelling.startswith("-"))


def test_the_commands_are_those_that_users_were_promised() -> None:
    promised = {
        "demo",
        "simulate",
        "run",
        "fetch",
        "features",
        "segments",
        "series",
        "status",
        "sql",
        "sources list",
        "sources show",
    }
    assert {f"footfall {name}" for name in promised} <= set(COMMANDS)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_docs(name: str, pages: dict[str, str]) -> None:
    assert Settings.model_fields[name].description
    assert f"| `{name}` | `FOOTFALL_{name.upper()}` |" in section(pages["docs/commands.md"], "Settings")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_in_the_docs_with_all_columns(table: Table, pages: dict[str, str]) -> None:
    text = section(pages["docs/tables.md"], table.name)
    assert table.definition in text
    assert table.grain in text
    columns = {column.name for column in table.columns} - (set(FEATURES) if table is USER_FEATURES else set())
    assert all(f"| `{column}` |" in text for column in columns)


@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_is_in_the_docs(name: str, pages: dict[str, str]) -> None:
    feature = FEATURES[name]
    text = section(pages["docs/features.md"], feature.group.capitalize())
    assert f"| `{name}` | {feature.unit} | {feature.definition} |" in text


def test_reasons_and_event_types_are_in_the_docs(pages: dict[str, str]) -> None:
    reasons = section(pages["docs/tables.md"], "Reasons of quarantine")
    assert all(f"| `{reason}` |" in reasons for reason in QUARANTINE_REASONS)
    assert all(f"`{event_type}`" in pages["docs/mapping.md"] for event_type in EVENT_TYPES)


def test_a_marker_of_nothing_fails_the_build() -> None:
    with pytest.raises(KeyError):
        fill("<!-- reference: weather -->")


def test_no_marker_is_left(pages: dict[str, str]) -> None:
    assert not [name for name, text in pages.items() if "<!-- reference" in text]
