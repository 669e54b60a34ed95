"""API keys: made, checked with every request, revoked. The file has their digests, never the keys."""

import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from footfall.errors import LakeBusy, LakeInvalid, SettingInvalid, StorageFailed, UserError
from footfall.serve.access.roles import ANYONE, ROLES, Caller, Role

_KEY = re.compile(r"ff_(?P<id>[0-9a-f]{8})_(?P<secret>[A-Za-z0-9_-]{43})")
# The first character cannot be one at which a spreadsheet begins a formula: names are in the audit log's CSV.
_NAME = re.compile(r"[^\W_][\w.@-]{0,63}")
_PATIENCE_SECONDS = 10
_LOOK_AFTER_SECONDS = 1.0


@dataclass(frozen=True)
class Key:
    """What is known of an API key; times are UTC.

    Attributes:
        id: eight hexadecimal digits, which the key begins with.
        name: whose it is; no two keys in force have the same.
        roles: what it may do.
        sha256: digest of its secret part.
        created_at: when it was made.
        revoked_at: when it stopped working; None while it works.
    """

    id: str
    name: str
    roles: tuple[Role, ...]
    # Fast on purpose. A slow hash makes guessing a password expensive; a secret of 256 random bits cannot be guessed
    # at any speed, and a slow hash would only be waited for in every request.
    sha256: str = field(repr=False)
    created_at: datetime
    revoked_at: datetime | None = None

    @property
    def in_force(self) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None


_KEYS = TypeAdapter(list[Key])


