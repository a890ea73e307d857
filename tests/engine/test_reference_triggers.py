import pytest

from tests.twins.desk import ANN, BOB, CID, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import (
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    Place,
    Side,
    TimeInForce,
    TriggerReference,
)
from workbench.domain.config import Account, ReplayMode
from workbench.domain.limits import Limits
from workbench.domain.states import OrderState

pytestmark = pytest.mark.kernel

STOP, STOP_LIMIT = {"order_type": OrderType.STOP}, {"order_type": OrderType.STOP_LIMIT}
MIT, LIT = {"order_type": OrderType.MARKET_IF_TOUCHED}, {"order_type": OrderType.LIMIT_IF_TOUCHED}
TRAIL = {"order_type": OrderType.TRAILING_STOP}


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    return desk_of_one(which)


def print_price(desk: Desk, price: int) -> list[str]:
    """A trade of one lot between Bob and Cid; what it sets off."""
    desk.sell(BOB, 1, price)
    told = desk.buy(CID, 1, price)
    assert told[0].startswith(f"TRADE 1@{price}")
    return told[3:]


class TestWaiting:
    def test_events_and_record_of_a_held_order(self, desk: Desk) -> None:
        assert desk.buy(ANN, 3, 111, trigger_price_ticks=110, client_order_id=7, **STOP_LIMIT) == [
            "HELD 1 at 110 from 0"
        ]
        created, terms, approved, held = desk.events
        assert [event.kind for event in desk.events] == [
            EventKind.ORDER_CREATED,
            EventKind.ORDER_TERMS,
            EventKind.ORDER_APPROVED,
            EventKind.ORDER_HELD,
        ]
        assert (created.order_state, terms.order_state) == (OrderState.PENDING_NEW,) * 2
        assert (terms.order_id, terms.client_order_id, terms.trigger_price_ticks) == (1, 7, 110)
        assert (terms.trail_micros, terms.display_lots, terms.group_id, terms.group_place) == (0, 0, 0, 0)
        # A limit order of the same terms would need 3 * 1.11.
        assert (approved.order_state, approved.value) == (OrderState.HELD, 3_330_000)
        assert (held.order_state, held.leaves_lots, held.price_ticks) == (OrderState.HELD, 3, 111)
        order = desk.order(1)
        assert (order.book, order.order_state, order.priority) == (Place.TRIGGER, OrderState.HELD, 1)
        assert (order.trigger_price_ticks, order.opening_lots, order.reserved_micros) == (110, 0, 0)
        # It is open, and takes up neither open lots nor money.
        assert (desk.account(ANN).open_orders, desk.account(ANN).reserved_micros) == (1, 0)
        assert len(desk.exchange.state().positions) == 0
        assert desk.buy(ANN, 1, 90, client_order_id=7) == ["REJECTED DUPLICATE_CLIENT_ORDER_ID 7/1"]

    def test_orders_of_the_street_are_held_without_approval(self, desk: Desk) -> None:
        desk.buy(STREET, 1, trigger_price_ticks=110, **STOP)
        assert [event.kind for event in desk.events][2:] == [EventKind.ORDER_HELD]

    def test_cancel_reduce_and_expire_while_held(self, desk: Desk) -> None:
        desk.buy(ANN, 5, trigger_price_ticks=110, **STOP)
        assert desk.cancel(ANN, 1, lots=2) == ["REDUCED 1 BY_REQUEST 2 leaves 3"]
        assert desk.events[0].order_state == OrderState.HELD
        assert desk.cancel(ANN, 1) == ["CANCELED 1 BY_REQUEST 3"]
        desk.buy(ANN, 5, trigger_price_ticks=110, **STOP)
        assert desk.do(make.set_phase(0, Phase.CLOSED)) == [
            "PHASE_CHANGED 0 1 50-200",
            "EXPIRED 2 END_OF_DAY 5",
        ]
        assert desk.account(ANN).open_orders == 0

    @pytest.mark.parametrize(
        ("side", "terms", "price", "beyond"),
        [
            (Side.BUY, STOP, 110, 111),
            (Side.SELL, STOP, 90, 89),
            (Side.BUY, MIT, 90, 89),
            (Side.SELL, MIT, 110, 111),
        ],
    )
    def test_triggered_at_its_price_and_beyond(
        self, which: str, side: Side, terms: dict[str, OrderType], price: int, beyond: int
    ) -> None:
        step = beyond - price
        for reference in (price, beyond):
            desk = desk_of_one(which)
            settings = {"trigger_price_ticks": price, **terms}
            new = desk.buy if side == Side.BUY else desk.sell
            assert new(ANN, 2, **settings) == [f"HELD 1 at {price} from 0"]
            assert print_price(desk, price - step) == []
            assert print_price(desk, reference) == [
                f"TRIGGERED 1 at {price} by {reference}",
                "CANCELED 1 NO_LIQUIDITY 2",
            ]


