"""No test of the pipeline touches the key of whoever runs it."""

import shutil
from pathlib import Path

import pytest
from commands import Ended, footfall
from planted import PARTS, PlantedShop, plant

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


@pytest.fixture(scope="session")
def planted_shop(tmp_path_factory: pytest.TempPathFactory) -> PlantedShop:
    """Thirty days with failures in them; `planted.py` says when."""
    return plant(tmp_path_factory.mktemp("planted_shop"), tmp_path_factory.getbasetemp() / "key-of-the-tests")


@pytest.fixture(scope="session")
def judged_lake(planted_shop: PlantedShop, lakes_of_session: Path) -> Path:
    """A lake with all of them, judged at once. Read only: tests share it."""
    lake = planted_shop.bring(lakes_of_session / "judged", *PARTS)
    planted_shop.detect(lake)
    return lake


@pytest.fixture(scope="session")
def calm_lake(planted_shop: PlantedShop, lakes_of_session: Path) -> Path:
    """A lake that was judged until a brand dropped. Tests copy it."""
    lake = planted_shop.bring(lakes_of_session / "calm", "weeks")
    planted_shop.detect(lake)
    return lake


@pytest.fixture(scope="session")
def alarmed_lake(planted_shop: PlantedShop, calm_lake: Path, lakes_of_session: Path) -> Path:
    """The first hour of that is judged, too: an incident is open. Tests copy it."""
    lake = planted_shop.bring(shutil.copytree(calm_lake, lakes_of_session / "alarmed"), "hour")
    planted_shop.detect(lake)
    return lake


@pytest.fixture(scope="session")
def lakes_of_session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where lakes are that tests share."""
    return tmp_path_factory.mktemp("planted_lakes")
