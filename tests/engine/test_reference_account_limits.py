"""Limits that are changed while the market runs, step by step, over both exchanges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.twins.desk import BOTH, Desk
from workbench.domain import commands as make
from workbench.domain.codes import CommandKind, LimitKind, OrderFlag, Reason, Side
from workbench.domain.commands import ALL
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.limits import MONEY_LIMITS, Limits
from workbench.domain.records import COMMAND, Records
from workbench.domain.units import LARGEST
from workbench.engine.kept_limits import changes, limits_given, with_changes

pytestmark = pytest.mark.parametrize("which", BOTH)

HOUSE, ANN, BOB, CID = 1, 2, 3, 4
SECOND = 1_000_000_000
DOLLAR = 1_000_000


def desk_of(which: str, **settings: Any) -> Desk:
    stock = Instrument("ONE", "0.50", "2.00")
    ann = Account("ann", cash=1_000, **settings)
    return Desk(which, Venue([stock], [ann, Account("bob", cash=1_000), Account("cid", cash=1_000)]))


def limit(desk: Desk, account: int, kind: LimitKind, value: int, time_ns: int = 0) -> list[str]:
    return desk.do(make.set_limit(time_ns, account, kind, value))


def order(account: int, lots: int, price: int = 100, time_ns: int = 0, side: Side = Side.BUY) -> Records:
    return make.new_order(time_ns, account, 0, side, lots, price)


def trade(desk: Desk, buyer: int, seller: int, lots: int, price: int, time_ns: int = 0) -> None:
    desk.do(order(seller, lots, price, time_ns, Side.SELL))
    desk.do(order(buyer, lots, price, time_ns))


def held_by(desk: Desk) -> dict[tuple[int, LimitKind], int]:
    """Limits that are not the venue's own."""
    rows = desk.exchange.state().limits.tolist()
    return {(account, LimitKind(kind)): value for account, kind, value in rows}


REFUSED: dict[LimitKind, tuple[int, Callable[[], Records], str]] = {
    LimitKind.MAX_ORDER_LOTS: (9, lambda: order(ANN, 10), "QUANTITY_TOO_LARGE 10/9"),
    LimitKind.MAX_ORDER_NOTIONAL: (
        9_999_999,
        lambda: order(ANN, 10),
        "NOTIONAL_TOO_LARGE 10000000/9999999",
    ),
    LimitKind.POSITION_LIMIT_LOTS: (14, lambda: order(ANN, 10), "POSITION_LIMIT 15/14"),
    LimitKind.MAX_OPEN_ORDERS: (1, lambda: order(ANN, 10), "TOO_MANY_OPEN_ORDERS 1/1"),
}


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.name)
def test_the_next_order_meets_the_limit_and_open_orders_stay(which: str, kind: LimitKind) -> None:
    desk = desk_of(which)
    value, entered, refusal = REFUSED[kind]
    assert desk.do(order(ANN, 5)) == ["RESTED 1 leaves 5 behind 0"]
    assert limit(desk, ANN, kind, value) == [f"LIMIT {ANN} {kind.name} 0>{value}"]
    assert held_by(desk) == {(ANN, kind): value}
    assert desk.do(entered()) == [f"REJECTED {refusal}"]
    assert desk.book() == ["BUY 1: 5@100"]
    # Nobody else has it.
    assert desk.do(order(BOB, 10)) == ["RESTED 3 leaves 10 behind 5"]
    assert limit(desk, ANN, kind, 0) == [f"LIMIT {ANN} {kind.name} {value}>0"]
    assert held_by(desk) == {}
    assert desk.do(entered()) == ["RESTED 4 leaves 10 behind 15"]


def test_replaces_meet_it_and_so_do_held_orders_when_they_are_activated(which: str) -> None:
    desk = desk_of(which)
    desk.do(order(ANN, 5))
    limit(desk, ANN, LimitKind.MAX_ORDER_LOTS, 3)
    assert desk.do(make.replace_order(0, ANN, order_id=1, quantity_lots=4)) == [
        "REJECTED QUANTITY_TOO_LARGE 4/3"
    ]
    assert desk.do(make.replace_order(0, ANN, order_id=1, quantity_lots=3)) == ["REPLACED 1 by 2 3 of 3@100"]


def test_a_position_beyond_its_limit_can_still_be_closed(which: str) -> None:
    desk = desk_of(which)
    trade(desk, ANN, BOB, 50, 100)
    limit(desk, ANN, LimitKind.POSITION_LIMIT_LOTS, 10)
    assert desk.do(order(ANN, 1)) == ["REJECTED POSITION_LIMIT 51/10"]
    assert desk.do(order(ANN, 40, 120, side=Side.SELL)) == ["RESTED 4 leaves 40 behind 0"]


