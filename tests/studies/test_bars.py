import numpy as np
import polars as pl
import pytest

from tests.studies.examples import (
    MINUTE_NS,
    CompiledCross,
    Cross,
    Limits,
    QuotesAtOnce,
    Timed,
    frame_of_bars,
    random_bars,
)
from workbench.domain.costs import FeeSchedule
from workbench.errors import ConfigError, SourceError
from workbench.jit import COMPILED
from workbench.studies.backtest import backtest, read_source
from workbench.studies.bars import Bars
from workbench.studies.compiled import CompiledStrategy, compiled
from workbench.studies.news import What
from workbench.studies.strategy import Strategy

TERMS = [
    {},
    {"latency": "90s"},
    {"fill": "this_close", "slippage_ticks": 2},
    {"fees": FeeSchedule(maker_bps="-0.25", taker_bps="1.35", taker_per_lot="0.0013")},
    {"fees": FeeSchedule(taker_bps="1.35", per_order="0.4", minimum_per_order="0.5", cap_bps="20")},
    {"cash": 1_500},
]


def bars_of(*rows):
    """Bars of a minute each from open, high, low and close."""
    times = pl.Series([i * MINUTE_NS for i in range(len(rows))]).cast(pl.Datetime("ns", "UTC"))
    columns = {
        name: [float(row[i]) for row in rows] for i, name in enumerate(("open", "high", "low", "close"))
    }
    return Bars.from_frame(pl.DataFrame({"time": times, **columns}), tick_size="0.01")


class Script(Strategy):
    """Asks for what it is told to, bar by bar."""

    def __init__(self, *steps):
        self.steps = steps

    def on_start(self, desk):
        self.at = 0
        self.heard = []

    def on_bar(self, desk, bar):
        for verb, *arguments in self.steps[self.at] if self.at < len(self.steps) else ():
            post_only = {"post_only": True} if arguments[2:] else {}
            getattr(desk, verb)(*arguments[:2], **post_only)
        self.at += 1

    def on_fill(self, desk, fill):
        self.heard.append((fill.order, fill.price_ticks, fill.maker, desk.position_lots))

    def on_end(self, desk, order):
        self.heard.append((order, "ended"))


@pytest.mark.kernel
@pytest.mark.parametrize("terms", TERMS, ids=str)
@pytest.mark.parametrize("strategy", [CompiledCross(), Limits(), Timed()], ids=repr)
def test_the_compiled_loop_does_what_callbacks_do(strategy, terms):
    bars = random_bars(1_500)
    fast, slow = (backtest(strategy, bars, compiled=compiled, **terms) for compiled in (True, False))
    assert len(fast.records["fills"]) > 20
    for name, records in fast.records.items():
        assert records.tobytes() == slow.records[name].tobytes(), name
    assert fast.summary == slow.summary
    if isinstance(strategy, CompiledCross):
        assert backtest(Cross(), bars, **terms).summary == fast.summary


@pytest.mark.parametrize(
    ("steps", "terms", "heard"),
    [
        # A market order fills at the next open; with a delay of a minute at the one after.
        ([[("buy", 1)]], {}, [(1, 1010, False, 1)]),
        ([[("buy", 1)]], {"latency": "60s"}, [(1, 1030, False, 1)]),
        ([[("buy", 1)]], {"slippage_ticks": 3}, [(1, 1013, False, 1)]),
        ([[("sell", 1)]], {"slippage_ticks": 3}, [(1, 1007, False, -1)]),
        ([[("buy", 1)]], {"fill": "this_close"}, [(1, 1005, False, 1)]),
        # A limit the open is within takes it; one that a later bar reaches makes its own price.
        ([[("buy", 1, 1015)]], {}, [(1, 1010, False, 1)]),
        ([[("buy", 1, 1008)]], {}, [(1, 1008, True, 1)]),
        ([[("sell", 1, 1025)]], {}, [(1, 1025, True, -1)]),
        ([[("buy", 1, 1007)]], {}, []),
        # Gone through at the open after it had rested: its own price, not the better one.
        ([[("sell", 1, 1022)]], {}, [(1, 1022, True, -1)]),
        # Post-only is refused where it would take.
        ([[("buy", 1, 1015, True)]], {}, [(1, "ended")]),
        ([[("buy", 1, 1008, True)]], {}, [(1, 1008, True, 1)]),
        # A cancel comes in time, or too late.
        ([[("sell", 1, 1025)], [("cancel", 1)]], {}, [(1, "ended")]),
        ([[("sell", 1, 1025)], [("cancel", 1)]], {"latency": "1ns"}, [(1, 1030, False, -1)]),
        # Equity covers the position or it is refused; closing always goes.
        ([[("buy", 11)]], {"cash": 100}, [(1, "ended")]),
        ([[("buy", 9)], [("sell", 9)]], {"cash": 100}, [(1, 1010, False, 9), (2, 1030, False, 0)]),
        ([[("sell", 9)], [("sell", 1)]], {"cash": 100}, [(1, 1010, False, -9), (2, "ended")]),
    ],
)
def test_how_orders_fill(steps, terms, heard):
    bars = bars_of((10.00, 10.10, 9.90, 10.05), (10.10, 10.20, 10.08, 10.15), (10.30, 10.40, 10.24, 10.35))
    strategy = Script(*steps)
    outcome = backtest(strategy, bars, **terms)
    assert strategy.heard == heard
    positions = [each[3] for each in heard if len(each) == 4]
    assert outcome.summary["position_lots"] == (positions[-1] if positions else 0)


