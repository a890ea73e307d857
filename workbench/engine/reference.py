"""The exchange in plain Python, written from docs/rules.md; the compiled kernel is compared with it.

It is meant to be stepped through in a debugger. Methods follow the page's headings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from workbench.domain.codes import (
    HOUSE_ACCOUNT,
    STREET_ACCOUNT,
    AccountFlag,
    AccountState,
    CommandKind,
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER, ReplayMode, Venue
from workbench.domain.instruments import MAX_LADDER_TICKS, MAX_QUANTITY_LOTS
from workbench.domain.records import (
    ACCOUNT_VIEW,
    BOOK_ORDER,
    COMMAND,
    COUNTERS_VIEW,
    EVENT,
    INSTRUMENT_VIEW,
    LEVEL_VIEW,
    LIQUIDITY_MAKER,
    LOT_VIEW,
    POSITION_VIEW,
    PRIORITY_KEPT,
    Records,
)
from workbench.domain.states import OrderState
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.views import ExchangeState, state_digest
from workbench.errors import CommandError
from workbench.ledger.reference import Ledger
from workbench.matching.reference import (
    DIVERGED,
    OPPOSITE,
    Act,
    BookSide,
    Market,
    Meeting,
    Order,
    could_trade,
    meetings,
)
from workbench.risk import reference as risk
from workbench.risk.reference import Refusal, Rules, Standing

SHADOW = 0x2000
"""Bit of an event's flags: a trade of a live order in a frozen venue, of which history knows nothing."""

_UNTHINKABLE_LOTS = 1 << 62
_TIMES_IN_FORCE = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
# As plain numbers: the complement of an enum of flags leaves out the bits that have no name.
_NEW_FLAGS = int(OrderFlag.POST_ONLY | OrderFlag.HISTORICAL)
_REPLACE_FLAGS = int(OrderFlag.QUANTITY_IS_LEAVES | OrderFlag.LOSE_PRIORITY | OrderFlag.HISTORICAL)
_NOT_FOR_BARE = (CommandKind.SUSPEND_ACCOUNT, CommandKind.REINSTATE_ACCOUNT, CommandKind.KILL_SWITCH)
_UNUSED = (0,) * 9

Event = tuple[int, int, int, int, int, int, int, int, int, int, int, int, tuple[int, ...]]


class Command(NamedTuple):
    """A `COMMAND` as Python integers, in the record's order."""

    time_ns: int
    kind: int
    side: int
    order_type: int
    time_in_force: int
    self_trade_prevention: int
    trigger_reference: int
    flags: int
    account: int
    instrument: int
    order_id: int
    client_order_id: int
    new_client_order_id: int
    quantity_lots: int
    price_ticks: int
    trigger_price_ticks: int
    display_lots: int
    expire_time_ns: int
    group_id: int
    amount_micros: int


assert Command._fields == COMMAND.names


class Approval(NamedTuple):
    """What the checks of an accepted order found."""

    opening_lots: int
    required_micros: int


@dataclass(slots=True)
class Tape:
    """What an instrument has published, and how far it has moved from history."""

    last_price_ticks: int = 0
    volume_lots: int = 0
    trades: int = 0
    quote: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)
    divergence_lots: int = 0
    divergence_orders: int = 0


