import pytest

from tests.twins.desk import ANN, BOB, CID, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderFlag, OrderType, Phase, Place, Side, TimeInForce
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.states import OrderState

pytestmark = pytest.mark.kernel

NONE, CHILD, LAST = OrderFlag(0), OrderFlag.GROUP_CHILD, OrderFlag.GROUP_LAST
STOP = {"order_type": OrderType.STOP}
COLLECTING, WAITING, LEGS = 1, 2, 3


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    return desk_of_one(which)


def member(group: int, place: int, flags: OrderFlag = NONE, **settings: object) -> dict[str, object]:
    """Settings of a group's order; the first is named like the group."""
    first = {"client_order_id": group} if place == 1 else {}
    return {"group_id": group, "group_place": place, "flags": flags, **first, **settings}


def oco(desk: Desk, lots: int = 5) -> list[str]:
    """Ann offers at 110 or is stopped out at 90: orders 1 and 2."""
    assert desk.sell(ANN, lots, 110, **member(7, 1)) == ["HELD 1 at 0 from 0"]
    return desk.sell(ANN, lots, trigger_price_ticks=90, **member(7, 2, LAST, **STOP))


def bracket(desk: Desk, lots: int = 5, price: int = 100) -> list[str]:
    """Ann buys at a price (order 3), then sells at 110 (1) or is stopped out at 90 (2)."""
    desk.sell(ANN, lots, 110, **member(7, 1, CHILD))
    desk.sell(ANN, lots, trigger_price_ticks=90, **member(7, 2, CHILD, **STOP))
    return desk.buy(ANN, lots, price, **member(7, 3, LAST))


def groups(desk: Desk) -> list[tuple[int, ...]]:
    return [tuple(row)[2:] for row in desk.exchange.state().groups.tolist()]


