import pytest

from tests.twins.desk import ANN, BOB, CID, NEW_RULES, STREET, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderType, Phase, Reason, Side, TimeInForce

pytestmark = pytest.mark.kernel

BUY, SELL = Side.BUY, Side.SELL
IOC, FOK = {"time_in_force": TimeInForce.IOC}, {"time_in_force": TimeInForce.FOK}
PAUSE = 500


@pytest.fixture(params=NEW_RULES)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(which: str) -> Desk:
    """Limits of 5 % around 100: 95 … 105; parts of 100 ns."""
    return limited(which)


def limited(which: str, **settings: object) -> Desk:
    terms = {
        "reference_price": "1.00",
        "price_limit_bps": 500,
        "price_limit_window_ns": 1_000,
        "price_limit_pause_ns": PAUSE,
    }
    return desk_of_one(which, **terms | settings)


def limits(desk: Desk) -> tuple[int, int, int]:
    row = desk.row("instruments", instrument=0)
    return row.limit_down_ticks, row.reference_ticks, row.limit_up_ticks


def rolling(desk: Desk) -> list[tuple[int, ...]]:
    return [tuple(row)[1:] for row in desk.exchange.state().rolling.tolist()]


class TestPause:
    def test_trading_up_to_a_limit_is_free(self, desk: Desk) -> None:
        assert limits(desk) == (95, 100, 105)
        desk.sell(BOB, 1, 105)
        assert desk.buy(ANN, 2, 105) == [
            "TRADE 1@105 2x1",
            "FILLED 1",
            "PARTIAL 2 leaves 1",
            "RESTED 2 leaves 1 behind 0",
        ]
        assert desk.row("instruments", instrument=0).phase == Phase.CONTINUOUS

    def test_an_order_that_would_trade_beyond_rests_and_pauses(self, desk: Desk) -> None:
        desk.time_ns = 10
        desk.sell(BOB, 1, 104)
        desk.sell(BOB, 2, 106)
        assert desk.buy(ANN, 3, 106) == [
            "TRADE 1@104 3x1",
            "FILLED 1",
            "PARTIAL 3 leaves 2",
            "RESTED 3 leaves 2 behind 0",
            "PHASE_CHANGED 0 5 50-200",
            "INDICATIVE 2@106 imbalance 0 of 2/2",
        ]
        (changed,) = desk.of_kind(EventKind.PHASE_CHANGED)
        assert (changed.reason, changed.phase) == (Reason.LIMIT_UP_DOWN, Phase.REOPENING_AUCTION)
        assert (changed.next_phase, changed.next_phase_time_ns) == (Phase.CONTINUOUS, 10 + PAUSE)
        assert (changed.limit_down_ticks, changed.limit_up_ticks) == (95, 105)
        assert desk.row("instruments", instrument=0).reopening_time_ns == 10 + PAUSE
        desk.time_ns = 509
        assert desk.do(make.clock(509))[0].startswith("LIMITS")
        # At 106 trades reopen it: the limits move to 106 - 5 … 106 + 5 (5 % of 106 is 5.3).
        desk.time_ns = 510
        assert desk.do(make.clock(510)) == [
            "PHASE_CHANGED 0 0 50-200",
            "UNCROSSED 2@106 imbalance 0 of 2/2",
            "TRADE 2@106 3x2",
            "FILLED 2",
            "FILLED 3",
            "LIMITS 101<106<111",
        ]
        assert desk.of_kind(EventKind.PHASE_CHANGED)[0].reason == Reason.LIMIT_UP_DOWN
        assert desk.row("instruments", instrument=0).reopening_time_ns == 0
        assert rolling(desk) == []

    def test_orders_that_do_not_rest_are_cancelled(self, desk: Desk) -> None:
        desk.buy(BOB, 5, 94)
        assert desk.sell(ANN, 2, 94, **IOC) == ["CANCELED 2 LIMIT_UP_DOWN 2", "PHASE_CHANGED 0 5 50-200"]
        desk.do(make.set_phase(0, Phase.CONTINUOUS))
        assert desk.sell(ANN, 2) == ["CANCELED 3 LIMIT_UP_DOWN 2", "PHASE_CHANGED 0 5 50-200"]
        desk.do(make.set_phase(0, Phase.CONTINUOUS))
        # A fill-or-kill order sees beforehand that it cannot trade, and sets off nothing.
        assert desk.sell(ANN, 2, 94, **FOK) == ["CANCELED 4 FILL_OR_KILL 2"]

    def test_setting_the_phase_forgets_the_reopening(self, desk: Desk) -> None:
        desk.buy(BOB, 5, 94)
        desk.sell(ANN, 2)
        desk.do(make.set_phase(0, Phase.REOPENING_AUCTION))
        assert desk.row("instruments", instrument=0).reopening_time_ns == PAUSE
        desk.do(make.set_phase(0, Phase.HALTED))
        assert desk.row("instruments", instrument=0).reopening_time_ns == 0

    def test_own_orders_beyond_a_limit_stop_too(self, desk: Desk) -> None:
        desk.buy(ANN, 5, 94)
        assert desk.sell(ANN, 2, 94) == [
            "RESTED 2 leaves 2 behind 0",
            "PHASE_CHANGED 0 5 50-200",
            "INDICATIVE 2@94 imbalance 3 of 5/2",
        ]

    def test_buying_power_looks_no_further_than_the_limits(self, desk: Desk) -> None:
        desk.sell(BOB, 1, 104)
        desk.sell(BOB, 9, 106)
        desk.buy(ANN, 5)
        assert desk.of_kind(EventKind.ORDER_APPROVED)[0].value == 1_040_000

    def test_a_triggered_order_pauses_and_the_next_waits(self, desk: Desk) -> None:
        stop = {"order_type": OrderType.STOP, "trigger_price_ticks": 103}
        desk.buy(ANN, 1, **stop)
        desk.buy(ANN, 1, **stop)
        desk.sell(BOB, 1, 103)
        desk.sell(BOB, 2, 106)
        assert desk.buy(CID, 1, 103)[3:] == [
            "TRIGGERED 1 at 103 by 103",
            "CANCELED 1 LIMIT_UP_DOWN 1",
            "PHASE_CHANGED 0 5 50-200",
        ]
        desk.buy(CID, 1, 106)
        desk.time_ns = PAUSE
        told = desk.do(make.clock(PAUSE))
        # Reopened at 106, within the new limits, the second one buys.
        assert told[-5:] == [
            "LIMITS 101<106<111",
            "TRIGGERED 2 at 103 by 106",
            "TRADE 1@106 2x4",
            "FILLED 4",
            "FILLED 2",
        ]

    def test_history_neither_obeys_nor_pauses(self, desk: Desk) -> None:
        desk.sell(ANN, 1, 107)
        assert desk.execute(BUY, 2, 107) == ["TRADE 1@107 0x1", "FILLED 1", "TRADE 1@107 0x0"]
        desk.sell(ANN, 1, 107)
        assert desk.history(BUY, 1, 107, source_id=1)[0] == "TRADE 1@107 3x2"
        assert desk.row("instruments", instrument=0).phase == Phase.CONTINUOUS
        # Street orders that are not history do.
        desk.sell(ANN, 1, 107)
        assert desk.buy(STREET, 1)[-1] == "PHASE_CHANGED 0 5 50-200"


