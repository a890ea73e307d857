import os

import numpy as np
import pytest

from tests.studies.examples import CompiledCross, Cross, Quoter, QuotesAtOnce, Stubborn
from workbench.domain.codes import Side
from workbench.domain.costs import FeeSchedule
from workbench.engine.replay import replay
from workbench.errors import ConfigError
from workbench.session.replaying import replay as replay_session
from workbench.studies.backtest import backtest, cut, first_ns
from workbench.studies.strategy import Strategy

SMALL = os.environ.get("WORKBENCH_TEST_SCALE") == "small"

TERMS = [
    {},
    {"latency": "3ms"},
    {"latency": "2s", "fees": FeeSchedule(maker_bps="-0.2", taker_bps="0.3")},
    {"fill": "responsive", "latency": "50us"},
]


@pytest.mark.kernel
@pytest.mark.parametrize("terms", TERMS, ids=str)
@pytest.mark.parametrize("strategy", [Quoter(), QuotesAtOnce(), CompiledCross(2, 4)], ids=repr)
def test_the_compiled_loop_does_what_callbacks_do(strategy, terms, harbor):
    seconds = 60 if SMALL and not isinstance(strategy, CompiledCross) else 400
    day = cut(harbor, first_ns(harbor) + seconds * 1_000_000_000)
    fast, slow = (
        backtest(strategy, day, compiled=inside, equity_every="10s", **terms) for inside in (True, False)
    )
    assert len(fast.records["decisions"]) > (1 if isinstance(strategy, CompiledCross) else 40)
    for name, records in fast.records.items():
        assert records.tobytes() == slow.records[name].tobytes(), name
    assert fast.summary == slow.summary


class Listener(Strategy):
    """Trades once, and notes what it is told."""

    bars = "1min"
    timer = "1s"

    def on_start(self, desk):
        self.quotes, self.trades, self.bars_told, self.fills, self.ends, self.times = [], [], [], [], [], []
        self.order = 0

    def on_quote(self, desk, quote):
        assert desk.quote == quote
        self.quotes.append(quote)

    def on_trade(self, desk, trade):
        self.trades.append(trade)

    def on_bar(self, desk, bar):
        assert desk.time_ns == bar.time_ns + 60_000_000_000
        self.bars_told.append(bar)

    def on_fill(self, desk, fill):
        self.fills.append((fill, desk.position_lots))

    def on_end(self, desk, order):
        self.ends.append(order)

    def on_timer(self, desk, time_ns):
        assert desk.time_ns == time_ns
        self.times.append(time_ns)
        if len(self.times) == 10:
            self.order = desk.buy(300, desk.quote.bid_price_ticks)
            assert desk.working[self.order].leaves_lots == 300
        elif len(self.times) == 200 and self.order in desk.working:
            desk.cancel(self.order)
        elif len(self.times) == 210:
            assert self.order not in desk.working
            desk.sell(max(desk.position_lots, 1))


@pytest.fixture(scope="module")
def heard(harbor):
    day = cut(harbor, first_ns(harbor) + 600_000_000_000)
    strategy = Listener()
    outcome = backtest(strategy, day, latency="20ms")
    return day, strategy, outcome


def test_what_is_told_is_what_the_exchange_says(heard):
    day, strategy, _ = heard
    market = replay(day, mode="frozen")
    market.run()
    trades = market.trades()
    assert [(trade.time_ns, trade.price_ticks) for trade in strategy.trades] == [
        (time_ns, round(price * 100))
        for time_ns, price in zip(trades["time"].cast(int).to_list(), trades["price"].to_list(), strict=True)
    ]
    # Of quotes the last of each instant.
    quotes = market.quotes().group_by("time", maintain_order=True).last()
    assert [quote.time_ns for quote in strategy.quotes] == quotes["time"].cast(int).to_list()
    assert [quote.bid_lots for quote in strategy.quotes] == quotes["bid_quantity"].cast(int).to_list()
    second = 1_000_000_000
    assert strategy.times == list(
        range((first_ns(day) // second + 1) * second, int(day.commands["time_ns"][-1]) + 1, second)
    )


def test_bars_are_those_of_the_tape(heard):
    _, strategy, _ = heard
    minute = 60_000_000_000
    for bar in strategy.bars_told:
        prices = [t.price_ticks for t in strategy.trades if bar.time_ns <= t.time_ns < bar.time_ns + minute]
        assert bar[1:5] == (prices[0], max(prices), min(prices), prices[-1])
    assert len(strategy.bars_told) >= 5


def test_fills_are_those_of_the_same_orders_by_hand(heard):
    day, strategy, outcome = heard
    market = replay_session(day, mode="frozen", cash=1_000_000)
    market.run_until(strategy.times[9] + 20_000_000)
    order = market.buy(300, limit=float(outcome.decisions["price_ticks"][0]) / 100)
    market.run_until(strategy.times[199] + 20_000_000)
    if order.is_open:
        market.cancel(order)
    market.run_until(strategy.times[209] + 20_000_000)
    market.sell(max(int(order.filled), 1))
    market.run()
    ours = market.fills()
    assert outcome.fills["price"].to_list() == ours["price"].to_list()
    assert outcome.fills["quantity"].to_list() == ours["quantity"].to_list()
    assert outcome.fills["time"].to_list() == ours["time"].to_list()
    assert outcome.cash_micros == int(market.cash * 1_000_000)
    assert [fill.side for fill, _ in strategy.fills][-1] == Side.SELL


def test_equity_is_cash_and_position_at_the_middle(heard):
    outcome = heard[2]
    records = outcome.records["samples"]
    assert (np.diff(records["time_ns"]) % 60_000_000_000 == 0).all()
    expected = (records["cash_micros"] + records["position_lots"] * records["mark_half_ticks"] * 5_000) / 1e6
    assert outcome.equity["equity"].to_list() == pytest.approx(expected.tolist())
    assert set(records["position_lots"].tolist()) > {0}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fill": "next_open"}, "'next_open' is no fill mode of order flow; give frozen or responsive"),
        ({"slippage_ticks": 1}, "the book decides what orders trade at"),
        ({"strategy": type("No", (Cross,), {"bars": ""})()}, "does not say how long they are"),
        ({"strategy": type("No", (Listener,), {"timer": ""})()}, "does not say how often"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(change, sentence, harbor_morning):
    with pytest.raises(ConfigError, match=sentence):
        backtest(**({"strategy": Cross(), "source": harbor_morning} | change))


@pytest.mark.kernel
@pytest.mark.parametrize("inside", [True, False])
def test_asking_again_for_what_was_refused_does_not_hang(inside, harbor_morning):
    with pytest.raises(ConfigError, match="more than 10,000 things at one instant, so time would never pass"):
        backtest(Stubborn(), harbor_morning, compiled=inside)
    day = cut(harbor_morning, first_ns(harbor_morning) + 10_000_000_000)
    later = backtest(Stubborn(), day, compiled=inside, latency="1s")
    # What would arrive ten seconds after the first message comes after the last one.
    assert later.summary["refused"] == 9
    assert later.decisions["on"].to_list() == ["start"] + 9 * ["ended"]
