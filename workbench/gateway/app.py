"""A gateway as one ASGI application: streams of sessions are shared, all else is passed on."""

from __future__ import annotations

import re

import msgspec
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from workbench.api.wire import remember
from workbench.gateway.forwarding import Forwarding
from workbench.gateway.streams import Streams
from workbench.gateway.upstream import Upstream, raw_path

HEALTH = "/gateway/health"
"""The one address that is the gateway's own."""
_STREAM = re.compile(r"/api/sessions/[^/]+/stream")


class Gateway:
    """The application.

    Parameters
    ----------
    upstream
        The exchange.

    Attributes
    ----------
    streams
        The desks.
    """

    def __init__(self, upstream: Upstream) -> None:
        self.streams = Streams(upstream)
        self.forwarding = Forwarding(upstream)
        self._upstream = upstream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or open a WebSocket."""
        if scope["type"] == "http":
            if scope["path"] == HEALTH:
                await self._health(send)
            else:
                await self.forwarding.answer(scope, receive, send)
        elif scope["type"] == "websocket":
            remember(scope, send)
            try:
                if _STREAM.fullmatch(raw_path(scope)):
                    await self.streams.serve(scope, receive, send)
                else:
                    await self.forwarding.pass_on(scope, receive, send)
            except ClientDisconnected:
                pass  # The person left while the socket opened.

    async def _health(self, send: Send) -> None:
        """How many desks there are, and what they share; of the exchange its own health tells."""
        told = {
            "exchange": self._upstream.url,
            "streams": self.streams.count,
            "sessions": len({key[:2] for key in self.streams.feeds}),
            "shared_topics": self.streams.topics,
        }
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": msgspec.json.encode(told)})
