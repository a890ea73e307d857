"""The books of a whole session, at any of its instants, from checkpoints a short way apart."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple

import numpy as np
import zstandard

from workbench.domain.codes import Side
from workbench.domain.config import Venue
from workbench.domain.records import EVENT, Records
from workbench.projections.depth import Depth

PIECE_EVENTS = 1 << 14
"""Events between two checkpoints: a step back costs the folding of so many at most, a few milliseconds."""

_KEPT_PIECES = 4
_LEVEL = 1
_SIDES = (Side.BUY, Side.SELL)


class _Piece(NamedTuple):
    """What happened between two checkpoints, packed; `before` is the checkpoint before its first event."""

    before: bytes
    events: bytes


class BookState(NamedTuple):
    """One book at an instant.

    Attributes
    ----------
    seq, time_ns
        The last event until then, and its time; 0 before the first.
    bids, asks
        `LEVEL_VIEW` of the shown book, and of the live orders of a frozen venue, best first.
    orders
        `QUEUED`: every resting order, and what is ahead of it.
    """

    seq: int
    time_ns: int
    bids: list[Records]
    asks: list[Records]
    orders: Records


class Books:
    """Every book of a session at any instant; `take` all events, then ask from any thread.

    Parameters
    ----------
    venue
        The session's venue.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._depth = Depth(venue)
        self._pieces: list[_Piece] = []
        self._first_ns: list[int] = []
        self._waiting: list[Records] = []
        self._count = 0
        self._unpacked: OrderedDict[int, Records] = OrderedDict()
        self._now: tuple[int, Depth] = (-1, self._depth)
        self._lock = Lock()

    def take(self, events: Records) -> None:
        """Further events, in order."""
        while len(events):
            some = events[: PIECE_EVENTS - self._count]
            self._waiting.append(some)
            self._count += len(some)
            events = events[len(some) :]
            if self._count == PIECE_EVENTS:
                self._pack()

    def finish(self) -> None:
        """There are no more."""
        if self._count:
            self._pack()

    def _pack(self) -> None:
        events = np.concatenate(self._waiting)
        squeeze = zstandard.ZstdCompressor(level=_LEVEL).compress
        self._pieces.append(_Piece(squeeze(self._depth.checkpoint()), squeeze(events.tobytes())))
        self._first_ns.append(int(events["time_ns"][0]))
        self._depth.apply(events)
        self._waiting, self._count = [], 0

    @property
    def size(self) -> int:
        """Bytes that all of it takes in memory."""
        return sum(len(piece.before) + len(piece.events) for piece in self._pieces)

    def at(self, instrument: int, at_ns: int, levels: int) -> BookState:
        """A book after everything that happened until `at_ns`, included.

        Parameters
        ----------
        instrument
            Its number.
        at_ns
            When.
        levels
            The most price levels of a side.
        """
        with self._lock:
            depth, time_ns = self._depth_at(at_ns)
            sides = [
                [depth.depth(instrument, side, levels, book).copy() for book in (0, 1)] for side in _SIDES
            ]
            return BookState(depth.seq, time_ns, sides[0], sides[1], depth.orders(instrument))

    def _depth_at(self, at_ns: int) -> tuple[Depth, int]:
        """The books at an instant, and the time of the last event until then; 0 before the first."""
        number = int(np.searchsorted(self._first_ns, at_ns, side="right")) - 1
        if number < 0:
            return Depth(self._venue), 0
        events = self._events(number)
        until = int(np.searchsorted(events["time_ns"], at_ns, side="right"))
        last_seq, at, depth = int(events["seq"][until - 1]), *self._now
        # A slider moves on from where it is: what the books know already need not be folded again.
        if at != number or depth.seq > last_seq:
            before = zstandard.ZstdDecompressor().decompress(self._pieces[number].before)
            depth = Depth.restore(self._venue, before)
        self._now = (number, depth)
        if depth.seq < last_seq:
            depth.apply(events[max(0, depth.seq + 1 - int(events["seq"][0])) : until])
        return depth, int(events["time_ns"][until - 1])

    def _events(self, number: int) -> Records:
        found = self._unpacked.get(number)
        if found is None:
            raw = zstandard.ZstdDecompressor().decompress(self._pieces[number].events)
            found = np.frombuffer(raw, dtype=EVENT)
            self._unpacked[number] = found
            if len(self._unpacked) > _KEPT_PIECES:
                self._unpacked.popitem(last=False)
        self._unpacked.move_to_end(number)
        return found
