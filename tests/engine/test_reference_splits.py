from decimal import Decimal

import pytest

from tests.twins.desk import ANN, BOB, CID, MONEY, STREET, Desk
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, Mark, Phase, Reason, Side, SplitFlag
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import MAX_LADDER_TICKS, Instrument
from workbench.domain.states import OrderState
from workbench.engine.blotter import Blotter
from workbench.engine.reference import ReferenceExchange
from workbench.ledger.reference import Position

pytestmark = pytest.mark.kernel


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, mode: ReplayMode = ReplayMode.RESPONSIVE, **settings: object) -> Desk:
    """Three rich traders and Dan, who is unchecked; a lot at 100 ticks is worth 1.00."""
    instrument = Instrument("ONE", **{"price_min": "0.50", "price_max": "2.00", **settings})  # type: ignore[arg-type]
    accounts = [Account(name, cash=1_000) for name in ("ann", "bob", "cid")]
    accounts.append(Account("dan", cash_checked=False))
    return Desk(which, Venue([instrument], accounts, replay_mode=mode))


DAN = 5


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int) -> None:
    desk.buy(buyer, lots, price)
    desk.sell(seller, lots, price)


def split(desk: Desk, new: int, old: int, flags: SplitFlag = SplitFlag(0)) -> list[str]:  # noqa: B008
    told = desk.do(make.split(desk.time_ns, 0, new, old, flags))
    assert told[0] == "INSTRUMENT_SPLIT 0"
    return told[1:]


class TestWhatIsTooMuch:
    def test_positions_stay_within_what_can_be_counted(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 10, 100)
        # 10, 100,000, 1,000,000,000; the next would be 10^13, and 2^40 is 1.1 * 10^12.
        split(desk, 10_000, 1)
        split(desk, 10_000, 1)
        assert desk.position(ANN).position_lots == 10**9
        before = desk.exchange.state_hash()
        assert desk.do(make.split(desk.time_ns, 0, 10_000, 1)) == [
            f"REJECTED QUANTITY_TOO_LARGE {10**9}/{(1 << 40) // 10_000}"
        ]
        assert desk.exchange.state_hash() != before  # the command is counted
        assert desk.position(ANN).position_lots == 10**9
        # 1,099 fold is 1.099 * 10^12 and fits.
        split(desk, 1_099, 1)
        assert desk.position(BOB).position_lots == -1_099 * 10**9

    def test_a_dividend_stays_within_what_can_be_counted(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 10, 100)
        split(desk, 10_000, 1)
        # 100,000 lots: 2^52 // 100,000 micros for each are the most.
        most = (1 << 52) // 100_000
        assert desk.do(make.dividend(desk.time_ns, 0, most + 1)) == [
            f"REJECTED INVALID_AMOUNT {most + 1}/{most}"
        ]
        assert len(desk.do(make.dividend(desk.time_ns, 0, most))) == 2


