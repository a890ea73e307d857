"""The terms of one order, checked as far as no market is needed for it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from workbench.domain.codes import OrderType, Reason, Side, TimeInForce
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.units import decimal
from workbench.engine.terms import MAX_SLICES
from workbench.projections.live.market import LiveMarket
from workbench.projections.live.order import TRIGGER_TYPES
from workbench.session.live.scale import MOST, MOST_DIGITS, Scale, invalid, percent_micros
from workbench.session.live.tickets import Ticket

LIMITED = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})
"""Types with a limit price."""

STOPPED = frozenset(TRIGGER_TYPES - {OrderType.TRAILING_STOP})
"""Types with a trigger price."""

_ORDER_TYPES = frozenset(OrderType)
_TIMES_IN_FORCE = frozenset(TimeInForce)
_RESTING = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD})


class Terms(NamedTuple):
    """An order's terms in the exchange's units; 0 for what it has not."""

    order_type: OrderType
    quantity_lots: int
    price_ticks: int
    trigger_price_ticks: int
    trail_micros: int
    display_lots: int


def terms_of(scale: Scale, ticket: Ticket, market: LiveMarket) -> Terms:
    """The terms of a ticket's own order, which is the entry of a group."""
    kind, symbol = ticket.order_type, scale.symbol
    if kind not in _ORDER_TYPES:
        raise invalid(f"{symbol}: there is no order type {kind!r}", Reason.INVALID_ORDER_TYPE)
    what = kind.name.lower().replace("_", " ")
    limit = _price(scale, ticket.limit_price, "limit price", what, kind in LIMITED)
    stop = _price(scale, ticket.stop_price, "stop price", what, kind in STOPPED)
    trail_ticks, trail_micros = _trail(scale, ticket, what)
    lots = _lots(scale, ticket, limit, market)
    display = 0
    if ticket.display_quantity is not None:
        display = scale.lots(ticket.display_quantity, "display quantity")
        _check_display(scale, ticket, display, lots)
    if ticket.post_only and kind != OrderType.LIMIT:
        raise invalid(f"{symbol}: a {what} order cannot be post-only", Reason.INVALID_FLAGS)
    check_time(scale, ticket)
    return Terms(kind, lots, limit, stop or trail_ticks, trail_micros, display)


def _check_display(scale: Scale, ticket: Ticket, display: int, lots: int) -> None:
    """Refuse a display quantity that does not go with the order, with those that do."""
    if ticket.order_type != OrderType.LIMIT or display > lots:
        what = "only a limit order has a display quantity, and at most its whole quantity"
    elif ticket.time_in_force not in _RESTING:
        what = "only an order that is good for the day, till cancelled or till a date has a display quantity"
    elif -(-lots // display) > MAX_SLICES:
        least = scale.quantity_of(scale.up_to_step(-(-lots // MAX_SLICES)))
        what = (
            f"a display quantity of {ticket.display_quantity:,f} is less than a part in {MAX_SLICES:,} of "
            f"the quantity; show at least {least:,f}"
        )
    else:
        return
    raise invalid(f"{scale.symbol}: {what}", Reason.INVALID_DISPLAY_QUANTITY)


def check_time(scale: Scale, ticket: Ticket) -> None:
    """Refuse a time in force that is none, and an expire time where there is none to be."""
    if ticket.time_in_force not in _TIMES_IN_FORCE:
        raise invalid(
            f"{scale.symbol}: there is no time in force {ticket.time_in_force!r}",
            Reason.INVALID_TIME_IN_FORCE,
        )
    dated = ticket.time_in_force == TimeInForce.GTD
    if dated == (ticket.expire_time_ns == 0):
        raise invalid(
            f"{scale.symbol}: an order has an expire time if it is good till a date, and only then",
            Reason.INVALID_EXPIRE_TIME,
        )
    if dated and not 0 < ticket.expire_time_ns <= MAX_TIME_NS:
        raise invalid(
            f"{scale.symbol}: the expire time is no time of this session; give one that is still to come",
            Reason.INVALID_EXPIRE_TIME,
        )


def _price(scale: Scale, value: Decimal | None, name: str, what: str, needed: bool) -> int:
    if needed != (value is not None):
        raise invalid(
            f"{scale.symbol}: a {what} order {'needs a' if needed else 'has no'} {name}",
            Reason.INVALID_TRIGGER_PRICE if name == "stop price" else Reason.INVALID_PRICE,
        )
    return 0 if value is None else scale.ticks(value, name)


def _trail(scale: Scale, ticket: Ticket, what: str) -> tuple[int, int]:
    given = (ticket.trail_amount is not None) + (ticket.trail_percent is not None)
    if given != (ticket.order_type == OrderType.TRAILING_STOP):
        raise invalid(
            f"{scale.symbol}: a {what} order has no trail"
            if ticket.order_type != OrderType.TRAILING_STOP
            else f"{scale.symbol}: a trailing stop trails by an amount or by percent, and by one alone",
            Reason.INVALID_TRIGGER_PRICE,
        )
    if ticket.trail_amount is not None:
        return scale.trail_ticks(ticket.trail_amount, "trail"), 0
    return 0, 0 if ticket.trail_percent is None else percent_micros(scale, ticket.trail_percent)


def _lots(scale: Scale, ticket: Ticket, limit_ticks: int, market: LiveMarket) -> int:
    if (ticket.quantity is None) == (ticket.notional is None):
        raise invalid(
            f"{scale.symbol}: give a quantity or a notional, and one alone", Reason.INVALID_QUANTITY
        )
    if ticket.quantity is not None:
        return scale.lots(ticket.quantity, "quantity")
    return _of_notional(scale, ticket, limit_ticks, market)


def _of_notional(scale: Scale, ticket: Ticket, limit_ticks: int, market: LiveMarket) -> int:
    notional = ticket.notional
    assert notional is not None
    if ticket.order_type not in (OrderType.MARKET, OrderType.LIMIT):
        raise invalid(
            f"{scale.symbol}: only market and limit orders have a notional", Reason.INVALID_QUANTITY
        )
    if not notional.is_finite() or notional <= 0 or abs(notional.adjusted()) > MOST_DIGITS:
        raise invalid(
            f"{scale.symbol}: notional must be a number above 0, not {notional}", Reason.INVALID_QUANTITY
        )
    quote = market.quote
    best = quote.ask_price_ticks if ticket.side == Side.BUY else quote.bid_price_ticks
    ticks = limit_ticks or best or market.last_price_ticks or market.reference_price_ticks
    if not ticks:
        raise invalid(
            f"{scale.symbol}: nothing has traded and nothing is quoted, so a notional is no quantity "
            "yet; give a quantity",
            Reason.INVALID_QUANTITY,
        )
    price = scale.instrument.price_from_ticks(ticks)
    of_unit = Fraction(price) * Fraction(decimal(scale.instrument.multiplier))
    lots = scale.down_to_lots(Fraction(notional) / of_unit)
    if not 0 < lots <= MOST:
        raise invalid(
            f"{scale.symbol}: {notional:f} buys less than {scale.quantity_increment:f} at {price:f}"
            if lots <= 0
            else f"{scale.symbol}: notional {notional:f} is too large to count",
            Reason.INVALID_QUANTITY,
        )
    return lots
