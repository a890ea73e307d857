"""The queue ahead of an order, reconstructed from events, is the one that the exchange has."""

from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.engine.two_sides import ANN, BOB, BUY, CARL, SELL, at, order, recorded
from workbench.domain.commands import cancel_order, replace_order
from workbench.domain.records import PRIORITY_KEPT
from workbench.engine.queue import CANCELLED, MOVED, TRADED, stays_of
from workbench.engine.replay import Replay

MINUTE = 60_000_000_000
SOURCES = {
    "sample": ("data/samples/harbor-2025-03-18.parquet", "10:30"),
    "ARL": ("data/l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", "10:30"),
    "GOOG": ("data/lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst", "09:40"),
}


def test_what_left_is_counted_by_how_it_left() -> None:
    exchange = recorded(
        order(0, BOB, BUY, 100, 15_000),
        order(0, CARL, BUY, 80, 15_000),
        order(0, BOB, BUY, 60, 15_000),
        order(0, CARL, BUY, 50, 15_000),
        order(1, ANN, BUY, 10, 15_000),
        order(1, CARL, BUY, 500, 15_000),
        order(2, CARL, SELL, 30, 15_000),
        cancel_order(at(3), CARL, order_id=2, quantity_lots=20),
        replace_order(at(4), BOB, order_id=3, quantity_lots=45),
        replace_order(at(5), CARL, order_id=4, quantity_lots=55),
        replace_order(at(6), BOB, order_id=3, price_ticks=15_001),
    )
    (stay,) = stays_of(exchange.events, [5], exchange.venue)
    assert (stay.said_lots, stay.ahead_lots, len(stay.ahead_ids)) == (290, 290, 4)
    assert [stay.left_lots(way) for way in (TRADED, CANCELLED, MOVED)] == [30, 35, 50]
    assert [departure.ahead_lots for departure in stay.departures] == [260, 240, 225, 175]
    assert stay.still_ahead_lots == 175
    assert stay.end_seq is None


def test_an_order_has_a_stay_for_each_queue() -> None:
    exchange = recorded(
        order(0, BOB, BUY, 100, 15_000),
        order(1, ANN, BUY, 10, 15_000),
        replace_order(at(2), ANN, order_id=2, quantity_lots=8),
        replace_order(at(3), ANN, order_id=3, price_ticks=15_001),
        replace_order(at(4), ANN, order_id=4, price_ticks=15_000),
        cancel_order(at(5), BOB, order_id=1),
    )
    kept = exchange.events[exchange.events["flags"] & PRIORITY_KEPT != 0]
    assert len(kept) == 1
    first, second, third = stays_of(exchange.events, [2, 3, 4, 5], exchange.venue)
    assert (first.ahead_lots, first.end_ns) == (100, at(3))
    assert (second.price_ticks, second.ahead_lots) == (15_001, 0)
    assert (third.ahead_lots, third.still_ahead_lots) == (100, 0)


def test_what_was_there_before_the_events_begin_is_not_seen() -> None:
    exchange = recorded(order(0, BOB, BUY, 100, 15_000), order(1, ANN, BUY, 10, 15_000))
    late = exchange.events[exchange.events["command_seq"] > 1]
    (stay,) = stays_of(late, [2], exchange.venue)
    assert (stay.said_lots, stay.ahead_lots) == (100, 0)


def compare_with_engine(market: Replay, orders: list[wb.Order]) -> int:
    """Check the queue ahead of each order that is open now; how many there were."""
    book = market.exchange.orders()
    seq = int(market.exchange.counters()["events"][0])
    checked = 0
    for ours in orders:
        stays = stays_of(market.events, ours.ids, market.venue)
        assert all(stay.said_lots == stay.ahead_lots for stay in stays)
        found = book[book["order_id"] == ours.id]
        if not len(found):
            continue
        queue = book[
            (book["side"] == found["side"])
            & (book["price_ticks"] == found["price_ticks"])
            & (book["priority"] < found["priority"])
        ]
        assert stays[-1].ahead_at(seq) == int(queue["leaves_lots"].sum())
        checked += 1
    return checked


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
@pytest.mark.parametrize("source", ["ARL", "GOOG"])
def test_it_is_the_engines_in_recorded_markets(shared: Path, source: str, mode: str) -> None:
    path, start = SOURCES[source]
    assert follow(shared / path, start, mode) > 10


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
def test_it_is_the_engines_in_the_sample_day(mode: str) -> None:
    path, start = SOURCES["sample"]
    root = Path(__file__).parents[2]
    assert follow(root / path, start, mode) > 10


def follow(path: Path, start: str, mode: str) -> int:
    """Put orders into queues, move some, and compare at several moments."""
    market = wb.replay(path, cash=10**9, mode=mode).run_until(start)
    book = market.book(levels=4)
    at_first = {
        (side, int(level["price_ticks"])): int(level["quantity_lots"])
        for side in (BUY, SELL)
        for level in market.exchange.depth(0, side, 4)
    }
    orders = [market.buy(100, limit=price) for price in book["bid_price"].drop_nulls()]
    orders += [market.sell(100, limit=price) for price in book["ask_price"].drop_nulls()]
    for ours in orders:
        (stay,) = stays_of(market.events, ours.ids, market.venue)
        assert stay.ahead_lots == at_first[ours.side, ours.price_ticks]
    checked = compare_with_engine(market, orders)
    for step in range(6):
        market.run_until(market.time_ns + 2 * MINUTE)
        checked += compare_with_engine(market, orders)
        still = [ours for ours in orders if ours.is_open]
        if still and step % 2:
            market.replace(still[0], quantity=50 + still[0].filled)
            market.replace(
                still[-1], limit=still[0].limit if still[0].side == still[-1].side else None, quantity=90
            )
        checked += compare_with_engine(market, orders)
    assert np.all(market.events["seq"] == np.arange(1, len(market.events) + 1))
    return checked