class TestRate:
    def test_is_set_in_two_steps(self, which: str) -> None:
        desk = desk_of(which)
        assert limit(desk, ANN, LimitKind.ORDERS_PER_SECOND, 2) == [f"LIMIT {ANN} ORDERS_PER_SECOND 0>2"]
        desk.do(order(ANN, 1))
        assert desk.do(order(ANN, 1)) == ["REJECTED ORDER_RATE 500000000/0"]
        assert limit(desk, ANN, LimitKind.ORDER_BURST, 3) == [f"LIMIT {ANN} ORDER_BURST 1>3"]
        desk.do(order(ANN, 1))
        desk.do(order(ANN, 1))
        assert desk.do(order(ANN, 1)) == ["REJECTED ORDER_RATE 500000000/0"]
        # Back to one at once: what is used up stays used up, until 1.5 s.
        limit(desk, ANN, LimitKind.ORDER_BURST, 1, SECOND)
        assert desk.do(order(ANN, 1, time_ns=SECOND)) == ["REJECTED ORDER_RATE 500000000/0"]
        assert desk.account(ANN).rate_time_ns == 3 * SECOND // 2
        limit(desk, ANN, LimitKind.ORDERS_PER_SECOND, 0, SECOND)
        assert desk.do(order(ANN, 1, time_ns=SECOND)) == ["RESTED 7 leaves 1 behind 3"]

    def test_rate_and_burst_must_go_together(self, which: str) -> None:
        desk = desk_of(which, limits=Limits(orders_per_second=1, order_burst=2))
        most = LARGEST // SECOND
        refused = [f"REJECTED INVALID_LIMIT {most + 1}/{most}"]
        assert limit(desk, ANN, LimitKind.ORDER_BURST, most + 1) == refused
        assert limit(desk, ANN, LimitKind.ORDER_BURST, most) == [f"LIMIT {ANN} ORDER_BURST 2>{most}"]
        limit(desk, BOB, LimitKind.ORDER_BURST, most + 1)
        # Bob's burst does not go with any rate of one a second: nobody gets it.
        before = held_by(desk)
        assert limit(desk, ALL, LimitKind.ORDERS_PER_SECOND, 1) == refused
        assert limit(desk, BOB, LimitKind.ORDERS_PER_SECOND, 1) == refused
        assert held_by(desk) == before
        assert limit(desk, BOB, LimitKind.ORDERS_PER_SECOND, 2) == [f"LIMIT {BOB} ORDERS_PER_SECOND 0>2"]


class TestLosses:
    def test_one_who_was_not_watched_begins_now(self, which: str) -> None:
        desk = desk_of(which)
        trade(desk, ANN, BOB, 100, 100)
        trade(desk, CID, BOB, 1, 90)
        now = 990 * DOLLAR
        assert limit(desk, ANN, LimitKind.MAX_DRAWDOWN, 5 * DOLLAR) == [
            f"LIMIT {ANN} MAX_DRAWDOWN 0>{5 * DOLLAR} from {now}"
        ]
        assert desk.account(ANN).peak_equity_micros == desk.account(ANN).day_start_equity_micros == now
        assert desk.do(make.clock(0)) == []
        trade(desk, CID, BOB, 1, 84)
        # She has not moved: the next clock looks.
        assert desk.account(ANN).state == 0
        assert desk.do(make.clock(0)) == [f"SUSPENDED {ANN} DRAWDOWN {6 * DOLLAR}/{5 * DOLLAR}"]

    def test_one_who_is_beyond_it_is_found_when_looked_at(self, which: str) -> None:
        desk = desk_of(which, limits=Limits(max_daily_loss=50))
        trade(desk, ANN, BOB, 100, 100)
        trade(desk, CID, BOB, 1, 80)
        assert desk.do(make.clock(0)) == []
        # Watched already: the day began with 1,000.
        tighter = limit(desk, ANN, LimitKind.MAX_DAILY_LOSS, 10 * DOLLAR)
        assert tighter == [f"LIMIT {ANN} MAX_DAILY_LOSS {50 * DOLLAR}>{10 * DOLLAR}"]
        assert desk.account(ANN).state == 0
        assert (
            desk.do(make.fine(0, ANN, 1))[1] == f"SUSPENDED {ANN} DAILY_LOSS {20 * DOLLAR + 1}/{10 * DOLLAR}"
        )

    def test_one_who_is_watched_no_more_keeps_nothing(self, which: str) -> None:
        desk = desk_of(which, limits=Limits(max_daily_loss=50, max_drawdown=60))
        limit(desk, ANN, LimitKind.MAX_DAILY_LOSS, 0)
        assert desk.account(ANN).peak_equity_micros == 1_000 * DOLLAR
        limit(desk, ANN, LimitKind.MAX_DRAWDOWN, 0)
        ann = desk.account(ANN)
        assert (ann.peak_equity_micros, ann.day_start_equity_micros) == (0, 0)
        assert desk.do(make.start_day(0)) == []

    def test_margin_accounts_are_watched_anyway(self, which: str) -> None:
        desk = desk_of(which, margin=True)
        desk.do(make.fine(0, ANN, 10 * DOLLAR))
        assert limit(desk, ANN, LimitKind.MAX_DRAWDOWN, 5 * DOLLAR) == [
            f"LIMIT {ANN} MAX_DRAWDOWN 0>{5 * DOLLAR}"
        ]
        assert desk.do(make.clock(0)) == [f"SUSPENDED {ANN} DRAWDOWN {10 * DOLLAR}/{5 * DOLLAR}"]
        limit(desk, ANN, LimitKind.MAX_DRAWDOWN, 0)
        assert desk.account(ANN).peak_equity_micros == 1_000 * DOLLAR


