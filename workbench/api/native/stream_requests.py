"""What a client asks over its stream: topics, and orders with answers of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from workbench.api.boards import hidden_board
from workbench.api.errors import failure_of
from workbench.api.native.orders import named_order
from workbench.api.native.stream_connection import Connection
from workbench.api.native.stream_own import OWN
from workbench.api.native.stream_pieces import Format
from workbench.api.native.stream_session import LEADERBOARD
from workbench.api.native.stream_sizes import TOPICS
from workbench.api.native.stream_standing import order_row
from workbench.api.native.stream_topics import MarketTopic, OwnTopics
from workbench.api.native.tickets import Amend, changes_of, ticket_of
from workbench.api.numbers import Numbers
from workbench.domain.frames import Ack, CloseCode, Fault, Pong, Refused, Request
from workbench.errors import ApiError, WorkbenchError
from workbench.identity.principal import Principal
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from workbench.api.auth import Trader
    from workbench.api.native.stream_session import SessionStream
    from workbench.api.server import Server
    from workbench.projections.live.order import LiveOrder

GARBAGE = 20
"""Messages that make no sense, after which a connection is closed."""
IN_FLIGHT = 256
"""Orders of one connection that may wait for their answers; no further one is read before one has it."""
REPLAY_COST = 10.0
"""Requests that one topic with `from_seq` counts as."""
DEAREST = 100.0
"""Requests that one message counts as at most, so that each can be had at some time."""

_DECODERS: dict[Format, msgspec.json.Decoder[Request] | msgspec.msgpack.Decoder[Request]] = {
    Format.JSON: msgspec.json.Decoder(Request),
    Format.MSGPACK: msgspec.msgpack.Decoder(Request),
}
_PLAIN: dict[Format, Callable[[Any], Any]] = {
    Format.JSON: msgspec.json.decode,
    Format.MSGPACK: msgspec.msgpack.decode,
}
_NUMBERS = Numbers(Request)


class _Named(msgspec.Struct):
    id: int | str


_NAMED: dict[Format, msgspec.json.Decoder[_Named] | msgspec.msgpack.Decoder[_Named]] = {
    Format.JSON: msgspec.json.Decoder(_Named),
    Format.MSGPACK: msgspec.msgpack.Decoder(_Named),
}


class Requests:
    """One connection's side of the conversation.

    Parameters
    ----------
    server, stream
        The server, and the session's stream.
    connection
        Where answers go.
    principal
        Who asks.
    address
        Where from.
    """

    def __init__(
        self,
        server: Server,
        stream: SessionStream,
        connection: Connection,
        principal: Principal,
        address: str = "",
    ) -> None:
        self._server = server
        self._stream = stream
        self._connection = connection
        self._principal = principal
        self._address = address
        self._trader: Trader | None = None
        self._own: set[tuple[str, int | None]] = set()
        self._market: dict[str, MarketTopic] = {}
        self._garbage = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(IN_FLIGHT)

    async def take(self, content: str | bytes) -> None:
        """Do what a message asks."""
        try:
            request = _DECODERS[self._connection.kind].decode(content)  # type: ignore[arg-type] # a text, or bytes
            act = _ACTIONS[_asked(request)]
        except (msgspec.MsgspecError, ApiError, RecursionError) as error:
            self._garbage += 1
            self._connection.say(self._nonsense(content, f"the message makes no sense: {error}"))
            if self._garbage >= GARBAGE:
                self._connection.close(CloseCode.GARBAGE, "too many messages that make no sense")
            return
        # Orders do not wait for each other's answers, but for the seat: while the first one takes it, later
        # ones could overtake those sent before them.
        if act in _ORDERS and self._trader is not None:
            await self._room.acquire()
            task = asyncio.get_running_loop().create_task(self._answer(act, request, content))
            self._tasks.add(task)
            task.add_done_callback(self._done)
        else:
            await self._answer(act, request, content)

    def _nonsense(self, content: str | bytes, message: str) -> Refused | Fault:
        try:
            asked = _NAMED[self._connection.kind].decode(content)  # type: ignore[arg-type] # a text, or bytes
        except (msgspec.MsgspecError, RecursionError):
            return Fault(code="invalid", message=message)
        return Refused(id=asked.id, code="invalid", message=message)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.release()

    def leave(self) -> None:
        """Forget every topic; orders under way go on, for they may be in the journal already."""
        for topic, account in self._own:
            self._stream.own.drop(self._connection, topic, account)
        for name in list(self._market):
            self._stream.drop(self._connection, self._market.pop(name))
        self._own.clear()

    async def _answer(self, act: str, request: Request, content: str | bytes) -> None:
        try:
            self._server.limits.spend(self._principal, _cost(request))
            if act in _ORDERS:
                _NUMBERS.check(content, _PLAIN[self._connection.kind])
            await getattr(self, f"_{act}")(request)
        except WorkbenchError as error:
            failure = failure_of(error)
            reason = failure.details.get("reason", "")
            self._connection.say(
                Refused(id=request.id, code=failure.code, message=str(failure), reason=str(reason).lower())
            )

    # ------------------------------------------------------------------ topics

    async def _subscribe(self, request: Request) -> None:
        names = list(dict.fromkeys(request.subscribe or ()))
        if len(names) + len(self._own) + len(self._market) > TOPICS:
            raise ApiError(422, "invalid", f"a stream has at most {TOPICS} topics; open another one")
        asked = request.from_seq
        wanted: list[tuple[str, tuple[str, int | None] | None]] = []
        for name in names:
            topic, everybody = name.removesuffix(":*"), name.endswith(":*")
            if topic in OWN:
                account = None if everybody else (await self._seat()).account
                self._may_read(everybody)
                if everybody:
                    await self._note(topic)
                wanted.append((name, (topic, account)))
            else:
                self._stream.check(name)
                if name == LEADERBOARD:
                    self._may_read_board()
                wanted.append((name, None))
        self._connection.say(Ack(id=request.id, seq=self._stream.hub.views.seq, topics=names))
        for name, own in wanted:
            from_seq = asked if isinstance(asked, int) else asked.get(name, 0)
            if own is None:
                self._follow(name, from_seq)
            else:
                await self._follow_own(*own, from_seq)

    def _may_read(self, everybody: bool) -> None:
        needed = Permission.READ_CLASS if everybody else Permission.READ_OWN
        if needed not in self._principal.permissions:
            raise ApiError(403, "forbidden", f"this topic needs the permission {needed}")

    async def _note(self, topic: str) -> None:
        readings, hub = self._server.readings, self._stream.hub
        await readings.of_class(self._principal, hub, topic, self._address)

    def _may_read_board(self) -> None:
        teaching = Permission.READ_CLASS in self._principal.permissions
        if teaching:
            return
        if self._stream.hub.session.board_hidden:
            raise hidden_board()
        self._stream.students.add(self._connection)

    def _follow(self, name: str, from_seq: int) -> None:
        if name in self._market:
            self._connection.forget(self._market[name])
        topic, pieces = self._stream.follow(self._connection, name, from_seq)
        self._market[name] = topic
        for piece in pieces:
            self._connection.push_own(piece)

    async def _follow_own(self, topic: str, account: int | None, from_seq: int) -> None:
        own: OwnTopics = self._stream.own
        self._drop_own(topic, account)
        if from_seq <= 0 or from_seq > own.log.seq:
            self._connection.push_own(own.snapshot(topic, account, reset=from_seq > 0))
        else:
            await self._tell_again(topic, account, from_seq)
        # Nothing was awaited since the last event was looked at, so none can be missing or told twice.
        own.add(self._connection, topic, account)
        self._own.add((topic, account))

    async def _tell_again(self, topic: str, account: int | None, from_seq: int) -> None:
        """Tell what was missed, a frame at a time: as fast as it is taken, and others have their turns."""
        own, waited = self._stream.own, True
        while waited:
            missed = own.log.since(from_seq, account)
            if missed is None:
                missed = await self._stream.read_own(from_seq, account)
            upto, waited = own.log.seq, False
            for number, piece in enumerate(own.replay(missed, topic, account, from_seq)):
                if number:
                    await self._connection.room()
                    waited = True
                self._connection.push_own(piece)
            # While somebody waited, more may have happened.
            from_seq = upto

    def _drop_own(self, topic: str, account: int | None) -> None:
        if (topic, account) in self._own:
            self._own.discard((topic, account))
            self._stream.own.drop(self._connection, topic, account)

    async def _unsubscribe(self, request: Request) -> None:
        for name in request.unsubscribe or ():
            topic, everybody = name.removesuffix(":*"), name.endswith(":*")
            if topic in OWN:
                for known in [
                    each for each in self._own if each[0] == topic and (each[1] is None) == everybody
                ]:
                    self._drop_own(*known)
            elif name in self._market:
                found = self._market.pop(name)
                self._connection.forget(found)
                self._stream.drop(self._connection, found)
        self._connection.say(Ack(id=request.id, seq=self._stream.hub.views.seq))

    async def _ping(self, request: Request) -> None:
        views = self._stream.hub.views
        self._connection.say(Pong(id=request.id, seq=views.seq, time=self._stream.words.iso(views.time_ns)))

    # ------------------------------------------------------------------ orders

    async def _seat(self) -> Trader:
        if self._trader is None:
            self._trader = await self._server.trader(self._principal, self._stream.hub.name)
        return self._trader

    async def _trading(self) -> Trader:
        if Permission.TRADE not in self._principal.permissions:
            raise ApiError(403, "forbidden", "orders need the permission trade")
        return await self._seat()

    def _acknowledge(self, request: Request, orders: list[LiveOrder], seq: int) -> None:
        words = self._stream.words
        self._connection.say(
            Ack(id=request.id, seq=seq, orders=[order_row(order, words) for order in orders])
        )

    async def _place(self, request: Request) -> None:
        assert request.place is not None
        trader = await self._trading()
        placed = await trader.hub.gateway.place(trader.account, ticket_of(request.place))
        self._acknowledge(request, [placed.order, *placed.legs], placed.answer.last_event_seq)

    async def _replace(self, request: Request) -> None:
        asked = request.replace
        assert asked is not None
        trader = await self._trading()
        order = named_order(trader, str(asked.order))
        amend = Amend(
            quantity=asked.quantity,
            limit_price=asked.limit_price,
            stop_price=asked.stop_price,
            trail=asked.trail,
            display_quantity=asked.display_quantity,
            expires=asked.expires,
            time_in_force=asked.time_in_force,
            client_order_id=asked.client_order_id,
        )
        placed = await trader.hub.gateway.replace(trader.account, order.order_id, changes_of(amend))
        self._acknowledge(request, [placed.order], placed.answer.last_event_seq)

    async def _cancel(self, request: Request) -> None:
        assert request.cancel is not None
        trader = await self._trading()
        order = named_order(trader, str(request.cancel.order))
        canceled = await trader.hub.gateway.cancel(trader.account, order.order_id)
        self._acknowledge(request, [canceled], canceled.updated_seq)

    async def _cancel_all(self, request: Request) -> None:
        assert request.cancel_all is not None
        trader = await self._trading()
        symbol = request.cancel_all.symbol or None
        done = await trader.hub.gateway.cancel_all(trader.account, symbol)
        orders = [trader.hub.views.orders.get(number) for number, _ in done]
        self._acknowledge(request, [each for each in orders if each is not None], trader.hub.views.seq)


_ACTIONS = {
    name: name for name in ("subscribe", "unsubscribe", "place", "replace", "cancel", "cancel_all", "ping")
}
_ORDERS = frozenset({"place", "replace", "cancel", "cancel_all"})


def _cost(request: Request) -> float:
    """How many requests a message counts as: a replay of what was missed is as much work as a page of it."""
    if not request.subscribe:
        return 0.0 if request.ping else 1.0
    return min(len(request.subscribe) * (REPLAY_COST if request.from_seq else 1.0), DEAREST)


def _asked(request: Request) -> str:
    """The one thing that a request is about."""
    asked = [name for name in _ACTIONS if getattr(request, name) not in (None, False)]
    if len(asked) != 1:
        raise ApiError(422, "invalid", f"expected one of {', '.join(_ACTIONS)}, found {len(asked)} of them")
    return asked[0]
