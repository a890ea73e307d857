"""Incoming orders against resting ones: what could trade, and the trading itself."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.memory import SPECIAL_GROUP, SPECIAL_ICEBERG, EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    EVENT_ORDER_REDUCED,
    HISTORICAL,
    PREVENT_ALLOW,
    PREVENT_CANCEL_BOTH,
    PREVENT_CANCEL_INCOMING,
    PREVENT_CANCEL_RESTING,
    REASON_SELF_TRADE,
    REDUCE_ONLY,
)
from workbench.domain.records import SHADOW
from workbench.engine.collars import ANY_PRICE, set_collar
from workbench.engine.emit import say_order
from workbench.engine.fills import cut_to_position, trade
from workbench.engine.groups import cancel_incoming, cancel_open
from workbench.engine.orders import open_state, reduce_open
from workbench.jit import hot, int64, leaf
from workbench.ledger.cash import notional
from workbench.matching.book import (
    better,
    displayed,
    is_matchable,
    level_index,
    next_price,
    reaches,
    side_number,
)

ICEBERG = SPECIAL_ICEBERG
IN_GROUP = SPECIAL_GROUP


@hot
def own_limit(memory: Memory, slot: int) -> int:
    """The price up to which an order itself would trade: its limit, its collar, or any."""
    order = memory.orders[slot]
    price = order["price_ticks"]
    if price != 0:
        return price
    if memory.instruments[order["instrument"]]["collar_ppm"] != 0:
        return set_collar(memory, slot)
    return ANY_PRICE if order["side"] == BUY else 0


@leaf
def matched_limit(memory: Memory, slot: int) -> int:
    """The same of an order that has been matched, whose collar is that from before it traded."""
    order = memory.orders[slot]
    instrument = memory.instruments[order["instrument"]]
    if order["price_ticks"] == 0 and instrument["collar_ppm"] != 0:
        return instrument["collar_ticks"]
    return own_limit(memory, slot)


@hot
def price_range(memory: Memory, slot: int) -> tuple[int, int]:
    """Lowest and highest price at which an order may trade: its own limit, within the price limits."""
    order = memory.orders[slot]
    limit = own_limit(memory, slot)
    low = int64(0) if order["side"] == BUY else limit
    high = limit if order["side"] == BUY else int64(ANY_PRICE)
    instrument = memory.instruments[order["instrument"]]
    if instrument["limit_up_ticks"] != 0 and (order["flags"] & HISTORICAL) == 0:
        low = max(low, instrument["limit_down_ticks"])
        high = min(high, instrument["limit_up_ticks"])
    return low, high


@hot
def prevention_of(memory: Memory, slot: int) -> int:
    """The order's self-trade prevention mode, or the venue's; the street's orders may always trade."""
    order = memory.orders[slot]
    if order["account"] == STREET_ACCOUNT:
        return PREVENT_ALLOW
    mode = order["self_trade_prevention"]
    return memory.world[0]["self_trade_prevention"] if mode == 0 else mode


@hot
def head_at(memory: Memory, number: int, price_ticks: int) -> int:
    """First order at a price of a side; 0 when the price is 0."""
    if price_ticks == 0:
        return 0
    return int64(memory.levels[level_index(memory, number, price_ticks)]["head"])


@leaf
def comes_first(memory: Memory, shown: int, live: int, side: int) -> bool:
    """Whether the shown book's order comes before the live book's; slots, at least one of which is not 0."""
    if live == 0:
        return True
    if shown == 0:
        return False
    shown_price = memory.orders[shown]["price_ticks"]
    live_price = memory.orders[live]["price_ticks"]
    if shown_price != live_price:
        return better(side, shown_price, live_price)
    return memory.orders[shown]["priority"] < memory.orders[live]["priority"]


@leaf
def step_forward(memory: Memory, number: int, slot: int) -> int:
    """The order behind `slot` in price-time order, or 0."""
    after = int64(memory.orders[slot]["next"])
    if after != 0:
        return after
    return head_at(memory, number, next_price(memory, number, memory.orders[slot]["price_ticks"]))


@leaf
def meets_itself_at(memory: Memory, number: int, price_ticks: int, account: int) -> bool:
    """Whether an order of this account stands at a price of a side."""
    slot = head_at(memory, number, price_ticks)
    while slot != 0:
        if memory.orders[slot]["account"] == account:
            return True
        slot = int64(memory.orders[slot]["next"])
    return False


@leaf
def is_sure(order: Any) -> bool:
    """Whether a resting order will still have its leaves when its turn comes."""
    return (order["special"] & IN_GROUP) == 0 and (order["flags"] & REDUCE_ONLY) == 0


