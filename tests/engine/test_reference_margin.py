import pytest

from tests.twins.desk import ANN, BOB, MONEY, Desk
from workbench.domain import commands as make
from workbench.domain.codes import AccountFlag, EventKind, OrderFlag, OrderType, Phase, Side, TimeInForce
from workbench.domain.config import DAY_NS, Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.margin import MarginRates

pytestmark = pytest.mark.kernel

GRACE_NS = 1_000
LIQUIDATION = 0x0400


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, *, cash: int = 100, count: int = 1, **settings: object) -> Desk:
    """Ann has a margin account with halves to enter and 25 and 30 percent to keep; Bob is unchecked."""
    instruments = [
        Instrument(symbol, "0.10", "5.00", **settings)  # type: ignore[arg-type]
        for symbol in ("ONE", "TWO", "SIX")[:count]
    ]
    ann = Account("ann", cash=cash, margin=True, margin_grace_ns=GRACE_NS)
    return Desk(which, Venue(instruments, [ann, Account("bob", cash_checked=False)]))


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int, instrument: int = 0) -> None:
    desk.buy(buyer, lots, price, instrument=instrument)
    desk.sell(seller, lots, price, instrument=instrument)


def print_price(desk: Desk, price: int, instrument: int = 0) -> None:
    """Let history print a price without anybody trading."""
    desk.do(make.execute_order(desk.time_ns, instrument, Side.BUY, 1, price))


def clock(desk: Desk, time_ns: int) -> list[str]:
    desk.time_ns = time_ns
    return desk.do(make.clock(time_ns))


class TestBuyingPower:
    def test_half_of_the_value_is_enough(self, which: str) -> None:
        desk = desk_of(which)
        assert desk.account(ANN).flags == AccountFlag.SHORT_PERMITTED | AccountFlag.MARGIN
        assert desk.buy(ANN, 201, 100) == ["REJECTED INSUFFICIENT_BUYING_POWER 100500000/100000000"]
        desk.buy(ANN, 150, 100)
        assert desk.events[1].value == desk.account(ANN).reserved_micros == 75_000_000
        assert desk.buy(ANN, 51, 100) == ["REJECTED INSUFFICIENT_BUYING_POWER 25500000/25000000"]
        assert desk.replace(ANN, 2, lots=201) == ["REJECTED INSUFFICIENT_BUYING_POWER 100500000/100000000"]
        assert desk.replace(ANN, 2, lots=200)[0] == "REPLACED 2 by 4 200 of 200@100"

    def test_positions_bind_their_initial_margin_at_the_mark(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 100, 100)
        # Cash 0, worth 120.00 at 1.20: equity 120.00 less 60.00.
        print_price(desk, 120)
        assert desk.buy(ANN, 121, 100) == ["REJECTED INSUFFICIENT_BUYING_POWER 60500000/60000000"]
        # Shorting a third of it: the 100 held are closed for nothing, 100 more open at 1.20.
        assert desk.sell(ANN, 201, 120) == ["REJECTED INSUFFICIENT_BUYING_POWER 60600000/60000000"]
        assert desk.sell(ANN, 200, 120) == ["RESTED 5 leaves 200 behind 0"]
        assert desk.account(ANN).reserved_micros == 60_000_000

    def test_shorts_have_their_own_rate(self, which: str) -> None:
        rates = MarginRates(initial_long_ppm=500_000, initial_short_ppm=800_000)
        desk = desk_of(which, margin=rates)
        assert desk.sell(ANN, 126, 100) == ["REJECTED INSUFFICIENT_BUYING_POWER 100800000/100000000"]
        trade(desk, BOB, ANN, 100, 100)
        # Cash 200.00 less 100.00: equity 100.00, of which 80.00 are bound.
        assert desk.buy(ANN, 141, 100) == ["REJECTED INSUFFICIENT_BUYING_POWER 20500000/20000000"]

    def test_fees_are_added_and_parts_of_micros_rounded_up(self, which: str) -> None:
        fees = FeeSchedule(taker_per_lot="0.000001")
        desk = desk_of(which, lot_size="0.0001", fees=fees)
        desk.buy(ANN, 1, 101)
        # 101 micros: half of it is 50.5; one micro of fees.
        assert desk.account(ANN).reserved_micros == 52

    def test_closing_is_never_refused(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 200, 100)
        print_price(desk, 40)
        # Cash -100.00, worth 80.00.
        assert desk.buy(ANN, 1, 40) == ["REJECTED INSUFFICIENT_BUYING_POWER 200000/-60000000"]
        assert desk.sell(ANN, 200, 41) == ["RESTED 4 leaves 200 behind 0"]
        assert desk.account(ANN).reserved_micros == 0

    def test_withdrawals_leave_the_margin(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 100, 100)
        assert desk.do(make.transfer_cash(0, ANN, -50_000_001)) == [
            "REJECTED INSUFFICIENT_CASH 50000001/50000000"
        ]
        assert desk.do(make.transfer_cash(0, ANN, -50_000_000)) == ["CASH 2 WITHDRAWAL -50000000 = -50000000"]


