"""The demo: a simulated shop, everything done on it, and where to look."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli.given import load_settings
from footfall.cli.printing import err, out, progress_bars, tell_run
from footfall.cli.serving import API_NEEDS, DASHBOARD_NEEDS, INSTALL, missing, need

if TYPE_CHECKING:
    from footfall.settings import Settings

_API_PORT, _DASHBOARD_PORT = 8000, 8501
_SECONDS_TO_END = 15


def demo(
    users: Annotated[int, typer.Option(help="Users of the simulated shop.")] = 20_000,
    folder: Annotated[Path, typer.Option(help="Where the demo puts its files and its lake.")] = Path("demo"),
    open_: Annotated[
        bool, typer.Option("--open", help="Then start the dashboard and the API, for this machine only, without keys.")
    ] = False,
) -> None:
    """Simulate a shop, do everything with it, and say where to look.

    Example: `footfall demo --open`, then http://127.0.0.1:8501 in a browser
    """
    from footfall.pipeline.backtesting import Asked  # noqa: PLC0415
    from footfall.pipeline.detection import detect  # noqa: PLC0415
    from footfall.pipeline.forecasting import forecast  # noqa: PLC0415
    from footfall.pipeline.run import run as run_all  # noqa: PLC0415
    from footfall.simulate import simulate as simulate_shop  # noqa: PLC0415

    if open_:
        need(*API_NEEDS, *DASHBOARD_NEEDS)
    shop_folder = folder / "shop"
    settings = load_settings(lake=folder / "lake", key_file=folder / "key")
    with progress_bars() as progress:
        with progress.bytes(f"simulating {users:,} users") as advance:
            simulate_shop(shop_folder, users=users, months=2, seed=1, progress=advance)
        result = run_all([str(shop_folder)], settings, None, progress)
        ahead = forecast(settings, Asked(), report=progress.step)
        found = detect(settings, report=progress.step)
    tell_run(result, settings, as_json=False)
    for page in (ahead.report, found.page):
        if page is not None:
            out.print(f"Report:  {page}", highlight=False, soft_wrap=True)
    where = f"--lake {settings.lake} --key-file {settings.key_file} --no-keys"
    if open_:
        _serve(settings)
    else:
        if missing(*API_NEEDS, *DASHBOARD_NEEDS):
            out.print(f"First:   {INSTALL}", highlight=False, soft_wrap=True, markup=False)
        out.print(f"Look:    footfall dashboard {where}", highlight=False, soft_wrap=True)
        out.print(f"Call:    footfall serve {where}", highlight=False, soft_wrap=True)


def _serve(settings: "Settings") -> None:
    """The API in a process of its own and the dashboard in this one, until it is told to end."""
    from footfall.serve.dashboard.server import open_dashboard, run  # noqa: PLC0415

    given = ["--no-keys", "--lake", str(settings.lake), "--key-file", str(settings.key_file)]
    command = [sys.executable, "-m", "footfall.cli", "serve", "--port", str(_API_PORT), *given]
    with subprocess.Popen(command) as api:  # noqa: S603 - ourselves
        try:
            with err.status("Opening the dashboard"):
                opened = open_dashboard(settings, keys=False)
            out.print(f"Look:    http://127.0.0.1:{_DASHBOARD_PORT}  (Ctrl-C ends both)", highlight=False)
            run(opened, "127.0.0.1", _DASHBOARD_PORT)
        finally:
            api.terminate()
            api.wait(_SECONDS_TO_END)