class TestTriggering:
    def test_a_stop_trades_as_a_market_order(self, desk: Desk) -> None:
        desk.sell(BOB, 5, 112)
        desk.buy(ANN, 3, trigger_price_ticks=110, **STOP)
        assert print_price(desk, 110) == [
            "TRIGGERED 2 at 110 by 110",
            "TRADE 3@112 2x1",
            "PARTIAL 1 leaves 2",
            "FILLED 2",
        ]
        kinds = [event.kind for event in desk.events]
        at = kinds.index(EventKind.ORDER_TRIGGERED)
        triggered, approved, trade = desk.events[at : at + 3]
        assert (triggered.order_state, triggered.price_ticks) == (OrderState.HELD, 0)
        # 3 lots at 1.12.
        assert (approved.kind, approved.order_state, approved.value) == (
            EventKind.ORDER_APPROVED,
            OrderState.NEW,
            3_360_000,
        )
        assert (trade.order_type, trade.account) == (OrderType.STOP, ANN)
        # The last price is 112 now.
        assert desk.row("instruments", instrument=0).last_price_ticks == 112

    def test_a_stop_limit_rests_and_keeps_its_type(self, desk: Desk) -> None:
        desk.buy(ANN, 3, 109, trigger_price_ticks=110, time_in_force=TimeInForce.GTC, **STOP_LIMIT)
        assert print_price(desk, 110) == ["TRIGGERED 1 at 110 by 110", "RESTED 1 leaves 3 behind 0"]
        order = desk.order(1)
        assert (order.book, order.order_type, order.trigger_price_ticks) == (0, OrderType.STOP_LIMIT, 110)
        # Ann's hold, Bob's sell order, Ann's rest.
        assert (order.priority, order.order_state, order.opening_lots) == (3, OrderState.NEW, 3)
        assert order.reserved_micros == 3_270_000

    def test_limit_if_touched(self, desk: Desk) -> None:
        desk.sell(ANN, 3, 108, trigger_price_ticks=110, **LIT)
        desk.buy(BOB, 1, 109)
        # A sell that is touched from below: it takes Bob's bid, above its limit, and offers the rest.
        desk.sell(CID, 1, 111)
        assert desk.buy(BOB, 1, 111)[3:] == [
            "TRIGGERED 1 at 110 by 111",
            "TRADE 1@109 1x2",
            "FILLED 2",
            "PARTIAL 1 leaves 2",
            "RESTED 1 leaves 2 behind 0",
        ]

    def test_one_triggers_the_next_and_rising_come_before_falling(self, desk: Desk) -> None:
        desk.sell(ANN, 1, trigger_price_ticks=112, **MIT)
        desk.buy(ANN, 1, trigger_price_ticks=111, **STOP)
        desk.buy(ANN, 1, trigger_price_ticks=110, **STOP)
        desk.buy(ANN, 1, trigger_price_ticks=110, **STOP)
        desk.buy(ANN, 1, trigger_price_ticks=115, **MIT)
        desk.sell(BOB, 1, 113)
        # Last price 110: two rising at 110, the older first, which prints 113; now 110, 111, 112 are reached,
        # and of the falling ones 115 was all the time, but rising ones come first.
        assert print_price(desk, 110) == [
            "TRIGGERED 3 at 110 by 110",
            "TRADE 1@113 3x6",
            "FILLED 6",
            "FILLED 3",
            "TRIGGERED 4 at 110 by 113",
            "CANCELED 4 NO_LIQUIDITY 1",
            "TRIGGERED 2 at 111 by 113",
            "CANCELED 2 NO_LIQUIDITY 1",
            "TRIGGERED 1 at 112 by 113",
            "CANCELED 1 NO_LIQUIDITY 1",
            "TRIGGERED 5 at 115 by 113",
            "CANCELED 5 NO_LIQUIDITY 1",
        ]

    def test_an_order_whose_price_is_reached_triggers_in_its_own_command(self, desk: Desk) -> None:
        print_price(desk, 100)
        assert desk.sell(ANN, 1, trigger_price_ticks=100, **STOP) == [
            "HELD 3 at 100 from 0",
            "TRIGGERED 3 at 100 by 100",
            "CANCELED 3 NO_LIQUIDITY 1",
        ]
        assert desk.account(ANN).open_orders == 0

    def test_account_checks_are_made_again(self, which: str) -> None:
        others = [Account(name, cash_checked=False) for name in ("bob", "cid")]
        desk = desk_of_one(which, accounts=[Account("ann", cash=10), *others])
        desk.buy(ANN, 9, trigger_price_ticks=110, **STOP)
        desk.sell(BOB, 9, 120)
        # On entry 9 * 1.10 = 9.90; triggered 9 * 1.20 = 10.80 of 10.00.
        assert print_price(desk, 110) == [
            "TRIGGERED 1 at 110 by 110",
            "REJECTED INSUFFICIENT_BUYING_POWER 10800000/10000000",
        ]
        (rejected,) = desk.of_kind(EventKind.ORDER_REJECTED)
        assert (rejected.order_id, rejected.order_state, rejected.leaves_lots) == (1, OrderState.REJECTED, 0)
        assert (rejected.quantity_lots, rejected.order_type) == (9, OrderType.STOP)
        assert desk.account(ANN).open_orders == 0

    def test_nothing_triggers_while_trading_is_not_continuous(self, desk: Desk) -> None:
        print_price(desk, 100)
        desk.do(make.set_phase(0, Phase.PRE_OPEN))
        assert desk.sell(ANN, 1, trigger_price_ticks=100, **STOP) == ["HELD 3 at 100 from 0"]
        assert desk.do(make.set_phase(0, Phase.CONTINUOUS)) == [
            "PHASE_CHANGED 0 0 50-200",
            "UNCROSSED 0@0 imbalance 0 of 0/0",
            "TRIGGERED 3 at 100 by 100",
            "CANCELED 3 NO_LIQUIDITY 1",
        ]


