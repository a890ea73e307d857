"""EXECUTE_ORDER: history's own executions, step by step as docs/rules.md numbers them."""

from __future__ import annotations

from collections.abc import Callable

from workbench.domain.codes import (
    STREET_ACCOUNT,
    EventKind,
    OrderFlag,
    OrderType,
    Place,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.records import DIVERGED
from workbench.engine.reference.command import Command
from workbench.engine.reference.divergence import diverge
from workbench.engine.reference.emit import refuse
from workbench.engine.reference.fills import cut_to_position, fill
from workbench.engine.reference.naming import check_instrument, check_late, named_order
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import OPPOSITE, BookSide, Order, Walk
from workbench.risk.reference import Refusal


def execute_order(twin: TwinState, command: Command) -> None:
    """EXECUTE_ORDER."""
    refusal = _check_execute(twin, command)
    named = bool(command.order_id or command.client_order_id)
    maker = named_order(twin, command)
    # X of the rules; what cannot be meant counts as not open.
    if maker and (
        maker.side == command.side
        or not maker.is_street
        or maker.instrument != command.instrument
        or maker.book != Place.SHOWN
    ):
        maker = None
    if not refusal and twin.frozen and named and maker is None:
        refusal = Refusal(Reason.UNKNOWN_ORDER)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    quantity, price = command.quantity_lots, command.price_ticks
    aggressor = history_order(twin, command, Side(command.side), quantity)
    resting_side = twin.markets[command.instrument].books[-1][OPPOSITE[aggressor.side]]

    # Step 1: live orders that stand before what history traded with.
    at_price = maker.price_ticks if maker else price

    def stands_before(order: Order) -> bool:
        behind = maker and order.price_ticks == at_price and order.priority > maker.priority
        return not order.is_street and not behind

    taken_by_live = 0
    if twin.is_continuous(command.instrument):
        taken_by_live = _take(twin, resting_side, at_price, stands_before, aggressor, quantity)
    left = quantity if twin.frozen else quantity - taken_by_live

    # Step 2: what history recorded.
    lost = 0
    if maker:
        lost = min(left, maker.leaves_lots)
        if lost:
            fill(twin, maker, aggressor, maker.price_ticks, lost, recorded=True)
        if not twin.frozen and lost < quantity and maker.leaves_lots:
            maker.flags |= DIVERGED
        left -= lost
    elif not named and left:
        hidden = history_order(twin, command, OPPOSITE[aggressor.side], left)
        fill(twin, hidden, aggressor, price, left, recorded=True)
    if twin.frozen:
        return

    # Step 3: the rest of an aggressor whose order is not there any more.
    if named and left and twin.is_continuous(command.instrument):
        _take(twin, resting_side, price, lambda _: True, aggressor, left)

    # Step 4.
    missed = quantity - lost if named else taken_by_live
    if missed:
        diverge(twin, command.instrument, missed)


def check_history(twin: TwinState, command: Command) -> Refusal | None:
    """The first checks of what history alone may command."""
    refusal = check_late(twin, command)
    if not refusal and command.account != STREET_ACCOUNT:
        refusal = Refusal(Reason.UNKNOWN_ACCOUNT, command.account, len(twin.standings))
    return refusal or check_instrument(twin, command.instrument)


def _check_execute(twin: TwinState, command: Command) -> Refusal | None:
    refusal = check_history(twin, command)
    if refusal:
        return refusal
    rules = twin.rules[command.instrument]
    if command.side not in SIDES:
        return Refusal(Reason.INVALID_SIDE)
    if command.quantity_lots <= 0:
        return Refusal(Reason.INVALID_QUANTITY)
    if command.quantity_lots > rules.max_order_lots:
        return Refusal(Reason.QUANTITY_TOO_LARGE, command.quantity_lots, rules.max_order_lots)
    # A price of 0 or less is outside every window.
    if not rules.window_low_ticks <= command.price_ticks <= rules.window_high_ticks:
        return Refusal(Reason.INVALID_PRICE)
    return None


def history_order(twin: TwinState, command: Command, side: Side, lots: int) -> Order:
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
        time_ns=twin.time_ns,
    )


def _take(
    twin: TwinState,
    side: BookSide,
    limit_ticks: int,
    wanted: Callable[[Order], bool],
    aggressor: Order,
    lots: int,
) -> int:
    """Trade history's aggressor with the `wanted` orders it reaches; returns how many lots traded."""
    left = lots
    walk = Walk(side, limit_ticks)
    while left and (maker := walk.first()):
        if not wanted(maker):
            walk.skip()
        elif not cut_to_position(twin, maker):
            traded = min(left, maker.displayed_lots)
            fill(twin, maker, aggressor, maker.price_ticks, traded)
            left -= traded
    return lots - left
