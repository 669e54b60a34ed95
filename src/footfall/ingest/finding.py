"""What the user named -> the files, URLs and objects that it stands for."""

import glob
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from footfall.errors import SourceUnreadable
from footfall.ingest.object_store import is_object, list_objects

_ENDINGS = (
    ".csv",
    ".tsv",
    ".txt",
    ".csv.gz",
    ".tsv.gz",
    ".txt.gz",
    ".csv.xz",
    ".tsv.xz",
    ".txt.xz",
    ".zip",
    ".parquet",
)


_UNFINISHED = (".tmp", ".part", ".unfinished")


@dataclass(frozen=True)
class State:
    """Which content a file has, as far as can be told without reading it. `modified` is naive UTC."""

    bytes: int
    modified: datetime
    etag: str | None = None


@dataclass(frozen=True)
class Input:
    """A file, URL or object to ingest; `name` identifies it: later content under the same name is a new version of it.

    `state` says which content was found; None for a URL, whose server is asked when it is landed.
    """

    name: str
    location: str
    state: State | None = field(default=None, compare=False)

    @property
    def is_remote(self) -> bool:
        """Whether it has to be downloaded."""
        return self.is_url or self.is_object

    @property
    def is_url(self) -> bool:
        """Whether it lies on a web server."""
        return is_url(self.location)

    @property
    def is_object(self) -> bool:
        """Whether it lies in an object store."""
        return is_object(self.location)


def local_input(name: str, path: Path) -> Input:
    """A file, with its state."""
    status = path.stat()
    modified = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
    return Input(name, str(path.resolve()), State(status.st_size, modified))


def is_url(text: str) -> bool:
    """Whether the text is an HTTP address."""
    return text.startswith(("http://", "https://"))


def find_inputs(sources: list[str]) -> list[Input]:
    """Files, folders, globs, URLs and prefixes of object stores, each taken apart.

    A file in a folder is named relative to the folder, an object relative to the prefix, any other by its own name.

    Raises:
        SourceUnreadable: nothing is there, or two inputs have the same name.
        DownloadFailed: an object store does not answer.
    """
    return differently_named([one for source in sources for one in _expand(source)])


def look_into(source: str) -> list[Input]:
    """What a folder, a glob or a prefix of an object store holds now, as `find_inputs` names it; it may be nothing.

    Raises:
        SourceUnreadable: the folder is not there, or the source is a URL, which cannot be looked into.
        DownloadFailed: the object store does not answer.
    """
    if is_url(source):
        raise SourceUnreadable(
            f"{source}: a web address cannot be watched; name a folder, a glob or s3://bucket/prefix"
        )
    if is_object(source):
        return _in_store(source)
    if Path(source).is_dir():
        return _in_folder(Path(source))
    if Path(source).is_file() or any(sign in source for sign in "*?["):
        return [local_input(path.name, path) for path in _fitting(source) if not _is_unfinished(Path(path.name))]
    raise SourceUnreadable(f"{source}: no such folder; make it first, or name a glob or s3://bucket/prefix")


def differently_named(found: list[Input]) -> list[Input]:
    """Each input once.

    Raises:
        SourceUnreadable: two have the same name.
    """
    unique = {(one.name, one.location): one for one in found}.values()
    by_name: dict[str, Input] = {}
    for one in unique:
        other = by_name.setdefault(one.name, one)
        if other is not one:
            raise SourceUnreadable(
                f'{other.location} and {one.location} are both named "{one.name}", and one would replace the other; '
                "name the folder that holds both"
            )
    return list(by_name.values())


def _expand(source: str) -> list[Input]:
    if is_url(source):
        return [Input(unquote(Path(urlsplit(source).path).name) or "index", source)]
    path = Path(source)
    if is_object(source) or path.is_dir():
        found = _in_store(source) if is_object(source) else _in_folder(path)
        if not found:
            raise SourceUnreadable(f"{source}: holds no file that ends in {', '.join(_ENDINGS)}")
        return found
    if path.exists():
        return [local_input(path.name, path)]
    matches = _fitting(source)
    if not matches:
        raise SourceUnreadable(
            f"{source}: no such file, folder or glob; files, folders, globs, URLs and s3://bucket/prefix can be named"
        )
    return [local_input(match.name, match) for match in matches]


def _fitting(pattern: str) -> list[Path]:
    return sorted(Path(match) for match in glob.glob(pattern, recursive=True) if Path(match).is_file())


def _in_folder(folder: Path) -> list[Input]:
    files = sorted((file.relative_to(folder), file) for file in folder.rglob("*") if file.is_file())
    # A simulated shop keeps its truth beside its files.
    return [local_input(str(name), file) for name, file in files if _is_log(name) and name.parts[0] != "truth"]


def _in_store(url: str) -> list[Input]:
    return [
        Input(one.name, one.url, State(one.bytes, one.modified, one.etag))
        for one in list_objects(url)
        if _is_log(Path(one.name))
    ]


def _is_log(name: Path) -> bool:
    return name.name.lower().endswith(_ENDINGS) and not _is_unfinished(name)


def _is_unfinished(name: Path) -> bool:
    """Hidden, or named as programs name what they are still writing."""
    return any(part.startswith((".", "_")) for part in name.parts) or name.name.lower().endswith(_UNFINISHED)
