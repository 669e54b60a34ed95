"""The key behind the pseudonyms: from a variable, a file, or made on first use. Never in the lake."""

import os
import secrets
from pathlib import Path

from footfall.errors import SettingInvalid
from footfall.lake import Lake
from footfall.settings import Settings
from footfall.sources.pseudonyms import Pseudonymiser

_SHORTEST = 16


def default_key_file() -> Path:
    """Where the key lies when nobody says otherwise."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "footfall" / "key"


def pseudonymiser(settings: Settings, lake: Lake) -> Pseudonymiser:
    """The pseudonymiser of this lake.

    Raises:
        SettingInvalid: there is no usable key, or it is not the key that the lake's pseudonyms were made with.
    """
    key, where = _key(settings, lake)
    ours = Pseudonymiser(key)
    if lake.key_id not in (None, ours.key_id):
        raise SettingInvalid(
            f"lake {lake.root} holds pseudonyms of key {lake.key_id}, and the key from {where} is {ours.key_id}; "
            "name the right one with FOOTFALL_KEY_FILE, or use another lake"
        )
    return ours


def _key(settings: Settings, lake: Lake) -> tuple[bytes, str]:
    if settings.key is not None:
        return _long_enough(settings.key.get_secret_value().encode(), "FOOTFALL_KEY"), "FOOTFALL_KEY"
    file = settings.key_file or default_key_file()
    if lake.root.resolve() in file.resolve().parents:
        raise SettingInvalid(f"key file {file} lies in the lake; keep it where the lake's readers cannot read it")
    try:
        if not file.exists():
            if lake.key_id is not None:
                raise SettingInvalid(
                    f"lake {lake.root} was made with key {lake.key_id}, and {file} is missing; restore it or name "
                    "another with FOOTFALL_KEY_FILE"
                )
            _make(file)
        return _long_enough(file.read_bytes().strip(), str(file)), str(file)
    except OSError as error:
        raise SettingInvalid(f"key file {file}: {error.strerror}; name another with FOOTFALL_KEY_FILE") from error


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(secrets.token_hex(32) + "\n")


def _long_enough(key: bytes, where: str) -> bytes:
    if len(key) < _SHORTEST:
        raise SettingInvalid(f"the key from {where} has {len(key)} bytes and needs at least {_SHORTEST}")
    return key
