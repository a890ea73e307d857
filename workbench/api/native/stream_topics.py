"""Topics of a session: who listens to each, what they were told last, and what an absent reader missed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from workbench.api.native.stream_own import OWN, OwnLog, of_topic, own_rows
from workbench.api.native.stream_pieces import Piece
from workbench.api.native.stream_sizes import RING
from workbench.api.native.stream_sources import Source
from workbench.api.native.stream_standing import standing
from workbench.api.native.stream_words import Words
from workbench.domain.frames import Delta, Snapshot
from workbench.domain.records import Records

if TYPE_CHECKING:
    from workbench.api.native.stream_connection import Connection
    from workbench.projections.live.views import LiveViews

_NO_ROWS = msgspec.Raw(b"[]")
"""Stands for the rows of a frame until they are encoded."""
ROWS = 1_000
"""Rows of own events that one frame holds at most when they are told again."""


class MarketTopic:
    """A topic that is made of the views: conflated by the window, and the same for everybody.

    Parameters
    ----------
    name
        Its full name.
    source
        Its rows.
    seq
        The views' last event.
    by_events
        Whether all that changes it is an event; a session's speed is not, and is always told anew.
    """

    def __init__(self, name: str, source: Source, seq: int, *, by_events: bool = True) -> None:
        self.name = name
        self.by_events = by_events
        self.readers: set[Connection] = set()
        self.seq = seq
        self.idle_since = 0.0
        self._source = source
        self._source.rows()
        self._kept_after = seq
        self._ring: deque[tuple[int, Piece]] = deque()
        self._snapshot: tuple[int, Piece] | None = None

    def flush(self, seq: int) -> Piece | None:
        """What changed up to event `seq`, which is told to all readers; None for nothing."""
        rows = self._source.changes()
        if not rows:
            return None
        # Something may change without an event, such as a session's speed; its frame then has the same seq.
        delta = Delta(topic=self.name, prev=self.seq, seq=seq, rows=_NO_ROWS, n=self._source.count())
        piece = Piece(delta, rows)
        self.seq = seq
        self._ring.append((seq, piece))
        self._snapshot = None
        if len(self._ring) > RING:
            self._kept_after = self._ring.popleft()[0]
        for reader in self.readers:
            reader.push_market(self, piece)
        return piece

    def snapshot(self, seq: int, *, reset: bool = False, conflated: bool = False) -> Piece:
        """All rows as of event `seq`; others are told first what changed."""
        self.flush(seq)
        plain = not (reset or conflated)
        if plain and self._snapshot is not None and self._snapshot[0] == seq:
            return self._snapshot[1]
        rows = self._source.rows()
        frame = Snapshot(
            topic=self.name,
            seq=seq,
            rows=_NO_ROWS,
            n=self._source.count(),
            reset=reset,
            conflated=conflated,
        )
        piece = Piece(frame, rows)
        if plain:
            self._snapshot = (seq, piece)
        return piece

    def since(self, from_seq: int, seq: int) -> list[Piece]:
        """What a reader missed who has seen all up to `from_seq`: deltas, or a snapshot that says so."""
        self.flush(seq)
        if not self.by_events:
            return [self.snapshot(seq)]
        if self._kept_after <= from_seq <= seq:
            return [piece for told, piece in self._ring if told > from_seq]
        return [self.snapshot(seq, reset=True)]


class OwnTopics:
    """Own events of all accounts: told one by one as they come, and told again to who was away.

    Parameters
    ----------
    views
        How things stand.
    words
        How things are said.
    """

    def __init__(self, views: LiveViews, words: Words) -> None:
        self.views = views
        self.words = words
        self.log = OwnLog(2 + len(views.venue.accounts), words=words)
        self.readers: dict[tuple[str, int | None], set[Connection]] = {}
        self._listening = np.zeros(2 + len(views.venue.accounts), dtype=np.bool_)
        self._everybody = False

    def add(self, reader: Connection, topic: str, account: int | None) -> None:
        """Tell a reader of an account's events, or (None) of everybody's."""
        self.readers.setdefault((topic, account), set()).add(reader)
        self._listen(account)

    def drop(self, reader: Connection, topic: str, account: int | None) -> None:
        """Tell a reader no more."""
        found = self.readers.get((topic, account), set())
        found.discard(reader)
        if not found:
            self.readers.pop((topic, account), None)
        self._listen(account)

    def _listen(self, account: int | None) -> None:
        """Know whether anybody hears of an account; of the others nothing changes, and they may be many."""
        heard = any((topic, account) in self.readers for topic in OWN)
        if account is None:
            self._everybody = heard
        else:
            self._listening[account] = heard

    def take(self, events: Records) -> None:
        """Fold in a batch and tell the readers."""
        before = self.log.last.copy() if self.readers else self.log.last
        own = self.log.take(events)
        if len(own) and self.readers:
            heard = own if self._everybody else own[self._listening[own["account"]]]
            if len(heard):
                self._tell(heard, before)

    def _tell(self, own: Records, before: np.ndarray[Any, np.dtype[np.int64]]) -> None:
        told: dict[tuple[str, int | None], list[msgspec.Struct]] = {}
        lasts: dict[tuple[str, int | None], int] = {}
        readers = self.readers
        for topic, account, seq, row in own_rows(own, self.words):
            whose: tuple[int | None, ...] = (account, None) if self._everybody else (account,)
            for each in whose:
                key = (topic, each)
                if key in readers:
                    found = told.get(key)
                    if found is None:
                        found = told[key] = []
                    found.append(row)
                    lasts[key] = seq
        for key, rows in told.items():
            topic, whom = key
            place = OWN.index(topic)
            prev = before[place].max() if whom is None else before[place, whom]
            delta = Delta(
                topic=topic_name(topic, whom is None),
                prev=int(prev),
                seq=lasts[key],
                rows=_NO_ROWS,
                n=self.count(topic, whom),
            )
            piece = Piece(delta, rows)
            for reader in self.readers[key]:
                reader.push_own(piece)

    def count(self, topic: str, account: int | None) -> int:
        """Rows that a topic has had so far."""
        counts = self.log.counts[OWN.index(topic)]
        return int(counts.sum() if account is None else counts[account])

    def snapshot(self, topic: str, account: int | None, *, reset: bool = False) -> Piece:
        """How things stand now."""
        accounts = sorted(self.views.accounts) if account is None else [account]
        frame = Snapshot(
            topic=topic_name(topic, account is None),
            seq=self.log.seq,
            rows=_NO_ROWS,
            n=self.count(topic, account),
            reset=reset,
        )
        return Piece(frame, standing(topic, accounts, self.views, self.words))

    def replay(self, own: Records, topic: str, account: int | None, prev: int) -> Iterator[Piece]:
        """Own events once more, for a reader who has seen those up to `prev`: one frame after the other.

        `own` are all there are up to now; what happens while frames are taken is not among them.
        """
        found, rows = of_topic(own, topic, self.words)
        ends = np.cumsum(rows)
        total = int(ends[-1]) if len(ends) else 0
        seq, count = self.log.seq, self.count(topic, account) - total
        name, start, told = topic_name(topic, account is None), 0, 0
        while True:
            # Rows of one event stay together, or `seq` would say that all of it was told.
            end = max(start + 1, int(np.searchsorted(ends, told + ROWS, side="right")))
            last = end >= len(found)
            made = [each.row for each in own_rows(found[start:end], self.words) if each.topic == topic]
            told += len(made)
            upto = seq if last else int(found["seq"][end - 1])
            yield Piece(Delta(topic=name, prev=prev, seq=upto, rows=_NO_ROWS, n=count + told), made)
            if last:
                return
            start, prev = end, upto


def topic_name(topic: str, everybody: bool) -> str:
    """What a topic of own events is called on the wire."""
    return f"{topic}:*" if everybody else topic
