"""Where a strategy trades: the same whatever is behind it."""

from __future__ import annotations

from operator import index
from typing import Any, NamedTuple

from workbench.domain.codes import Side
from workbench.domain.instruments import Instrument
from workbench.errors import ConfigError
from workbench.studies.news import Action, Quote

_MOST = 1 << 62
"""What numbers of the exchange are below."""


class Working(NamedTuple):
    """An order that may still trade, as far as the strategy can know."""

    side: Side
    price_ticks: int
    leaves_lots: int


Request = tuple[int, int, int, int, bool]
"""Action, order, lots, ticks, whether post-only: a `REQUEST` as plain numbers."""


class Desk:
    """A strategy's view of the market and of its own orders.

    Attributes
    ----------
    instrument
        What is traded: its tick size, lot and symbol.
    time_ns
        Exchange time of what is being told.
    quote
        The latest quote (`Quote`; all 0 before the first).
    position_lots
        The position now.
    working
        Orders that may still trade, by number; an order is here from the moment it is asked for.
    requests
        What was asked for since whoever runs the strategy last looked.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.time_ns = 0
        self.quote = Quote(0, 0, 0, 0, 0)
        self.position_lots = 0
        self.working: dict[int, Working] = {}
        self.requests: list[Request] = []
        self.next_order = 1

    def buy(self, quantity_lots: int, price_ticks: int = 0, *, post_only: bool = False) -> int:
        """Ask for a buy order: at a limit, or at the market without one; gives the order's number."""
        return self._order(Action.BUY, Side.BUY, quantity_lots, price_ticks, post_only=post_only)

    def sell(self, quantity_lots: int, price_ticks: int = 0, *, post_only: bool = False) -> int:
        """Ask for a sell order; as `buy`."""
        return self._order(Action.SELL, Side.SELL, quantity_lots, price_ticks, post_only=post_only)

    def cancel(self, order: int) -> None:
        """Ask for the end of an order; nothing happens if it has ended."""
        try:
            number = index(order)
        except TypeError:
            number = _MOST
        if not -_MOST < number < _MOST:
            raise ConfigError(
                f"{order!r} is no order's number",
                f"cancel in {self.instrument.symbol}",
                "give what buy or sell gave",
            )
        self.requests.append((int(Action.CANCEL), number, 0, 0, False))

    def _order(
        self, action: Action, side: Side, quantity_lots: int, price_ticks: int, *, post_only: bool
    ) -> int:
        try:
            lots, ticks = index(quantity_lots), index(price_ticks)
        except TypeError:
            lots = ticks = 0
        if not 0 < lots < _MOST or not 0 <= ticks < _MOST:
            raise ConfigError(
                f"{quantity_lots!r} lots at {price_ticks!r} ticks are no order",
                f"{side.name.lower()} of {self.instrument.symbol}",
                "give a whole quantity above 0 and a price of 0 (market) or more whole ticks, as "
                "desk.instrument.price_to_ticks makes of a price",
            )
        number = self.next_order
        self.next_order = number + 1
        self.requests.append((int(action), number, lots, ticks, bool(post_only)))
        self.working[number] = Working(side, ticks, lots)
        return number

    # ------------------------------------------------------------------ for whoever runs the strategy

    def take_requests(self) -> list[Request]:
        """What was asked for since the last time."""
        requests = self.requests
        self.requests = []
        return requests

    def filled(self, order: int, side: int, lots: int, leaves: int) -> None:
        """An order has traded."""
        self.position_lots += lots if side == Side.BUY else -lots
        if not leaves:
            self.working.pop(order, None)
        elif order in self.working:
            self.working[order] = self.working[order]._replace(leaves_lots=leaves)

    def ended(self, order: int) -> None:
        """An order has ended without trading all it could."""
        self.working.pop(order, None)

    def __repr__(self) -> str:
        values: dict[str, Any] = {"time_ns": self.time_ns, "position_lots": self.position_lots}
        return f"Desk({self.instrument.symbol}, {values}, {len(self.working)} working)"
