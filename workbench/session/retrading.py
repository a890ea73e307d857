"""Which trade of a run is one of another run: the one between the same orders, that came as the same one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workbench.domain.codes import EventKind
from workbench.domain.records import TRADE_EVENT, Records
from workbench.engine.frames import of_kind
from workbench.session.lineage import Ints

Pair = tuple[int, int]
Place = tuple[int, int, int]
"""The orders of a trade, whichever rested, and how many trades between these two came before it."""

Entries = Callable[[Ints], Ints]
"""What says by which commands orders were entered."""


class Trades:
    """Trades of one run by the orders that they were between, each known by the command that entered it.

    Examples
    --------
    >>> trades = Trades()
    >>> trades.add([7, 8, 9], [1, 2, 4], [4, 4, 1])
    >>> trades.place(9), trades.at((1, 4, 1)), trades.at((2, 4, 1))
    ((1, 4, 1), 9, 0)
    """

    def __init__(self) -> None:
        self._of_pair: dict[Pair, list[int]] = {}
        self._places: dict[int, Place] = {}

    def take(self, events: Records, entries: Entries) -> None:
        """Learn of further events, in order; their orders are known already."""
        trades = of_kind(events, EventKind.TRADE).view(TRADE_EVENT)
        takers, makers = (
            entries(np.ascontiguousarray(trades[name])) for name in ("taker_order_id", "maker_order_id")
        )
        self.add(trades["trade_id"].tolist(), takers.tolist(), makers.tolist())

    def add(self, trade_ids: list[int], takers: list[int], makers: list[int]) -> None:
        """Learn of further trades."""
        for trade_id, taker, maker in zip(trade_ids, takers, makers, strict=True):
            pair = (min(taker, maker), max(taker, maker))
            known = self._of_pair.setdefault(pair, [])
            self._places[trade_id] = (*pair, len(known))
            known.append(trade_id)

    def place(self, trade_id: int) -> Place | None:
        """Which one a trade was; None of a number that no trade has."""
        return self._places.get(trade_id)

    def at(self, place: Place) -> int:
        """The trade that is this one; 0 when there is none."""
        one, other, before = place
        found = self._of_pair.get((min(one, other), max(one, other)), [])
        return found[before] if before < len(found) else 0
