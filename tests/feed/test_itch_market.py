"""What ITCH tells of the market besides orders: crosses, halts, short sale restrictions and collars."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from tests.feed.itch_bytes import (
    NAME,
    OPEN_NS,
    add,
    collar,
    cross,
    delete,
    directory,
    event,
    execute,
    execute_at,
    framed,
    halt,
    halt_here,
    message,
    short_sales,
)
from tests.feed.test_books import IMPLEMENTATIONS, PRINTED, VENUES, exchange, same_as_tiny
from tests.feed.test_itch_orders import random_day
from tests.twins.compare import event_difference, state_difference
from workbench.domain import commands as make
from workbench.domain.codes import CommandKind, EventKind, Phase, Reason, Side
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.records import (
    AUCTION,
    AUCTION_EVENT,
    FILL_EVENT,
    MARKET_EVENT,
    ORDER_EVENT,
    SHADOW,
    TRADE_EVENT,
    Records,
)
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange, check_invariants
from workbench.errors import SourceError
from workbench.feed import itch_orders
from workbench.feed.history import History
from workbench.feed.itch import read_itch_history
from workbench.feed.itch_market import market_code

pytestmark = pytest.mark.kernel

SECOND_NS = 10**9
ANN, BEN = 2, 3
FILLS = (EventKind.ORDER_FILLED, EventKind.ORDER_PARTIALLY_FILLED)
MODES = pytest.mark.parametrize("mode", list(ReplayMode), ids=lambda mode: mode.name.lower())


def at(seconds: int) -> int:
    return OPEN_NS + seconds * SECOND_NS


def read(folder: Path, messages: list[bytes], name: str = NAME, **options: Any) -> History:
    path = folder / name
    path.write_bytes(framed(messages))
    return read_itch_history(path, **options)


def shown(history: History) -> list[tuple[int, str, int, int, int, int]]:
    """Row, kind, flags (of the market's commands alone), lots, price and trigger price of each command."""
    return [
        (
            int(row),
            CommandKind(c["kind"]).name,
            int(c["flags"]) if c["kind"] in (CommandKind.SET_PHASE, CommandKind.RESTRICT_SHORT_SALES) else 0,
            int(c["quantity_lots"]),
            int(c["price_ticks"]),
            int(c["trigger_price_ticks"]),
        )
        for row, c in zip(history.rows, history.commands, strict=True)
    ]


def phases(history: History) -> list[tuple[int, Phase]]:
    return [(row, Phase(flags)) for row, kind, flags, *_ in shown(history) if kind == "SET_PHASE"]


class Market:
    """A history in kernel and twin at once, with two accounts; what both make of it must be the same."""

    def __init__(self, history: History, mode: ReplayMode, *, refusals: bool = False) -> None:
        accounts = [Account(name, cash=1_000_000, short_permitted=True) for name in ("ann", "ben")]
        venue = Venue([history.instrument], accounts, replay_mode=mode)
        self.history = history
        self.exchanges: tuple[Any, Any] = ReferenceExchange(venue), Exchange(venue)
        self.refusals = refusals
        self.done = 0
        self.time_ns = 0

    def step(self, commands: Records) -> Records:
        expected, got = (market.step(commands) for market in self.exchanges)
        assert not (difference := event_difference(commands, expected, got)), difference
        twin, kernel = self.exchanges
        assert not (difference := state_difference(twin.state(), kernel.state())), difference
        check_invariants(twin)
        if len(commands):
            self.time_ns = int(commands["time_ns"][-1])
        events: Records = got
        return events

    def until(self, row: int) -> Records:
        """Let history happen up to a row, that one included."""
        end = int(self.history.row_ends()[row])
        events = self.step(self.history.commands[self.done : end])
        self.done = end
        refused = (EventKind.ORDER_REJECTED, EventKind.CANCEL_REJECTED, EventKind.COMMAND_REJECTED)
        assert self.refusals or not np.isin(events["kind"], refused).any()
        return events

    def send(self, side: Side, lots: int, cents: int, account: int = ANN) -> tuple[int, int]:
        """A live limit order: its id and the reason why it was refused."""
        events = self.step(make.new_order(self.time_ns, account, 0, side, lots, cents))
        created = events[events["kind"] == EventKind.ORDER_CREATED].view(ORDER_EVENT)
        rejected = events[events["kind"] == EventKind.ORDER_REJECTED]
        return int(created["order_id"][0]), int(rejected["reason"][0]) if len(rejected) else 0

    def cancel(self, order: int, account: int = ANN) -> bool:
        events = self.step(make.cancel_order(self.time_ns, account, order_id=order))
        return bool((events["kind"] == EventKind.ORDER_CANCELED).any())

    @property
    def view(self) -> Any:
        return self.exchanges[1].instruments()[0]


def live_fills(events: Records) -> list[tuple[int, int, int]]:
    """Order, lots and price of each fill of ours."""
    some = events[np.isin(events["kind"], FILLS) & (events["account"] >= ANN)].view(FILL_EVENT)
    return [(int(e["order_id"]), int(e["last_quantity_lots"]), int(e["last_price_ticks"])) for e in some]


def prints(events: Records) -> list[tuple[int, int, bool, bool]]:
    """Lots and price of each trade, and whether it is an auction's and beside history's own."""
    some = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    return [
        (
            int(e["quantity_lots"]),
            int(e["price_ticks"]),
            bool(e["flags"] & AUCTION),
            bool(e["flags"] & SHADOW),
        )
        for e in some
    ]


DAY = [
    event("O", at(0)),
    directory("ABC", 1, at(0)),
    halt("T", at(0)),
    short_sales("0", at(0)),
    event("S", at(0)),
    # 5: the book before the open.
    add(1, "B", 500, 10_0000, at(1)),
    add(2, "S", 500, 10_1000, at(1)),
    add(3, "B", 200, 10_0500, at(2)),
    # 8: the opening cross; order 3 and others that were never shown take part.
    event("Q", at(3)),
    execute_at(3, 150, 10_0400, "N", at(4)),
    cross(1000, 10_0400, "O", at(4)),
    execute_at(3, 50, 10_0400, "N", at(4)),
    # 12
    execute(1, 100, at(5)),
    # 13: halted, quotation only with a collar, and trading again.
    halt("P", at(6)),
    add(4, "B", 20, 9_9000, at(7)),
    halt("Q", at(8)),
    collar(10_1500, 10_3000, at(9)),
    cross(0, 0, "H", at(10)),
    halt("T", at(10)),
    # 19: short sales restricted and no longer so.
    short_sales("1", at(11)),
    short_sales("2", at(12)),
    short_sales("0", at(13)),
    # 22: the closing cross.
    event("M", at(14)),
    cross(2000, 10_0800, "C", at(15)),
    execute_at(2, 300, 10_0800, "N", at(15)),
    event("E", at(16)),
    event("C", at(17)),
]


def test_each_message_gives_its_commands(tmp_path: Path) -> None:
    history = read(tmp_path, DAY)
    halted, quoting = int(Phase.HALTED), int(Phase.REOPENING_AUCTION)
    assert shown(history) == [
        (5, "NEW_ORDER", 0, 500, 1000, 0),
        (6, "NEW_ORDER", 0, 500, 1010, 0),
        (7, "NEW_ORDER", 0, 200, 1005, 0),
        # Before the execution that stands before its message.
        (9, "CROSS_ORDERS", 0, 1000, 1004, 0),
        (9, "CANCEL_ORDER", 0, 150, 0, 0),
        (11, "CANCEL_ORDER", 0, 0, 0, 0),
        (12, "EXECUTE_ORDER", 0, 100, 1000, 0),
        (13, "SET_PHASE", halted, 0, 0, 0),
        (14, "NEW_ORDER", 0, 20, 990, 0),
        (15, "SET_PHASE", quoting, 0, 0, 0),
        (16, "SET_AUCTION_COLLAR", 0, 0, 1015, 1030),
        (18, "SET_PHASE", int(Phase.CONTINUOUS), 0, 0, 0),
        (19, "RESTRICT_SHORT_SALES", 1, 0, 0, 0),
        (21, "RESTRICT_SHORT_SALES", 0, 0, 0, 0),
        (23, "CROSS_ORDERS", 0, 2000, 1008, 0),
        (24, "CANCEL_ORDER", 0, 300, 0, 0),
    ]
    assert history.quirks == {"cross_trade": 3, "execution_not_printed": 3, "trading_halt": 4}


def test_commands_are_those_that_the_vocabulary_makes(tmp_path: Path) -> None:
    history = read(tmp_path, DAY)
    times = history.row_times_ns
    made = {
        9: make.cross_orders(times[9], 0, 1000, 1004),
        13: make.set_phase(times[13], Phase.HALTED, 0),
        16: make.set_auction_collar(times[16], 0, 1015, 1030),
        19: make.restrict_short_sales(times[19], 1, 0),
    }
    for row, wanted in made.items():
        assert history.commands[np.flatnonzero(history.rows == row)[:1]] == wanted


@IMPLEMENTATIONS
@VENUES
def test_history_alone(tmp_path: Path, implementation: str, bare: bool, mode: ReplayMode) -> None:
    history = read(tmp_path, DAY)
    inner = exchange(implementation, history, bare=bare, mode=mode)
    same_as_tiny(inner, history)
    assert inner.state().instruments["volume_lots"][0] == 1000 + 100 + 2000


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
def test_the_volume_of_the_day_is_that_of_crosses_and_executions(tmp_path: Path, mode: str) -> None:
    (tmp_path / NAME).write_bytes(framed(DAY))
    market = wb.replay(tmp_path / NAME, mode=mode).run()
    (summary,) = market.summary().instruments
    assert (summary.trades, summary.volume) == (3, 3100)
    assert float(summary.last_price or 0) == 10.08
    assert market.summary().rejects == {}
    assert market.divergence["lots"].to_list() == [0]


@MODES
def test_a_whole_day_with_orders_of_ours(tmp_path: Path, mode: ReplayMode) -> None:
    market = Market(read(tmp_path, DAY), mode)
    frozen = mode == ReplayMode.FROZEN
    # The opening cross: one of our orders would have traded there, the other not.
    market.until(7)
    bid, reason = market.send(Side.BUY, 100, 1005)
    low, _ = market.send(Side.BUY, 100, 999)
    assert reason == 0
    events = market.until(10)
    assert live_fills(events) == [(bid, 100, 1004)]
    assert prints(events) == [(100, 1004, True, True), (1000, 1004, True, False)]
    assert market.view["volume_lots"] == 1000
    market.until(12)

    # Paused: orders are refused, cancels are not.
    market.until(14)
    assert market.view["phase"] == Phase.HALTED
    assert market.send(Side.BUY, 100, 1000)[1] == Reason.INSTRUMENT_HALTED
    assert market.cancel(low)

    # Quotation only: orders are collected, and trading begins with one price within the collar.
    market.until(16)
    assert market.view["phase"] == Phase.REOPENING_AUCTION
    buy, _ = market.send(Side.BUY, 100, 1020)
    sell, reason = market.send(Side.SELL, 60, 1010, BEN)
    assert reason == 0
    assert market.view["volume_lots"] == 1100
    events = market.until(18)
    (crossed,) = events[events["kind"] == EventKind.AUCTION_UNCROSSED].view(AUCTION_EVENT)
    assert (crossed["price_ticks"], crossed["paired_lots"]) == (1015, 60)
    assert live_fills(events) == [(buy, 60, 1015), (sell, 60, 1015)]
    assert prints(events) == [(60, 1015, True, frozen)]
    assert market.view["phase"] == Phase.CONTINUOUS
    assert market.cancel(buy)

    # Restricted: no short sale at the best bid, but above it, and none is refused later.
    market.until(20)
    assert market.send(Side.SELL, 10, 1000, BEN)[1] == Reason.SHORT_SALE_RESTRICTED
    assert market.send(Side.SELL, 10, 1000)[1] == 0
    above, reason = market.send(Side.SELL, 10, 1009, BEN)
    assert reason == 0
    market.until(21)
    assert market.send(Side.SELL, 10, 1000, BEN)[1] == 0

    # The closing cross: the order at the cross price takes part, the one above it does not.
    at_price, _ = market.send(Side.SELL, 30, 1008, BEN)
    before = int(market.view["volume_lots"])
    events = market.until(len(DAY) - 1)
    assert live_fills(events) == [(at_price, 30, 1008)]
    assert prints(events) == [(30, 1008, True, True), (2000, 1008, True, False)]
    assert market.view["volume_lots"] == before + 2000
    assert market.cancel(above, BEN)
    assert market.view["divergence_orders"] == 0


@MODES
def test_a_collar_is_lifted(tmp_path: Path, mode: ReplayMode) -> None:
    messages = [add(1, "B", 10, 10_0000), halt("Q"), collar(10_1500, 10_3000), collar(0, 0), halt("T")]
    market = Market(read(tmp_path, messages), mode)
    events = market.until(3)
    changed = events[events["kind"] == EventKind.AUCTION_COLLAR_CHANGED].view(MARKET_EVENT)
    assert changed["limit_down_ticks"].tolist() == [1015, 0]
    assert changed["limit_up_ticks"].tolist() == [1030, 0]
    market.send(Side.BUY, 100, 1020)
    market.send(Side.SELL, 60, 1010, BEN)
    assert prints(market.until(4))[0][:2] == (60, 1010)


@settings(max_examples=20)
@given(seed=st.integers(0, 100_000), mode=st.sampled_from(list(ReplayMode)))
def test_random_days_with_orders_of_ours(
    seed: int, mode: ReplayMode, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Kernel and twin agree, and history's volume stays its own in a frozen venue."""
    dice = random.Random(seed)
    history = read(tmp_path_factory.mktemp("itch"), random_day(seed, 80), symbol="ABC")
    market = Market(history, mode, refusals=True)
    orders: list[tuple[int, int]] = []
    for row in range(history.row_count):
        market.until(row)
        if not market.time_ns:
            continue
        account, cents = dice.choice((ANN, BEN)), 1000 + dice.randrange(-20, 21)
        low, high = market.history.instrument.band_low_ticks, market.history.instrument.band_high_ticks
        ticks = cents * market.history.instrument.price_increment_ticks
        if dice.random() < 0.5 and low <= ticks <= high:
            side = dice.choice((Side.BUY, Side.SELL))
            orders.append((market.send(side, dice.randint(1, 300), ticks, account)[0], account))
        elif orders:
            market.cancel(*dice.choice(orders))
    if mode == ReplayMode.FROZEN:
        printed = history.commands[np.isin(history.commands["kind"], PRINTED)]
        assert market.view["volume_lots"] == printed["quantity_lots"].sum()
        assert market.view["divergence_orders"] == 0


def test_a_stock_trades_where_neither_all_markets_nor_its_own_have_stopped_it(tmp_path: Path) -> None:
    messages = [
        add(1, "B", 10, 10_0000),
        halt("T"),
        halt_here("T"),
        halt_here("H"),  # 3: stopped here
        halt_here("H", "B"),
        halt("H"),
        halt("Q"),
        halt_here("T"),  # 7: quotation only everywhere
        halt("Q"),
        halt("P"),  # 9
        halt("H"),
        halt_here("T", "X"),
        halt("T"),  # 12
        halt_here("H"),  # 13
        halt_here("T"),  # 14
    ]
    history = read(tmp_path, messages)
    assert phases(history) == [
        (3, Phase.HALTED),
        (7, Phase.REOPENING_AUCTION),
        (9, Phase.HALTED),
        (12, Phase.CONTINUOUS),
        (13, Phase.HALTED),
        (14, Phase.CONTINUOUS),
    ]
    assert history.quirks == {"halt_elsewhere": 2, "trading_halt": 12}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (NAME, "Q"),
        ("20190130.BX_ITCH_50", "B"),
        ("20190130.PSX_ITCH_50", "X"),
        ("S013019-v50.txt", "Q"),
    ],
)
def test_the_market_of_a_file_is_told_by_its_name(tmp_path: Path, name: str, code: str) -> None:
    assert market_code(f"/BX_ITCH/{name}") == code
    messages = [add(1, "B", 10, 10_0000), *(halt_here("H", market) for market in "QBX")]
    assert phases(read(tmp_path, messages, name)) == [(1 + "QBX".index(code), Phase.HALTED)]


