"""What the user named -> the files and URLs that it stands for."""

import glob
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from footfall.errors import SourceUnreadable

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


@dataclass(frozen=True)
class Input:
    """A file or URL to ingest; `name` identifies it: later content under the same name is a new version of it."""

    name: str
    location: str

    @property
    def is_url(self) -> bool:
        """Whether it has to be downloaded."""
        return is_url(self.location)


def is_url(text: str) -> bool:
    """Whether the text is an HTTP address."""
    return text.startswith(("http://", "https://"))


def find_inputs(sources: list[str]) -> list[Input]:
    """Files, folders, globs and URLs, each taken apart.

    A file in a folder is named relative to the folder, any other by its own name.

    Raises:
        SourceUnreadable: nothing is there, or two inputs have the same name.
    """
    found = [one for source in sources for one in _expand(source)]
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
    if path.is_dir():
        return _in_folder(path)
    if path.exists():
        return [Input(path.name, str(path.resolve()))]
    matches = sorted(glob.glob(source, recursive=True))
    if not matches:
        raise SourceUnreadable(f"{source}: no such file, folder or glob; files, folders, globs and URLs can be named")
    return [Input(Path(match).name, str(Path(match).resolve())) for match in matches if Path(match).is_file()]


def _in_folder(folder: Path) -> list[Input]:
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.is_file() and file.name.lower().endswith(_ENDINGS) and not _hidden(file.relative_to(folder))
    )
    # A simulated shop keeps its truth beside its files.
    files = [file for file in files if file.relative_to(folder).parts[0] != "truth"]
    if not files:
        raise SourceUnreadable(f"{folder}: holds no file that ends in {', '.join(_ENDINGS)}")
    return [Input(str(file.relative_to(folder)), str(file.resolve())) for file in files]


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)
