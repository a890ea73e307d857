"""A backtest over bars: one instrument, one strategy."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.domain.codes import EventKind, Side
from workbench.domain.costs import FeeSchedule
from workbench.domain.records import FILL_EVENT, LIQUIDITY_MAKER, Records
from workbench.domain.units import to_micros
from workbench.errors import ConfigError
from workbench.studies import bar_loop
from workbench.studies.bar_book import BarBook, BarFill
from workbench.studies.bars import Bars
from workbench.studies.book_loop import FINISHED, MOST_AT_AN_INSTANT, NEVER, TOO_OFTEN
from workbench.studies.compiled import MOST_REQUESTS, CompiledStrategy, fail
from workbench.studies.desk import Desk, Request
from workbench.studies.growing import Growing
from workbench.studies.news import DECISION, NEWS, REQUEST, SAMPLE, Bar, Fill, What
from workbench.studies.outcome import Outcome
from workbench.studies.strategy import Strategy, check_parameters, timer_of
from workbench.studies.terms import THIS_CLOSE, Terms

_ROOM = 1 << 12
_BLANK = np.zeros(1, dtype=REQUEST)


class BarRun:
    """One run; made and used once. Parameters as those of `BookRun`.

    A compiled strategy that hears of bars and its timer alone runs inside the loop; one that hears of fills
    too is told one by one.
    """

    def __init__(self, strategy: Strategy, bars: Bars, terms: Terms, *, compiled: bool = True) -> None:
        for callback in ("on_quote", "on_trade"):
            if strategy.hears(callback):
                raise ConfigError(
                    f"it hears of {callback.removeprefix('on_')}s, and bars have none",
                    repr(strategy),
                    "run it over order flow, or have it hear of bars",
                )
        self.strategy = strategy
        self.bars = bars
        self._fees = terms.fees or FeeSchedule()
        self.terms = replace(terms, fees=self._fees)
        self.fill = terms.of_bars()
        self._cash_micros = to_micros(terms.cash, "cash")
        check_parameters(strategy)
        self._timer_ns = timer_of(strategy)
        self.desk = Desk(bars.instrument)
        first_ns = int(bars.records["time_ns"][0])
        # The first multiple of the timer after the first bar has begun.
        self._timer_due_ns = (first_ns // self._timer_ns + 1) * self._timer_ns if self._timer_ns else NEVER
        alone = isinstance(strategy, CompiledStrategy) and set(strategy.hears_of) <= {What.BAR, What.TIMER}
        self._compiled = compiled and alone

    def run(self) -> Outcome:
        """Run it."""
        return self._run_compiled() if self._compiled else self._run_python()

    # ------------------------------------------------------------------ callbacks in Python

    def _run_python(self) -> Outcome:
        begin = time.perf_counter()
        strategy, bars = self.strategy, self.bars
        book = BarBook(
            bars.instrument,
            self._fees,
            self._cash_micros,
            self.terms.latency_ns,
            self.terms.slippage_ticks,
            this_close=self.fill == THIS_CLOSE,
        )
        desk = self.desk
        made: list[tuple[int, int, list[Request]]] = []
        changes: list[tuple[int, int, int]] = []

        def enter(what: What, close_ticks: int) -> None:
            # What was asked for may trade at once, and what is told of that may ask for more.
            count = 0
            while desk.requests:
                requests = desk.take_requests()
                count += len(requests)
                if count > MOST_AT_AN_INSTANT:
                    fail(TOO_OFTEN, strategy)
                made.append((desk.time_ns, what, requests))
                told(book.take(requests, desk.time_ns, close_ticks))
                what = What.FILL

        hears_fill, hears_end = strategy.hears("on_fill"), strategy.hears("on_end")

        def told(ended: list[tuple[int, BarFill | None]]) -> None:
            for number, fill in ended:
                if fill is None:
                    desk.ended(number)
                    if hears_end:
                        strategy.on_end(desk, number)
                    continue
                desk.filled(number, fill.side, fill.lots, 0)
                if hears_fill:
                    strategy.on_fill(
                        desk,
                        Fill(
                            fill.time_ns,
                            number,
                            Side(fill.side),
                            fill.price_ticks,
                            fill.lots,
                            0,
                            fill.fee_micros,
                            fill.maker,
                        ),
                    )

        records = bars.records
        bar_ns = bars.bar_ns
        desk.time_ns = int(records["time_ns"][0])
        strategy.on_start(desk)
        enter(What.START, 0)
        on_bar, on_timer = strategy.on_bar, strategy.on_timer
        hears_bar = strategy.hears("on_bar")
        timer_ns, due_ns = self._timer_ns, self._timer_due_ns

        def tick(until_ns: int) -> None:
            nonlocal due_ns
            while due_ns < until_ns:
                desk.time_ns = due_ns
                due_ns += timer_ns
                on_timer(desk, desk.time_ns)
                if desk.requests:
                    enter(What.TIMER, 0)

        columns = [records[name].tolist() for name in Bar._fields]
        fills = 0
        for i, bar in enumerate(map(Bar, *columns)):
            if due_ns <= bar.time_ns:
                tick(bar.time_ns + 1)
            desk.time_ns = bar.time_ns
            if book.orders:
                ended = book.match(bar)
                if ended:
                    told(ended)
                    if desk.requests:
                        enter(What.FILL, 0)
            end_ns = bar.time_ns + bar_ns
            if due_ns < end_ns:
                tick(end_ns)
            desk.time_ns = end_ns
            if hears_bar:
                on_bar(desk, bar)
            if desk.requests:
                enter(What.BAR, bar.close_ticks)
            if len(book.fills) != fills:
                fills = len(book.fills)
                changes.append((i, book.cash_micros, book.position_lots))
        return self._outcome(
            book.cash_micros,
            book.position_lots,
            book.refused,
            _fill_records(book.fills),
            _decision_records(made),
            self._samples_of(changes),
            time.perf_counter() - begin,
        )

    def _samples_of(self, changes: list[tuple[int, int, int]]) -> Records:
        """Cash and position at every bar, from the bars at which they changed."""
        records = self.bars.records
        samples = np.zeros(len(records) if self.terms.equity_every else 0, dtype=SAMPLE)
        if not len(samples):
            return samples
        starts = np.array([0, *(at for at, _, _ in changes)], dtype=np.int64)
        lengths = np.diff(np.append(starts, len(records)))
        cash = [self._cash_micros, *(micros for _, micros, _ in changes)]
        position = [0, *(lots for _, _, lots in changes)]
        samples["time_ns"] = records["time_ns"] + self.bars.bar_ns
        samples["cash_micros"] = np.repeat(np.array(cash, dtype=np.int64), lengths)
        samples["position_lots"] = np.repeat(np.array(position, dtype=np.int64), lengths)
        samples["mark_half_ticks"] = 2 * records["close_ticks"]
        return samples

    # ------------------------------------------------------------------ compiled

    def _run_compiled(self) -> Outcome:
        strategy: Any = self.strategy
        begin = time.perf_counter()
        fees, value = self._fees, self.bars.instrument.value
        state = np.zeros(1, dtype=bar_loop.STATE)
        told: dict[str, int] = {
            "cash_micros": self._cash_micros,
            "bar_ns": self.bars.bar_ns,
            "latency_ns": self.terms.latency_ns,
            "this_close": self.fill == THIS_CLOSE,
            "slippage_ticks": self.terms.slippage_ticks,
            "samples": bool(self.terms.equity_every),
            "value_numerator": value.numerator,
            "value_denominator": value.denominator,
            "maker_per_lot_micros": fees.maker_per_lot_micros,
            "maker_ppm": fees.maker_ppm,
            "taker_per_lot_micros": fees.taker_per_lot_micros,
            "taker_ppm": fees.taker_ppm,
            "per_order_micros": fees.per_order_micros,
            "minimum_micros": fees.minimum_micros,
            "cap_ppm": fees.cap_ppm,
            "hears_bars": strategy.hears("on_bar"),
            "timer_ns": self._timer_ns,
            "timer_due_ns": self._timer_due_ns,
        }
        for name, number in told.items():
            state[name] = number
        latest = np.zeros(1, dtype=NEWS)
        latest["next_order"] = 1
        orders = Growing(bar_loop.OPEN_ORDER, 2 * MOST_REQUESTS)
        fills = Growing(FILL_EVENT, _ROOM)
        decisions = Growing(DECISION, _ROOM)
        grown = {
            bar_loop.MORE_ORDERS: orders,
            bar_loop.MORE_FILLS: fills,
            bar_loop.MORE_DECISIONS: decisions,
        }
        samples = np.zeros(len(self.bars.records) if self.terms.equity_every else 1, dtype=SAMPLE)
        requests = np.zeros(MOST_REQUESTS, dtype=REQUEST)
        notes, decide = strategy.checked_notes(), strategy.address()
        records = np.require(self.bars.records, requirements=["C", "A", "W"])
        while True:
            code = bar_loop.play_bars(
                records,
                state,
                latest,
                orders.records,
                fills.records,
                decisions.records,
                samples,
                requests,
                _BLANK,
                notes,
                decide,
            )
            if code == FINISHED:
                break
            if code not in grown:
                fail(code, strategy)
            grown[code].grow()
        found = state[0]
        return self._outcome(
            int(found["cash_micros"]),
            int(latest[0]["position_lots"]),
            int(found["refused"]),
            fills.first(int(found["fills"])),
            decisions.first(int(found["decisions"])),
            samples if self.terms.equity_every else samples[:0],
            time.perf_counter() - begin,
        )

    def _outcome(
        self,
        cash_micros: int,
        position_lots: int,
        refused: int,
        fills: Records,
        decisions: Records,
        samples: Records,
        seconds: float,
    ) -> Outcome:
        return Outcome(
            strategy=type(self.strategy).__name__,
            parameters=self.strategy.parameters,
            source=self.bars.source,
            kind="bars",
            terms=self.terms,
            fill=self.fill,
            instrument=self.bars.instrument,
            position_lots=position_lots,
            cash_micros=cash_micros,
            mark=float(self.bars.records["close_ticks"][-1]),
            refused=refused,
            seconds=seconds,
            records={"fills": fills, "decisions": decisions, "samples": samples},
        )


def _fill_records(found: list[BarFill]) -> Records:
    records = np.zeros(len(found), dtype=FILL_EVENT)
    if found:
        columns = [np.array(column) for column in zip(*found, strict=True)]
        records["kind"] = EventKind.ORDER_FILLED
        records["time_ns"], records["side"], records["client_order_id"] = columns[:3]
        records["last_price_ticks"], records["last_quantity_lots"] = columns[3:5]
        records["executed_lots"], records["fee_micros"] = columns[4:6]
        records["flags"] = np.where(columns[6], LIQUIDITY_MAKER, 0)
    return records


def _decision_records(made: list[tuple[int, int, list[Request]]]) -> Records:
    flat = [(time_ns, int(what), *request) for time_ns, what, requests in made for request in requests]
    records = np.zeros(len(flat), dtype=DECISION)
    records[:] = flat
    return records
