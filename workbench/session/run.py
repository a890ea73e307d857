"""A scenario run through the exchange, and what came of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from workbench.domain.records import COMMAND, Records, commands
from workbench.engine.exchange import Exchange
from workbench.engine.explain import Explanation, explain, named_order
from workbench.engine.frames import (
    Scales,
    auctions_frame,
    cash_frame,
    events_frame,
    quotes_frame,
    trades_frame,
)
from workbench.engine.replay import CHUNK_COMMANDS
from workbench.engine.summary import Summary, summarise
from workbench.engine.words import Names
from workbench.feed.agents.population import SLICE_NS
from workbench.feed.history import History
from workbench.session.crowd import Crowd
from workbench.session.publisher import Rhythm
from workbench.session.recorded import RecordedSession
from workbench.session.scenario import Scenario, read_scenario

UNATTENDED = Rhythm(sync_commands=20_000)
"""Nobody outside waits for a scenario's answers, and its commands can be made anew."""

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is: nanoseconds of agents' time, else commands."""


class Run:
    """A scenario that has run.

    Parameters
    ----------
    scenario
        What was run.
    exchange
        The exchange afterwards.
    command_count
        How many commands it took.
    wall_seconds
        Time the exchange took.
    """

    def __init__(
        self, scenario: Scenario, exchange: Exchange, command_count: int, wall_seconds: float
    ) -> None:
        self.scenario = scenario
        self.exchange = exchange
        self.venue = scenario.venue
        self.zone = scenario.zone
        self.names: Names = scenario.names
        self.wall_seconds = wall_seconds
        self._command_count = command_count
        self._scales = Scales(scenario.venue)

    @property
    def events(self) -> Records:
        """All events, as `EVENT` records."""
        return self.exchange.events

    def trades(self) -> pl.DataFrame:
        """All trades (see `workbench.engine.frames.trades_frame`)."""
        return trades_frame(self.events, self._scales)

    def quotes(self) -> pl.DataFrame:
        """All changes of the best bid and offer (see `workbench.engine.frames.quotes_frame`)."""
        return quotes_frame(self.events, self._scales)

    def auctions(self) -> pl.DataFrame:
        """All indicative prices and uncrosses (see `workbench.engine.frames.auctions_frame`)."""
        return auctions_frame(self.events, self._scales)

    def cash(self) -> pl.DataFrame:
        """All money that is not a trade's (see `workbench.engine.frames.cash_frame`)."""
        return cash_frame(self.events, self._scales)

    def event_table(self) -> pl.DataFrame:
        """All events (see `workbench.engine.frames.events_frame`)."""
        return events_frame(self.events, self._scales)

    def order_id(self, name: str) -> int:
        """The latest id of the order that the script calls so."""
        return named_order(self.events, self.names, name)

    def explain(self, order: int | str) -> Explanation:
        """What became of an order, by its id or its name, and why."""
        order_id = self.order_id(order) if isinstance(order, str) else order
        return explain(self.events, order_id, self.venue, zone=self.zone, names=self.names)

    def summary(self) -> Summary:
        """Counts and averages of what happened (see `workbench.engine.summary.Summary`)."""
        span = np.array([self.venue.start_time_ns, self.exchange.time_ns], dtype=np.int64)
        past = () if self.scenario.history is None else self.scenario.history.histories
        histories = [
            History(
                commands=np.zeros(0, dtype=COMMAND),
                rows=np.zeros(0, dtype=np.int64),
                row_times_ns=span,
                instrument=instrument,
                quirks={},
                source=self.scenario.file,
                kind="scenario",
                zone=self.zone,
            )
            for instrument in self.venue.instruments[len(past) :]
        ]
        return summarise(
            self.events,
            self.venue,
            self.exchange,
            [*past, *histories],
            commands=self._command_count,
            rows=len(self.scenario.commands) + sum(self._rows_done(history) for history in past),
            wall_seconds=self.wall_seconds,
        )

    def _rows_done(self, history: History) -> int:
        """Rows of history that have happened; a scenario may end before them."""
        return int(np.searchsorted(history.row_times_ns, self.exchange.time_ns, side="right"))


def run(
    scenario: Scenario | str | os.PathLike[str],
    *,
    session: str = "",
    data: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run a scenario from beginning to end; the same scenario gives the same events.

    Parameters
    ----------
    scenario
        A scenario, or the path of its file.
    session
        Record it under this name, to be asked, rerun and varied later (docs/sessions.md).
    data
        The data root; `$WORKBENCH_DATA`, else `var`, unless given.
    progress
        Called now and then with how much is done.
    """
    if not isinstance(scenario, Scenario):
        scenario = read_scenario(scenario, data=data)
    if not session:
        exchange = Exchange(scenario.venue, record=True)
        return _run(scenario, exchange, _Counted(exchange.step), progress)
    recorded = RecordedSession.create(
        data,
        session,
        scenario.venue,
        zone=scenario.zone,
        title=scenario.title,
        names=scenario.names,
        kind="scenario",
        source=scenario.file,
        keep_events=True,
        rhythm=UNATTENDED,
    )
    with recorded:
        return _run(scenario, recorded.exchange, _Counted(recorded.step), progress)


def _run(scenario: Scenario, exchange: Exchange, counted: _Counted, progress: Progress | None) -> Run:
    fixed = scenario.commands
    if scenario.history is not None:
        fixed = _merged(scenario.history.commands, fixed)
    if scenario.crowd is None:
        for start in range(0, len(fixed), CHUNK_COMMANDS):
            counted.step(fixed[start : start + CHUNK_COMMANDS])
            if progress is not None:
                progress(min(start + CHUNK_COMMANDS, len(fixed)), len(fixed))
    else:
        _trade(scenario.crowd, fixed, counted, progress)
    return Run(scenario, exchange, counted.commands, counted.wall_seconds)


class _Counted:
    """What takes commands, with a count of them and the time that it takes."""

    def __init__(self, step: Callable[[Records], Records]) -> None:
        self.commands = 0
        self.wall_seconds = 0.0
        self._step = step

    def step(self, commands: Records) -> Records:
        start = time.perf_counter()
        events = self._step(commands)
        self.wall_seconds += time.perf_counter() - start
        self.commands += len(commands)
        return events


def _trade(crowd: Crowd, script: Records, exchange: _Counted, progress: Progress | None) -> None:
    """Let agents trade from the open to the close, and the script before, among and after them."""
    population, session = crowd.population(), crowd.session
    time_ns, done = session.open_ns, 0
    waiting = commands(0)
    while time_ns < session.close_ns:
        time_ns = min(time_ns + SLICE_NS, session.close_ns)
        # The end of a burst may be later than its slice.
        acted = np.concatenate([waiting, population.act(time_ns)])
        due = acted["time_ns"] < time_ns
        waiting = acted[~due]
        until = int(np.searchsorted(script["time_ns"], time_ns, side="left"))
        batch = _merged(script[done:until], acted[due])
        done = until
        if len(batch):
            population.observe(exchange.step(batch))
        if progress is not None:
            progress(time_ns - session.open_ns, session.close_ns - session.open_ns)
    exchange.step(_merged(script[done:], waiting))


def _merged(first: Records, second: Records) -> Records:
    """Both by time; at equal times the first come first: history, then the script, then agents."""
    both = np.concatenate([first, second])
    return both[np.argsort(both["time_ns"], kind="stable")]
