"""The application: every face's routes in one flat list, each with the permission it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from msgspec import MsgspecError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.api.alpaca import alpaca_routes
from workbench.api.auth import Guard
from workbench.api.edge import Edge
from workbench.api.errors import answer_failure
from workbench.api.front import router as front_router
from workbench.api.hot import HotRoutes
from workbench.api.native.arrow import arrow_routes
from workbench.api.native.routes import native_routes
from workbench.api.native.stream import stream_routes
from workbench.api.schema import complete_schema
from workbench.api.server import Server
from workbench.api.settings import ServerSettings
from workbench.api.slashes import Slashes
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.identity.identity import Identity
    from workbench.session.live.sessions import Sessions

Routes = Iterable[APIRouter | BaseRoute]

FACES: tuple[Callable[[Server], Routes], ...] = (native_routes, stream_routes, arrow_routes, alpaca_routes)
"""Where routes come from: each function takes the server and gives routers and routes with full paths."""


def create_app(sessions: Sessions, identity: Identity, settings: ServerSettings) -> FastAPI:
    """The ASGI application of a server; its `state.server` is the `Server`.

    Whoever runs it calls `state.server.start()` on the loop before the first request, and
    `state.server.stop()` before the sessions are drained.
    """
    server = Server(sessions, identity, settings)
    app = FastAPI(
        title="workbench",
        version=version("trading-workbench"),
        description="A simulated exchange that people and bots log in to.",
        openapi_url="/openapi.json" if settings.docs else None,
        docs_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.server = server
    app.router.routes.extend(flat([front_router]))
    for face in FACES:
        app.router.routes.extend(flat(face(server)))
    app.router.routes.sort(key=_order)
    guard_routes(app, server)
    complete_schema(app)
    app.add_middleware(Edge, server=server, hot=HotRoutes(app.router.routes))
    app.add_middleware(Slashes)
    for kind in (WorkbenchError, RequestValidationError, MsgspecError, HTTPException):
        app.add_exception_handler(kind, answer_failure)
    return app


def flat(routes: Routes) -> list[BaseRoute]:
    """Routers taken apart: a request then looks through one list, not through routers of routers.

    Raises
    ------
    RuntimeError
        For a router that was included with a prefix, which its routes do not know.
    """
    found: list[BaseRoute] = []
    for route in routes:
        if isinstance(route, APIRouter):
            found.extend(flat(route.routes))
        elif (inner := getattr(route, "original_router", None)) is not None:
            prefix = route.include_context.prefix  # type: ignore[attr-defined]
            if prefix:
                raise RuntimeError(f"a router is included with prefix {prefix!r}")
            found.extend(flat([inner]))
        else:
            # A copy: routers belong to modules, and each application guards its routes with its own server.
            found.append(copy(route))
    return found


def guard_routes(app: FastAPI, server: Server) -> None:
    """Put the guard of its permissions in front of every route.

    Raises
    ------
    RuntimeError
        When a route says neither `permit` nor `public`.
    """
    for route in app.router.routes:
        if getattr(route, "path", "") == app.openapi_url:
            continue
        if not isinstance(route, Route | WebSocketRoute):
            raise RuntimeError(f"{route!r} is no route that can be guarded")  # noqa: TRY004 - a mistake in code
        endpoint = route.endpoint
        if not hasattr(endpoint, "permissions"):
            raise RuntimeError(f"{route.path} says neither permit(...) nor public")
        inner = _bare(endpoint) if getattr(endpoint, "hot", False) else route.app
        permissions = endpoint.permissions
        route.app = inner if permissions is None else Guard(inner, permissions, server)


def _bare(endpoint: Callable[[Request], Any]) -> ASGIApp:
    """An endpoint that takes a request and gives a response, and nothing else in between."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response: Response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    return app


def _order(route: BaseRoute) -> int:
    """Addresses with fewer placeholders are looked at before those with more."""
    return getattr(route, "path", "").count("{")
