"""Objects of an S3-compatible store: listed by prefix, fetched whole.

Address and credentials come from where all AWS tools look: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, and
AWS_ENDPOINT_URL for stores that are not Amazon's.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.errors import DownloadFailed, SettingInvalid, SourceUnreadable

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Store

_SCHEME = "s3://"
_WILDCARDS = "*?["
_REFUSED = re.compile(r"status code: 40[13]\b")
_CHECK = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the bucket's rights"
_CONNECT, _ANSWER = timedelta(seconds=20), timedelta(seconds=60)

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class StoredObject:
    """An object: its address, its key after the prefix that was listed, and which content it has."""

    url: str
    name: str
    bytes: int
    modified: datetime
    etag: str | None


def is_object(text: str) -> bool:
    """Whether the text is the address of an object or a prefix."""
    return text.startswith(_SCHEME)


def list_objects(url: str) -> list[StoredObject]:
    """Objects under a prefix (`s3://bucket/logs/`), those that a pattern fits (`s3://bucket/logs/*.csv`), or one.

    Returns:
        In the order of their names, `modified` naive UTC. Empty where nothing is there.

    Raises:
        SettingInvalid: the address is none, or the library is not installed.
        SourceUnreadable: the store refuses.
        DownloadFailed: the store does not answer.
    """
    bucket, key = _parts(url)
    plain = min((key.find(sign) for sign in _WILDCARDS if sign in key), default=-1)
    prefix = key if plain < 0 else key[:plain].rpartition("/")[0]
    store = _store(bucket)
    with _told(url):
        listed: list[ObjectMeta] = [one for some in store.list(prefix or None) for one in some]
        if not listed and plain < 0 and key:
            listed = _one(store, key)
    found = [
        StoredObject(
            f"{_SCHEME}{bucket}/{one['path']}",
            one["path"].removeprefix(prefix).strip("/") or Path(one["path"]).name,
            one["size"],
            one["last_modified"].astimezone(UTC).replace(tzinfo=None),
            one["e_tag"],
        )
        for one in listed
        if plain < 0 or fnmatchcase(one["path"], key)
    ]
    return sorted(found, key=lambda one: one.name)


def fetch_object(url: str, to: Path, progress: Progress) -> None:
    """Fetch an object; under its final name the file is either whole or absent.

    Raises:
        SettingInvalid, SourceUnreadable, DownloadFailed: as `list_objects`, or the object came incomplete.
        OSError: the disk is full or cannot be written.
    """
    bucket, key = _parts(url)
    to.parent.mkdir(parents=True, exist_ok=True)
    part, done = to.with_name(f"{to.name}.part"), 0
    store = _store(bucket)
    with _told(url):
        answer = store.get(key)
        total = int(answer.meta["size"])
        with part.open("wb") as file:
            for chunk in answer.stream():
                done += file.write(chunk)
                progress(done, total)
    if done != total:
        raise DownloadFailed(f"{url}: {done:,} of {total:,} bytes came; try again")
    part.replace(to)


def _one(store: "S3Store", key: str) -> "list[ObjectMeta]":
    from obstore.exceptions import NotFoundError  # noqa: PLC0415

    try:
        return [store.head(key)]
    except (NotFoundError, FileNotFoundError):
        return []


def _parts(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix(_SCHEME).partition("/")
    if not bucket:
        raise SettingInvalid(f"{url}: names no bucket; write it like s3://bucket/prefix")
    return bucket, key


def _store(bucket: str) -> "S3Store":
    try:
        from obstore.store import S3Store  # noqa: PLC0415
    except ImportError as error:
        raise SettingInvalid('s3:// needs obstore: pip install "footfall[s3]"') from error
    # The library reads the other variables itself, and refuses plain HTTP unless it is allowed.
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    return S3Store(
        bucket,
        client_options={"allow_http": plain, "connect_timeout": _CONNECT, "timeout": _ANSWER},
        retry_config={"max_retries": 3, "retry_timeout": _ANSWER},
    )


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Errors of the library as ours."""
    from obstore import exceptions  # noqa: PLC0415

    refused = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError)
    try:
        yield
    except refused as error:
        raise SourceUnreadable(f"{url}: access is refused; {_CHECK}") from error
    except (exceptions.NotFoundError, FileNotFoundError) as error:
        raise SourceUnreadable(f"{url}: nothing lies there; check the bucket and the key") from error
    except exceptions.BaseError as error:
        first = str(error).strip().partition("\n")[0][:300]
        if _REFUSED.search(first):  # a listing that is refused has no error of its own
            raise SourceUnreadable(f"{url}: access is refused; {_CHECK}") from error
        raise DownloadFailed(f"{url}: the store does not answer as it should ({first}); try again") from error
