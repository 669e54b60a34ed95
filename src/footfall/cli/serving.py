"""The commands that stay and answer: the API and the dashboard."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.given import load_settings
from footfall.cli.options import Alerts, Calendar, KeyFile, Lake, RegistryUri, Timezone
from footfall.cli.printing import err, out
from footfall.errors import SettingInvalid

API_NEEDS = ("fastapi", "uvicorn", "prometheus_client")
DASHBOARD_NEEDS = ("streamlit",)
INSTALL = 'pip install "footfall[serve]"'
Host = Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all of this machine.")]
NoKeys = Annotated[
    bool, typer.Option("--no-keys", help="Ask for no API keys: everyone on this machine may do everything.")
]


def serve(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    no_keys: NoKeys = False,
    rate: Annotated[
        float, typer.Option(min=0.01, help="Requests a second that a key may send, in the long run.")
    ] = 100,
    burst: Annotated[int, typer.Option(min=1, help="Requests that a key may send at once.")] = 200,
    body: Annotated[int, typer.Option(min=1, help="Largest body of a request, in kilobytes.")] = 1024,
    lake: Lake = None,
    key_file: KeyFile = None,
    registry: RegistryUri = None,
    timezone: Timezone = None,
) -> None:
    """Answer programs over HTTP: segments, users, scores, forecasts, incidents. It sees what runs publish at once.

    Examples: `footfall keys create newsletter --role marketing`, then `footfall serve --lake lake`; on a laptop
    `footfall serve --no-keys`. What can be asked is described at /openapi.json.
    """
    need(*API_NEEDS)
    from footfall.serve.api.running import run  # noqa: PLC0415
    from footfall.serve.api.server import Limits  # noqa: PLC0415
    from footfall.serve.listening import check_open, listen, url_of  # noqa: PLC0415

    settings = load_settings(lake=lake, key_file=key_file, registry=registry, timezone=timezone)
    check_open(host, with_keys=not no_keys)
    _tell_keys(settings.lake, with_keys=not no_keys)
    listening = listen(host, port)
    out.print(f"Footfall's API: {url_of(listening)}  (Ctrl-C ends it)", highlight=False, soft_wrap=True)
    run(settings, listening, with_keys=not no_keys, limits=Limits(rate, burst, body * 1024))


def dashboard(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where browsers find it.")] = 8501,
    no_keys: NoKeys = False,
    lake: Lake = None,
    key_file: KeyFile = None,
    registry: RegistryUri = None,
    timezone: Timezone = None,
    calendar: Calendar = None,
    alerts: Alerts = None,
) -> None:
    """Show people what the lake has: segments, users, forecasts, incidents, data quality; in English and French.

    Example: `footfall dashboard --no-keys`, then open http://127.0.0.1:8501
    """
    need(*DASHBOARD_NEEDS)
    from footfall.serve.dashboard.server import open_dashboard, run  # noqa: PLC0415
    from footfall.serve.listening import check_open, listen, url_of  # noqa: PLC0415

    settings = load_settings(
        lake=lake, key_file=key_file, registry=registry, timezone=timezone, calendar=calendar, alerts=alerts
    )
    check_open(host, with_keys=not no_keys)
    _tell_keys(settings.lake, with_keys=not no_keys)
    with listen(host, port) as free:  # Streamlit opens the port itself, and says less where it is taken
        url = url_of(free)
    with err.status("Opening the dashboard"):
        opened = open_dashboard(settings, keys=not no_keys)
    out.print(f"Footfall's dashboard: {url}  (Ctrl-C ends it)", highlight=False, soft_wrap=True)
    run(opened, host, port)


def need(*modules: str) -> None:
    """See that what serves is installed.

    Raises:
        SettingInvalid: something is not.
    """
    lacking = missing(*modules)
    if lacking:
        raise SettingInvalid(f"{', '.join(lacking)}: not installed; {INSTALL}")


def missing(*modules: str) -> list[str]:
    """Those that are not installed."""
    return [name for name in modules if find_spec(name) is None]


def _tell_keys(root: Path, *, with_keys: bool) -> None:
    """Say so where nobody could enter."""
    from footfall.lake import open_lake  # noqa: PLC0415
    from footfall.serve.access import KeyStore, access_folder  # noqa: PLC0415

    lake = open_lake(root)
    keys = KeyStore(access_folder(lake)).keys()
    if with_keys and not any(key.in_force for key in keys):
        err.print(
            f"no key opens it yet: footfall keys create NAME --role ROLE --lake {root}", highlight=False, soft_wrap=True
        )
