import pytest

from tests.twins.desk import ANN, BOB, CID, HOUSE, MONEY, STREET, Desk
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, Reason, Side
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits

pytestmark = pytest.mark.kernel


@pytest.fixture(params=MONEY)
def desk(request: pytest.FixtureRequest) -> Desk:
    """Ann is cash checked, Bob is not, Cid's daily loss is watched; a lot at 100 ticks is worth 1.00."""
    instruments = [Instrument("ONE", "0.50", "2.00"), Instrument("TWO", "0.50", "2.00")]
    accounts = [
        Account("ann", cash=100),
        Account("bob", cash=50, cash_checked=False),
        Account("cid", cash=100, limits=Limits(max_daily_loss=10)),
    ]
    return Desk(str(request.param), Venue(instruments, accounts))


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int) -> None:
    desk.buy(buyer, lots, price)
    desk.sell(seller, lots, price)


def funding(desk: Desk) -> int:
    return int(desk.exchange.state().counters["funding_micros"][0])


class TestTransfers:
    def test_deposits_and_withdrawals_are_money_from_outside(self, desk: Desk) -> None:
        assert desk.do(make.transfer_cash(0, ANN, 5_000_000)) == ["CASH 2 DEPOSIT 5000000 = 105000000"]
        (event,) = desk.events
        assert (event.instrument, event.position_lots, event.rate, event.periods) == (-1, 0, 0, 0)
        assert desk.do(make.transfer_cash(0, ANN, -15_000_000)) == ["CASH 2 WITHDRAWAL -15000000 = 90000000"]
        assert funding(desk) == -10_000_000
        assert desk.account(HOUSE).cash_micros == 0

    def test_what_is_reserved_or_tied_up_in_shorts_stays(self, desk: Desk) -> None:
        trade(desk, BOB, ANN, 20, 100)
        desk.buy(ANN, 40, 50)
        # Cash 120.00 less twice the 20.00 of the short; the order only closes 20 and opens 20 for 10.00.
        assert desk.do(make.transfer_cash(0, ANN, -70_000_001)) == [
            "REJECTED INSUFFICIENT_CASH 70000001/70000000"
        ]
        assert desk.do(make.transfer_cash(0, ANN, -70_000_000)) == ["CASH 2 WITHDRAWAL -70000000 = 50000000"]

    def test_unchecked_accounts_may_withdraw_their_cash(self, desk: Desk) -> None:
        desk.buy(BOB, 40, 100)
        assert desk.do(make.transfer_cash(0, BOB, -50_000_001)) == [
            "REJECTED INSUFFICIENT_CASH 50000001/50000000"
        ]
        assert desk.do(make.transfer_cash(0, BOB, -50_000_000)) == ["CASH 3 WITHDRAWAL -50000000 = 0"]

    def test_they_are_neither_gain_nor_loss(self, desk: Desk) -> None:
        # 50.00 are gone without a loss; then 10.00 lost in trading are not more than 10.00.
        desk.do(make.transfer_cash(0, CID, -50_000_000))
        cid = desk.account(CID)
        assert (cid.peak_equity_micros, cid.day_start_equity_micros) == (50_000_000, 50_000_000)
        assert desk.do(make.fine(0, CID, 10_000_000)) == ["CASH 4 FINE -10000000 = 40000000"]
        assert desk.do(make.fine(0, CID, 1))[1] == "SUSPENDED 4 DAILY_LOSS 10000001/10000000"
        assert desk.do(make.transfer_cash(0, CID, 1_000_000)) == ["CASH 4 DEPOSIT 1000000 = 40999999"]

    def test_refusals(self, desk: Desk) -> None:
        most = 1 << 56
        for account in (STREET, HOUSE, 5, -1):
            assert desk.do(make.transfer_cash(0, account, 1)) == [f"REJECTED UNKNOWN_ACCOUNT {account}/5"]
        assert desk.do(make.transfer_cash(0, ANN, 0)) == [f"REJECTED INVALID_AMOUNT 0/{most}"]
        for amount in (most + 1, -most - 1, -(2**63)):
            assert desk.do(make.transfer_cash(0, ANN, amount)) == [f"REJECTED INVALID_AMOUNT {amount}/{most}"]
        assert desk.do(make.transfer_cash(0, ANN, most)) == [f"CASH 2 DEPOSIT {most} = {most + 100_000_000}"]
        desk.time_ns = 5
        desk.do(make.clock(5))
        assert desk.do(make.transfer_cash(4, ANN, 1)) == ["REJECTED TIME_BACKWARDS 4/5"]


