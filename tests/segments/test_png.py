import os
import stat
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from report_tables import figures_of, measured, moves, selection
from segmented import Segmented

from footfall.errors import UserError
from footfall.segments.report import save_png
from footfall.segments.report.plots.style import new_figure
from footfall.segments.report.png import PlotsNotDrawn


def has_browser() -> bool:
    chromium = pytest.importorskip("choreographer.browsers.chromium", reason="needs kaleido: pip install footfall[png]")
    return bool(os.environ.get("BROWSER_PATH") or chromium.Chromium.find_browser(skip_local=False))


@pytest.fixture
def browser() -> None:
    if not has_browser():
        pytest.skip("needs Chromium or Google Chrome")


@pytest.fixture
def figures() -> dict[str, Any]:
    return {"bars": new_figure("Bars", height=120).add_bar(x=["a", "b"], y=[1, 2])}


def size_of(file: Path) -> tuple[int, int]:
    head = file.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


@pytest.mark.usefixtures("browser")
def test_every_figure_of_a_report_is_drawn(web_shop: Segmented, row_accounts: Any, tmp_path: Path) -> None:
    drawn = figures_of(
        web_shop,
        row_accounts,
        selection=selection(*measured("buyers", chosen=3, runner_up=2)),
        migration=moves((0, 0, 90), (1, 0, 10), (None, 1, 4)),
    )

    files = save_png(drawn, tmp_path / "new" / "folder")

    assert [file.name for file in files] == [f"{key}.png" for key in drawn]
    assert sorted(files) == sorted((tmp_path / "new" / "folder").iterdir())
    sizes = {file.stem: size_of(file) for file in files}
    assert sizes["sizes"][0] == 1800
    assert sizes["elbow-buyers"][0] == 1120
    # An empty picture is a few kilobytes; these have text and colour.
    assert all(file.stat().st_size > 15_000 for file in files)


@pytest.mark.usefixtures("browser")
def test_a_picture_stands_alone_with_its_title(figures: dict[str, Any], tmp_path: Path) -> None:
    without = {"bars": new_figure("", height=120).add_bar(x=["a", "b"], y=[1, 2])}

    (titled,) = save_png(figures, tmp_path / "titled")
    (untitled,) = save_png(without, tmp_path / "untitled")

    assert titled.read_bytes() != untitled.read_bytes()
    assert size_of(titled)[1] > 2 * 120


def test_without_kaleido_the_error_says_what_to_install(
    figures: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)

    with pytest.raises(PlotsNotDrawn, match=r"kaleido is not installed; .*pip install 'footfall\[png\]'") as raised:
        save_png(figures, tmp_path)

    assert isinstance(raised.value, UserError)
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_the_error_says_what_to_install(
    figures: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("kaleido")
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "nothing"))

    with pytest.raises(PlotsNotDrawn, match=r"no browser was found; .*apt-get install chromium"):
        save_png(figures, tmp_path / "out")

    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("script", "why"),
    [("exit 3", "the browser does not draw"), ("echo $$ > {pid}; exec sleep infinity", "did not draw within 2 s")],
)
def test_a_browser_that_does_not_work_is_given_up_in_time(
    script: str, why: str, figures: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("kaleido")
    broken, pid = tmp_path / "browser", tmp_path / "pid"
    broken.write_text(f"#!/bin/sh\n{script.format(pid=pid)}\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER_PATH", str(broken))

    with pytest.raises(PlotsNotDrawn, match=why):
        save_png(figures, tmp_path / "out", limit_seconds=2)

    assert list((tmp_path / "out").iterdir()) == []
    if pid.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
