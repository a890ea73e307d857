"""The compiled loop of a backtest over bars; `bar_book` is its twin in plain Python."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.domain.numbers import BUY, EVENT_ORDER_FILLED, SELL
from workbench.domain.records import FILL_EVENT, LIQUIDITY_MAKER
from workbench.jit import array_of, entry, leaf
from workbench.ledger.cash import fee, notional, part_of
from workbench.studies.bars import BAR
from workbench.studies.book_loop import (
    FINISHED,
    NEVER,
    NEWS_TYPE,
    NO_REQUEST,
    NOTES_TYPE,
    REQUESTS_TYPE,
    TOO_MANY,
    ask,
    forget,
    is_wrong,
)
from workbench.studies.news import DECISION, SAMPLE, Action, What

OPEN_ORDER = np.dtype(
    [
        (name, "i8")
        for name in ("order", "side", "price_ticks", "lots", "active_ns", "cancel_ns", "post_only", "seen")
    ]
)
"""An order that bars may fill, from `active_ns` on and until `cancel_ns`; `seen`: a bar has had it."""

STATE = np.dtype(
    [
        (name, "i8")
        for name in (
            "at",
            "open_orders",
            "fills",
            "decisions",
            "refused",
            "cash_micros",
            "bar_ns",
            "latency_ns",
            "this_close",
            "slippage_ticks",
            "samples",
            "value_numerator",
            "value_denominator",
            "maker_per_lot_micros",
            "maker_ppm",
            "taker_per_lot_micros",
            "taker_ppm",
            "per_order_micros",
            "minimum_micros",
            "cap_ppm",
            "hears_bars",
            "timer_ns",
            "timer_due_ns",
            "began",
        )
    ]
)
"""Where the loop is, and what it assumes; `began`: the orders have met the bar at `at`."""

MORE_ORDERS, MORE_FILLS, MORE_DECISIONS = 20, 21, 22
_BUY, _CANCEL = int(Action.BUY), int(Action.CANCEL)
_BAR, _TIMER = int(What.BAR), int(What.TIMER)
_FILLED, _MAKER = int(EVENT_ORDER_FILLED), int(LIQUIDITY_MAKER)


@leaf
def trade(state: Any, now: Any, order: Any, price_ticks: int, maker: bool, time_ns: int, fills: Any) -> bool:
    """Fill an order whole, unless equity does not cover the position after it."""
    lots = order["lots"]
    bought = order["side"] == BUY
    value = notional(state, price_ticks, lots)
    if maker:
        cost = fee(state["maker_per_lot_micros"], state["maker_ppm"], value, lots)
    else:
        cost = fee(state["taker_per_lot_micros"], state["taker_ppm"], value, lots)
    # Every fill is a whole order.
    cost += state["per_order_micros"]
    if state["minimum_micros"] != 0:
        cost = max(cost, state["minimum_micros"])
    if state["cap_ppm"] != 0:
        cost = min(cost, part_of(value, state["cap_ppm"]))
    position = now["position_lots"]
    after = position + lots if bought else position - lots
    if abs(after) > abs(position):
        held = price_ticks * position * state["value_numerator"] // state["value_denominator"]
        if notional(state, price_ticks, abs(after)) > state["cash_micros"] + held - cost:
            return False
    state["cash_micros"] += (-value if bought else value) - cost
    now["position_lots"] = after
    fill = fills[state["fills"]]
    fill["kind"] = _FILLED
    fill["time_ns"] = time_ns
    fill["side"] = order["side"]
    fill["flags"] = _MAKER if maker else 0
    fill["client_order_id"] = order["order"]
    fill["last_price_ticks"] = price_ticks
    fill["last_quantity_lots"] = lots
    fill["executed_lots"] = lots
    fill["fee_micros"] = cost
    state["fills"] += 1
    return True


@leaf
def match(state: Any, now: Any, orders: Any, bar: Any, fills: Any) -> None:
    """What a bar does to the orders that are there when it begins, in order of entry."""
    kept = 0
    begin_ns = bar["time_ns"]
    count = state["open_orders"]
    for k in range(count):
        order = orders[k]
        if order["active_ns"] > begin_ns:
            orders[kept] = order
            kept += 1
            continue
        if order["cancel_ns"] <= begin_ns:
            forget(now, order["order"])
            continue
        bought = order["side"] == BUY
        limit = order["price_ticks"]
        price = 0
        maker = False
        ends = False
        if limit == 0:
            price = bar["open_ticks"] + (state["slippage_ticks"] if bought else -state["slippage_ticks"])
            price = max(price, 1)
        elif order["seen"] == 0 and (bar["open_ticks"] <= limit if bought else bar["open_ticks"] >= limit):
            if order["post_only"] != 0:
                ends = True
            else:
                price = bar["open_ticks"]
        elif bar["low_ticks"] <= limit if bought else bar["high_ticks"] >= limit:
            price = limit
            maker = True
        if price != 0:
            ends = not trade(state, now, order, price, maker, begin_ns, fills)
        if ends:
            state["refused"] += 1
        if price != 0 or ends:
            forget(now, order["order"])
            continue
        order["seen"] = 1
        orders[kept] = order
        kept += 1
    state["open_orders"] = kept


@leaf
def take(
    state: Any, now: Any, requests: Any, count: int, orders: Any, decisions: Any, fills: Any, close_ticks: int
) -> None:
    """Enter what was asked for; `close_ticks` of the bar that is just over, else 0."""
    for k in range(count):
        request = requests[k]
        decision = decisions[state["decisions"]]
        state["decisions"] += 1
        decision["time_ns"] = now["time_ns"]
        decision["what"] = now["what"]
        decision["action"] = request["action"]
        decision["quantity_lots"] = request["quantity_lots"]
        decision["price_ticks"] = request["price_ticks"]
        decision["post_only"] = request["post_only"]
        if request["action"] == _CANCEL:
            decision["order"] = request["order"]
            for j in range(state["open_orders"]):
                if orders[j]["order"] == request["order"]:
                    cancel_ns = now["time_ns"] + state["latency_ns"]
                    orders[j]["cancel_ns"] = min(orders[j]["cancel_ns"], cancel_ns)
            forget(now, request["order"])
            continue
        number = now["next_order"]
        now["next_order"] = number + 1
        decision["order"] = number
        bought = request["action"] == _BUY
        order = orders[state["open_orders"]]
        order["order"] = number
        order["side"] = BUY if bought else SELL
        order["price_ticks"] = request["price_ticks"]
        order["lots"] = request["quantity_lots"]
        order["active_ns"] = now["time_ns"] + state["latency_ns"]
        order["cancel_ns"] = NEVER
        order["post_only"] = request["post_only"]
        order["seen"] = 0
        if state["this_close"] != 0 and request["price_ticks"] == 0 and close_ticks != 0:
            price = close_ticks + (state["slippage_ticks"] if bought else -state["slippage_ticks"])
            if not trade(state, now, order, max(price, 1), False, now["time_ns"], fills):
                state["refused"] += 1
            continue
        state["open_orders"] += 1
        if request["price_ticks"] != 0 and bought:
            now["buy_order"] = number
            now["buy_price_ticks"] = request["price_ticks"]
        elif request["price_ticks"] != 0:
            now["sell_order"] = number
            now["sell_price_ticks"] = request["price_ticks"]


@entry(
    array_of(BAR),
    array_of(STATE),
    NEWS_TYPE,
    array_of(OPEN_ORDER),
    array_of(FILL_EVENT),
    array_of(DECISION),
    array_of(SAMPLE),
    REQUESTS_TYPE,
    REQUESTS_TYPE,
    NOTES_TYPE,
    numba.types.uint64,
)
def play_bars(
    bars: Any,
    states: Any,
    latest: Any,
    orders: Any,
    fills: Any,
    decisions: Any,
    samples: Any,
    requests: Any,
    blank: Any,
    notes: Any,
    decide: Any,
) -> int:
    """Go on until the bars are over or something is too small.

    At the end of a bar it is told, then the timer of that instant, then the next one's orders trade.
    """
    state = states[0]
    now = latest[0]
    most = requests.size
    while state["at"] < bars.size:
        if state["open_orders"] + most > orders.size:
            return MORE_ORDERS
        if state["fills"] + state["open_orders"] + most > fills.size:
            return MORE_FILLS
        if state["decisions"] + most > decisions.size:
            return MORE_DECISIONS
        i = state["at"]
        bar = bars[i]
        begin_ns = bar["time_ns"]
        end_ns = begin_ns + state["bar_ns"]
        timer_ns = state["timer_due_ns"]
        close_ticks = 0
        asks = True
        if timer_ns <= begin_ns or (state["began"] != 0 and timer_ns < end_ns):
            now["what"] = _TIMER
            now["time_ns"] = timer_ns
            state["timer_due_ns"] = timer_ns + state["timer_ns"]
        elif state["began"] == 0:
            state["began"] = 1
            if state["open_orders"] > 0:
                match(state, now, orders, bar, fills)
            continue
        else:
            state["began"] = 0
            state["at"] = i + 1
            asks = state["hears_bars"] != 0
            if asks:
                now["what"] = _BAR
                now["time_ns"] = end_ns
                now["bar_time_ns"] = begin_ns
                now["open_ticks"] = bar["open_ticks"]
                now["high_ticks"] = bar["high_ticks"]
                now["low_ticks"] = bar["low_ticks"]
                now["close_ticks"] = bar["close_ticks"]
                now["volume_lots"] = bar["volume_lots"]
                close_ticks = bar["close_ticks"]
        if asks:
            wanted = ask(decide, now, notes, requests)
            if wanted < 0 or wanted > most:
                return TOO_MANY
            if is_wrong(requests, wanted):
                return NO_REQUEST
            if wanted > 0:
                take(state, now, requests, wanted, orders, decisions, fills, close_ticks)
                for k in range(wanted):
                    requests[k] = blank[0]
        if state["began"] == 0 and state["at"] == i + 1 and state["samples"] != 0:
            sample = samples[i]
            sample["time_ns"] = end_ns
            sample["cash_micros"] = state["cash_micros"]
            sample["position_lots"] = now["position_lots"]
            sample["mark_half_ticks"] = 2 * bar["close_ticks"]
    return FINISHED