class TestForward:
    def test_prices_halve_and_quantities_double(self, which: str) -> None:
        desk = desk_of(which, reference_price="1.51")
        trade(desk, ANN, BOB, 10, 101)
        desk.buy(ANN, 3, 75)
        desk.sell(ANN, 4, 131)
        # 37.5 for the buyer rounds down, 65.5 for the seller up.
        assert split(desk, 2, 1) == ["ADJUSTED 3 6 of 6@37 from 3@75", "ADJUSTED 4 8 of 8@66 from 4@131"]
        event = desk.events[0]
        assert (event.numerator, event.denominator, event.instrument) == (2, 1, 0)
        # The window keeps what it had.
        assert (event.band_low_ticks, event.band_high_ticks) == (25, 100)
        assert (event.window_low_ticks, event.window_high_ticks) == (25, 200)
        # 50.5 and 75.5.
        assert (event.last_price_ticks, event.reference_price_ticks) == (50, 75)
        ann = desk.position(ANN)
        assert (ann.position_lots, ann.cost_micros, ann.realised_average_micros) == (20, 10_100_000, 0)
        assert (ann.open_buy_lots, ann.open_sell_lots, ann.traded_lots) == (6, 8, 10)
        assert desk.lots(ANN) == [(50, 20, 10_100_000)]
        assert desk.position(BOB).position_lots == -20
        # Six to open at 0.37; the sale closes.
        assert (desk.order(3).opening_lots, desk.order(4).opening_lots) == (6, 0)
        assert desk.account(ANN).reserved_micros == 2_220_000
        positions = desk.of_kind(EventKind.POSITION_CHANGED)
        assert [(each.account, each.position_lots, each.side, each.trade_id) for each in positions] == [
            (ANN, 20, 0, 0),
            (BOB, -20, 0, 0),
        ]
        # Positions come after the new prices are out.
        kinds = [event.kind for event in desk.events]
        assert kinds.index(EventKind.QUOTE) < kinds.index(EventKind.POSITION_CHANGED)
        assert kinds.index(EventKind.QUOTE) > kinds.index(EventKind.ORDER_ADJUSTED)
        assert desk.buy(BOB, 1, 101) == ["REJECTED PRICE_OUT_OF_BAND 101/100"]

    def test_a_partly_filled_order_keeps_what_it_did(self, which: str) -> None:
        desk = desk_of(which)
        desk.buy(ANN, 10, 100)
        desk.sell(BOB, 4, 100)
        assert split(desk, 3, 1) == ["ADJUSTED 1 18 of 30@33 from 6@100"]
        (adjusted,) = desk.of_kind(EventKind.ORDER_ADJUSTED)
        assert (adjusted.executed_lots, adjusted.order_state) == (12, OrderState.PARTIALLY_FILLED)
        assert (adjusted.reason, adjusted.side, adjusted.account) == (Reason.NONE, Side.BUY, ANN)

    def test_where_prices_meet_the_earlier_order_stands_first(self, which: str) -> None:
        desk = desk_of(which)
        desk.buy(ANN, 1, 98)
        desk.buy(BOB, 1, 99)
        desk.buy(CID, 1, 98)
        # All of them at 49.
        split(desk, 2, 1)
        assert desk.book() == ["BUY 1: 2@49", "BUY 2: 2@49", "BUY 3: 2@49"]
        assert [desk.order(number).priority for number in (1, 2, 3)] == [1, 2, 3]
        assert desk.sell(DAN, 3, 49)[:2] == ["TRADE 2@49 4x1", "FILLED 1"]

    def test_an_order_larger_than_the_largest_is_cancelled(self, which: str) -> None:
        desk = desk_of(which, max_order_quantity=5)
        desk.buy(ANN, 2, 100)
        desk.buy(ANN, 3, 100)
        desk.buy(BOB, 4, 110)
        desk.sell(CID, 3, 110)
        # Bob's 1 would become 2 of 8.
        assert split(desk, 2, 1) == [
            "ADJUSTED 1 4 of 4@50 from 2@100",
            "CANCELED 2 CORPORATE_ACTION 3",
            "CANCELED 3 CORPORATE_ACTION 1",
        ]

    def test_a_price_of_less_than_a_tick_is_cancelled(self, which: str) -> None:
        desk = desk_of(which, price_min="0.01")
        desk.buy(ANN, 1, 9)
        desk.buy(ANN, 1, 10)
        assert split(desk, 10, 1) == ["CANCELED 1 CORPORATE_ACTION 1", "ADJUSTED 2 10 of 10@1 from 1@10"]

    def test_prices_go_to_the_increment(self, which: str) -> None:
        desk = desk_of(which, price_increment="0.05")
        desk.buy(ANN, 1, 95)
        desk.sell(ANN, 1, 105)
        desk.history(Side.SELL, 1, 111, source_id=1)
        # 47.5 down to 45, 52.5 up to 55; history's 55.5 only to a tick.
        assert split(desk, 2, 1) == [
            "ADJUSTED 1 2 of 2@45 from 1@95",
            "ADJUSTED 2 2 of 2@55 from 1@105",
            "ADJUSTED 3 2 of 2@56 from 1@111",
        ]

    def test_orders_may_be_cancelled_instead(self, which: str) -> None:
        desk = desk_of(which)
        desk.buy(BOB, 2, 100)
        desk.history(Side.SELL, 1, 111, source_id=1)
        assert split(desk, 2, 1, SplitFlag.CANCEL_ORDERS) == [
            "CANCELED 1 CORPORATE_ACTION 2",
            "CANCELED 2 CORPORATE_ACTION 1",
        ]
        assert desk.account(BOB).reserved_micros == 0