def test_a_cross_of_more_than_an_order_may_have_is_several(tmp_path: Path) -> None:
    messages = [add(1, "B", 10, 10_0000), cross(1 << 40, 10_0000, "O"), cross(7, 10_0000, "C")]
    history = read(tmp_path, messages)
    most = history.instrument.max_order_lots
    crossed = history.commands[history.commands["kind"] == CommandKind.CROSS_ORDERS]["quantity_lots"]
    assert (len(crossed), int(crossed.sum()), int(crossed.max())) == (
        -(-(1 << 40) // most) + 1,
        (1 << 40) + 7,
        most,
    )
    assert (crossed[:-2] == most).all()
    with pytest.raises(SourceError, match=r"crosses 1099511627777 shares, more than the exchange can hold"):
        read(tmp_path, [add(1, "B", 10, 10_0000), cross((1 << 40) + 1, 10_0000, "O")])


@MODES
def test_a_cross_in_parts_fills_an_order_of_ours_as_one(
    tmp_path: Path, mode: ReplayMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = itch_orders.market_commands
    monkeypatch.setattr(
        itch_orders, "market_commands", lambda *given: inner(*given[:5], min(given[5], 40), *given[6:])
    )
    market = Market(read(tmp_path, [add(1, "B", 10, 10_0000), cross(100, 10_0000, "O")]), mode)
    market.until(0)
    order, _ = market.send(Side.SELL, 90, 1001)
    assert market.cancel(order)
    order, _ = market.send(Side.BUY, 90, 1001)
    events = market.until(1)
    assert live_fills(events) == [(order, 40, 1000), (order, 40, 1000), (order, 10, 1000)]
    assert [lots for lots, _, _, shadow in prints(events) if not shadow] == [40, 40, 20]


def test_crosses_of_nothing_give_no_command(tmp_path: Path) -> None:
    history = read(tmp_path, [add(1, "B", 10, 10_0000), cross(0, 10_0000, "O"), cross(5, 0, "C")])
    assert len(history.commands) == 1
    assert history.quirks == {"cross_trade": 2}


def test_a_cross_at_a_price_outside_the_window_is_left_out(tmp_path: Path) -> None:
    far = [add(number, "B", 10, 10_0000) for number in range(1, 8)]
    history = read(tmp_path, [*far, cross(5, 199_999_9900, "O")])
    assert len(history.commands) == 7
    assert history.quirks == {"cross_trade": 1, "price_outside_window": 1}


def test_a_cross_between_two_cents_makes_the_tick_finer(tmp_path: Path) -> None:
    history = read(tmp_path, [add(1, "B", 10, 10_0000), cross(5, 10_0050, "O"), collar(9_9990, 10_0060)])
    assert [row[3:] for row in shown(history)] == [(10, 2000, 0), (5, 2001, 0), (0, 2000, 2001)]
    cents = history.with_tick_size("0.01")
    assert [row[3:] for row in shown(cents)] == [(10, 1000, 0), (5, 1001, 0), (0, 1000, 1000)]
    assert cents.quirks["execution_price_rounded"] == 1


def test_a_cross_passes_only_executions_of_its_own(tmp_path: Path) -> None:
    """It stands before those of its time stamp that are not printed, behind prints and market messages."""
    messages = [
        add(1, "B", 90, 10_0000, at(0)),
        execute_at(1, 1, 10_0000, "N", at(0)),  # another time stamp
        execute_at(1, 2, 10_0000, "Y", at(1)),  # printed
        execute_at(1, 3, 10_0000, "N", at(1)),
        execute(1, 4, at(1)),
        execute_at(1, 5, 10_0000, "N", at(1)),
        cross(100, 10_0000, "O", at(1)),
        execute_at(1, 6, 10_0000, "N", at(1)),
        cross(200, 10_0000, "O", at(1)),
        execute_at(1, 7, 10_0000, "N", at(1)),
        halt("H", at(1)),
        cross(300, 10_0000, "H", at(1)),
    ]
    history = read(tmp_path, messages)
    assert [(row, kind[:5], lots) for row, kind, _, lots, _, _ in shown(history)] == [
        (0, "NEW_O", 90),
        (1, "CANCE", 1),
        (2, "EXECU", 2),
        (3, "CANCE", 3),
        (4, "EXECU", 4),
        (5, "CROSS", 100),
        (5, "CANCE", 5),
        (7, "CROSS", 200),
        (7, "CANCE", 6),
        (9, "CANCE", 7),
        (10, "SET_P", 0),
        (11, "CROSS", 300),
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (halt("V"), "is a message H that has an unknown state, 'V'"),
        (halt_here("P"), "is a message h that has an unknown state, 'P'"),
        (short_sales("3"), "is a message Y that has an unknown action, '3'"),
        (collar(10_0000, 9_0000), "is a message J that has an upper price below the lower one"),
    ],
)
def test_what_no_market_could_send_is_refused(tmp_path: Path, wrong: bytes, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence) as caught:
        read(tmp_path, [add(1, "B", 10, 10_0000), wrong])
    assert caught.value.row == 2


TWO = [
    directory("ABC", 1, at(0)),
    directory("XYZ", 2, at(0)),
    add(1, "B", 100, 10_0000, at(0)),
    add(2, "B", 100, 20_0000, at(0), stock="XYZ", locate=2),
    halt("H", at(1), stock="XYZ", locate=2),
    short_sales("1", at(1)),
    collar(19_0000, 21_0000, at(1), stock="XYZ", locate=2),
    cross(500, 10_0000, "O", at(2)),
    cross(700, 20_0000, "O", at(2), stock="XYZ", locate=2),
    execute(1, 40, at(3)),
    delete(2, at(3), locate=2),
]


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
def test_each_stock_has_its_own_market_after_a_merge(tmp_path: Path, mode: str) -> None:
    path = tmp_path / NAME
    path.write_bytes(framed(TWO))
    market = wb.replay(*(read_itch_history(path, symbol=stock) for stock in ("XYZ", "ABC")), mode=mode)
    kinds = (CommandKind.SET_PHASE, CommandKind.RESTRICT_SHORT_SALES, CommandKind.SET_AUCTION_COLLAR)
    assert [
        (CommandKind(c["kind"]), int(c["instrument"])) for c in market.commands if c["kind"] in kinds
    ] == [
        (CommandKind.SET_PHASE, 0),
        (CommandKind.SET_AUCTION_COLLAR, 0),
        (CommandKind.RESTRICT_SHORT_SALES, 1),
    ]
    market.run_until("09:30:01.5")
    assert market.buy(10, "XYZ", limit=20).reason == "INSTRUMENT_HALTED"
    assert market.buy(10, "ABC", limit=9).is_open
    assert market.sell(10, "ABC", limit=10).reason == "SHORT_SALE_RESTRICTED"
    market.run()
    summary = market.summary()
    assert [float(one.volume) for one in summary.instruments] == [700, 540]
    assert summary.rejects == {"INSTRUMENT_HALTED": 1, "SHORT_SALE_RESTRICTED": 1}


def test_messages_about_the_market_alone_are_no_orders(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no message that enters an order or tells a trade"):
        read(tmp_path, [message("Q", cross(5, 10_0000, "O")[11:])])
