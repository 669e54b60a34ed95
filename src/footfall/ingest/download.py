"""One file over HTTP, whole or not at all; what a cut connection or a killed process left behind is resumed."""

import base64
import fcntl
import hashlib
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from email.utils import parsedate_to_datetime
from errno import ENOSPC
from io import FileIO
from pathlib import Path
from typing import NoReturn

import httpx

from footfall.errors import DownloadFailed, FootfallError, SettingInvalid, SourceUnreadable, StorageFailed

LONGEST_WAIT_SECONDS = 60.0
TIMEOUTS = httpx.Timeout(60.0, connect=20.0)
RETRY_CAN_HELP = {408, 429}
ADVICE = {
    401: "access is refused: check the address and its credentials or signature",
    403: "access is refused: check the address and its credentials or signature",
    404: "nothing lies there: check the address",
    410: "the file was taken down: look for its new address",
}

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Downloaded:
    """A file that arrived whole; `resumed_from` is the offset at which its last request went on, 0 if it got all."""

    path: Path
    sha256: str
    bytes: int
    resumed_from: int


def download(
    url: str,
    to: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
    attempts: int = 5,
    backoff_seconds: float = 1.0,
) -> Downloaded:
    """Fetch a file; under its final name it is either whole or absent.

    Until then its bytes are in `<to>.part`, and `<to>.part.json` remembers which version of the file they belong to.
    The next attempt or the next call resumes there, if the server still has that version; without a strong ETag or a
    Last-Modified nobody can know, and the file is fetched from its beginning.

    Args:
        url: http or https; its user info and query stay out of messages and files, as they may hold secrets.
        to: the file to write; one that exists is replaced.
        sha256: what the file must have, in hexadecimal. A sum in the server's own headers is checked as well.
        progress: called with the bytes that are here and the length of the file, None where the server does not tell.
        attempts: how many requests are made at most.
        backoff_seconds: the wait before the second attempt, doubled each time; a Retry-After can make it longer.

    Raises:
        SettingInvalid: the address, the target or a setting cannot be used.
        SourceUnreadable: the server refuses (4xx), or its file does not have `sha256`.
        DownloadFailed: all attempts failed, the server's own sum does not fit, or another process fetches the file.
        StorageFailed: the disk is full or refuses to be written.
    """
    _check_settings(url, to, sha256, attempts)
    with _hold_part(to, url) as part, httpx.Client(follow_redirects=True, timeout=TIMEOUTS) as client:
        attempt = 0
        while True:
            attempt += 1
            try:
                resumed_from = _fetch_rest(client, url, part, progress)
                return _keep(part, to, sha256, resumed_from)
            except _AttemptError as error:
                if attempt >= attempts:
                    raise DownloadFailed(f"{part.origin}: {error} (attempt {attempt}); {part.outlook()}") from error
                time.sleep(wait_seconds(attempt, backoff_seconds, error.retry_after))


def wait_seconds(attempt: int, backoff_seconds: float, retry_after: str | None) -> float:
    """Seconds to wait after a failed attempt: doubling, with jitter, or what the server asks for; at most a minute.

    >>> wait_seconds(1, 0.0, "7"), wait_seconds(1, 0.0, "86400")
    (7.0, 60.0)
    """
    doubling = backoff_seconds * 2.0 ** min(attempt - 1, 10)
    jittered = doubling * random.uniform(0.5, 1.5)  # noqa: S311 - jitter is no secret
    return min(LONGEST_WAIT_SECONDS, max(jittered, _seconds_asked(retry_after)))


class _AttemptError(Exception):
    """This attempt failed and another one can help."""

    def __init__(self, reason: str, retry_after: str | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def _check_settings(url: str, to: Path, sha256: str | None, attempts: int) -> None:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingInvalid(f"url is not an address ({error}); write https://host/path") from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise SettingInvalid(f'url is "{_without_secrets(url)}" and must begin with http:// or https:// and a host')
    if to.is_dir():
        raise SettingInvalid(f"{to} is a folder; name the file to write")
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise SettingInvalid(f'sha256 is "{sha256}" and must be 64 hexadecimal digits')
    if attempts < 1:
        raise SettingInvalid(f"attempts is {attempts} and must be at least 1")


def _without_secrets(url: str) -> str:
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))


