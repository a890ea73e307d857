import pytest

from tests.twins.desk import ANN, BOB, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderFlag, OrderType, Phase, Place, Reason, Side, TimeInForce
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.states import OrderState

pytestmark = pytest.mark.kernel

OPG, CLS = {"time_in_force": TimeInForce.OPG}, {"time_in_force": TimeInForce.CLS}
IOC, FOK = {"time_in_force": TimeInForce.IOC}, {"time_in_force": TimeInForce.FOK}
COLLECTING = (Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION, Phase.REOPENING_AUCTION)


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    return desk_of_one(which)


def phase(desk: Desk, to: Phase) -> list[str]:
    told = desk.do(make.set_phase(desk.time_ns, to))
    assert told[0] == f"PHASE_CHANGED 0 {int(to)} 50-200"
    return told[1:]


class TestWhatIsTaken:
    def test_in_a_halt_cancels_only(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100)
        desk.buy(BOB, 1, trigger_price_ticks=110, order_type=OrderType.STOP)
        assert phase(desk, Phase.HALTED) == []
        assert desk.buy(ANN, 1, 100) == ["REJECTED INSTRUMENT_HALTED 0/0"]
        assert desk.replace(ANN, 1, lots=3) == ["REJECTED INSTRUMENT_HALTED 0/0"]
        assert desk.order(1).order_state == OrderState.SUSPENDED
        assert desk.order(2).order_state == OrderState.HELD
        assert desk.cancel(ANN, 1, lots=1) == ["REDUCED 1 BY_REQUEST 1 leaves 4"]
        assert desk.events[0].order_state == OrderState.SUSPENDED
        assert desk.cancel(ANN, 1) == ["CANCELED 1 BY_REQUEST 4"]

    def test_history_goes_on_in_a_halt_without_meeting_live_orders(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100)
        phase(desk, Phase.HALTED)
        assert desk.history(Side.SELL, 3, 100, source_id=1) == ["RESTED 2 leaves 3 behind 0"]
        assert desk.events[-2].order_state == OrderState.NEW
        assert desk.order(2).order_state == OrderState.NEW
        told = desk.replace(STREET, client_order_id=1, lots=2, flags=OrderFlag.HISTORICAL)
        assert told == ["REPLACED 2 by 3 2 of 2@100"]
        # Executions leave out live orders.
        assert desk.execute(Side.SELL, 4, 100) == ["TRADE 4@100 0x0"]
        assert desk.execute(Side.BUY, 4, 100, source_id=1) == ["TRADE 2@100 0x3", "FILLED 3"]
        row = desk.row("instruments", instrument=0)
        assert (row.divergence_orders, row.divergence_lots) == (1, 2)

    @pytest.mark.parametrize("collecting", COLLECTING)
    def test_orders_are_collected(self, desk: Desk, collecting: Phase) -> None:
        desk.sell(BOB, 5, 100)
        phase(desk, collecting)
        assert desk.row("instruments", instrument=0).collecting == collecting
        assert desk.buy(ANN, 1, 100, **IOC) == ["REJECTED INVALID_TIME_IN_FORCE 0/0"]
        assert desk.buy(ANN, 1, 100, **FOK) == ["REJECTED INVALID_TIME_IN_FORCE 0/0"]
        # A crossing order rests, a post-only one too.
        assert desk.buy(ANN, 2, 101)[0] == "RESTED 4 leaves 2 behind 0"
        assert desk.buy(ANN, 2, 101, flags=OrderFlag.POST_ONLY)[0] == "RESTED 5 leaves 2 behind 2"
        assert desk.replace(ANN, 5, price=102)[1] == "RESTED 6 leaves 2 behind 0"

    def test_market_orders_wait_in_their_queue(self, desk: Desk) -> None:
        phase(desk, Phase.PRE_OPEN)
        assert desk.buy(ANN, 2) == ["RESTED 1 leaves 2 behind 0"]
        (rested,) = desk.of_kind(EventKind.ORDER_RESTED)
        assert (rested.price_ticks, rested.limit, rested.order_state) == (0, 0, OrderState.NEW)
        assert desk.buy(BOB, 3) == ["RESTED 2 leaves 3 behind 2"]
        assert desk.sell(BOB, 1) == ["RESTED 3 leaves 1 behind 0"]
        order = desk.order(1)
        assert (order.book, order.price_ticks) == (Place.MARKET_QUEUE, 0)
        # No last price and no reference price: it is valued at the band's high price.
        assert (order.trigger_price_ticks, order.opening_lots, order.reserved_micros) == (200, 2, 4_000_000)
        assert desk.replace(ANN, 1, lots=1) == ["REPLACED 1 by 4 1 of 1@0"]
        assert desk.order(4).priority == 1
        assert desk.replace(ANN, 4, lots=2)[1] == "RESTED 5 leaves 2 behind 3"
        assert desk.replace(ANN, 5, price=100) == ["REJECTED INVALID_PRICE 0/0"]
        assert desk.of_kind(EventKind.QUOTE) == []

    def test_value_of_market_orders(self, which: str) -> None:
        desk = desk_of_one(which, reference_price="1.50", accounts=[Account("ann", cash=3)])
        phase(desk, Phase.PRE_OPEN)
        # The reference price 1.50 until something has traded, then the last price.
        assert desk.buy(ANN, 3) == ["REJECTED INSUFFICIENT_BUYING_POWER 4500000/3000000"]
        desk.execute(Side.BUY, 1, 100)
        assert desk.buy(ANN, 3) == ["RESTED 2 leaves 3 behind 0"]
        assert desk.account(ANN).reserved_micros == 3_000_000


