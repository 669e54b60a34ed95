"""`footfall keys` and `footfall audit`, as a shell sees them."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from footfall.lake import open_lake
from footfall.serve.access import ROLES, AuditLog, Caller, KeyStore, access_folder

ADA = "a" * 32


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return open_lake(tmp_path / "lake", create=True).root


def footfall(lake: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "footfall.cli", *arguments, "--lake", str(lake)]
    wide = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=lake, env=wide, timeout=120)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_the_key_is_all_that_is_printed_and_it_opens(lake: Path) -> None:
    done = footfall(lake, "keys", "create", "newsletter", "--role", "marketing", "--role", "dpo")
    assert done.returncode == 0
    assert re.fullmatch(r"ff_[0-9a-f]{8}_[\w-]{43}\n", done.stdout)
    assert "footfall keys revoke newsletter" in done.stderr
    caller = KeyStore(lake / "access").check(done.stdout.strip())
    assert caller is not None
    assert (caller.name, caller.roles) == ("newsletter", ("marketing", "dpo"))


def test_help_names_every_role(lake: Path) -> None:
    told = footfall(lake, "keys", "create", "--help").stdout
    assert all(role in told for role in ROLES)


def test_keys_are_listed_without_their_digests_and_revoked(lake: Path) -> None:
    store = KeyStore(access_folder(open_lake(lake)))
    key = store.create("newsletter", ["marketing"])
    store.create("jane", ["data_science", "operations"])
    digest = store.keys()[0].sha256
    assert "newsletter (" in footfall(lake, "keys", "revoke", "newsletter").stdout
    assert KeyStore(lake / "access").check(key) is None
    told = footfall(lake, "keys", "list", "--json").stdout
    assert digest not in told
    assert [(one["name"], one["roles"], one["revoked_at"] is None) for one in json.loads(told)] == [
        ("newsletter", ["marketing"], False),
        ("jane", ["data_science", "operations"], True),
    ]
    shown = footfall(lake, "keys", "list").stdout
    assert "data_science, operations" in shown
    assert digest not in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["keys", "create", "x", "--role", "root"], 'role "root" is unknown'),
        (["keys", "create", "a b", "--role", "dpo"], 'key "a b" cannot be called so'),
        (["keys", "revoke", "nobody"], 'no key in force is called "nobody"'),
        (["audit", "--user", "512345678"], '"512345678" is no pseudonym'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_caller_can_mend_is_told_in_one_line(lake: Path, arguments: list[str], told: str) -> None:
    done = footfall(lake, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert told in done.stderr


@pytest.mark.parametrize("arguments", [["keys", "create", "x", "--role", "dpo"], ["keys", "list"], ["audit"]])
def test_without_a_lake_nothing_is_made(tmp_path: Path, arguments: list[str]) -> None:
    done = footfall(tmp_path, *arguments)
    assert done.returncode == 1
    assert "is not a lake" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.fixture
def log(lake: Path) -> AuditLog:
    """An entry of every kind, and half a line."""
    log = AuditLog(access_folder(open_lake(lake)), lambda: datetime(2026, 1, 31, 12))
    log.record(
        Caller("newsletter", (), "00c0ffee"), "users.score", via="api", users=[ADA, "b" * 32, "c" * 32, "d" * 32]
    )
    log.record(Caller("jane", (), "0ddba115"), "segments.export", via="dashboard", segment=3, count=12345)
    log.record(Caller("jane", (), "0ddba115"), "incidents.ack", via="api", target="1a38f289")
    with next((lake / "access" / "audit").iterdir()).open("a") as stream:
        stream.write('{"at": "2026-01-')
    return log


def test_the_log_is_told_in_every_form_with_what_was_passed_over(lake: Path, log: AuditLog) -> None:
    table, as_json, as_csv = (footfall(lake, "audit", "--format", form) for form in ("table", "json", "csv"))
    for done in (table, as_json, as_csv):
        assert done.returncode == 0
        assert "1 lines of the log are damaged" in done.stderr
    assert f"{ADA} {'b' * 32} {'c' * 32} and 1 more" in table.stdout
    assert "12,345 of segment 3" in table.stdout
    assert "1a38f289" in table.stdout
    assert json.loads(as_json.stdout) == [entry.as_json() for entry in log.entries()]
    first, second, third = csv.DictReader(io.StringIO(as_csv.stdout))
    assert (first["at"], first["who"], first["key_id"]) == ("2026-01-31T12:00:00.000Z", "newsletter", "00c0ffee")
    assert first["users"].split() == [ADA, "b" * 32, "c" * 32, "d" * 32]
    assert (second["users"], second["segment"], second["count"]) == ("", "3", "12345")
    assert third["target"] == "1a38f289"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--user", ADA], ["users.score"]),
        (["--who", "jane"], ["segments.export", "incidents.ack"]),
        (["--since", "2026-01-31T12:00:01"], []),
    ],
    ids=lambda value: value[0] if value else "",
)
def test_the_log_is_searched(lake: Path, log: AuditLog, options: list[str], found: list[str]) -> None:
    told = json.loads(footfall(lake, "audit", *options, "--format", "json").stdout)
    assert [entry["what"] for entry in told] == found
