"""The two kinds of store that every test of the registry runs on: a SQLite file, and an MLflow server over HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from places import Place, mlflow_server

from footfall.registry import Registry


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


@pytest.fixture
def registry(place: Place) -> Registry:
    return place.open()


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    """A name of its own for every test: they share the server."""
    return re.sub(r"\W", "-", request.node.name)
