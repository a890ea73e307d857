"""Explanations of orders that wait, for a trigger, a parent or an auction; of groups, splits and limits."""

from dataclasses import replace

import numpy as np
import pytest

from tests.engine.two_sides import ANN, BOB, BUY, CARL, SELL, ZONE, at, order, recorded, venue
from workbench.domain.codes import (
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    Reason,
    TimeInForce,
    TriggerReference,
)
from workbench.domain.commands import batch, cancel_order, clock, replace_order, set_phase, split
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.domain.states import OrderState
from workbench.engine.exchange import Exchange
from workbench.engine.queue import stays_of

STOP = {"order_type": OrderType.STOP}


def lines(text: object) -> list[str]:
    return [" ".join(line.split()) for line in str(text).splitlines()]


def with_instrument(*parts: Records, **settings: object) -> Exchange:
    """An exchange whose stock has other settings."""
    usual = venue()
    stock = Instrument("AAPL", "100", "200", **settings)  # type: ignore[arg-type]
    exchange = Exchange(replace(usual, instruments=[stock]), record=True)
    exchange.step(batch(parts))
    return exchange


def test_a_stop_that_was_never_reached_says_how_close_it_came() -> None:
    exchange = recorded(
        order(0, BOB, BUY, 10, 15_000),
        order(0, BOB, BUY, 10, 14_950),
        order(1, ANN, SELL, 5, trigger_price_ticks=14_900, **STOP),
        order(2, CARL, SELL, 10, 15_000),
        order(3, CARL, SELL, 5, 14_950),
        order(4, BOB, BUY, 5, 15_000),
        order(4, CARL, SELL, 5, 15_000),
    )
    story = exchange.explain(3, zone=ZONE)
    assert (story.state, story.open_lots, story.waits) == (
        OrderState.HELD,
        5,
        "until the last price falls to 149.00",
    )
    assert (story.closest_ticks, story.closest_ns) == (14_950, at(3))
    assert lines(story) == [
        "ann's order 3: sell 5 AAPL stop, day",
        "12:00:01 triggers at 149.00",
        "12:00:01 accepted, requires 750.00",
        "12:00:01 sell 5 AAPL stop, day, held until the last price falls to 149.00",
        "Filled: nothing.",
        "The rest: 5 still held until the last price falls to 149.00.",
        "Why not more:",
        "it was held until the last price falls to 149.00",
        "the closest that it came was 149.50 at 12:00:03",
    ]


def test_a_triggered_stop_is_explained_from_its_trigger_on() -> None:
    exchange = recorded(
        order(0, BOB, SELL, 10, 15_000),
        order(1, ANN, BUY, 30, trigger_price_ticks=15_000, **STOP),
        order(2, BOB, SELL, 5, 15_010),
        order(3, CARL, BUY, 10, 15_000),
    )
    story = exchange.explain(2, zone=ZONE)
    # Carl has taken all 10 at 150.00 when the stop comes, though they were quoted last: it meets 5 at 150.10.
    assert (story.active_ns, story.filled_lots, story.reachable_lots) == (at(3), 5, 5)
    assert (story.opposite_ticks, story.opposite_lots) == (15_010, 5)
    text = lines(story)
    assert "12:00:03 triggered: last price 150.00 reached 150.00" in text
    assert text[-2].startswith("the best ask when it became active was ")


@pytest.mark.parametrize(
    ("reference", "name"),
    [(TriggerReference.BID_ASK, "best bid"), (TriggerReference.MIDPOINT, "midpoint")],
)
def test_the_reference_is_the_instruments(reference: TriggerReference, name: str) -> None:
    exchange = with_instrument(
        order(0, BOB, BUY, 10, 15_000),
        order(0, BOB, SELL, 10, 15_010),
        order(1, ANN, SELL, 5, trigger_price_ticks=14_000, **STOP),
        trigger_reference=reference,
    )
    story = exchange.explain(3)
    assert story.waits == f"until the {name} falls to 140.00"
    # The bid is 150.00; the middle is rounded up for what a fall sets off, and 150.05 is whole.
    assert story.closest_ticks == {"best bid": 15_000, "midpoint": 15_005}[name]


def test_a_trailing_stop_waits_for_the_price_that_follows_the_market() -> None:
    exchange = recorded(
        order(0, BOB, BUY, 10, 15_000),
        order(0, CARL, SELL, 10, 15_000),
        order(1, ANN, SELL, 5, order_type=OrderType.TRAILING_STOP, trail_micros=10_000),
        order(2, BOB, BUY, 10, 15_200),
        order(3, CARL, SELL, 10, 15_200),
    )
    text = str(exchange.explain(3, zone=ZONE))
    assert "trails by 1 %" in text
    # 152.00 less 1 %.
    assert "follows the market: triggers at 150.48 now, last price 152.00" in text
    assert exchange.explain(3).waits == "until the last price falls to 150.48"


def test_one_of_two_orders_that_cancel_each_other() -> None:
    last = OrderFlag.GROUP_LAST
    exchange = recorded(
        order(0, ANN, BUY, 10, 14_900, client_order_id=7, group_id=7, group_place=1),
        order(1, ANN, BUY, 10, trigger_price_ticks=15_100, group_id=7, group_place=2, flags=last, **STOP),
        order(2, BOB, SELL, 4, 14_900),
        order(3, BOB, SELL, 6, 14_900),
    )
    stop = exchange.explain(2, zone=ZONE)
    assert (stop.reason, stop.group, stop.ended_lots) == (Reason.GROUP, (1,), 6)
    text = lines(stop)
    assert "12:00:02 ann's order 1: bought 4 at 149.00 as maker against order 3, 6 left" in text
    assert "12:00:02 4 cancelled, 6 left: another order of its group traded or ended" in text
    assert exchange.explain(1).filled_lots == 10


