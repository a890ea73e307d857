"""Strategies and bars of the tests; in a module of their own, so that workers can import them."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks import studies_strategies
from workbench.studies.bars import Bars
from workbench.studies.compiled import CompiledStrategy, compiled
from workbench.studies.news import What
from workbench.studies.strategy import Strategy

MINUTE_NS = 60_000_000_000


def frame_of_bars(count: int, seed: int = 7) -> pl.DataFrame:
    """Minute bars of a random walk in cents."""
    rng = np.random.default_rng(seed)
    close = np.maximum(10_000 + np.cumsum(rng.integers(-3, 4, count)), 1_000)
    first = np.roll(close, 1)
    first[0] = close[0]
    high = np.maximum(first, close) + rng.integers(0, 3, count)
    low = np.minimum(first, close) - rng.integers(0, 3, count)
    times = 1_700_000_040_000_000_000 // MINUTE_NS * MINUTE_NS + np.arange(count) * MINUTE_NS
    return pl.DataFrame(
        {
            "time": pl.Series(times).cast(pl.Datetime("ns", "UTC")),
            **{
                name: ticks / 100
                for name, ticks in zip(
                    ("open", "high", "low", "close"), (first, high, low, close), strict=True
                )
            },
            "volume": rng.integers(1, 100, count),
        }
    )


def random_bars(count: int, seed: int = 7) -> Bars:
    """The same as bars."""
    return Bars.from_frame(frame_of_bars(count, seed))


class Cross(studies_strategies.Cross):
    """Of a file or of its own minute bars, with short averages."""

    bars = "1min"

    def __init__(self, fast: int = 3, slow: int = 8, lots: int = 10) -> None:
        super().__init__(fast, slow, lots)


class CompiledCross(studies_strategies.CompiledCross):
    """The same, compiled."""

    bars = "1min"

    def __init__(self, fast: int = 3, slow: int = 8, lots: int = 10) -> None:
        super().__init__(fast, slow, lots)


class Limits(CompiledStrategy):
    """Orders of every kind in bars: limits that rest, cross, are post-only, and are cancelled."""

    hears_of = (What.BAR,)

    @compiled
    def decide(news, notes, requests):
        if news["close_ticks"] == 0:
            return 0
        seen = int(notes[0])
        notes[0] = seen + 1
        count = 0
        if seen % 7 == 3 and news["buy_order"] != 0:
            requests[count]["action"] = 3
            requests[count]["order"] = news["buy_order"]
            count += 1
        if seen % 2 == 0:
            requests[count]["action"] = 1 + seen // 2 % 2
            requests[count]["quantity_lots"] = 1 + seen % 5
            requests[count]["price_ticks"] = news["close_ticks"] + (seen * 7) % 9 - 4
            requests[count]["post_only"] = seen // 4 % 2
            count += 1
        if seen % 11 == 10 and news["position_lots"] != 0:
            requests[count]["action"] = 2 if news["position_lots"] > 0 else 1
            requests[count]["quantity_lots"] = abs(news["position_lots"])
            count += 1
        return count


class Timed(Limits):
    """The same on bars and on a timer that comes in the middle of a bar, at its end, and between bars."""

    hears_of = (What.BAR, What.TIMER)
    timer = "25s"


class Quoter(CompiledStrategy):
    """One lot at the touch on both sides, moved each second."""

    hears_of = (What.TIMER,)
    timer = "1s"

    @compiled
    def decide(news, notes, requests):
        count = 0
        for side in range(2):
            order = news["buy_order"] if side == 0 else news["sell_order"]
            at = news["buy_price_ticks"] if side == 0 else news["sell_price_ticks"]
            touch = news["bid_price_ticks"] if side == 0 else news["ask_price_ticks"]
            if order != 0 and at == touch:
                continue
            if order != 0:
                requests[count]["action"] = 3
                requests[count]["order"] = order
                count += 1
            if touch > 0:
                requests[count]["action"] = 1 + side
                requests[count]["quantity_lots"] = 1
                requests[count]["price_ticks"] = touch
                requests[count]["post_only"] = 1
                count += 1
        return count


class QuotesAtOnce(Quoter):
    """The same on every quote, trade and fill."""

    hears_of = (What.START, What.QUOTE, What.TRADE, What.FILL)
    timer = ""


class Stubborn(CompiledStrategy):
    """Asks again for what was refused."""

    hears_of = (What.START, What.ENDED)

    @compiled
    def decide(news, notes, requests):
        requests[0]["action"] = 1
        requests[0]["quantity_lots"] = 1 << 39
        return 1


class Broken(Strategy):
    """Raises on the third bar when told to."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails

    def on_start(self, desk):
        self.seen = 0

    def on_bar(self, desk, bar):
        self.seen += 1
        if self.fails and self.seen == 3:
            raise ValueError("three")
