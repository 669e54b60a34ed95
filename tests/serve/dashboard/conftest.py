"""A lake that is served, and a browser that looks at it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytest.importorskip("streamlit", reason='needs the extra: pip install "footfall[serve]"')
# ruff: noqa: E402 - without the extra nothing below can be imported
sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

from visitors import PATIENCE, Tab, is_error, served

from footfall.lake import open_lake
from footfall.serve.access import ROLES, KeyStore, access_folder
from footfall.simulate import simulate

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def shop_lake(published_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Segmented again into so many that some have under 20 users. Tests may say something of its incidents.

    Its events are gone, but for the table's log and files without rows: pages read what was published of them, and
    never events. The last of its incidents goes on.
    """
    lake = shutil.copytree(published_lake, tmp_path_factory.mktemp("dashboard") / "lake")
    _footfall("segments", "--fresh", "--k", "12+3", "--lake", lake)
    events = list((lake / "cleansed" / "events").rglob("*.parquet"))
    assert events
    for file in events:
        pq.write_table(pq.read_schema(file).empty_table(), file)
    _reopen_the_last_incident(lake)
    return lake


def _reopen_the_last_incident(lake: Path) -> None:
    incidents = open_lake(lake).delta("incidents")
    assert incidents is not None
    rows = pa.table(incidents.to_pyarrow_table()).to_pylist()
    last = max((row for row in rows if row["kind"] != "no_data"), key=lambda row: row["onset"])
    ours = f"incident_id = '{last['incident_id']}'"
    incidents.update({"status": "'open'", "closed_at": "NULL"}, predicate=ours)


@pytest.fixture(scope="session")
def dashboard(shop_lake: Path) -> Iterator[str]:
    """A dashboard that asks for no keys."""
    with served(shop_lake) as address:
        yield address


@pytest.fixture(scope="session")
def guarded_lake(shop_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that has keys."""
    return shutil.copytree(shop_lake, tmp_path_factory.mktemp("guarded") / "lake")


@pytest.fixture(scope="session")
def guarded(guarded_lake: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A dashboard that asks for keys, and a key of each role."""
    store = KeyStore(access_folder(open_lake(guarded_lake)))
    found = {role: store.create(f"of-{role}", [role]) for role in ROLES}
    with served(guarded_lake, keys=True) as address:
        yield address, found


@pytest.fixture(scope="session")
def raw_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard of a lake to which a file was brought, and nothing was done with it."""
    shop = simulate(tmp_path_factory.mktemp("files"), users=50, months=1, seed=5)
    lake = tmp_path_factory.mktemp("raw") / "lake"
    _footfall("ingest", shop.months[0], "--lake", lake)
    with served(lake) as address:
        yield address


def _footfall(*arguments: object) -> None:
    command = [sys.executable, "-m", "footfall.cli", *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium or Chrome")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    """A new visitor; at the end nothing may have gone wrong."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    found = Tab(page)
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on("console", lambda told: found.errors.append(told.text) if is_error(told) else None)
    yield found
    found.must_be_sound()
    context.close()


@pytest.fixture
def sign_in(guarded: tuple[str, dict[str, str]], tab: Tab) -> Callable[[str, str], Tab]:
    """Opens a page with the key of a role."""
    address, keys = guarded

    def signed(role: str, path: str) -> Tab:
        tab.open(address, path)
        tab.page.get_by_label("API key").fill(keys[role])
        tab.press("Sign in")
        return tab

    return signed