class TestReferences:
    def test_bid_and_ask(self, which: str) -> None:
        desk = desk_of_one(which, trigger_reference=TriggerReference.BID_ASK)
        desk.buy(ANN, 1, trigger_price_ticks=110, **STOP)
        desk.sell(ANN, 1, trigger_price_ticks=90, **STOP)
        # Buys look at the best ask, sells at the best bid; trades count for nothing.
        assert desk.sell(BOB, 1, 110) == [
            "RESTED 3 leaves 1 behind 0",
            "TRIGGERED 1 at 110 by 110",
            "TRADE 1@110 1x3",
            "FILLED 3",
            "FILLED 1",
        ]
        assert desk.buy(BOB, 1, 91) == ["RESTED 4 leaves 1 behind 0"]
        assert desk.replace(BOB, 4, price=90)[-3:] == ["TRADE 1@90 2x5", "FILLED 5", "FILLED 2"]

    def test_midpoint_is_rounded_away_from_triggering(self, which: str) -> None:
        desk = desk_of_one(which, trigger_reference=TriggerReference.MIDPOINT)
        desk.buy(ANN, 1, trigger_price_ticks=101, **STOP)
        desk.buy(ANN, 1, trigger_price_ticks=100, **MIT)
        desk.buy(BOB, 1, 99)
        # (99 + 102) / 2 = 100.5: 100 for the rising one, 101 for the falling one.
        assert desk.sell(BOB, 1, 102) == ["RESTED 4 leaves 1 behind 0"]
        # (99 + 101) / 2 = 100 reaches the falling one, which takes the ask; then there is no middle.
        assert desk.sell(BOB, 1, 101)[1:3] == ["TRIGGERED 2 at 100 by 100", "TRADE 1@101 2x5"]
        # (99 + 102) / 2 again.
        assert desk.buy(BOB, 1, 100) == [
            "RESTED 6 leaves 1 behind 0",
            "TRIGGERED 1 at 101 by 101",
            "TRADE 1@102 1x4",
            "FILLED 4",
            "FILLED 1",
        ]

    def test_a_frozen_venue_looks_at_history_alone(self, which: str) -> None:
        desk = desk_of_one(which, mode=ReplayMode.FROZEN, trigger_reference=TriggerReference.BID_ASK)
        desk.buy(ANN, 1, trigger_price_ticks=105, **STOP)
        assert desk.sell(BOB, 1, 110) == ["RESTED 2 leaves 1 behind 0"]
        assert desk.history(Side.SELL, 1, 111, source_id=1) == [
            "RESTED 3 leaves 1 behind 0",
            "TRIGGERED 1 at 105 by 111",
            "TRADE 1@110 1x2",
            "FILLED 2",
            "FILLED 1",
        ]


