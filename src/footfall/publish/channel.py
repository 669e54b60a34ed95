"""Where messages go: a channel is an Apprise URL, of which no more than the scheme and the host is ever told."""

import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from footfall.errors import SettingInvalid, TransientError
from footfall.publish.message import Message

if TYPE_CHECKING:
    from apprise import Apprise

NEEDS_EXTRA = 'notifications need the extra: pip install "footfall[notify]"'
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_EXAMPLES = (
    "mailtos://USER:PASSWORD@HOST, slack://TOKEN_A/TOKEN_B/TOKEN_C, workflows://HOST/... (Teams), jsons://HOST/PATH"
)
# What these log at the level DEBUG holds whole URLs.
_TALKATIVE = ("apprise", "requests", "urllib3")
_REASON_LETTERS = 200


class NotDelivered(TransientError):
    """A channel did not take a message."""


@dataclass(frozen=True)
class Channel:
    """A channel that can be sent to.

    Attributes:
        number: its place in the list, from 1 on.
        address: what may be told of it: the scheme, and the host where the service names one.
        key: knows it again, also when it stands elsewhere in the list; its URL cannot be found from it.
    """

    number: int
    address: str
    key: str
    _url: str = field(repr=False)
    _apprise: "Apprise" = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """How it is told of."""
        return f"channel {self.number} ({self.address})"

    def send(self, message: Message, plot: Path | None = None) -> None:
        """Hand a message over, with a picture where the service takes one.

        Raises:
            NotDelivered: the service did not take it, or cannot be reached.
        """
        from apprise import NotifyFormat, NotifyType  # noqa: PLC0415 - an extra
        from apprise.attachment.file import AttachFile  # noqa: PLC0415

        kind = NotifyType.SUCCESS if message.event == "closed" else NotifyType.WARNING
        with _overheard() as warnings:
            taken = self._apprise.notify(
                title=message.title,
                body=message.body,
                # Brands may hold what Markdown or HTML would read as theirs.
                body_format=NotifyFormat.TEXT,
                notify_type=kind,
                attach=AttachFile(str(plot), name="incident.png", mimetype="image/png") if plot else None,
            )
        if not taken:
            raise NotDelivered(self._without_secrets("; ".join(warnings)) or "the service gave no reason")

    def _without_secrets(self, text: str) -> str:
        """A text without anything of the URL but its address."""
        parts = set(re.findall(r"[^\s/:@?&=,;#]{3,}", f"{self._url} {unquote(self._url)}"))
        told = set(re.split(r"[/:]+", self.address))
        for part in sorted(parts - told, key=len, reverse=True):
            text = text.replace(part, "…")
        return " ".join(text.split())[:_REASON_LETTERS]


def open_channels(urls: Sequence[str]) -> tuple[Channel, ...]:
    """The channels of Apprise URLs; one that is named twice is one.

    Raises:
        SettingInvalid: a URL is none that Apprise knows, or Apprise is not installed.
    """
    channels = [_open(url, number) for number, url in enumerate(urls, start=1)]
    return tuple({channel.key: channel for channel in channels}.values())


def _open(url: str, number: int) -> Channel:
    try:
        from apprise import Apprise, AppriseAsset  # noqa: PLC0415 - an extra
    except ImportError:
        raise SettingInvalid(NEEDS_EXTRA) from None
    # No pictures from elsewhere, and nothing kept beside the outbox: its storage holds what services answered.
    asset = AppriseAsset(
        app_id="Footfall", app_desc="Footfall", app_url="", image_url_mask="", image_url_logo="",
        async_mode=False, storage_mode="memory",
    )  # fmt: skip
    with _overheard():
        service = Apprise.instantiate(url, asset=asset)
    if service is None:
        raise SettingInvalid(_what_is_wrong(url, number))
    opened = Apprise(asset=asset)
    opened.add(service)
    return Channel(number, _address(url, service), _key(url), url, opened)


def _what_is_wrong(url: str, number: int) -> str:
    scheme = _SCHEME.match(url)
    if scheme is None:
        return f"channel {number}: is no URL; write it like {_EXAMPLES}"
    found = f"channel {number} ({scheme[1].lower()}://…)"
    if scheme[1].lower() in ("http", "https"):
        return f"{found}: is no service that Apprise knows; a webhook of your own is json://HOST/PATH, or jsons://HOST/PATH"
    return f"{found}: is not as Apprise expects it; write it like {_EXAMPLES}, or see the services of Apprise"


def _address(url: str, service: Any) -> str:
    """In many URLs of services a token stands where others have the host."""
    scheme = url.partition("://")[0].lower()
    has_host = any("{host}" in template for template in service.templates)
    return f"{scheme}://{service.host}" if has_host and service.host else f"{scheme}://…"


def _key(url: str) -> str:
    # A slow hash: of a fast one, whoever reads the outbox could try passwords by the million.
    return hashlib.scrypt(url.encode(), salt=b"footfall channel", n=2**14, r=8, p=1, dklen=6).hex()


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What is warned of meanwhile; nothing of it reaches the program's log, for it may hold secrets."""
    heard: list[str] = []
    ears = _Ears(heard)
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    passed_on = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(ears)
        logger.propagate = False
    try:
        yield heard
    finally:
        for logger, was in zip(loggers, passed_on, strict=True):
            logger.propagate = was
            logger.removeHandler(ears)


class _Ears(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(record.getMessage())