@leaf
def could_trade(memory: Memory, slot: int, lots: int, skip_lots: int, surely: bool) -> tuple[int, int]:
    """Lots the order could trade now, up to `lots`, and the notional of those after the first `skip_lots`.

    `surely` leaves out orders that may shrink before their turn.
    """
    order = memory.orders[slot]
    instrument = memory.instruments[order["instrument"]]
    account = int64(order["account"])
    side = int64(order["side"])
    opposite = 3 - side
    low, high = price_range(memory, slot)
    mode = prevention_of(memory, slot)
    frozen = memory.world[0]["frozen"] != 0
    shown_number = side_number(int64(order["instrument"]), 0, opposite)
    live_number = side_number(int64(order["instrument"]), 1, opposite)
    shown = head_at(memory, shown_number, memory.sides[shown_number]["best_ticks"])
    live = head_at(memory, live_number, memory.sides[live_number]["best_ticks"])
    found = 0
    cost = 0
    stops_walk = mode != PREVENT_ALLOW and mode != PREVENT_CANCEL_RESTING
    while found < lots and (shown != 0 or live != 0):
        from_shown = comes_first(memory, shown, live, opposite)
        here = shown if from_shown else live
        resting = memory.orders[here]
        price = resting["price_ticks"]
        if price < low or price > high:
            break
        offered = resting["leaves_lots"]
        if from_shown and frozen:
            offered = max(0, offered - resting["taken_lots"])
        if mode != PREVENT_ALLOW and resting["account"] == account:
            if mode != PREVENT_CANCEL_RESTING:
                break
            offered = 0
        if surely and not is_sure(resting):
            offered = 0
        elif resting["special"] & ICEBERG and stops_walk and offered > 0:
            # Later slices queue behind the own order that ends the walk.
            own_number = shown_number if from_shown else live_number
            if meets_itself_at(memory, own_number, price, account):
                offered = resting["shown_lots"]
        if offered > 0:
            used = min(offered, lots - found)
            counted = used - max(0, min(used, skip_lots - found))
            if counted > 0:
                cost += notional(instrument, price, counted)
            found += used
        if from_shown:
            shown = step_forward(memory, shown_number, here)
        else:
            live = step_forward(memory, live_number, here)
    return found, cost


@leaf
def prevent(memory: Memory, events: EventBuffer, slot: int, resting_slot: int, mode: int) -> bool:
    """Keep two orders of one account apart; returns whether the incoming order has ended."""
    order = memory.orders[slot]
    if mode == PREVENT_CANCEL_RESTING:
        cancel_open(memory, events, resting_slot, REASON_SELF_TRADE)
        return False
    if mode == PREVENT_CANCEL_INCOMING:
        cancel_incoming(memory, events, slot, REASON_SELF_TRADE)
        return True
    if mode == PREVENT_CANCEL_BOTH:
        cancel_open(memory, events, resting_slot, REASON_SELF_TRADE)
        cancel_incoming(memory, events, slot, REASON_SELF_TRADE)
        return True
    lots = min(order["leaves_lots"], memory.orders[resting_slot]["leaves_lots"])
    if lots == memory.orders[resting_slot]["leaves_lots"]:
        cancel_open(memory, events, resting_slot, REASON_SELF_TRADE)
    else:
        reduce_open(memory, events, resting_slot, lots, REASON_SELF_TRADE)
    if lots == order["leaves_lots"]:
        cancel_incoming(memory, events, slot, REASON_SELF_TRADE)
        return True
    order["leaves_lots"] -= lots
    order["quantity_lots"] -= lots
    order["opening_lots"] = max(0, order["opening_lots"] - lots)
    say_order(memory, events, order, EVENT_ORDER_REDUCED, REASON_SELF_TRADE, open_state(memory, order), lots)
    return False


@leaf
def match(memory: Memory, events: EventBuffer, slot: int) -> bool:
    """Trade an order with the shown book; returns whether self-trade prevention ended it."""
    order = memory.orders[slot]
    side = int64(order["side"])
    account = int64(order["account"])
    low, high = price_range(memory, slot)
    number = side_number(int64(order["instrument"]), 0, 3 - side)
    mode = prevention_of(memory, slot)
    while order["leaves_lots"] > 0:
        best = memory.sides[number]["best_ticks"]
        if best == 0 or best < low or best > high:
            return False
        resting_slot = int64(memory.levels[level_index(memory, number, best)]["head"])
        resting = memory.orders[resting_slot]
        if mode != PREVENT_ALLOW and resting["account"] == account:
            if prevent(memory, events, slot, resting_slot, mode):
                return True
            continue
        if resting["flags"] & REDUCE_ONLY and cut_to_position(memory, events, resting_slot):
            continue
        lots = min(order["leaves_lots"], displayed(resting))
        if resting["account"] == STREET_ACCOUNT:
            resting["taken_lots"] += lots
        if account == STREET_ACCOUNT:
            order["taken_lots"] += lots
        trade(memory, events, slot, resting_slot, lots, True, True, 0)
    return False


