"""Events become tables with names, prices and times, each number the one nearest to the exact decimal."""

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.codes import Side
from workbench.domain.commands import batch, cancel_order, execute_order, new_order, replace_order
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import EVENT, Records
from workbench.engine import frames
from workbench.engine.exchange import Exchange
from workbench.engine.frames import Scales

VENUE = Venue(
    [
        Instrument("AAA", "1", "50", fees=FeeSchedule(taker_per_lot="0.01")),
        Instrument("BBB", "0.05", "50", tick_size="0.05", lot_size="0.001", multiplier=10),
    ],
    [Account("ann", cash=100_000), Account("bob", cash=100_000)],
)
TABLES = [
    frames.trades_frame,
    frames.quotes_frame,
    frames.fills_frame,
    frames.order_events_frame,
    frames.position_events_frame,
    frames.events_frame,
]


def events() -> Records:
    return Exchange(VENUE).step(
        batch(
            [
                new_order(1_000_000_001, 2, 0, Side.SELL, 10, 1025, client_order_id=7),
                new_order(2_000_000_000, 3, 0, Side.BUY, 4),
                new_order(3_000_000_000, 3, 1, Side.BUY, 1500, 7),
                replace_order(3_000_000_000, 3, order_id=3, price_ticks=8),
                cancel_order(4_000_000_000, 3, order_id=99),
                new_order(5_000_000_000, 3, 5, Side.BUY, 1, 1),
                execute_order(6_000_000_000, 0, Side.SELL, 2, 1030),
            ]
        )
    )


def test_trades() -> None:
    trades = frames.trades_frame(events(), Scales(VENUE))
    first = trades.row(0, named=True)
    assert first == {
        "time": datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC),
        "seq": first["seq"],
        "trade_id": 1,
        "symbol": "AAA",
        "side": "BUY",
        "price": 10.25,
        "quantity": 4.0,
        "notional": 41.0,
        "taker": "bob",
        "maker": "ann",
        "taker_order_id": 2,
        "maker_order_id": 1,
        "shadow": False,
        "auction": False,
    }
    hidden = trades.row(1, named=True)
    assert (hidden["taker"], hidden["taker_order_id"], hidden["maker_order_id"]) == ("street", None, None)


def test_fills() -> None:
    fills = frames.fills_frame(events(), Scales(VENUE))
    assert fills.select(
        "order_id", "account", "side", "price", "quantity", "filled", "leaves", "fee", "maker"
    ).rows() == [
        (1, "ann", "SELL", 10.25, 4.0, 4.0, 6.0, 0.0, True),
        (2, "bob", "BUY", 10.25, 4.0, 4.0, 0.0, 0.04, False),
    ]


def test_quotes_have_nulls_for_an_empty_side() -> None:
    quotes = frames.quotes_frame(events(), Scales(VENUE))
    first = quotes.row(0, named=True)
    assert (first["bid_price"], first["bid_quantity"], first["bid_orders"]) == (None, None, 0)
    assert (first["ask_price"], first["ask_quantity"], first["ask_orders"]) == (10.25, 10.0, 1)
    assert first["last_price"] is None
    assert quotes.filter(symbol="BBB")["bid_price"].to_list() == [0.35, 0.4]
    assert quotes.filter(symbol="BBB")["bid_quantity"].to_list() == [1.5, 1.5]


def test_order_events_say_why() -> None:
    orders = frames.order_events_frame(events(), Scales(VENUE))
    refused = orders.filter(pl.col("reason") != "NONE").select("event", "reason", "order_id", "symbol")
    assert refused.rows() == [
        ("CANCEL_REJECTED", "UNKNOWN_ORDER", 99, "AAA"),
        ("ORDER_REJECTED", "UNKNOWN_INSTRUMENT", 5, None),
    ]
    market = orders.filter(order_id=2, event="ORDER_CREATED").row(0, named=True)
    assert (market["price"], market["type"], market["quantity"]) == (None, "MARKET", 4.0)
    replaced = orders.filter(event="ORDER_REPLACED").row(0, named=True)
    assert (replaced["order_id"], replaced["successor_order_id"], replaced["state"]) == (3, 4, "REPLACED")


