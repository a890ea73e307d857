"""What every projection is: a fold over events in their order, which can be stopped and gone on with.

A projection has no other source than the venue and its events, so it can be rebuilt at any time; it knows the
last event it has had, so being given one twice changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from workbench.domain.config import Venue, venue_to_json
from workbench.domain.memory import EVENT_DTYPES, EventBuffer
from workbench.domain.records import EVENT, Records, schema_hash
from workbench.errors import ProjectionError
from workbench.jit import tuple_of

Layout = dict[str, np.dtype[Any]]
State = dict[str, npt.NDArray[Any]]

EVENTS_TYPE = tuple_of(EVENT_DTYPES, EventBuffer)
"""The numba type of a batch of events as kernels take it (`event_views`)."""

_MAGIC = b"WORKBENCH-PROJECTION-1\n"
_DIGEST_BYTES = 16
_LENGTH_BYTES = 8


class Projection(ABC):
    """A fold over the events of one session.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.

    Attributes
    ----------
    name
        What it is called in checkpoints and sentences.
    layout
        Record layout of each part of its state; all that `_state` gives and `_load` takes.
    seq
        Sequence number of the last event it has had; 0 before the first.
    """

    name: ClassVar[str]
    layout: ClassVar[Layout]

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.seq = 0
        self._failed = False

    def apply(self, events: Records) -> None:
        """Take in EVENT records, in order; those it has had are skipped.

        Raises
        ------
        ProjectionError
            When an event is missing between the last one and these, or among these; nothing is taken in.
        """
        if events.dtype != EVENT or events.ndim != 1:
            raise ProjectionError(
                f"takes a row of EVENT records and was given {events.dtype} of shape {events.shape}",
                where=f"projection {self.name}",
                remedy="give the events as the exchange wrote them",
            )
        if len(events) == 0:
            return
        self._check_sound()
        self._check_sequence(events["seq"])
        fresh = events[max(0, self.seq + 1 - int(events["seq"][0])) :]
        if len(fresh) == 0:
            return
        self._failed = True
        # Kernels take aligned memory of their own; events read from a file may be neither.
        self._fold(np.require(fresh, requirements=["C", "A", "W"]))
        self._failed = False
        self.seq = int(fresh["seq"][-1])

    def _check_sound(self) -> None:
        if self._failed:
            raise ProjectionError(
                f"events after {self.seq} could not be taken in, so its state is no longer that of any event",
                where=f"projection {self.name}",
                remedy="rebuild it from the first event, or go on from a checkpoint",
            )

    def _check_sequence(self, seq: npt.NDArray[np.int64]) -> None:
        before, first = self.seq, int(seq[0])
        if first <= self.seq + 1:
            breaks = np.flatnonzero(seq[1:] - seq[:-1] != 1)
            if len(breaks) == 0:
                return
            before, first = int(seq[breaks[0]]), int(seq[breaks[0] + 1])
        raise ProjectionError(
            f"event {first} came after event {before}, expected {before + 1}",
            where=f"projection {self.name}",
            remedy="apply the events in order and leave none out, or rebuild it from the first",
        )

    @abstractmethod
    def _fold(self, events: Records) -> None:
        """Take in events that follow on the last one without a gap."""

    @abstractmethod
    def _state(self) -> State:
        """All that the next events depend on and all rows that nobody has taken, as `layout` says."""

    @abstractmethod
    def _load(self, state: State) -> None:
        """Go on from what `_state` gave; the arrays are its own."""

    def _settings(self) -> dict[str, Any]:
        """What it was made with besides the venue, as plain JSON values by argument."""
        return {}

    @classmethod
    def schema(cls) -> str:
        """Hash of the layout of the events that it reads and of its state."""
        digest = schema_hash(EVENT, *cls.layout.values())
        text = f"{cls.name} {digest} {' '.join(cls.layout)}"
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    @cached_property
    def _venue_hash(self) -> str:
        # Of a venue with a thousand accounts it takes 25 ms, and a venue never changes.
        return _venue_hash(self.venue)

    def checkpoint(self) -> bytes:
        """The state after event `seq`, from which `restore` goes on."""
        self._check_sound()
        state = self._state()
        for name, dtype in self.layout.items():
            assert state[name].dtype == dtype, (name, state[name].dtype, dtype)
        header = {
            "projection": self.name,
            "schema": self.schema(),
            "venue": self._venue_hash,
            "settings": self._settings(),
            "seq": self.seq,
            "counts": {name: len(state[name]) for name in self.layout},
        }
        text = json.dumps(header, sort_keys=True).encode()
        parts = [np.ascontiguousarray(state[name]).tobytes() for name in self.layout]
        body = b"".join([_MAGIC, len(text).to_bytes(_LENGTH_BYTES, "little"), text, *parts])
        return body + hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()

    @classmethod
    def restore(cls, venue: Venue, data: bytes) -> Self:
        """The projection as it was when `checkpoint` gave `data`.

        Raises
        ------
        ProjectionError
            When the bytes are damaged, or of another projection, venue or record layout.
        """
        header, body = _opened(cls.name, bytes(data))
        for what, wanted in (
            ("projection", cls.name),
            ("schema", cls.schema()),
            ("venue", _venue_hash(venue)),
        ):
            if header[what] != wanted:
                raise _refusal(
                    cls.name, f"it was written for {what} {header[what]}, and this is {what} {wanted}"
                )
        state: State = {}
        at = 0
        for name, dtype in cls.layout.items():
            count = header["counts"][name]
            if count < 0 or at + count * dtype.itemsize > len(body):
                raise _refusal(cls.name, "it has another number of records than its header says")
            state[name] = np.frombuffer(body, dtype=dtype, count=count, offset=at).copy()
            at += count * dtype.itemsize
        if at != len(body):
            raise _refusal(cls.name, "it has another number of records than its header says")
        projection = cls(venue, **header["settings"])
        projection._load(state)
        projection.seq = header["seq"]
        return projection


def event_views(events: Records) -> EventBuffer:
    """One batch of EVENT records seen through the layout of each family of events."""
    return EventBuffer(*(events.view(dtype) for dtype in EVENT_DTYPES.values()))


def _venue_hash(venue: Venue) -> str:
    text = json.dumps(venue_to_json(venue), sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _refusal(name: str, what: str) -> ProjectionError:
    return ProjectionError(
        what, where=f"checkpoint of projection {name}", remedy="rebuild it from the first event"
    )


def _opened(name: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and records of a checkpoint whose checksum holds."""
    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not body.startswith(_MAGIC):
        raise _refusal(name, "these bytes are not a checkpoint")
    if hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise _refusal(name, "its checksum does not match: it is cut short or damaged")
    at = len(_MAGIC) + _LENGTH_BYTES
    length = int.from_bytes(body[len(_MAGIC) : at], "little")
    # The checksum holds, so what is wrong from here on was written so.
    try:
        header = json.loads(body[at : at + length])
        plain = {
            "projection": str(header["projection"]),
            "schema": str(header["schema"]),
            "venue": str(header["venue"]),
            "settings": dict(header["settings"]),
            "seq": int(header["seq"]),
            "counts": {str(part): int(count) for part, count in header["counts"].items()},
        }
    except (KeyError, TypeError, ValueError):
        raise _refusal(name, "its header says nothing that this version understands") from None
    return plain, body[at + length :]
