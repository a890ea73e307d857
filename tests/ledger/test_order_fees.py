import pytest

from tests.twins.desk import ANN, BOB, HOUSE, MONEY, Desk
from workbench.domain.codes import EventKind, OrderFlag, Side
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.ledger.reference import Terms

pytestmark = pytest.mark.kernel

PER_LOT = {"maker_per_lot": "-0.002", "taker_per_lot": "0.003"}
FILLS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)


@pytest.fixture(params=MONEY)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, **fees: object) -> Desk:
    """Ann and Bob with 1,000.00 each; a lot at 100 ticks is worth 1.00."""
    instrument = Instrument("ONE", "0.50", "2.00", fees=FeeSchedule(**{**PER_LOT, **fees}))  # type: ignore[arg-type]
    return Desk(which, Venue([instrument], [Account("ann", cash=1_000), Account("bob", cash=1_000)]))


def fees(desk: Desk, account: int) -> list[int]:
    """Fees of an account's fills in the last answer."""
    return [each.fee_micros for each in desk.events if each.kind in FILLS and each.account == account]


def charge(desk: Desk, order_id: int) -> tuple[int, int, int]:
    order = desk.order(order_id)
    return order.raw_fee_micros, order.fee_notional_micros, order.charged_micros


class TestTotals:
    def test_the_minimum_is_paid_at_once_and_then_earned(self, which: str) -> None:
        desk = desk_of(which, per_order=1, minimum_per_order="1.50")
        for lots in (10, 10, 200):
            desk.sell(BOB, lots, 100)
        desk.buy(ANN, 300, 100)
        # 1.00 and 0.03: raised to 1.50. 1.00 and 0.06: still 1.50. 1.00 and 0.66: 1.66, 1.50 of it paid.
        assert fees(desk, ANN) == [1_500_000, 0, 160_000]
        assert charge(desk, 4) == (660_000, 220_000_000, 1_660_000)
        # Each of Bob's orders costs 1.00 less 0.002 a lot: 0.98, 0.98, 0.60, raised to 1.50.
        assert fees(desk, BOB) == [1_500_000] * 3
        assert desk.account(HOUSE).cash_micros == 1_660_000 + 4_500_000

    def test_the_cap_wins_over_the_minimum_and_grows_with_what_has_traded(self, which: str) -> None:
        desk = desk_of(which, per_order=1, minimum_per_order=1, cap_bps=100)
        desk.sell(BOB, 10, 100)
        desk.sell(BOB, 190, 100)
        desk.buy(ANN, 200, 100)
        # One percent of 10.00 is 0.10. One percent of 200.00 is 2.00, above 1.00 and 0.60: 1.60, less 0.10.
        assert fees(desk, ANN) == [100_000, 1_500_000]

    def test_the_cap_is_rounded_up(self, which: str) -> None:
        desk = desk_of(which, per_order=1, cap_bps="0.01")
        desk.sell(BOB, 1, 101)
        desk.buy(ANN, 1, 101)
        # A millionth of 1.01 is 1.01 micros.
        assert fees(desk, ANN) == [2]

    def test_rebates_are_paid_out_where_there_is_no_minimum(self, which: str) -> None:
        desk = desk_of(which, per_order="0.01", cap_bps=100)
        desk.buy(BOB, 100, 100)
        desk.sell(ANN, 10, 100)
        # 0.01 less 0.02; the cap of 0.10 does not touch a negative total.
        assert fees(desk, BOB) == [-10_000]
        desk.sell(ANN, 40, 100)
        # 0.01 less 0.10 is -0.09, of which -0.01 is paid.
        assert fees(desk, BOB) == [-80_000]

    def test_a_minimum_lifts_an_order_whose_rebates_exceed_its_fees(self, which: str) -> None:
        desk = desk_of(which, minimum_per_order="0.05")
        desk.buy(BOB, 100, 100)
        desk.sell(ANN, 10, 100)
        assert fees(desk, BOB) == [50_000]
        desk.sell(ANN, 40, 100)
        assert fees(desk, BOB) == [0]

    def test_an_order_that_never_trades_is_free(self, which: str) -> None:
        desk = desk_of(which, per_order=1, minimum_per_order=2)
        desk.buy(ANN, 10, 100)
        assert charge(desk, 1) == (0, 0, 0)
        desk.cancel(ANN, 1)
        assert desk.account(ANN).cash_micros == 1_000_000_000

    @pytest.mark.parametrize("flags", [OrderFlag(0), OrderFlag.LOSE_PRIORITY])
    def test_a_chain_of_replaces_is_one_order(self, which: str, flags: OrderFlag) -> None:
        desk = desk_of(which, per_order=1)
        desk.buy(ANN, 100, 100)
        desk.sell(BOB, 10, 100)
        # 1.00 less 0.02.
        assert fees(desk, ANN) == [980_000]
        desk.replace(ANN, 1, lots=90, flags=flags)
        assert charge(desk, 3) == (-20_000, 10_000_000, 980_000)
        desk.sell(BOB, 10, 100)
        assert fees(desk, ANN) == [-20_000]

    def test_a_replace_that_takes_pays_the_taker_s_rate_on_what_it_adds(self, which: str) -> None:
        desk = desk_of(which, per_order=1)
        desk.buy(ANN, 20, 100)
        desk.sell(BOB, 10, 100)
        desk.sell(BOB, 10, 101)
        desk.replace(ANN, 1, price=101)
        # The ten lots left take at 0.003 each.
        assert fees(desk, ANN) == [30_000]

    def test_the_street_pays_nothing(self, which: str) -> None:
        desk = desk_of(which, per_order=1, minimum_per_order=2)
        desk.history(Side.SELL, 10, 100, source_id=1)
        desk.buy(ANN, 4, 100)
        (street, ann) = [each.fee_micros for each in desk.events if each.kind in FILLS]
        assert (street, ann) == (0, 2_000_000)
        assert charge(desk, 1) == (0, 0, 0)


