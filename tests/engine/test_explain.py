"""What became of an order: refused, filled, queued behind others, traded through, ended."""

from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.engine.two_sides import ANN, BOB, BUY, CARL, SECOND, SELL, ZONE, at, order, recorded, venue
from tests.tiny_market import write_mbo
from workbench.domain.codes import EventKind, OrderFlag, Phase, Reason, TimeInForce
from workbench.domain.commands import cancel_order, execute_order, replace_order, set_phase, set_price_band
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import EVENT
from workbench.domain.states import OrderState
from workbench.engine.exchange import Exchange
from workbench.engine.explain import chain, explain, named_order
from workbench.engine.market import reachable_lots
from workbench.errors import ConfigError


def lines(text: object) -> list[str]:
    return [" ".join(line.split()) for line in str(text).splitlines()]


def test_a_refused_order_names_rule_and_numbers() -> None:
    exchange = recorded(set_price_band(at(0), 0, 14_000, 15_000), order(1, ANN, BUY, 100, 15_025))
    story = exchange.explain(1, zone=ZONE)
    assert (story.accepted, story.state, story.reason) == (
        False,
        OrderState.REJECTED,
        Reason.PRICE_OUT_OF_BAND,
    )
    assert (story.value, story.limit, story.filled_lots, story.open_lots) == (15_025, 15_000, 0, 0)
    assert lines(story) == [
        "ann's order 1: buy 100 AAPL at 150.25, day",
        "12:00:01 refused: its price 150.25 is outside the band, which ends at 150.00",
        "Refused by the rule PRICE_OUT_OF_BAND; nothing changed.",
    ]


def test_an_order_that_makes_no_sense_at_all_is_explained_too() -> None:
    strange = order(0, ANN, BUY, 100, 15_025)
    strange["side"], strange["order_type"], strange["account"], strange["instrument"] = 7, 99, 50, 9
    assert lines(recorded(strange).explain(1)) == [
        "account 50's order 1: side 7 100 lots instrument 9 at 15025 ticks order type 99, day",
        "16:00:00 refused: no account that may do this has the number 50",
        "Refused by the rule UNKNOWN_ACCOUNT; nothing changed.",
    ]
    strange["account"], strange["instrument"] = ANN, 0
    assert recorded(strange).explain(1).reason == Reason.INVALID_SIDE


def test_a_queue_that_falls_and_a_rest_that_expires() -> None:
    exchange = recorded(
        order(0, CARL, BUY, 300, 15_025),
        order(1, ANN, BUY, 100, 15_025),
        order(2, BOB, SELL, 200, 15_025),
        cancel_order(at(3), CARL, order_id=1, quantity_lots=50),
        order(4, BOB, SELL, 90, 15_025),
        order(5, BOB, SELL, 10, 15_030),
        set_phase(at(6), Phase.CLOSED),
    )
    story = exchange.explain(2, zone=ZONE)
    assert (story.ahead_lots, story.filled_lots, story.ended_lots) == (300, 40, 60)
    (fill,) = story.fills
    assert (fill.maker, fill.contra_account, fill.contra_order_id, fill.ahead_lots) == (True, BOB, 4, 0)
    assert story.missed is not None
    assert (story.missed.at_price_lots, story.missed.ahead_lots, story.missed.through) == (250, 250, ())
    assert (story.missed.opposite_ticks, story.missed.opposite_ns) == (15_030, at(5))
    assert lines(story) == [
        "ann's order 2: buy 100 AAPL at 150.25, day",
        "12:00:01 accepted, requires 15,025.00",
        "12:00:01 buy 100 AAPL at 150.25, day, rested behind 300",
        "12:00:04 250 traded, 50 cancelled ahead of it since 12:00:02: 0 still ahead",
        "12:00:04 bought 40 at 150.25 as maker against bob's order 4, 60 left",
        "12:00:06 AAPL closed by instructor",
        "12:00:06 60 of 100 expired: it was a day order, and the session closed",
        "Queue at 150.25: of 300 ahead of it 250 traded, 50 cancelled, 0 stayed ahead to the end.",
        "Filled: 40 of 100 at 150.25 on average, 40 as maker, 0 as taker.",
        "The rest: 60 expired, it was a day order, and the session closed (END_OF_DAY).",
        "Why not more:",
        "while it waited 250 traded at its price without it (250 with orders ahead of it)",
        "nothing traded through it",
        "the best ask it saw was 150.30 at 12:00:05",
    ]