class TestReverse:
    def test_the_fraction_is_paid_in_cash(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 7, 100)
        trade(desk, ANN, BOB, 8, 110)
        # One and a half new lots at 11.00: half a lot is worth 5.50.
        assert split(desk, 1, 10) == [
            "CASH 2 CASH_IN_LIEU 5500000 = 989700000",
            "CASH 3 CASH_IN_LIEU -5500000 = 1010300000",
        ]
        (cash, _) = desk.of_kind(EventKind.CASH_CHANGED)
        assert (cash.instrument, cash.position_lots, cash.price_ticks, cash.rate) == (0, 1, 1_100, 0)
        # A third of 15.80, rounded down, is 5,266,666 micros.
        ann, bob = desk.position(ANN), desk.position(BOB)
        assert (ann.cost_micros, ann.realised_average_micros) == (10_533_334, 233_334)
        assert (bob.position_lots, bob.cost_micros, bob.realised_average_micros) == (
            -1,
            -10_533_334,
            -233_334,
        )
        # By FIFO the fraction is five of the eight newest, which cost 1.10 each; the seven oldest join them.
        assert (ann.realised_fifo_micros, desk.lots(ANN)) == (0, [(1_100, 1, 10_300_000)])
        assert (bob.realised_fifo_micros, desk.lots(BOB)) == (0, [(1_100, -1, -10_300_000)])
        assert desk.account(BOB).short_cost_micros == 10_533_334
        event = desk.events[0]
        assert (event.band_low_ticks, event.band_high_ticks, event.last_price_ticks) == (500, 2_000, 1_100)
        assert (event.window_low_ticks, event.window_high_ticks) == (50, 2_000)

    def test_the_fraction_may_reach_over_several_lots(self, which: str) -> None:
        desk = desk_of(which)
        for lots, price in ((13, 100), (1, 110), (1, 120)):
            trade(desk, ANN, BOB, lots, price)
        split(desk, 1, 10)
        # Ten of the first thirteen stay: 3 * 1.00, 1.10 and 1.20 go for half a lot at 12.00.
        assert desk.lots(ANN) == [(1_000, 1, 10_000_000)]
        assert desk.position(ANN).realised_fifo_micros == 6_000_000 - 5_300_000

    def test_lots_are_cut_so_that_they_sum_to_the_position(self, which: str) -> None:
        desk = desk_of(which)
        for lots, price in ((3, 100), (3, 110), (3, 120)):
            trade(desk, ANN, BOB, lots, price)
        # 9 become 4: sums of 3, 6, 9 become 1, 3, 4. The ninth goes: 1.20 at half of 2.40.
        assert split(desk, 1, 2)[0] == "CASH 2 CASH_IN_LIEU 1200000 = 991300000"
        assert desk.lots(ANN) == [(200, 1, 3_000_000), (220, 2, 3_300_000), (240, 1, 2_400_000)]
        assert desk.position(ANN).realised_fifo_micros == 0

    def test_a_position_may_end(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 3, 100)
        trade(desk, CID, BOB, 1, 110)
        # Three quarters of a lot at 4.40 and one; Bob's four are one, which the street is long in the end.
        assert split(desk, 1, 4) == [
            "CASH 0 CASH_IN_LIEU -4400000 = -4400000",
            "CASH 2 CASH_IN_LIEU 3300000 = 1000300000",
            "CASH 4 CASH_IN_LIEU 1100000 = 1000000000",
        ]
        ann = desk.position(ANN)
        assert (ann.position_lots, ann.cost_micros, ann.realised_average_micros) == (0, 0, 300_000)
        assert desk.lots(ANN) == []
        street = desk.position(STREET)
        assert (street.position_lots, street.cost_micros) == (1, 4_400_000)
        assert desk.account(STREET).cash_micros == -4_400_000
        assert desk.position(BOB).position_lots == -1

    def test_the_street_may_end_flat_or_turn(self, which: str) -> None:
        desk = desk_of(which)
        desk.history(Side.SELL, 1, 100, source_id=1)
        desk.buy(ANN, 1, 100)
        trade(desk, BOB, DAN, 1, 100)
        trade(desk, CID, DAN, 1, 100)
        # Longs of 1 get half of 2.00 each and end; Dan's 2 are 1. The street was short 1 and is long 1.
        assert split(desk, 1, 2) == [
            "CASH 0 CASH_IN_LIEU -3000000 = -2000000",
            "CASH 2 CASH_IN_LIEU 1000000 = 1000000000",
            "CASH 3 CASH_IN_LIEU 1000000 = 1000000000",
            "CASH 4 CASH_IN_LIEU 1000000 = 1000000000",
        ]
        street = desk.position(STREET)
        assert (street.position_lots, street.cost_micros, street.realised_average_micros) == (1, 2_000_000, 0)
        assert [each.account for each in desk.of_kind(EventKind.POSITION_CHANGED)] == [0, 2, 3, 4, 5]

    def test_without_a_mark_the_fraction_goes_at_cost(self, which: str) -> None:
        desk = desk_of(which, ReplayMode.FROZEN)
        desk.history(Side.SELL, 3, 100, source_id=1)
        desk.buy(ANN, 3, 100)
        # History's order of three, all of them taken, cannot be halved.
        assert split(desk, 1, 2) == [
            "CANCELED 1 CORPORATE_ACTION 3",
            "CASH 0 CASH_IN_LIEU -1000000 = 2000000",
            "CASH 2 CASH_IN_LIEU 1000000 = 998000000",
        ]
        assert desk.of_kind(EventKind.CASH_CHANGED)[1].price_ticks == 0
        assert (desk.position(ANN).cost_micros, desk.position(STREET).cost_micros) == (2_000_000, -2_000_000)
        assert desk.position(ANN).realised_average_micros == 0

    def test_orders_that_do_not_divide_are_cancelled(self, which: str) -> None:
        desk = desk_of(which, quantity_increment=3)
        desk.buy(ANN, 9, 60)
        desk.buy(ANN, 6, 60)
        desk.history(Side.BUY, 4, 61, source_id=1)
        desk.buy(BOB, 9, 62)
        desk.sell(CID, 3, 62)
        # 9 / 2 is not whole; 6 / 2 is; history needs no increment; Bob's 3 executed lots do not halve.
        assert split(desk, 1, 2)[:4] == [
            "CANCELED 1 CORPORATE_ACTION 9",
            "ADJUSTED 2 3 of 3@120 from 6@60",
            "ADJUSTED 3 2 of 2@122 from 4@61",
            "CANCELED 4 CORPORATE_ACTION 6",
        ]

    def test_opening_parts_are_rounded_up(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 1, 100)
        desk.sell(ANN, 4, 100)
        assert desk.order(3).opening_lots == 3
        split(desk, 1, 2)
        assert (desk.order(3).opening_lots, desk.order(3).reserved_micros) == (2, 4_000_000)

    def test_the_closing_price_is_scaled(self, which: str) -> None:
        desk = desk_of(which, mark=Mark.CLOSE)
        trade(desk, ANN, BOB, 1, 101)
        desk.do(make.set_phase(0, Phase.CLOSED))
        split(desk, 2, 1)
        assert desk.row("instruments", instrument=0).close_price_ticks == 50


