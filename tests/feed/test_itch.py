import gzip
import random
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feed.itch_bytes import (
    MIDNIGHT_NS,
    NAME,
    OPEN_NS,
    add,
    broken,
    cross,
    delete,
    directory,
    event,
    execute,
    framed,
    halt,
    message,
    mold,
    pcap,
    trade,
    udp,
)
from workbench.errors import SourceError
from workbench.feed import itch_frames
from workbench.feed.itch import read_itch, read_itch_history
from workbench.feed.itch_messages import MESSAGES
from workbench.feed.open import kind_of, open_history

pytestmark = pytest.mark.kernel

DAY = [
    event("O"),
    directory("ABC", 1),
    directory("XYZ", 2),
    add(1, "B", 100, 10_000),
    add(2, "S", 50, 20_000, stock="XYZ", locate=2),
    execute(1, 40),
    halt("H"),
    trade("B", 5, 20_050, stock="XYZ", locate=2),
    cross(500, 10_100, "O"),
    delete(2, locate=2),
    broken(9),
    event("C"),
]


def write(tmp_path: Path, messages: list[bytes], name: str = NAME) -> Path:
    path = tmp_path / name
    path.write_bytes(framed(messages))
    return path


def test_a_file_and_its_tables(tmp_path: Path) -> None:
    itch = read_itch(write(tmp_path, DAY))
    assert itch.counts == {"S": 2, "R": 2, "H": 1, "A": 2, "E": 1, "D": 1, "P": 1, "Q": 1, "B": 1}
    assert list(itch.tables) == list(itch.counts)
    assert itch.symbols == {"ABC": 1, "XYZ": 2}
    assert (itch.date, itch.midnight_ns, itch.faults, itch.packets) == (
        date(2019, 1, 30),
        MIDNIGHT_NS,
        {},
        None,
    )
    assert itch.table("S")["message"].to_list() == [1, 12]
    assert itch.table("A")["stock"].to_list() == ["ABC", "XYZ"]
    assert itch.table("A")["time_ns"].to_list() == [MIDNIGHT_NS + OPEN_NS] * 2
    assert itch.table("A") is itch.table("A")
    assert itch.table("U").is_empty()
    assert itch.table("U").columns[-2:] == ["shares", "price_e4"]
    with pytest.raises(KeyError, match="'Z' is no type of message"):
        itch.table("Z")


def test_tables_have_the_same_types_with_and_without_rows(tmp_path: Path) -> None:
    full, empty = read_itch(write(tmp_path, DAY)), read_itch(write(tmp_path, [event("O")], "20190130"))
    for letter, table in full.tables.items():
        assert empty.table(letter).schema == table.schema


def test_stocks_and_types_can_be_chosen(tmp_path: Path) -> None:
    path = write(tmp_path, DAY)
    itch = read_itch(path, symbol="XYZ")
    assert {letter: len(table) for letter, table in itch.tables.items()} == {
        "S": 2,
        "R": 1,
        "A": 1,
        "D": 1,
        "P": 1,
    }
    assert itch.table("D")["message"].to_list() == [10]
    assert itch.counts == read_itch(path).counts
    assert len(read_itch(path, symbol=["ABC", "XYZ"]).table("A")) == 2
    assert list(read_itch(path, types="AE").tables) == ["A", "E"]
    assert list(read_itch(path, symbol="XYZ", types="AE").tables) == ["A"]
    with pytest.raises(SourceError, match="has no stock 'ABCD'; it has ABC, XYZ"):
        read_itch(path, symbol=["ABC", "ABCD"])
    with pytest.raises(SourceError, match="'z' is no type of message, expected some of S, R, H"):
        read_itch(path, types="Az")


@pytest.mark.parametrize("chunk", [1, 60, 1 << 20])
def test_a_stock_may_be_named_after_its_first_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(itch_frames, "CHUNK_BYTES", chunk)
    messages = [delete(7, locate=1), delete(8, locate=2), delete(9, locate=3), *DAY]
    itch = read_itch(write(tmp_path, messages), symbol="ABC")
    assert itch.table("D")["order_reference_number"].to_list() == [7]
    assert len(read_itch(write(tmp_path, messages)).table("D")) == 4


