from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feed.tiny_book import TinyBook
from workbench.domain.codes import CommandKind, Side
from workbench.errors import SourceError
from workbench.feed.bitstamp import COLUMNS, read_bitstamp
from workbench.feed.history import History
from workbench.feed.street import FIRST_SYNTHETIC_ID

Row = tuple[int, int, str, int, str, str]
"""Time in ms, id, price, volume, action, direction."""


def write(path: Path, rows: list[Row]) -> Path:
    lines = [
        f"{order},{time},{time // 1000 * 1000},{price},{volume},{action},{side}"
        for time, order, price, volume, action, side in rows
    ]
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")
    return path


def read(tmp_path: Path, rows: list[Row], **options: str) -> History:
    return read_bitstamp(write(tmp_path / "bitstamp_ethusd_x.csv", rows), **options)


def shown(history: History) -> list[tuple[int, str, int, int, int, int]]:
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


def test_a_life_without_trades(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1_000, 1, "236.47", 200, "created", "bid"),
            (1_001, 1, "236.40", 200, "changed", "bid"),
            (1_002, 1, "236.40", 200, "changed", "bid"),
            (1_003, 1, "236.40", 250, "changed", "bid"),
            (1_004, 1, "236.40", 250, "deleted", "bid"),
        ],
    )
    assert shown(history) == [
        (0, "NEW", 1, Side.BUY, 200, 23647),
        (1, "REPLACE", 1, 0, 200, 23640),
        (2, "REPLACE", 1, 0, 200, 23640),
        (3, "REPLACE", 1, 0, 250, 23640),
        (4, "CANCEL", 1, 0, 0, 0),
    ]
    assert history.quirks == {"price_change": 1, "resized_larger": 1}
    assert history.row_times_ns.tolist() == [1_000_000_000 + i * 1_000_000 for i in range(5)]
    assert history.instrument.symbol == "ETHUSD"
    assert history.instrument.lot_size == Decimal("0.00000001")


def test_the_two_sides_of_a_trade_are_printed_once(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1_000, 1, "236.46", 500, "created", "ask"),
            (1_010, 2, "236.50", 200, "created", "bid"),
            (1_020, 2, "236.50", 80, "changed", "bid"),
            (1_025, 1, "236.46", 381, "changed", "ask"),
            (1_030, 1, "236.46", 301, "changed", "ask"),
            (1_040, 2, "236.50", 0, "deleted", "bid"),
        ],
    )
    assert shown(history)[2:] == [
        (2, "CANCEL", 2, 0, 120, 0),
        (3, "EXECUTE", 1, Side.BUY, 119, 23646),
        (4, "EXECUTE", 1, Side.BUY, 80, 23646),
        (5, "CANCEL", 2, 0, 0, 0),
    ]
    assert history.quirks == {}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(1_250, 1, "236.46", 400, "changed", "ask")], "too late"),
        ([(1_025, 1, "236.46", 395, "changed", "ask")], "another amount"),
        ([(1_025, 3, "236.40", 400, "changed", "bid")], "the same side"),
        ([(1_025, 4, "236.60", 400, "changed", "ask")], "prices that do not meet"),
    ],
)
def test_what_is_no_trade(tmp_path: Path, rows: list[Row], why: str) -> None:
    history = read(
        tmp_path,
        [
            (1_000, 1, "236.46", 500, "created", "ask"),
            (1_000, 3, "236.40", 500, "created", "bid"),
            (1_000, 4, "236.60", 500, "created", "ask"),
            (1_010, 2, "236.50", 200, "created", "bid"),
            (1_020, 2, "236.50", 100, "changed", "bid"),
            *rows,
        ],
    )
    assert history.quirks == {"unpaired_execution": 2}, why
    assert [row[1] for row in shown(history)[4:]] == ["CANCEL", "CANCEL"]


def test_a_delete_that_also_shrinks(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1_000, 1, "236.46", 500, "created", "ask"),
            (1_001, 2, "236.46", 200, "created", "bid"),
            (1_002, 1, "236.46", 300, "deleted", "ask"),
            (1_003, 2, "236.46", 0, "changed", "bid"),
            (1_004, 2, "236.46", 0, "deleted", "bid"),
        ],
    )
    assert shown(history)[2:] == [
        (2, "EXECUTE", 1, Side.BUY, 200, 23646),
        (2, "CANCEL", 1, 0, 0, 0),
        (3, "CANCEL", 2, 0, 0, 0),
    ]


def test_unknown_and_reused_ids(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1_000, 9, "236.46", 500, "deleted", "ask"),
            (1_000, 9, "236.46", 500, "changed", "ask"),
            (1_001, 1, "236.46", 200, "created", "bid"),
            (1_002, 1, "236.46", 200, "deleted", "bid"),
            (1_003, 1, "236.46", 100, "created", "bid"),
            (1_004, 1, "236.46", 100, "deleted", "bid"),
        ],
    )
    assert [row[2] for row in shown(history)] == [1, 1, FIRST_SYNTHETIC_ID, FIRST_SYNTHETIC_ID]
    assert history.quirks == {"order_id_reused": 1, "unknown_order_canceled": 2}


def test_absurd_prices_are_left_out_with_all_their_rows(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            *((1_000 + i, i, "236.00", 1, "created", "bid") for i in range(1, 6)),
            (2_000, 50, "99999.00", 5, "created", "ask"),
            (2_000, 51, "236.10", 5, "created", "ask"),
            (2_001, 51, "0.01", 5, "changed", "ask"),
            (2_002, 50, "99999.00", 5, "deleted", "ask"),
        ],
    )
    assert [row[2] for row in shown(history)] == [1, 2, 3, 4, 5]
    assert history.quirks == {"price_outside_window": 4}


