"""What waits for a session's thread: commands, changes and questions; and the bell that wakes it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from workbench.errors import SessionError
from workbench.session.live.controls import Control, Done, Move
from workbench.session.live.counters import SequencerCounters
from workbench.session.live.queue import Entry, Waiting, check_room

_MOST_ENTRIES = 8_192
_LONGEST_SECONDS = 3_600.0


class Ask(NamedTuple):
    """Something to read between two batches."""

    read: Callable[[Any], Any]
    done: Done


class Inbox:
    """Filled from any thread, emptied by one.

    Parameters
    ----------
    name
        Of the session.
    counters
        Where what waits and what was turned away is counted.
    """

    def __init__(self, name: str, counters: SequencerCounters) -> None:
        self._name = name
        self._counters = counters
        self._entries: Waiting = deque()
        self._others: deque[Control | Ask] = deque()
        self._sleeping = False
        self._bell = threading.Lock()
        self._bell.acquire()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._entries and not self._others

    # ------------------------------------------------------------------ from any thread

    def put(self, given: Entry) -> None:
        """Have commands wait for their turn.

        Raises
        ------
        BusyError
            When too many wait.
        """
        try:
            check_room(len(self._entries), self._name)
        except SessionError:
            self._counters.busy += 1
            raise
        self._entries.append(given)
        if self._sleeping:
            self.ring()

    def add(self, one: Control | Ask) -> None:
        """Have something else done, or read."""
        self._others.append(one)
        self.ring()

    def ring(self) -> None:
        """Wake the thread."""
        try:
            self._bell.release()
        except RuntimeError:
            # It was rung already.
            return

    # ------------------------------------------------------------------ the thread

    def wait(self, seconds: float) -> None:
        """Until the bell rings, at most so long."""
        # More than a day is as good as for ever, and what the platform can wait for has bounds.
        self._bell.acquire(timeout=min(seconds, _LONGEST_SECONDS))

    def sleep(self, seconds: Callable[[], float]) -> None:
        """Until somebody comes, at most as long as `seconds` says once nobody can be missed."""
        self._sleeping = True
        try:
            if self.empty:
                longest = seconds()
                if longest > 0:
                    self.wait(longest)
        finally:
            self._sleeping = False

    def take_entries(self) -> list[Entry]:
        """The commands that wait, in order, as many as make a turn."""
        entries = self._entries
        waiting = self._counters.queued = len(entries)
        return [entries.popleft() for _ in range(min(waiting, _MOST_ENTRIES))]

    def take_others(self) -> tuple[list[Control], list[Ask]]:
        """What waits to be done, up to the first change of state, and what is to be read."""
        controls: list[Control] = []
        asks: list[Ask] = []
        while self._others:
            one = self._others.popleft()
            if isinstance(one, Ask):
                asks.append(one)
                continue
            controls.append(one)
            if isinstance(one, Move):
                break
        return controls, asks

    def turn_away(self, error: SessionError) -> list[Entry]:
        """Tell all who wait for something else than commands, and give all those who wait for these."""
        while self._others:
            self._others.popleft().done(error)
        left: list[Entry] = []
        while self._entries:
            left += self.take_entries()
        return left
