"""What others did that decided over an order: auctions, splits, margin calls, and the orders of its group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.domain.codes import EventKind, Reason, Side, TriggerReference
from workbench.domain.config import Venue
from workbench.domain.records import (
    ACCOUNT_EVENT,
    ORDER_EVENT,
    QUOTE_EVENT,
    SHADOW,
    TERMS_EVENT,
    TRADE_EVENT,
    Records,
)
from workbench.domain.states import TERMINAL_STATES
from workbench.engine.queue import FILLS, Stay, order_mask
from workbench.engine.sentences import rises

_BY_ACCOUNT = {
    Reason.LIQUIDATION: (EventKind.MARGIN_CALL, EventKind.LIQUIDATION),
    Reason.DAILY_LOSS: (EventKind.ACCOUNT_SUSPENDED,),
    Reason.DRAWDOWN: (EventKind.ACCOUNT_SUSPENDED,),
    Reason.KILL_SWITCH: (EventKind.ACCOUNT_SUSPENDED,),
}
"""Kinds of its account's events that explain why an order was cancelled."""


@dataclass(frozen=True, slots=True)
class Liquidated:
    """Why the exchange entered an order for an account.

    Attributes
    ----------
    call_ns
        When the margin call was made; None when these events do not show it.
    called_equity_micros, called_requirement_micros
        Equity and what it had to be, then.
    deadline_ns
        When it had to be met.
    equity_micros, requirement_micros
        Both when the exchange closed the position.
    unrealised_micros
        The position's unrealised PnL.
    """

    call_ns: int | None
    called_equity_micros: int
    called_requirement_micros: int
    deadline_ns: int
    equity_micros: int
    requirement_micros: int
    unrealised_micros: int


def liquidation_of(events: Records, ids: list[int]) -> Liquidated | None:
    """The liquidation that entered an order, and the margin call before it."""
    closed = events[events["kind"] == EventKind.LIQUIDATION].view(ACCOUNT_EVENT)
    closed = closed[np.isin(closed["order_id"], ids)]
    if not len(closed):
        return None
    event = closed[0]
    calls = _of_account(events, int(event["account"]), (EventKind.MARGIN_CALL,), int(event["seq"]))
    call = calls.view(ACCOUNT_EVENT)[-1] if len(calls) else None
    return Liquidated(
        call_ns=None if call is None else int(call["time_ns"]),
        called_equity_micros=0 if call is None else int(call["equity_micros"]),
        called_requirement_micros=0 if call is None else int(call["requirement_micros"]),
        deadline_ns=int(event["deadline_ns"]),
        equity_micros=int(event["equity_micros"]),
        requirement_micros=int(event["requirement_micros"]),
        unrealised_micros=int(event["value"]),
    )


def _of_account(events: Records, account: int, kinds: tuple[EventKind, ...], until: int) -> Records:
    told = np.isin(events["kind"], kinds) & (events["account"] == account) & (events["seq"] <= until)
    return events[told]


def terms_of(events: Records, ids: list[int]) -> Records:
    """What is said of an order's terms beyond price and quantity."""
    terms = events[events["kind"] == EventKind.ORDER_TERMS]
    return terms[np.isin(terms.view(TERMS_EVENT)["order_id"], ids)]


def group_of(events: Records, ids: list[int]) -> list[int]:
    """Ids of the other orders of an order's group, those of their successors included."""
    terms = events[events["kind"] == EventKind.ORDER_TERMS].view(TERMS_EVENT)
    created = events["seq"][events["kind"] == EventKind.ORDER_CREATED]
    # Replaces and splits tell the terms again; only those given on entry count.
    terms = terms[(terms["group_id"] != 0) & np.isin(terms["seq"] - 1, created)]
    own = terms[np.isin(terms["order_id"], ids)]
    if not len(own):
        return []
    same = terms[(terms["account"] == own[0]["account"]) & (terms["group_id"] == own[0]["group_id"])]
    # A client order id may be used again once its group is forgotten.
    firsts = same["seq"][same["group_place"] == 1]
    begins = max((int(seq) for seq in firsts if seq <= own[0]["seq"]), default=0)
    ends = min((int(seq) for seq in firsts if seq > own[0]["seq"]), default=int(events["seq"][-1]) + 1)
    found = same[(same["seq"] >= begins) & (same["seq"] < ends)]["order_id"].tolist()
    members = [int(number) for number in found if number not in ids]
    replaced = events[events["kind"] == EventKind.ORDER_REPLACED].view(ORDER_EVENT)
    for event in replaced:
        if int(event["order_id"]) in members:
            members.append(int(event["successor_order_id"]))
    return members