class TestAuctionOrders:
    def test_for_the_opening(self, desk: Desk) -> None:
        assert desk.buy(ANN, 1, 100, **OPG) == ["REJECTED INVALID_TIME_IN_FORCE 0/0"]
        phase(desk, Phase.PRE_OPEN)
        assert desk.buy(ANN, 5, 100, **OPG) == ["RESTED 2 leaves 5 behind 0"]
        desk.sell(BOB, 2, 100)
        assert phase(desk, Phase.OPENING_AUCTION) == ["INDICATIVE 2@100 imbalance 3 of 5/2"]
        assert desk.buy(ANN, 1, **OPG)[0] == "RESTED 4 leaves 1 behind 0"
        # The market order trades first.
        assert phase(desk, Phase.CONTINUOUS) == [
            "UNCROSSED 2@100 imbalance 4 of 6/2",
            "TRADE 1@100 4x3",
            "PARTIAL 3 leaves 1",
            "FILLED 4",
            "TRADE 1@100 3x2",
            "PARTIAL 2 leaves 4",
            "FILLED 3",
            "CANCELED 2 AUCTION_ENDED 4",
        ]

    def test_for_the_close(self, desk: Desk) -> None:
        assert desk.buy(ANN, 5, 100, **CLS) == ["HELD 1 at 0 from 0"]
        assert desk.order(1).book == Place.AUCTION
        assert desk.buy(ANN, 1, **CLS) == ["HELD 2 at 0 from 0"]
        desk.sell(BOB, 3, 99)
        # They become active when the closing auction begins.
        assert phase(desk, Phase.CLOSING_AUCTION) == [
            "RESTED 1 leaves 5 behind 0",
            "RESTED 2 leaves 1 behind 0",
            "INDICATIVE 3@99 imbalance 3 of 6/3",
        ]
        assert [event.kind for event in desk.events].count(EventKind.ORDER_APPROVED) == 2
        assert desk.sell(BOB, 1, 100, **CLS) == [
            "RESTED 4 leaves 1 behind 0",
            "INDICATIVE 4@100 imbalance 2 of 6/4",
        ]
        # The first trade is the older order's to give: Bob's day order rests, the market order comes in.
        assert phase(desk, Phase.CLOSED) == [
            "UNCROSSED 4@100 imbalance 2 of 6/4",
            "TRADE 1@100 2x3",
            "PARTIAL 3 leaves 2",
            "FILLED 2",
            "TRADE 2@100 1x3",
            "FILLED 3",
            "PARTIAL 1 leaves 3",
            "TRADE 1@100 4x1",
            "PARTIAL 1 leaves 2",
            "FILLED 4",
            "CANCELED 1 AUCTION_ENDED 2",
        ]

    def test_that_had_no_auction_end_with_the_day(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100)
        desk.buy(ANN, 5, 100, **CLS)
        desk.buy(ANN, 5, 100, time_in_force=TimeInForce.GTC)
        assert phase(desk, Phase.CLOSED) == ["CANCELED 2 AUCTION_ENDED 5", "EXPIRED 1 END_OF_DAY 5"]

    def test_one_that_fails_its_checks_when_the_auction_begins(self, which: str) -> None:
        desk = desk_of_one(which, accounts=[Account("ann", cash=10)])
        desk.buy(ANN, 9, 100, **CLS)
        desk.buy(ANN, 5, 50)
        assert phase(desk, Phase.CLOSING_AUCTION) == ["REJECTED INSUFFICIENT_BUYING_POWER 9000000/7500000"]
        assert desk.account(ANN).open_orders == 1


