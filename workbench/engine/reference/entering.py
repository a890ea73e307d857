"""New orders: the checks of docs/rules.md's table, then approval, matching and rest."""

from __future__ import annotations

from workbench.domain.codes import (
    STREET_ACCOUNT,
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    Place,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.states import OrderState
from workbench.engine.reference.approval import Approval, check_account_of, check_post_only
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit_command_terms, emit_created, emit_order, refuse
from workbench.engine.reference.exposure import report_breaches
from workbench.engine.reference.groups import (
    cancel,
    cancel_members,
    check_group,
    collecting_group,
    complete,
    join,
)
from workbench.engine.reference.matching import AT_ONCE, match_and_rest, offers
from workbench.engine.reference.naming import (
    check_account,
    check_client_id,
    check_expire_time,
    check_instrument,
    check_late,
    check_open_for,
)
from workbench.engine.reference.orders import hold, place_to_wait
from workbench.engine.reference.references import value_price
from workbench.engine.reference.state import SIDES, TwinState
from workbench.engine.reference.terms import check_display, check_trigger
from workbench.matching.reference import WITH_A_LIMIT, Order
from workbench.risk import reference as risk
from workbench.risk.reference import Refusal

_FLAGS = int(
    # As a plain number: the complement of an enum of flags leaves out the bits that have no name.
    OrderFlag.POST_ONLY
    | OrderFlag.REDUCE_ONLY
    | OrderFlag.HISTORICAL
    | OrderFlag.GROUP_CHILD
    | OrderFlag.GROUP_LAST
)
_IN_A_GROUP = int(OrderFlag.GROUP_CHILD | OrderFlag.GROUP_LAST)
_ORDER_TYPES = tuple(OrderType)
_TIMES_IN_FORCE = tuple(TimeInForce)
_STAYING = (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD)
_NOT_POST_ONLY = (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS)
_WITH_OPG = (Phase.PRE_OPEN, Phase.OPENING_AUCTION)


def new_order(twin: TwinState, command: Command) -> None:
    """NEW_ORDER."""
    twin.order_count += 1
    order_id = twin.order_count
    emit_created(twin, command, order_id)
    emit_command_terms(twin, command, order_id)
    refusal = _check_new(twin, command)
    if refusal:
        _reject(twin, command, refusal, order_id)
        return
    order = _order(twin, command, order_id)
    child = bool(order.flags & OrderFlag.GROUP_CHILD)
    approval = Approval(0, 0) if child else check_account_of(twin, order, [], waits=order.is_trigger)
    if isinstance(approval, Approval):
        approval = check_post_only(twin, order) or approval
    if isinstance(approval, Refusal):
        _reject(twin, command, approval, order_id)
        return

    by_group = join(twin, order) if order.group_id else None
    place = by_group or place_to_wait(twin, order)
    trader = twin.trader(order.account)
    if trader:
        risk.take_token(trader, twin.time_ns)
        state = OrderState.HELD if place else OrderState.NEW
        emit_order(twin, EventKind.ORDER_APPROVED, order, state, value=approval.required_micros)
    if place:
        hold(twin, order, place)
        if by_group == Place.RELEASED:
            complete(twin, order)
        return
    report_breaches(twin, order, approval.breaches)
    order.opening_lots = approval.opening_lots
    if order.time_in_force == TimeInForce.FOK:
        available = sum(offer.lots for offer in offers(twin, order, surely=True))
        if available < order.leaves_lots:
            cancel(twin, order, Reason.FILL_OR_KILL)
            return
    match_and_rest(twin, order)


def _reject(twin: TwinState, command: Command, refusal: Refusal, order_id: int) -> None:
    refuse(twin, EventKind.ORDER_REJECTED, command, refusal, order_id=order_id, state=OrderState.REJECTED)
    if command.group_place > 1 and refusal.reason not in (Reason.TIME_BACKWARDS, Reason.UNKNOWN_ACCOUNT):
        group = collecting_group(twin, command)
        if group:
            cancel_members(twin, group)


def _order(twin: TwinState, command: Command, order_id: int) -> Order:
    trailing = command.order_type == OrderType.TRAILING_STOP
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
        display_lots=command.display_lots,
        trigger_price_ticks=0 if trailing else command.trigger_price_ticks,
        trail_ticks=command.trigger_price_ticks if trailing else 0,
        trail_micros=command.amount_micros,
        expire_time_ns=command.expire_time_ns,
        group_id=command.group_id,
        group_place=command.group_place,
    )


