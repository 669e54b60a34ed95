"""Real servers on the loopback that take messages: SMTP, and a webhook over HTTP."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Webhook:
    """What a webhook was sent, in order; `on_request` is called before it answers."""

    port: int = field(default_factory=free_port)
    received: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    on_request: Callable[[int], None] = lambda _number: None

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/a-secret-path?-token=a-secret-token"

    @property
    def titles(self) -> list[str]:
        return [one["title"] for one in self.received]

    def plots(self) -> list[bytes]:
        return [base64.b64decode(file["base64"]) for one in self.received for file in one["attachments"]]

    @contextmanager
    def up(self) -> Iterator[None]:
        """Answer meanwhile; before and after, nobody listens on the port."""
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                hook.on_request(len(hook.received))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", self.port), Handler) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


@dataclass
class Mail:
    """What an SMTP server was sent, in order."""

    port: int = field(default_factory=free_port)
    received: list[EmailMessage] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=footfall@example.org&to=shop@example.org"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 taken"

    @contextmanager
    def up(self) -> Iterator[None]:
        controller = Controller(self, hostname="127.0.0.1", port=self.port)
        controller.start()
        try:
            yield
        finally:
            controller.stop()