class TestChanges:
    def test_closing_ends_orders_in_order_of_id_across_instruments(self, which: str) -> None:
        two = [Instrument(name, "0.50", "2.00") for name in ("ONE", "TWO")]
        desk = Desk(which, Venue(two, [Account("ann", cash=100)]))
        for instrument in (1, 0, 1):
            desk.buy(ANN, 1, 90, instrument=instrument)
        desk.buy(ANN, 1, 90, instrument=1, **CLS)
        desk.buy(ANN, 1, 90, instrument=0, **CLS)
        assert desk.do(make.set_phase(0, Phase.CLOSED)) == [
            "PHASE_CHANGED 0 1 50-200",
            "CANCELED 5 AUCTION_ENDED 1",
            "PHASE_CHANGED 1 1 50-200",
            "CANCELED 4 AUCTION_ENDED 1",
            "EXPIRED 1 END_OF_DAY 1",
            "EXPIRED 2 END_OF_DAY 1",
            "EXPIRED 3 END_OF_DAY 1",
        ]

    def test_the_same_phase_is_no_change(self, desk: Desk) -> None:
        assert desk.do(make.set_phase(0, Phase.CONTINUOUS)) == []
        desk.do(make.schedule_phase(0, Phase.CLOSED, 100))
        # But what was scheduled is forgotten.
        assert desk.do(make.set_phase(0, Phase.CONTINUOUS)) == []
        assert desk.row("instruments", instrument=0).schedule_time_ns == 0
        assert desk.do(make.set_phase(0, 7)) == ["REJECTED INVALID_FLAGS 0/0"]  # type: ignore[arg-type]

    def test_the_latest_collecting_phase_counts(self, desk: Desk) -> None:
        phase(desk, Phase.PRE_OPEN)
        desk.buy(ANN, 1, 100)
        desk.sell(BOB, 1, 100)
        # A halt in between changes nothing of what was collected.
        assert phase(desk, Phase.HALTED) == []
        assert desk.order(1).order_state == OrderState.SUSPENDED
        assert desk.row("instruments", instrument=0).collecting == Phase.PRE_OPEN
        assert phase(desk, Phase.CONTINUOUS)[0] == "UNCROSSED 1@100 imbalance 0 of 1/1"
        # Without one there is no uncross.
        phase(desk, Phase.HALTED)
        assert phase(desk, Phase.CONTINUOUS) == []

    def test_what_the_event_says(self, desk: Desk) -> None:
        phase(desk, Phase.HALTED)
        (changed,) = desk.events
        assert (changed.reason, changed.account, changed.instrument) == (Reason.NONE, 0, 0)
        assert (changed.phase, changed.reference_ticks, changed.limit_up_ticks) == (Phase.HALTED, 0, 0)
        assert (changed.next_phase, changed.next_phase_time_ns) == (0, 0)

    def test_frozen_history_goes_on_in_every_phase(self, which: str) -> None:
        desk = desk_of_one(which, mode=ReplayMode.FROZEN)
        desk.buy(ANN, 5, 100)
        phase(desk, Phase.PRE_OPEN)
        # Neither an arriving order nor an execution meets Ann's.
        assert desk.history(Side.SELL, 3, 100, source_id=1) == ["RESTED 2 leaves 3 behind 0"]
        assert desk.execute(Side.SELL, 4, 99) == ["TRADE 4@99 0x0"]
        assert desk.order(1).leaves_lots == 5