def test_a_blotter_follows_its_orders() -> None:
    instrument = Instrument("ONE", "0.50", "2.00")
    accounts = [Account("ann", cash=1_000), Account("bob", cash=1_000)]
    exchange = ReferenceExchange(Venue([instrument], accounts))
    blotter = Blotter(ANN, (instrument,))
    for command in (
        make.new_order(0, ANN, 0, Side.BUY, 10, 100),
        make.new_order(0, BOB, 0, Side.SELL, 4, 100),
        make.split(0, 0, 2, 1),
    ):
        blotter.take(exchange.step(command))
    order = blotter[1]
    assert (order.leaves_lots, order.executed_lots, order.price_ticks) == (12, 8, 50)
    assert (order.average_price, order.state) == (Decimal("0.50"), "PARTIALLY_FILLED")


class TestFrozen:
    def test_both_books_and_what_was_taken(self, which: str) -> None:
        desk = desk_of(which, ReplayMode.FROZEN)
        desk.history(Side.SELL, 4, 100, source_id=1)
        desk.buy(ANN, 1, 100)
        desk.buy(BOB, 2, 90)
        assert split(desk, 1, 2)[:2] == [
            "ADJUSTED 1 2 of 2@200 from 4@100",
            "ADJUSTED 3 1 of 1@180 from 2@90",
        ]
        # One of four was taken; half a lot is nothing.
        assert desk.order(1).taken_lots == 0
        assert desk.book(1) == ["BUY 3: 1@180"]