class TestOneCancelsTheOther:
    def test_is_held_until_it_is_complete(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 110, **member(7, 1))
        _, terms, approved, held = desk.events
        assert (terms.group_id, terms.group_place) == (7, 1)
        # It passes all checks of a new order: 5 * 1.10.
        assert (approved.order_state, approved.value) == (OrderState.HELD, 5_500_000)
        assert (held.kind, desk.order(1).book) == (EventKind.ORDER_HELD, Place.GROUP)
        assert groups(desk) == [(COLLECTING, 1, 0, 0)]
        # The legs are released in order of their ids: one rests, the other waits for its trigger.
        assert desk.sell(ANN, 5, trigger_price_ticks=90, **member(7, 2, LAST, **STOP)) == [
            "HELD 2 at 0 from 0",
            "RESTED 1 leaves 5 behind 0",
            "HELD 2 at 90 from 0",
        ]
        kinds = [event.kind for event in desk.events]
        assert kinds == [
            EventKind.ORDER_CREATED,
            EventKind.ORDER_TERMS,
            EventKind.ORDER_APPROVED,
            EventKind.ORDER_HELD,
            EventKind.ORDER_APPROVED,
            EventKind.ORDER_RESTED,
            EventKind.ORDER_HELD,
            EventKind.QUOTE,
        ]
        assert groups(desk) == [(LEGS, 1, 2, 0)]
        # Numbers: 1 and 2 for the first holds, 3 for the rest, 4 for the wait.
        assert (desk.order(1).priority, desk.order(2).priority) == (3, 4)

    def test_a_fill_takes_from_the_other_leg(self, desk: Desk) -> None:
        oco(desk)
        assert desk.buy(BOB, 2, 110) == [
            "TRADE 2@110 3x1",
            "PARTIAL 1 leaves 3",
            "FILLED 3",
            "REDUCED 2 GROUP 2 leaves 3",
        ]
        reduced = desk.of_kind(EventKind.ORDER_REDUCED)[0]
        assert (reduced.order_state, reduced.quantity_lots) == (OrderState.HELD, 3)
        assert desk.buy(BOB, 3, 110) == ["TRADE 3@110 4x1", "FILLED 1", "FILLED 4", "CANCELED 2 GROUP 3"]
        assert groups(desk) == []
        assert desk.account(ANN).open_orders == 0

    def test_a_trigger_cancels_the_other_leg(self, desk: Desk) -> None:
        oco(desk)
        desk.buy(BOB, 1, 89)
        assert desk.execute(Side.SELL, 1, 90) == [
            "TRADE 1@90 0x0",
            "TRIGGERED 2 at 90 by 90",
            "CANCELED 1 GROUP 5",
            "TRADE 1@89 2x3",
            "FILLED 3",
            "PARTIAL 2 leaves 4",
            "CANCELED 2 NO_LIQUIDITY 4",
        ]
        assert groups(desk) == []

    def test_the_end_of_a_leg_ends_the_other(self, desk: Desk) -> None:
        oco(desk)
        # A part of it does not.
        assert desk.cancel(ANN, 1, lots=1) == ["REDUCED 1 BY_REQUEST 1 leaves 4"]
        assert desk.cancel(ANN, 2) == ["CANCELED 2 BY_REQUEST 5", "CANCELED 1 GROUP 4"]

    def test_a_mass_cancel_passes_over_what_has_ended(self, desk: Desk) -> None:
        oco(desk)
        desk.sell(ANN, 1, 120)
        assert desk.do(make.mass_cancel(0, ANN)) == [
            "CANCELED 1 MASS_CANCEL 5",
            "CANCELED 2 GROUP 5",
            "CANCELED 3 MASS_CANCEL 1",
        ]

    def test_a_leg_that_is_left_stands_alone(self, desk: Desk) -> None:
        desk.sell(ANN, 3, 110, **member(7, 1))
        desk.sell(ANN, 5, trigger_price_ticks=90, **member(7, 2, LAST, **STOP))
        assert desk.buy(BOB, 3, 110)[-1] == "REDUCED 2 GROUP 3 leaves 2"
        assert groups(desk) == []
        order = desk.order(2)
        assert (order.leaves_lots, order.group_id, order.group_place) == (2, 7, 2)
        assert desk.cancel(ANN, 2) == ["CANCELED 2 BY_REQUEST 2"]

    def test_a_leg_is_checked_as_if_the_other_were_gone(self, which: str) -> None:
        desk = desk_of_one(which, accounts=[Account("ann", cash=10), Account("bob", cash_checked=False)])
        desk.buy(ANN, 5, 95, **member(7, 1))
        told = desk.buy(ANN, 5, 90, **member(7, 2, LAST))
        # 4.75 and 4.50, one after the other, of 10.00.
        assert told == ["HELD 2 at 0 from 0", "RESTED 1 leaves 5 behind 0", "RESTED 2 leaves 5 behind 0"]
        # 10 * 0.95 fits into 10.00 as the other leg's 4.50 do not count; 11 do not.
        assert desk.replace(ANN, 1, lots=11) == ["REJECTED INSUFFICIENT_BUYING_POWER 10450000/10000000"]
        assert desk.replace(ANN, 1, lots=10)[1] == "RESTED 3 leaves 10 behind 0"
        assert desk.account(ANN).reserved_micros == 9_500_000 + 4_500_000

    def test_both_trade_at_once_in_the_command_that_completes_them(self, desk: Desk) -> None:
        desk.sell(BOB, 3, 100)
        desk.buy(ANN, 5, 100, **member(7, 1))
        # The first leg buys three lots while the other is still waiting for its turn.
        assert desk.buy(ANN, 5, 99, **member(7, 2, LAST)) == [
            "HELD 3 at 0 from 0",
            "TRADE 3@100 2x1",
            "FILLED 1",
            "PARTIAL 2 leaves 2",
            "REDUCED 3 GROUP 3 leaves 2",
            "RESTED 2 leaves 2 behind 0",
            "RESTED 3 leaves 2 behind 0",
        ]

    def test_a_leg_that_fails_its_checks_ends_the_group(self, which: str) -> None:
        accounts = [Account("ann", cash=10), Account("bob", cash_checked=False)]
        desk = desk_of_one(which, accounts=accounts)
        desk.buy(ANN, 5, 100, **member(7, 1))
        desk.buy(ANN, 6, 90)
        # 6 * 0.90 are reserved meanwhile, and 5.00 are more than the 4.60 left; the second is never tried.
        assert desk.buy(ANN, 5, 80, **member(7, 2, LAST)) == [
            "HELD 3 at 0 from 0",
            "REJECTED INSUFFICIENT_BUYING_POWER 5000000/4600000",
            "CANCELED 3 GROUP 5",
        ]