class TestCalls:
    def test_called_at_the_clock_and_met_by_a_deposit(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 200, 100)
        # Cash -100.00. At 0.67: worth 134.00, equity 34.00, a quarter is 33.50.
        print_price(desk, 67)
        assert clock(desk, 10) == []
        # At 0.66: worth 132.00, equity 32.00, a quarter is 33.00.
        print_price(desk, 66)
        assert clock(desk, 20) == ["MARGIN_CALL 2 32000000/33000000"]
        (event,) = desk.events
        assert (event.instrument, event.deadline_ns) == (-1, 20 + GRACE_NS)
        ann = desk.account(ANN)
        assert (ann.margin_call, ann.call_deadline_ns) == (1, 20 + GRACE_NS)
        assert clock(desk, 30) == []
        assert desk.do(make.transfer_cash(30, ANN, 1_000_000)) == [
            "CASH 2 DEPOSIT 1000000 = -99000000",
            "MARGIN_CALL_MET 2 33000000/33000000",
        ]
        assert desk.account(ANN).margin_call == desk.account(ANN).call_deadline_ns == 0

    def test_an_own_fill_is_looked_at_before_the_quote(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 200, 100)
        print_price(desk, 60)
        desk.buy(BOB, 10, 60)
        # Ten sold at 0.60: cash -94.00, 190 worth 114.00; equity 20.00, a quarter is 28.50.
        assert desk.sell(ANN, 10, 60)[-1] == "MARGIN_CALL 2 20000000/28500000"
        assert desk.events[-1].kind == EventKind.QUOTE

    def test_shorts_are_called_when_prices_rise(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, BOB, ANN, 200, 100)
        # Cash 300.00. At 1.16: 232.00 owed, equity 68.00, 30 percent are 69.60.
        print_price(desk, 116)
        assert clock(desk, 1) == ["MARGIN_CALL 2 68000000/69600000"]


