import pytest

from tests.twins.desk import ANN, BOB, CID, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderFlag, Phase, Side, TimeInForce
from workbench.domain.config import ReplayMode
from workbench.domain.costs import FeeSchedule
from workbench.domain.records import AUCTION, LIQUIDITY_MAKER, SHADOW

pytestmark = pytest.mark.kernel


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def auction(which: str, **settings: object) -> Desk:
    """A venue in its opening auction."""
    desk = desk_of_one(which, **settings)
    desk.do(make.set_phase(0, Phase.OPENING_AUCTION))
    return desk


def uncross(desk: Desk) -> list[str]:
    told = desk.do(make.set_phase(desk.time_ns, Phase.CONTINUOUS))
    assert told[0].startswith("PHASE_CHANGED")
    return told[1:]


def collect(desk: Desk, *orders: tuple[Side, int, int]) -> list[str]:
    """Bob's orders: side, lots and price; the last answer."""
    told: list[str] = []
    for side, lots, price in orders:
        told = desk.buy(BOB, lots, price) if side == BUY else desk.sell(BOB, lots, price)
    return told


BUY, SELL = Side.BUY, Side.SELL


class TestPrice:
    def test_the_largest_volume(self, which: str) -> None:
        desk = auction(which)
        collect(desk, (BUY, 10, 102), (BUY, 5, 100), (SELL, 4, 98), (SELL, 8, 101))
        # At 98 … 100: wanted 15 (98 … 100), offered 4. At 101 and 102: wanted 10, offered 12.
        assert uncross(desk)[0] == "UNCROSSED 10@101 imbalance -2 of 10/12"

    def test_then_the_smallest_imbalance(self, which: str) -> None:
        desk = auction(which)
        # 99: wanted 10, offered 5. 100: wanted 7, offered 5. 101: wanted 5 (of 101), offered 5 + 1.
        collect(desk, (SELL, 5, 99), (SELL, 1, 101), (BUY, 5, 101), (BUY, 2, 100), (BUY, 3, 99))
        assert uncross(desk)[0] == "UNCROSSED 5@101 imbalance -1 of 5/6"

    def test_then_the_nearest_to_the_reference(self, which: str) -> None:
        for reference, price in (("0", 95), ("0.90", 95), ("1.03", 103), ("1.50", 110)):
            desk = auction(which, reference_price=reference)
            # 95 … 110 are all the same; without a reference the lowest.
            told = collect(desk, (SELL, 5, 95), (BUY, 5, 110))
            assert told[1] == f"INDICATIVE 5@{price} imbalance 0 of 5/5"
            (event,) = desk.of_kind(EventKind.AUCTION_INDICATIVE)
            assert event.reference_ticks == round(100 * float(reference))

    def test_candidates_are_multiples_of_the_increment(self, which: str) -> None:
        desk = auction(which, reference_price="0.99", price_increment="0.02")
        collect(desk, (SELL, 5, 96), (SELL, 2, 104), (BUY, 5, 104), (BUY, 2, 96))
        # 96: wanted 7, offered 5. 98 … 102: 5 and 5. 104: 5 and 7. The reference is rounded down to 98.
        assert uncross(desk)[0] == "UNCROSSED 5@98 imbalance 0 of 5/5"

    def test_the_last_price_is_the_reference_rounded_down(self, which: str) -> None:
        desk = auction(which, price_increment="0.05", reference_price="2.00")
        desk.execute(BUY, 1, 104)
        told = collect(desk, (SELL, 5, 80), (BUY, 5, 120))
        assert told[1] == "INDICATIVE 5@100 imbalance 0 of 5/5"

    def test_market_orders_count_at_every_price(self, which: str) -> None:
        desk = auction(which)
        desk.buy(ANN, 4)
        assert collect(desk, (SELL, 3, 100), (SELL, 3, 105))[1] == "INDICATIVE 4@105 imbalance -2 of 4/6"

    def test_market_orders_alone_trade_at_the_reference(self, which: str) -> None:
        desk = auction(which, reference_price="1.20")
        desk.buy(ANN, 4)
        assert desk.sell(BOB, 3)[1] == "INDICATIVE 3@120 imbalance 1 of 4/3"
        assert uncross(desk) == [
            "UNCROSSED 3@120 imbalance 1 of 4/3",
            "TRADE 3@120 2x1",
            "PARTIAL 1 leaves 1",
            "FILLED 2",
            "CANCELED 1 NO_LIQUIDITY 1",
        ]
        # Without a reference nothing trades.
        desk = auction(which)
        desk.buy(ANN, 4)
        assert desk.sell(BOB, 3) == ["RESTED 2 leaves 3 behind 0", "INDICATIVE 0@0 imbalance 1 of 4/3"]
        assert uncross(desk) == [
            "UNCROSSED 0@0 imbalance 1 of 4/3",
            "CANCELED 1 NO_LIQUIDITY 4",
            "CANCELED 2 NO_LIQUIDITY 3",
        ]

    def test_no_volume(self, which: str) -> None:
        desk = auction(which, reference_price="1.00")
        assert collect(desk, (SELL, 3, 105), (BUY, 3, 95)) == ["RESTED 2 leaves 3 behind 0"]
        assert desk.sell(ANN, 2)[1] == "INDICATIVE 2@95 imbalance 1 of 3/2"
        desk.cancel(BOB, 2)
        # A market order alone with sells.
        (event,) = desk.of_kind(EventKind.AUCTION_INDICATIVE)
        assert (event.price_ticks, event.imbalance_lots, event.offered_lots) == (0, -2, 2)
        assert event.reference_ticks == 100

    def test_history_takes_no_part(self, which: str) -> None:
        desk = auction(which)
        desk.history(SELL, 5, 90, source_id=1)
        assert collect(desk, (BUY, 5, 100)) == ["RESTED 2 leaves 5 behind 0"]
        # Street orders that are not history do.
        assert desk.sell(STREET, 2, 95)[1] == "INDICATIVE 2@95 imbalance 3 of 5/2"
        assert uncross(desk)[:2] == ["UNCROSSED 2@95 imbalance 3 of 5/2", "TRADE 2@95 3x2"]


