"""Where a registry is kept: an MLflow server, or a database with a folder of files."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from footfall.errors import SettingInvalid
from footfall.registry.database import database_exists, database_uri, make_database, only_writer
from footfall.registry.mlflow_client import connect, shown, told

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.store.artifact.artifact_repo import ArtifactRepository

_SERVERS = ("http", "https")
_DATABASE_SERVERS = ("postgresql", "mysql", "mssql")


@dataclass(frozen=True)
class Store:
    """An MLflow store, and the files of its runs.

    Args:
        uri: what MLflow calls the tracking URI.
        folder: where the files are kept, unless a server keeps them.
    """

    uri: str
    folder: Path

    @property
    def is_empty(self) -> bool:
        """Nothing was ever written, so there is nothing to open."""
        return self._database is not None and not database_exists(self._database)

    @contextmanager
    def reading(self) -> Iterator["MlflowClient"]:
        """MLflow's client. What goes wrong is told as `told` does."""
        with told(self.uri):  # imports MLflow, which takes seconds: only then is it known whether there is a database
            if self._database is not None and not database_exists(self._database):
                make_database(self._database)
            yield connect(self.uri)

    @contextmanager
    def writing(self) -> Iterator["MlflowClient"]:
        """MLflow's client while no other process writes; a server settles that itself."""
        with self.reading() as client, nullcontext() if self._database is None else only_writer(self._database):
            yield client

    def location(self, model: str) -> str | None:
        """Where MLflow shall believe that a model's files are; None leaves it to the server."""
        return None if self._is_served else (self.folder.resolve() / model).as_uri()

    def put(self, model: str, run: "Run", files: Mapping[str, bytes]) -> None:
        """Keep the files of a run."""
        with TemporaryDirectory() as temporary:
            for name, content in files.items():
                (Path(temporary) / name).write_bytes(content)
            self._files(model, run).log_artifacts(temporary)

    def names(self, model: str, run: "Run") -> list[str]:
        """Names of the files of a run."""
        return [file.path for file in self._files(model, run).list_artifacts()]

    def get(self, model: str, run: "Run", name: str) -> bytes:
        """One file of a run."""
        with TemporaryDirectory() as temporary:
            return Path(self._files(model, run).download_artifacts(name, temporary)).read_bytes()

    def wipe(self, model: str, run: "Run") -> None:
        """Delete the files of a run."""
        if self._is_served:
            self._files(model, run).delete_artifacts()
        elif self._run_folder(model, run).exists():
            shutil.rmtree(self._run_folder(model, run))

    @property
    def _is_served(self) -> bool:
        return urlsplit(self.uri).scheme in _SERVERS

    @property
    def _database(self) -> Path | None:
        return Path(self.uri.removeprefix("sqlite:///")) if self.uri.startswith("sqlite:") else None

    def _files(self, model: str, run: "Run") -> "ArtifactRepository":
        # MLflow remembers absolute paths; a lake that was moved finds its files by run instead.
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository  # noqa: PLC0415

        here = (self._run_folder(model, run) / "artifacts").as_uri()
        return get_artifact_repository(run.info.artifact_uri if self._is_served else here, self.uri)

    def _run_folder(self, model: str, run: "Run") -> Path:
        return self.folder.resolve() / model / str(run.info.run_id)


def open_store(uri: str | None, folder: Path) -> Store:
    """The store at a URI, or the one in a folder.

    Raises:
        SettingInvalid: the URI is of no kind that MLflow keeps models in.
    """
    uri = uri or database_uri(folder.resolve() / "mlflow.db")
    scheme, netloc, path, *_ = urlsplit(uri)
    known = (*_SERVERS, "sqlite", *_DATABASE_SERVERS)
    if scheme not in known and scheme.partition("+")[0] not in _DATABASE_SERVERS:
        raise SettingInvalid(f'registry "{shown(uri)}": must begin with {", ".join(known)}, like http://host:5000')
    if scheme in _SERVERS and not netloc:
        raise SettingInvalid(f'registry "{shown(uri)}": names no host; write it like http://host:5000')
    if scheme == "sqlite" and (path.strip("/") in ("", ":memory:") or "?" in uri):
        raise SettingInvalid(f'registry "{uri}": must be a file without "?" in its path, like sqlite:///models.db')
    return Store(uri, folder / "artifacts")
