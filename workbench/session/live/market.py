"""All of a running session that its journal determines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.domain.codes import CommandKind
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import JournalError, SnapshotError
from workbench.journal.disk import Disk
from workbench.journal.reader import Remark as Stored
from workbench.journal.reader import latest_snapshot, read, read_remarks
from workbench.session.checkpoint import unpack
from workbench.session.hours import WALL
from workbench.session.live.lifecycle import Lifecycle
from workbench.session.live.opening import Opening
from workbench.session.live.register import Register
from workbench.session.live.remarks import Remark, unpack_remark
from workbench.session.live.street import Street


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
    """

    opening: Opening
    exchange: Exchange
    street: Street
    lifecycle: Lifecycle
    register: Register
    speed: float | None
    time_ns: int

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
        self.register.apply(remark)
        self.lifecycle.apply(remark)
        if remark.speed is not None:
            self.speed = remark.speed[0]


def load(opening: Opening, folder: Path, exchange: Exchange | None, *, disk: Disk) -> Market:
    """The market after the last durable command of a journal.

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
    market = Market.fresh(opening)
    remarks = [(stored.seq, unpack_remark(stored.data, folder)) for stored in _stored(folder, disk)]
    for _, remark in remarks:
        market.apply(remark)
    market.exchange = _exchange(opening, folder, disk) if exchange is None else exchange
    market.time_ns = max(market.exchange.time_ns, opening.start_ns)
    market.lifecycle.set_phases(market.exchange.instruments()["phase"].tolist())
    _resume_street(market, folder, remarks, disk)
    return market


def _stored(folder: Path, disk: Disk) -> Iterator[Stored]:
    return read_remarks(folder, disk=disk)


def _exchange(opening: Opening, folder: Path, disk: Disk) -> Exchange:
    """The exchange, from the latest snapshot and the commands behind it."""
    done, exchange = begin_near(opening, folder, None, disk)
    for _, commands in read(folder, after_seq=done, disk=disk):
        exchange.step(commands)
    return exchange


def begin_near(opening: Opening, folder: Path, before_event: int | None, disk: Disk) -> tuple[int, Exchange]:
    """How many commands a snapshot (before an event, if one is given) has had, and its exchange."""
    found = latest_snapshot(folder, disk=disk)
    if found is not None:
        try:
            exchange = Exchange.restore(unpack(found.data).exchange)
        except SnapshotError:
            return 0, Exchange(opening.venue)
        if before_event is None or int(exchange.counters()[0]["events"]) < before_event:
            return found.seq, exchange
    return 0, Exchange(opening.venue)


def _resume_street(market: Market, folder: Path, remarks: list[tuple[int, Remark]], disk: Disk) -> None:
    """Bring history, script and agents to where they were."""
    street, fed = market.street, (0, 0, 0, 0)
    told = None
    for seq, remark in remarks:
        if remark.open_ns is not None:
            street.open(remark.open_ns)
            told = seq, remark.open_commands
        elif remark.start_ns is not None:
            street.begin(remark.start_ns)
        if remark.fed is not None:
            fed = remark.fed
    if told is not None and street.has_agents:
        _tell_agents(market, folder, *told, disk)
    elif street.has_agents:
        exchange = Exchange(market.opening.venue)
        for _, commands in read(folder, disk=disk, batch=_BATCH):
            street.remember(exchange.step(commands))
    if fed[2] < street.fed[2] or (street.has_agents and told is not None and fed[3] != street.fed[3]):
        raise JournalError(
            f"agents have done {street.fed[2]} commands in {street.fed[3]} slices by its commands, and its "
            f"remarks say {fed[2]} in {fed[3]}",
            str(folder),
            "another version recorded it; `workbench recover` seals the session as it is",
        )
    street.resume(fed)


def _tell_agents(market: Market, folder: Path, opened_seq: int, count: int, disk: Disk) -> None:
    """Have agents live through everything since the open, and end where they stood."""
    street, exchange = market.street, Exchange(market.opening.venue)
    decided = opened_seq + count - 1
    for first, commands in read(folder, disk=disk, batch=_BATCH):
        events = exchange.step(commands)
        last = first + len(commands) - 1
        of_command = np.ascontiguousarray(events["command_seq"])
        start = int(np.searchsorted(of_command, opened_seq))
        if first <= opened_seq:
            street.remember(events[:start])
        if last < opened_seq:
            continue
        if first <= opened_seq:
            street.greet()
        edges = np.flatnonzero(commands["kind"] == CommandKind.CLOCK) + first
        edges = edges[edges > decided].tolist()
        if first <= decided <= last:
            edges.insert(0, decided)
        for edge in edges:
            stop = int(np.searchsorted(of_command, edge, side="right"))
            street.observe(events[start:stop])
            if edge == decided:
                street.decide()
            else:
                street.drop_before_edge()
                street.end_slice()
            start = stop
        street.observe(events[start:])


_BATCH = 1 << 14


def published_events(opening: Opening, folder: Path, from_seq: int, *, disk: Disk) -> Iterator[Records]:
    """Events of a session from one on, made anew from its durable commands."""
    done, exchange = begin_near(opening, folder, from_seq, disk)
    for _, commands in read(folder, after_seq=done, batch=_BATCH, disk=disk):
        events = exchange.step(commands)
        if len(events) and int(events["seq"][-1]) >= from_seq:
            yield events[max(0, from_seq - int(events["seq"][0])) :]
