from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given

import workbench as wb
from tests.projections.streams_of_events import (
    EVERY_PROFILE,
    EVERY_VENUE,
    VENUES,
    assert_is_a_fold,
    recorded,
    split,
)
from tests.twins.test_twins import SMALL_VENUES, commands
from workbench.domain.codes import OrderFlag, OrderType, Phase, Place, Side
from workbench.domain.commands import (
    batch,
    cancel_order,
    new_order,
    replace_order,
    set_phase,
)
from workbench.domain.commands import (
    split as split_command,
)
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import ConfigError, ProjectionError
from workbench.projections import depth as depth_module
from workbench.projections.depth import Depth

ALL = 1 << 20
ANN, BOB, CARL = 2, 3, 4


def assert_is_the_book(depth: Depth, exchange: Exchange) -> None:
    """Levels, best prices, and who stands where are the exchange's own."""
    for instrument in range(len(exchange.venue.instruments)):
        for book in (0, 1):
            for side in (Side.BUY, Side.SELL):
                wanted = exchange.depth(instrument, side, ALL, book)
                assert np.array_equal(depth.depth(instrument, side, ALL, book), wanted)
    orders = exchange.orders()
    orders = orders[np.isin(orders["book"], (Place.SHOWN, Place.LIVE, Place.MARKET_QUEUE))]
    standing = depth.orders()
    for name in ("order_id", "client_order_id", "account", "instrument", "book", "side", "price_ticks"):
        assert np.array_equal(standing[name], orders[name])
    assert np.array_equal(standing["leaves_lots"], orders["leaves_lots"])
    shown = np.where(orders["display_lots"] == 0, orders["leaves_lots"], orders["shown_lots"])
    assert np.array_equal(standing["shown_lots"], shown)


@pytest.mark.kernel
@EVERY_PROFILE
@EVERY_VENUE
def test_depth_is_the_exchanges_own(venue: str, profile: str, scaled: Callable[[int], int]) -> None:
    recording = recorded(venue, profile, 1, scaled(600))
    exchange, depth = Exchange(VENUES[venue]), Depth(VENUES[venue])
    for some in split(recording.commands, 1, 40):
        depth.apply(exchange.step(some))
        assert_is_the_book(depth, exchange)
        quoted = exchange.instruments()
        for name in (
            "bid_price_ticks",
            "bid_lots",
            "bid_orders",
            "ask_price_ticks",
            "ask_lots",
            "ask_orders",
        ):
            assert np.array_equal(depth.best()[name], quoted[name])


@pytest.mark.kernel
@EVERY_PROFILE
@EVERY_VENUE
def test_depth_is_a_fold(venue: str, profile: str, scaled: Callable[[int], int]) -> None:
    assert_is_a_fold(Depth, VENUES[venue], recorded(venue, profile, 1, scaled(600)).events, seed=2)


@pytest.mark.parametrize("name", SMALL_VENUES)
@given(parts=commands())
def test_small_worlds(name: str, parts: Records) -> None:
    exchange, depth = Exchange(SMALL_VENUES[name]), Depth(SMALL_VENUES[name])
    for at in range(len(parts)):
        depth.apply(exchange.step(parts[at : at + 1]))
        assert_is_the_book(depth, exchange)


@pytest.mark.kernel
def test_room_grows_without_a_trace(monkeypatch: pytest.MonkeyPatch, scaled: Callable[[int], int]) -> None:
    events = recorded("deep", "terms", 1, scaled(600)).events
    roomy = Depth(VENUES["deep"])
    roomy.apply(events)
    monkeypatch.setattr(depth_module, "_FIRST_SLOTS", 1)
    tight = Depth(VENUES["deep"])
    for some in split(events, 3, 50):
        tight.apply(some)
        tight = Depth.restore(VENUES["deep"], tight.checkpoint())
    assert tight.checkpoint() == roomy.checkpoint()


# ---------------------------------------------------------------------- by hand


def acme(**settings: Any) -> Venue:
    terms: dict[str, Any] = {"price_min": "1", "price_max": "100"}
    traders = [Account(name, cash=10**6) for name in ("ann", "bob", "carl")]
    return Venue([Instrument("ACME", **terms)], traders, **settings)


def at(time_ns: int, account: int, side: Side, lots: int, price: int, **more: Any) -> Records:
    return new_order(time_ns, account, 0, side, lots, price, **more)


