"""Everything is told once, in order, to every channel, however often a server is down."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from receivers import Mail, Webhook
from told_incidents import NOON, incident, message

from footfall.errors import SourceUnreadable
from footfall.publish import Channel, Delivery, Outbox, OutboxBusy, deliver, message_of
from footfall.publish.channel import open_channels

PNG = b"\x89PNG a picture"


def opened(*servers: Webhook | Mail) -> tuple[Channel, ...]:
    return open_channels([server.url for server in servers])


def later(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def every_minute(outbox: Outbox, channels: tuple[Channel, ...], first: float, last: float) -> list[Delivery]:
    """Call it from one hour to another."""
    minutes = range(round(first * 60), round(last * 60) + 1)
    return [deliver(outbox, channels, later(minute / 60)) for minute in minutes]


def test_a_mail_has_subject_text_and_picture(outbox: Outbox, mail: Mail) -> None:
    told = message_of(incident(), "opened", "fr", unit_of_money="EUR", timezone="Europe/Paris")
    outbox.add(replace(told, plot=PNG))
    assert deliver(outbox, opened(mail), told.due_at).sent == 1
    (received,) = mail.received
    # Spaces of all kinds are one in a subject.
    subject = " ".join(received["subject"].split())
    assert subject == "Chiffre d'affaires (catégorie electronics) : 62 % sous la valeur attendue"
    text, picture = received.iter_parts()
    assert "Manque à gagner à ce stade\u00a0: environ 29\u202f800\u00a0EUR et 310\u00a0commandes." in text.get_content()
    assert (picture.get_content_type(), picture.get_content()) == ("image/png", PNG)


def test_a_webhook_gets_the_same(outbox: Outbox, webhook: Webhook) -> None:
    outbox.add(message(title="a title", body="two\nlines", plot=PNG))
    deliver(outbox, opened(webhook), NOON)
    assert [(one["title"], one["message"], one["type"]) for one in webhook.received] == [
        ("a title", "two\nlines", "warning")
    ]
    assert webhook.plots() == [PNG]


def test_what_is_known_is_not_sent_again(outbox: Outbox, webhook: Webhook, tmp_path: Path) -> None:
    assert outbox.add(message(plot=PNG))
    assert not outbox.add(message(plot=PNG))
    deliver(outbox, opened(webhook), NOON)
    again = Outbox(tmp_path / "outbox")
    assert not again.add(message(plot=PNG))
    assert deliver(again, opened(webhook), later(1)) == Delivery(0, 0, (), ())
    assert len(webhook.received) == 1
    assert sorted(file.name for file in (tmp_path / "outbox" / "sent").iterdir()) == [
        "a1b2c3d4-opened-1200.json",
        "a1b2c3d4-opened-1200.png",
    ]


def test_quiet_hours_are_kept(outbox: Outbox, webhook: Webhook) -> None:
    outbox.add(message(due_at=later(8)))
    assert deliver(outbox, opened(webhook), later(7.9)) == Delivery(0, 1, (), ())
    assert deliver(outbox, opened(webhook), later(8)).sent == 1


def test_a_server_that_is_down_for_an_hour(outbox: Outbox) -> None:
    """20 incidents with 5 updates each meanwhile: afterwards 2 messages of each, and none before."""
    hook, names = Webhook(), [f"{number:08x}" for number in range(20)]
    channels = opened(hook)
    for name in names:
        outbox.add(message("opened", 0, name))
    for hour in (0.1, 0.3, 0.5, 0.7, 0.9):
        for name in names:
            outbox.add(message("updated", hour, name))
    down = every_minute(outbox, channels, 0, 1)
    assert not sum(delivery.sent for delivery in down)
    assert (
        "channel 1 (json://127.0.0.1): 40 messages wait, first tried at 2026-11-21 12:00 UTC (A Connection error"
        in str(down[-1].failures[0])
    )
    assert len(down[-1].failures) == 1
    with hook.up():
        up = every_minute(outbox, channels, 1 + 1 / 60, 1.25)
    assert up[-1] == Delivery(0, 0, (), ())
    assert sorted(hook.titles) == sorted(f"{name}-{what}" for name in names for what in ("opened-1200", "updated-1254"))
    for name in names:
        assert [title for title in hook.titles if title.startswith(name)] == [
            f"{name}-opened-1200",
            f"{name}-updated-1254",
        ]


def test_attempts_become_rarer_up_to_every_15_minutes(outbox: Outbox) -> None:
    hook, minutes = Webhook(status=503), []
    channels = opened(hook)
    outbox.add(message())
    with hook.up():
        for minute in range(100):
            before = len(hook.received)
            deliver(outbox, channels, later(minute / 60))
            minutes += [minute] * (len(hook.received) - before)
    assert minutes == [0, 1, 3, 7, 15, 30, 45, 60, 75, 90]


def test_one_channel_that_is_down_does_not_hold_up_or_repeat_the_other(outbox: Outbox, webhook: Webhook) -> None:
    other = Webhook()
    channels = opened(webhook, other)
    outbox.add(message())
    for hour in (0, 0.5):
        told = deliver(outbox, channels, later(hour))
        assert [(one.channel, one.messages) for one in told.failures] == [("channel 2 (json://127.0.0.1)", 1)]
    with other.up():
        assert deliver(outbox, channels, later(1)) == Delivery(1, 0, (), ())
    assert (len(webhook.received), len(other.received)) == (1, 1)


def test_an_update_waits_for_its_opening(outbox: Outbox, webhook: Webhook) -> None:
    outbox.add(message("updated", 1, due_at=later(1)))
    outbox.add(message("opened", 0, due_at=later(3)))
    assert deliver(outbox, opened(webhook), later(2)).sent == 0
    deliver(outbox, opened(webhook), later(3))
    assert webhook.titles == ["a1b2c3d4-opened-1200", "a1b2c3d4-updated-1300"]


def test_what_rests_is_sent_as_soon_as_the_channel_is_up(outbox: Outbox) -> None:
    hook, first, second = Webhook(), message(), message("opened", 0.01, "another1")
    channels = opened(hook)
    for letter in (first, second):
        outbox.add(letter)
        deliver(outbox, channels, letter.at)
    with hook.up():
        assert deliver(outbox, channels, first.at + timedelta(minutes=1)).sent == 2


def test_a_message_that_is_refused_does_not_hold_up_other_incidents(outbox: Outbox, webhook: Webhook) -> None:
    outbox.add(message())
    webhook.status = 400
    deliver(outbox, opened(webhook), NOON)
    webhook.status = 200
    outbox.add(message("opened", 0.005, "another1"))
    deliver(outbox, opened(webhook), later(0.005))
    assert webhook.titles[1] == "another1-opened-1200"


def test_nothing_is_given_up_in_the_first_days_and_then_it_is_told(outbox: Outbox, tmp_path: Path) -> None:
    channels = opened(Webhook())
    outbox.add(message())
    assert [deliver(outbox, channels, later(24 * days)).given_up for days in (0, 3, 6.9)] == [()] * 3
    assert deliver(outbox, channels, later(24 * 7)) == Delivery(0, 0, (), ("a1b2c3d4-opened-1200",))
    assert [letter.message.id for letter in outbox.letters("failed")] == ["a1b2c3d4-opened-1200"]


def test_sent_messages_are_forgotten_after_90_days(outbox: Outbox, webhook: Webhook, tmp_path: Path) -> None:
    outbox.add(message(plot=PNG))
    for days in (0, 89):
        deliver(outbox, opened(webhook), later(24 * days))
    assert len(outbox.letters("sent")) == 1
    deliver(outbox, opened(webhook), later(24 * 91))
    assert not list((tmp_path / "outbox" / "sent").iterdir())


def test_without_channels_everything_waits(outbox: Outbox) -> None:
    outbox.add(message())
    assert deliver(outbox, (), NOON) == Delivery(0, 1, (), ())


def test_two_processes_do_not_send_at_once(outbox: Outbox, webhook: Webhook, tmp_path: Path) -> None:
    outbox.add(message())
    with outbox.sending(), pytest.raises(OutboxBusy, match="another process is sending"):
        deliver(Outbox(tmp_path / "outbox"), opened(webhook), NOON)
    assert not webhook.received


def test_no_secret_is_kept(outbox: Outbox, webhook: Webhook, tmp_path: Path) -> None:
    outbox.add(message())
    webhook.status = 403
    deliver(outbox, opened(webhook), NOON)
    (file,) = (tmp_path / "outbox" / "pending").glob("*.json")
    assert "error=403" in file.read_text()
    assert "a-secret" not in file.read_text()


def test_a_file_that_is_no_message_is_named(outbox: Outbox, tmp_path: Path) -> None:
    outbox.add(message())
    (tmp_path / "outbox" / "pending" / "notes.json").write_text("{}")
    with pytest.raises(SourceUnreadable, match=r"pending/notes.json: message: Field required; is no message: move it"):
        deliver(outbox, (), NOON)
