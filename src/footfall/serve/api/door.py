"""The door: every request passes it. How large, who, how often; counted when it is answered."""

import math
import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fastapi import HTTPException, Response

from footfall.errors import FootfallError
from footfall.serve.access import ANYONE, Caller
from footfall.serve.api.problems import problem, told_of
from footfall.serve.api.server import Server
from footfall.serve.listening import is_loopback

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = "X-API-Key"
OPEN_TO_ALL = frozenset({"/health", "/health/live", "/health/ready", "/metrics", "/openapi.json"})
PROBES = frozenset({"/health/live", "/health/ready"})
"""What asks for these restarts a server that does not answer, so nobody's haste may keep it from an answer."""
NOBODY = Caller("nobody", ())
"""Who asks for what needs no key; they have one rate together."""
UNREADABLE = "the lake cannot be read; the server's log says why"
ENDS = "the server ends; ask again when it is back"
_HOW = f"send an API key in the header {HEADER}; `footfall keys create NAME --role ROLE` makes one"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


class Door:
    """Middleware without FastAPI's costs: it is passed a thousand times a second.

    Args:
        app: what answers.
        server: who may ask; the limits.
    """

    def __init__(self, app: Asgi, server: Callable[[], Server]) -> None:
        self._app, self._server = app, server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, server, status = time.perf_counter(), self._server(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        refusal = self._refusal(server, scope)
        try:
            if refusal is not None:
                await refusal(scope, receive, sent)
            else:
                await self._app(scope, _limited(receive, server.limits.body_bytes), sent)
        except CancelledError:  # the server ends, and has waited as long as it may
            if status:
                raise
            await problem(503, ENDS, {"Retry-After": "5"})(scope, receive, sent)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            server.metrics.answered(method, _route(scope), status or 500, time.perf_counter() - began)

    def _refusal(self, server: Server, scope: Scope) -> Response | None:
        """Why a request is not let through; None if it is, and then `scope["caller"]` says whose it is."""
        headers = dict(scope["headers"])
        scope["caller"] = NOBODY
        if scope["path"] not in OPEN_TO_ALL:
            try:
                caller = _caller(server, headers.get(b"x-api-key"))
            except FootfallError as error:
                return told_of(error)
            if caller is None and server.published.failure is not None:
                return problem(503, UNREADABLE, {"Retry-After": "5"})
            if caller is None:
                return problem(401, _HOW, {"WWW-Authenticate": f'ApiKey header="{HEADER}"'})
            scope["caller"] = caller
        often = None if scope["path"] in PROBES else _too_often(server, scope["caller"])
        return _refused_host(server, headers) or often or _too_long(server, headers)


def _refused_host(server: Server, headers: dict[bytes, bytes]) -> Response | None:
    """Without keys, a page elsewhere could make a name of its own point to this machine."""
    host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0].strip("[]")
    if server.keys is not None or is_loopback(host or "localhost"):
        return None
    return problem(403, "without keys this server answers to names of its own machine only")


def _too_often(server: Server, caller: Caller) -> Response | None:
    wait = server.rate.take(caller.key_id or caller.name)
    if wait <= 0:
        return None
    after = str(max(1, math.ceil(wait)))
    return problem(429, f"more than {server.limits.per_second:g} requests a second", {"Retry-After": after})


def _too_long(server: Server, headers: dict[bytes, bytes]) -> Response | None:
    length, most = headers.get(b"content-length", b"0").strip(), server.limits.body_bytes
    return None if length.isdigit() and int(length) <= most else problem(413, _too_large(most))


def _caller(server: Server, key: bytes | None) -> Caller | None:
    if server.keys is None:
        return ANYONE
    return server.keys.check(key.decode("latin-1").strip()) if key else None


def _too_large(most: int) -> str:
    return f"a body may have {most:,} bytes; send less at once"


def _limited(receive: Receive, most: int) -> Receive:
    """Count the bytes of a body that does not say how long it is."""
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413, _too_large(most))
        return message

    return counted


def _route(scope: Scope) -> str:
    """The route's own path, with names instead of ids; what is no route is one of many."""
    route = scope.get("route")
    return str(getattr(route, "path", "other")) if route is not None else "other"
