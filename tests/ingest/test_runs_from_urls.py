"""A URL is downloaded once: later runs ask the server, and fetch again only what changed. A real local server."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from footfall.pipeline.run import fetch, run
from footfall.settings import Settings, load_settings

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n"
YESTERDAY = 1_570_000_000


def row(user: int, product: int) -> str:
    return (
        f"2019-10-01 10:{user:02}:00 UTC,view,{product},2053,toys.doll,acme,{product}.50,{510000000 + user},s{user}\n"
    )


class Recording(SimpleHTTPRequestHandler):
    """Serves a folder and remembers what was asked of it."""

    asked: list[str] = []  # noqa: RUF012 - one list for all requests of the test

    def do_GET(self) -> None:
        self.asked.append(f"GET {self.path}")
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str, list[str]]]:
    folder = tmp_path / "site"
    folder.mkdir()
    asked: list[str] = []
    handler = type("Handler", (Recording,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def publish(folder: Path, name: str, users: range, modified: int) -> None:
    (folder / name).write_text(HEADER + "".join(row(user, 3 + user % 7) for user in users))
    os.utime(folder / name, (modified, modified))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(lake=tmp_path / "lake", key_file=tmp_path / "key", k=2, memory="1GB")


def test_second_run_asks_and_does_not_download(site: tuple[Path, str, list[str]], settings: Settings) -> None:
    folder, url, asked = site
    publish(folder, "2019-Oct.csv", range(12), YESTERDAY)
    first = run([f"{url}/2019-Oct.csv"], settings)
    second = run([f"{url}/2019-Oct.csv"], settings)
    assert first.cleaning.cleaned["2019-Oct.csv"]["kept"] == 12
    assert second.nothing_to_do
    assert asked == ["GET /2019-Oct.csv"]


def test_changed_file_replaces_its_rows(site: tuple[Path, str, list[str]], settings: Settings) -> None:
    folder, url, asked = site
    publish(folder, "2019-Oct.csv", range(12), YESTERDAY)
    run([f"{url}/2019-Oct.csv"], settings)
    publish(folder, "2019-Oct.csv", range(20), YESTERDAY)
    result = run([f"{url}/2019-Oct.csv"], settings)
    assert result.cleaning.replaced == ["2019-Oct.csv"]
    assert result.cleaning.cleaned["2019-Oct.csv"]["kept"] == 20
    assert len(asked) == 2


def test_fetched_months_are_cleaned_by_a_run_without_sources(
    site: tuple[Path, str, list[str]], settings: Settings
) -> None:
    folder, url, _ = site
    publish(folder, "2019-Oct.csv.gz", range(12), YESTERDAY)  # plain text: the name decides nothing
    mirrored = settings.model_copy(update={"rees46_url": url})
    fetch("rees46", mirrored, months="2019-10", since=None, force=False)
    assert run([], mirrored).cleaning.cleaned["2019-Oct.csv.gz"]["kept"] == 12
    assert run([], mirrored).nothing_to_do
