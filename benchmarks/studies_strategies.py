"""The strategies of the benchmark of studies; in a module of their own, so that workers can import them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from workbench.studies.compiled import CompiledStrategy, compiled
from workbench.studies.desk import Desk
from workbench.studies.news import Bar, What
from workbench.studies.outcome import Outcome
from workbench.studies.strategy import Strategy


class Cross(Strategy):
    """Long while the fast average is above the slow one, else short."""

    def __init__(self, fast: int = 20, slow: int = 100, lots: int = 10) -> None:
        self.fast, self.slow, self.lots = fast, slow, lots

    def on_start(self, desk: Desk) -> None:
        """Forget."""
        self.closes: list[int] = []
        self.fast_sum = self.slow_sum = self.wanted = 0

    def on_bar(self, desk: Desk, bar: Bar) -> None:
        """Keep both sums, and turn when they cross."""
        closes, close = self.closes, bar.close_ticks
        closes.append(close)
        count = len(closes)
        self.fast_sum += close
        self.slow_sum += close
        if count > self.fast:
            self.fast_sum -= closes[-1 - self.fast]
        if count > self.slow:
            self.slow_sum -= closes[-1 - self.slow]
        if count < self.slow:
            return
        wanted = self.lots if self.fast_sum * self.slow > self.slow_sum * self.fast else -self.lots
        if wanted != self.wanted:
            change, self.wanted = wanted - self.wanted, wanted
            if change > 0:
                desk.buy(change)
            else:
                desk.sell(-change)


class CompiledCross(CompiledStrategy):
    """The same, compiled."""

    hears_of = (What.BAR,)

    def __init__(self, fast: int = 20, slow: int = 100, lots: int = 10) -> None:
        self.fast, self.slow, self.lots = fast, slow, lots

    def notes(self) -> Any:
        """Fast, slow, lots, bars seen, both sums, what is wanted, and the last closes."""
        notes = np.zeros(7 + self.slow)
        notes[:3] = self.fast, self.slow, self.lots
        return notes

    @compiled
    def decide(news: Any, notes: Any, requests: Any) -> int:
        """Keep both sums, and turn when they cross."""
        fast, slow, seen = int(notes[0]), int(notes[1]), int(notes[3])
        at = 7 + seen % slow
        close = news["close_ticks"]
        notes[4] += close
        notes[5] += close
        if seen >= fast:
            notes[4] -= notes[7 + (seen - fast) % slow]
        if seen >= slow:
            notes[5] -= notes[at]
        notes[at] = close
        notes[3] = seen + 1
        if seen + 1 < slow:
            return 0
        wanted = notes[2] if notes[4] * slow > notes[5] * fast else -notes[2]
        change = int(wanted - notes[6])
        if change == 0:
            return 0
        notes[6] = wanted
        requests[0]["action"] = 1 if change > 0 else 2
        requests[0]["quantity_lots"] = abs(change)
        return 1


class Requoter(CompiledStrategy):
    """Each second: take back both quotes and quote one lot on each side at the touch.

    What it decides depends on the book alone, and not on its fills.
    """

    hears_of = (What.TIMER,)
    timer = "1s"

    @compiled
    def decide(news: Any, notes: Any, requests: Any) -> int:
        """Take back, and quote again."""
        count = 0
        if news["buy_order"] != 0:
            requests[count]["action"] = 3
            requests[count]["order"] = news["buy_order"]
            count += 1
        if news["sell_order"] != 0:
            requests[count]["action"] = 3
            requests[count]["order"] = news["sell_order"]
            count += 1
        if news["bid_price_ticks"] > 0:
            requests[count]["action"] = 1
            requests[count]["quantity_lots"] = 1
            requests[count]["price_ticks"] = news["bid_price_ticks"]
            requests[count]["post_only"] = 1
            count += 1
        if news["ask_price_ticks"] > 0:
            requests[count]["action"] = 2
            requests[count]["quantity_lots"] = 1
            requests[count]["price_ticks"] = news["ask_price_ticks"]
            requests[count]["post_only"] = 1
            count += 1
        return count


def used_so_far(_: Outcome) -> dict[str, float]:
    """CPU that a worker has used since it began, and how long its threads have waited for a core."""
    waited_ns = 0
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        waited_ns += int(thread.read_text().split()[1])
    return {
        "process": os.getpid(),
        "cpu_seconds": time.process_time(),
        "waited_seconds": waited_ns / 1e9,
        "at": time.monotonic(),
    }