@leaf
def match_frozen(memory: Memory, events: EventBuffer, slot: int) -> bool:
    """Trade a live order of a frozen venue with what history offers and with other live orders."""
    order = memory.orders[slot]
    side = int64(order["side"])
    opposite = 3 - side
    account = int64(order["account"])
    limit = own_limit(memory, slot)
    mode = prevention_of(memory, slot)
    shown_number = side_number(int64(order["instrument"]), 0, opposite)
    live_number = side_number(int64(order["instrument"]), 1, opposite)
    shown = head_at(memory, shown_number, memory.sides[shown_number]["best_ticks"])
    while order["leaves_lots"] > 0:
        while shown != 0 and memory.orders[shown]["leaves_lots"] <= memory.orders[shown]["taken_lots"]:
            shown = step_forward(memory, shown_number, shown)
        live = head_at(memory, live_number, memory.sides[live_number]["best_ticks"])
        if shown == 0 and live == 0:
            return False
        if comes_first(memory, shown, live, opposite):
            resting = memory.orders[shown]
            if not reaches(side, limit, resting["price_ticks"]):
                return False
            lots = min(order["leaves_lots"], resting["leaves_lots"] - resting["taken_lots"])
            resting["taken_lots"] += lots
            trade(memory, events, slot, shown, lots, False, True, SHADOW)
        else:
            resting = memory.orders[live]
            if not reaches(side, limit, resting["price_ticks"]):
                return False
            if mode != PREVENT_ALLOW and resting["account"] == account:
                if prevent(memory, events, slot, live, mode):
                    return True
                continue
            if resting["flags"] & REDUCE_ONLY and cut_to_position(memory, events, live):
                continue
            lots = min(order["leaves_lots"], displayed(resting))
            trade(memory, events, slot, live, lots, True, True, SHADOW)
    return False


@leaf
def next_matchable(memory: Memory, number: int, side: int, limit_ticks: int) -> int:
    """First order on a side that history may trade with and that a `side` order reaches, or 0."""
    if memory.sides[number]["matchable"] == 0:
        return 0
    slot = head_at(memory, number, memory.sides[number]["best_ticks"])
    while slot != 0 and reaches(side, limit_ticks, memory.orders[slot]["price_ticks"]):
        if is_matchable(memory.orders[slot]):
            return slot
        slot = step_forward(memory, number, slot)
    return 0


@leaf
def match_history(memory: Memory, events: EventBuffer, slot: int) -> None:
    """Trade a historical order with live and diverged orders only: history has already matched itself."""
    order = memory.orders[slot]
    side = int64(order["side"])
    number = side_number(int64(order["instrument"]), 0, 3 - side)
    while order["leaves_lots"] > 0:
        resting_slot = next_matchable(memory, number, side, order["price_ticks"])
        if resting_slot == 0:
            return
        resting = memory.orders[resting_slot]
        if resting["flags"] & REDUCE_ONLY and cut_to_position(memory, events, resting_slot):
            continue
        lots = min(order["leaves_lots"], displayed(resting))
        if resting["account"] == STREET_ACCOUNT:
            resting["taken_lots"] += lots
        order["taken_lots"] += lots
        trade(memory, events, slot, resting_slot, lots, True, True, 0)


@leaf
def meet_live_orders(memory: Memory, events: EventBuffer, slot: int) -> None:
    """Fill live orders that a historical order of a frozen venue reaches, which is only marked as taken."""
    order = memory.orders[slot]
    side = int64(order["side"])
    number = side_number(int64(order["instrument"]), 1, 3 - side)
    while order["leaves_lots"] > order["taken_lots"]:
        best = memory.sides[number]["best_ticks"]
        if best == 0 or not reaches(side, order["price_ticks"], best):
            return
        resting_slot = int64(memory.levels[level_index(memory, number, best)]["head"])
        resting = memory.orders[resting_slot]
        if resting["flags"] & REDUCE_ONLY and cut_to_position(memory, events, resting_slot):
            continue
        lots = min(order["leaves_lots"] - order["taken_lots"], displayed(resting))
        order["taken_lots"] += lots
        trade(memory, events, slot, resting_slot, lots, True, False, SHADOW)