def around(
    events: Records, own: Records, ids: list[int], stays: tuple[Stay, ...], group: list[int]
) -> Records:
    """Events of others that tell why an order's life went as it did, in order.

    Auctions, splits and changes of the phase while it was open, what the orders of its group did meanwhile, a
    limit that it broke, and the margin call or loss for which it was entered or cancelled.
    """
    orders = own.view(ORDER_EVENT)
    account, instrument = int(orders["account"][0]), int(orders["instrument"][0])
    begin, command = int(orders["seq"][0]), int(orders["command_seq"][-1])
    ended = int(orders["order_state"][-1]) in TERMINAL_STATES
    during = (events["seq"] > begin) & ((events["command_seq"] <= command) if ended else True)
    here = during & (events["instrument"] == instrument)
    told = here & np.isin(events["kind"], (EventKind.PHASE_CHANGED, EventKind.INSTRUMENT_SPLIT))
    uncrossed = here & (events["kind"] == EventKind.AUCTION_UNCROSSED)
    for stay in stays:
        to = stay.end_seq or int(events["seq"][-1])
        told |= uncrossed & (events["seq"] > stay.start_seq) & (events["seq"] <= to)
    told |= during & np.isin(events["seq"], _of_group(events[during], group)["seq"])
    accounts = events.view(ACCOUNT_EVENT)
    named = np.isin(events["kind"], (EventKind.LIMIT_BREACHED, EventKind.LIQUIDATION))
    told |= named & np.isin(accounts["order_id"], ids)
    picked = [events[told]]
    liquidated = bool(
        (named & (events["kind"] == EventKind.LIQUIDATION) & np.isin(accounts["order_id"], ids)).any()
    )
    reason = int(orders["reason"][-1]) if ended else 0
    if liquidated:
        picked.append(_of_account(events, account, (EventKind.MARGIN_CALL,), begin)[-1:])
    for kind in _BY_ACCOUNT.get(Reason(reason), ()) if reason in set(Reason) else ():
        same = _of_account(events, account, (kind,), int(orders["seq"][-1]))
        if kind == EventKind.LIQUIDATION:
            # Orders are cancelled before positions are closed.
            same = events[(events["kind"] == kind) & (events["account"] == account)]
            same = same[same["command_seq"] == command]
        picked.append(same[-1:] if kind != EventKind.LIQUIDATION else same)
    found = np.concatenate(picked)
    return found[np.unique(found["seq"], return_index=True)[1]]


def _of_group(events: Records, group: list[int]) -> Records:
    """What other orders of a group did: triggers, fills and ends."""
    orders = events[order_mask(events)]
    lives = orders.view(ORDER_EVENT)
    kinds = (*FILLS, EventKind.ORDER_TRIGGERED, EventKind.ORDER_REJECTED)
    telling = np.isin(lives["kind"], kinds) | np.isin(lives["order_state"], list(TERMINAL_STATES))
    return orders[np.isin(lives["order_id"], group) & telling]


def closest_reference(events: Records, held: Any, until: int, venue: Venue) -> tuple[int, int]:
    """The reference price that came closest to a held order's trigger, and its time; 0 when there was none.

    Parameters
    ----------
    events
        The exchange's events.
    held
        The order's ORDER_HELD.
    until
        Sequence number of the last event that it saw.
    venue
        Says which price is the reference.
    """
    start, instrument = int(held["seq"]), int(held["instrument"])
    kind = venue.instruments[instrument].trigger_reference
    here = events[(events["instrument"] == instrument) & (events["seq"] <= until)]
    if kind == TriggerReference.LAST_TRADE:
        seen = here[(here["kind"] == EventKind.TRADE) & (here["flags"] & SHADOW == 0)].view(TRADE_EVENT)
        prices = seen["price_ticks"]
    else:
        seen = here[here["kind"] == EventKind.QUOTE].view(QUOTE_EVENT)
        bid, ask = seen["bid_price_ticks"], seen["ask_price_ticks"]
        if kind == TriggerReference.BID_ASK:
            prices = ask if held["side"] == Side.BUY else bid
        else:
            prices = np.where((bid != 0) & (ask != 0), (bid + ask + (not rises(held))) // 2, 0)
    # The price that there was when it began to wait counts too.
    first = max(int(np.searchsorted(seen["seq"], start)) - 1, 0)
    prices, times = prices[first:], np.maximum(seen["time_ns"][first:], held["time_ns"])
    times, prices = times[prices != 0], prices[prices != 0]
    if not len(prices):
        return 0, 0
    at = int(prices.argmax() if rises(held) else prices.argmin())
    return int(prices[at]), int(times[at])
