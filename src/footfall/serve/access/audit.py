"""The audit log: who asked for whose data, and who changed what. One line of JSON for each, one file for each month."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from footfall.errors import SettingInvalid, StorageFailed
from footfall.serve.access.roles import Caller

Via = Literal["api", "dashboard"]
Outcome = Literal["ok", "refused", "not_found"]

_PSEUDONYM = re.compile(r"[0-9a-f]{32}")
_TARGET = re.compile(r"[0-9a-f]{8}|v\d+\.\d+\.\d+")
_MASK = "…"


@dataclass(frozen=True)
class Entry:
    """Something that was done, or refused.

    Attributes:
        at: when, UTC.
        who: name of the key.
        key_id: id of the key; None where the server asked for none.
        what: such as `users.read`, `segments.export`, `models.promote`.
        via: through which door.
        outcome: how it ended.
        users: pseudonyms of the users it was about; empty for an export.
        segment: id of the segment that was exported.
        count: how many users were exported.
        target: what was changed: id of an incident, version of a model.
    """

    at: datetime
    who: str
    key_id: str | None
    what: str
    via: Via
    outcome: Outcome
    users: tuple[str, ...] = ()
    segment: int | None = None
    count: int | None = None
    target: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As it stands in the log; what it does not have is left out."""
        told = vars(self) | {"at": f"{self.at.isoformat(timespec='milliseconds')}Z", "users": list(self.users)}
        return {name: value for name, value in told.items() if value not in (None, [])}


class AuditLog:
    """Entries in `audit/YYYY-MM.jsonl`, only ever added to. Threads and processes may write at the same time.

    Args:
        folder: as `access_folder` gives it; made with the first entry.
        now: the time, UTC and without a zone.
    """

    def __init__(
        self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC).replace(tzinfo=None)
    ) -> None:
        self._folder = folder / "audit"
        self._now = now

    def __repr__(self) -> str:
        return f"AuditLog({str(self._folder.parent)!r})"

    def record(
        self,
        caller: Caller,
        what: str,
        *,
        via: Via,
        outcome: Outcome = "ok",
        users: Iterable[str] = (),
        segment: int | None = None,
        count: int | None = None,
        target: str | None = None,
    ) -> None:
        """Note what was done. What is no pseudonym, and no target that there can be, is masked: it may be a raw id.

        Args:
            caller: who did it.
            what: noun and verb, such as `users.read`.
            via: through which door.
            outcome: how it ended.
            users: pseudonyms of the users it was about.
            segment: for an export instead: id of the segment.
            count: for an export instead: how many users.
            target: for a change instead: id of the incident, or version of the model.

        Raises:
            StorageFailed: the folder cannot be written, or the disk is full.
        """
        pseudonyms = tuple(user if _PSEUDONYM.fullmatch(user) else _MASK for user in users)
        target = target if target is None or _TARGET.fullmatch(target) else _MASK
        entry = Entry(self._now(), caller.name, caller.key_id, what, via, outcome, pseudonyms, segment, count, target)
        file = self._file(entry.at)
        try:
            _append(file, json.dumps(entry.as_json()).encode())
        except OSError as error:
            raise _cannot_be_written(file, error) from error

    def must_be_writable(self) -> None:
        """See that an entry could be made now: before something is changed that has to be noted.

        Raises:
            StorageFailed: the folder cannot be written.
        """
        file = self._file(self._now())
        try:
            os.close(_open(file))
        except OSError as error:
            raise _cannot_be_written(file, error) from error

    def _file(self, moment: datetime) -> Path:
        return self._folder / f"{moment:%Y-%m}.jsonl"

    def entries(self, since: datetime | None = None, user: str | None = None, who: str | None = None) -> "Entries":
        """What was done, the oldest first.

        Args:
            since: only from then on, UTC and without a zone.
            user: only what names this pseudonym. Exports name a segment, not its users.
            who: only what the key of this name did.

        Raises:
            SettingInvalid: `user` is no pseudonym.
        """
        if user is not None and not _PSEUDONYM.fullmatch(user):
            raise SettingInvalid(
                f'user "{user}" is no pseudonym (32 hexadecimal digits), and the audit log has no other ids; '
                f"`footfall segment explain {user} --json` tells the pseudonym"
            )
        first = "" if since is None else f"{since:%Y-%m}"
        files = sorted(file for file in self._folder.glob("*.jsonl") if file.stem >= first)

        def wanted(entry: Entry) -> bool:
            return (
                (since is None or entry.at >= since)
                and (user is None or user in entry.users)
                and (who is None or entry.who == who)
            )

        return Entries(files, wanted)


class Entries:
    """Entries of some files.

    Attributes:
        unreadable: how many lines were passed over so far, as after a power cut; 0 before the first entry is asked for.
    """

    def __init__(self, files: Sequence[Path], wanted: Callable[[Entry], bool]) -> None:
        self._files = files
        self._wanted = wanted
        self.unreadable = 0

    def __iter__(self) -> Iterator[Entry]:
        self.unreadable = 0
        for line in _lines(self._files):
            entry = _entry(line)
            if entry is None:
                self.unreadable += 1
            elif self._wanted(entry):
                yield entry


def _cannot_be_written(file: Path, error: OSError) -> StorageFailed:
    return StorageFailed(f"audit log {file}: cannot be written ({error.strerror}); check the disk")


def _append(file: Path, line: bytes) -> None:
    """Add a line in one write, which others' writes neither split nor overwrite (O_APPEND).

    No fsync: what is written survives the process, also `kill -9`. An fsync would also survive a power cut, and cost
    every request milliseconds.
    """
    descriptor = _open(file)
    try:
        text = (b"" if _ends_whole(descriptor) else b"\n") + line + b"\n"
        if os.write(descriptor, text) < len(text):
            raise OSError(0, "the disk is full")
    finally:
        os.close(descriptor)


def _open(file: Path) -> int:
    # Opened for every entry: 10 us more than keeping it open, and threads and the turn of the month need no care.
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    try:
        return os.open(file, flags, 0o600)
    except FileNotFoundError:
        for folder in (file.parent.parent, file.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        return os.open(file, flags, 0o600)


def _ends_whole(descriptor: int) -> bool:
    """Whether the file ends with a whole line, and not with what a power cut or a full disk left of one."""
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _lines(files: Iterable[Path]) -> Iterator[bytes]:
    for file in files:
        with file.open("rb") as stream:
            # Two processes that mend a torn line at once leave an empty one.
            yield from (line for line in stream if line != b"\n")


def _entry(line: bytes) -> Entry | None:
    """The entry of a line; None where it is none."""
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told.pop("at")).astimezone(UTC).replace(tzinfo=None)
        return Entry(at=at, users=tuple(told.pop("users", ())), key_id=told.pop("key_id", None), **told)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
