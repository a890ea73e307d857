"""Trades and quotes become a street bid, a street ask and executions; the book then shows each quote."""

import zipfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.domain.codes import CommandKind, EventKind, OrderFlag, Side
from workbench.domain.config import Venue
from workbench.domain.records import COMMAND, QUOTE_EVENT
from workbench.engine.exchange import Exchange
from workbench.engine.frames import Scales, of_kind, quotes_frame, trades_frame
from workbench.errors import SourceError
from workbench.feed.columns import Layout
from workbench.feed.history import QUIRKS, History
from workbench.feed.ticks import TICK_QUIRKS, TickRules, is_ticks, read_ticks

QUOTES = """time,bid_price,bid_quantity,ask_price,ask_quantity
2024-05-01T13:30:00Z,10.00,100,10.02,200
2024-05-01T13:30:01Z,10.00,150,10.02,200
2024-05-01T13:30:02Z,10.01,50,10.02,200
2024-05-01T13:30:03Z,10.01,50,,
2024-05-01T13:30:04Z,10.03,10,10.04,20
2024-05-01T13:30:05Z,10.03,10,10.04,20
"""

TRADES = """time,price,quantity
2024-05-01T13:30:00Z,10.01,5
2024-05-01T13:30:01.5Z,10.02,10
2024-05-01T13:30:02.5Z,10.01,20
2024-05-01T13:30:03.5Z,10.02,30
"""


