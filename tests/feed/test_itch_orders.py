import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.feed.itch_bytes import (
    MIDNIGHT_NS,
    NAME,
    OPEN_NS,
    add,
    cancel,
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
    replace,
    short_sales,
    trade,
)
from tests.feed.test_books import IMPLEMENTATIONS, VENUES, Watched, check_market, exchange, same_as_tiny
from workbench.domain.codes import CommandKind, EventKind, OrderFlag, Side
from workbench.domain.config import ReplayMode, Venue
from workbench.domain.records import TRADE_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.errors import SourceError
from workbench.feed.history import History
from workbench.feed.itch import read_itch_history
from workbench.feed.street import FIRST_SYNTHETIC_ID

pytestmark = pytest.mark.kernel

BUY, SELL = int(Side.BUY), int(Side.SELL)


def read(folder: Path, messages: list[bytes], **options: Any) -> History:
    path = folder / NAME
    path.write_bytes(framed(messages))
    return read_itch_history(path, **options)


def shown(history: History) -> list[tuple[int, str, int, int, int, int]]:
    """Row, kind, id (of a replace: the new one), side, lots and price of each command."""
    return [
        (
            int(row),
            CommandKind(c["kind"]).name.split("_")[0],
            int(c["new_client_order_id"] or c["client_order_id"]),
            int(c["side"]),
            int(c["quantity_lots"]),
            int(c["price_ticks"]),
        )
        for row, c in zip(history.rows, history.commands, strict=True)
    ]


def test_each_message_gives_its_commands(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            event("Q"),
            directory("ABC"),
            add(11, "B", 100, 10_0000),
            add(12, "S", 80, 10_0200, mpid="FLTU"),
            execute(12, 30),
            execute_at(12, 10, 10_0200),
            execute_at(12, 10, 10_0100),
            execute_at(12, 10, 10_0000, "N"),
            cancel(11, 40),
            replace(11, 13, 90, 9_9900),
            halt("H"),
            trade("B", 7, 10_0150),
            cross(500, 10_0100, "O"),
            execute_at(12, 20, 10_0300),
            execute(13, 90),
            replace(12, 14, 1, 10_0000),
            add(15, "S", 1, 10_0500),
            delete(15),
        ],
    )
    assert history.instrument.tick_size == Decimal("0.005")
    assert history.instrument.price_increment == Decimal("0.01")
    assert shown(history) == [
        (2, "NEW", 11, BUY, 100, 2000),
        (3, "NEW", 12, SELL, 80, 2004),
        (4, "EXECUTE", 12, BUY, 30, 2004),
        (5, "EXECUTE", 12, BUY, 10, 2004),
        (6, "CANCEL", 12, 0, 10, 0),
        (6, "EXECUTE", 0, BUY, 10, 2002),
        (7, "CANCEL", 12, 0, 10, 0),
        (8, "CANCEL", 11, 0, 40, 0),
        (9, "REPLACE", 13, 0, 90, 1998),
        (10, "SET", 0, 0, 0, 0),
        (11, "EXECUTE", 0, BUY, 7, 2003),
        (12, "CROSS", 0, 0, 500, 2002),
        (13, "CANCEL", 12, 0, 0, 0),
        (13, "EXECUTE", 0, BUY, 20, 2006),
        (14, "EXECUTE", 13, SELL, 90, 1998),
        (16, "NEW", 15, SELL, 1, 2010),
        (17, "CANCEL", 15, 0, 0, 0),
    ]
    (replaced,) = history.commands[history.commands["kind"] == CommandKind.REPLACE_ORDER]
    assert replaced["client_order_id"] == 11
    assert replaced["flags"] == (
        OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES | OrderFlag.LOSE_PRIORITY
    )
    assert history.quirks == {
        "cross_trade": 1,
        "execution_not_printed": 1,
        "fill_away_from_price": 2,
        "hidden_execution": 1,
        "hidden_side_by_tick_rule": 1,
        "trading_halt": 1,
        "unknown_order_replaced": 1,
    }
    assert history.row_times_ns.tolist() == [MIDNIGHT_NS + OPEN_NS] * 18


