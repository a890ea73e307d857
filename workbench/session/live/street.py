"""Everything that happens by itself: history, the script and agents, as one stream by exchange time."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np

from workbench.domain.records import COMMAND, EVENT, Records
from workbench.errors import SnapshotError
from workbench.feed.agents.population import SLICE_NS
from workbench.session.blocks import one_block
from workbench.session.live.crowd import LiveCrowd, LiveCrowdState, last_quotes
from workbench.session.live.timed import CHUNK_COMMANDS, NOTHING, Timed
from workbench.session.scenario import Scenario


class Due(NamedTuple):
    """What is due.

    Attributes
    ----------
    commands
        In order: by time; at equal times history, then the script, then agents.
    time_ns
        The time that has come with them: earlier than asked for when there was too much at once.
    """

    commands: Records
    time_ns: int


class StreetState(msgspec.Struct, array_like=True):
    """A `Street` between two batches.

    Attributes
    ----------
    start_ns, edges, opened_ns
        As the street has them.
    history, script
        How many commands of each have happened.
    quotes
        Before the open, what agents will find: events, or None for none.
    agents
        Those who trade; None before the open, and where there are none.
    """

    start_ns: int
    edges: int
    opened_ns: int
    history: int
    script: int
    quotes: bytes | None
    agents: LiveCrowdState | None


class Street:
    """The feeds of a running session and the edges of its slices.

    What it gives depends on the scenario, on when the market opened and on the events that agents were told
    of at the edges; never on how fast time passes or how often it is asked.

    Parameters
    ----------
    scenario
        What happens.
    open_ns, close_ns
        Trading hours in the scenario's time; no end for 0.
    early
        Whether anything happens before the market opens: not when its times follow from that moment.

    Attributes
    ----------
    start_ns
        Where slices are counted from.
    edges
        How many have ended since then.
    opened_ns
        When the market opened; 0 before it has.
    """

    def __init__(self, scenario: Scenario, open_ns: int, close_ns: int, *, early: bool = True) -> None:
        self._crowd = scenario.crowd
        self._history = Timed(NOTHING if scenario.history is None else scenario.history.commands)
        self._script = Timed(scenario.commands)
        self._agents: LiveCrowd | None = None
        self._quotes: Records | None = None
        self._open_ns = open_ns
        self._close_ns = close_ns
        self._early = early
        self.start_ns = 0
        self.edges = 0
        self.opened_ns = 0

    # ------------------------------------------------------------------ hours and slices

    @property
    def shift_ns(self) -> int:
        """What is added to the scenario's times."""
        return self.opened_ns - self._open_ns if self.opened_ns else 0

    @property
    def close_ns(self) -> int:
        """End of trading; 0 for none."""
        return self._close_ns + self.shift_ns if self._close_ns else 0

    @property
    def next_edge_ns(self) -> int:
        """End of the present slice."""
        edge_ns = self.start_ns + (self.edges + 1) * SLICE_NS
        if self.opened_ns and self._close_ns:
            # Time that has come stays: a market that was opened late closes at once.
            return max(min(edge_ns, self.close_ns), self.start_ns)
        return edge_ns

    def begin(self, time_ns: int) -> None:
        """Count slices from here on."""
        self.start_ns, self.edges = time_ns, 0

    def open(self, time_ns: int) -> None:
        """The market opens for the first time: from here on it is the scenario's open."""
        self._set_open(time_ns)
        self.begin(time_ns)
        self.greet()

    def _set_open(self, time_ns: int) -> None:
        self.opened_ns = time_ns
        self._history.shift_ns = self._script.shift_ns = self.shift_ns
        if self._crowd is not None:
            self._agents = LiveCrowd(self._crowd, self.shift_ns)

    def greet(self) -> None:
        """Tell agents how the market stood when it opened."""
        if self._agents is not None and self._quotes is not None:
            self._agents.begin(self._quotes)

    def remember(self, events: Records) -> None:
        """Keep of what happens before the open what agents find when they come."""
        if self._crowd is not None:
            self._quotes = last_quotes(self._quotes, events)

    def end_slice(self) -> None:
        """The present slice has ended; agents decide what they do in the next one."""
        self.edges += 1
        self.decide()

    def decide(self) -> None:
        """Agents decide what they do in the present slice."""
        if self._agents is not None:
            self._agents.edge(self.next_edge_ns)

    def observe(self, events: Records) -> None:
        """Tell agents what happened, or remember it for them before the open."""
        if self._agents is not None:
            self._agents.observe(events)
        else:
            self.remember(events)

    # ------------------------------------------------------------------ commands

    @property
    def next_ns(self) -> int | None:
        """Time of the next command; None when there is none yet."""
        if not (self._early or self.opened_ns):
            return None
        times = [feed.next_ns for feed in (self._history, self._script, self._agents) if feed is not None]
        return min((time_ns for time_ns in times if time_ns is not None), default=None)

    def due(self, time_ns: int, floor_ns: int) -> Due:
        """Take what is due: at the end of a slice what came before it, else what has come by then.

        Parameters
        ----------
        time_ns
            The time that has come, no later than `next_edge_ns`.
        floor_ns
            Time of the last command; what lies before it happens at it.
        """
        if not (self._early or self.opened_ns):
            return Due(NOTHING, time_ns)
        inclusive = time_ns < self.next_edge_ns
        count = self._history.count_until(time_ns, inclusive=inclusive)
        parts = [self._history.take(count, floor_ns)]
        if count == CHUNK_COMMANDS:
            # There may be more; time has come as far as the last one, and what is due at that moment waits.
            time_ns, inclusive = int(parts[0]["time_ns"][-1]), False
        parts += [
            feed.take(feed.count_until(time_ns, inclusive=inclusive), floor_ns)
            for feed in (self._script, self._agents)
            if feed is not None
        ]
        parts = [part for part in parts if len(part)]
        if not parts:
            return Due(NOTHING, time_ns)
        if len(parts) == 1:
            return Due(parts[0], time_ns)
        both = one_block(parts, COMMAND)
        return Due(both[np.argsort(both["time_ns"], kind="stable")], time_ns)

    # ------------------------------------------------------------------ after a restart

    def state(self) -> StreetState:
        """What there is to know of it between two batches."""
        return StreetState(
            start_ns=self.start_ns,
            edges=self.edges,
            opened_ns=self.opened_ns,
            history=self._history.fed,
            script=self._script.fed,
            quotes=None if self._quotes is None else self._quotes.tobytes(),
            agents=None if self._agents is None else self._agents.state(),
        )

    def go_on(self, state: StreetState) -> None:
        """Go on from there; of a street on which nothing has happened yet, and of the same scenario.

        Raises
        ------
        SnapshotError
            When it is the state of another one.
        """
        if (state.agents is not None) != (self.has_agents and bool(state.opened_ns)):
            raise SnapshotError("is the state of another scenario", "street", "have it live through it again")
        if state.opened_ns:
            self._set_open(state.opened_ns)
        self.start_ns, self.edges = state.start_ns, state.edges
        self._history.skip(state.history)
        self._script.skip(state.script)
        if state.quotes is not None:
            self._quotes = np.frombuffer(bytearray(state.quotes), dtype=EVENT)
        if self._agents is not None and state.agents is not None:
            self._agents.go_on(state.agents)

    @property
    def fed(self) -> tuple[int, int, int, int]:
        """How many commands of history, script and agents have happened, and how many slices have ended."""
        agents = 0 if self._agents is None else self._agents.fed
        return self._history.fed, self._script.fed, agents, self.edges

    @property
    def has_agents(self) -> bool:
        """Whether there are agents that have to be told what happened."""
        return self._crowd is not None

    def resume(self, fed: tuple[int, int, int, int]) -> None:
        """Go on where so much had happened; agents have been told of everything up to then."""
        history, script, agents, edges = fed
        self._history.skip(history)
        self._script.skip(script)
        self.edges = edges
        if self._agents is not None:
            self._agents.take(agents - self._agents.fed, 0)

    def end_slice_again(self) -> None:
        """`end_slice` while living through the past: what agents did in the slice that ends has happened."""
        if self._agents is not None:
            self._agents.take(self._agents.count_until(self.next_edge_ns, inclusive=False), 0)
        self.end_slice()