@dataclass(frozen=True)
class _Held:
    """What was read of the file, by id and without what is revoked, and which file it was."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    signature: tuple[int, ...] | None = None
    looked_at: float = float("-inf")


class KeyStore:
    """The keys of a lake, in `keys.json`. Threads and processes may use it at the same time.

    Args:
        folder: as `access_folder` gives it; made with the first key.
        clock: monotonic seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = folder / "keys.json"
        self._clock = clock
        self._held = _Held()

    def __repr__(self) -> str:
        return f"KeyStore({str(self._file.parent)!r})"

    def keys(self) -> list[Key]:
        """All keys, revoked ones too, in the order in which they were made.

        Raises:
            LakeInvalid: the file is damaged, or cannot be read.
        """
        return self._read()[0]

    def create(self, name: str, roles: Iterable[str]) -> str:
        """Make a key.

        Args:
            name: whose it is.
            roles: at least one of `ROLES`.

        Returns:
            The key. This is the only time that it can be had.

        Raises:
            SettingInvalid: the name or a role cannot be used, or a key in force has the name.
            LakeInvalid: the file is damaged.
            LakeBusy: another process is changing the keys.
            StorageFailed: the folder cannot be written.
        """
        known_roles = _known_roles(roles)
        _must_be_usable(name)
        secret = secrets.token_urlsafe(32)
        with self._changing() as keys:
            if any(key.in_force and key.name == name for key in keys):
                raise SettingInvalid(f'key "{name}" exists; take another name, or `footfall keys revoke {name}` first')
            key = Key(_unused_id(keys), name, known_roles, _digest(secret), _now())
            keys.append(key)
        return f"ff_{key.id}_{secret}"

    def revoke(self, which: str) -> Key:
        """Let a key open nothing any more. Servers that run know within a second or so.

        Args:
            which: its id or its name.

        Raises:
            UserError: no key in force is called so.
            LakeInvalid: the file is damaged.
            LakeBusy: another process is changing the keys.
            StorageFailed: the folder cannot be written.
        """
        with self._changing() as keys:
            for place, key in enumerate(keys):
                if key.in_force and which in (key.id, key.name):
                    keys[place] = replace(key, revoked_at=_now())
                    return keys[place]
            raise UserError(f'no key in force is called "{which}"; `footfall keys list` has them all')

    def check(self, key: str) -> Caller | None:
        """Whose key it is; None where it opens nothing.

        It costs microseconds: the file is looked at once a second, and read when it is another one.

        Raises:
            LakeInvalid: the file is damaged, or cannot be read.
        """
        parts = _KEY.fullmatch(key)
        known = self._in_force().get(parts["id"]) if parts else None
        if parts is None or known is None or not hmac.compare_digest(_digest(parts["secret"]), known.sha256):
            return None
        return Caller(known.name, known.roles, known.id)

    def must_be_readable(self) -> None:
        """See that keys can be checked.

        Raises:
            LakeInvalid: the file is damaged, or cannot be read.
        """
        self._in_force()

    def _in_force(self) -> Mapping[str, Key]:
        held, now = self._held, self._clock()
        if now - held.looked_at >= _LOOK_AFTER_SECONDS:
            held = replace(held if self._signature() == held.signature else self._load(), looked_at=now)
            self._held = held
        return held.keys

    def _load(self) -> _Held:
        keys, signature = self._read()
        return _Held({key.id: key for key in keys if key.in_force}, signature)

    def _signature(self) -> tuple[int, ...] | None:
        """What tells this file from the one that replaces it; None where there is none."""
        try:
            return _signature(self._file.stat())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._not_readable(error) from error

    def _read(self) -> tuple[list[Key], tuple[int, ...] | None]:
        try:
            with self._file.open("rb") as stream:
                # Of the file that is open, which may be another one than was looked at.
                signature, text = _signature(os.fstat(stream.fileno())), stream.read()
            return _KEYS.validate_json(text), signature
        except FileNotFoundError:
            return [], None
        except OSError as error:
            raise self._not_readable(error) from error
        except ValidationError as error:
            wrong = error.errors()[0]
            place = ".".join(map(str, wrong["loc"])) or "file"
            raise LakeInvalid(
                f"{self._file}: {place}: {wrong['msg']}; the file is damaged: restore it from a backup, "
                "or delete it and make new keys with `footfall keys create`"
            ) from None

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys, to be changed by nobody else meanwhile; they are written unless an error is raised."""
        try:
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            with FileLock(self._file.with_suffix(".lock"), mode=0o600).acquire(timeout=_PATIENCE_SECONDS):
                keys = self._read()[0]
                yield keys
                _replace(self._file, _KEYS.dump_json(keys, indent=1))
        except Timeout:
            raise LakeBusy(f"{self._file}: another process is changing the keys; run again when it ended") from None
        except OSError as error:
            raise StorageFailed(f"{self._file}: cannot be written ({error.strerror}); check the folder") from error
        self._held = _Held()

    def _not_readable(self, error: OSError) -> LakeInvalid:
        return LakeInvalid(
            f"{self._file}: cannot be read ({error.strerror}); make keys and run the server as the same user"
        )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _signature(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _unused_id(keys: Iterable[Key]) -> str:
    used = {key.id for key in keys}
    while (id_ := secrets.token_hex(4)) in used:
        pass
    return id_


def _known_roles(roles: Iterable[str]) -> tuple[Role, ...]:
    wanted = tuple(dict.fromkeys(roles))
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        told = f'role "{unknown[0]}" is unknown' if unknown else "a key needs a role"
        raise SettingInvalid(f"{told}: it must be {', '.join(ROLES[:-1])} or {ROLES[-1]}")
    return cast("tuple[Role, ...]", wanted)


def _must_be_usable(name: str) -> None:
    if name == ANYONE.name or not _NAME.fullmatch(name):
        raise SettingInvalid(
            f'key "{name}" cannot be called so: a name has up to 64 letters, digits and ".", "_", "@", "-", '
            f'begins with a letter or a digit, and is not "{ANYONE.name}"'
        )


def _replace(file: Path, content: bytes) -> None:
    """Put a new file in the place of another, whole and on the disk: a key that was revoked must stay so."""
    unfinished = file.with_suffix(".unfinished")
    # Made readable for its owner only, and never for others, not even for a moment.
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
