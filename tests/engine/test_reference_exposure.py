import pytest

from tests.twins.desk import ANN, BOB, HOUSE, MONEY, Desk
from workbench.domain.codes import EventKind, ExposureMode, OrderFlag, Reason
from workbench.domain.config import Account, Venue
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.risk.reference import Exposure, check_exposure, exposure

pytestmark = pytest.mark.kernel


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, *groups: ExposureGroup) -> Desk:
    """Ann has 1,000.00, Bob is not checked but by the groups; the third instrument is in no group."""
    instruments = [Instrument(symbol, "0.50", "2.00") for symbol in ("ONE", "TWO", "SIX")]
    accounts = [Account("ann", cash=1_000), Account("bob", cash_checked=False)]
    return Desk(which, Venue(instruments, accounts, exposure_groups=groups))


def pair(mode: ExposureMode = ExposureMode.REJECT, **settings: int) -> ExposureGroup:
    return ExposureGroup("pair", {"ONE": 1, "TWO": 3}, mode=mode, **settings)  # type: ignore[arg-type]


class TestGross:
    def test_adds_up_the_worse_side_of_each_instrument(self, which: str) -> None:
        desk = desk_of(which, pair(gross_limit=50))
        desk.buy(ANN, 10, 90)
        desk.sell(ANN, 14, 120)
        # ONE counts 14, the worse of 10 and 14; three for each lot of TWO: 14 + 36 = 50.
        assert desk.buy(ANN, 13, 90, instrument=1) == ["REJECTED GROSS_EXPOSURE 53/50"]
        assert desk.buy(ANN, 12, 90, instrument=1) == ["RESTED 4 leaves 12 behind 0"]
        # Four more bought in ONE leave it at 14; five do not.
        assert desk.buy(ANN, 5, 90) == ["REJECTED GROSS_EXPOSURE 51/50"]
        assert desk.buy(ANN, 4, 90) == ["RESTED 6 leaves 4 behind 10"]
        assert desk.buy(ANN, 99, 90, instrument=2) == ["RESTED 7 leaves 99 behind 0"]

    def test_positions_count_and_closing_is_free(self, which: str) -> None:
        desk = desk_of(which, pair(gross_limit=10))
        desk.sell(BOB, 10, 100)
        desk.buy(ANN, 10, 100)
        assert desk.buy(ANN, 1, 90) == ["REJECTED GROSS_EXPOSURE 11/10"]
        assert desk.sell(ANN, 10, 120) == ["RESTED 4 leaves 10 behind 0"]
        # Ten are on offer: one more would open, but |10 - 11| is not more than |10|.
        assert desk.sell(ANN, 1, 120) == ["RESTED 5 leaves 1 behind 10"]

    def test_a_replace_is_measured_without_its_predecessor(self, which: str) -> None:
        desk = desk_of(which, pair(gross_limit=10))
        desk.buy(ANN, 10, 90)
        assert desk.replace(ANN, 1, lots=11) == ["REJECTED GROSS_EXPOSURE 11/10"]
        assert desk.replace(ANN, 1, price=91) == [
            "REPLACED 1 by 2 10 of 10@91",
            "RESTED 2 leaves 10 behind 0",
        ]


class TestNet:
    def test_buys_and_sells_are_set_off_only_when_they_have_traded(self, which: str) -> None:
        desk = desk_of(which, pair(net_limit=20))
        desk.buy(ANN, 20, 90)
        # Sells may all fill and buys not: 3 * 7 = 21.
        assert desk.sell(ANN, 7, 120, instrument=1) == ["REJECTED NET_EXPOSURE 21/20"]
        assert desk.sell(ANN, 6, 120, instrument=1) == ["RESTED 3 leaves 6 behind 0"]
        desk.sell(BOB, 20, 90)
        # Long 20 of ONE. With 18 weighted lots of TWO sold as well: 2. Buying one more: 20 + 1.
        assert desk.buy(ANN, 1, 80) == ["REJECTED NET_EXPOSURE 21/20"]
        desk.buy(BOB, 6, 120, instrument=1)
        assert desk.buy(ANN, 18, 80) == ["RESTED 7 leaves 18 behind 0"]

    def test_an_order_that_makes_it_no_worse_is_not_refused(self, which: str) -> None:
        desk = desk_of(which, pair(net_limit=20))
        desk.sell(BOB, 20, 90)
        desk.buy(ANN, 20, 90)
        desk.buy(BOB, 6, 120, instrument=1)
        desk.sell(ANN, 6, 120, instrument=1)
        desk.sell(BOB, 18, 90)
        desk.buy(ANN, 18, 90)
        # Long 38, short 18 weighted. Buying back the shorts closes, so nobody asks: net 38.
        desk.sell(BOB, 6, 120, instrument=1)
        desk.buy(ANN, 6, 120, instrument=1)
        # Selling two of TWO brings it down to 32.
        assert desk.sell(ANN, 2, 120, instrument=1) == ["RESTED 9 leaves 2 behind 0"]
        assert desk.buy(ANN, 1, 80) == ["REJECTED NET_EXPOSURE 39/20"]

    def test_gross_comes_first(self, which: str) -> None:
        desk = desk_of(which, pair(gross_limit=5, net_limit=5))
        assert desk.buy(ANN, 6, 90) == ["REJECTED GROSS_EXPOSURE 6/5"]


