"""All of a running session that its journal determines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from workbench.domain.codes import CommandKind
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import JournalError, SnapshotError
from workbench.journal.disk import Disk
from workbench.journal.reader import Snapshot, latest_snapshot, read, read_remarks
from workbench.session.checkpoint import unpack
from workbench.session.hours import WALL
from workbench.session.live.kept import LAYOUT, Kept, KeptMarket, pack_kept, unpack_kept
from workbench.session.live.lifecycle import Lifecycle
from workbench.session.live.opening import Opening
from workbench.session.live.register import Register
from workbench.session.live.remarks import Remark, unpack_remark
from workbench.session.live.street import Street

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Market:
    """The exchange of a session and what belongs to it, after the last durable command.

    Attributes
    ----------
    opening
        What the session was made of.
    exchange, street, lifecycle, register
        The exchange; what happens by itself; states and phases; seats, names and news.
    speed
        Of the clock.
    time_ns
        Of the last command.
    said
        Everything that remarks have said.
    """

    opening: Opening
    exchange: Exchange
    street: Street
    lifecycle: Lifecycle
    register: Register
    speed: float | None
    time_ns: int
    said: Remark = field(default_factory=Remark)

    @classmethod
    def fresh(cls, opening: Opening) -> Market:
        """The market of a session in which nothing has happened."""
        scenario = opening.scenario
        register = Register(scenario.seats.numbers)
        register.apply(Remark(names=[(*order, name) for order, name in scenario.names.items()]))
        return cls(
            opening=opening,
            exchange=Exchange(opening.venue),
            street=Street(scenario, opening.open_ns, opening.close_ns, early=opening.epoch != WALL),
            lifecycle=Lifecycle(len(opening.venue.instruments)),
            register=register,
            speed=scenario.hours.speed,
            time_ns=opening.start_ns,
        )

    def apply(self, remark: Remark) -> None:
        """Take note of what a remark says, once what it goes with has happened."""
        self.said.add(remark)
        self.register.apply(remark)
        self.lifecycle.apply(remark)
        if remark.speed is not None:
            self.speed = remark.speed[0]

    def kept(self, commands: int) -> tuple[bytes, ...]:
        """All of it but the exchange, between two batches and after so many commands, for a snapshot."""
        market = KeptMarket(
            layout=LAYOUT,
            commands=commands,
            street=self.street.state(),
            said=self.said,
        )
        return pack_kept(market, self.register.packed_names())

    def go_on(self, kept: Kept) -> None:
        """Stand where another one of the same scenario stood; of a fresh one.

        Raises
        ------
        SnapshotError
            When it was one of another scenario.
        """
        self.street.go_on(kept.market.street)
        self.register.set_names(kept.names)
        self.apply(kept.market.said)


def load(opening: Opening, folder: Path, exchange: Exchange | None, *, disk: Disk) -> Market:
    """The market after the last durable command of a journal.

    It begins with the newest snapshot that has one and lives through what has happened since; where there is
    none, or it does not lead to where the session stood, it lives through everything.

    Parameters
    ----------
    opening
        What the session was made of.
    folder
        The journal.
    exchange
        The exchange at that moment, if it is known; it is made from the journal otherwise.
    disk
        Where the journal is.

    Raises
    ------
    JournalError
        When the journal is damaged or agents do not do what they did before.
    """
    market, snapshot = _begin(opening, folder, disk)
    if snapshot is not None:
        try:
            return _live_through(market, snapshot, folder, exchange, disk)
        except JournalError as error:
            log.warning("%s does not lead to where the session stood: %s", snapshot.path, error)
            market = Market.fresh(opening)
    return _live_through(market, None, folder, exchange, disk)


def _begin(opening: Opening, folder: Path, disk: Disk) -> tuple[Market, Snapshot | None]:
    """The market of the newest snapshot that has one which can be used, or a fresh one."""
    found = latest_snapshot(folder, disk=disk)
    while found is not None:
        market = Market.fresh(opening)
        try:
            checkpoint = unpack(found.data)
            market.go_on(unpack_kept(checkpoint.market, found.seq))
            market.exchange = Exchange.restore(checkpoint.exchange)
        except SnapshotError as error:
            log.warning("%s: the market does not begin there: %s", found.path, error)
        else:
            return market, found
        found = latest_snapshot(folder, found.seq - 1, disk=disk)
    return Market.fresh(opening), None


def _live_through(
    market: Market, begun: Snapshot | None, folder: Path, exchange: Exchange | None, disk: Disk
) -> Market:
    """Bring a market from a snapshot, or from the beginning, to where the journal ends."""
    street, fed = market.street, market.street.fed
    after, start = (0, None) if begun is None else (begun.seq, begun.position)
    remarks = [
        (stored.seq, unpack_remark(stored.data, folder))
        for stored in read_remarks(folder, after, disk=disk, start=start)
    ]
    for _, remark in remarks:
        market.apply(remark)
        if remark.open_ns is not None or remark.start_ns is not None:
            fed = (*fed[:3], 0)
        if remark.fed is not None:
            fed = remark.fed
    if street.has_agents or exchange is None:
        _drive(
            street,
            market.exchange,
            remarks,
            read(folder, after_seq=after, batch=_BATCH, disk=disk, start=start),
        )
    else:
        _drive(street, market.exchange, remarks, ())
    if exchange is not None:
        market.exchange = exchange
    market.time_ns = max(market.exchange.time_ns, market.opening.start_ns)
    market.lifecycle.set_phases(market.exchange.instruments()["phase"].tolist())
    agents_opened = street.has_agents and street.opened_ns
    if fed[2] < street.fed[2] or (agents_opened and fed[3] != street.fed[3]):
        raise JournalError(
            f"agents have done {street.fed[2]} commands in {street.fed[3]} slices by its commands, and its "
            f"remarks say {fed[2]} in {fed[3]}",
            str(folder),
            "another version recorded it; `workbench recover` seals the session as it is",
        )
    street.resume(fed)
    return market


def _drive(
    street: Street,
    exchange: Exchange,
    remarks: list[tuple[int, Remark]],
    stored: Iterable[tuple[int, Records]],
) -> None:
    """Have a street live through what happened, in the order in which the session's thread told it of it."""
    opened_seq = decided_seq = open_ns = 0
    for seq, remark in remarks:
        if remark.open_ns is not None:
            opened_seq, decided_seq, open_ns = seq, seq + remark.open_commands - 1, remark.open_ns
        elif remark.start_ns is not None:
            street.begin(remark.start_ns)
    if opened_seq and not street.has_agents:
        street.open(open_ns)
    for first, commands in stored:
        events = exchange.step(commands)
        if not street.has_agents:
            continue
        last = first + len(commands) - 1
        moments: list[tuple[int, Callable[[], None]]] = []
        if first <= opened_seq <= last:
            moments.append((opened_seq - 1, partial(street.open, open_ns)))
        if first <= decided_seq <= last:
            moments.append((decided_seq, street.decide))
        if opened_seq or street.opened_ns:
            edges = np.flatnonzero(commands["kind"] == CommandKind.CLOCK) + first
            moments += [(edge, street.end_slice_again) for edge in edges[edges > decided_seq].tolist()]
        of_command = np.ascontiguousarray(events["command_seq"])
        done = 0
        for seq, happens in moments:
            stop = int(np.searchsorted(of_command, seq, side="right"))
            street.observe(events[done:stop])
            happens()
            done = stop
        street.observe(events[done:])


_BATCH = 1 << 14


def begin_near(opening: Opening, folder: Path, before_event: int, disk: Disk) -> tuple[int, Exchange]:
    """How many commands a snapshot before an event has had, and its exchange."""
    found = latest_snapshot(folder, disk=disk)
    if found is not None:
        try:
            exchange = Exchange.restore(unpack(found.data).exchange)
        except SnapshotError:
            return 0, Exchange(opening.venue)
        if int(exchange.counters()[0]["events"]) < before_event:
            return found.seq, exchange
    return 0, Exchange(opening.venue)


def published_events(opening: Opening, folder: Path, from_seq: int, *, disk: Disk) -> Iterator[Records]:
    """Events of a session from one on, made anew from its durable commands."""
    done, exchange = begin_near(opening, folder, from_seq, disk)
    for _, commands in read(folder, after_seq=done, batch=_BATCH, disk=disk):
        events = exchange.step(commands)
        if len(events) and int(events["seq"][-1]) >= from_seq:
            yield events[max(0, from_seq - int(events["seq"][0])) :]
