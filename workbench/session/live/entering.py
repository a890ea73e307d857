"""Tickets as commands; what cannot be one is refused in a sentence before anything is sent."""

from __future__ import annotations

from workbench.domain.codes import Reason, Side
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.errors import OrderRefused
from workbench.projections.live.market import LiveMarket
from workbench.projections.live.order import LiveOrder
from workbench.session.live.changing import replacement
from workbench.session.live.grouping import Entry, oco, with_exits
from workbench.session.live.order_command import Names, named, order_command
from workbench.session.live.scale import Scale, invalid
from workbench.session.live.terms import terms_of
from workbench.session.live.tickets import Changes, Ticket

ORDER_CLASSES = ("simple", "bracket", "oto", "oco")
"""What a ticket may be."""


class Tickets:
    """Turns tickets and changes of one venue into commands.

    Parameters
    ----------
    venue
        Its instruments.
    """

    def __init__(self, venue: Venue) -> None:
        self._scales = {
            instrument.symbol: Scale(number, instrument)
            for number, instrument in enumerate(venue.instruments)
        }
        self._by_number = list(self._scales.values())

    def scale(self, symbol: str) -> Scale:
        """The instrument called so; refused when there is none."""
        found = self._scales.get(symbol)
        if found is None:
            raise OrderRefused(
                f"nothing called {symbol[:80]!r} is traded here",
                status="unknown",
                reason=Reason.UNKNOWN_INSTRUMENT,
            )
        return found

    def scale_of(self, number: int) -> Scale:
        """The instrument with this number."""
        return self._by_number[number]

    def entry(self, account: int, ticket: Ticket, markets: list[LiveMarket]) -> Entry:
        """The commands of a ticket; their time is set by who sends them."""
        scale = self.scale(ticket.symbol)
        if ticket.side not in (Side.BUY, Side.SELL):
            raise invalid(f"{scale.symbol}: the side must be buy or sell", Reason.INVALID_SIDE)
        if ticket.order_class not in ORDER_CLASSES:
            raise invalid(
                f"there is no order class {ticket.order_class!r}; choose one of {', '.join(ORDER_CLASSES)}",
                Reason.INVALID_GROUP,
            )
        names: Names = {}
        client = named(account, ticket.client_order_id, names)
        if ticket.order_class == "simple":
            if any(each is not None for each in _exits(ticket)):
                raise invalid(
                    "a simple order has neither take-profit nor stop-loss; choose bracket, oto or oco",
                    Reason.INVALID_GROUP,
                )
            terms = terms_of(scale, ticket, markets[scale.number])
            return Entry(order_command(account, scale, ticket, terms, client_order_id=client), names, 0)
        if ticket.order_class == "oco":
            return oco(account, scale, ticket, client, names)
        return with_exits(account, scale, ticket, client, names, markets[scale.number])

    def replacement(self, order: LiveOrder, changes: Changes) -> tuple[Records, Names]:
        """The command that changes an order."""
        return replacement(self.scale_of(order.instrument), order, changes)


def _exits(ticket: Ticket) -> tuple[object | None, ...]:
    return ticket.take_profit_limit, ticket.stop_loss_stop, ticket.stop_loss_limit
