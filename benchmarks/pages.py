"""How long people wait for each page of the dashboard, in a real browser on the same machine.

    python benchmarks/pages.py LAKE [--repeat 3] [--chromium PATH]

Cold: the server was just started and has answered nothing yet, the lake's files are out of the page cache, and the
browser has been at the dashboard before, as that of people who use it.

* Answered: the page's address is opened; until the last of what the server has to say has come. Streamlit itself has to
  be loaded first, and draws what comes meanwhile.
* Drawn: until all of it stands there: the script has ended, and every chart is drawn.
* Clicked: somebody who is at another page follows the link to this one, which nobody has asked for before; until all of
  it stands there.
* Again: the address once more, in another tab; until all of it stands there.

The last row is a browser that has never been here: it also loads Streamlit and Plotly, some megabytes.
"""

import argparse
import contextlib
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, Playwright, WebSocket, sync_playwright

from footfall.lake import open_lake
from footfall.pipeline.query import query

PORT = 8392
ADDRESS = f"http://127.0.0.1:{PORT}"
AIM = 2.0
COLUMNS = ("answered", "drawn", "clicked", "again")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
_COMPLETE = """before => {
    const app = document.querySelector('[data-testid=stApp]');
    const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')];
    return app?.getAttribute('data-test-script-state') === 'notRunning'
        && (document.querySelector('h1')?.innerText ?? before) !== before
        && document.querySelector('[data-testid=stSkeleton], [data-stale=true]') === null
        && charts.every(chart => chart.querySelector('.main-svg') !== null);
}"""


def paths(lake: Path) -> dict[str, str]:
    """The pages, by what people call them."""
    user = query(open_lake(lake), "SELECT min(user_id) AS user_id FROM customer_segments")["user_id"][0].as_py()
    pages = {name: name for name in ("segments", "users", "forecasts", "anomalies", "quality", "models")}
    return {"overview": "", **pages, "users, with one user explained": f"users?user={user}"}


@contextlib.contextmanager
def server(lake: Path) -> Iterator[psutil.Process]:
    """A dashboard that was just started."""
    command = [sys.executable, "-m", "footfall.cli", "dashboard", "--no-keys"]
    started = subprocess.Popen(
        [*command, "--lake", str(lake), "--port", str(PORT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _is_up():
            if started.poll() is not None:
                sys.exit("the dashboard ended before it was up")
            time.sleep(0.1)
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait(30)


def _is_up() -> bool:
    try:
        with urllib.request.urlopen(f"{ADDRESS}/_stcore/health", timeout=1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def cold_server(lake: Path) -> Iterator[psutil.Process]:
    """A dashboard that was just started, of a lake that has to be read from the disk."""
    out_of_cache(lake)
    with server(lake) as process:
        out_of_cache(lake)
        yield process


def out_of_cache(lake: Path) -> None:
    """Let the system forget the lake's files, so that they are read from the disk."""
    os.sync()
    for path in lake.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@dataclass(frozen=True)
class Waited:
    """Seconds from asking for a page until it was answered, and until all of it stood there."""

    answered: float
    drawn: float


def opened(page: Page, path: str) -> Waited:
    """How long it takes to open an address."""
    heard: list[float] = []

    def hear(socket: WebSocket) -> None:
        socket.on("framereceived", lambda _: heard.append(time.perf_counter()))

    page.on("websocket", hear)
    began = time.perf_counter()
    page.goto(f"{ADDRESS}/{path}", wait_until="commit")
    page.wait_for_function(_COMPLETE, arg="", polling=20, timeout=60_000)
    return Waited(heard[-1] - began, time.perf_counter() - began)


def clicked(page: Page, path: str) -> float:
    """How long it takes to follow the link to a page; until all of it stands there."""
    title = page.locator("h1").inner_text()
    began = time.perf_counter()
    page.locator(f".st-key-to-{path or 'overview'} a").click()
    page.wait_for_function(_COMPLETE, arg=title, polling=20, timeout=60_000)
    return time.perf_counter() - began


def visitor(playwright: Playwright, chromium: str, profile: str) -> Any:
    """A browser that keeps what it loaded."""
    return playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium, args=FLAGS, viewport={"width": 1440, "height": 900}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lake", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    asked = parser.parse_args()
    if asked.chromium is None:
        parser.error("no Chromium was found; give its path: --chromium PATH")
    print(f"| page | {' | '.join(COLUMNS)} | aim |\n| --- |{' ---: |' * (len(COLUMNS) + 1)}")
    most = 0.0
    with sync_playwright() as playwright:
        with tempfile.TemporaryDirectory() as profile, visitor(playwright, asked.chromium, profile) as browser:
            with server(asked.lake):
                for _ in range(3):  # Chromium keeps compiled scripts from the third time on
                    opened(browser.new_page(), "")
            for name, path in paths(asked.lake).items():
                took: dict[str, list[float]] = {column: [] for column in COLUMNS}
                for _ in range(asked.repeat):
                    with cold_server(asked.lake) as process:
                        first = opened(browser.new_page(), path)
                        took["answered"].append(first.answered)
                        took["drawn"].append(first.drawn)
                        took["again"].append(opened(browser.new_page(), path).drawn)
                        most = max(most, process.memory_full_info().uss / 1e6)
                    if "?" not in path:
                        with cold_server(asked.lake):
                            page = browser.new_page()
                            opened(page, "" if path else "segments")
                            out_of_cache(asked.lake)
                            took["clicked"].append(clicked(page, path))
                    for page in browser.pages:
                        page.close()
                print(row(name, took), flush=True)
        took = {column: [] for column in COLUMNS}
        for _ in range(asked.repeat):
            with (
                tempfile.TemporaryDirectory() as profile,
                cold_server(asked.lake),
                visitor(playwright, asked.chromium, profile) as browser,
            ):
                first = opened(browser.new_page(), "")
                took["answered"].append(first.answered)
                took["drawn"].append(first.drawn)
        print(row("overview, in a browser that was never here", took))
    print(f"\nmedian (slowest) of {asked.repeat}; memory of the server: {most:.0f} MB at most")
    memory = psutil.virtual_memory().total / 2**30
    print(f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}")


def row(name: str, took: dict[str, list[float]]) -> str:
    """A line of the table."""
    told = [f"{statistics.median(each):.2f} s ({max(each):.2f})" if each else "" for each in took.values()]
    return f"| {name} | {' | '.join(told)} | {AIM:g} s |"


if __name__ == "__main__":
    main()
