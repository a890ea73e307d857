"""A replay in a notebook's words: run, look, trade, and ask what became of it."""

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import workbench as wb
from tests.tiny_market import mbo_text, write_mbo
from workbench.domain.commands import batch
from workbench.domain.records import EVENT
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange
from workbench.engine.replay import Replay
from workbench.errors import ConfigError, SnapshotError, SourceError, WorkbenchError
from workbench.feed.history import History


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write_mbo(tmp_path)


def top(market: Replay) -> tuple[float | None, ...]:
    return market.book(levels=1).row(0)


def test_ten_lines(tiny: Path) -> None:
    market = wb.replay(tiny, cash=100_000)
    market.run_until("10:15")
    assert market.book(levels=5).rows() == [
        (1, 100.0, 10.0, 10.02, 60.0, 1),
        (1, 200.0, 9.99, 10.03, 300.0, 1),
    ]
    order = market.buy(100, limit="10.02")
    assert (order.state, order.filled, order.leaves) == ("PARTIALLY_FILLED", 60, 40)
    market.run_until("11:30")
    assert (order.state, order.filled, order.leaves) == ("FILLED", 100, 0)
    market.run()
    assert market.fills()["price"].to_list() == [10.02, 10.02]
    assert market.orders().select("order_id", "state", "filled", "average_price").rows() == [
        (order.id, "FILLED", 100.0, 10.02)
    ]
    assert market.trades()["price"].to_list() == [10.02, 10.02, 10.02, 10.0]
    assert market.quotes()["bid_price"].drop_nulls().max() == 10.02
    assert market.positions().select("symbol", "position", "average_price").rows() == [("TINY", 100.0, 10.02)]
    assert market.cash == Decimal(100_000) - 1002


def test_history_alone_is_the_source(tiny: Path) -> None:
    market = wb.replay(tiny)
    assert market.zone == "America/New_York"
    assert f"{market.time:%H:%M:%S}" == "09:30:00"
    market.run()
    assert market.finished
    assert top(market) == (1, 50.0, 10.0, 10.02, 60.0, 1)
    assert market.trades()["quantity"].to_list() == [40.0, 100.0]
    assert market.trades()["side"].to_list() == ["BUY", "SELL"]
    assert market.divergence.rows() == [("TINY", 0, 0, 0.0, 0)]


def test_run_until_takes_times_of_every_kind(tiny: Path) -> None:
    ns = 1_752_762_600_000_000_000
    for when in (
        "10:30",
        "2025-07-17 10:30",
        "2025-07-17T14:30:00Z",
        datetime(2025, 7, 17, 14, 30, tzinfo=UTC),
        ns,
    ):
        market = wb.replay(tiny).run_until(when)
        assert market.time_ns == ns
        # The message of that very moment has happened.
        assert top(market)[:2] == (2, 150.0)


def test_a_moment_before_the_first_command_is_the_start(tmp_path: Path) -> None:
    path = tmp_path / "late.mbo.csv"
    path.write_text(mbo_text([("09:30:00.000", "A", "B", "10.00", 100, 1)]).replace(":00.000", ":00.462"))
    market = wb.replay(path)
    start_ns = market.time_ns
    for when in ("09:30", "00:00", "2025-07-17T09:30:00"):
        assert market.run_until(when).time_ns == start_ns
    assert market.position == 0
    with pytest.raises(ConfigError, match="is past"):
        market.run_until("2025-07-16")
    market.run()
    with pytest.raises(
        ConfigError, match=r"'09:30' is past, it is 2025-07-17 09:30:00\.462000000 in America"
    ):
        market.run_until("09:30")