class TestBracket:
    def test_children_wait_for_their_parent(self, desk: Desk) -> None:
        assert desk.sell(ANN, 5, 110, **member(7, 1, CHILD)) == ["HELD 1 at 0 from 0"]
        # Children are not checked before they become active.
        assert desk.of_kind(EventKind.ORDER_APPROVED)[0].value == 0
        desk.sell(ANN, 5, trigger_price_ticks=90, **member(7, 2, CHILD, **STOP))
        assert groups(desk) == [(COLLECTING, 1, 2, 0)]
        assert desk.buy(ANN, 5, 100, **member(7, 3, LAST)) == ["RESTED 3 leaves 5 behind 0"]
        assert groups(desk) == [(WAITING, 1, 2, 3)]
        assert desk.sell(BOB, 2, 100) == ["TRADE 2@100 4x3", "PARTIAL 3 leaves 3", "FILLED 4"]
        assert desk.sell(BOB, 3, 100) == [
            "TRADE 3@100 5x3",
            "FILLED 3",
            "FILLED 5",
            "RESTED 1 leaves 5 behind 0",
            "HELD 2 at 90 from 0",
        ]
        assert groups(desk) == [(LEGS, 1, 2, 0)]
        assert desk.order(1).opening_lots == 0
        assert desk.buy(BOB, 5, 110)[-1] == "CANCELED 2 GROUP 5"

    def test_children_are_cut_to_what_the_parent_traded(self, desk: Desk) -> None:
        bracket(desk)
        desk.sell(BOB, 2, 100)
        assert desk.cancel(ANN, 3) == [
            "CANCELED 3 BY_REQUEST 3",
            "REDUCED 1 GROUP 3 leaves 2",
            "REDUCED 2 GROUP 3 leaves 2",
            "RESTED 1 leaves 2 behind 0",
            "HELD 2 at 90 from 0",
        ]
        assert groups(desk) == [(LEGS, 1, 2, 0)]

    def test_a_parent_that_ends_untraded_takes_its_children_along(self, desk: Desk) -> None:
        bracket(desk)
        assert desk.cancel(ANN, 3) == ["CANCELED 3 BY_REQUEST 5", "CANCELED 1 GROUP 5", "CANCELED 2 GROUP 5"]
        assert groups(desk) == []

    def test_a_child_that_ends_takes_all_along(self, desk: Desk) -> None:
        bracket(desk)
        assert desk.cancel(ANN, 2) == ["CANCELED 2 BY_REQUEST 5", "CANCELED 1 GROUP 5", "CANCELED 3 GROUP 5"]

    def test_an_order_that_triggers_another(self, desk: Desk) -> None:
        desk.sell(BOB, 5, 100)
        desk.sell(ANN, 5, 110, **member(7, 1, CHILD))
        # The parent is filled as it comes in; its only child then belongs to no group any more.
        assert desk.buy(ANN, 5, **member(7, 2, LAST)) == [
            "TRADE 5@100 3x1",
            "FILLED 1",
            "FILLED 3",
            "RESTED 2 leaves 5 behind 0",
        ]
        assert groups(desk) == []

    def test_a_parent_may_wait_for_a_trigger(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 110, **member(7, 1, CHILD))
        told = desk.buy(ANN, 5, trigger_price_ticks=105, **member(7, 2, LAST, **STOP))
        assert told == ["HELD 2 at 105 from 0"]
        assert groups(desk) == [(WAITING, 1, 0, 2)]
        desk.sell(BOB, 5, 106)
        assert desk.execute(Side.BUY, 1, 105) == [
            "TRADE 1@105 0x0",
            "TRIGGERED 2 at 105 by 105",
            "TRADE 5@106 2x3",
            "FILLED 3",
            "FILLED 2",
            "RESTED 1 leaves 5 behind 0",
        ]

    def test_a_parent_that_fails_when_triggered_ends_its_children(self, which: str) -> None:
        accounts = [Account("ann", cash=10), Account("bob", cash_checked=False)]
        desk = desk_of_one(which, accounts=accounts)
        desk.sell(ANN, 9, 110, **member(7, 1, CHILD))
        desk.buy(ANN, 9, trigger_price_ticks=105, **member(7, 2, LAST, **STOP))
        desk.sell(BOB, 9, 120)
        assert desk.execute(Side.BUY, 1, 105)[2:] == [
            "REJECTED INSUFFICIENT_BUYING_POWER 10800000/10000000",
            "CANCELED 1 GROUP 9",
        ]

    def test_children_wait_while_trading_is_not_continuous(self, desk: Desk) -> None:
        bracket(desk)
        desk.sell(BOB, 2, 100)
        desk.do(make.set_phase(0, Phase.HALTED))
        assert desk.cancel(ANN, 3)[1:] == ["REDUCED 1 GROUP 3 leaves 2", "REDUCED 2 GROUP 3 leaves 2"]
        assert {desk.order(1).book, desk.order(2).book} == {Place.RELEASED}
        assert desk.do(make.set_phase(0, Phase.CONTINUOUS)) == [
            "PHASE_CHANGED 0 0 50-200",
            "RESTED 1 leaves 2 behind 0",
            "HELD 2 at 90 from 0",
        ]

    def test_a_trailing_child_has_no_watermark_before_it_waits(self, desk: Desk) -> None:
        desk.execute(Side.BUY, 1, 120)
        trail = {"order_type": OrderType.TRAILING_STOP, "trigger_price_ticks": 5}
        assert desk.sell(ANN, 5, **member(7, 1, CHILD, **trail)) == ["HELD 1 at 0 from 0"]
        assert (desk.order(1).watermark_ticks, desk.order(1).trail_ticks) == (0, 5)
        desk.sell(BOB, 5, 100)
        assert desk.buy(ANN, 5, 100, **member(7, 2, LAST))[-1] == "HELD 1 at 95 from 100"


