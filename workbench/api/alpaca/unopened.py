"""Orders that were taken before their market opened: `accepted` to their owners until it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from workbench.domain.codes import Phase

if TYPE_CHECKING:
    from workbench.projections.live.market import LiveMarket
    from workbench.projections.live.order import LiveOrder

_BEFORE: Final = (Phase.PRE_OPEN, Phase.OPENING_AUCTION)
_STAYS: Final = (*_BEFORE, Phase.HALTED, Phase.CLOSED)
"""Phases that a market may go through before it opens."""


class Unopened:
    """Orders that wait for the open of their market.

    Parameters
    ----------
    markets
        Every instrument, by number, as the views have them.
    """

    def __init__(self, markets: Sequence[LiveMarket]) -> None:
        self._markets = markets
        self._waiting: dict[int, dict[int, LiveOrder]] = {}

    def __contains__(self, order: LiveOrder) -> bool:
        return order.order_id in self._waiting.get(order.instrument, ())

    def take(self, order: LiveOrder) -> bool:
        """Have an order wait that works from now on; whether it has to."""
        if self._markets[order.instrument].phase not in _BEFORE:
            return False
        self._waiting.setdefault(order.instrument, {})[order.order_id] = order
        return True

    def end(self, order: LiveOrder) -> None:
        """An order has ended, so it waits no longer."""
        waiting = self._waiting.get(order.instrument)
        if waiting is not None:
            waiting.pop(order.order_id, None)

    def release(self, instrument: int, phase: Phase) -> list[LiveOrder]:
        """The orders that a change of phase lets work, in the order in which they came."""
        return [] if phase in _STAYS else list(self._waiting.pop(instrument, {}).values())
