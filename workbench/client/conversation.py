"""Both clients' side of a stream, without its socket: what is sent when it opens, and what answers mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from workbench.client.state import Change, StreamState
from workbench.domain.frames import (
    JSON_PROTOCOL,
    MSGPACK_PROTOCOL,
    Ack,
    AnyFrame,
    CancelAll,
    CancelOrder,
    CloseCode,
    Fault,
    Hello,
    PlaceOrder,
    Pong,
    Refused,
    ReplaceOrder,
    Request,
)
from workbench.errors import ApiError, ClientError, StreamError

PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before a broken stream is opened again; the last one for every further time."""
MESSAGE_BYTES = 64 << 20
FOR_GOOD = (CloseCode.GARBAGE, CloseCode.TOO_MANY, CloseCode.NOT_YOURS, CloseCode.UNKNOWN)
"""Close codes after which another connection would end the same way."""

_FRAMES = list[AnyFrame]


class Conversation:
    """Topics, requests and answers of one stream over all its connections.

    Raises
    ------
    StreamError
        When there is no topic.

    Attributes
    ----------
    state
        What is known.
    hello
        What the server said first on the present connection.
    """

    def __init__(self, topics: Iterable[str] | str, *, packed: bool) -> None:
        self.topics = list(dict.fromkeys([topics] if isinstance(topics, str) else topics))
        if not self.topics:
            raise StreamError(
                "a stream without a topic tells nothing",
                remedy="name topics such as market:ACME or orders",
            )
        self.state = StreamState()
        self.hello: Hello | None = None
        self.packed = packed
        self._encode = msgspec.msgpack.encode if packed else msgspec.json.encode
        self._decode = (
            msgspec.msgpack.Decoder(_FRAMES).decode if packed else msgspec.json.Decoder(_FRAMES).decode
        )
        self._last_id = 0
        self._subscribing: set[int | str] = set()

    @property
    def protocol(self) -> str:
        """The subprotocol to ask for."""
        return MSGPACK_PROTOCOL if self.packed else JSON_PROTOCOL

    def opening(self) -> list[bytes]:
        """What to send on a new connection: the topics, from where they are known."""
        return [self.subscribe(self.topics)] if self.topics else []

    def subscribe(self, topics: Iterable[str]) -> bytes:
        """Ask for topics, from where they are known."""
        wanted = list(topics)
        self.topics = list(dict.fromkeys([*self.topics, *wanted]))
        known = {name: seq for name, seq in self.state.resume().items() if name in wanted}
        number, content = self.request(subscribe=wanted, from_seq=known)
        self._subscribing.add(number)
        return content

    def unsubscribe(self, topics: Iterable[str]) -> bytes:
        """Ask for topics no more, and forget them."""
        gone = set(topics)
        self.topics = [name for name in self.topics if name not in gone]
        for name in gone:
            self.state.topics.pop(name, None)
        return self.request(unsubscribe=sorted(gone))[1]

    def request(self, **fields: Any) -> tuple[int, bytes]:
        """A request and its number."""
        self._last_id += 1
        return self._last_id, self._encode(Request(id=self._last_id, **fields))

    def order(self, verb: str, fields: dict[str, Any]) -> tuple[int, bytes]:
        """An order's request: `place`, `replace`, `cancel` or `cancel_all`.

        Raises
        ------
        ClientError
            When it has a term that there is not, or one that makes no sense.
        """
        kinds: dict[str, type[msgspec.Struct]] = {
            "place": PlaceOrder,
            "replace": ReplaceOrder,
            "cancel": CancelOrder,
            "cancel_all": CancelAll,
        }
        chosen = {name: value for name, value in fields.items() if value is not None}
        try:
            asked = msgspec.convert(chosen, kinds[verb], strict=False)
        except msgspec.ValidationError as error:
            raise ClientError(f"the order makes no sense: {error}") from error
        return self.request(**{verb: asked})

    def take(self, content: str | bytes) -> list[Change | Ack | Refused | Pong]:
        """Fold in a message; what it told, in order.

        Raises
        ------
        StreamError
            When something is missing before it, or the server could not read what was sent.
        ApiError
            When topics were refused.
        """
        try:
            frames = self._decode(content)  # type: ignore[arg-type] # text for JSON alone, bytes for both
        except msgspec.MsgspecError as error:
            raise StreamError(f"a message of the stream cannot be read: {error}") from error
        told: list[Change | Ack | Refused | Pong] = []
        for frame in frames:
            if isinstance(frame, Hello):
                self._greet(frame)
            elif isinstance(frame, Fault):
                raise StreamError(f"the server could not read a request: {frame.message}")
            elif isinstance(frame, Refused) and frame.id in self._subscribing:
                raise ApiError(404 if frame.code == "unknown_topic" else 403, frame.code, frame.message)
            elif isinstance(frame, Ack | Refused | Pong):
                self._subscribing.discard(frame.id)
                told.append(frame)
            else:
                change = self.state.take(frame)
                if change is not None:
                    told.append(change)
        return told

    def _greet(self, hello: Hello) -> None:
        if self.hello is not None and self.hello.identity != hello.identity:
            # Another session under the same name, whose events have nothing to do with those known.
            self.state.topics.clear()
        self.hello = hello


def refusal(frame: Refused) -> ApiError:
    """What a refused request raises."""
    details: dict[str, object] = {"reason": frame.reason.upper()} if frame.reason else {}
    return ApiError(422, frame.code, frame.message, details=details)
