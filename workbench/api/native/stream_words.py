"""How the stream says numbers, times and names: the exchange's integers as people read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.api.words import moment
from workbench.domain.config import Venue
from workbench.domain.units import decimal
from workbench.projections.live.market import NOTHING_UNDONE

if TYPE_CHECKING:
    from workbench.projections.live.market import BustedOrder, Undone
    from workbench.projections.live.order import LiveOrder
    from workbench.projections.live.views import LiveViews


class Words:
    """Prices, quantities, money and names of one venue.

    Parameters
    ----------
    venue
        The venue.
    client_name
        Gives the text of a client order id by account and number; None where it has no text.
    views
        Know what was busted; without them nothing was.
    payment_reason
        Gives why a command moved money; nothing where nobody said.
    """

    def __init__(
        self,
        venue: Venue,
        client_name: Callable[[int, int], str | None],
        views: LiveViews | None = None,
        payment_reason: Callable[[int], str] = lambda _: "",
    ) -> None:
        self.venue = venue
        self.iso = moment
        self.symbols = [instrument.symbol for instrument in venue.instruments]
        self.numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        self._client_name = client_name
        self.payment_reason = payment_reason
        self._views = views
        ratios = [
            (decimal(each.tick_size).as_integer_ratio(), decimal(each.lot_size).as_integer_ratio())
            for each in venue.instruments
        ]
        self._ticks = [tick for tick, _ in ratios]
        self._lots = [lot for _, lot in ratios]

    def price(self, instrument: int, ticks: int) -> float:
        """A price: the double nearest to it."""
        numerator, denominator = self._ticks[instrument]
        return ticks * numerator / denominator

    def average(self, instrument: int, ticks: float) -> float:
        """An average price, which lies between ticks."""
        numerator, denominator = self._ticks[instrument]
        return round(ticks * numerator / denominator, 9)

    def price_or_none(self, instrument: int, ticks: int) -> float | None:
        """A price, or None for the 0 that says that there is none."""
        return self.price(instrument, ticks) if ticks else None

    def quantity(self, instrument: int, lots: int) -> float:
        """A quantity: the double nearest to it."""
        numerator, denominator = self._lots[instrument]
        return lots * numerator / denominator

    def undone(self, order: LiveOrder) -> Undone:
        """What was busted until now of all that an order had traded."""
        return NOTHING_UNDONE if self._views is None else self._views.undone_of(order)

    def undone_lots(self, order_id: int, seq: int) -> int:
        """Lots of it that had been busted before an event."""
        return 0 if self._views is None else self._views.undone_lots(order_id, seq)

    def busted_orders(self, trade_id: int, account: int) -> list[BustedOrder]:
        """Orders of an account that the bust of a trade changed."""
        known = () if self._views is None else self._views.busted_orders.get(trade_id, ())
        return [each for each in known if each.account == account]

    def client_order(self, account: int, number: int) -> str:
        """A client order id as its client gave it; its number where it has no text, nothing for none."""
        if not number:
            return ""
        return self._client_name(account, number) or str(number)
