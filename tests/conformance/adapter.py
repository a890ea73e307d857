"""An exchange spoken to in the conformance suite's words.

`python -m tests.conformance.adapter kernel` serves the suite's protocol on standard input and output; `twin`
serves the plain-Python exchange. One more word names one of `FAULTS`, put in on purpose to be found.

Where the suite's market means something else than ours, the difference is translated here, and nowhere else:
prices are rounded to the tick, order ids are unique within a symbol over all owners, and a reduction by more
than is open is refused (ours cancels the order).
"""

from __future__ import annotations

import sys
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

from tracebook.conformance import (
    BookSnapshot,
    BookState,
    ConformanceConfig,
    EngineMetadata,
    Observation,
    Outcome,
    RestingOrder,
    TradeFill,
    canonical_decimal,
    serve_stdio,
)
from tracebook.core.order import NO_OWNER, SelfTradePolicy
from tracebook.core.order import OrderType as SuiteType
from tracebook.events import MarketEvent

from tests.twins.desk import exchange_class
from workbench.domain import commands as make
from workbench.domain.codes import (
    STREET_ACCOUNT,
    EventKind,
    OrderFlag,
    OrderType,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import FILL_EVENT, ORDER_EVENT, TRADE_EVENT, Records
from workbench.domain.units import from_units

SYMBOLS_MAX = 8
LOT_SIZE = Decimal(1) / 2**20
"""The suite halves quantities again and again; a power of two keeps them whole."""

_IDS_PER_SYMBOL = 1 << 40
_REJECTIONS = (EventKind.ORDER_REJECTED, EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED)
_POLICIES = {
    SelfTradePolicy.NONE: SelfTradePrevention.ALLOW,
    SelfTradePolicy.CANCEL_RESTING: SelfTradePrevention.CANCEL_RESTING,
    SelfTradePolicy.CANCEL_INCOMING: SelfTradePrevention.CANCEL_INCOMING,
}
_CODES = {
    Reason.UNKNOWN_ORDER: "ORDER_NOT_ACTIVE",
    Reason.DUPLICATE_CLIENT_ORDER_ID: "DUPLICATE_ORDER_ID",
}
FAULTS = ("keeps-priority", "reverses-trades", "clears-one-owner")
"""A replace that keeps its place; trades told newest first; a clear that forgets all owners but one."""


class Adapter:
    """One bare venue that carries out the suite's events.

    Parameters
    ----------
    config
        What the suite compares: tick size and self-trade policy.
    engine
        `twin` or `kernel`.
    fault
        One of `FAULTS`, or nothing.
    """

    def __init__(self, config: ConformanceConfig, engine: str = "kernel", fault: str = "") -> None:
        self.metadata = EngineMetadata(f"workbench-{engine}", "1", "Python")
        self.places = config.quantity_decimal_places
        self.tick_size = Decimal(canonical_decimal(config.tick_size))
        self.fault = fault
        instruments = [
            Instrument(f"S{number}", self.tick_size, self.tick_size * 40_000, self.tick_size, LOT_SIZE)
            for number in range(SYMBOLS_MAX)
        ]
        policy = _POLICIES[config.self_trade_policy]
        self.exchange = exchange_class(engine)(Venue(instruments, bare=True, self_trade_prevention=policy))
        self.symbols: dict[str, int] = {}
        self.shown: set[str] = set()
        self.orders = self.exchange.state().orders
        self.time_ns = 0

    def apply(self, event: MarketEvent, index: int) -> Observation:
        """Carry out one event and say what came of it."""
        self.time_ns = max(self.time_ns, event.timestamp_ns or index)
        number = self.symbols.setdefault(event.symbol, len(self.symbols))
        if event.op in ("new", "clear"):
            self.shown.add(event.symbol)
        trades: tuple[TradeFill, ...] = ()
        code = self._refused_by_suite(event, number)
        if code is None:
            events = self.exchange.step(self._commands(event, number))
            self.orders = self.exchange.state().orders
            trades = self._trades(event.symbol, events)
            code = self._rejection(event, events)
        state = self.snapshot()
        outcome = Outcome("rejected", code) if code else Outcome("applied")
        return Observation(index, outcome, trades, state.digest(), state.order_count)

    def snapshot(self) -> BookState:
        """All open orders in priority order."""
        return BookState(
            tuple(
                BookSnapshot(symbol, self._queue(number, Side.BUY), self._queue(number, Side.SELL))
                for symbol, number in sorted(self.symbols.items())
                if symbol in self.shown
            )
        )

    def close(self) -> None:
        """Nothing to let go."""

    # Into our commands

    def _commands(self, event: MarketEvent, number: int) -> Records:
        account = self._account_of(event, number)
        named: dict[str, Any] = {"client_order_id": self._client_id(event, number), "instrument": number}
        if event.op == "clear":
            here = self.orders[self.orders["instrument"] == number]
            accounts = sorted(set(here["account"].tolist()))
            if self.fault == "clears-one-owner":
                accounts = accounts[:1]
            return make.batch(make.mass_cancel(self.time_ns, each, number) for each in accounts)
        if event.op == "cancel":
            return make.cancel_order(self.time_ns, account, **named)
        if event.op == "reduce":
            return make.cancel_order(self.time_ns, account, **named, quantity_lots=self._lots(event.quantity))
        if event.op == "replace":
            flags = OrderFlag.QUANTITY_IS_LEAVES
            if self.fault != "keeps-priority":
                flags |= OrderFlag.LOSE_PRIORITY
            return make.replace_order(
                self.time_ns,
                account,
                **named,
                quantity_lots=self._lots(event.quantity),
                price_ticks=self._ticks(event.price),
                flags=flags,
            )
        market = event.order_type == SuiteType.MARKET
        times = {SuiteType.IOC: TimeInForce.IOC, SuiteType.FOK: TimeInForce.FOK}
        return make.new_order(
            self.time_ns,
            _account(event.owner),
            number,
            Side.BUY if event.side == 1 else Side.SELL,
            self._lots(event.quantity),
            0 if market else self._ticks(event.price),
            order_type=OrderType.MARKET if market else OrderType.LIMIT,
            time_in_force=times.get(event.order_type, TimeInForce.GTC),
            client_order_id=self._client_id(event, number),
        )

    def _client_id(self, event: MarketEvent, number: int) -> int:
        """One number for symbol and source id, since ours are unique over all instruments of an account."""
        return number * _IDS_PER_SYMBOL + (event.order_id or 0)

    def _account_of(self, event: MarketEvent, number: int) -> int:
        """The suite names orders without their owner."""
        found = self._open(event, number)
        return int(found["account"][0]) if len(found) else STREET_ACCOUNT

    def _open(self, event: MarketEvent, number: int) -> Records:
        return self.orders[self.orders["client_order_id"] == self._client_id(event, number)]

    def _refused_by_suite(self, event: MarketEvent, number: int) -> str | None:
        """What the suite's market refuses and ours would take."""
        found = self._open(event, number)
        if event.op == "new" and len(found):
            return "DUPLICATE_ORDER_ID" if found["account"][0] != _account(event.owner) else None
        if event.op == "reduce" and len(found) and self._lots(event.quantity) > found["leaves_lots"][0]:
            return "INVALID_ORDER"
        return None

    def _lots(self, quantity: float | None) -> int:
        lots = Fraction(str(quantity or 0)) / Fraction(LOT_SIZE)
        if lots.denominator != 1:
            raise ValueError(f"{quantity} is not a multiple of 2^-20")
        return lots.numerator

    def _ticks(self, price: float | None) -> int:
        return round(Fraction(str(price or 0)) / Fraction(self.tick_size))

    # Out of our events

    def _rejection(self, event: MarketEvent, events: Records) -> str | None:
        rejections = events[[kind in _REJECTIONS for kind in events["kind"]]].view(ORDER_EVENT)
        if not len(rejections):
            return None
        fallback = "INVALID_REPLACEMENT" if event.op == "replace" else "INVALID_ORDER"
        return _CODES.get(Reason(rejections["reason"][0]), fallback)

    def _trades(self, symbol: str, events: Records) -> tuple[TradeFill, ...]:
        trades = []
        for place in range(len(events)):
            if events["kind"][place] != EventKind.TRADE:
                continue
            trade = events[place : place + 1].view(TRADE_EVENT)
            fills = events[place + 1 : place + 3].view(FILL_EVENT)
            ids = dict(
                zip(
                    fills["side"].tolist(), (fills["client_order_id"] % _IDS_PER_SYMBOL).tolist(), strict=True
                )
            )
            trades.append(
                TradeFill(
                    symbol,
                    ids[Side.BUY],
                    ids[Side.SELL],
                    canonical_decimal(from_units(int(trade["price_ticks"][0]), self.tick_size)),
                    canonical_decimal(from_units(int(trade["quantity_lots"][0]), LOT_SIZE), self.places),
                )
            )
        if self.fault == "reverses-trades" and len(trades) > 1:
            trades.reverse()
        return tuple(trades)

    def _queue(self, number: int, side: Side) -> tuple[RestingOrder, ...]:
        queue = self.orders[(self.orders["instrument"] == number) & (self.orders["side"] == side)]
        rows = zip(
            (queue["client_order_id"] % _IDS_PER_SYMBOL).tolist(),
            queue["price_ticks"].tolist(),
            queue["leaves_lots"].tolist(),
            queue["account"].tolist(),
            strict=True,
        )
        return tuple(
            RestingOrder(
                order_id,
                canonical_decimal(from_units(price, self.tick_size)),
                canonical_decimal(from_units(leaves, LOT_SIZE), self.places),
                NO_OWNER if account == STREET_ACCOUNT else account - 1,
            )
            for order_id, price, leaves, account in rows
        )


def _account(owner: int) -> int:
    """The street for an order without an owner, which no self-trade prevention ever stops."""
    return STREET_ACCOUNT if owner == NO_OWNER else owner + 1


def main(engine: str, fault: str = "") -> int:
    """Serve the suite's protocol until it says goodbye."""
    return serve_stdio(partial(Adapter, engine=engine, fault=fault))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