def test_money_by_hand():
    bars = bars_of((10.00, 10.10, 9.90, 10.05), (10.10, 10.20, 10.08, 10.15), (10.30, 10.40, 10.24, 10.35))
    fees = FeeSchedule(taker_bps="2", taker_per_lot="0.01")
    outcome = backtest(Script([("buy", 100)], [("sell", 40)]), bars, fees=fees, cash=5_000)
    # 100 at 10.10: 2 bps of 1,010 and 1.00; 40 at 10.30: 2 bps of 412 and 0.40.
    assert outcome.fills["fee"].to_list() == [1.202, 0.4824]
    assert outcome.final_equity == pytest.approx(5_000 - 1_010 + 412 - 1.6844 + 60 * 10.35, abs=1e-9)
    assert outcome.equity["equity"].to_list() == pytest.approx(
        [5_000, 5_000 - 1_011.202 + 1_015, outcome.final_equity]
    )
    assert outcome.summary["pnl"] == pytest.approx(21.3156)
    text = str(outcome)
    for part in (
        "latency: 0ns",
        "taker/lot 0.01, taker bps 2",
        "fill: next_open: market orders",
        "PnL +21.32",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("fees", "paid"),
    [
        # An order of 100 at 10.10 and one of 40 at 10.30: worth 1,010 and 412.
        ({"per_order": "0.5"}, [0.5, 0.5]),
        ({"taker_bps": "2", "per_order": "0.5"}, [0.702, 0.5824]),
        ({"taker_bps": "2", "minimum_per_order": "0.1"}, [0.202, 0.1]),
        ({"taker_bps": "-2", "minimum_per_order": "0.1"}, [0.1, 0.1]),
        ({"per_order": "1", "cap_bps": "20"}, [1.0, 0.824]),
    ],
    ids=str,
)
def test_fees_of_orders_by_hand(fees, paid):
    bars = bars_of((10.00, 10.10, 9.90, 10.05), (10.10, 10.20, 10.08, 10.15), (10.30, 10.40, 10.24, 10.35))
    outcome = backtest(Script([("buy", 100)], [("sell", 40)]), bars, fees=FeeSchedule(**fees), cash=5_000)
    assert outcome.fills["fee"].to_list() == paid


class Ticking(Strategy):
    """Notes what it is told when; buys on the timer."""

    timer = "40s"

    def on_start(self, desk):
        self.told = [("start", desk.time_ns)]

    def on_bar(self, desk, bar):
        self.told.append(("bar", desk.time_ns))

    def on_fill(self, desk, fill):
        self.told.append(("fill", fill.time_ns))

    def on_timer(self, desk, time_ns):
        assert desk.time_ns == time_ns
        self.told.append(("timer", time_ns))
        if len(self.told) < 4:
            desk.buy(1)


def test_the_timer_comes_in_its_place():
    strategy = Ticking()
    bars = bars_of(*[(10, 10, 10, 10)] * 3).records.copy()
    # A minute without a bar before the third.
    bars["time_ns"][2] += MINUTE_NS
    made = bars_of(*[(10, 10, 10, 10)] * 3)
    outcome = backtest(strategy, Bars(bars, made.instrument, MINUTE_NS, "three"))
    second = 1_000_000_000
    assert strategy.told == [
        (what, at * second)
        for what, at in (
            ("start", 0),
            ("timer", 40),
            ("bar", 60),
            ("fill", 60),
            ("timer", 80),
            ("bar", 120),
            ("timer", 120),
            ("timer", 160),
            ("timer", 200),
            ("bar", 240),
        )
    ]
    assert outcome.decisions["on"].to_list() == ["timer"]


def test_what_fills_lead_to_is_asked_for():
    class Twice(Script):
        def on_fill(self, desk, fill):
            super().on_fill(desk, fill)
            if fill.order == 1:
                desk.sell(fill.quantity_lots, fill.price_ticks + 5)

    strategy = Twice([("buy", 2)])
    outcome = backtest(strategy, bars_of((10, 10, 10, 10), (10, 10.02, 10, 10), (10, 10.10, 10, 10)))
    assert strategy.heard == [(1, 1000, False, 2), (2, 1005, True, 0)]
    assert outcome.decisions["on"].to_list() == ["bar", "fill"]


