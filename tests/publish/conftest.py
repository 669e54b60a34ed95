"""Servers that are up, and an outbox that is empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from receivers import Mail, Webhook

from footfall.publish import Outbox


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()
    with hook.up():
        yield hook


@pytest.fixture
def mail() -> Iterator[Mail]:
    server = Mail()
    with server.up():
        yield server
