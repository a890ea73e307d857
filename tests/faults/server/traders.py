"""Clients that trade by REST, by Alpaca's REST and over the native stream, and write down all they see.

They connect again whenever the server is gone, and go on with their streams from the last `seq` they heard.
Nothing is sent twice: what was not answered stays unanswered.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any
from uuid import UUID

import msgspec

from benchmarks.server_lanes import HttpLane, SocketLane
from tests.faults.server.market import SESSION, TOPICS
from tests.faults.server.people import Headers
from tests.faults.server.record import Ack, History, Piece, Sent
from tests.served_market import SYMBOLS
from workbench.session.live.order_ids import order_number

FACES = ("rest", "socket", "alpaca")
PATHS = {"rest": f"/api/sessions/{SESSION}/orders", "alpaca": "/v2/orders"}
STREAM = f"/api/sessions/{SESSION}/stream"
RETRY_S = 0.05
CANCEL_EVERY = 7
_decode = msgspec.json.decode
_encode = msgspec.json.encode


class Lane(HttpLane):
    """An HTTP connection that says when it is gone."""

    def __init__(self, head: bytes) -> None:
        super().__init__(head)
        self.alive = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        self.alive = False
        super().connection_lost(exc)

    @property
    def asks(self) -> bool:
        """Whether an answer is still to come."""
        return self.alive and (self._answer is not None or bool(self._waiting))


def head_of(path: str, headers: Headers) -> bytes:
    """The head of a POST, without its length."""
    lines = [f"POST {path} HTTP/1.1", "Host: server", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n").encode()


class Trader:
    """One account: a stream that orders go over too, and a connection for each kind of REST.

    Parameters
    ----------
    number
        Which of them.
    headers
        What makes a request theirs.
    port
        Where the server is.
    history
        Where all that is seen is written.
    """

    def __init__(self, number: int, headers: Headers, port: int, history: History) -> None:
        self.number = number
        self.account = -1
        self.identity = b""
        self.life = 0
        self.errors: list[str] = []
        self.answers_s: list[tuple[float, float]] = []
        self._headers = headers
        self._port = port
        self._history = history
        self._lanes: dict[str, Lane] = {}
        self._socket: SocketLane | None = None
        self._requests: dict[int, tuple[str, str | int]] = {}
        self._request = 0
        self._resting: list[int] = []
        self._task: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ connections

    def start(self) -> None:
        """Connect, and stay connected."""
        self._task = asyncio.get_running_loop().create_task(self._stay())

    async def stop(self) -> None:
        """Let go of all connections."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._drop()

    @property
    def ready(self) -> bool:
        """Whether orders can be sent."""
        return (
            self.account >= 0
            and self._socket is not None
            and not self._socket.closed
            and len(self._lanes) == len(PATHS)
            and all(lane.alive for lane in self._lanes.values())
        )

    async def _stay(self) -> None:
        while True:
            if not self.ready:
                self._drop()
                try:
                    await self._connect()
                except OSError:
                    self._drop()
            await asyncio.sleep(RETRY_S)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._requests.clear()
        _, socket = await loop.create_connection(
            lambda: SocketLane(STREAM, self._headers, self._heard), "127.0.0.1", self._port
        )
        try:
            await socket.opened
            lanes = {}
            for face, path in PATHS.items():
                head = head_of(path, {**self._headers, "X-Session": SESSION})
                _, lanes[face] = await loop.create_connection(
                    lambda head=head: Lane(head), "127.0.0.1", self._port
                )
        except BaseException:
            socket.close()
            raise
        self.life += 1
        self._socket = socket
        self._lanes = lanes
        streams = self._history.streams
        from_seq = {}
        for topic in TOPICS:
            pieces = streams.get((self.account, topic))
            from_seq[topic] = pieces[-1].seq if pieces else 1
        socket.send(_encode({"id": 0, "subscribe": TOPICS, "from_seq": from_seq}))

    def _drop(self) -> None:
        if self._socket is not None and not self._socket.closed:
            self._socket.close()
        for lane in self._lanes.values():
            lane.close()
        self._socket, self._lanes = None, {}

    # ------------------------------------------------------------------ orders

    def fire(self, name: str, face: str, draw: random.Random) -> None:
        """Send an order."""
        now = time.monotonic()
        body = self._body(name, draw)
        self._history.sent[name] = Sent(name, self.account, face, now)
        if face == "socket":
            self._ask({"place": body}, ("place", name))
            if self._resting and draw.randrange(CANCEL_EVERY) == 0:
                order_id = self._resting.pop(draw.randrange(len(self._resting)))
                self._ask({"cancel": {"order": order_id}}, ("cancel", order_id))
            return
        if face == "alpaca":
            body["qty"] = body.pop("quantity")
            body["limit_price"] = str(body["limit_price"])

        def answer(status: int, content: bytes) -> None:
            done = time.monotonic()
            if status not in (200, 201):
                self._refused(name, status, content)
                return
            told = _decode(content)
            self.answers_s.append((done, done - now))
            number = told["id"]
            order_id = number if face == "rest" else order_number(self.identity, UUID(number))
            assert told["client_order_id"] == name, told
            self._history.acks.append(Ack(name, int(order_id or 0), told["seq"], done))

        self._lanes[face].post(_encode(body), answer)

    def _body(self, name: str, draw: random.Random) -> dict[str, Any]:
        symbol = draw.choice(list(SYMBOLS))
        side = draw.choice(("buy", "sell"))
        away = draw.choice((-2, -1, 0, 0, 1, 2, 3)) / 100
        price = SYMBOLS[symbol] + (-away if side == "buy" else away)
        return {
            "symbol": symbol,
            "side": side,
            "type": "limit",
            "quantity": str(draw.randint(1, 5)),
            "limit_price": round(price, 2),
            "time_in_force": draw.choice(("ioc", "day", "day", "gtc")),
            "client_order_id": name,
        }

    def _ask(self, request: dict[str, Any], about: tuple[str, str | int]) -> None:
        assert self._socket is not None
        self._request += 1
        self._requests[self._request] = about
        self._socket.send(_encode({"id": self._request, **request}))

    def _refused(self, name: str, status: int, content: bytes) -> None:
        # What a server that ends says is neither yes nor no.
        if status >= 500:
            self.errors.append(f"{status} {content[:200]!r}")
        else:
            self._history.refused.append(name)

    @property
    def waits(self) -> bool:
        """Whether an answer is still to come."""
        return bool(self._requests) or any(lane.asks for lane in self._lanes.values())

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._ask({"ping": True}, ("ping", ""))

    # ------------------------------------------------------------------ what is heard

    def _heard(self, content: bytes) -> None:
        now = time.monotonic()
        for frame in _decode(content):
            kind = frame["type"]
            if kind == "hello":
                self.account = frame["account"]
                self.identity = bytes.fromhex(frame["identity"])
            elif kind == "delta":
                key = (self.account, frame["topic"])
                piece = Piece(self.life, frame["prev"], frame["seq"], frame.get("n", 0), frame["rows"])
                self._history.streams.setdefault(key, []).append(piece)
            elif kind == "snapshot" or kind == "error":
                self.errors.append(f"life {self.life}: {str(frame)[:200]}")
            elif kind == "pong":
                self._requests.pop(frame["id"])
            elif kind in ("ack", "refused") and frame["id"]:
                self._answered(frame, now)

    def _answered(self, frame: dict[str, Any], now: float) -> None:
        what, about = self._requests.pop(frame["id"])
        if frame["type"] == "refused":
            if what == "place":
                self._history.refused.append(str(about))
        elif what == "cancel":
            self._history.cancels.append(int(about))
        else:
            order = frame["orders"][0]
            name = str(about)
            assert order["client_order_id"] == name, order
            self._history.acks.append(Ack(name, order["id"], frame["seq"], now))
            self.answers_s.append((now, now - self._history.sent[name].sent_s))
            if order["state"] in ("new", "partially_filled") and len(self._resting) < 100:
                self._resting.append(order["id"])


