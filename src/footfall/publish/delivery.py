"""What is due is sent: every channel on its own, in order, again and again until it is taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from footfall.publish.channel import Channel, NotDelivered
from footfall.publish.outbox import Letter, Outbox

PATIENCE = timedelta(days=7)


@dataclass(frozen=True)
class Failure:
    """A channel that does not take messages.

    Attributes:
        channel: its name.
        error: why it did not take the last one that was tried.
        messages: how many wait for it.
        since: when the first of them was tried first, UTC.
    """

    channel: str
    error: str
    messages: int
    since: datetime

    def __str__(self) -> str:
        number = "1 message waits" if self.messages == 1 else f"{self.messages} messages wait"
        return (
            f"{self.channel}: {number}, first tried at {self.since:%Y-%m-%d %H:%M} UTC ({self.error}); nothing is "
            "lost, they are tried again; check the service, and its URL in alerts.toml or FOOTFALL_NOTIFY"
        )


@dataclass(frozen=True)
class Delivery:
    """What became of the messages.

    Attributes:
        sent: how many were taken now; one that two channels took counts twice.
        waiting: how many messages still wait, for their time or for a channel.
        failures: channels that do not take messages.
        given_up: ids of messages that a channel has not taken for seven days; they are in `failed/`.
    """

    sent: int
    waiting: int
    failures: tuple[Failure, ...]
    given_up: tuple[str, ...]


def deliver(outbox: Outbox, channels: Sequence[Channel], now: datetime) -> Delivery:
    """Send what is due. To be called again and again: what a channel does not take is tried anew, up to seven days.

    After a failure a message rests 1, 2, 4, 8 and then 15 minutes, and the channel is left alone until the next call.
    An incident's messages keep their order on every channel; of updates that are due together the newest is sent.

    Args:
        outbox: the messages.
        channels: who is told. Without any, everything waits.
        now: naive UTC.

    Raises:
        OutboxBusy: another process is sending.
        StorageFailed: the outbox cannot be written; nothing was sent that it does not know of.
    """
    with outbox.sending():
        outbox.forget(now)
        _merge_updates(outbox, channels, now)
        sent = sum(_send(outbox, channel, now) for channel in channels)
        given_up = _put_away(outbox, channels, now)
        waiting = outbox.letters()
    failures = [_failure(waiting, channel) for channel in channels]
    return Delivery(sent, len(waiting), tuple(one for one in failures if one), given_up)


def _merge_updates(outbox: Outbox, channels: Sequence[Channel], now: datetime) -> None:
    """An update tells all that earlier ones told: those that still wait beside a newer one need not be sent.

    The newer one is kept already, so nothing is lost whenever this is cut off.
    """
    due = [letter for letter in outbox.letters() if letter.message.due_at <= now and letter.message.event != "opened"]
    for letters in _by_incident(due):
        for letter in letters[:-1]:
            merged = letter
            for channel in channels:
                if letter.waits_for(channel.key):
                    merged = merged.with_leg(channel.key, letter.leg(channel.key).ended("merged", now))
            if merged != letter:
                outbox.note(merged)


def _send(outbox: Outbox, channel: Channel, now: datetime) -> int:
    """Send to one channel until it fails; once it takes a message it is up, and those at rest are sent too."""
    sent = 0
    for letters in _in_turn(outbox.letters(), channel):
        for letter in letters:
            if not _is_ready(letter, channel, now, is_up=sent > 0):
                break  # what comes after it in the incident waits too
            if not _try(outbox, letter, channel, now):
                return sent
            sent += 1
    return sent


def _in_turn(letters: Iterable[Letter], channel: Channel) -> list[list[Letter]]:
    """What waits for a channel, by incident: what was never tried comes before what rests."""
    waiting = _by_incident(letter for letter in letters if letter.waits_for(channel.key))
    return sorted(waiting, key=lambda some: (some[0].leg(channel.key).retry_at or datetime.min, some[0].order))


def _by_incident(letters: Iterable[Letter]) -> list[list[Letter]]:
    ordered = sorted(letters, key=lambda letter: (letter.message.incident_id, letter.order))
    return [list(some) for _, some in groupby(ordered, key=lambda letter: letter.message.incident_id)]


def _is_ready(letter: Letter, channel: Channel, now: datetime, *, is_up: bool) -> bool:
    retry_at = letter.leg(channel.key).retry_at
    return letter.message.due_at <= now and (is_up or retry_at is None or retry_at <= now)


def _try(outbox: Outbox, letter: Letter, channel: Channel, now: datetime) -> bool:
    """Send one message, noting it before and after."""
    leg = letter.leg(channel.key).tried(now)
    # Noted first: what cannot be noted is not sent, and a process that dies of sending does not send again at once.
    outbox.note(letter.with_leg(channel.key, leg))
    try:
        channel.send(letter.message, outbox.plot(letter.message.id))
    except NotDelivered as error:
        outbox.note(letter.with_leg(channel.key, replace(leg, error=str(error))))
        return False
    outbox.note(letter.with_leg(channel.key, leg.ended("delivered", now)))
    return True


def _put_away(outbox: Outbox, channels: Sequence[Channel], now: datetime) -> tuple[str, ...]:
    """Move what waits for no channel any more; the ids of those that were given up."""
    given_up = []
    for letter in outbox.letters():
        ended = _given_up(letter, channels, now)
        if not channels or any(ended.waits_for(channel.key) for channel in channels):
            continue
        if ended != letter:
            outbox.note(ended)
        failed = any(leg.state == "given_up" for leg in ended.legs.values())
        outbox.move(ended, "failed" if failed else "sent")
        given_up += [ended.message.id] if failed else []
    return tuple(given_up)


def _given_up(letter: Letter, channels: Sequence[Channel], now: datetime) -> Letter:
    for channel in channels:
        leg = letter.leg(channel.key)
        if leg.state == "waiting" and leg.first_at is not None and leg.first_at <= now - PATIENCE:
            letter = letter.with_leg(channel.key, leg.ended("given_up", now))
    return letter


def _failure(letters: Iterable[Letter], channel: Channel) -> Failure | None:
    waiting = [letter.leg(channel.key) for letter in letters if letter.waits_for(channel.key)]
    failed = [leg for leg in waiting if leg.error is not None and leg.first_at is not None]
    if not failed:
        return None
    last = max(failed, key=lambda leg: leg.retry_at or datetime.min)
    since = min(leg.first_at for leg in failed if leg.first_at is not None)
    return Failure(channel.name, last.error or "", len(waiting), since)
