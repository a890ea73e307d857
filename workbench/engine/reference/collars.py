"""Price collars: how far an order without a limit trades."""

from __future__ import annotations

from workbench.domain.codes import Side
from workbench.domain.costs import PPM
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import OPPOSITE, Order


def collar_of(twin: TwinState, order: Order) -> int | None:
    """The worst price an order without a limit may trade at, before it has traded; None for any."""
    ppm = twin.venue.instruments[order.instrument].collar_ppm
    base = twin.tapes[order.instrument].last_price_ticks
    base = base or twin.markets[order.instrument].best_price(OPPOSITE[order.side])
    if twin.venue.bare or order.has_limit or not ppm or not base:
        return None
    move = base * ppm // PPM
    return base + move if order.side == Side.BUY else base - move


def stopped_by_collar(twin: TwinState, order: Order) -> bool:
    """Whether somebody stands beyond the price at which an order stopped."""
    limit = order.collar_ticks
    if limit is None:
        return False
    books = twin.markets[order.instrument].books
    worst = [rank for book in books for rank in book[OPPOSITE[order.side]].ranks[-1:]]
    # Ranks grow with distance from the best price: an ask's is its price, a bid's is minus its price.
    return any(rank > (limit if order.side == Side.BUY else -limit) for rank in worst)
