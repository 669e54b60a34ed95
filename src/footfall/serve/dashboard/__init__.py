"""The dashboard: pages in English and French over the published tables. Needs the extra `serve`."""

from importlib.util import find_spec

from footfall.errors import SettingInvalid

if find_spec("streamlit") is None:
    raise SettingInvalid('the dashboard needs an extra that is not installed: pip install "footfall[serve]"')
