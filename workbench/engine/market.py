"""What happened around an order while it waited, from the events alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.domain.codes import STREET_ACCOUNT, EventKind, Side
from workbench.domain.records import (
    AUCTION,
    ORDER_EVENT,
    PRIORITY_KEPT,
    QUOTE_EVENT,
    SHADOW,
    TRADE_EVENT,
    Records,
)
from workbench.domain.states import OrderState
from workbench.engine.queue import Stay, order_mask


@dataclass(frozen=True, slots=True)
class Through:
    """A trade of others at a worse price than the waiting order offered them."""

    trade_id: int
    time_ns: int
    price_ticks: int
    quantity_lots: int
    taker: int
    maker: int


@dataclass(frozen=True, slots=True)
class Missed:
    """What traded without a waiting order, and which prices it saw.

    Attributes
    ----------
    at_price_lots
        Lots that others traded at its price.
    ahead_lots, hidden_lots
        Those of them that traded with orders ahead of it, and with liquidity that the book never showed.
    through, through_lots
        Trades of others beyond its price, in order, and their lots; an auction has one price for all.
    opposite_ticks, opposite_ns
        Best price of the other side while it waited, and when it was first seen; 0 when there was none.
    """

    at_price_lots: int
    ahead_lots: int
    hidden_lots: int
    through: tuple[Through, ...]
    through_lots: int
    opposite_ticks: int
    opposite_ns: int


_BOOK_CHANGES = (
    EventKind.ORDER_RESTED,
    EventKind.ORDER_PARTIALLY_FILLED,
    EventKind.ORDER_FILLED,
    EventKind.ORDER_CANCELED,
    EventKind.ORDER_EXPIRED,
    EventKind.ORDER_REDUCED,
    EventKind.ORDER_REPLACED,
)
"""What moves a book between two quotes."""


def quote_before(events: Records, seq: int, instrument: int, side: Side) -> tuple[int, int]:
    """Best price that a `side` order meets and the lots there, as last quoted before an event; 0 for none."""
    quotes = events[(events["kind"] == EventKind.QUOTE) & (events["instrument"] == instrument)]
    quotes = quotes[quotes["seq"] < seq].view(QUOTE_EVENT)
    if not len(quotes):
        return 0, 0
    name = _opposite(side)
    return int(quotes[-1][f"{name}_price_ticks"]), int(quotes[-1][f"{name}_lots"])


def best_before(events: Records, came: Any, side: Side) -> tuple[int, int]:
    """Best price that a `side` order meets when it comes and the lots there; 0 for none.

    Quotes go out at the end of a command; when the same command has traded or ended orders before, the last
    one no longer holds, and the best price is that of the orders which still stand.
    """
    seq, instrument = int(came["seq"]), int(came["instrument"])
    mine = events[(events["command_seq"] == came["command_seq"]) & (events["instrument"] == instrument)]
    moved = np.isin(mine["kind"][mine["seq"] < seq], _BOOK_CHANGES).any()
    if not moved:
        return quote_before(events, seq, instrument, side)
    open_lots: dict[int, int] = {}
    for price, lots, _ in _standing(events, seq, instrument, side):
        open_lots[price] = open_lots.get(price, 0) + lots
    open_lots = {price: lots for price, lots in open_lots.items() if lots}
    if not open_lots:
        return 0, 0
    best = min(open_lots) if side == Side.BUY else max(open_lots)
    return best, open_lots[best]


def reachable_lots(
    events: Records, seq: int, instrument: int, side: Side, limit_ticks: int, own_account: int
) -> int:
    """Lots of others that a `side` order reached by the events before `seq`; a limit of 0 is none.

    What live orders took of frozen history is not offered again.
    """
    return sum(
        lots
        for price, lots, account in _standing(events, seq, instrument, side)
        if account != own_account
        and (not limit_ticks or (price <= limit_ticks if side == Side.BUY else price >= limit_ticks))
    )


def _standing(events: Records, seq: int, instrument: int, side: Side) -> Iterator[tuple[int, int, int]]:
    """Price, open lots and account of each order that a `side` order may meet, by the events before `seq`."""
    before = events[events["seq"] < seq]
    lives = before[order_mask(before)].view(ORDER_EVENT)
    lives = lives[(lives["instrument"] == instrument) & (lives["side"] == 3 - side)]
    kept = (lives["kind"] == EventKind.ORDER_REPLACED) & (lives["flags"] & PRIORITY_KEPT != 0)
    ids = np.where(kept, lives["successor_order_id"], lives["order_id"])
    fills = np.isin(lives["kind"], (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED))
    standing = (OrderState.NEW, OrderState.PARTIALLY_FILLED, OrderState.SUSPENDED)
    open_now = kept | np.isin(lives["order_state"], standing)
    # Dictionaries keep the last entry of each order; an old id of a kept place is forgotten below.
    last = {order: at for at, order in enumerate(ids.tolist())}
    prices = dict(zip(ids[~fills].tolist(), lives["price_ticks"][~fills].tolist(), strict=True))
    for old in lives["order_id"][kept].tolist():
        last.pop(old, None)
    shadows = before[(before["kind"] == EventKind.TRADE) & (before["flags"] & SHADOW != 0)].view(TRADE_EVENT)
    taken: dict[int, int] = {}
    for name in ("taker_order_id", "maker_order_id"):
        for order, lots in zip(shadows[name].tolist(), shadows["quantity_lots"].tolist(), strict=True):
            taken[order] = taken.get(order, 0) + lots
    for order, at in last.items():
        price = prices.get(order, 0)
        if open_now[at] and price:
            account = int(lives["account"][at])
            used = taken.get(order, 0) if account == STREET_ACCOUNT else 0
            yield price, max(0, int(lives["leaves_lots"][at]) - used), account


def missed_by(
    events: Records, ids: list[int], stays: tuple[Stay, ...], instrument: int, side: Side
) -> Missed | None:
    """What happened during the stays of an order; None when it never rested."""
    if not stays:
        return None
    here = events[events["instrument"] == instrument]
    trades = here[here["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    own = np.isin(trades["taker_order_id"], ids) | np.isin(trades["maker_order_id"], ids)
    shadow = trades["flags"] & SHADOW != 0
    # Live orders of a frozen venue trade beside history, and the order itself beside what history printed.
    beside = np.isin(trades["command_seq"], trades["command_seq"][own & shadow])
    trades = trades[~own & ~shadow & ~beside]
    quotes = here[here["kind"] == EventKind.QUOTE].view(QUOTE_EVENT)
    sign = 1 if side == Side.BUY else -1
    at_price = ahead = hidden = 0
    through: list[Through] = []
    best: tuple[int, int] | None = None
    for stay in stays:
        last = stay.end_seq or int(events["seq"][-1])
        during = trades[(trades["seq"] > stay.start_seq) & (trades["seq"] <= last)]
        distance = (during["price_ticks"] - stay.price_ticks) * sign
        if not stay.price_ticks:
            # A market order that waits for an auction has no price to be traded at or through.
            continue
        level = during[distance == 0]
        at_price += int(level["quantity_lots"].sum())
        gone = {departure.seq for departure in stay.departures}
        # The fill of the resting order follows its trade; in an auction the other may be the order ahead.
        auction = level["flags"] & AUCTION != 0
        of_ahead = np.isin(level["seq"] + 1, list(gone)) | (auction & np.isin(level["seq"] + 2, list(gone)))
        ahead += int(level["quantity_lots"][of_ahead].sum())
        hidden += int(level["quantity_lots"][(level["maker_order_id"] == 0) & ~auction].sum())
        through += [
            Through(
                int(trade["trade_id"]),
                int(trade["time_ns"]),
                int(trade["price_ticks"]),
                int(trade["quantity_lots"]),
                int(trade["account"]),
                int(trade["maker_account"]),
            )
            for trade in during[(distance < 0) & (during["flags"] & AUCTION == 0)]
        ]
        best = _better(best, _best_opposite(quotes, stay, last, side), sign)
    return Missed(
        at_price_lots=at_price,
        ahead_lots=ahead,
        hidden_lots=hidden,
        through=tuple(through),
        through_lots=sum(trade.quantity_lots for trade in through),
        opposite_ticks=best[0] if best else 0,
        opposite_ns=best[1] if best else 0,
    )


def _opposite(side: Side) -> str:
    return "ask" if side == Side.BUY else "bid"


def _better(one: tuple[int, int] | None, two: tuple[int, int] | None, sign: int) -> tuple[int, int] | None:
    if one is None or two is None:
        return two if one is None else one
    return two if (two[0] - one[0]) * sign < 0 else one


def _best_opposite(quotes: Records, stay: Stay, last: int, side: Side) -> tuple[int, int] | None:
    """Best opposite price during a stay, and when it was first seen; the quote at its start counts too."""
    before = int(np.searchsorted(quotes["seq"], stay.start_seq)) - 1
    seen = quotes[max(before, 0) : int(np.searchsorted(quotes["seq"], last, side="right"))]
    name = _opposite(side)
    seen = seen[seen[f"{name}_lots"] > 0]
    if not len(seen):
        return None
    prices = seen[f"{name}_price_ticks"]
    at = int(prices.argmin() if side == Side.BUY else prices.argmax())
    return int(prices[at]), max(int(seen["time_ns"][at]), stay.start_ns)
