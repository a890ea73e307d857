"""What a person asks for: an order, or changes to one, in prices and quantities as people write them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from workbench.domain.codes import OrderType, SelfTradePrevention, Side, TimeInForce


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A new order, or a group of orders.

    Parameters
    ----------
    symbol
        What to trade.
    side
        Buy or sell; of an OCO the side of both legs.
    quantity, notional
        How much, in units or in money: one of them. Money becomes a quantity, rounded down to what may be
        ordered: at the limit price, of a market order at the best price of the other side, if there is none
        at the last price, if there is none at the reference price.
    order_type, time_in_force
        Codes; an order of a group is DAY, GTC or GTD.
    limit_price, stop_price
        Prices of the types that have them.
    trail_amount, trail_percent
        Trail of a trailing stop: one of them.
    display_quantity
        What an iceberg shows.
    post_only, reduce_only
        Flags.
    expire_time_ns
        When a GTD order ends; 0 otherwise.
    client_order_id
        What its owner calls it; "" for no name.
    order_class
        `simple`; `bracket`: an entry with a take-profit and a stop-loss; `oto`: an entry with one of them;
        `oco`: a take-profit and a stop-loss without an entry, of which one cancels the other.
    take_profit_limit
        Limit price of the take-profit.
    stop_loss_stop, stop_loss_limit
        Trigger price of the stop-loss, and its limit price if it is to have one.
    self_trade_prevention
        Mode; the venue's unless given.
    """

    symbol: str
    side: Side
    quantity: Decimal | None = None
    notional: Decimal | None = None
    order_type: OrderType = OrderType.MARKET
    time_in_force: TimeInForce = TimeInForce.DAY
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    display_quantity: Decimal | None = None
    post_only: bool = False
    reduce_only: bool = False
    expire_time_ns: int = 0
    client_order_id: str = ""
    order_class: str = "simple"
    take_profit_limit: Decimal | None = None
    stop_loss_stop: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.VENUE_DEFAULT


@dataclass(slots=True, kw_only=True)
class Changes:
    """Other terms for an open order; what is None (or "" or 0) stays.

    Parameters
    ----------
    quantity
        The order's total, what has traded included.
    limit_price, stop_price
        For orders that have them; a leg of a group is changed by its own id.
    trail
        Of a trailing stop, in the kind that it has: an amount, or percent.
    display_quantity
        What an iceberg shows.
    time_in_force
        Only what it has already: the exchange changes none.
    expire_time_ns
        When a GTD order ends.
    client_order_id
        What its owner calls the successor; "" for the name that it has.
    """

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    display_quantity: Decimal | None = None
    time_in_force: TimeInForce | None = None
    expire_time_ns: int = 0
    client_order_id: str = ""
