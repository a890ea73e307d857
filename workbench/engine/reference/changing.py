"""Cancel and replace."""

from __future__ import annotations

from dataclasses import replace

from workbench.domain.codes import STREET_ACCOUNT, EventKind, OrderFlag, Place, Reason, TimeInForce
from workbench.domain.records import PRIORITY_KEPT
from workbench.domain.states import OrderState
from workbench.engine.reference.activating import standing_leg
from workbench.engine.reference.approval import Approval, check_account_of, check_post_only
from workbench.engine.reference.command import Command
from workbench.engine.reference.divergence import (
    diverge,
    gives_history_leaves,
    is_responsive_history,
    missed_history,
)
from workbench.engine.reference.emit import emit_about, emit_order_terms, refuse
from workbench.engine.reference.exposure import report_breaches
from workbench.engine.reference.groups import cancel, replace_member
from workbench.engine.reference.matching import match_and_rest
from workbench.engine.reference.naming import (
    check_account,
    check_client_id,
    check_expire_time,
    check_late,
    check_open_for,
    named_order,
)
from workbench.engine.reference.orders import delist, enlist, hold, rest, withdraw
from workbench.engine.reference.references import value_price
from workbench.engine.reference.state import TwinState
from workbench.engine.reference.terms import check_new_display, check_new_trigger
from workbench.matching.reference import Order
from workbench.risk import reference as risk
from workbench.risk.reference import Refusal

_UNTHINKABLE_LOTS = 1 << 62
# As a plain number: the complement of an enum of flags leaves out the bits that have no name.
_REPLACE_FLAGS = int(OrderFlag.QUANTITY_IS_LEAVES | OrderFlag.LOSE_PRIORITY | OrderFlag.HISTORICAL)


def cancel_order(twin: TwinState, command: Command) -> None:
    """CANCEL_ORDER."""
    order = named_order(twin, command)
    refusal = check_late(twin, command) or check_account(twin, command.account)
    if not refusal and command.quantity_lots < 0:
        refusal = Refusal(Reason.INVALID_QUANTITY)
    if not refusal and order is None:
        missed_history(twin, command)
        refusal = Refusal(Reason.UNKNOWN_ORDER)
    if not refusal and order and order.account != command.account:
        refusal = Refusal(Reason.NOT_ORDER_OWNER)
    if refusal or order is None:
        refuse(twin, EventKind.CANCEL_REJECTED, command, refusal or Refusal(Reason.UNKNOWN_ORDER))
        return
    leaves = order.leaves_lots
    if is_responsive_history(twin, command) and command.quantity_lots > leaves:
        diverge(twin, order.instrument, command.quantity_lots - leaves)
    cancel(twin, order, Reason.BY_REQUEST, min(command.quantity_lots or leaves, leaves))


def replace_order(twin: TwinState, command: Command) -> None:
    """REPLACE_ORDER."""
    order = named_order(twin, command)
    refusal = check_late(twin, command) or check_account(twin, command.account)
    if not refusal and order is None:
        missed_history(twin, command)
        refusal = Refusal(Reason.UNKNOWN_ORDER)
    if refusal or order is None:
        refuse(twin, EventKind.REPLACE_REJECTED, command, refusal or Refusal(Reason.UNKNOWN_ORDER))
        return
    successor = _successor(twin, order, command)
    kept = (
        not order.is_held
        and successor.price_ticks == order.price_ticks
        and successor.leaves_lots <= order.leaves_lots
        and successor.display_lots == order.display_lots
        and not command.flags & OrderFlag.LOSE_PRIORITY
    )
    checked: Approval | Refusal = _check_replace(twin, order, successor, command) or Approval(0, 0)
    if isinstance(checked, Approval) and not kept and successor.leaves_lots > 0:
        checked = _check_entry(twin, order, successor)
    if isinstance(checked, Refusal):
        refuse(twin, EventKind.REPLACE_REJECTED, command, checked)
        return

    trader = twin.trader(order.account)
    if trader:
        risk.take_token(trader, twin.time_ns)
    if successor.leaves_lots <= 0:
        # Live orders have taken all that history still knows of.
        diverge(twin, order.instrument, command.quantity_lots)
        cancel(twin, order, Reason.BY_REQUEST)
        return
    if gives_history_leaves(twin, command) and order.taken_lots > 0:
        diverge(twin, order.instrument, order.taken_lots)
    twin.order_count += 1
    successor.order_id = twin.order_count
    replace_member(twin, order, successor)
    if kept:
        _succeed(twin, order, successor)
    elif order.is_held:
        withdraw(twin, order)
        _emit_replaced(twin, order, successor, 0)
        hold(twin, successor, Place(order.book), again=True)
    else:
        successor.opening_lots = checked.opening_lots
        _enter_again(twin, order, successor, checked)


def _succeed(twin: TwinState, order: Order, successor: Order) -> None:
    """The successor takes its predecessor's place."""
    removed = order.leaves_lots - successor.leaves_lots
    successor.opening_lots = max(0, order.opening_lots - removed)
    successor.shown_lots = min(order.shown_lots, successor.leaves_lots)
    delist(twin, order)
    twin.markets[order.instrument].side_of(order).succeed(order, successor)
    enlist(twin, successor)
    _emit_replaced(twin, order, successor, PRIORITY_KEPT)


