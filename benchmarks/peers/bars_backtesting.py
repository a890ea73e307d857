"""backtesting.py: moving averages of pandas, computed for all bars beforehand, and `next` for each bar."""

import gc
import time
import warnings

import bars
import pandas as pd
from backtesting import Backtest, Strategy

warnings.simplefilter("ignore")


def mean(values, count):
    """A moving average."""
    return pd.Series(values).rolling(count).mean()


class Cross(Strategy):
    """Long while the fast average is above the slow one, else short."""

    def init(self):
        """Compute the averages."""
        self.fast = self.I(mean, self.data.Close, bars.FAST)
        self.slow = self.I(mean, self.data.Close, bars.SLOW)
        self.wanted = 0

    def next(self):
        """Turn when they cross."""
        wanted = bars.LOTS if self.fast[-1] > self.slow[-1] + 1e-9 else -bars.LOTS
        if wanted != self.wanted:
            change, self.wanted = wanted - self.wanted, wanted
            if change > 0:
                self.buy(size=change)
            else:
                self.sell(size=-change)


def main():
    """Run some times; what it computes of the finished run (its statistics) is part of its run."""
    start = time.perf_counter()
    data = bars.frame(("Open", "High", "Low", "Close", "Volume"))
    prepared = time.perf_counter() - start
    seconds = []
    for _ in range(bars.REPEATS):
        test = Backtest(data, Cross, cash=bars.CASH, commission=0.0, finalize_trades=False)
        gc.collect()
        start = time.perf_counter()
        stats = test.run()
        seconds.append(time.perf_counter() - start)
    orders = len(stats["_trades"])
    bars.write(seconds=seconds, prepared=prepared, fills=orders, equity=float(stats["Equity Final [$]"]))


main()
