import pytest

from tests.twins.desk import ANN, BOB, BOTH, HOUSE, STREET, Desk
from workbench.domain.codes import EventKind, Side
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.ledger.reference import Position, Rates, Terms

pytestmark = pytest.mark.kernel


@pytest.fixture(params=BOTH)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, **settings: object) -> Desk:
    """Ann and Bob with 1,000.00 each; one tick of one lot is worth 0.01, 10,000 micros."""
    instrument = Instrument("ONE", "0.50", "2.00", **settings)  # type: ignore[arg-type]
    return Desk(which, Venue([instrument], [Account("ann", cash=1_000), Account("bob", cash=1_000)]))


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int) -> None:
    """The buyer rests, the seller takes."""
    desk.buy(buyer, lots, price)
    desk.sell(seller, lots, price)


class TestPositions:
    def test_partial_close_by_average_cost_and_by_fifo(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 10, 100)
        trade(desk, ANN, BOB, 10, 110)
        trade(desk, BOB, ANN, 5, 120)
        ann = desk.position(ANN)
        # Cost 10 * 1.00 + 10 * 1.10 = 21.00; a quarter of it, 5.25, leaves; proceeds 6.00.
        assert (ann.position_lots, ann.cost_micros, ann.realised_average_micros) == (15, 15_750_000, 750_000)
        # The oldest five lots cost 5.00.
        assert ann.realised_fifo_micros == 1_000_000
        assert desk.lots(ANN) == [(100, 5, 5_000_000), (110, 10, 11_000_000)]
        assert desk.account(ANN).cash_micros == 985_000_000
        assert ann.traded_lots == 25

    def test_flip_closes_all_and_opens_the_rest(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 10, 100)
        trade(desk, ANN, BOB, 10, 110)
        trade(desk, BOB, ANN, 5, 120)
        trade(desk, BOB, ANN, 25, 90)
        ann = desk.position(ANN)
        # 15 close at 0.90: 13.50 for what had cost 15.75 (average) or 16.00 (FIFO); 10 open short for 9.00.
        assert (ann.position_lots, ann.cost_micros) == (-10, -9_000_000)
        assert ann.realised_average_micros == 750_000 - 2_250_000
        assert ann.realised_fifo_micros == 1_000_000 - 2_500_000
        assert desk.lots(ANN) == [(90, -10, -9_000_000)]
        assert desk.account(ANN).short_cost_micros == 9_000_000
        # Bob was short -20, bought 5 and 25 and is long 10 at 0.90.
        bob = desk.position(BOB)
        assert (bob.position_lots, bob.cost_micros) == (10, 9_000_000)
        assert bob.realised_average_micros == bob.realised_fifo_micros == 1_500_000
        assert desk.account(BOB).short_cost_micros == 0

    def test_short_cover_gains_when_the_price_fell(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, BOB, ANN, 4, 150)
        trade(desk, ANN, BOB, 1, 120)
        ann = desk.position(ANN)
        # Sold at 1.50, bought back at 1.20.
        assert (ann.position_lots, ann.cost_micros, ann.realised_average_micros) == (-3, -4_500_000, 300_000)
        assert ann.realised_fifo_micros == 300_000
        assert desk.account(ANN).short_cost_micros == 4_500_000

    def test_equal_prices_share_the_newest_lot_only(self, which: str) -> None:
        desk = desk_of(which)
        for price in (100, 100, 110, 100):
            trade(desk, ANN, BOB, 2, price)
        assert desk.lots(ANN) == [(100, 4, 4_000_000), (110, 2, 2_200_000), (100, 2, 2_000_000)]

    def test_values_and_costs_are_rounded_down(self, which: str) -> None:
        # One tick of one lot is worth 1e-5 micros: 150 lots at 1.000 are 1.5 micros, booked as 1.
        desk = desk_of(which, tick_size="0.001", lot_size="0.00000001")
        trade(desk, ANN, BOB, 150, 1_000)
        trade(desk, ANN, BOB, 150, 1_000)
        assert desk.lots(ANN) == [(1_000, 300, 2)]
        trade(desk, BOB, ANN, 100, 1_000)
        # Worth 1; of the cost 2 * 100 // 300 = 0 leaves.
        ann = desk.position(ANN)
        assert (ann.cost_micros, ann.realised_average_micros, ann.realised_fifo_micros) == (2, 1, 1)
        assert desk.lots(ANN) == [(1_000, 200, 2)]

    def test_the_part_that_opens_gets_what_the_part_that_closes_leaves(self, which: str) -> None:
        desk = desk_of(which, tick_size="0.001", lot_size="0.00000001")
        trade(desk, ANN, BOB, 50, 1_000)
        trade(desk, BOB, ANN, 150, 1_000)
        # 150 lots are worth 1, the 50 that close 0, so the 100 that open have all of it.
        assert desk.position(ANN).cost_micros == -1
        assert desk.lots(ANN) == [(1_000, -100, -1)]

    def test_the_street_has_an_average_but_no_lots(self, which: str) -> None:
        desk = desk_of(which)
        desk.history(Side.SELL, 5, 100, source_id=1)
        desk.buy(ANN, 5, 100)
        street = desk.position(STREET)
        assert (street.position_lots, street.cost_micros, street.realised_fifo_micros) == (-5, -5_000_000, 0)
        assert desk.lots(STREET) == []
        assert desk.account(STREET).cash_micros == 5_000_000


