"""What a version is, and what may be one."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from footfall.errors import UserError

_VERSION_FORM = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
_NAME_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# MLflow cuts what is longer, and only logs that it did.
_LONGEST_PARAM = 6000


@dataclass(frozen=True)
class Version:
    """A version of a model.

    Args:
        model: name of the model, such as "segments".
        version: such as "v1.2.0".
        created_at: when it was registered, UTC.
        aliases: names that point at it, such as "champion".
        params: what it was fitted with.
        metrics: how good it is.
        tags: what else is known of it.
    """

    model: str
    version: str
    created_at: datetime
    aliases: tuple[str, ...]
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


def number(version: str) -> tuple[int, ...] | None:
    """What versions are ordered by; None for what is not one of ours.

    >>> number("v1.10.0") > number("v1.9.0")
    True
    """
    parts = _VERSION_FORM.fullmatch(version)
    return None if parts is None else tuple(map(int, parts.groups()))


def content_of(params: Mapping[str, str], files: Mapping[str, bytes]) -> str:
    """SHA-256 of what a version is made of: its params and its files."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return hashlib.sha256(json.dumps([dict(params), hashes], sort_keys=True).encode()).hexdigest()


def check_model(model: str) -> None:
    """Refuse a model's name that cannot be a folder's."""
    if not _NAME_FORM.fullmatch(model):
        raise UserError(f'model "{model}": must be a name of letters, digits, ".", "-" and "_"')


def check_version(
    model: str, version: str, params: Mapping[str, str], metrics: Mapping[str, float], files: Mapping[str, bytes]
) -> None:
    """Refuse what MLflow would not give back as it was.

    Raises:
        UserError: a number, a name or a value cannot be kept.
    """
    check_model(model)
    if number(version) is None:
        raise UserError(f'{model}: version "{version}" must look like v1.2.0')
    for name in files:
        if not _NAME_FORM.fullmatch(name):
            raise UserError(f'{model} {version}: file "{name}" must be a plain file name')
    for name, value in params.items():
        if len(value) > _LONGEST_PARAM:
            raise UserError(f"{model} {version}: param {name} has {len(value)} characters, of at most {_LONGEST_PARAM}")
    for name, figure in metrics.items():
        if math.isinf(figure):
            raise UserError(f"{model} {version}: metric {name} is infinite and cannot be kept")
