from collections.abc import Callable

import numpy as np
import pytest

from tests.twins.desk import ANN, BOB, BOTH, HOUSE, STREET, Desk
from tests.twins.streams import PROFILES, stream, venues
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderFlag, OrderType, Phase, Side, TimeInForce
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import MAX_LADDER_TICKS, Instrument
from workbench.domain.records import COMMAND, EVENT, FILL_EVENT, ORDER_EVENT, Records
from workbench.domain.states import TERMINAL_STATES, OrderState, may_follow
from workbench.engine.reference import ReferenceExchange, check_invariants
from workbench.errors import CommandError

pytestmark = pytest.mark.kernel

ONE = Instrument("ONE", "0.50", "2.00", max_order_quantity=100_000)
BUY, SELL = Side.BUY, Side.SELL
HISTORICAL = OrderFlag.HISTORICAL
AS_LEAVES = OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES
DIVERGED, SHADOW, MAKER = 0x1000, 0x2000, 0x8000


@pytest.fixture(params=BOTH)
def which(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def desk_of(which: str, mode: ReplayMode = ReplayMode.RESPONSIVE) -> Desk:
    instruments = [ONE, Instrument("TWO", "0.50", "2.00", band_low="0.80")]
    accounts = [Account("ann", cash=1_000), Account("bob", cash=1_000)]
    return Desk(which, Venue(instruments, accounts, replay_mode=mode))


@pytest.fixture
def desk(which: str) -> Desk:
    return desk_of(which)


@pytest.fixture
def frozen(which: str) -> Desk:
    return desk_of(which, ReplayMode.FROZEN)


def divergence(desk: Desk) -> tuple[int, int]:
    row = desk.row("instruments", instrument=0)
    return row.divergence_orders, row.divergence_lots


class TestSequenceAndTime:
    def test_every_command_and_event_is_numbered(self, desk: Desk) -> None:
        desk.time_ns = 50
        desk.buy(ANN, 1, 100)
        desk.buy(ANN, 1, 999)
        assert [(event.seq, event.command_seq) for event in desk.events] == [(5, 2), (6, 2)]
        desk.sell(BOB, 1, 100)
        counters = desk.exchange.state().counters[0]
        assert counters.tolist() == (50, 3, 14, 3, 1, 1, 0, 0, 0)

    def test_a_refused_order_takes_an_id_and_nothing_else(self, desk: Desk) -> None:
        desk.buy(ANN, 1, 999, client_order_id=5)
        created, rejected = desk.events
        assert (created.kind, created.order_state, created.leaves_lots) == (EventKind.ORDER_CREATED, 0, 1)
        assert (rejected.order_id, rejected.client_order_id, rejected.price_ticks) == (1, 5, 999)
        assert (rejected.order_state, rejected.leaves_lots) == (OrderState.REJECTED, 0)
        assert (rejected.value, rejected.limit) == (999, 200)
        assert desk.buy(ANN, 1, 100) == ["RESTED 2 leaves 1 behind 0"]

    def test_time_never_runs_backwards(self, desk: Desk) -> None:
        desk.time_ns = 70
        desk.do(make.clock(70))
        assert desk.events == []
        desk.time_ns = 69
        assert desk.buy(ANN, 1, 100) == ["REJECTED TIME_BACKWARDS 69/70"]
        assert {event.time_ns for event in desk.events} == {70}
        for command in (
            make.clock(69),
            make.mass_cancel(69, ANN),
            make.cancel_order(69, 99),
            make.set_phase(69, Phase.CLOSED),
            make.kill_switch(69),
        ):
            assert desk.do(command) == ["REJECTED TIME_BACKWARDS 69/70"]
        desk.time_ns = 70
        assert desk.buy(ANN, 1, 100) == ["RESTED 2 leaves 1 behind 0"]

    def test_other_arrays_are_refused_before_anything_happens(self, desk: Desk) -> None:
        before = desk.exchange.state_hash()
        for wrong in (np.zeros(1, dtype=EVENT), np.zeros((1, 1), dtype=COMMAND), np.zeros(2)):
            with pytest.raises(CommandError):
                desk.exchange.step(wrong)
        assert desk.exchange.state_hash() == before

    def test_the_events_of_an_order_s_life(self, desk: Desk) -> None:
        desk.sell(ANN, 3, 100)
        desk.buy(BOB, 5, 100, time_in_force=TimeInForce.IOC)
        assert [event.kind for event in desk.events] == [
            EventKind.ORDER_CREATED,
            EventKind.ORDER_APPROVED,
            EventKind.TRADE,
            EventKind.ORDER_FILLED,
            EventKind.ORDER_PARTIALLY_FILLED,
            EventKind.POSITION_CHANGED,
            EventKind.POSITION_CHANGED,
            EventKind.ORDER_CANCELED,
            EventKind.QUOTE,
        ]
        _, _, trade, maker, taker, first, second, canceled, _ = desk.events
        assert (trade.account, trade.side, trade.maker_account, trade.notional_micros) == (
            BOB,
            1,
            ANN,
            3_000_000,
        )
        assert (maker.flags, maker.side, maker.contra_order_id) == (MAKER, SELL, 2)
        assert (taker.flags, taker.leaves_lots, taker.contra_order_id, taker.trade_id) == (0, 2, 1, 1)
        assert (first.account, second.account) == (ANN, BOB)
        assert (canceled.order_state, canceled.executed_lots) == (OrderState.CANCELED, 3)


class TestControls:
    def test_closing_ends_day_orders(self, desk: Desk) -> None:
        desk.buy(ANN, 1, 90)
        desk.buy(ANN, 1, 90, time_in_force=TimeInForce.GTC)
        desk.buy(ANN, 1, 90, instrument=1)
        assert desk.do(make.set_phase(0, Phase.CLOSED, 0)) == [
            "PHASE_CHANGED 0 1 50-200",
            "EXPIRED 1 END_OF_DAY 1",
        ]
        assert desk.buy(ANN, 1, 90) == ["REJECTED MARKET_CLOSED 0/0"]
        assert desk.replace(ANN, 2, price=91) == ["REJECTED MARKET_CLOSED 0/0"]
        # Only instruments that change are spoken of; cancels go on.
        told = desk.do(make.set_phase(0, Phase.CLOSED))
        assert told == ["PHASE_CHANGED 1 1 80-200", "EXPIRED 3 END_OF_DAY 1"]
        assert desk.do(make.set_phase(0, Phase.CLOSED)) == []
        assert desk.cancel(ANN, 2) == ["CANCELED 2 BY_REQUEST 1"]
        desk.do(make.set_phase(0, Phase.CONTINUOUS, 0))
        assert desk.buy(ANN, 1, 90) == ["RESTED 5 leaves 1 behind 0"]

    def test_phase_refusals(self, desk: Desk) -> None:
        assert desk.do(make.set_phase(0, Phase.CLOSED, 2)) == ["REJECTED UNKNOWN_INSTRUMENT 2/2"]
        assert desk.do(make.set_phase(0, Phase.CLOSED, -2)) == ["REJECTED UNKNOWN_INSTRUMENT -2/2"]
        assert desk.do(make.set_phase(0, 7)) == ["REJECTED INVALID_FLAGS 0/0"]  # type: ignore[arg-type]

    def test_the_band_moves_and_the_window_only_grows(self, desk: Desk) -> None:
        desk.buy(ANN, 1, 60)
        assert desk.do(make.set_price_band(0, 0, 150, 260)) == ["PRICE_BAND_CHANGED 0 0 150-260"]
        assert desk.sell(ANN, 1, 260) == ["RESTED 2 leaves 1 behind 0"]
        assert desk.buy(ANN, 1, 149) == ["REJECTED PRICE_OUT_OF_BAND 149/150"]
        assert desk.buy(ANN, 1, 261) == ["REJECTED PRICE_OUT_OF_BAND 261/260"]
        # What rests stays, and history may use the whole window.
        assert desk.history(BUY, 1, 50, source_id=1) == ["RESTED 5 leaves 1 behind 0"]
        assert desk.history(BUY, 1, 49, source_id=2) == ["REJECTED PRICE_OUT_OF_BAND 49/50"]
        assert desk.book() == ["BUY 1: 1@60", "BUY 5: 1@50", "SELL 2: 1@260"]

    def test_band_refusals(self, desk: Desk) -> None:
        cap = ONE.price_cap_ticks
        wide = 50 + MAX_LADDER_TICKS
        assert desk.do(make.set_price_band(0, -1, 1, 2)) == ["REJECTED UNKNOWN_INSTRUMENT -1/2"]
        for low, high in ((0, 5), (6, 5), (-1, -1)):
            assert desk.do(make.set_price_band(0, 0, low, high)) == ["REJECTED INVALID_PRICE 0/0"]
        assert desk.do(make.set_price_band(0, 0, 1, cap + 1)) == [
            f"REJECTED PRICE_OUT_OF_BAND {cap + 1}/{cap}"
        ]
        told = desk.do(make.set_price_band(0, 0, 60, wide))
        assert told == [f"REJECTED PRICE_OUT_OF_BAND {MAX_LADDER_TICKS + 1}/{MAX_LADDER_TICKS}"]

    def test_suspension(self, desk: Desk) -> None:
        desk.buy(ANN, 2, 90)
        for _ in "12":
            assert desk.do(make.suspend_account(0, ANN)) == [f"ACCOUNT_SUSPENDED {ANN}"]
        assert desk.events[0].instrument == -1
        assert desk.buy(ANN, 1, 90) == ["REJECTED ACCOUNT_SUSPENDED 0/0"]
        assert desk.replace(ANN, 1, lots=1) == ["REJECTED ACCOUNT_SUSPENDED 0/0"]
        assert desk.cancel(ANN, 1, lots=1) == ["REDUCED 1 BY_REQUEST 1 leaves 1"]
        assert desk.do(make.reinstate_account(0, ANN)) == [f"ACCOUNT_REINSTATED {ANN}"]
        assert desk.buy(ANN, 1, 90) == ["RESTED 3 leaves 1 behind 1"]
        for account in (STREET, HOUSE, 4, -1):
            assert desk.do(make.suspend_account(0, account)) == [f"REJECTED UNKNOWN_ACCOUNT {account}/4"]

    def test_kill_switch_and_mass_cancel(self, desk: Desk) -> None:
        for account in (ANN, BOB, ANN):
            desk.buy(account, 1, 90)
        desk.buy(ANN, 1, 90, instrument=1)
        assert desk.do(make.mass_cancel(0, ANN, 1)) == ["CANCELED 4 MASS_CANCEL 1"]
        assert desk.do(make.kill_switch(0)) == [
            f"ACCOUNT_SUSPENDED {ANN}",
            f"ACCOUNT_SUSPENDED {BOB}",
            "CANCELED 1 KILL_SWITCH 1",
            "CANCELED 2 KILL_SWITCH 1",
            "CANCELED 3 KILL_SWITCH 1",
        ]
        assert desk.do(make.mass_cancel(0, ANN)) == []
        assert desk.do(make.kill_switch(0, HOUSE)) == [f"REJECTED UNKNOWN_ACCOUNT {HOUSE}/4"]
        assert desk.do(make.mass_cancel(0, HOUSE)) == [f"REJECTED UNKNOWN_ACCOUNT {HOUSE}/4"]
        assert desk.do(make.mass_cancel(0, ANN, -2)) == ["REJECTED UNKNOWN_INSTRUMENT -2/2"]

    def test_a_bare_venue_has_no_accounts_to_control(self, which: str) -> None:
        bare = Desk(which, Venue([Instrument("ONE", "0.50", "2.00")], bare=True))
        for command in (make.suspend_account(0, 2), make.reinstate_account(0, 2), make.kill_switch(0)):
            assert bare.do(command) == ["REJECTED UNKNOWN_COMMAND 0/0"]
        # Any account will do, the house's and very large ones too; none below zero.
        assert bare.buy(HOUSE, 1, 90) == ["RESTED 1 leaves 1 behind 0"]
        assert bare.sell(2**31 - 1, 1, 90)[0] == "TRADE 1@90 2x1"
        assert {event.kind for event in bare.events}.isdisjoint(
            {EventKind.ORDER_APPROVED, EventKind.POSITION_CHANGED}
        )
        assert bare.buy(-1, 1, 90) == ["REJECTED UNKNOWN_ACCOUNT -1/0"]


class TestResponsiveHistory:
    def test_history_crosses_itself_and_trades_with_live_orders(self, desk: Desk) -> None:
        desk.history(SELL, 5, 100, source_id=1)
        assert desk.history(BUY, 5, 101, source_id=2) == ["RESTED 2 leaves 5 behind 0"]
        desk.sell(ANN, 3, 102)
        # The new bid passes history's offer over and reaches Ann's.
        assert desk.history(BUY, 5, 102, source_id=3) == [
            "TRADE 3@102 4x3",
            "FILLED 3",
            "PARTIAL 4 leaves 2",
            "RESTED 4 leaves 2 behind 0",
        ]
        assert desk.order(4).taken_lots == 3
        assert divergence(desk) == (0, 0)

    def test_execution_as_recorded_makes_nothing_diverge(self, desk: Desk) -> None:
        desk.history(SELL, 5, 100, source_id=1)
        assert desk.execute(BUY, 2, 100, source_id=1) == ["TRADE 2@100 0x1", "PARTIAL 1 leaves 3"]
        trade = desk.of_kind(EventKind.TRADE)[0]
        assert (trade.account, trade.flags, trade.order_type, trade.time_in_force) == (STREET, 4, 2, 3)
        assert desk.of_kind(EventKind.POSITION_CHANGED) == []
        assert desk.execute(BUY, 3, 100, source_id=1) == ["TRADE 3@100 0x1", "FILLED 1"]
        # Hidden liquidity trades at the price of the message.
        assert desk.execute(SELL, 4, 99) == ["TRADE 4@99 0x0"]
        row = desk.row("instruments", instrument=0)
        assert (row.last_price_ticks, row.volume_lots, row.trades) == (99, 9, 3)
        assert divergence(desk) == (0, 0)

    def test_live_orders_that_stand_before_trade_first(self, desk: Desk) -> None:
        desk.sell(ANN, 2, 100)
        desk.history(SELL, 5, 100, source_id=1)
        desk.sell(BOB, 2, 100)
        desk.sell(BOB, 1, 99)
        # 4 lots: 1 better, 2 before X; X loses 1 of 4; Bob's, behind X, waits.
        assert desk.execute(BUY, 4, 100, source_id=1) == [
            "TRADE 1@99 0x4",
            "FILLED 4",
            "TRADE 2@100 0x1",
            "FILLED 1",
            "TRADE 1@100 0x2",
            "PARTIAL 2 leaves 4",
        ]
        assert desk.order(2).flags == HISTORICAL | DIVERGED
        assert desk.order(2).taken_lots == 0
        assert divergence(desk) == (1, 3)

    def test_diverged_orders_trade_with_history(self, desk: Desk) -> None:
        desk.sell(ANN, 2, 100)
        desk.history(SELL, 5, 100, source_id=1)
        desk.history(SELL, 5, 100, source_id=2)
        desk.execute(BUY, 2, 100, source_id=1)
        assert desk.history(BUY, 7, 100, source_id=3) == [
            "TRADE 5@100 4x2",
            "FILLED 2",
            "PARTIAL 4 leaves 2",
            "RESTED 4 leaves 2 behind 0",
        ]

    def test_what_an_order_no_longer_has_is_taken_from_others(self, desk: Desk) -> None:
        desk.history(SELL, 5, 100, source_id=1)
        desk.buy(ANN, 3, 100)
        assert desk.order(1).taken_lots == 3
        desk.history(SELL, 1, 100, source_id=2)
        desk.history(SELL, 1, 101, source_id=3)
        # Of 5 lots X still has 2; one more is reached at 100, none at 101, and 2 are dropped.
        assert desk.execute(BUY, 5, 100, source_id=1) == [
            "TRADE 2@100 0x1",
            "FILLED 1",
            "TRADE 1@100 0x3",
            "FILLED 3",
        ]
        assert divergence(desk) == (1, 3)
        # An order that is gone altogether.
        assert desk.execute(BUY, 5, 101, source_id=1) == ["TRADE 1@101 0x4", "FILLED 4"]
        assert divergence(desk) == (2, 8)

    def test_hidden_liquidity_comes_after_live_orders_at_its_price(self, desk: Desk) -> None:
        desk.sell(ANN, 2, 100)
        desk.history(SELL, 2, 100, source_id=1)
        desk.sell(ANN, 2, 101)
        assert desk.execute(BUY, 3, 100) == ["TRADE 2@100 0x1", "FILLED 1", "TRADE 1@100 0x0"]
        assert divergence(desk) == (1, 2)

    def test_cancel_of_what_live_orders_took(self, desk: Desk) -> None:
        desk.history(SELL, 5, 100, source_id=1)
        desk.buy(ANN, 3, 100)
        told = desk.cancel(STREET, client_order_id=1, lots=4, flags=HISTORICAL)
        assert told == ["CANCELED 1 BY_REQUEST 2"]
        assert divergence(desk) == (1, 2)
        told = desk.cancel(STREET, client_order_id=1, lots=4, flags=HISTORICAL)
        assert told == ["REJECTED UNKNOWN_ORDER 0/0"]
        assert divergence(desk) == (2, 6)

    def test_replace_leaves_out_what_live_orders_took(self, desk: Desk) -> None:
        desk.history(SELL, 5, 100, source_id=1)
        desk.buy(ANN, 3, 100)
        told = desk.replace(
            STREET, client_order_id=1, lots=4, price=101, new_client_order_id=2, flags=AS_LEAVES
        )
        assert told == ["REPLACED 1 by 3 1 of 4@101", "RESTED 3 leaves 1 behind 0"]
        assert divergence(desk) == (1, 3)
        assert desk.order(3).taken_lots == 3
        told = desk.replace(STREET, client_order_id=2, lots=3, price=102, flags=AS_LEAVES)
        assert told == ["CANCELED 3 BY_REQUEST 1"]
        assert divergence(desk) == (2, 6)
        told = desk.replace(STREET, client_order_id=2, lots=3, price=102, flags=AS_LEAVES)
        assert told == ["REJECTED UNKNOWN_ORDER 0/0"]
        assert divergence(desk) == (3, 9)

    def test_a_replace_to_nothing_is_checked_like_any_other(self, desk: Desk) -> None:
        desk.history(SELL, 5, 100, source_id=1)
        desk.buy(ANN, 4, 100)
        told = desk.replace(STREET, client_order_id=1, lots=2, price=999, flags=AS_LEAVES)
        assert told == ["REJECTED PRICE_OUT_OF_BAND 999/200"]
        assert divergence(desk) == (0, 0)
        assert desk.book() == ["SELL 1: 1@100"]

    def test_execution_refusals(self, desk: Desk) -> None:
        assert desk.execute(BUY, 0, 100) == ["REJECTED INVALID_QUANTITY 0/0"]
        assert desk.execute(Side.NONE, 1, 100) == ["REJECTED INVALID_SIDE 0/0"]
        assert desk.execute(BUY, 1, 201) == ["REJECTED INVALID_PRICE 0/0"]
        assert desk.execute(BUY, 1, 0) == ["REJECTED INVALID_PRICE 0/0"]
        largest = ONE.max_order_lots
        assert desk.execute(BUY, largest + 1, 100) == [f"REJECTED QUANTITY_TOO_LARGE {largest + 1}/{largest}"]
        # An order on the aggressor's own side cannot be meant: it counts as not open.
        desk.history(BUY, 5, 100, source_id=1)
        assert desk.execute(BUY, 2, 100, source_id=1) == []
        assert divergence(desk) == (1, 2)


class TestFrozenHistory:
    def test_live_orders_take_what_history_shows_and_move_nothing(self, frozen: Desk) -> None:
        frozen.history(SELL, 5, 100, source_id=1)
        assert frozen.buy(ANN, 3, 100) == ["TRADE 3@100 2x1", "FILLED 2"]
        trade, fill = frozen.of_kind(EventKind.TRADE)[0], frozen.of_kind(EventKind.ORDER_FILLED)[0]
        assert (trade.flags, fill.flags, fill.contra_order_id) == (SHADOW, SHADOW, 1)
        assert frozen.of_kind(EventKind.QUOTE) == []
        assert (frozen.order(1).leaves_lots, frozen.order(1).taken_lots) == (5, 3)
        # The same lots are not offered twice: two remain for Bob.
        assert frozen.buy(BOB, 3, 100) == [
            "TRADE 2@100 3x1",
            "PARTIAL 3 leaves 1",
            "RESTED 3 leaves 1 behind 0",
        ]
        # History goes on as it was recorded.
        assert frozen.execute(BUY, 5, 100, source_id=1) == ["TRADE 5@100 0x1", "FILLED 1"]
        row = frozen.row("instruments", instrument=0)
        assert (row.last_price_ticks, row.volume_lots, row.trades, row.divergence_orders) == (100, 5, 1, 0)
        assert frozen.position(STREET).position_lots == -5

    def test_a_live_order_waits_for_its_turn_in_the_queue(self, frozen: Desk) -> None:
        frozen.history(BUY, 5, 100, source_id=1)
        assert frozen.buy(ANN, 2, 100) == ["RESTED 2 leaves 2 behind 5"]
        frozen.history(BUY, 5, 100, source_id=2)
        assert frozen.of_kind(EventKind.QUOTE)[0].bid_lots == 10
        # The order before Ann's trades without her; the one behind her trades after her.
        assert frozen.execute(SELL, 5, 100, source_id=1) == ["TRADE 5@100 0x1", "FILLED 1"]
        assert frozen.execute(SELL, 1, 100, source_id=2) == [
            "TRADE 1@100 0x2",
            "PARTIAL 2 leaves 1",
            "TRADE 1@100 0x3",
            "PARTIAL 3 leaves 4",
        ]
        maker = frozen.of_kind(EventKind.ORDER_PARTIALLY_FILLED)[0]
        assert maker.flags == SHADOW | MAKER
        assert frozen.book(1) == ["BUY 2: 1@100"]

    def test_executions_behind_or_beyond_reach_the_live_order(self, frozen: Desk) -> None:
        frozen.history(BUY, 5, 100, source_id=1)
        frozen.buy(ANN, 2, 101)
        # A better price trades first, hidden liquidity at the same price or worse comes after.
        assert frozen.execute(SELL, 1, 100)[0] == "TRADE 1@101 0x2"
        assert frozen.execute(SELL, 1, 102) == ["TRADE 1@102 0x0"]
        assert frozen.execute(SELL, 3, 101) == ["TRADE 1@101 0x2", "FILLED 2", "TRADE 3@101 0x0"]

    def test_history_that_arrives_across_fills_live_orders(self, frozen: Desk) -> None:
        frozen.buy(ANN, 4, 101)
        assert frozen.history(SELL, 3, 100, source_id=1) == [
            "TRADE 3@101 2x1",
            "PARTIAL 1 leaves 1",
            "RESTED 2 leaves 3 behind 0",
        ]
        assert (frozen.order(2).taken_lots, frozen.order(2).order_state) == (3, OrderState.NEW)
        # It has given all it had; a later one serves the rest.
        assert frozen.buy(BOB, 1, 100) == ["RESTED 3 leaves 1 behind 0"]
        assert frozen.history(SELL, 3, 101, source_id=2)[0] == "TRADE 1@101 4x1"
        assert frozen.cancel(STREET, client_order_id=1, flags=HISTORICAL) == ["CANCELED 2 BY_REQUEST 3"]

    def test_a_replace_that_keeps_its_price_meets_nobody(self, frozen: Desk) -> None:
        frozen.history(SELL, 3, 100, source_id=1)
        frozen.buy(ANN, 4, 100)
        assert frozen.order(1).taken_lots == 3
        told = frozen.replace(STREET, client_order_id=1, lots=9, flags=AS_LEAVES)
        assert told == ["REPLACED 1 by 3 9 of 9@100", "RESTED 3 leaves 9 behind 0"]
        # With another price it does, with what has not been taken of it.
        told = frozen.replace(STREET, client_order_id=1, lots=3, price=99, flags=AS_LEAVES)
        assert told == ["REPLACED 3 by 4 3 of 3@99", "RESTED 4 leaves 3 behind 0"]
        told = frozen.replace(STREET, client_order_id=1, lots=5, price=98, flags=AS_LEAVES)
        assert told == [
            "REPLACED 4 by 5 5 of 5@98",
            "TRADE 1@100 5x2",
            "FILLED 2",
            "RESTED 5 leaves 5 behind 0",
        ]
        assert frozen.order(5).taken_lots == 4

    def test_live_orders_meet_each_other_and_history_in_price_time_order(self, frozen: Desk) -> None:
        frozen.sell(ANN, 1, 100)
        frozen.history(SELL, 1, 100, source_id=1)
        frozen.sell(ANN, 1, 100)
        frozen.history(SELL, 1, 99, source_id=2)
        told = [words for words in frozen.buy(BOB, 4, 100) if words.startswith("TRADE")]
        assert told == ["TRADE 1@99 5x4", "TRADE 1@100 5x1", "TRADE 1@100 5x2", "TRADE 1@100 5x3"]

    def test_post_only_looks_at_both_books(self, frozen: Desk) -> None:
        frozen.history(SELL, 1, 101, source_id=1)
        frozen.sell(ANN, 1, 100)
        only = {"flags": OrderFlag.POST_ONLY}
        assert frozen.buy(BOB, 1, 100, **only) == ["REJECTED POST_ONLY_WOULD_CROSS 100/100"]
        frozen.cancel(ANN, 2)
        assert frozen.buy(BOB, 1, 101, **only) == ["REJECTED POST_ONLY_WOULD_CROSS 101/101"]

    def test_the_street_sends_history_only(self, frozen: Desk) -> None:
        assert frozen.buy(STREET, 1, 100) == ["REJECTED INVALID_FLAGS 0/0"]
        frozen.history(BUY, 2, 100, source_id=1)
        assert frozen.replace(STREET, client_order_id=1, lots=1) == ["REJECTED INVALID_FLAGS 0/0"]
        assert frozen.execute(SELL, 1, 100, source_id=9) == ["REJECTED UNKNOWN_ORDER 0/0"]


# Properties of every stream.


@pytest.mark.twin
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("venue", venues())
def test_invariants_hold_and_orders_live_by_the_table(venue: str, profile: str) -> None:
    twin = ReferenceExchange(venues()[venue])
    lives = Lives(bare=twin.venue.bare)
    for _, events in stream(twin, profile, 11, 1_500):
        check_invariants(twin)
        lives.follow(events)
    orders = twin.state().orders
    open_states = {number: state for number, state in lives.states.items() if state not in TERMINAL_STATES}
    assert set(open_states) == set(orders["order_id"].tolist())
    for number, state in orders[["order_id", "order_state"]].tolist():
        before = open_states[number]
        assert before == state or silent(before, OrderState(state)), (number, before, state)


def silent(before: OrderState, after: OrderState) -> bool:
    """Whether an open order may show another state than its last event: no event says so one by one."""
    if before == OrderState.PENDING_NEW:
        # A successor that kept its place.
        return after != OrderState.REJECTED
    working = (OrderState.NEW, OrderState.PARTIALLY_FILLED, OrderState.SUSPENDED)
    return OrderState.SUSPENDED in (before, after) and before in working and after in working


class Lives:
    """Orders' states by their events, refusing every step that the table of states does not have."""

    def __init__(self, *, bare: bool = False) -> None:
        self.bare = bare
        self.states: dict[int, OrderState] = {}
        self.owners: dict[int, tuple[int, int]] = {}
        self.traded: set[int] = set()

    def follow(self, events: Records) -> None:
        for event in events.view(ORDER_EVENT)[_NAMES].tolist():
            kind, order_id, code, successor, account, instrument = event
            if kind == EventKind.PHASE_CHANGED:
                # Its payload has the phase where orders have their id.
                if order_id != Phase.HALTED:
                    self._resume(instrument)
            elif kind in _OF_ORDERS:
                self._step(kind, order_id, OrderState(code), successor, (account, instrument))

    def _resume(self, instrument: int) -> None:
        """The end of a halt: nothing says so of each order."""
        for order_id, state in self.states.items():
            if state == OrderState.SUSPENDED and self.owners[order_id][1] == instrument:
                resumed = OrderState.PARTIALLY_FILLED if order_id in self.traded else OrderState.NEW
                assert may_follow(state, resumed)
                self.states[order_id] = resumed

    def _step(
        self, kind: int, order_id: int, after: OrderState, successor: int, owner: tuple[int, int]
    ) -> None:
        if kind == EventKind.ORDER_CREATED:
            assert order_id not in self.states
            self.states[order_id], self.owners[order_id] = after, owner
            return
        before = self.states[order_id]
        assert before not in TERMINAL_STATES
        accepted = before == OrderState.PENDING_NEW and after not in (OrderState.HELD, OrderState.REJECTED)
        # Orders of the street and of a bare venue, and successors, are accepted without an event of its own.
        activated = before == OrderState.HELD and (self.bare or owner[0] == STREET)
        if before != after and (accepted or (activated and not may_follow(before, after))):
            assert may_follow(before, OrderState.NEW)
            before = OrderState.PARTIALLY_FILLED if order_id in self.traded else OrderState.NEW
        assert before == after or may_follow(before, after), (order_id, before, after)
        self.states[order_id] = after
        if kind in (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED):
            self.traded.add(order_id)
        if kind == EventKind.ORDER_REPLACED:
            assert successor not in self.states
            self.states[successor], self.owners[successor] = OrderState.PENDING_NEW, owner
            if order_id in self.traded:
                self.traded.add(successor)


_NAMES = ["kind", "order_id", "order_state", "successor_order_id", "account", "instrument"]
_OF_ORDERS = {kind for kind in EventKind if kind <= EventKind.ORDER_REDUCED} | {
    EventKind.ORDER_TRIGGERED,
    EventKind.ORDER_TRAILED,
    EventKind.ORDER_REFRESHED,
}


def test_the_table_check_notices_a_dead_order_that_moves() -> None:
    events = np.zeros(3, dtype=FILL_EVENT)
    events["kind"] = [EventKind.ORDER_CREATED, EventKind.ORDER_FILLED, EventKind.ORDER_PARTIALLY_FILLED]
    events["order_state"] = [OrderState.PENDING_NEW, OrderState.FILLED, OrderState.PARTIALLY_FILLED]
    events["order_id"] = 1
    with pytest.raises(AssertionError):
        Lives().follow(events.view(EVENT))


def test_the_invariants_notice_a_lost_micro() -> None:
    twin = ReferenceExchange(venues()["full"])
    list(stream(twin, "calm", 0, 300))
    check_invariants(twin)
    twin.ledger.purses[ANN].cash_micros -= 1
    with pytest.raises(AssertionError):
        check_invariants(twin)


def _lose_a_rung(twin: ReferenceExchange) -> None:
    next(ladder for held in twin.held for ladder in held.ladders.values() if ladder).pop()


def _reserve_for_a_held_order(twin: ReferenceExchange) -> None:
    next(order for order in twin.open_orders.values() if order.is_held).reserved_micros += 1


def _show_too_much(twin: ReferenceExchange) -> None:
    next(order for order in twin.open_orders.values() if order.shown_lots).shown_lots += 1


def _lose_a_member(twin: ReferenceExchange) -> None:
    group = next(iter(twin.groups.values()))
    del group.members[min(group.members)]


def _lose_an_expiry(twin: ReferenceExchange) -> None:
    twin.expiries = [item for item in twin.expiries if item[1] not in twin.open_orders]


def _forget_what_was_collected(twin: ReferenceExchange) -> None:
    twin.rules[0].phase = Phase.PRE_OPEN


def _leave_a_pause_out(twin: ReferenceExchange) -> None:
    twin.limit_states.add(0)


def _turn_a_collar_round(twin: ReferenceExchange) -> None:
    twin.calendars[0].collar = (110, 90)


@pytest.mark.parametrize(
    "spoil",
    [
        _turn_a_collar_round,
        _lose_a_rung,
        _reserve_for_a_held_order,
        _show_too_much,
        _lose_a_member,
        _lose_an_expiry,
        _forget_what_was_collected,
        _leave_a_pause_out,
    ],
)
def test_the_invariants_notice(spoil: Callable[[ReferenceExchange], None]) -> None:
    instrument = Instrument("ONE", "0.50", "2.00")
    twin = ReferenceExchange(Venue([instrument], [Account("ann", cash=1_000)]))
    terms = {"time_in_force": TimeInForce.GTD, "expire_time_ns": 10, "order_type": OrderType.STOP}
    group = {"group_id": 7, "flags": OrderFlag.GROUP_CHILD}
    for command in (
        make.new_order(0, ANN, 0, SELL, 1, trigger_price_ticks=90, **terms),
        make.new_order(0, ANN, 0, SELL, 9, 110, display_lots=3),
        make.new_order(0, ANN, 0, SELL, 1, 120, group_place=1, client_order_id=7, **group),
        make.new_order(0, ANN, 0, SELL, 1, 130, group_place=2, **group),
    ):
        twin.step(command)
        check_invariants(twin)
    spoil(twin)
    with pytest.raises(AssertionError):
        check_invariants(twin)
