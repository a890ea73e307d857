import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feed.tiny_book import TinyBook
from workbench.domain.codes import CommandKind, Side
from workbench.errors import SourceError
from workbench.feed.history import FROM_RESYNC, FROM_SEED, FROM_SOURCE, History
from workbench.feed.lobster import read_lobster
from workbench.feed.lobster_book import LobsterName, read_ladders, revealed
from workbench.feed.oracle import compare, follow, read_oracle
from workbench.feed.street import FIRST_SYNTHETIC_ID as SEED

Message = tuple[int, int, int, int, int]
"""Type, order id, size, price in cents, direction."""

NAME = "ABC_2012-06-21_34200000_57600000_{what}_{levels}.csv"
NINE_THIRTY_NS = 1_340_285_400_000_000_000


def write(
    folder: Path,
    messages: list[Message],
    rows: list[str] | None = None,
    levels: int = 1,
    times: list[str] | None = None,
) -> Path:
    path = folder / NAME.format(what="message", levels=levels)
    times = times or [f"34200.{i:09}".rstrip("0").rstrip(".") for i in range(len(messages))]
    path.write_text(
        "\n".join(
            f"{time},{kind},{order},{size},{price * 100},{direction}"
            for time, (kind, order, size, price, direction) in zip(times, messages, strict=True)
        )
    )
    if rows is not None:
        (folder / NAME.format(what="orderbook", levels=levels)).write_text("\n".join(rows))
    return path


def book(*levels: tuple[int, int, int, int]) -> str:
    """A row of ask price, size, bid price, size for each level, prices in cents and 0 for none."""
    return ",".join(
        f"{ask * 100 if ask else 9_999_999_999},{asked},{bid * 100 if bid else -9_999_999_999},{bidden}"
        for ask, asked, bid, bidden in levels
    )


def shown(history: History) -> list[tuple[int, int, str, int, int, int, int]]:
    """Row, origin, kind, id, side, lots and price of each command."""
    return [
        (
            int(row),
            int(origin),
            CommandKind(c["kind"]).name.split("_")[0],
            int(c["client_order_id"]),
            int(c["side"]),
            int(c["quantity_lots"]),
            int(c["price_ticks"]),
        )
        for row, origin, c in zip(history.rows, history.origins, history.commands, strict=True)
    ]


def test_names() -> None:
    name = LobsterName.parse("x/GOOG_2012-06-21_34200000_57600000_orderbook_10.csv.zst")
    assert name == LobsterName("GOOG", date(2012, 6, 21), 34_200_000, 57_600_000, "orderbook", 10)
    assert LobsterName.parse("goog.csv") is None
    assert LobsterName.parse("GOOG_2012-06-41_1_2_message_1.csv") is None


def test_each_message_type(tmp_path: Path) -> None:
    history = read_lobster(
        write(
            tmp_path,
            [
                (1, 11, 100, 58000, 1),
                (1, 12, 50, 58010, -1),
                (2, 11, 30, 58000, 1),
                (4, 12, 20, 58010, -1),
                (5, 0, 7, 58005, 1),
                (3, 11, 70, 58000, 1),
                (6, -1, 500, 58007, -1),
                (7, 0, 0, -1, -1),
            ],
        )
    )
    assert shown(history) == [
        (0, FROM_SOURCE, "NEW", 11, Side.BUY, 100, 58000),
        (1, FROM_SOURCE, "NEW", 12, Side.SELL, 50, 58010),
        (2, FROM_SOURCE, "CANCEL", 11, 0, 30, 0),
        (3, FROM_SOURCE, "EXECUTE", 12, Side.BUY, 20, 58010),
        (4, FROM_SOURCE, "EXECUTE", 0, Side.SELL, 7, 58005),
        (5, FROM_SOURCE, "CANCEL", 11, 0, 0, 0),
        (6, FROM_SOURCE, "EXECUTE", 0, Side.BUY, 500, 58007),
    ]
    assert history.quirks == {"cross_trade": 1, "hidden_execution": 1, "trading_halt": 1}
    assert history.row_count == 8
    assert (history.instrument.symbol, history.kind) == ("ABC", "lobster")