def test_asking_again_at_the_same_close_does_not_hang():
    class Greedy(Script):
        def on_fill(self, desk, fill):
            desk.buy(1)

    with pytest.raises(ConfigError, match="more than 10,000 things at one instant"):
        backtest(Greedy([("buy", 1)]), bars_of((1, 1, 1, 1)), fill="this_close")


def test_until_leaves_out_what_comes_after(tmp_path):
    frame = frame_of_bars(300)
    end = frame["time"][99]
    short = backtest(Cross(), frame, until=end)
    assert short.equity.height == 99
    assert short.summary == backtest(Cross(), frame.head(99)).summary
    path = tmp_path / "bars.csv"
    frame.write_csv(path)
    from_file = backtest(Cross(), path)
    assert from_file.summary == backtest(Cross(), frame).summary
    assert from_file.source == str(path)


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"strategy": QuotesAtOnce()}, ConfigError, "hears of quotes, and bars have none"),
        ({"strategy": type("No", (Ticking,), {"timer": ""})()}, ConfigError, "does not say how often"),
        ({"strategy": Cross}, ConfigError, "is no Strategy .make it with its parameters."),
        ({"fill": "frozen"}, ConfigError, "'frozen' is no fill mode of bars; give next_open or this_close"),
        ({"fill": "perfect"}, ConfigError, "'perfect' is no fill mode; give frozen, responsive"),
        ({"fill": "this_close", "latency": "1s"}, ConfigError, "cannot fill at the close"),
        ({"latency": "fast"}, ConfigError, "'fast' is no duration"),
        ({"fees": 5}, ConfigError, "5 is no FeeSchedule"),
        ({"slippage_ticks": -1}, ConfigError, "-1 is no number of ticks"),
        ({"cash": -1}, ConfigError, "-1 is negative"),
        ({"until": 5}, ConfigError, "nothing is there until 5"),
        ({"source": frame_of_bars(5).drop("high")}, SourceError, "there is no column high"),
        ({"source": frame_of_bars(5)[::-1]}, SourceError, "times do not ascend"),
        ({"source": frame_of_bars(5).head(0)}, SourceError, "there are no bars"),
        ({"tick_size": "0.05"}, SourceError, "is not a multiple of 0.05"),
        (
            {"symbol": "GOLD", "source": frame_of_bars(5).with_columns(symbol=pl.lit("TIN"))},
            SourceError,
            "TIN",
        ),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(change, error, sentence):
    given = {"strategy": Cross(), "source": frame_of_bars(50)} | change
    with pytest.raises(error, match=sentence):
        backtest(**given)


def wrong(action, quantity, price, count):
    class Wrong(CompiledStrategy):
        hears_of = (What.BAR,)

        @compiled
        def decide(news, notes, requests):
            requests[0]["action"] = action
            requests[0]["quantity_lots"] = quantity
            requests[0]["price_ticks"] = price
            return count

    return Wrong()


@pytest.mark.kernel
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    ("asks", "sentence"),
    [
        ((1, 0, 0, 1), "asked for what is no request|0 lots at 0 ticks are no order"),
        ((9, 1, 0, 1), "asked for what is no request"),
        ((2, 1, -3, 1), "asked for what is no request|1 lots at -3 ticks are no order"),
        ((1, 1, 0, 65), "asked for more than there is room for"),
        ((1, 1, 0, -1), "asked for more than there is room for"),
    ],
)
def test_what_a_compiled_strategy_cannot_ask_for_is_refused(asks, sentence, inside):
    with pytest.raises(ConfigError, match=sentence):
        backtest(wrong(*asks), random_bars(10), compiled=inside)


def test_notes_of_another_kind_are_refused():
    class Ints(CompiledCross):
        def notes(self):
            return np.zeros(20, dtype=np.int64)

    with pytest.raises(ConfigError, match="one-dimensional array of float64"):
        backtest(Ints(), random_bars(10))


def test_ticks_are_found_out():
    frame = frame_of_bars(20)
    assert str(read_source(frame).instrument.tick_size) == "0.01"
    scaled = frame.with_columns(pl.col("open", "high", "low", "close") / 100)
    assert str(read_source(scaled).instrument.tick_size) == "0.0001"


@pytest.mark.skipif(not COMPILED, reason="numba is switched off")
def test_what_cannot_be_compiled_is_said():
    with pytest.raises(
        ConfigError, match=r"Odd.decide: it cannot be compiled: .*; take .news, notes, requests."
    ):

        class Odd(CompiledStrategy):
            @compiled
            def decide(news, notes, requests):
                return news["colour"]
