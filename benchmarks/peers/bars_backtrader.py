"""backtrader: its own moving averages, computed for all bars beforehand, and `next` for each bar."""

import gc
import time

import backtrader as bt
import bars


class Cross(bt.Strategy):
    """Long while the fast average is above the slow one, else short."""

    def __init__(self):
        self.fast = bt.indicators.SMA(self.data.close, period=bars.FAST)
        self.slow = bt.indicators.SMA(self.data.close, period=bars.SLOW)
        self.wanted = 0
        self.filled = 0

    def next(self):
        """Turn when they cross."""
        wanted = bars.LOTS if self.fast[0] > self.slow[0] + 1e-9 else -bars.LOTS
        if wanted != self.wanted:
            change, self.wanted = wanted - self.wanted, wanted
            if change > 0:
                self.buy(size=change)
            else:
                self.sell(size=-change)

    def notify_order(self, order):
        """Count fills."""
        if order.status == order.Completed:
            self.filled += 1


def main():
    """Run some times."""
    start = time.perf_counter()
    data = bars.frame(("open", "high", "low", "close", "volume"))
    prepared = time.perf_counter() - start
    seconds = []
    for _ in range(bars.REPEATS):
        cerebro = bt.Cerebro(stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=data))
        cerebro.addstrategy(Cross)
        cerebro.broker.setcash(bars.CASH)
        gc.collect()
        start = time.perf_counter()
        (strategy,) = cerebro.run()
        seconds.append(time.perf_counter() - start)
    bars.write(seconds=seconds, prepared=prepared, fills=strategy.filled, equity=cerebro.broker.getvalue())


main()
