"""Messages as files, so that a process that is killed neither loses nor repeats one."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from footfall.errors import ContractViolated, SourceUnreadable, StorageFailed, TransientError
from footfall.publish.message import Event, Message

KEPT = timedelta(days=90)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
_EVENTS: tuple[Event, ...] = ("opened", "reopened", "updated", "closed")
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")

Place = Literal["pending", "sent", "failed"]
State = Literal["waiting", "delivered", "merged", "given_up"]


class OutboxBusy(TransientError):
    """Another process is sending."""


@dataclass(frozen=True)
class Leg:
    """How far a message has come on its way to one channel.

    Attributes:
        state: `merged` where a newer message told the same and more, `given_up` where it was tried for too long.
        attempts: how often it was tried.
        first_at: when it was tried first, UTC.
        retry_at: not to be tried before, UTC.
        error: why the last attempt failed.
        ended_at: when it stopped waiting, UTC.
    """

    state: State = "waiting"
    attempts: int = 0
    first_at: datetime | None = None
    retry_at: datetime | None = None
    error: str | None = None
    ended_at: datetime | None = None

    def tried(self, now: datetime) -> "Leg":
        """One attempt more; the next one is after 1, 2, 4, 8 and then every 15 minutes."""
        pause = min(FIRST_PAUSE * 2 ** min(self.attempts, 10), LONGEST_PAUSE)
        return replace(self, attempts=self.attempts + 1, first_at=self.first_at or now, retry_at=now + pause)

    def ended(self, state: State, now: datetime) -> "Leg":
        """At its end, whichever it is."""
        return replace(self, state=state, retry_at=None, ended_at=now)


@dataclass(frozen=True)
class Letter:
    """A message with its way to every channel, by the channel's key."""

    message: Message
    legs: Mapping[str, Leg] = field(default_factory=dict)

    def leg(self, channel: str) -> Leg:
        """Its way to a channel."""
        return self.legs.get(channel, Leg())

    def waits_for(self, channel: str) -> bool:
        """Whether the channel has yet to be told."""
        return self.leg(channel).state == "waiting"

    def with_leg(self, channel: str, leg: Leg) -> "Letter":
        """The letter, come that far."""
        return replace(self, legs={**self.legs, channel: leg})

    @property
    def attempts(self) -> int:
        """How often it was tried, on all channels."""
        return sum(leg.attempts for leg in self.legs.values())

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Its place among the messages of its incident."""
        return self.message.at, _EVENTS.index(self.message.event), self.message.id


_LETTER = TypeAdapter(Letter)


class Outbox:
    """A folder of messages: `pending/ID.json` with `ID.png` beside it, then in `sent/`, or `failed/` if given up.

    Each file is replaced as a whole and is on the disk (fsync) before anything is done that relies on it. An attempt
    is noted before it is made, its success as soon as the channel says so. A process that is killed between these two
    notes, or a disk that fails the second, is the only case in which a message repeats: the one that was under way.
    Between the channel's answer and the note nothing is done but to write a file of some kilobytes.

    Args:
        folder: made when the first message is added.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __repr__(self) -> str:
        return f"Outbox({str(self._folder)!r})"

    def add(self, message: Message) -> bool:
        """Keep a message to be sent; one whose id is known, sent or not, is left alone.

        Ids are known for 90 days after they were sent.

        Returns:
            Whether it is new.

        Raises:
            StorageFailed: the folder cannot be written.
        """
        if not _FILE_NAME.fullmatch(message.id):
            raise ContractViolated(f'message "{message.id}": an id has letters, digits, "-", "_" and "." only')
        # In the order in which a letter moves on, so that one that moves meanwhile is not missed.
        places: tuple[Place, ...] = ("pending", "sent", "failed")
        if any(self._file(place, message.id).exists() for place in places):
            return False
        if message.plot is not None:
            self._write(self._file("pending", message.id, "png"), message.plot)
        self.note(Letter(message))
        return True

    def letters(self, place: Place = "pending") -> list[Letter]:
        """The messages in a place, in the order in which things happened.

        Raises:
            SourceUnreadable: a file there is none of ours.
        """
        found = [self._read(file) for file in (self._folder / place).glob("*.json")]
        return sorted(found, key=lambda letter: letter.order)

    def plot(self, message_id: str) -> Path | None:
        """The picture of a message that waits."""
        file = self._file("pending", message_id, "png")
        return file if file.exists() else None

    def note(self, letter: Letter) -> Letter:
        """Keep how far a message has come.

        Raises:
            StorageFailed: the folder cannot be written.
        """
        content = _LETTER.dump_json(letter, indent=1, exclude={"message": {"plot"}})
        self._write(self._file("pending", letter.message.id), content)
        return letter

    def move(self, letter: Letter, place: Place) -> None:
        """Put away a message that waits no more.

        Raises:
            StorageFailed: the folder cannot be written.
        """
        (self._folder / place).mkdir(exist_ok=True)
        # The letter goes last: while it is where it was, moving is begun anew.
        for kind in ("png", "json"):
            file = self._file("pending", letter.message.id, kind)
            if file.exists():
                self._rename(file, self._file(place, letter.message.id, kind))

    def forget(self, now: datetime) -> None:
        """Delete what ended more than 90 days ago."""
        ended: tuple[Place, ...] = ("sent", "failed")
        for place in ended:
            for letter in self.letters(place):
                if max((leg.ended_at for leg in letter.legs.values() if leg.ended_at), default=now) < now - KEPT:
                    self._delete(place, letter)

    def _delete(self, place: Place, letter: Letter) -> None:
        try:
            for kind in ("png", "json"):
                self._file(place, letter.message.id, kind).unlink(missing_ok=True)
        except OSError as error:
            raise self._not_written(error) from error

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Keep other processes from sending; they may add.

        Raises:
            OutboxBusy: another process is sending.
            StorageFailed: the folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / ".lock")
            lock.acquire(timeout=0)
        except Timeout:
            raise OutboxBusy(f"outbox {self._folder}: another process is sending; it sends these too") from None
        except OSError as error:
            raise self._not_written(error) from error
        try:
            yield
        finally:
            lock.release()

    def _file(self, place: Place, message_id: str, kind: str = "json") -> Path:
        return self._folder / place / f"{message_id}.{kind}"

    def _read(self, file: Path) -> Letter:
        try:
            return _LETTER.validate_json(file.read_bytes())
        except ValidationError as error:
            wrong = error.errors()[0]
            place = ".".join(map(str, wrong["loc"])) or "file"
            raise SourceUnreadable(f"{file}: {place}: {wrong['msg']}; is no message: move it elsewhere") from None

    def _write(self, file: Path, content: bytes) -> None:
        unfinished = file.with_name(f".{file.name}.new")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise self._not_written(error) from error
        self._rename(unfinished, file)

    def _rename(self, old: Path, new: Path) -> None:
        try:
            old.replace(new)
            for folder in {old.parent, new.parent}:
                _sync(folder)
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> StorageFailed:
        return StorageFailed(
            f"outbox {self._folder}: cannot be written ({error.strerror}); mend it and run again, nothing there is lost"
        )


def _sync(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
