"""A stream for asyncio: one task reads it, so orders and iteration go on side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from workbench.client import routes, trading
from workbench.client.calls import failure
from workbench.client.conversation import FOR_GOOD, MESSAGE_BYTES, PAUSES_S, Conversation, refusal
from workbench.client.sending import socket_url
from workbench.client.state import Change, Row, StreamState
from workbench.client.trading import Number
from workbench.domain.frames import Ack, CloseCode, Pong, Refused
from workbench.errors import ClientError, StreamError, UnansweredError, WorkbenchError

if TYPE_CHECKING:
    from workbench.client.async_client import AsyncClient


class AsyncStream:
    """What happens in a session, as it happens. Broken connections are opened again and miss nothing.

    Use it as a context manager; it reads from its beginning to its end, so orders and iteration go on side by
    side.

    Parameters
    ----------
    client
        Whose log-in it uses.
    session
        The session's name.
    topics
        What to follow.
    packed
        Whether msgpack is spoken rather than JSON.
    """

    def __init__(
        self, client: AsyncClient, session: str, topics: Iterable[str] | str, *, packed: bool = True
    ) -> None:
        self.reconnects = 0
        self._client = client
        self._talk = Conversation(topics, packed=packed)
        self._url = socket_url(client.url, f"{routes.base_of(session)}/stream")
        self._changes: asyncio.Queue[Change | None] = asyncio.Queue()
        self._answers: dict[int | str, asyncio.Future[Any]] = {}
        self._socket: ClientConnection | None = None
        self._opened = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    @property
    def state(self) -> StreamState:
        """All that is known."""
        return self._talk.state

    def rows(self, topic: str) -> list[Row]:
        """The rows of a topic as they stand."""
        return self.state.rows(topic)

    async def __aiter__(self) -> AsyncIterator[Change]:
        """Every change, until the stream ends."""
        while (change := await self.next()) is not None:
            yield change

    async def next(self, timeout_s: float | None = None) -> Change | None:
        """The next change; None when none comes in time, or the stream was closed.

        Raises
        ------
        StreamError
            When the server ended the stream for good.
        ApiError
            When a topic was refused.
        """
        try:
            async with asyncio.timeout(timeout_s):
                change = await self._changes.get()
        except TimeoutError:
            return None
        if change is None:
            self._changes.put_nowait(None)
            self._raise()
        return change

    async def place(
        self,
        symbol: str,
        side: str,
        quantity: Number | None = None,
        *,
        limit: Number | None = None,
        stop: Number | None = None,
        time_in_force: str = "day",
        client_order_id: str = "",
        **terms: Any,
    ) -> Ack:
        """Place an order over the stream, as `SessionClient.place` does over REST.

        The acknowledgement has the order and its legs as they stand; it is durable then.

        Raises
        ------
        ApiError
            When it is refused.
        UnansweredError
            When the connection broke before the answer came: its `client:ID` says what became of it, as
            `SessionClient.place` asks by itself.
        """
        fields = trading.order_fields(
            symbol, side, quantity, limit, stop, time_in_force, client_order_id, terms
        )
        return await self._order("place", fields)

    async def replace(
        self,
        order: int | str,
        *,
        quantity: Number | None = None,
        limit: Number | None = None,
        stop: Number | None = None,
        **terms: Any,
    ) -> Ack:
        """Change an open order, by its id or `client:ID`; its successor has an id of its own."""
        fields = trading.change_fields(quantity, limit, stop, terms)
        return await self._order("replace", {**fields, "order": order})

    async def cancel(self, order: int | str) -> Ack:
        """Cancel an open order, by its id or `client:ID`."""
        return await self._order("cancel", {"order": order})

    async def cancel_all(self, symbol: str = "") -> Ack:
        """Cancel all one's open orders, or those in one instrument."""
        return await self._order("cancel_all", {"symbol": symbol})

    async def catch_up(self, timeout_s: float = 30.0) -> Pong:
        """Wait until all own events up to now are told: they came before, or wait in `next`.

        Returns
        -------
        Pong
            Up to which event (`seq`) that is, and the exchange time of it. Whatever is read over REST
            afterwards knows of that event as well.

        Raises
        ------
        StreamError
            When it does not come in time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    socket = await self._connected()
                    number, content = self._talk.request(ping=True)
                    answer: asyncio.Future[Pong] = asyncio.get_running_loop().create_future()
                    self._answers[number] = answer
                    try:
                        await socket.send(content)
                        return await answer
                    except (ConnectionClosed, UnansweredError):
                        # Asked again over the next connection.
                        await asyncio.sleep(PAUSES_S[0])
                    finally:
                        self._answers.pop(number, None)
        except TimeoutError as error:
            raise StreamError(f"the stream gave no answer to a ping in {timeout_s:g} s", self._url) from error

    async def subscribe(self, *topics: str) -> None:
        """Follow further topics."""
        await (await self._connected()).send(self._talk.subscribe(topics))

    async def unsubscribe(self, *topics: str) -> None:
        """Follow topics no more."""
        await (await self._connected()).send(self._talk.unsubscribe(topics))

    # ------------------------------------------------------------------ the socket

    async def _order(self, verb: str, fields: dict[str, Any]) -> Ack:
        socket = await self._connected()
        number, content = self._talk.order(verb, fields)
        answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await socket.send(content)
            async with asyncio.timeout(self._client.timeout_s):
                return await answer
        except TimeoutError as error:
            raise UnansweredError("the stream gave no answer to an order", self._url) from error
        except ConnectionClosed as error:
            raise UnansweredError(f"the stream broke while an order was sent: {error}", self._url) from error
        finally:
            self._answers.pop(number, None)

    async def _connected(self) -> ClientConnection:
        opened = asyncio.ensure_future(self._opened.wait())
        reading = self._reading
        if reading is None:
            opened.cancel()
            raise StreamError("the stream is used before `async with`", self._url)
        await asyncio.wait([opened, reading], return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if self._socket is None:
            self._raise()
            raise StreamError("the stream was closed", self._url)
        return self._socket

    def _raise(self) -> None:
        reading = self._reading
        if reading is not None and reading.done() and not reading.cancelled():
            error = reading.exception()
            if error is not None:
                raise error

    async def _read(self) -> None:
        """Read until the end, over as many connections as it takes."""
        tries = 0
        try:
            while True:
                try:
                    await self._read_once()
                    tries = 0
                except InvalidStatus as error:
                    await self._refused(error, tries)
                except ConnectionClosed as error:
                    self._ended(error)
                    tries = 0
                except StreamError:
                    tries += 1
                except (OSError, TimeoutError, WebSocketException) as error:
                    if tries >= len(PAUSES_S):
                        raise ClientError(f"the server could not be reached: {error}", self._url) from error
                self.reconnects += 1
                await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                tries += 1
        finally:
            self._changes.put_nowait(None)

    async def _read_once(self) -> None:
        if self._client.credentials.due:
            await self._client.renew(self._client.credentials.turn)
        async with connect(
            self._url,
            additional_headers=self._client.credentials.headers(),
            subprotocols=[Subprotocol(self._talk.protocol)],
            compression=None,
            max_size=MESSAGE_BYTES,
        ) as socket:
            for content in self._talk.opening():
                await socket.send(content)
            self._socket = socket
            self._opened.set()
            try:
                async for message in socket:
                    self._told(message)
                raise ConnectionClosed(socket.protocol.close_rcvd, socket.protocol.close_sent)
            finally:
                self._socket = None
                self._opened.clear()
                for answer in self._answers.values():
                    if not answer.done():
                        answer.set_exception(
                            UnansweredError("the stream broke before an answer came", self._url)
                        )

    def _told(self, content: str | bytes) -> None:
        for told in self._talk.take(content):
            if isinstance(told, Change):
                self._changes.put_nowait(told)
                continue
            answer = self._answers.get(told.id)
            if answer is None or answer.done():
                continue
            if isinstance(told, Ack | Pong):
                answer.set_result(told)
            elif isinstance(told, Refused):
                answer.set_exception(refusal(told))

    def _ended(self, error: ConnectionClosed) -> None:
        """Whether another connection makes sense."""
        if error.rcvd is None:
            return
        if error.rcvd.code in FOR_GOOD:
            raise StreamError(
                f"the server ended the stream: {error.rcvd.reason} (code {error.rcvd.code})", self._url
            )
        if error.rcvd.code == CloseCode.REVOKED and not self._client.credentials.renewable:
            raise StreamError("the log-in or key was revoked", self._url, "log in again")

    async def _refused(self, error: InvalidStatus, tries: int) -> None:
        response = error.response
        if response.status_code == 401 and self._client.credentials.renewable and not tries:  # noqa: PLR2004
            await self._client.renew(self._client.credentials.turn)
        elif response.status_code < 500:  # noqa: PLR2004 - the server itself failed from here on
            raise failure(response.status_code, bytes(response.body or b""), {}) from error

    async def close(self) -> None:
        """End it."""
        reading = self._reading
        if reading is not None:
            reading.cancel()
            outcome = (await asyncio.gather(reading, return_exceptions=True))[0]
            if isinstance(outcome, Exception) and not isinstance(outcome, WorkbenchError):
                raise outcome

    async def __aenter__(self) -> Self:
        self._reading = asyncio.get_running_loop().create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
