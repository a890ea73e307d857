"""CROSS_ORDERS: history's own auctions, step by step as docs/rules.md numbers them."""

from __future__ import annotations

from workbench.domain.codes import EventKind, Reason, Side
from workbench.engine.reference.auctions import first_to_trade
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import refuse
from workbench.engine.reference.executing import check_history, history_order
from workbench.engine.reference.fills import cut_to_position, fill
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import OPPOSITE, Walk
from workbench.risk.reference import Refusal


def cross_orders(twin: TwinState, command: Command) -> None:
    """CROSS_ORDERS."""
    refusal = _check_cross(twin, command)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    quantity = command.quantity_lots
    if not quantity:
        return

    # Step 1: live orders that would have traded in history's auction, with as much of it as there was.
    for side in SIDES:
        _trade_live(twin, command, side)

    # Step 2: what history recorded.
    print_side, other_side = (history_order(twin, command, Side.NONE, quantity) for _ in SIDES)
    fill(twin, other_side, print_side, command.price_ticks, quantity, recorded=True, auction=True)


def _check_cross(twin: TwinState, command: Command) -> Refusal | None:
    refusal = check_history(twin, command)
    if refusal:
        return refusal
    rules = twin.rules[command.instrument]
    if command.quantity_lots < 0:
        return Refusal(Reason.INVALID_QUANTITY)
    if command.quantity_lots > rules.max_order_lots:
        return Refusal(Reason.QUANTITY_TOO_LARGE, command.quantity_lots, rules.max_order_lots)
    # A price of 0 or less is outside every window.
    in_window = rules.window_low_ticks <= command.price_ticks <= rules.window_high_ticks
    return Refusal(Reason.INVALID_PRICE) if command.quantity_lots and not in_window else None


def _trade_live(twin: TwinState, command: Command, side: Side) -> None:
    """Trade one side's live orders with the street, which has history's quantity for each side."""
    price, left = command.price_ticks, command.quantity_lots
    street = history_order(twin, command, OPPOSITE[side], left)
    walk = Walk(twin.markets[command.instrument].books[-1][side], price)
    while left and (order := first_to_trade(twin, command.instrument, walk, side, live=True)):
        if not cut_to_position(twin, order):
            lots = min(left, order.leaves_lots)
            fill(twin, order, street, price, lots, auction=True, unseen=True)
            left -= lots
