"""Inputs -> the raw zone: an untouched copy of every file, with its checksum, recorded in `raw_files`."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from footfall.contracts import RAW_FILES
from footfall.errors import SourceUnreadable
from footfall.ingest.download import download
from footfall.ingest.finding import Input
from footfall.ingest.object_store import fetch_object, is_object
from footfall.ingest.remote import is_unchanged
from footfall.lake import Lake, transaction
from footfall.lake.writing import storage_failed

Progress = Callable[[int, int | None], None]

_CHUNK = 1 << 22


@dataclass(frozen=True)
class Landed:
    """A file in the raw zone: whether this run brought it, and which other name brought the same bytes before."""

    name: str
    path: Path
    sha256: str
    ingested_at: datetime
    source: str
    is_new: bool
    twin: str | None = None


def known_files(lake: Lake) -> dict[str, dict[str, object]]:
    """The latest version of every file in `raw_files`, by name."""
    rows = lake.load(RAW_FILES).to_pylist()
    return {str(row["path"]): row for row in sorted(rows, key=lambda row: row["ingested_at"])}


def checksum(path: Path, progress: Progress = lambda _done, _total: None) -> str:
    """SHA-256 of a file."""
    digest, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress(done, total)
    return digest.hexdigest()


def already_landed(lake: Lake, one: Input, sha256: str) -> Landed | None:
    """The landed file with these bytes, under this name or another."""
    known = known_files(lake)
    named = known.get(one.name)
    if named is not None and named["sha256"] == sha256:
        return landed_file(lake, named)
    twin = next((row for row in known.values() if row["sha256"] == sha256), None)
    return None if twin is None or named is not None else landed_file(lake, twin, twin=str(twin["path"]))


def still_landed(lake: Lake, one: Input) -> Landed | None:
    """The landed file of a URL or an object, if its server says that it has not changed since."""
    row = known_files(lake).get(one.name)
    if row is None:
        return None
    landed = landed_file(lake, row)
    if one.is_url:
        unchanged = is_unchanged(one.location, landed.path.stat().st_size, landed.ingested_at)
        return landed if unchanged else None
    return landed if landed_as_found(lake, {one.name: row}, one) else None


def landed_as_found(lake: Lake, known: Mapping[str, Mapping[str, object]], one: Input) -> bool:
    """Whether the last version of a file that was landed is the one that was found, told without reading it.

    A local copy has the size and the time of its origin; an object has the size, and was not written since.

    Args:
        lake: where it was landed.
        known: `known_files`.
        one: what was found.
    """
    row = known.get(one.name)
    if row is None or one.state is None:
        return False
    copy, moment = (lake.root / str(row["landed_as"])).stat(), row["ingested_at"]
    if one.is_object:
        return copy.st_size == one.state.bytes and isinstance(moment, datetime) and one.state.modified < moment
    modified = datetime.fromtimestamp(copy.st_mtime, UTC).replace(tzinfo=None)
    return (copy.st_size, modified) == (one.state.bytes, one.state.modified)


def land(
    lake: Lake, one: Input, source: str, progress: Progress = lambda _done, _total: None, *, again: bool = False
) -> Landed:
    """Copy or download a file into the raw zone and record it; a file that stands there already is left alone.

    Args:
        lake: the lake; the caller holds its lock.
        one: what to land.
        source: name of the preset or mapping that will read it.
        progress: called with bytes done and in all (None if unknown).
        again: download a URL or an object even if the server says that it has not changed.

    Raises:
        SourceUnreadable: the file cannot be read.
        DownloadFailed: the URL did not give the whole file; what came is kept, and the next try goes on from there.
        StorageFailed: the disk is full or cannot be written.
    """
    if one.is_remote and not again and (landed := still_landed(lake, one)) is not None:
        return landed
    arrived = lake.root / "raw" / "arriving" / hashlib.sha256(one.location.encode()).hexdigest()[:16]
    if one.is_remote:
        _fetch(lake, one.location, arrived, progress)
        sha256 = checksum(arrived)
    else:
        sha256 = _copy(Path(one.location), arrived, lake, progress)
    before = already_landed(lake, one, sha256)
    if before is not None:
        arrived.unlink()
        return before
    relative = Path("raw") / "files" / sha256[:16] / Path(one.name).name
    target = lake.root / relative
    target.parent.mkdir(parents=True, exist_ok=True)
    arrived.replace(target)
    row = {
        "path": one.name,
        "sha256": sha256,
        "bytes": target.stat().st_size,
        "rows": None,
        "source": source,
        "ingested_at": datetime.now(UTC).replace(tzinfo=None),
        "landed_as": str(relative),
    }
    others = [old for old in lake.load(RAW_FILES).to_pylist() if (old["path"], old["sha256"]) != (one.name, sha256)]
    with transaction(lake) as tx:
        tx.write(RAW_FILES, pa.Table.from_pylist([*others, row], RAW_FILES.schema))
    return landed_file(lake, row, is_new=True)


def record_rows(lake: Lake, name: str, sha256: str, rows: int) -> None:
    """Note how many rows a version of a file turned out to have."""
    known = lake.load(RAW_FILES).to_pylist()
    counted = [row | {"rows": rows} if (row["path"], row["sha256"]) == (name, sha256) else row for row in known]
    if counted != known:
        with transaction(lake) as tx:
            tx.write(RAW_FILES, pa.Table.from_pylist(counted, RAW_FILES.schema))


def _fetch(lake: Lake, location: str, target: Path, progress: Progress) -> None:
    if not is_object(location):
        download(location, target, progress=progress)
        return
    try:
        fetch_object(location, target, progress)
    except OSError as error:
        raise storage_failed(lake.root, error) from error


def _copy(origin: Path, target: Path, lake: Lake, progress: Progress) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, done = hashlib.sha256(), 0
    try:
        source = origin.open("rb")
    except OSError as error:
        raise SourceUnreadable(f"{origin}: cannot be read ({error.strerror})") from error
    try:
        with source, target.open("wb") as copy, ThreadPoolExecutor(1) as pool:
            total = origin.stat().st_size
            while chunk := source.read(_CHUNK):
                written = pool.submit(copy.write, chunk)
                digest.update(chunk)
                written.result()
                done += len(chunk)
                progress(done, total)
        shutil.copystat(origin, target)
        target.chmod(0o444)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise storage_failed(lake.root, error) from error
    return digest.hexdigest()


def landed_file(lake: Lake, row: dict[str, object], *, is_new: bool = False, twin: str | None = None) -> Landed:
    """The landed file that a row of `raw_files` is about."""
    moment = row["ingested_at"]
    if not isinstance(moment, datetime):
        raise TypeError("ingested_at is a time")
    path = lake.root / str(row["landed_as"])
    return Landed(str(row["path"]), path, str(row["sha256"]), moment, str(row["source"]), is_new, twin)
