"""The loop of a backtest in the exchange: history, the strategy's orders and what it is told, in one kernel.

The exchange's own loop and a compiled strategy are called by their addresses, so neither is compiled again.
A Python strategy is told between two calls: the kernel then comes back with the news instead of telling it.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.domain.codes import CommandKind, OrderFlag, OrderType, TimeInForce
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    EVENT_ORDER_CANCELED,
    EVENT_ORDER_CREATED,
    EVENT_ORDER_EXPIRED,
    EVENT_ORDER_FILLED,
    EVENT_ORDER_PARTIALLY_FILLED,
    EVENT_ORDER_REJECTED,
    EVENT_ORDER_REPLACED,
    EVENT_QUOTE,
    EVENT_TRADE,
    SELL,
)
from workbench.domain.records import FILL_EVENT, LIQUIDITY_MAKER, ORDER_EVENT, SHADOW
from workbench.engine.step import COMMANDS_TYPE, EVENTS_TYPE, MEMORY_TYPE
from workbench.jit import array_of, entry, int64, leaf, pointed
from workbench.studies.news import DECISION, NEWS, REQUEST, SAMPLE, Action, What

FINISHED = 0
"""History is over and nothing waits. Codes from 1 on are what the exchange is short of (`engine.room`)."""
MORE_WAITING = 20
MORE_FILLS = 21
MORE_DECISIONS = 22
MORE_NEWS = 23
MORE_SAMPLES = 24
MORE_KEPT = 25
MORE_HISTORY = 26
"""History goes on after `limit`, where its next commands have to be given the ids of their orders first."""
TOLD = 30
"""There is news for a strategy that is not compiled."""
TOO_MANY = 31
"""The compiled strategy says that it asked for more than there is room for."""
TOO_OFTEN = 33
"""It goes on asking at one instant, so time would never pass."""
MOST_AT_AN_INSTANT = 10_000
"""Requests at one instant."""
NO_REQUEST = 32
"""It asked for what is no request: no action, no quantity above 0, or a price below 0."""

FLOW = np.dtype(
    [
        (name, "i8")
        for name in (
            "at",
            "end",
            "own_at",
            "own_end",
            "own_count",
            "news",
            "told",
            "fills",
            "decisions",
            "samples",
            "instrument",
            "account",
            "latency_ns",
            "hears",
            "timer_ns",
            "timer_due_ns",
            "bar_ns",
            "bar_end_ns",
            "open_ticks",
            "high_ticks",
            "low_ticks",
            "close_ticks",
            "volume_lots",
            "sample_ns",
            "sampled_ns",
            "cash_micros",
            "refused",
            "time_ns",
            "instant_ns",
            "at_instant",
            "limit",
            "keeps",
            "kept",
            "others",
            "of_history",
        )
    ]
)
"""Where the loop is and what it was told to do.

History is done up to `at` and may be done up to `end`, the strategy's commands likewise; `news` pieces of
news are there, `told` of them are told. `hears` has the bit of each `What` that the strategy hears of.
History may be run up to `limit`. Where `keeps` is set, events that say which ids orders and trades have got
are kept, `kept` of them; `others` counts the commands so far that are not history's, and `of_history` says
whether the latest were.
"""

_MOST_AT_ONCE = 1 << 12
"""Commands of history between two looks at the events, so that those stay in the processor's cache."""
NEVER = (1 << 62) - 1
_WHAT_QUOTE, _WHAT_TRADE, _WHAT_BAR = int(What.QUOTE), int(What.TRADE), int(What.BAR)
_WHAT_FILL, _WHAT_ENDED, _WHAT_TIMER = int(What.FILL), int(What.ENDED), int(What.TIMER)
_INSTANTS = 1 << _WHAT_QUOTE | 1 << _WHAT_TRADE
_OWN_NEWS = 1 << _WHAT_FILL | 1 << _WHAT_ENDED
_BUY, _SELL, _CANCEL = int(Action.BUY), int(Action.SELL), int(Action.CANCEL)
_NEW_ORDER, _CANCEL_ORDER = int(CommandKind.NEW_ORDER), int(CommandKind.CANCEL_ORDER)
_LIMIT, _MARKET = int(OrderType.LIMIT), int(OrderType.MARKET)
_DAY, _IOC = int(TimeInForce.DAY), int(TimeInForce.IOC)
_POST_ONLY = int(OrderFlag.POST_ONLY)
_MAKER, _SHADOW = int(LIQUIDITY_MAKER), int(SHADOW)
_NEWS_AT_ONCE = 4
"""News that an instant may bring besides that of its events."""

