"""A market as it happens, told to a strategy in the order in which a backtest tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.codes import Side
from workbench.engine.moments import local_time
from workbench.errors import ConfigError
from workbench.studies.desk import Desk, Request
from workbench.studies.ending import FOREVER
from workbench.studies.news import DECISION, Action, Bar, Fill, Quote, Trade, What
from workbench.studies.outcome import decisions_frame
from workbench.studies.strategy import Strategy, bars_of, check_parameters, timer_of


@dataclass
class Followed:
    """What a strategy did in a market that ran by itself.

    Attributes
    ----------
    strategy, parameters, symbol
        Who traded what.
    terms
        What its execution was: of a live market there is nothing to assume.
    decisions
        As of an `Outcome`.
    fills
        In order.
    refused
        Why orders were refused.
    """

    strategy: str
    parameters: dict[str, Any]
    symbol: str
    terms: str
    decisions: pl.DataFrame
    fills: list[Fill] = field(repr=False)
    refused: list[str] = field(repr=False)

    def __str__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return (
            f"{self.strategy}({given}) in {self.symbol}: {self.terms}\n"
            f"  {len(self.fills):,} fills of {self.decisions.height:,} requests, "
            f"{len(self.refused):,} refused"
        )


class Follower:
    """Keeps bars and timers, and calls the callbacks.

    Whoever reads the market calls `quote`, `trade`, `filled` and `ended` in order of time, `clock` when
    everything up to a moment has been told, and `flush` when nothing more is at hand.

    Parameters
    ----------
    strategy, desk
        Who is told.
    time_ns
        Exchange time at the beginning.

    Attributes
    ----------
    made, fills, refused
        What was asked for, when and on what; what traded; why orders were refused.
    close_ns
        When the market closes, if that is known: what is due then or later is not told, for nothing follows.
    until_ns
        The last moment that is told, 0 for none (`workbench.studies.ending`). What its own orders come to
        later is noted and not told.
    """

    def __init__(self, strategy: Strategy, desk: Desk, time_ns: int) -> None:
        self.strategy = strategy
        self.desk = desk
        self.made: list[tuple[int, int, Request]] = []
        self.fills: list[Fill] = []
        self.refused: list[str] = []
        self.close_ns = 0
        self.until_ns = FOREVER
        self._is_over = False
        self._hears = {
            name: strategy.hears(name) for name in ("on_quote", "on_trade", "on_bar", "on_fill", "on_end")
        }
        self._bar_ns = bars_of(strategy) if self._hears["on_bar"] else 0
        check_parameters(strategy)
        self._timer_ns = timer_of(strategy)
        if self._hears["on_bar"] and not self._bar_ns:
            raise ConfigError(
                "it hears of bars, and does not say how long its bars are",
                repr(strategy),
                'set bars = "1min" in its class',
            )
        self._timer_due_ns = (time_ns // self._timer_ns + 1) * self._timer_ns if self._timer_ns else 0
        self._bar: list[int] = []
        self._quote: Quote | None = None
        self._noted = 0
        desk.time_ns = time_ns
        strategy.on_start(desk)
        self._note(What.START)

    def begin(self, quote: Quote) -> None:
        """The quote that stands when the strategy begins, in a market that has begun before."""
        self.quote(quote._replace(time_ns=self.desk.time_ns))
        self.flush()

    def quote(self, quote: Quote) -> None:
        """The best bid or offer has changed."""
        if self._is_late(quote.time_ns):
            return
        self._reach(quote.time_ns)
        self.desk.quote = quote
        self._quote = quote

    def trade(self, trade: Trade) -> None:
        """Somebody has traded."""
        if self._is_late(trade.time_ns):
            return
        self._reach(trade.time_ns)
        if self._bar_ns:
            price, lots = trade.price_ticks, trade.quantity_lots
            if not self._bar:
                begin_ns = trade.time_ns // self._bar_ns * self._bar_ns
                self._bar = [begin_ns, price, price, price, price, 0]
            bar = self._bar
            bar[2], bar[3], bar[4] = max(bar[2], price), min(bar[3], price), price
            bar[5] += lots
        if self._hears["on_trade"]:
            self.desk.time_ns = trade.time_ns
            self.strategy.on_trade(self.desk, trade)
            self._note(What.TRADE)

    def filled(self, fill: Fill) -> None:
        """An order of its own has traded."""
        self._reach(fill.time_ns)
        self.fills.append(fill)
        self.desk.filled(fill.order, fill.side, fill.quantity_lots, fill.leaves_lots)
        if self._is_late(fill.time_ns):
            return
        self.desk.time_ns = fill.time_ns
        if self._hears["on_fill"]:
            self.strategy.on_fill(self.desk, fill)
            self._note(What.FILL)

    def ended(self, time_ns: int, order: int, why: str = "") -> None:
        """An order of its own has ended; `why` of one that was refused."""
        if order not in self.desk.working:
            return
        self._reach(time_ns)
        if why:
            self.refused.append(why)
        self.desk.ended(order)
        if self._is_late(time_ns):
            return
        self.desk.time_ns = max(self.desk.time_ns, time_ns)
        if self._hears["on_end"]:
            self.strategy.on_end(self.desk, order)
            self._note(What.ENDED)

    def clock(self, time_ns: int) -> None:
        """Everything up to a moment has been told."""
        self._reach(time_ns, inclusive=True)

    def end(self, time_ns: int) -> None:
        """The market is over, or the strategy is: what is due is told, and then nothing any more."""
        self._reach(time_ns - 1, inclusive=True)
        self._is_over = True

    def flush(self) -> None:
        """Tell the latest quote, if it has not been told."""
        quote, self._quote = self._quote, None
        if quote is not None and self._hears["on_quote"]:
            self.desk.time_ns = quote.time_ns
            self.strategy.on_quote(self.desk, quote)
            self._note(What.QUOTE)

    def due_ns(self) -> int:
        """When a bar or the timer is due next; 0: never."""
        dues = [self._timer_due_ns] if self._timer_ns else []
        if self._bar:
            dues.append(self._bar[0] + self._bar_ns)
        return min(dues, default=0)

    def _is_late(self, time_ns: int) -> bool:
        return self._is_over or FOREVER < self.until_ns < time_ns

    def _reach(self, time_ns: int, *, inclusive: bool = False) -> None:
        """Tell what is due before something that happens at a moment, or that moment's timer as well."""
        if self._is_over:
            return
        if self._is_late(time_ns):
            time_ns, inclusive = self.until_ns - 1, True
        if self._quote is not None and (inclusive or self._quote.time_ns < time_ns):
            self.flush()
        while True:
            bar_ns = self._bar[0] + self._bar_ns if self._bar else 0
            last_ns = self.close_ns - 1 if self.close_ns else time_ns
            bar_due = bool(self._bar) and bar_ns <= min(time_ns, last_ns)
            timer_ns = self._timer_due_ns
            timer_due = bool(self._timer_ns) and timer_ns < time_ns + inclusive and timer_ns <= last_ns
            if bar_due and (not timer_due or bar_ns <= self._timer_due_ns):
                bar, self._bar = Bar(*self._bar), []
                self.desk.time_ns = bar_ns
                self.strategy.on_bar(self.desk, bar)
                self._note(What.BAR)
            elif timer_due:
                self.desk.time_ns = self._timer_due_ns
                self._timer_due_ns += self._timer_ns
                self.strategy.on_timer(self.desk, self.desk.time_ns)
                self._note(What.TIMER)
            else:
                return

    # ------------------------------------------------------------------ what it asks for

    def _note(self, what: What) -> None:
        requests = self.desk.requests
        self.made += [(self.desk.time_ns, int(what), request) for request in requests[self._noted :]]
        self._noted = len(requests)

    def take_requests(self) -> list[Request]:
        """What is to be sent now."""
        self._noted = 0
        return self.desk.take_requests()

    def leave(self, error: BaseException, cancel: Callable[[], object]) -> None:
        """Take its open orders back after an error, which is told of them.

        Parameters
        ----------
        error
            What ended the run before its time.
        cancel
            Cancels what is in `desk.working`.
        """
        count = len(self.desk.working)
        name, at = type(self.strategy).__name__, f"{local_time(self.desk.time_ns, 'UTC'):%H:%M:%S.%f} UTC"
        done = f"{name} was ended at {at} of exchange time, after {len(self.fills):,} fills"
        try:
            if count:
                cancel()
        except Exception as trouble:  # noqa: BLE001 - whatever it is, the first error is the one to tell
            error.add_note(f"{done}; its {count:,} open orders could not be cancelled ({trouble})")
        else:
            left = f"its {count:,} open orders were cancelled" if count else "none of its orders was open"
            error.add_note(f"{done}; {left}")

    def result(self, terms: str) -> Followed:
        """What was done."""
        records = np.zeros(len(self.made), dtype=DECISION)
        records[:] = [(time_ns, what, *request) for time_ns, what, request in self.made]
        return Followed(
            type(self.strategy).__name__,
            self.strategy.parameters,
            self.desk.instrument.symbol,
            terms,
            decisions_frame(records),
            self.fills,
            self.refused,
        )


def side_of(action: int) -> Side:
    """The side of an order that is asked for."""
    return Side.BUY if action == Action.BUY else Side.SELL
