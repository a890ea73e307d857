import pytest

from tests.twins.desk import ANN, BOB, BOTH, CID, HOUSE, Desk
from workbench.domain.codes import EventKind, Side, TimeInForce
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.risk.reference import closable_lots, smaller_limit

pytestmark = pytest.mark.kernel

MILLISECOND = 1_000_000
FEES = FeeSchedule(maker_per_lot="-0.002", taker_per_lot="0.003")


@pytest.fixture(params=BOTH)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, ann: Account | None = None, **settings: object) -> Desk:
    """Ann as given (1,000.00 otherwise), Bob unchecked, Cid unchecked; a tick of a lot is 10,000 micros."""
    instrument = Instrument("ONE", "0.50", "2.00", **settings)  # type: ignore[arg-type]
    others = [Account("bob", cash_checked=False), Account("cid", cash_checked=False)]
    return Desk(which, Venue([instrument], [ann or Account("ann", cash=1_000), *others]))


def give(desk: Desk, lots: int, price: int) -> None:
    """Let Ann buy (or with negative lots sell) at a price."""
    if lots > 0:
        desk.sell(CID, lots, price)
        desk.buy(ANN, lots, price)
    else:
        desk.buy(CID, -lots, price)
        desk.sell(ANN, -lots, price)


def required(desk: Desk) -> int:
    (approved,) = desk.of_kind(EventKind.ORDER_APPROVED)
    return int(approved.value)


class TestReservations:
    def test_reserves_value_and_the_dearest_fee(self, which: str) -> None:
        desk = desk_of(which, fees=FEES)
        desk.buy(ANN, 10, 100)
        # 10 * 1.00, and 0.003 a lot although the order rests and would get a rebate.
        assert required(desk) == desk.account(ANN).reserved_micros == 10_030_000
        desk.cancel(ANN, 1, lots=4)
        assert desk.account(ANN).reserved_micros == 6_018_000
        desk.sell(BOB, 2, 100)
        assert desk.account(ANN).reserved_micros == 4_012_000
        desk.cancel(ANN, 1)
        assert desk.account(ANN).reserved_micros == 0

    def test_fills_use_up_the_closing_part_and_cancels_the_opening_part_first(self, which: str) -> None:
        desk = desk_of(which)
        give(desk, 5, 100)
        desk.sell(ANN, 8, 120)
        # 5 close the long, 3 open.
        assert (desk.order(3).opening_lots, desk.order(3).reserved_micros) == (3, 3_600_000)
        desk.buy(BOB, 4, 120)
        assert desk.order(3).opening_lots == 3
        # One more is held and on offer, so nothing is left that a second order could close.
        desk.sell(ANN, 2, 121)
        assert desk.order(5).opening_lots == 2
        desk.cancel(ANN, 3, lots=2)
        assert desk.order(3).opening_lots == 1
        assert desk.account(ANN).reserved_micros == 1_200_000 + 2_420_000

    def test_unchecked_accounts_reserve_nothing_but_know_their_opening_part(self, which: str) -> None:
        desk = desk_of(which)
        desk.sell(BOB, 3, 100)
        assert (desk.order(1).opening_lots, desk.order(1).reserved_micros) == (3, 0)
        assert required(desk) == 0

    def test_self_trade_decrement_takes_from_the_opening_part_of_both(self, which: str) -> None:
        desk = desk_of(which)
        give(desk, 3, 100)
        desk.buy(ANN, 6, 100)
        desk.sell(ANN, 8, 99, self_trade_prevention=5)
        # 8 sold of 3 held: 5 open. 6 are cancelled on both sides, from the opening part first.
        assert (desk.order(4).leaves_lots, desk.order(4).opening_lots) == (2, 0)
        assert desk.account(ANN).reserved_micros == 0