NEWS_TYPE = array_of(NEWS)
NOTES_TYPE = array_of(np.float64)
REQUESTS_TYPE = array_of(REQUEST)
RECORD_TYPE = numba.from_dtype(NEWS)
DECIDES = (numba.types.int64, RECORD_TYPE, NOTES_TYPE, REQUESTS_TYPE)
"""Result and arguments of a compiled strategy's function: how much it asks for; news, notes, requests."""

ask = pointed(*DECIDES)
_pair: Any = numba.types.UniTuple
run_exchange = pointed(
    _pair(numba.types.int64, 2), MEMORY_TYPE, EVENTS_TYPE, COMMANDS_TYPE, numba.types.int64
)


@leaf
def copy_news(news: Any, count: int, latest: Any, what: int, time_ns: int) -> None:
    """Begin a piece of news with what is known."""
    news[count] = latest[0]
    news[count]["what"] = what
    news[count]["time_ns"] = time_ns


@leaf
def forget(now: Any, order: int) -> None:
    """An order has ended."""
    if now["buy_order"] == order:
        now["buy_order"] = 0
        now["buy_price_ticks"] = 0
    elif now["sell_order"] == order:
        now["sell_order"] = 0
        now["sell_price_ticks"] = 0


@leaf
def take_events(flow: Any, events: EventBuffer, count: int, latest: Any, news: Any, fills: Any) -> None:
    """News of what the exchange has said; both arrays have room for all of it.

    Of its own orders there is news, heard or not, for it says which of them are still there when that is
    told. Who hears of nothing that happens at these moments is only to know it later.
    """
    state = flow[0]
    now = latest[0]
    hears = state["hears"]
    quiet = hears & (_INSTANTS | _OWN_NEWS) == 0
    quoted = False
    for e in range(count):
        event = events.order[e]
        kind = event["kind"]
        if event["instrument"] != state["instrument"]:
            continue
        if kind == EVENT_QUOTE:
            quote = events.quote[e]
            now["bid_price_ticks"] = quote["bid_price_ticks"]
            now["bid_lots"] = quote["bid_lots"]
            now["ask_price_ticks"] = quote["ask_price_ticks"]
            now["ask_lots"] = quote["ask_lots"]
            quoted = True
        elif kind == EVENT_TRADE:
            trade = events.trade[e]
            if event["flags"] & _SHADOW:
                continue
            price, lots = trade["price_ticks"], trade["quantity_lots"]
            if state["bar_ns"] > 0:
                if state["bar_end_ns"] == NEVER:
                    begin = event["time_ns"] // state["bar_ns"] * state["bar_ns"]
                    state["bar_end_ns"] = begin + state["bar_ns"]
                    state["open_ticks"] = price
                    state["high_ticks"] = price
                    state["low_ticks"] = price
                    state["volume_lots"] = 0
                state["high_ticks"] = max(state["high_ticks"], price)
                state["low_ticks"] = min(state["low_ticks"], price)
                state["close_ticks"] = price
                state["volume_lots"] += lots
            if hears >> _WHAT_TRADE & 1:
                at = state["news"]
                copy_news(news, at, latest, _WHAT_TRADE, event["time_ns"])
                news[at]["price_ticks"] = price
                news[at]["quantity_lots"] = lots
                news[at]["side"] = event["side"]
                state["news"] = at + 1
        elif event["account"] == state["account"]:
            if kind == EVENT_ORDER_PARTIALLY_FILLED or kind == EVENT_ORDER_FILLED:
                fill = events.fill[e]
                fills[state["fills"]] = fill
                state["fills"] += 1
                bought = event["side"] == BUY
                lots = fill["last_quantity_lots"]
                now["position_lots"] += lots if bought else -lots
                if quiet:
                    if fill["leaves_lots"] == 0:
                        forget(now, fill["client_order_id"])
                    continue
                at = state["news"]
                copy_news(news, at, latest, _WHAT_FILL, event["time_ns"])
                told = news[at]
                told["price_ticks"] = fill["last_price_ticks"]
                told["quantity_lots"] = lots
                told["side"] = event["side"]
                told["order"] = fill["client_order_id"]
                told["leaves_lots"] = fill["leaves_lots"]
                told["fee_micros"] = fill["fee_micros"]
                told["maker"] = 1 if event["flags"] & _MAKER else 0
                state["news"] = at + 1
            elif kind == EVENT_ORDER_CANCELED or kind == EVENT_ORDER_EXPIRED or kind == EVENT_ORDER_REJECTED:
                if kind == EVENT_ORDER_REJECTED:
                    state["refused"] += 1
                if quiet:
                    forget(now, event["client_order_id"])
                    continue
                copy_news(news, state["news"], latest, _WHAT_ENDED, event["time_ns"])
                news[state["news"]]["order"] = event["client_order_id"]
                state["news"] += 1
    if quoted and hears >> _WHAT_QUOTE & 1:
        copy_news(news, state["news"], latest, _WHAT_QUOTE, state["time_ns"])
        state["news"] += 1


