"""The API: FastAPI over the published tables of a lake."""

import contextlib
import functools
import gc
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

import footfall
from footfall.errors import FootfallError
from footfall.pipeline.versions import versions
from footfall.serve.access import AuditLog, KeyStore, RateLimit, access_folder
from footfall.serve.api import problems
from footfall.serve.api.door import HEADER, OPEN_TO_ALL, Door
from footfall.serve.api.metrics import Metrics
from footfall.serve.api.routes import health, incidents, models, score, segments, users, volumes
from footfall.serve.api.server import Limits, Remembered, Server
from footfall.serve.views.freshness import Freshness
from footfall.serve.views.known_shops import KnownShops
from footfall.serve.views.published import Published
from footfall.serve.views.scoring import read_scorer
from footfall.serve.views.users import read_users
from footfall.settings import Settings

_REGISTRY_SECONDS = 10.0
_ABOUT = """Segments, forecasts and incidents of a shop, from the published tables of a Footfall lake.

Times are UTC. Lists come in pages: `next_cursor` of one is `cursor` of the next. Answers that are made of tables have
an ETag, which changes with the tables. Errors are problem details (RFC 9457)."""


def create_app(settings: Settings, *, with_keys: bool = True, limits: Limits | None = None) -> FastAPI:
    """The application; it opens the lake when it is started.

    Args:
        settings: which lake.
        with_keys: whether callers need an API key; without, anyone who reaches the server may do everything.
        limits: what a caller may ask for.

    Raises:
        LakeInvalid: when it is started: there is no lake.
    """

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        app.state.server = server = _open(settings, with_keys=with_keys, limits=limits or Limits())
        server.published.start()
        # What was loaded stays: the collector need not look at it again, for which every request would wait.
        gc.collect()
        gc.freeze()
        threading.Thread(target=_look_at_versions, args=(server,), daemon=True).start()
        yield
        server.published.close()

    app = FastAPI(
        title="Footfall",
        version=footfall.__version__,
        description=_ABOUT,
        lifespan=running,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # A redirect names the scheme that it sees: behind a proxy that ends TLS, the key would go out in clear.
        redirect_slashes=False,
    )
    for room in (users, score, segments, volumes, incidents, models, health):
        app.include_router(room.router)
    problems.install(app)
    app.add_middleware(Door, server=lambda: app.state.server)
    app.openapi = functools.partial(_described, app, app.openapi)  # type: ignore[method-assign]
    return app


def _look_at_versions(server: Server) -> None:
    """MLflow takes seconds to load; the first question about models need not wait for it."""
    with contextlib.suppress(FootfallError):  # whoever asks is told
        server.versions()


def _open(settings: Settings, *, with_keys: bool, limits: Limits) -> Server:
    published = Published(settings)
    access = access_folder(published.lake)
    return Server(
        settings=settings,
        published=published,
        users=published.keep("customer_segments", "user_features", make=read_users),
        scorer=published.keep("customer_segments", make=lambda reader: read_scorer(reader, settings)),
        shops=KnownShops(published),
        freshness=Freshness(published),
        versions=Remembered(lambda: versions(settings), _REGISTRY_SECONDS),
        keys=KeyStore(access) if with_keys else None,
        audit=AuditLog(access),
        rate=RateLimit(limits.per_second, limits.burst),
        limits=limits,
        metrics=Metrics(),
    )


def _described(app: FastAPI, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI description: every error of every operation is a problem."""
    if app.openapi_schema is None:
        told = make()
        schemas = told["components"]["schemas"]
        schemas["Problem"] = problems.Problem.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for operation in (one for path in told["paths"].values() for one in path.values()):
            content = operation["responses"].get("422", {}).get("content", {})
            if content.pop("application/json", None):
                content[problems.MEDIA_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}
        told["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": HEADER}}
        for path, operations in told["paths"].items():
            for operation in () if path in OPEN_TO_ALL else operations.values():
                operation["security"] = [{"key": []}]
        app.openapi_schema = told
    return app.openapi_schema
