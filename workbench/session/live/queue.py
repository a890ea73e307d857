"""Commands that wait for a session's thread, and how their callers hear of the outcome."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import Any, NamedTuple

import numpy as np

from workbench.domain.codes import CommandKind
from workbench.domain.records import COMMAND, Records
from workbench.errors import BusyError, CommandError
from workbench.session.live.answer import Answer

Outcome = Answer | BaseException

LARGEST_SUBMIT = 10_000
"""Commands that may stay together."""

QUEUE_LIMIT = 1 << 16
"""Callers that may wait at once."""

_OWN = {
    CommandKind.CLOCK: "time is the session's own",
    CommandKind.SET_SESSION_STATE: "the session's state is changed with move()",
    CommandKind.ANNOUNCE: "news goes by announce(), which keeps its text",
}
_REFUSED = np.zeros(256, dtype=bool)
_REFUSED[list(_OWN)] = True


class Entry(NamedTuple):
    """Commands of one caller.

    Attributes
    ----------
    data, size
        The commands, and how many.
    done
        Called with the outcome, or None when a future waits.
    future, loop
        Who waits on which loop.
    names
        What orders are called, by account and client order id.
    bust
        The trade that it is to bust, why, and whose word that is.
    payment
        Why its first command moves money, and whose word that is.
    since_ns
        When it was submitted, by the performance counter.
    """

    data: bytes
    size: int
    done: Callable[[Any], None] | None
    future: Future[Any] | None
    loop: AbstractEventLoop | None
    names: Mapping[tuple[int, int], str] | None
    bust: tuple[int, str, str] | None
    payment: tuple[str, str] | None
    since_ns: int


def entry(
    commands: Records,
    done: Callable[[Any], None] | None,
    future: Future[Any] | None,
    loop: AbstractEventLoop | None,
    names: Mapping[tuple[int, int], str] | None,
    bust: tuple[int, str, str] | None = None,
    payment: tuple[str, str] | None = None,
) -> Entry:
    """An entry for commands, which are copied.

    Raises
    ------
    CommandError
        When they are none.
    """
    given: Any = commands
    if type(given) is not np.ndarray or given.dtype != COMMAND or given.ndim != 1:
        raise CommandError(
            "commands must be a one-dimensional array of COMMAND records",
            "LiveSession.send",
            "build them with workbench.domain.commands",
        )
    count = len(given)
    if not 1 <= count <= LARGEST_SUBMIT:
        raise CommandError(
            f"was given {count} commands, expected 1 to {LARGEST_SUBMIT:,} that stay together",
            "LiveSession.send",
            "send them in pieces",
        )
    return Entry(given.tobytes(), count, done, future, loop, names, bust, payment, perf_counter_ns())


def check_room(waiting: int, name: str) -> None:
    """Refuse another caller when too many wait."""
    if waiting >= QUEUE_LIMIT:
        raise BusyError(f"{waiting:,} callers wait already", f"session {name!r}", "try again in a moment")


def joined(entries: list[Entry]) -> Records:
    """The commands of all entries in one array that may be written to."""
    return np.frombuffer(bytearray().join([each.data for each in entries]), dtype=COMMAND)


def own_kind(commands: Records) -> CommandError | None:
    """Why commands are refused that only the session itself may make; None when there are none of them."""
    refused = _REFUSED[commands["kind"]]
    if not refused.any():
        return None
    kind = CommandKind(int(commands["kind"][refused][0]))
    return CommandError(f"{kind.name} is refused: {_OWN[kind]}", "LiveSession.send")


class Replies:
    """Outcomes of one batch: callbacks at once, futures of each loop in one call of it."""

    def __init__(self) -> None:
        self._of_loops: dict[AbstractEventLoop, list[tuple[Future[Any], Any]]] = {}
        self._callbacks: list[tuple[Callable[[Any], None], Any]] = []

    def add(self, to: Entry, outcome: Outcome) -> None:
        """Tell a caller."""
        if to.future is not None and to.loop is not None:
            self._of_loops.setdefault(to.loop, []).append((to.future, outcome))
        elif to.done is not None:
            self._callbacks.append((to.done, outcome))

    def send(self, trouble: Callable[[str], None]) -> None:
        """Tell everybody; `trouble` hears of callbacks that fail."""
        for loop, outcomes in self._of_loops.items():
            try:
                loop.call_soon_threadsafe(_resolve, outcomes)
            except RuntimeError:
                # The loop was closed: nobody waits any more.
                continue
        for done, outcome in self._callbacks:
            try:
                done(outcome)
            except Exception as error:  # noqa: BLE001 - a caller's mistake must not stop the market
                trouble(f"{type(error).__name__}: {error}")


def _resolve(outcomes: list[tuple[Future[Any], Any]]) -> None:
    for future, outcome in outcomes:
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


def answers(entries: list[Entry], first_seq: int, time_ns: int, events: Records, replies: Replies) -> None:
    """Give each caller the events of its commands.

    Parameters
    ----------
    entries
        Whose commands stand one behind the other in the journal.
    first_seq
        Sequence of the first of them.
    time_ns
        Their time.
    events
        Events of the whole batch.
    replies
        Where the answers go.
    """
    ends = np.cumsum([each.size for each in entries])
    bounds = np.empty(len(entries) + 1, dtype=np.int64)
    bounds[0], bounds[1:] = first_seq, ends + first_seq
    at = np.searchsorted(np.ascontiguousarray(events["command_seq"]), bounds).tolist()
    seqs = bounds.tolist()
    add = replies.add
    for number, each in enumerate(entries):
        add(
            each,
            Answer(seqs[number], seqs[number + 1] - 1, time_ns, events[at[number] : at[number + 1]]),
        )


Waiting = deque[Entry]
