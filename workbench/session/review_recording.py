"""What a review is made from: a session that is over, wherever its events are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from workbench.domain.config import Venue
from workbench.domain.records import COMMAND, Records
from workbench.engine.words import Names
from workbench.errors import JournalError, SessionError
from workbench.journal.place import JOURNAL
from workbench.journal.reader import read, read_remarks
from workbench.session.live.answer import Seat
from workbench.session.live.opening import stored_classes
from workbench.session.live.remarks import unpack_remark
from workbench.session.recorded import names_from_json
from workbench.session.stored import StoredSession, open_session

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recording:
    """A session that is over.

    Attributes
    ----------
    name, title, zone, venue
        What it is.
    first_day, last_day
        The exchange-local days of its beginning and of its last event.
    sealed
        Whether nothing changes any more.
    seq
        Its last event.
    events
        All its events in order, in pieces; called once for each reading.
    commands
        All its commands in order.
    seats
        Who sat where.
    names
        What people called their orders, by account and client order id.
    payment_reasons
        Why money was moved, by the command that moved it.
    classes
        The classes that it is for; none: it is for everybody.
    written_ns
        When it was written last, which of one that is over is when it ended.
    """

    name: str
    title: str
    zone: str
    venue: Venue
    first_day: date
    last_day: date
    sealed: bool
    seq: int
    events: Callable[[], Iterator[Records]] = field(repr=False)
    commands: Callable[[], Records] = field(repr=False)
    seats: Sequence[Seat] = ()
    names: Names = field(default_factory=dict, repr=False)
    payment_reasons: Mapping[int, str] = field(default_factory=dict, repr=False)
    classes: Sequence[str] = ()
    written_ns: int = 0

    def seat_of(self, user: str) -> Seat | None:
        """Where a user sat."""
        return next((seat for seat in self.seats if seat.user == user), None)

    def seat_in(self, account: int) -> Seat | None:
        """Who sat at an account."""
        return next((seat for seat in self.seats if seat.account == account), None)

    def seats_named(self, name: str) -> list[Seat]:
        """Where people of a name sat."""
        return [seat for seat in self.seats if seat.name == name]


def stored_recording(name: str, data: Path) -> Recording:
    """A sealed session of the data root.

    Parameters
    ----------
    name
        Its name.
    data
        The data root.

    Raises
    ------
    StoreError
        When there is none.
    SessionError
        When it is not sealed: somebody may be writing it, or it was cut off.
    """
    stored = open_session(name, data)
    if not stored.sealed:
        raise SessionError(
            "was cut off before its end and is not sealed",
            f"session {name!r}",
            f"seal it with `workbench recover {name}`",
        )

    def events() -> Iterator[Records]:
        stored.prove_events()
        return stored.recorded_events()

    return _recording(stored, stored.manifest.seq, stored.manifest.commands, events)


def closed_recording(
    name: str, data: Path, *, seq: int, commands: int, events: Callable[[], Iterator[Records]]
) -> Recording:
    """A session whose market has closed and that is not sealed yet: its writer has it open.

    Parameters
    ----------
    name, data
        Which, and the data root.
    seq, commands
        How many events and commands it has; later ones are left out.
    events
        Its events up to there.
    """
    return _recording(open_session(name, data), seq, commands, events)


def _recording(
    stored: StoredSession, seq: int, commands: int, events: Callable[[], Iterator[Records]]
) -> Recording:
    said = _said(stored, commands)
    about = stored.manifest.about

    def all_commands() -> Records:
        pieces = read(stored.folder / JOURNAL, upto_seq=commands)
        return np.concatenate([np.zeros(0, dtype=COMMAND), *(piece for _, piece in pieces)])

    return Recording(
        name=stored.name,
        title=stored.title,
        zone=stored.zone,
        venue=stored.venue,
        first_day=stored.first_day,
        last_day=stored.last_day,
        sealed=stored.sealed,
        seq=seq,
        events=events,
        commands=stored.commands if stored.sealed else all_commands,
        seats=said.seats,
        names=said.names,
        payment_reasons=said.payment_reasons,
        classes=stored_classes(about),
        written_ns=stored.manifest.written_ns,
    )


class _Said(NamedTuple):
    """What manifest and journal say beside commands."""

    seats: tuple[Seat, ...]
    names: Names
    payment_reasons: dict[int, str]


def _said(stored: StoredSession, commands: int) -> _Said:
    """Who sat where, what orders were called and why money was moved."""
    names = names_from_json(stored.manifest.about.get("names", []))
    seats: dict[int, Seat] = {}
    payments: dict[int, str] = {}
    try:
        for remark in read_remarks(stored.folder / JOURNAL):
            if remark.seq > commands:
                break
            said = unpack_remark(remark.data, stored.folder)
            names.update(((account, client), name) for account, client, name in said.names)
            seats.update((account, Seat(account, user, name)) for account, user, name in said.seats)
            payments.update((command_seq, reason) for command_seq, reason, _ in said.payments)
    except JournalError as error:
        # Then nobody is shown an account as their own, and those who may see all of them go on.
        log.warning("session %s: who sat where is not known: %s", stored.name, error)
        seats = {}
    return _Said(tuple(sorted(seats.values())), names, payments)