class TestTrailing:
    def test_follows_and_triggers(self, desk: Desk) -> None:
        print_price(desk, 100)
        # 100 - 5; in a command the trail is the trigger price.
        assert desk.sell(ANN, 1, trigger_price_ticks=5, **TRAIL) == ["HELD 3 at 95 from 100"]
        assert print_price(desk, 98) == []
        assert print_price(desk, 104) == ["TRAILED 3 at 99 from 104"]
        order = desk.order(3)
        assert (order.watermark_ticks, order.trigger_price_ticks, order.trail_ticks) == (104, 99, 5)
        assert print_price(desk, 100) == []
        assert print_price(desk, 99) == ["TRIGGERED 3 at 99 by 99", "CANCELED 3 NO_LIQUIDITY 1"]

    def test_a_part_of_the_watermark(self, desk: Desk) -> None:
        # No reference yet: no watermark, no trigger price.
        assert desk.buy(ANN, 1, trail_micros=30_000, **TRAIL) == ["HELD 1 at 0 from 0"]
        assert desk.buy(ANN, 1, trail_micros=1, **TRAIL) == ["HELD 2 at 0 from 0"]
        # 3 % of 110 is 3.3, rounded down; a trail is one tick at least. Both in order of priority.
        assert print_price(desk, 110) == ["TRAILED 1 at 113 from 110", "TRAILED 2 at 111 from 110"]
        assert print_price(desk, 100) == ["TRAILED 1 at 103 from 100", "TRAILED 2 at 101 from 100"]

    def test_the_trigger_price_stays_in_the_window(self, desk: Desk) -> None:
        print_price(desk, 52)
        assert desk.sell(ANN, 1, trigger_price_ticks=5, **TRAIL) == ["HELD 3 at 50 from 52"]
        assert desk.buy(ANN, 1, trigger_price_ticks=1_000, **TRAIL) == ["HELD 4 at 200 from 52"]

    def test_watermarks_follow_what_was_set_off(self, desk: Desk) -> None:
        desk.buy(ANN, 1, trigger_price_ticks=110, **STOP)
        desk.sell(ANN, 1, trigger_price_ticks=5, **TRAIL)
        desk.sell(BOB, 1, 115)
        assert print_price(desk, 110) == [
            "TRAILED 2 at 105 from 110",
            "TRIGGERED 1 at 110 by 110",
            "TRADE 1@115 1x3",
            "FILLED 3",
            "FILLED 1",
            "TRAILED 2 at 110 from 115",
        ]

    def test_is_valued_at_the_trigger_price_it_would_have(self, which: str) -> None:
        others = [Account(name, cash_checked=False) for name in ("bob", "cid")]
        desk = desk_of_one(which, accounts=[Account("ann", cash=1), *others])
        # Nothing to value it by.
        assert desk.buy(ANN, 9, trigger_price_ticks=5, **TRAIL) == ["HELD 1 at 0 from 0"]
        print_price(desk, 100)
        assert desk.buy(ANN, 1, trigger_price_ticks=5, **TRAIL) == [
            "REJECTED INSUFFICIENT_BUYING_POWER 1050000/1000000"
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("trigger", "trail", "terms"),
        [
            (0, 0, TRAIL),
            (5, 5, TRAIL),
            (-1, 0, TRAIL),
            (2**40 + 1, 0, TRAIL),
            (0, 1_000_000, TRAIL),
            (0, -1, TRAIL),
            (0, 0, STOP),
            (102, 0, STOP),
            (45, 0, STOP),
            (205, 0, MIT),
            (100, 1, STOP),
            (100, 0, {}),
            (0, 7, {}),
        ],
    )
    def test_trigger_price(self, which: str, trigger: int, trail: int, terms: dict[str, OrderType]) -> None:
        desk = desk_of_one(which, price_increment="0.05", band_low="0.60", band_high="1.50")
        told = desk.buy(ANN, 1, trigger_price_ticks=trigger, trail_micros=trail, **terms)
        assert told == [f"REJECTED INVALID_TRIGGER_PRICE {trigger}/{trail}"]
        # The window counts, not the band.
        assert desk.buy(ANN, 1, trigger_price_ticks=195, **STOP) == ["HELD 2 at 195 from 0"]

    def test_price_and_time_in_force(self, desk: Desk) -> None:
        assert desk.buy(ANN, 1, 100, trigger_price_ticks=100, **STOP) == ["REJECTED INVALID_PRICE 0/0"]
        assert desk.buy(ANN, 1, 0, trigger_price_ticks=100, **STOP_LIMIT) == ["REJECTED INVALID_PRICE 0/0"]
        for time_in_force in (TimeInForce.IOC, TimeInForce.FOK, TimeInForce.OPG, TimeInForce.CLS):
            told = desk.buy(ANN, 1, trigger_price_ticks=100, time_in_force=time_in_force, **STOP)
            assert told == ["REJECTED INVALID_TIME_IN_FORCE 0/0"]
        told = desk.buy(ANN, 1, trigger_price_ticks=100, flags=OrderFlag.POST_ONLY, **STOP)
        assert told == ["REJECTED INVALID_FLAGS 0/0"]
        assert desk.buy(ANN, 1, order_type=8) == ["REJECTED INVALID_ORDER_TYPE 0/0"]

    def test_notional_goes_by_the_trigger_price(self, which: str) -> None:
        desk = desk_of_one(which, max_order_notional=5)
        assert desk.buy(ANN, 5, trigger_price_ticks=101, **STOP) == [
            "REJECTED NOTIONAL_TOO_LARGE 5050000/5000000"
        ]

    def test_open_orders_count_held_ones(self, which: str) -> None:
        desk = desk_of_one(which, accounts=[Account("ann", cash=100, limits=Limits(max_open_orders=1))])
        desk.buy(ANN, 1, trigger_price_ticks=101, **STOP)
        assert desk.buy(ANN, 1, 90) == ["REJECTED TOO_MANY_OPEN_ORDERS 1/1"]


