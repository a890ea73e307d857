"""What stood ahead of an order in its queue and where it went, from the events alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.domain.codes import STREET_ACCOUNT, EventKind
from workbench.domain.config import ReplayMode, Venue
from workbench.domain.records import FILL_EVENT, ORDER_EVENT, PRIORITY_KEPT, Records
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
    """Every stay in a queue of the order that had these ids, one after the other."""
    lives = events[order_mask(events)].view(ORDER_EVENT)
    own = lives[np.isin(lives["order_id"], ids)]
    made = []
    for at in np.flatnonzero(own["kind"] == EventKind.ORDER_RESTED):
        ends = [event for event in own[at + 1 :] if leaves_queue(event)]
        again = own[at + 1 :][own["kind"][at + 1 :] == EventKind.ORDER_RESTED]
        end = min([*ends[:1], *again[:1]], key=lambda event: int(event["seq"]), default=None)
        made.append(_stay(lives, own[at], end, ids, venue))
    return tuple(made)


def _stay(lives: Records, rested: Any, end: Any | None, ids: list[int], venue: Venue) -> Stay:
    start, price = int(rested["seq"]), int(rested["price_ticks"])
    end_seq = None if end is None else int(end["seq"])
    here = lives[
        (lives["instrument"] == rested["instrument"])
        & (lives["side"] == rested["side"])
        & (lives["seq"] <= (end_seq or int(lives["seq"][-1])))
    ]
    if venue.replay_mode == ReplayMode.FROZEN and rested["account"] == STREET_ACCOUNT:
        # History queues behind history alone.
        here = here[here["account"] == STREET_ACCOUNT]
    standing = _Queue(set(ids))
    for event in _of_queue(here, start, price):
        if event["seq"] < start:
            standing.take(event, price)
    ahead_ids, ahead_lots = frozenset(standing.lots), sum(standing.lots.values())
    departures = []
    left = ahead_lots
    for event in _of_queue(here, start, price):
        if event["seq"] > start:
            lots, way = standing.lose(event)
            if lots:
                left -= lots
                departures.append(
                    Departure(
                        int(event["seq"]), int(event["time_ns"]), int(event["order_id"]), lots, way, left
                    )
                )
    return Stay(
        order_id=int(rested["order_id"]),
        price_ticks=price,
        start_seq=start,
        start_ns=int(rested["time_ns"]),
        end_seq=end_seq,
        end_ns=None if end is None else int(end["time_ns"]),
        said_lots=int(rested["value"]),
        ahead_lots=ahead_lots,
        departures=tuple(departures),
        ahead_ids=ahead_ids,
    )


def _of_queue(here: Records, start: int, price: int) -> Records:
    """Events of the orders that had joined the queue before `start`."""
    before = here["seq"] < start
    joined = before & (here["kind"] == EventKind.ORDER_RESTED) & (here["price_ticks"] == price)
    ids = set(here["order_id"][joined].tolist())
    kept = (here["kind"] == EventKind.ORDER_REPLACED) & (here["flags"] & PRIORITY_KEPT != 0)
    for event in here[kept & (here["price_ticks"] == price)]:
        if int(event["order_id"]) in ids:
            ids.add(int(event["successor_order_id"]))
    return here[np.isin(here["order_id"], list(ids))]


class _Queue:
    """Orders at one price and their open lots, by id."""

    def __init__(self, own: set[int]) -> None:
        self.lots: dict[int, int] = {}
        self._own = own

    def take(self, event: Any, price: int) -> None:
        """An event before our order joined."""
        order_id = int(event["order_id"])
        if event["kind"] == EventKind.ORDER_RESTED:
            if event["price_ticks"] == price and order_id not in self._own:
                self.lots[order_id] = int(event["leaves_lots"])
        elif order_id in self.lots:
            self._follow(order_id, event)

    def lose(self, event: Any) -> tuple[int, str]:
        """An event after it joined: how many lots ahead are gone by it, and in which way."""
        order_id = int(event["order_id"])
        before = self.lots.get(order_id)
        if before is None:
            return 0, ""
        way = _way(event)
        if event["kind"] == EventKind.ORDER_RESTED:
            # It has queued anew, behind our order.
            del self.lots[order_id]
            return before, MOVED
        return before - self._follow(order_id, event), way

    def _follow(self, order_id: int, event: Any) -> int:
        """Bring one order up to date; what is left of it in the queue."""
        del self.lots[order_id]
        if leaves_queue(event):
            return 0
        if event["kind"] == EventKind.ORDER_REPLACED:
            order_id = int(event["successor_order_id"])
        left = int(event["leaves_lots"])
        if left:
            self.lots[order_id] = left
        return left


def _way(event: Any) -> str:
    kind = event["kind"]
    if kind in (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED):
        return TRADED
    if kind == EventKind.ORDER_EXPIRED:
        return EXPIRED
    moved = kind == EventKind.ORDER_REPLACED and not event["flags"] & PRIORITY_KEPT
    return MOVED if moved else CANCELLED
