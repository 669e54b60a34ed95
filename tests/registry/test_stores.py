"""Where a registry can be, and what is said when it cannot be used."""

import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from places import Place, free_port

from footfall.errors import RegistryUnreachable, SettingInvalid, StorageFailed, TransientError, UserError
from footfall.registry import Registry, open_registry


def add(registry: Registry, version: str, model: str = "segments") -> None:
    registry.register(model, version, params={}, metrics={}, tags={}, files={"model.json": version})


def test_a_lake_that_is_away_is_not_begun_anew(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="No such file or directory"):
        add(open_registry(None, tmp_path / "lake" / "models" / "registry"), "v1.0.0")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["moved", "größer 100% #1 & co"])
def test_a_lake_may_be_moved(tmp_path: Path, name: str) -> None:
    add(open_registry(None, tmp_path / "lake"), "v1.0.0")
    shutil.move(tmp_path / "lake", tmp_path / name)
    moved = open_registry(None, tmp_path / name)
    assert moved.file("segments", "v1.0.0", "model.json") == b"v1.0.0"
    add(moved, "v1.1.0")
    moved.delete("segments", "v1.0.0")
    assert moved.file("segments", "v1.1.0", "model.json") == b"v1.1.0"
    assert not (tmp_path / "lake").exists()
    assert [file.name for file in (tmp_path / name / "artifacts").rglob("*") if file.is_file()] == ["model.json"]


def test_another_registry_in_the_place_of_the_first_is_seen(tmp_path: Path) -> None:
    """MLflow remembers what it opened; a connection of the file that is gone would still answer."""
    registry = open_registry(None, tmp_path / "lake")
    for version in ("v1.0.0", "v2.0.0"):
        add(registry, version)
        assert [found.version for found in registry.versions("segments")] == [version]
        shutil.rmtree(tmp_path / "lake")
        assert registry.versions("segments") == []


def test_a_database_has_its_files_in_the_folder(tmp_path: Path) -> None:
    registry = open_registry(f"sqlite:///{tmp_path}/shared/models.db", tmp_path / "lake")
    add(registry, "v1.0.0")
    assert registry.file("segments", "v1.0.0", "model.json") == b"v1.0.0"
    assert {path.name for path in tmp_path.iterdir()} == {"shared", "lake"}


def test_nothing_is_written_elsewhere_and_looking_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    registry = open_registry(None, Path("lake"))
    assert registry.versions("segments") == []
    assert registry.alias("segments", "champion") is None
    assert not any(tmp_path.iterdir())
    add(registry, "v1.0.0")
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]
    assert sorted(path.name for path in Path("lake").iterdir()) == ["artifacts", "mlflow.db", "mlflow.db.lock"]


@pytest.mark.parametrize(
    "uri",
    [
        "ftp://host/models",
        "models",
        "file:x",
        "http://",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+pysqlite:///x.db",
        "sqlite:///what?.db",
    ],
)
def test_an_address_of_no_known_kind(uri: str, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="registry "):
        open_registry(uri, tmp_path)


def test_a_database_whose_driver_is_not_installed(tmp_path: Path) -> None:
    registry = open_registry("postgresql+asyncpg://shop:secret@127.0.0.1/models", tmp_path)
    with pytest.raises(SettingInvalid, match='needs the Python package "asyncpg"') as told:
        registry.versions("segments")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"\xff" * 9000, b"not a database at all" * 500])
def test_a_damaged_file_is_told_and_left_alone(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)
    registry = open_registry(None, tmp_path)
    with pytest.raises(UserError, match=r"mlflow\.db: is damaged"):
        registry.versions("segments")
    with pytest.raises(UserError, match=r"mlflow\.db: is damaged"):
        add(registry, "v1.0.0")
    assert (tmp_path / "mlflow.db").read_bytes() == content


def test_a_file_with_a_hole_is_told(tmp_path: Path) -> None:
    """Sound at its beginning, so that only a query finds out."""
    registry = open_registry(None, tmp_path)
    add(registry, "v1.0.0")
    file = tmp_path / "mlflow.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:16384] + bytes(len(whole) - 16384))
    with pytest.raises(UserError, match=r"registry .*mlflow\.db"):
        registry.versions("segments")


def test_a_foreign_database_is_told_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE orders (id INTEGER)")
    before = file.read_bytes()
    with pytest.raises(UserError, match="is not a database of MLflow's"):
        add(open_registry(None, tmp_path), "v1.0.0")
    assert file.read_bytes() == before


