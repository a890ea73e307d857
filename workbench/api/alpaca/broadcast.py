"""One burst of messages to many connections: encoded once, put together once for each subscription."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from workbench.api.alpaca.codec import Codec
from workbench.api.alpaca.data_protocol import Subscription

if TYPE_CHECKING:
    from workbench.api.alpaca.outbox import Outbox

ALL = "*"


class Message(NamedTuple):
    """Something to be told, not yet encoded.

    Attributes
    ----------
    channel
        Whose subscribers want it.
    symbols
        What it is about; nothing for what concerns all.
    write
        Encodes it.
    """

    channel: str
    symbols: tuple[str, ...]
    write: Callable[[Codec], bytes]


class Group(NamedTuple):
    """Connections that get the same bytes."""

    channels: tuple[str, ...]
    subscription: Subscription
    codec: Codec
    outboxes: set[Outbox]

    def wants(self, message: Message) -> bool:
        """Whether its connections subscribed to a message."""
        if message.channel not in self.channels:
            return False
        symbols = self.subscription[self.channels.index(message.channel)]
        return ALL in symbols or not symbols.isdisjoint(message.symbols)


class Broadcast:
    """Connections by what they get.

    Attributes
    ----------
    wanted
        The channels that anybody subscribed to.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[tuple[str, ...], Subscription, str], Group] = {}
        self._of: dict[Outbox, tuple[tuple[str, ...], Subscription, str]] = {}
        self.wanted: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self._of)

    @property
    def groups(self) -> int:
        """How many different ones there are."""
        return len(self._groups)

    def put(
        self, outbox: Outbox, channels: tuple[str, ...], subscription: Subscription, codec: Codec
    ) -> None:
        """Have a connection get what it subscribed to, and nothing else from now on."""
        self._leave(outbox)
        if any(subscription):
            key = (channels, subscription, codec.name)
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = Group(channels, subscription, codec, set())
            group.outboxes.add(outbox)
            self._of[outbox] = key
        self._count()

    def drop(self, outbox: Outbox) -> None:
        """Send a connection nothing more."""
        self._leave(outbox)
        self._count()

    def send(self, burst: list[Message]) -> None:
        """Send each connection its part of a burst, in order, as one frame."""
        encoded: dict[str, list[bytes | None]] = {}
        for group in self._groups.values():
            codec = group.codec
            known = encoded.setdefault(codec.name, [None] * len(burst))
            parts: list[bytes] = []
            for place, message in enumerate(burst):
                if group.wants(message):
                    one = known[place]
                    if one is None:
                        one = known[place] = message.write(codec)
                    parts.append(one)
            if parts:
                frame = codec.array(parts)
                for outbox in group.outboxes:
                    outbox.push(frame)

    def _leave(self, outbox: Outbox) -> None:
        key = self._of.pop(outbox, None)
        if key is not None:
            group = self._groups[key]
            group.outboxes.discard(outbox)
            if not group.outboxes:
                del self._groups[key]

    def _count(self) -> None:
        self.wanted = frozenset(
            channel
            for group in self._groups.values()
            for channel, symbols in zip(group.channels, group.subscription, strict=True)
            if symbols
        )
