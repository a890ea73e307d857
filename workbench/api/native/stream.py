"""The native WebSocket stream, `/api/sessions/{name}/stream`: see docs/stream.md."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from workbench.api.auth import address_of, permit, principal_of
from workbench.api.native.stream_connection import Connection
from workbench.api.native.stream_pieces import Format
from workbench.api.native.stream_requests import Requests
from workbench.api.native.stream_session import SessionStream
from workbench.api.wire import Wire
from workbench.domain.frames import JSON_PROTOCOL, MSGPACK_PROTOCOL, CloseCode, Hello
from workbench.errors import WorkbenchError
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from workbench.api.hub import Hub
    from workbench.api.server import Server

Receive = Callable[[], Awaitable[Any]]


class Streams:
    """The streams of a server's sessions."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._of: dict[str, SessionStream] = {}
        server.when_attached(self._attach)

    def _attach(self, hub: Hub) -> None:
        self._of[hub.name] = SessionStream(hub, self.server.sessions.bus)

    def of(self, hub: Hub) -> SessionStream:
        """The stream of a session."""
        return self._of[hub.name]


def stream_routes(server: Server) -> list[WebSocketRoute]:
    """The route of the stream."""
    streams = Streams(server)

    @permit(Permission.READ_MARKET)
    async def stream(websocket: WebSocket) -> None:
        await serve(websocket, streams)

    return [WebSocketRoute("/api/sessions/{name}/stream", stream, name="stream")]


async def serve(websocket: WebSocket, streams: Streams) -> None:
    """One connection, from its handshake to its end."""
    server, principal = streams.server, principal_of(websocket)
    scope = websocket.scope
    try:
        hub = server.hub(server.session_name(principal, scope["path_params"]["name"]))
    except WorkbenchError as error:
        await websocket.accept()
        await websocket.close(CloseCode.UNKNOWN, str(error)[:120])
        return
    user = principal.user_id
    offered = scope.get("subprotocols", [])
    packed = MSGPACK_PROTOCOL in offered and JSON_PROTOCOL not in offered[: offered.index(MSGPACK_PROTOCOL)]
    spoken = MSGPACK_PROTOCOL if packed else JSON_PROTOCOL if JSON_PROTOCOL in offered else None
    await websocket.accept(spoken)
    stream = streams.of(hub)
    # Starlette's own checks of each message cost as much as all the rest of it.
    send = websocket._send  # noqa: SLF001
    kind = Format.MSGPACK if packed else Format.JSON
    connection = Connection(send, kind, stream.behind, stream.outgoing, Wire.of(scope))
    try:
        socket = server.sockets.enter("native", principal, connection.close, session=hub.name)
    except WorkbenchError as error:
        await websocket.close(CloseCode.TOO_MANY, str(error)[:120])
        return
    requests = Requests(server, stream, connection, principal, address_of(websocket))
    seat = hub.session.seat_of(user)
    views = hub.views
    connection.say(
        Hello(
            session=hub.name,
            identity=hub.session.identity.hex(),
            seq=views.seq,
            time=stream.words.iso(views.time_ns),
            account=None if seat is None else seat.account,
            user=principal.name,
        )
    )
    stream.enter(connection)
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[Any]] = []
    try:
        with socket:
            ending = server.ending_of(principal, hub.name)
            if ending is not None:
                # Lost during the handshake, before the loss could find this connection.
                connection.close(*ending)
            tasks = [
                loop.create_task(connection.write()),
                loop.create_task(_read(websocket._receive, requests, connection)),  # noqa: SLF001
                loop.create_task(connection.closed.wait()),
            ]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        requests.leave()
        stream.leave(connection)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
                server.log.error("stream failed", session=hub.name, user=user, exc_info=outcome)
                connection.close(1011, "the server failed at this; its log says more")
        await connection.finish()


async def _read(receive: Receive, requests: Requests, connection: Connection) -> None:
    """Take what the client sends until it goes or is sent away."""
    while not connection.closed.is_set():
        said = await receive()
        if said["type"] == "websocket.disconnect":
            return
        content = said.get("text")
        await requests.take(said["bytes"] if content is None else content)
