"""What stood ahead of an order in its queue and where it went, from the events alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.domain.codes import STREET_ACCOUNT, EventKind
from workbench.domain.config import ReplayMode, Venue
from workbench.domain.records import AUCTION, FILL_EVENT, ORDER_EVENT, PRIORITY_KEPT, Records
from workbench.domain.states import TERMINAL_STATES
from workbench.engine.sentences import layout_of

TRADED = "traded"
CANCELLED = "cancelled"
EXPIRED = "expired"
MOVED = "moved away"
WAYS = (TRADED, CANCELLED, EXPIRED, MOVED)
"""How an order ahead may leave: by trading, by a cancel or a smaller quantity, at the end of its time, or by
a replace that queues anew.
"""

CLAIMS = (EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED, EventKind.COMMAND_REJECTED)
"""Kinds whose order id is only what somebody asked for."""

JOINS = (EventKind.ORDER_RESTED, EventKind.ORDER_REFRESHED)
"""Kinds by which an order takes a place in a queue; `limit` is what it shows there, 0 for all of it."""

FILLS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)


@dataclass(frozen=True, slots=True)
class Departure:
    """Lots that left the queue ahead of an order.

    Attributes
    ----------
    seq, time_ns
        The event that took them away.
    order_id
        Whose they were.
    lots
        How many.
    way
        One of `WAYS`.
    ahead_lots
        What was left ahead.
    """

    seq: int
    time_ns: int
    order_id: int
    lots: int
    way: str
    ahead_lots: int


@dataclass(frozen=True, slots=True)
class Stay:
    """The time that an order spent in one queue.

    Attributes
    ----------
    order_id
        Its id when it joined the queue.
    price_ticks
        The queue's price.
    start_seq, start_ns
        The event by which it joined.
    end_seq, end_ns
        The event by which it left; None while it is there.
    said_lots
        Lots ahead at the start, as the exchange said.
    ahead_lots
        Lots ahead at the start, as the events before show them. Fewer than `said_lots` when the events do not
        begin with the exchange's first.
    departures
        How they left, in order.
    ahead_ids
        Orders that stood ahead at the start.
    joined_by
        By which event it began: ORDER_RESTED, ORDER_REFRESHED (the next slice of an iceberg) or
        ORDER_ADJUSTED (the old place after a split).
    """

    order_id: int
    price_ticks: int
    start_seq: int
    start_ns: int
    end_seq: int | None
    end_ns: int | None
    said_lots: int
    ahead_lots: int
    departures: tuple[Departure, ...]
    ahead_ids: frozenset[int]
    joined_by: EventKind = EventKind.ORDER_RESTED

    def left_lots(self, way: str) -> int:
        """Lots that left in one of `WAYS`."""
        return sum(departure.lots for departure in self.departures if departure.way == way)

    @property
    def still_ahead_lots(self) -> int:
        """Lots that were ahead to the end."""
        return self.departures[-1].ahead_lots if self.departures else self.ahead_lots

    def ahead_at(self, seq: int) -> int:
        """Lots ahead after the event with this sequence number."""
        ahead = self.ahead_lots
        for departure in self.departures:
            if departure.seq > seq:
                break
            ahead = departure.ahead_lots
        return ahead


def order_mask(events: Records) -> Any:
    """Which events tell something about an order, by its id in `order_id`."""
    kinds = np.zeros(256, dtype=bool)
    for kind in EventKind:
        kinds[kind] = layout_of(int(kind)) in (ORDER_EVENT, FILL_EVENT) and kind not in CLAIMS
    return kinds[events["kind"]]


def leaves_queue(event: Any) -> bool:
    """Whether an `ORDER_EVENT` ends an order's stay in its queue."""
    if event["kind"] == EventKind.ORDER_REPLACED:
        return not event["flags"] & PRIORITY_KEPT
    return int(event["order_state"]) in TERMINAL_STATES


