"""The WebSockets: `/stream` for one's own orders, `/v2/{feed}` and its sisters for market data and news."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Final

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from workbench.api.alpaca.codec import MSGPACK, codec_of
from workbench.api.alpaca.data_protocol import (
    CONNECTED,
    CRYPTO_CHANNELS,
    NEWS_CHANNELS,
    STOCK_CHANNELS,
    DataError,
    DataProtocol,
    error_message,
)
from workbench.api.alpaca.desk import Desk, desk_of
from workbench.api.alpaca.line import Line
from workbench.api.alpaca.order_protocol import OrderProtocol, Said
from workbench.api.alpaca.order_replay import Gate
from workbench.api.auth import public
from workbench.errors import ApiError, WorkbenchError
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from workbench.api.alpaca.face import Face
    from workbench.api.alpaca.order_feed import Sink
    from workbench.identity.principal import Principal

REPLAY_COST: Final = 10.0
"""Requests that listening with `since_seq` counts as."""
FEEDS: Final = frozenset({"iex", "sip", "delayed_sip", "otc", "boats", "overnight", "test"})


class OrderLine(Line):
    """`/stream`: JSON in binary frames unless the handshake asks for msgpack."""

    kind: ClassVar[str] = "alpaca-orders"

    def __init__(self, websocket: WebSocket, desk: Desk) -> None:
        self._protocol = OrderProtocol()
        self._face: Face | None = None
        self._account = 0
        self._sink: Sink | None = None
        self._replay: asyncio.Task[None] | None = None
        super().__init__(websocket, desk, codec_of(websocket.headers.get("content-type", "")), binary=True)

    def hear(self, message: Any) -> Said:
        """What follows from a decoded frame."""
        return self._protocol.receive(message)

    def malformed(self) -> Said:
        """What follows from a frame that could not be decoded."""
        return self._protocol.malformed()

    async def admit(self, principal: Principal) -> Said:
        """The account whose orders are told is the one of the user's seat."""
        if Permission.READ_OWN not in principal.permissions:
            raise ApiError(403, "forbidden", f"a {principal.role} has no orders here")
        trader = await self.desk.server.trader(principal, self.websocket.headers.get("x-session"))
        self._face, self._account = self.desk.faces.of(trader.hub), trader.account
        return self._protocol.authenticated(True)

    def refuse(self) -> Said:
        """Nobody has these credentials."""
        return self._protocol.authenticated(False)

    @property
    def session(self) -> str:
        """The session whose market or orders are told."""
        return "" if self._face is None else self._face.hub.name

    def changed(self) -> None:
        """Listen, or no longer."""
        self._stop()
        face, since = self._face, self._protocol.since_seq
        if face is None or not self._protocol.listening:
            return
        upto = face.hub.views.seq
        if since is None:
            self._listen(face, self.outbox)
        elif since > upto:
            self._error(f"since_seq {since} is of no event yet: the last one is {upto}")
            self._listen(face, self.outbox)
        else:
            self._listen(face, gate := Gate(self.outbox))
            self._replay = asyncio.create_task(self._tell_missed(face, gate, since, upto))

    def _listen(self, face: Face, sink: Sink) -> None:
        self._sink = sink
        face.order_feed.listen(self._account, sink, self.codec)

    async def _tell_missed(self, face: Face, gate: Gate, since: int, upto: int) -> None:
        missed: list[bytes] = []
        try:
            if self.principal is not None:
                self.desk.server.limits.spend(self.principal, REPLAY_COST)
            missed = await face.replays.missed(self._account, self.codec, since, upto)
        except WorkbenchError as error:
            self._error(f"what came after since_seq {since} is not told: {error}")
        await gate.open(missed)

    def _error(self, what: str) -> None:
        self.say({"stream": "error", "data": {"error": what}})

    def _stop(self) -> None:
        if self._replay is not None:
            self._replay.cancel()
            self._replay = None
        if self._face is not None and self._sink is not None:
            self._face.order_feed.drop(self._account, self._sink)
            self._sink = None

    def left(self) -> None:
        """Listen no longer."""
        self._stop()


