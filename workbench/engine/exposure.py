"""Exposure groups: which limits an order breaks, and what follows for one that goes on all the same."""

from __future__ import annotations

from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    EVENT_LIMIT_BREACHED,
    EXPOSURE_FINE,
    EXPOSURE_REJECT,
    REASON_GROSS_EXPOSURE,
    REASON_NET_EXPOSURE,
)
from workbench.engine.cash import fine
from workbench.engine.emit import account_event
from workbench.engine.orders import position_number
from workbench.jit import int64, leaf

FINES = EXPOSURE_FINE
REJECTS = EXPOSURE_REJECT


@leaf
def exposure(memory: Memory, slot: int, at: int, own_leaves: int, lots: int) -> tuple[int, int]:
    """Gross and net exposure of an order's account in a group, if all that is open filled.

    `own_leaves` of what is open on the order's side in its instrument do not count; `lots` count besides.
    """
    order = memory.orders[slot]
    count = memory.world[0]["instruments"]
    own = int64(order["instrument"])
    account = int64(order["account"])
    gross = int64(0)
    bought = int64(0)
    sold = int64(0)
    for number in range(count):
        weight = memory.weights[at * count + number]
        if weight == 0:
            continue
        position = memory.positions[position_number(memory, account, number)]
        buy = position["open_buy_lots"]
        sell = position["open_sell_lots"]
        if number == own:
            if order["side"] == BUY:
                buy += lots - own_leaves
            else:
                sell += lots - own_leaves
        held = position["position_lots"]
        gross += weight * max(abs(held + buy), abs(held - sell))
        bought += weight * (held + buy)
        sold += weight * (held - sell)
    return gross, max(abs(bought), abs(sold))


@leaf
def broken_limit(memory: Memory, slot: int, at: int, own_leaves: int) -> tuple[int, int, int]:
    """The first limit of a group that an order breaks: beyond it, and further than without the order."""
    order = memory.orders[slot]
    group = memory.exposures[at]
    if memory.weights[at * memory.world[0]["instruments"] + order["instrument"]] == 0:
        return 0, 0, 0
    gross_before, net_before = exposure(memory, slot, at, own_leaves, 0)
    gross, net = exposure(memory, slot, at, own_leaves, order["leaves_lots"])
    limit = group["gross_limit_lots"]
    if limit != 0 and gross > limit and gross > gross_before:
        return REASON_GROSS_EXPOSURE, gross, limit
    limit = group["net_limit_lots"]
    if limit != 0 and net > limit and net > net_before:
        return REASON_NET_EXPOSURE, net, limit
    return 0, 0, 0


@leaf
def check_groups(memory: Memory, slot: int, own_leaves: int) -> tuple[int, int, int]:
    """The first limit for which an order is refused."""
    for at in range(memory.world[0]["exposures"]):
        if memory.exposures[at]["mode"] == REJECTS:
            reason, value, limit = broken_limit(memory, slot, at, own_leaves)
            if reason != 0:
                return reason, value, limit
    return 0, 0, 0


@leaf
def report_breaches(memory: Memory, events: EventBuffer, slot: int, own_leaves: int) -> None:
    """LIMIT_BREACHED for each group that lets an order go on, and the fine where the group has one."""
    order = memory.orders[slot]
    if order["opening_lots"] == 0:
        return
    account = int64(order["account"])
    number = int64(order["instrument"])
    for at in range(memory.world[0]["exposures"]):
        group = memory.exposures[at]
        if group["mode"] == REJECTS:
            continue
        reason, value, limit = broken_limit(memory, slot, at, own_leaves)
        if reason != 0:
            event = account_event(memory, events, EVENT_LIMIT_BREACHED, reason, account, number)
            event["value"] = value
            event["limit"] = limit
            event["order_id"] = order["order_id"]
            event["group"] = at
            if group["mode"] == FINES and group["fine_micros"] != 0:
                fine(memory, events, account, group["fine_micros"])
