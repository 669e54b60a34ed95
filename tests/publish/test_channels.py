"""Channels are told at once if they are wrong, and never tell their secrets."""

import logging
import sys
import traceback

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError
from receivers import Mail, Webhook
from told_incidents import message

from footfall.errors import SettingInvalid
from footfall.publish import Channel, Notify
from footfall.publish.channel import NotDelivered, open_channels

SECRETS = ("a-secret-path", "a-secret-token", "hunter2")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("hunter2", "is no URL; write it like mailtos://"),
        ("slak://hunter2/b/c", "(slak://…): is not as Apprise expects it"),
        ("slack://hunter2", "(slack://…): is not as Apprise expects it"),
        ("mailto://", "(mailto://…): is not as Apprise expects it"),
        (
            "https://example.org/hunter2",
            "(https://…): is no service that Apprise knows; a webhook of your own is json://",
        ),
    ],
)
def test_a_wrong_url_is_told_when_it_is_read(url: str, told: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Notify.model_validate({"channels": ["json://localhost", url]})
    message = raised.value.errors()[0]["msg"]
    assert "channel 2" in message
    assert told in message
    assert "hunter2" not in message + "".join(traceback.format_exception(raised.value))


def test_a_wrong_url_of_the_environment_is_told_as_well() -> None:
    named = {"FOOTFALL_NOTIFY": f"json://localhost slack://{SECRETS[2]}"}
    with pytest.raises(SettingInvalid, match=r"^environment FOOTFALL_NOTIFY: channel 2 ") as raised:
        Notify().open(named)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_the_environment_wins_and_may_hold_commas() -> None:
    named = " mailto://u:p@example.org?to=a@example.org,b@example.org,json://localhost\njsons://example.org/x, "
    notify = Notify.model_validate({"channels": ["xml://localhost"], "language": "fr"})
    assert [channel.address for channel in notify.open({})] == ["xml://localhost"]
    found = [channel.address for channel in notify.open({"FOOTFALL_NOTIFY": named})]
    assert found == ["mailto://example.org", "json://localhost", "jsons://example.org"]
    assert Notify().open({"FOOTFALL_NOTIFY": " , "}) == ()


def test_a_key_belongs_to_the_url_and_not_to_its_place() -> None:
    first, second = open_channels(["json://localhost/a", "json://localhost/b"])
    assert [one.key for one in open_channels(["json://localhost/b", "json://localhost/a"])] == [second.key, first.key]
    assert len(open_channels(["json://localhost/a"] * 2)) == 1


def test_a_token_that_stands_where_others_have_the_host_is_not_told() -> None:
    channel = open_channels(["slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"])[0]
    assert channel.address == "slack://…"
    assert "T1JJ3T3L2" not in repr(channel) + repr(
        Notify(channels=("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",))
    )  # type: ignore[arg-type]


def test_a_model_around_it_hides_its_input_too() -> None:
    class Alerts(BaseModel):
        model_config = ConfigDict(hide_input_in_errors=True)
        notify: Notify

    with pytest.raises(ValidationError) as raised:
        Alerts.model_validate({"notify": {"channels": ["mailto://u:hunter2@example.org"], "languages": "fr"}})
    assert "hunter2" not in str(raised.value)


def test_no_secret_reaches_a_log_or_an_error(webhook: Webhook, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mail = f"mailto://somebody:hunter2@127.0.0.1:{Mail().port}?from=b@example.org&to=a@example.org"
    channels = open_channels([webhook.url, mail])
    channels[0].send(message())
    webhook.status = 403
    errors = [error_of(channel) for channel in channels]
    assert "error=403" in errors[0]
    assert "127.0.0.1" in errors[1]
    assert not [secret for secret in SECRETS if secret in " ".join(errors) + caplog.text]
    assert logging.getLogger("apprise").propagate


def error_of(channel: Channel) -> str:
    with pytest.raises(NotDelivered) as raised:
        channel.send(message())
    return str(raised.value)


def test_what_a_service_says_is_told_without_the_secrets_of_the_url() -> None:
    channel = open_channels(["json://somebody:hunter2@127.0.0.1/a%2Dsecret-path?-token=a-secret-token"])[0]
    said = "127.0.0.1 refused somebody with hunter2 at /a-secret-path and a-secret-token"
    assert channel._without_secrets(said) == "127.0.0.1 refused … with … at /… and …"


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert Notify().open({}) == ()
    with pytest.raises(SettingInvalid) as raised:
        Notify().open({"FOOTFALL_NOTIFY": "json://localhost"})
    assert str(raised.value).endswith('notifications need the extra: pip install "footfall[notify]"')
