"""How long people wait for each page of the dashboard, in a real browser on the same machine.

    python benchmarks/pages.py LAKE [--repeat 3] [--chromium PATH]

Cold: the server was just started and has answered nothing yet, the lake's files are out of the page cache, and the
browser has been at the dashboard before, as that of people who use it. It is timed from the click on a link to the page
until all of it stands there: the script has ended, and every chart is drawn. Again: the same page once more, in another
tab. The last row is a browser that has never been here: it also loads Streamlit and Plotly, some megabytes.
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
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from footfall.lake import open_lake
from footfall.pipeline.query import query

PORT = 8392
ADDRESS = f"http://127.0.0.1:{PORT}"
AIM = 2.0
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
_COMPLETE = """() => {
    const app = document.querySelector('[data-testid=stApp]');
    const charts = [...document.querySelectorAll('[data-testid=stPlotlyChart]')];
    return app?.getAttribute('data-test-script-state') === 'notRunning'
        && document.querySelector('h1') !== null
        && document.querySelector('[data-testid=stSkeleton]') === null
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


def out_of_cache(lake: Path) -> None:
    """Let the system forget the lake's files, so that they are read from the disk."""
    os.sync()
    for path in lake.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds(browser: BrowserContext, path: str) -> float:
    """From asking for a page until all of it stands there."""
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(f"{ADDRESS}/{path}", wait_until="commit")
    page.wait_for_function(_COMPLETE, polling=20, timeout=60_000)
    took = time.perf_counter() - began
    page.close()
    return took


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
    print("| page | cold, median | slowest | again | aim |\n| --- | ---: | ---: | ---: | ---: |")
    with sync_playwright() as playwright:
        most, all_cold = 0.0, True
        with tempfile.TemporaryDirectory() as profile, visitor(playwright, asked.chromium, profile) as browser:
            with server(asked.lake):
                seconds(browser, "")
            for name, path in paths(asked.lake).items():
                cold, again = [], []
                for _ in range(asked.repeat):
                    out_of_cache(asked.lake)
                    with server(asked.lake) as process:
                        cold.append(seconds(browser, path))
                        again.append(seconds(browser, path))
                        most = max(most, process.memory_full_info().uss / 1e6)
                all_cold = all_cold and max(cold) <= AIM
                print(row(name, cold, again), flush=True)
        first = []
        for _ in range(asked.repeat):
            with (
                tempfile.TemporaryDirectory() as profile,
                server(asked.lake),
                visitor(playwright, asked.chromium, profile) as browser,
            ):
                first.append(seconds(browser, ""))
        print(row("overview, in a browser that was never here", first, []))
    print(
        f"\nall cold pages within {AIM:g} s: {'yes' if all_cold else 'no'}; memory of the server: {most:.0f} MB at most"
    )
    memory = psutil.virtual_memory().total / 2**30
    print(f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}")


def row(name: str, cold: list[float], again: list[float]) -> str:
    """A line of the table."""
    told = f"{statistics.median(again):.2f} s" if again else ""
    return f"| {name} | {statistics.median(cold):.2f} s | {max(cold):.2f} s | {told} | {AIM:g} s |"


if __name__ == "__main__":
    main()
