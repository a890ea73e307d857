import pytest

from tests.twins.desk import ANN, BOB, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderFlag, OrderType, Phase, Reason, Side, TimeInForce
from workbench.domain.commands import ALL
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.states import OrderState

pytestmark = pytest.mark.kernel

LATEST = 1 << 62


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    desk = desk_of_one(which)
    desk.time_ns = 100
    return desk


def until(time_ns: int) -> dict[str, int]:
    return {"time_in_force": TimeInForce.GTD, "expire_time_ns": time_ns}


def clock(desk: Desk, time_ns: int) -> list[str]:
    desk.time_ns = time_ns
    return desk.do(make.clock(time_ns))


class TestGoodTillDate:
    def test_expires_at_its_time(self, desk: Desk) -> None:
        assert desk.buy(ANN, 5, 100, **until(200)) == ["RESTED 1 leaves 5 behind 0"]
        terms = desk.of_kind(EventKind.ORDER_TERMS)[0]
        assert terms.expire_time_ns == 200
        desk.sell(BOB, 2, 100)
        assert clock(desk, 199) == []
        assert clock(desk, 200) == ["EXPIRED 1 END_OF_TIME 3"]
        expired, quote = desk.events
        assert (expired.order_state, expired.leaves_lots, expired.executed_lots) == (OrderState.EXPIRED, 0, 2)
        assert (expired.time_ns, expired.command_seq) == (200, 4)
        assert quote.bid_price_ticks == 0

    def test_before_the_command_that_comes_at_its_time(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 100, **until(200))
        desk.time_ns = 250
        assert desk.sell(BOB, 2, 100) == ["EXPIRED 1 END_OF_TIME 5", "RESTED 2 leaves 2 behind 0"]
        assert {event.time_ns for event in desk.events} == {250}
        # Each part of it has its own quote.
        assert [event.kind for event in desk.events][1] == EventKind.QUOTE
        desk.buy(ANN, 5, 90, **until(300))
        desk.time_ns = 300
        # A refused command and an unknown one let time pass too; one whose time is refused does not.
        assert desk.buy(9, 1, 90)[0] == "EXPIRED 3 END_OF_TIME 5"
        desk.buy(ANN, 5, 90, **until(400))
        desk.time_ns = LATEST + 1
        assert desk.buy(ANN, 5, 90) == [f"REJECTED TIME_BACKWARDS {LATEST + 1}/300"]

    def test_by_time_then_by_id(self, desk: Desk) -> None:
        for at in (300, 200, 300, 150):
            desk.buy(ANN, 1, 100, **until(at))
        assert clock(desk, 300) == [f"EXPIRED {order} END_OF_TIME 1" for order in (4, 2, 1, 3)]

    def test_held_orders_and_groups_expire(self, desk: Desk) -> None:
        stop = {"order_type": OrderType.STOP, "trigger_price_ticks": 90}
        desk.sell(ANN, 5, 110, client_order_id=7, group_id=7, group_place=1, **until(200))
        desk.sell(ANN, 5, group_id=7, group_place=2, flags=OrderFlag.GROUP_LAST, **stop, **until(200))
        # The second has ended with its group when its time comes.
        assert clock(desk, 200) == ["EXPIRED 1 END_OF_TIME 5", "CANCELED 2 GROUP 5"]

    def test_in_every_phase(self, desk: Desk) -> None:
        desk.buy(ANN, 1, 100, **until(200))
        desk.do(make.set_phase(100, Phase.HALTED))
        assert clock(desk, 200) == ["EXPIRED 1 END_OF_TIME 1"]

    def test_a_new_time(self, desk: Desk) -> None:
        desk.buy(ANN, 1, 100, **until(200))
        assert desk.replace(ANN, 1, expire_time_ns=300) == ["REPLACED 1 by 2 1 of 1@100"]
        assert desk.order(2).priority == 1
        assert desk.of_kind(EventKind.ORDER_TERMS)[0].expire_time_ns == 300
        assert clock(desk, 299) == []
        assert clock(desk, 300) == ["EXPIRED 2 END_OF_TIME 1"]

    def test_refusals(self, desk: Desk) -> None:
        for at in (0, 99, 100, LATEST + 1):
            assert desk.buy(ANN, 1, 100, **until(at)) == [f"REJECTED INVALID_EXPIRE_TIME {at}/100"]
        assert desk.buy(ANN, 1, 100, expire_time_ns=200) == ["REJECTED INVALID_EXPIRE_TIME 200/100"]
        desk.buy(ANN, 1, 100, **until(LATEST))
        desk.buy(ANN, 1, 100)
        gtd, day = 6, 7
        for order_id, at in ((gtd, 100), (gtd, -1), (gtd, LATEST + 1), (day, 200)):
            told = desk.replace(ANN, order_id, expire_time_ns=at)
            assert told == [f"REJECTED INVALID_EXPIRE_TIME {at}/100"]
        told = desk.do(
            make.new_order(100, STREET, 0, Side.BUY, 1, 90, flags=OrderFlag.HISTORICAL, **until(200))
        )
        assert told == ["REJECTED INVALID_FLAGS 0/0"]


