import random
import sys

import pytest

from tests.studies.examples import Cross, QuotesAtOnce, random_bars
from workbench.errors import ConfigError, LookAheadError
from workbench.studies.look_ahead import check_look_ahead
from workbench.studies.strategy import Strategy


class Above(Strategy):
    """Buys below a price and sells above it."""

    def __init__(self, level_ticks: float) -> None:
        self.level_ticks = level_ticks

    def on_bar(self, desk, bar):
        if bar.close_ticks < self.level_ticks and desk.position_lots <= 0:
            desk.buy(5)
        elif bar.close_ticks > self.level_ticks and desk.position_lots >= 0:
            desk.sell(5)


class Knows(Strategy):
    """Trades the next bar."""

    def __init__(self, closes: dict[int, int]) -> None:
        self.closes = closes

    def on_bar(self, desk, bar):
        following = self.closes.get(bar.time_ns + 60_000_000_000, bar.close_ticks)
        if following > bar.close_ticks:
            desk.buy(1)
        elif following < bar.close_ticks:
            desk.sell(1)


def average(bars):
    return Above(float(bars.records["close_ticks"].mean()))


def tomorrow(bars):
    return Knows(dict(bars.records[["time_ns", "close_ticks"]].tolist()))


def early_average(bars):
    return Above(float(bars.records["close_ticks"][:20].mean()))


@pytest.mark.parametrize("strategy", [Cross(), Cross, early_average], ids=["object", "class", "function"])
@pytest.mark.parametrize("terms", [{}, {"latency": "90s"}, {"fill": "this_close"}], ids=str)
def test_what_knows_only_the_past_passes(strategy, terms):
    assert check_look_ahead(strategy, random_bars(600), **terms) > 20


@pytest.mark.parametrize("strategy", [average, tomorrow])
def test_what_knows_the_future_is_caught(strategy):
    with pytest.raises(LookAheadError, match=r"when everything after .* is removed; make decisions"):
        check_look_ahead(strategy, random_bars(600), cuts=8)


def test_one_bar_ahead_is_seen_at_most_cuts():
    # At a cut whose next bar closes where it did there is nothing to know.
    found = 0
    for cuts in range(1, 12):
        try:
            check_look_ahead(tomorrow, random_bars(100), cuts=cuts)
        except LookAheadError:
            found += 1
    assert found >= 6


class Peeks(Strategy):
    """Finds the next close in what its caller's frames hold."""

    def on_bar(self, desk, bar):
        frame = sys._getframe(1)
        while frame is not None and not hasattr(frame.f_locals.get("self"), "bars"):
            frame = frame.f_back
        records = frame.f_locals["self"].bars.records
        following = records["close_ticks"][records["time_ns"] > bar.time_ns][:1]
        if len(following) and following[0] > bar.close_ticks:
            desk.buy(1)


def through_base(bars):
    """Looks behind the end of what it is given, where an array is a part of a longer one."""
    records = bars.records
    while records.base is not None and hasattr(records.base, "dtype"):
        records = records.base
    return Knows(dict(records[["time_ns", "close_ticks"]].tolist()))


@pytest.mark.parametrize("strategy", [Peeks, through_base])
def test_what_looks_around_for_the_future_is_caught(strategy):
    with pytest.raises(LookAheadError):
        check_look_ahead(strategy, random_bars(600), cuts=8)


def test_what_was_found_elsewhere_is_not_caught_as_the_page_says():
    everything = random_bars(600)
    assert check_look_ahead(lambda _: tomorrow(everything), everything) > 20


class Tosses(Strategy):
    """Trades by the toss of a coin, which knows nothing."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def on_start(self, desk):
        self.coin = random.Random(self.seed)

    def on_bar(self, desk, bar):
        if self.coin.random() < 0.5:
            desk.buy(1)


def test_what_differs_by_itself_is_not_said_to_know_the_future():
    with pytest.raises(ConfigError, match=r"decides differently each time: .* seed its random numbers"):
        check_look_ahead(Tosses(), random_bars(200))
    assert check_look_ahead(Tosses(7), random_bars(200)) > 20


def test_order_flow_is_cut_as_well(harbor_morning):
    assert check_look_ahead(QuotesAtOnce(), harbor_morning, cuts=2) > 100


def test_nothing_to_compare_is_refused():
    with pytest.raises(ConfigError, match="0 cuts compare nothing"):
        check_look_ahead(Cross(), random_bars(50), cuts=0)
    with pytest.raises(ConfigError, match="is no Strategy"):
        check_look_ahead(lambda bars: len(bars.records), random_bars(50))
