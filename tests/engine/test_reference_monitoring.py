import pytest

from tests.twins.desk import ANN, BOB, HOUSE, MONEY, Desk
from workbench.domain import commands as make
from workbench.domain.codes import AccountState, EventKind, Side
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits

pytestmark = pytest.mark.kernel


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, **limits: int) -> Desk:
    """Ann has 100.00 and limits; a lot at 100 ticks is worth 1.00."""
    ann = Account("ann", cash=100, limits=Limits(**limits))
    return Desk(which, Venue([Instrument("ONE", "0.50", "2.00")], [ann, Account("bob", cash_checked=False)]))


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int) -> list[str]:
    desk.buy(buyer, lots, price)
    return desk.sell(seller, lots, price)


def print_price(desk: Desk, price: int) -> None:
    """Let history print a price without anybody trading."""
    desk.do(make.execute_order(desk.time_ns, 0, Side.BUY, 1, price))


class TestDailyLoss:
    def test_suspends_and_cancels_at_the_clock(self, which: str) -> None:
        desk = desk_of(which, max_daily_loss=10)
        trade(desk, ANN, BOB, 50, 100)
        desk.buy(ANN, 1, 60)
        desk.buy(ANN, 1, 61)
        print_price(desk, 80)
        # 50 * 0.20 is 10.00, which is not more than 10.00.
        assert desk.do(make.clock(0)) == []
        print_price(desk, 79)
        assert desk.do(make.clock(0)) == [
            "SUSPENDED 2 DAILY_LOSS 10500000/10000000",
            "CANCELED 3 DAILY_LOSS 1",
            "CANCELED 4 DAILY_LOSS 1",
        ]
        assert (desk.events[0].instrument, desk.events[0].equity_micros) == (-1, 89_500_000)
        assert desk.account(ANN).state == AccountState.SUSPENDED
        assert desk.buy(ANN, 1, 60) == ["REJECTED ACCOUNT_SUSPENDED 0/0"]
        # It is said once.
        assert desk.do(make.clock(0)) == []

    def test_an_own_fill_counts_at_once_and_takes_the_rest_of_the_order_along(self, which: str) -> None:
        desk = desk_of(which, max_daily_loss=1)
        trade(desk, ANN, BOB, 10, 100)
        desk.buy(BOB, 5, 80)
        # 5 sold at 0.80 and 5 left at 0.80: 2.00 lost.
        assert desk.sell(ANN, 7, 80) == [
            "TRADE 5@80 4x3",
            "FILLED 3",
            "PARTIAL 4 leaves 2",
            "RESTED 4 leaves 2 behind 0",
            "SUSPENDED 2 DAILY_LOSS 2000000/1000000",
            "CANCELED 4 DAILY_LOSS 2",
        ]
        assert desk.events[-1].kind == EventKind.QUOTE

    def test_a_day_starts_when_it_is_told(self, which: str) -> None:
        desk = desk_of(which, max_daily_loss=10)
        trade(desk, ANN, BOB, 50, 100)
        print_price(desk, 80)
        assert desk.do(make.start_day(0)) == ["DAY_STARTED 2"]
        assert (desk.events[0].equity_micros, desk.events[0].instrument) == (90_000_000, -1)
        print_price(desk, 60)
        assert desk.do(make.clock(0)) == []
        print_price(desk, 59)
        assert desk.do(make.clock(0)) == ["SUSPENDED 2 DAILY_LOSS 10500000/10000000"]
        assert desk.do(make.start_day(0, ANN)) == ["DAY_STARTED 2"]
        # Bob is not watched.
        assert desk.do(make.start_day(0, BOB)) == []
        assert desk.do(make.start_day(0, HOUSE)) == [f"REJECTED UNKNOWN_ACCOUNT {HOUSE}/4"]


class TestDrawdown:
    def test_is_measured_from_the_peak(self, which: str) -> None:
        desk = desk_of(which, max_drawdown=10)
        trade(desk, ANN, BOB, 50, 100)
        print_price(desk, 120)
        desk.do(make.clock(0))
        assert desk.account(ANN).peak_equity_micros == 110_000_000
        print_price(desk, 100)
        assert desk.do(make.clock(0)) == []
        print_price(desk, 99)
        assert desk.do(make.clock(0)) == ["SUSPENDED 2 DRAWDOWN 10500000/10000000"]
        # A new day does not change the peak; a reinstated account begins anew at 99.50.
        desk.do(make.start_day(0))
        assert desk.account(ANN).peak_equity_micros == 110_000_000
        desk.do(make.reinstate_account(0, ANN))
        ann = desk.account(ANN)
        assert (ann.peak_equity_micros, ann.day_start_equity_micros) == (99_500_000, 99_500_000)
        assert desk.do(make.clock(0)) == []

    def test_the_daily_loss_comes_first(self, which: str) -> None:
        desk = desk_of(which, max_drawdown=5, max_daily_loss=5)
        assert desk.do(make.fine(0, ANN, 5_000_001))[1] == "SUSPENDED 2 DAILY_LOSS 5000001/5000000"


def test_accounts_that_are_not_watched_keep_nothing(which: str) -> None:
    desk = desk_of(which)
    trade(desk, ANN, BOB, 50, 100)
    desk.do(make.clock(0))
    desk.do(make.reinstate_account(0, ANN))
    ann = desk.account(ANN)
    assert (ann.peak_equity_micros, ann.day_start_equity_micros) == (0, 0)
