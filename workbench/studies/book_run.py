"""A backtest in the exchange: recorded order flow, one instrument, one strategy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.domain.codes import Side
from workbench.domain.config import FIRST_TRADER
from workbench.domain.costs import FeeSchedule
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.records import COMMAND, EVENT, FILL_EVENT, ORDER_EVENT
from workbench.engine.exchange import Exchange
from workbench.engine.sources import replay_venue
from workbench.engine.step import run
from workbench.errors import ConfigError
from workbench.feed.history import History
from workbench.jit import address_of
from workbench.session.renaming import Renamer
from workbench.studies import book_loop
from workbench.studies.book_loop import FLOW, NEVER
from workbench.studies.compiled import CALLBACKS, MOST_REQUESTS, CompiledStrategy, fail
from workbench.studies.desk import Desk, Request
from workbench.studies.growing import Growing
from workbench.studies.news import DECISION, NEWS, REQUEST, SAMPLE, What
from workbench.studies.outcome import Outcome
from workbench.studies.recorded_market import RecordedMarket
from workbench.studies.strategy import Strategy, bars_of, check_parameters, timer_of
from workbench.studies.telling import enter_news, tell
from workbench.studies.terms import Terms

_ROOM = 1 << 10
_EMPTY = np.zeros(1, dtype=COMMAND)
_BLANK = np.zeros(1, dtype=REQUEST)


class BookRun:
    """One run; made and used once.

    Parameters
    ----------
    strategy
        Whose run.
    history
        The order flow of one instrument, or a recorded session.
    terms
        What is assumed.
    compiled
        Whether a `CompiledStrategy` runs inside the loop, or is told one by one like any other.
    """

    def __init__(
        self, strategy: Strategy, history: History | RecordedMarket, terms: Terms, *, compiled: bool = True
    ) -> None:
        self.strategy = strategy
        self.history = history
        self._commands = history.commands
        self._spans: Iterator[tuple[int, int]] = iter(())
        self._renamer: Renamer | None = None
        if isinstance(history, RecordedMarket):
            self.fill = terms.of_session(history.mode)
            self.exchange = history.exchange(terms.cash, terms.fees)
            self._account, self._number = history.account, history.number
            self._renamer = history.renamer()
            self._spans = self._renamer.spans()
            self._commands = history.commands.copy()
            self.terms = replace(terms, fees=terms.fees or history.instrument.fees)
        else:
            self.fill = terms.of_book()
            self.terms = replace(terms, fees=terms.fees or FeeSchedule())
            venue = replay_venue([history], self.fill, cash=terms.cash, fees=self.terms.fees)
            self.exchange = Exchange(venue)
            self._account, self._number = FIRST_TRADER, 0
        self.desk = Desk(history.instrument)
        self._waiting = Growing(COMMAND, _ROOM)
        self._fills = Growing(FILL_EVENT, 64 * _ROOM)
        self._decisions = Growing(DECISION, 256 * _ROOM)
        self._news = Growing(NEWS, 8 * _ROOM)
        self._samples = Growing(SAMPLE, _ROOM)
        self._kept = Growing(ORDER_EVENT, 1 if self._renamer is None else 64 * _ROOM)
        self._grown = {
            book_loop.MORE_WAITING: self._waiting,
            book_loop.MORE_FILLS: self._fills,
            book_loop.MORE_DECISIONS: self._decisions,
            book_loop.MORE_NEWS: self._news,
            book_loop.MORE_SAMPLES: self._samples,
            book_loop.MORE_KEPT: self._kept,
        }
        self._latest = np.zeros(1, dtype=NEWS)
        self._latest["next_order"] = 1
        self._requests = np.zeros(MOST_REQUESTS, dtype=REQUEST)
        self._notes = np.zeros(1)
        self._decide: Any = 0
        if compiled and isinstance(strategy, CompiledStrategy):
            self._notes = strategy.checked_notes()
            self._decide = strategy.address()
        self._flow = self._begin()

    def _begin(self) -> Any:
        strategy = self.strategy
        flow = np.zeros(1, dtype=FLOW)
        hears = {what for callback, what in CALLBACKS.items() if strategy.hears(callback)}
        if self._decide == 0:
            # The desk follows its orders at once, whether the strategy wants to hear of them or not.
            hears |= {What.FILL, What.ENDED}
        commands = self._commands
        start_ns = int(commands["time_ns"][0]) if len(commands) else 0
        bar_ns = bars_of(strategy)
        if What.BAR in hears and not bar_ns:
            raise ConfigError(
                "it hears of bars, and does not say how long they are",
                repr(strategy),
                'set bars = "1min" in its class',
            )
        check_parameters(strategy)
        timer_ns = timer_of(strategy)
        flow["account"] = self._account
        flow["instrument"] = self._number
        flow["limit"] = len(commands) if self._renamer is None else 0
        flow["keeps"] = self._renamer is not None
        flow["others"] = self.exchange.counters()["commands"]
        flow["latency_ns"] = self.terms.latency_ns
        flow["hears"] = sum(1 << int(what) for what in hears)
        flow["timer_ns"] = timer_ns
        # The first multiple of the timer after the first message.
        flow["timer_due_ns"] = (start_ns // timer_ns + 1) * timer_ns if timer_ns else NEVER
        flow["bar_ns"] = bar_ns if What.BAR in hears else 0
        flow["bar_end_ns"] = NEVER
        flow["sample_ns"] = self.terms.sample_ns
        flow["sampled_ns"] = start_ns
        flow["time_ns"] = start_ns
        flow["cash_micros"] = self.exchange.venue.accounts[self._account - FIRST_TRADER].cash_micros
        return flow

    def run(self) -> Outcome:
        """Run it."""
        begin = time.perf_counter()
        state = self._flow[0]
        if self._decide == 0:
            self.desk.time_ns = int(state["time_ns"])
            self.strategy.on_start(self.desk)
            self._enter(What.START)
        elif self.strategy.hears("on_start"):
            copied = self._news.records[:1]
            copied[:] = self._latest
            copied["what"], copied["time_ns"] = What.START, state["time_ns"]
            state["news"] = 1
        while True:
            code = self.exchange.drive(self._play)
            if code == book_loop.FINISHED:
                break
            if code == book_loop.TOLD:
                self._tell()
            elif code == book_loop.MORE_HISTORY:
                self._rename()
            elif code in self._grown:
                self._grown[code].grow()
            else:
                fail(code, self.strategy)
        return self._outcome(time.perf_counter() - begin)

    def _play(self, memory: Memory, events: EventBuffer) -> int:
        code = book_loop.play(
            memory,
            events,
            self._commands,
            self._waiting.records,
            _EMPTY,
            self._flow,
            self._latest,
            self._news.records,
            self._fills.records,
            self._decisions.records,
            self._samples.records,
            self._kept.records,
            self._requests,
            _BLANK,
            self._notes,
            address_of(run),
            self._decide,
        )
        return int(code)

    def _rename(self) -> None:
        """Give the session's next commands the ids that their orders have here."""
        assert self._renamer is not None
        state = self._flow[0]
        self._renamer.take(self._kept.records[: int(state["kept"])].view(EVENT))
        state["kept"] = 0
        begin, end = next(self._spans)
        self._commands[begin:end] = self._renamer.here(begin, end)
        state["limit"] = end

    # ------------------------------------------------------------------ strategies in Python

    def _tell(self) -> None:
        state = self._flow[0]
        for piece in self._news.records[: int(state["news"])].tolist():
            enter_news(self.desk, piece)
            tell(self.strategy, self.desk, piece)
            if self.desk.requests:
                self._enter(What(piece[0]))
        state["told"] = state["news"]

    def _enter(self, what: What) -> None:
        """As `book_loop.enter` does for compiled strategies."""
        state = self._flow[0]
        requests: list[Request] = self.desk.take_requests()
        while int(state["own_count"]) + len(requests) > len(self._waiting.records):
            self._waiting.grow()
        while int(state["decisions"]) + len(requests) > len(self._decisions.records):
            self._decisions.grow()
        room = np.zeros(len(requests), dtype=REQUEST)
        room[:] = requests
        told = np.zeros(1, dtype=NEWS)
        told["what"], told["time_ns"] = what, self.desk.time_ns
        book_loop.enter_from_python(
            self._flow, told, self._latest, room, self._waiting.records, self._decisions.records
        )

    # ------------------------------------------------------------------ the end

    def _outcome(self, seconds: float) -> Outcome:
        state = self._flow[0]
        quote = [self.exchange.depth(self._number, side, 1) for side in (Side.BUY, Side.SELL)]
        found = self.exchange.instruments()[self._number]
        best = [int(level["price_ticks"][0]) for level in quote if len(level)]
        mark = sum(best) / 2 if len(best) == len(quote) else float(found["last_price_ticks"])
        return Outcome(
            strategy=type(self.strategy).__name__,
            parameters=self.strategy.parameters,
            source=self.history.source,
            kind=self.history.kind,
            terms=self.terms,
            fill=self.fill,
            instrument=self.history.instrument,
            position_lots=int(self._latest[0]["position_lots"]),
            cash_micros=int(state["cash_micros"]),
            mark=mark,
            refused=int(state["refused"]),
            seconds=seconds,
            records={
                "fills": self._fills.first(int(state["fills"])),
                "decisions": self._decisions.first(int(state["decisions"])),
                "samples": self._samples.first(int(state["samples"])),
            },
        )
