"""One file over HTTP, whole or not at all; what a cut connection or a killed process left behind is resumed."""

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NoReturn

import httpx

from footfall.errors import DownloadFailed, FootfallError, SettingInvalid, SourceUnreadable
from footfall.ingest.file_version import without_secrets
from footfall.ingest.part_file import AttemptError, Part, hold_part

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
    with hold_part(to, url) as part, httpx.Client(follow_redirects=True, timeout=TIMEOUTS) as client:
        attempt = 0
        while True:
            attempt += 1
            try:
                resumed_from = _fetch_rest(client, url, part, progress)
                return _keep(part, to, sha256, resumed_from)
            except AttemptError as error:
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


def _check_settings(url: str, to: Path, sha256: str | None, attempts: int) -> None:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingInvalid(f"url is not an address ({error}); write https://host/path") from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise SettingInvalid(f'url is "{without_secrets(url)}" and must begin with http:// or https:// and a host')
    if to.is_dir():
        raise SettingInvalid(f"{to} is a folder; name the file to write")
    if sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
        raise SettingInvalid(f'sha256 is "{sha256}" and must be 64 hexadecimal digits')
    if attempts < 1:
        raise SettingInvalid(f"attempts is {attempts} and must be at least 1")


def _seconds_asked(retry_after: str | None) -> float:
    if not retry_after:
        return 0.0
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0


def _fetch_rest(client: httpx.Client, url: str, part: Part, progress: Progress | None) -> int:
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
        raise AttemptError(f"{part.size:,} bytes arrived of {part.total:,}")
    return resumed_from


@contextmanager
def _answer(client: httpx.Client, url: str, part: Part) -> Iterator[httpx.Response]:
    # The raw zone keeps the publisher's bytes and their checksums: nothing may pack or unpack them on the way.
    headers = {"Accept-Encoding": "identity", **part.range_headers()}
    try:
        with client.stream("GET", url, headers=headers) as answer:
            yield answer
    except (httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
        raise SourceUnreadable(f"{part.origin}: its redirects lead nowhere ({error}); check the address") from error
    except httpx.RequestError as error:
        raise AttemptError(str(error) or type(error).__name__) from error


def _refuse_status(answer: httpx.Response, part: Part) -> None:
    status = answer.status_code
    resuming = part.size > 0
    if status == 200 or (status == 206 and resuming):
        return
    if status == 416 and resuming:
        part.restart()
        raise AttemptError("the server no longer has the version that was begun")
    if status in RETRY_CAN_HELP or status >= 500:
        raise AttemptError(f"HTTP {status} {answer.reason_phrase}", answer.headers.get("Retry-After"))
    advice = ADVICE.get(status, "the server does not hand out the file: check the address")
    raise SourceUnreadable(f"{part.origin}: HTTP {status} {answer.reason_phrase}; {advice}")


def _keep(part: Part, to: Path, sha256: str | None, resumed_from: int) -> Downloaded:
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


def _reject(part: Part, resumed_from: int, failure: type[FootfallError], reason: str) -> NoReturn:
    """Drop all bytes. Where older ones were resumed they may be to blame, as a power cut can blank them: try anew."""
    part.restart()
    if resumed_from:
        raise AttemptError(f"the pieces do not fit together: {reason}")
    raise failure(f"{part.origin}: what arrived is wrong and was dropped: {reason}")