class TestReplacing:
    def test_the_trigger_price(self, desk: Desk) -> None:
        desk.buy(ANN, 3, trigger_price_ticks=110, **STOP)
        assert desk.replace(ANN, 1, trigger_price_ticks=105) == [
            "REPLACED 1 by 2 3 of 3@0",
            "HELD 2 at 105 from 0",
        ]
        replaced, terms, _ = desk.events
        assert (replaced.order_state, replaced.flags) == (OrderState.REPLACED, 0)
        assert (terms.kind, terms.order_id, terms.trigger_price_ticks) == (EventKind.ORDER_TERMS, 2, 105)
        assert desk.order(2).priority == 2
        assert print_price(desk, 105)[0] == "TRIGGERED 2 at 105 by 105"

    def test_a_trail_keeps_the_watermark_and_forgets_the_other_kind(self, desk: Desk) -> None:
        print_price(desk, 100)
        desk.sell(ANN, 1, trigger_price_ticks=5, **TRAIL)
        print_price(desk, 98)
        # 4 % of the watermark 100.
        assert desk.replace(ANN, 3, trail_micros=40_000)[1] == "HELD 6 at 96 from 100"
        terms = desk.of_kind(EventKind.ORDER_TERMS)[0]
        assert (terms.trigger_price_ticks, terms.trail_micros) == (0, 40_000)
        assert desk.replace(ANN, 6, trigger_price_ticks=10)[1] == "HELD 7 at 90 from 100"
        terms = desk.of_kind(EventKind.ORDER_TERMS)[0]
        assert (terms.trigger_price_ticks, terms.trail_micros) == (10, 0)

    def test_refusals(self, desk: Desk) -> None:
        desk.buy(ANN, 1, 90)
        desk.buy(ANN, 1, trigger_price_ticks=110, **STOP)
        desk.buy(ANN, 1, trigger_price_ticks=5, **TRAIL)
        for order_id, trigger, trail in (
            (1, 100, 0),
            (1, 0, 5),
            (2, -1, 0),
            (2, 49, 0),
            (2, 0, 5),
            (3, 5, 5),
            (3, -1, 0),
            (3, 0, 1_000_000),
        ):
            told = desk.replace(ANN, order_id, trigger_price_ticks=trigger, trail_micros=trail)
            assert told == [f"REJECTED INVALID_TRIGGER_PRICE {trigger}/{trail}"]
        assert desk.replace(ANN, 2, price=100) == ["REJECTED INVALID_PRICE 0/0"]

    def test_not_after_it_has_triggered(self, desk: Desk) -> None:
        desk.buy(ANN, 1, 90, trigger_price_ticks=110, **STOP_LIMIT)
        print_price(desk, 110)
        told = desk.replace(ANN, 1, trigger_price_ticks=120)
        assert told == ["REJECTED INVALID_TRIGGER_PRICE 120/0"]
        # It still tells its trigger price.
        assert desk.replace(ANN, 1, price=91)[0] == "REPLACED 1 by 4 1 of 1@91"
        assert desk.of_kind(EventKind.ORDER_TERMS)[0].trigger_price_ticks == 110
