"""Orders of one instrument that are held, found by what they wait for."""

from __future__ import annotations

from bisect import bisect_left, insort

from workbench.domain.codes import Place, Side
from workbench.matching.reference import Order

Rung = tuple[int, int, int]
"""Trigger price (minus it for falling orders), priority number, order id."""


class Held:
    """Held orders; those of place GROUP are found through their group alone.

    Attributes
    ----------
    ladders
        Trigger orders that have a trigger price, rising or falling, of each side: the next to trigger first.
    trailing
        Trailing stops that wait for their trigger, by ascending priority number.
    released, auction
        Orders of these places by order id.
    """

    def __init__(self) -> None:
        self.ladders: dict[tuple[bool, Side], list[Rung]] = {
            (rising, side): [] for rising in (True, False) for side in (Side.BUY, Side.SELL)
        }
        self.trailing: dict[int, Order] = {}
        self.released: dict[int, Order] = {}
        self.auction: dict[int, Order] = {}

    def add(self, order: Order) -> None:
        """Take in an order; its priority number must be the largest."""
        if order.book == Place.TRIGGER:
            self._climb(order)
            if order.is_trailing:
                self.trailing[order.priority] = order
        elif order.book == Place.RELEASED:
            self.released[order.order_id] = order
        elif order.book == Place.AUCTION:
            self.auction[order.order_id] = order

    def remove(self, order: Order) -> None:
        """Undo `add`."""
        if order.book == Place.TRIGGER:
            self._leave(order)
            if order.is_trailing:
                del self.trailing[order.priority]
        elif order.book == Place.RELEASED:
            del self.released[order.order_id]
        elif order.book == Place.AUCTION:
            del self.auction[order.order_id]

    def trail(self, order: Order, watermark_ticks: int, trigger_price_ticks: int) -> None:
        """Give an order another watermark and trigger price."""
        waits = order.book == Place.TRIGGER
        if waits:
            self._leave(order)
        order.watermark_ticks, order.trigger_price_ticks = watermark_ticks, trigger_price_ticks
        if waits:
            self._climb(order)

    def _climb(self, order: Order) -> None:
        if order.trigger_price_ticks:
            insort(self.ladders[order.is_rising, order.side], _rung(order))

    def _leave(self, order: Order) -> None:
        if order.trigger_price_ticks:
            ladder = self.ladders[order.is_rising, order.side]
            del ladder[bisect_left(ladder, _rung(order))]


def _rung(order: Order) -> Rung:
    price = order.trigger_price_ticks
    return (price if order.is_rising else -price, order.priority, order.order_id)
