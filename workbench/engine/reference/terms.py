"""Checks of the terms beyond price and quantity: triggers, trails and display quantities."""

from __future__ import annotations

from workbench.domain.codes import STREET_ACCOUNT, OrderFlag, OrderType, Reason, TimeInForce
from workbench.domain.costs import PPM
from workbench.domain.instruments import MAX_PRICE_TICKS
from workbench.engine.reference.command import Command
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import Order
from workbench.risk.reference import Refusal, Rules

_MAX_SLICES = 1000
_NOT_DISPLAYED_IN_SLICES = (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS)


def check_trigger(rules: Rules, command: Command) -> Refusal | None:
    """INVALID_TRIGGER_PRICE of a new order."""
    price, amount = command.trigger_price_ticks, command.amount_micros
    if command.order_type == OrderType.TRAILING_STOP:
        fits = _is_trail(price, amount)
    elif command.order_type > OrderType.LIMIT:
        fits = not amount and _is_trigger_price(rules, price)
    else:
        fits = not price and not amount
    return None if fits else Refusal(Reason.INVALID_TRIGGER_PRICE, price, amount)


def check_new_trigger(rules: Rules, order: Order, command: Command) -> Refusal | None:
    """INVALID_TRIGGER_PRICE of a replace: what is not 0 replaces what is there."""
    price, amount = command.trigger_price_ticks, command.amount_micros
    if not price and not amount:
        return None
    if not order.is_trigger or not order.is_held:
        fits = False
    elif order.is_trailing:
        fits = _is_trail(price, amount)
    else:
        fits = not amount and _is_trigger_price(rules, price)
    return None if fits else Refusal(Reason.INVALID_TRIGGER_PRICE, price, amount)


def _is_trail(ticks: int, micros: int) -> bool:
    """Whether one of them is a trail and the other 0."""
    if micros:
        return not ticks and 1 <= micros < PPM
    return 1 <= ticks <= MAX_PRICE_TICKS


def _is_trigger_price(rules: Rules, price: int) -> bool:
    in_window = rules.window_low_ticks <= price <= rules.window_high_ticks
    return in_window and price % rules.price_increment_ticks == 0


def check_display(twin: TwinState, about: Order | Command, display_lots: int, lots: int) -> Refusal | None:
    """INVALID_DISPLAY_QUANTITY of an order that has, or shall have, `lots` open."""
    if not display_lots:
        return None
    bound = _broken_bound(twin.rules[about.instrument], about, display_lots, lots)
    return None if bound is None else Refusal(Reason.INVALID_DISPLAY_QUANTITY, display_lots, bound)


def _broken_bound(rules: Rules, about: Order | Command, display_lots: int, lots: int) -> int | None:
    increment = rules.quantity_increment_lots
    if (
        about.order_type != OrderType.LIMIT
        or about.time_in_force in _NOT_DISPLAYED_IN_SLICES
        or about.flags & OrderFlag.HISTORICAL
        or about.account == STREET_ACCOUNT
    ):
        return 0
    if display_lots < 0 or display_lots % increment:
        return increment
    if display_lots > lots:
        return lots
    return _MAX_SLICES if has_too_many_slices(display_lots, lots) else None


def has_too_many_slices(display_lots: int, lots: int) -> bool:
    """Whether an iceberg would have to queue too often."""
    return -(-lots // display_lots) > _MAX_SLICES


def check_new_display(twin: TwinState, order: Order, given_lots: int, lots: int) -> Refusal | None:
    """INVALID_DISPLAY_QUANTITY of a replace that gives a display quantity, or 0."""
    if given_lots:
        return check_display(twin, order, given_lots, lots)
    if order.display_lots and has_too_many_slices(order.display_lots, lots):
        return Refusal(Reason.INVALID_DISPLAY_QUANTITY, order.display_lots, _MAX_SLICES)
    return None