def _seconds_asked(retry_after: str | None) -> float:
    if not retry_after:
        return 0.0
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0


@dataclass(frozen=True)
class _Version:
    """One state of a file at its server, as the headers of its first answer describe it."""

    url: str
    url_sha256: str
    etag: str | None
    last_modified: str | None
    total: int | None
    sha256: str | None
    md5: str | None

    @classmethod
    def described_by(cls, headers: httpx.Headers, url: str) -> "_Version":
        length = headers.get("Content-Length")
        return cls(
            url=_without_secrets(url),
            url_sha256=_fingerprint(url),
            etag=headers.get("ETag"),
            last_modified=headers.get("Last-Modified"),
            total=int(length) if length else None,
            sha256=_promised_sha256(headers),
            md5=_hex_digest(headers.get("Content-MD5", ""), length=16),
        )

    @property
    def validator(self) -> str | None:
        """What If-Range may carry: RFC 9110 (13.1.5) forbids a weak ETag there."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified

    def is_continued_by(self, headers: httpx.Headers, total: int | None) -> bool:
        """Whether a 206 brings more of this version; some servers honour Range and overlook If-Range."""
        if None not in (total, self.total) and total != self.total:
            return False
        for name, remembered in (("ETag", self.etag), ("Last-Modified", self.last_modified)):
            if remembered and name in headers:
                return bool(headers[name] == remembered)
        return True


def _fingerprint(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _promised_sha256(headers: httpx.Headers) -> str | None:
    """The sum of the whole file in Repr-Digest (RFC 9530) or Digest (RFC 3230), whichever the server sends."""
    for name in ("Repr-Digest", "Digest"):
        found = re.search(r"(?:^|[,\s])sha-256=:?([A-Za-z0-9+/]+=*)", headers.get(name, ""), re.IGNORECASE)
        if found:
            return _hex_digest(found[1], length=32)
    return None


def _hex_digest(encoded: str, length: int) -> str | None:
    """None for what is not a sum of this length, as some servers put other things into these headers."""
    try:
        digest = base64.b64decode(encoded, validate=True)
    except ValueError:
        return None
    return digest.hex() if len(digest) == length else None


def _span(headers: httpx.Headers) -> tuple[int | None, int | None]:
    """Where the bytes of a 206 begin, and how long the whole file is; None where the server does not tell."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(?:(\d+)|\*)", headers.get("Content-Range", ""))
    if found is None:
        return None, None
    return int(found[1]), int(found[2]) if found[2] else None


def _fetch_rest(client: httpx.Client, url: str, part: "_Part", progress: Progress | None) -> int:
    """Append what is missing; the offset at which the server went on."""
    if part.is_whole():
        return part.size
    if not part.can_resume():
        part.restart()
    with _answer(client, url, part) as answer:
        _refuse_status(answer, part)
        part.place(answer, url)
        resumed_from = part.size
        for chunk in answer.iter_raw():
            part.append(chunk)
            if progress is not None:
                progress(part.size, part.total)
    if part.total not in (None, part.size):
        raise _AttemptError(f"{part.size:,} bytes arrived of {part.total:,}")
    return resumed_from


