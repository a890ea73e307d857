"""Liquidation: the exchange closes what a margin account holds after a call was not met."""

from __future__ import annotations

from workbench.domain.codes import (
    EventKind,
    OrderType,
    Phase,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import LIQUIDATION
from workbench.domain.states import OrderState
from workbench.engine.reference.emit import emit, emit_order
from workbench.engine.reference.marks import equity, held, maintenance_margin, unrealised
from workbench.engine.reference.matching import match_and_rest
from workbench.engine.reference.monitoring import cancel_all
from workbench.engine.reference.state import TwinState
from workbench.ledger.reference import Position
from workbench.matching.reference import Order


def liquidate_all(twin: TwinState) -> None:
    """Liquidate every account whose call has passed its deadline and is not met."""
    for account in range(FIRST_TRADER, len(twin.standings)):
        standing = twin.standings[account]
        due = standing.margin_call and standing.call_deadline_ns <= twin.time_ns
        if due and _is_short_of_margin(twin, account):
            cancel_all(twin, account, Reason.LIQUIDATION)
            _close_positions(twin, account)


def _is_short_of_margin(twin: TwinState, account: int) -> bool:
    return equity(twin, account) < maintenance_margin(twin, account)


def _close_positions(twin: TwinState, account: int) -> None:
    """Largest loss first, each instrument once, until there is margin enough."""
    tried: set[int] = set()
    while _is_short_of_margin(twin, account):
        left = [
            (unrealised(twin, instrument, position), instrument, position)
            for instrument, position in held(twin, account)
            if instrument not in tried and twin.rules[instrument].phase == Phase.CONTINUOUS
        ]
        if not left:
            return
        loss, instrument, position = min(left, key=lambda item: item[:2])
        tried.add(instrument)
        _close(twin, account, instrument, position, loss)


def _close(twin: TwinState, account: int, instrument: int, position: Position, loss_micros: int) -> None:
    twin.order_count += 1
    order = _order(twin, account, instrument, position.position_lots)
    payload = (
        loss_micros,
        0,
        equity(twin, account),
        maintenance_margin(twin, account),
        twin.standings[account].call_deadline_ns,
        order.order_id,
    )
    emit(twin, EventKind.LIQUIDATION, payload, account=account, instrument=instrument)
    emit_order(twin, EventKind.ORDER_CREATED, order, OrderState.PENDING_NEW)
    emit_order(twin, EventKind.ORDER_APPROVED, order, OrderState.NEW)
    match_and_rest(twin, order)


def _order(twin: TwinState, account: int, instrument: int, position_lots: int) -> Order:
    """A market order that closes a whole position."""
    return Order(
        order_id=twin.order_count,
        client_order_id=0,
        account=account,
        instrument=instrument,
        side=Side.SELL if position_lots > 0 else Side.BUY,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        self_trade_prevention=SelfTradePrevention.VENUE_DEFAULT,
        flags=LIQUIDATION,
        price_ticks=0,
        quantity_lots=abs(position_lots),
        leaves_lots=abs(position_lots),
        time_ns=twin.time_ns,
    )
