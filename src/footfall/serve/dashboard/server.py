"""Starts the dashboard: Streamlit, in this process, without telemetry and without a watch on files."""

import threading
from pathlib import Path

from footfall.pages import colours
from footfall.serve.dashboard.served import Served, open_served, preload
from footfall.settings import Settings

_SCRIPT = Path(__file__).parent / "script" / "app.py"
_WASH = "#f7f8fa"
_OPTIONS = {
    "browser_gatherUsageStats": False,
    "client_showErrorDetails": "none",
    "client_showErrorLinks": False,
    "client_toolbarMode": "minimal",
    "logger_hideWelcomeMessage": True,
    "logger_level": "error",
    "runner_magicEnabled": False,
    "server_fileWatcherType": "none",
    "server_headless": True,
    "server_maxUploadSize": 1,
    "server_showEmailPrompt": False,
    "theme_base": "light",
    "theme_backgroundColor": _WASH,
    "theme_baseFontSize": 15,
    "theme_baseRadius": "6px",
    "theme_borderColor": colours.RULE,
    "theme_codeBackgroundColor": _WASH,
    "theme_codeTextColor": colours.INK,
    "theme_linkColor": colours.ACCENT,
    "theme_primaryColor": colours.ACCENT,
    "theme_secondaryBackgroundColor": "#eef1f4",
    "theme_showWidgetBorder": True,
    "theme_textColor": colours.INK,
}


def open_dashboard(settings: Settings, *, keys: bool) -> Served:
    """Open the lake and load all that pages need, for which nobody shall wait later; some seconds.

    Args:
        settings: which lake; its time zone, calendar and policy.
        keys: whether visitors need an API key; without, whoever reaches the address may do everything.

    Raises:
        LakeInvalid: there is no lake.
    """
    from streamlit.web import bootstrap  # noqa: PLC0415 - loading it takes a second

    bootstrap.load_config_options(_OPTIONS)
    served = open_served(settings, keys=keys)
    preload(served.published)
    return served


def run(served: Served, host: str, port: int) -> None:
    """Serve the dashboard until the process is told to end.

    Args:
        served: what `open_dashboard` opened.
        host: the address to listen on.
        port: the port.
    """
    from streamlit.web import bootstrap  # noqa: PLC0415

    options = _OPTIONS | {"server_address": host, "server_port": port}
    bootstrap.load_config_options(options)
    # A registry elsewhere may let us wait; the page of models is seldom the first.
    threading.Thread(target=served.warm, name="warm", daemon=True).start()
    try:
        bootstrap.run(str(_SCRIPT), False, [], options)
    finally:
        served.published.close()