WORKED: list[tuple[bytes, list[tuple[int, int]], list[tuple[int, int]]]] = [
    # Each message, then the bids and the asks as (price in cents, shares) by queue order.
    (add(1, "B", 100, 10_0000), [(1000, 100)], []),
    (add(2, "B", 50, 10_0000), [(1000, 100), (1000, 50)], []),
    (add(3, "S", 70, 10_0200), [(1000, 100), (1000, 50)], [(1002, 70)]),
    (execute(1, 60), [(1000, 40), (1000, 50)], [(1002, 70)]),
    # Even at its price and with fewer shares a replaced order goes to the end.
    (replace(1, 4, 40, 10_0000), [(1000, 50), (1000, 40)], [(1002, 70)]),
    (cancel(2, 20), [(1000, 30), (1000, 40)], [(1002, 70)]),
    (replace(3, 5, 90, 10_0100), [(1000, 30), (1000, 40)], [(1001, 90)]),
    (execute_at(5, 10, 10_0000), [(1000, 30), (1000, 40)], [(1001, 80)]),
    (execute_at(5, 10, 10_0000, "N"), [(1000, 30), (1000, 40)], [(1001, 70)]),
    (trade("B", 25, 10_0050), [(1000, 30), (1000, 40)], [(1001, 70)]),
    (execute(2, 30), [(1000, 40)], [(1001, 70)]),
    # Crossed for a moment, as before an auction: history does not trade with itself.
    (add(6, "B", 5, 10_0300), [(1003, 5), (1000, 40)], [(1001, 70)]),
    (delete(6), [(1000, 40)], [(1001, 70)]),
    (delete(5), [(1000, 40)], []),
    (execute(4, 40), [], []),
]


