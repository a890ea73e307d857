import pytest

from tests.twins.desk import ANN, BOB, MONEY, Desk
from workbench.domain.codes import EventKind, Side, TimeInForce
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument

pytestmark = pytest.mark.kernel


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, mode: ReplayMode = ReplayMode.RESPONSIVE, **settings: object) -> Desk:
    """A collar of 3 percent."""
    instrument = Instrument("ONE", "0.50", "2.00", collar_ppm=30_000, **settings)  # type: ignore[arg-type]
    accounts = [Account("ann", cash=1_000), Account("bob", cash=1_000, cash_checked=False)]
    return Desk(which, Venue([instrument], accounts, replay_mode=mode))


def test_a_market_order_stops_at_the_collar_around_the_last_price(which: str) -> None:
    desk = desk_of(which)
    desk.buy(BOB, 1, 150)
    desk.sell(BOB, 1, 150, self_trade_prevention=1)
    for price in (150, 154, 155):
        desk.sell(BOB, 2, price)
    # 150 * 3 percent is 4.5, rounded down: up to 154.
    assert desk.buy(ANN, 9) == [
        "TRADE 2@150 6x3",
        "FILLED 3",
        "PARTIAL 6 leaves 7",
        "TRADE 2@154 6x4",
        "FILLED 4",
        "PARTIAL 6 leaves 5",
        "CANCELED 6 PRICE_COLLAR 5",
    ]
    # Two lots at 1.50 and two at 1.54.
    assert desk.of_kind(EventKind.ORDER_APPROVED)[0].value == 6_080_000
    # The last price is 154 now; 154 * 0.03 = 4.62: up to 158.
    assert desk.buy(ANN, 9)[-1] == "CANCELED 7 NO_LIQUIDITY 7"


def test_sells_stop_below(which: str) -> None:
    desk = desk_of(which)
    desk.buy(BOB, 2, 100)
    desk.sell(ANN, 1, 100)
    desk.buy(BOB, 1, 97)
    desk.buy(BOB, 1, 96)
    # Down to 97.
    assert desk.sell(ANN, 5) == [
        "TRADE 1@100 5x1",
        "FILLED 1",
        "PARTIAL 5 leaves 4",
        "TRADE 1@97 5x3",
        "FILLED 3",
        "PARTIAL 5 leaves 3",
        "CANCELED 5 PRICE_COLLAR 3",
    ]


def test_without_a_last_price_the_best_opposite_price_counts(which: str) -> None:
    desk = desk_of(which)
    assert desk.buy(ANN, 1) == ["CANCELED 1 NO_LIQUIDITY 1"]
    for price in (100, 103, 104):
        desk.sell(BOB, 1, price)
    assert desk.buy(ANN, 3)[-1] == "CANCELED 5 PRICE_COLLAR 1"


def test_the_whole_side_may_be_beyond(which: str) -> None:
    desk = desk_of(which)
    desk.buy(BOB, 1, 100)
    desk.sell(ANN, 1, 100)
    desk.sell(BOB, 1, 104)
    assert desk.buy(ANN, 1) == ["CANCELED 4 PRICE_COLLAR 1"]
    assert desk.buy(ANN, 1, time_in_force=TimeInForce.FOK) == ["CANCELED 5 FILL_OR_KILL 1"]
    # A limit order is not collared.
    assert desk.buy(ANN, 1, 104)[0] == "TRADE 1@104 6x3"


def test_a_venue_of_books_alone_has_none() -> None:
    bare = Desk("twin", Venue([Instrument("ONE", "0.50", "2.00", collar_ppm=1)], bare=True))
    bare.sell(2, 1, 100)
    bare.sell(2, 1, 200)
    assert bare.buy(3, 2)[-1] == "FILLED 3"


def test_frozen_looks_at_both_books(which: str) -> None:
    desk = desk_of(which, ReplayMode.FROZEN)
    desk.history(Side.SELL, 1, 101, source_id=1)
    desk.sell(BOB, 1, 100)
    desk.sell(BOB, 1, 104)
    # Base 100, up to 103: Bob's at 100, history's at 101, then Bob's other is beyond.
    assert desk.buy(ANN, 3)[-1] == "CANCELED 4 PRICE_COLLAR 1"
    desk.cancel(BOB, 3)
    # What is left of history's order has been taken: nothing stands beyond.
    assert desk.buy(ANN, 1) == ["CANCELED 5 NO_LIQUIDITY 1"]