def _enter_again(twin: TwinState, order: Order, successor: Order, approval: Approval) -> None:
    """The successor is matched like a new order and queues anew."""
    withdraw(twin, order)
    _emit_replaced(twin, order, successor, 0)
    report_breaches(twin, successor, approval.breaches)
    # Frozen history trades with live orders again only when its price has changed.
    if twin.frozen and order.is_street and successor.price_ticks == order.price_ticks:
        rest(twin, successor)
    else:
        match_and_rest(twin, successor)


def _check_entry(twin: TwinState, order: Order, successor: Order) -> Approval | Refusal:
    """The checks of a successor that queues anew, as if its predecessor were gone."""
    checked: Approval | Refusal = Approval(0, 0)
    if not order.is_held or order.book == Place.TRIGGER:
        gone = [order, *standing_leg(twin, order)]
        checked = check_account_of(twin, successor, gone, waits=order.is_held)
    if isinstance(checked, Approval):
        checked = check_post_only(twin, successor) or checked
    return checked


def _successor(twin: TwinState, order: Order, command: Command) -> Order:
    """The order as it would stand after a replace; its id, opening part and queue place come later."""
    quantity = command.quantity_lots
    if not quantity:
        total = order.quantity_lots
    elif command.flags & OrderFlag.QUANTITY_IS_LEAVES:
        # Beyond any order that is accepted, so that the total which a refusal shows fits into 64 bits.
        total = order.executed_lots + min(quantity, _UNTHINKABLE_LOTS)
    else:
        total = quantity
    if gives_history_leaves(twin, command):
        total -= max(0, order.taken_lots)
    successor = replace(
        order,
        order_id=0,
        client_order_id=command.new_client_order_id or order.client_order_id,
        price_ticks=command.price_ticks or order.price_ticks,
        quantity_lots=total,
        leaves_lots=total - order.executed_lots,
        opening_lots=0,
        reserved_micros=0,
        display_lots=command.display_lots or order.display_lots,
        expire_time_ns=command.expire_time_ns or order.expire_time_ns,
    )
    if not order.is_trailing:
        successor.trigger_price_ticks = command.trigger_price_ticks or order.trigger_price_ticks
    elif command.trigger_price_ticks or command.amount_micros:
        successor.trail_ticks, successor.trail_micros = command.trigger_price_ticks, command.amount_micros
    return successor


def _check_replace(twin: TwinState, order: Order, successor: Order, command: Command) -> Refusal | None:
    """The checks of a replace that do not depend on whether priority is kept."""
    trader = twin.trader(order.account)
    rules = twin.rules[order.instrument]
    historical = bool(command.flags & OrderFlag.HISTORICAL)
    if order.account != command.account:
        return Refusal(Reason.NOT_ORDER_OWNER)
    refusal = check_open_for(twin, order.account, order.instrument, historical=historical)
    if refusal:
        return refusal
    if command.flags & ~_REPLACE_FLAGS or (historical and command.account != STREET_ACCOUNT):
        return Refusal(Reason.INVALID_FLAGS)
    if twin.frozen and order.is_street and not historical:
        return Refusal(Reason.INVALID_FLAGS)
    if command.new_client_order_id < 0:
        return Refusal(Reason.INVALID_CLIENT_ORDER_ID)
    if command.quantity_lots < 0:
        return Refusal(Reason.INVALID_QUANTITY)
    # A responsive historical replace that leaves nothing becomes a cancel instead.
    if successor.leaves_lots <= 0 and not gives_history_leaves(twin, command):
        return Refusal(Reason.QUANTITY_BELOW_EXECUTED, successor.quantity_lots, order.executed_lots)
    account_max_lots = trader.limits.max_order_lots if trader else 0
    refusal = risk.check_quantity(rules, account_max_lots, successor.quantity_lots, historical)
    if not refusal and (command.price_ticks < 0 or (command.price_ticks and not order.has_limit)):
        refusal = Refusal(Reason.INVALID_PRICE)
    if not refusal and order.has_limit:
        refusal = risk.check_price(rules, successor.price_ticks, historical)
    refusal = (
        refusal
        or check_new_trigger(rules, order, command)
        or check_new_display(twin, order, command.display_lots, successor.leaves_lots)
        or _check_new_expire_time(twin, order, command)
    )
    if not refusal and trader:
        terms = twin.ledger.terms[order.instrument]
        notional = terms.notional(value_price(twin, successor), successor.leaves_lots)
        refusal = risk.check_notional(rules, trader, notional) or risk.check_rate(trader, twin.time_ns)
    if not refusal and command.new_client_order_id != order.client_order_id:
        refusal = check_client_id(twin, order.account, order.instrument, command.new_client_order_id)
    return refusal


def _check_new_expire_time(twin: TwinState, order: Order, command: Command) -> Refusal | None:
    if not command.expire_time_ns:
        return None
    if order.time_in_force != TimeInForce.GTD:
        return Refusal(Reason.INVALID_EXPIRE_TIME, command.expire_time_ns, twin.time_ns)
    return check_expire_time(twin, command.expire_time_ns)


def _emit_replaced(twin: TwinState, order: Order, successor: Order, flags: int) -> None:
    payload = (
        order.order_id,
        successor.client_order_id,
        successor.price_ticks,
        successor.quantity_lots,
        successor.leaves_lots,
        successor.executed_lots,
        0,
        0,
        successor.order_id,
    )
    emit_about(twin, EventKind.ORDER_REPLACED, order, payload, state=OrderState.REPLACED, flags=flags)
    emit_order_terms(twin, successor)
