"""Connections with limits: how large the head of a request may be, how long a request may take to come, and how many.

Who has no key reaches this far, so what is held for them has to be little. It keeps a server alive on a bad day;
against many machines at once it needs a proxy in front.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 1 << 16
REQUEST_SECONDS = 30.0
CONNECTIONS = 500
"""Fewer than the files that a process may usually have open, 1,024."""


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, closed when a request is more than the limits allow."""

    _requests = 0
    _in_head = False
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.close()
        else:
            self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._request_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head that goes on for ever is refused."""
        if self._deadline is None:
            self._expect_request()
        before = self._requests
        super().data_received(data)
        if self._in_head and self._requests == before:  # a head that began in these bytes is not all of them
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._in_head = False
                self.send_400_response(f"The head of a request may have {HEAD_BYTES:,} bytes.")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head, self._head_bytes = True, 0
        self._requests += 1
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; those of a trailer count for nothing: a proxy has not seen them."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there, with its body."""
        self._request_came()
        super().on_message_complete()

    def _expect_request(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _request_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