def test_times_are_exact_and_in_utc(tmp_path: Path) -> None:
    messages = [(5, 0, 1, 58000, 1)] * 4
    path = write(tmp_path, messages, times=["34200", "34200.000000001", "34200.1", "57599.999999999"])
    assert (read_lobster(path).row_times_ns - NINE_THIRTY_NS).tolist() == [
        0,
        1,
        100_000_000,
        23_399_999_999_999,
    ]
    winter = read_lobster(path, date=date(2012, 1, 3)).row_times_ns[0]
    assert winter == np.datetime64("2012-01-03T14:30", "ns").astype(np.int64)
    utc = read_lobster(path, zone="UTC")
    assert utc.row_times_ns[0] == np.datetime64("2012-06-21T09:30", "ns").astype(np.int64)
    assert utc.zone == "UTC"


def test_a_name_of_another_form_needs_ticker_and_date(tmp_path: Path) -> None:
    path = write(tmp_path, [(1, 11, 100, 58000, 1)]).rename(tmp_path / "messages.csv")
    with pytest.raises(SourceError, match="give the ticker and the date"):
        read_lobster(path)
    history = read_lobster(path, ticker="XYZ", date=date(2012, 6, 21))
    assert history.instrument.symbol == "XYZ"
    assert history.row_times_ns[0] == NINE_THIRTY_NS


def test_the_book_is_seeded_with_the_first_row_before_its_message(tmp_path: Path) -> None:
    rows = [book((58010, 40, 58000, 100), (58020, 10, 57990, 5))] * 2
    path = write(tmp_path, [(1, 11, 30, 58000, 1), (5, 0, 1, 58005, 1)], rows, levels=2)
    assert shown(read_lobster(path)) == [
        (0, FROM_SEED, "NEW", SEED, Side.SELL, 40, 58010),
        (0, FROM_SEED, "NEW", SEED + 1, Side.SELL, 10, 58020),
        (0, FROM_SEED, "NEW", SEED + 2, Side.BUY, 70, 58000),
        (0, FROM_SEED, "NEW", SEED + 3, Side.BUY, 5, 57990),
        (0, FROM_SOURCE, "NEW", 11, Side.BUY, 30, 58000),
        (1, FROM_SOURCE, "EXECUTE", 0, Side.SELL, 1, 58005),
    ]
    bare = read_lobster(path, seed_book=False, resync=False)
    assert len(bare.commands) == 2


def test_a_first_message_that_takes_is_undone_in_the_seed(tmp_path: Path) -> None:
    path = write(tmp_path, [(4, 9, 30, 58010, -1)], [book((58020, 10, 58000, 5))])
    assert shown(read_lobster(path)) == [
        (0, FROM_SEED, "NEW", SEED, Side.SELL, 10, 58020),
        (0, FROM_SEED, "NEW", SEED + 1, Side.SELL, 30, 58010),
        (0, FROM_SEED, "NEW", SEED + 2, Side.BUY, 5, 58000),
        (0, FROM_SOURCE, "EXECUTE", SEED + 1, Side.BUY, 30, 58010),
    ]


def test_unknown_orders(tmp_path: Path) -> None:
    rows = [book((58010, 40, 58000, 100)), book((58010, 30, 58000, 100)), book((58010, 30, 58000, 80))]
    messages: list[Message] = [(5, 0, 1, 58005, 1), (4, 8, 10, 58010, -1), (3, 9, 20, 58000, 1)]
    history = read_lobster(write(tmp_path, messages, rows))
    assert shown(history)[3:] == [
        (1, FROM_SOURCE, "EXECUTE", SEED, Side.BUY, 10, 58010),
        (2, FROM_SOURCE, "CANCEL", SEED + 1, 0, 20, 0),
    ]
    assert history.quirks["seed_order_reduced"] == 2
    alone = read_lobster(write(tmp_path, messages), seed_book=False, resync=False)
    assert shown(alone)[1:] == [(1, FROM_SOURCE, "EXECUTE", 0, Side.BUY, 10, 58010)]
    assert alone.quirks == {"hidden_execution": 1, "unknown_order_canceled": 1, "unknown_order_executed": 1}