class DataLine(Line):
    """`/v2/{feed}` and its sisters: arrays of messages, JSON or msgpack by the handshake's Content-Type."""

    kind: ClassVar[str] = "alpaca-data"
    speaks_first: ClassVar[bool] = True

    def __init__(self, websocket: WebSocket, desk: Desk, channels: tuple[str, ...]) -> None:
        self._protocol = DataProtocol(channels)
        self._face: Face | None = None
        codec = codec_of(websocket.headers.get("content-type", ""))
        super().__init__(websocket, desk, codec, binary=codec is MSGPACK)

    def opened(self) -> None:
        """The server speaks first."""
        self.say(CONNECTED)

    def say(self, message: Any) -> None:
        """Control messages come alone, in an array of one."""
        super().say([message])

    def farewell(self) -> bytes:
        """A client that does not keep up is told so."""
        return self.codec.encode([error_message(DataError.SLOW_CLIENT)])

    def hear(self, message: Any) -> Said:
        """What follows from a decoded frame."""
        return self._protocol.receive(message)

    def malformed(self) -> Said:
        """What follows from a frame that could not be decoded."""
        return self._protocol.malformed()

    async def admit(self, principal: Principal) -> Said:
        """Who may read the market is told of it."""
        if Permission.READ_MARKET not in principal.permissions:
            return Said([error_message(DataError.INSUFFICIENT_SUBSCRIPTION)], close=True)
        self._face = self.desk.face_of(principal, self.websocket.headers.get("x-session"))
        return self._protocol.authenticated(True)

    def refuse(self) -> Said:
        """Nobody has these credentials."""
        return self._protocol.authenticated(False)

    def crowded(self, sentence: str) -> Said:  # noqa: ARG002 - the protocol has its own words for it
        """Somebody who has too many connections is told so by the protocol's number."""
        return Said([error_message(DataError.CONNECTION_LIMIT_EXCEEDED)], close=True)

    @property
    def session(self) -> str:
        """The session whose market or orders are told."""
        return "" if self._face is None else self._face.hub.name

    def changed(self) -> None:
        """Send what is subscribed to from now on."""
        if self._face is not None:
            broadcast = self._face.data_feed.broadcast
            broadcast.put(self.outbox, self._protocol.channels, self._protocol.subscription, self.codec)

    def too_late(self) -> None:
        """The client has not said in time who it is."""
        self.say(error_message(DataError.AUTH_TIMEOUT))

    def left(self) -> None:
        """Send nothing more."""
        if self._face is not None:
            self._face.data_feed.broadcast.drop(self.outbox)


@public
async def order_stream(websocket: WebSocket) -> None:
    """One's own orders, as they change."""
    await OrderLine(websocket, desk_of(websocket)).run()


@public
async def stock_stream(websocket: WebSocket) -> None:
    """Market data of a feed; all feeds are the same market."""
    line = DataLine(websocket, desk_of(websocket), STOCK_CHANNELS)
    if websocket.path_params["feed"] not in FEEDS:
        await _turn_away(line)
        return
    await line.run()


@public
async def crypto_stream(websocket: WebSocket) -> None:
    """Market data with order books."""
    await DataLine(websocket, desk_of(websocket), CRYPTO_CHANNELS).run()


@public
async def news_stream(websocket: WebSocket) -> None:
    """The session's announcements."""
    await DataLine(websocket, desk_of(websocket), NEWS_CHANNELS).run()


async def _turn_away(line: DataLine) -> None:
    """Say that there is no such feed; a client that is only closed would come again and again."""
    await line.websocket.accept()
    line.opened()
    line.say(error_message(DataError.INSUFFICIENT_SUBSCRIPTION))
    line.outbox.end(1008, "there is no such feed")
    await line.outbox.run()


ROUTES: Final = (
    WebSocketRoute("/stream", order_stream),
    WebSocketRoute("/v2/{feed}", stock_stream),
    WebSocketRoute("/v1beta3/crypto/{loc}", crypto_stream),
    WebSocketRoute("/v1beta1/news", news_stream),
)