class TestScheduledPhases:
    def test_at_its_time(self, desk: Desk) -> None:
        assert desk.do(make.schedule_phase(100, Phase.CLOSED, 200, 0)) == ["SCHEDULED 0 1 at 200"]
        (scheduled,) = desk.events
        assert (scheduled.phase, scheduled.reason, scheduled.account) == (0, 0, 0)
        desk.buy(ANN, 1, 100)
        assert clock(desk, 250) == ["PHASE_CHANGED 0 1 50-200", "EXPIRED 1 END_OF_DAY 1"]
        changed = desk.events[0]
        assert (changed.reason, changed.next_phase_time_ns, changed.time_ns) == (Reason.SCHEDULED, 0, 250)

    def test_the_later_one_counts_and_none_forgets(self, desk: Desk) -> None:
        desk.do(make.schedule_phase(100, Phase.CLOSED, 200))
        assert desk.do(make.schedule_phase(100, Phase.HALTED, 300)) == ["SCHEDULED 0 6 at 300"]
        row = desk.row("instruments", instrument=0)
        assert (row.schedule_phase, row.schedule_time_ns) == (Phase.HALTED, 300)
        assert desk.do(make.schedule_phase(100, Phase.HALTED, 0)) == ["SCHEDULED 0 0 at 0"]
        assert clock(desk, 400) == []

    def test_refusals(self, desk: Desk) -> None:
        for at in (100, 50, -1, LATEST + 1):
            told = desk.do(make.schedule_phase(100, Phase.CLOSED, at))
            assert told == [f"REJECTED INVALID_EXPIRE_TIME {at}/100"]
        assert desk.do(make.schedule_phase(100, Phase.CLOSED, 200, 1)) == ["REJECTED UNKNOWN_INSTRUMENT 1/1"]
        told = desk.do(make.schedule_phase(100, 7, 200))  # type: ignore[arg-type]
        assert told == ["REJECTED INVALID_FLAGS 0/0"]

    def test_to_the_phase_it_is_in(self, desk: Desk) -> None:
        desk.do(make.schedule_phase(100, Phase.CONTINUOUS, 200))
        assert clock(desk, 200) == []
        assert desk.row("instruments", instrument=0).schedule_time_ns == 0

    def test_expiries_come_first_and_each_change_is_gone_through(self, desk: Desk) -> None:
        desk.do(make.schedule_phase(100, Phase.OPENING_AUCTION, 200))
        desk.buy(ANN, 1, 100, **until(200))
        desk.buy(ANN, 1, 99, **until(201))
        desk.sell(BOB, 1, 110)
        desk.buy(ANN, 1, trigger_price_ticks=110, order_type=OrderType.STOP)
        assert clock(desk, 201) == [
            "EXPIRED 1 END_OF_TIME 1",
            "PHASE_CHANGED 0 3 50-200",
            "EXPIRED 2 END_OF_TIME 1",
        ]
        # Each of the expiries is a run of its own, with its own quote.
        kinds = [event.kind for event in desk.events]
        assert kinds == [
            EventKind.ORDER_EXPIRED,
            EventKind.QUOTE,
            EventKind.PHASE_CHANGED,
            EventKind.ORDER_EXPIRED,
            EventKind.QUOTE,
        ]

    def test_changes_due_at_one_time_are_made_together(self, which: str) -> None:
        two = [Instrument(name, "0.50", "2.00") for name in ("ONE", "TWO")]
        desk = Desk(which, Venue(two, [Account("ann", cash=100)]))
        desk.do(make.schedule_phase(0, Phase.CLOSED, 200, ALL))
        desk.buy(ANN, 1, 100, instrument=1)
        desk.buy(ANN, 1, 100, instrument=0)
        assert clock(desk, 200) == [
            "PHASE_CHANGED 0 1 50-200",
            "PHASE_CHANGED 1 1 50-200",
            "EXPIRED 1 END_OF_DAY 1",
            "EXPIRED 2 END_OF_DAY 1",
        ]

    def test_a_reopening_comes_before_a_schedule(self, which: str) -> None:
        desk = desk_of_one(which, reference_price="1.00", price_limit_bps=500, price_limit_pause_ns=100)
        desk.do(make.schedule_phase(0, Phase.HALTED, 100))
        desk.buy(BOB, 5, 94)
        desk.sell(ANN, 2)
        (changed,) = desk.of_kind(EventKind.PHASE_CHANGED)
        # Both at 100: the reopening is named.
        assert (changed.next_phase, changed.next_phase_time_ns) == (Phase.CONTINUOUS, 100)
        assert clock(desk, 100) == [
            "PHASE_CHANGED 0 0 50-200",
            "UNCROSSED 0@0 imbalance 0 of 0/0",
            "PHASE_CHANGED 0 6 50-200",
        ]
        first, second = desk.of_kind(EventKind.PHASE_CHANGED)
        assert (first.reason, first.next_phase) == (Reason.LIMIT_UP_DOWN, Phase.HALTED)
        assert second.reason == Reason.SCHEDULED

    def test_a_due_schedule_ends_a_pause(self, which: str) -> None:
        desk = desk_of_one(which, reference_price="1.00", price_limit_bps=500, price_limit_pause_ns=100)
        desk.do(make.schedule_phase(0, Phase.HALTED, 50))
        desk.buy(BOB, 5, 94)
        desk.sell(ANN, 2)
        assert clock(desk, 200) == ["PHASE_CHANGED 0 6 50-200"]
