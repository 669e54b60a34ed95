"""The SQLite file of a registry without a server: found sound, made whole, written by one process at a time."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from footfall.errors import RegistryUnreachable, StorageFailed, UserError
from footfall.registry.mlflow_client import connect, told

_PATIENCE_SECONDS = 120
_TABLES = {"alembic_version", "experiments", "runs", "registered_models", "model_versions"}


def database_uri(path: Path) -> str:
    """The URI under which MLflow opens the file."""
    return f"sqlite:///{path}"


def database_exists(path: Path) -> bool:
    """Whether there is a database, and it is one of MLflow's.

    Raises:
        UserError: the file is damaged, or holds something else.
        RegistryUnreachable: the file cannot be read just now.
    """
    if not path.exists() or path.stat().st_size == 0:
        return False
    try:
        tables = _tables(path)
    except sqlite3.OperationalError as error:
        raise RegistryUnreachable(f"registry {path}: {error}; check who may read it, then run again") from error
    except sqlite3.DatabaseError as error:
        raise UserError(f"registry {path}: is damaged ({error}); restore the file from a backup") from error
    if not tables >= _TABLES:
        raise UserError(f"registry {path}: is not a database of MLflow's; name another place for the registry")
    return True


def make_database(path: Path) -> None:
    """Make the database unless it exists. A run that dies meanwhile leaves none, never half of one."""
    with only_writer(path):
        if database_exists(path):
            return
        for left_over in path.parent.glob(f".{path.name}.*"):
            shutil.rmtree(left_over)
        with (
            told(database_uri(path)),
            TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as fresh,
        ):
            connect(database_uri(Path(fresh) / path.name))
            (Path(fresh) / path.name).replace(path)


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Keep other processes from writing, so that what one has looked up still holds when it writes.

    Raises:
        RegistryUnreachable: another process has been writing for two minutes.
        StorageFailed: the folder cannot be written.
    """
    try:
        for folder in (path.parent.parent, path.parent):  # and no more: a lake that is away is not begun anew
            folder.mkdir(exist_ok=True)
        lock = FileLock(path.with_name(f"{path.name}.lock"))
        lock.acquire(timeout=_PATIENCE_SECONDS)
    except Timeout as error:
        raise RegistryUnreachable(f"registry {path}: another process is writing; run again when it ended") from error
    except OSError as error:
        raise StorageFailed(f"registry {path}: cannot be written ({error.strerror}); check the folder") from error
    try:
        yield
    finally:
        lock.release()


def _tables(path: Path) -> set[str]:
    # Not read-only: after a kill, SQLite rolls an unfinished change back when the file is next opened.
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=20)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
