import gzip
from pathlib import Path

import pytest
import zstandard

from tests.feed.test_bitstamp import GOOD as BITSTAMP
from tests.feed.test_lobster import book
from tests.feed.test_lobster import write as write_lobster
from tests.feed.test_mbo import DBN_ROWS, HEADER, dbn, line
from workbench.errors import SourceError
from workbench.feed import open as door
from workbench.feed.bitstamp import COLUMNS
from workbench.feed.columns import Layout
from workbench.feed.history import History
from workbench.feed.open import kinds, open_history, register


def test_each_kind_is_told_from_its_content(tmp_path: Path) -> None:
    files = {
        "databento-mbo": f"{HEADER}\n{line(1, 'A', 'B', '9.99', 5, 11)}\n".encode(),
        "bitstamp": (",".join(COLUMNS) + f"\n{BITSTAMP}\n").encode(),
    }
    for kind, content in files.items():
        for pack in (bytes, gzip.compress, zstandard.compress):
            path = tmp_path / "some.file"
            path.write_bytes(pack(content))
            assert open_history(path).kind == kind
    path.write_bytes(zstandard.compress(dbn(DBN_ROWS)))
    assert open_history(path, symbol="ES").instrument.symbol == "ES"


def test_lobster_takes_its_two_files_in_either_order(tmp_path: Path) -> None:
    rows = [book((58010, 40, 58000, 100))]
    message = write_lobster(tmp_path, [(1, 11, 30, 58000, 1)], rows)
    orderbook = next(tmp_path.glob("*orderbook*"))
    for paths in ((message, orderbook), (orderbook, message), (message,)):
        assert len(open_history(*paths).commands) == 3
    assert len(open_history(message, seed_book=False, resync=False).commands) == 1
    other = message.rename(tmp_path / "messages.csv")
    with pytest.raises(SourceError, match="give the ticker and the date"):
        open_history(other)


def test_what_nobody_knows_is_refused_with_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader,\nthis is a letter.\n")
    with pytest.raises(SourceError, match="is of no known kind, expected one of lobster") as caught:
        open_history(path)
    assert all(kind in str(caught.value) for kind in kinds())
    with pytest.raises(SourceError, match="is of no kind 'letter'"):
        open_history(path, kind="letter")
    with pytest.raises(SourceError, match="has no column"):
        open_history(path, kind="bitstamp")
    with pytest.raises(SourceError, match="no file is named"):
        open_history()
    with pytest.raises(SourceError, match="there is no such file"):
        open_history(tmp_path / "nothing")
    path.write_bytes(b"")
    with pytest.raises(SourceError, match="is empty"):
        open_history(path)


def test_a_new_kind_can_be_registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds()  # Loads all modules that register kinds: what they register into a copy is lost with it.
    monkeypatch.setattr(door, "_KINDS", dict(door._KINDS))
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader,\n")
    source = tmp_path / "abc.csv"
    source.write_text(f"{HEADER}\n{line(1, 'A', 'B', '9.99', 5, 11)}\n")

    def read(*paths: Path, symbol: str = "") -> History:
        assert paths == (path,)
        return open_history(source, symbol=symbol)

    register(
        "letter", lambda name, head: name.endswith(".txt") and head.startswith(b"Dear"), read, "a letter"
    )
    assert open_history(path, symbol="XYZ").instrument.symbol == "XYZ"
    assert kinds()["letter"] == "a letter"


@pytest.mark.parametrize(
    ("name", "kind", "commands"),
    [
        ("l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", "databento-mbo", 5_864),
        ("l3/esh4-glbx-mdp3-20231225.mbo.dbn.zst", "databento-mbo", 59_615),
        ("l3/bitstamp_btcusd_2015-05-01.orders.csv.xz", "bitstamp", 50_201),
        ("lobster/AAPL_2012-06-21_34200000_57600000_message_10.first999.csv.zst", "lobster", 1_033),
    ],
)
def test_real_files(shared: Path, name: str, kind: str, commands: int) -> None:
    history = open_history(shared / "data" / name)
    assert (history.kind, len(history.commands)) == (kind, commands)


def test_a_book_file_is_no_order_flow(shared: Path) -> None:
    with pytest.raises(SourceError, match="rtype is '10', expected 160, market by order"):
        open_history(shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbp10.csv.zst")
    with pytest.raises(SourceError, match="is an order book file, expected a message file"):
        open_history(next((shared / "data/lobster").glob("GOOG*orderbook*")))


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", "America/New_York"),
        ("l3/esh4-glbx-mdp3-20231225.mbo.dbn.zst", "America/Chicago"),
        ("l3/bitstamp_btcusd_2015-05-01.orders.csv.xz", "UTC"),
        ("lobster/AAPL_2012-06-21_34200000_57600000_message_10.first999.csv.zst", "America/New_York"),
        ("ticks/us_equity/ibm/20131007_trade.zip", "America/New_York"),
        ("ticks/fx/fxcm_eurusd_20140508_quote.zip", "Etc/GMT+5"),
    ],
)
def test_every_reader_says_the_zone_of_its_market(shared: Path, name: str, zone: str) -> None:
    assert open_history(shared / "data" / name).zone == zone


def test_the_zone_of_a_table_is_the_one_given(tmp_path: Path) -> None:
    path = tmp_path / "abc.csv"
    path.write_text("time,price,size\n2024-05-01T09:30:00Z,10.5,3\n")
    assert open_history(path).zone == "UTC"
    assert open_history(path, layout=Layout(zone="America/New_York")).zone == "America/New_York"


def test_a_header_with_one_misnamed_column_is_told_which(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for header, row, name in (
        (HEADER, line(1, "A", "B", "9.99", 5, 11), "order_id"),
        (",".join(COLUMNS), BITSTAMP, "volume"),
    ):
        path.write_text(f"{header.replace(name, 'misnamed')}\n{row}\n")
        with pytest.raises(SourceError, match=f"the header has no column '{name}'"):
            open_history(path)
        path.write_text(f"{header},{name}\n{row},1\n")
        with pytest.raises(SourceError, match=f"column '{name}' occurs twice"):
            open_history(path)
