"""No test of the pipeline touches the key of whoever runs it."""

import shutil
from pathlib import Path

import pytest
from commands import Ended, footfall

from footfall.simulate import SimulatedShop, simulate


@pytest.fixture(autouse=True)
def own_key(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A key file of the test session's own; it is made by the first run."""
    file = tmp_path_factory.getbasetemp() / "key-of-the-tests"
    monkeypatch.setenv("FOOTFALL_KEY_FILE", str(file))
    monkeypatch.setenv("FOOTFALL_THREADS", "2")
    monkeypatch.delenv("FOOTFALL_KEY", raising=False)
    return file


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> SimulatedShop:
    """October and November 2019 of about 600 users, dirty rows of every kind among theirs."""
    return simulate(tmp_path_factory.mktemp("small_shop"), users=600, months=2, seed=5)


@pytest.fixture(scope="session")
def small_lake(small_shop: SimulatedShop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A lake with all of the small shop, and how its run ended. Read only: tests share it."""
    key = tmp_path_factory.getbasetemp() / "key-of-the-tests"
    root = tmp_path_factory.mktemp("small_lake") / "lake"
    ended = footfall("run", small_shop.truth.parent, "--lake", root, "--key-file", key, "--threads", 2, "--json")
    assert ended.code == 0, ended.err
    return root, ended


@pytest.fixture(scope="session")
def two_months(small_shop: SimulatedShop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake to which the months were brought one after the other, and segmented each time. Tests copy it."""
    lake = tmp_path_factory.mktemp("two_months") / "lake"
    key = tmp_path_factory.getbasetemp() / "key-of-the-tests"
    for month in small_shop.months:
        ended = footfall("run", month, "--lake", lake, "--key-file", key)
        assert ended.code == 0, ended.err
    return lake


@pytest.fixture
def own_lake(two_months: Path, tmp_path: Path) -> Path:
    return shutil.copytree(two_months, tmp_path / "lake")
