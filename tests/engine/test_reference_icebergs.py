import pytest

from tests.twins.desk import ANN, BOB, CID, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import (
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.config import ReplayMode
from workbench.domain.states import OrderState

pytestmark = pytest.mark.kernel


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    return desk_of_one(which)


def test_shows_a_slice_and_queues_again(desk: Desk) -> None:
    assert desk.sell(ANN, 10, 100, display_lots=4) == ["RESTED 1 leaves 10 behind 0 shows 4"]
    (quote,) = desk.of_kind(EventKind.QUOTE)
    assert (quote.ask_lots, quote.ask_orders) == (4, 1)
    assert desk.of_kind(EventKind.ORDER_TERMS)[0].display_lots == 4
    assert desk.sell(BOB, 3, 100) == ["RESTED 2 leaves 3 behind 4"]
    # 4 of the first slice, then Bob, then one of the second, which had queued behind Bob.
    assert desk.buy(CID, 8, 100) == [
        "TRADE 4@100 3x1",
        "PARTIAL 1 leaves 6",
        "PARTIAL 3 leaves 4",
        "REFRESHED 1 shows 4 behind 3",
        "TRADE 3@100 3x2",
        "FILLED 2",
        "PARTIAL 3 leaves 1",
        "TRADE 1@100 3x1",
        "PARTIAL 1 leaves 5",
        "FILLED 3",
    ]
    kinds = [event.kind for event in desk.events]
    at = kinds.index(EventKind.ORDER_REFRESHED)
    assert kinds[at - 2 : at] == [EventKind.POSITION_CHANGED] * 2
    assert desk.events[at].order_state == OrderState.PARTIALLY_FILLED
    order = desk.order(1)
    # Priorities: Ann's first slice, Bob's order, Ann's second slice.
    assert (order.leaves_lots, order.shown_lots, order.display_lots, order.priority) == (5, 3, 4, 3)


def test_the_last_slice_is_what_is_left(desk: Desk) -> None:
    desk.sell(ANN, 5, 100, display_lots=4)
    assert desk.buy(BOB, 4, 100)[3] == "REFRESHED 1 shows 1 behind 0"
    assert desk.buy(BOB, 1, 100)[-2:] == ["FILLED 1", "FILLED 3"]


def test_cancels_and_replaces_take_hidden_lots_first(desk: Desk) -> None:
    desk.sell(ANN, 10, 100, display_lots=4)
    assert desk.cancel(ANN, 1, lots=5) == ["REDUCED 1 BY_REQUEST 5 leaves 5"]
    assert desk.order(1).shown_lots == 4
    assert desk.of_kind(EventKind.QUOTE) == []
    assert desk.cancel(ANN, 1, lots=2) == ["REDUCED 1 BY_REQUEST 2 leaves 3"]
    assert desk.order(1).shown_lots == 3
    assert desk.replace(ANN, 1, lots=2) == ["REPLACED 1 by 2 2 of 2@100"]
    assert (desk.order(2).shown_lots, desk.order(2).priority) == (2, 1)


def test_another_display_quantity_loses_priority(desk: Desk) -> None:
    desk.sell(ANN, 10, 100, display_lots=4)
    desk.sell(BOB, 1, 100)
    assert desk.replace(ANN, 1, display_lots=5) == [
        "REPLACED 1 by 3 10 of 10@100",
        "RESTED 3 leaves 10 behind 1 shows 5",
    ]
    # A plain order becomes an iceberg, and one smaller than its slice is fine.
    assert desk.replace(BOB, 2, lots=3, display_lots=2)[1] == "RESTED 4 leaves 3 behind 5 shows 2"
    assert desk.replace(BOB, 4, lots=1) == ["REPLACED 4 by 5 1 of 1@100"]
    assert (desk.order(5).display_lots, desk.order(5).shown_lots) == (2, 1)


def test_refusals_of_new_orders(which: str) -> None:
    desk = desk_of_one(which, quantity_increment=2, max_order_quantity=10_000)

    def refused(bound: int, display_lots: int, lots: int = 10, price: int = 100, **settings: object) -> None:
        told = desk.buy(ANN, lots, price, display_lots=display_lots, **settings)
        assert told == [f"REJECTED INVALID_DISPLAY_QUANTITY {display_lots}/{bound}"]

    refused(0, 4, price=0)
    refused(0, 4, trigger_price_ticks=100, order_type=OrderType.STOP_LIMIT)
    for time_in_force in (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.CLS):
        refused(0, 4, time_in_force=time_in_force)
    refused(2, -4)
    refused(2, 3)
    refused(10, 12)
    # 1001 slices of 2.
    refused(1000, 2, lots=2_002)
    assert desk.buy(ANN, 2_000, 50, display_lots=2)[0].startswith("RESTED")
    told = desk.buy(STREET, 4, 60, display_lots=2)
    assert told == ["REJECTED INVALID_DISPLAY_QUANTITY 2/0"]
    desk.do(make.set_phase(0, Phase.PRE_OPEN))
    refused(0, 4, time_in_force=TimeInForce.OPG)


def test_refusals_of_replaces(which: str) -> None:
    desk = desk_of_one(which, quantity_increment=2, max_order_quantity=10_000)
    desk.buy(ANN, 20, 100, display_lots=2)
    desk.buy(STREET, 20, 90)
    desk.buy(ANN, 4, trigger_price_ticks=150, order_type=OrderType.STOP)

    def refused(given: int, bound: int, account: int, order_id: int, lots: int = 0) -> None:
        told = desk.replace(account, order_id, lots=lots, display_lots=given)
        assert told == [f"REJECTED INVALID_DISPLAY_QUANTITY {given or 2}/{bound}"]

    refused(4, 0, STREET, 2)
    refused(4, 0, ANN, 3)
    refused(-2, 2, ANN, 1)
    refused(3, 2, ANN, 1)
    refused(22, 20, ANN, 1)
    refused(4, 2, ANN, 1, lots=2)
    refused(2, 1000, ANN, 1, lots=2_002)
    # The old display quantity, for more than it can serve.
    refused(0, 1000, ANN, 1, lots=2_002)


def test_fok_counts_hidden_lots(desk: Desk) -> None:
    desk.sell(ANN, 10, 100, display_lots=1)
    told = desk.buy(BOB, 10, 100, time_in_force=TimeInForce.FOK)
    assert told[-2:] == ["FILLED 1", "FILLED 2"]
    assert len(desk.of_kind(EventKind.TRADE)) == 10
    # Before an own order that would end the walk, only what is displayed is sure.
    desk.sell(ANN, 10, 100, display_lots=1)
    desk.sell(BOB, 1, 100)
    settings = {
        "time_in_force": TimeInForce.FOK,
        "self_trade_prevention": SelfTradePrevention.CANCEL_INCOMING,
    }
    assert desk.buy(BOB, 2, 100, **settings) == ["CANCELED 5 FILL_OR_KILL 2"]
    assert desk.buy(BOB, 1, 100, **settings)[-2:] == ["FILLED 6", "REFRESHED 3 shows 1 behind 1"]
    # Own orders that are only passed over end nothing.
    assert desk.buy(BOB, 9, 100, time_in_force=TimeInForce.FOK)[-1] == "FILLED 7"


def test_decrement_compares_all_leaves(which: str) -> None:
    desk = desk_of_one(which)
    desk.sell(ANN, 10, 100, display_lots=2)
    told = desk.buy(ANN, 7, 100, self_trade_prevention=SelfTradePrevention.DECREMENT)
    assert told == ["REDUCED 1 SELF_TRADE 7 leaves 3", "CANCELED 2 SELF_TRADE 7"]
    assert desk.order(1).shown_lots == 2


def test_history_trades_with_one_slice_after_the_other(desk: Desk) -> None:
    desk.sell(ANN, 4, 100, display_lots=2)
    desk.history(Side.SELL, 5, 100, source_id=1)
    # Ann's first slice stands before history's order; the second queues behind it.
    assert desk.execute(Side.BUY, 5, 100, source_id=1) == [
        "TRADE 2@100 0x1",
        "PARTIAL 1 leaves 2",
        "REFRESHED 1 shows 2 behind 5",
        "TRADE 3@100 0x2",
        "PARTIAL 2 leaves 2",
    ]


def test_frozen_slices_count_both_books(which: str) -> None:
    desk = desk_of_one(which, mode=ReplayMode.FROZEN)
    desk.sell(ANN, 4, 100, display_lots=2)
    desk.history(Side.SELL, 5, 100, source_id=1)
    assert desk.buy(BOB, 8, 100) == [
        "TRADE 2@100 3x1",
        "PARTIAL 1 leaves 2",
        "PARTIAL 3 leaves 6",
        "REFRESHED 1 shows 2 behind 5",
        "TRADE 5@100 3x2",
        "PARTIAL 3 leaves 1",
        "TRADE 1@100 3x1",
        "PARTIAL 1 leaves 1",
        "FILLED 3",
    ]


def test_post_only_icebergs_in_a_bare_venue(which: str) -> None:
    desk = desk_of_one(which, bare=True)
    told = desk.sell(7, 4, 100, display_lots=2, flags=OrderFlag.POST_ONLY)
    assert told == ["RESTED 1 leaves 4 behind 0 shows 2"]
    assert desk.buy(8, 2, 100)[-1] == "REFRESHED 1 shows 2 behind 0"
