"""What a watch remembers, in one file that is replaced at once."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from footfall.anomaly.incidents import Incident
from footfall.anomaly.watch import Watch

_PARTS = ("detector", "alarms")
_OWN = ("expectation", "occasions", "dispersion", "of_windows", "of_pairs", "of_sides", "threshold")


def save(file: Path, watch: Watch, mark: str) -> None:
    """Write what a watch remembers. A run that dies leaves the file as it was.

    Args:
        file: which.
        watch: whose memory.
        mark: what `load` has to ask for.
    """
    arrays: dict[str, Any] = {
        name: np.asarray(getattr(owner, attribute)) for name, owner, attribute in _attributes(watch)
    }
    recent = [asdict(one) | {"active": sorted(one.active), "series": sorted(one.series)} for one in watch.recent]
    texts = {"mark": mark, "ids": list(watch.kin.ids), "incidents": recent}
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".unfinished")
    with unfinished.open("wb") as written:
        np.savez(written, allow_pickle=False, texts=np.frombuffer(json.dumps(texts).encode(), np.uint8), **arrays)
        written.flush()
        os.fsync(written.fileno())
    unfinished.replace(file)


def load(file: Path, watch: Watch, mark: str) -> bool:
    """Let a new watch remember what one of the same series did.

    Returns:
        False where there is nothing to remember: no file, another mark, other series.
    """
    if not file.exists():
        return False
    with np.load(file, allow_pickle=False) as arrays:
        texts = json.loads(arrays["texts"].tobytes())
        if texts["mark"] != mark or tuple(texts["ids"]) != watch.kin.ids:
            return False
        for name, owner, attribute in _attributes(watch):
            found = arrays[name]
            setattr(owner, attribute, found if found.ndim else found.item())
    watch.recent = [
        Incident(**(one | {"active": set(one["active"]), "series": set(one["series"])})) for one in texts["incidents"]
    ]
    return True


def _attributes(watch: Watch) -> Iterator[tuple[str, Any, str]]:
    """Every number and array of the watch's parts: a name for it, whose it is, and what it is called there."""
    for name in _PARTS:
        yield from _of(name, getattr(watch, name))


def _of(name: str, owner: object) -> Iterator[tuple[str, Any, str]]:
    for attribute, value in vars(owner).items():
        if attribute in _OWN:
            yield from _of(f"{name}.{attribute}", value)
        elif isinstance(value, np.ndarray | int | float) and not isinstance(value, bool):
            yield f"{name}.{attribute}", owner, attribute
