"""History in an exchange: the book is the source's, in every kind of venue and in both modes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.feed.test_lobster import NAME, limited_feed
from tests.feed.test_lobster import write as write_lobster
from tests.feed.test_mbo import Row, streams
from tests.feed.test_mbo import write as write_mbo
from tests.feed.tiny_book import TinyBook
from workbench.domain.codes import CommandKind, EventKind
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.records import TRADE_EVENT, Records
from workbench.feed.bitstamp import read_bitstamp
from workbench.feed.history import History
from workbench.feed.lobster import read_lobster
from workbench.feed.mbo import read_mbo
from workbench.feed.merge import merge
from workbench.feed.oracle import BookOracle, compare, follow, ladder_of, read_oracle

REFUSALS = (
    EventKind.ORDER_REJECTED,
    EventKind.CANCEL_REJECTED,
    EventKind.REPLACE_REJECTED,
    EventKind.COMMAND_REJECTED,
)
PRINTED = (CommandKind.EXECUTE_ORDER, CommandKind.CROSS_ORDERS)


def exchange(implementation: str, *histories: History, bare: bool, mode: ReplayMode) -> Any:
    instruments = [history.instrument for history in histories]
    accounts = [] if bare else [Account("ann", cash=1_000_000)]
    venue = Venue(instruments, accounts, bare=bare, replay_mode=mode)
    if implementation == "twin":
        from workbench.engine.reference import ReferenceExchange

        return ReferenceExchange(venue)
    from workbench.engine.exchange import Exchange

    return Exchange(venue)


VENUES = pytest.mark.parametrize(
    ("bare", "mode"),
    [(bare, mode) for bare in (True, False) for mode in ReplayMode],
    ids=lambda value: getattr(value, "name", "bare" if value else "accounts").lower(),
)
IMPLEMENTATIONS = pytest.mark.parametrize("implementation", ["twin", "kernel"])


class Watched:
    """An exchange that must not refuse anything, and must print each execution as it was."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def step(self, commands: Records) -> Records:
        events: Records = self.inner.step(commands)
        refused = events[np.isin(events["kind"], REFUSALS)]
        assert len(refused) == 0, refused[:3]
        trades = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
        executed = commands[np.isin(commands["kind"], PRINTED)]
        for name in ("time_ns", "instrument", "side", "price_ticks", "quantity_lots"):
            assert (trades[name] == executed[name]).all()
        return events

    def depth(self, instrument: int, side: Any, levels: int) -> Records:
        depth: Records = self.inner.depth(instrument, side, levels)
        return depth


def check_market(inner: Any, *histories: History) -> None:
    """Nothing diverged, and the volume is that of history's executions and crosses."""
    market = inner.state().instruments
    assert not market["divergence_orders"].any()
    assert not market["divergence_lots"].any()
    for number, history in enumerate(histories):
        executed = history.commands[np.isin(history.commands["kind"], PRINTED)]
        assert market["volume_lots"][number] == executed["quantity_lots"].sum()
        assert market["trades"][number] == len(executed)


def same_as_tiny(inner: Any, history: History, every: int = 1) -> None:
    """The book is that of the tiny book after each `every` rows."""
    rows = np.arange(every - 1, history.row_count, every)
    rows = np.append(rows[rows < history.row_count - 1], history.row_count - 1)
    books = BookOracle(np.zeros((len(rows), 10, 6), np.int64), rows, 0, None, "tiny book")
    ours, tiny = follow(history, Watched(inner), books), follow(history, TinyBook(), books)
    assert (ours == tiny).all()
    check_market(inner, history)


def same_as_source(inner: Any, history: History, book: Path) -> tuple[int, int]:
    oracle = read_oracle(book, history)
    report = compare(oracle, follow(history, Watched(inner), oracle))
    check_market(inner, history)
    assert report.determined_equal == report.determined
    assert report.different == 0, str(report)
    return report.rows, report.determined