def write(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def kinds(history: History, row: int) -> list[str]:
    return [
        f"{CommandKind(c['kind']).name} {Side(c['side']).name}".removesuffix(" NONE")
        for c in history.commands[history.rows == row]
    ]


def test_a_quote_is_one_order_on_each_side(tmp_path: Path) -> None:
    history = read_ticks(write(tmp_path, QUOTES))
    assert [kinds(history, row) for row in range(6)] == [
        ["NEW_ORDER BUY", "NEW_ORDER SELL"],
        ["REPLACE_ORDER"],
        ["NEW_ORDER BUY", "CANCEL_ORDER"],
        ["CANCEL_ORDER"],
        ["NEW_ORDER SELL", "NEW_ORDER BUY", "CANCEL_ORDER"],
        [],
    ]
    assert (history.commands["account"] == 0).all()
    assert (history.commands["flags"] & OrderFlag.HISTORICAL != 0).all()
    replace = history.commands[history.commands["kind"] == CommandKind.REPLACE_ORDER]
    assert (replace["flags"] & OrderFlag.QUANTITY_IS_LEAVES != 0).all()
    assert history.quirks == {"repeated_quote": 1}
    assert (str(history.instrument.tick_size), str(history.instrument.lot_size)) == ("0.01", "1")


def test_trades_name_no_order_and_get_their_side_from_the_quote_or_the_tick_rule(tmp_path: Path) -> None:
    paths = write(tmp_path, QUOTES, "a_quotes.csv"), write(tmp_path, TRADES, "a_trades.csv")
    history = read_ticks(*paths)
    trades = history.commands[history.commands["kind"] == CommandKind.EXECUTE_ORDER]
    # The first trade comes before the quote of the same time; the last one meets a bid alone.
    assert [Side(side).name for side in trades["side"]] == ["BUY", "BUY", "SELL", "BUY"]
    assert not trades["client_order_id"].any()
    assert trades["quantity_lots"].tolist() == [5, 10, 20, 30]
    assert history.quirks == {
        "repeated_quote": 1,
        "trade_side_by_quote_rule": 2,
        "trade_side_by_tick_rule": 2,
    }
    assert history.row_count == 10


def test_a_combined_table_is_the_same_as_two(tmp_path: Path) -> None:
    text = (
        "time,price,quantity,bid_price,bid_quantity,ask_price,ask_quantity\n"
        "2024-05-01T13:30:00Z,,,10.00,100,10.02,200\n"
        "2024-05-01T13:30:01Z,10.02,10,,,,\n"
        "2024-05-01T13:30:02Z,10.01,7,10.01,50,10.02,200\n"
    )
    history = read_ticks(write(tmp_path, text))
    assert [kinds(history, row) for row in range(3)] == [
        ["NEW_ORDER BUY", "NEW_ORDER SELL"],
        ["EXECUTE_ORDER BUY"],
        ["NEW_ORDER BUY", "CANCEL_ORDER", "EXECUTE_ORDER SELL"],
    ]


def test_a_side_that_is_told_is_taken(tmp_path: Path) -> None:
    text = "time,price,size,aggressor\n1714570200,10,1,sell\n1714570201,11,1,B\n1714570202,12,1,\n"
    history = read_ticks(write(tmp_path, text))
    assert [Side(side).name for side in history.commands["side"]] == ["SELL", "BUY", "BUY"]
    assert history.quirks == {"trade_side_by_tick_rule": 1}


def test_what_a_table_does_not_say_can_be_told(tmp_path: Path) -> None:
    text = "when;sym;px;n\n34200000;B;10.5;3\n34200001;A;11.25;4\n"
    layout = Layout(time_unit="ms", zone="UTC", date=date(2024, 5, 1))
    history = read_ticks(
        write(tmp_path, text),
        columns={"time": "when", "price": "px", "quantity": "n"},
        layout=layout,
        rules=TickRules(symbol="A", tick_size="0.05", lot_size="0.5"),
    )
    assert history.instrument.symbol == "A"
    assert history.commands["price_ticks"].tolist() == [225]
    assert history.commands["quantity_lots"].tolist() == [8]


def test_quotes_without_quantity_and_with_quiet_sides(tmp_path: Path) -> None:
    text = "time,bid,ask\n1714570200,1.10,\n1714570201,,1.20\n"
    gone = read_ticks(write(tmp_path, text))
    quiet = read_ticks(write(tmp_path, text), rules=TickRules(empty_side="unchanged", quote_quantity=1000))
    assert kinds(gone, 1) == ["CANCEL_ORDER", "NEW_ORDER SELL"]
    assert kinds(quiet, 1) == ["NEW_ORDER SELL"]
    assert quiet.commands["quantity_lots"].tolist() == [1000, 1000]
    assert gone.quirks == {"quote_without_quantity": 2}


QUOTE = st.tuples(
    st.integers(0, 12).map(lambda ticks: 990 + ticks if ticks else 0),
    st.integers(1, 5),
    st.integers(0, 12).map(lambda ticks: 995 + ticks if ticks else 0),
    st.integers(1, 5),
)


@given(quotes=st.lists(QUOTE, min_size=1, max_size=40))
def test_after_each_row_the_book_is_the_quote(
    tmp_path_factory: pytest.TempPathFactory, quotes: list[tuple[int, ...]]
) -> None:
    quotes = [*quotes, (1000, 1, 1001, 1)]
    lines = ["time,bid,bid_size,ask,ask_size"]
    for number, (bid, bid_lots, ask, ask_lots) in enumerate(quotes):
        cells = [f"{bid / 100:.2f},{bid_lots}" if bid else ",", f"{ask / 100:.2f},{ask_lots}" if ask else ","]
        lines.append(f"{1714570200 + number},{cells[0]},{cells[1]}")
    path = write(tmp_path_factory.mktemp("quotes"), "\n".join(lines))
    history = read_ticks(path)
    exchange = Exchange(Venue([history.instrument], bare=True))
    done = 0
    for row, end in enumerate(history.row_ends().tolist()):
        events = exchange.step(history.commands[done:end])
        done = end
        assert not (events["kind"] == EventKind.COMMAND_REJECTED).any()
        changes = len(of_kind(events, EventKind.QUOTE))
        bid, bid_lots, ask, ask_lots = quotes[row]
        seen = []
        for side in (Side.BUY, Side.SELL):
            levels = exchange.depth(0, side)
            assert len(levels) <= 1
            seen += (
                [int(levels["price_ticks"][0]), int(levels["quantity_lots"][0])] if len(levels) else [0, 0]
            )
        assert seen == [bid, bid_lots if bid else 0, ask, ask_lots if ask else 0]
        # Each side moves in one step.
        assert changes <= 2
    assert int(exchange.instruments()["divergence_orders"][0]) == 0


@pytest.mark.parametrize(
    ("text", "options", "part"),
    [
        ("time,price\n1714570200,1\n", {}, "there are trade prices but no column quantity"),
        ("price,quantity\n1,1\n", {}, "there is no column time; map it: time=NAME_IN_THE_FILE"),
        (
            "time,quantity\n1714570200,1\n",
            {},
            "there is no column price (for trades) or bid_price and ask_price (for quotes); map it: price=",
        ),
        ("time,price,quantity\n1714570200,-1,1\n", {}, "row 2: price is '-1', expected a price"),
        ("time,price,quantity\n1714570200,0,1\n", {}, "row 2: price is '0', expected a positive price"),
        ("time,price,quantity\n1714570200,1,-1\n", {}, "row 2: quantity is '-1', expected a quantity"),
        ("time,price,quantity\n1714570200,1.0000000001,1\n", {}, "at most nine decimals"),
        ("time,price,quantity,side\n1714570200,1,1,up\n", {}, "row 2: side is 'up', expected buy or sell"),
        (
            "time,symbol,price,quantity\n1714570200,A,1,1\n1714570200,B,1,1\n",
            {},
            "there are 2 symbols, expected one; choose one of A, B",
        ),
        (
            "time,symbol,price,quantity\n1714570200,A,1,1\n1714570200,B,1,1\n",
            {"rules": TickRules(symbol="C")},
            "no row is of 'C'",
        ),
        (
            "time,price,quantity\n1714570200,1,1.5\n",
            {"rules": TickRules(lot_size="1")},
            "row 2: a quantity is 1.5, expected a multiple of 1",
        ),
        (
            "time,bid,ask\n1714570200,1.10,1.15\n1714570201,1.10,1.12\n",
            {"rules": TickRules(tick_size="0.05")},
            "row 3: a price is 1.12, expected a multiple of 0.05; leave out the tick size",
        ),
        (
            "time,price,quantity\n1714570200,1.005,1\n",
            {"rules": TickRules(instrument=wb.Instrument("A", "0.5", "2"))},
            "row 2: a price is 1.005, expected a multiple of 0.01",
        ),
        ("date,open,high,low,close\n2024-05-01,1,1,1,1\n", {}, "these are bars, which do not tell"),
        ("time,price,quantity,suspicious\n1714570200,1,1,1\n", {}, "every row is flagged as suspicious"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, options: dict[str, object], part: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourceError) as error:
        read_ticks(path, **options)  # type: ignore[arg-type]
    assert part in str(error.value)
    assert str(error.value).startswith(str(path))


def test_a_trade_outside_the_window_of_a_given_instrument_is_left_out(tmp_path: Path) -> None:
    text = "time,price,quantity\n1714570200,1,1\n1714570200,9,1\n1714570201,1,0\n"
    history = read_ticks(write(tmp_path, text), rules=TickRules(instrument=wb.Instrument("A", "0.5", "2")))
    assert history.commands["price_ticks"].tolist() == [100]
    assert history.quirks["price_outside_window"] == 1
    assert history.quirks["trade_without_quantity"] == 1


def test_flagged_rows_are_left_out_and_counted(tmp_path: Path) -> None:
    text = "time,price,quantity,suspicious\n1714570200,1,1,0\n1714570200,9,1,1\n"
    history = read_ticks(write(tmp_path, text))
    assert len(history.commands) == 1
    assert history.quirks["suspicious_row"] == 1


def test_every_quirk_has_a_meaning() -> None:
    assert set(TICK_QUIRKS) <= set(QUIRKS)


def test_tables_are_told_from_other_files() -> None:
    assert is_ticks("a.csv", b"timestamp,px,size\n")
    assert is_ticks("a.csv", b"Time;Bid;Ask\n")
    assert is_ticks("a.csv", b"date,open,high,low,close\n")
    assert not is_ticks("a.csv", b"34200.1,1,1,1,1,1\n")
    assert not is_ticks("a.csv", b"DBN\x01")


def test_commands_are_commands(tmp_path: Path) -> None:
    history = wb.open_history(write(tmp_path, QUOTES))
    assert history.commands.dtype == COMMAND
    assert history.kind == "ticks"
    assert history.instrument.symbol == "a"


# Data of others: the bars that their producer made from the same ticks are the oracle.


def replayed(history: History) -> tuple[pl.DataFrame, pl.DataFrame]:
    venue = Venue([history.instrument], bare=True)
    exchange = Exchange(venue)
    events = exchange.step(history.commands)
    assert not (events["kind"] == EventKind.COMMAND_REJECTED).any()
    return quotes_frame(events, Scales(venue)), trades_frame(events, Scales(venue))


@pytest.mark.parametrize(("day", "minutes"), [("20131007", 388), ("20131008", 387)])
def test_ibm_ticks_give_the_producers_minute_bars(shared: Path, day: str, minutes: int) -> None:
    ticks, bars = (shared / "data" / part / "ibm" for part in ("ticks/us_equity", "bars/us_equity_minute"))
    history = read_ticks(ticks / f"{day}_quote.zip", ticks / f"{day}_trade.zip")
    assert (history.kind, history.instrument.symbol, str(history.instrument.tick_size)) == (
        "lean-equity",
        "IBM",
        "0.01",
    )
    quotes, trades = replayed(history)
    open_hours = (
        pl.col("minute")
        .dt.convert_time_zone("America/New_York")
        .dt.time()
        .is_between(pl.time(9, 30), pl.time(15, 59))
    )

    theirs = wb.read_bars(bars / f"{day}_quote.zip").with_columns(minute=pl.col("time")).filter(open_hours)
    ours = quotes.with_columns(minute=pl.col("time").dt.truncate("1m")).group_by("minute").last()
    closes = theirs.join_asof(ours.sort("minute"), on="minute", strategy="backward")
    same = closes.filter(
        (pl.col("bid_close") == pl.col("bid_price")) & (pl.col("ask_close") == pl.col("ask_price"))
    )
    assert (len(theirs), len(same)) == (390, 390)
    # A row tells one side, so the quote may cross until the row of the other side is there.
    crossed = quotes.filter(pl.col("bid_price") > pl.col("ask_price"))
    assert len(crossed) < len(quotes) / 1000

    theirs = wb.read_bars(bars / f"{day}_trade.zip").with_columns(minute=pl.col("time")).filter(open_hours)
    ours = trades.group_by(minute=pl.col("time").dt.truncate("1m")).agg(pl.col("quantity").sum())
    volumes = theirs.join(ours, on="minute")
    # The prints of the opening and closing auctions are in the bar of a neighbouring minute.
    assert volumes.filter(pl.col("volume") == pl.col("quantity")).height == minutes


def test_eurusd_ticks_give_the_producers_minute_bars(shared: Path) -> None:
    history = read_ticks(shared / "data/ticks/fx/fxcm_eurusd_20140508_quote.zip")
    assert history.quirks["crossed_quote"] == 18_285
    assert (history.row_count, history.kind) == (167_466, "lean-fxcm")
    exchange = Exchange(Venue([history.instrument], bare=True))
    exchange.step(history.commands)
    # A bar has every tick of its minute, repeated ones too, so take the standing quote after each row.
    ends = history.row_ends()
    last = {side: np.zeros(history.row_count, np.int64) for side in ("bid", "ask")}
    events = Exchange(Venue([history.instrument], bare=True)).step(history.commands)
    quote = of_kind(events, EventKind.QUOTE).view(QUOTE_EVENT)
    at = np.searchsorted(quote["command_seq"], ends, side="right") - 1
    for side in last:
        last[side] = quote[f"{side}_price_ticks"][at]
    ours = (
        pl.DataFrame({"time": history.row_times_ns, **last})
        .with_columns(time=pl.col("time").cast(pl.Datetime("ns", "UTC")).dt.truncate("1m"))
        .group_by("time", maintain_order=True)
        .agg(
            *(
                getattr(pl.col(side), how)().alias(f"{side}_{name}")
                for side in ("bid", "ask")
                for name, how in (("open", "first"), ("high", "max"), ("low", "min"), ("close", "last"))
            )
        )
    )
    theirs = wb.read_bars(shared / "data/bars/fx_minute/fxcm_eurusd_20140508_quote.zip")
    both = theirs.join(ours, on="time", suffix="_ours")
    assert len(theirs) == len(both) == 1431
    for side in ("bid", "ask"):
        for name in ("open", "high", "low", "close"):
            column = f"{side}_{name}"
            assert (both[column] * 100_000).round().cast(pl.Int64).equals(both[f"{column}_ours"])


def test_five_days_of_ibm_are_one_history(shared: Path) -> None:
    folder = shared / "data/ticks/us_equity/ibm"
    history = read_ticks(*sorted(folder.glob("*_quote.zip")), *sorted(folder.glob("*_trade.zip")))
    assert history.quirks["suspicious_row"] == 3
    assert history.quirks["odd_lot_trade"] == 55_003
    span = timedelta(microseconds=int(history.row_times_ns[-1] - history.row_times_ns[0]) // 1000)
    assert span.days == 4


def test_lean_zips_need_a_known_market(tmp_path: Path) -> None:
    path = tmp_path / "20240501_quote.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20240501_abc_tick_quote.csv", "1000,1.1,1.2\n")
    with pytest.raises(SourceError, match="not of which market"):
        read_ticks(path)
    assert read_ticks(path, layout=Layout(zone="UTC")).instrument.symbol == "ABC"


def test_a_truncated_archive_is_refused(shared: Path, tmp_path: Path) -> None:
    whole = (shared / "data/ticks/us_equity/ibm/20131007_trade.zip").read_bytes()
    path = tmp_path / "20131007_trade.zip"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="truncated or damaged"):
        read_ticks(path)
