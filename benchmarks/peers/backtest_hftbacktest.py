"""hftbacktest: L3 market-by-order events, FIFO queues, a strategy compiled with numba, no latency."""

import time

import history
import numpy as np
from hftbacktest import (
    ADD_ORDER_EVENT,
    BUY_EVENT,
    CANCEL_ORDER_EVENT,
    DEPTH_CLEAR_EVENT,
    EXCH_EVENT,
    FILL_EVENT,
    GTC,
    GTX,
    LIMIT,
    LOCAL_EVENT,
    MODIFY_ORDER_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
)
from hftbacktest.types import event_dtype
from numba import njit

BID_ID, ASK_ID = 1 << 40, 1 << 41


def events(recording):
    """The flow in hftbacktest's records; as in Databento files a fill is followed by the cancel or modify."""
    made = []
    prices = {}
    for when, kind, name, side, price, lots, left in recording.rows:
        own = BUY_EVENT if side == history.BUY else SELL_EVENT
        other = SELL_EVENT if side == history.BUY else BUY_EVENT
        value = price * recording.tick
        if kind == history.NEW:
            made.append((ADD_ORDER_EVENT | own, when, value, lots, name))
        elif kind == history.REPLACE:
            made.append((MODIFY_ORDER_EVENT | own, when, value, lots, name))
        elif kind == history.CLEAR:
            made.append((DEPTH_CLEAR_EVENT, when, 0.0, 0, 0))
        else:
            if kind == history.EXECUTE:
                made.append((TRADE_EVENT | other, when, value, lots, 0))
                if name:
                    made.append((FILL_EVENT | own, when, value, lots, name))
            if name and left:
                made.append((MODIFY_ORDER_EVENT | own, when, prices[name], left, name))
            elif name:
                made.append((CANCEL_ORDER_EVENT | own, when, prices[name], 0, name))
        if kind in (history.NEW, history.REPLACE):
            prices[name] = value
    array = np.zeros(len(made), event_dtype)
    flag, when, value, lots, name = zip(*made, strict=True)
    array["ev"] = np.array(flag, np.uint64) | np.uint64(EXCH_EVENT | LOCAL_EVENT)
    array["exch_ts"] = array["local_ts"] = when
    array["px"], array["qty"], array["order_id"] = value, lots, np.array(name, np.uint64)
    return array


@njit
def replay(hbt, interval):
    """No strategy at all: as far as the data goes, in one call."""
    while hbt.elapse(interval << 20) == 0:
        pass


@njit
def taker(hbt, interval):
    """Buy one lot at each instant."""
    number = 1
    while hbt.elapse(interval) == 0:
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        if depth.best_ask_tick < 1 << 50:
            hbt.submit_buy_order(0, number, depth.best_ask, 1.0, GTC, LIMIT, False)
            number += 1


@njit
def quoter(hbt, interval):
    """One lot on each side at the touch; moved at each instant when the touch has moved."""
    bid_tick, ask_tick, number = 0, 0, 1
    bid_id, ask_id = 0, 0
    while hbt.elapse(interval) == 0:
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        orders = hbt.orders(0)
        best_bid, best_ask = depth.best_bid_tick, depth.best_ask_tick
        bid_open, ask_open = bid_id in orders, ask_id in orders
        if not bid_open or bid_tick != best_bid:
            if bid_open:
                hbt.cancel(0, bid_id, False)
            if best_bid > 0:
                number += 1
                bid_id, bid_tick = number, best_bid
                hbt.submit_buy_order(0, bid_id, depth.best_bid, 1.0, GTX, LIMIT, False)
        if not ask_open or ask_tick != best_ask:
            if ask_open:
                hbt.cancel(0, ask_id, False)
            if best_ask < 1 << 50:
                number += 1
                ask_id, ask_tick = number, best_ask
                hbt.submit_sell_order(0, ask_id, depth.best_ask, 1.0, GTX, LIMIT, False)


@njit
def requoter(hbt, interval, log):
    """At each instant both quotes are taken back and set again at the touch; `log` gets the prices."""
    number = 1
    bid_id, ask_id = 0, 0
    at = 0
    while hbt.elapse(interval) == 0:
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        orders = hbt.orders(0)
        if bid_id in orders:
            hbt.cancel(0, bid_id, False)
        if ask_id in orders:
            hbt.cancel(0, ask_id, False)
        if depth.best_bid_tick > 0:
            number += 1
            bid_id = number
            log[at, 0] = depth.best_bid_tick
            hbt.submit_buy_order(0, bid_id, depth.best_bid, 1.0, GTX, LIMIT, False)
        if depth.best_ask_tick < 1 << 50:
            number += 1
            ask_id = number
            log[at, 1] = depth.best_ask_tick
            hbt.submit_sell_order(0, ask_id, depth.best_ask, 1.0, GTX, LIMIT, False)
        at += 1


def backtest(data, recording):
    """A fresh backtest on its fastest depth, a vector over the prices that matter."""
    low, high = np.quantile(data["px"][data["px"] > 0], (0.01, 0.99))
    asset = (
        BacktestAsset()
        .data(data)
        .linear_asset(1.0)
        .constant_order_latency(0, 0)
        .l3_fifo_queue_model()
        .no_partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(recording.tick)
        .lot_size(1.0)
        .roi_lb(float(low) * 0.8)
        .roi_ub(float(high) * 1.2)
    )
    return ROIVectorMarketDepthBacktest([asset])


def main():
    """Prepare once, run some times."""
    recording = history.load()
    start = time.perf_counter()
    data = events(recording)
    prepared = time.perf_counter() - start
    strategies = {"replay": replay, "taker": taker, "quoter": quoter, "requoter": requoter}
    chosen = strategies[history.STRATEGY]
    log = np.zeros(((recording.end_ns - recording.start_ns) // recording.interval_ns + 2, 2), np.int64)

    def run(hbt, interval):
        if chosen is requoter:
            chosen(hbt, interval, log)
        else:
            chosen(hbt, interval)

    warm = backtest(data[:1000], recording)
    run(warm, 60_000_000_000)
    seconds = []
    for _ in range(history.REPEATS):
        hbt = backtest(data, recording)
        start = time.perf_counter()
        run(hbt, recording.interval_ns)
        seconds.append(time.perf_counter() - start)
        state = hbt.state_values(0)
        trades, position, value = int(state.num_trades), float(state.position), float(state.trading_value)
        hbt.close()
    if chosen is requoter:
        np.save(history.RESULT.with_suffix(".npy"), log)
    history.write(
        seconds=seconds, prepared=prepared, records=len(data), fills=trades, position=position, value=value
    )


main()
