"""What the documentation says about the code, taken from the code: tables, features, commands, settings, presets.

A page holds a marker such as `<!-- reference: tables -->` and gets Markdown in its place when the site is built.
"""

import importlib
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import typer

from footfall import contracts
from footfall.cli import app
from footfall.contracts import QUARANTINE_REASONS, Table
from footfall.features import FEATURES, USER_FEATURES
from footfall.series import METRICS
from footfall.settings import Settings
from footfall.sources import PRESETS
from footfall.sources.mapping import SPELLINGS
from footfall.sources.presets import preset_text

DOCS = Path(__file__).parent

_MARKER = re.compile(r"^<!-- reference: (\w+) -->$", re.MULTILINE)


def fill(page: str) -> str:
    """The page with every marker replaced.

    Raises:
        KeyError: a marker names nothing that is known.
    """
    return _MARKER.sub(lambda marker: REFERENCES[marker.group(1)](), page)


def all_tables() -> str:
    """Every table with its grain and columns, zone by zone."""
    fixed = [table for table in vars(contracts).values() if isinstance(table, Table)]
    ours = sorted([*fixed, USER_FEATURES], key=lambda table: _ZONES.index(table.zone))
    return "\n\n".join(_table_section(table) for table in ours)


_ZONES = ("raw", "cleansed", "processed", "models")


def _table_section(table: Table) -> str:
    facts = [f"Zone `{table.zone}`", f"grain: {table.grain}"]
    if table.partition_by:
        facts.append(f"partitioned by {', '.join(table.partition_by)}")
    columns = table.columns
    more = ""
    if table is USER_FEATURES:
        columns = tuple(column for column in columns if column.name not in FEATURES)
        more = f"\n\nAnd one column for each of the {len(FEATURES)} [features](features.md)."
    rows = [(f"`{column.name}`", str(column.type), column.unit, column.definition) for column in columns]
    text = _grid(("column", "type", "unit", "what it holds"), rows)
    return f"## {table.name}\n\n{table.definition}\n\n*{'; '.join(facts)}.*\n\n{text}{more}"


def quarantine_reasons() -> str:
    """Reasons of quarantine, in the order in which they are tried."""
    return _grid(("reason", "when"), [(f"`{name}`", meaning) for name, meaning in QUARANTINE_REASONS.items()])


def all_features() -> str:
    """Every feature, group by group."""
    return "\n\n".join(
        _feature_group(group, list(members)) for group, members in groupby(FEATURES.values(), lambda one: one.group)
    )


def _feature_group(group: str, members: list[Any]) -> str:
    about = importlib.import_module(f"footfall.features.definitions.{group}").__doc__ or ""
    rows = [(f"`{one.name}`", one.unit, one.definition) for one in members]
    return f"## {group.capitalize()}\n\n{about.strip()}\n\n{_grid(('feature', 'unit', 'definition'), rows)}"


def feature_count() -> str:
    """How many features there are."""
    return f"There are {len(FEATURES)} of them."


def all_metrics() -> str:
    """Every metric of the series."""
    rows = [(f"`{name}`", one.unit, one.definition) for name, one in METRICS.items()]
    return _grid(("metric", "unit", "definition"), rows)


def all_commands() -> str:
    """Every command with its arguments and options."""
    return "\n\n".join(_command_section(name, command) for name, command in commands())


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that can be called, by its full name, such as `footfall sources list`."""
    yield from _leaves("footfall", typer.main.get_command(app))


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
    else:
        for child, one in children.items():
            yield from _leaves(f"{name} {child}", one)


def _command_section(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    usage = " ".join([name, *(_placeholder(one) for one in arguments), *(["[OPTIONS]"] * bool(options))])
    rows = [(f"`{_placeholder(one)}`", one.help or "", "") for one in arguments]
    rows += [(f"`{', '.join(one.opts)}`", *_help_and_default(one)) for one in options]
    table = _grid(("argument or option", "what it says", "default"), rows) if rows else ""
    return f"## {name}\n\n{(command.help or '').strip()}\n\n```text\n{usage}\n```\n\n{table}"


def _placeholder(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _help_and_default(option: Any) -> tuple[str, str]:
    """What an option's help says; a default that stands in brackets at its end is taken apart."""
    about, written, default = (option.help or "").removesuffix("]").partition("  [default: ")
    if written:
        return about, f"`{default}`"
    is_shown = option.show_default and option.default not in (None, False)
    return option.help or "", f"`{option.default}`" if is_shown else ""


def all_settings() -> str:
    """Every setting: its name in `footfall.toml`, its variable, its default."""
    rows = [
        (
            f"`{name}`",
            f"`FOOTFALL_{name.upper()}`",
            "" if one.default is None else f"`{one.default}`",
            one.description or "",
        )
        for name, one in Settings.model_fields.items()
    ]
    return _grid(("in footfall.toml", "variable", "default", "what it says"), rows)


def spellings() -> str:
    """The spellings of event types that need no mapping."""
    theirs: dict[str, list[str]] = {}
    for spelling, ours in SPELLINGS.items():
        theirs.setdefault(ours, []).append(f"`{spelling}`")
    return _grid(("event type", "spellings"), [(f"`{ours}`", ", ".join(names)) for ours, names in theirs.items()])


def preset_files() -> str:
    """The presets' mapping files."""
    return "\n\n".join(f"### {name}\n\n```toml\n{preset_text(name).strip()}\n```" for name in PRESETS)


def decisions() -> str:
    """The architecture decision records, with their status."""
    rows = []
    for file in sorted((DOCS / "adr").glob("0*.md")):
        text = file.read_text(encoding="utf-8")
        title, status = re.search(r"^# \d+ (.+)$", text, re.MULTILINE), re.search(r"^Status: (.+)$", text, re.MULTILINE)
        if title is None or status is None:
            raise ValueError(f"{file}: needs a title `# NNNN What was decided` and a line `Status: ...`")
        rows.append((file.stem[:4], f"[{title.group(1)}]({file.name})", status.group(1)))
    return _grid(("number", "decision", "status"), rows)


def _grid(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [tuple(header), *rows]
    drawn = ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]
    return "\n".join([drawn[0], "|" + " --- |" * len(lines[0]), *drawn[1:]])


REFERENCES = {
    "tables": all_tables,
    "reasons": quarantine_reasons,
    "features": all_features,
    "feature_count": feature_count,
    "metrics": all_metrics,
    "commands": all_commands,
    "settings": all_settings,
    "spellings": spellings,
    "presets": preset_files,
    "decisions": decisions,
}