def _check_new(twin: TwinState, command: Command) -> Refusal | None:
    """The table of checks down to the client order id."""
    historical = bool(command.flags & OrderFlag.HISTORICAL)
    return (
        check_late(twin, command)
        or check_account(twin, command.account)
        or check_instrument(twin, command.instrument)
        or check_open_for(twin, command.account, command.instrument, historical=historical)
        or _check_form(twin, command)
        or _check_terms(twin, command)
        or check_client_id(twin, command.account, command.instrument, command.client_order_id)
    )


def _check_form(twin: TwinState, command: Command) -> Refusal | None:
    """From INVALID_SIDE to INVALID_QUANTITY: whether the fields make an order at all."""
    if command.side not in SIDES:
        return Refusal(Reason.INVALID_SIDE)
    if command.order_type not in _ORDER_TYPES or command.order_id or command.new_client_order_id:
        return Refusal(Reason.INVALID_ORDER_TYPE)
    if not _time_in_force_fits(twin, command):
        return Refusal(Reason.INVALID_TIME_IN_FORCE)
    if command.time_in_force == TimeInForce.GTD:
        refusal = check_expire_time(twin, command.expire_time_ns)
        if refusal:
            return refusal
    elif command.expire_time_ns:
        return Refusal(Reason.INVALID_EXPIRE_TIME, command.expire_time_ns, twin.time_ns)
    if command.self_trade_prevention > SelfTradePrevention.DECREMENT:
        return Refusal(Reason.INVALID_SELF_TRADE_PREVENTION)
    if not _flags_fit(twin, command):
        return Refusal(Reason.INVALID_FLAGS)
    if command.client_order_id < 0:
        return Refusal(Reason.INVALID_CLIENT_ORDER_ID)
    if command.quantity_lots <= 0:
        return Refusal(Reason.INVALID_QUANTITY)
    return None


def _time_in_force_fits(twin: TwinState, command: Command) -> bool:
    time_in_force, phase = command.time_in_force, twin.rules[command.instrument].phase
    if time_in_force not in _TIMES_IN_FORCE:
        return False
    if (command.order_type > OrderType.LIMIT or command.group_id) and time_in_force not in _STAYING:
        return False
    if time_in_force in AT_ONCE:
        return phase == Phase.CONTINUOUS
    return time_in_force != TimeInForce.OPG or phase in _WITH_OPG


def _flags_fit(twin: TwinState, command: Command) -> bool:
    flags = command.flags
    limit = command.order_type == OrderType.LIMIT
    street = command.account == STREET_ACCOUNT
    grouped = flags & _IN_A_GROUP
    if flags & ~_FLAGS:
        return False
    if flags & OrderFlag.HISTORICAL:
        staying = command.time_in_force in (TimeInForce.DAY, TimeInForce.GTC)
        return flags == OrderFlag.HISTORICAL and street and limit and staying
    if flags & OrderFlag.POST_ONLY and (not limit or command.time_in_force in _NOT_POST_ONLY):
        return False
    if flags & OrderFlag.REDUCE_ONLY and (twin.venue.bare or street):
        return False
    if grouped and (not command.group_id or grouped == _IN_A_GROUP):
        return False
    return not (twin.frozen and street)


def _check_terms(twin: TwinState, command: Command) -> Refusal | None:
    """From QUANTITY_NOT_IN_INCREMENT to TOO_MANY_OPEN_ORDERS: quantity, price, terms, value and rates."""
    trader = twin.trader(command.account)
    rules = twin.rules[command.instrument]
    historical = bool(command.flags & OrderFlag.HISTORICAL)
    has_limit = command.order_type in WITH_A_LIMIT

    account_max_lots = trader.limits.max_order_lots if trader else 0
    refusal = risk.check_quantity(rules, account_max_lots, command.quantity_lots, historical)
    if refusal:
        return refusal
    if command.price_ticks <= 0 if has_limit else command.price_ticks != 0:
        return Refusal(Reason.INVALID_PRICE)
    refusal = (
        (risk.check_price(rules, command.price_ticks, historical) if has_limit else None)
        or check_trigger(rules, command)
        or check_display(twin, command, command.display_lots, command.quantity_lots)
        or check_group(twin, command)
    )
    if refusal or trader is None:
        return refusal
    price = value_price(twin, _order(twin, command, 0))
    notional = twin.ledger.terms[command.instrument].notional(price, command.quantity_lots)
    return (
        risk.check_notional(rules, trader, notional)
        or risk.check_rate(trader, twin.time_ns)
        or risk.check_open_orders(trader)
    )