@pytest.mark.kernel
@IMPLEMENTATIONS
@VENUES
@settings(max_examples=25)
@given(rows=streams())
def test_random_orders(
    implementation: str,
    bare: bool,
    mode: ReplayMode,
    rows: list[Row],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rows = [*rows, (99, "T", "B", "100.00", 1, 0)]
    history = read_mbo(write_mbo(tmp_path_factory.mktemp("mbo") / "t.csv", rows))
    same_as_tiny(exchange(implementation, history, bare=bare, mode=mode), history)


@pytest.mark.kernel
@IMPLEMENTATIONS
@VENUES
@settings(max_examples=10)
@given(seed=st.integers(0, 10_000), levels=st.integers(1, 3))
def test_random_files_of_few_levels(
    implementation: str,
    bare: bool,
    mode: ReplayMode,
    seed: int,
    levels: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("lobster")
    history = read_lobster(write_lobster(folder, *limited_feed(seed, levels, 40), levels))
    inner = exchange(implementation, history, bare=bare, mode=mode)
    assert same_as_source(inner, history, folder / NAME.format(what="orderbook", levels=levels))[0] == 40


@IMPLEMENTATIONS
@VENUES
def test_arl(shared: Path, implementation: str, bare: bool, mode: ReplayMode) -> None:
    history = read_mbo(shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst")
    inner = exchange(implementation, history, bare=bare, mode=mode)
    book = shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbp10.csv.zst"
    assert same_as_source(inner, history, book) == (3_928, 3_928)


@IMPLEMENTATIONS
@VENUES
def test_aapl(shared: Path, implementation: str, bare: bool, mode: ReplayMode) -> None:
    message, book = _lobster(shared, "AAPL")
    history = read_lobster(message)
    inner = exchange(implementation, history, bare=bare, mode=mode)
    assert same_as_source(inner, history, book) == (999, 680)


@VENUES
def test_goog(shared: Path, bare: bool, mode: ReplayMode) -> None:
    message, book = _lobster(shared, "GOOG")
    history = read_lobster(message)
    inner = exchange("kernel", history, bare=bare, mode=mode)
    assert same_as_source(inner, history, book) == (49_482, 38_274)
    assert inner.state().instruments["volume_lots"][0] == _executed_shares(message)


@VENUES
@pytest.mark.parametrize("day", ["20231224", "20231225"])
def test_es(shared: Path, bare: bool, mode: ReplayMode, day: str) -> None:
    history = read_mbo(shared / f"data/l3/esh4-glbx-mdp3-{day}.mbo.dbn.zst")
    same_as_tiny(exchange("kernel", history, bare=bare, mode=mode), history, every=499)


@VENUES
def test_bitstamp(shared: Path, bare: bool, mode: ReplayMode) -> None:
    history = read_bitstamp(shared / "data/l3/bitstamp_btcusd_2015-05-01.orders.csv.xz")
    same_as_tiny(exchange("kernel", history, bare=bare, mode=mode), history, every=499)


@VENUES
def test_two_markets_in_one_venue(shared: Path, bare: bool, mode: ReplayMode) -> None:
    histories = [read_lobster(_lobster(shared, ticker)[0]) for ticker in ("AAPL", "GOOG")]
    inner = exchange("kernel", *histories, bare=bare, mode=mode)
    Watched(inner).step(merge(histories).commands)
    check_market(inner, *histories)
    for number, history in enumerate(histories):
        tiny = TinyBook()
        tiny.step(history.commands)
        assert (ladder_of(inner, 10, number) == ladder_of(tiny, 10)).all()


def _lobster(shared: Path, ticker: str) -> tuple[Path, Path]:
    message, orderbook = (
        next((shared / "data/lobster").glob(f"{ticker}*{what}*")) for what in ("message", "orderbook")
    )
    return message, orderbook


def _executed_shares(message: Path) -> int:
    from workbench.feed.files import read_bytes

    cells = (line.split(b",") for line in read_bytes(message).splitlines())
    return sum(int(cell[3]) for cell in cells if cell[1] in (b"4", b"5"))