class TestOrder:
    def test_between_position_and_buying_power(self, which: str) -> None:
        desk = desk_of(which, pair(gross_limit=2_000))
        assert desk.buy(ANN, 2_001, 90) == ["REJECTED GROSS_EXPOSURE 2001/2000"]
        assert desk.buy(ANN, 2_000, 90)[0].startswith("REJECTED INSUFFICIENT_BUYING_POWER")

    def test_the_first_group_that_refuses_is_named(self, which: str) -> None:
        one = ExposureGroup("one", {"ONE": 1}, gross_limit=10, mode=ExposureMode.LOG)
        two = ExposureGroup("two", {"ONE": 2}, net_limit=10)
        desk = desk_of(which, one, two)
        # Logged by the first, refused by the second: nothing is logged.
        assert desk.buy(ANN, 11, 90) == ["REJECTED NET_EXPOSURE 22/10"]


class TestOtherModes:
    def test_log(self, which: str) -> None:
        desk = desk_of(which, pair(ExposureMode.LOG, gross_limit=10, net_limit=5))
        desk.buy(ANN, 1, 90)
        # Eleven gross and net; gross is said.
        assert desk.buy(ANN, 10, 90) == [
            "BREACHED GROSS_EXPOSURE 11/10 by 2",
            "RESTED 2 leaves 10 behind 1",
        ]
        created, approved, breached = desk.events[:3]
        assert (created.kind, approved.kind) == (EventKind.ORDER_CREATED, EventKind.ORDER_APPROVED)
        assert (breached.account, breached.instrument, breached.group) == (ANN, 0, 0)
        assert breached.reason == Reason.GROSS_EXPOSURE
        assert desk.replace(ANN, 2, price=91) == [
            "REPLACED 2 by 3 10 of 10@91",
            "BREACHED GROSS_EXPOSURE 11/10 by 3",
            "RESTED 3 leaves 10 behind 0",
        ]
        # Where priority is kept nothing is checked.
        assert desk.replace(ANN, 3, lots=9) == ["REPLACED 3 by 4 9 of 9@91"]
        assert desk.replace(ANN, 4, flags=OrderFlag.LOSE_PRIORITY)[1] == "BREACHED NET_EXPOSURE 10/5 by 5"

    def test_fine(self, which: str) -> None:
        group = pair(ExposureMode.FINE, gross_limit=10, fine=7)
        desk = desk_of(which, group)
        assert desk.buy(ANN, 11, 90) == [
            "BREACHED GROSS_EXPOSURE 11/10 by 1",
            "CASH 2 FINE -7000000 = 993000000",
            "RESTED 1 leaves 11 behind 0",
        ]
        assert desk.events[3].instrument == -1
        assert desk.account(HOUSE).cash_micros == 7_000_000


def test_what_counts() -> None:
    # Weight 2: long 3, 4 bid for, 9 on offer. Weight 1: short 5.
    held = [(2, 3, 4, 9), (1, -5, 0, 0)]
    assert exposure(held) == Exposure(2 * 7 + 5, max(abs(14 - 5), abs(-12 - 5)))
    group = ExposureGroup("g", {"ONE": 1}, gross_limit=5)
    assert check_exposure(group, Exposure(7, 0), Exposure(7, 9)) is None
    assert check_exposure(group, Exposure(4, 0), Exposure(5, 9)) is None
