"""The summary's counts and averages, against the events it is made of."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import workbench as wb
from tests.tiny_market import write_mbo
from workbench.domain.records import QUOTE_EVENT
from workbench.engine.summary import time_weighted


def quotes(*rows: tuple[int, int, int, int, int]) -> np.ndarray:
    made = np.zeros(len(rows), dtype=QUOTE_EVENT)
    for number, row in enumerate(rows):
        for name, value in zip(
            ("time_ns", "bid_price_ticks", "bid_lots", "ask_price_ticks", "ask_lots"), row, strict=True
        ):
            made[name][number] = value
    return made


def test_averages_weigh_by_time_and_leave_out_one_sided_quotes() -> None:
    rows = quotes((0, 100, 10, 0, 0), (10, 100, 10, 102, 20), (30, 100, 40, 106, 20), (40, 0, 0, 106, 20))
    spread, bid, ask, share = time_weighted(rows, 0, 100)
    # 2 ticks for 20 ns and 6 ticks for 10 ns; then there is no bid.
    assert spread == pytest.approx((2 * 20 + 6 * 10) / 30)
    assert bid == pytest.approx((10 * 20 + 40 * 10) / 30)
    assert ask == pytest.approx(20)
    assert share == pytest.approx(0.3)


def test_averages_of_nothing_are_undefined() -> None:
    assert time_weighted(quotes(), 0, 100) == (None, None, None, 0.0)
    assert time_weighted(quotes((0, 100, 10, 102, 20)), 0, 0) == (None, None, None, 0.0)


def test_a_quote_lasts_until_the_end() -> None:
    assert time_weighted(quotes((0, 100, 10, 103, 20)), 0, 100) == (3.0, 10.0, 20.0, 1.0)


def test_a_whole_summary(tmp_path: Path) -> None:
    market = wb.replay(write_mbo(tmp_path), cash=0)
    market.run_until("10:15")
    market.buy(1)
    market.run()
    summary = market.summary()
    own = summary.instruments[0]
    assert (summary.messages, summary.commands, summary.events) == (12, 10, len(market.events))
    assert summary.rejects == {"INSUFFICIENT_BUYING_POWER": 1}
    assert summary.market_seconds == 2.5 * 3600
    assert summary.state_hash == market.exchange.state_hash()
    assert summary.commands_per_second is not None
    assert summary.commands_per_second > 0
    assert (own.orders, own.cancels, own.trades, own.volume) == (6, 1, 2, Decimal(140))
    assert own.vwap == pytest.approx((40 * 10.02 + 100 * 10.00) / 140)
    assert (own.last_price, own.divergence_orders, own.divergence_lots) == (Decimal("10.00"), 0, 0)
    assert own.spread_ticks == pytest.approx(2)
    assert own.spread == pytest.approx(0.02)
    assert own.quoted_share == pytest.approx(1 - 1 / 9000)
    assert summary.frame().select("symbol", "volume").rows() == [("TINY", 140.0)]


def test_quotes_count_between_start_and_end_alone() -> None:
    rows = quotes((0, 100, 10, 102, 20), (50, 100, 10, 104, 20), (90, 0, 0, 104, 20), (200, 100, 1, 900, 1))
    assert time_weighted(rows, 40, 80) == (pytest.approx((2 * 10 + 4 * 30) / 40), 10.0, 20.0, 1.0)
    assert time_weighted(rows, 300, 100) == (None, None, None, 0.0)


def test_each_instrument_is_weighed_over_its_own_messages(tmp_path: Path) -> None:
    short, long = tmp_path / "short.csv", tmp_path / "long.csv"
    short.write_text("time,bid,ask\n2024-05-01T10:00Z,1.00,1.01\n2024-05-01T11:00Z,1.00,1.03\n")
    long.write_text("time,bid,ask\n2024-05-01T08:00Z,2.00,2.01\n2024-05-01T18:00Z,2.00,2.03\n")
    market = wb.replay(short, long).run()
    own = market.summary().instruments
    assert [instrument.quoted_share for instrument in own] == [1.0, 1.0]
    assert [instrument.spread for instrument in own] == [pytest.approx(0.01), pytest.approx(0.01)]
    # Time that passes after the last message weighs nothing; time until now does.
    assert market.run_until("2024-05-02").summary().instruments == own
    partly = wb.replay(short, long).run_until("2024-05-01T10:30Z").summary().instruments
    assert [instrument.quoted_share for instrument in partly] == [1.0, 1.0]


def test_ticks_are_the_markets(tmp_path: Path) -> None:
    history = wb.open_history(write_mbo(tmp_path))
    coarse = replace(history.instrument, price_increment="0.02")
    market = wb.replay(replace(history, instrument=coarse)).run()
    own = market.summary().instruments[0]
    assert (own.tick, own.spread_ticks) == (Decimal("0.02"), pytest.approx(1))
    assert own.spread == pytest.approx(0.02)


def test_quirks_of_all_sources_are_added_up(tmp_path: Path) -> None:
    text = "time,bid,ask\n1714570200,1.01,1.00\n"
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(text)
    summary = wb.replay(tmp_path / "a.csv", tmp_path / "b.csv").run().summary()
    assert summary.quirks == {"crossed_quote": 2, "quote_without_quantity": 4}


def test_a_real_day_adds_up(shared: Path) -> None:
    market = wb.replay(shared / "data/lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst").run()
    summary = market.summary()
    own = summary.instruments[0]
    trades = market.trades()
    assert summary.messages == 49_482
    assert own.trades == len(trades) > 0
    assert float(own.volume) == trades["quantity"].sum()
    vwap = trades.select((pl.col("price") * pl.col("quantity")).sum() / pl.col("quantity").sum()).item()
    assert own.vwap == pytest.approx(vwap, rel=1e-12)
    assert not summary.rejects
