from collections import Counter
from decimal import Decimal
from pathlib import Path

import databento_dbn
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.feed.tiny_book import TinyBook
from workbench.domain.codes import CommandKind, Side
from workbench.errors import SourceError
from workbench.feed.history import History
from workbench.feed.mbo import _DBN_RECORD, UNDEFINED_PRICE, read_mbo, read_records
from workbench.feed.mbo_orders import MboRecords
from workbench.feed.street import FIRST_SYNTHETIC_ID

HEADER = (
    "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,price,size,"
    "channel_id,order_id,flags,ts_in_delta,sequence,symbol"
)
Row = tuple[int, str, str, str, int, int]
"""Time, action, side, price, size and order id of a record; its sequence is its time."""


def line(time: int, action: str, side: str, price: str, size: int, order: int, flags: int = 128) -> str:
    return f"{1_000 + time},{time},160,2,7,{action},{side},{price},{size},0,{order},{flags},5,{time},ABC"


def write(path: Path, rows: list[Row]) -> Path:
    path.write_text("\n".join([HEADER, *(line(*row) for row in rows)]) + "\n")
    return path


def read(tmp_path: Path, rows: list[Row], **options: str) -> History:
    return read_mbo(write(tmp_path / "abc.mbo.csv", rows), **options)


def shown(history: History) -> list[tuple[int, str, int, int, int, int]]:
    """Row, kind, id, side, lots and price of each command."""
    return [
        (
            int(row),
            CommandKind(c["kind"]).name.split("_")[0],
            int(c["client_order_id"]),
            int(c["side"]),
            int(c["quantity_lots"]),
            int(c["price_ticks"]),
        )
        for row, c in zip(history.rows, history.commands, strict=True)
    ]