class TestReplacing:
    def test_the_successor_takes_the_membership(self, desk: Desk) -> None:
        oco(desk)
        assert desk.replace(ANN, 1, price=112) == ["REPLACED 1 by 3 5 of 5@112", "RESTED 3 leaves 5 behind 0"]
        terms = desk.of_kind(EventKind.ORDER_TERMS)[0]
        assert (terms.order_id, terms.client_order_id, terms.group_id, terms.group_place) == (3, 7, 7, 1)
        assert groups(desk) == [(LEGS, 3, 2, 0)]
        assert desk.cancel(ANN, 3)[-1] == "CANCELED 2 GROUP 5"

    def test_a_held_member_is_held_again(self, desk: Desk) -> None:
        bracket(desk)
        assert desk.replace(ANN, 1, lots=6, price=111) == ["REPLACED 1 by 4 6 of 6@111", "HELD 4 at 0 from 0"]
        assert (desk.order(4).book, desk.order(4).priority) == (Place.GROUP, 4)
        assert groups(desk) == [(WAITING, 4, 2, 3)]
        assert desk.replace(ANN, 3, lots=6)[0] == "REPLACED 3 by 5 6 of 6@100"
        assert desk.sell(BOB, 6, 100)[-2:] == ["HELD 2 at 90 from 0", "RESTED 4 leaves 6 behind 0"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("settings", "place"),
        [
            ({"group_place": 1}, 1),
            ({"group_id": -7, "group_place": 1, "client_order_id": 7}, 1),
            ({"group_id": 7, "group_place": 1, "client_order_id": 8}, 1),
            ({"group_id": 7, "group_place": 1, "client_order_id": 7, "flags": LAST}, 1),
            ({"group_id": 7, "group_place": 0, "client_order_id": 7}, 0),
            ({"group_id": 7, "group_place": 2, "flags": LAST}, 2),
            ({"group_id": 7, "group_place": 4, "flags": LAST}, 4),
        ],
    )
    def test_of_single_orders(self, desk: Desk, settings: dict[str, int], place: int) -> None:
        told = desk.sell(ANN, 5, 110, **settings)
        assert told == [f"REJECTED INVALID_GROUP {settings.get('group_id', 0)}/{place}"]

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (OrderFlag(0), member(7, 2)),
            (OrderFlag(0), member(7, 2, CHILD)),
            (OrderFlag(0), member(7, 3, LAST)),
            (CHILD, member(7, 3, LAST)),
            (CHILD, member(7, 2)),
            (CHILD, member(7, 4, LAST)),
        ],
    )
    def test_of_orders_that_do_not_fit_end_the_group(
        self, desk: Desk, first: OrderFlag, second: dict[str, object]
    ) -> None:
        desk.sell(ANN, 5, 110, **member(7, 1, first))
        assert desk.sell(ANN, 5, 112, **second) == [
            f"REJECTED INVALID_GROUP 7/{second['group_place']}",
            "CANCELED 1 GROUP 5",
        ]
        assert groups(desk) == []

    def test_of_the_other_side(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 110, **member(7, 1))
        assert desk.buy(ANN, 5, 90, **member(7, 2, LAST))[0] == "REJECTED INVALID_GROUP 7/2"
        desk.sell(ANN, 5, 110, **member(7, 1, CHILD))
        assert desk.buy(ANN, 5, 90, **member(7, 2, CHILD))[0] == "REJECTED INVALID_GROUP 7/2"
        # A parent may be of any side.
        desk.sell(ANN, 5, 110, **member(7, 1, CHILD))
        assert desk.sell(ANN, 5, 120, **member(7, 2, LAST)) == ["RESTED 6 leaves 5 behind 0"]

    def test_of_a_third_order(self, desk: Desk) -> None:
        bracket(desk)
        assert desk.sell(ANN, 5, 112, **member(7, 3, LAST)) == ["REJECTED INVALID_GROUP 7/3"]
        # The group is complete, so it goes on.
        assert groups(desk) == [(WAITING, 1, 2, 3)]

    def test_of_another_instrument(self, which: str) -> None:
        two = [Instrument(name, "0.50", "2.00") for name in ("ONE", "TWO")]
        desk = Desk(which, Venue(two, [Account("ann", cash=100)]))
        desk.sell(ANN, 5, 110, **member(7, 1))
        told = desk.sell(ANN, 5, 110, instrument=1, **member(7, 2, LAST))
        assert told == ["REJECTED INVALID_GROUP 7/2", "CANCELED 1 GROUP 5"]
        # Whatever the reason is; but not when the time or the account is wrong.
        desk.sell(ANN, 5, 110, **member(7, 1))
        desk.do(make.clock(10))
        assert desk.sell(ANN, 5, 111, **member(7, 2, LAST)) == ["REJECTED TIME_BACKWARDS 0/10"]
        desk.time_ns = 10
        assert desk.sell(9, 5, 111, **member(7, 2, LAST))[0].startswith("REJECTED UNKNOWN_ACCOUNT")
        assert groups(desk) == [(COLLECTING, 3, 0, 0)]
        told = desk.sell(ANN, 5, 111, instrument=5, **member(7, 2, LAST))
        assert told == ["REJECTED UNKNOWN_INSTRUMENT 5/2", "CANCELED 3 GROUP 5"]

    def test_of_flags_and_times_in_force(self, desk: Desk) -> None:
        assert desk.sell(ANN, 5, 110, flags=CHILD) == ["REJECTED INVALID_FLAGS 0/0"]
        assert desk.sell(ANN, 5, 110, flags=LAST) == ["REJECTED INVALID_FLAGS 0/0"]
        assert desk.sell(ANN, 5, 110, **member(7, 1, CHILD | LAST)) == ["REJECTED INVALID_FLAGS 0/0"]
        assert desk.sell(STREET, 5, 110, **member(7, 1)) == ["REJECTED INVALID_GROUP 7/1"]
        for time_in_force in (TimeInForce.IOC, TimeInForce.CLS):
            told = desk.sell(ANN, 5, 110, **member(7, 1, time_in_force=time_in_force))
            assert told == ["REJECTED INVALID_TIME_IN_FORCE 0/0"]

    def test_of_a_member_in_a_collecting_group_that_ends(self, desk: Desk) -> None:
        desk.sell(ANN, 5, 110, **member(7, 1, CHILD))
        desk.sell(ANN, 5, 112, **member(7, 2, CHILD))
        assert desk.cancel(ANN, 1) == ["CANCELED 1 BY_REQUEST 5", "CANCELED 2 GROUP 5"]
        assert desk.buy(ANN, 5, 100, **member(7, 3, LAST)) == ["REJECTED INVALID_GROUP 7/3"]


def test_groups_work_in_a_bare_venue(which: str) -> None:
    desk = desk_of_one(which, bare=True)
    oco(desk)
    assert [event.kind for event in desk.events].count(EventKind.ORDER_APPROVED) == 0
    assert desk.buy(CID, 2, 110)[-1] == "REDUCED 2 GROUP 2 leaves 3"


def test_fill_or_kill_does_not_count_on_members(desk: Desk) -> None:
    oco(desk)
    assert desk.buy(BOB, 5, 110, time_in_force=TimeInForce.FOK) == ["CANCELED 3 FILL_OR_KILL 5"]
    desk.cancel(ANN, 2)
    desk.sell(CID, 5, 110, **member(7, 1))
    desk.sell(CID, 5, 112, **member(7, 2, LAST))
    desk.buy(BOB, 3, 110)
    desk.buy(BOB, 2, 110)
    assert groups(desk) == []
