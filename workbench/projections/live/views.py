"""All that a server's reads and streams are made of: one fold over a session's events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from workbench.domain.codes import EventKind, SessionState
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.records import BUSTED, EVENT, ORDER_EVENT, SHADOW, Records
from workbench.errors import ConfigError, ProjectionError
from workbench.projections.depth import Depth
from workbench.projections.live.account import CashChange, Fill, LiveAccount, LivePosition
from workbench.projections.live.account_events import AccountEvents
from workbench.projections.live.bars import MINUTE_NS, Days
from workbench.projections.live.equity import EquityCurves, EquitySample, Worth, worth_of
from workbench.projections.live.market import (
    NOTHING_UNDONE,
    Bust,
    BustedOrder,
    Halt,
    LiveMarket,
    Trade,
    Undone,
    trade_of,
)
from workbench.projections.live.market_events import MarketEvents
from workbench.projections.live.order import LiveOrder
from workbench.projections.live.order_events import OrderEvents, Row
from workbench.projections.live.orders import LiveOrders
from workbench.projections.live.pages import Pages
from workbench.projections.live.tape import QUOTE, TRADE, Column, Tape, of_the_market
from workbench.projections.live.updates import HOOKS, Observer, OrderUpdate

__all__ = ["LiveOrder", "LiveViews", "Observer", "OrderUpdate"]

_SESSION_STATES = {int(state): state for state in SessionState}


class LiveViews:
    """Orders of people, their accounts, and every market, folded from a session's events in plain Python.

    It belongs to one thread (an event loop) and gives out its own objects: read them and keep none of the
    mutable ones over an `apply`. Being given an event twice changes nothing.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events; it must keep accounts.
    zone
        IANA time zone of the exchange, in whose days the day's bars are counted.
    people
        Whose orders and accounts are kept, by account number: all traders unless given.

    Attributes
    ----------
    seq, time_ns
        The last event, and its time: the exchange's clock may be further by a CLOCK, which has no event.
    orders
        People's orders.
    accounts
        People's accounts, by number.
    fills, cash, positions
        By account number: its fills and its cash changes in order, its positions by instrument.
    markets
        Every instrument, by number.
    depth
        The books (`Depth`), after the last batch.
    session_state
        What the session's state was last said to be.
    announcements
        Number, instrument (-1: all) and time of each announcement.
    busts
        The trades that were undone, by number.
    undone
        What fills of an order were undone, by the order that they were of.
    busted_orders
        Which orders a bust changed, by the trade: those of both sides, and those that had replaced them.
    observers
        Who is told (see `Observer`); append and remove at will.
    """

    def __init__(
        self, venue: Venue, zone: str = "UTC", *, people: Callable[[int], bool] | None = None
    ) -> None:
        if venue.bare:
            raise ConfigError(
                "a bare venue keeps no accounts, so it has no people",
                where="LiveViews",
                remedy="use a venue with accounts",
            )
        self.venue = venue
        self.zone = zone
        self.seq = 0
        self.time_ns = 0
        self._failed = False
        chosen = [
            number
            for number in range(FIRST_TRADER, FIRST_TRADER + len(venue.accounts))
            if people is None or people(number)
        ]
        # The last place is for numbers that no account has.
        self._people = np.zeros(FIRST_TRADER + len(venue.accounts) + 1, dtype=np.bool_)
        self._people[chosen] = True
        self.accounts: dict[int, LiveAccount] = {}
        for number in chosen:
            account = venue.accounts[number - FIRST_TRADER]
            cash = account.cash_micros
            self.accounts[number] = LiveAccount(number, account.name, cash, cash, cash)
        held = self.accounts.items()
        self.fills: dict[int, Pages[Fill]] = {number: one.fills for number, one in held}
        self.cash: dict[int, list[CashChange]] = {number: one.cash_changes for number, one in held}
        self.positions: dict[int, dict[int, LivePosition]] = {number: one.positions for number, one in held}
        days = Days(zone)
        self.markets = [LiveMarket(venue, number, days) for number in range(len(venue.instruments))]
        self.orders = LiveOrders(chosen)
        self.depth = Depth(venue)
        self.curves = EquityCurves(self.accounts, self.markets)
        self.session_state = SessionState.DRAFT
        self.announcements: list[tuple[int, int, int]] = []
        self.busts: dict[int, Bust] = {}
        self.undone: dict[int, Undone] = {}
        self.busted_orders: dict[int, tuple[BustedOrder, ...]] = {}
        self._undone_lots: dict[int, list[tuple[int, int]]] = {}
        self.observers: list[Observer] = []
        self._trades = Tape(TRADE, len(self.markets))
        self._own_trades = Tape(TRADE, len(self.markets))
        self._quotes = Tape(QUOTE, len(self.markets))
        self._days = days
        self._day_ns = -1
        self._minute_ns = 0
        self._command_seq = 0
        self._told: list[Observer] = []
        self._hooks: dict[str, list[Callable[..., None]]] = {name: [] for name in HOOKS}
        self._order_events = OrderEvents(self.orders, self.accounts, self.markets)
        self._account_events = AccountEvents(self.accounts, self.curves, self._hooks, self.busts)
        note_halt = self._order_events.note_halt
        self._market_events = MarketEvents(self.markets, self.curves, note_halt, self._hooks)
        self._handlers = self._all_handlers()
        of_people = (*self._order_events.handlers, *self._account_events.handlers)
        self._is_told = np.zeros(256, dtype=np.bool_)
        self._is_told[list(self._handlers)] = True
        self._is_of_people = np.zeros(256, dtype=np.bool_)
        self._is_of_people[list(of_people)] = True

    # ------------------------------------------------------------------ reads

    def equity(self, account: int) -> Sequence[EquitySample]:
        """What an account was worth through the session."""
        return self.curves.of(account)

    def undone_of(self, order: LiveOrder) -> Undone:
        """What was undone of all that an order, with those that it replaced, had traded."""
        found = self.undone.get(order.order_id, NOTHING_UNDONE)
        if self.undone and order.replaces:
            for earlier in self.orders.chain(order):
                if earlier.order_id < order.order_id:
                    found = found.joined(self.undone.get(earlier.order_id, NOTHING_UNDONE))
        return found

    def undone_lots(self, order_id: int, before_seq: int) -> int:
        """Lots that busts before an event undid of all that an order, with those before it, had traded."""
        if not self._undone_lots:
            return 0
        lots, order = 0, self.orders.get(order_id)
        while order is not None:
            known = self._undone_lots.get(order.order_id, ())
            lots += sum(undone for seq, undone in known if seq < before_seq)
            order = self.orders.get(order.replaces) if order.replaces else None
        return lots

    def busted_fills(self, account: int, bust: Bust) -> list[Fill]:
        """The fills of an account that a bust undid: two of a trade with oneself, the maker's first."""
        found: list[Fill] = []
        for fill in reversed(self.fills.get(account, ())):
            if fill.trade_id < bust.trade_id:
                break
            if fill.trade_id == bust.trade_id:
                found.append(fill)
        return sorted(found, key=lambda fill: not fill.maker)

    def worth(self, account: int) -> Worth:
        """What an account is worth now."""
        return worth_of(self.accounts[account], self.markets)

    @property
    def halts(self) -> Sequence[Halt]:
        """Halts of instruments and their ends, in order."""
        return self._market_events.halts

    @property
    def day_ns(self) -> int:
        """When the exchange's day began."""
        return self._day_ns

    def trades(self, instrument: int) -> Column:
        """Every trade of the market in an instrument (`tape.TRADE`), up to the last batch."""
        return self._trades.of(instrument)

    def own_trades(self, instrument: int) -> Column:
        """Trades of our own beside frozen history, of which there are none elsewhere."""
        return self._own_trades.of(instrument)

    def quotes(self, instrument: int) -> Column:
        """Every best bid and ask of an instrument (`tape.QUOTE`), up to the last batch."""
        return self._quotes.of(instrument)

    # ------------------------------------------------------------------ fold

    def apply(self, events: Records) -> None:
        """Take in EVENT records, in order; those it has had are skipped.

        Raises
        ------
        ProjectionError
            When an event is missing between the last one and these, or among these; nothing is taken in.
        """
        if events.dtype != EVENT or events.ndim != 1:
            raise ProjectionError(
                f"take a row of EVENT records and were given {events.dtype} of shape {events.shape}",
                where="live views",
                remedy="give the events as the exchange wrote them",
            )
        if len(events) == 0:
            return
        self._check_sequence(events["seq"])
        fresh = events[max(0, self.seq + 1 - int(events["seq"][0])) :]
        if len(fresh) == 0:
            return
        if self.observers != self._told:
            self._listen()
        self._failed = True
        self._fold(fresh)
        self.seq, self.time_ns = int(fresh["seq"][-1]), int(fresh["time_ns"][-1])
        self._pass_minute(self.time_ns)
        self.orders.settle()
        self._failed = False
        for hook in self._hooks["batch"]:
            hook(self.seq)

    def advance(self, time_ns: int) -> None:
        """Say that the exchange's clock has come this far without an event: minutes that are over close.

        Only when every event up to this time has been applied; a time that has passed changes nothing.
        """
        if time_ns > self.time_ns and not self._failed:
            self.curves.begin_command(time_ns)
            self._pass_minute(time_ns)

    def _check_sequence(self, seq: Any) -> None:
        if self._failed:
            raise ProjectionError(
                f"events after {self.seq} could not be taken in, so the views are those of no event",
                where="live views",
                remedy="rebuild them from the first event",
            )
        before, first = self.seq, int(seq[0])
        if first <= self.seq + 1:
            breaks = np.flatnonzero(seq[1:] - seq[:-1] != 1)
            if len(breaks) == 0:
                return
            before, first = int(seq[breaks[0]]), int(seq[breaks[0] + 1])
        raise ProjectionError(
            f"event {first} came after event {before}, expected {before + 1}",
            where="live views",
            remedy="apply the events in order and leave none out, or rebuild them from the first",
        )

    def _fold(self, events: Records) -> None:
        kinds = events["kind"]
        trades = events[kinds == EventKind.TRADE]
        self._trades.add(of_the_market(trades))
        self._own_trades.add(trades[trades["flags"] & SHADOW != 0])
        self._quotes.add(events[kinds == EventKind.QUOTE])
        self.depth.apply(events)
        # Most events of a busy market are of the street's orders; they never become Python objects.
        people = self._people
        numbers = events["account"]
        last = len(people) - 1
        known = people[np.where((numbers < 0) | (numbers > last), last, numbers)]
        wanted = events[self._is_told[kinds] & (known | ~self._is_of_people[kinds])]
        handlers, curves = self._handlers, self.curves
        row: Row
        for row in wanted.view(ORDER_EVENT).tolist():
            time_ns = row[2]
            if row[1] != self._command_seq:
                self._command_seq = row[1]
                curves.begin_command(time_ns)
                if time_ns >= self._minute_ns:
                    self._pass_minute(time_ns)
            handlers[row[3]](row)
            curves.end_event(time_ns)

    def _pass_minute(self, time_ns: int) -> None:
        """Close the bars of the minute that is over, and begin the day that has come."""
        if time_ns < self._minute_ns:
            return
        self._minute_ns = time_ns - time_ns % MINUTE_NS + MINUTE_NS
        for instrument in sorted(self._market_events.traded):
            bar = self.markets[instrument].minutes[-1]
            for hook in self._hooks["bar"]:
                hook(instrument, bar)
        self._market_events.traded.clear()
        day_ns = self._days.start_ns(time_ns)
        if day_ns != self._day_ns:
            self._day_ns = day_ns
            for account in self.accounts.values():
                account.day_equity_micros = self.curves.equity_micros(account)

    def _listen(self) -> None:
        """Find out who overrides what; the others are not called at all."""
        self._told = list(self.observers)
        for name, hooks in self._hooks.items():
            base = getattr(Observer, name)
            hooks[:] = [
                getattr(one, name) for one in self._told if getattr(type(one), name, base) is not base
            ]
        self._order_events.listeners = self._hooks["order"]

    # ------------------------------------------------------------------ events

    def _all_handlers(self) -> dict[int, Callable[[Row], None]]:
        return {
            **self._order_events.handlers,
            **self._account_events.handlers,
            **self._market_events.handlers,
            EventKind.SESSION_STATE_CHANGED: self._session,
            EventKind.ANNOUNCED: self._announced,
            EventKind.TRADE_BUSTED: self._busted,
        }

    def _busted(self, row: Row) -> None:
        """A trade is undone; the positions of both sides follow in events of their own."""
        seq, time_ns, instrument, trade_id = row[0], row[2], row[11], row[12]
        shadow = bool(row[9] & SHADOW)
        column = (self._own_trades if shadow else self._trades).of(instrument)
        found = column.find(trade_id)
        found["flags"] |= BUSTED
        bust = Bust(seq, time_ns, trade_id, instrument, row[10], row[17], row[5], row[13], row[14])
        self.busts[trade_id] = bust
        fees = {
            fill.order_id: fill.fee_micros
            for account in (bust.account, bust.maker_account)
            for fill in self.busted_fills(account, bust)
        }
        for order_id in (row[15], row[16]):
            before = self.undone.get(order_id, NOTHING_UNDONE)
            undone = Undone(row[14], row[13] * row[14], fees.get(order_id, 0), seq, time_ns)
            self.undone[order_id] = before.joined(undone)
            self._undone_lots.setdefault(order_id, []).append((seq, row[14]))
        self.busted_orders[trade_id] = tuple(self._changed_by_bust(row[16], row[15]))
        if not shadow:
            market = self.markets[instrument]
            market.bust(
                trade_of(found), self._last_standing(column, seq), row[19], self._day(market, found, seq)
            )
            self.curves.note_moved()
        for hook in self._hooks["bust"]:
            hook(bust)

    def _changed_by_bust(self, *order_ids: int) -> Iterator[BustedOrder]:
        """Orders of people whose executed quantity has just fallen."""
        for order_id in order_ids:
            busted = self.orders.get(order_id)
            if busted is None:
                continue
            for order in self.orders.chain(busted):
                if order.order_id >= order_id:
                    lots = self.undone_of(order).lots
                    yield BustedOrder(order.account, order.order_id, order.executed_lots - lots, lots)

    def _day(self, market: LiveMarket, found: Any, seq: int) -> list[Trade]:
        """The trades of a trade's day that stand, up to an event."""
        start_ns = market.day_of(int(found["time_ns"]))
        rows = self._trades.of(market.number).before(seq)
        rows = rows[np.searchsorted(rows["time_ns"], start_ns) :]
        standing = rows[rows["flags"] & BUSTED == 0]
        return [trade_of(row) for row in standing if market.day_of(int(row["time_ns"])) == start_ns]

    def _last_standing(self, column: Column, seq: int) -> Trade | None:
        """The latest trade that stands, up to an event."""
        rows = column.before(seq)
        places = np.flatnonzero(rows["flags"] & BUSTED == 0)
        return trade_of(rows[places[-1]]) if len(places) else None

    def _session(self, row: Row) -> None:
        self.session_state = _SESSION_STATES[row[12]]
        for hook in self._hooks["session"]:
            hook(self.session_state, row[2])

    def _announced(self, row: Row) -> None:
        self.announcements.append((row[14], row[11], row[2]))
        for hook in self._hooks["announced"]:
            hook(row[14], row[11], row[2])
