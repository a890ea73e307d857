"""Strategies whose decisions are one compiled function, called inside the loop of a backtest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import Side
from workbench.errors import ConfigError
from workbench.jit import COMPILED, NumbaError, address_of, njit
from workbench.studies.book_loop import DECIDES, MOST_AT_AN_INSTANT, NO_REQUEST, TOO_MANY, TOO_OFTEN
from workbench.studies.desk import Desk
from workbench.studies.news import NEWS, REQUEST, Action, Bar, Fill, Quote, Trade, What
from workbench.studies.strategy import Strategy

MOST_REQUESTS = 64
"""How much one piece of news may lead to."""

Notes = npt.NDArray[np.float64]

CALLBACKS = {
    "on_start": What.START,
    "on_quote": What.QUOTE,
    "on_trade": What.TRADE,
    "on_bar": What.BAR,
    "on_fill": What.FILL,
    "on_end": What.ENDED,
    "on_timer": What.TIMER,
}


def compiled(function: Callable[..., int]) -> staticmethod[..., int]:
    """Compile what a `CompiledStrategy` decides with, for `(news, notes, requests) -> how many`."""
    if not COMPILED:
        return staticmethod(function)
    try:
        kernel = njit([DECIDES[0](*DECIDES[1:])], error_model="numpy", nogil=True)(function)
    except NumbaError as error:
        said = str(error).strip().splitlines()
        raise ConfigError(
            f"it cannot be compiled: {' '.join(said[:4])}",
            f"compiled strategy {function.__qualname__}",
            "take (news, notes, requests), use numbers and arrays alone, and return how many it wrote",
        ) from error
    return staticmethod(kernel)


class CompiledStrategy(Strategy):
    """A strategy as one compiled function of what is told and what it keeps.

    `decide(news, notes, requests)` gets one record `NEWS`, its own array of floats, and up to 64 records
    `REQUEST` to write what it asks for; it returns how many it wrote. In a backtest it runs inside the loop;
    in a live session and over the API the same function is called for each piece of news.

    Attributes
    ----------
    hears_of
        What it is told. Position, quote and its latest order of each side are in every piece of news, so it
        need not hear of fills to know of them.

    Examples
    --------
    >>> class BuyOnce(CompiledStrategy):
    ...     hears_of = (What.BAR,)
    ...     bars = "1min"
    ...
    ...     def notes(self):
    ...         return np.zeros(1)
    ...
    ...     @compiled
    ...     def decide(news, notes, requests):
    ...         if notes[0] > 0:
    ...             return 0
    ...         notes[0] = 1
    ...         requests[0].action = 1
    ...         requests[0].quantity_lots = 1
    ...         return 1
    """

    hears_of: ClassVar[tuple[What, ...]] = ()
    decide: ClassVar[Callable[..., int]]

    def notes(self) -> Notes:
        """What it begins with: parameters, and room for what it wants to keep (`float64`, one dimension)."""
        return np.zeros(1)

    @classmethod
    def hears(cls, callback: str) -> bool:
        """Whether it is told of what a callback is for."""
        return CALLBACKS[callback] in cls.hears_of

    def address(self) -> int:
        """Where the compiled function begins."""
        address: int = address_of(type(self).decide)
        return address

    def checked_notes(self) -> Notes:
        """`notes()`, held against what the function takes."""
        notes: Any = self.notes()
        if not isinstance(notes, np.ndarray) or notes.dtype != np.float64 or notes.ndim != 1:
            raise ConfigError(
                "notes() must give a one-dimensional array of float64", repr(self), "use np.zeros(n)"
            )
        return np.ascontiguousarray(notes).copy()

    # ------------------------------------------------------------------ told one by one

    def on_start(self, desk: Desk) -> None:
        """Begin with fresh notes."""
        self._notes = self.checked_notes()
        self._news = np.zeros(1, dtype=NEWS)
        self._requests = np.zeros(MOST_REQUESTS, dtype=REQUEST)
        self._latest = {Side.BUY: 0, Side.SELL: 0}
        if self.hears("on_start"):
            self._tell(desk, What.START)

    def on_quote(self, desk: Desk, quote: Quote) -> None:  # noqa: ARG002 - the desk knows it
        """Decide on a quote, which the desk knows."""
        self._tell(desk, What.QUOTE)

    def on_trade(self, desk: Desk, trade: Trade) -> None:
        """Decide on a trade."""
        self._tell(
            desk,
            What.TRADE,
            price_ticks=trade.price_ticks,
            quantity_lots=trade.quantity_lots,
            side=int(trade.side),
        )

    def on_bar(self, desk: Desk, bar: Bar) -> None:
        """Decide on a bar."""
        news = self._news[0]
        news["bar_time_ns"] = bar.time_ns
        for name in Bar._fields[1:]:
            news[name] = getattr(bar, name)
        self._tell(desk, What.BAR)

    def on_fill(self, desk: Desk, fill: Fill) -> None:
        """Decide on a fill."""
        self._tell(
            desk,
            What.FILL,
            price_ticks=fill.price_ticks,
            quantity_lots=fill.quantity_lots,
            side=int(fill.side),
            order=fill.order,
            leaves_lots=fill.leaves_lots,
            fee_micros=fill.fee_micros,
            maker=int(fill.maker),
        )

    def on_end(self, desk: Desk, order: int) -> None:
        """Decide on the end of an order."""
        self._tell(desk, What.ENDED, order=order)

    def on_timer(self, desk: Desk, time_ns: int) -> None:  # noqa: ARG002 - the desk knows it
        """Decide on the timer."""
        self._tell(desk, What.TIMER)

    _OF_ONE = ("price_ticks", "quantity_lots", "side", "order", "leaves_lots", "fee_micros", "maker")

    def _tell(self, desk: Desk, what: What, **fields: int) -> None:
        news = self._news[0]
        for name in self._OF_ONE:
            news[name] = fields.get(name, 0)
        news["what"] = what
        news["time_ns"] = desk.time_ns
        for name in Quote._fields[1:]:
            news[name] = getattr(desk.quote, name)
        news["position_lots"] = desk.position_lots
        news["next_order"] = desk.next_order
        for side, name in ((Side.BUY, "buy"), (Side.SELL, "sell")):
            order = self._latest[side]
            working = desk.working.get(order)
            news[f"{name}_order"] = 0 if working is None else order
            news[f"{name}_price_ticks"] = 0 if working is None else working.price_ticks
        count = int(type(self).decide(self._news[0], self._notes, self._requests))
        check_count(count, self)
        asked = self._requests[:count].tolist()
        self._requests[:count] = 0
        for action, order, lots, ticks, post_only in asked:
            if action == Action.CANCEL:
                desk.cancel(order)
                self._latest = {side: 0 if last == order else last for side, last in self._latest.items()}
                continue
            if action not in (Action.BUY, Action.SELL):
                fail(NO_REQUEST, self)
            side = Side.BUY if action == Action.BUY else Side.SELL
            place = desk.buy if side == Side.BUY else desk.sell
            number = place(lots, ticks, post_only=bool(post_only))
            if ticks:
                self._latest[side] = number


def fail(code: int, strategy: Strategy) -> None:
    """Say why a loop ended before its time."""
    if code == TOO_MANY:
        check_count(MOST_REQUESTS + 1, strategy)
    if code == TOO_OFTEN:
        raise ConfigError(
            f"it asked for more than {MOST_AT_AN_INSTANT:,} things at one instant, so time would never pass",
            repr(strategy),
            "do not ask again for what was refused just now, or give a latency",
        )
    raise ConfigError(
        "it asked for what is no request",
        f"decide of {strategy!r}",
        "give an action of 1 (buy), 2 (sell) or 3 (cancel), a quantity above 0 and a price of 0 or more",
    )


def check_count(count: int, strategy: Strategy) -> None:
    """Refuse what a function says that it wrote but cannot have written."""
    if not 0 <= count <= MOST_REQUESTS:
        raise ConfigError(
            "it says that it asked for more than there is room for",
            f"decide of {strategy!r}",
            f"return how many requests it wrote, at most {MOST_REQUESTS}",
        )