def stays_of(events: Records, ids: list[int], venue: Venue) -> tuple[Stay, ...]:
    """Every stay in a queue of the order that had these ids, one after the other.

    A stay begins when the order rests, when the next slice of an iceberg queues, and with the new terms that
    a split gives it.
    """
    lives = events[order_mask(events)].view(ORDER_EVENT)
    own = lives[np.isin(lives["order_id"], ids)]
    starts = np.isin(own["kind"], JOINS)
    joined = 0
    made: list[Stay] = []
    for at, event in enumerate(own):
        rested = bool(made) and made[-1].end_seq == _split_seq(events, event)
        if event["kind"] == EventKind.ORDER_ADJUSTED and rested:
            starts[at] = True
        if not starts[at]:
            continue
        if event["kind"] in JOINS:
            joined = int(event["seq"])
        ends = [later for later in own[at + 1 :] if leaves_queue(later)]
        again = own[at + 1 :][np.isin(own["kind"][at + 1 :], (*JOINS, EventKind.ORDER_ADJUSTED))]
        end = min([*ends[:1], *again[:1]], key=lambda later: int(later["seq"]), default=None)
        end_seq = None if end is None else int(end["seq"])
        if end is not None and end["kind"] == EventKind.ORDER_ADJUSTED:
            # Orders ahead may be adjusted before it: the old queue ends with the split.
            end_seq = _split_seq(events, end)
        made.append(
            _stay(lives, event, joined, None if end is None else int(end["time_ns"]), end_seq, ids, venue)
        )
    return tuple(made)


def _split_seq(events: Records, adjusted: Any) -> int:
    """The split that an ORDER_ADJUSTED follows from; -1 for another event."""
    if adjusted["kind"] != EventKind.ORDER_ADJUSTED:
        return -1
    splits = (events["kind"] == EventKind.INSTRUMENT_SPLIT) & (
        events["command_seq"] == adjusted["command_seq"]
    )
    found = events["seq"][splits]
    return int(found[0]) if len(found) else int(adjusted["seq"])


def _stay(
    lives: Records,
    start: Any,
    joined: int,
    end_ns: int | None,
    end_seq: int | None,
    ids: list[int],
    venue: Venue,
) -> Stay:
    price = int(start["price_ticks"])
    here = lives[
        (lives["instrument"] == start["instrument"])
        & (lives["side"] == start["side"])
        & (lives["seq"] <= (end_seq or int(lives["seq"][-1])))
    ]
    if venue.replay_mode == ReplayMode.FROZEN and start["account"] == STREET_ACCOUNT:
        # History queues behind history alone.
        here = here[here["account"] == STREET_ACCOUNT]
    begin = int(start["seq"])
    if start["kind"] == EventKind.ORDER_ADJUSTED:
        # All orders of a split are adjusted before anything else happens.
        split = here["seq"][(here["kind"] == start["kind"]) & (here["command_seq"] == start["command_seq"])]
        begin = int(split[-1])
    standing = _Queue(set(ids))
    queue = _of_queue(here, begin, price)
    for event in queue[queue["seq"] <= begin]:
        standing.take(event)
    standing.keep(price, joined)
    ahead_ids, ahead_lots = frozenset(standing.places), standing.total
    departures = []
    left = ahead_lots
    for event in queue[queue["seq"] > begin]:
        lots, way = standing.lose(event)
        if lots:
            left -= lots
            departures.append(
                Departure(int(event["seq"]), int(event["time_ns"]), int(event["order_id"]), lots, way, left)
            )
    said = ahead_lots if start["kind"] == EventKind.ORDER_ADJUSTED else int(start["value"])
    return Stay(
        order_id=int(start["order_id"]),
        price_ticks=price,
        start_seq=int(start["seq"]),
        start_ns=int(start["time_ns"]),
        end_seq=end_seq,
        end_ns=end_ns,
        said_lots=said,
        ahead_lots=ahead_lots,
        departures=tuple(departures),
        ahead_ids=ahead_ids,
        joined_by=EventKind(int(start["kind"])),
    )


