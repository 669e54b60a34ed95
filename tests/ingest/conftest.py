"""The object store is started once; it takes some seconds."""

from collections.abc import Iterator

import pytest
from object_stores import ObjectStore, s3_server


@pytest.fixture(scope="session")
def started_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with s3_server(tmp_path_factory.mktemp("s3")) as store:
        yield store


@pytest.fixture
def object_store(started_store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """The store, and the variables by which AWS tools find it."""
    for name, value in started_store.variables.items():
        monkeypatch.setenv(name, value)
    return started_store