class TestRefusals:
    def refused(self, desk: Desk, new: int, old: int, flags: int = 0, instrument: int = 0) -> list[str]:
        return desk.do(make.split(desk.time_ns, instrument, new, old, flags))  # type: ignore[arg-type]

    def test_what_is_no_split(self, which: str) -> None:
        desk = desk_of(which, max_order_quantity=5)
        for instrument in (-1, 1):
            assert self.refused(desk, 2, 1, instrument=instrument) == [
                f"REJECTED UNKNOWN_INSTRUMENT {instrument}/1"
            ]
        assert self.refused(desk, 2, 1, flags=2) == ["REJECTED INVALID_FLAGS 0/0"]
        for new, old in ((0, 1), (1, 0), (-1, 1), (10_001, 1), (1, 10_001)):
            assert self.refused(desk, new, old) == ["REJECTED INVALID_QUANTITY 0/0"]
        assert self.refused(desk, 1, 6) == ["REJECTED QUANTITY_TOO_LARGE 6/5"]

    def test_a_band_that_no_ladder_holds(self, which: str) -> None:
        desk = desk_of(which)
        # A lot may be worth 64 times the highest price of the window.
        assert self.refused(desk, 1, 10_000) == ["REJECTED PRICE_OUT_OF_BAND 2000000/12800"]
        desk = desk_of(which, price_max="100.00", max_order_quantity=20_000)
        assert self.refused(desk, 1, 10_000) == [
            f"REJECTED PRICE_OUT_OF_BAND {100_000_000 - 50 + 1}/{MAX_LADDER_TICKS}"
        ]
        desk.do(make.set_price_band(0, 0, 100, 300))
        assert split(desk, 1, 10_000) == []


def test_what_the_street_is_left_with() -> None:
    # Short one at 1.90, then long one for 1.50 paid: nothing can be its cost, and 0.40 is gained.
    street = Position(-1, -1_900_000)
    street.balance(1, -1_500_000)
    assert (street.position_lots, street.cost_micros, street.realised_average_micros) == (1, 0, 400_000)
    flat = Position(-1, -1_900_000)
    flat.balance(0, -1_500_000)
    assert (flat.cost_micros, flat.realised_average_micros) == (0, 400_000)