class TestBuyingPower:
    def test_a_short_ties_up_as_much_as_a_long(self, which: str) -> None:
        desk = desk_of(which, Account("ann", cash=10))
        give(desk, -4, 100)
        # Cash 14.00 less twice the 4.00 that the short was sold for.
        assert desk.sell(ANN, 7, 100) == ["REJECTED INSUFFICIENT_BUYING_POWER 7000000/6000000"]
        assert desk.sell(ANN, 6, 100) == ["RESTED 4 leaves 6 behind 0"]
        # Buying back needs nothing.
        desk.buy(ANN, 4, 90)
        assert required(desk) == 0

    def test_a_sell_is_valued_at_the_best_bid_where_that_is_higher(self, which: str) -> None:
        desk = desk_of(which)
        desk.buy(BOB, 1, 100)
        desk.sell(ANN, 2, 90)
        # Approved for 2 * 1.00; after one lot sold at 1.00 the other is reserved at 0.90.
        assert required(desk) == 2_000_000
        assert desk.account(ANN).reserved_micros == 900_000

    def test_a_market_order_is_valued_fill_by_fill_after_its_closing_part(self, which: str) -> None:
        desk = desk_of(which, fees=FEES)
        give(desk, -1, 100)
        desk.sell(BOB, 2, 100)
        desk.sell(BOB, 3, 110)
        desk.buy(ANN, 4)
        # The first lot closes; then 1 * 1.00 and 2 * 1.10, and 0.003 for each of three lots.
        assert required(desk) == 3_200_000 + 9_000

    def test_a_replace_is_checked_as_if_the_order_were_gone(self, which: str) -> None:
        desk = desk_of(which, Account("ann", cash=10))
        desk.buy(ANN, 9, 100)
        assert desk.replace(ANN, 1, price=112) == ["REJECTED INSUFFICIENT_BUYING_POWER 10080000/10000000"]
        assert desk.account(ANN).reserved_micros == 9_000_000
        desk.replace(ANN, 1, price=111)
        assert desk.account(ANN).reserved_micros == 9_990_000

    def test_a_market_order_with_nothing_to_trade_needs_nothing(self, which: str) -> None:
        desk = desk_of(which, Account("ann", cash=0))
        assert desk.buy(ANN, 5) == ["CANCELED 1 NO_LIQUIDITY 5"]


