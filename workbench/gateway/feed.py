"""What a gateway knows of one session: its topics of the market, and which link each of them comes over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workbench.api.native.stream_outgoing import Outgoing
from workbench.api.native.stream_pieces import Format, Piece
from workbench.domain.frames import Delta, Snapshot
from workbench.gateway.topic import SharedTopic

if TYPE_CHECKING:
    from workbench.gateway.link import Link

RETRY_S = 1.0
"""How long after all readers of a topic were refused it they are asked for it again."""


class Feed:
    """The shared topics of one session in one format.

    Each topic comes over the link of one of its readers, its *carrier*: the exchange has judged the log-in
    behind that link and goes on doing so, and nobody asks for what no desk asked for. When a carrier goes,
    another reader's link carries on from the last event that was told, so its readers notice nothing.
    All of it happens on one loop.

    Parameters
    ----------
    kind
        The format.
    """

    def __init__(self, kind: Format) -> None:
        self.kind = kind
        self.outgoing = Outgoing()
        self.topics: dict[str, SharedTopic] = {}
        self.links: set[Link] = set()
        self._held: dict[Link, tuple[int, Piece]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, name: str, carrier: Link, first: Snapshot) -> SharedTopic:
        """A topic that nobody had until now, from its first snapshot on."""
        topic = self.topics[name] = SharedTopic(name, self.kind, carrier, first)
        return topic

    def take(self, topic: SharedTopic, frame: Snapshot | Delta, part: bytes) -> None:
        """A frame from a topic's carrier."""
        if isinstance(frame, Delta):
            if topic.knows(frame):
                return
            if topic.misses(frame):
                carrier = topic.carrier
                assert carrier is not None
                if not topic.asked_again:
                    topic.asked_again = True
                    self._carry([topic], carrier)
                return
        topic.take(frame, part)

    # ------------------------------------------------------------------ who carries

    def leave(self, link: Link) -> None:
        """Do without a link from now on."""
        self.links.discard(link)
        self._held.pop(link, None)
        orphans = []
        for topic in list(self.topics.values()):
            topic.readers.pop(link, None)
            topic.refused.discard(link)
            if topic.carrier is link:
                topic.carrier = None
                orphans.append(topic)
        self._settle(orphans)

    def step_aside(self, link: Link) -> None:
        """Have others carry what a link carries, whose own reader takes nothing at the moment."""
        moved = []
        for topic in self.topics.values():
            if topic.carrier is link and any(other.able for other in topic.readers if other is not link):
                topic.carrier = None
                moved.append(topic)
        if moved:
            link.stop_carrying([topic.name for topic in moved])
            self._settle(moved)

    def drop(self, topic: SharedTopic, link: Link) -> None:
        """A link whose subscription has ended reads and carries a topic no more."""
        topic.readers.pop(link, None)
        if topic.carrier is link:
            topic.carrier = None
            self._settle([topic])

    def settle(self) -> None:
        """Find carriers for the topics that have none."""
        self._timer = None
        for topic in self.topics.values():
            topic.refused.clear()
        self._settle([topic for topic in self.topics.values() if topic.carrier is None])

    def _settle(self, orphans: Iterable[SharedTopic]) -> None:
        chosen: dict[Link, list[SharedTopic]] = {}
        for topic in orphans:
            if not topic.readers:
                if self.topics.get(topic.name) is topic:
                    del self.topics[topic.name]
                continue
            able = [link for link in topic.readers if link.able and link not in topic.refused]
            if able:
                chosen.setdefault(able[0], []).append(topic)
            elif self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(RETRY_S, self.settle)
        for link, topics in chosen.items():
            self._carry(topics, link)

    def _carry(self, topics: list[SharedTopic], link: Link) -> None:
        for topic in topics:
            topic.carrier = link

        def refused() -> None:
            for topic in topics:
                if topic.carrier is link:
                    topic.refused.add(link)
                    topic.carrier = None
            self._settle([topic for topic in topics if topic.carrier is None])

        link.carry({topic.name: topic.seq for topic in topics}, refused)

    # ------------------------------------------------------------------ beats

    def beat(self, link: Link, seq: int, piece: Piece) -> None:
        """Pass on that all was told up to `seq`, as soon as that is so of what comes over other links too."""
        link.beat_seq = seq
        self._held[link] = (seq, piece)
        carries = any(topic.carrier is link for topic in self.topics.values())
        for reader in list(self._held) if carries else [link]:
            upto, held = self._held[reader]
            if all(carrier.beat_seq >= upto for carrier in reader.carriers):
                del self._held[reader]
                reader.connection.push_own(held)