def test_an_order_that_takes_what_there_is() -> None:
    exchange = recorded(
        order(0, BOB, SELL, 30, 15_000),
        order(0, CARL, SELL, 30, 15_010),
        order(0, CARL, SELL, 500, 15_050),
        order(1, ANN, BUY, 100, 15_020, time_in_force=TimeInForce.IOC),
        order(2, ANN, BUY, 100, 15_050, time_in_force=TimeInForce.FOK),
        order(3, ANN, BUY, 900, 15_050, time_in_force=TimeInForce.FOK),
    )
    story = exchange.explain(4, zone=ZONE)
    assert (story.filled_lots, story.ended_lots, story.reachable_lots) == (60, 40, 60)
    assert (story.opposite_ticks, story.opposite_lots, story.missed) == (15_000, 30, None)
    assert "Filled: 60 of 100 at 150.05 on average, 0 as maker, 60 as taker." in lines(story)
    assert lines(story)[-2:] == [
        "the best ask when it came was 30 at 150.00",
        "others offered 60 within its limit",
    ]
    assert "The rest" not in str(exchange.explain(5))
    assert "Filled: 100 of 100 at 150.50 on average" in str(exchange.explain(5))
    story = exchange.explain(6)
    assert (story.reason, story.reachable_lots, story.ended_lots) == (Reason.FILL_OR_KILL, 400, 900)


def test_a_market_order_in_an_empty_book() -> None:
    story = recorded(order(0, ANN, BUY, 100)).explain(1)
    assert lines(story)[-3:] == [
        (
            "The rest: 100 cancelled, it was a market order, and the other side of the book was empty "
            "(NO_LIQUIDITY)."
        ),
        "Why not more:",
        "there was no ask when it came",
    ]


def test_a_replaced_order_is_one_story_under_any_of_its_ids() -> None:
    exchange = recorded(
        order(0, BOB, BUY, 70, 15_000),
        order(1, ANN, BUY, 100, 14_000, client_order_id=5),
        replace_order(at(2), ANN, client_order_id=5, price_ticks=15_000, new_client_order_id=6),
        replace_order(at(3), ANN, client_order_id=5, quantity_lots=1),
        replace_order(at(4), ANN, client_order_id=6, quantity_lots=90),
        replace_order(at(5), ANN, client_order_id=6, price_ticks=999_999),
    )
    stories = [exchange.explain(number) for number in (2, 3, 4)]
    assert {story.ids for story in stories} == {(2, 3, 4)}
    assert len({str(story) for story in stories}) == 1
    story = stories[0]
    assert (story.state, story.open_lots, len(story.stays)) == (OrderState.NEW, 90, 2)
    assert story.stays[1].still_ahead_lots == 70
    text = "\n".join(lines(story))
    assert "The rest: 90 still open, 70 ahead of it." in text
    assert "replace of client order 6 refused: its price 9999.99 is outside the band" in text
    assert "replace of client order 5 refused: no open order has this id" in text
    assert named_order(exchange.events, {(ANN, 5): "one", (ANN, 6): "two"}, "two") == 4


def test_fees_and_roles() -> None:
    fees = FeeSchedule(maker_bps="-1", taker_bps=2)
    exchange = Exchange(
        Venue([Instrument("AAPL", "100", "200", fees=fees)], [Account("ann", 10**6), Account("bob", 10**6)]),
        record=True,
    )
    exchange.step(order(0, BOB, SELL, 10, 15_000))
    exchange.step(order(1, ANN, BUY, 30, 15_000))
    exchange.step(order(2, BOB, SELL, 15, 15_000))
    story = exchange.explain(2)
    assert [(fill.maker, fill.fee_micros) for fill in story.fills] == [(False, 300_000), (True, -225_000)]
    assert "15 as maker, 10 as taker, fees 0.075." in str(story).replace("25 of 30", "")
    assert story.fees_micros == 75_000


