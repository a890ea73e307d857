"""The outermost layer: host check, addresses' rate, body limits, headers, counting and one line of log."""

from __future__ import annotations

import asyncio
import os
from itertools import count
from time import perf_counter

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from workbench.api.errors import failure_of
from workbench.api.headers import cross_origin, host_allowed, security_headers
from workbench.api.hot import HotRoutes
from workbench.api.limits import too_many
from workbench.api.server import Server
from workbench.api.wire import remember
from workbench.errors import ApiError

_LARGE = ("/api/classes", "/api/sessions", "/api/drafts")
"""Where files are taken: rosters and scenarios."""

_FAILED = 500
_LOUD = (0, 401, 403, 429)
"""What is always logged, beside failures of the server."""


class Edge:
    """A plain ASGI layer around everything; one object per server."""

    def __init__(self, app: ASGIApp, server: Server, hot: HotRoutes) -> None:
        self.app = app
        self._hot = hot
        self.server = server
        settings = server.settings
        self._headers = security_headers(settings)
        self._hosts = settings.hosts
        self._origins = settings.origins
        self._body_max = settings.body_bytes_max
        self._upload_max = settings.upload_bytes_max
        self._body_seconds_max = settings.body_seconds_max
        self._prefix = os.urandom(4).hex()
        self._count = count(1)
        self._log = structlog.get_logger("workbench.http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or open a WebSocket."""
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["workbench.request_id"] = f"{self._prefix}-{next(self._count):x}"
        remember(scope, send)
        try:
            self._admit(scope)
        except ApiError:
            await send({"type": "websocket.close", "code": 4403, "reason": "this host is not served here"})
            return
        try:
            await self.app(scope, receive, send)
        except ClientDisconnected:
            self._log.debug("left while the socket opened", path=scope["path"])
        except Exception as error:
            self._log.exception("socket failed", path=scope["path"], request_id=scope["workbench.request_id"])
            if failure_of(error).status >= _FAILED:
                raise

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s = perf_counter()
        request_id = scope["workbench.request_id"] = f"{self._prefix}-{next(self._count):x}"
        status = 0
        own = [*self._headers, (b"x-request-id", request_id.encode())]
        if self._origins:
            own += cross_origin(scope, self._origins)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        try:
            self._admit(scope)
            limited = self._limited(scope, receive)
            if self._origins and scope["method"] == "OPTIONS":
                await send_with_headers({"type": "http.response.start", "status": 204, "headers": []})
                await send_with_headers({"type": "http.response.body", "body": b""})
            else:
                route = self._hot.find(scope)
                await (self.app if route is None else route.app)(scope, limited, send_with_headers)
        except Exception as error:
            failure = failure_of(error)
            if failure.status == _FAILED:
                self._log.exception(
                    "request failed", method=scope["method"], path=scope["path"], request_id=request_id
                )
            if status:
                raise
            scope["workbench.failure"] = failure
            response = self.server.shape_of(scope["path"])(failure, request_id)
            await response(scope, receive, send_with_headers)
        finally:
            self._account(scope, status, perf_counter() - began_s)

    def _admit(self, scope: Scope) -> None:
        """Refuse other hosts and addresses that ask too often."""
        if self._hosts and not host_allowed(scope, self._hosts):
            raise ApiError(400, "wrong_host", "this server does not answer for that host name")
        client = scope.get("client")
        wait_s = self.server.limits.spend_address(client[0] if client else "")
        if wait_s:
            failure = too_many("this address", wait_s)
            self.server.metrics.refused(failure)
            raise failure

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """A `receive` that refuses bodies that are too large or too slow."""
        largest = self._upload_max if scope["path"].startswith(_LARGE) else self._body_max
        declared = -1
        for name, value in scope["headers"]:
            if name == b"content-length":
                declared = int(value) if value.isdigit() else -1
                if declared < 0:
                    raise ApiError(400, "invalid", "Content-Length is no number")
            elif name == b"transfer-encoding" and declared < 0:
                declared = -2
        if declared > largest:
            raise _too_large(largest)
        if declared in (-1, 0):
            return receive
        seen = 0

        async def limited() -> Message:
            nonlocal seen
            try:
                async with asyncio.timeout(self._body_seconds_max):
                    message = await receive()
            except TimeoutError:
                raise ApiError(
                    408, "timeout", "the body did not arrive in time", headers={"Connection": "close"}
                ) from None
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > largest:
                    raise _too_large(largest)
            return message

        return limited

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        """Count the request, and log it when it failed or when all are logged."""
        route = scope.get("route")
        template = getattr(route, "path_format", None) or getattr(route, "path", None) or "none"
        self.server.metrics.request(template, scope["method"], status, seconds)
        loud = status >= _FAILED or status in _LOUD
        if loud or self.server.settings.log_requests:
            failure = scope.get("workbench.failure")
            principal = scope.get("workbench.principal")
            write = self._log.warning if loud else self._log.info
            write(
                "request",
                method=scope["method"],
                route=template,
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 2),
                request_id=scope["workbench.request_id"],
                user=principal.name if principal is not None else "",
                session=scope.get("workbench.session") or scope.get("path_params", {}).get("name", ""),
                code=failure.code if failure is not None else "",
                address=(scope.get("client") or ("",))[0],
            )


def _too_large(largest: int) -> ApiError:
    return ApiError(
        413,
        "too_large",
        f"the body is larger than the {largest:,} bytes that are taken here",
        headers={"Connection": "close"},
    )