class TestIndicative:
    def test_is_published_when_it_changes(self, which: str) -> None:
        desk = auction(which)
        assert desk.events[-1].kind == EventKind.PHASE_CHANGED
        collect(desk, (BUY, 5, 100))
        assert desk.of_kind(EventKind.AUCTION_INDICATIVE) == []
        assert collect(desk, (SELL, 2, 100))[-1] == "INDICATIVE 2@100 imbalance 3 of 5/2"
        assert desk.events[-1].kind == EventKind.QUOTE
        # Orders too far away change nothing.
        assert collect(desk, (SELL, 2, 120)) == ["RESTED 3 leaves 2 behind 0"]
        row = desk.row("instruments", instrument=0)
        assert (row.indicative_price_ticks, row.indicative_paired_lots) == (100, 2)
        assert row.indicative_imbalance_lots == 3
        assert desk.cancel(BOB, 2) == ["CANCELED 2 BY_REQUEST 2", "INDICATIVE 0@0 imbalance 0 of 0/0"]

    def test_not_before_the_auction(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.do(make.set_phase(0, Phase.PRE_OPEN))
        assert collect(desk, (BUY, 5, 100), (SELL, 2, 100)) == ["RESTED 2 leaves 2 behind 0"]
        assert desk.do(make.set_phase(0, Phase.OPENING_AUCTION))[1] == "INDICATIVE 2@100 imbalance 3 of 5/2"
        # The next auction starts anew.
        assert desk.do(make.set_phase(0, Phase.REOPENING_AUCTION))[1] == "INDICATIVE 2@100 imbalance 3 of 5/2"


class TestUncross:
    def test_price_time_and_who_came_in(self, which: str) -> None:
        desk = auction(which, fees=FeeSchedule(maker_per_lot="-0.01", taker_per_lot="0.02"))
        collect(desk, (BUY, 3, 100), (BUY, 3, 101))
        desk.sell(ANN, 4, 99)
        desk.buy(CID, 1)
        # 7 wanted at 99 and 100, 4 offered: nearest to nothing, the lowest; but at 101: 4 and 4.
        assert uncross(desk) == [
            "UNCROSSED 4@101 imbalance 0 of 4/4",
            "TRADE 1@101 4x3",
            "PARTIAL 3 leaves 3",
            "FILLED 4",
            "TRADE 3@101 3x2",
            "FILLED 2",
            "FILLED 3",
        ]
        trade = desk.of_kind(EventKind.TRADE)[1]
        assert (trade.account, trade.side, trade.maker_account, trade.flags) == (ANN, SELL, BOB, AUCTION)
        maker, taker = desk.of_kind(EventKind.ORDER_FILLED)[1:]
        assert (maker.flags, maker.fee_micros) == (AUCTION | LIQUIDITY_MAKER, -30_000)
        assert (taker.flags, taker.fee_micros) == (AUCTION, 60_000)
        assert desk.row("instruments", instrument=0).last_price_ticks == 101

    def test_self_trade_prevention_does_not_apply(self, which: str) -> None:
        desk = auction(which)
        collect(desk, (BUY, 3, 100), (SELL, 3, 100))
        assert uncross(desk)[1:] == ["TRADE 3@100 2x1", "FILLED 1", "FILLED 2"]

    def test_icebergs_trade_all_and_keep_their_place(self, which: str) -> None:
        desk = auction(which)
        desk.sell(ANN, 9, 100, display_lots=2)
        desk.sell(BOB, 1, 100)
        desk.buy(CID, 6, 100)
        assert uncross(desk)[1:] == ["TRADE 6@100 3x1", "PARTIAL 1 leaves 3", "FILLED 3"]
        order = desk.order(1)
        assert (order.leaves_lots, order.shown_lots, order.priority) == (3, 2, 1)
        desk.buy(CID, 2, 100)
        assert desk.order(1).leaves_lots == 1

    def test_reduce_only_orders_are_cut_first(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.sell(BOB, 5, 100)
        desk.buy(ANN, 5, 100)
        desk.sell(ANN, 5, 100, flags=OrderFlag.REDUCE_ONLY)
        desk.buy(BOB, 3, 90)
        desk.sell(ANN, 3, 90)
        desk.do(make.set_phase(0, Phase.OPENING_AUCTION))
        desk.buy(CID, 4, 100)
        # Ann has 2 lots left.
        assert uncross(desk) == [
            "UNCROSSED 4@100 imbalance -1 of 4/5",
            "REDUCED 3 REDUCE_ONLY 3 leaves 2",
            "TRADE 2@100 6x3",
            "FILLED 3",
            "PARTIAL 6 leaves 2",
        ]

    def test_groups_hear_of_fills(self, which: str) -> None:
        desk = auction(which)
        desk.sell(ANN, 3, 110, client_order_id=7, group_id=7, group_place=1, flags=OrderFlag.GROUP_CHILD)
        desk.buy(ANN, 3, 100, group_id=7, group_place=2, flags=OrderFlag.GROUP_LAST)
        desk.sell(BOB, 3, 100)
        # The child is released in the uncross and becomes active at the end of the command.
        assert uncross(desk)[1:] == ["TRADE 3@100 3x2", "FILLED 2", "FILLED 3", "RESTED 1 leaves 3 behind 0"]

    def test_a_frozen_venue_s_live_orders_among_themselves(self, which: str) -> None:
        desk = auction(which, mode=ReplayMode.FROZEN)
        desk.history(SELL, 5, 90, source_id=1)
        collect(desk, (BUY, 3, 100))
        desk.sell(ANN, 2, 95)
        told = uncross(desk)
        assert told[:2] == ["UNCROSSED 2@95 imbalance 1 of 3/2", "TRADE 2@95 3x2"]
        assert desk.of_kind(EventKind.TRADE)[0].flags == AUCTION | SHADOW
        row = desk.row("instruments", instrument=0)
        assert (row.last_price_ticks, row.trades) == (0, 0)

    def test_after_pre_open_alone(self, which: str) -> None:
        desk = desk_of_one(which)
        desk.do(make.set_phase(0, Phase.PRE_OPEN))
        desk.buy(ANN, 3, 100, time_in_force=TimeInForce.OPG)
        assert uncross(desk) == ["UNCROSSED 0@0 imbalance 0 of 0/0", "CANCELED 1 AUCTION_ENDED 3"]


def test_candidates_are_multiples_of_the_increment_though_an_order_is_not(which: str) -> None:
    desk = desk_of_one(which, price_increment="0.02")
    desk.sell(STREET, 5, 106, client_order_id=9)
    # History may put an order of the street between the increments.
    flags = OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES
    desk.replace(STREET, 0, 5, 105, client_order_id=9, flags=flags)
    desk.sell(ANN, 5, 118)
    desk.do(make.set_phase(desk.time_ns, Phase.OPENING_AUCTION))
    desk.buy(BOB, 5)
    # 5 trade at any of 106, 108 ... 116 without surplus (at 118: 10 offered); with no reference the lowest.
    [indicative] = desk.of_kind(EventKind.AUCTION_INDICATIVE)
    assert (indicative.price_ticks, indicative.paired_lots, indicative.imbalance_lots) == (106, 5, 0)
