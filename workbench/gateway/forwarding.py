"""What a gateway only passes on: requests, pages, and sockets that are no streams of a session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
from starlette.responses import HTMLResponse
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from workbench.api.errors import native_shape
from workbench.errors import ApiError
from workbench.gateway.upstream import (
    OPEN_S,
    Upstream,
    answered,
    ended,
    no_answer,
    raw_path,
    refuse,
    sayable,
)

CONNECTIONS = 200
"""Requests that may be under way at a time; further ones wait for one of them."""
KEPT_S = 60.0
"""How long a connection that is not used is kept: less than the 75 s after which the exchange ends it."""
SMALL_BYTES = 1 << 20
"""Bodies up to here are taken at every address, unless the exchange was told otherwise."""
LONGEST_S = 120.0
"""How long the exchange may take with an answer, or between two pieces of one."""
TRY_AGAIN_S = 2
"""How long a browser waits before it asks again for a page."""
_OPEN, _CLOSED = "websocket.receive", "websocket.disconnect"


class Forwarding:
    """Passes on to the exchange what a gateway has no part in.

    Parameters
    ----------
    upstream
        The exchange.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        limits = httpx.Limits(
            max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS, keepalive_expiry=KEPT_S
        )
        # No client: it would keep one person's cookies and send them with another's request.
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=True)

    async def close(self) -> None:
        """End all connections."""
        await self._transport.aclose()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request, and the exchange's answer."""
        try:
            self._upstream.refuse_circle(scope)
        except ApiError as circle:
            await native_shape(circle, "")(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        url = httpx.URL(self._upstream.url, raw_path=_bytes(raw_path(scope) + (f"?{query}" if query else "")))
        headers = self._upstream.passed_on(scope)
        sends = any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in scope["headers"]
        )
        if not any(name == b"content-length" for name, _ in headers) and sends:
            headers.append((b"transfer-encoding", b"chunked"))
        request = httpx.Request(
            scope["method"],
            url,
            headers=headers,
            content=_body(receive) if sends else None,
            extensions={"timeout": httpx.Timeout(LONGEST_S, connect=OPEN_S).as_dict()},
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.ConnectError:
            await (waiting_page() if _wants_page(scope) else native_shape(no_answer(), ""))(
                scope, receive, send
            )
            return
        except httpx.TransportError:
            # An exchange that refuses a body closes the connection while it is still being sent.
            failure = _too_large() if _declared(scope) > SMALL_BYTES else no_answer()
            await native_shape(failure, "")(scope, receive, send)
            return
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": response.status_code,
                    "headers": answered(response.headers.raw),
                }
            )
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket, message by message in both directions."""
        asked = await receive()
        assert asked["type"] == "websocket.connect"
        try:
            line = await self._upstream.open(scope)
        except (InvalidStatus, ApiError) as error:
            await refuse(scope, send, error)
            return
        try:
            await send({"type": "websocket.accept", "subprotocol": line.subprotocol, "headers": []})
            tasks: list[asyncio.Task[Any]] = [
                asyncio.create_task(_to_exchange(receive, line)),
                asyncio.create_task(_to_person(line, send)),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await line.close()


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for something to show."""
    return scope["method"] == "GET" and any(
        name == b"accept" and b"text/html" in value for name, value in scope["headers"]
    )


def waiting_page() -> HTMLResponse:
    """What a browser shows while the exchange does not answer; it asks again by itself."""
    failure = no_answer()
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="{TRY_AGAIN_S}">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        "<title>workbench</title><h1>workbench</h1>"
        "<p>The exchange does not answer at the moment. This page tries again by itself.</p></html>",
        failure.status,
        {"Retry-After": str(TRY_AGAIN_S), "Cache-Control": "no-store"},
    )


def _declared(scope: Scope) -> int:
    """How long the body of a request says that it is; 0 when it does not say."""
    given = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(given) if given.isdigit() else 0


def _too_large() -> ApiError:
    return ApiError(
        413, "too_large", "the exchange did not take the whole body, which is larger than it allows here"
    )


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message: Message = await receive()
        if message["type"] != "http.request":
            raise httpx.ReadError("the person is gone")
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return


async def _to_exchange(receive: Receive, line: ClientConnection) -> None:
    while True:
        said = await receive()
        if said["type"] == _CLOSED:
            code = said.get("code", 1005)
            await line.close(code if sayable(code) else 1000)
            return
        if said["type"] == _OPEN:
            text = said.get("text")
            with suppress(ConnectionClosed):
                await line.send(said["bytes"] if text is None else text)


async def _to_person(line: ClientConnection, send: Send) -> None:
    try:
        while True:
            said = await line.recv()
            content = {"text": said} if isinstance(said, str) else {"bytes": said}
            await send({"type": "websocket.send", **content})
    except ConnectionClosed as error:
        code, reason = ended(error)
        with suppress(OSError, RuntimeError):
            await send({"type": "websocket.close", "code": code, "reason": reason})


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