class SourceBook:
    """The book as the source means it: adds, cancels, modifies and clears change it, nothing else does."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}

    def apply(self, records: MboRecords, row: int) -> None:
        action, order = chr(records.action[row]), int(records.order_id[row])
        size = int(records.size[row])
        if action in "AM":
            self.orders[order] = (int(records.side[row]), int(records.price_nanos[row]), size)
        elif action == "C":
            side, price, leaves = self.orders.pop(order)
            if leaves > size:
                self.orders[order] = (side, price, leaves - size)
        elif action == "R":
            self.orders.clear()

    def levels(self, tick_nanos: int) -> dict[int, dict[int, tuple[int, int]]]:
        made: dict[int, dict[int, tuple[int, int]]] = {Side.BUY: {}, Side.SELL: {}}
        for side, price, leaves in self.orders.values():
            lots, count = made[side].get(price // tick_nanos, (0, 0))
            made[side][price // tick_nanos] = (lots + leaves, count + 1)
        return made


def tiny_levels(book: TinyBook) -> dict[int, dict[int, tuple[int, int]]]:
    return {
        side: {price: (lots, book.counts[side][price]) for price, lots in levels.items()}
        for side, levels in book.levels.items()
    }


def replay_and_compare(history: History, every: int = 1) -> TinyBook:
    records = read_records(history.source)
    tick = int(Decimal(str(history.instrument.tick_size)).scaleb(9))
    ours, theirs = TinyBook(), SourceBook()
    ends, done = history.row_ends(), 0
    for row in range(history.row_count):
        theirs.apply(records, row)
        ours.step(history.commands[done : ends[row]])
        done = int(ends[row])
        if row % every == 0 or row == history.row_count - 1:
            assert tiny_levels(ours) == theirs.levels(tick), f"row {row}"
    assert done == len(history.commands)
    return ours


def test_adds_cancels_and_modifies(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "R", "N", "", 0, 0),
            (2, "A", "B", "9.99", 100, 11),
            (3, "A", "A", "10.01", 50, 12),
            (4, "C", "B", "9.99", 30, 11),
            (5, "M", "B", "9.98", 80, 11),
            (6, "M", "B", "9.98", 80, 11),
            (7, "C", "B", "9.98", 80, 11),
        ],
    )
    assert shown(history) == [
        (0, "MASS", 0, 0, 0, 0),
        (1, "NEW", 11, Side.BUY, 100, 999),
        (2, "NEW", 12, Side.SELL, 50, 1001),
        (3, "CANCEL", 11, 0, 30, 0),
        (4, "REPLACE", 11, 0, 80, 998),
        (5, "REPLACE", 11, 0, 80, 998),
        (6, "CANCEL", 11, 0, 0, 0),
    ]
    assert history.row_times_ns.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert history.quirks == {}
    assert history.kind == "databento-mbo"
    assert history.instrument.symbol == "ABC"
    assert history.instrument.price_increment == Decimal("0.01")
    assert history.row_ends().tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_a_fill_is_executed_where_the_source_takes_it_out(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "A", "10.00", 100, 11),
            (2, "T", "B", "10.00", 40, 0),
            (2, "F", "A", "10.00", 40, 11),
            (2, "C", "A", "10.00", 40, 11),
            (3, "T", "B", "10.00", 60, 0),
            (3, "F", "A", "10.00", 60, 11),
            (3, "C", "A", "10.00", 60, 11),
        ],
    )
    assert shown(history)[1:] == [
        (3, "EXECUTE", 11, Side.BUY, 40, 1000),
        (6, "EXECUTE", 11, Side.BUY, 60, 1000),
    ]
    assert replay_and_compare(history).printed_lots == 100


def test_several_fills_settled_by_one_modify(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "10.00", 12, 11),
            (2, "T", "A", "10.00", 1, 91),
            (2, "F", "B", "10.00", 1, 11),
            (2, "T", "A", "10.00", 1, 92),
            (2, "F", "B", "10.00", 1, 11),
            (2, "M", "B", "10.00", 10, 11),
        ],
    )
    assert shown(history)[1:] == [
        (5, "EXECUTE", 11, Side.SELL, 1, 1000),
        (5, "EXECUTE", 11, Side.SELL, 1, 1000),
    ]
    replay_and_compare(history)


def test_a_cancel_beyond_the_fill_cancels_the_rest(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "10.00", 12, 11),
            (2, "T", "A", "10.00", 2, 0),
            (2, "F", "B", "10.00", 2, 11),
            (2, "C", "B", "10.00", 7, 11),
        ],
    )
    assert shown(history)[1:] == [(3, "EXECUTE", 11, Side.SELL, 2, 1000), (3, "CANCEL", 11, 0, 5, 0)]
    replay_and_compare(history)


def test_an_iceberg_shows_its_next_part_as_a_new_order(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "10.00", 3, 11),
            (2, "T", "A", "10.00", 5, 0),
            (2, "F", "B", "10.00", 5, 11),
            (2, "M", "B", "10.00", 2, 11),
            (3, "C", "B", "10.00", 2, 11),
        ],
    )
    assert shown(history)[1:] == [
        (3, "EXECUTE", 11, Side.SELL, 3, 1000),
        (3, "EXECUTE", 0, Side.SELL, 2, 1000),
        (3, "NEW", FIRST_SYNTHETIC_ID, Side.BUY, 2, 1000),
        (4, "CANCEL", FIRST_SYNTHETIC_ID, 0, 0, 0),
    ]
    assert history.quirks == {"iceberg_execution": 1, "iceberg_refilled": 1}
    assert replay_and_compare(history).printed_lots == 5


def test_a_resting_order_moved_to_cross_only_shrinks(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "9.99", 2, 11),
            (2, "A", "A", "10.00", 1, 12),
            (3, "T", "B", "10.00", 1, 11),
            (3, "F", "B", "10.00", 1, 11),
            (3, "F", "A", "10.00", 1, 12),
            (3, "M", "B", "10.00", 1, 11),
            (3, "C", "A", "10.00", 1, 12),
        ],
    )
    assert shown(history)[2:] == [(5, "REPLACE", 11, 0, 1, 1000), (6, "EXECUTE", 12, Side.BUY, 1, 1000)]
    assert history.quirks == {"aggressor_was_resting": 1}
    replay_and_compare(history)


def test_an_auction_is_printed_once_and_in_full(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "10.02", 5, 11),
            (1, "A", "B", "10.00", 2, 12),
            (1, "A", "A", "9.99", 6, 13),
            (2, "T", "N", "10.00", 7, 0),
            (2, "F", "N", "10.00", 5, 11),
            (2, "F", "N", "10.00", 2, 12),
            (2, "F", "N", "10.00", 6, 13),
            (2, "F", "N", "10.00", 1, 99),
            (2, "C", "B", "10.02", 5, 11),
            (2, "C", "B", "10.00", 2, 12),
            (2, "C", "A", "9.99", 6, 13),
        ],
    )
    book = replay_and_compare(history)
    assert book.printed_lots == 7
    assert book.orders == {}
    assert shown(history)[3:] == [
        (3, "EXECUTE", 0, Side.SELL, 5, 1000),
        (8, "CANCEL", 11, 0, 0, 0),
        (9, "EXECUTE", 12, Side.SELL, 2, 1000),
        (10, "CANCEL", 13, 0, 0, 0),
    ]
    assert history.quirks == {
        "auction_fill_canceled": 1,
        "fill_away_from_price": 1,
        "hidden_execution": 1,
        "unknown_order_executed": 1,
    }


def test_what_an_auction_leaves_unaccounted_names_no_order(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "A", "10.00", 6, 13),
            (2, "T", "N", "10.00", 7, 0),
            (2, "F", "N", "10.00", 6, 13),
            (2, "F", "N", "10.00", 1, 98),
            (2, "F", "N", "10.00", 7, 99),
            (2, "C", "A", "10.00", 6, 13),
        ],
    )
    assert shown(history)[1:] == [
        (1, "EXECUTE", 0, Side.BUY, 1, 1000),
        (5, "EXECUTE", 13, Side.BUY, 6, 1000),
    ]


def test_hidden_executions_name_no_order_and_take_the_tick_rule_when_sideless(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "T", "A", "10.00", 1, 0),
            (2, "T", "N", "10.005", 2, 0),
            (3, "T", "N", "10.005", 3, 0),
            (4, "T", "N", "9.99", 4, 0),
        ],
    )
    assert history.instrument.tick_size == Decimal("0.005")
    assert history.instrument.price_increment == Decimal("0.01")
    assert shown(history) == [
        (0, "EXECUTE", 0, Side.SELL, 1, 2000),
        (1, "EXECUTE", 0, Side.BUY, 2, 2001),
        (2, "EXECUTE", 0, Side.BUY, 3, 2001),
        (3, "EXECUTE", 0, Side.SELL, 4, 1998),
    ]
    assert history.quirks == {"hidden_execution": 4, "hidden_side_by_tick_rule": 3}


def test_unknown_orders_are_counted(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "C", "B", "10.00", 5, 11),
            (2, "T", "A", "10.00", 5, 0),
            (2, "F", "B", "10.00", 5, 12),
            (2, "C", "B", "10.00", 5, 12),
            (3, "M", "B", "10.00", 5, 13),
            (4, "C", "B", "10.00", 9, 13),
        ],
    )
    assert shown(history) == [
        (1, "EXECUTE", 0, Side.SELL, 5, 1000),
        (4, "NEW", 13, Side.BUY, 5, 1000),
        (5, "CANCEL", 13, 0, 0, 0),
    ]
    assert history.quirks == {
        "cancel_exceeds_open": 1,
        "hidden_execution": 1,
        "unknown_order_canceled": 2,
        "unknown_order_executed": 1,
        "unknown_order_modified": 1,
    }


def test_a_fill_that_nothing_settles_is_printed_as_hidden(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "10.00", 5, 11),
            (2, "T", "A", "10.00", 5, 0),
            (2, "F", "B", "10.00", 5, 11),
            (3, "C", "B", "10.00", 5, 11),
        ],
    )
    assert shown(history)[1:] == [(1, "EXECUTE", 0, Side.SELL, 5, 1000), (3, "CANCEL", 11, 0, 0, 0)]
    assert history.quirks == {"fill_not_settled": 1, "hidden_execution": 1}


def test_an_id_used_again_gets_another_one_unless_all_were_cleared(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "10.00", 5, 11),
            (2, "C", "B", "10.00", 5, 11),
            (3, "A", "A", "10.01", 5, 11),
            (4, "R", "N", "", 0, 0),
            (5, "A", "A", "10.02", 5, 11),
        ],
    )
    names = [row[2] for row in shown(history)]
    assert names == [11, 11, FIRST_SYNTHETIC_ID, 0, 11]
    assert history.quirks == {"order_id_reused": 1}
    replay_and_compare(history)


def test_absurd_prices_are_left_out_with_all_rows_of_their_orders(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            *((i, "A", "B", "10.00", 1, i) for i in range(1, 9)),
            (20, "A", "A", "199999.99", 5, 50),
            (21, "M", "A", "10.50", 5, 50),
            (22, "C", "A", "10.50", 5, 50),
            (23, "A", "B", "0.01", 5, 51),
            (24, "T", "B", "190000.00", 5, 0),
        ],
    )
    assert [row[2] for row in shown(history)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert history.quirks == {"price_outside_window": 5}
    assert history.instrument.price_min_ticks <= 1000 <= history.instrument.price_max_ticks


def test_times(tmp_path: Path) -> None:
    rows = [line(5, "A", "B", "10.00", 1, 1), line(4, "A", "B", "10", 1, 2)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *rows]))
    with pytest.raises(SourceError, match="ts_event is before that of the record before") as caught:
        read_mbo(path)
    assert caught.value.row == 3
    swapped = [row.replace("1005,5", "1003,5") for row in rows]
    path.write_text("\n".join([HEADER, *swapped]))
    assert read_mbo(path, time="ts_recv").row_times_ns.tolist() == [1003, 1004]
    rows[1] = line(4, "A", "B", "10.00", 1, 2, flags=32)
    path.write_text("\n".join([HEADER, *rows]))
    history = read_mbo(path)
    assert history.row_times_ns.tolist() == [5, 5]
    assert history.quirks == {"snapshot_record": 1, "snapshot_time_raised": 1}
    with pytest.raises(SourceError, match="expected 'ts_event' or 'ts_recv'"):
        read_mbo(path, time="now")


def test_prices_and_times_may_be_fixed_point_or_written_out(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{HEADER}\n{line(1, 'A', 'B', '10010000000', 1, 1)}\n")
    assert read_mbo(path).commands["price_ticks"].tolist() == [1001]
    iso = line(1, "A", "B", "10.010000000", 1, 1).replace(
        "1001,1,", "2025-07-17T07:05:09.035793433Z,2025-07-17T07:05:09Z,", 1
    )
    path.write_text(f"{HEADER}\n{iso}\n")
    assert read_mbo(path).row_times_ns.tolist() == [1_752_735_909_000_000_000]
    assert read_mbo(path, time="ts_recv").row_times_ns.tolist() == [1_752_735_909_035_793_433]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line(2, "X", "B", "10.00", 5, 11), "action is 'X', expected one of A, C, M, T, F, R, N"),
        (line(2, "A", "S", "10.00", 5, 11), "side is 'S', expected one of"),
        (line(2, "A", "N", "10.00", 5, 11), "a record A that has side N"),
        (line(2, "A", "B", "", 5, 11), "price is '', expected a price"),
        (line(2, "A", "B", "-1.00", 5, 11), "has no positive price"),
        (line(2, "A", "B", "10.00", 0, 11), "has no positive size"),
        (line(2, "A", "B", "10.00", -5, 11), "size is '-5'"),
        (line(2, "A", "B", "10.00", 5, 0), "names no order"),
        (line(2, "A", "B", "1e1", 5, 11), "price is '1e1'"),
        (line(2, "A", "B", "10.00", 5, 10), "adds order 10, which is still open"),
        (line(0, "A", "B", "10.00", 5, 11), "before that of the record before"),
        (line(2, "A", "B", "10.00", 5, 11)[:-4], "has 14 cells, expected 15"),
        (line(2, "A", "B", "10.00", 5, 11).replace("160", "10"), "rtype is '10', expected 160"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, bad: str, reason: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, line(1, "A", "B", "9.50", 5, 10), bad]) + "\n")
    with pytest.raises(SourceError, match=reason) as caught:
        read_mbo(path)
    assert caught.value.row == 3


def test_files_that_are_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="the header has no column 'ts_recv'"):
        read_mbo(path)
    path.write_text(
        "\n".join(
            [HEADER, line(1, "A", "B", "9.50", 5, 10), line(2, "A", "B", "9.50", 5, 1).replace("ABC", "XYZ")]
        )
    )
    with pytest.raises(SourceError, match="holds several instruments"):
        read_mbo(path)
    path.write_text(f"{HEADER}\n{line(1, 'R', 'N', '', 0, 0)}\n")
    with pytest.raises(SourceError, match="has no price"):
        read_mbo(path)


def dbn(
    rows: list[Row], symbols: tuple[str, ...] = ("ESH4",), schema: str = "mbo", instruments: int = 1
) -> bytes:
    metadata = databento_dbn.Metadata(
        dataset="GLBX.MDP3",
        start=0,
        stype_in=databento_dbn.SType.RAW_SYMBOL,
        stype_out=databento_dbn.SType.INSTRUMENT_ID,
        schema=databento_dbn.Schema.from_str(schema),
        symbols=list(symbols),
    )
    made = np.zeros(len(rows), _DBN_RECORD)
    for record, (time, action, side, price, size, order) in zip(made, rows, strict=True):
        record["length"], record["rtype"], record["publisher_id"] = 14, 160, 1
        record["instrument_id"] = 1 + order % instruments
        record["ts_event"], record["ts_recv"], record["sequence"] = time, time, time
        record["action"], record["side"] = ord(action), ord(side)
        record["price"] = int(Decimal(price).scaleb(9)) if price else UNDEFINED_PRICE
        record["size"], record["order_id"], record["flags"] = size, order, 130
    return bytes(metadata.encode()) + made.tobytes()


DBN_ROWS: list[Row] = [(1, "A", "B", "4800.25", 2, 11), (2, "M", "B", "4800.50", 3, 11)]


def test_dbn(tmp_path: Path) -> None:
    path = tmp_path / "es.dbn"
    for data in (dbn(DBN_ROWS), zstandard.compress(dbn(DBN_ROWS))):
        path.write_bytes(data)
        history = read_mbo(path)
        assert shown(history) == [(0, "NEW", 11, Side.BUY, 2, 19201), (1, "REPLACE", 11, 0, 3, 19202)]
        assert history.instrument.symbol == "ESH4"
        assert (history.instrument.tick_size, history.instrument.multiplier) == (Decimal("0.25"), "50")
    other = read_mbo(path, symbol="ES", market_tick="0.05", multiplier=5)
    assert other.commands["price_ticks"].tolist() == [96_005, 96_010]
    assert (other.instrument.symbol, other.instrument.multiplier) == ("ES", 5)


def test_dbn_with_other_records_between_and_large_ids(tmp_path: Path) -> None:
    head, body = dbn([]), dbn(DBN_ROWS)[len(dbn([])) :]
    other = bytes([6, 21]) + bytes(22)
    path = tmp_path / "es.dbn"
    path.write_bytes(head + other + body)
    history = read_mbo(path)
    assert len(history.commands) == 2
    assert history.quirks == {"other_record": 1}
    large = np.frombuffer(body, _DBN_RECORD).copy()
    large["order_id"] = (1 << 63) + 5
    path.write_bytes(head + large.tobytes())
    history = read_mbo(path)
    assert history.commands["client_order_id"].tolist() == [1, 1]
    assert history.quirks == {"order_id_renumbered": 2}


@pytest.mark.parametrize(
    ("data", "row", "reason"),
    [
        (dbn(DBN_ROWS)[:-7], 2, "the record has no end"),
        (dbn(DBN_ROWS)[:40], None, "no DBN header"),
        (dbn([]), None, "holds no market-by-order record"),
        (dbn(DBN_ROWS, schema="trades"), None, "schema trades, expected mbo"),
        (dbn([*DBN_ROWS, (3, "A", "B", "1", 1, 12)], instruments=2), None, "several instruments"),
        (dbn([*DBN_ROWS, (3, "Z", "B", "1", 1, 12)]), 3, "action 'Z'"),
        (dbn([*DBN_ROWS, (3, "A", "B", "1", 0, 12)]), 3, "no positive size"),
    ],
)
def test_bad_dbn_is_refused(tmp_path: Path, data: bytes, row: int | None, reason: str) -> None:
    path = tmp_path / "es.dbn"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=reason) as caught:
        read_mbo(path)
    assert caught.value.row == row


@st.composite
def streams(draw: st.DrawFn) -> list[Row]:
    """Rows that a source might send: the book they mean is known, and what traded is too."""
    book: dict[int, list[int]] = {}
    rows: list[Row] = []
    for time in range(1, draw(st.integers(1, 40))):
        choice = draw(st.sampled_from("AAACMFFTGR"))
        if choice == "R" and draw(st.booleans()):
            rows.append((time, "R", "N", "", 0, 0))
            book.clear()
        elif choice == "A" or not book:
            order, side = draw(st.integers(1, 6)), draw(st.sampled_from("AB"))
            if order not in book:
                book[order] = [ord(side), draw(st.integers(90, 110)), draw(st.integers(1, 9))]
                rows.append((time, "A", side, f"{book[order][1]}.00", book[order][2], order))
        elif choice == "T":
            rows.append((time, "T", draw(st.sampled_from("ABN")), "100.50", draw(st.integers(1, 5)), 0))
        else:
            order = draw(st.sampled_from(sorted(book)))
            side, price, leaves = chr(book[order][0]), book[order][1], book[order][2]
            aggressor = "B" if side == "A" else "A"
            filled = 0
            for _ in range(draw(st.integers(1, 3)) if choice in "FG" else 0):
                # Icebergs fill more than they show.
                lots = draw(st.integers(1, leaves + 2))
                own = draw(st.booleans()) and choice == "G"
                at = price + draw(st.sampled_from([0, 0, 1]))
                taker = draw(st.sampled_from([aggressor, aggressor, "N"]))
                rows.append((time, "T", side if own else taker, f"{at}.00", lots, 0))
                rows.append((time, "F", "N" if taker == "N" else side, f"{at}.00", lots, order))
                filled += lots
            if draw(st.booleans()):
                left, moved = draw(st.integers(1, 9)), draw(st.sampled_from([0, 0, 1]))
                book[order] = [ord(side), price + moved, left]
                rows.append((time, "M", side, f"{price + moved}.00", left, order))
            else:
                gone = draw(st.integers(1, leaves)) if draw(st.booleans()) else leaves
                rows.append((time, "C", side, f"{price}.00", gone, order))
                book[order][2] -= gone
                if not book[order][2]:
                    del book[order]
    return rows or [(1, "A", "B", "100.00", 1, 1)]


@given(rows=streams())
def test_the_book_is_the_sources_after_every_row(
    rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [*rows, (99, "T", "B", "100.00", 1, 0)]
    history = read_mbo(write(tmp_path_factory.mktemp("mbo") / "t.csv", rows))
    book = replay_and_compare(history)
    assert book.printed_lots == sum(row[4] for row in rows if row[1] == "T")


def test_arl(shared: Path) -> None:
    history = read_mbo(shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst")
    kinds = Counter(CommandKind(kind) for kind in history.commands["kind"].tolist())
    assert kinds == {
        CommandKind.NEW_ORDER: 2915,
        CommandKind.CANCEL_ORDER: 2902,
        CommandKind.EXECUTE_ORDER: 46,
        CommandKind.MASS_CANCEL: 1,
    }
    assert history.quirks == {"hidden_execution": 35, "hidden_side_by_tick_rule": 35}
    assert history.instrument.tick_size == Decimal("0.005")
    assert history.instrument.price_increment == Decimal("0.01")
    assert len(replay_and_compare(history).orders) == 6


@pytest.mark.parametrize(
    ("day", "commands", "quirks"),
    [
        ("20231224", 8_725, {"snapshot_record": 8_725}),
        (
            "20231225",
            59_615,
            {
                "aggressor_was_resting": 107,
                "auction_fill_canceled": 15,
                "fill_away_from_price": 11,
                "hidden_execution": 1,
                "iceberg_execution": 27,
                "iceberg_refilled": 83,
                "snapshot_record": 8_725,
                "unknown_order_executed": 7,
            },
        ),
    ],
)
def test_es(shared: Path, day: str, commands: int, quirks: dict[str, int]) -> None:
    history = read_mbo(shared / f"data/l3/esh4-glbx-mdp3-{day}.mbo.dbn.zst")
    assert len(history.commands) == commands
    assert history.quirks == quirks
    assert history.instrument.symbol == "ESH4"
    book = replay_and_compare(history, every=499)
    records = read_records(history.source)
    assert book.printed_lots == records.size[records.action == ord("T")].sum()


@pytest.mark.parametrize(
    "time",
    ["0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2025-07-17T13:30:60Z", "2116-12-31T00:00:00.5Z"],
)
def test_times_that_no_exchange_knows_are_refused(tmp_path: Path, time: str) -> None:
    path = tmp_path / "abc.csv"
    good = "2025-07-17T13:30:00Z"
    rows = [f"{at},{at},160,2,7,A,B,9.99,5,0,11,128,5,1,ABC" for at in (good, time)]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    with pytest.raises(SourceError, match="a day and time that exist, from 1970 to 2116") as caught:
        read_mbo(path)
    assert caught.value.row == 3
    path.write_text(f"{HEADER}\n{line((1 << 63) - 1001, 'A', 'B', '9.99', 5, 11)}\n")
    with pytest.raises(SourceError, match="from 1970 to 2116"):
        read_mbo(path)


@pytest.mark.parametrize(
    ("row", "good"),
    [
        ((2, "A", "B", "5.5133", 5, 12), False),
        ((2, "M", "A", "9.985", 5, 11), False),
        ((2, "T", "A", "9.985", 5, 0), True),
        ((2, "A", "B", "0.5133", 5, 12), True),
        ((2, "A", "B", "0.51335", 5, 12), False),
    ],
)
def test_orders_between_two_ticks_are_refused(tmp_path: Path, row: Row, good: bool) -> None:
    rows: list[Row] = [(1, "A", "A", "9.99", 5, 11), row]
    if good:
        assert read(tmp_path, rows).row_count == 2
        return
    with pytest.raises(SourceError, match=r"expected a multiple of the market's tick, 0\.01") as caught:
        read(tmp_path, rows)
    assert caught.value.row == 3


def test_large_ids_of_csv_files_are_ranks_too(tmp_path: Path) -> None:
    large = [(1 << 64) - 1, 1 << 63, 1 << 62]
    rows: list[Row] = [(at, "A", "B", f"9.9{at}", 5, order) for at, order in enumerate([11, *large])]
    history = read(tmp_path, rows)
    assert [row[2] for row in shown(history)] == [1, 4, 3, 2]
    assert history.quirks == {"order_id_renumbered": 3}
    for wrong in (1 << 64, -1):
        with pytest.raises(SourceError, match="at least 0 and below 2\\^64") as caught:
            read(tmp_path, [*rows, (9, "A", "B", "9.99", 5, wrong)])
        assert caught.value.row == 6
