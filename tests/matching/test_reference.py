import pytest

from tests.twins.desk import ANN, BOB, BOTH, STREET, Desk
from workbench.domain.codes import EventKind, OrderFlag, OrderType, SelfTradePrevention, Side, TimeInForce
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import LEVEL_VIEW
from workbench.engine.reference import ReferenceExchange

pytestmark = pytest.mark.kernel

MODE = SelfTradePrevention


@pytest.fixture(params=BOTH)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    """A bare venue with two instruments whose own trades are cancelled on the resting side by default."""
    return Desk(
        which, Venue([Instrument("ONE", "0.50", "2.00"), Instrument("TWO", "0.50", "2.00")], bare=True)
    )


class TestPriceTime:
    def test_best_price_first_then_the_oldest_at_the_resting_price(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 102)
        desk.sell(ANN, 5, 101)
        desk.sell(ANN, 5, 101)
        assert desk.buy(BOB, 12, 105) == [
            "TRADE 5@101 4x2",
            "FILLED 2",
            "PARTIAL 4 leaves 7",
            "TRADE 5@101 4x3",
            "FILLED 3",
            "PARTIAL 4 leaves 2",
            "TRADE 2@102 4x1",
            "PARTIAL 1 leaves 3",
            "FILLED 4",
        ]

    def test_a_partly_filled_order_keeps_its_place(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100)
        desk.buy(ANN, 5, 100)
        desk.sell(BOB, 2, 100)
        assert desk.sell(BOB, 4, 100)[0] == "TRADE 3@100 4x1"

    def test_what_remains_rests_behind_its_price(self, desk: Desk) -> None:
        desk.sell(ANN, 3, 100)
        desk.buy(ANN, 4, 99)
        assert desk.buy(BOB, 5, 100)[-1] == "RESTED 3 leaves 2 behind 0"
        assert desk.buy(BOB, 1, 99) == ["RESTED 4 leaves 1 behind 4"]
        assert desk.book() == ["BUY 3: 2@100", "BUY 2: 4@99", "BUY 4: 1@99"]

    def test_market_ioc_and_fok(self, desk: Desk) -> None:
        desk.sell(ANN, 3, 100)
        desk.sell(ANN, 3, 101)
        fok, ioc = {"time_in_force": TimeInForce.FOK}, {"time_in_force": TimeInForce.IOC}
        assert desk.buy(BOB, 4, 100, **fok) == ["CANCELED 3 FILL_OR_KILL 4"]
        assert desk.buy(BOB, 4, 100, **ioc)[-1] == "CANCELED 4 IMMEDIATE_OR_CANCEL 1"
        assert desk.buy(BOB, 4, **fok) == ["CANCELED 5 FILL_OR_KILL 4"]
        assert desk.buy(BOB, 3, 101, **fok) == ["TRADE 3@101 6x2", "FILLED 2", "FILLED 6"]
        assert desk.buy(BOB, 4) == ["CANCELED 7 NO_LIQUIDITY 4"]

    def test_canceled_market_order_says_what_it_had_traded(self, desk: Desk) -> None:
        desk.sell(ANN, 3, 100)
        desk.buy(BOB, 5, time_in_force=TimeInForce.GTC)
        (canceled,) = desk.of_kind(EventKind.ORDER_CANCELED)
        assert (canceled.quantity_lots, canceled.leaves_lots, canceled.executed_lots) == (5, 0, 3)
        assert (canceled.value, canceled.order_type) == (2, OrderType.MARKET)

    def test_post_only_is_refused_at_the_touch(self, desk: Desk) -> None:
        desk.sell(ANN, 3, 101)
        only = {"flags": OrderFlag.POST_ONLY}
        assert desk.buy(BOB, 1, 101, **only) == ["REJECTED POST_ONLY_WOULD_CROSS 101/101"]
        assert desk.buy(BOB, 1, 100, **only) == ["RESTED 3 leaves 1 behind 0"]
        # The order stays post-only through a replace.
        assert desk.replace(BOB, 3, price=102) == ["REJECTED POST_ONLY_WOULD_CROSS 102/101"]

    def test_quote_tells_price_lots_and_orders_of_both_sides(self, desk: Desk) -> None:
        desk.buy(ANN, 3, 99)
        desk.buy(ANN, 4, 99)
        desk.sell(ANN, 5, 101)
        (quote,) = desk.of_kind(EventKind.QUOTE)
        assert (quote.bid_price_ticks, quote.bid_lots, quote.bid_orders) == (99, 7, 2)
        assert (quote.ask_price_ticks, quote.ask_lots, quote.ask_orders) == (101, 5, 1)
        desk.sell(ANN, 5, 102)
        assert desk.of_kind(EventKind.QUOTE) == []
        desk.sell(BOB, 7, 99)
        (quote,) = desk.of_kind(EventKind.QUOTE)
        assert (quote.bid_price_ticks, quote.bid_lots, quote.bid_orders, quote.last_price_ticks) == (
            0,
            0,
            0,
            99,
        )

    def test_instruments_do_not_meet(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 100)
        assert desk.buy(BOB, 5, 100, instrument=1) == ["RESTED 2 leaves 5 behind 0"]


