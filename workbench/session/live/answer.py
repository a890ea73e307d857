"""What a session tells those who use it."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.codes import Phase, SessionState
from workbench.domain.records import Records


class Answer(NamedTuple):
    """What became of commands: they are durable, and this happened.

    Attributes
    ----------
    first_command_seq, last_command_seq
        Their place in the session.
    time_ns
        Their exchange time.
    events
        The events that they caused, to be read only: other callers have views of the same memory.
    """

    first_command_seq: int
    last_command_seq: int
    time_ns: int
    events: Records

    @property
    def last_event_seq(self) -> int:
        """Sequence of the last of them; 0 when there are none."""
        return int(self.events["seq"][-1]) if len(self.events) else 0


class Seat(NamedTuple):
    """A person's place in a session.

    Attributes
    ----------
    account
        Number of the account.
    user
        Who sits there: a user id.
    name
        What others see.
    """

    account: int
    user: str
    name: str


class Announcement(NamedTuple):
    """News, in order with the market.

    Attributes
    ----------
    number
        1, 2, 3 ... in the session; the ANNOUNCED event has it.
    time_ns
        Exchange time.
    headline, body, author
        The text, and who wrote it.
    symbols
        The instruments that it is about; none for all.
    """

    number: int
    time_ns: int
    headline: str
    body: str
    symbols: tuple[str, ...]
    author: str


class Status(NamedTuple):
    """A session at a glance.

    Attributes
    ----------
    name, title
        Which session.
    state, phases
        Of the session, and of each instrument.
    time_ns, speed
        Exchange time, and how fast it runs when it runs; None for as fast as possible.
    commands, events
        How many have happened.
    seats_taken, seats
        Of how many.
    failed
        Why the session takes nothing at the moment; "" when all is well.
    published_seq
        Last event that other processes can see in the tables.
    zone, epoch
        Time zone of its days; whether its time is the wall's (`wall`) or the scenario's (`sim`).
    open_ns, close_ns
        Trading hours. Of a `wall` session that has not opened they are those of opening now; `close_ns` is 0
        when only a person closes it.
    """

    name: str
    title: str
    state: SessionState
    time_ns: int
    speed: float | None
    phases: tuple[Phase, ...]
    commands: int
    events: int
    seats_taken: int
    seats: int
    failed: str
    published_seq: int
    zone: str
    epoch: str
    open_ns: int
    close_ns: int