def _of_queue(here: Records, begin: int, price: int) -> Records:
    """Events of the orders that had joined the queue by `begin`."""
    joins = np.isin(here["kind"], (*JOINS, EventKind.ORDER_ADJUSTED))
    joined = (here["seq"] <= begin) & joins & (here["price_ticks"] == price)
    ids = set(here["order_id"][joined].tolist())
    kept = (here["kind"] == EventKind.ORDER_REPLACED) & (here["flags"] & PRIORITY_KEPT != 0)
    replaced = here[kept]
    for event in replaced:
        if int(event["order_id"]) in ids:
            ids.add(int(event["successor_order_id"]))
    for event in replaced[::-1]:
        # A split may have brought a successor here whose place was taken under an older id.
        if int(event["successor_order_id"]) in ids:
            ids.add(int(event["order_id"]))
    return here[np.isin(here["order_id"], list(ids))]


@dataclass(slots=True)
class _Place:
    """An order in a queue: what it shows, what it may show (0: all), its price and when it joined."""

    lots: int
    display: int
    price: int
    joined: int


class _Queue:
    """Orders and what they show, by id."""

    def __init__(self, own: set[int]) -> None:
        self.places: dict[int, _Place] = {}
        self._own = own

    @property
    def total(self) -> int:
        """All lots that are shown."""
        return sum(place.lots for place in self.places.values())

    def take(self, event: Any) -> None:
        """An event before our order joined."""
        order_id = int(event["order_id"])
        if event["kind"] in JOINS:
            if order_id not in self._own:
                display = int(event["limit"])
                lots = display or int(event["leaves_lots"])
                self.places[order_id] = _Place(lots, display, int(event["price_ticks"]), int(event["seq"]))
        elif order_id in self.places:
            self._follow(order_id, event)

    def keep(self, price: int, joined: int) -> None:
        """Forget who stands at another price, or joined later than our order."""
        self.places = {
            order_id: place
            for order_id, place in self.places.items()
            if place.price == price and place.joined < joined
        }

    def lose(self, event: Any) -> tuple[int, str]:
        """An event after it joined: how many lots ahead are gone by it, and in which way."""
        order_id = int(event["order_id"])
        if order_id not in self.places or event["kind"] == EventKind.ORDER_ADJUSTED:
            return 0, ""
        before = self.places[order_id].lots
        way = _way(event)
        if event["kind"] in JOINS:
            # It has queued anew, behind our order.
            del self.places[order_id]
            return before, MOVED
        return before - self._follow(order_id, event), way

    def _follow(self, order_id: int, event: Any) -> int:
        """Bring one order up to date; what it still shows in the queue."""
        place = self.places.pop(order_id)
        if leaves_queue(event):
            return 0
        left = int(event["leaves_lots"])
        if event["kind"] == EventKind.ORDER_REPLACED:
            order_id = int(event["successor_order_id"])
        if event["kind"] == EventKind.ORDER_ADJUSTED:
            # Quantities are multiplied, and so is what an iceberg shows.
            place.display = place.display * left // max(int(event["value"]), 1)
            place.price, place.lots = int(event["price_ticks"]), min(place.display or left, left)
        elif not place.display:
            place.lots = left
        elif event["kind"] not in FILLS:
            place.lots = min(place.lots, left)
        elif event["flags"] & AUCTION:
            # An uncross reaches what is hidden, and afterwards it shows as much again.
            place.lots = min(place.display, left)
        else:
            # In a fill's event the quantity is that of the fill.
            place.lots = min(place.lots - int(event["quantity_lots"]), left)
        if place.lots > 0:
            self.places[order_id] = place
        return max(place.lots, 0)


def _way(event: Any) -> str:
    kind = event["kind"]
    if kind in FILLS:
        return TRADED
    if kind == EventKind.ORDER_EXPIRED:
        return EXPIRED
    moved = kind == EventKind.ORDER_REPLACED and not event["flags"] & PRIORITY_KEPT
    return MOVED if moved else CANCELLED
