"""The two kinds of store that every test of the registry runs on: a SQLite file, and an MLflow server over HTTP."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import Place, mlflow_server

from footfall.registry import Registry
from footfall.registry.database import make_database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with mlflow_server(tmp_path_factory.mktemp("mlflow-server")) as place:
        yield place


@pytest.fixture(params=["sqlite", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Every store in turn."""
    if request.param == "server":
        server: Place = request.getfixturevalue("server")
        return server
    return Place(None, tmp_path / "registry", tmp_path / "registry" / "artifacts")


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a registry without versions. MLflow takes two seconds to make its database."""
    folder = tmp_path_factory.mktemp("empty") / "registry"
    make_database(folder / "mlflow.db")
    return folder


@pytest.fixture
def registry(place: Place, empty_registry: Path) -> Registry:
    if place.uri is None:
        shutil.copytree(empty_registry, place.folder)
    return place.open()


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    """A name of its own for every test: they share the server."""
    return re.sub(r"\W", "-", request.node.name)
