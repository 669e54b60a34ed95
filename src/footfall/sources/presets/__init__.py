"""Sources that Footfall knows by name. Each is a mapping file like a user's own, shipped with the package."""

from functools import cache
from importlib.resources import files

from footfall.errors import SettingInvalid
from footfall.sources.mapping import Source, parse_mapping

PRESETS = ("rees46", "online_retail")


@cache
def preset(name: str) -> Source:
    """The preset of that name.

    Raises:
        SettingInvalid: there is none of that name.
    """
    if name not in PRESETS:
        raise SettingInvalid(f'source "{name}" is unknown; use auto, {", ".join(PRESETS)}, or --mapping FILE')
    return parse_mapping(preset_text(name), where=f"preset {name}")


def preset_text(name: str) -> str:
    """The preset's mapping file, to read or to start one's own from."""
    return files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")


def recognise(header: list[str]) -> Source | None:
    """The preset all of whose columns stand in the header, or None."""
    return next((preset(name) for name in PRESETS if set(preset(name).columns.values()) <= set(header)), None)