class TestSelfTrade:
    """Ann's 5 lots (order 1) stand before Bob's 5 (order 2); Ann buys 7 of them."""

    @pytest.mark.parametrize(
        ("mode", "told"),
        [
            (
                MODE.ALLOW,
                [
                    "TRADE 5@100 3x1",
                    "FILLED 1",
                    "PARTIAL 3 leaves 2",
                    "TRADE 2@100 3x2",
                    "PARTIAL 2 leaves 3",
                    "FILLED 3",
                ],
            ),
            (
                MODE.CANCEL_RESTING,
                [
                    "CANCELED 1 SELF_TRADE 5",
                    "TRADE 5@100 3x2",
                    "FILLED 2",
                    "PARTIAL 3 leaves 2",
                    "RESTED 3 leaves 2 behind 0",
                ],
            ),
            (MODE.CANCEL_INCOMING, ["CANCELED 3 SELF_TRADE 7"]),
            (MODE.CANCEL_BOTH, ["CANCELED 1 SELF_TRADE 5", "CANCELED 3 SELF_TRADE 7"]),
            (
                MODE.DECREMENT,
                [
                    "CANCELED 1 SELF_TRADE 5",
                    "REDUCED 3 SELF_TRADE 5 leaves 2",
                    "TRADE 2@100 3x2",
                    "PARTIAL 2 leaves 3",
                    "FILLED 3",
                ],
            ),
        ],
    )
    def test_mode(self, desk: Desk, mode: SelfTradePrevention, told: list[str]) -> None:
        desk.sell(ANN, 5, 100)
        desk.sell(BOB, 5, 100)
        assert desk.buy(ANN, 7, 100, self_trade_prevention=mode) == told

    def test_decrement_reduces_the_larger_resting_order(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 100)
        assert desk.buy(ANN, 2, 100, self_trade_prevention=MODE.DECREMENT) == [
            "REDUCED 1 SELF_TRADE 2 leaves 3",
            "CANCELED 2 SELF_TRADE 2",
        ]
        reduced, canceled = desk.events[1:3]
        # The reduced order's total falls; the cancelled one keeps its own.
        assert (reduced.quantity_lots, canceled.quantity_lots) == (3, 2)

    @pytest.mark.parametrize(
        ("mode", "lots", "killed"),
        [
            (MODE.ALLOW, 10, False),
            (MODE.ALLOW, 11, True),
            # Own orders are passed over: five of Bob's remain.
            (MODE.CANCEL_RESTING, 5, False),
            (MODE.CANCEL_RESTING, 6, True),
            # The walk ends at the own order, which stands first.
            (MODE.CANCEL_INCOMING, 1, True),
            (MODE.CANCEL_BOTH, 1, True),
            (MODE.DECREMENT, 1, True),
        ],
    )
    def test_fill_or_kill_counts_what_it_could_trade(
        self, desk: Desk, mode: SelfTradePrevention, lots: int, killed: bool
    ) -> None:
        desk.sell(ANN, 5, 100)
        desk.sell(BOB, 5, 100)
        told = desk.buy(ANN, lots, 100, self_trade_prevention=mode, time_in_force=TimeInForce.FOK)
        assert (told == [f"CANCELED 3 FILL_OR_KILL {lots}"]) == killed
        assert ("FILLED 3" in told) != killed
        # A killed order leaves own orders alone.
        assert ("SELL 1: 5@100" in desk.book()) == killed

    def test_the_venues_mode_is_the_default_and_the_street_is_never_prevented(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 100)
        assert desk.buy(ANN, 5, 100)[0] == "CANCELED 1 SELF_TRADE 5"
        desk.cancel(ANN, 2)
        desk.sell(STREET, 5, 100)
        assert desk.buy(STREET, 5, 100)[0] == "TRADE 5@100 4x3"


