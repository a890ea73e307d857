"""Every kind of event has its sentence, and what has none is told by the names of its words."""

import numpy as np
import pytest

from tests.engine.two_sides import ANN, BOB, BUY, CARL, SELL, ZONE, at, order, recorded, venue
from workbench.domain import records
from workbench.domain.codes import EventKind, OrderFlag, Phase, TimeInForce
from workbench.domain.commands import (
    cancel_order,
    kill_switch,
    reinstate_account,
    replace_order,
    set_phase,
    set_price_band,
)
from workbench.domain.records import EVENT, ORDER_EVENT
from workbench.engine import sentences
from workbench.engine.sentences import SENTENCES, fields_of, layout_of, payload_of, sentence
from workbench.engine.words import Words

WORDS = Words(venue(), ZONE, {(ANN, 7): "first"})


@pytest.mark.parametrize("kind", EventKind, ids=lambda kind: kind.name)
def test_every_kind_has_a_sentence(kind: EventKind) -> None:
    assert kind in SENTENCES
    event = np.zeros(1, dtype=EVENT)
    event["kind"] = kind
    event["side"], event["order_type"], event["account"] = 1, 2, 2
    event["payload"] = np.arange(1, 10) % 2
    assert "{" not in sentence(event[0], WORDS)


@pytest.mark.parametrize("kind", SENTENCES, ids=lambda kind: kind.name)
def test_every_layout_is_one_of_the_records(kind: EventKind) -> None:
    layouts = [value for name, value in vars(records).items() if name.endswith("_EVENT")]
    assert layout_of(int(kind)) in layouts


def test_an_orders_life() -> None:
    exchange = recorded(
        order(0, CARL, SELL, 300, 15_100),
        order(1, ANN, BUY, 100, 15_025, client_order_id=7, flags=OrderFlag.POST_ONLY),
        order(2, BOB, BUY, 40, 15_100, time_in_force=TimeInForce.IOC),
        order(2, BOB, BUY, 50, 15_025),
        cancel_order(at(3), BOB, order_id=4, quantity_lots=20),
        replace_order(at(4), ANN, client_order_id=7, price_ticks=15_030),
        replace_order(at(5), ANN, order_id=5, quantity_lots=60),
        cancel_order(at(6), CARL, order_id=5),
        order(7, ANN, BUY, 0, 15_000),
        order(8, ANN, BUY, 1_000),
        set_phase(at(9), Phase.CLOSED),
    )
    said = [sentence(event, WORDS) for event in exchange.events]
    expected = [
        "carl's order 1: sell 300 AAPL at 151.00, day, rested first at its price",
        "no bid, ask 300 at 151.00 (1 order)",
        "ann's order 2 (first): buy 100 AAPL at 150.25, day, post only",
        "ann's order 2 (first): accepted, requires 15,025.00",
        "bob's order 3: buy 40 AAPL at 151.00, ioc",
        "trade 1: 40 at 151.00, bob bought from carl",
        "carl's order 1: sold 40 at 151.00 as maker against order 3, 260 left",
        "bob's order 3: bought 40 at 151.00 as taker against order 1, which completes it",
        "carl's position -40, cost -6,040.00, realised 0.00 (FIFO 0.00), fees 0.00, cash 10,006,040.00",
        "bob's order 4: buy 50 AAPL at 150.25, day, rested behind 100",
        "bob's order 4: 20 cancelled, 30 left: as asked",
        (
            "ann's order 2: replaced by order 5 (first): "
            "buy 100 AAPL at 150.30, day, post only, which queues anew"
        ),
        (
            "ann's order 5: replaced by order 6 (first): "
            "buy 60 AAPL at 150.30, day, post only, which keeps its place"
        ),
        "carl's cancel of order 5 refused: no open order has this id",
        "ann's order 7: refused: its quantity is not positive",
        "ann's order 8: buy 1,000 AAPL market, day",
        (
            "ann's order 8: 740 of 1,000 cancelled: "
            "it was a market order, and the other side of the book was empty"
        ),
        "AAPL closed by instructor",
        "bob's order 4: 30 of 30 expired: it was a day order, and the session closed",
    ]
    assert [line for line in expected if line not in said] == []


def test_instructors_commands() -> None:
    exchange = recorded(
        kill_switch(at(0), ANN),
        order(1, ANN, BUY, 1, 15_000),
        reinstate_account(at(2), ANN),
        set_price_band(at(3), 0, 14_000, 16_000),
        reinstate_account(at(4), 99),
    )
    said = [sentence(event, WORDS) for event in exchange.events]
    assert said == [
        "ann is suspended: no new orders",
        "ann's order 1: buy 1 AAPL at 150.00, day",
        "ann's order 1: refused: the account is suspended",
        "ann may send orders again",
        "AAPL takes prices from 140.00 to 160.00",
        "account 99's command refused: no account that may do this has the number 99",
    ]


def test_a_brief_sentence_leaves_out_whose_it_is() -> None:
    exchange = recorded(order(0, ANN, BUY, 100, 15_025))
    assert sentence(exchange.events[0], WORDS, brief=True) == "buy 100 AAPL at 150.25, day"


def test_a_kind_without_a_sentence_is_told_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = recorded(order(0, ANN, BUY, 100, 15_025))
    monkeypatch.setattr(sentences, "SENTENCES", {})
    layout_of.cache_clear()
    try:
        assert sentence(exchange.events[0], WORDS) == (
            "ann's order 1: order created: price 150.25, quantity 100, leaves 100"
        )
        assert layout_of(int(EventKind.ORDER_CANCELED)) == ORDER_EVENT
        quote = exchange.events[-1]
        assert sentence(quote, WORDS) == "quote: bid price 150.25, bid 100, bid orders 1"
    finally:
        layout_of.cache_clear()


def test_a_layout_is_found_by_the_end_or_the_beginning_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "SENTENCES", {})
    monkeypatch.setattr(records, "REDUCED_EVENT", records.QUOTE_EVENT, raising=False)
    layout_of.cache_clear()
    try:
        assert layout_of(int(EventKind.ORDER_REDUCED)) == records.QUOTE_EVENT
        assert layout_of(int(EventKind.ORDER_HELD)) == ORDER_EVENT
        assert layout_of(int(EventKind.PHASE_CHANGED)) == EVENT
    finally:
        layout_of.cache_clear()


def test_a_kind_of_another_version_is_told_by_numbers() -> None:
    event = np.zeros(1, dtype=EVENT)
    event["kind"], event["payload"] = 250, np.arange(9)
    said = sentence(event[0], WORDS)
    assert said.startswith("kind 250: word 1 1, word 2 2")
    assert payload_of(fields_of(event[0]))["word_8"] == 8