class ReferenceExchange:
    """One exchange: `step` turns commands into events.

    Parameters
    ----------
    venue
        Instruments, accounts and rules.

    Examples
    --------
    >>> from workbench.domain.codes import Side
    >>> from workbench.domain.commands import new_order
    >>> from workbench.domain.config import Instrument, Venue
    >>> exchange = ReferenceExchange(Venue([Instrument("AAPL", "1", "2")], bare=True))
    >>> events = exchange.step(new_order(0, 2, 0, Side.BUY, 100, 150))
    >>> [EventKind(kind).name for kind in events["kind"]]
    ['ORDER_CREATED', 'ORDER_RESTED', 'QUOTE']
    """

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.frozen = venue.replay_mode == ReplayMode.FROZEN
        self.rules = [Rules(instrument) for instrument in venue.instruments]
        self.markets = [Market(self.frozen) for _ in venue.instruments]
        self.tapes = [Tape() for _ in venue.instruments]
        self.standings: list[Standing] = []
        if not venue.bare:
            self.standings = [Standing() for _ in range(FIRST_TRADER)]
            self.standings += [Standing.of(account) for account in venue.accounts]
        self.ledger = Ledger(venue)

        self.open_orders: dict[int, Order] = {}
        self.client_ids: dict[tuple[int, int, int], Order] = {}

        self.time_ns = venue.start_time_ns
        self.command_count = 0
        self.event_count = 0
        self.order_count = 0
        self.trade_count = 0
        self.priority_count = 0

        self._late = False
        self._events: list[Event] = []
        self._touched: set[int] = set()
        self._handlers: dict[int, Callable[[Command], None]] = {
            CommandKind.NEW_ORDER: self._new_order,
            CommandKind.CANCEL_ORDER: self._cancel_order,
            CommandKind.REPLACE_ORDER: self._replace_order,
            CommandKind.MASS_CANCEL: self._mass_cancel,
            CommandKind.EXECUTE_ORDER: self._execute_order,
            CommandKind.SUSPEND_ACCOUNT: self._suspend_account,
            CommandKind.REINSTATE_ACCOUNT: self._reinstate_account,
            CommandKind.KILL_SWITCH: self._kill_switch,
            CommandKind.SET_PHASE: self._set_phase,
            CommandKind.SET_PRICE_BAND: self._set_price_band,
            CommandKind.CLOCK: self._clock,
        }
        if venue.bare:
            for kind in _NOT_FOR_BARE:
                del self._handlers[kind]

    # Commands, sequence and time

    def step(self, commands: Records) -> Records:
        """Carry out a one-dimensional `COMMAND` array and return the events as an `EVENT` array."""
        if commands.dtype != COMMAND or commands.ndim != 1:
            raise CommandError(
                what="expected a one-dimensional array of COMMAND records",
                where="commands",
                remedy="make them with workbench.domain.commands",
            )
        self._events = []
        for command in map(Command._make, commands.tolist()):
            self.command_count += 1
            self._late = not self.time_ns <= command.time_ns <= MAX_TIME_NS
            # Time passes with refused commands too, so that the times of events never fall.
            if not self._late:
                self.time_ns = command.time_ns
            handler = self._handlers.get(command.kind, self._unknown_command)
            handler(command)
            if self._touched:
                self._publish_quotes()
        events = np.array(self._events, dtype=EVENT)
        self._events = []
        return events

    def _unknown_command(self, command: Command) -> None:
        refusal = self._check_late(command) or Refusal(Reason.UNKNOWN_COMMAND)
        self._refuse(EventKind.COMMAND_REJECTED, command, refusal)

    def _emit(
        self,
        kind: EventKind,
        payload: tuple[int, ...] = (),
        *,
        reason: int = 0,
        side: int = 0,
        state: int = 0,
        order_type: int = 0,
        time_in_force: int = 0,
        flags: int = 0,
        account: int = 0,
        instrument: int = 0,
    ) -> None:
        self.event_count += 1
        header = (self.event_count, self.command_count, self.time_ns, kind, reason, side, state)
        self._events.append(
            (
                *header,
                order_type,
                time_in_force,
                flags,
                account,
                instrument,
                payload + _UNUSED[len(payload) :],
            )
        )

    def _emit_order(
        self,
        kind: EventKind,
        order: Order,
        state: OrderState,
        reason: Reason = Reason.NONE,
        value: int = 0,
        flags: int = 0,
        successor: int = 0,
    ) -> None:
        """An ORDER_* event without a fill, with the order's present terms."""
        self._emit(
            kind,
            (
                order.order_id,
                order.client_order_id,
                order.price_ticks,
                order.quantity_lots,
                order.leaves_lots,
                order.executed_lots,
                value,
                0,
                successor,
            ),
            reason=reason,
            side=order.side,
            state=state,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            flags=order.flags | flags,
            account=order.account,
            instrument=order.instrument,
        )

    def _refuse(
        self,
        kind: EventKind,
        command: Command,
        refusal: Refusal,
        *,
        order_id: int | None = None,
        state: OrderState = OrderState.PENDING_NEW,
    ) -> None:
        """The one event of a refused command; everything in it is as given."""
        self._emit(
            kind,
            (
                command.order_id if order_id is None else order_id,
                command.client_order_id,
                command.price_ticks,
                command.quantity_lots,
                0,
                0,
                refusal.value,
                refusal.limit,
            ),
            reason=refusal.reason,
            side=command.side,
            state=state,
            order_type=command.order_type,
            time_in_force=command.time_in_force,
            flags=command.flags,
            account=command.account,
            instrument=command.instrument,
        )

    def _publish_quotes(self) -> None:
        for instrument in sorted(self._touched):
            book = self.markets[instrument].books[0]
            quote: list[int] = []
            for side in (Side.BUY, Side.SELL):
                price = book[side].best_price()
                level = book[side].levels[price] if price else None
                quote += (price, level.lots, len(level.orders)) if level else (0, 0, 0)
            tape = self.tapes[instrument]
            new = (quote[0], quote[1], quote[2], quote[3], quote[4], quote[5])
            if new != tape.quote:
                tape.quote = new
                self._emit(EventKind.QUOTE, (*new, tape.last_price_ticks), instrument=instrument)
        self._touched.clear()

    # Who and what a command names

    def _check_account(self, account: int) -> Refusal | None:
        """The street, a trader, or in a bare venue any number."""
        if account < 0 or (
            not self.venue.bare and (account == HOUSE_ACCOUNT or account >= len(self.standings))
        ):
            return Refusal(Reason.UNKNOWN_ACCOUNT, account, len(self.standings))
        return None

    def _check_trader(self, account: int) -> Refusal | None:
        if FIRST_TRADER <= account < len(self.standings):
            return None
        return Refusal(Reason.UNKNOWN_ACCOUNT, account, len(self.standings))

    def _check_instrument(self, instrument: int, *, or_all: bool = False) -> Refusal | None:
        if 0 <= instrument < len(self.rules) or (or_all and instrument == ALL):
            return None
        return Refusal(Reason.UNKNOWN_INSTRUMENT, instrument, len(self.rules))

    def _check_late(self, command: Command) -> Refusal | None:
        return Refusal(Reason.TIME_BACKWARDS, command.time_ns, self.time_ns) if self._late else None

    def _trader(self, account: int) -> Standing | None:
        """What account checks look at; None where there are none: the street and bare venues."""
        return None if self.venue.bare or account == STREET_ACCOUNT else self.standings[account]

    def _instruments(self, instrument: int) -> list[int]:
        return list(range(len(self.rules))) if instrument == ALL else [instrument]

    def _client_key(self, account: int, instrument: int, client_order_id: int) -> tuple[int, int, int]:
        """A client order id is unique within its account; the street's within its instrument."""
        return (account, instrument if account == STREET_ACCOUNT else ALL, client_order_id)

    def _named(self, command: Command) -> Order | None:
        """The open order that a cancel, replace or execution names."""
        if command.order_id:
            return self.open_orders.get(command.order_id)
        if command.client_order_id:
            key = self._client_key(command.account, command.instrument, command.client_order_id)
            return self.client_ids.get(key)
        return None

    # New orders

    def _new_order(self, command: Command) -> None:
        self.order_count += 1
        order_id = self.order_count
        self._emit(
            EventKind.ORDER_CREATED,
            (
                order_id,
                command.client_order_id,
                command.price_ticks,
                command.quantity_lots,
                command.quantity_lots,
            ),
            side=command.side,
            order_type=command.order_type,
            time_in_force=command.time_in_force,
            flags=command.flags,
            account=command.account,
            instrument=command.instrument,
        )
        refusal = self._check_new(command)
        if refusal:
            self._reject_new(command, refusal, order_id)
            return
        order = Order(
            order_id=order_id,
            client_order_id=command.client_order_id,
            account=command.account,
            instrument=command.instrument,
            side=Side(command.side),
            order_type=command.order_type,
            time_in_force=command.time_in_force,
            self_trade_prevention=command.self_trade_prevention,
            flags=command.flags,
            price_ticks=command.price_ticks,
            quantity_lots=command.quantity_lots,
            leaves_lots=command.quantity_lots,
            time_ns=self.time_ns,
        )
        approval = self._check_entry(order, None)
        if isinstance(approval, Refusal):
            self._reject_new(command, approval, order_id)
            return
        order.opening_lots = approval.opening_lots
        trader = self._trader(order.account)
        if trader:
            risk.take_token(trader, self.time_ns)
            self._emit_order(EventKind.ORDER_APPROVED, order, OrderState.NEW, value=approval.required_micros)
        if order.time_in_force == TimeInForce.FOK:
            available = sum(meeting.lots for meeting in could_trade(self._plan(order)))
            if available < order.leaves_lots:
                self._cancel(order, Reason.FILL_OR_KILL)
                return
        self._match(order)
        self._rest_or_cancel(order)

    def _reject_new(self, command: Command, refusal: Refusal, order_id: int) -> None:
        self._refuse(EventKind.ORDER_REJECTED, command, refusal, order_id=order_id, state=OrderState.REJECTED)

    def _check_new(self, command: Command) -> Refusal | None:
        """The table of checks down to the client order id."""
        refusal = (
            self._check_late(command)
            or self._check_account(command.account)
            or self._check_instrument(command.instrument)
        )
        if refusal:
            return refusal
        trader = self._trader(command.account)
        rules = self.rules[command.instrument]
        historical = bool(command.flags & OrderFlag.HISTORICAL)
        market = command.order_type == OrderType.MARKET

        if trader and trader.state == AccountState.SUSPENDED:
            return Refusal(Reason.ACCOUNT_SUSPENDED)
        if rules.phase == Phase.CLOSED:
            return Refusal(Reason.MARKET_CLOSED)
        if command.side not in (Side.BUY, Side.SELL):
            return Refusal(Reason.INVALID_SIDE)
        if command.order_type not in (OrderType.MARKET, OrderType.LIMIT) or any(
            (
                command.trigger_price_ticks,
                command.display_lots,
                command.expire_time_ns,
                command.group_id,
                command.amount_micros,
                command.trigger_reference,
                command.order_id,
                command.new_client_order_id,
            )
        ):
            return Refusal(Reason.INVALID_ORDER_TYPE)
        if command.time_in_force not in _TIMES_IN_FORCE:
            return Refusal(Reason.INVALID_TIME_IN_FORCE)
        if command.self_trade_prevention > SelfTradePrevention.DECREMENT:
            return Refusal(Reason.INVALID_SELF_TRADE_PREVENTION)
        if not self._flags_fit(command):
            return Refusal(Reason.INVALID_FLAGS)
        if command.client_order_id < 0:
            return Refusal(Reason.INVALID_CLIENT_ORDER_ID)
        if command.quantity_lots <= 0:
            return Refusal(Reason.INVALID_QUANTITY)
        account_max_lots = trader.limits.max_order_lots if trader else 0
        refusal = risk.check_quantity(rules, account_max_lots, command.quantity_lots, historical)
        if refusal:
            return refusal
        if command.price_ticks != 0 if market else command.price_ticks <= 0:
            return Refusal(Reason.INVALID_PRICE)
        if not market:
            refusal = risk.check_price(rules, command.price_ticks, historical)
            if refusal:
                return refusal
        if trader:
            price = command.price_ticks
            if market:
                price = self.markets[command.instrument].best_price(OPPOSITE[Side(command.side)])
            notional = self.ledger.terms[command.instrument].notional(price, command.quantity_lots)
            refusal = (
                risk.check_notional(rules, trader, notional)
                or risk.check_rate(trader, self.time_ns)
                or risk.check_open_orders(trader)
            )
            if refusal:
                return refusal
        return self._check_client_id(command.account, command.instrument, command.client_order_id)

    def _flags_fit(self, command: Command) -> bool:
        flags = command.flags
        limit = command.order_type == OrderType.LIMIT
        at_once = command.time_in_force in _AT_ONCE
        historical = bool(flags & OrderFlag.HISTORICAL)
        if flags & ~_NEW_FLAGS:
            return False
        if flags & OrderFlag.POST_ONLY and (not limit or at_once or historical):
            return False
        if historical and (command.account != STREET_ACCOUNT or not limit or at_once):
            return False
        return historical or not self.frozen or command.account != STREET_ACCOUNT

    def _check_client_id(self, account: int, instrument: int, client_order_id: int) -> Refusal | None:
        if client_order_id:
            other = self.client_ids.get(self._client_key(account, instrument, client_order_id))
            if other:
                return Refusal(Reason.DUPLICATE_CLIENT_ORDER_ID, client_order_id, other.order_id)
        return None

    def _check_entry(self, order: Order, replaced: Order | None) -> Approval | Refusal:
        """What an order would do to its account and the book, as if the order it replaces were gone."""
        approval = Approval(0, 0)
        trader = self._trader(order.account)
        if trader:
            instrument, side, quantity = order.instrument, order.side, order.leaves_lots
            open_lots = {each: trader.open_lots_of(instrument, each) for each in (Side.BUY, Side.SELL)}
            if replaced:
                open_lots[side] -= replaced.leaves_lots
            position = self.ledger.position_lots(order.account, instrument)
            closable = risk.closable_lots(side, position, open_lots[Side.BUY], open_lots[Side.SELL])
            opening = quantity - min(quantity, closable)
            required = available = 0
            if trader.flags & AccountFlag.CASH_CHECKED:
                required = self._required(order, opening)
                purse = self.ledger.purses[order.account]
                available = purse.cash_micros - trader.reserved_micros - 2 * purse.short_cost_micros
                available += replaced.reserved_micros if replaced else 0
            refusal = (
                risk.check_short_sale(trader, side, opening, closable)
                or risk.check_position(
                    self.rules[instrument], trader, side, quantity, position, open_lots[side]
                )
                or risk.check_buying_power(required, available)
            )
            if refusal:
                return refusal
            approval = Approval(opening, required)
        if order.flags & OrderFlag.POST_ONLY:
            best = self.markets[order.instrument].best_price(OPPOSITE[order.side])
            if best and (order.price_ticks >= best if order.side == Side.BUY else order.price_ticks <= best):
                return Refusal(Reason.POST_ONLY_WOULD_CROSS, order.price_ticks, best)
        return approval

    def _required(self, order: Order, opening_lots: int) -> int:
        """Money that the opening part of an order needs."""
        if not opening_lots:
            return 0
        terms = self.ledger.terms[order.instrument]
        if order.order_type == OrderType.LIMIT:
            price = order.price_ticks
            if order.side == Side.SELL:
                price = max(price, self.markets[order.instrument].best_price(Side.BUY))
            return terms.required(terms.notional(price, opening_lots), opening_lots)
        closing = order.leaves_lots - opening_lots
        notional = lots = 0
        for maker, _, offered in could_trade(self._plan(order)):
            skipped = min(closing, offered)
            closing -= skipped
            notional += terms.notional(maker.price_ticks, offered - skipped)
            lots += offered - skipped
        return terms.required(notional, lots)

    # Matching

    def _plan(self, order: Order) -> list[Meeting]:
        market = self.markets[order.instrument]
        limit = None if order.order_type == OrderType.MARKET else order.price_ticks
        mode = SelfTradePrevention(order.self_trade_prevention) or self.venue.self_trade_prevention
        return meetings(market, order, limit, market.offered(order), mode)

    def _match(self, order: Order) -> None:
        """Trade an order until it is filled, nothing is reached, or self-trade prevention stops it."""
        for maker, act, lots in self._plan(order):
            if act is Act.FILL:
                self._fill(maker, order, maker.price_ticks, lots)
            elif act is Act.DECREMENT:
                self._cancel(maker, Reason.SELF_TRADE, lots)
                self._cancel(order, Reason.SELF_TRADE, lots)
            else:
                if act in (Act.CANCEL_RESTING, Act.CANCEL_BOTH):
                    self._cancel(maker, Reason.SELF_TRADE)
                if act in (Act.CANCEL_INCOMING, Act.CANCEL_BOTH):
                    self._cancel(order, Reason.SELF_TRADE)

    def _rest_or_cancel(self, order: Order) -> None:
        if not order.leaves_lots:
            return
        if order.order_type == OrderType.MARKET:
            self._cancel(order, Reason.NO_LIQUIDITY)
        elif order.time_in_force in _AT_ONCE:
            self._cancel(order, Reason.IMMEDIATE_OR_CANCEL)
        else:
            self._rest(order)

    def _fill(self, maker: Order, taker: Order, price: int, lots: int, *, recorded: bool = False) -> None:
        """One trade. `recorded`: history's own, which makes no lots of a street order *taken*."""
        # In a frozen venue only history's own trades are shown to the market.
        shadow = SHADOW if self.frozen and not recorded else 0
        instrument = taker.instrument
        self.trade_count += 1
        trade_id = self.trade_count
        notional = self.ledger.terms[instrument].notional(price, lots)
        self._emit(
            EventKind.TRADE,
            (trade_id, price, lots, taker.order_id, maker.order_id, maker.account, notional),
            side=taker.side,
            order_type=taker.order_type,
            time_in_force=taker.time_in_force,
            flags=taker.flags | shadow,
            account=taker.account,
            instrument=instrument,
        )
        if not shadow:
            tape = self.tapes[instrument]
            tape.last_price_ticks = price
            tape.volume_lots += lots
            tape.trades += 1

        fees: list[int] = []
        for order, contra in ((maker, taker), (taker, maker)):
            fee = 0
            if not self.venue.bare:
                fee = self.ledger.fee(order.account, instrument, notional, lots, maker=order is maker)
            fees.append(fee)
            if order.is_street and not recorded:
                order.taken_lots += lots
            if order.is_street and shadow:
                continue
            order.executed_lots += lots
            self._shrink(order, lots, traded=True)
            if not order.order_id:
                continue
            filled = order.leaves_lots == 0
            self._emit(
                EventKind.ORDER_FILLED if filled else EventKind.ORDER_PARTIALLY_FILLED,
                (
                    order.order_id,
                    order.client_order_id,
                    price,
                    lots,
                    order.leaves_lots,
                    order.executed_lots,
                    fee,
                    trade_id,
                    contra.order_id,
                ),
                side=order.side,
                state=OrderState.FILLED if filled else OrderState.PARTIALLY_FILLED,
                order_type=order.order_type,
                time_in_force=order.time_in_force,
                flags=order.flags | shadow | (LIQUIDITY_MAKER if order is maker else 0),
                account=order.account,
                instrument=instrument,
            )
        if self.venue.bare or (maker.is_street and taker.is_street):
            return
        for order, side, fee in ((maker, OPPOSITE[taker.side], fees[0]), (taker, taker.side, fees[1])):
            position = self.ledger.book(order.account, instrument, side, price, lots, fee)
            self._emit(
                EventKind.POSITION_CHANGED,
                (
                    position.position_lots,
                    position.cost_micros,
                    position.realised_average_micros,
                    position.realised_fifo_micros,
                    position.fees_micros,
                    self.ledger.purses[order.account].cash_micros,
                    trade_id,
                ),
                side=side,
                account=order.account,
                instrument=instrument,
            )

    # The lives of orders

    def _rest(self, order: Order) -> None:
        """Put what remains of an order at the end of its queue."""
        market = self.markets[order.instrument]
        self.priority_count += 1
        order.priority = self.priority_count
        order.book = market.home(order)
        ahead = market.lots_ahead(order)
        market.side_of(order).add(order)
        self._enlist(order)
        self._emit_order(EventKind.ORDER_RESTED, order, state_of(order), value=ahead)

    def _enlist(self, order: Order) -> None:
        """Count an order that stands in the book among the open ones."""
        self.open_orders[order.order_id] = order
        if order.client_order_id:
            self.client_ids[self._client_key(order.account, order.instrument, order.client_order_id)] = order
        trader = self._trader(order.account)
        if trader:
            trader.open_orders += 1
            key = (order.instrument, order.side)
            trader.open_lots[key] = trader.open_lots.get(key, 0) + order.leaves_lots
        self._reserve(order)
        if order.book == 0:
            self._touched.add(order.instrument)

    def _delist(self, order: Order) -> None:
        """Undo `_enlist`."""
        del self.open_orders[order.order_id]
        if order.client_order_id:
            del self.client_ids[self._client_key(order.account, order.instrument, order.client_order_id)]
        trader = self._trader(order.account)
        if trader:
            trader.open_orders -= 1
            trader.open_lots[order.instrument, order.side] -= order.leaves_lots
            trader.reserved_micros -= order.reserved_micros
        if order.book == 0:
            self._touched.add(order.instrument)

    def _reserve(self, order: Order) -> None:
        """Bring an open order's reservation up to date."""
        trader = self._trader(order.account)
        if trader and trader.flags & AccountFlag.CASH_CHECKED:
            terms = self.ledger.terms[order.instrument]
            notional = terms.notional(order.price_ticks, order.opening_lots)
            reserved = terms.required(notional, order.opening_lots)
            trader.reserved_micros += reserved - order.reserved_micros
            order.reserved_micros = reserved

    def _shrink(self, order: Order, lots: int, *, traded: bool) -> None:
        """Lower the leaves of an open or an incoming order; an open one without leaves is withdrawn."""
        is_open = order.order_id in self.open_orders
        if is_open:
            self.markets[order.instrument].side_of(order).reduce(order, lots)
        else:
            order.leaves_lots -= lots
        if traded:
            order.opening_lots = min(order.opening_lots, order.leaves_lots)
        else:
            order.opening_lots = max(0, order.opening_lots - lots)
        if is_open:
            trader = self._trader(order.account)
            if trader:
                trader.open_lots[order.instrument, order.side] -= lots
            self._reserve(order)
            if order.book == 0:
                self._touched.add(order.instrument)
            if not order.leaves_lots:
                self._withdraw(order)

    def _withdraw(self, order: Order) -> None:
        self.markets[order.instrument].side_of(order).remove(order)
        self._delist(order)

    def _cancel(
        self,
        order: Order,
        reason: Reason,
        lots: int | None = None,
        kind: EventKind = EventKind.ORDER_CANCELED,
        state: OrderState = OrderState.CANCELED,
    ) -> None:
        """Cancel all that is open of an order, or only `lots` of it."""
        lots = order.leaves_lots if lots is None else lots
        self._shrink(order, lots, traded=False)
        if order.leaves_lots:
            order.quantity_lots -= lots
            self._emit_order(EventKind.ORDER_REDUCED, order, state_of(order), reason, lots)
        else:
            self._emit_order(kind, order, state, reason, lots)

    # Cancel

    def _cancel_order(self, command: Command) -> None:
        order = self._named(command)
        refusal = self._check_late(command) or self._check_account(command.account)
        if not refusal and command.quantity_lots < 0:
            refusal = Refusal(Reason.INVALID_QUANTITY)
        if not refusal and order is None:
            self._missed_history(command, command.quantity_lots)
            refusal = Refusal(Reason.UNKNOWN_ORDER)
        if not refusal and order and order.account != command.account:
            refusal = Refusal(Reason.NOT_ORDER_OWNER)
        if refusal or order is None:
            self._refuse(EventKind.CANCEL_REJECTED, command, refusal or Refusal(Reason.UNKNOWN_ORDER))
            return
        if self._is_responsive_history(command) and command.quantity_lots > order.leaves_lots:
            self._diverge(order.instrument, command.quantity_lots - order.leaves_lots)
        self._cancel(
            order, Reason.BY_REQUEST, min(command.quantity_lots or order.leaves_lots, order.leaves_lots)
        )

    # Replace

    def _replace_order(self, command: Command) -> None:
        order = self._named(command)
        refusal = self._check_late(command) or self._check_account(command.account)
        if not refusal and order is None:
            self._missed_history(command, command.quantity_lots)
            refusal = Refusal(Reason.UNKNOWN_ORDER)
        if refusal or order is None:
            self._refuse(EventKind.REPLACE_REJECTED, command, refusal or Refusal(Reason.UNKNOWN_ORDER))
            return
        successor = self._successor(order, command)
        kept = (
            successor.price_ticks == order.price_ticks
            and successor.leaves_lots <= order.leaves_lots
            and not command.flags & OrderFlag.LOSE_PRIORITY
        )
        refusal = self._check_replace(order, successor, command)
        approval = Approval(0, 0)
        if not refusal and not kept and successor.leaves_lots > 0:
            entry = self._check_entry(successor, order)
            if isinstance(entry, Refusal):
                refusal = entry
            else:
                approval = entry
        if refusal:
            self._refuse(EventKind.REPLACE_REJECTED, command, refusal)
            return

        trader = self._trader(order.account)
        if trader:
            risk.take_token(trader, self.time_ns)
        if successor.leaves_lots <= 0:
            # Live orders have taken all that history still knows of.
            self._diverge(order.instrument, command.quantity_lots)
            self._cancel(order, Reason.BY_REQUEST)
            return
        if self._gives_history_leaves(command) and order.taken_lots > 0:
            self._diverge(order.instrument, order.taken_lots)
        self.order_count += 1
        successor.order_id = self.order_count
        removed = order.leaves_lots - successor.leaves_lots
        successor.opening_lots = max(0, order.opening_lots - removed) if kept else approval.opening_lots
        side = self.markets[order.instrument].side_of(order)
        if kept:
            self._delist(order)
            side.succeed(order, successor)
            self._enlist(successor)
        else:
            self._withdraw(order)
        self._emit_replaced(order, successor, kept)
        if kept:
            return
        if not (self.frozen and order.is_street and successor.price_ticks == order.price_ticks):
            self._match(successor)
        self._rest_or_cancel(successor)

    def _successor(self, order: Order, command: Command) -> Order:
        """The order as it would stand after a replace; its id, opening part and queue place come later."""
        quantity = command.quantity_lots
        if not quantity:
            total = order.quantity_lots
        elif command.flags & OrderFlag.QUANTITY_IS_LEAVES:
            # Beyond any order that is accepted, so that the total which a refusal shows fits into 64 bits.
            total = order.executed_lots + min(quantity, _UNTHINKABLE_LOTS)
        else:
            total = quantity
        if self._gives_history_leaves(command):
            total -= max(0, order.taken_lots)
        return Order(
            order_id=0,
            client_order_id=command.new_client_order_id or order.client_order_id,
            account=order.account,
            instrument=order.instrument,
            side=order.side,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            self_trade_prevention=order.self_trade_prevention,
            flags=order.flags,
            price_ticks=command.price_ticks or order.price_ticks,
            quantity_lots=total,
            leaves_lots=total - order.executed_lots,
            time_ns=order.time_ns,
            executed_lots=order.executed_lots,
            taken_lots=order.taken_lots,
            priority=order.priority,
            book=order.book,
        )

    def _check_replace(self, order: Order, successor: Order, command: Command) -> Refusal | None:
        """The checks of a replace that do not depend on whether priority is kept."""
        trader = self._trader(order.account)
        rules = self.rules[order.instrument]
        historical = bool(command.flags & OrderFlag.HISTORICAL)
        if order.account != command.account:
            return Refusal(Reason.NOT_ORDER_OWNER)
        if trader and trader.state == AccountState.SUSPENDED:
            return Refusal(Reason.ACCOUNT_SUSPENDED)
        if rules.phase == Phase.CLOSED:
            return Refusal(Reason.MARKET_CLOSED)
        if command.flags & ~_REPLACE_FLAGS or (historical and command.account != STREET_ACCOUNT):
            return Refusal(Reason.INVALID_FLAGS)
        if self.frozen and order.is_street and not historical:
            return Refusal(Reason.INVALID_FLAGS)
        if command.new_client_order_id < 0:
            return Refusal(Reason.INVALID_CLIENT_ORDER_ID)
        if command.quantity_lots < 0:
            return Refusal(Reason.INVALID_QUANTITY)
        # A responsive historical replace that leaves nothing becomes a cancel instead.
        to_cancel = self._gives_history_leaves(command)
        if successor.leaves_lots <= 0 and not to_cancel:
            return Refusal(Reason.QUANTITY_BELOW_EXECUTED, successor.quantity_lots, order.executed_lots)
        account_max_lots = trader.limits.max_order_lots if trader else 0
        refusal = risk.check_quantity(rules, account_max_lots, successor.quantity_lots, historical)
        if refusal:
            return refusal
        if command.price_ticks < 0:
            return Refusal(Reason.INVALID_PRICE)
        refusal = risk.check_price(rules, successor.price_ticks, historical)
        if refusal:
            return refusal
        if trader:
            terms = self.ledger.terms[order.instrument]
            notional = terms.notional(successor.price_ticks, successor.leaves_lots)
            refusal = risk.check_notional(rules, trader, notional) or risk.check_rate(trader, self.time_ns)
            if refusal:
                return refusal
        if command.new_client_order_id != order.client_order_id:
            return self._check_client_id(order.account, order.instrument, command.new_client_order_id)
        return None

    def _emit_replaced(self, order: Order, successor: Order, kept: bool) -> None:
        self._emit(
            EventKind.ORDER_REPLACED,
            (
                order.order_id,
                successor.client_order_id,
                successor.price_ticks,
                successor.quantity_lots,
                successor.leaves_lots,
                successor.executed_lots,
                0,
                0,
                successor.order_id,
            ),
            side=order.side,
            state=OrderState.REPLACED,
            order_type=order.order_type,
            time_in_force=order.time_in_force,
            flags=order.flags | (PRIORITY_KEPT if kept else 0),
            account=order.account,
            instrument=order.instrument,
        )

    # Mass cancel, suspension, kill switch, phases, band, clock

    def _mass_cancel(self, command: Command) -> None:
        refusal = (
            self._check_late(command)
            or self._check_account(command.account)
            or self._check_instrument(command.instrument, or_all=True)
        )
        if refusal:
            self._refuse(EventKind.COMMAND_REJECTED, command, refusal)
            return
        instruments = self._instruments(command.instrument)
        for order in self._open_in_order():
            if order.account == command.account and order.instrument in instruments:
                self._cancel(order, Reason.MASS_CANCEL)

    def _open_in_order(self) -> list[Order]:
        return [self.open_orders[order_id] for order_id in sorted(self.open_orders)]

    def _suspend_account(self, command: Command) -> None:
        self._set_account_state(command, AccountState.SUSPENDED)

    def _reinstate_account(self, command: Command) -> None:
        self._set_account_state(command, AccountState.ACTIVE)

    def _set_account_state(self, command: Command, state: AccountState) -> None:
        refusal = self._check_late(command) or self._check_trader(command.account)
        if refusal:
            self._refuse(EventKind.COMMAND_REJECTED, command, refusal)
            return
        self._put_account_state(command.account, state)

    def _put_account_state(self, account: int, state: AccountState) -> None:
        suspended = state == AccountState.SUSPENDED
        kind = EventKind.ACCOUNT_SUSPENDED if suspended else EventKind.ACCOUNT_REINSTATED
        self.standings[account].state = state
        self._emit(kind, account=account, instrument=ALL)

    def _kill_switch(self, command: Command) -> None:
        refusal = self._check_late(command)
        if not refusal and command.account != ALL:
            refusal = self._check_trader(command.account)
        if refusal:
            self._refuse(EventKind.COMMAND_REJECTED, command, refusal)
            return
        everyone = range(FIRST_TRADER, len(self.standings))
        accounts = everyone if command.account == ALL else [command.account]
        for account in accounts:
            self._put_account_state(account, AccountState.SUSPENDED)
        for order in self._open_in_order():
            if order.account in accounts:
                self._cancel(order, Reason.KILL_SWITCH)

    def _set_phase(self, command: Command) -> None:
        refusal = self._check_late(command) or self._check_instrument(command.instrument, or_all=True)
        if not refusal and command.flags not in (Phase.CONTINUOUS, Phase.CLOSED):
            refusal = Refusal(Reason.INVALID_FLAGS)
        if refusal:
            self._refuse(EventKind.COMMAND_REJECTED, command, refusal)
            return
        phase = Phase(command.flags)
        instruments = self._instruments(command.instrument)
        changed = [each for each in instruments if self.rules[each].phase != phase]
        for instrument in changed:
            self.rules[instrument].phase = phase
            self._emit_market(EventKind.PHASE_CHANGED, instrument)
        if phase == Phase.CLOSED and changed:
            for order in self._open_in_order():
                if order.instrument in changed and order.time_in_force == TimeInForce.DAY:
                    self._cancel(
                        order,
                        Reason.END_OF_DAY,
                        kind=EventKind.ORDER_EXPIRED,
                        state=OrderState.EXPIRED,
                    )

    def _set_price_band(self, command: Command) -> None:
        low, high = command.price_ticks, command.trigger_price_ticks
        refusal = self._check_late(command) or self._check_instrument(command.instrument)
        if not refusal and not 1 <= low <= high:
            refusal = Refusal(Reason.INVALID_PRICE)
        if not refusal:
            rules = self.rules[command.instrument]
            window_low = min(low, rules.window_low_ticks)
            window_high = max(high, rules.window_high_ticks)
            width = window_high - window_low + 1
            if high > rules.price_cap_ticks:
                refusal = Refusal(Reason.PRICE_OUT_OF_BAND, high, rules.price_cap_ticks)
            elif width > MAX_LADDER_TICKS:
                refusal = Refusal(Reason.PRICE_OUT_OF_BAND, width, MAX_LADDER_TICKS)
        if refusal:
            self._refuse(EventKind.COMMAND_REJECTED, command, refusal)
            return
        rules.band_low_ticks, rules.band_high_ticks = low, high
        rules.window_low_ticks, rules.window_high_ticks = window_low, window_high
        self._emit_market(EventKind.PRICE_BAND_CHANGED, command.instrument)

    def _emit_market(self, kind: EventKind, instrument: int) -> None:
        rules = self.rules[instrument]
        self._emit(kind, (rules.phase, rules.band_low_ticks, rules.band_high_ticks), instrument=instrument)

    def _clock(self, command: Command) -> None:
        refusal = self._check_late(command)
        if refusal:
            self._refuse(EventKind.COMMAND_REJECTED, command, refusal)

    # History in the book

    def _is_responsive_history(self, command: Command) -> bool:
        """Whether a cancel or replace is history's, in a venue where live orders touch history."""
        historical = command.flags & OrderFlag.HISTORICAL and command.account == STREET_ACCOUNT
        return bool(historical) and not self.frozen

    def _gives_history_leaves(self, command: Command) -> bool:
        """Whether a replace gives history's leaves, of which live orders may have taken some."""
        as_leaves = bool(command.flags & OrderFlag.QUANTITY_IS_LEAVES and command.quantity_lots)
        return as_leaves and self._is_responsive_history(command)

    def _diverge(self, instrument: int, lots: int) -> None:
        self.tapes[instrument].divergence_orders += 1
        # A quantity is 2^40 lots at most; a command may give any number, and the sum must fit into 64 bits.
        self.tapes[instrument].divergence_lots += min(lots, MAX_QUANTITY_LOTS)

    def _missed_history(self, command: Command, lots: int) -> None:
        """History named an order that is no longer open."""
        if self._is_responsive_history(command) and 0 <= command.instrument < len(self.tapes):
            self._diverge(command.instrument, max(0, lots))

    def _execute_order(self, command: Command) -> None:
        refusal = self._check_execute(command)
        named = bool(command.order_id or command.client_order_id)
        maker = self._named(command)
        # X of the rules; what cannot be meant counts as not open.
        if maker and (
            maker.side == command.side or not maker.is_street or maker.instrument != command.instrument
        ):
            maker = None
        if not refusal and self.frozen and named and maker is None:
            refusal = Refusal(Reason.UNKNOWN_ORDER)
        if refusal:
            self._refuse(EventKind.COMMAND_REJECTED, command, refusal)
            return
        quantity, price = command.quantity_lots, command.price_ticks
        aggressor = self._history_order(command, Side(command.side), quantity)
        resting_side = self.markets[command.instrument].books[-1][OPPOSITE[aggressor.side]]

        # Step 1: live orders that stand before what history traded with.
        at_price = maker.price_ticks if maker else price
        before = [
            order
            for order in resting_side.reached(at_price)
            if not order.is_street
            and (order.price_ticks != at_price or maker is None or order.priority < maker.priority)
        ]
        taken_by_live = self._take(before, aggressor, quantity)
        left = quantity if self.frozen else quantity - taken_by_live

        # Step 2: what history recorded.
        lost = 0
        if maker:
            lost = min(left, maker.leaves_lots)
            if lost:
                self._fill(maker, aggressor, maker.price_ticks, lost, recorded=True)
            if not self.frozen and lost < quantity and maker.leaves_lots:
                maker.flags |= DIVERGED
            left -= lost
        elif not named and left:
            hidden = self._history_order(command, OPPOSITE[aggressor.side], left)
            self._fill(hidden, aggressor, price, left, recorded=True)
        if self.frozen:
            return

        # Step 3: the rest of an aggressor whose order is not there any more.
        if named and left:
            self._take(list(resting_side.reached(price)), aggressor, left)

        # Step 4.
        missed = quantity - lost if named else taken_by_live
        if missed:
            self._diverge(command.instrument, missed)

    def _check_execute(self, command: Command) -> Refusal | None:
        refusal = self._check_late(command)
        if not refusal and command.account != STREET_ACCOUNT:
            refusal = Refusal(Reason.UNKNOWN_ACCOUNT, command.account, len(self.standings))
        refusal = refusal or self._check_instrument(command.instrument)
        if refusal:
            return refusal
        rules = self.rules[command.instrument]
        if command.side not in (Side.BUY, Side.SELL):
            return Refusal(Reason.INVALID_SIDE)
        if command.quantity_lots <= 0:
            return Refusal(Reason.INVALID_QUANTITY)
        if command.quantity_lots > rules.max_order_lots:
            return Refusal(Reason.QUANTITY_TOO_LARGE, command.quantity_lots, rules.max_order_lots)
        # A price of 0 or less is outside every window.
        if not rules.window_low_ticks <= command.price_ticks <= rules.window_high_ticks:
            return Refusal(Reason.INVALID_PRICE)
        return None

    def _history_order(self, command: Command, side: Side, lots: int) -> Order:
        """The street's aggressor or hidden liquidity: an order that has no id and is never seen."""
        return Order(
            order_id=0,
            client_order_id=0,
            account=STREET_ACCOUNT,
            instrument=command.instrument,
            side=side,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.IOC,
            self_trade_prevention=SelfTradePrevention.VENUE_DEFAULT,
            flags=OrderFlag.HISTORICAL,
            price_ticks=command.price_ticks,
            quantity_lots=lots,
            leaves_lots=lots,
            time_ns=self.time_ns,
        )

    def _take(self, makers: list[Order], aggressor: Order, lots: int) -> int:
        """Trade history's aggressor with `makers` in turn, up to `lots`; returns how many traded."""
        left = lots
        for maker in makers:
            traded = min(left, maker.leaves_lots)
            if not traded:
                break
            self._fill(maker, aggressor, maker.price_ticks, traded)
            left -= traded
        return lots - left

    # Views

    def depth(self, instrument: int, side: Side, levels: int = 10, book: int = 0) -> Records:
        """Price levels of one side as `LEVEL_VIEW`, best first."""
        queue = self.markets[instrument].books[book][side]
        prices = [queue.sign * rank for rank in queue.ranks[:levels]]
        rows = [(price, queue.levels[price].lots, len(queue.levels[price].orders)) for price in prices]
        return np.array(rows, dtype=LEVEL_VIEW)

    def state(self) -> ExchangeState:
        """The whole state in canonical form."""
        return ExchangeState(
            counters=np.array([self._counters()], dtype=COUNTERS_VIEW),
            instruments=np.array(self._instrument_rows(), dtype=INSTRUMENT_VIEW),
            accounts=np.array(self._account_rows(), dtype=ACCOUNT_VIEW),
            positions=np.array(self._position_rows(), dtype=POSITION_VIEW),
            lots=np.array(self._lot_rows(), dtype=LOT_VIEW),
            orders=np.array(self._order_rows(), dtype=BOOK_ORDER),
        )

    def state_hash(self) -> str:
        """Digest of `state()`."""
        return state_digest(self.state())

    def _counters(self) -> tuple[int, ...]:
        return (
            self.time_ns,
            self.command_count,
            self.event_count,
            self.order_count,
            self.trade_count,
            self.priority_count,
        )

    def _instrument_rows(self) -> list[tuple[int, ...]]:
        return [
            (
                number,
                rules.phase,
                rules.band_low_ticks,
                rules.band_high_ticks,
                tape.last_price_ticks,
                tape.volume_lots,
                tape.trades,
                *tape.quote,
                tape.divergence_lots,
                tape.divergence_orders,
                rules.window_low_ticks,
                rules.window_high_ticks,
            )
            for number, (rules, tape) in enumerate(zip(self.rules, self.tapes, strict=True))
        ]

    def _account_rows(self) -> list[tuple[int, ...]]:
        return [
            (
                account,
                standing.state,
                standing.flags,
                0,
                self.ledger.purses[account].cash_micros,
                standing.reserved_micros,
                self.ledger.purses[account].short_cost_micros,
                self.ledger.purses[account].fees_micros,
                standing.open_orders,
                standing.rate_time_ns,
            )
            for account, standing in enumerate(self.standings)
        ]

    def _position_rows(self) -> list[tuple[int, ...]]:
        rows: list[tuple[int, ...]] = []
        for account, standing in enumerate(self.standings):
            for instrument in range(len(self.rules)):
                position = self.ledger.positions.get((account, instrument))
                booked = (0,) * 6
                if position:
                    booked = (
                        position.position_lots,
                        position.cost_micros,
                        position.realised_average_micros,
                        position.realised_fifo_micros,
                        position.fees_micros,
                        position.traded_lots,
                    )
                open_lots = [standing.open_lots_of(instrument, side) for side in (Side.BUY, Side.SELL)]
                if any(booked) or any(open_lots):
                    rows.append((account, instrument, *booked, *open_lots))
        return rows

    def _lot_rows(self) -> list[tuple[int, ...]]:
        rows: list[tuple[int, ...]] = []
        for (account, instrument), position in sorted(
            self.ledger.positions.items(), key=lambda item: item[0]
        ):
            sign = -1 if position.position_lots < 0 else 1
            rows += [
                (account, instrument, lot.price_ticks, sign * lot.quantity_lots, sign * lot.cost_micros)
                for lot in position.lots
            ]
        return rows

    def _order_rows(self) -> list[tuple[int, ...]]:
        return [
            (
                order.order_id,
                order.client_order_id,
                order.account,
                order.instrument,
                order.side,
                order.order_type,
                order.time_in_force,
                state_of(order),
                order.self_trade_prevention,
                order.book,
                order.flags,
                order.price_ticks,
                order.quantity_lots,
                order.leaves_lots,
                order.taken_lots,
                order.opening_lots,
                order.reserved_micros,
                order.priority,
                order.time_ns,
            )
            for market in self.markets
            for book in market.books
            for side in (Side.BUY, Side.SELL)
            for order in book[side]
        ]


