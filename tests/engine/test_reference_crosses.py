import pytest

from tests.twins.desk import ANN, BOB, CID, HOUSE, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderFlag, OrderType, Phase, Side, TimeInForce, TriggerReference
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import AUCTION, LIQUIDITY_MAKER, SHADOW, Records
from workbench.domain.states import OrderState

pytestmark = pytest.mark.kernel

BUY, SELL = Side.BUY, Side.SELL
ONLY = {"flags": OrderFlag.REDUCE_ONLY}
MILLISECOND = 1_000_000


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=list(ReplayMode), ids=lambda mode: mode.name.lower())
def mode(request: pytest.FixtureRequest) -> ReplayMode:
    return ReplayMode(request.param)


def cross(desk: Desk, lots: int, price: int, **settings: int) -> list[str]:
    command = make.cross_orders(desk.time_ns, 0, lots, price)
    for name, value in settings.items():
        command[name] = value
    return desk.do(command)


def auction(which: str, **settings: object) -> Desk:
    """A venue in its opening auction."""
    desk = desk_of_one(which, **settings)
    desk.do(make.set_phase(0, Phase.OPENING_AUCTION))
    return desk


def restrict(desk: Desk, restricted: int = 1, instrument: int = 0) -> list[str]:
    return desk.do(make.restrict_short_sales(desk.time_ns, restricted, instrument))


def collar(desk: Desk, low: int, high: int, instrument: int = 0) -> list[str]:
    return desk.do(make.set_auction_collar(desk.time_ns, instrument, low, high))


def uncross(desk: Desk) -> list[str]:
    told = desk.do(make.set_phase(desk.time_ns, Phase.CONTINUOUS))
    assert told[0].startswith("PHASE_CHANGED")
    return told[1:]


def flagged(command: Records, flags: int) -> Records:
    command["flags"] = flags
    return command


