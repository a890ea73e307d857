"""Many stocks in one pass are what each is alone."""

from pathlib import Path

import pytest

from tests.feed.itch_bytes import (
    MIDNIGHT_NS,
    NAME,
    OPEN_NS,
    add,
    cancel,
    cross,
    directory,
    event,
    execute,
    framed,
    halt,
    mold,
    pcap,
    udp,
)
from tests.feed.same_history import assert_same
from workbench.errors import SourceError
from workbench.feed import itch_stocks
from workbench.feed.history import History
from workbench.feed.itch import read_itch_history
from workbench.feed.itch_stocks import passes, read_itch_histories, stocks_of

MESSAGES = [
    event("O"),
    directory("ABC"),
    directory("XYZ", locate=2),
    directory("QUIET", locate=3),
    # Before the stock's own messages tell its name.
    execute(77, 5, locate=4),
    add(1, "B", 100, 10_0000),
    add(2, "S", 50, 20_0000, stock="XYZ", locate=2),
    add(3, "S", 70, 10_0100),
    halt("H", stock="XYZ", locate=2),
    add(4, "B", 10, 30_0000, stock="LATE", locate=4),
    execute(3, 20),
    cancel(2, 10, locate=2),
    halt("T", stock="XYZ", locate=2),
    cross(500, 10_0000, "C"),
    event("C"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / NAME
    file.write_bytes(framed(MESSAGES))
    return file


def test_stocks_are_counted_by_their_messages_about_orders(path: Path) -> None:
    seen: list[int] = []
    found = stocks_of(path, seen.append)
    assert (found.orders, found.nameless, found.messages) == ({"ABC": 3, "XYZ": 2, "LATE": 2}, 0, 15)
    assert sum(seen) == 15


def test_messages_of_nameless_stocks_are_counted(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_bytes(framed([*MESSAGES, execute(5, 1, locate=9)]))
    assert stocks_of(file).nameless == 1
    file.write_bytes(framed([b"?"]))
    with pytest.raises(SourceError, match=r"holds no ITCH 5\.0 message, but a message of unknown type"):
        stocks_of(file)


def same_as_alone(path: Path, symbols: list[str]) -> None:
    together = list(read_itch_histories(path, symbols))
    for symbol, history in zip(symbols, together, strict=True):
        assert isinstance(history, History)
        assert history.instrument.symbol == symbol
        assert_same(history, read_itch_history(path, symbol=symbol))


def test_each_stock_is_what_it_is_alone(path: Path) -> None:
    same_as_alone(path, ["ABC", "XYZ", "LATE"])
    same_as_alone(path, ["LATE", "ABC"])


def test_late_packets_are_put_in_order_for_each_stock(tmp_path: Path) -> None:
    packets = [mold(1 + 3 * i, MESSAGES[3 * i : 3 * i + 3]) for i in range(5)]
    order = [packets[i] for i in (0, 2, 1, 4, 2, 3)]
    file = tmp_path / "capture.pcap"
    file.write_bytes(pcap([udp(packet) for packet in order]))
    same_as_alone(file, ["ABC", "XYZ", "LATE"])
    assert next(read_itch_histories(file, ["ABC"])).quirks["late_message"] > 0  # type: ignore[union-attr]


def test_a_stock_that_cannot_be_read_leaves_the_others_alone(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_bytes(framed([*MESSAGES, add(9, "B", 1, 10_0033, stock="XYZ", locate=2)]))
    made = dict(zip(["ABC", "XYZ"], read_itch_histories(file, ["ABC", "XYZ"]), strict=True))
    assert isinstance(made["ABC"], History)
    assert isinstance(made["XYZ"], SourceError)
    with pytest.raises(SourceError) as alone:
        read_itch_history(file, symbol="XYZ")
    assert str(alone.value) == str(made["XYZ"])
    with pytest.raises(SourceError, match="has no stock 'NONE'"):
        list(read_itch_histories(file, ["ABC", "NONE"]))


def test_stocks_that_do_not_fit_wait_for_another_pass(path: Path) -> None:
    assert passes(stocks_of(path).orders, most=5) == [["ABC", "LATE"], ["XYZ"]]
    assert passes({}) == []
    assert itch_stocks.MESSAGES_AT_ONCE > 0
    history = next(read_itch_histories(path, ["ABC"]))
    assert isinstance(history, History)
    assert history.row_times_ns[0] == MIDNIGHT_NS + OPEN_NS