def test_a_level_that_comes_into_view_is_put_right(tmp_path: Path) -> None:
    rows = [
        book((58010, 40, 58000, 100)),
        book((58010, 40, 58002, 7)),
        book((58010, 40, 58000, 130)),
        book((58010, 40, 58004, 7)),
        book((58010, 40, 57990, 20)),
    ]
    messages: list[Message] = [
        (1, 10, 100, 58000, 1),
        (1, 11, 7, 58002, 1),
        (3, 11, 7, 58002, 1),
        (1, 12, 7, 58004, 1),
        (3, 12, 7, 58004, 1),
    ]
    path = write(tmp_path, messages, rows)
    history = read_lobster(path)
    assert [row for row in shown(history) if row[1] == FROM_RESYNC] == [
        (2, FROM_RESYNC, "NEW", SEED + 1, Side.BUY, 30, 58000),
        (4, FROM_RESYNC, "CANCEL", 10, 0, 0, 0),
        (4, FROM_RESYNC, "CANCEL", SEED + 1, 0, 0, 0),
        (4, FROM_RESYNC, "NEW", SEED + 2, Side.BUY, 20, 57990),
    ]
    assert history.quirks == {"level_revealed": 2, "level_vanished": 1}
    oracle = read_oracle(tmp_path / NAME.format(what="orderbook", levels=1), history)
    assert oracle.determined_rows().tolist() == [False, True, False, True, False]
    assert compare(oracle, follow(history, TinyBook(), oracle)).equal == 5


def test_revealed_levels() -> None:
    def row(ask: int, bid: int) -> list[list[int]]:
        return [[ask, 1, -1, bid, 1, -1]]

    ladders = np.array([row(12, 10), row(12, 11), row(13, 11), row(12, 11), row(0, 11)])
    added = np.array([Side.BUY, Side.BUY, 0, Side.SELL, 0])
    prices = np.array([10, 11, 12, 12, 12])
    assert revealed(ladders, added, prices)[:, 0].tolist() == [
        [True, True],
        [False, False],
        [True, False],
        [False, False],
        [True, False],
    ]


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        (0, "34199.5", "before"),
        (0, "34200.0000000001", "time is '34200.0000000001'"),
        (0, "noon", "time is 'noon'"),
        (0, "-1", "seconds after midnight"),
        (1, "8", "type is '8', expected a whole number from 1 to 7"),
        (1, "0", "type is '0'"),
        (2, "x", "order_id is 'x'"),
        (2, "0", "order_id is '0', expected an order id above 0"),
        (2, "11", "enters order 11, which is still open"),
        (3, "0", "size is '0', expected a number of shares above 0"),
        (3, "-5", "size is '-5'"),
        (3, "1.5", "size is '1.5'"),
        (4, "0", "price is '0', expected a price above 0"),
        (4, "-5", "price is '-5'"),
        (5, "0", "direction is '0', expected 1 for a buy or -1"),
        (5, "2", "direction is '2'"),
        (5, "1,1", "has 7 cells, expected 6"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, column: int, cell: str, reason: str) -> None:
    cells = ["34200.1", "1", "12", "100", "5800000", "1"]
    cells[column] = cell
    path = tmp_path / NAME.format(what="message", levels=1)
    path.write_text(f"34200,1,11,100,5800000,1\n{','.join(cells)}\n")
    with pytest.raises(SourceError, match=reason) as caught:
        read_lobster(path)
    assert caught.value.row == 2


def test_messages_that_contradict_their_order_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [(1, 11, 100, 58000, 1), (4, 11, 10, 58001, 1)])
    with pytest.raises(SourceError, match="another price or direction than order 11") as caught:
        read_lobster(path)
    assert caught.value.row == 2


GOOD = book((58010, 40, 58000, 100))


