"""Dashboards in processes of their own, and visitors who look at them."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as WaitedTooLong

from footfall.publish.language import Language

PATIENCE = 12_000
# Streamlit's own: on the address of a page it looks below that page's path for its server before it looks above it.
LOOKS_FOR_SERVER = re.compile(r"/_stcore/(health|host-config)$")
_SERVE = """
import sys
from pathlib import Path
from footfall.serve.dashboard.server import open_dashboard, run
from footfall.settings import load_settings
settings = load_settings(lake=Path(sys.argv[1]), threads=2)
run(open_dashboard(settings, keys=sys.argv[3] == "keys"), "127.0.0.1", int(sys.argv[2]))
"""


@contextmanager
def served(lake: Path, *, keys: bool = False) -> Iterator[str]:
    """The address of a dashboard of its own process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = lake.parent / f"dashboard-{port}.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(lake), str(port), "keys" if keys else "open"], stdout=out, stderr=out
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, server, log)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)
    assert "Traceback" not in log.read_text(), log.read_text()


def _wait(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer: {log.read_text()}")


@dataclass
class Tab:
    """A tab, and what went wrong in it."""

    page: Any
    errors: list[str] = field(default_factory=list)

    def open(self, address: str, path: str = "", language: Language = "en", **choices: str) -> None:
        """Go to a page and wait until all of it is there."""
        query = "&".join(f"{name}={value}" for name, value in {"lang": language, **choices}.items())
        self.page.goto(f"{address}/{'' if path == 'overview' else path}?{query}")
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run."""
        self.page.wait_for_selector("h1, input[type=password]", timeout=PATIENCE)
        self.page.wait_for_timeout(150)
        self.page.wait_for_function(
            "document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') === 'notRunning'",
            timeout=PATIENCE,
        )

    @property
    def text(self) -> str:
        """All that is to be read."""
        return str(self.page.locator("[data-testid=stMain]").inner_text())

    def choose(self, label: str, option: str | re.Pattern[str]) -> None:
        """Choose in a list."""
        box, found = self.page.get_by_role("combobox", name=label), self.page.get_by_role("option", name=option)
        for _ in range(5):
            box.first.click()
            with suppress(WaitedTooLong):  # a chart that is still being drawn moves the list away
                found.first.wait_for(timeout=2000)
                break
        found.first.click()
        self.settle()

    def press(self, name: str | re.Pattern[str]) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name).first.click()
        self.settle()

    def download(self, name: str | re.Pattern[str]) -> str:
        """Press a button that gives a file."""
        with self.page.expect_download() as waited:
            self.page.get_by_role("button", name=name).first.click()
        return str(Path(waited.value.path()).read_text())

    def barriers(self) -> list[str]:
        """What keeps people out who use a keyboard, a screen reader or their eyes with effort; serious ones, by axe."""
        axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python").Axe()
        found = axe.run(self.page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        return [f"{one['id']}: {node['html']}" for one in serious for node in one["nodes"]]

    def must_be_sound(self) -> None:
        """No error in the console, no box with an exception."""
        assert self.errors == []
        assert self.page.locator("[data-testid=stException]").count() == 0


def is_error(told: Any) -> bool:
    return told.type == "error" and not LOOKS_FOR_SERVER.search(told.location.get("url", ""))