class TestReplace:
    def test_less_at_the_same_price_keeps_the_place(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100)
        desk.buy(BOB, 5, 100)
        assert desk.replace(ANN, 1, lots=3) == ["REPLACED 1 by 3 3 of 3@100"]
        assert desk.of_kind(EventKind.ORDER_REPLACED)[0].flags == 0x4000
        assert desk.book() == ["BUY 3: 3@100", "BUY 2: 5@100"]
        assert desk.cancel(ANN, 1) == ["REJECTED UNKNOWN_ORDER 0/0"]

    @pytest.mark.parametrize(
        "change", [{"lots": 6}, {"lots": 3, "price": 101}, {"lots": 3, "flags": OrderFlag.LOSE_PRIORITY}]
    )
    def test_more_another_price_or_the_wish_lose_it(self, desk: Desk, change: dict[str, int]) -> None:
        desk.buy(ANN, 5, 100)
        desk.buy(BOB, 5, 100)
        told = desk.replace(ANN, 1, **change)
        assert told[1] == f"RESTED 3 leaves {change['lots']} behind {0 if 'price' in change else 5}"
        assert desk.order(3).priority == 3

    def test_the_total_counts_what_has_traded(self, desk: Desk) -> None:
        desk.buy(ANN, 10, 100)
        desk.sell(BOB, 4, 100)
        assert desk.replace(ANN, 1, lots=4) == ["REJECTED QUANTITY_BELOW_EXECUTED 4/4"]
        assert desk.replace(ANN, 1, lots=7) == ["REPLACED 1 by 3 3 of 7@100"]
        leaves = OrderFlag.QUANTITY_IS_LEAVES
        told = desk.replace(ANN, 3, lots=7, flags=leaves)
        assert told == ["REPLACED 3 by 4 7 of 11@100", "RESTED 4 leaves 7 behind 0"]
        assert desk.order(4).order_state == 3

    def test_it_trades_like_a_new_order(self, desk: Desk) -> None:
        desk.sell(BOB, 3, 102)
        desk.buy(ANN, 5, 100)
        assert desk.replace(ANN, 2, price=102) == [
            "REPLACED 2 by 3 5 of 5@102",
            "TRADE 3@102 3x1",
            "FILLED 1",
            "PARTIAL 3 leaves 2",
            "RESTED 3 leaves 2 behind 0",
        ]

    def test_client_ids(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100, client_order_id=7)
        desk.buy(ANN, 5, 100, client_order_id=8)
        assert desk.buy(ANN, 5, 100, client_order_id=7) == ["REJECTED DUPLICATE_CLIENT_ORDER_ID 7/1"]
        assert desk.buy(BOB, 5, 100, client_order_id=7) == ["RESTED 4 leaves 5 behind 10"]
        told = desk.replace(ANN, client_order_id=7, lots=4, new_client_order_id=8)
        assert told == ["REJECTED DUPLICATE_CLIENT_ORDER_ID 8/2"]
        desk.replace(ANN, client_order_id=7, lots=4, new_client_order_id=7)
        desk.replace(ANN, client_order_id=7, lots=3, new_client_order_id=9)
        assert desk.cancel(ANN, client_order_id=7) == ["REJECTED UNKNOWN_ORDER 0/0"]
        assert desk.cancel(ANN, client_order_id=9) == ["CANCELED 6 BY_REQUEST 3"]
        # An id is free again when its order has ended.
        assert desk.buy(ANN, 1, 90, client_order_id=9) == ["RESTED 7 leaves 1 behind 0"]


class TestCancel:
    def test_part_keeps_the_place_and_all_ends_it(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100)
        desk.buy(BOB, 5, 100)
        assert desk.cancel(ANN, 1, lots=2) == ["REDUCED 1 BY_REQUEST 2 leaves 3"]
        assert desk.book() == ["BUY 1: 3@100", "BUY 2: 5@100"]
        assert desk.cancel(ANN, 1, lots=9) == ["CANCELED 1 BY_REQUEST 3"]

    def test_refusals(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100)
        assert desk.cancel(BOB, 1) == ["REJECTED NOT_ORDER_OWNER 0/0"]
        assert desk.cancel(BOB, 9) == ["REJECTED UNKNOWN_ORDER 0/0"]
        assert desk.cancel(BOB) == ["REJECTED UNKNOWN_ORDER 0/0"]
        assert desk.cancel(ANN, 1, lots=-1) == ["REJECTED INVALID_QUANTITY 0/0"]
        # The order id counts when both are given.
        assert desk.cancel(ANN, 1, client_order_id=99) == ["CANCELED 1 BY_REQUEST 5"]


def test_depth_of_the_twin_is_best_first() -> None:
    twin = ReferenceExchange(Venue([Instrument("ONE", "0.50", "2.00")], bare=True))
    desk = Desk("twin", twin.venue)
    for price, lots in ((99, 1), (98, 2), (99, 3), (97, 4)):
        desk.buy(ANN, lots, price)
    assert isinstance(desk.exchange, ReferenceExchange)
    depth = desk.exchange.depth(0, Side.BUY, levels=2)
    assert depth.dtype == LEVEL_VIEW
    assert depth.tolist() == [(99, 4, 2), (98, 2, 1)]
    assert len(desk.exchange.depth(0, Side.SELL)) == 0