class TestLiquidation:
    def due(self, desk: Desk, price: int) -> None:
        """Ann is long 200 at 1.00 with 100.00 and gets a call at a price."""
        trade(desk, ANN, BOB, 200, 100)
        print_price(desk, price)
        assert clock(desk, 10)[0].startswith("MARGIN_CALL 2")

    def test_at_the_deadline_the_exchange_sells_in_the_open(self, which: str) -> None:
        desk = desk_of(which)
        self.due(desk, 60)
        desk.time_ns = 11
        desk.sell(ANN, 5, 90)
        desk.buy(BOB, 150, 59)
        desk.buy(BOB, 500, 58)
        assert clock(desk, 10 + GRACE_NS - 1) == []
        # Unrealised 200 * (0.60 - 1.00).
        assert clock(desk, 10 + GRACE_NS) == [
            "CANCELED 3 LIQUIDATION 5",
            "LIQUIDATION 2 0 -80000000 by 6",
            "TRADE 150@59 6x4",
            "FILLED 4",
            "PARTIAL 6 leaves 50",
            "TRADE 50@58 6x5",
            "PARTIAL 5 leaves 450",
            "FILLED 6",
            # 100.00 lost 61.50 and 21.00: 17.50 left and nothing to keep.
            "MARGIN_CALL_MET 2 17500000/0",
        ]
        liquidation, created, approved, trade, _, taker = desk.events[1:7]
        assert (liquidation.equity_micros, liquidation.requirement_micros) == (20_000_000, 30_000_000)
        assert (liquidation.instrument, liquidation.deadline_ns) == (0, 10 + GRACE_NS)
        assert created.kind == EventKind.ORDER_CREATED
        assert (created.side, created.order_type, created.time_in_force) == (
            Side.SELL,
            OrderType.MARKET,
            TimeInForce.IOC,
        )
        assert (created.quantity_lots, created.client_order_id, created.account) == (200, 0, ANN)
        assert (approved.kind, approved.value) == (EventKind.ORDER_APPROVED, 0)
        assert {event.flags for event in (created, approved, trade, taker)} == {LIQUIDATION}
        assert desk.position(ANN).position_lots == 0

    def test_what_finds_nobody_is_tried_again(self, which: str) -> None:
        desk = desk_of(which)
        self.due(desk, 60)
        desk.buy(BOB, 10, 60)
        desk.do(make.suspend_account(10, ANN))
        told = clock(desk, 5_000)
        assert told[0] == "LIQUIDATION 2 0 -80000000 by 4"
        # 190 left worth 114.00, cash -94.00.
        assert told[-1] == "CANCELED 4 NO_LIQUIDITY 190"
        assert desk.account(ANN).margin_call == 1
        desk.buy(BOB, 190, 60)
        assert clock(desk, 5_001)[0] == "LIQUIDATION 2 0 -76000000 by 6"
        assert desk.account(ANN).margin_call == 0

    def test_nothing_left_to_close(self, which: str) -> None:
        desk = desk_of(which)
        self.due(desk, 40)
        desk.buy(BOB, 200, 40)
        assert clock(desk, 5_000)[0].startswith("LIQUIDATION")
        # 100.00 less 120.00: the call stays open, and there is nothing more to do.
        ann = desk.account(ANN)
        assert (ann.cash_micros, ann.margin_call) == (-20_000_000, 1)
        assert clock(desk, 5_001) == []

    def test_the_largest_loss_first_until_it_is_enough(self, which: str) -> None:
        desk = desk_of(which, count=3, cash=150)
        for instrument, lots in enumerate((100, 100, 100)):
            trade(desk, ANN, BOB, lots, 100, instrument)
        for instrument, price in enumerate((70, 40, 40)):
            print_price(desk, price, instrument)
        # Cash -150.00, worth 150.00, equity 0.
        assert clock(desk, 10) == ["MARGIN_CALL 2 0/37500000"]
        desk.time_ns = 11
        for instrument in range(3):
            desk.buy(BOB, 100, 100, instrument=instrument)
        # The bids are far above the marks. TWO and SIX have lost 60.00 each: TWO goes first, at 1.00.
        # Then cash is -50.00, ONE 70.00 and SIX 40.00: equity 60.00 against 27.50.
        told = clock(desk, 2_000)
        assert [words for words in told if words.startswith("LIQ")] == ["LIQUIDATION 2 1 -60000000 by 10"]
        assert told[-1] == "MARGIN_CALL_MET 2 60000000/27500000"

    def test_closed_instruments_are_left_alone(self, which: str) -> None:
        desk = desk_of(which, count=2)
        trade(desk, ANN, BOB, 100, 100)
        trade(desk, ANN, BOB, 100, 100, instrument=1)
        print_price(desk, 40)
        print_price(desk, 70, 1)
        assert clock(desk, 1) == ["MARGIN_CALL 2 10000000/27500000"]
        desk.do(make.set_phase(1, Phase.CLOSED, 0))
        told = clock(desk, 2_000)
        assert told == ["LIQUIDATION 2 1 -30000000 by 5", "CANCELED 5 NO_LIQUIDITY 100"]
        desk.do(make.set_phase(2_000, Phase.CONTINUOUS, 0))
        assert [words[:17] for words in clock(desk, 2_001)] == [
            "LIQUIDATION 2 0 -",
            "CANCELED 6 NO_LIQ",
            "LIQUIDATION 2 1 -",
            "CANCELED 7 NO_LIQ",
        ]

    def test_without_grace_it_happens_at_the_same_clock(self, which: str) -> None:
        instrument = Instrument("ONE", "0.10", "5.00")
        accounts = [Account("ann", cash=100, margin=True), Account("bob", cash_checked=False)]
        desk = Desk(which, Venue([instrument], accounts))
        trade(desk, BOB, ANN, 200, 100)
        print_price(desk, 140)
        desk.sell(BOB, 200, 140)
        told = clock(desk, 0)
        assert told[:2] == ["MARGIN_CALL 2 20000000/84000000", "LIQUIDATION 2 0 -80000000 by 4"]
        assert told[-1] == "MARGIN_CALL_MET 2 20000000/0"

    def test_what_time_costs_counts_first(self, which: str) -> None:
        instrument = Instrument("ONE", "0.10", "5.00", borrow_ppm_year=10_000_000)
        accounts = [Account("ann", cash=100, margin=True), Account("bob", cash_checked=False)]
        desk = Desk(which, Venue([instrument], accounts, start_time_ns=1))
        trade(desk, BOB, ANN, 200, 100)
        desk.sell(BOB, 200, 100)
        # 2,000.00 a year are 5,479,453 micros a day; 100.00 less eight of them is below 30 percent of 200.00.
        assert clock(desk, 8 * DAY_NS)[:3] == [
            "CASH 2 BORROW_COST -43835624 = 256164376",
            "MARGIN_CALL 2 56164376/60000000",
            "LIQUIDATION 2 0 0 by 4",
        ]

    def test_collars_hold_for_the_exchange_too(self, which: str) -> None:
        desk = desk_of(which, collar_ppm=50_000)
        self.due(desk, 60)
        desk.buy(BOB, 100, 57)
        desk.buy(BOB, 100, 56)
        # 0.60 less 3 ticks.
        assert clock(desk, 5_000)[-1] == "CANCELED 5 PRICE_COLLAR 100"


def test_nobody_else_may_mark_an_order_so(which: str) -> None:
    desk = desk_of(which)
    assert desk.buy(ANN, 1, 100, flags=OrderFlag(LIQUIDATION)) == ["REJECTED INVALID_FLAGS 0/0"]