def folded(venue: Venue, *rows: Records) -> tuple[Depth, Exchange]:
    exchange, depth = Exchange(venue), Depth(venue)
    for row in rows:
        depth.apply(exchange.step(row))
    assert_is_the_book(depth, exchange)
    return depth, exchange


def levels(depth: Depth, side: Side, book: int = 0) -> list[tuple[int, ...]]:
    return depth.depth(0, side, 10, book).tolist()


@pytest.mark.kernel
def test_an_iceberg_shows_slices_and_queues_again() -> None:
    rows = [
        at(1, ANN, Side.SELL, 100, 1_000, display_lots=40),
        at(2, BOB, Side.SELL, 50, 1_000),
    ]
    depth, _ = folded(acme(), *rows)
    assert levels(depth, Side.SELL) == [(1_000, 90, 2)]
    assert depth.ahead(1) == (0, 0)
    assert depth.ahead(2) == (1, 40)
    depth, _ = folded(acme(), *rows, at(3, CARL, Side.BUY, 70, 1_000))
    # The next 40 stand behind what is left of bob's.
    assert levels(depth, Side.SELL) == [(1_000, 60, 2)]
    assert depth.ahead(2) == (0, 0)
    assert depth.ahead(1) == (1, 20)
    assert depth.orders()[["order_id", "leaves_lots", "shown_lots", "slice_lots"]].tolist() == [
        (2, 20, 20, 0),
        (1, 60, 40, 40),
    ]


@pytest.mark.kernel
def test_an_uncross_fills_the_slice_again() -> None:
    depth, _ = folded(
        acme(),
        set_phase(1, Phase.OPENING_AUCTION, 0),
        at(2, ANN, Side.SELL, 100, 1_000, display_lots=40),
        at(3, BOB, Side.BUY, 30, 0, order_type=OrderType.MARKET),
    )
    assert depth.depth(0, Side.BUY, book=Place.MARKET_QUEUE).tolist() == [(0, 30, 1)]
    depth, _ = folded(
        acme(),
        set_phase(1, Phase.OPENING_AUCTION, 0),
        at(2, ANN, Side.SELL, 100, 1_000, display_lots=40),
        at(3, BOB, Side.BUY, 30, 1_000),
        set_phase(4, Phase.CONTINUOUS, 0),
    )
    assert levels(depth, Side.SELL) == [(1_000, 40, 1)]
    assert len(depth.depth(0, Side.BUY, book=Place.MARKET_QUEUE)) == 0


@pytest.mark.kernel
def test_a_kept_place_is_kept_and_a_lost_one_lost() -> None:
    rows = [at(1, ANN, Side.BUY, 50, 1_000, client_order_id=7), at(2, BOB, Side.BUY, 20, 1_000)]
    depth, _ = folded(
        acme(), *rows, replace_order(3, ANN, order_id=1, quantity_lots=30, new_client_order_id=8)
    )
    assert depth.orders()[["order_id", "client_order_id", "leaves_lots"]].tolist() == [(3, 8, 30), (2, 0, 20)]
    depth, _ = folded(acme(), *rows, replace_order(3, ANN, order_id=1, quantity_lots=60))
    assert depth.orders()["order_id"].tolist() == [2, 3]
    assert depth.ahead(3) == (1, 20)
    assert depth.ahead(1) is None


@pytest.mark.kernel
def test_a_split_that_joins_two_prices_puts_the_older_first() -> None:
    rows = [
        at(1, ANN, Side.BUY, 10, 1_001),
        at(2, BOB, Side.BUY, 20, 1_000),
        at(3, CARL, Side.BUY, 30, 1_001, display_lots=10),
        split_command(4, 0, 2, 1),
    ]
    depth, _ = folded(acme(), *rows)
    assert levels(depth, Side.BUY) == [(500, 80, 3)]
    assert depth.orders()["order_id"].tolist() == [1, 2, 3]
    assert depth.ahead(3) == (2, 60)
    depth, _ = folded(acme(), *rows, cancel_order(5, BOB, order_id=2))
    assert depth.ahead(3) == (1, 20)


