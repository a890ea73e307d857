"""The book from its events alone: price levels, and who stands where."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from workbench.domain.codes import Place, Side
from workbench.domain.config import ReplayMode, Venue
from workbench.domain.records import FILL_EVENT, LEVEL_VIEW, ORDER_EVENT, Records
from workbench.errors import ConfigError, ProjectionError
from workbench.projections.base import Layout, Projection, State
from workbench.projections.queues import RESTING, SIDES, allocate
from workbench.projections.resting import (
    ahead_of,
    enter_orders,
    fold,
    read_levels,
    read_orders,
    with_room,
)

_FIRST_SLOTS = 1 << 10
_BOOKS = (Place.SHOWN, Place.LIVE, Place.MARKET_QUEUE)

QUEUED = np.dtype(
    [*((name, RESTING[name]) for name in RESTING.names or ()), ("orders_ahead", "i8"), ("lots_ahead", "i8")]
)
"""`RESTING` with what stands before the order at its price: orders, and the lots that these show."""

BEST = np.dtype(
    [
        ("instrument", "i8"),
        ("bid_price_ticks", "i8"),
        ("bid_lots", "i8"),
        ("bid_orders", "i8"),
        ("ask_price_ticks", "i8"),
        ("ask_lots", "i8"),
        ("ask_orders", "i8"),
    ]
)
"""Best bid and ask of an instrument, as QUOTE says them; an empty side has price, lots and orders 0."""


class Depth(Projection):
    """Every price level of every book, and the order of those who stand at it.

    After the last event of a command it is what the exchange's own book is then. In the midst of a command,
    whose steps nobody else sees, it is what the events so far say.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    """

    name: ClassVar[str] = "depth"
    layout: ClassVar[Layout] = {"orders": RESTING}

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        self._queues = self._empty(_FIRST_SLOTS, _FIRST_SLOTS)

    def _empty(self, order_slots: int, level_slots: int) -> Any:
        frozen = self.venue.replay_mode == ReplayMode.FROZEN
        return allocate(len(self.venue.instruments), frozen, order_slots, level_slots)

    def _fold(self, events: Records) -> None:
        orders, fills = events.view(ORDER_EVENT), events.view(FILL_EVENT)
        at = fold(self._queues, orders, fills, 0)
        while 0 <= at < len(events):
            self._queues = with_room(self._queues)
            at = fold(self._queues, orders, fills, at)
        if at < 0:
            event = orders[-1 - at]
            raise ProjectionError(
                f"event {event['seq']} rests an order in instrument {event['instrument']}, side "
                f"{event['side']}, and the venue has {len(self.venue.instruments)} instruments",
                where=f"projection {self.name}",
                remedy="give the events of this venue",
            )

    def _state(self) -> State:
        return {"orders": self._resting()}

    def _load(self, state: State) -> None:
        resting = state["orders"]
        room = max(_FIRST_SLOTS, len(resting) + 1)
        self._queues = self._empty(room, room)
        enter_orders(self._queues, resting)

    def _resting(self) -> Records:
        """All resting orders in the order in which the exchange lists them."""
        out = np.zeros(int(self._queues.world["orders"][0]), RESTING)
        read_orders(self._queues, out)
        elsewhere = out["book"] == Place.MARKET_QUEUE
        side = np.where(elsewhere, 0, out["side"])
        better_first = np.where(out["side"] == Side.BUY, -out["price_ticks"], out["price_ticks"])
        keys = (out["joined_seq"], better_first, side, out["book"], out["instrument"], elsewhere)
        return out[np.lexsort(keys)]

    # ------------------------------------------------------------------ views

    def depth(self, instrument: int, side: Side, levels: int = 10, book: int = 0) -> Records:
        """Best price levels of a side as `LEVEL_VIEW`, best first, as `Exchange.depth` gives them.

        Parameters
        ----------
        instrument, side
            Whose book and which side of it.
        levels
            The most levels to give.
        book
            A `Place`: the book that quotes show (0), the live orders of a frozen venue (1), or the market
            orders that wait for an uncross, which are one level without a price.
        """
        if not 0 <= instrument < len(self.venue.instruments):
            raise ConfigError(
                what=f"no instrument {instrument}",
                where="Depth.depth",
                remedy=f"numbers go from 0 to {len(self.venue.instruments) - 1}",
            )
        if side not in (Side.BUY, Side.SELL) or book not in _BOOKS or levels < 0:
            raise ConfigError(
                what=f"no side {side!r} of book {book} with {levels} levels", where="Depth.depth"
            )
        number = SIDES * instrument + 2 * _BOOKS.index(Place(book)) + side - 1
        out = np.zeros(int(self._queues.sides["levels"][number]), LEVEL_VIEW)
        read_levels(self._queues, number, out)
        order = np.argsort(out["price_ticks"])
        return out[order[::-1] if side == Side.BUY else order][:levels]

    def best(self, book: int = 0) -> Records:
        """Best bid and ask of each instrument as `BEST`, by number; of book 0 what QUOTE would say now."""
        out = np.zeros(len(self.venue.instruments), BEST)
        out["instrument"] = np.arange(len(out))
        for instrument, record in enumerate(out):
            for name, side in (("bid", Side.BUY), ("ask", Side.SELL)):
                for level in self.depth(instrument, side, 1, book):
                    record[f"{name}_price_ticks"] = level["price_ticks"]
                    record[f"{name}_lots"] = level["quantity_lots"]
                    record[f"{name}_orders"] = level["orders"]
        return out

    def orders(self, instrument: int | None = None) -> Records:
        """Resting orders as `QUEUED`, in the order of `Exchange.orders`.

        Held orders are not among them. What is ahead of a live order of a frozen venue includes the history
        at its price that came earlier.
        """
        resting = self._resting()
        if instrument is not None:
            resting = resting[resting["instrument"] == instrument]
        out = np.zeros(len(resting), QUEUED)
        for name in RESTING.names or ():
            out[name] = resting[name]
        # One queue for each price, history and live orders in the order of their coming.
        order = np.lexsort(
            (resting["joined_seq"], resting["price_ticks"], resting["side"], resting["instrument"])
        )
        queue = resting[order]
        keys = queue[["instrument", "side", "price_ticks"]]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(queue) else np.zeros(0, np.int64)
        sizes = np.diff(np.r_[starts, len(queue)])
        live = queue["book"] == Place.LIVE
        for name, counted in (
            ("orders_ahead", np.ones(len(queue), np.int64)),
            ("lots_ahead", queue["shown_lots"]),
        ):
            shown = _before(np.where(live, 0, counted), starts, sizes)
            beside = _before(np.where(live, counted, 0), starts, sizes)
            out[name][order] = shown + np.where(live, beside, 0)
        return out

    def ahead(self, order_id: int) -> tuple[int, int] | None:
        """Orders and shown lots before an order at its price, or None when it rests nowhere."""
        orders, lots = ahead_of(self._queues, order_id)
        return None if orders < 0 else (int(orders), int(lots))


def _before(counted: Any, starts: Any, sizes: Any) -> Any:
    """Sums of what comes before each place within its group."""
    sums = np.cumsum(counted) - counted
    return sums - np.repeat(sums[starts], sizes)