@pytest.mark.parametrize(
    ("when", "part"),
    [
        ("2025-07-16", "is past"),
        ("noon", "is no time"),
        ("25:00", "is no time"),
        (12.5, "is no time"),
        (True, "is no time"),
    ],
)
def test_moments_that_make_no_sense_are_refused(tiny: Path, when: object, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        wb.replay(tiny).run_until(when)  # type: ignore[arg-type]


def test_orders_rest_fill_by_queue_and_are_explained(tiny: Path) -> None:
    market = wb.replay(tiny)
    market.run_until("10:15")
    bid = market.buy(30, limit=10.00)
    assert (bid.state, bid.ahead_lots, bid.limit) == ("NEW", 100, Decimal("10.00"))
    market.run_until("11:30")
    # The seller's 100 went to the order that was there first.
    assert (bid.state, bid.filled) == ("NEW", 0)
    # Now it is the first in the queue, and does not trade with us.
    taker = market.sell(10, tif="IOC", limit="10.00")
    assert (taker.state, taker.reason, taker.average_price) == ("FILLED", "", Decimal("10.00"))
    assert (bid.state, bid.reason, bid.filled) == ("CANCELED", "SELF_TRADE", 0)
    assert repr(bid) == f"<Order {bid.id}: BUY 30 TINY limit 10.00, CANCELED, SELF_TRADE, filled 0, leaves 0>"


def test_cancel_and_replace(tiny: Path) -> None:
    market = wb.replay(tiny)
    market.run_until("10:15")
    order = market.buy(30, limit="9.98")
    first = order.id
    market.replace(order, limit="9.99", quantity=40)
    assert (order.state, order.quantity, order.limit, order.ids) == (
        "NEW",
        40,
        Decimal("9.99"),
        [first, order.id],
    )
    assert market.replace(first, quantity=20).quantity == 20
    market.cancel(order)
    assert (order.state, order.reason, order.leaves) == ("CANCELED", "BY_REQUEST", 0)
    market.cancel(order.id)
    assert [reason.name for reason in order.refusals] == ["UNKNOWN_ORDER"]
    assert order.state == "CANCELED"
    assert market.order_events()["event"].to_list()[-1] == "CANCEL_REJECTED"


def test_an_order_of_another_market_is_refused(tiny: Path) -> None:
    one, two = (wb.replay(tiny).run_until("10:15") for _ in range(2))
    ours, theirs = one.buy(30, limit="9.98"), two.buy(30, limit="9.98")
    for change in (lambda: one.cancel(theirs), lambda: one.replace(theirs, quantity=10)):
        with pytest.raises(ConfigError, match="is not this market's"):
            change()
    assert (ours.state, ours.quantity) == ("NEW", 30)
    assert one.cancel(ours).state == "CANCELED"


def test_refused_changes_say_why(tiny: Path) -> None:
    market = wb.replay(tiny).run_until("10:15")
    order = market.buy(30, limit="10.00")
    market.replace(order, limit="9999")
    bound = int(market.exchange.instruments()["band_high_ticks"][0])
    assert (order.state, order.reason, order.limit) == ("NEW", "PRICE_OUT_OF_BAND", Decimal("10.00"))
    assert (order.value, order.limit_value) == (999_900, bound)
    # A change that is accepted, and a fill, leave nothing to explain.
    assert market.replace(order, limit="10.01").reason == ""
    market.replace(order, limit="9999")
    market.run()
    assert (order.state, order.reason, order.value) == ("FILLED", "", 0)
    assert market.cancel(order).reason == "UNKNOWN_ORDER"
    assert order.state == "FILLED"
    # What ended an order stays its reason.
    ended = market.cancel(market.buy(30, limit="9.98"))
    assert market.cancel(ended).reason == "BY_REQUEST"


@pytest.mark.parametrize(
    ("quantity", "limit", "part"),
    [
        (0, None, "a quantity of 0 is no order"),
        (None, 0, "a limit of 0 is no price"),
        (None, None, "nothing to change"),
        ("1e30", None, "too large to be counted"),
    ],
)
def test_a_replace_that_makes_no_sense_is_refused(
    tiny: Path, quantity: int | None, limit: int | None, part: str
) -> None:
    market = wb.replay(tiny).run_until("10:15")
    order = market.buy(30, limit="9.98")
    with pytest.raises(ConfigError, match=part):
        market.replace(order, quantity=quantity, limit=limit)
    assert (order.quantity, order.limit) == (30, Decimal("9.98"))


def test_a_day_ends_when_we_close_it(tiny: Path) -> None:
    market = wb.replay(tiny).run_until("10:15")
    day, kept = market.buy(30, limit="9.98"), market.buy(30, limit="9.97", tif="GTC")
    market.run()
    assert (day.state, kept.state) == ("NEW", "NEW")
    assert market.close() is market
    assert (day.state, day.reason, kept.state) == ("EXPIRED", "END_OF_DAY", "NEW")
    late = market.buy(30, limit="9.98")
    assert (late.state, late.reason) == ("REJECTED", "MARKET_CLOSED")


def test_numbers_of_numpy_are_numbers(tiny: Path) -> None:
    market = wb.replay(tiny).run_until(np.int64(1_752_762_600_000_000_000))
    prices: list[Any] = [np.float64(9.98), np.float32(9.98)]
    thirty: Any = np.int64(30)
    for price in prices:
        order = market.buy(thirty, limit=price)
        assert (order.quantity, order.limit) == (30, Decimal("9.98"))
    same: Any = np.int64(order.id)
    order = market.replace(same, quantity=np.float64(20.0))
    assert order.quantity == 20
    assert market.cancel(order).state == "CANCELED"


def test_refused_orders_say_why(tiny: Path) -> None:
    market = wb.replay(tiny, cash=100)
    market.run_until("10:15")
    order = market.buy(1000, limit="10.00")
    assert (order.state, order.reason) == ("REJECTED", "INSUFFICIENT_BUYING_POWER")
    assert (order.value, order.limit_value) == (10_000_000_000, 100_000_000)
    assert market.buy(1, limit="10.02", post_only=True).reason == "POST_ONLY_WOULD_CROSS"
    assert market.buy(1, tif="FOK", limit="9.00").reason == "FILL_OR_KILL"
    assert not order.is_open
    assert market.orders()["reason"].to_list() == [
        "INSUFFICIENT_BUYING_POWER",
        "POST_ONLY_WOULD_CROSS",
        "FILL_OR_KILL",
    ]


def test_short_sales_can_be_forbidden(tiny: Path) -> None:
    market = wb.replay(tiny, short=False)
    market.run_until("10:15")
    assert market.sell(1).reason == "SHORT_SALE_NOT_PERMITTED"


def test_an_account_has_fees_limits_and_a_name(tiny: Path) -> None:
    market = wb.replay(
        tiny, account="ann", limits=wb.Limits(max_order_lots=50), fees=wb.FeeSchedule(taker_bps="10")
    )
    market.run_until("10:15")
    assert market.buy(51).reason == "QUANTITY_TOO_LARGE"
    market.buy(50)
    assert market.positions()["account"].to_list() == ["ann"]
    assert market.fills()["fee"].to_list() == [0.501]


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda m: m.buy(1, tif="GTX"), "is no time in force"),
        (lambda m: m.buy(1, limit=0), "a limit of 0 is no price"),
        (lambda m: m.buy(1, limit="10.001"), "is not a multiple of 0.01"),
        (lambda m: m.buy("0.5"), "is not a multiple of 1"),
        (lambda m: m.buy(1, limit="ten"), "is not a number"),
        (lambda m: m.buy(1, "OTHER"), "no instrument 'OTHER'"),
        (lambda m: m.cancel(77), "no order of ours has the id 77"),
        (lambda m: m.cancel([1]), "no order of ours has the id"),
        (lambda m: m.buy(1, tif=None), "is no time in force"),
        (lambda m: m.buy(1e30), "too large to be counted"),
        (lambda m: m.buy(1, limit=1e18), "too large to be counted"),
        (lambda m: m.buy("1e999999999"), "too large or too small to count"),
        (lambda m: m.buy(float("nan")), "is not a number"),
        (lambda m: m.buy(True), "not an exact decimal"),
        (lambda m: m.buy(None), "not an exact decimal"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_exchange(tiny: Path, call: object, part: str) -> None:
    market = wb.replay(tiny).run_until("10:15")
    before = market.exchange.state_hash()
    with pytest.raises(ConfigError, match=part):
        call(market)  # type: ignore[operator]
    assert market.exchange.state_hash() == before


def test_pnl_is_marked_at_last_and_mid(tiny: Path) -> None:
    market = wb.replay(tiny, fees=wb.FeeSchedule(taker_per_lot="0.01"))
    market.run_until("09:45")
    market.buy(10)
    market.buy(20, limit="10.00")
    market.run_until("11:30")
    pnl = market.pnl().row(0, named=True)
    # Bought at 10.02; the last trade is at 10.00, the quote 10.00 to 10.02.
    assert pnl["position"] == 10
    assert (pnl["last_price"], pnl["mid_price"]) == (10.00, 10.01)
    assert (pnl["unrealised_last"], pnl["unrealised_mid"]) == (-0.2, -0.1)
    assert (pnl["fees"], pnl["net_last"], pnl["net_mid"]) == (0.1, -0.3, -0.2)
    market.sell(10)
    pnl = market.pnl().row(0, named=True)
    assert (pnl["position"], pnl["realised_average"], pnl["realised_fifo"]) == (0, -0.2, -0.2)
    assert (pnl["average_price"], pnl["unrealised_last"]) == (None, 0)


def test_frozen_history_stays_as_it_was(tiny: Path) -> None:
    free, frozen = (wb.replay(tiny, mode=mode).run_until("10:15") for mode in ("responsive", "frozen"))
    for market in (free, frozen):
        assert market.buy(60).filled == 60
        market.run()
    assert top(free) == (1, 50.0, 10.0, None, None, None)
    assert top(frozen) == (1, 50.0, 10.0, 10.02, 60.0, 1)
    assert frozen.trades()["shadow"].to_list() == [False, True, False]
    assert frozen.divergence.rows() == [("TINY", 0, 0, 0.0, 0)]
    assert frozen.summary().instruments[0].volume == 140


def test_several_sources_are_several_instruments(tmp_path: Path) -> None:
    market = wb.replay(write_mbo(tmp_path, "a.csv", "AAA"), write_mbo(tmp_path, "b.csv", "BBB"))
    market.run_until("10:15")
    with pytest.raises(ConfigError, match="name one of AAA, BBB"):
        market.buy(1)
    market.buy(5, "BBB")
    assert market.positions().select("symbol", "position").rows() == [("BBB", 5.0)]
    assert market.book("AAA").row(0)[4] == 60
    assert market.book("BBB").row(0)[4] == 55
    assert market.summary().messages == 14
    with pytest.raises(ConfigError, match="occurs twice"):
        wb.replay(tmp_path / "a.csv", tmp_path / "a.csv")


def test_trades_and_quotes_are_put_together(tmp_path: Path) -> None:
    (tmp_path / "x_quotes.csv").write_text("time,bid,ask\n2024-05-01 09:30,10.00,10.02\n")
    (tmp_path / "x_trades.csv").write_text("time,px,n\n2024-05-01 09:31,10.02,5\n")
    paths = tmp_path / "x_quotes.csv", tmp_path / "x_trades.csv"
    market = wb.replay(
        *paths, zone="America/New_York", columns={"quantity": "n"}, rules=wb.TickRules(symbol="X")
    )
    market.run()
    assert (market.zone, f"{market.time:%H:%M}") == ("America/New_York", "09:31")
    assert [instrument.symbol for instrument in market.instruments] == ["X"]
    assert market.trades()["side"].to_list() == ["BUY"]


@pytest.mark.parametrize("chunk", [1, 3, 7, 1000])
def test_chunks_do_not_show(tiny: Path, chunk: int) -> None:
    def run(size: int) -> Replay:
        market = wb.replay(tiny).run_until("10:15")
        market.buy(70, limit="10.02")
        return market.run(chunk_commands=size)

    seen: list[tuple[int, int]] = []
    whole, parts = run(10_000), run(chunk)
    assert parts.exchange.state_hash() == whole.exchange.state_hash()
    assert parts.events.tobytes() == whole.events.tobytes()
    wb.replay(tiny).run(chunk_commands=chunk, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(whole.commands), len(whole.commands))


def test_a_history_can_be_given_and_exact_tables_asked_for(tiny: Path) -> None:
    history = wb.open_history(tiny)
    assert isinstance(history, History)
    market = wb.replay(history, exact=True).run()
    assert market.trades()["price"].to_list() == [Decimal("10.02"), Decimal("10.00")]
    assert market.book().row(0)[2] == Decimal("10.00")
    assert market.events.dtype == EVENT


def test_nothing_to_replay_and_unknown_modes_are_refused(tiny: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to replay"):
        wb.replay()
    with pytest.raises(ConfigError, match="is no mode"):
        wb.replay(tiny, mode="thawed")
    with pytest.raises(ConfigError, match="no time zone is called"):
        wb.replay(tiny, zone="Mars")
    with pytest.raises(SourceError, match="there is no such file"):
        wb.replay("missing.csv")


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"mode": None}, "mode: None is no mode"),
        ({"fees": 3}, "fees: 3 is no FeeSchedule"),
        ({"limits": 3}, "limits: 3 is no Limits"),
        ({"layout": 3}, "layout: 3 is no Layout"),
        ({"rules": 3}, "rules: 3 is no TickRules"),
        ({"columns": 3}, "columns: 3 is no Mapping"),
        ({"cash": 10**30}, "cash: 1000000000000000000000000000000 is too large"),
        ({"cash": -1}, "account 'me' cash: -1 is negative"),
        ({"cash": float("nan")}, "'nan' is not a number"),
        ({"cash": None}, "cash: None is not an exact decimal"),
        ({"account": ""}, "account '': has no name"),
        ({"account": "street"}, "account 'street': is the exchange's own"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tiny: Path, settings: dict[str, Any], part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        wb.replay(tiny, **settings)


@pytest.mark.parametrize("source", [3, None, (), [], ("a.csv", 3)])
def test_what_is_no_source_is_refused(source: Any) -> None:
    with pytest.raises(ConfigError, match="is no source; name a file"):
        wb.replay(source)


@pytest.mark.parametrize("levels", ["5", -1, 1.5, True, None])
def test_levels_are_a_whole_number(tiny: Path, levels: Any) -> None:
    with pytest.raises(ConfigError, match="is no number of levels"):
        wb.replay(tiny).book(levels=levels)


def test_cash_may_be_a_float(tiny: Path) -> None:
    assert wb.replay(tiny, cash=100.5).cash == Decimal("100.5")
    numpy: Any = np.float64(0.1)
    assert wb.replay(tiny, cash=numpy).cash == Decimal("0.1")


def test_an_exchange_wants_a_venue_and_a_snapshot() -> None:
    wrong: Any = 3
    with pytest.raises(ConfigError, match=r"^Exchange: 3 is no Venue"):
        Exchange(wrong)
    wrong = "x"
    with pytest.raises(SnapshotError, match=r"^Exchange.restore: str is no snapshot"):
        Exchange.restore(wrong)


def test_tables_before_anything_happened(tiny: Path) -> None:
    market = wb.replay(tiny)
    for table in (
        market.fills,
        market.orders,
        market.trades,
        market.quotes,
        market.positions,
        market.pnl,
        market.book,
    ):
        assert table().is_empty()
    assert market.summary().messages == 0
    assert market.summary().commands_per_second is None
    assert "0 of 8 commands" in repr(market)


def test_importing_workbench_is_cheap_and_its_names_are_there() -> None:
    code = (
        "import sys, workbench\n"
        "assert not {'numpy', 'numba', 'polars'} & set(sys.modules), 'imported too much'\n"
        "assert all(getattr(workbench, name) is not None for name in workbench.__all__)\n"
        "assert set(workbench.__all__) <= set(dir(workbench))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        wb.nothing  # noqa: B018 - that it raises is the point


# Real data.


def test_a_databento_day_in_ten_lines(shared: Path) -> None:
    folder = shared / "data/l3"
    market = wb.replay(folder / "ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", cash=100_000)
    market.run_until("10:30")
    assert market.book(levels=5).shape == (5, 6)
    order = market.buy(100, limit="12.51")
    market.run_until("11:00")
    market.run()
    assert order.state in ("NEW", "PARTIALLY_FILLED", "FILLED")
    assert market.positions().height <= 1
    report = market.verify(folder / "ARL_XNAS-ITCH_2025-07-17.mbp10.csv.zst")
    assert (report.rows, report.equal) == (3928, 3928)


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
def test_a_lobster_day_is_the_sources_book(shared: Path, mode: str) -> None:
    folder = shared / "data/lobster"
    messages = folder / "GOOG_2012-06-21_34200000_57600000_message_1.csv.zst"
    books = folder / "GOOG_2012-06-21_34200000_57600000_orderbook_1.csv.zst"
    market = wb.replay(messages, books, mode=mode)
    report = market.verify(books)
    assert report.determined_equal == report.determined
    market.run()
    assert market.divergence.select("orders", "lots").rows() == [(0, 0)]
    assert market.trades().filter(pl.col("shadow")).is_empty()
    with pytest.raises(WorkbenchError):
        market.verify(folder / "AAPL_2012-06-21_34200000_57600000_orderbook_10.first999.csv.zst")


def traded_at_random(market: Replay, until: int) -> None:
    """Let history happen in uneven steps and send orders at what the book shows in between."""
    draw = np.random.default_rng(1)
    while market.position < until:
        market._advance(min(until, market.position + int(draw.integers(1, 1000))), 20_000, None)
        book = market.book(levels=3)
        if not book.is_empty():
            side = market.buy if draw.random() < 0.5 else market.sell
            row = book.row(int(draw.integers(0, len(book))), named=True)
            tif = ("DAY", "IOC", "FOK")[int(draw.integers(0, 3))]
            side(int(draw.integers(1, 300)), limit=row["bid_price"] or row["ask_price"], tif=tif)


@pytest.mark.parametrize("mode", ["responsive", "frozen"])
@pytest.mark.parametrize(
    "files",
    [
        ["l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst"],
        ["l3/esh4-glbx-mdp3-20231225.mbo.dbn.zst"],
        ["l3/bitstamp_btcusd_2015-05-01.orders.csv.xz"],
        ["lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst"],
        ["ticks/us_equity/ibm/20131007_quote.zip", "ticks/us_equity/ibm/20131007_trade.zip"],
        ["ticks/fx/fxcm_eurusd_20140508_quote.zip"],
    ],
    ids=["ARL", "ES", "BTC", "GOOG", "IBM", "EURUSD"],
)
def test_real_history_with_us_in_it_is_the_twins(shared: Path, files: list[str], mode: str) -> None:
    market = wb.replay(*(shared / "data" / file for file in files), mode=mode, cash=100_000_000)
    sent: list[np.ndarray] = []
    step = market.exchange.step
    market.exchange.step = lambda commands: (sent.append(commands.copy()), step(commands))[1]  # type: ignore[method-assign,assignment]
    traded_at_random(market, min(20_000, len(market.commands)))
    twin = ReferenceExchange(market.venue)
    assert twin.step(batch(sent)).tobytes() == market.events.tobytes()
    assert twin.state_hash() == market.exchange.state_hash()
    assert len(market.fills()) > 0
    if mode == "frozen":
        # Whatever we did, the book is history's.
        assert market.divergence.drop("symbol").fill_null(0).row(0) == (0, 0, 0, 0)


def test_the_same_trading_gives_the_same_bytes(shared: Path) -> None:
    def run() -> Replay:
        market = wb.replay(shared / "data/l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst")
        for clock in ("9:45", "10:30", "12:00", "15:00"):
            market.run_until(clock)
            market.buy(100)
            market.sell(50, limit=str(market.book(levels=1)["ask_price"][0]))
        return market.run()

    one, two = run(), run()
    assert one.exchange.state_hash() == two.exchange.state_hash()
    assert one.events.tobytes() == two.events.tobytes()
    restored = Exchange.restore(one.exchange.snapshot())
    assert restored.state_hash() == one.exchange.state_hash()
    assert np.array_equal(restored.positions(), one.exchange.positions())