class TestRolling:
    def test_the_mean_of_ten_parts(self, desk: Desk) -> None:
        desk.time_ns = 20
        for price in (101, 102):
            desk.sell(BOB, 1, price)
            assert desk.buy(CID, 1, price)[0] == f"TRADE 1@{price} {2 * price - 200}x{2 * price - 201}"
        assert rolling(desk) == [(0, 203, 2)]
        desk.time_ns = 99
        assert desk.do(make.clock(99)) == []
        # Part 1: the mean of 101 and 102, rounded down.
        desk.time_ns = 100
        assert desk.do(make.clock(100)) == ["LIMITS 96<101<106"]
        desk.sell(BOB, 1, 104)
        desk.buy(CID, 4, 104)
        # Part 10 still has part 0 before it: 203 + 104 of three trades is 102.3; part 11 has not.
        desk.time_ns = 1_099
        assert desk.do(make.clock(1_099)) == ["LIMITS 97<102<107"]
        assert rolling(desk) == [(1, 104, 1)]
        desk.time_ns = 1_100
        assert desk.do(make.clock(1_100)) == ["LIMITS 99<104<109"]
        # Without any trade the reference stays.
        desk.time_ns = 9_999
        assert desk.do(make.clock(9_999)) == []
        assert limits(desk) == (99, 104, 109)
        assert rolling(desk) == []
        assert desk.row("instruments", instrument=0).limit_part == 99

    def test_who_looks(self, desk: Desk) -> None:
        desk.sell(BOB, 1, 102)
        desk.buy(CID, 1, 102)
        desk.time_ns = 150
        # Neither cancels nor replaces nor other instruments' orders look; a trade counts in the part of the
        # last look.
        desk.cancel(ANN, 99)
        desk.buy(ANN, 1, 90, instrument=1)
        assert desk.row("instruments", instrument=0).limit_part == 0
        # A refused order looks, before its own events.
        assert desk.buy(ANN, 1, 999) == ["LIMITS 97<102<107", "REJECTED PRICE_OUT_OF_BAND 999/200"]
        assert desk.events[0].kind == EventKind.PRICE_LIMITS_CHANGED
        desk.time_ns = 250
        desk.execute(BUY, 1, 104)
        assert rolling(desk) == [(0, 102, 1), (2, 104, 1)]
        desk.time_ns = 249
        assert desk.buy(ANN, 1, 90) == ["REJECTED TIME_BACKWARDS 249/250"]

    def test_replaces_trade_in_the_part_of_the_last_look(self, desk: Desk) -> None:
        desk.sell(BOB, 1, 102)
        desk.buy(CID, 1, 90)
        desk.time_ns = 300
        desk.replace(CID, 2, price=102)
        assert rolling(desk) == [(0, 102, 1)]

    def test_no_limits_without_a_reference(self, which: str) -> None:
        desk = limited(which, reference_price=0)
        assert limits(desk) == (0, 0, 0)
        desk.sell(BOB, 1, 180)
        assert desk.buy(ANN, 1)[0] == "TRADE 1@180 2x1"
        desk.time_ns = 100
        assert desk.do(make.clock(100)) == ["LIMITS 171<180<189"]

    def test_an_uncross_without_trades_changes_nothing(self, desk: Desk) -> None:
        desk.execute(BUY, 1, 104)
        desk.do(make.set_phase(0, Phase.OPENING_AUCTION))
        desk.do(make.set_phase(0, Phase.CONTINUOUS))
        assert rolling(desk) == [(0, 104, 1)]

    def test_an_uncross_at_the_reference_says_nothing_and_forgets(self, desk: Desk) -> None:
        desk.execute(BUY, 1, 100)
        desk.do(make.set_phase(0, Phase.OPENING_AUCTION))
        desk.buy(BOB, 1, 100)
        desk.sell(ANN, 1, 100)
        assert desk.do(make.set_phase(0, Phase.CONTINUOUS))[-1] == "FILLED 2"
        assert rolling(desk) == []

    def test_the_start_time_has_a_part(self, which: str) -> None:
        desk = limited(which)
        assert desk.row("instruments", instrument=0).limit_part == 0
        assert desk_of_one(which).row("instruments", instrument=0).limit_part == 0

    def test_instruments_without_limits_have_no_reference(self, which: str) -> None:
        desk = desk_of_one(which, reference_price="1.00")
        assert limits(desk) == (0, 0, 0)
