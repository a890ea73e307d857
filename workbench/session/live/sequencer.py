"""The one thread of a live session that gives commands their order and their time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from workbench.bus.memory import MemoryBus
from workbench.domain.codes import EventKind, SessionState
from workbench.domain.commands import clock as clock_command
from workbench.domain.records import COMMAND, Records
from workbench.errors import FailedError, JournalError, SessionError, WorkbenchError
from workbench.journal.disk import Disk
from workbench.journal.writer import Journal
from workbench.session.blocks import one_block
from workbench.session.hours import WALL
from workbench.session.live.clock import ExchangeClock
from workbench.session.live.controls import Control, Done, Move, Place, Turn
from workbench.session.live.counters import SequencerCounters
from workbench.session.live.gathering import Gathering
from workbench.session.live.inbox import Ask, Inbox
from workbench.session.live.market import Market, load, published_events
from workbench.session.live.queue import (
    Entry,
    Replies,
    answers,
    joined,
    own_kind,
)
from workbench.session.live.recorder import Mark, Recorder
from workbench.session.live.remarks import Remark, pack_remark
from workbench.session.live.timed import NOTHING

log = logging.getLogger(__name__)

TICK_SECONDS = 0.02
"""What happens by itself is journaled together for so long when nobody waits for an answer."""

RETRY_SECONDS = 2.0
"""How long after a failure of the disk it is tried again."""

_AHEAD_SECONDS = 0.02
_AHEAD_COMMANDS = 20_000
_BEHIND_EVENTS = 1 << 17
_LARGE_SNAPSHOT_BYTES = 8 << 20


class Sequencer:
    """Takes what waits, gives it time and place, makes it durable, has it happen and tells everybody.

    Parameters
    ----------
    name
        Of the session, and of its shard on the bus.
    market
        The market, after the last durable command.
    journal
        Its journal.
    recorder, bus, clock
        Who writes the tables, who carries the events, and the clock.
    open_journal
        Opens the journal again after a failure.
    snapshot_commands, snapshot_seconds
        The state is kept after so many commands, and after so many seconds of wall time if there were any; of
        a large state less often.
    """

    def __init__(
        self,
        name: str,
        market: Market,
        journal: Journal,
        recorder: Recorder,
        bus: MemoryBus,
        clock: ExchangeClock,
        *,
        open_journal: Callable[[], Journal],
        folder: Path,
        disk: Disk,
        snapshot_commands: int,
        snapshot_seconds: float,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.name = name
        self.market = market
        self.clock = clock
        self.counters = SequencerCounters()
        self.failed = ""
        self.sealed = False
        self.journal = journal
        self.commands = int(journal.durable_seq)
        self.events = bus.last_seq(name)
        self._recorder = recorder
        self._bus = bus
        self._open_journal = open_journal
        self._folder = folder
        self._disk = disk
        self._snapshot_commands = snapshot_commands
        self._snapshot_seconds = snapshot_seconds
        self._snapshot_seq = self.commands
        self._snapshot_at = time.monotonic() + snapshot_seconds
        self._retry_seconds = retry_seconds
        self._gathering = Gathering()
        self._stopping = threading.Event()
        self._inbox = Inbox(name, self.counters)
        self._ahead: list[tuple[Records, Mark]] = []
        self._ahead_since = 0
        self._turned_at = 0.0
        self._reached_ns = market.time_ns
        self._retry_at = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"sequencer of {name}", daemon=True)

    # ------------------------------------------------------------------ from any thread

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, given: Entry) -> None:
        """Have commands wait for their turn.

        Raises
        ------
        SessionError
            When the session takes nothing, or too many wait.
        """
        self.check()
        self._inbox.put(given)

    def request(self, control: Control) -> None:
        """Have something else done."""
        self.check()
        self._inbox.add(control)

    def ask(self, read: Callable[[Any], Any], done: Done) -> None:
        """Have the exchange read between two batches."""
        if self._closed:
            raise self._gone()
        self._inbox.add(Ask(read, done))

    @property
    def waiting(self) -> int:
        """Callers that wait."""
        return len(self._inbox)

    @property
    def limit_ns(self) -> int:
        """How far time may come before something happens by itself."""
        return max(self._limit_ns(), self.market.time_ns)

    def ring(self) -> None:
        """Have the thread look at once at what its clock says."""
        self._inbox.ring()

    def stop(self) -> None:
        """Take nothing more, finish what waits, and end the thread."""
        self._stopping.set()
        self._inbox.ring()
        if self._thread.is_alive():
            self._thread.join()

    def check(self) -> None:
        """Raise why the session takes nothing, if it takes nothing."""
        if self.failed:
            raise self._failure()
        if self._stopping.is_set() or self._closed:
            raise self._gone()
        if self.sealed:
            raise self._over()

    def _over(self) -> SessionError:
        return SessionError("is over and sealed", f"session {self.name!r}", "join another session")

    def _failure(self) -> FailedError:
        return FailedError(
            f"its journal cannot be written ({self.failed})",
            f"session {self.name!r}",
            "it goes on by itself when the disk is well; ask then whether your orders are there",
        )

    def _gone(self) -> SessionError:
        return SessionError("is being closed", f"session {self.name!r}", "join it again when it is back")

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while True:
            try:
                if self.failed:
                    if self._stopping.is_set():
                        break
                    self._heal()
                    continue
                if self._stopping.is_set() and self._inbox.empty:
                    # Time that is behind need not be caught up first: it stands until the session is resumed.
                    self._flush()
                    break
                if not self._turn() and not self.failed:
                    self._inbox.sleep(self._seconds)
                if len(self._inbox):
                    wait = self._gathering.seconds(now=time.monotonic())
                    if wait:
                        self._stopping.wait(wait)
            except Exception as error:
                # Without this thread nobody would ever hear of anything again.
                log.exception("session %s: its thread met an error", self.name)
                self._fail(f"{type(error).__name__}: {error}", [], [])
        self._closed = True
        self._turn_away(self._gone())

    def _seconds(self) -> float:
        """How long nothing has to be done."""
        if self._stopping.is_set():
            return 0.0
        market = self.market
        if not market.lifecycle.running:
            return 3600.0
        limit_ns = self._limit_ns()
        if limit_ns <= max(self._reached_ns, market.time_ns) < market.street.next_edge_ns:
            # Time stands until somebody does something, or the recorder has caught up.
            return TICK_SECONDS if self._behind() else 3600.0
        next_ns = market.street.next_ns
        seconds = self.clock.seconds_until(limit_ns)
        if next_ns is not None and next_ns < limit_ns:
            tick = self._turned_at + TICK_SECONDS - time.monotonic()
            seconds = min(seconds, max(self.clock.seconds_until(next_ns), tick))
        return seconds

    def _behind(self) -> bool:
        return self.events - self._recorder.seq > _BEHIND_EVENTS

    def _limit_ns(self) -> int:
        """How far time may come in this turn: the end of the slice, or where something holds it."""
        market, street = self.market, self.market.street
        limit_ns = street.next_edge_ns
        if not street.opened_ns and market.opening.epoch != WALL:
            limit_ns = min(limit_ns, max(market.opening.open_ns, market.time_ns))
        endless = not street.close_ns and market.speed is None and street.next_ns is None
        if endless or self._behind():
            return min(limit_ns, max(self._reached_ns, market.time_ns))
        return limit_ns

    # ------------------------------------------------------------------ one turn

    def _turn(self) -> bool:
        """Take what there is; whether there was anything."""
        if self.sealed:
            return self._only_answer()
        controls, asks = self._inbox.take_others()
        entries = self._inbox.take_entries()
        market, began_ns = self.market, perf_counter_ns()
        turn, edge = self._begin(bool(controls and isinstance(controls[-1], Move)))
        replies = Replies()
        first = self.commands + sum(map(len, turn.commands)) + 1
        entries = self._add_people(entries, turn, replies)
        controls = self._add_controls(controls, turn)
        closing = None
        if edge:
            turn.commands.append(clock_command(turn.time_ns))
            closing = self._close_of_hours(turn)
        commands = _together(turn.commands)
        street_fed = market.street.fed
        if edge or (len(turn.commands) and first > self.commands + 1):
            reset = turn.remark.open_ns is not None or turn.remark.start_ns is not None
            turn.remark.fed = (*street_fed[:3], 0 if reset else street_fed[3] + edge)
        remark = pack_remark(turn.remark)
        if not len(commands) and not remark:
            self._flush()
            replies.send(self._trouble)
            self._answer_asks(asks)
            for control in controls:
                control.done(control.finish(self._place))
            self._keep_state()
            return bool(asks or controls or entries)
        self._turned_at = time.monotonic()
        if entries:
            self._gathering.add(len(entries), now=self._turned_at)
        answered = bool(entries or controls or asks or closing)
        try:
            events, kinds = self._commit(
                commands, remark, turn.remark, wait=answered or not self._may_run_ahead()
            )
        except JournalError as error:
            replies.send(self._trouble)
            self._fail(str(error), entries, controls)
            self._answer_asks(asks)
            return True
        market.time_ns = int(commands["time_ns"][-1]) if len(commands) else market.time_ns
        if kinds[EventKind.PHASE_CHANGED]:
            market.lifecycle.note(events)
        if entries:
            answers(entries, first, turn.time_ns, events, replies)
            self._count_answers(entries)
        replies.send(self._trouble)
        for control in [*controls, *([closing] if closing else [])]:
            control.done(control.finish(self._place))
        self._live_on(turn, events, edge)
        self._answer_asks(asks)
        self._keep_state()
        self.sealed = market.lifecycle.state == SessionState.DEBRIEF
        self.counters.turn_ns.add(perf_counter_ns() - began_ns)
        return True

    def _only_answer(self) -> bool:
        """Of a session that is over: let it be read, and take nothing."""
        controls, asks = self._inbox.take_others()
        for control in controls:
            control.done(self._over())
        self._answer_asks(asks)
        replies, entries = Replies(), self._inbox.take_entries()
        for each in entries:
            replies.add(each, self._over())
        replies.send(self._trouble)
        return bool(controls or asks or entries)

    @property
    def _place(self) -> Place:
        return Place(self.name, self.market, self.clock)

    def _begin(self, moves: bool) -> tuple[Turn, bool]:
        """A turn with the time that has come and what happens by itself until then; whether a slice ends."""
        market = self.market
        if not market.lifecycle.running:
            return Turn(max(self.clock.now_ns(), market.time_ns)), False
        street, floor_ns = market.street, market.time_ns
        reached_ns = max(self.clock.reach(self._limit_ns()), floor_ns)
        due = street.due(min(reached_ns, street.next_edge_ns), floor_ns)
        turn = Turn(max(due.time_ns, floor_ns))
        self._reached_ns = turn.time_ns
        if len(due.commands):
            turn.commands.append(due.commands)
        # A change of state comes at the end of a slice, not among what agents see of it.
        return turn, turn.time_ns >= street.next_edge_ns and not moves

    def _add_people(self, entries: list[Entry], turn: Turn, replies: Replies) -> list[Entry]:
        """Put callers' commands among the others; those that may not be sent are answered."""
        if not entries:
            return entries
        commands = joined(entries)
        if own_kind(commands) is not None:
            allowed = []
            for each in entries:
                refusal = own_kind(joined([each]))
                if refusal is None:
                    allowed.append(each)
                else:
                    replies.add(each, refusal)
            entries = allowed
            if not entries:
                return entries
            commands = joined(entries)
        commands["time_ns"] = turn.time_ns
        seq = self.commands + sum(map(len, turn.commands)) + 1
        turn.commands.append(commands)
        turn.remark.names.extend(
            (account, client, name)
            for each in entries
            if each.names
            for (account, client), name in each.names.items()
        )
        for each in entries:
            if each.bust is not None and self._busts(each, turn):
                turn.remark.busts.append(each.bust)
            if each.payment is not None:
                turn.remark.payments.append((seq, *each.payment))
            seq += each.size
        return entries

    def _busts(self, given: Entry, turn: Turn) -> bool:
        """Whether a bust will be taken; of one that is refused no reason is kept."""
        assert given.bust is not None
        if any(given.bust[0] == trade_id for trade_id, _, _ in turn.remark.busts):
            return False
        command = joined([given])
        command["time_ns"] = turn.time_ns
        return self.market.exchange.takes(command)

    def _add_controls(self, controls: list[Control], turn: Turn) -> list[Control]:
        """Put what is to be done among the commands; what cannot be is answered."""
        added = []
        for control in controls:
            try:
                control.prepare(self._place, turn)
            except WorkbenchError as error:
                control.done(error)
            else:
                added.append(control)
        return added

    def _close_of_hours(self, turn: Turn) -> Move | None:
        """At the end of trading hours the market closes."""
        close_ns = self.market.street.close_ns
        if not self.market.street.opened_ns or not close_ns or turn.time_ns < close_ns:
            return None
        move = Move(SessionState.CLOSED, False, _nobody)
        move.prepare(self._place, turn)
        return move

    def _may_run_ahead(self) -> bool:
        """Whether so much time is to be caught up that slices may be made durable together."""
        if not self._inbox.empty or not self.market.lifecycle.running:
            return False
        speed_none = self.market.speed is None
        behind = self.clock.now_ns() > self.market.street.next_edge_ns + 1
        if not (speed_none or behind):
            return False
        waited = (perf_counter_ns() - self._ahead_since) / 1e9 if self._ahead else 0.0
        count = self._ahead[-1][1].command_seq - self._ahead[0][1].command_seq if self._ahead else 0
        return waited < _AHEAD_SECONDS and count < _AHEAD_COMMANDS

    def _commit(self, commands: Records, remark: bytes, said: Remark, *, wait: bool) -> tuple[Records, Any]:
        """Journal, sync, step, publish; without `wait` the sync and the publishing come later."""
        began_ns = perf_counter_ns()
        self.journal.append(commands, remark)
        if wait:
            self.journal.sync()
        durable_ns = perf_counter_ns()
        events = self.market.exchange.step(commands)
        stepped_ns = perf_counter_ns()
        events.setflags(write=False)
        self.commands += len(commands)
        self.events += len(events)
        if not self._ahead:
            self._ahead_since = began_ns
        self._ahead.append((events, Mark(self.events, self.commands)))
        # Whoever folds the events asks at once what an order is called and what an announcement says.
        self.market.apply(said)
        if wait:
            self._publish()
        counters = self.counters
        counters.journal_ns.add(durable_ns - began_ns)
        counters.step_ns.add(stepped_ns - durable_ns)
        return events, counters.batch(commands, events)

    def _flush(self) -> None:
        """Make durable and publish what was allowed to wait."""
        if not self._ahead:
            return
        try:
            self.journal.sync()
        except JournalError as error:
            self._fail(str(error), [], [])
            return
        self._publish()

    def _publish(self) -> None:
        for events, mark in self._ahead:
            self._recorder.mark(mark)
            if len(events):
                self._bus.publish(self.name, events)
        self._ahead.clear()

    def _live_on(self, turn: Turn, events: Records, edge: bool) -> None:
        """Have the street follow what happened."""
        street, remark = self.market.street, turn.remark
        if remark.open_ns is not None:
            street.open(remark.open_ns)
        elif remark.start_ns is not None:
            street.begin(remark.start_ns)
        street.observe(events)
        if remark.open_ns is not None:
            street.decide()
        elif edge:
            street.end_slice()

    def _keep_state(self) -> None:
        """Save the state now and then."""
        count = self.commands - self._snapshot_seq
        if self._ahead or self.failed or not count:
            return
        if count < self._snapshot_commands and time.monotonic() < self._snapshot_at:
            return
        began_ns, exchange = perf_counter_ns(), self.market.exchange
        self._snapshot_seq = self.commands
        try:
            snapshot = self.journal.prepare_snapshot(self.commands)
        except JournalError as error:
            self._fail(str(error), [], [])
            return
        state, market = exchange.state(), self.market.kept(self.commands)
        self._recorder.mark(Mark(self.events, self.commands, snapshot, state, market))
        large = (sum(part.nbytes for part in state) + sum(map(len, market))) // _LARGE_SNAPSHOT_BYTES
        self._snapshot_at = time.monotonic() + self._snapshot_seconds * (1 + large)
        self.counters.snapshot_ns.add(perf_counter_ns() - began_ns)

    def _answer_asks(self, asks: list[Ask]) -> None:
        for ask in asks:
            try:
                outcome = ask.read(self.market.exchange)
            except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it
                outcome = error
            ask.done(outcome)

    def _count_answers(self, entries: list[Entry]) -> None:
        counters = self.counters
        counters.callers += len(entries)
        since = np.array([each.since_ns for each in entries], dtype=np.int64)
        counters.answer_ns.add_all(perf_counter_ns() - since)

    def _trouble(self, said: str) -> None:
        log.error("session %s: a caller's callback failed: %s", self.name, said)

    # ------------------------------------------------------------------ failing and going on

    def _fail(self, why: str, entries: list[Entry], controls: list[Control]) -> None:
        """The journal takes nothing more: tell everybody, and let time stand."""
        log.error("session %s: takes nothing until its disk is well: %s", self.name, why)
        self.failed = why
        self.counters.failures += 1
        self._ahead.clear()
        self.clock.pause()
        self._retry_at = time.monotonic() + self._retry_seconds
        error = self._failure()
        replies = Replies()
        for each in entries:
            replies.add(each, error)
        replies.send(self._trouble)
        for control in controls:
            control.done(error)
        self._turn_away(error)

    def _turn_away(self, error: SessionError) -> None:
        """Tell all who wait."""
        replies = Replies()
        for each in self._inbox.turn_away(error):
            replies.add(each, error)
        replies.send(self._trouble)

    def _heal(self) -> None:
        """Wait a while, then open the journal again and go on with what is in it."""
        wait = self._retry_at - time.monotonic()
        if wait > 0:
            self._inbox.wait(wait)
            self._turn_away(self._failure())
            return
        self._retry_at = time.monotonic() + self._retry_seconds
        try:
            self.journal.close()
        except (JournalError, OSError) as error:
            log.debug("session %s: %s", self.name, error)
        try:
            self.journal = self._open_journal()
            market = load(self.market.opening, self._folder, None, disk=self._disk)
        except JournalError as error:
            if str(error) != self.failed:
                log.error("session %s: cannot go on: %s", self.name, error)  # noqa: TRY400 - a disk, no bug
            self.failed = str(error)
            return
        self._go_on(market)

    def _go_on(self, market: Market) -> None:
        """Take the place of a market that failed; what was in doubt and is durable has happened."""
        known = self._bus.last_seq(self.name)
        self.market = market
        self.commands = int(self.journal.durable_seq)
        self.events = int(market.exchange.counters()[0]["events"])
        self._recorder.mark(Mark(self.events, self.commands))
        if self.events > known:
            for events in published_events(market.opening, self._folder, known + 1, disk=self._disk):
                self._bus.publish(self.name, events)
        self._reached_ns = market.time_ns
        self.start_clock()
        log.warning("session %s: goes on after command %d", self.name, self.commands)
        self.failed = ""

    def start_clock(self) -> None:
        """Have the clock go on from the last command, as the state of the session says."""
        market = self.market
        self.clock.set_speed(market.speed)
        self.clock.pause(market.time_ns)
        if market.lifecycle.running or (
            market.opening.epoch == WALL and market.lifecycle.state == SessionState.LOBBY
        ):
            self.clock.resume(market.time_ns)


def _together(parts: list[Records]) -> Records:
    """One array of all commands."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return NOTHING
    return one_block(parts, COMMAND)


def _nobody(_: Any) -> None:
    """Nobody waits for this."""