@pytest.mark.parametrize("mode", list(ReplayMode))
def test_a_worked_day(tmp_path: Path, mode: ReplayMode) -> None:
    history = read(tmp_path, [one for one, _, _ in WORKED])
    market = Exchange(Venue([history.instrument], bare=True, replay_mode=mode))
    ends, done = history.row_ends(), 0
    trades = []
    for row, (_, bids, asks) in enumerate(WORKED):
        events = Watched(market).step(history.commands[done : ends[row]])
        trades += events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT).tolist()
        done = int(ends[row])
        for side, wanted in ((BUY, bids), (SELL, asks)):
            orders = market.orders()
            orders = orders[orders["side"] == side]
            # The tick is half a cent, for one of the trades was there.
            assert [
                (p // 2, q) for p, q in zip(orders["price_ticks"], orders["leaves_lots"], strict=True)
            ] == wanted, row
    assert len(trades) == 5
    check_market(market, history)


class Oracle:
    """The book of a stream of messages as the specification means it: dictionaries, one message at a time."""

    def __init__(self) -> None:
        self.orders: dict[int, list[int]] = {}
        self.prints: list[tuple[int, int]] = []

    def take(self, made: bytes) -> None:
        kind = chr(made[0])
        number = int.from_bytes(made[11:19], "big")
        if kind in "AF":
            self.orders[number] = [
                BUY if made[19:20] == b"B" else SELL,
                int.from_bytes(made[32:36], "big"),
                int.from_bytes(made[20:24], "big"),
            ]
        elif kind in "ECX":
            shares = int.from_bytes(made[19:23], "big")
            order = self.orders[number]
            if kind == "E":
                self.prints.append((order[1], shares))
            if kind == "C" and made[31:32] == b"Y":
                self.prints.append((int.from_bytes(made[32:36], "big"), shares))
            order[2] -= shares
            if not order[2]:
                del self.orders[number]
        elif kind == "D":
            del self.orders[number]
        elif kind == "U":
            side, _, _ = self.orders.pop(number)
            new = int.from_bytes(made[19:27], "big")
            self.orders[new] = [side, int.from_bytes(made[31:35], "big"), int.from_bytes(made[27:31], "big")]
        elif kind == "P":
            self.prints.append((int.from_bytes(made[32:36], "big"), int.from_bytes(made[20:24], "big")))
        elif kind == "Q":
            self.prints.append((int.from_bytes(made[27:31], "big"), int.from_bytes(made[11:19], "big")))

    def queues(self) -> list[tuple[int, int, int, int]]:
        """Side, price, shares and reference number of all open orders, each side's best first."""
        entries = [(side, price, shares, name) for name, (side, price, shares) in self.orders.items()]
        # Dictionaries keep the order of entry, which is that of priority, for each replace enters anew.
        return sorted(entries, key=lambda one: (one[0], one[1] if one[0] == SELL else -one[1]))


def one_message(
    dice: random.Random, oracle: Oracle, number: int, time_ns: int, sides: str
) -> tuple[bytes, bool]:
    """A message that Nasdaq could send now, and whether it is about the oracle's stock."""
    shares, price = dice.randint(1, 5) * 10, 10_0000 + dice.randrange(-20, 20) * 100
    if not dice.randrange(8):
        return market_message(dice, price, time_ns), True
    kind = dice.choice("AAAAAAFECXDUPZ") if oracle.orders else "A"
    if kind in "AF":
        mpid = "FLTU" if kind == "F" else ""
        return add(number, dice.choice("BS"), shares, price, time_ns, mpid=mpid), True
    if kind == "P":
        return trade(dice.choice(sides), shares, price + 50, time_ns), True
    if kind == "Z":
        return add(number, "B", 1, 5_0000, time_ns, stock="XYZ", locate=2), False
    known = dice.choice(list(oracle.orders))
    _, own, leaves = oracle.orders[known]
    part = dice.choice((leaves, dice.randint(1, leaves)))
    if kind == "E":
        return execute(known, part, time_ns), True
    if kind == "C":
        return execute_at(known, part, dice.choice((price + 50, own)), dice.choice("YN"), time_ns), True
    if kind == "X":
        return cancel(known, part, time_ns), True
    if kind == "D":
        return delete(known, time_ns), True
    return replace(known, number, shares, dice.choice((price, own)), time_ns), True


def market_message(dice: random.Random, price: int, time_ns: int) -> bytes:
    """A cross, a halt or its end, a short sale restriction or a collar."""
    kind = dice.choice("QHhYJ")
    if kind == "Q":
        return cross(dice.randint(1, 1000), price, dice.choice("OCH"), time_ns)
    if kind == "H":
        return halt(dice.choice("HPQT"), time_ns)
    if kind == "h":
        return halt_here(dice.choice("HT"), dice.choice("QBX"), time_ns)
    if kind == "Y":
        return short_sales(dice.choice("012"), time_ns)
    return collar(price - 100, price + 100, time_ns) if dice.random() < 0.5 else collar(0, 0, time_ns)


def random_day(seed: int, count: int, sides: str = "B") -> list[bytes]:
    """Messages of one stock as Nasdaq could send them, among those of another."""
    dice = random.Random(seed)
    oracle = Oracle()
    made = [directory("ABC", 1, 0), directory("XYZ", 2, 0)]
    time_ns, number = OPEN_NS, 100
    for _ in range(count):
        time_ns += dice.randrange(3) * dice.randrange(1000)
        number += dice.randrange(1, 4)
        one, mine = one_message(dice, oracle, number, time_ns, sides)
        if mine:
            oracle.take(one)
        made.append(one)
    return made


def same_as_oracle(market: Any, history: History, messages: list[bytes]) -> None:
    """After each message the orders in their queues, and at the end the trades, are the oracle's."""
    oracle = Oracle()
    tick_e4 = int(Decimal(history.instrument.tick_size) * 10_000)
    ends, done = history.row_ends(), 0
    mine = [one for one in messages if int.from_bytes(one[1:3], "big") != 2]
    assert len(mine) == history.row_count
    trades: list[tuple[int, int]] = []
    for row, one in enumerate(mine):
        oracle.take(one)
        events: Records = Watched(market).step(history.commands[done : ends[row]])
        printed = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
        trades += zip(
            (printed["price_ticks"] * tick_e4).tolist(), printed["quantity_lots"].tolist(), strict=True
        )
        done = int(ends[row])
        orders = market.orders()
        assert [
            (
                int(o["side"]),
                int(o["price_ticks"]) * tick_e4,
                int(o["leaves_lots"]),
                int(o["client_order_id"]),
            )
            for o in orders
        ] == oracle.queues(), row
    assert trades == oracle.prints
    check_market(market, history)


@pytest.mark.slow
def test_a_random_day_of_thousands_of_messages(tmp_path: Path, scaled: Any) -> None:
    messages = random_day(3, scaled(4_000))
    history = read(tmp_path, messages, symbol="ABC")
    market = Exchange(Venue([history.instrument], bare=True))
    same_as_oracle(market, history, messages)
    kinds = {chr(one[0]) for one in messages}
    assert kinds == set("RAFECXDUPQHhYJ")


@settings(max_examples=30)
@example(seed=6193, sides="B")  # a print between an execution that a cross prints and that cross
@given(seed=st.integers(0, 100_000), sides=st.sampled_from(["B", "BS"]))
def test_random_days(seed: int, sides: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    messages = random_day(seed, 120, sides)
    history = read(tmp_path_factory.mktemp("itch"), messages, symbol="ABC")
    same_as_oracle(Exchange(Venue([history.instrument], bare=True)), history, messages)


@IMPLEMENTATIONS
@VENUES
@settings(max_examples=10)
@given(seed=st.integers(0, 100_000))
def test_random_days_in_every_venue(
    implementation: str, bare: bool, mode: ReplayMode, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    history = read(tmp_path_factory.mktemp("itch"), random_day(seed, 60), symbol="ABC")
    same_as_tiny(exchange(implementation, history, bare=bare, mode=mode), history)


def test_the_aggressor_of_a_hidden_trade(tmp_path: Path) -> None:
    prints = [
        add(1, "S", 100, 10_0200),
        execute(1, 10),
        trade("B", 1, 10_0100),
        trade("B", 2, 10_0100),
        execute_at(1, 10, 10_0000),
        execute_at(1, 10, 9_0000, "N"),
        trade("B", 3, 10_0100),
    ]
    history = read(tmp_path, prints)
    hidden = history.commands[np.isin(history.commands["quantity_lots"], (1, 2, 3))]
    assert hidden["side"].tolist() == [SELL, SELL, BUY]
    history = read(tmp_path, [*prints, trade("S", 4, 10_0100)])
    hidden = history.commands[np.isin(history.commands["quantity_lots"], (1, 2, 3, 4))]
    assert hidden["side"].tolist() == [SELL, SELL, SELL, BUY]
    assert "hidden_side_by_tick_rule" not in history.quirks


def test_orders_from_before_the_file_begins(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            add(1, "B", 10, 10_0000),
            execute(7, 10),
            execute_at(7, 10, 10_0000),
            cancel(7, 10),
            delete(7),
            replace(8, 9, 10, 10_0000),
            replace(9, 10, 10, 10_0000),
            execute(10, 10),
            delete(1),
            delete(1),
            execute(1, 5),
            replace(1, 11, 5, 10_0000),
        ],
    )
    assert shown(history) == [(0, "NEW", 1, BUY, 10, 1000), (8, "CANCEL", 1, 0, 0, 0)]
    assert history.quirks == {
        "execution_without_price": 4,
        "unknown_order_canceled": 3,
        "unknown_order_replaced": 3,
    }


def test_a_reference_number_that_is_used_again(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            add(5, "B", 10, 10_0000),
            delete(5),
            add(5, "S", 20, 10_0100),
            replace(5, 5, 30, 10_0200),
            replace(5, 6, 30, 10_0300),
            execute(6, 30),
            add(6, "B", 1, 10_0000),
        ],
    )
    first, second, third = (FIRST_SYNTHETIC_ID + i for i in range(3))
    assert shown(history) == [
        (0, "NEW", 5, BUY, 10, 1000),
        (1, "CANCEL", 5, 0, 0, 0),
        (2, "NEW", first, SELL, 20, 1001),
        (3, "REPLACE", second, 0, 30, 1002),
        (4, "REPLACE", 6, 0, 30, 1003),
        (5, "EXECUTE", 6, BUY, 30, 1003),
        (6, "NEW", third, BUY, 1, 1000),
    ]
    assert history.quirks == {"order_id_reused": 3}
    same_as_tiny(Exchange(Venue([history.instrument], bare=True)), history)


def test_reference_numbers_too_large_become_ranks(tmp_path: Path) -> None:
    large = (1 << 64) - 1
    history = read(tmp_path, [add(1 << 62, "B", 10, 100), replace(1 << 62, large, 5, 200), delete(large)])
    assert [row[2] for row in shown(history)] == [1, 2, 2]
    assert history.quirks == {"order_id_renumbered": 4}


def test_orders_outside_the_price_window(tmp_path: Path) -> None:
    """A stub quote at 199,999.99 is left out, and enters when it is replaced by a price in the window."""
    stub = 1_999_999_900
    history = read(
        tmp_path,
        [
            *(add(number, "B", 10, 10_0000) for number in range(1, 8)),
            add(20, "S", 100, stub),
            replace(20, 21, 90, stub - 100),
            execute(21, 10),
            cancel(21, 10),
            replace(21, 22, 60, 10_0100),
            execute(22, 10),
            replace(22, 23, 50, stub),
            delete(23),
            trade("B", 5, stub),
            add(30, "B", 7, 10_0000),
            execute_at(30, 3, stub),
        ],
    )
    assert shown(history)[7:] == [
        (11, "NEW", 22, SELL, 60, 1001),
        (12, "EXECUTE", 22, BUY, 10, 1001),
        (13, "CANCEL", 22, 0, 0, 0),
        (16, "NEW", 30, BUY, 7, 1000),
        (17, "CANCEL", 30, 0, 3, 0),
    ]
    assert history.quirks["price_outside_window"] == 9
    same_as_tiny(Exchange(Venue([history.instrument], bare=True)), history)


@pytest.mark.parametrize(
    ("messages", "row", "sentence"),
    [
        (
            [add(1, "B", 1, 100), add(1, "B", 1, 100)],
            2,
            "a message A that enters an order that is still open",
        ),
        (
            [add(1, "B", 1, 100), add(2, "B", 1, 100), replace(1, 2, 1, 100)],
            3,
            "a message U that enters an order that is still open",
        ),
        (
            [add(1, "B", 5, 100), execute(1, 3), cancel(1, 3)],
            3,
            "a message X that takes 3 shares from an order of which 2 are open",
        ),
        (
            [add(2, "B", 5, 100), add(1, "B", 5, 100), execute(2, 6), execute(1, 7)],
            3,
            "a message E that takes 6 shares from an order of which 5 are open",
        ),
        ([add(1, "B", 0, 100)], 1, "a message A that has no shares"),
        ([add(1, "B", 1, 100), execute(1, 0)], 2, "a message E that has no shares"),
        ([add(1, "B", 1, 0)], 1, "a message A that has no price"),
        ([add(1, "B", 1, 100), trade("B", 1, 0)], 2, "a message P that has no price"),
        ([add(0, "B", 1, 100)], 1, "a message A that names no order"),
        ([add(1, "B", 1, 100), replace(1, 0, 1, 100)], 2, "a message U that names no new order"),
        ([add(1, "X", 1, 100)], 1, "a message A that has neither B nor S for its side"),
        (
            [add(1, "B", 1, 100), execute_at(1, 1, 100, "?")],
            2,
            r"a message C that is neither printable \(Y\) nor not \(N\)",
        ),
        (
            [add(1, "B", 1, 10_0050)],
            1,
            "has an order at 10.005, expected a multiple of the market's tick, 0.01; read the file with",
        ),
    ],
)
def test_what_no_market_could_send_is_refused(
    tmp_path: Path, messages: list[bytes], row: int, sentence: str
) -> None:
    with pytest.raises(SourceError, match=sentence) as caught:
        read(tmp_path, messages)
    assert caught.value.row == row


def test_prices_below_a_dollar_have_four_decimals(tmp_path: Path) -> None:
    history = read(tmp_path, [add(1, "B", 1, 9_999), add(2, "B", 1, 1_0100)])
    assert history.instrument.tick_size == Decimal("0.0001")
    history = read(tmp_path, [add(1, "B", 1, 10_0050)], market_tick="0.005")
    assert history.instrument.price_increment == Decimal("0.005")


def test_messages_about_no_order_are_rows_without_commands(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [event("O"), message("V", bytes(24), locate=0), directory("ABC"), add(1, "B", 1, 100), event("C")],
    )
    assert (history.row_count, history.rows.tolist()) == (5, [3])
