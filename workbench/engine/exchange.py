"""The exchange: a deterministic state machine over arrays of commands."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np

from workbench.domain.codes import EventKind, SessionState, Side
from workbench.domain.config import Venue
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.records import BOOK_ORDER, COMMAND, EVENT, LEVEL_VIEW, Records
from workbench.domain.views import ExchangeState, state_digest
from workbench.engine import layout, snapshot, valuation
from workbench.engine.explain import Explanation, explain
from workbench.engine.kept_limits import limits_given, read_limits
from workbench.engine.room import (
    DONE,
    NEED_EVENTS,
    NEED_EXTRAS,
    NEED_FEES,
    NEED_GROUPS,
    NEED_LADDER,
    NEED_LOTS,
    NEED_ORDERS,
    NEED_SCRATCH,
    NEED_TRIGGERS,
)
from workbench.engine.step import rehash, run
from workbench.engine.trial import copy_memory, forget_hidden, without_trades
from workbench.errors import CommandError, ConfigError, SnapshotError

_SMALL_BATCH = 1 << 10
_EVENTS_PER_COMMAND = 4
_SLACK_PER_ORDER = 5
_SLACK_EVENTS = 1 << 12
_LARGEST_BATCH = 1 << 20
_LEVELS_FIRST = 64


class Exchange:
    """One exchange: `events = exchange.step(commands)`, and read-only views of its state.

    Time is in the commands, and nothing else goes in: the same commands give the same events, however they
    are split into batches. The rules are in docs/rules.md.

    Parameters
    ----------
    venue
        Instruments, accounts and rules.
    record
        Keep the events of all steps in memory, so that `events` and `explain` can tell of them.

    Examples
    --------
    >>> from workbench.domain.commands import batch, new_order
    >>> from workbench.domain.config import Account, Venue
    >>> from workbench.domain.instruments import Instrument
    >>> exchange = Exchange(
    ...     Venue([Instrument("AAPL", "1", "500")], [Account("ann", 50_000), Account("bob", 50_000)])
    ... )
    >>> events = exchange.step(
    ...     batch(
    ...         [
    ...             new_order(1, 2, 0, Side.SELL, 100, 15_000),
    ...             new_order(2, 3, 0, Side.BUY, 40, 15_100),
    ...         ]
    ...     )
    ... )
    >>> [int(p) for p in exchange.positions()["position_lots"]]
    [-40, 40]
    >>> int(exchange.depth(0, Side.SELL)[0]["quantity_lots"])
    60
    """

    def __init__(self, venue: Venue, *, record: bool = False) -> None:
        given: Any = venue
        if not isinstance(given, Venue):
            raise ConfigError(f"{given!r} is no Venue", "Exchange", "give Venue(instruments, accounts)")
        self.venue = venue
        self._recorded: list[Records] | None = [] if record else None
        self._memory = layout.allocate(venue)
        self._limits_given = limits_given(venue)
        self._block, self._views = layout.event_buffer(_SLACK_EVENTS)

    # ------------------------------------------------------------------ commands

    def step(self, commands: Records, out: Records | None = None) -> Records:
        """Apply commands in order and return what happened.

        Parameters
        ----------
        commands
            Array of `COMMAND` records.
        out
            Memory to use for the events if they fit, to spare a large allocation; it is then overwritten by
            the next step that is given it.

        Returns
        -------
        Records
            Array of `EVENT` records; `frames` and the dtypes of `workbench.domain.records` name their
            payloads.

        Raises
        ------
        CommandError
            When `commands` is not a one-dimensional array of `COMMAND`, or `out` no room for events; nothing
            has been applied then.
        """
        given: Any = commands
        is_array = isinstance(given, np.ndarray)
        if not is_array or given.dtype != COMMAND or given.ndim != 1:
            shown = f"{given.dtype}, {given.ndim}-dimensional" if is_array else type(given).__name__
            raise CommandError(
                what=f"commands must be a one-dimensional array of COMMAND records, not {shown}",
                where="Exchange.step",
                remedy="build them with workbench.domain.commands or np.zeros(n, dtype=COMMAND)",
            )
        room: Any = out
        is_array = isinstance(room, np.ndarray)
        if room is not None and (
            not is_array or room.dtype != EVENT or room.ndim != 1 or not room.flags.carray
        ):
            raise CommandError(
                what="out must be a writable, contiguous one-dimensional array of EVENT records",
                where="Exchange.step",
                remedy="build it with np.zeros(n, dtype=EVENT), or leave it out",
            )
        commands = np.require(commands, requirements=["C", "A", "W"])
        if len(commands) <= _LARGEST_BATCH or out is not None:
            events = self._step(commands, out)
        else:
            pieces = [
                self._step(commands[i : i + _LARGEST_BATCH], None)
                for i in range(0, len(commands), _LARGEST_BATCH)
            ]
            events = np.concatenate(pieces)
        if self._recorded is not None:
            self._recorded.append(events.copy())
        return events

    def _step(self, commands: Records, out: Records | None) -> Records:
        small = out is None and len(commands) <= _SMALL_BATCH
        if small:
            block, views = self._block, self._views
        else:
            wanted = _EVENTS_PER_COMMAND * len(commands) + self._slack(len(commands))
            block = np.empty(wanted, dtype=EVENT) if out is None else out
            views = layout.views(block)
        world = self._memory.world
        world["event_count"] = 0
        at = 0
        while True:
            at, short = run(self._memory, views, commands, at)
            if short == DONE:
                break
            if short == NEED_EVENTS:
                used = int(world["event_count"][0])
                longer = np.empty(
                    2 * len(block) + int(world["wanted"][0]) + self._slack(len(commands) - at), dtype=EVENT
                )
                longer[:used] = block[:used]
                block, views = longer, layout.views(longer)
                if small:
                    self._block, self._views = block, views
            else:
                self._make_room(short)
                world = self._memory.world
        events = block[: int(world["event_count"][0])]
        return events.copy() if small else events

    def drive(self, kernel: Callable[[Memory, EventBuffer], int]) -> int:
        """Have another kernel drive the exchange: it calls `engine.step.run` as often as it likes.

        Parameters
        ----------
        kernel
            Called with memory and events until it gives none of the codes of `engine.room` above DONE; of
            those it gives what `run` gave, and goes on with the command where that stopped. It sets the
            count of events back to 0 when it has read them.

        Returns
        -------
        int
            The code that is no shortage of the exchange's.
        """
        self._memory.world["event_count"] = 0
        while True:
            short = kernel(self._memory, self._views)
            if short == NEED_EVENTS:
                used = int(self._memory.world["event_count"][0])
                wanted = int(self._memory.world["wanted"][0])
                longer = np.empty(2 * len(self._block) + wanted + self._slack(0), dtype=EVENT)
                longer[:used] = self._block[:used]
                self._block, self._views = longer, layout.views(longer)
            elif DONE < short <= NEED_FEES:
                self._make_room(short)
            else:
                return short

    def _slack(self, count: int) -> int:
        """Room that is kept free at the end, since the kernel asks for the worst case before each command."""
        return _SLACK_PER_ORDER * (int(self._memory.world["live_orders"][0]) + count) + _SLACK_EVENTS

    def _make_room(self, short: int) -> None:
        world = self._memory.world[0]
        wanted = int(world["wanted"])
        if short == NEED_ORDERS:
            self._memory = layout.with_more_orders(self._memory)
            rehash(self._memory)
        elif short == NEED_LOTS:
            self._memory = layout.with_more_lots(self._memory, wanted)
        elif short == NEED_EXTRAS:
            self._memory = layout.with_more_extras(self._memory)
        elif short == NEED_FEES:
            self._memory = layout.with_own_fees(self._memory)
        elif short == NEED_GROUPS:
            self._memory = layout.with_more_groups(self._memory)
        elif short == NEED_TRIGGERS:
            self._memory = layout.with_triggers(self._memory, wanted)
        elif short == NEED_LADDER:
            band = (int(world["wanted_low_ticks"]), int(world["wanted_high_ticks"]))
            self._memory = layout.with_ladders(self._memory, {wanted: band})
        else:
            assert short == NEED_SCRATCH
            self._memory = self._memory._replace(scratch=np.zeros(2 * wanted, dtype=np.int64))

    # ------------------------------------------------------------------ record

    @property
    def events(self) -> Records:
        """All events so far, of an exchange that records them."""
        if self._recorded is None:
            raise ConfigError(
                what="it keeps no events",
                where="Exchange",
                remedy="make it with Exchange(venue, record=True), or keep what step() returns and give it "
                "to workbench.engine.explain.explain",
            )
        if len(self._recorded) != 1:
            self._recorded[:] = [np.concatenate([np.zeros(0, dtype=EVENT), *self._recorded])]
        return self._recorded[0]

    def explain(self, order_id: int, *, zone: str = "UTC") -> Explanation:
        """What became of an order and why (see `workbench.engine.explain`), of an exchange that records.

        Parameters
        ----------
        order_id
            Any id that the order has had.
        zone
            IANA time zone of clock times in the text.
        """
        return explain(self.events, _whole(order_id, "order_id", "Exchange.explain"), self.venue, zone=zone)

    # ------------------------------------------------------------------ views

    @property
    def time_ns(self) -> int:
        """Exchange time: the time of the latest command."""
        return int(self._memory.world["time_ns"][0])

    @property
    def session_state(self) -> SessionState:
        """The state that SET_SESSION_STATE led the session to."""
        return SessionState(int(self._memory.world["session_state"][0]))

    def counters(self) -> Records:
        """One `COUNTERS_VIEW`: time, and how many commands, events, orders, trades there have been."""
        return snapshot.read_counters(self._memory)

    def instruments(self) -> Records:
        """`INSTRUMENT_VIEW` of each instrument: phase, band, last price, best bid and ask, divergence."""
        return snapshot.read_instruments(self._memory)

    def depth(self, instrument: int, side: Side, levels: int = 10, book: int = 0) -> Records:
        """Best price levels of a side as `LEVEL_VIEW`, best first.

        Book 0 is what quotes show; book 1 holds the live orders of a frozen venue.
        """
        self._check_instrument(instrument)
        levels = _whole(levels, "levels", "Exchange.depth")
        if side not in (Side.BUY, Side.SELL) or book not in (0, 1) or levels < 0:
            raise ConfigError(
                what=f"no side {side!r} of book {book} with {levels} levels", where="Exchange.depth"
            )
        # Who asks for all levels names a large number: room is made for as many as there are.
        room = min(levels, _LEVELS_FIRST)
        while True:
            out = np.zeros(room, dtype=LEVEL_VIEW)
            count = snapshot.read_levels(self._memory, instrument, book, int(side), out)
            if count < room or room == levels:
                return out[:count]
            room = min(levels, room * 8)

    def orders(self, account: int | None = None, instrument: int | None = None) -> Records:
        """Open orders as `BOOK_ORDER`, by instrument, book, side, then price-time priority."""
        orders = snapshot.read_all_orders(self._memory)
        if account is not None:
            orders = orders[orders["account"] == account]
        if instrument is not None:
            orders = orders[orders["instrument"] == instrument]
        return orders

    def order(self, order_id: int) -> Any | None:
        """The open order with this id as `BOOK_ORDER`, or None when it has ended or never was."""
        order_id = _whole(order_id, "order_id", "Exchange.order")
        out = np.zeros(1, dtype=BOOK_ORDER)
        return out[0] if snapshot.read_order(self._memory, order_id, out) else None

    def accounts(self) -> Records:
        """`ACCOUNT_VIEW` of each account, by number: street, house, traders."""
        return snapshot.read_accounts(self._memory)

    def limits(self) -> Records:
        """`ACCOUNT_LIMITS` of each account as they are now, by number."""
        return read_limits(self._memory)

    def positions(self, account: int | None = None) -> Records:
        """`POSITION_VIEW` of every position that has traded or has open orders, by account and instrument."""
        positions = snapshot.read_positions(self._memory)
        return positions if account is None else positions[positions["account"] == account]

    def account_values(self) -> Records:
        """`ACCOUNT_VALUE` of each account, by number: equity, buying power and margins at the marks."""
        return valuation.account_values(self._memory)

    def position_values(self, account: int | None = None) -> Records:
        """`POSITION_VALUE` of every position that is not flat: mark, value and unrealised PnL."""
        values = valuation.position_values(self._memory)
        return values if account is None else values[values["account"] == account]

    def lots(self, account: int | None = None) -> Records:
        """Open FIFO lots as `LOT_VIEW`, by account, instrument, oldest first."""
        lots = snapshot.read_all_lots(self._memory)
        return lots if account is None else lots[lots["account"] == account]

    def memory_bytes(self) -> dict[str, int]:
        """Bytes of each array that holds state, as allocated; untouched pages among them cost no memory."""
        return {name: int(array.nbytes) for name, array in zip(Memory._fields, self._memory, strict=True)}

    # ------------------------------------------------------------------ whole state

    def state(self) -> ExchangeState:
        """The whole state in canonical form."""
        return snapshot.read_state(self._memory, self._limits_given)

    def state_hash(self) -> str:
        """Digest of the whole state: equal for equal states, whatever batches led there."""
        return state_digest(self.state())

    def snapshot(self) -> bytes:
        """Venue and state as bytes, from which `restore` makes an exchange that goes on as this one would."""
        return snapshot.to_bytes(self.venue, self.state())

    @classmethod
    def restore(cls, data: bytes, *, record: bool = False) -> Exchange:
        """The exchange that `snapshot` was taken of; with `record` it keeps the events from here on.

        Raises
        ------
        SnapshotError
            When the bytes are damaged or of another version.
        """
        given: Any = data
        if not isinstance(given, (bytes, bytearray)):
            raise SnapshotError(
                f"{type(given).__name__} is no snapshot", "Exchange.restore", "give its bytes"
            )
        venue, state = snapshot.from_bytes(data)
        exchange = cls(venue, record=record)
        exchange._memory = snapshot.write_state(venue, state)
        return exchange

    def trial(self, account: int, instrument: int, spare: Exchange | None = None) -> Exchange:
        """A copy in which an account may try orders in an instrument; nothing here changes by it.

        It is the market as that account sees it: of others' icebergs in the instrument it has what they show.

        Parameters
        ----------
        account, instrument
            Who wants to try what.
        spare
            An earlier trial of this venue that nobody needs any more; its memory is used again.
        """
        self._check_instrument(instrument)
        copy = Exchange(self.venue) if spare is None else spare
        # Orders bust nothing, so the trades that are kept stay behind.
        memory = copy_memory(without_trades(self._memory), copy._memory)  # noqa: SLF001 - one of its own kind
        forget_hidden(memory, instrument, account)
        copy._memory = memory  # noqa: SLF001
        copy._limits_given = self._limits_given  # noqa: SLF001
        return copy

    def takes(self, commands: Records) -> bool:
        """Whether none of these commands would be refused if they came now; nothing here changes by it."""
        copy = Exchange(self.venue)
        copy._memory = copy_memory(self._memory, None)
        copy._limits_given = self._limits_given
        return not (copy.step(commands)["kind"] == EventKind.COMMAND_REJECTED).any()

    def _check_instrument(self, instrument: int) -> None:
        instrument = _whole(instrument, "instrument", "Exchange")
        if not 0 <= instrument < len(self.venue.instruments):
            raise ConfigError(
                what=f"no instrument {instrument}",
                where="Exchange",
                remedy=f"numbers go from 0 to {len(self.venue.instruments) - 1}",
            )


def _whole(value: Any, name: str, where: str) -> int:
    """A whole number that somebody gave."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ConfigError(f"{name} is {value!r}, expected a whole number", where)
    return int(value)