@contextmanager
def _answer(client: httpx.Client, url: str, part: "_Part") -> Iterator[httpx.Response]:
    # The raw zone keeps the publisher's bytes and their checksums: nothing may pack or unpack them on the way.
    headers = {"Accept-Encoding": "identity", **part.range_headers()}
    try:
        with client.stream("GET", url, headers=headers) as answer:
            yield answer
    except (httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
        raise SourceUnreadable(f"{part.origin}: its redirects lead nowhere ({error}); check the address") from error
    except httpx.RequestError as error:
        raise _AttemptError(str(error) or type(error).__name__) from error


def _refuse_status(answer: httpx.Response, part: "_Part") -> None:
    status = answer.status_code
    resuming = part.size > 0
    if status == 200 or (status == 206 and resuming):
        return
    if status == 416 and resuming:
        part.restart()
        raise _AttemptError("the server no longer has the version that was begun")
    if status in RETRY_CAN_HELP or status >= 500:
        raise _AttemptError(f"HTTP {status} {answer.reason_phrase}", answer.headers.get("Retry-After"))
    advice = ADVICE.get(status, "the server does not hand out the file: check the address")
    raise SourceUnreadable(f"{part.origin}: HTTP {status} {answer.reason_phrase}; {advice}")


def _keep(part: "_Part", to: Path, sha256: str | None, resumed_from: int) -> Downloaded:
    """Give a part that has every byte its final name, once its sums are right."""
    found = part.digest("sha256")
    if sha256 is not None and found != sha256.lower():
        _reject(part, resumed_from, SourceUnreadable, f"its sha256 is {found} and must be {sha256.lower()}; check both")
    for name, promised in part.promised_digests():
        if part.digest(name) != promised:
            _reject(part, resumed_from, DownloadFailed, f"the server announced {name} {promised}; run again")
    size = part.size
    part.move_to(to)
    return Downloaded(path=to, sha256=found, bytes=size, resumed_from=resumed_from)


def _reject(part: "_Part", resumed_from: int, failure: type[FootfallError], reason: str) -> NoReturn:
    """Drop all bytes. Where older ones were resumed they may be to blame, as a power cut can blank them: try anew."""
    part.restart()
    if resumed_from:
        raise _AttemptError(f"the pieces do not fit together: {reason}")
    raise failure(f"{part.origin}: what arrived is wrong and was dropped: {reason}")


@contextmanager
def _hold_part(to: Path, url: str) -> Iterator["_Part"]:
    """The part file, for this process alone; an empty one does not outlive a failure."""
    path = to.with_name(f"{to.name}.part")
    with _storage(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _locked(path)
    with file:
        part = _Part(path, file, url)
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


class _Part:
    """The bytes that are here, and a note beside them of the version of the file that they begin."""

    def __init__(self, path: Path, file: FileIO, url: str) -> None:
        self.origin = _without_secrets(url)
        self._path = path
        self._file = file
        self._note = path.with_name(f"{path.name}.json")
        self._version = self._remembered(_fingerprint(url))

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    @property
    def total(self) -> int | None:
        return self._version.total if self._version else None

    def is_whole(self) -> bool:
        return self.total == self.size

    def can_resume(self) -> bool:
        if self._version is None or self._version.validator is None:
            return False
        return self.total is None or self.size < self.total

    def range_headers(self) -> dict[str, str]:
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
        self._remember(_Version.described_by(answer.headers, url))

    def append(self, chunk: bytes) -> None:
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
        with _storage(self._path):
            self._file.seek(0)
            return hashlib.file_digest(self._file, name).hexdigest()

    def promised_digests(self) -> list[tuple[str, str]]:
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
        if self.size == 0:
            with _storage(self._path):
                self._note.unlink(missing_ok=True)
                self._path.unlink(missing_ok=True)

    def _go_on(self, headers: httpx.Headers) -> None:
        offset, total = _span(headers)
        version = self._version
        if version is None or offset != self.size or not version.is_continued_by(headers, total):
            self.restart()
            raise _AttemptError("the server went on with another version of the file")
        self._remember(replace(version, total=total or version.total))

    def _remembered(self, url_sha256: str) -> _Version | None:
        with _storage(self._note):
            try:
                version = _Version(**json.loads(self._note.read_text()))
            except (FileNotFoundError, ValueError, TypeError):
                return None
        return version if version.url_sha256 == url_sha256 else None

    def _remember(self, version: _Version) -> None:
        self._version = version
        with _storage(self._note):
            self._note.write_text(json.dumps(asdict(version), indent=2))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
