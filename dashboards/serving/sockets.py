"""The sockets of the pages: for whom the page is, from where the page is, and until the log-in ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from bokeh.util.token import check_token_signature, get_token_payload

from dashboards.serving.addresses import page_of
from dashboards.serving.documents import USER
from dashboards.serving.guard import SignedOutError, require, require_origin, visiting, visitor
from workbench.api.auth import refuse_socket
from workbench.api.errors import failure_of
from workbench.errors import ApiError, WorkbenchError

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from dashboards.serving.documents import Documents
    from workbench.api.server import Server
    from workbench.identity.principal import Principal

KIND = "page"


async def serve_socket(
    server: Server, documents: Documents, scope: Scope, receive: Receive, send: Send
) -> None:
    """Open a page's socket, and end it when its log-in does."""
    path: str = scope["path"]
    page = page_of(path)
    if not page:
        await refuse_socket(scope, send, ApiError(404, "not_found", "there is no socket here"), server)
        return
    line = _Line(receive, send)
    try:
        require_origin(server, scope)
        try:
            principal = visitor(server, scope)
        except SignedOutError:
            raise ApiError(401, "unauthorized", "nobody is signed in; open the page anew") from None
        scope["workbench.principal"] = principal
        require(principal, page)
        if path != f"{page}/ws":
            raise ApiError(404, "not_found", "there is no socket here")
        require_own(principal, scope, documents.key)
        client = scope.get("client")
        entry = server.sockets.enter(KIND, principal, line.end, address=client[0] if client else "")
    except WorkbenchError as error:
        server.metrics.refused(failure_of(error))
        await refuse_socket(scope, send, failure_of(error), server)
        return
    # A document whose browser took long is made anew when the socket comes.
    visiting.set((principal, client[0] if client else ""))
    with entry:
        await documents(scope, line.receive, line.send)
        await line.close()


def require_own(principal: Principal, scope: Scope, key: bytes) -> None:
    """Refuse the socket of a page that was made for somebody else, by another server, or by nobody.

    Raises
    ------
    ApiError
        403.
    """
    protocols = scope.get("subprotocols") or []
    token = protocols[1] if len(protocols) > 1 else ""
    try:
        signed = check_token_signature(token, secret_key=key, signed=True)
        made_for = get_token_payload(token)["headers"].get(USER) if signed else None
    except Exception:  # noqa: BLE001 - Bokeh says what is no token with whatever its reader raises
        made_for = None
    if not made_for or made_for != principal.user_id:
        raise ApiError(403, "foreign_page", "this page was made for somebody else; open it anew")


class _Line:
    """A connection that the server can end while the page's handler waits for a message."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._ended: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._open = False
        self._began = False

    def end(self, code: int, sentence: str) -> None:
        """End it, as the registry of sockets asks."""
        if not self._ended.done():
            self._ended.set_result((code, sentence))

    async def receive(self) -> Message:
        """The next message; that it is over once it was ended."""
        if not self._began:
            # What is ended during its handshake opens first: nobody expects another end of one.
            self._began = True
            return await self._receive()
        if self._ended.done():
            return self._over()
        waiting: asyncio.Future[Any] = asyncio.ensure_future(self._receive())
        either: set[asyncio.Future[Any]] = {waiting, self._ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self._ended.done():
            waiting.cancel()
            return self._over()
        message: Message = waiting.result()
        if message["type"] == "websocket.disconnect":
            self._open = False
        return message

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "websocket.accept":
            self._open = True
        elif message["type"] == "websocket.close":
            self._open = False
        await self._send(message)

    async def close(self) -> None:
        """Tell the browser why it was ended, if it was."""
        if self._open and self._ended.done():
            code, sentence = self._ended.result()
            self._open = False
            # Who is gone need not be told.
            with contextlib.suppress(OSError):
                await self._send({"type": "websocket.close", "code": code, "reason": sentence})

    def _over(self) -> Message:
        code, sentence = self._ended.result()
        return {"type": "websocket.disconnect", "code": code, "reason": sentence}
