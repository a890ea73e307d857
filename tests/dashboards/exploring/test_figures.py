"""Figures of exploration notebooks: what their sentences say of data written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

import workbench as wb
from dashboards.exploring.prelude import (
    alpaca_fills,
    alpaca_trades,
    beside_figure,
    book_figure,
    day_figures,
    equity_figure,
    imbalance_figure,
    lives_figure,
    luck_figure,
    messages_figure,
    needed,
    price_figure,
    spread_figure,
    sweep_figure,
)
from dashboards.exploring.stopping import MissingInputError
from workbench.analytics.order_flow import MESSAGES, ORDER_LIVES
from workbench.analytics.quoting import IMBALANCES, PERIODS, SPREADS
from workbench.errors import ConfigError
from workbench.studies.random_bars import random_days
from workbench.studies.sweep import Sweep
from workbench.studies.trials import returns_of_outcome, sharpe_of, tried

OPEN = datetime(2025, 3, 18, 13, 30, tzinfo=UTC)


def trades(*prices: float) -> pl.DataFrame:
    times = [OPEN + timedelta(seconds=20 * k) for k in range(len(prices))]
    return pl.DataFrame(
        {"time": times, "price": prices, "quantity": [1.0] * len(prices)},
        schema_overrides={"time": pl.Datetime("ns", "UTC"), "price": pl.Float64},
    )


def fills(*rows: tuple[str, float, float, bool]) -> pl.DataFrame:
    return pl.DataFrame(
        [(OPEN, *row) for row in rows],
        schema={
            "time": pl.Datetime("ns", "UTC"),
            "side": pl.String,
            "price": pl.Float64,
            "quantity": pl.Float64,
            "maker": pl.Boolean,
        },
        orient="row",
    )


def test_prices_and_own_fills() -> None:
    own = fills(("buy", 10.0, 100, True), ("buy", 10.2, 100, False), ("SELL", 10.3, 200, False))
    figure = price_figure(trades(10.0, 10.2, 10.4, 10.3), own, zone="America/New_York")
    assert figure.sentence == (
        "From 09:30 to 09:31 the price rose from 10.00 to 10.30 USD in 4 trades; 200 were bought at 10.1000 "
        "USD on average in 2 fills, 200 were sold at 10.3000 USD on average in 1 fill, 25.00 % of it resting "
        "in the book."
    )
    assert figure.chart.y_range.start < 10.0
    assert figure.chart.y_range.end > 10.4
    # The client's times have no zone written on them.
    plain = trades(10.0, 9.9).with_columns(pl.col("time").dt.replace_time_zone(None))
    other = price_figure(plain, own.clear().drop("maker"), zone="America/New_York")
    assert other.sentence == (
        "From 09:30 to 09:30 the price fell from 10.00 to 9.90 USD in 2 trades; no own order was filled."
    )
    assert price_figure(trades(), own, zone="UTC").chart is None


def test_book_of_two_sides() -> None:
    book = pl.DataFrame(
        {
            "bid_price": [10.0, 9.9],
            "bid_quantity": [300.0, 300.0],
            "ask_price": [10.02, None],
            "ask_quantity": [200.0, None],
        }
    )
    figure = book_figure(book, "ACME", "10:30")
    assert figure.sentence == (
        "At 10:30 the market was 10.00 bid and 10.02 offered, 0.02 apart; within 2 levels 3.0 times as much "
        "was wanted as offered (600 against 200)."
    )
    assert "a side of the book was empty" in book_figure(book[1:], "ACME", "10:30").sentence


def test_messages_lives_and_spread() -> None:
    counted = MESSAGES.frame(
        {
            "message": ["new order", "execution", "hidden execution"],
            "count": [6, 3, 1],
            "share": [0.6, 0.3, 0.1],
        }
    )
    assert messages_figure(counted).sentence == (
        "Of 10 messages 60.00 % enter an order and one execution comes for every 2.0 of them; 25.00 % of all "
        "executions met an order that nobody saw."
    )
    lived = [0.01, 0.03, 0.5, 2.0, None]
    lives = ORDER_LIVES.frame(
        {
            "order": range(5),
            "side": ["BUY"] * 5,
            "entered": [OPEN] * 5,
            "ended": [None] * 5,
            "lived_s": lived,
            "quantity": [1.0] * 5,
            "executed": [0.0, 0.0, 0.0, 1.0, 0.0],
            "outcome": ["cancelled", "cancelled", "cancelled", "executed", "unknown"],
        }
    )
    figure = lives_figure(lives)
    assert figure.sentence == (
        "75.00 % of the orders whose end is known never traded, half of these were gone within 30 ms and "
        "66.67 % within 100 ms; half of those that traded had lived longer than 2.0 s. 1 order left the "
        "source's view and is not among them."
    )
    widths = SPREADS.frame(
        {"spread_ticks": [1, 2, 5], "seconds": [40.0, 50.0, 10.0], "share": [0.4, 0.5, 0.1]}
    )
    assert spread_figure(widths, 0.01).sentence == (
        "Half of the time the spread is 2 ticks (0.02 USD) or less, on average it is 1.9 ticks, and 40.00 % "
        "of the time it is one tick."
    )


def test_the_day_and_the_queues() -> None:
    intervals = PERIODS.frame(
        {
            "start": [OPEN, OPEN + timedelta(minutes=30)],
            "quoted_s": [1800.0, 1800.0],
            "spread": [0.04, 0.01],
            "touch": [10.0, 20.0],
            "changes": [5, 6],
            "trades": [3, 1],
            "volume": [300.0, 100.0],
        }
    )
    busy, cheap = day_figures(intervals, "America/New_York")
    assert busy.sentence.startswith(
        "75.00 % of the day's volume trades in the interval from 09:30, 1.5 times"
    )
    assert cheap.sentence.startswith(
        "The spread is widest from 09:30 with 0.0400 and narrowest from 10:00 with"
    )
    queues = {"low": [-1.0, 0.0], "high": [0.0, 1.0], "prices": [200, 200], "error": [0.03, 0.03]}
    told = imbalance_figure(IMBALANCES.frame({**queues, "up": [0.3, 0.7]}))
    assert told.sentence.startswith(
        "In 70.00 % of 400 moves the price went to the side of the longer queue, 9 "
    )
    coin = imbalance_figure(IMBALANCES.frame({**queues, "up": [0.5, 0.5]}))
    assert "which is a coin's work" in coin.sentence


@pytest.mark.parametrize(
    "figure",
    [
        messages_figure(MESSAGES.empty()),
        lives_figure(ORDER_LIVES.empty()),
        spread_figure(SPREADS.empty(), 0.01),
        *day_figures(PERIODS.empty(), "UTC"),
        imbalance_figure(IMBALANCES.empty()),
        equity_figure({}),
    ],
    ids=lambda figure: figure.question,
)
def test_without_data_the_sentence_says_so(figure: Any) -> None:
    assert figure.chart is None
    assert figure.sentence.endswith(".")


class Keep(wb.Strategy):
    """Holds so many lots, on one side or the other, from a day on."""

    def __init__(self, lots: int = 100, since: int = 0, side: str = "long") -> None:
        self.lots, self.since, self.side = lots, since, side

    def on_start(self, desk):  # noqa: ARG002
        self.seen = 0

    def on_bar(self, desk, bar):  # noqa: ARG002
        self.seen += 1
        if self.lots and self.seen == self.since + 1:
            (desk.buy if self.side == "long" else desk.sell)(self.lots)


@pytest.fixture(scope="module")
def sweeps() -> tuple[Sweep, Sweep]:
    bars = random_days(300, seed=2)
    grid = {"lots": [0, 100, 200], "since": [0, 40, 80], "side": ["long", "short"]}
    inside, outside = (
        wb.sweep(Keep, grid, part, metrics=sharpe_of, workers=1) for part in (bars[:150], bars[150:])
    )
    return inside, outside


def test_a_sweep_over_two_of_three_parameters(sweeps: tuple[Sweep, Sweep]) -> None:
    figure = sweep_figure(sweeps[0], "lots", "since")
    best = sweeps[0].frame.drop_nulls("sharpe").sort("sharpe", descending=True).row(0, named=True)
    assert figure.sentence.startswith(
        f"Of 18 settings lots={best['lots']}, since={best['since']}, side={best['side']} did best with a "
    )
    # Settings that never traded have no ratio, and no colour.
    fields = figure.chart.renderers[0].data_source.data
    assert len(fields["amount"]) == 9
    assert np.isnan(fields["amount"]).sum() == 3
    assert fields["written"].count("none") == 3
    with pytest.raises(ConfigError, match="no 'fast'; known: session, lots"):
        sweep_figure(sweeps[0], "fast", "since")


def test_in_and_out_of_sample(sweeps: tuple[Sweep, Sweep]) -> None:
    figure = beside_figure(*sweeps)
    inside, outside = (
        each.frame.drop_nulls("sharpe").select("lots", "since", "side", "sharpe") for each in sweeps
    )
    best = inside.sort("sharpe", descending=True).row(0, named=True)
    again = outside.filter(*(pl.col(name) == best[name] for name in ("lots", "since", "side")))["sharpe"][0]
    place = int((outside["sharpe"] > again).sum()) + 1
    assert f"came {place} of 12 in the days it was not chosen on; ranks correlate by" in figure.sentence
    assert len(figure.chart.renderers[0].data_source.data["up"]) == 12


def test_luck_is_told_with_all_trials(sweeps: tuple[Sweep, Sweep]) -> None:
    search = sweeps[0]
    chosen = search.outcome(int(search.frame["sharpe"].arg_max() or 0))
    figure = luck_figure(search, returns_of_outcome(chosen, trials=tried(search)))
    assert "over 150 sessions is skill with a probability of" in figure.sentence
    assert "it is the best of 12 trials" in figure.sentence
    without = luck_figure(search, returns_of_outcome(chosen))
    assert without.sentence == "That cannot be said: how many strategies were tried is not known."
    assert without.chart is None


def test_equity_begins_with_nothing(sweeps: tuple[Sweep, Sweep]) -> None:
    outcome = sweeps[0].outcome(17)
    figure = equity_figure({"short": outcome})
    made = outcome.summary["pnl"]
    assert f"Short it {'made' if made >= 0 else 'lost'} {abs(made):,.0f} USD in 1 fill" in figure.sentence
    line = figure.chart.renderers[0].data_source.data["value"]
    assert line[0] == 0
    assert line[-1] == pytest.approx(made)


def test_what_alpaca_tells_becomes_tables() -> None:
    def order(side: str, filled: str, price: str | None, at: datetime | None) -> Any:
        return SimpleNamespace(
            side=SimpleNamespace(value=side),
            filled_qty=filled,
            filled_avg_price=price,
            filled_at=at,
            updated_at=OPEN + timedelta(minutes=1),
        )

    # One that was cancelled after a part has no time of filling, and counts all the same.
    found = alpaca_fills(
        [order("buy", "30", "10.5", None), order("sell", "0", None, None), order("sell", "5", "11", OPEN)]
    )
    assert found.select("side", "price", "quantity").rows() == [("sell", 11.0, 5.0), ("buy", 10.5, 30.0)]
    assert found["time"].to_list() == [OPEN, OPEN + timedelta(minutes=1)]
    assert alpaca_fills([]).is_empty()
    tape = alpaca_trades([SimpleNamespace(timestamp=OPEN, price=10, size=3)])
    assert tape.rows() == [(OPEN, 10.0, 3.0)]


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError) as stopped:
        needed(tmp_path / "none.csv", "a recording")
    (shown,) = stopped.value._render_traceback_()
    assert shown.startswith("This notebook needs a recording, and there is no file ")
    (tmp_path / "there.csv").touch()
    assert needed(tmp_path / "there.csv", "a recording") == tmp_path / "there.csv"