@leaf
def keep_events(flow: Any, events: EventBuffer, count: int, kept: Any) -> None:
    """Keep what history's commands have named, known by their places in history, from 1."""
    state = flow[0]
    for e in range(count):
        kind = events.order[e]["kind"]
        if kind == EVENT_ORDER_CREATED or kind == EVENT_ORDER_REPLACED or kind == EVENT_TRADE:
            at = state["kept"]
            kept[at] = events.order[e]
            kept[at]["command_seq"] -= state["others"]
            state["kept"] = at + 1


@leaf
def is_wrong(requests: Any, count: int) -> bool:
    """Whether something among the requests is none."""
    for k in range(count):
        request = requests[k]
        action = request["action"]
        if action != _CANCEL and (
            (action != _BUY and action != _SELL)
            or request["quantity_lots"] <= 0
            or request["price_ticks"] < 0
        ):
            return True
    return False


@leaf
def enter(flow: Any, told: Any, latest: Any, requests: Any, count: int, waiting: Any, decisions: Any) -> None:
    """Put what was asked for on its way to the exchange; both arrays have room for all of it."""
    state = flow[0]
    now = latest[0]
    if told["time_ns"] != state["instant_ns"]:
        state["instant_ns"] = told["time_ns"]
        state["at_instant"] = 0
    state["at_instant"] += count
    for k in range(count):
        request = requests[k]
        decision = decisions[state["decisions"]]
        decision["time_ns"] = told["time_ns"]
        decision["what"] = told["what"]
        decision["action"] = request["action"]
        decision["quantity_lots"] = request["quantity_lots"]
        decision["price_ticks"] = request["price_ticks"]
        decision["post_only"] = request["post_only"]
        command = waiting[state["own_count"]]
        command["time_ns"] = told["time_ns"] + state["latency_ns"]
        command["instrument"] = state["instrument"]
        command["account"] = state["account"]
        if request["action"] == _CANCEL:
            decision["order"] = request["order"]
            command["kind"] = _CANCEL_ORDER
            command["client_order_id"] = request["order"]
            # It may still trade until the exchange has heard of it, but it is no order to go by any more.
            forget(now, request["order"])
        else:
            order = now["next_order"]
            now["next_order"] = order + 1
            decision["order"] = order
            bought = request["action"] == _BUY
            price = request["price_ticks"]
            command["kind"] = _NEW_ORDER
            command["client_order_id"] = order
            command["side"] = BUY if bought else SELL
            command["order_type"] = _LIMIT if price else _MARKET
            command["time_in_force"] = _DAY if price else _IOC
            command["flags"] = _POST_ONLY if request["post_only"] else 0
            command["quantity_lots"] = request["quantity_lots"]
            command["price_ticks"] = price
            if price and bought:
                now["buy_order"] = order
                now["buy_price_ticks"] = price
            elif price:
                now["sell_order"] = order
                now["sell_price_ticks"] = price
        state["decisions"] += 1
        state["own_count"] += 1


