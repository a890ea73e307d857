"""Who trades while desks watch: two makers, and desks that order themselves."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from itertools import count
from typing import Any

from benchmarks.desks_lanes import Desk

PRICE, TICK = 50.0, 0.01


class Makers:
    """Two accounts whose orders change quote, book, tape and candles `rate` times a second.

    Parameters
    ----------
    desks
        Theirs; only the streams are used.
    symbol, rate
        What they trade, and how often.

    Attributes
    ----------
    rate
        As above; it may be changed.
    taken
        Of orders that trade at once, the last event and when the order was sent.
    """

    def __init__(self, desks: tuple[Desk, Desk], symbol: str, rate: float) -> None:
        self.refused: list[str] = []
        self.rounds = 0
        self.taken: list[tuple[int, float]] = []
        self._quoting, self._taking = desks
        self._symbol = symbol
        self.rate = rate
        self._random = random.Random(7)  # noqa: S311 - a load, no secret
        self._middle = round(PRICE / TICK)

    def _answered(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "refused":
            self.refused.append(frame["message"])

    def _take(self, side: str, price: int, quantity: int) -> None:
        """Trade with the book."""
        sent = time.perf_counter()

        def answered(frame: dict[str, Any]) -> None:
            self._answered(frame)
            if frame["type"] == "ack" and float(frame["orders"][0]["executed"]):
                self.taken.append((frame["seq"], sent))

        self._place(self._taking, side, price, quantity, "ioc", answered)

    def _place(
        self,
        desk: Desk,
        side: str,
        price: int,
        quantity: int,
        tif: str,
        answered: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        order = {
            "symbol": self._symbol,
            "side": side,
            "type": "limit",
            "quantity": quantity,
            "limit_price": f"{price * TICK:.2f}",
            "time_in_force": tif,
        }
        desk.ask(answered or self._answered, place=order)

    def fill_book(self) -> None:
        """Ten levels on each side."""
        self._quoting.ask(self._answered, cancel_all={"symbol": self._symbol})
        for away in range(1, 11):
            self._place(self._quoting, "buy", self._middle - away, 500, "day")
            self._place(self._quoting, "sell", self._middle + away, 500, "day")

    def _round(self) -> None:
        self.rounds += 1
        draw = self._random
        if self.rounds % 40 == 0:
            self._middle += draw.choice((-2, -1, 1, 2))
            self.fill_book()
            return
        self._place(self._quoting, "buy", self._middle - draw.randint(1, 10), draw.randint(1, 50), "day")
        self._place(self._quoting, "sell", self._middle + draw.randint(1, 10), draw.randint(1, 50), "day")
        side, price = draw.choice((("buy", self._middle + 5), ("sell", self._middle - 5)))
        self._take(side, price, draw.randint(1, 20))

    async def run(self) -> None:
        """Trade until this is cancelled."""
        due = time.perf_counter()
        while True:
            due += 1 / self.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self._round()


class Orders:
    """Desks that order once a second each: a limit order beside the market, then its cancel."""

    def __init__(self, desks: list[Desk], symbol: str) -> None:
        self.answers_s: list[float] = []
        self.refused: list[str] = []
        self.sent = 0
        self._desks = desks
        self._symbol = symbol
        self._open: dict[Desk, int] = {}

    def _one(self, desk: Desk) -> None:
        start = time.perf_counter()
        number = self._open.pop(desk, None)

        def answered(frame: dict[str, Any]) -> None:
            self.answers_s.append(time.perf_counter() - start)
            if frame["type"] == "refused":
                self.refused.append(frame["message"])
            elif number is None:
                self._open[desk] = frame["orders"][0]["id"]

        self.sent += 1
        if number is not None:
            desk.ask(answered, cancel={"order": number})
            return
        price = PRICE - TICK * (12 + self.sent % 8)
        order = {"symbol": self._symbol, "side": "buy", "type": "limit", "quantity": 1}
        desk.ask(answered, place={**order, "limit_price": f"{price:.2f}"})

    async def run(self) -> None:
        """Order until this is cancelled, spread evenly over each second."""
        start, step = time.perf_counter(), 1 / len(self._desks)
        for number in count():
            await asyncio.sleep(max(0.0, start + number * step - time.perf_counter()))
            self._one(self._desks[number % len(self._desks)])