class Crowd:
    """All traders, and orders at a fixed rate whenever the server can be reached.

    Parameters
    ----------
    headers
        Of each trader.
    port
        Where the server is.
    rate
        Orders a second, of all of them together.
    seed
        Of what is drawn.

    Attributes
    ----------
    due_s
        When each order was to be sent, by its name.
    reached_s
        Every order that was due before this moment has been sent.
    """

    def __init__(self, headers: list[Headers], port: int, rate: float, seed: int) -> None:
        self.history = History()
        self.traders = [Trader(number, each, port, self.history) for number, each in enumerate(headers)]
        self.rate = rate
        self.trading = True
        self.due_s: dict[str, float] = {}
        self.reached_s = 0.0
        self._draw = random.Random(seed)
        self._sent = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect and trade."""
        for trader in self.traders:
            trader.start()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*(trader.stop() for trader in self.traders))

    async def ready(self, seconds: float = 60.0) -> None:
        """Wait until everybody is connected."""
        async with asyncio.timeout(seconds):
            while not all(trader.ready for trader in self.traders):  # noqa: ASYNC110 - many things change it
                await asyncio.sleep(0.02)

    async def settled(self, seconds: float = 60.0) -> None:
        """Wait until all that was sent over connections that live is answered, and what is told heard.

        Nothing more may be sent meanwhile.
        """
        async with asyncio.timeout(seconds):
            while any(trader.waits for trader in self.traders):  # noqa: ASYNC110 - answers change it
                await asyncio.sleep(0.01)
            # The answer to a ping follows all own events up to then.
            for trader in self.traders:
                trader.ping()
            while any(trader.waits for trader in self.traders):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def _run(self) -> None:
        begun = time.monotonic()
        turn = 0
        while True:
            now = time.monotonic()
            due = int((now - begun) * self.rate)
            while turn < due:
                due_s = begun + (turn + 1) / self.rate
                trader = self.traders[turn % len(self.traders)]
                face = FACES[turn // len(self.traders) % len(FACES)]
                turn += 1
                if self.trading and trader.ready:
                    self._sent += 1
                    name = f"order-{self._sent}"
                    self.due_s[name] = due_s
                    trader.fire(name, face, self._draw)
            self.reached_s = now
            await asyncio.sleep(0.002)


async def told_anew(trader: Trader) -> dict[tuple[int, str], list[Piece]]:
    """An account's own topics on a connection of their own, from the first event on."""
    found: dict[tuple[int, str], list[Piece]] = {}
    told = asyncio.Event()

    def heard(content: bytes) -> None:
        for frame in _decode(content):
            if frame["type"] == "delta":
                piece = Piece(0, frame["prev"], frame["seq"], frame.get("n", 0), frame["rows"])
                found.setdefault((trader.account, frame["topic"]), []).append(piece)
            elif frame["type"] == "pong":
                told.set()

    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: SocketLane(STREAM, trader._headers, heard), "127.0.0.1", trader._port
    )
    await socket.opened
    socket.send(_encode({"id": 1, "subscribe": TOPICS, "from_seq": 1}))
    socket.send(_encode({"id": 2, "ping": True}))
    async with asyncio.timeout(60):
        await told.wait()
    socket.close()
    return found
