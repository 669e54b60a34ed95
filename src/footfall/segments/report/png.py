"""The report's plots as PNG files, drawn by a browser."""

import asyncio
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from footfall.errors import UserError

if TYPE_CHECKING:
    import plotly.graph_objects as go

LIMIT_SECONDS = 180.0
_CLOSING_SECONDS = 10.0
# The browser draws a local file and has nothing to look for elsewhere.
_OFFLINE = (
    "--disable-background-networking",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--no-pings",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
_INSTALL = (
    "what draws is installed with: pip install 'footfall[png]', and Chromium or Google Chrome (Debian and Ubuntu: "
    "sudo apt-get install chromium); BROWSER_PATH may name the browser"
)


class PlotsNotDrawn(UserError):
    """What draws PNG files is missing or does not work."""


def save_png(figures: Mapping[str, "go.Figure"], folder: Path, *, limit_seconds: float = LIMIT_SECONDS) -> list[Path]:
    """Save plots as PNG files, each with its title and its key; all of them or none.

    Args:
        figures: from `figures`, by the name of the file.
        folder: where to put them; made if it is missing.
        limit_seconds: the time that drawing may take in all.

    Returns:
        The files, in the order of the figures.

    Raises:
        PlotsNotDrawn: kaleido or a browser is missing, or the browser does not draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".png-", dir=folder) as unfinished:
        plots = [_plot(figure, Path(unfinished) / f"{key}.png") for key, figure in figures.items()]
        # A thread of its own: the caller may be a notebook, whose thread runs an event loop already.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: asyncio.run(_draw(plots, limit_seconds))).result()
        return [plot["path"].replace(folder / plot["path"].name) for plot in plots]


def _plot(figure: "go.Figure", path: Path) -> dict[str, Any]:
    from footfall.segments.report.plots import standing_alone  # noqa: PLC0415 - plotly takes long to import

    alone = standing_alone(figure)
    return {
        "fig": alone,
        "path": path,
        "opts": {"width": alone.layout.width, "height": alone.layout.height, "scale": 2},
    }


async def _draw(plots: list[dict[str, Any]], limit_seconds: float) -> None:
    browser = _browser(limit_seconds)
    try:
        async with asyncio.timeout(limit_seconds) as limit:
            await browser.open()
            await browser.write_fig_from_object(plots, cancel_on_error=True)
    except _failures() as error:
        _kill(browser)
        why = (
            f"did not draw within {limit_seconds:.0f} s"
            if limit.expired()
            else f"does not draw ({type(error).__name__})"
        )
        raise PlotsNotDrawn(f"PNG files: the browser {why}; {_INSTALL}") from error
    finally:
        await _close(browser)


def _browser(limit_seconds: float) -> Any:
    try:
        import kaleido  # noqa: PLC0415 - an extra
        from choreographer.browsers.chromium import Chromium  # noqa: PLC0415
        from choreographer.errors import ChromeNotFoundError  # noqa: PLC0415
    except ImportError as error:
        raise PlotsNotDrawn(f"PNG files: the package {error.name} is not installed; {_INSTALL}") from None

    class Offline(Chromium):
        """A browser that asks nobody."""

        def get_cli(self) -> list[str]:
            return [*super().get_cli(), *_OFFLINE]

    try:
        return kaleido.Kaleido(timeout=limit_seconds, mathjax=False, browser_cls=Offline)
    except ChromeNotFoundError:
        raise PlotsNotDrawn(f"PNG files: no browser was found; {_INSTALL}") from None


def _failures() -> tuple[type[Exception], ...]:
    from choreographer.errors import BrowserClosedError, BrowserFailedError, ChannelClosedError  # noqa: PLC0415
    from kaleido.errors import JavascriptError, KaleidoError  # noqa: PLC0415

    # Kaleido turns some of its time-outs into errors of the browser.
    return (TimeoutError, BrowserClosedError, BrowserFailedError, ChannelClosedError, JavascriptError, KaleidoError)


def _kill(browser: Any) -> None:
    """End a browser that does not answer, with the processes that it started."""
    process = getattr(browser, "subprocess", None)
    if process is None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL) if hasattr(os, "killpg") else process.kill()
    process.wait()


async def _close(browser: Any) -> None:
    with suppress(*_failures()):
        async with asyncio.timeout(_CLOSING_SECONDS):
            await browser.close()