def test_what_is_no_message_is_counted_by_name_and_left_out(tmp_path: Path) -> None:
    wrong = [b"A" * 35, b"A" * 35, b"Z" * 12, b"S", b"A" * 300]
    itch = read_itch(write(tmp_path, [wrong[0], *DAY, *wrong[1:], DAY[3]]))
    assert itch.faults == {
        "a message of type A of 35 bytes, expected 36": 2,
        "a message of unknown type 'Z' of 12 bytes": 1,
        "a message of type S of 1 bytes, expected 12": 1,
        "a message of type A of 300 bytes, expected 36": 1,
    }
    assert sum(itch.counts.values()) == len(DAY) + 1
    assert itch.table("A")["message"].to_list() == [5, 6, 18]
    with pytest.raises(SourceError, match=r"holds no ITCH 5\.0 message, but a message of type A of 35 bytes"):
        read_itch(write(tmp_path, wrong[:1]))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("01302019.NASDAQ_ITCH50.gz", "2019-01-30"),
        ("20191230.BX_ITCH_50", "2019-12-30"),
        ("S081321-v50.txt", "2021-08-13"),
        ("itch-2023-08-22.bin", "2023-08-22"),
        ("99999999.NASDAQ_ITCH50", "None"),
        ("01302999.NASDAQ_ITCH50", "None"),
        ("flow.itch", "None"),
    ],
)
def test_names_that_tell_the_day(tmp_path: Path, name: str, day: str) -> None:
    path = write(tmp_path, DAY, name)
    assert str(read_itch(path).date) == day
    assert str(read_itch(path, date=date(2020, 2, 3)).date) == "2020-02-03"
    assert ("time_ns" in read_itch(path).table("A").columns) == (day != "None")


def test_a_history_needs_a_day(tmp_path: Path) -> None:
    path = write(tmp_path, DAY, "flow.itch")
    with pytest.raises(SourceError, match="has a name that tells no day; name it as Nasdaq does"):
        open_history(path, symbol="ABC")
    assert open_history(path, symbol="ABC", date=date(2019, 1, 30)).row_times_ns[0] == MIDNIGHT_NS + OPEN_NS
    with pytest.raises(SourceError, match="is of 1969-12-31, expected a day from 1970"):
        open_history(path, symbol="ABC", date=date(1969, 12, 31))


def test_midnight_is_new_yorks_in_summer_and_when_clocks_change(tmp_path: Path) -> None:
    for name, day, offset_hours in (("20230822", "2023-08-22", 4), ("20190310", "2019-03-10", 4)):
        midnight = read_itch(write(tmp_path, DAY, name)).midnight_ns
        assert (
            midnight
            == (date.fromisoformat(day) - date(1970, 1, 1)).days * 86_400 * 10**9
            + offset_hours * 3600 * 10**9
        )


def test_the_door_knows_it_by_its_content(tmp_path: Path) -> None:
    for content in (framed(DAY), gzip.compress(framed(DAY)), pcap([udp(mold(1, DAY))])):
        path = tmp_path / "20190130"
        path.write_bytes(content)
        assert kind_of(path) == "itch"
        history = open_history(path, symbol="ABC")
        assert (history.kind, history.zone, history.instrument.symbol) == ("itch", "America/New_York", "ABC")


def test_several_stocks_need_a_choice(tmp_path: Path) -> None:
    path = write(tmp_path, DAY)
    with pytest.raises(SourceError) as caught:
        open_history(path)
    assert str(caught.value) == (
        f"{path}: holds orders of several stocks (ABC, XYZ); choose one with symbol= or --symbol NAME"
    )
    with pytest.raises(SourceError, match="has no stock 'DEF'; it has ABC, XYZ"):
        open_history(path, symbol="DEF")
    with pytest.raises(SourceError, match="several stocks \\(ABC and others that it does not name\\)"):
        open_history(write(tmp_path, [add(1, "B", 1, 100), delete(2, locate=2)]))
    many = [directory(f"S{number:03}", number) for number in range(1, 20)]
    with pytest.raises(SourceError, match=r"\(S001, S002, S003, S004, S005, S006, S007, S008, …\)"):
        open_history(write(tmp_path, [*many, add(1, "B", 1, 100), add(2, "B", 1, 100, locate=2)]))


def test_one_stock_with_orders_needs_no_choice(tmp_path: Path) -> None:
    only = [one for one in DAY if int.from_bytes(one[1:3], "big") != 2]
    history = open_history(write(tmp_path, [*only, directory("XYZ", 2)]))
    assert history.instrument.symbol == "ABC"
    assert history.row_count == len(only)
    with pytest.raises(SourceError, match="has no message that enters an order or tells a trade"):
        open_history(write(tmp_path, DAY[:3]))


def test_rows_are_messages_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, DAY)
    history = read_itch_history(path, symbol="ABC")
    assert history.row_count == 8
    assert [history.place(row)[1] for row in range(8)] == [1, 2, 4, 6, 7, 9, 11, 12]
    assert history.place(2) == (str(path), 4)
    assert history.rows.tolist() == [2, 3, 4, 5]
    assert history.quirks == {"broken_trade": 1, "cross_trade": 1, "trading_halt": 1}


