"""Bars as a market: candles of its trades are the bars again, and it says that it is invented."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import workbench as wb
from workbench.cli import app
from workbench.domain.codes import EventKind
from workbench.domain.records import QUOTE_EVENT, TRADE_EVENT, Records
from workbench.errors import ConfigError, SourceError, WorkbenchError
from workbench.feed.bar_path import BAR_QUIRKS, SYNTHETIC_BARS, BarPath, bar_path, turning_points
from workbench.feed.candles import candles
from workbench.feed.history import QUIRKS, History
from workbench.feed.times import DAY_NS

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS
NEW_YORK = "America/New_York"

HEADER = "time,open,high,low,close,volume\n"


def write(tmp_path: Path, rows: str, header: str = HEADER) -> Path:
    path = tmp_path / "abc.csv"
    path.write_text(header + rows)
    return path


def trades_of(market: wb.Replay) -> Records:
    events = market.events
    return events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)


def replayed(history: History) -> wb.Replay:
    return wb.replay(history).run()


def assert_gives_back(history: History, bars: pl.DataFrame, interval_ns: int, zone: str = "") -> None:
    """The trades of the replayed history, as candles, are the bars, to the last tick and lot."""
    trades = trades_of(replayed(history))
    made = candles(
        trades["time_ns"],
        trades["instrument"],
        trades["price_ticks"],
        trades["quantity_lots"],
        interval_ns,
        zone=zone,
    )
    instrument = history.instrument
    assert made["start_ns"].tolist() == bars["time"].cast(pl.Int64).to_list()
    for name in ("open", "high", "low", "close"):
        prices = [instrument.price_from_ticks(int(ticks)) for ticks in made[f"{name}_ticks"]]
        assert prices == bars[name].to_list()
    if "volume" in bars.columns:
        volumes = [instrument.quantity_from_lots(int(lots)) for lots in made["volume_lots"]]
        assert volumes == bars["volume"].to_list()


def test_the_nearer_extreme_comes_first() -> None:
    bars = {
        "open": [10, 10, 10, 10, 10],
        "high": [11, 15, 12, 12, 10],
        "low": [5, 9, 8, 8, 10],
        "close": [6, 14, 11, 9, 10],
    }
    points = turning_points({name: np.array(values) for name, values in bars.items()})
    assert points.tolist() == [[10, 11, 5, 6], [10, 9, 15, 14], [10, 8, 12, 11], [10, 12, 8, 9], [10] * 4]


def test_the_path_of_one_bar(tmp_path: Path) -> None:
    rows = "2024-05-01T13:30:00Z,10.00,10.03,9.94,9.97,100\n2024-05-01T13:31:00Z,9,9,9,9,3\n"
    path = write(tmp_path, rows)
    history = wb.read_ticks(path, rules=wb.TickRules(bars="synthetic"))
    assert history.kind == SYNTHETIC_BARS
    assert history.quirks == {"repeated_quote": 3, "synthetic_path": 2}
    market = replayed(history)
    trades = market.trades()
    assert trades["price"].to_list()[:10] == [10, 10.01, 10.02, 10.03, 10, 9.97, 9.94, 9.95, 9.96, 9.97]
    assert trades["quantity"].to_list() == [10.0] * 10 + [1.0] * 3
    assert trades["side"].to_list()[:10] == ["BUY"] * 4 + ["SELL"] * 3 + ["BUY"] * 3
    seconds = trades["time"].dt.second().to_list()
    assert seconds == [0, 6, 12, 18, 24, 30, 36, 42, 48, 54, 0, 6, 12]
    # The best bid and offer are a tick apart, and each print is at one of them.
    quotes = market.quotes().group_by("time", maintain_order=True).last()
    assert (quotes["ask_price"] - quotes["bid_price"]).round(9).to_list() == [0.01] * len(quotes)
    met = wb.asof_join(trades, market.quotes(), by="symbol", direction="backward", suffix="_quoted")
    assert ((met["price"] == met["bid_price"]) | (met["price"] == met["ask_price"])).all()
    assert history.place(0) == (str(path), 2)
    assert history.place(10) == (str(path), 3)


def test_people_can_trade_in_it(tmp_path: Path) -> None:
    path = write(tmp_path, "2024-05-01T13:30:00Z,10,11,9,10,1000\n2024-05-01T13:31:00Z,10,10,10,10,1000\n")
    market = wb.replay(path, bars=BarPath(steps=2, spread="0.10"), rules=wb.TickRules(quote_quantity=50))
    market.run_until("2024-05-01T13:30:10Z")
    assert market.buy(20).state == "FILLED"
    resting = market.buy(5, limit=9.5)
    market.run()
    assert resting.state == "FILLED"


bar = st.tuples(
    st.lists(st.integers(1, 60), min_size=4, max_size=4), st.integers(0, 40), st.integers(1, 4)
).map(lambda made: (made[0][0], max(made[0]), min(made[0]), made[0][1], made[1], made[2]))


@given(st.lists(bar, min_size=2, max_size=6), st.integers(1, 5), st.booleans())
def test_candles_of_any_path_are_the_bars(
    tmp_path_factory: pytest.TempPathFactory, bars: list[tuple[int, ...]], steps: int, fractional: bool
) -> None:
    minute, rows = 0, []
    for opening, high, low, closing, volume, gap in bars:
        minute += gap
        told = f"{volume}.25" if fractional else volume
        prices = ",".join(f"{ticks / 100:.2f}" for ticks in (opening, high, low, closing))
        rows.append(f"2024-05-01T{13 + minute // 60}:{minute % 60:02}:00Z,{prices},{told}\n")
    path = write(tmp_path_factory.mktemp("bars"), "".join(rows))
    rules = wb.TickRules(bars=BarPath(steps=steps, interval="1m"))
    history = wb.read_ticks(path, rules=rules)
    traded = wb.read_bars(path, exact=True).filter(pl.col("volume") > 0)
    assert_gives_back(history, traded, MINUTE_NS)
    assert history.quirks.get("bar_of_zero_volume", 0) == len(bars) - len(traded)
    assert history.quirks["synthetic_path"] == len(bars)
    assert np.array_equal(wb.read_ticks(path, rules=rules).commands, history.commands)


@pytest.mark.parametrize(
    ("name", "interval_ns", "zone", "layout"),
    [
        ("us_equity_minute/spy/20131007_trade.zip", MINUTE_NS, "", {}),
        ("us_equity_minute/spy/20230803_trade.zip", MINUTE_NS, "", {}),
        ("us_equity_minute/ibm/20131011_trade.zip", MINUTE_NS, "", {}),
        ("crypto_minute/coinbase_btcusd/20180404_trade.zip", MINUTE_NS, "", {}),
        ("crypto_minute/coinbase_btcusd/20180405_trade.zip", MINUTE_NS, "", {}),
        pytest.param("us_equity_daily/aapl.zip", DAY_NS, NEW_YORK, {}, marks=pytest.mark.slow),
        pytest.param("us_equity_daily/spy.zip", DAY_NS, NEW_YORK, {}, marks=pytest.mark.slow),
        ("csv/GOOG_daily_2004-2013.csv", DAY_NS, "", {}),
        ("csv/EURUSD_hourly_2017-2018.csv", HOUR_NS, "", {"zone": "UTC"}),
    ],
)
def test_real_bars_come_back(
    shared: Path, name: str, interval_ns: int, zone: str, layout: dict[str, Any]
) -> None:
    path = shared / "data/bars" / name
    history = wb.open_history(
        path, kind="ticks", layout=wb.Layout(**layout), rules=wb.TickRules(bars="synthetic")
    )
    bars = wb.read_bars(path, layout=wb.Layout(**layout), exact=True)
    assert_gives_back(history, bars, interval_ns, zone)
    assert history.quirks["synthetic_path"] == len(bars)


def test_prices_of_too_many_decimals_are_rounded_when_asked(shared: Path) -> None:
    path = shared / "data/bars/csv/AAPL_daily_2015-2017.csv"
    layout = wb.Layout().with_columns(
        {name: f"AAPL.{name.title()}" for name in ("open", "high", "low", "close", "volume")}
    )
    with pytest.raises(SourceError, match=r"further apart than 16777216 steps of 0\.000001.*tick size"):
        wb.read_ticks(path, layout=layout, rules=wb.TickRules(bars="synthetic"))
    history = wb.read_ticks(path, layout=layout, rules=wb.TickRules(bars="synthetic", tick_size="0.01"))
    bars = wb.read_bars(path, layout=layout, exact=True)
    rounded = bars.with_columns(pl.col("open", "high", "low", "close").cast(pl.Float64).round(2))
    trades = trades_of(replayed(history))
    names = ("time_ns", "instrument", "price_ticks", "quantity_lots")
    made = candles(*(trades[name] for name in names), DAY_NS)
    for name in ("open", "high", "low", "close"):
        assert (made[f"{name}_ticks"] / 100).tolist() == rounded[name].to_list()
    assert history.quirks["bar_price_rounded"] > 1_000


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("fx_minute/fxcm_eurusd_20140508_quote.zip", 5),
        ("us_equity_minute/spy/20131007_quote.zip", 4),
        ("crypto_minute/coinbase_btcusd/20180404_quote.zip", 2),
    ],
)
def test_quote_bars_give_quotes(shared: Path, name: str, places: int) -> None:
    path = shared / "data/bars" / name
    history = wb.open_history(path, kind="ticks", rules=wb.TickRules(bars="synthetic"))
    bars = wb.read_bars(path)
    # Orders of the street tell the path: the book itself would trade where a bar's bid is above its ask.
    new = history.commands[history.commands["price_ticks"] > 0]
    tick = float(history.instrument.price_from_ticks(1))
    for number, side in ((1, "bid"), (2, "ask")):
        of_side = new[new["side"] == number]
        begins = bars["time"].cast(pl.Int64).to_numpy()
        standing = np.searchsorted(of_side["time_ns"], begins, side="right") - 1
        opening = (of_side["price_ticks"][standing] * tick).round(places)
        assert opening.tolist() == bars[f"{side}_open"].to_list()
        zeros = of_side["instrument"]
        made = candles(of_side["time_ns"], zeros, of_side["price_ticks"], zeros, MINUTE_NS)
        # A bar that goes nowhere from the close before it moves no order, so it has none.
        by_start = {int(candle["start_ns"]): candle for candle in made}
        starts = bars["time"].cast(pl.Int64).to_list()
        high, low, close = (bars[f"{side}_{what}"].to_list() for what in ("high", "low", "close"))
        moved = 0
        for place, start in enumerate(starts):
            if start not in by_start:
                assert high[place] == low[place] == close[place - 1]
                continue
            moved += 1
            candle, before = by_start[start], of_side["price_ticks"][standing[place]]
            assert round(max(candle["high_ticks"], before) * tick, places) == high[place]
            assert round(min(candle["low_ticks"], before) * tick, places) == low[place]
            assert round(candle["close_ticks"] * tick, places) == close[place]
        assert moved > len(bars) // 3


def test_bid_and_ask_cross_only_where_the_bars_do(shared: Path) -> None:
    path = shared / "data/bars/crypto_minute/coinbase_btcusd/20180404_quote.zip"
    market = wb.replay(path, bars="synthetic").run()
    quotes = market.events[market.events["kind"] == EventKind.QUOTE].view(QUOTE_EVENT)
    both = (quotes["bid_lots"] > 0) & (quotes["ask_lots"] > 0)
    assert both.any()
    assert (quotes["bid_price_ticks"] < quotes["ask_price_ticks"])[both].all()
    assert not len(market.trades())


def test_trade_and_quote_bars_of_one_day_belong_together(shared: Path) -> None:
    folder = shared / "data/bars/us_equity_minute/spy"
    market = wb.replay(folder / "20131007_trade.zip", folder / "20131007_quote.zip", bars="synthetic")
    assert [history.kind for history in market.histories] == [SYNTHETIC_BARS]
    assert_gives_back(market.histories[0], wb.read_bars(folder / "20131007_trade.zip", exact=True), MINUTE_NS)


def test_volume_that_nobody_told(tmp_path: Path) -> None:
    header = "time,open,high,low,close\n"
    path = write(tmp_path, "2024-05-01T13:30:00Z,1,3,1,2\n2024-05-01T13:31:00Z,2,2,2,2\n", header)
    history = wb.read_ticks(path, rules=wb.TickRules(bars=BarPath(steps=1)))
    assert history.quirks["bar_without_volume"] == 2
    assert_gives_back(history, wb.read_bars(path, exact=True), MINUTE_NS)
    assert replayed(history).trades()["quantity"].to_list() == [1.0] * 8


def test_a_bar_without_volume_or_prices_between_others(tmp_path: Path) -> None:
    rows = (
        "2024-05-01T13:30:00Z,1,1.03,1,1.02,5\n2024-05-01T13:31:00Z,,,,,\n"
        "2024-05-01T13:32:00Z,2,2,1.95,2,0\n2024-05-01T13:33:00Z,2,2.02,2,2,2\n"
    )
    path = write(tmp_path, rows)
    history = wb.read_ticks(path, rules=wb.TickRules(bars="synthetic"))
    wanted = {"bar_of_zero_volume": 1, "bar_without_price": 1, "synthetic_path": 4}
    assert {name: history.quirks[name] for name in wanted} == wanted
    # Three prices cannot be printed in two whole units, so a lot is finer than one.
    assert float(history.instrument.lot_size) == 0.1
    bars = wb.read_bars(path, exact=True)
    assert_gives_back(history, bars.filter(pl.col("volume") > 0), MINUTE_NS)
    market = wb.replay(history).run_until("2024-05-01T13:32:59Z")
    assert market.quotes()["bid_price"].drop_nulls().to_list()[-1] == pytest.approx(1.99)


@pytest.mark.parametrize(
    ("rows", "rules", "part"),
    [
        (
            "2024-05-01T13:30:00Z,1,1,1,1,5\n",
            {},
            "one bar alone does not tell how long it is; give bars=BarPath",
        ),
        (
            "2024-05-01T13:30:00Z,1,1,1,1,5\n2024-05-01T13:30:30Z,1,1,1,1,5\n",
            {"bars": BarPath(interval="1m")},
            "row 3: begins 30 s after the bar above it, which lasts 60 s",
        ),
        (
            "2024-05-01T13:30:00Z,1,1,0,1,5\n2024-05-01T13:31:00Z,1,1,1,1,5\n",
            {},
            "row 2: low is '0', expected a positive price",
        ),
        (
            "2024-05-01T13:30:00Z,1,1,1,1,-5\n2024-05-01T13:31:00Z,1,1,1,1,5\n",
            {},
            "row 2: volume is '-5', expected a quantity",
        ),
        (
            "2024-05-01T13:30:00Z,1,3,1,2,2\n2024-05-01T13:31:00Z,1,1,1,1,5\n",
            {"lot_size": 1},
            "row 2: volume is '2', expected a lot for each of the bar's prices; leave out the lot size",
        ),
        (
            "2024-05-01T13:30:00Z,1,3,1,2,150\n2024-05-01T13:31:00Z,1,1,1,1,5\n",
            {"lot_size": 100},
            "row 2: volume is '150', expected a multiple of the lot size",
        ),
        (
            "2024-05-01T13:30:00Z,1,2,3,1,5\n2024-05-01T13:31:00Z,1,1,1,1,5\n",
            {},
            "row 2: high is '2', expected at least the low",
        ),
        (
            "2024-05-01T13:30:00Z,0.1,1,0.1,1,5\n2024-05-01T13:31:00Z,1,1,1,1,5\n",
            {"tick_size": 1},
            "row 2: low is '0.1', expected a price of at least half a tick",
        ),
    ],
)
def test_bars_that_do_not_fit_are_named(tmp_path: Path, rows: str, rules: dict[str, Any], part: str) -> None:
    path = write(tmp_path, rows)
    with pytest.raises(SourceError) as error:
        wb.read_ticks(path, rules=wb.TickRules(**{"bars": "synthetic", **rules}))
    assert part in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: bar_path("invented"),
        lambda: wb.TickRules(bars="yes"),
        lambda: BarPath(steps=0),
        lambda: BarPath(interval="soon"),
        lambda: BarPath(interval="0m"),
        lambda: BarPath(spread=-1),
        lambda: wb.replay("nothing.csv", bars="real"),
    ],
)
def test_settings_that_make_no_sense(wrong: Any) -> None:
    with pytest.raises(ConfigError):
        wrong()


def test_a_spread_is_a_whole_number_of_ticks(tmp_path: Path) -> None:
    path = write(tmp_path, "2024-05-01T13:30:00Z,1,1,1,1,5\n2024-05-01T13:31:00Z,1,1,1,1,5\n")
    with pytest.raises(WorkbenchError, match="spread"):
        wb.read_ticks(path, rules=wb.TickRules(bars=BarPath(spread="0.005")))


def test_ticks_and_bars_do_not_mix(tmp_path: Path) -> None:
    path = write(tmp_path, "2024-05-01T13:30:00Z,1,1,1,1,5\n2024-05-01T13:31:00Z,1,1,1,1,5\n")
    ticks = tmp_path / "ticks.csv"
    ticks.write_text("time,price,quantity\n2024-05-01T13:30:00Z,1,1\n")
    with pytest.raises(SourceError, match="not of one kind"):
        wb.read_ticks(path, ticks, rules=wb.TickRules(bars="synthetic"))


def test_it_says_that_it_is_synthetic(tmp_path: Path) -> None:
    path = write(tmp_path, "2024-05-01T13:30:00Z,10,11,9,10,100\n2024-05-01T13:31:00Z,10,10,10,10,100\n")
    market = wb.replay(path, bars="synthetic").run()
    assert "synthetic" in repr(market)
    assert market.summary().instruments[0].kind == SYNTHETIC_BARS
    assert market.summary().quirks["synthetic_path"] == 2
    told = CliRunner().invoke(app, ["replay", str(path), "--bars", "synthetic"])
    assert told.exit_code == 0
    assert "synthetic  abc: what happens inside a bar is invented" in told.output
    shown = CliRunner().invoke(app, ["book", str(path), "--bars", "synthetic", "--at", "13:31"])
    assert "abc at 2024-05-01 13:31:00 (UTC), synthetic" in shown.output
    refused = CliRunner().invoke(app, ["replay", str(path)])
    assert refused.exit_code != 0
    assert "--bars synthetic" in refused.output + (refused.stderr or "")


def test_every_quirk_is_known() -> None:
    assert set(BAR_QUIRKS) <= set(QUIRKS)