@pytest.mark.parametrize(
    ("rows", "row", "reason"),
    [
        ([GOOD], None, "has 1 rows, but there are 2 messages"),
        ([GOOD, GOOD[:-4]], 2, "bid_size_0 is ''|has 3 cells"),
        ([GOOD, book((58010, 40, 58010, 100))], 2, "crossed or not in order"),
        ([GOOD, book((58010, 0, 58000, 100))], 2, "a positive size for a level that is there"),
        ([GOOD, book((0, 40, 58000, 100))], 2, "0 for none"),
        ([GOOD, "-5,40,5800000,100"], 2, "a positive price, or 9999999999 for none"),
        ([book((58010, 40, 58000, 10))] * 2, 1, "enters more than the order book file's first row shows"),
        ([book((58010, 40, 58000, 100), (58020, 1, 57990, 1))] * 2, None, "has 2 levels, expected 1"),
        ([book((58010, 40, 58000, 100)) + ",1"] * 2, 1, "has 5 cells, expected four for each level"),
    ],
)
def test_bad_order_book_files_are_refused(
    tmp_path: Path, rows: list[str], row: int | None, reason: str
) -> None:
    path = write(tmp_path, [(1, 11, 100, 58000, 1), (5, 0, 1, 58005, 1)], rows)
    with pytest.raises(SourceError, match=reason) as caught:
        read_lobster(path)
    assert caught.value.row == row


def test_the_order_book_file_of_another_day_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [(5, 0, 1, 58005, 1)])
    for name, reason in (
        (
            "XYZ_2012-06-21_34200000_57600000_orderbook_1.csv",
            "is of ticker XYZ, but the messages are of ticker ABC",
        ),
        ("ABC_2012-06-22_34200000_57600000_orderbook_1.csv", "is of date 2012-06-22"),
        ("ABC_2012-06-21_34200000_57500000_orderbook_1.csv", "is of times"),
        ("ABC_2012-06-21_34200000_57600000_orderbook_2.csv", "is of levels 2"),
        ("ABC_2012-06-21_34200000_57600000_message_2.csv", "is a message file, expected an order book file"),
    ):
        (tmp_path / name).write_text(GOOD)
        with pytest.raises(SourceError, match=reason):
            read_lobster(path, tmp_path / name)
    with pytest.raises(SourceError, match="is an order book file, expected a message file"):
        read_lobster(tmp_path / "XYZ_2012-06-21_34200000_57600000_orderbook_1.csv")


def test_absurd_prices_are_left_out(tmp_path: Path) -> None:
    messages: list[Message] = [
        (1, 11, 100, 58000, 1),
        (1, 12, 100, 58010, -1),
        (1, 13, 100, 19_999_999, -1),
        (3, 13, 100, 19_999_999, -1),
        (1, 14, 5, 58000, 1),
    ]
    history = read_lobster(write(tmp_path, messages))
    assert [row[3] for row in shown(history)] == [11, 12, 14]
    assert history.quirks == {"price_outside_window": 2}


def limited_feed(seed: int, levels: int, count: int) -> tuple[list[Message], list[str]]:
    """A random whole book, seen through a file of `levels` levels: what LOBSTER would write."""
    rng = random.Random(seed)
    orders: dict[int, tuple[int, int, int]] = {}
    next_id = 1

    def totals(direction: int) -> list[tuple[int, int]]:
        sums: dict[int, int] = {}
        for side, price, size in orders.values():
            if side == direction:
                sums[price] = sums.get(price, 0) + size
        return sorted(sums.items(), reverse=direction == 1)[:levels]

    def row() -> str:
        asks, bids = totals(-1), totals(1)
        pad = [(0, 0)] * levels
        return book(*((*a, *b) for a, b in zip((asks + pad)[:levels], (bids + pad)[:levels], strict=True)))

    def enter() -> tuple[int, Message]:
        nonlocal next_id
        direction = rng.choice([1, -1])
        best_other = totals(-direction)
        price = rng.randint(90, 110)
        if best_other and (price - best_other[0][0]) * direction >= 0:
            price = best_other[0][0] - direction
        orders[next_id] = (direction, price, rng.randint(1, 9))
        next_id += 1
        return price, (1, next_id - 1, orders[next_id - 1][2], price, direction)

    for _ in range(rng.randint(0, 12)):
        enter()
    messages: list[Message] = []
    rows: list[str] = []
    while len(messages) < count:
        before = {side: [price for price, _ in totals(side)] for side in (1, -1)}
        choice = rng.random()
        if choice < 0.45 or not orders:
            price, message = enter()
        elif choice < 0.5:
            price, message = 100, (5, 0, 3, 100, rng.choice([1, -1]))
        else:
            order = rng.choice(list(orders))
            direction, price, size = orders[order]
            best = before[direction][0] == price
            lots = rng.randint(1, size)
            kind = 4 if best and rng.random() < 0.5 else (3 if lots == size else 2)
            message = (kind, order, lots, price, direction)
            orders[order] = (direction, price, size - lots)
            if lots == size:
                del orders[order]
        after = [price for price, _ in totals(message[4])]
        if message[0] == 5 or price in before[message[4]] or price in after:
            messages.append(message)
            rows.append(row())
    return messages, rows


