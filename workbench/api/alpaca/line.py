"""One WebSocket of this face: frames in, an outbox out, and when it becomes known whose it is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.api.alpaca.credentials import Credentials
from workbench.api.alpaca.order_protocol import Said
from workbench.api.alpaca.outbox import Outbox
from workbench.api.auth import address_of, authenticate, refuse_socket
from workbench.domain.frames import CloseCode
from workbench.errors import ApiError, WorkbenchError

if TYPE_CHECKING:
    from workbench.api.alpaca.codec import Codec
    from workbench.api.alpaca.desk import Desk
    from workbench.api.sockets import Socket
    from workbench.identity.principal import Principal

AUTH_WAIT_S = 10.0
"""How long a client may take to say who it is."""
POLICY = 1008
"""WebSocket close code of a client that is sent away."""


class Line:
    """One connection.

    Parameters
    ----------
    websocket
        The connection, not yet accepted.
    desk
        The server's desk.
    codec
        How its frames are written and read.
    binary
        Whether its frames are binary, whatever the codec.
    """

    kind: ClassVar[str] = ""

    def __init__(self, websocket: WebSocket, desk: Desk, codec: Codec, *, binary: bool) -> None:
        self.websocket = websocket
        self.desk = desk
        self.codec = codec
        self.principal: Principal | None = None
        self.outbox = Outbox(self._send, self._close, self.farewell())
        self._binary = binary
        self._socket: Socket | None = None

    # What a stream says for itself.

    def opened(self) -> None:
        """The connection stands."""

    def farewell(self) -> bytes:
        """What a slow client is told."""
        return b""

    def hear(self, message: Any) -> Said:
        """What follows from a decoded frame."""
        raise NotImplementedError

    def malformed(self) -> Said:
        """What follows from a frame that could not be decoded."""
        raise NotImplementedError

    async def admit(self, principal: Principal) -> Said:
        """What follows from credentials that are somebody's."""
        raise NotImplementedError

    def refuse(self) -> Said:
        """What follows from credentials that are nobody's."""
        raise NotImplementedError

    def crowded(self, sentence: str) -> Said:
        """What follows from credentials of somebody who has too many connections."""
        self.outbox.end(CloseCode.TOO_MANY, sentence)
        return Said()

    @property
    def session(self) -> str:
        """Name of the session that it shows; empty before that is known."""
        raise NotImplementedError

    def changed(self) -> None:
        """What the client wants to hear has changed."""

    def too_late(self) -> None:
        """The client has not said in time who it is."""

    def left(self) -> None:
        """The connection is gone."""

    # What all of them do.

    def say(self, message: Any) -> None:
        """Send one message."""
        self.outbox.push(self.codec.encode(message))

    async def run(self) -> None:
        """Serve the connection until either side ends it."""
        server, address = self.desk.server, address_of(self.websocket)
        try:
            socket = server.sockets.enter(self.kind, None, self.outbox.end, address=address)
        except ApiError as error:
            server.metrics.refused(error)
            await refuse_socket(self.websocket.scope, self.websocket._send, error, server)  # noqa: SLF001
            return
        with socket:
            await self.websocket.accept()
            self._socket = socket
            writer = asyncio.create_task(self.outbox.run())
            reader = asyncio.create_task(self._read())
            timer = asyncio.get_running_loop().call_later(AUTH_WAIT_S, self._give_up)
            try:
                await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
            finally:
                timer.cancel()
                self.left()
                writer.cancel()
                reader.cancel()
                results = await asyncio.gather(writer, reader, return_exceptions=True)
        for result in results:
            # A client that goes in the middle of a frame is no failure of the server.
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect | RuntimeError):
                raise result

    async def _read(self) -> None:
        self.opened()
        await self._from_handshake()
        while not self.outbox.ended:
            event = await self.websocket.receive()
            if event["type"] == "websocket.disconnect":
                return
            data = event.get("bytes")
            try:
                message = self.codec.decode(event.get("text") or "" if data is None else data)
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
                await self._follow(self.malformed())
            else:
                await self._follow(self.hear(message))
        # What waits is still sent, and the writer then ends the connection.
        await asyncio.Event().wait()

    async def _follow(self, said: Said) -> None:
        if said.credentials is not None:
            said = await self._check(said.credentials)
        for message in said.messages:
            self.say(message)
        if said.changed:
            self.changed()
        if said.close:
            self.outbox.end(POLICY, "not authorized")

    async def _check(self, credentials: Credentials) -> Said:
        identity = self.desk.server.identity
        try:
            if credentials.token:
                principal = identity.principal_of_token(credentials.token)
            else:
                # The address counts here as it does for requests: secrets are not guessed by stream either.
                address = address_of(self.websocket)
                principal = await identity.principal_of_key(
                    credentials.key, credentials.secret, client=address
                )
            return await self._known(principal)
        except WorkbenchError:
            return self.refuse()

    async def _known(self, principal: Principal) -> Said:
        socket = self._socket
        assert socket is not None, "it is on the list before it is read"
        try:
            socket.know(principal)
        except ApiError as error:
            return self.crowded(str(error))
        try:
            said = await self.admit(principal)
        except WorkbenchError:
            socket.forget()
            raise
        self.principal = principal
        socket.session = self.session
        ending = self.desk.server.ending_of(principal, self.session)
        if ending is not None:
            # Lost while it was admitted, before the loss could find this connection.
            self.outbox.end(*ending)
        return said

    async def _from_handshake(self) -> None:
        """Know a client by the headers of its handshake, where it sent any."""
        if {"authorization", "apca-api-key-id"}.isdisjoint(self.websocket.headers.keys()):
            return
        try:
            said = await self._known(await authenticate(self.desk.server, self.websocket.scope))
        except WorkbenchError:
            # It may still say so in a message.
            return
        if self.speaks_first:
            await self._follow(said)

    speaks_first: ClassVar[bool] = False
    """Whether the server may speak before the client does."""

    def _give_up(self) -> None:
        if self.principal is None:
            self.too_late()
            self.outbox.end(POLICY, "auth timeout")

    async def _send(self, frame: bytes) -> None:
        if self._binary:
            await self.websocket.send({"type": "websocket.send", "bytes": frame})
        else:
            await self.websocket.send({"type": "websocket.send", "text": frame.decode()})

    async def _close(self, code: int, sentence: str) -> None:
        await self.websocket.close(code, sentence[:120])