@pytest.mark.kernel
def test_who_queued_anew_before_a_split_stands_behind_after_it() -> None:
    depth, _ = folded(
        acme(),
        at(1, ANN, Side.BUY, 30, 1_001, display_lots=10),
        at(2, BOB, Side.BUY, 20, 1_000),
        # Ann's next slice is younger than bob's order, though its id is smaller.
        at(3, CARL, Side.SELL, 10, 1_001),
        split_command(4, 0, 2, 1),
    )
    assert depth.orders()["order_id"].tolist() == [2, 1]
    assert depth.ahead(1) == (1, 40)
    assert depth.ahead(2) == (0, 0)


@pytest.mark.kernel
def test_both_books_of_a_frozen_venue() -> None:
    history = {"flags": OrderFlag.HISTORICAL}
    depth, _ = folded(
        acme(replay_mode=ReplayMode.FROZEN),
        at(1, 0, Side.SELL, 100, 1_000, client_order_id=1, **history),
        at(2, ANN, Side.SELL, 50, 1_000),
        at(3, 0, Side.SELL, 30, 1_000, client_order_id=2, **history),
        at(4, BOB, Side.SELL, 10, 1_000),
    )
    assert levels(depth, Side.SELL) == [(1_000, 130, 2)]
    assert levels(depth, Side.SELL, book=1) == [(1_000, 60, 2)]
    # History stands behind history alone; ann behind the first of it, bob behind all.
    assert [depth.ahead(order_id) for order_id in (1, 2, 3, 4)] == [(0, 0), (1, 100), (1, 100), (3, 180)]
    ahead = {int(order["order_id"]): (order["orders_ahead"], order["lots_ahead"]) for order in depth.orders()}
    assert [ahead[order_id] for order_id in (1, 2, 3, 4)] == [(0, 0), (1, 100), (1, 100), (3, 180)]


@pytest.mark.kernel
def test_places_in_the_queue_are_told_alike_for_one_and_for_all(scaled: Callable[[int], int]) -> None:
    for venue in ("frozen", "full", "deep"):
        depth = Depth(VENUES[venue])
        depth.apply(recorded(venue, "history", 1, scaled(600)).events)
        orders = depth.orders()
        assert len(orders)
        for order in orders:
            assert depth.ahead(int(order["order_id"])) == (order["orders_ahead"], order["lots_ahead"])
        assert np.array_equal(depth.orders(0), orders[orders["instrument"] == 0])


def test_what_there_is_not_is_refused() -> None:
    depth = Depth(acme())
    assert len(depth.orders()) == 0
    assert depth.best().tolist() == [(0, 0, 0, 0, 0, 0, 0)]
    assert depth.ahead(1) is None
    with pytest.raises(ConfigError, match="no instrument 1"):
        depth.depth(1, Side.BUY)
    with pytest.raises(ConfigError, match="no side"):
        depth.depth(0, Side.NONE)
    with pytest.raises(ConfigError, match="book 2"):
        depth.depth(0, Side.BUY, book=2)


def test_events_of_another_venue_are_refused() -> None:
    two = Venue([Instrument("ONE", "1", "100"), Instrument("TWO", "1", "100")], bare=True)
    events = Exchange(two).step(batch([new_order(1, 5, number, Side.BUY, 1, 1_000) for number in (0, 1)]))
    depth = Depth(acme())
    with pytest.raises(ProjectionError, match="rests an order in instrument 1, side 1, and the venue has 1"):
        depth.apply(events)
    with pytest.raises(ProjectionError, match="could not be taken in"):
        depth.apply(events)


# ---------------------------------------------------------------------- real history


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
@pytest.mark.parametrize(
    "file",
    [
        "l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst",
        "lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst",
    ],
    ids=["ARL", "GOOG"],
)
def test_a_real_day_with_us_in_it(shared: Path, file: str, mode: str) -> None:
    market = wb.replay(shared / "data" / file, mode=mode, cash=10**8)
    depth = Depth(market.venue)
    random = np.random.default_rng(5)
    while not market.finished:
        market._advance(
            min(market.position + int(random.integers(500, 4_000)), len(market.commands)), 20_000, None
        )
        book = market.book(levels=3)
        if not book.is_empty():
            row = book.row(0, named=True)
            trade = market.buy if random.random() < 0.5 else market.sell
            trade(int(random.integers(1, 300)), limit=row["bid_price"] or row["ask_price"])
        depth.apply(market.events)
        assert_is_the_book(depth, market.exchange)
    assert depth.seq == len(market.events)
    assert Depth.restore(market.venue, depth.checkpoint()).checkpoint() == depth.checkpoint()