class TestFines:
    def test_the_house_gets_it_whatever_is_left(self, desk: Desk) -> None:
        assert desk.do(make.fine(0, ANN, 130_000_000)) == ["CASH 2 FINE -130000000 = -30000000"]
        assert desk.account(HOUSE).cash_micros == 130_000_000
        assert (desk.account(ANN).fees_micros, funding(desk)) == (0, 0)
        assert desk.buy(ANN, 1, 50)[0].startswith("REJECTED INSUFFICIENT_BUYING_POWER 500000/-30000000")

    def test_refusals(self, desk: Desk) -> None:
        for amount in (0, -1, (1 << 56) + 1):
            assert desk.do(make.fine(0, ANN, amount)) == [f"REJECTED INVALID_AMOUNT {amount}/{1 << 56}"]
        assert desk.do(make.fine(0, HOUSE, 1)) == ["REJECTED UNKNOWN_ACCOUNT 1/5"]


class TestDividends:
    def test_longs_receive_what_shorts_pay(self, desk: Desk) -> None:
        desk.history(Side.SELL, 5, 100, source_id=1)
        desk.buy(ANN, 5, 100)
        trade(desk, ANN, BOB, 7, 100)
        # The street is short 5, Ann long 12, Bob short 7; 0.25 a lot. Cash before: 5.00, 88.00 and 57.00.
        assert desk.do(make.dividend(0, 0, 250_000)) == [
            "CASH 0 DIVIDEND -1250000 = 3750000",
            "CASH 2 DIVIDEND 3000000 = 91000000",
            "CASH 3 DIVIDEND -1750000 = 55250000",
        ]
        ann = desk.events[1]
        assert (ann.instrument, ann.position_lots, ann.price_ticks, ann.rate) == (0, 12, 0, 250_000)
        assert desk.position(ANN).realised_average_micros == 0
        assert desk.do(make.dividend(0, 1, 250_000)) == []

    def test_refusals(self, desk: Desk) -> None:
        for instrument in (-1, 2):
            assert desk.do(make.dividend(0, instrument, 1)) == [f"REJECTED UNKNOWN_INSTRUMENT {instrument}/2"]
        for amount in (0, -1, (1 << 40) + 1):
            assert desk.do(make.dividend(0, 0, amount)) == [f"REJECTED INVALID_AMOUNT {amount}/{1 << 40}"]


def test_a_bare_venue_knows_no_money() -> None:
    bare = Desk("twin", Venue([Instrument("ONE", "0.50", "2.00")], bare=True))
    for command in (
        make.transfer_cash(0, 2, 1),
        make.fine(0, 2, 1),
        make.dividend(0, 0, 1),
        make.split(0, 0, 2, 1),
        make.start_day(0),
    ):
        assert bare.do(command) == ["REJECTED UNKNOWN_COMMAND 0/0"]
    assert bare.do(make.clock(0)) == []


def test_every_refusal_is_one_event_that_changes_nothing(desk: Desk) -> None:
    before = desk.exchange.state()
    desk.do(make.fine(0, ANN, 0))
    (event,) = desk.events
    assert (event.kind, event.reason) == (EventKind.COMMAND_REJECTED, Reason.INVALID_AMOUNT)
    after = desk.exchange.state()
    assert after.accounts.tobytes() == before.accounts.tobytes()