def test_position_events() -> None:
    positions = frames.position_events_frame(events(), Scales(VENUE))
    assert positions.select("account", "symbol", "position", "cost", "fees", "cash").rows()[:2] == [
        ("ann", "AAA", -4.0, -41.0, 0.0, 100_041.0),
        ("bob", "AAA", 4.0, 41.0, 0.04, 99_958.96),
    ]


def test_events_are_all_there() -> None:
    happened = events()
    table = frames.events_frame(happened, Scales(VENUE))
    assert table["seq"].to_list() == list(range(1, len(happened) + 1))
    words = table.select(f"word_{number}" for number in range(9)).to_numpy()
    assert np.array_equal(words, happened["payload"])


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_same_columns_when_it_is_empty(table: object, exact: bool) -> None:
    scales = Scales(VENUE, exact=exact)
    assert table(np.zeros(0, EVENT), scales).schema == table(events(), scales).schema  # type: ignore[operator]


def test_exact_tables_hold_decimals() -> None:
    quotes = frames.quotes_frame(events(), Scales(VENUE, exact=True)).filter(symbol="BBB")
    assert quotes["bid_price"].to_list() == [Decimal("0.35"), Decimal("0.40")]
    assert quotes["bid_quantity"].to_list() == [Decimal("1.500"), Decimal("1.500")]


@given(
    ticks=st.lists(st.integers(-(10**12), 10**12), min_size=1),
    tick_size=st.sampled_from(["0.01", "0.05", "0.00001", "0.25", "5", "0.125"]),
)
def test_prices_are_the_nearest_doubles_and_exact_ones_are_exact(ticks: list[int], tick_size: str) -> None:
    venue = Venue([Instrument("A", tick_size, Decimal(tick_size) * 100, tick_size=tick_size)])
    values, which = np.array(ticks), np.zeros(len(ticks), dtype=np.int64)
    decimals = [number * Decimal(tick_size) for number in ticks]
    everywhere = np.ones(len(ticks), dtype=np.bool_)
    assert Scales(venue).price(values, which, everywhere).to_list() == [float(d) for d in decimals]
    assert Scales(venue, exact=True).price(values, which, everywhere).to_list() == decimals


def test_the_book_pads_the_shorter_side() -> None:
    exchange = Exchange(VENUE)
    exchange.step(
        batch(
            [
                new_order(1, 2, 0, Side.BUY, 10, 1000),
                new_order(1, 2, 0, Side.BUY, 5, 1000),
                new_order(1, 2, 0, Side.BUY, 7, 999),
                new_order(1, 2, 0, Side.SELL, 3, 1002),
            ]
        )
    )
    book = frames.book_frame(exchange.depth(0, Side.BUY), exchange.depth(0, Side.SELL), VENUE.instruments[0])
    assert book.rows() == [(2, 15.0, 10.0, 10.02, 3.0, 1), (1, 7.0, 9.99, None, None, None)]
    assert book.columns == [
        "bid_orders",
        "bid_quantity",
        "bid_price",
        "ask_price",
        "ask_quantity",
        "ask_orders",
    ]
    empty = frames.book_frame(exchange.depth(1, Side.BUY), exchange.depth(1, Side.SELL), VENUE.instruments[1])
    assert empty.schema == book.schema
    assert empty.is_empty()


def test_a_bare_venue_shows_account_numbers() -> None:
    bare = Venue(VENUE.instruments, bare=True)
    happened = Exchange(bare).step(
        batch([new_order(1, 5, 0, Side.SELL, 10, 1025), new_order(2, 6, 0, Side.BUY, 4)])
    )
    trade = frames.trades_frame(happened, Scales(bare)).row(0, named=True)
    assert (trade["taker"], trade["maker"]) == ("6", "5")
