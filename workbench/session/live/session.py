"""A live session: one market in which time passes, with whoever has joined it."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from workbench.bus.memory import MemoryBus
from workbench.domain.codes import SessionState
from workbench.domain.commands import bust_trade
from workbench.domain.config import Venue, venue_to_json
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import CommandError, FailedError, JournalError, SessionError, StoreError
from workbench.journal.disk import REAL, Disk
from workbench.journal.manifest import SEALED
from workbench.journal.place import JOURNAL, data_root
from workbench.journal.reader import read
from workbench.journal.seal import SessionStore
from workbench.journal.snapshots import Snapshot
from workbench.journal.writer import SEGMENT_BYTES, Journal, new_identity
from workbench.session.checkpoint import Checkpoint, pack
from workbench.session.hours import WALL
from workbench.session.live.answer import Announcement, Answer, Seat, Status
from workbench.session.live.clock import ExchangeClock
from workbench.session.live.controls import Announce, Control, Done, Join, Move, SetBoard, SetSpeed
from workbench.session.live.counters import SequencerCounters
from workbench.session.live.market import Market, load, published_events
from workbench.session.live.opening import KIND, Opening, read_opening, stored_opening
from workbench.session.live.queue import entry
from workbench.session.live.recorder import Mark, Recorder
from workbench.session.live.sequencer import RETRY_SECONDS, Sequencer
from workbench.session.publisher import USUAL, Rhythm
from workbench.session.recorded import names_to_json
from workbench.session.recovery import open_journal, restored
from workbench.session.tables import Tables

log = logging.getLogger(__name__)

T = TypeVar("T")

_BATCH_COMMANDS = 1 << 17
_CATCH_UP_SECONDS = 600.0


class LiveSession:
    """One market that runs by itself, and that many may use at once from threads and event loops.

    Made by `create` and, after a restart, by `resume`; `workbench.session.live.sessions.Sessions` does both
    for a server. What is asked of it is done by its own thread; each method exists for event loops and, with
    `_and_wait`, for all other threads.

    Attributes
    ----------
    name, title
        Its name and what it is about.
    venue, zone
        Instruments, accounts and rules; the time zone of its days.
    scenario_text
        What it was made of.
    epoch
        Whether its time is the wall's (`wall`) or the scenario's (`sim`).
    classes
        Ids of the classes that it is for; none: it is for everybody.
    clock
        Its clock.
    bus
        Who carries its events, in the shard of its name.
    """

    def __init__(
        self, opening: Opening, store: SessionStore, bus: MemoryBus, sequencer: Sequencer, recorder: Recorder
    ) -> None:
        self.name = store.manifest.session
        self.folder = store.folder
        self.title = opening.scenario.title
        self.venue: Venue = opening.venue
        self.zone = opening.scenario.zone
        self.scenario_text = opening.text
        self.epoch = opening.epoch
        self.classes = opening.classes
        self.identity = bytes.fromhex(store.manifest.journal)
        self.bus = bus
        self.clock = sequencer.clock
        self._opening = opening
        self._sequencer = sequencer
        self._recorder = recorder
        self._closed = False

    # ------------------------------------------------------------------ making

    @classmethod
    def create(
        cls,
        data: str | os.PathLike[str] | None,
        name: str,
        scenario_text: str,
        *,
        file: str = "",
        overrides: Mapping[str, Any] | None = None,
        classes: Sequence[str] | Mapping[str, str] = (),
        bus: MemoryBus | None = None,
        rhythm: Rhythm = USUAL,
        wall: Callable[[], int] = time.monotonic_ns,
        wall_time: Callable[[], int] = time.time_ns,
        disk: Disk = REAL,
        retry_seconds: float = RETRY_SECONDS,
    ) -> Self:
        """Begin a session; it is in its lobby then. Blocks: event loops use `Sessions.create`.

        Parameters
        ----------
        data
            The data root; `$WORKBENCH_DATA`, else `var`, unless given.
        name
            Its name, which no other session there has.
        scenario_text
            A scenario file's text.
        file
            Where it was read from; history is looked for from there on.
        overrides
            Settings in the place of the scenario's, by path: `{"live.speed": 10}`.
        classes
            Ids of the classes that it is for, or what they are called by id; the journal keeps them, and a
            server lets nobody else in.
        bus
            Who carries its events; one of its own unless given.
        rhythm
            How often it writes tables and snapshots.
        wall, wall_time
            The wall's clocks: monotonic, and nanoseconds since 1970.
        disk
            Where its journal is.
        retry_seconds
            How long after a failure of the disk it is tried again.

        Raises
        ------
        ConfigError
            When the scenario makes no sense.
        StoreError, JournalError
            When there is a session of that name, or the place cannot be written.
        """
        root = data_root(None if data is None else Path(data))
        opening = read_opening(
            scenario_text,
            file=file,
            overrides=overrides,
            data=root,
            wall_ns=wall_time(),
            classes=tuple(classes),
        )
        market = Market.fresh(opening)
        about: dict[str, Any] = {
            "venue": venue_to_json(opening.venue),
            "zone": opening.scenario.zone,
            "title": opening.scenario.title,
            "names": names_to_json(opening.scenario.names),
            "kind": KIND,
            "source": file,
            KIND: opening.about(classes if isinstance(classes, Mapping) else None),
        }
        identity = new_identity()
        store = SessionStore.create(root, name, about, journal=identity.hex())
        try:
            journal = Journal.create(store.folder / JOURNAL, about, identity=identity, disk=disk)
        except BaseException:
            store.discard()
            raise
        tables = Tables(opening.venue, opening.scenario.zone)
        clock = ExchangeClock(opening.start_ns, opening.scenario.hours.speed, wall=wall)
        self = cls._put_together(store, journal, market, tables, bus, clock, rhythm, disk, retry_seconds)
        self.move_and_wait(SessionState.LOBBY)
        return self

    @classmethod
    def resume(
        cls,
        data: str | os.PathLike[str] | None,
        name: str,
        *,
        bus: MemoryBus | None = None,
        rhythm: Rhythm = USUAL,
        wall: Callable[[], int] = time.monotonic_ns,
        wall_time: Callable[[], int] = time.time_ns,
        retry_seconds: float = RETRY_SECONDS,
    ) -> Self:
        """Go on with a session that was left open, however that happened; blocks.

        Everything that was answered has happened. Its clock stands where the last command was and runs on
        from there, if it ran.

        Raises
        ------
        StoreError
            When there is no such session, it is sealed, or another process is writing it.
        JournalError
            When its journal is damaged, or is not that of a live session.
        """
        root = data_root(None if data is None else Path(data))
        store = SessionStore.open(root, name)
        if store.manifest.state == SEALED:
            store.close()
            raise StoreError(
                "is sealed, and never changes again", f"session {name!r}", "begin another session"
            )
        try:
            folder = store.folder / JOURNAL
            journal = open_journal(folder, store.manifest, SEGMENT_BYTES)
            try:
                opening = stored_opening(journal.about, folder, root)
                # Views are made of every event: what a snapshot spares the exchange they need nevertheless.
                for _ in read(folder, batch=_BATCH_COMMANDS):
                    pass
                found = restored(store, journal)
                market = load(opening, folder, found.exchange, disk=REAL)
                clock = ExchangeClock(market.time_ns, market.speed, wall=wall)
                self = cls._put_together(
                    store, journal, market, found.tables, bus, clock, rhythm, REAL, retry_seconds
                )
            except BaseException:
                journal.close()
                raise
        except BaseException:
            store.close()
            raise
        if market.lifecycle.state == SessionState.DRAFT:
            self.move_and_wait(SessionState.LOBBY)
        if opening.epoch == WALL and market.lifecycle.state == SessionState.LOBBY:
            clock.resume(max(market.time_ns, wall_time()))
        return self

    @classmethod
    def _put_together(
        cls,
        store: SessionStore,
        journal: Journal,
        market: Market,
        tables: Tables,
        bus: MemoryBus | None,
        clock: ExchangeClock,
        rhythm: Rhythm,
        disk: Disk,
        retry_seconds: float,
    ) -> Self:
        bus = MemoryBus() if bus is None else bus
        name, folder, opening = store.manifest.session, store.folder / JOURNAL, market.opening
        bus.open_shard(
            name,
            tables.seq,
            lambda from_seq: published_events(opening, folder, from_seq, disk=disk),
        )

        def keep_snapshot(snapshot: Snapshot) -> None:
            # The journal may be another one by then.
            sequencer.journal.keep_snapshot(snapshot)

        recorder = Recorder(
            store,
            tables,
            rhythm,
            keep_snapshot=keep_snapshot,
            commands=journal.durable_seq,
        )
        sequencer = Sequencer(
            name,
            market,
            journal,
            recorder,
            bus,
            clock,
            open_journal=lambda: Journal.open(folder, disk=disk),
            folder=folder,
            disk=disk,
            snapshot_commands=rhythm.snapshot_commands,
            snapshot_seconds=rhythm.snapshot_seconds,
            retry_seconds=retry_seconds,
        )
        self = cls(opening, store, bus, sequencer, recorder)
        bus.subscribe("recorder", name, tables.seq + 1, recorder.take)
        recorder.start()
        sequencer.start_clock()
        sequencer.start()
        return self

    # ------------------------------------------------------------------ commands

    async def send(self, commands: Records, *, names: Mapping[tuple[int, int], str] | None = None) -> Answer:
        """Have commands happen, together and in this order; they are durable when this returns.

        Parameters
        ----------
        commands
            Their times are set by the session.
        names
            What the orders among them are called, by account and client order id.

        Raises
        ------
        CommandError
            When they are no commands, or some that only the session itself may make.
        BusyError
            When too many wait; nothing has happened.
        FailedError
            When the disk fails: they may have happened or not.
        SessionError
            When the session is over.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._sequencer.put(entry(commands, None, future, loop, names))
        return await future

    def send_and_wait(
        self,
        commands: Records,
        *,
        names: Mapping[tuple[int, int], str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """`send` for threads without an event loop."""
        future: Future[Answer] = Future()
        self.submit(commands, _into(future), names=names)
        return self._wait(future, timeout)

    def submit(
        self,
        commands: Records,
        done: Callable[[Any], None],
        *,
        names: Mapping[tuple[int, int], str] | None = None,
    ) -> None:
        """Have commands happen; `done` gets the `Answer`, or the exception in its place.

        It is called on the session's own thread, which waits for it: it must be quick.
        """
        self._sequencer.put(entry(commands, done, None, None, names))

    def check_open(self) -> None:
        """Raise what `send` would raise if the session takes nothing.

        Raises
        ------
        SessionError
            When it is over or being closed, or its journal cannot be written (`FailedError`).
        """
        self._sequencer.check()

    async def ask(self, read: Callable[[Exchange], T]) -> T:
        """What `read` gives of the exchange, between two batches; it must be quick and change nothing."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._sequencer.ask(read, _onto(loop, future))
        return await future

    def ask_and_wait(self, read: Callable[[Exchange], T], timeout: float | None = None) -> T:
        """`ask` for threads without an event loop."""
        future: Future[T] = Future()
        self._sequencer.ask(read, _into(future))
        return self._wait(future, timeout)

    # ------------------------------------------------------------------ running it

    async def move(self, state: SessionState, *, reopen_by_auction: bool = False) -> Status:
        """Bring the session into another state; into DEBRIEF it is sealed (docs/live.md).

        Parameters
        ----------
        state
            Where to.
        reopen_by_auction
            Of OPEN after PAUSED: instruments that traded first go through an auction.

        Raises
        ------
        SessionError
            When the table of states does not allow it.
        """
        state = SessionState(state)
        if self._sealing_again(state):
            await asyncio.to_thread(self._seal)
            return self.status()
        await self._do(lambda done: Move(state, reopen_by_auction, done))
        if state == SessionState.DEBRIEF:
            await asyncio.to_thread(self._seal)
        return self.status()

    def move_and_wait(self, state: SessionState, *, reopen_by_auction: bool = False) -> Status:
        """`move` for threads without an event loop."""
        state = SessionState(state)
        if not self._sealing_again(state):
            self._do_and_wait(lambda done: Move(state, reopen_by_auction, done))
        if state == SessionState.DEBRIEF:
            self._seal()
        return self.status()

    async def set_speed(self, speed: float | None) -> Status:
        """Have time pass so much faster than the wall's; None as fast as possible."""
        await self._do(lambda done: SetSpeed(speed, done))
        return self.status()

    def set_speed_and_wait(self, speed: float | None) -> Status:
        """`set_speed` for threads without an event loop."""
        self._do_and_wait(lambda done: SetSpeed(speed, done))
        return self.status()

    async def set_board(self, *, hidden: bool = False, delay_ns: int = 0) -> None:
        """Keep the leaderboard from all who do not run the session, or show it, as it was some time ago."""
        if self.state == SessionState.DEBRIEF:
            self._set_sealed_board(hidden, delay_ns)
        else:
            await self._do(lambda done: SetBoard(hidden, delay_ns, done))

    def set_board_and_wait(self, *, hidden: bool = False, delay_ns: int = 0) -> None:
        """`set_board` for threads without an event loop."""
        if self.state == SessionState.DEBRIEF:
            self._set_sealed_board(hidden, delay_ns)
        else:
            self._do_and_wait(lambda done: SetBoard(hidden, delay_ns, done))

    def _set_sealed_board(self, hidden: bool, delay_ns: int) -> None:
        # Nothing is added to a sealed journal. The board is shown as long as this process has the session.
        register = self._sequencer.market.register
        register.board_hidden, register.board_delay_ns = hidden, delay_ns

    async def bust(self, trade_id: int, *, reason: str = "", author: str = "") -> Answer:
        """Have the exchange undo a trade; its answer says whether it did.

        Raises
        ------
        SessionError
            When the session is over.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        why = (trade_id, reason, author)
        self._sequencer.put(entry(bust_trade(0, trade_id), None, future, loop, None, why))
        return await future

    def bust_reason(self, trade_id: int) -> tuple[str, str]:
        """Why a trade was busted and whose word that is; nothing when nobody said."""
        return self._sequencer.market.register.bust_reasons.get(trade_id, ("", ""))

    async def pay(self, command: Records, *, reason: str = "", author: str = "") -> Answer:
        """Have a command that moves money (TRANSFER_CASH, FINE) happen, and keep why.

        Raises
        ------
        CommandError
            When it is not one command.
        SessionError
            When the session is over.
        """
        if len(command) != 1:
            raise CommandError(
                f"was given {len(command)} commands, expected the one that moves money", "LiveSession.pay"
            )
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        why = (reason, author) if reason else None
        self._sequencer.put(entry(command, None, future, loop, None, None, why))
        return await future

    def payment_reason(self, command_seq: int) -> tuple[str, str]:
        """Why a command moved money and whose word that is; nothing when nobody said."""
        return self._sequencer.market.register.payment_reasons.get(command_seq, ("", ""))

    async def join(self, user: str, name: str) -> Seat:
        """A seat for a user, who is shown by `name`: the one they have, else the first that is free.

        Raises
        ------
        SessionError
            When there is none, or nobody may join any more.
        """
        seat = self.seat_of(user)
        if seat is None:
            seat = await self._do(lambda done: Join(user, name, done))
        return seat

    def join_and_wait(self, user: str, name: str) -> Seat:
        """`join` for threads without an event loop."""
        seat = self.seat_of(user)
        return self._do_and_wait(lambda done: Join(user, name, done)) if seat is None else seat

    async def announce(
        self, headline: str, *, body: str = "", symbols: Sequence[str] = (), author: str = ""
    ) -> Announcement:
        """Publish news, in order with the market.

        Raises
        ------
        ConfigError
            For a symbol that the venue does not have.
        """
        made: Announcement = await self._do(
            lambda done: Announce(headline, body, tuple(symbols), author, done)
        )
        return made

    def announce_and_wait(
        self, headline: str, *, body: str = "", symbols: Sequence[str] = (), author: str = ""
    ) -> Announcement:
        """`announce` for threads without an event loop."""
        made: Announcement = self._do_and_wait(
            lambda done: Announce(headline, body, tuple(symbols), author, done)
        )
        return made

    async def _do(self, make: Callable[[Done], Control]) -> Any:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._sequencer.request(make(_onto(loop, future)))
        return await future

    def _do_and_wait(self, make: Callable[[Done], Control]) -> Any:
        future: Future[Any] = Future()
        self._sequencer.request(make(_into(future)))
        return self._wait(future, None)

    def _wait(self, future: Future[T], timeout: float | None) -> T:
        try:
            return future.result(timeout)
        except TimeoutError:
            raise SessionError(
                f"gave no answer within {timeout} seconds; what was asked for may still happen",
                f"session {self.name!r}",
                "ask what became of it",
            ) from None

    # ------------------------------------------------------------------ what is known

    @property
    def state(self) -> SessionState:
        """Its state."""
        return self._sequencer.market.lifecycle.state

    @property
    def open_ns(self) -> int:
        """When it opened, or opens; of a `wall` session that has not opened, now."""
        street = self._sequencer.market.street
        if street.opened_ns:
            return street.opened_ns
        return self.clock.now_ns() if self.epoch == WALL else self._opening.open_ns

    @property
    def close_ns(self) -> int:
        """End of trading hours; 0 when only a person closes."""
        opening = self._opening
        return self.open_ns + opening.close_ns - opening.open_ns if opening.close_ns else 0

    @property
    def auction_ns(self) -> int:
        """Length of the auction by which a market reopens."""
        return self._opening.scenario.hours.auction_ns

    def status(self) -> Status:
        """The session at a glance."""
        sequencer, market = self._sequencer, self._sequencer.market
        return Status(
            name=self.name,
            title=self.title,
            state=market.lifecycle.state,
            time_ns=max(market.time_ns, min(self.clock.now_ns(), sequencer.limit_ns)),
            speed=self.clock.speed,
            phases=market.lifecycle.phases,
            commands=sequencer.commands,
            events=sequencer.events,
            seats_taken=market.register.seats_taken,
            seats=len(market.register.accounts),
            failed=sequencer.failed,
            published_seq=self._recorder.published_seq,
            zone=self.zone,
            epoch=self.epoch,
            open_ns=self.open_ns,
            close_ns=self.close_ns,
        )

    def seat_of(self, user: str) -> Seat | None:
        """Where a user sits."""
        return self._sequencer.market.register.seat_of(user)

    def seats(self) -> tuple[Seat, ...]:
        """All seats that are taken, by account."""
        return self._sequencer.market.register.seats()

    @property
    def board_delay_ns(self) -> int:
        """How much exchange time the leaderboard is late for those who do not run the session."""
        return self._sequencer.market.register.board_delay_ns

    @property
    def board_hidden(self) -> bool:
        """Whether the leaderboard is for those alone who run the session."""
        return self._sequencer.market.register.board_hidden

    @property
    def announcements(self) -> list[Announcement]:
        """All news so far."""
        return self._sequencer.market.register.announcements

    def client_order_name(self, account: int, client_order_id: int) -> str | None:
        """What an order was called by whoever sent it."""
        return self._sequencer.market.register.name_of(account, client_order_id)

    def counters(self) -> SequencerCounters:
        """What its thread has counted since it started."""
        counters = self._sequencer.counters
        counters.queued = self._sequencer.waiting
        return counters

    # ------------------------------------------------------------------ the end

    async def close(self) -> None:
        """Finish what waits and let the session go, in the state that it has: it can be resumed."""
        await asyncio.to_thread(self.close_and_wait)

    def close_and_wait(self) -> None:
        """`close` for threads without an event loop."""
        if self._closed:
            return
        self._closed = True
        sequencer = self._sequencer
        sequencer.stop()
        try:
            if not self._recorder.sealed:
                self._let_go()
        finally:
            try:
                sequencer.journal.close()
            except JournalError as error:
                log.warning("session %s: %s", self.name, error)
            if self.name in self.bus.shards():
                self.bus.close_shard(self.name)

    def _let_go(self) -> None:
        """Publish all rows and keep the state, so that the next start is quick; neither is needed."""
        sequencer = self._sequencer
        exchange = sequencer.market.exchange
        end = Mark(sequencer.events, sequencer.commands)
        if sequencer.failed:
            self._recorder.abandon()
            return
        try:
            state = exchange.state_hash()
            tables = self._recorder.close(end, state, timeout=_CATCH_UP_SECONDS)
            data = pack(Checkpoint(exchange.snapshot(), tables, sequencer.market.kept(end.command_seq)))
            sequencer.journal.save_snapshot(data, end.command_seq, state)
        except (StoreError, JournalError, SessionError) as error:
            log.warning("session %s: the next start will take longer: %s", self.name, error)

    def _sealing_again(self, state: SessionState) -> bool:
        """Whether it is over and was not sealed, for want of room perhaps."""
        return state == SessionState.DEBRIEF == self.state and not self._recorder.sealed

    def _seal(self) -> None:
        sequencer = self._sequencer
        if sequencer.failed:
            raise FailedError(f"cannot be sealed ({sequencer.failed})", f"session {self.name!r}")
        state = self.ask_and_wait(Exchange.state_hash)
        self._recorder.seal(Mark(sequencer.events, sequencer.commands), state, timeout=_CATCH_UP_SECONDS)
        sequencer.journal.close()

    def __repr__(self) -> str:
        return f"<LiveSession {self.name!r} {self.state.name}>"


def _into(future: Future[Any]) -> Done:
    """Brings an outcome to a thread that waits."""

    def done(outcome: Any) -> None:
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    return done


def _onto(loop: asyncio.AbstractEventLoop, future: asyncio.Future[Any]) -> Done:
    """Brings an outcome to an event loop."""

    def tell(outcome: Any) -> None:
        if future.done():
            return
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    def done(outcome: Any) -> None:
        try:
            loop.call_soon_threadsafe(tell, outcome)
        except RuntimeError:
            # The loop was closed: nobody waits any more.
            log.debug("an outcome came too late for its loop")

    return done