GOOD = "1,1000,1000,236.46,5,created,ask"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("2,999,1000,236.46,5,created,ask", "timestamp 999 is before 1000"),
        ("2,1000,1000,236.46,5,filled,ask", "action is 'filled'"),
        ("2,1000,1000,236.46,5,created,sell", "direction is 'sell'"),
        ("2,1000,1000,0,5,created,ask", "price is '0', expected a price above 0"),
        ("2,1000,1000,-1,5,created,ask", "price is '-1'"),
        ("2,1000,1000,236.46,0,created,ask", "volume is '0', expected a volume above 0"),
        ("2,1000,1000,236.46,-5,created,ask", "volume is '-5'"),
        ("2,1000,1000,236.46,0.5,created,ask", "volume is '0.5'"),
        ("2,1000,1000,236.46,999999999999999999,created,ask", "a quantity of .* more than the exchange can"),
        ("0,1000,1000,236.46,5,created,ask", "id is '0'"),
        ("1,1000,1000,236.46,5,created,ask", "creates order 1, which is still open"),
        ("1,1000,1000,236.46,4,changed,bid", "order 1 changed its direction"),
        ("2,1000,1000,236.46,5,created", "has 6 cells, expected 7"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, bad: str, reason: str) -> None:
    path = tmp_path / "b.csv"
    path.write_text("\n".join([",".join(COLUMNS), GOOD, bad]))
    with pytest.raises(SourceError, match=reason) as caught:
        read_bitstamp(path)
    assert caught.value.row == 3


def test_a_volume_cannot_come_back(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(
        "\n".join(
            [",".join(COLUMNS), GOOD, "1,1000,1000,236.46,0,changed,ask", "1,1000,1000,236.46,5,changed,ask"]
        )
    )
    with pytest.raises(SourceError, match="volume had come to 0") as caught:
        read_bitstamp(path)
    assert caught.value.row == 4


class SourceBook:
    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}

    def apply(self, order: int, price: str, volume: int, action: str, side: str) -> None:
        if action != "created" and order not in self.orders:
            return
        self.orders[order] = (1 if side == "bid" else 2, int(Decimal(price) * 100), volume)
        if action == "deleted" or not volume:
            del self.orders[order]

    def levels(self) -> dict[int, Counter[int]]:
        made = {1: Counter[int](), 2: Counter[int]()}
        for side, price, volume in self.orders.values():
            made[side][price] += volume
        return made


def replay_and_compare(history: History, rows: list[Row], every: int = 1) -> TinyBook:
    ours, theirs = TinyBook(), SourceBook()
    ends, done = history.row_ends(), 0
    for row, (_, order, price, volume, action, side) in enumerate(rows):
        theirs.apply(order, price, volume, action, side)
        ours.step(history.commands[done : ends[row]])
        done = int(ends[row])
        if row % every == 0 or row == len(rows) - 1:
            assert ours.levels == theirs.levels(), f"row {row}"
    return ours


@st.composite
def feeds(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = []
    live: dict[int, list[int]] = {}
    time = 1_000
    for order in range(1, draw(st.integers(2, 40))):
        time += draw(st.sampled_from([0, 1, 50, 300]))
        if not live or draw(st.booleans()):
            live[order] = [draw(st.integers(90, 110)), draw(st.integers(1, 5)), draw(st.integers(1, 2))]
            price, volume, side = live[order]
            rows.append((time, order, f"{price}.00", volume, "created", "bid" if side == 1 else "ask"))
            continue
        which = draw(st.sampled_from(sorted(live)))
        price, volume, side = live[which]
        left = draw(st.integers(0, volume))
        moved = price + draw(st.sampled_from([0, 0, 0, 1]))
        ends = left == 0 or draw(st.booleans())
        live[which] = [price if ends else moved, left, side]
        if ends:
            del live[which]
        direction = "bid" if side == 1 else "ask"
        rows.append(
            (time, which, f"{price if ends else moved}.00", left, "deleted" if ends else "changed", direction)
        )
    return rows


@given(rows=feeds())
def test_the_book_is_the_sources_after_every_row(
    rows: list[Row], tmp_path_factory: pytest.TempPathFactory
) -> None:
    replay_and_compare(read_bitstamp(write(tmp_path_factory.mktemp("b") / "b.csv", rows)), rows)


def test_the_real_file(shared: Path) -> None:
    path = shared / "data/l3/bitstamp_btcusd_2015-05-01.orders.csv.xz"
    history = read_bitstamp(path)
    assert history.row_count == 50_414
    assert history.quirks == {
        "exchange_time_unsorted": 16_278,
        "price_change": 36,
        "unknown_order_canceled": 213,
        "unpaired_execution": 34,
    }
    kinds = Counter(CommandKind(kind) for kind in history.commands["kind"].tolist())
    assert kinds[CommandKind.NEW_ORDER] == 24_894
    assert kinds[CommandKind.EXECUTE_ORDER] == 542
    cells = [line.split(",") for line in _text(path).splitlines()[1:]]
    rows = [(int(c[1]), int(c[0]), c[3], int(c[4]), c[5], c[6]) for c in cells]
    assert len(replay_and_compare(history, rows, every=997).orders) == 184
    assert (np.diff(history.commands["time_ns"]) >= 0).all()


def _text(path: Path) -> str:
    from workbench.feed.files import read_bytes

    return read_bytes(path).decode()
