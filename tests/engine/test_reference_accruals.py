import pytest

from tests.twins.desk import ANN, BOB, HOUSE, MONEY, STREET, Desk
from workbench.domain import commands as make
from workbench.domain.codes import Mark, Side
from workbench.domain.config import DAY_NS, Account, Venue
from workbench.domain.instruments import Instrument

pytestmark = pytest.mark.kernel


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, *, borrow: int = 0, start_time_ns: int = 1, **settings: int) -> Desk:
    """Ann and Bob with 1,000.00; a lot at 100 ticks is worth 1.00."""
    instruments = [
        Instrument("ONE", "0.50", "2.00", borrow_ppm_year=borrow, reference_price="1.00"),
        Instrument("TWO", "0.50", "2.00", borrow_ppm_year=2 * borrow, mark=Mark.CLOSE),
    ]
    accounts = [Account("ann", cash=1_000), Account("bob", cash=1_000)]
    return Desk(which, Venue(instruments, accounts, start_time_ns=start_time_ns, **settings))  # type: ignore[arg-type]


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int, instrument: int = 0) -> None:
    desk.buy(buyer, lots, price, instrument=instrument)
    desk.sell(seller, lots, price, instrument=instrument)


def clock(desk: Desk, time_ns: int) -> list[str]:
    desk.time_ns = time_ns
    return desk.do(make.clock(time_ns))


class TestBorrowing:
    def test_shorts_pay_for_each_day_that_ended(self, which: str) -> None:
        desk = desk_of(which, borrow=36_500)
        trade(desk, ANN, BOB, 100, 100)
        trade(desk, ANN, BOB, 10, 80, instrument=1)
        assert clock(desk, DAY_NS - 1) == []
        # 3.65 percent of 100.00 a year is 0.01 a day; 7.3 percent of 8.00 is 0.584: 1,600 micros a day.
        # Bob has sold for 108.00.
        assert clock(desk, 2 * DAY_NS + 5) == [
            "CASH 3 BORROW_COST -20000 = 1107980000",
            "CASH 3 BORROW_COST -3200 = 1107976800",
        ]
        first, second = desk.events
        assert (first.instrument, first.position_lots, first.price_ticks) == (0, -100, 100)
        assert (first.rate, first.periods) == (36_500, 2)
        # TWO is marked at its last price, since it has not closed yet.
        assert (second.instrument, second.price_ticks, second.rate) == (1, 80, 73_000)
        assert desk.account(HOUSE).cash_micros == 23_200
        assert clock(desk, 3 * DAY_NS - 1) == []
        assert len(clock(desk, 3 * DAY_NS)) == 2

    def test_every_division_is_rounded_up_against_the_short(self, which: str) -> None:
        desk = desk_of(which, borrow=1)
        trade(desk, ANN, BOB, 1, 101)
        # A millionth of 1.01 is 1.01 micros: 2 a year, 1 a day, 3 days.
        assert clock(desk, 3 * DAY_NS) == ["CASH 3 BORROW_COST -3 = 1001009997"]

    def test_the_street_borrows_for_nothing(self, which: str) -> None:
        desk = desk_of(which, borrow=36_500)
        desk.history(Side.SELL, 5, 100, source_id=1)
        desk.buy(ANN, 5, 100)
        assert desk.position(STREET).position_lots == -5
        assert clock(desk, 5 * DAY_NS) == []


class TestInterest:
    def test_credit_is_rounded_down_and_debit_up(self, which: str) -> None:
        desk = desk_of(which, credit_interest_ppm_year=10_000, debit_interest_ppm_year=80_000)
        desk.do(make.fine(1, BOB, 1_000_000_001))
        # Ann: 10.00 a year, 27,397.26 micros a day. Bob owes one micro: 1 a year, 1 a day.
        assert clock(desk, 2 * DAY_NS) == [
            "CASH 2 INTEREST 54794 = 1000054794",
            "CASH 3 INTEREST -2 = -3",
        ]
        ann, bob = desk.events
        assert (ann.instrument, ann.position_lots, ann.rate, ann.periods) == (-1, 0, 10_000, 2)
        assert (bob.rate, bob.periods) == (80_000, 2)
        assert desk.account(HOUSE).cash_micros == 1_000_000_001 - 54_794 + 2

    def test_borrow_costs_come_before_interest(self, which: str) -> None:
        desk = desk_of(which, borrow=365_000, debit_interest_ppm_year=365_000)
        trade(desk, ANN, BOB, 100, 100)
        desk.do(make.transfer_cash(1, BOB, -900_000_000))
        desk.do(make.fine(1, BOB, 200_000_000))
        # 36.50 a year on 100.00: 0.10 a day. Cash is 0 before it, so a thousandth of 0.10 a day after it.
        assert clock(desk, DAY_NS) == [
            "CASH 3 BORROW_COST -100000 = -100000",
            "CASH 3 INTEREST -100 = -100100",
        ]

    def test_other_intervals(self, which: str) -> None:
        hour = DAY_NS // 24
        desk = desk_of(which, credit_interest_ppm_year=10_000, accrual_interval_ns=hour)
        # 10.00 / 8,760 = 1,141.55 micros an hour.
        assert clock(desk, hour) == ["CASH 2 INTEREST 1141 = 1000001141", "CASH 3 INTEREST 1141 = 1000001141"]


class TestBeginning:
    def test_the_first_clock_begins_where_no_start_is_given(self, which: str) -> None:
        desk = desk_of(which, credit_interest_ppm_year=10_000, start_time_ns=0)
        assert desk.exchange.state().counters[["accruing", "accrued_to_ns"]][0].tolist() == (0, 0)
        assert clock(desk, 20_000 * DAY_NS + 7) == []
        counters = desk.exchange.state().counters[["accruing", "accrued_to_ns"]][0].tolist()
        assert counters == (1, 20_000 * DAY_NS)
        assert len(clock(desk, 20_001 * DAY_NS)) == 2

    def test_a_given_start_begins_at_its_boundary(self, which: str) -> None:
        desk = desk_of(which, credit_interest_ppm_year=10_000, start_time_ns=3 * DAY_NS + 1)
        assert clock(desk, 4 * DAY_NS - 1) == []
        assert len(clock(desk, 4 * DAY_NS)) == 2

    def test_nothing_is_kept_without_rates(self, which: str) -> None:
        desk = desk_of(which)
        assert clock(desk, 9 * DAY_NS) == []
        assert desk.exchange.state().counters[["accruing", "accrued_to_ns"]][0].tolist() == (0, 0)