def state_of(order: Order) -> OrderState:
    """State of an order that is open."""
    return OrderState.PARTIALLY_FILLED if order.executed_lots else OrderState.NEW


def check_invariants(exchange: ReferenceExchange) -> None:
    """Assert what holds between any two commands: money, positions, queues and counts agree."""
    venue, ledger = exchange.venue, exchange.ledger
    standing_orders = [
        order
        for market in exchange.markets
        for book in market.books
        for queue in book.values()
        for order in queue
    ]
    assert len(standing_orders) == len(exchange.open_orders)
    assert all(exchange.open_orders[order.order_id] is order for order in standing_orders)
    named = [order for order in standing_orders if order.client_order_id]
    assert len(named) == len(exchange.client_ids)

    for order in standing_orders:
        assert order.leaves_lots > 0
        assert order.quantity_lots == order.leaves_lots + order.executed_lots
        assert 0 <= order.opening_lots <= order.leaves_lots
        assert order.order_type == OrderType.LIMIT
        assert order.time_in_force in (TimeInForce.DAY, TimeInForce.GTC)
        assert order.book == int(exchange.frozen and not order.is_street)

    for market in exchange.markets:
        for book in market.books:
            for queue in book.values():
                _check_queue(queue)
            orders = [order for queue in book.values() for order in queue]
            bid, ask = book[Side.BUY].best_price(), book[Side.SELL].best_price()
            # Only history may cross: live orders trade with whatever they reach.
            if not any(order.is_historical for order in orders):
                assert not bid or not ask or bid < ask

    if venue.bare:
        assert not ledger.positions
        return
    start = sum(account.cash_micros for account in venue.accounts)
    assert sum(purse.cash_micros for purse in ledger.purses) == start
    assert sum(purse.fees_micros for purse in ledger.purses) == ledger.purses[HOUSE_ACCOUNT].cash_micros
    for instrument in range(len(venue.instruments)):
        held = [position for (_, where), position in ledger.positions.items() if where == instrument]
        assert sum(position.position_lots for position in held) == 0
    for account, standing in enumerate(exchange.standings):
        # The street's open orders are not counted: no check looks at them.
        own = [order for order in standing_orders if order.account == account != STREET_ACCOUNT]
        assert standing.open_orders == len(own)
        assert standing.reserved_micros == sum(order.reserved_micros for order in own)
        for (instrument, side), lots in standing.open_lots.items():
            assert lots == sum(
                order.leaves_lots for order in own if (order.instrument, order.side) == (instrument, side)
            )
        held = [position for (owner, _), position in ledger.positions.items() if owner == account]
        assert ledger.purses[account].short_cost_micros == sum(
            position.short_cost_micros for position in held
        )
        assert ledger.purses[account].fees_micros == sum(position.fees_micros for position in held)
        for position in held:
            assert (position.cost_micros > 0) <= (position.position_lots > 0)
            assert (position.cost_micros < 0) <= (position.position_lots < 0)
            lots = sum(lot.quantity_lots for lot in position.lots)
            assert lots == (0 if account == STREET_ACCOUNT else abs(position.position_lots))


def _check_queue(queue: BookSide) -> None:
    assert queue.ranks == sorted(queue.sign * price for price in queue.levels)
    for price, level in queue.levels.items():
        assert list(level.orders) == sorted(level.orders)
        assert all(order.price_ticks == price for order in level.orders.values())
        assert all(order.priority == priority for priority, order in level.orders.items())
        assert level.lots == sum(order.leaves_lots for order in level.orders.values()) > 0
