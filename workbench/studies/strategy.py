"""What a strategy is: callbacks that hear of the market, and a desk to trade at."""

from __future__ import annotations

import inspect
from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.errors import ConfigError
from workbench.feed.durations import duration_ns
from workbench.studies.news import Bar, Fill, Quote, Trade

if TYPE_CHECKING:
    from workbench.studies.desk import Desk


_SHORTEST_TIMER_NS = 1_000


class Strategy:
    """Trades one instrument; the same object in a backtest, in a live session and over the API.

    Override what it should hear of: only what is overridden is told. Callbacks get the desk, where orders are
    entered (`desk.buy`, `desk.sell`, `desk.cancel`), and what happened. Prices are ticks, quantities lots.

    Attributes
    ----------
    bars
        Length of its bars, such as `"1min"`; needed where bars are made of trades. A file of bars has its
        own.
    timer
        How often `on_timer` is called in exchange time, such as `"1s"`; empty: never.

    Examples
    --------
    >>> class Momentum(Strategy):
    ...     bars = "1min"
    ...
    ...     def __init__(self, lots: int = 1) -> None:
    ...         self.lots = lots
    ...
    ...     def on_bar(self, desk, bar):
    ...         if bar.close_ticks > bar.open_ticks and desk.position_lots == 0:
    ...             desk.buy(self.lots)
    >>> Momentum(lots=3)
    Momentum(lots=3)
    """

    bars: ClassVar[str] = ""
    timer: ClassVar[str] = ""

    def on_start(self, desk: Desk) -> None:
        """Called once, before anything else: forget what an earlier run has left."""

    def on_quote(self, desk: Desk, quote: Quote) -> None:
        """Called when the best bid or offer has changed; once an instant, with the last."""

    def on_trade(self, desk: Desk, trade: Trade) -> None:
        """Called for each trade of anybody."""

    def on_bar(self, desk: Desk, bar: Bar) -> None:
        """Called for each bar once its time is over; times without trades have none."""

    def on_fill(self, desk: Desk, fill: Fill) -> None:
        """Called for each fill of its own orders; the desk knows of it already."""

    def on_end(self, desk: Desk, order: int) -> None:
        """Called when an order of its own is cancelled, has expired or was refused."""

    def on_timer(self, desk: Desk, time_ns: int) -> None:
        """Called every `timer` of exchange time."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was made with: arguments of `__init__` that it keeps under their own names."""
        names = list(inspect.signature(type(self)).parameters)
        return {name: getattr(self, name) for name in names if hasattr(self, name)}

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{type(self).__name__}({given})"

    @classmethod
    def hears(cls, callback: str) -> bool:
        """Whether it overrides a callback."""
        return getattr(cls, callback) is not getattr(Strategy, callback)


def check_parameters(strategy: Strategy) -> None:
    """Refuse a parameter that is NaN: compared with anything it is false, and so decides nothing.

    Raises
    ------
    ConfigError
        When there is one.
    """
    for name, value in strategy.parameters.items():
        if isinstance(value, float | np.floating) and isnan(value):
            raise ConfigError(
                f"{name} is {value!r}, which is no number", repr(strategy), "give a number, or None for none"
            )


def timer_of(strategy: Strategy) -> int:
    """How often its timer comes, in nanoseconds; 0 when it does not hear of one.

    Raises
    ------
    ConfigError
        When it hears of its timer, and does not say how often.
    """
    if not strategy.hears("on_timer"):
        return 0
    if not strategy.timer:
        raise ConfigError(
            "it hears of its timer, and does not say how often", repr(strategy), 'set timer = "1s"'
        )
    timer_ns = duration_ns(strategy.timer, "timer")
    if timer_ns < _SHORTEST_TIMER_NS:
        raise ConfigError(
            f"a timer of {strategy.timer!r} would never be done with a day",
            repr(strategy),
            "give a microsecond or more",
        )
    return timer_ns


def bars_of(strategy: Strategy) -> int:
    """How long the bars are that it has made of trades, in nanoseconds; 0 when it does not say so.

    Raises
    ------
    ConfigError
        When they are no length at all.
    """
    bar_ns = duration_ns(strategy.bars, "bars") if strategy.bars else 0
    if strategy.bars and bar_ns <= 0:
        raise ConfigError(f"bars of {strategy.bars!r} have no length", repr(strategy), 'set bars = "1min"')
    return bar_ns
