import pytest

from tests.twins.desk import ANN, BOB, CID, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain.codes import EventKind, OrderFlag, OrderType, SelfTradePrevention, Side, TimeInForce
from workbench.domain.config import ReplayMode
from workbench.domain.states import OrderState

pytestmark = pytest.mark.kernel

ONLY = {"flags": OrderFlag.REDUCE_ONLY}


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    """Ann is long 5 lots; order ids start at 3."""
    desk = desk_of_one(which)
    desk.sell(BOB, 5, 100)
    desk.buy(ANN, 5, 100)
    return desk


def test_opens_nothing_on_entry(desk: Desk) -> None:
    assert desk.buy(ANN, 1, 90, **ONLY) == ["REJECTED REDUCE_ONLY_WOULD_OPEN 1/0"]
    assert desk.sell(ANN, 6, 110, **ONLY) == ["REJECTED REDUCE_ONLY_WOULD_OPEN 1/5"]
    assert desk.sell(ANN, 2, 110) == ["RESTED 5 leaves 2 behind 0"]
    # What is on offer already cannot be closed again.
    assert desk.sell(ANN, 5, 110, **ONLY) == ["REJECTED REDUCE_ONLY_WOULD_OPEN 2/3"]
    assert desk.sell(ANN, 3, 110, **ONLY) == ["RESTED 7 leaves 3 behind 2"]
    assert desk.order(7).opening_lots == 0
    assert desk.replace(ANN, 7, lots=4) == ["REJECTED REDUCE_ONLY_WOULD_OPEN 1/3"]


def test_not_for_the_street_nor_in_a_bare_venue(desk: Desk, which: str) -> None:
    assert desk.sell(STREET, 1, 110, **ONLY) == ["REJECTED INVALID_FLAGS 0/0"]
    assert desk_of_one(which, bare=True).sell(ANN, 1, 110, **ONLY) == ["REJECTED INVALID_FLAGS 0/0"]


def test_is_cut_when_its_turn_comes(desk: Desk) -> None:
    desk.sell(ANN, 5, 110, **ONLY)
    desk.buy(BOB, 3, 90)
    desk.sell(ANN, 3, 90)
    # Ann has 2 lots left of which the reduce-only order may sell 2.
    assert desk.position(ANN).position_lots == 2
    assert desk.order(3).leaves_lots == 5
    assert desk.buy(BOB, 4, 110) == [
        "REDUCED 3 REDUCE_ONLY 3 leaves 2",
        "TRADE 2@110 6x3",
        "FILLED 3",
        "PARTIAL 6 leaves 2",
        "RESTED 6 leaves 2 behind 0",
    ]
    assert desk.of_kind(EventKind.ORDER_REDUCED)[0].quantity_lots == 2


def test_is_cancelled_when_nothing_is_left_to_reduce(desk: Desk) -> None:
    desk.sell(ANN, 2, 110, **ONLY)
    desk.sell(BOB, 1, 111)
    desk.buy(BOB, 9, 90)
    desk.sell(ANN, 5, 90)
    assert desk.position(ANN).position_lots == 0
    assert desk.buy(CID, 1, 111) == [
        "CANCELED 3 REDUCE_ONLY 2",
        "TRADE 1@111 7x4",
        "FILLED 4",
        "FILLED 7",
    ]


def test_self_trade_prevention_comes_first(desk: Desk) -> None:
    desk.sell(ANN, 5, 110, **ONLY)
    desk.buy(BOB, 5, 90)
    desk.sell(ANN, 5, 90)
    told = desk.buy(ANN, 2, 110, self_trade_prevention=SelfTradePrevention.DECREMENT)
    assert told == ["REDUCED 3 SELF_TRADE 2 leaves 3", "CANCELED 6 SELF_TRADE 2"]
    told = desk.buy(ANN, 2, 110, self_trade_prevention=SelfTradePrevention.ALLOW)
    assert told == ["CANCELED 3 REDUCE_ONLY 3", "RESTED 7 leaves 2 behind 0"]


def test_is_not_sure_for_fill_or_kill(desk: Desk) -> None:
    desk.sell(ANN, 5, 110, **ONLY)
    desk.sell(BOB, 3, 110)
    assert desk.buy(CID, 4, 110, time_in_force=TimeInForce.FOK) == ["CANCELED 5 FILL_OR_KILL 4"]
    assert desk.buy(CID, 3, 110, time_in_force=TimeInForce.FOK)[-2:] == ["PARTIAL 3 leaves 2", "FILLED 6"]


def test_executions_of_history_cut_it_too(desk: Desk) -> None:
    desk.sell(ANN, 5, 110, **ONLY)
    desk.buy(BOB, 4, 90)
    desk.sell(ANN, 4, 90)
    assert desk.execute(Side.BUY, 2, 110) == [
        "REDUCED 3 REDUCE_ONLY 4 leaves 1",
        "TRADE 1@110 0x3",
        "FILLED 3",
        "TRADE 1@110 0x0",
    ]


def test_frozen_history_cuts_it_too(which: str) -> None:
    desk = desk_of_one(which, mode=ReplayMode.FROZEN)
    desk.history(Side.SELL, 5, 100, source_id=1)
    desk.buy(ANN, 5, 100)
    desk.sell(ANN, 5, 110, **ONLY)
    desk.history(Side.BUY, 9, 90, source_id=2)
    desk.sell(ANN, 3, 90)
    # What is left of Ann's position is 2.
    assert desk.history(Side.BUY, 9, 110, source_id=3) == [
        "REDUCED 3 REDUCE_ONLY 3 leaves 2",
        "TRADE 2@110 6x3",
        "FILLED 3",
        "RESTED 6 leaves 9 behind 0",
    ]


def test_a_held_order_is_cut_when_it_becomes_active(desk: Desk) -> None:
    stop = {"order_type": OrderType.STOP, "trigger_price_ticks": 95}
    desk.sell(ANN, 5, **stop, **ONLY)
    desk.sell(ANN, 5, **stop, **ONLY)
    desk.buy(BOB, 3, 96)
    desk.sell(ANN, 3, 96)
    assert desk.position(ANN).position_lots == 2
    desk.buy(BOB, 9, 90)
    # Cut to 2, which it sells at 90; nothing is left for the other one to close.
    assert desk.execute(Side.SELL, 1, 95) == [
        "TRADE 1@95 0x0",
        "TRIGGERED 3 at 95 by 95",
        "REDUCED 3 REDUCE_ONLY 3 leaves 2",
        "TRADE 2@90 3x7",
        "PARTIAL 7 leaves 7",
        "FILLED 3",
        "TRIGGERED 4 at 95 by 90",
        "REJECTED REDUCE_ONLY_WOULD_OPEN 5/0",
    ]
    reduced = desk.of_kind(EventKind.ORDER_REDUCED)[0]
    assert (reduced.order_state, reduced.quantity_lots) == (OrderState.HELD, 2)
