from pathlib import Path

import numpy as np
import pytest

from tests.feed.test_lobster import GOOD, NAME, book
from tests.feed.test_lobster import write as write_lobster
from tests.feed.test_mbo import HEADER, line
from tests.feed.tiny_book import TinyBook
from workbench.errors import SourceError
from workbench.feed.bitstamp import COLUMNS, read_bitstamp
from workbench.feed.history import History
from workbench.feed.lobster import read_lobster
from workbench.feed.mbo import read_mbo
from workbench.feed.oracle import BookOracle, compare, follow, ladder_of, read_oracle

MBP = "ts_event,action,sequence,order_id,bid_px_00,bid_sz_00,bid_ct_00,ask_px_00,ask_sz_00,ask_ct_00,symbol"


def oracle(undetermined: bool = False, tolerance: int = 0) -> BookOracle:
    ladders = np.array([[[101, 5, 1, 99, 7, 2], [102, 5, -1, 0, 0, 0]]] * 3)
    mask = np.zeros((3, 2, 2), np.bool_)
    mask[1, 1, 0] = undetermined
    return BookOracle(ladders, np.arange(3), tolerance, mask if undetermined else None, "book.csv")


def test_equal_books() -> None:
    books = oracle()
    ours = books.ladders.copy()
    ours[:, 1, 2] = 77  # The source does not tell how many orders there are.
    report = compare(books, ours)
    assert (report.rows, report.equal, report.different, report.causes, report.first) == (3, 3, 0, {}, "")
    assert compare(books, lambda row: ours[row]) == report
    assert str(report) == "3 of 3 rows equal (3 of 3 determined)"


@pytest.mark.parametrize(
    ("place", "value", "cause"),
    [
        ((1, 0, 0), 100, "price"),
        ((1, 1, 3), 98, "price"),
        ((1, 0, 1), 6, "quantity"),
        ((1, 0, 5), 1, "orders"),
        ((1, 1, 0), 0, "price"),
    ],
)
def test_every_difference_is_found(place: tuple[int, int, int], value: int, cause: str) -> None:
    ours = oracle().ladders.copy()
    ours[place] = value
    report = compare(oracle(), ours)
    assert (report.equal, report.causes) == (2, {cause: 1})
    assert report.first.startswith("first difference at book row 2 (after source row 2)")
    assert report.first.count("*") == 1


def test_what_no_message_determines_is_told_apart() -> None:
    ours = oracle().ladders.copy()
    ours[1, 1, :2] = 103, 9
    report = compare(oracle(undetermined=True), ours)
    assert report.causes == {"level_revealed": 1}
    assert (report.determined, report.determined_equal) == (2, 2)
    ours[1, 0, 1] = 6
    assert compare(oracle(undetermined=True), ours).causes == {"price": 1}


def test_tolerance_is_for_prices_of_levels_that_are_there() -> None:
    ours = oracle().ladders.copy()
    ours[:, 0, 0] = 102
    assert compare(oracle(tolerance=1), ours).equal == 3
    assert compare(oracle(tolerance=0), ours).equal == 0
    ours[:, 1, 3] = 1
    assert compare(oracle(tolerance=1), ours).equal == 0


def test_books_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        compare(oracle(), oracle().ladders[:2])


def mbo(tmp_path: Path) -> History:
    rows = [
        line(1, "A", "B", "9.99", 5, 11),
        line(2, "A", "A", "10.01", 4, 12),
        line(3, "C", "B", "9.99", 5, 11),
        line(3, "A", "B", "9.98", 6, 13),
        line(4, "T", "B", "10.01", 4, 0),
        line(4, "F", "A", "10.01", 4, 12),
        line(4, "C", "A", "10.01", 4, 12),
        line(5, "A", "A", "10.02", 1, 14),
    ]
    path = tmp_path / "abc.mbo.csv"
    path.write_text("\n".join([HEADER, *rows]))
    return read_mbo(path)


MBP_ROWS = [
    "1,A,1,11,9.99,5,1,,0,0,ABC",
    "3,C,3,11,,0,0,10.01,4,1,ABC",
    "3,A,3,13,9.98,6,1,10.01,4,1,ABC",
    "4,T,4,0,9.98,6,1,,0,0,ABC",
    "5,A,5,14,9.98,6,1,10.02,1,1,ABC",
]


