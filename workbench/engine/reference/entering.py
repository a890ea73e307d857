"""New orders: the checks of docs/rules.md's table, then approval, matching and rest."""

from __future__ import annotations

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
from workbench.domain.states import OrderState
from workbench.engine.reference.approval import check_entry
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit_created, emit_order, refuse
from workbench.engine.reference.exposure import report_breaches
from workbench.engine.reference.matching import AT_ONCE, match, plan, rest_or_cancel
from workbench.engine.reference.naming import (
    check_account,
    check_client_id,
    check_instrument,
    check_late,
    check_open_for,
)
from workbench.engine.reference.orders import cancel
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import OPPOSITE, Order, could_trade
from workbench.risk import reference as risk
from workbench.risk.reference import Refusal

_TIMES_IN_FORCE = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
# As a plain number: the complement of an enum of flags leaves out the bits that have no name.
_FLAGS = int(OrderFlag.POST_ONLY | OrderFlag.HISTORICAL)


def new_order(twin: TwinState, command: Command) -> None:
    """NEW_ORDER."""
    twin.order_count += 1
    order_id = twin.order_count
    emit_created(twin, command, order_id)
    refusal = _check_new(twin, command)
    if refusal:
        _reject(twin, command, refusal, order_id)
        return
    order = _order(twin, command, order_id)
    approval = check_entry(twin, order, None)
    if isinstance(approval, Refusal):
        _reject(twin, command, approval, order_id)
        return
    order.opening_lots = approval.opening_lots
    trader = twin.trader(order.account)
    if trader:
        risk.take_token(trader, twin.time_ns)
        emit_order(twin, EventKind.ORDER_APPROVED, order, OrderState.NEW, value=approval.required_micros)
        report_breaches(twin, order, approval.breaches)
    if order.time_in_force == TimeInForce.FOK:
        available = sum(meeting.lots for meeting in could_trade(plan(twin, order)))
        if available < order.leaves_lots:
            cancel(twin, order, Reason.FILL_OR_KILL)
            return
    match(twin, order)
    rest_or_cancel(twin, order)


def _reject(twin: TwinState, command: Command, refusal: Refusal, order_id: int) -> None:
    refuse(twin, EventKind.ORDER_REJECTED, command, refusal, order_id=order_id, state=OrderState.REJECTED)


def _order(twin: TwinState, command: Command, order_id: int) -> Order:
    return Order(
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
        time_ns=twin.time_ns,
    )


def _check_new(twin: TwinState, command: Command) -> Refusal | None:
    """The table of checks down to the client order id."""
    return (
        check_late(twin, command)
        or check_account(twin, command.account)
        or check_instrument(twin, command.instrument)
        or check_open_for(twin, command.account, command.instrument)
        or _check_form(twin, command)
        or _check_terms(twin, command)
        or check_client_id(twin, command.account, command.instrument, command.client_order_id)
    )


def _check_form(twin: TwinState, command: Command) -> Refusal | None:
    """From INVALID_SIDE to INVALID_QUANTITY: whether the fields make an order at all."""
    if command.side not in SIDES:
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
    if not _flags_fit(twin, command):
        return Refusal(Reason.INVALID_FLAGS)
    if command.client_order_id < 0:
        return Refusal(Reason.INVALID_CLIENT_ORDER_ID)
    if command.quantity_lots <= 0:
        return Refusal(Reason.INVALID_QUANTITY)
    return None


def _flags_fit(twin: TwinState, command: Command) -> bool:
    flags = command.flags
    limit = command.order_type == OrderType.LIMIT
    at_once = command.time_in_force in AT_ONCE
    historical = bool(flags & OrderFlag.HISTORICAL)
    if flags & ~_FLAGS:
        return False
    if flags & OrderFlag.POST_ONLY and (not limit or at_once or historical):
        return False
    if historical and (command.account != STREET_ACCOUNT or not limit or at_once):
        return False
    return historical or not twin.frozen or command.account != STREET_ACCOUNT


def _check_terms(twin: TwinState, command: Command) -> Refusal | None:
    """From QUANTITY_NOT_IN_INCREMENT to TOO_MANY_OPEN_ORDERS: quantity, price, value and rates."""
    trader = twin.trader(command.account)
    rules = twin.rules[command.instrument]
    historical = bool(command.flags & OrderFlag.HISTORICAL)
    market = command.order_type == OrderType.MARKET

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
    if trader is None:
        return None
    price = command.price_ticks
    if market:
        price = twin.markets[command.instrument].best_price(OPPOSITE[Side(command.side)])
    notional = twin.ledger.terms[command.instrument].notional(price, command.quantity_lots)
    return (
        risk.check_notional(rules, trader, notional)
        or risk.check_rate(trader, twin.time_ns)
        or risk.check_open_orders(trader)
    )
