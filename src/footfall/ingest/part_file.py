"""The bytes of a download that are here so far; they outlive the process and belong to one process at a time."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from errno import ENOSPC
from io import FileIO
from pathlib import Path

import httpx

from footfall.errors import DownloadFailed, StorageFailed
from footfall.ingest.file_version import Version, fingerprint, span, without_secrets


class AttemptError(Exception):
    """This attempt failed and another one can help."""

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@contextmanager
def hold_part(to: Path, url: str) -> Iterator["Part"]:
    """The part file, for this process alone; an empty one does not outlive a failure."""
    path = to.with_name(f"{to.name}.part")
    with _storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _locked(path)
    with file:
        part = Part(path, file, url)
        try:
            yield part
        except BaseException:
            part.remove_if_empty()
            raise


def _locked(path: Path) -> FileIO:
    """The file, under a lock that the system lifts when the process ends, however it ends."""
    while True:
        # Unbuffered: a killed process loses no byte that it wrote, and a full disk is reported by the write itself.
        file = FileIO(path, "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Between open and lock, the process that held it may have given the file its final name.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except BlockingIOError:
            file.close()
            raise DownloadFailed(f"{path}: another process is fetching this file; wait for it and run again") from None
        except OSError:
            file.close()
            raise
        file.close()


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno == ENOSPC:
            raise StorageFailed(f"{path}: the disk is full; make room and run again, the download resumes") from error
        raise StorageFailed(f"{path}: cannot be written ({error.strerror}); check the folder and run again") from error


class Part:
    """The bytes that are here, and a note beside them of the version of the file that they begin."""

    def __init__(self, path: Path, file: FileIO, url: str) -> None:
        self.origin = without_secrets(url)
        self._path = path
        self._file = file
        self._note = path.with_name(f"{path.name}.json")
        self._version = self._remembered(fingerprint(url))

    @property
    def size(self) -> int:
        """How many bytes are here."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def total(self) -> int | None:
        """How many the file has; None if the server does not tell."""
        return self._version.total if self._version else None

    def is_whole(self) -> bool:
        """Whether every byte is here."""
        return self.total == self.size

    def can_resume(self) -> bool:
        """Whether the server can be asked for the rest of the same version."""
        if self._version is None or self._version.validator is None:
            return False
        return self.total is None or self.size < self.total

    def range_headers(self) -> dict[str, str]:
        """Ask for what is missing, of the version that was begun only."""
        if self.size == 0 or self._version is None or self._version.validator is None:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._version.validator}

    def outlook(self) -> str:
        """What the next call finds."""
        if self.size == 0 or not (self.is_whole() or self.can_resume()):
            return "no bytes are kept; run again to start over"
        total = f" of {self.total:,}" if self.total is not None else ""
        return f"{self.size:,}{total} bytes are kept in {self._path}; run again to resume"

    def place(self, answer: httpx.Response, url: str) -> None:
        """Prepare for the bytes of an answer: a 206 goes on after what is here, a 200 begins the file again."""
        if answer.status_code == 206:
            self._go_on(answer.headers)
            return
        self.restart()
        self._remember(Version.described_by(answer.headers, url))

    def append(self, chunk: bytes) -> None:
        """Add bytes at the end."""
        rest = memoryview(chunk)
        with _storage(self._path):
            while rest:
                rest = rest[self._file.write(rest) :]

    def restart(self) -> None:
        """Forget every byte. The file stays, as it carries the lock."""
        self._version = None
        if self.size:
            with _storage(self._path):
                self._file.truncate(0)

    def digest(self, name: str) -> str:
        """A checksum of all bytes, in hexadecimal."""
        with _storage(self._path):
            self._file.seek(0)
            return hashlib.file_digest(self._file, name).hexdigest()

    def promised_digests(self) -> list[tuple[str, str]]:
        """The sums that the server announced, by name."""
        if self._version is None:
            return []
        sums = (("sha256", self._version.sha256), ("md5", self._version.md5))
        return [(name, promised) for name, promised in sums if promised]

    def move_to(self, to: Path) -> None:
        """Give the bytes their final name, in a way that outlives a power cut."""
        with _storage(to):
            os.fsync(self._file.fileno())
            self._path.replace(to)
            self._note.unlink(missing_ok=True)
            _sync_folder(to.parent)

    def remove_if_empty(self) -> None:
        """Leave nothing where nothing came."""
        if self.size == 0:
            with _storage(self._path):
                self._note.unlink(missing_ok=True)
                self._path.unlink(missing_ok=True)

    def _go_on(self, headers: httpx.Headers) -> None:
        offset, total = span(headers)
        version = self._version
        if version is None or offset != self.size or not version.is_continued_by(headers, total):
            self.restart()
            raise AttemptError("the server went on with another version of the file")
        self._remember(replace(version, total=total or version.total))

    def _remembered(self, url_sha256: str) -> Version | None:
        with _storage(self._note):
            try:
                version = Version(**json.loads(self._note.read_text()))
            except (FileNotFoundError, ValueError, TypeError):
                return None
        return version if version.url_sha256 == url_sha256 else None

    def _remember(self, version: Version) -> None:
        self._version = version
        with _storage(self._note):
            self._note.write_text(json.dumps(asdict(version), indent=2))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
