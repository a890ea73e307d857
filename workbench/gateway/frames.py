"""Messages of the stream taken apart without reading more of them than is needed, and requests read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from workbench.api.native.stream_pieces import Format
from workbench.domain.frames import AnyFrame, Request

SHARED = frozenset({"market", "depth", "trades", "candles", "news", "session"})
"""Topics that say the same to all who may see a session, by what stands before the first colon."""

T = TypeVar("T")


class Head(msgspec.Struct):
    """What says whose a frame is."""

    type: str
    topic: str = ""
    id: int | str = 0
    seq: int = 0


class _Asked(msgspec.Struct):
    subscribe: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    unsubscribe: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Reader:
    """Reads one format.

    Parameters
    ----------
    kind
        The format.
    """

    def __init__(self, kind: Format) -> None:
        self.kind = kind
        packed = kind is Format.MSGPACK
        make: Any = msgspec.msgpack.Decoder if packed else msgspec.json.Decoder
        encoder: Any = msgspec.msgpack.Encoder() if packed else msgspec.json.Encoder()
        self._parts = make(list[msgspec.Raw])
        self._head = make(Head)
        self._frame = make(AnyFrame)
        self._asked = make(_Asked)
        self._request = make(Request)
        self._encode = encoder.encode

    def split(self, content: bytes) -> list[bytes]:
        """The frames of a message."""
        return [bytes(part) for part in self._parts.decode(content)]

    def head(self, part: bytes) -> Head:
        """The beginning of a frame."""
        found: Head = self._head.decode(part)
        return found

    def frame(self, part: bytes) -> AnyFrame:
        """A whole frame."""
        found: AnyFrame = self._frame.decode(part)
        return found

    def topics_asked(self, content: str | bytes) -> Request | None:
        """The request about topics that a message is; None for all else, which is the exchange's to judge."""
        try:
            asked = self._asked.decode(content)
            if asked.subscribe is msgspec.UNSET and asked.unsubscribe is msgspec.UNSET:
                return None
            request: Request = self._request.decode(content)
        except (msgspec.MsgspecError, RecursionError, TypeError):
            return None
        others = (request.place, request.replace, request.cancel, request.cancel_all, request.ping or None)
        named = (request.subscribe, request.unsubscribe)
        alone = sum(each is not None for each in named) == 1 and all(each is None for each in others)
        return request if alone else None

    def request(self, **asked: Any) -> str | bytes:
        """A request as it is sent: text, or msgpack in bytes."""
        content: bytes = self._encode(asked)
        return content if self.kind is Format.MSGPACK else content.decode()


READERS = {kind: Reader(kind) for kind in Format}


def is_shared(topic: str) -> bool:
    """Whether a topic says the same to everybody.

    >>> is_shared("market:ACME"), is_shared("orders"), is_shared("leaderboard")
    (True, False, False)
    """
    return topic.partition(":")[0] in SHARED


def parted(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Topics that are shared, and those that are somebody's own; each once.

    >>> parted(["orders", "news", "news"])
    (['news'], ['orders'])
    """
    once = list(dict.fromkeys(names))
    return [name for name in once if is_shared(name)], [name for name in once if not is_shared(name)]
