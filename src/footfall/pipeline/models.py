"""Versions of the segment model: files in the lake, told to the registry."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from footfall.contracts import SEGMENT_PROFILES
from footfall.errors import RegistryUnreachable, SourceUnreadable, UserError
from footfall.lake import Lake
from footfall.registry import Registry, open_registry
from footfall.segments import SegmentModel, from_json
from footfall.segments.model import FIT_ANEW
from footfall.segments.witness import verify
from footfall.settings import Settings

MODEL = "segments"
CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
REPORT_FILE = "report.html"
_MODEL_FILE, _WITNESSES, _FACTS, _PUBLISHED = "model.json", "witnesses.arrow", "facts.json", "published"
_GIVEN = "given.json"


def registry_of(lake: Lake, settings: Settings) -> Registry:
    """The registry that the settings name, by default one in the lake. Nothing is opened yet."""
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
        facts: its params and metrics, and what it `follows_from`.
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


def unserved(lake: Lake, follows_from: list[Any]) -> SegmentModel | None:
    """The version that a run which died before it served has fitted from the same; None where there is none."""
    for version in _unpublished(lake):
        if json.loads((folder_of(lake, version) / _FACTS).read_bytes()).get("follows_from") == follows_from:
            return load(lake, version, registry=None)
    return None


def load(lake: Lake, version: str, registry: Registry | None) -> SegmentModel:
    """Read a version, from the lake or else from the registry, and see that it still says what it said when fitted.

    Raises:
        UserError: there is no such version.
        SourceUnreadable: it cannot be read, or puts its witnesses elsewhere.
    """

    def content(name: str) -> bytes:
        file = folder_of(lake, version) / name
        if registry is None or file.exists():
            return file.read_bytes()
        try:
            return registry.file(MODEL, version, name)
        except RegistryUnreachable:
            raise
        except UserError as error:
            raise UserError(f"{file}: is missing, and the registry has no copy ({error}); {FIT_ANEW}") from error

    model = from_json(content(_MODEL_FILE))
    verify(model, content(_WITNESSES))
    return model


def restore(lake: Lake, registry: Registry, version: str) -> SegmentModel:
    """Read a version as `load` does, and see that all of its files are in the lake."""
    model = load(lake, version, registry)
    if not _is_complete(lake, version):
        facts = json.loads(registry.file(MODEL, version, _FACTS))
        save(lake, model, facts, registry.file(MODEL, version, _WITNESSES))
    return model


def stands(lake: Lake, version: str) -> bool:
    """Whether a version's files are in the lake, and say what they said when it was fitted. Reads only."""
    try:
        return _is_complete(lake, version) and bool(load(lake, version, registry=None))
    except SourceUnreadable:
        return False


def _is_complete(lake: Lake, version: str) -> bool:
    return all((folder_of(lake, version) / name).exists() for name in (_MODEL_FILE, _WITNESSES, _FACTS))


def is_published(lake: Lake, settings: Settings, version: str) -> bool:
    """Whether the registry that the settings name knows all there is to know of a version."""
    marker = folder_of(lake, version) / _PUBLISHED
    return (
        marker.exists()
        and marker.read_text("utf-8") == _name_of_registry(settings)
        and not registry_of(lake, settings).is_empty
    )


def unpublish(lake: Lake, version: str | None) -> None:
    """Note that the registry is to be told anew of the version."""
    if version is not None:
        (folder_of(lake, version) / _PUBLISHED).unlink(missing_ok=True)


def publish(lake: Lake, settings: Settings, version: str, alias: str) -> None:
    """Register a version under an alias, and any that runs before this one could not register. Again changes nothing.

    The champion before becomes `previous`, and a champion challenges no more.
    """
    registry = registry_of(lake, settings)
    known = {one.version for one in registry.versions(MODEL)}
    for ours in sorted({version, *_unpublished(lake)}, key=number_of):
        _register(lake, registry, ours, is_known=ours in known)
    before, challenger = registry.alias(MODEL, CHAMPION), registry.alias(MODEL, CHALLENGER)
    if alias == CHAMPION and before is not None and before.version != version:
        registry.set_alias(MODEL, PREVIOUS, before.version)
    registry.set_alias(MODEL, alias, version)
    if alias == CHAMPION and challenger is not None and challenger.version == version:
        registry.drop_alias(MODEL, CHALLENGER)
    for ours in {version, *_unpublished(lake)}:
        (folder_of(lake, ours) / _PUBLISHED).write_text(_name_of_registry(settings), encoding="utf-8")


def _unpublished(lake: Lake) -> list[str]:
    folders = (lake.root / "models" / MODEL).glob("v*")
    return [folder.name for folder in folders if _is_complete(lake, folder.name) and not (folder / _PUBLISHED).exists()]


def _register(lake: Lake, registry: Registry, version: str, *, is_known: bool) -> None:
    folder = folder_of(lake, version)
    facts = json.loads((folder / _FACTS).read_bytes())
    _give(lake, version, int(facts["params"].get("next_id", 0)))
    if not is_known:
        registry.register(
            MODEL,
            version,
            params=facts["params"],
            metrics=facts["metrics"],
            tags={"fitted_as_of": facts["params"]["fitted_as_of"]},
            files={file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.name != _PUBLISHED},
        )


def given(lake: Lake, settings: Settings) -> tuple[str | None, int]:
    """The highest version that was ever given in this lake, and the first id that no segment ever had."""
    file = lake.root / "models" / MODEL / _GIVEN
    if file.exists():
        known = json.loads(file.read_bytes())
        return str(known["version"]), int(known["next_id"])
    registered = registry_of(lake, settings).versions(MODEL)
    profiled = lake.load(SEGMENT_PROFILES)
    versions = [*(one.version for one in registered), *profiled["model_version"].unique().to_pylist()]
    ids = [
        *(int(one.params.get("next_id", 0)) for one in registered),
        *(one + 1 for one in profiled["segment_id"].unique().to_pylist()),
    ]
    return max(versions, key=number_of, default=None), max(ids, default=0)


def number_of(version: str) -> tuple[int, int, int]:
    """What versions are ordered by.

    >>> number_of("v1.10.0") > number_of("v1.9.3")
    True
    """
    major, minor, patch = map(int, version.removeprefix("v").split("."))
    return major, minor, patch


def _give(lake: Lake, version: str, next_id: int) -> None:
    """Remember what was given, also when the version is retired one day."""
    file = lake.root / "models" / MODEL / _GIVEN
    known: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {"version": version, "next_id": 0}
    highest = max(str(known["version"]), version, key=number_of)
    unfinished = file.with_name(f".{_GIVEN}")
    unfinished.write_text(
        json.dumps({"version": highest, "next_id": max(int(known["next_id"]), next_id)}), encoding="utf-8"
    )
    unfinished.replace(file)


def _name_of_registry(settings: Settings) -> str:
    """Tells registries apart without telling their passwords."""
    secret = settings.registry
    return hashlib.sha256(secret.get_secret_value().encode()).hexdigest()[:16] if secret else "in the lake"


def no_segments(lake: Lake) -> UserError:
    """The error for a lake that has events at most."""
    return UserError(f"lake {lake.root} has no segments yet; `footfall segments --lake {lake.root}` makes them")
