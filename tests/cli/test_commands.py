"""The commands as a shell sees them: what they print, and their exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from footfall import __version__
from footfall.cli import app
from footfall.simulate import simulate


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_KEY_FILE", str(tmp_path_factory.getbasetemp() / "key-of-the-commands"))


COMMANDS = [
    ["run"],
    ["ingest"],
    ["features"],
    ["segments"],
    ["series"],
    ["backtest"],
    ["forecast"],
    ["detect"],
    ["watch"],
    ["evaluate-detector"],
    ["incidents"],
    ["incidents", "list"],
    ["incidents", "show"],
    ["incidents", "report"],
    ["incidents", "ack"],
    ["incidents", "snooze"],
    ["incidents", "feedback"],
    ["fetch"],
    ["simulate"],
    ["demo"],
    ["status"],
    ["sql"],
    ["segment"],
    *(["segment", name] for name in ("list", "show", "promote", "rollback", "retire", "sql", "explain", "report")),
    ["keys"],
    *(["keys", name] for name in ("create", "list", "revoke")),
    ["audit"],
    ["serve"],
    ["dashboard"],
    ["sources"],
    ["sources", "list"],
    ["sources", "show"],
]


def footfall(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "footfall.cli", *map(str, arguments)]
    wide = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd, env=wide, timeout=120)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_every_command_is_listed_here() -> None:
    assert {command[0] for command in COMMANDS} == {
        *(
            command.name or command.callback.__name__.replace("_", "-")
            for command in app.registered_commands
            if command.callback
        ),
        *(group.name for group in app.registered_groups),
    }


def test_version() -> None:
    done = footfall("--version")
    assert (done.returncode, done.stdout) == (0, f"footfall {__version__}\n")


@pytest.mark.parametrize(
    ("room", "slow"),
    [("footfall.cli", ("pydantic", "pyarrow", "numpy", "ibis")), ("footfall.pipeline.status", ("ibis", "sklearn"))],
)
def test_nothing_is_loaded_before_it_is_needed(room: str, slow: tuple[str, ...]) -> None:
    loaded = f"import sys, {room}; print([name for name in {slow} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help(command: list[str]) -> None:
    done = footfall(*command, "--help")
    assert done.returncode == 0
    assert f"footfall {' '.join(command)}" in done.stdout.replace("footfall.cli", "footfall")
    assert "Usage" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["walk"],
        ["fetch"],
        ["run", "--no-such-flag"],
        ["sql"],
        ["sql", "SELECT 1", "--format", "xml"],
        ["run", "x", "--k", "few"],
        ["run", "x", "--k", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2(arguments: list[str], tmp_path: Path) -> None:
    done = footfall(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Usage" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run"], "is not a lake"),
        (["status"], "is not a lake"),
        (["features"], "is not a lake"),
        (["segments"], "is not a lake"),
        (["sql", "SELECT 1"], "is not a lake"),
        (["run", "nowhere.csv"], "nowhere.csv: no such file"),
        (["run", "nowhere.csv", "--engine", "abacus"], "setting engine"),
        (["run", "nowhere.csv", "--timezone", "Mars"], "setting timezone"),
        (["run", "nowhere.csv", "--period", "2019"], "setting period"),
        (["run", "nowhere.csv", "--price-outliers", "maybe"], "setting price_outliers"),
        (["fetch", "cdnow"], "must be rees46"),
        (["fetch", "rees46", "--months", "2031-01"], "2031-01"),
        (["sources", "show", "amazon"], 'source "amazon" is unknown'),
        (["simulate", "out", "--users", "0"], "users is 0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_caller_can_mend_exits_1_with_one_line(arguments: list[str], told: str, tmp_path: Path) -> None:
    done = footfall(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert told in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_setting_in_the_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("lakee = 'x'\n")
    done = footfall("status", cwd=tmp_path)
    assert done.returncode == 1
    assert "setting lakee" in done.stderr


def test_a_settings_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("lake = \n")
    done = footfall("status", cwd=tmp_path)
    assert done.returncode == 1
    assert "footfall.toml" in done.stderr


def test_presets_can_be_listed_and_shown(tmp_path: Path) -> None:
    assert footfall("sources", "list").stdout.split() == ["rees46", "online_retail"]
    shown = footfall("sources", "show", "rees46")
    assert 'user_id = "user_id"' in shown.stdout


def test_json_of_every_stage_parses_and_agrees(tmp_path: Path) -> None:
    shop = simulate(tmp_path / "shop", users=300, seed=4)
    lake = ("--lake", tmp_path / "lake")
    ingested = footfall("ingest", *shop.months, *lake, "--json")
    assert ingested.returncode == 0, ingested.stderr
    told = json.loads(ingested.stdout)
    assert told["rows_read"] == sum(shop.rows.values())
    features = json.loads(footfall("features", *lake, "--json").stdout)
    assert features["users"] == told["users"]
    segments = json.loads(footfall("segments", *lake, "--json").stdout)
    assert segments["as_of"] == features["as_of"]
    series = json.loads(footfall("series", *lake, "--json").stdout)
    assert series["counted"]["rows"] > 0
    status = json.loads(footfall("status", *lake, "--json").stdout)
    assert status["accounts"] == told["accounts"]
    assert status["users"] == told["users"]
    assert [file["rows"] for file in status["files"]] == [told["rows_read"]]
    assert {"events", "user_features", "customer_segments"} <= {table["name"] for table in status["tables"]}
    again = json.loads(footfall("run", *shop.months, *lake, "--json").stdout)
    assert again["nothing_to_do"]
    stages = (["features"], ["segments"], ["series"])
    for command in (["status"], ["sql", "FROM row_accounts"], ["run", *shop.months], *stages):
        plain = footfall(*command, *lake)
        assert plain.returncode == 0, plain.stderr
        assert plain.stdout