def test_files_of_several_days_are_found_out(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="row 3: the message's time is before that of the message before"):
        read_itch_history(write(tmp_path, [add(1, "B", 1, 100), add(2, "B", 1, 100), add(3, "B", 1, 100, 5)]))
    mixed = [*DAY[:4], directory("NEW", 1)]
    with pytest.raises(SourceError, match="row 5: the message calls the stock NEW that was ABC before"):
        read_itch_history(write(tmp_path, mixed), symbol="ABC")


def test_what_a_capture_lost_is_a_quirk(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    frames = [udp(mold(1, DAY[:4])), udp(mold(1, DAY[:4])), udp(mold(11, [b"Z" * 9])), udp(mold(6, [DAY[5]]))]
    path.write_bytes(pcap(frames))
    history = open_history(path, symbol="ABC")
    assert history.quirks == {
        "duplicate_message": 4,
        "late_message": 1,
        "missing_message": 5,
        "other_record": 1,
    }
    assert history.rows.tolist() == [2, 3]


@given(seed=st.integers(0, 1000), chunk=st.integers(1, 400))
def test_pieces_do_not_show(seed: int, chunk: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the size of the pieces, the tables are those of the file read at once."""
    dice = random.Random(seed)
    lengths = {letter: kind.length for letter, kind in MESSAGES.items()}
    messages = []
    for _ in range(40):
        letter = dice.choice([*lengths, "Z"])
        size = lengths.get(letter, 5) - 11 + (dice.random() < 0.1)
        stock = dice.randrange(4)
        body = dice.randbytes(max(size, 0))
        made = message(letter, body, dice.randrange(1 << 48), stock)
        if letter in MESSAGES and "stock" in MESSAGES[letter].columns and len(made) == lengths[letter]:
            at = MESSAGES[letter].offset("stock")
            made = made[:at] + f"S{stock}".encode().ljust(8) + made[at + 8 :]
        messages.append(made)
    path = write(tmp_path_factory.mktemp("itch"), [*messages, event("C")])
    for symbol in ("", "S1"):
        read = [_read(path, size, symbol) for size in (1 << 24, chunk)]
        if symbol and any(isinstance(one, str) for one in read):
            assert read[0] == read[1]
            continue
        (whole, faults), (pieces, others) = read
        assert faults == others
        assert whole.keys() == pieces.keys()
        assert all(whole[letter].equals(pieces[letter]) for letter in whole)


def _read(path: Path, chunk: int, symbol: str) -> tuple[dict[str, pl.DataFrame], dict[str, int]] | str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(itch_frames, "CHUNK_BYTES", chunk)
        try:
            itch = read_itch(path, symbol=symbol)
        except SourceError as error:
            return error.reason
        return itch.tables, itch.faults


def documented(shared: Path) -> dict[str, tuple[int, str, str]]:
    """Messages, types and day of each capture, as the page beside the data has them."""
    row = re.compile(r"^\| `(itch50/[^`]+)` \| (\d+) \| types (\w+); captured (\S+) [^|]*\|", re.MULTILINE)
    page = (shared / "data" / "README.md").read_text()
    return {name: (int(count), types, day) for name, count, types, day in row.findall(page)}


def test_real_captures_hold_what_is_said_of_them(shared: Path) -> None:
    said = documented(shared)
    files = {
        path.relative_to(shared / "data").as_posix() for path in (shared / "data/itch50").rglob("*.pcap")
    }
    assert files == set(said)
    assert len(said) > 20
    for name, (count, types, day) in said.items():
        itch = read_itch(shared / "data" / name)
        assert sum(itch.counts.values()) == count, name
        assert set(itch.counts) == set(types), name
        assert str(itch.date) == day, name
        assert itch.faults == {}, name
        assert itch.packets is not None
        assert (itch.packets.other_packets, itch.packets.duplicate_messages) == (0, 0), name
        assert sum(map(len, itch.tables.values())) == count
        assert kind_of(shared / "data" / name) == "itch"


def test_codes_of_real_messages_are_those_of_the_specification(shared: Path) -> None:
    for path in (shared / "data/itch50").rglob("*.pcap"):
        for letter, table in read_itch(path).tables.items():
            for part in MESSAGES[letter].fields:
                if part.codes:
                    assert set(table[part.name]) <= set(part.codes), (path.name, part.name)
            # All were captured within half an hour of the opening.
            assert table["timestamp_ns"].is_between(OPEN_NS - 10**9, OPEN_NS + 1800 * 10**9).all()


def test_a_real_capture_of_several_packets(shared: Path) -> None:
    path = shared / "data/itch50/v5.0/Multiple.Packets.pcap"
    itch = read_itch(path)
    assert itch.packets is not None
    assert (itch.packets.packets, itch.packets.gaps) == (2, 1)
    history = open_history(path, symbol="META")
    assert len(history.commands) == len(itch.table("A")) + len(itch.table("F"))
    assert history.instrument.symbol == "META"