def write_mbp(tmp_path: Path, rows: list[str]) -> Path:
    path = tmp_path / "abc.mbp.csv"
    path.write_text("\n".join([MBP, *rows]))
    return path


def test_mbp_rows_are_matched_to_the_records_that_made_them(tmp_path: Path) -> None:
    history = mbo(tmp_path)
    books = read_oracle(write_mbp(tmp_path, MBP_ROWS), history)
    assert books.rows.tolist() == [0, 2, 3, 6, 7]
    tiny = TinyBook()
    assert compare(books, follow(history, tiny, books)).equal == 5
    assert ladder_of(tiny, 2).tolist() == [[1002, 1, 1, 998, 6, 1], [0] * 6]
    assert read_oracle(write_mbp(tmp_path, MBP_ROWS), history, tolerance="0.02").tolerance_ticks == 2


@pytest.mark.parametrize(
    ("rows", "row", "reason"),
    [
        (
            [MBP_ROWS[0], "9,A,1,11,9.99,5,1,,0,0,ABC"],
            3,
            "has no counterpart among the orders; is it of the same day",
        ),
        ([MBP_ROWS[1], MBP_ROWS[0]], 3, "is not in the order of the orders"),
        ([row.replace("ABC", "XYZ") for row in MBP_ROWS], None, "is of XYZ, but the orders are of ABC"),
        (["1,A,1,11,9.99,5,1,,0,ABC"], 2, "has 10 cells, expected 11"),
        (["1,A,1,11,9.99,5,x,,0,0,ABC"], 2, "bid_ct_00 is 'x'"),
        (["1,Q,1,11,9.99,5,1,,0,0,ABC"], 2, "action is 'Q'"),
    ],
)
def test_wrong_mbp_files_are_refused(tmp_path: Path, rows: list[str], row: int | None, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        read_oracle(write_mbp(tmp_path, rows), mbo(tmp_path))
    assert caught.value.row == row


def test_wrong_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(",".join(COLUMNS) + "\n1,1000,1000,236.46,5,created,ask\n")
    with pytest.raises(SourceError, match="cannot be compared with a history of kind bitstamp"):
        read_oracle(path, read_bitstamp(path))
    with pytest.raises(SourceError, match="the header has no column"):
        read_oracle(path, mbo(tmp_path))


def test_lobster_books(tmp_path: Path) -> None:
    rows = [book((58010, 40, 58000, 100))] * 2
    history = read_lobster(write_lobster(tmp_path, [(1, 11, 30, 58000, 1), (5, 0, 1, 58005, 1)], rows))
    own = tmp_path / NAME.format(what="orderbook", levels=1)
    books = read_oracle(own, history)
    assert books.ladders.tolist() == [[[58010, 40, -1, 58000, 100, -1]]] * 2
    assert compare(books, follow(history, TinyBook(), books)).equal == 2
    other = tmp_path / "XYZ_2012-06-21_34200000_57600000_orderbook_1.csv"
    other.write_text("\n".join(rows))
    with pytest.raises(SourceError, match="is of ticker XYZ, but the messages are of ticker ABC"):
        read_oracle(other, history)
    own.write_text(GOOD)
    with pytest.raises(SourceError, match="has 1 rows, but there are 2 messages"):
        read_oracle(own, history)


@pytest.mark.parametrize("tolerance", ["0.005", "0"])
def test_arl(shared: Path, tolerance: str) -> None:
    history = read_mbo(shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst")
    books = read_oracle(
        shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbp10.csv.zst", history, tolerance=tolerance
    )
    assert books.ladders.shape == (3_928, 10, 6)
    assert len(np.unique(books.rows)) == 3_928
    report = compare(books, follow(history, TinyBook(), books))
    assert (report.rows, report.equal) == (3_928, 3_928), str(report)


def test_a_wrong_conversion_would_be_found(shared: Path) -> None:
    history = read_mbo(shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst")
    books = read_oracle(shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbp10.csv.zst", history)
    states = follow(history, TinyBook(), books)
    rng = np.random.default_rng(1)
    for _ in range(20):
        row, level, column = rng.integers(0, states.shape)
        wrong = states.copy()
        wrong[row, level, column] += 2
        assert compare(books, wrong).different == 1