@given(seed=st.integers(0, 10_000), levels=st.integers(1, 3), count=st.integers(1, 60))
def test_a_file_of_few_levels_gives_all_its_rows(
    seed: int, levels: int, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    messages, rows = limited_feed(seed, levels, count)
    folder = tmp_path_factory.mktemp("lobster")
    path = write(folder, messages, rows, levels)
    history = read_lobster(path)
    check_rows(history, folder / NAME.format(what="orderbook", levels=levels))
    executed = sum(message[2] for message in messages if message[0] in (4, 5))
    kinds = history.commands["kind"] == CommandKind.EXECUTE_ORDER
    assert history.commands["quantity_lots"][kinds].sum() == executed


def check_rows(history: History, orderbook: Path) -> tuple[int, int]:
    """All rows are equal, and nothing but the messages made those that they determine."""
    oracle = read_oracle(orderbook, history)
    report = compare(oracle, follow(history, TinyBook(), oracle))
    assert report.different == 0, str(report)
    assert report.determined == report.determined_equal
    resynced = np.unique(history.rows[history.origins == FROM_RESYNC])
    assert not oracle.determined_rows()[resynced].any()
    assert oracle.undetermined is not None
    new = (history.origins == FROM_RESYNC) & (history.commands["kind"] == CommandKind.NEW_ORDER)
    for command, row in zip(history.commands[new], history.rows[new], strict=True):
        side, place = (0, 0) if command["side"] == Side.SELL else (1, 3)
        open_prices = oracle.ladders[row, oracle.undetermined[row, :, side], place]
        assert command["price_ticks"] in open_prices
    return report.determined, len(resynced)


@pytest.fixture(scope="module")
def real(shared: Path) -> Callable[[str], tuple[Path, Path]]:
    def paths(ticker: str) -> tuple[Path, Path]:
        message, orderbook = (
            next((shared / "data/lobster").glob(f"{ticker}*{what}*")) for what in ("message", "orderbook")
        )
        return message, orderbook

    return paths


def test_aapl(real: Callable[[str], tuple[Path, Path]]) -> None:
    message, orderbook = real("AAPL")
    history = read_lobster(message)
    assert history.quirks == {
        "hidden_execution": 61,
        "level_revealed": 12,
        "level_vanished": 2,
        "seed_order_reduced": 9,
    }
    assert np.bincount(history.origins).tolist() == [999, 19, 15]
    assert check_rows(history, orderbook) == (680, 14)


def test_goog(real: Callable[[str], tuple[Path, Path]]) -> None:
    message, orderbook = real("GOOG")
    history = read_lobster(message)
    assert history.row_count == 49_482
    assert history.quirks["hidden_execution"] == 3_913
    assert check_rows(history, orderbook) == (38_274, 6_169)
    assert read_ladders(orderbook).shape == (49_482, 1, 6)


def test_goog_messages_alone(real: Callable[[str], tuple[Path, Path]]) -> None:
    history = read_lobster(real("GOOG")[0], seed_book=False, resync=False)
    assert history.quirks == {
        "hidden_execution": 3_913,
        "unknown_order_canceled": 2_167,
        "unknown_order_executed": 2_309,
    }
    TinyBook().step(history.commands)


def test_orders_between_two_ticks_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, [(1, 11, 30, 58000, 1), (5, 0, 30, 58001, 1), (1, 12, 30, 58002, 1)])
    path.write_text(path.read_text().replace("5800100", "5800150"))
    assert read_lobster(path).row_count == 3
    path.write_text(path.read_text().replace("5800200", "5800250"))
    with pytest.raises(SourceError, match="price is '5800250', expected a multiple of the mark") as caught:
        read_lobster(path)
    assert caught.value.row == 3
