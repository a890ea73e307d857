"""Whether a stop-loss lies on the losing side of the market."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from workbench.api.alpaca.errors import invalid
from workbench.domain.codes import Side

if TYPE_CHECKING:
    from workbench.api.alpaca.amounts import Scale
    from workbench.projections.live.market import LiveMarket
    from workbench.session.live.tickets import Ticket

_CENT: Final = Decimal("0.01")


def check_stop_loss(ticket: Ticket, market: LiveMarket, scale: Scale) -> None:
    """Refuse a stop-loss that the last price has reached already; before the first trade there is none.

    Raises
    ------
    AlpacaError
        422 with the price that it was compared with as `base_price`.
    """
    stop, last = ticket.stop_loss_stop, market.last_price_ticks
    if stop is None or not last:
        return
    base = scale.instrument.price_from_ticks(last)
    sells = (ticket.side == Side.BUY) != (ticket.order_class == "oco")
    if (base - stop if sells else stop - base) < _CENT:
        where = "<= base_price - 0.01" if sells else ">= base_price + 0.01"
        raise invalid(f"stop_loss.stop_price must be {where}", base_price=f"{base:f}")
