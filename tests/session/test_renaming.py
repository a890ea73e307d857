"""Commands that name orders by id, in a market in which the orders have other ids.

The oracle needs no renaming: the same session with every order named by its client order id, which stays.
"""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.session.markets import START_NS, two_stocks
from workbench.domain.codes import Side, TimeInForce
from workbench.domain.commands import batch, bust_trade, cancel_order, new_order, replace_order
from workbench.domain.config import Account
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.session import renaming
from workbench.session.changes import changes_of
from workbench.session.whatif import WhatIf, compare


@st.composite
def sessions(draw: st.DrawFn) -> list[Records]:
    """Orders with client order ids of their own, and cancels and replaces that name them so."""
    made: list[Records] = []
    owners: list[tuple[int, int]] = []
    for at in range(draw(st.integers(2, 60))):
        time_ns = START_NS + at
        what = draw(st.sampled_from(("new", "new", "cancel", "replace")))
        if what == "new" or not owners:
            account, instrument = draw(st.integers(2, 3)), draw(st.integers(0, 1))
            owners.append((account, instrument))
            side = draw(st.sampled_from((Side.BUY, Side.SELL)))
            lots, ticks = draw(st.integers(1, 9)), draw(st.integers(9_999, 10_001))
            made.append(
                new_order(time_ns, account, instrument, side, lots, ticks, client_order_id=len(owners))
            )
            continue
        client = draw(st.integers(1, len(owners)))
        account, instrument = owners[client - 1]
        if what == "cancel":
            made.append(cancel_order(time_ns, account, client_order_id=client, instrument=instrument))
        else:
            lots, ticks = draw(st.integers(1, 9)), draw(st.integers(9_998, 10_002))
            made.append(
                replace_order(
                    time_ns,
                    account,
                    client_order_id=client,
                    instrument=instrument,
                    quantity_lots=lots,
                    price_ticks=ticks,
                )
            )
    return made


def by_id(commands: list[Records]) -> list[Records]:
    """The same session, each open order named by the id that it has at the time."""
    exchange, made = Exchange(two_stocks()), []
    for command in commands:
        named = command.copy()
        if command["kind"][0] != 1:
            orders = exchange.orders(account=int(command["account"][0]))
            theirs = orders[orders["client_order_id"] == command["client_order_id"][0]]
            if len(theirs):
                named["order_id"], named["client_order_id"] = theirs["order_id"][0], 0
        exchange.step(named)
        made.append(named)
    return made


def varied(commands: list[Records], **changes: object) -> WhatIf:
    return compare(two_stocks(), batch(commands), changes_of(two_stocks(), **changes))  # type: ignore[arg-type]


@given(sessions(), st.sampled_from(["ann", "bob"]))
def test_ids_are_followed_as_client_ids_are(commands: list[Records], name: str) -> None:
    one, two = varied(commands, without=name), varied(by_id(commands), without=name)
    assert one.recorded.state_hash == two.recorded.state_hash
    assert one.what_if.state_hash == two.what_if.state_hash


@given(sessions(), st.integers(1, 20))
def test_so_they_are_when_orders_are_late(commands: list[Records], latency: int) -> None:
    one, two = (varied(each, latency=latency, latency_of="ann") for each in (commands, by_id(commands)))
    assert one.what_if.state_hash == two.what_if.state_hash


@given(sessions())
def test_spans_of_commands_do_not_show(commands: list[Records]) -> None:
    named = by_id(commands)
    whole = varied(named, without="ann").what_if.state_hash
    largest = renaming.LARGEST_BATCH
    try:
        renaming.LARGEST_BATCH = 2
        assert varied(named, without="ann").what_if.state_hash == whole
    finally:
        renaming.LARGEST_BATCH = largest


def test_a_cancel_of_somebody_elses_order_stays_one() -> None:
    # Bob asks to cancel ann's order 1; in the market without her it is nobody's, and not his own order 1.
    commands = [
        new_order(START_NS, 2, 0, Side.BUY, 5, 9_000),
        new_order(START_NS, 3, 0, Side.BUY, 5, 9_000),
        cancel_order(START_NS, 3, order_id=1),
        cancel_order(START_NS, 3, order_id=77),
    ]
    made = varied(commands, without="ann")
    assert made.what_if.instruments["bid_lots"].tolist() == [5, 0]
    assert made.missed == 1
    assert np.array_equal(made.what_if.fills(), made.recorded.fills())


def test_an_order_replaced_by_its_client_id_is_followed_too() -> None:
    # Without ann bob's ids are 1, and 2 after the replace; the cancel of a part begins a span of its own.
    commands = [
        new_order(START_NS, 2, 0, Side.BUY, 5, 9_000),
        new_order(START_NS, 3, 0, Side.BUY, 5, 9_000, client_order_id=7),
        cancel_order(START_NS, 3, order_id=2, quantity_lots=1),
        replace_order(START_NS, 3, client_order_id=7, price_ticks=9_001),
        cancel_order(START_NS, 3, order_id=3),
    ]
    made = varied(commands, without="ann")
    assert made.missed == 0
    assert made.what_if.instruments["bid_lots"].tolist() == [0, 0]


def test_a_number_that_was_nobodys_order_does_not_become_one() -> None:
    # Ann's 60 make bob's replaces to 50 and 55 too small; without her they are accepted, and give out id 3.
    commands = [
        new_order(START_NS, 3, 0, Side.SELL, 100, 9_000),
        new_order(START_NS, 2, 0, Side.BUY, 60, 9_000),
        replace_order(START_NS, 3, order_id=1, quantity_lots=50),
        replace_order(START_NS, 3, order_id=1, quantity_lots=55),
        cancel_order(START_NS, 3, order_id=3),
    ]
    made = varied(commands, without="ann")
    assert made.what_if.instruments["ask_lots"].tolist() == [55, 0]


def test_a_bust_means_the_trade_between_the_same_orders() -> None:
    def order(at: int, account: int, side: Side, lots: int, **more: TimeInForce) -> Records:
        return new_order(START_NS + at, account, 0, side, lots, 10_000, **more)

    commands = batch(
        [
            order(0, 2, Side.SELL, 1),
            order(1, 4, Side.BUY, 1, time_in_force=TimeInForce.IOC),
            order(2, 3, Side.SELL, 5),
            order(3, 4, Side.BUY, 2),
            order(4, 4, Side.BUY, 3),
            *(bust_trade(START_NS + 5 + at, trade) for at, trade in enumerate((1, 2, 9))),
        ]
    )
    stocks = two_stocks()
    venue = replace(stocks, accounts=(*stocks.accounts, Account("carl", 1_000_000)), kept_trades=100)
    found = compare(venue, commands, changes_of(venue, without="ann"))
    # Without ann's trade that of 2 lots is the first one, and there is none in the place of hers.
    for run in (found.recorded, found.what_if):
        theirs = run.positions[run.positions["account"] != 2]
        assert theirs[["account", "position_lots"]].tolist() == [(3, -3), (4, 3)]