class TestCross:
    def test_the_print_alone(self, which: str, mode: ReplayMode) -> None:
        desk = desk_of_one(which, mode=mode)
        assert cross(desk, 700, 120) == ["TRADE 700@120 0x0"]
        (trade,) = desk.of_kind(EventKind.TRADE)
        assert (trade.account, trade.side, trade.order_type) == (STREET, Side.NONE, OrderType.LIMIT)
        assert (trade.time_in_force, trade.flags) == (TimeInForce.IOC, OrderFlag.HISTORICAL | AUCTION)
        # 700 lots at 1.20.
        assert (trade.order_state, trade.maker_account, trade.notional_micros) == (0, STREET, 840_000_000)
        row = desk.row("instruments", instrument=0)
        assert (row.last_price_ticks, row.volume_lots, row.trades) == (120, 700, 1)
        assert (row.divergence_orders, row.divergence_lots) == (0, 0)
        # Nothing is booked when both sides are the street, and nothing changes in the book.
        assert [event.kind for event in desk.events] == [EventKind.TRADE]

    def test_no_quantity_is_nothing_at_all(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.buy(ANN, 5, 110)
        assert cross(desk, 0, 100) == []
        assert desk.events == []
        assert cross(desk, 0, 0) == []
        assert cross(desk, 0, -1) == []
        assert desk.row("instruments", instrument=0).trades == 0

    def test_refusals_in_their_order(self, which: str, mode: ReplayMode) -> None:
        desk = desk_of_one(which, mode=mode, max_order_quantity=700)
        desk.do(make.clock(10))
        # All is wrong: the first that fails refuses.
        wrong = {"time_ns": 9, "account": ANN, "instrument": 1, "quantity_lots": -1, "price_ticks": 0}
        assert cross(desk, 1, 1, **wrong) == ["REJECTED TIME_BACKWARDS 9/10"]
        wrong["time_ns"] = 10
        # The street, the house and three traders.
        assert cross(desk, 1, 1, **wrong) == ["REJECTED UNKNOWN_ACCOUNT 2/5"]
        assert cross(desk, 1, 1, **wrong | {"account": HOUSE}) == ["REJECTED UNKNOWN_ACCOUNT 1/5"]
        wrong["account"] = STREET
        assert cross(desk, 1, 1, **wrong) == ["REJECTED UNKNOWN_INSTRUMENT 1/1"]
        assert cross(desk, 1, 1, **wrong | {"instrument": -1}) == ["REJECTED UNKNOWN_INSTRUMENT -1/1"]
        wrong["instrument"] = 0
        assert cross(desk, 1, 1, **wrong) == ["REJECTED INVALID_QUANTITY 0/0"]
        assert cross(desk, 1, 1, **wrong | {"quantity_lots": 701}) == ["REJECTED QUANTITY_TOO_LARGE 701/700"]
        # The ladder goes from 50 to 200.
        for price in (0, -1, 49, 201):
            assert cross(desk, 1, price, time_ns=10) == ["REJECTED INVALID_PRICE 0/0"]
        assert cross(desk, 700, 200, time_ns=10) == ["TRADE 700@200 0x0"]

    def test_in_a_bare_venue(self, which: str, mode: ReplayMode) -> None:
        desk = auction(which, bare=True, mode=mode)
        assert cross(desk, 1, 100, account=ANN) == ["REJECTED UNKNOWN_ACCOUNT 2/0"]
        desk.buy(ANN, 5, 100)
        assert cross(desk, 3, 100) == ["TRADE 3@100 0x1", "PARTIAL 1 leaves 2", "TRADE 3@100 0x0"]
        trade, print_ = desk.of_kind(EventKind.TRADE)
        assert (trade.flags, trade.notional_micros) == (OrderFlag.HISTORICAL | AUCTION | SHADOW, 3_000_000)
        assert print_.flags == OrderFlag.HISTORICAL | AUCTION

    def test_live_orders_trade_with_the_street(self, which: str, mode: ReplayMode) -> None:
        desk = auction(which, mode=mode, fees=FeeSchedule(maker_per_lot="0.01", taker_per_lot="0.02"))
        desk.buy(ANN, 5, 105)
        assert cross(desk, 8, 100) == ["TRADE 5@100 0x1", "FILLED 1", "TRADE 8@100 0x0"]
        trade, print_ = desk.of_kind(EventKind.TRADE)
        assert (trade.account, trade.side, trade.maker_account) == (STREET, SELL, ANN)
        assert (trade.order_type, trade.time_in_force) == (OrderType.LIMIT, TimeInForce.IOC)
        assert trade.flags == OrderFlag.HISTORICAL | AUCTION | SHADOW
        assert (trade.trade_id, print_.trade_id) == (1, 2)
        (filled,) = desk.of_kind(EventKind.ORDER_FILLED)
        # The live order rests: 5 lots at the maker's rate of 0.01.
        assert filled.flags == AUCTION | SHADOW | LIQUIDITY_MAKER
        assert (filled.fee_micros, filled.contra_order_id, filled.trade_id) == (50_000, 0, 1)
        booked = desk.of_kind(EventKind.POSITION_CHANGED)
        assert [(each.account, each.side, each.position_lots) for each in booked] == [
            (ANN, BUY, 5),
            (STREET, SELL, -5),
        ]
        # 1,000 less 5 * 1.00 and the fee.
        assert booked[0].cash_micros == 994_950_000
        row = desk.row("instruments", instrument=0)
        assert (row.last_price_ticks, row.volume_lots, row.trades) == (100, 8, 1)
        assert (row.divergence_orders, row.divergence_lots) == (0, 0)
        assert row.phase == Phase.OPENING_AUCTION

    def test_buys_before_sells_each_up_to_the_quantity(self, which: str, mode: ReplayMode) -> None:
        desk = auction(which, mode=mode)
        desk.sell(CID, 9, 98)
        desk.sell(CID, 2, 99)
        desk.sell(CID, 2)
        desk.sell(CID, 5, 101)
        desk.buy(ANN, 4, 100)
        desk.buy(ANN, 4, 103)
        desk.buy(BOB, 4, 103)
        desk.buy(BOB, 1)
        desk.buy(BOB, 9, 99)
        # 10 lots for each side. Buys: the market order, then at 103 by priority, then 1 at 100; nobody at
        # 99. Sells: the market order, then 8 of the 9 lots at 98.
        assert cross(desk, 10, 100) == [
            "TRADE 1@100 0x8",
            "FILLED 8",
            "TRADE 4@100 0x6",
            "FILLED 6",
            "TRADE 4@100 0x7",
            "FILLED 7",
            "TRADE 1@100 0x5",
            "PARTIAL 5 leaves 3",
            "TRADE 2@100 0x3",
            "FILLED 3",
            "TRADE 8@100 0x1",
            "PARTIAL 1 leaves 1",
            "TRADE 10@100 0x0",
            # Buys of 3 at 100 and 9 at 99, sells of 1 at 98, 2 at 99 and 5 at 101 are left.
            "INDICATIVE 3@100 imbalance 0 of 3/3",
        ]
        # Bought 10 and sold 10: the street is flat.
        assert desk.position(STREET).position_lots == 0

    def test_what_may_not_trade_at_the_price_waits(self, which: str, mode: ReplayMode) -> None:
        desk = desk_of_one(which, mode=mode)
        desk.buy(ANN, 5, 99)
        desk.sell(BOB, 5, 101)
        assert cross(desk, 8, 100) == ["TRADE 8@100 0x0"]
        # At the limit itself it may; in continuous trading, too.
        assert cross(desk, 8, 101) == ["TRADE 5@101 0x2", "FILLED 2", "TRADE 8@101 0x0"]
        assert cross(desk, 2, 99) == ["TRADE 2@99 0x1", "PARTIAL 1 leaves 3", "TRADE 2@99 0x0"]

    def test_the_street_s_own_orders_are_left_alone(self, which: str) -> None:
        desk = auction(which)
        desk.history(SELL, 5, 90, source_id=1)
        desk.sell(STREET, 5, 90)
        desk.sell(STREET, 5)
        desk.sell(ANN, 5)
        desk.sell(ANN, 5, 95)
        assert cross(desk, 8, 100) == [
            "TRADE 5@100 0x4",
            "FILLED 4",
            "TRADE 3@100 0x5",
            "PARTIAL 5 leaves 2",
            "TRADE 8@100 0x0",
            # The street's market order is what waits now.
            "INDICATIVE 0@0 imbalance -5 of 0/5",
        ]
        assert [desk.order(number).leaves_lots for number in (1, 2, 3)] == [5, 5, 5]
        assert [desk.order(number).taken_lots for number in (1, 2, 3)] == [0, 0, 0]

    def test_frozen_history_is_left_alone(self, which: str) -> None:
        desk = desk_of_one(which, mode=ReplayMode.FROZEN)
        desk.history(SELL, 5, 100, source_id=1)
        desk.sell(ANN, 3, 100)
        assert cross(desk, 4, 100) == ["TRADE 3@100 0x2", "FILLED 2", "TRADE 4@100 0x0"]
        order = desk.order(1)
        assert (order.leaves_lots, order.taken_lots) == (5, 0)
        # The quote is history's and does not change; the print is history's own.
        assert desk.of_kind(EventKind.QUOTE) == []
        assert desk.row("instruments", instrument=0).volume_lots == 4

    def test_icebergs_trade_all_and_keep_their_place(self, which: str, mode: ReplayMode) -> None:
        desk = auction(which, mode=mode)
        desk.sell(ANN, 9, 100, display_lots=2)
        desk.sell(BOB, 4, 100)
        # One fill of 6 lots, without ORDER_REFRESHED.
        assert cross(desk, 6, 100) == ["TRADE 6@100 0x1", "PARTIAL 1 leaves 3", "TRADE 6@100 0x0"]
        order = desk.order(1)
        assert (order.leaves_lots, order.shown_lots, order.priority) == (3, 2, 1)
        assert cross(desk, 2, 100)[:2] == ["TRADE 2@100 0x1", "PARTIAL 1 leaves 1"]
        assert desk.order(1).shown_lots == 1
        assert cross(desk, 2, 100)[:4] == [
            "TRADE 1@100 0x1",
            "FILLED 1",
            "TRADE 1@100 0x2",
            "PARTIAL 2 leaves 3",
        ]

    def test_reduce_only_orders_are_cut_first(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.sell(BOB, 5, 100)
        desk.buy(ANN, 5, 100)
        desk.sell(ANN, 5, 110, **ONLY)
        desk.buy(BOB, 3, 90)
        desk.sell(ANN, 3, 90)
        # Ann is long 2; she buys 1 more in the cross before it comes to sells, and may then sell 3.
        desk.buy(ANN, 1, 109)
        assert cross(desk, 1, 109) == ["TRADE 1@109 0x6", "FILLED 6", "TRADE 1@109 0x0"]
        assert cross(desk, 9, 110) == [
            "REDUCED 3 REDUCE_ONLY 2 leaves 3",
            "TRADE 3@110 0x3",
            "FILLED 3",
            "TRADE 9@110 0x0",
        ]
        # What is not reached is not cut.
        desk.sell(BOB, 2, 80)
        desk.buy(ANN, 2, 80)
        desk.sell(ANN, 2, 110, **ONLY)
        desk.sell(ANN, 2, 110)
        desk.buy(BOB, 2, 85)
        assert desk.sell(ANN, 2, 85)[-1] == "FILLED 12"
        assert cross(desk, 9, 109) == ["TRADE 9@109 0x0"]
        assert desk.order(9).leaves_lots == 2
        assert cross(desk, 1, 110) == [
            "CANCELED 9 REDUCE_ONLY 2",
            "TRADE 1@110 0x10",
            "PARTIAL 10 leaves 1",
            "TRADE 1@110 0x0",
        ]

    def test_legs_shrink_with_each_other(self, which: str) -> None:
        desk = desk_of_one(which)
        legs = {"client_order_id": 7, "group_id": 7, "group_place": 1}
        desk.buy(ANN, 5, 100, **legs)
        desk.buy(ANN, 5, 99, group_id=7, group_place=2, flags=OrderFlag.GROUP_LAST)
        assert desk.book() == ["BUY 1: 5@100", "BUY 2: 5@99"]
        # 3 lots of the first, so the second loses 3: 2 are left, of which none may trade beyond 3 in all.
        assert cross(desk, 3, 99) == [
            "TRADE 3@99 0x1",
            "PARTIAL 1 leaves 2",
            "REDUCED 2 GROUP 3 leaves 2",
            "TRADE 3@99 0x0",
        ]
        # The first fills and takes the second with it.
        assert cross(desk, 9, 99) == ["TRADE 2@99 0x1", "FILLED 1", "CANCELED 2 GROUP 2", "TRADE 9@99 0x0"]

    def test_children_become_active_at_the_end(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.sell(ANN, 3, 110, client_order_id=7, group_id=7, group_place=1, flags=OrderFlag.GROUP_CHILD)
        desk.buy(ANN, 3, 100, group_id=7, group_place=2, flags=OrderFlag.GROUP_LAST)
        assert cross(desk, 3, 100) == [
            "TRADE 3@100 0x2",
            "FILLED 2",
            "TRADE 3@100 0x0",
            "RESTED 1 leaves 3 behind 0",
        ]

    def test_the_print_triggers(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.buy(ANN, 3, order_type=OrderType.STOP, trigger_price_ticks=105)
        desk.sell(BOB, 3, 108)
        assert cross(desk, 1, 104) == ["TRADE 1@104 0x0"]
        assert cross(desk, 1, 105) == [
            "TRADE 1@105 0x0",
            "TRIGGERED 1 at 105 by 105",
            "TRADE 3@108 1x2",
            "FILLED 2",
            "FILLED 1",
        ]

    def test_the_auction_goes_on(self, which: str) -> None:
        desk = auction(which)
        collar(desk, 50, 200)
        desk.buy(ANN, 5, 100, time_in_force=TimeInForce.OPG)
        desk.buy(ANN, 5)
        desk.sell(BOB, 1, 100)
        assert cross(desk, 6, 100) == [
            "TRADE 5@100 0x2",
            "FILLED 2",
            "TRADE 1@100 0x1",
            "PARTIAL 1 leaves 4",
            "TRADE 1@100 0x3",
            "FILLED 3",
            "TRADE 6@100 0x0",
            "INDICATIVE 0@0 imbalance 0 of 0/0",
        ]
        row = desk.row("instruments", instrument=0)
        assert (row.phase, row.collar_low_ticks) == (Phase.OPENING_AUCTION, 50)
        assert uncross(desk) == ["UNCROSSED 0@0 imbalance 0 of 0/0", "CANCELED 1 AUCTION_ENDED 4"]

    def test_in_a_halt(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.buy(ANN, 5, 100)
        desk.buy(BOB, 5, 100)
        desk.do(make.set_phase(0, Phase.HALTED))
        desk.cancel(ANN, 1, lots=1)
        assert desk.of_kind(EventKind.ORDER_REDUCED)[0].order_state == OrderState.SUSPENDED
        assert cross(desk, 6, 100) == [
            "TRADE 4@100 0x1",
            "FILLED 1",
            "TRADE 2@100 0x2",
            "PARTIAL 2 leaves 3",
            "TRADE 6@100 0x0",
        ]
        assert desk.order(2).order_state == OrderState.SUSPENDED

    def test_price_limits_do_not_bind_it(self, which: str) -> None:
        # Limits of 5 %: 95 to 105. Ten parts of 10 ms.
        limits = {
            "reference_price": "1.00",
            "price_limit_bps": 500,
            "price_limit_window_ns": 100 * MILLISECOND,
            "price_limit_pause_ns": MILLISECOND,
        }
        desk = desk_of_one(which, **limits)
        desk.sell(ANN, 2, 120)
        assert cross(desk, 2, 120) == ["TRADE 2@120 0x1", "FILLED 1", "TRADE 2@120 0x0"]
        assert cross(desk, 2, 110) == ["TRADE 2@110 0x0"]
        row = desk.row("instruments", instrument=0)
        assert (row.phase, row.reference_ticks) == (Phase.CONTINUOUS, 100)
        # It does not look itself; the next part begins with the next order. Both prints count once: 115,
        # and 5 % of that is 5.
        desk.time_ns = 10 * MILLISECOND
        assert cross(desk, 0, 0) == []
        assert desk.do(make.clock(desk.time_ns)) == ["LIMITS 110<115<120"]


class TestShortSales:
    def test_the_command(self, which: str) -> None:
        venue = Venue(
            [Instrument(name, "0.50", "2.00") for name in ("ONE", "TWO")], [Account("ann", cash=1_000)]
        )
        desk = Desk(which, venue)
        assert restrict(desk, 1, 1) == ["RESTRICTION 1 1"]
        (event,) = desk.events
        assert (event.phase, event.band_low_ticks, event.band_high_ticks) == (Phase.CONTINUOUS, 50, 200)
        assert (event.account, event.side, event.flags, event.reason) == (0, 0, 0, 0)
        # Only where it changes.
        assert restrict(desk, 1, -1) == ["RESTRICTION 0 1"]
        assert restrict(desk, 1, -1) == []
        assert desk.row("instruments", instrument=0).short_sales_restricted == 1
        # Other events of the instrument say so too.
        desk.do(make.set_phase(0, Phase.PRE_OPEN, instrument=1))
        assert desk.events[0].short_sales_restricted == 1
        assert restrict(desk, 0, -1) == ["RESTRICTION 0 0", "RESTRICTION 1 0"]
        assert desk.row("instruments", instrument=1).short_sales_restricted == 0

    def test_refusals_in_their_order(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.do(make.clock(5))
        assert desk.do(make.restrict_short_sales(4, 2, 1)) == ["REJECTED TIME_BACKWARDS 4/5"]
        assert desk.do(make.restrict_short_sales(5, 2, 1)) == ["REJECTED UNKNOWN_INSTRUMENT 1/1"]
        assert desk.do(make.restrict_short_sales(5, 2, -2)) == ["REJECTED UNKNOWN_INSTRUMENT -2/1"]
        assert desk.do(make.restrict_short_sales(5, 2, 0)) == ["REJECTED INVALID_FLAGS 0/0"]

    def test_at_or_below_the_best_bid(self, which: str) -> None:
        desk = desk_of_one(which)
        restrict(desk)
        # Without a bid nothing is refused for it.
        assert desk.sell(ANN, 1, 90, time_in_force=TimeInForce.IOC) == ["CANCELED 1 IMMEDIATE_OR_CANCEL 1"]
        assert desk.sell(ANN, 1) == ["CANCELED 2 NO_LIQUIDITY 1"]
        desk.buy(BOB, 9, 100)
        assert desk.sell(ANN, 1, 99) == ["REJECTED SHORT_SALE_RESTRICTED 99/100"]
        assert desk.sell(ANN, 1, 100) == ["REJECTED SHORT_SALE_RESTRICTED 100/100"]
        assert desk.sell(ANN, 1) == ["REJECTED SHORT_SALE_RESTRICTED 0/100"]
        assert desk.sell(ANN, 1, 101) == ["RESTED 7 leaves 1 behind 0"]
        # Before post-only, and before the money.
        told = desk.sell(ANN, 1, 100, flags=OrderFlag.POST_ONLY)
        assert told == ["REJECTED SHORT_SALE_RESTRICTED 100/100"]
        assert desk.sell(ANN, 5_000, 100) == ["REJECTED SHORT_SALE_RESTRICTED 100/100"]
        restrict(desk, 0)
        assert desk.sell(ANN, 1, 99) == ["TRADE 1@100 10x3", "PARTIAL 3 leaves 8", "FILLED 10"]

    def test_sells_of_what_is_held_are_free(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.sell(BOB, 5, 100)
        desk.buy(ANN, 5, 100)
        desk.buy(BOB, 20, 95)
        restrict(desk)
        # 5 are Ann's own; the sixth would be short.
        assert desk.sell(ANN, 6, 95) == ["REJECTED SHORT_SALE_RESTRICTED 95/95"]
        assert desk.sell(ANN, 2, 110) == ["RESTED 5 leaves 2 behind 0"]
        # Those that are on offer already cannot be sold again.
        assert desk.sell(ANN, 4, 95) == ["REJECTED SHORT_SALE_RESTRICTED 95/95"]
        assert desk.sell(ANN, 3, 95)[0] == "TRADE 3@95 7x3"
        # Bob is short 2; whoever is short sells shorter, buys are free.
        assert desk.position(BOB).position_lots == -2
        assert desk.sell(CID, 1, 95) == ["REJECTED SHORT_SALE_RESTRICTED 95/95"]
        assert desk.buy(CID, 1, 94) == ["RESTED 9 leaves 1 behind 0"]

    def test_without_the_permission_comes_first(self, which: str) -> None:
        accounts = [Account("ann", cash=1_000, short_permitted=False), Account("bob", cash=1_000)]
        desk = desk_of_one(which, accounts=accounts)
        desk.buy(BOB, 5, 100)
        restrict(desk)
        assert desk.sell(ANN, 1, 100) == ["REJECTED SHORT_SALE_NOT_PERMITTED 1/0"]
        assert desk.sell(ANN, 1, 100, **ONLY) == ["REJECTED REDUCE_ONLY_WOULD_OPEN 1/0"]
        assert desk.sell(STREET, 1, 100)[0] == "TRADE 1@100 4x1"

    def test_not_in_a_bare_venue(self, which: str) -> None:
        desk = desk_of_one(which, bare=True)
        desk.buy(BOB, 5, 100)
        assert restrict(desk) == ["RESTRICTION 0 1"]
        assert desk.sell(ANN, 1, 100)[0] == "TRADE 1@100 2x1"

    def test_only_in_continuous_trading(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.buy(BOB, 5, 100)
        restrict(desk)
        desk.do(make.set_phase(0, Phase.REOPENING_AUCTION))
        assert desk.sell(ANN, 2, 90)[0] == "RESTED 2 leaves 2 behind 0"
        assert desk.sell(ANN, 1)[0] == "RESTED 3 leaves 1 behind 0"
        # 3 lots at 90 to 100, wanted 5 at each; without a reference the lowest.
        assert uncross(desk)[:2] == ["UNCROSSED 3@90 imbalance 2 of 5/3", "TRADE 1@90 3x1"]

    def test_history_s_bid_is_what_counts(self, which: str) -> None:
        desk = desk_of_one(which, mode=ReplayMode.FROZEN)
        desk.history(BUY, 5, 95, source_id=1)
        desk.buy(BOB, 5, 100)
        restrict(desk)
        assert desk.sell(ANN, 1, 95) == ["REJECTED SHORT_SALE_RESTRICTED 95/95"]
        assert desk.sell(ANN, 1, 96)[0] == "TRADE 1@100 4x2"

    def test_trigger_orders_when_they_are_triggered(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.buy(BOB, 5, 100)
        restrict(desk)
        stop = {"order_type": OrderType.STOP, "trigger_price_ticks": 98}
        assert desk.sell(ANN, 1, **stop) == ["HELD 2 at 98 from 0"]
        limit = {"order_type": OrderType.STOP_LIMIT, "trigger_price_ticks": 98}
        assert desk.sell(ANN, 1, 97, **limit) == ["HELD 3 at 98 from 0"]
        assert desk.sell(ANN, 1, 105, **limit) == ["HELD 4 at 98 from 0"]
        # A replace while it waits is free.
        assert desk.replace(ANN, 3, price=96)[-1] == "HELD 5 at 98 from 0"
        # By place in the queue: 2, 4 and then 5, which queued anew.
        assert desk.execute(SELL, 1, 98) == [
            # History's hidden trade takes one of the live bid, which is better, first.
            "TRADE 1@100 0x1",
            "PARTIAL 1 leaves 4",
        ]
        assert desk.execute(SELL, 5, 98) == [
            "TRADE 4@100 0x1",
            "FILLED 1",
            "TRADE 1@98 0x0",
            "TRIGGERED 2 at 98 by 98",
            # No bid: nothing is refused for it.
            "CANCELED 2 NO_LIQUIDITY 1",
            "TRIGGERED 4 at 98 by 98",
            "RESTED 4 leaves 1 behind 0",
            "TRIGGERED 5 at 98 by 98",
            "RESTED 5 leaves 1 behind 0",
        ]

    def test_triggered_below_a_bid(self, which: str) -> None:
        desk = desk_of_one(which)
        stop = {"order_type": OrderType.STOP, "trigger_price_ticks": 98}
        limit = {"order_type": OrderType.STOP_LIMIT, "trigger_price_ticks": 98}
        desk.sell(ANN, 1, **stop)
        desk.sell(ANN, 1, 97, **limit)
        desk.sell(ANN, 1, 98, **limit)
        desk.buy(BOB, 5, 97)
        restrict(desk)
        assert desk.execute(SELL, 1, 98) == [
            "TRADE 1@98 0x0",
            "TRIGGERED 1 at 98 by 98",
            "REJECTED SHORT_SALE_RESTRICTED 0/97",
            "TRIGGERED 2 at 98 by 98",
            "REJECTED SHORT_SALE_RESTRICTED 97/97",
            "TRIGGERED 3 at 98 by 98",
            "RESTED 3 leaves 1 behind 0",
        ]
        # Once it rests its replace is checked.
        assert desk.replace(ANN, 3, price=97) == ["REJECTED SHORT_SALE_RESTRICTED 97/97"]

    def test_replaces_that_queue_anew(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.sell(ANN, 5, 101)
        desk.buy(BOB, 5, 100)
        restrict(desk)
        assert desk.replace(ANN, 1, price=100) == ["REJECTED SHORT_SALE_RESTRICTED 100/100"]
        assert desk.replace(ANN, 1, price=102)[0] == "REPLACED 1 by 3 5 of 5@102"
        desk.buy(STREET, 1, 101)
        # Priority kept: no account checks. History has no limit to fear either.
        assert desk.replace(ANN, 3, lots=4)[0] == "REPLACED 3 by 5 4 of 4@102"
        # Without its own 4 lots Ann has nothing to sell: all is short.
        assert desk.replace(ANN, 5, price=101) == ["REJECTED SHORT_SALE_RESTRICTED 101/101"]

    def test_children_are_checked_when_they_become_active(self, which: str) -> None:
        desk = desk_of_one(which)
        restrict(desk)
        desk.buy(BOB, 9, 100)
        child = {"client_order_id": 7, "group_id": 7, "group_place": 1, "flags": OrderFlag.GROUP_CHILD}
        assert desk.sell(ANN, 5, 100, **child) == ["HELD 2 at 0 from 0"]
        desk.buy(ANN, 3, 105, group_id=7, group_place=2, flags=OrderFlag.GROUP_LAST)
        # The child is cut to what the parent has bought, which Ann then holds.
        assert desk.sell(STREET, 3, 105) == [
            "TRADE 3@105 4x3",
            "FILLED 3",
            "FILLED 4",
            "REDUCED 2 GROUP 2 leaves 3",
            "TRADE 3@100 2x1",
            "PARTIAL 1 leaves 6",
            "FILLED 2",
        ]

    def test_children_of_who_was_short(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.buy(BOB, 9, 100)
        desk.sell(ANN, 3, 100)
        restrict(desk)
        child = {"client_order_id": 7, "group_id": 7, "group_place": 1, "flags": OrderFlag.GROUP_CHILD}
        assert desk.sell(ANN, 3, 100, **child) == ["HELD 3 at 0 from 0"]
        desk.buy(ANN, 3, 105, group_id=7, group_place=2, flags=OrderFlag.GROUP_LAST)
        # The parent makes Ann flat, so that her child would be a short sale.
        assert desk.sell(STREET, 3, 105) == [
            "TRADE 3@105 5x4",
            "FILLED 4",
            "FILLED 5",
            "REJECTED SHORT_SALE_RESTRICTED 100/100",
        ]

    def test_other_held_orders_on_entry_too(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.buy(BOB, 9, 100)
        restrict(desk)
        close = {"time_in_force": TimeInForce.CLS}
        assert desk.sell(ANN, 1, 100, **close) == ["REJECTED SHORT_SALE_RESTRICTED 100/100"]
        assert desk.sell(ANN, 1, **close) == ["REJECTED SHORT_SALE_RESTRICTED 0/100"]
        assert desk.sell(ANN, 1, 101, **close) == ["HELD 4 at 0 from 0"]
        first = {"client_order_id": 7, "group_id": 7, "group_place": 1}
        assert desk.sell(ANN, 1, 100, **first) == ["REJECTED SHORT_SALE_RESTRICTED 100/100"]


class TestCollar:
    def test_the_command(self, which: str) -> None:
        desk = desk_of_one(which)
        assert collar(desk, 90, 110) == ["COLLAR 0 90-110"]
        (event,) = desk.events
        assert (event.phase, event.band_low_ticks, event.band_high_ticks) == (Phase.CONTINUOUS, 50, 200)
        assert (event.reference_ticks, event.next_phase, event.short_sales_restricted) == (0, 0, 0)
        row = desk.row("instruments", instrument=0)
        assert (row.collar_low_ticks, row.collar_high_ticks) == (90, 110)
        # In no other event, and also when nothing changes.
        desk.do(make.set_phase(0, Phase.PRE_OPEN))
        assert (desk.events[0].limit_down_ticks, desk.events[0].limit_up_ticks) == (0, 0)
        assert collar(desk, 90, 110) == ["COLLAR 0 90-110"]
        assert collar(desk, 0, 0) == ["COLLAR 0 0-0"]
        assert collar(desk, 0, 0) == ["COLLAR 0 0-0"]
        # Anywhere, one price, and without an end.
        assert collar(desk, 1, 1) == ["COLLAR 0 1-1"]
        assert collar(desk, 300, 2**62) == [f"COLLAR 0 300-{2**62}"]
        assert desk.row("instruments", instrument=0).collar_high_ticks == 2**62

    def test_the_limits_of_a_collar_and_of_the_price(self, which: str) -> None:
        limits = {"price_limit_bps": 500, "price_limit_window_ns": 1_000, "price_limit_pause_ns": 1_000}
        desk = desk_of_one(which, reference_price="1.00", **limits)
        assert collar(desk, 90, 110) == ["COLLAR 0 90-110"]
        assert desk.events[0].reference_ticks == 100
        restrict(desk)
        # 5 % of 100.
        assert (desk.events[0].limit_down_ticks, desk.events[0].limit_up_ticks) == (95, 105)
        assert collar(desk, 0, 0) == ["COLLAR 0 0-0"]

    def test_refusals_in_their_order(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.do(make.clock(5))
        assert desk.do(make.set_auction_collar(4, 1, 2, 1)) == ["REJECTED TIME_BACKWARDS 4/5"]
        for instrument in (1, -1):
            told = desk.do(make.set_auction_collar(5, instrument, 2, 1))
            assert told == [f"REJECTED UNKNOWN_INSTRUMENT {instrument}/1"]
        for low, high in ((2, 1), (0, 1), (1, 0), (-1, 0), (-2, -1), (0, -1)):
            assert desk.do(make.set_auction_collar(5, 0, low, high)) == ["REJECTED INVALID_PRICE 0/0"]

    def test_in_a_bare_venue(self, which: str) -> None:
        desk = auction(which, bare=True)
        assert collar(desk, 90, 110) == ["COLLAR 0 90-110"]
        assert desk.do(flagged(make.set_auction_collar(0, 0, 0, 0), 99)) == ["COLLAR 0 0-0"]

    def test_leaves_candidates_within(self, which: str, mode: ReplayMode) -> None:
        # Candidates are 95 to 110, all with 5 of 5; without a reference the lowest that is left.
        for low, high, price in (
            (50, 200, 95),
            (96, 200, 96),
            (110, 200, 110),
            (50, 95, 95),
            (101, 101, 101),
            (1, 2**62, 95),
        ):
            desk = auction(which, mode=mode)
            desk.sell(BOB, 5, 95)
            desk.buy(ANN, 5, 110)
            collar(desk, low, high)
            assert uncross(desk)[:2] == [f"UNCROSSED 5@{price} imbalance 0 of 5/5", f"TRADE 5@{price} 2x1"]

    def test_outside_there_is_no_volume(self, which: str, mode: ReplayMode) -> None:
        for low, high in ((50, 94), (111, 200)):
            desk = auction(which, mode=mode, reference_price="1.00")
            desk.sell(BOB, 5, 95)
            assert desk.buy(ANN, 5, 110)[1] == "INDICATIVE 5@100 imbalance 0 of 5/5"
            desk.buy(ANN, 2)
            assert collar(desk, low, high)[1] == "INDICATIVE 0@0 imbalance 2 of 2/0"
            assert uncross(desk) == ["UNCROSSED 0@0 imbalance 2 of 2/0", "CANCELED 3 NO_LIQUIDITY 2"]
            # They stay crossed until somebody comes.
            assert len(desk.book(1 if mode == ReplayMode.FROZEN else 0)) == 2
            assert desk.sell(CID, 1, 110)[0] == "TRADE 1@110 4x2"

    def test_the_reference_outside(self, which: str) -> None:
        # 95 to 110 are all the same; the nearest to 90 within 98 to 103 is 98, to 120 it is 103.
        for reference, price in (("0.90", 98), ("1.20", 103), ("1.00", 100)):
            desk = auction(which, reference_price=reference)
            desk.sell(BOB, 5, 95)
            desk.buy(ANN, 5, 110)
            collar(desk, 98, 103)
            assert uncross(desk)[0] == f"UNCROSSED 5@{price} imbalance 0 of 5/5"

    def test_ends_need_not_be_multiples_of_the_increment(self, which: str) -> None:
        desk = auction(which, price_increment="0.05", reference_price="0.50")
        desk.sell(BOB, 5, 80)
        desk.buy(ANN, 5, 120)
        # Within 91 to 104: 95 and 100. Within 96 to 99 there is none.
        assert collar(desk, 91, 104)[1] == "INDICATIVE 5@95 imbalance 0 of 5/5"
        assert collar(desk, 96, 99)[1] == "INDICATIVE 0@0 imbalance 0 of 0/0"
        desk.do(make.set_phase(0, Phase.REOPENING_AUCTION))
        # 100 alone; nothing touched before.
        assert collar(desk, 100, 104)[1] == "INDICATIVE 5@100 imbalance 0 of 5/5"

    def test_a_smaller_volume_within(self, which: str) -> None:
        desk = auction(which)
        desk.sell(BOB, 1, 95)
        desk.sell(BOB, 5, 103)
        desk.buy(ANN, 5, 105)
        # 103 to 105: wanted 5, offered 6. 95 to 102: wanted 5, offered 1.
        assert desk.events[-2].paired_lots == 5
        assert collar(desk, 90, 100) == ["COLLAR 0 90-100", "INDICATIVE 1@95 imbalance 4 of 5/1"]
        # The sell at 103 and what is left of the buy at 105 stay crossed.
        assert uncross(desk) == [
            "UNCROSSED 1@95 imbalance 4 of 5/1",
            "TRADE 1@95 3x1",
            "FILLED 1",
            "PARTIAL 3 leaves 4",
        ]
        assert desk.book() == ["BUY 3: 4@105", "SELL 2: 5@103"]

    def test_market_orders_alone(self, which: str, mode: ReplayMode) -> None:
        # They trade at the reference, 120, or not at all.
        for low, high, trades in (
            (119, 121, True),
            (120, 120, True),
            (50, 119, False),
            (121, 200, False),
        ):
            desk = auction(which, mode=mode, reference_price="1.20")
            desk.buy(ANN, 4)
            assert desk.sell(BOB, 3)[1] == "INDICATIVE 3@120 imbalance 1 of 4/3"
            told = collar(desk, low, high)
            assert told[1:] == ([] if trades else ["INDICATIVE 0@0 imbalance 1 of 4/3"])
            assert uncross(desk)[0] == f"UNCROSSED {'3@120' if trades else '0@0'} imbalance 1 of 4/3"

    def test_holds_until_the_next_uncross(self, which: str) -> None:
        desk = desk_of_one(which, reference_price="1.00")
        collar(desk, 90, 95)
        # Not in continuous trading.
        desk.sell(BOB, 1, 99)
        assert desk.buy(ANN, 1, 99)[0] == "TRADE 1@99 2x1"
        desk.do(make.set_phase(0, Phase.HALTED))
        desk.do(make.set_phase(0, Phase.PRE_OPEN))
        desk.do(make.set_phase(0, Phase.OPENING_AUCTION))
        desk.sell(BOB, 1, 80)
        assert desk.buy(ANN, 1, 120)[1] == "INDICATIVE 1@95 imbalance 0 of 1/1"
        assert desk.row("instruments", instrument=0).collar_high_ticks == 95
        assert uncross(desk) == [
            "UNCROSSED 1@95 imbalance 0 of 1/1",
            "TRADE 1@95 4x3",
            "FILLED 3",
            "FILLED 4",
        ]
        row = desk.row("instruments", instrument=0)
        assert (row.collar_low_ticks, row.collar_high_ticks) == (0, 0)
        # The next auction is free: the last price, 95, is nearest to the lowest, 110.
        desk.do(make.set_phase(0, Phase.CLOSING_AUCTION))
        desk.sell(BOB, 1, 110)
        desk.buy(ANN, 1, 120)
        assert uncross(desk)[0] == "UNCROSSED 1@110 imbalance 0 of 1/1"

    def test_any_uncross_forgets_it(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.do(make.set_phase(0, Phase.PRE_OPEN))
        collar(desk, 90, 95)
        # Nothing to trade, into CLOSED.
        told = desk.do(make.set_phase(0, Phase.CLOSED))
        assert told[1:] == ["UNCROSSED 0@0 imbalance 0 of 0/0"]
        assert desk.row("instruments", instrument=0).collar_high_ticks == 0
        # CLOSED to CONTINUOUS has no uncross.
        collar(desk, 90, 95)
        assert uncross(desk) == []
        assert desk.row("instruments", instrument=0).collar_high_ticks == 95

    def test_indicative_only_when_it_changes_and_in_an_auction(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.do(make.set_phase(0, Phase.PRE_OPEN))
        desk.sell(BOB, 5, 95)
        desk.buy(ANN, 5, 110)
        assert collar(desk, 100, 105) == ["COLLAR 0 100-105"]
        told = desk.do(make.set_phase(0, Phase.OPENING_AUCTION))
        assert told[1] == "INDICATIVE 5@100 imbalance 0 of 5/5"
        assert collar(desk, 100, 120) == ["COLLAR 0 100-120"]
        assert collar(desk, 0, 0) == ["COLLAR 0 0-0", "INDICATIVE 5@95 imbalance 0 of 5/5"]


def test_a_cross_may_trigger_by_the_ask_that_it_leaves(which: str) -> None:
    desk = desk_of_one(which, trigger_reference=TriggerReference.BID_ASK)
    desk.buy(ANN, 3, order_type=OrderType.STOP, trigger_price_ticks=105)
    desk.sell(BOB, 3, 104)
    desk.sell(CID, 3, 106)
    # The print alone, at 110, does not: the ask is still 104.
    assert cross(desk, 1, 110) == ["TRADE 1@110 0x2", "PARTIAL 2 leaves 2", "TRADE 1@110 0x0"]
    assert cross(desk, 2, 105) == [
        "TRADE 2@105 0x2",
        "FILLED 2",
        "TRADE 2@105 0x0",
        "TRIGGERED 1 at 105 by 106",
        "TRADE 3@106 1x3",
        "FILLED 3",
        "FILLED 1",
    ]