def test_a_group_that_is_not_complete_and_one_that_is_entered_anew() -> None:
    exchange = recorded(
        order(0, ANN, BUY, 10, 14_900, client_order_id=7, group_id=7, group_place=1),
        cancel_order(at(1), ANN, order_id=1),
        order(2, ANN, BUY, 10, 14_800, client_order_id=7, group_id=7, group_place=1),
    )
    assert exchange.explain(2).waits == "until its group is complete"
    assert exchange.explain(2).group == exchange.explain(1).group == ()
    assert exchange.explain(1).reason == Reason.BY_REQUEST


def test_orders_around_an_auction() -> None:
    exchange = recorded(
        order(0, ANN, SELL, 50, time_in_force=TimeInForce.CLS),
        set_phase(at(1), Phase.CLOSING_AUCTION),
        order(2, BOB, BUY, 30, 15_000),
        order(2, BOB, BUY, 5, 14_000),
        set_phase(at(3), Phase.CLOSED),
    )
    story = exchange.explain(1, zone=ZONE)
    # 30 are wanted from 140.01 to 150.00, and 35 at 140.00: there most can trade.
    assert (story.filled_lots, story.ended_lots, story.fills[0].auction) == (35, 15, True)
    text = lines(story)
    assert "12:00:00 sell 50 AAPL market, cls, held until the closing auction begins" in text
    assert "12:00:03 AAPL: closing auction uncrossed 35 at 140.00, imbalance 15 to sell" in text
    assert "Filled: 35 of 50 at 140.00 on average, 35 in auctions." in text


def test_what_a_split_makes_of_an_order_that_has_traded() -> None:
    exchange = recorded(
        order(0, BOB, BUY, 20, 15_000),
        order(1, ANN, BUY, 10, 15_000),
        order(2, CARL, SELL, 24, 15_000),
        split(at(3), 0, 2, 1),
        order(4, CARL, SELL, 2, 7_500),
    )
    story = exchange.explain(2, zone=ZONE)
    assert (story.filled_lots, story.open_lots) == (10, 10)
    assert [(stay.price_ticks, stay.ahead_lots) for stay in story.stays] == [(15_000, 20), (7_500, 0)]
    # 4 at 150.00 and 2 at 75.00 are 10 new ones at 75.00.
    assert "Filled: 10 of 20 (6 before the split) at 75.00 on average" in str(story)


def test_a_price_limit_that_cut_an_order_short() -> None:
    exchange = with_instrument(
        order(0, BOB, SELL, 10, 15_000),
        order(0, BOB, SELL, 10, 15_900),
        order(1, ANN, BUY, 15),
        clock(at(400)),
        reference_price="150",
        price_limit_bps=500,
    )
    story = exchange.explain(3, zone=ZONE)
    assert (story.filled_lots, story.reason) == (10, Reason.LIMIT_UP_DOWN)
    assert "The rest: 5 cancelled, the price limit was reached, and trading paused (LIMIT_UP_DOWN)." in lines(
        story
    )


def test_a_queue_with_icebergs_splits_and_auctions_is_the_exchanges() -> None:
    """What stands ahead of every resting order, by the events and by the exchange's own priorities."""
    seed = np.random.default_rng(5)
    exchange = Exchange(venue(self_trade_prevention=1), record=True)
    compared = slices = 0
    for step in range(260):
        account, side = int(seed.choice([ANN, BOB, CARL])), seed.choice([BUY, SELL])
        lots, ticks = int(seed.integers(1, 12)) * 10, 15_000 + int(seed.integers(-3, 4))
        open_orders = exchange.orders()
        draw = seed.random()
        if step == 130:
            command = split(at(step), 0, 2, 1)
        elif step in (60, 190):
            command = set_phase(at(step), Phase.REOPENING_AUCTION)
        elif step in (75, 205):
            command = set_phase(at(step), Phase.CONTINUOUS)
        elif draw < 0.65 or not len(open_orders):
            display = 10 if seed.random() < 0.4 else 0
            price = ticks if step < 130 else ticks // 2
            command = order(step, account, side, lots, price, display_lots=display)
        else:
            chosen = seed.choice(open_orders)
            owner, number, leaves = (
                int(chosen["account"]),
                int(chosen["order_id"]),
                int(chosen["leaves_lots"]),
            )
            less = max(leaves - 5, 1)
            if draw < 0.8:
                command = cancel_order(at(step), owner, order_id=number, quantity_lots=5)
            else:
                total = int(chosen["quantity_lots"]) - leaves + less
                command = replace_order(at(step), owner, order_id=number, quantity_lots=total)
        exchange.step(command)
        if step % 9 and step not in (75, 130, 131, 205):
            continue
        for one in exchange.orders():
            same = exchange.orders()
            same = same[(same["price_ticks"] == one["price_ticks"]) & (same["side"] == one["side"])]
            ahead = same[same["priority"] < one["priority"]]
            shown = np.where(ahead["shown_lots"] != 0, ahead["shown_lots"], ahead["leaves_lots"]).sum()
            story = exchange.explain(int(one["order_id"]))
            (*_, stay) = stays_of(exchange.events, list(story.ids), exchange.venue)
            assert stay.still_ahead_lots == shown
            compared += 1
    slices = int((exchange.events["kind"] == EventKind.ORDER_REFRESHED).sum())
    assert (compared > 200, slices > 20) == (True, True)
