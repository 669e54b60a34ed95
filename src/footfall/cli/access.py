"""The commands about access: API keys, and who did what."""

import csv
import sys
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.table import Table as Grid

from footfall.cli.given import load_settings
from footfall.cli.options import MOMENTS, AsJson, Lake
from footfall.cli.printing import err, escaped, out, print_json

if TYPE_CHECKING:
    from footfall.serve.access import Entry, Key, KeyStore

app = typer.Typer(
    no_args_is_help=True,
    help="API keys: who may ask the server, and what. They have nothing to do with the key of the pseudonyms.",
)

_COLUMNS = ("at", "who", "key_id", "what", "via", "outcome", "users", "segment", "count", "target")
_MOST_ROWS = 1000
_MOST_USERS = 3


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, such as newsletter or jane.doe.")],
    role: Annotated[
        list[str],
        typer.Option(help="What it may do: marketing, data_science, operations or dpo; several may be given."),
    ],
    lake: Lake = None,
) -> None:
    """Make a key and print it. It is shown this once: the lake keeps only a digest of it.

    Best one for each person and each program: the audit log says which key asked, and one can be revoked without the
    others.

    Examples: `footfall keys create newsletter --role marketing`, and
    `footfall keys create jane.doe --role data_science --role operations > jane.key`
    """
    key = _store(lake).create(name, role)
    typer.echo(key)
    err.print(
        f"This is the only time that the key is shown. If it is lost: footfall keys revoke {name}, and make another.",
        soft_wrap=True,
        highlight=False,
    )


@app.command("list")
def list_keys(lake: Lake = None, as_json: AsJson = False) -> None:
    """All keys with their roles, revoked ones too, because the audit log still names them."""
    keys = _store(lake).keys()
    if as_json:
        print_json([_told_key(key) for key in keys])
        return
    grid = Grid("id", "name", "roles", "created at (UTC)", "revoked at (UTC)", title="API keys")
    for key in keys:
        revoked = "" if key.revoked_at is None else f"{key.revoked_at:%Y-%m-%d %H:%M}"
        grid.add_row(key.id, key.name, ", ".join(key.roles), f"{key.created_at:%Y-%m-%d %H:%M}", revoked)
    out.print(grid)


@app.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="NAME", help="The key's name, or its id.")],
    lake: Lake = None,
    as_json: AsJson = False,
) -> None:
    """Let a key open nothing any more. A server that runs knows within a second or so.

    Its name may then be given to another key.
    """
    key = _store(lake).revoke(which)
    if as_json:
        print_json(_told_key(key))
    else:
        out.print(f"{key.name} ({key.id}) is revoked", highlight=False)


def audit(
    user: Annotated[
        str | None, typer.Option(metavar="PSEUDONYM", help="Only what names this user.", show_default=False)
    ] = None,
    who: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what the key of this name did.", show_default=False)
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(help="Only from then on, UTC.", formats=MOMENTS, metavar="MOMENT", show_default=False),
    ] = None,
    form: Annotated[
        Literal["table", "json", "csv"], typer.Option("--format", help="How to print the entries.")
    ] = "table",
    lake: Lake = None,
) -> None:
    """Who asked for whose data through the server, and who changed what; the oldest first.

    An export names the segment whose users it had, not each of them: `--user` does not find it.

    Examples: `footfall audit --since 2026-01-01 --who newsletter`, and
    `footfall audit --user 0b3f5c2d9e8a47160b3f5c2d9e8a4716 --format csv > asked.csv`
    """
    from footfall.lake import open_lake  # noqa: PLC0415
    from footfall.serve.access import AuditLog, access_folder  # noqa: PLC0415

    entries = AuditLog(access_folder(open_lake(load_settings(lake=lake).lake))).entries(since, user, who)
    match form:
        case "json":
            print_json([entry.as_json() for entry in entries])
        case "csv":
            _print_csv(entries)
        case "table":
            _tell_entries(entries)
    if entries.unreadable:
        err.print(f"[yellow]note:[/] {entries.unreadable:,} lines of the log are damaged and were passed over")


def _store(lake: Path | None) -> "KeyStore":
    from footfall.lake import open_lake  # noqa: PLC0415
    from footfall.serve.access import KeyStore, access_folder  # noqa: PLC0415

    return KeyStore(access_folder(open_lake(load_settings(lake=lake).lake)))


def _told_key(key: "Key") -> dict[str, Any]:
    return {name: getattr(key, name) for name in ("id", "name", "roles", "created_at", "revoked_at")}


def _print_csv(entries: Iterable["Entry"]) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(entry.as_json() | {"users": " ".join(entry.users)} for entry in entries)


def _tell_entries(entries: Iterable["Entry"]) -> None:
    """The last of them: a log is read from its end."""
    last = deque(enumerate(entries, 1), _MOST_ROWS)
    grid = Grid("at (UTC)", "who", "what", "via", "outcome", "about")
    for _, entry in last:
        at = f"{entry.at:%Y-%m-%d %H:%M:%S}"
        grid.add_row(at, escaped(entry.who), escaped(entry.what), entry.via, entry.outcome, _told_subject(entry))
    out.print(grid)
    if last and last[-1][0] > _MOST_ROWS:
        out.print(f"the last {_MOST_ROWS:,} of {last[-1][0]:,} entries; --format csv prints all")


def _told_subject(entry: "Entry") -> str:
    if entry.target is not None:
        return escaped(entry.target)
    if entry.segment is not None:
        return f"{entry.count or 0:,} of segment {entry.segment}"
    more = len(entry.users) - _MOST_USERS
    return " ".join(entry.users[:_MOST_USERS]) + (f" and {more:,} more" if more > 0 else "")