class TestFees:
    def test_ceiling_favours_the_house_for_fees_and_rebates(self, which: str) -> None:
        desk = desk_of(which, fees=FeeSchedule(maker_bps="-0.2", taker_bps="0.3"))
        trade(desk, ANN, BOB, 1, 101)
        # Of 1,010,000 micros: taker ceil(30.3) = 31, maker ceil(-20.2) = -20.
        assert desk.position(BOB).fees_micros == 31
        assert desk.position(ANN).fees_micros == -20
        assert desk.account(HOUSE).cash_micros == 11
        assert desk.account(ANN).cash_micros == 1_000_000_000 - 1_010_000 + 20
        assert desk.account(BOB).cash_micros == 1_000_000_000 + 1_010_000 - 31

    def test_per_lot_and_points_add_up(self, which: str) -> None:
        desk = desk_of(which, fees=FeeSchedule(maker_per_lot="-0.002", taker_per_lot="0.003", taker_bps="1"))
        trade(desk, ANN, BOB, 7, 100)
        fills = [*desk.of_kind(EventKind.ORDER_FILLED)]
        # Maker 7 * -2,000; taker 7 * 3,000 + 7,000,000 * 100 ppm.
        assert [fill.fee_micros for fill in fills] == [-14_000, 21_700]

    def test_the_street_pays_nothing(self, which: str) -> None:
        desk = desk_of(which, fees=FeeSchedule(maker_per_lot="0.01", taker_per_lot="0.01"))
        desk.history(Side.SELL, 5, 100, source_id=1)
        desk.buy(ANN, 5, 100)
        assert desk.account(STREET).fees_micros == 0
        assert desk.account(ANN).fees_micros == desk.account(HOUSE).cash_micros == 50_000

    def test_each_side_of_a_trade_with_oneself_pays(self, which: str) -> None:
        desk = desk_of(which, fees=FeeSchedule(maker_per_lot="-0.001", taker_per_lot="0.003"))
        desk.sell(ANN, 2, 100)
        desk.buy(ANN, 2, 100, self_trade_prevention=1)
        first, second = desk.of_kind(EventKind.POSITION_CHANGED)
        # The resting side is booked first: short two for 2.00 and a rebate, then flat again and a fee.
        assert (first.side, first.position_lots, first.cash_micros) == (Side.SELL, -2, 1_002_002_000)
        assert (second.side, second.position_lots, second.cash_micros) == (Side.BUY, 0, 999_996_000)
        assert desk.account(ANN).fees_micros == 4_000
        assert desk.lots(ANN) == []


class TestPlainLedger:
    def test_rates_round_up(self) -> None:
        assert [Rates(0, 500_000).fee(n, 1) for n in (0, 1, 2, 3)] == [0, 1, 1, 2]
        assert [Rates(0, -500_000).fee(n, 1) for n in (0, 1, 2, 3)] == [0, 0, -1, -1]

    def test_realised_and_cost_are_one_sum_either_way(self) -> None:
        terms = Terms(Instrument("ODD", "3", "90", tick_size="0.03", lot_size="0.000007"))
        position, cash = Position(), 0
        for place in range(2_000):
            side = Side.BUY if place * place % 7 < 3 else Side.SELL
            price, lots = 100 + place * 13 % 50, 1 + place * 11 % 97
            position.fill(terms, side, price, lots, keeps_lots=True)
            cash += (-1 if side == Side.BUY else 1) * terms.notional(price, lots)
            lots_cost = sum(lot.cost_micros for lot in position.lots)
            sign = -1 if position.position_lots < 0 else 1
            assert cash == position.realised_average_micros - position.cost_micros
            assert cash == position.realised_fifo_micros - sign * lots_cost