class TestWhom:
    def test_all_traders(self, which: str) -> None:
        desk = desk_of(which, limits=Limits(max_open_orders=7))
        desk.do(make.suspend_account(0, BOB))
        assert limit(desk, ALL, LimitKind.MAX_OPEN_ORDERS, 7) == [
            f"LIMIT {ANN} MAX_OPEN_ORDERS 7>7",
            f"LIMIT {BOB} MAX_OPEN_ORDERS 0>7",
            f"LIMIT {CID} MAX_OPEN_ORDERS 0>7",
        ]
        assert [(event.account, event.instrument) for event in desk.events] == [(2, -1), (3, -1), (4, -1)]
        assert held_by(desk) == {(n, LimitKind.MAX_OPEN_ORDERS): 7 for n in (BOB, CID)}
        assert desk.account(BOB).state == 1

    @pytest.mark.parametrize("account", [-2, 0, HOUSE, 5])
    def test_nobody_else(self, which: str, account: int) -> None:
        desk = desk_of(which)
        refused = [f"REJECTED UNKNOWN_ACCOUNT {account}/5"]
        assert limit(desk, account, LimitKind.MAX_OPEN_ORDERS, 1) == refused

    def test_not_in_a_bare_venue(self, which: str) -> None:
        desk = Desk(which, Venue([Instrument("ONE", "0.50", "2.00")], bare=True))
        assert limit(desk, ALL, LimitKind.MAX_OPEN_ORDERS, 1) == ["REJECTED UNKNOWN_COMMAND 0/0"]


class TestValues:
    @pytest.mark.parametrize("kind", LimitKind, ids=lambda kind: kind.name)
    def test_have_bounds(self, which: str, kind: LimitKind) -> None:
        desk = desk_of(which)
        least = int(kind == LimitKind.ORDER_BURST)
        most = SECOND if kind == LimitKind.ORDERS_PER_SECOND else LARGEST
        for value, bound in ((least - 1, least), (-(2**63), least), (most + 1, most), (2**63 - 1, most)):
            assert limit(desk, ANN, kind, value) == [f"REJECTED INVALID_LIMIT {value}/{bound}"]
        before = desk.exchange.state_hash()
        for value in (most, least):
            assert len(limit(desk, ANN, kind, value)) == 1
        assert held_by(desk) == {}
        assert desk.exchange.state_hash() != before

    @pytest.mark.parametrize("kind", [0, 9, 255])
    def test_of_no_limit(self, which: str, kind: int) -> None:
        desk = desk_of(which)
        assert desk.do(make.set_limit(0, ANN, kind, 1)) == [f"REJECTED UNKNOWN_LIMIT {kind}/0"]  # type: ignore[arg-type]

    def test_stand_where_their_unit_says(self, which: str) -> None:
        assert which
        for kind in LimitKind:
            (row,) = make.set_limit(5, ANN, kind, 7)
            used = {name: int(row[name]) for name in COMMAND.names or () if row[name]}
            field = "amount_micros" if kind in MONEY_LIMITS else "quantity_lots"
            assert used == {
                "time_ns": 5,
                "kind": CommandKind.SET_LIMIT,
                "account": ANN,
                "group_place": kind,
                field: 7,
            }

    def test_come_too_late(self, which: str) -> None:
        desk = desk_of(which)
        desk.do(make.clock(10))
        assert limit(desk, ANN, LimitKind.MAX_OPEN_ORDERS, 1, 9) == ["REJECTED TIME_BACKWARDS 9/10"]
        assert desk.events[0].reason == Reason.TIME_BACKWARDS


def test_fees_and_flags_have_no_say(which: str) -> None:
    """Flags of a command that has none are not looked at."""
    desk = desk_of(which)
    command = make.set_limit(0, ANN, LimitKind.MAX_OPEN_ORDERS, 3)
    command["flags"], command["instrument"] = OrderFlag.POST_ONLY, 9
    assert desk.do(command) == [f"LIMIT {ANN} MAX_OPEN_ORDERS 0>3"]


def test_changes_lead_from_what_was_given_to_what_is(which: str) -> None:
    desk = desk_of(which, limits=Limits(max_order_lots=5, max_drawdown=3))
    limit(desk, ANN, LimitKind.MAX_DRAWDOWN, 0)
    limit(desk, CID, LimitKind.ORDER_BURST, 4)
    given = limits_given(desk.exchange.venue)
    rows = desk.exchange.state().limits
    assert rows.tolist() == [(ANN, LimitKind.MAX_DRAWDOWN, 0), (CID, LimitKind.ORDER_BURST, 4)]
    now = with_changes(given, rows)
    assert now["max_drawdown_micros"].tolist() == [0, 0, 0, 0, 0]
    assert now["order_burst"].tolist() == [1, 1, 1, 1, 4]
    assert changes(given, now).tobytes() == rows.tobytes()
