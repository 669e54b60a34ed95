"""Runs the API in this process, until it is told to end."""

import socket

import uvicorn

from footfall.serve.api.app import create_app
from footfall.serve.api.connection import Connection
from footfall.serve.api.server import Limits
from footfall.settings import Settings

_END_SECONDS = 10


def run(settings: Settings, listening: socket.socket, *, with_keys: bool, limits: Limits) -> None:
    """Serve until SIGINT or SIGTERM; requests that are being answered end first.

    Args:
        settings: which lake.
        listening: where.
        with_keys: whether callers need an API key.
        limits: what a caller may ask for.
    """
    config = uvicorn.Config(
        create_app(settings, with_keys=with_keys, limits=limits),
        # Its own log of requests has their paths, and so pseudonyms; ours is the audit log.
        access_log=False,
        http=Connection,
        log_level="warning",
        server_header=False,
        # Nothing is made of the caller's address or scheme, so a proxy need not tell them.
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=_END_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[listening])