def test_who_traded_through_and_what_nobody_saw() -> None:
    # History may trade past its own orders, which nobody can do to anybody else.
    street = {"flags": OrderFlag.HISTORICAL}
    exchange = recorded(
        order(0, 0, SELL, 100, 15_000, client_order_id=1, **street),
        execute_order(at(1), 0, BUY, 30, 15_010),
        execute_order(at(2), 0, BUY, 20, 15_000),
        execute_order(at(3), 0, BUY, 10, 15_000, client_order_id=1),
    )
    story = exchange.explain(1, zone=ZONE)
    assert story.missed is not None
    assert [(t.price_ticks, t.quantity_lots, t.time_ns) for t in story.missed.through] == [
        (15_010, 30, at(1))
    ]
    assert (story.missed.hidden_lots, story.missed.at_price_lots, story.filled_lots) == (20, 20, 10)
    assert lines(story)[-3:] == [
        "while it waited 20 traded at its price without it (20 never shown in the book)",
        "30 traded through its price: trade 1 of 30 at 150.10 at 12:00:01 (street and street)",
        "there was no bid",
    ]


def test_a_fill_beside_frozen_history_is_no_trade_without_us(tmp_path: Path) -> None:
    market = wb.replay(write_mbo(tmp_path), mode="frozen", cash=10**6).run_until("09:45")
    ours = market.sell(500, limit="10.01")
    market.run()
    story = market.explain(ours)
    assert (story.filled_lots, story.open_lots) == (40, 460)
    assert story.missed is not None
    assert story.missed.through == ()
    assert str(market.explain(ours.id)) == str(story)


def test_events_that_begin_late_say_what_they_cannot_see() -> None:
    exchange = recorded(order(0, BOB, BUY, 70, 15_000), order(1, ANN, BUY, 100, 15_000))
    late = exchange.events[exchange.events["command_seq"] > 1]
    text = str(explain(late, 2, exchange.venue))
    assert "nothing stood ahead of it (70 more were there before these events begin)" in text


def test_an_order_that_nobody_sent() -> None:
    exchange = recorded(order(0, BOB, BUY, 70, 15_000))
    with pytest.raises(ConfigError, match="no event tells how an order 9 began"):
        exchange.explain(9)
    with pytest.raises(ConfigError, match="no order is called 'x'; known are y"):
        named_order(exchange.events, {(BOB, 1): "y"}, "x")
    with pytest.raises(ConfigError, match="no event tells of 'y'"):
        named_order(exchange.events, {(BOB, 1): "y"}, "y")


def test_kinds_that_are_not_known_do_not_hurt() -> None:
    exchange = recorded(order(0, BOB, BUY, 70, 15_000), order(1, ANN, BUY, 100, 15_000))
    strange = np.zeros(3, dtype=EVENT)
    strange["kind"] = 250
    strange["seq"] = 100
    events = np.concatenate([exchange.events, strange])
    assert str(explain(events, 2, exchange.venue)) == str(exchange.explain(2))