@entry(
    array_of(FLOW),
    NEWS_TYPE,
    NEWS_TYPE,
    REQUESTS_TYPE,
    COMMANDS_TYPE,
    array_of(DECISION),
)
def enter_from_python(flow: Any, told: Any, latest: Any, requests: Any, waiting: Any, decisions: Any) -> None:
    """`enter` for requests of a strategy that is not compiled."""
    enter(flow, told[0], latest, requests, requests.size, waiting, decisions)


@leaf
def last_until(history: Any, start: int, until_ns: int) -> int:
    """The first command after `until_ns`, from `start` on."""
    low, high = start, history.size
    step = 1
    while low + step < high and history[low + step]["time_ns"] <= until_ns:
        low += step
        step *= 2
    high = min(high, low + step)
    while low < high:
        middle = (low + high) // 2
        if history[middle]["time_ns"] <= until_ns:
            low = middle + 1
        else:
            high = middle
    return low


@entry(
    MEMORY_TYPE,
    EVENTS_TYPE,
    COMMANDS_TYPE,
    COMMANDS_TYPE,
    COMMANDS_TYPE,
    array_of(FLOW),
    NEWS_TYPE,
    NEWS_TYPE,
    array_of(FILL_EVENT),
    array_of(DECISION),
    array_of(SAMPLE),
    array_of(ORDER_EVENT),
    REQUESTS_TYPE,
    REQUESTS_TYPE,
    NOTES_TYPE,
    numba.types.uint64,
    numba.types.uint64,
)
def play(
    memory: Memory,
    events: EventBuffer,
    history: Any,
    waiting: Any,
    empty: Any,
    flow: Any,
    latest: Any,
    news: Any,
    fills: Any,
    decisions: Any,
    samples: Any,
    kept: Any,
    requests: Any,
    blank: Any,
    notes: Any,
    exchange: Any,
    decide: Any,
) -> int:
    """Go on until history is over, there is news for a Python strategy, or something is too small.

    At one instant history comes first, then orders of the strategy that arrive, then its timer. A bar is told
    when its time is over, before what happens at that instant.
    """
    state = flow[0]
    now = latest[0]
    world = memory.world
    while True:
        if state["at"] < state["end"]:
            at, short = run_exchange(exchange, memory, events, history[: state["end"]], state["at"])
            state["at"] = at
            if short != 0:
                return int64(short)  # type: ignore[no-any-return]
        if state["own_at"] < state["own_end"]:
            at, short = run_exchange(exchange, memory, events, waiting[: state["own_end"]], state["own_at"])
            state["others"] += at - state["own_at"]
            state["own_at"] = at
            if short != 0:
                return int64(short)  # type: ignore[no-any-return]
            if at == state["own_count"]:
                # All have arrived: the next ones take their places.
                for k in range(at):
                    waiting[k] = empty[0]
                state["own_at"] = 0
                state["own_end"] = 0
                state["own_count"] = 0
        count = world[0]["event_count"]
        if count > 0:
            if state["news"] + count + _NEWS_AT_ONCE > news.size:
                return MORE_NEWS
            if state["fills"] + count > fills.size:
                return MORE_FILLS
            if state["keeps"] != 0 and state["of_history"] != 0:
                if state["kept"] + count > kept.size:
                    return MORE_KEPT
                keep_events(flow, events, count, kept)
            take_events(flow, events, count, latest, news, fills)
            state["cash_micros"] = memory.accounts[state["account"]]["cash_micros"]
            world[0]["event_count"] = 0
        while state["told"] < state["news"]:
            if decide == 0:
                return TOLD
            if state["own_count"] + requests.size > waiting.size:
                return MORE_WAITING
            if state["decisions"] + requests.size > decisions.size:
                return MORE_DECISIONS
            told = news[state["told"]]
            what = told["what"]
            if what == _WHAT_ENDED or (what == _WHAT_FILL and told["leaves_lots"] == 0):
                forget(now, told["order"])
            if state["hears"] >> what & 1 == 0:
                state["told"] += 1
                continue
            # Of news of one instant each knows of the orders that those before it have led to.
            told["next_order"] = now["next_order"]
            told["buy_order"] = now["buy_order"]
            told["buy_price_ticks"] = now["buy_price_ticks"]
            told["sell_order"] = now["sell_order"]
            told["sell_price_ticks"] = now["sell_price_ticks"]
            wanted = ask(decide, told, notes, requests)
            if wanted < 0 or wanted > requests.size:
                return TOO_MANY
            if is_wrong(requests, wanted):
                return NO_REQUEST
            enter(flow, told, latest, requests, wanted, waiting, decisions)
            # What it leaves unsaid next time is 0, and not what it said before.
            for k in range(wanted):
                requests[k] = blank[0]
            state["told"] += 1
        if state["at_instant"] > MOST_AT_AN_INSTANT:
            return TOO_OFTEN
        state["told"] = 0
        state["news"] = 0
        # What comes next?
        next_ns = NEVER
        if state["at"] < history.size:
            next_ns = history[state["at"]]["time_ns"]
        own_ns = NEVER
        if state["own_at"] < state["own_count"]:
            own_ns = waiting[state["own_at"]]["time_ns"]
        if next_ns == NEVER and (own_ns == NEVER or own_ns > history[history.size - 1]["time_ns"]):
            # What would arrive after the last message meets no market.
            return FINISHED
        timer_ns = state["timer_due_ns"]
        if next_ns == NEVER:
            timer_ns = NEVER
        first_ns = min(next_ns, own_ns, timer_ns)
        if state["sample_ns"] > 0:
            grid_ns = first_ns // state["sample_ns"] * state["sample_ns"]
            if grid_ns > state["sampled_ns"]:
                if now["bid_price_ticks"] > 0 and now["ask_price_ticks"] > 0:
                    if state["samples"] == samples.size:
                        return MORE_SAMPLES
                    sample = samples[state["samples"]]
                    sample["time_ns"] = grid_ns
                    sample["cash_micros"] = state["cash_micros"]
                    sample["position_lots"] = now["position_lots"]
                    sample["mark_half_ticks"] = now["bid_price_ticks"] + now["ask_price_ticks"]
                    state["samples"] += 1
                state["sampled_ns"] = grid_ns
        if state["bar_end_ns"] <= first_ns:
            state["time_ns"] = state["bar_end_ns"]
            state["bar_end_ns"] = NEVER
            now["bar_time_ns"] = state["time_ns"] - state["bar_ns"]
            now["open_ticks"] = state["open_ticks"]
            now["high_ticks"] = state["high_ticks"]
            now["low_ticks"] = state["low_ticks"]
            now["close_ticks"] = state["close_ticks"]
            now["volume_lots"] = state["volume_lots"]
            if state["hears"] >> _WHAT_BAR & 1:
                copy_news(news, 0, latest, _WHAT_BAR, state["time_ns"])
                state["news"] = 1
            continue
        state["time_ns"] = first_ns
        if next_ns == first_ns:
            if state["at"] >= state["limit"]:
                return MORE_HISTORY
            until_ns = min(own_ns, timer_ns)
            if state["hears"] & _INSTANTS or (
                state["hears"] & _OWN_NEWS and memory.accounts[state["account"]]["open_orders"] > 0
            ):
                until_ns = next_ns
            if state["bar_ns"] > 0:
                until_ns = min(until_ns, (next_ns // state["bar_ns"] + 1) * state["bar_ns"] - 1)
            if state["sample_ns"] > 0:
                until_ns = min(until_ns, (next_ns // state["sample_ns"] + 1) * state["sample_ns"] - 1)
            end = min(last_until(history, state["at"], until_ns), state["at"] + _MOST_AT_ONCE)
            state["end"] = min(end, state["limit"])
            state["of_history"] = 1
        elif own_ns == first_ns:
            end = state["own_at"]
            while end < state["own_count"] and waiting[end]["time_ns"] == own_ns:
                end += 1
            state["own_end"] = end
            state["of_history"] = 0
        else:
            copy_news(news, 0, latest, _WHAT_TIMER, timer_ns)
            state["news"] = 1
            state["timer_due_ns"] = timer_ns + state["timer_ns"]
