"""Versions of the segment model: files in the lake, published to the registry."""

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from footfall.errors import UserError
from footfall.lake import Lake
from footfall.registry import Registry, open_registry
from footfall.segments import SegmentModel, from_json
from footfall.segments.witness import verify
from footfall.settings import Settings

MODEL = "segments"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
_MODEL_FILE, _WITNESSES, _FACTS, _PUBLISHED = "model.json", "witnesses.arrow", "facts.json", "published"


def registry_of(lake: Lake, settings: Settings) -> Registry:
    """The registry that the settings name, by default one in the lake."""
    secret = settings.registry
    return open_registry(secret.get_secret_value() if secret else None, lake.root / "models" / "registry")


def folder_of(lake: Lake, version: str) -> Path:
    """Where the files of a version are."""
    return lake.root / "models" / MODEL / version


def save(lake: Lake, model: SegmentModel, facts: Mapping[str, Any], kept: bytes) -> None:
    """Keep a version in the lake: all of its files, or none.

    Args:
        lake: the caller holds its lock.
        model: the model.
        facts: its params and metrics.
        kept: its witnesses.
    """
    target = folder_of(lake, model.version)
    unfinished = target.with_name(f".{model.version}.{uuid.uuid4().hex[:8]}")
    for left in target.parent.glob(".v*"):
        shutil.rmtree(left)
    unfinished.mkdir(parents=True)
    (unfinished / _MODEL_FILE).write_text(model.to_json(), encoding="utf-8")
    (unfinished / _FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    (unfinished / _WITNESSES).write_bytes(kept)
    if target.exists():
        shutil.rmtree(target)
    unfinished.replace(target)


def load(lake: Lake, version: str, registry: Registry | None = None) -> SegmentModel:
    """Read a version, from the lake or else from the registry, and see that it still says what it said when fitted.

    Raises:
        UserError: there is no such version.
        SourceUnreadable: it cannot be read, or puts its witnesses elsewhere.
    """
    folder = folder_of(lake, version)

    def content(name: str) -> bytes:
        if (folder / name).exists() or registry is None:
            return (folder / name).read_bytes()
        return registry.file(MODEL, version, name)

    try:
        model = from_json(content(_MODEL_FILE))
        kept = content(_WITNESSES)
    except FileNotFoundError as error:
        raise UserError(f"segment model {version}: {error.filename} is missing; fit the segments again") from error
    verify(model, kept)
    return model


def restore(lake: Lake, registry: Registry, version: str) -> None:
    """Bring the files of a version from the registry into the lake, unless they are there."""
    if folder_of(lake, version).exists():
        return
    facts = json.loads(registry.file(MODEL, version, _FACTS))
    model = from_json(registry.file(MODEL, version, _MODEL_FILE))
    save(lake, model, facts, registry.file(MODEL, version, _WITNESSES))


def is_published(lake: Lake, version: str) -> bool:
    """Whether the registry has been told that the version serves."""
    return (folder_of(lake, version) / _PUBLISHED).exists()


def unpublish(lake: Lake, version: str) -> None:
    """Note that the registry is to be told anew of the version."""
    (folder_of(lake, version) / _PUBLISHED).unlink(missing_ok=True)


def publish(lake: Lake, registry: Registry, version: str, alias: str) -> None:
    """Register a version under an alias. Doing so again changes nothing.

    The champion before becomes `previous`.
    """
    folder = folder_of(lake, version)
    facts = json.loads((folder / _FACTS).read_bytes())
    before = registry.alias(MODEL, CHAMPION)
    if not any(version == known.version and known.aliases for known in registry.versions(MODEL)):
        registry.register(
            MODEL,
            version,
            params=facts["params"],
            metrics=facts["metrics"],
            tags={"fitted_as_of": facts["params"]["fitted_as_of"]},
            files={file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.name != _PUBLISHED},
        )
    if alias == CHAMPION and before is not None and before.version != version:
        registry.set_alias(MODEL, PREVIOUS, before.version)
    registry.set_alias(MODEL, alias, version)
    (folder / _PUBLISHED).touch()