def test_lots_within_a_limit_are_the_books() -> None:
    exchange = recorded(
        order(0, BOB, SELL, 30, 15_000),
        order(0, CARL, SELL, 40, 15_010),
        order(0, CARL, SELL, 50, 15_020),
        replace_order(at(1), CARL, order_id=3, quantity_lots=45),
        replace_order(at(1), BOB, order_id=1, price_ticks=15_015),
        cancel_order(at(1), CARL, order_id=2, quantity_lots=5),
        order(1, ANN, BUY, 20, 15_010),
    )
    seq = int(exchange.events["seq"][-1]) + 1
    for limit in (15_005, 15_010, 15_015, 15_020, 0):
        depth = exchange.depth(0, SELL)
        within = depth["price_ticks"] <= (limit or 99_999)
        assert reachable_lots(exchange.events, seq, 0, BUY, limit, ANN) == int(
            depth["quantity_lots"][within].sum()
        )
    assert reachable_lots(exchange.events, seq, 0, BUY, 0, CARL) == 30


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
@pytest.mark.parametrize(
    ("source", "start"),
    [
        ("l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", "10:30"),
        ("lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst", "09:40"),
    ],
)
def test_what_an_order_takes_at_once_is_what_was_within_its_limit(
    shared: Path, source: str, start: str, mode: str
) -> None:
    market = wb.replay(shared / "data" / source, cash=10**9, mode=mode).run_until(start)
    for round_number in range(8):
        market.run_until(market.time_ns + 60 * SECOND)
        book = market.book(levels=6)
        for send, column in ((market.buy, "ask_price"), (market.sell, "bid_price")):
            prices = book[column].drop_nulls().to_list()
            quantity = 250 if round_number % 3 else 300_000
            ours = send(quantity, limit=prices[min(round_number, len(prices) - 1)], tif="IOC")
            story = market.explain(ours)
            assert story.filled_lots == min(quantity, story.reachable_lots)


def test_an_exchange_that_keeps_nothing_says_what_to_do() -> None:
    exchange = Exchange(venue())
    exchange.step(order(0, ANN, BUY, 1, 15_000))
    with pytest.raises(ConfigError, match=r"keeps no events; make it with Exchange\(venue, record=True\)"):
        exchange.explain(1)


def test_a_recording_exchange_keeps_what_step_returned() -> None:
    exchange = Exchange(venue(), record=True)
    room = np.zeros(20_000, dtype=EVENT)
    parts = [
        exchange.step(order(0, ANN, BUY, 1, 15_000), out=room).copy(),
        exchange.step(order(1, BOB, SELL, 1, 15_000), out=room).copy(),
    ]
    assert exchange.events.tobytes() == np.concatenate(parts).tobytes()
    again = Exchange.restore(exchange.snapshot(), record=True)
    again.step(order(2, BOB, SELL, 1, 15_000))
    assert again.events["seq"][0] == len(exchange.events) + 1
    assert again.state_hash() != exchange.state_hash()


def test_long_lives_are_shortened() -> None:
    parts = [order(0, ANN, BUY, 100, 15_000)]
    parts += [order(1 + n, BOB, SELL, 1, 15_000) for n in range(60)]
    story = recorded(*parts).explain(1)
    assert len(story.fills) == 60
    assert len(lines(story)) < 40
    assert any("lines more" in line for line in lines(story))


def test_a_chain_of_one() -> None:
    exchange = recorded(order(0, ANN, BUY, 1, 15_000))
    assert chain(exchange.events, 1) == [1]
    assert exchange.events["kind"][0] == EventKind.ORDER_CREATED


def test_to_whom_the_market_is_anonymous_others_have_no_name_and_no_order() -> None:
    exchange = recorded(
        order(0, CARL, SELL, 100, 15_025),
        order(1, ANN, BUY, 150, 15_025),
        order(2, BOB, SELL, 30, 15_020),
    )
    known = explain(exchange.events, 2, exchange.venue, zone=ZONE)
    hidden = explain(exchange.events, 2, exchange.venue, zone=ZONE, anonymous=True)
    assert "as taker against carl's order 1" in str(known)
    assert "as maker against bob's order 3" in str(known)
    assert len(lines(hidden)) == len(lines(known))
    assert lines(hidden)[0] == lines(known)[0]
    for other in ("carl", "bob", "order 1", "order 3", "against"):
        assert other not in str(hidden)
    assert (hidden.filled_lots, hidden.words.account(ANN)) == (130, "ann")
    assert hidden.words.account(BOB) == hidden.words.account(CARL) == "somebody else"
