"""A stream without asyncio: iterate over it, and place orders in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from workbench.client import routes, trading
from workbench.client.calls import failure
from workbench.client.conversation import FOR_GOOD, MESSAGE_BYTES, PAUSES_S, Conversation, refusal
from workbench.client.sending import socket_url
from workbench.client.state import Change, Row, StreamState
from workbench.client.trading import Number
from workbench.domain.frames import Ack, CloseCode, Pong, Refused
from workbench.errors import ClientError, StreamError, UnansweredError

if TYPE_CHECKING:
    from workbench.client.client import Client

_BROKEN = (ConnectionClosed, OSError, TimeoutError, StreamError)


class Stream:
    """What happens in a session, as it happens. Broken connections are opened again and miss nothing.

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

    Attributes
    ----------
    reconnects
        How often a connection had to be opened again.

    Examples
    --------
    >>> with client.session("monday").stream(["market:HARBOR", "orders"]) as stream:  # doctest: +SKIP
    ...     for change in stream:
    ...         print(change.topic, change.kind, change.rows)
    """

    def __init__(
        self, client: Client, session: str, topics: Iterable[str] | str, *, packed: bool = True
    ) -> None:
        self.reconnects = 0
        self._client = client
        self._talk = Conversation(topics, packed=packed)
        self._url = socket_url(client.url, f"{routes.base_of(session)}/stream")
        self._socket: ClientConnection | None = None
        self._held = ExitStack()
        self._waiting: deque[Change] = deque()
        self._closed = False

    @property
    def state(self) -> StreamState:
        """All that is known."""
        return self._talk.state

    def rows(self, topic: str) -> list[Row]:
        """The rows of a topic as they stand."""
        return self.state.rows(topic)

    def __iter__(self) -> Iterator[Change]:
        """Every change, until `close`."""
        while not self._closed:
            found = self.next()
            if found is not None:
                yield found

    def next(self, timeout_s: float | None = None) -> Change | None:
        """The next change; None when none comes in time, or the stream was closed.

        Raises
        ------
        StreamError
            When the server ended the stream for good.
        ApiError
            When a topic was refused.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._waiting:
            if self._closed:
                return None
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return None
            self._read(left)
        return self._waiting.popleft()

    def place(
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
        return self._order("place", fields)

    def replace(
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
        return self._order("replace", {**fields, "order": order})

    def cancel(self, order: int | str) -> Ack:
        """Cancel an open order, by its id or `client:ID`."""
        return self._order("cancel", {"order": order})

    def cancel_all(self, symbol: str = "") -> Ack:
        """Cancel all one's open orders, or those in one instrument."""
        return self._order("cancel_all", {"symbol": symbol})

    def catch_up(self, timeout_s: float = 30.0) -> Pong:
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
        end = time.monotonic() + timeout_s
        asked: ClientConnection | None = None
        number = 0
        while (left := end - time.monotonic()) > 0:
            socket = self._open()
            if socket is not asked:
                number, content = self._talk.request(ping=True)
                asked = socket
                try:
                    socket.send(content)
                except ConnectionClosed as error:
                    self._lose(error)
                    continue
            answer = self._read(left, number)
            if isinstance(answer, Pong):
                return answer
        raise StreamError(f"the stream gave no answer to a ping in {timeout_s:g} s", self._url)

    def subscribe(self, *topics: str) -> None:
        """Follow further topics."""
        self._open().send(self._talk.subscribe(topics))

    def unsubscribe(self, *topics: str) -> None:
        """Follow topics no more."""
        self._open().send(self._talk.unsubscribe(topics))

    def close(self) -> None:
        """End it."""
        self._closed = True
        self._drop()

    # ------------------------------------------------------------------ the socket

    def _order(self, verb: str, fields: dict[str, Any]) -> Ack:
        number, content = self._talk.order(verb, fields)
        socket = self._open()
        try:
            socket.send(content)
        except ConnectionClosed as error:
            raise UnansweredError(f"the stream broke while an order was sent: {error}", self._url) from error
        end = time.monotonic() + self._client.timeout_s
        while True:
            left = end - time.monotonic()
            answer = self._read(left, number) if left > 0 else None
            if isinstance(answer, Ack):
                return answer
            if isinstance(answer, Refused):
                raise refusal(answer)
            if left <= 0 or self._socket is not socket:
                raise UnansweredError("the stream gave no answer to an order", self._url)

    def _read(self, timeout_s: float | None, number: int | None = None) -> Ack | Refused | Pong | None:
        """Take one message; gives the answer to request `number` if it was among what it told."""
        found: Ack | Refused | Pong | None = None
        socket = self._open()
        try:
            content = socket.recv(timeout_s)
            for told in self._talk.take(content):
                if isinstance(told, Change):
                    self._waiting.append(told)
                elif told.id == number:
                    found = told
        except TimeoutError:
            pass
        except _BROKEN as error:
            self._lose(error)
        return found

    def _lose(self, error: Exception) -> None:
        """What a broken connection means: go on with another one, or not."""
        code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else 0
        self._drop()
        if self._closed:
            return
        if code in FOR_GOOD:
            said = error.rcvd.reason if isinstance(error, ConnectionClosed) and error.rcvd else ""
            raise StreamError(f"the server ended the stream: {said} (code {code})", self._url)
        if code == CloseCode.REVOKED and not self._client.credentials.renewable:
            raise StreamError("the log-in or key was revoked", self._url, "log in again")
        self.reconnects += 1

    def _open(self) -> ClientConnection:
        """The connection, opened again as often as it takes."""
        tries = 0
        while self._socket is None:
            if self._closed:
                raise StreamError("the stream was closed", self._url)
            try:
                self._socket = self._connect()
            except InvalidStatus as error:
                self._refused(error, tries)
            except ConnectionClosed as error:
                self._lose(error)
            except (OSError, TimeoutError, WebSocketException) as error:
                if tries >= len(PAUSES_S):
                    raise ClientError(f"the server could not be reached: {error}", self._url) from error
            if self._socket is None:
                time.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
                tries += 1
        return self._socket

    def _refused(self, error: InvalidStatus, tries: int) -> None:
        response = error.response
        if response.status_code == 401 and self._client.credentials.renewable and not tries:  # noqa: PLR2004
            self._client.renew(self._client.credentials.turn)
        elif response.status_code < 500:  # noqa: PLR2004 - the server itself failed from here on
            raise failure(response.status_code, bytes(response.body or b""), {}) from error

    def _connect(self) -> ClientConnection:
        if self._client.credentials.due:
            self._client.renew(self._client.credentials.turn)
        opening = connect(
            self._url,
            additional_headers=self._client.credentials.headers(),
            subprotocols=[Subprotocol(self._talk.protocol)],
            compression=None,
            max_size=MESSAGE_BYTES,
        )
        with ExitStack() as stack:
            socket: ClientConnection = stack.enter_context(opening)
            for content in self._talk.opening():
                socket.send(content)
            self._held = stack.pop_all()
        return socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket = None
            self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
