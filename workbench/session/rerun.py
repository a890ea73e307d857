"""A session once more from its journal, compared event by event with what was recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.domain.costs import FeeSchedule
from workbench.domain.records import EVENT, Records
from workbench.engine.auctions import auction_names
from workbench.engine.exchange import Exchange
from workbench.engine.sentences import sentence
from workbench.engine.words import Words
from workbench.errors import StoreError
from workbench.session.changes import changes_of
from workbench.session.stored import StoredSession, open_session
from workbench.session.whatif import WhatIf, compare

Progress = Callable[[int, int], None]
"""Called with the commands done and the commands there are."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event in which two runs differ.

    Attributes
    ----------
    seq
        Its sequence number.
    command_seq
        The command that led to it in the rerun; in the recording, where the rerun has no such event.
    recorded, rerun
        Both events in words; "" where that run has no event any more.
    fields
        Names of the fields that differ.
    """

    seq: int
    command_seq: int
    recorded: str
    rerun: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a rerun found.

    Attributes
    ----------
    session
        Its name.
    sealed
        Whether the session is complete; of an open one, what is published was compared.
    commands, events
        How many were run and compared.
    difference
        The first difference; None when all events are equal.
    recorded_hash, state_hash
        Digest of the exchange's last state as recorded, and of the rerun.
    wall_seconds
        Time it took.
    """

    session: str
    sealed: bool
    commands: int
    events: int
    difference: Difference | None
    recorded_hash: str
    state_hash: str
    wall_seconds: float

    @property
    def identical(self) -> bool:
        """Whether every event and the last state are equal, byte for byte."""
        # Before anything is published there is no state to compare with.
        return self.difference is None and self.recorded_hash in ("", self.state_hash)

    def __str__(self) -> str:
        counts = f"{self.commands:,} commands, {self.events:,} events"
        if self.identical:
            return f"{counts}: identical"
        if self.difference is None:
            return (
                f"{counts} are identical, but the last state has hash {self.state_hash}, "
                f"recorded was {self.recorded_hash}"
            )
        first = self.difference
        return (
            f"differs at event {first.seq}, of command {first.command_seq}"
            f"{', in ' + ', '.join(first.fields) if first.fields else ''}\n"
            f"  recorded: {first.recorded or 'no such event'}\n"
            f"  rerun:    {first.rerun or 'no such event'}"
        )


def rerun(
    session: str | StoredSession,
    *,
    data: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Rerun:
    """Run a session's journal in a fresh exchange and compare every event, byte for byte.

    Parameters
    ----------
    session
        Its name.
    data
        The data root; `$WORKBENCH_DATA`, else `var`, unless given.
    progress
        Called after each batch.

    Raises
    ------
    StoreError, JournalError
        When there is no such session, or a file of it is damaged or missing.
    """
    stored = session if isinstance(session, StoredSession) else open_session(session, data)
    start = time.perf_counter()
    exchange = Exchange(stored.venue)
    recorded = _Stream(stored.recorded_events())
    commands = events = 0
    for batch in stored.batches():
        made = exchange.step(batch)
        commands += len(batch)
        found = _first_difference(made, recorded.take(len(made)), stored)
        if found is not None:
            return _said(stored, start, commands, events, found, exchange)
        events += len(made)
        if progress is not None:
            progress(commands, stored.manifest.commands)
    left = recorded.take(1)
    found = _first_difference(np.zeros(0, dtype=EVENT), left, stored)
    return _said(stored, start, commands, events, found, exchange)


def _said(
    stored: StoredSession,
    start: float,
    commands: int,
    events: int,
    found: Difference | None,
    exchange: Exchange,
) -> Rerun:
    return Rerun(
        stored.name,
        stored.sealed,
        commands,
        events,
        found,
        stored.manifest.state_hash,
        exchange.state_hash(),
        time.perf_counter() - start,
    )


class _Stream:
    """Pieces of events as one row of them."""

    def __init__(self, pieces: Iterator[Records]) -> None:
        self._pieces = pieces
        self._rest = np.zeros(0, dtype=EVENT)

    def take(self, count: int) -> Records:
        """The next events, as many as asked for or as there are."""
        parts = []
        while count:
            if not len(self._rest):
                following = next(self._pieces, None)
                if following is None:
                    break
                self._rest = following
                continue
            parts.append(self._rest[:count])
            self._rest = self._rest[count:]
            count -= len(parts[-1])
        return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, dtype=EVENT), *parts])


def _first_difference(made: Records, recorded: Records, stored: StoredSession) -> Difference | None:
    """The first place in which two rows of events differ."""
    count = min(len(made), len(recorded))
    ours, theirs = made[:count], recorded[:count]
    unequal = _words(ours) != _words(theirs)
    if len(made) == len(recorded) and not unequal.any():
        return None
    differs = np.flatnonzero(unequal.any(axis=1))
    at = int(differs[0]) if len(differs) else count
    one = made[at : at + 1]
    two = recorded[at : at + 1]
    known = one if len(one) else two
    # The names of auctions follow from the events before; a difference is told without them.
    words = Words(stored.venue, stored.zone, stored.names, auction_names(known))
    fields = []
    if len(one) and len(two):
        fields = [name for name in EVENT.names or () if not np.array_equal(one[name], two[name])]
    return Difference(
        seq=int(known["seq"][0]),
        command_seq=int(known["command_seq"][0]),
        recorded=_told(two, words),
        rerun=_told(one, words),
        fields=tuple(fields),
    )


def _words(events: Records) -> npt.NDArray[np.uint64]:
    """All bytes of some events, a row for each."""
    return np.ascontiguousarray(events).view(np.uint64).reshape(len(events), EVENT.itemsize // 8)


def _told(events: Records, words: Words) -> str:
    if not len(events):
        return ""
    event = events[0]
    return f"{words.clock(int(event['time_ns']))} {sentence(event, words)}"


def what_if(
    session: str | StoredSession,
    *,
    without: str | Sequence[str] = (),
    latency: str | int = 0,
    latency_of: str | Sequence[str] = (),
    fees: FeeSchedule | Mapping[str, Any] | str | Sequence[str] | None = None,
    data: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> WhatIf:
    """A session with something changed, and what is different then (docs/sessions.md).

    Parameters
    ----------
    session
        Its name.
    without
        Accounts whose orders are left out.
    latency, latency_of
        How much later orders, cancels and replaces arrive: nanoseconds or `"5ms"`; and whose, all traders'
        unless given.
    fees
        Other fees: a `FeeSchedule` for all instruments, or by symbol; or text such as
        `"maker=-0.1,taker=0.3"` (basis points) or `"ACME:taker_per_lot=0.01"`.
    data
        The data root; `$WORKBENCH_DATA`, else `var`, unless given.
    progress
        Called after each batch.

    Raises
    ------
    ConfigError
        For an account or instrument that the session does not have.
    StoreError, JournalError
        When there is no such session, or its journal is damaged.
    """
    stored = session if isinstance(session, StoredSession) else open_session(session, data)
    venue = stored.venue
    changes = changes_of(venue, without=without, latency=latency, latency_of=latency_of, fees=fees)
    made = compare(venue, stored.commands(), changes, zone=stored.zone, progress=progress)
    if stored.manifest.state_hash not in ("", made.recorded.state_hash):
        raise StoreError(
            "its journal does not lead to the state that was recorded",
            f"session {stored.name!r}",
            f"`workbench rerun {stored.name}` says where they part",
        )
    return made
