"""A topic of the market as a gateway knows it: taken from the exchange once, told to many."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from workbench.api.native.stream_pieces import Format, Piece
from workbench.api.native.stream_sizes import CANDLES, RING, TRADES
from workbench.client.state import StreamState
from workbench.domain.frames import Delta, LevelRow, Snapshot

if TYPE_CHECKING:
    from workbench.gateway.link import Link

_NO_ROWS = msgspec.Raw(b"[]")
_EVERY = 1_000_000
_ROWS = {"trades": TRADES, "candles": CANDLES}
"""Rows that a snapshot begins with, of topics that only ever grow."""


class SharedTopic:
    """One topic, in one format, of one session.

    Deltas go to readers as the bytes that they came in. What they say is folded beside that, for readers who
    come later and for those who do not keep up.

    Parameters
    ----------
    name
        Its full name.
    kind
        The format.
    carrier
        The link over which it comes.
    first
        The snapshot it begins with.

    Attributes
    ----------
    readers
        Links whose desks are told of it.
    refused
        Those of them over which the exchange would not give it.
    asked_again
        Whether what is missing of it was asked for and has not come yet.
    seq
        The last event that was told.
    """

    def __init__(self, name: str, kind: Format, carrier: Link, first: Snapshot) -> None:
        self.name = name
        self.carrier: Link | None = carrier
        self.readers: dict[Link, None] = {}
        self.refused: set[Link] = set()
        self.asked_again = False
        self.seq = 0
        self._kind = kind
        self._group = name.partition(":")[0]
        self._rows_max = _ROWS.get(self._group, _EVERY)
        self._state = StreamState(tape_rows=2 * self._rows_max)
        self._kept_after = 0
        self._ring: deque[tuple[int, Piece]] = deque()
        self._snapshot: Piece | None = None
        self._begin(first)

    def _begin(self, frame: Snapshot) -> None:
        self._state.take(frame)
        self.seq = self._kept_after = frame.seq
        self._ring.clear()
        self._snapshot = None

    def misses(self, frame: Delta) -> bool:
        """Whether something is missing before a delta."""
        return frame.prev > self.seq

    def knows(self, frame: Delta) -> bool:
        """Whether a delta was told before; what changes without an event has the same `seq` again."""
        return frame.seq < self.seq or frame.prev < frame.seq == self.seq

    def take(self, frame: Snapshot | Delta, part: bytes) -> None:
        """Fold in a frame that follows on what is known, and tell all readers."""
        self.asked_again = False
        piece = Piece.of_bytes(part, self._kind)
        if isinstance(frame, Snapshot):
            self._begin(frame)
        else:
            self._state.take(frame)
            self.seq = frame.seq
            self._snapshot = None
            self._ring.append((frame.seq, piece))
            if len(self._ring) > RING:
                self._kept_after = self._ring.popleft()[0]
        for reader in self.readers:
            if self.name not in reader.catching:
                reader.connection.push_market(self, piece)  # type: ignore[arg-type] # any key will do

    def since(self, from_seq: int) -> list[Piece]:
        """What a reader missed who has seen all up to `from_seq` (0: nothing)."""
        if from_seq <= 0 or self._group == "session":
            return [self.snapshot()]
        if self._kept_after <= from_seq <= self.seq:
            return [piece for told, piece in self._ring if told > from_seq]
        return [self.snapshot(reset=True)]

    def snapshot(self, *, reset: bool = False, conflated: bool = False) -> Piece:
        """All rows as they stand."""
        plain = not (reset or conflated)
        if plain and self._snapshot is not None:
            return self._snapshot
        frame = Snapshot(
            topic=self.name,
            seq=self.seq,
            rows=_NO_ROWS,
            n=self._state.topics[self.name].count,
            reset=reset,
            conflated=conflated,
        )
        piece = Piece(frame, self._rows())
        if plain:
            self._snapshot = piece
        return piece

    def _rows(self) -> list[Any]:
        rows = self._state.rows(self.name)
        if self._group == "depth":
            levels = [LevelRow(row["side"], row["price"], row["quantity"], row["orders"]) for row in rows]
            bids = sorted((each for each in levels if each.side == "bid"), key=lambda each: -each.price)
            return bids + sorted((each for each in levels if each.side != "bid"), key=lambda each: each.price)
        if self._group == "trades":
            # A trade that was undone long ago is told again behind later ones.
            rows.sort(key=lambda row: row["seq"])
        elif self._group == "candles":
            rows.sort(key=lambda row: row["time"])
        return rows[-self._rows_max :]