class TestLimits:
    def test_short_sale(self, which: str) -> None:
        desk = desk_of(which, Account("ann", cash=1_000, short_permitted=False))
        give(desk, 5, 100)
        desk.sell(ANN, 3, 120)
        assert desk.sell(ANN, 3, 120) == ["REJECTED SHORT_SALE_NOT_PERMITTED 1/2"]
        assert desk.sell(ANN, 2, 120) == ["RESTED 5 leaves 2 behind 3"]
        # The order itself does not count against its own replace.
        assert desk.replace(ANN, 5, lots=3) == ["REJECTED SHORT_SALE_NOT_PERMITTED 1/2"]
        assert desk.replace(ANN, 5, price=121) == ["REPLACED 5 by 6 2 of 2@121", "RESTED 6 leaves 2 behind 0"]

    def test_position_counts_open_orders_as_filled(self, which: str) -> None:
        desk = desk_of(which, Account("ann", cash=1_000, limits=Limits(position_limit_lots=10)))
        give(desk, 4, 100)
        desk.buy(ANN, 3, 90)
        assert desk.buy(ANN, 4, 90) == ["REJECTED POSITION_LIMIT 11/10"]
        assert desk.buy(ANN, 3, 90) == ["RESTED 5 leaves 3 behind 3"]
        assert desk.sell(ANN, 15, 120) == ["REJECTED POSITION_LIMIT 11/10"]
        assert desk.sell(ANN, 14, 120) == ["RESTED 7 leaves 14 behind 0"]

    def test_the_smaller_limit_of_account_and_instrument(self, which: str) -> None:
        limits = Limits(position_limit_lots=10, max_order_lots=8, max_order_notional=9)
        ann = Account("ann", cash=1_000, limits=limits)
        desk = desk_of(which, ann, position_limit=7, max_order_quantity=20, max_order_notional=6)
        assert desk.buy(ANN, 9, 50) == ["REJECTED QUANTITY_TOO_LARGE 9/8"]
        assert desk.buy(ANN, 6, 101) == ["REJECTED NOTIONAL_TOO_LARGE 6060000/6000000"]
        assert desk.buy(ANN, 8, 50) == ["REJECTED POSITION_LIMIT 8/7"]
        assert desk.buy(BOB, 21, 50) == ["REJECTED QUANTITY_TOO_LARGE 21/20"]

    def test_notional_of_a_market_order_at_the_best_opposite_price(self, which: str) -> None:
        desk = desk_of(which, max_order_notional=5)
        assert desk.buy(BOB, 6) == ["CANCELED 1 NO_LIQUIDITY 6"]
        desk.sell(CID, 1, 100)
        assert desk.buy(BOB, 6) == ["REJECTED NOTIONAL_TOO_LARGE 6000000/5000000"]

    def test_open_orders(self, which: str) -> None:
        desk = desk_of(which, Account("ann", cash=1_000, limits=Limits(max_open_orders=2)))
        desk.buy(ANN, 1, 90)
        desk.sell(ANN, 1, 120)
        assert desk.buy(ANN, 1, 90) == ["REJECTED TOO_MANY_OPEN_ORDERS 2/2"]
        assert desk.buy(ANN, 1, 120) == ["REJECTED TOO_MANY_OPEN_ORDERS 2/2"]
        # A replace opens no further order.
        assert desk.replace(ANN, 1, price=91) == ["REPLACED 1 by 5 1 of 1@91", "RESTED 5 leaves 1 behind 0"]
        desk.cancel(ANN, 5)
        assert desk.buy(ANN, 1, 90) == ["RESTED 6 leaves 1 behind 0"]

    def test_order_rate(self, which: str) -> None:
        limits = Limits(orders_per_second=2, order_burst=2)
        desk = desk_of(which, Account("ann", cash=1_000, limits=limits))
        desk.time_ns = 1_000 * MILLISECOND
        desk.buy(ANN, 1, 90)
        desk.buy(ANN, 1, 90)
        # Each order costs 500 ms; two at once are allowed, so the third waits for the first's.
        assert desk.buy(ANN, 1, 90) == [f"REJECTED ORDER_RATE {500 * MILLISECOND}/0"]
        desk.time_ns += 499 * MILLISECOND
        assert desk.replace(ANN, 1, price=91) == [f"REJECTED ORDER_RATE {MILLISECOND}/0"]
        desk.time_ns += MILLISECOND
        assert desk.replace(ANN, 1, price=91)[0] == "REPLACED 1 by 4 1 of 1@91"
        assert desk.account(ANN).rate_time_ns == 2_500 * MILLISECOND
        # Cancels are free, and a refused order costs nothing.
        assert desk.cancel(ANN, 2) == ["CANCELED 2 BY_REQUEST 1"]
        desk.time_ns += 500 * MILLISECOND
        assert desk.buy(ANN, 1, 90, time_in_force=TimeInForce.GTD)[0].startswith("REJECTED INVALID_EXPIRE")
        assert desk.buy(ANN, 1, 90) == ["RESTED 6 leaves 1 behind 0"]

    def test_the_house_and_strangers_send_no_orders(self, which: str) -> None:
        desk = desk_of(which)
        for account in (HOUSE, 5, -1):
            assert desk.buy(account, 1, 90) == [f"REJECTED UNKNOWN_ACCOUNT {account}/5"]


class TestFrozenBuyingPower:
    def test_looks_at_both_books(self, which: str) -> None:
        accounts = [Account("ann", cash=100), Account("bob", cash_checked=False)]
        instrument = Instrument("ONE", "0.50", "2.00", max_order_notional=50)
        desk = Desk(which, Venue([instrument], accounts, replay_mode=ReplayMode.FROZEN))
        desk.history(Side.BUY, 5, 95, source_id=1)
        desk.buy(BOB, 1, 97)
        desk.sell(ANN, 2, 90)
        # The best bid is Bob's; one lot goes to him, one to history's bid.
        assert required(desk) == 2 * 970_000
        assert desk.events[-1].kind == EventKind.POSITION_CHANGED
        assert desk.position(ANN).position_lots == -2


def test_what_an_order_could_close() -> None:
    assert closable_lots(Side.SELL, 5, 9, 2) == 3
    assert closable_lots(Side.SELL, 5, 0, 7) == 0
    assert closable_lots(Side.BUY, -5, 2, 9) == 3
    assert closable_lots(Side.BUY, 5, 0, 0) == 0


def test_smaller_limit_ignores_none() -> None:
    assert [smaller_limit(a, b) for a, b in ((0, 0), (3, 0), (0, 4), (3, 4))] == [0, 3, 4, 3]