def test_a_database_of_another_mlflow_is_told_how_to_upgrade(tmp_path: Path) -> None:
    add(open_registry(None, tmp_path / "old"), "v1.0.0")
    (tmp_path / "new").mkdir()
    file = shutil.copy(tmp_path / "old" / "mlflow.db", tmp_path / "new")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'cc1f77228345'")
    with pytest.raises(UserError, match="mlflow db upgrade"):
        open_registry(None, tmp_path / "new").versions("segments")


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "lake").write_text("no folder")
    with pytest.raises(StorageFailed, match="cannot be written"):
        add(open_registry(None, tmp_path / "lake"), "v1.0.0")


def test_a_server_that_refuses_is_told_soon_and_without_the_password(tmp_path: Path) -> None:
    port = free_port()
    registry = open_registry(f"http://shop:secret@127.0.0.1:{port}", tmp_path)
    started = time.monotonic()
    with pytest.raises(RegistryUnreachable, match=rf"http://127\.0\.0\.1:{port}: does not answer; check") as told:
        registry.versions("segments")
    assert time.monotonic() - started < 60  # and not the four minutes of MLflow's own attempts
    assert isinstance(told.value, TransientError)
    assert "secret" not in str(told.value)


def test_a_server_that_accepts_and_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        registry = open_registry(f"http://127.0.0.1:{silent.getsockname()[1]}", tmp_path)
        with pytest.raises(RegistryUnreachable, match="does not answer"):
            add(registry, "v1.0.0")


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (404, b"<h1>Not here</h1>", UserError, "404"),
        (200, b"<h1>Welcome</h1>", UserError, "not in a valid JSON format"),
        (401, b'{"error_code": "UNAUTHENTICATED", "message": "who?"}', UserError, "MLFLOW_TRACKING_USERNAME"),
        (503, b"", RegistryUnreachable, "does not answer"),
    ],
)
def test_a_server_that_is_no_mlflow_or_not_ready(
    status: int, body: bytes, error: type[Exception], told: str, tmp_path: Path
) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as other:
        Thread(target=other.serve_forever, daemon=True).start()
        try:
            with pytest.raises(error, match=told):
                open_registry(f"http://127.0.0.1:{other.server_port}", tmp_path).versions("segments")
        finally:
            other.shutdown()


OPEN = """
import sys
from pathlib import Path
from footfall.registry import open_registry
registry = open_registry(sys.argv[1] or None, Path(sys.argv[2]))
"""

# Each its own major number, and its own alias.
OWN = """
for patch in range(5):
    version = f"v{sys.argv[4]}.0.{patch}"
    registry.register(sys.argv[3], version, params={}, metrics={}, tags={}, files={"model.json": version})
    registry.set_alias(sys.argv[3], f"writer-{sys.argv[4]}", version)
"""

# All the same, which each replaces.
SAME = """
for _ in range(10):
    registry.register(sys.argv[3], "v1.0.0", params={}, metrics={}, tags={}, files={"model.json": sys.argv[4]})
"""


def write_at_once(script: str, place: Place, model: str) -> list[int]:
    """What three writers exit with."""
    command = [sys.executable, "-c", OPEN + script, place.uri or "", str(place.folder), model]
    writers = [subprocess.Popen([*command, str(number)]) for number in (1, 2, 3)]
    return [writer.wait(120) for writer in writers]


def test_processes_register_at_once(place: Place, model: str) -> None:
    """The first of them make the database at the same time, too."""
    registry = place.open()
    assert write_at_once(OWN, place, model) == [0, 0, 0]
    versions = [f"v{major}.0.{patch}" for major in (3, 2, 1) for patch in (4, 3, 2, 1, 0)]
    assert [version.version for version in registry.versions(model)] == versions
    assert all(registry.file(model, version, "model.json").decode() == version for version in versions)
    aliases = [registry.alias(model, f"writer-{major}") for major in (1, 2, 3)]
    assert [version and version.version for version in aliases] == ["v1.0.4", "v2.0.4", "v3.0.4"]


def test_processes_that_replace_the_same_version_take_turns(tmp_path: Path) -> None:
    place = Place(None, tmp_path, tmp_path / "artifacts")
    assert write_at_once(SAME, place, "segments") == [0, 0, 0]
    assert place.runs("segments") == ["v1.0.0"]
    assert place.kept("segments") == ["model.json"]