class TestReservations:
    def test_an_order_reserves_its_fee_and_at_least_the_minimum(self, which: str) -> None:
        desk = desk_of(which, per_order=1, minimum_per_order="1.50", cap_bps=1)
        desk.buy(ANN, 10, 100)
        # 10.00 and max(1.00 + 0.03, 1.50); the cap is left out.
        assert desk.account(ANN).reserved_micros == 11_500_000
        desk.buy(ANN, 200, 100)
        # 200.00 and 1.00 + 0.60.
        assert desk.account(ANN).reserved_micros == 11_500_000 + 201_600_000
        desk.sell(BOB, 10, 100)
        assert desk.account(ANN).reserved_micros == 201_600_000

    def test_what_only_closes_reserves_nothing(self, which: str) -> None:
        desk = desk_of(which, per_order=1)
        desk.sell(BOB, 10, 100)
        desk.buy(ANN, 10, 100)
        desk.sell(ANN, 10, 120)
        assert desk.account(ANN).reserved_micros == 0

    def test_a_market_order_that_finds_nothing_needs_nothing(self, which: str) -> None:
        desk = desk_of(which, per_order=1)
        assert desk.buy(ANN, 10) == ["CANCELED 1 NO_LIQUIDITY 10"]
        assert desk.events[1].value == 0

    def test_buying_power_counts_it(self, which: str) -> None:
        desk = desk_of(which, per_order=1)
        # 997.00, 1.00 and 2.991 are 1,000.991; one lot fewer is 999.988.
        assert desk.buy(ANN, 997, 100) == ["REJECTED INSUFFICIENT_BUYING_POWER 1000991000/1000000000"]
        assert desk.buy(ANN, 996, 100) == ["RESTED 2 leaves 996 behind 0"]


def test_totals_without_settings_are_the_plain_fees() -> None:
    terms = Terms(Instrument("ONE", "0.50", "2.00", fees=FeeSchedule(per_order=1)))
    assert terms.order_total(-5, 1_000) == 999_995
    assert (terms.dearest_fee(1_000, 0), terms.dearest_fee(1_000, 1)) == (0, 1_000_000)
