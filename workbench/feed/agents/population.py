"""A market's population: wakes agents in the order of exchange time and tells them what has happened."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from workbench.domain.codes import STREET_ACCOUNT, EventKind
from workbench.domain.records import ORDER_EVENT, Records, commands
from workbench.errors import CommandError, ConfigError, SnapshotError
from workbench.feed.agents.crew import Crew
from workbench.feed.agents.desk import BUY, ROW_FIELDS, Desk, DeskState, Grid, OpenOrder, Outbox
from workbench.feed.agents.draws import Draws
from workbench.feed.agents.fundamental import (
    SECOND_NS,
    FundamentalValue,
    FundamentalValueState,
    MarketFactor,
    MarketFactorState,
    Session,
)
from workbench.feed.agents.maker import Maker, MakerState
from workbench.feed.agents.market import Market, MarketFold, QuoteFold, QuoteState
from workbench.feed.agents.noise import Crowd, CrowdState
from workbench.feed.agents.seat import Seat
from workbench.feed.agents.trend import TrendFollower, TrendFollowerState
from workbench.feed.agents.value import ValueTrader, ValueTraderState

SLICE_NS = 100_000_000
"""Agents that wake within one slice all see the market as it was at the slice's start."""

FIRST_CLIENT_ORDER_ID = 1 << 52
"""Well above the ids of historical orders, which belong to the same account."""

_IDS_PER_AGENT = 1 << 32

_RESTED = int(EventKind.ORDER_RESTED)
_PARTIALLY_FILLED = int(EventKind.ORDER_PARTIALLY_FILLED)
_FILLED = int(EventKind.ORDER_FILLED)
_REDUCED = int(EventKind.ORDER_REDUCED)
_REPLACED = int(EventKind.ORDER_REPLACED)
_ENDED = frozenset(
    int(kind) for kind in (EventKind.ORDER_REJECTED, EventKind.ORDER_CANCELED, EventKind.ORDER_EXPIRED)
)
_REFUSED = frozenset(int(kind) for kind in (EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED))
_OWN = _ENDED | _REFUSED | {_RESTED, _PARTIALLY_FILLED, _FILLED, _REDUCED, _REPLACED}
_TRADE = int(EventKind.TRADE)
_QUOTE = int(EventKind.QUOTE)


AgentState = MakerState | CrowdState | TrendFollowerState | ValueTraderState


class PopulationState(msgspec.Struct, array_like=True):
    """A `Population` between two slices: all that decides what it will do when the same happens to it."""

    time_ns: int
    second: int
    outbox_ns: int
    wakes: list[tuple[int, int]]
    factor: MarketFactorState
    values: list[FundamentalValueState]
    quotes: list[QuoteState]
    desks: list[DeskState]
    agents: list[AgentState]


class Agent(Protocol):
    """Whoever sends orders when woken, through its desk, seeing the market as of the slice's start."""

    name: str
    desk: Desk

    def first_wake(self, time_ns: int) -> int:
        """When to wake it first, at or after `time_ns`."""

    def wake(self, time_ns: int) -> int:
        """Act, and say when to wake it next: later than `time_ns`."""

    def state(self) -> Any:
        """What there is to know of it beside its desk."""

    def go_on(self, state: Any) -> None:
        """Go on from there."""


class Exchange(Protocol):
    """Whatever turns commands into events."""

    def step(self, commands: Records, /) -> Records:
        """Carry out the commands and return what has happened."""


class Population:
    """All agents of a market, driven by exchange time and one seed.

    `act` gives the commands of the next slice, `observe` takes the events that followed, other people's too.
    The same seed, slices and events give the same commands, byte for byte.

    Parameters
    ----------
    crews
        One for each instrument of the venue, in its order.
    session
        Opening and closing time: agents start at the one and stop at the other.
    seed
        0 or more.
    accounts
        Accounts of agents by name (`HARBOR/maker-1`), where one wants to see what they earn; all others trade
        for the street.
    first_client_order_id
        Their client order ids lie from here upwards, which must be above all others of these accounts.
    """

    def __init__(
        self,
        crews: Sequence[Crew],
        session: Session,
        seed: int,
        *,
        accounts: Mapping[str, int] | None = None,
        first_client_order_id: int = FIRST_CLIENT_ORDER_ID,
    ) -> None:
        if seed < 0:
            raise ConfigError(f"seed is {seed}, expected 0 or more", "agents", "choose another seed")
        self.session = session
        self.values: list[FundamentalValue] = []
        self.agents: list[Agent] = []
        self._outbox = Outbox()
        self._accounts = dict(accounts or {})
        self._orders: dict[int, OpenOrder] = {}
        self._first_id = self._next_id = first_client_order_id
        self._seed = seed
        factor = self._factor = MarketFactor(Draws(seed, "market"))
        self._quotes: list[QuoteFold] = []
        for number, crew in enumerate(crews):
            self._join(number, crew, factor)
        unknown = sorted(set(self._accounts) - {agent.name for agent in self.agents})
        if unknown:
            known = ", ".join(agent.name for agent in self.agents)
            raise ConfigError(f"no agent is called {unknown[0]!r}", "accounts", f"known are {known}")
        self._market = MarketFold(self._quotes, session.open_ns)
        self._second = 0
        self._wakes = [(agent.first_wake(session.open_ns), n) for n, agent in enumerate(self.agents)]
        heapq.heapify(self._wakes)

    def _join(self, number: int, crew: Crew, factor: MarketFactor) -> None:
        stock = crew.instrument
        if not stock.band_low_ticks <= crew.start_ticks <= stock.band_high_ticks:
            raise ConfigError(
                what=f"start_ticks is {crew.start_ticks}, outside the band",
                where=f"agents of {stock.symbol}",
                remedy=f"choose one from {stock.band_low_ticks} to {stock.band_high_ticks}",
            )
        value = FundamentalValue(
            crew.start_ticks,
            stock.band_low_ticks,
            stock.band_high_ticks,
            self.session,
            crew.value,
            factor,
            Draws(self._seed, f"{stock.symbol}/fundamental"),
        )
        quote = QuoteFold(crew.start_ticks, value.usual_volatility_ticks)
        self.values.append(value)
        self._quotes.append(quote)
        grid = Grid(
            number,
            stock.band_low_ticks,
            stock.band_high_ticks,
            stock.price_increment_ticks,
            crew.round_lots,
            stock.quantity_increment_lots,
        )

        def seat(role: str, n: int) -> Seat:
            name = f"{stock.symbol}/{role}-{n}"
            desk = Desk(
                grid, self._outbox, self._orders, self._accounts.get(name, STREET_ACCOUNT), self._next_id
            )
            self._next_id += _IDS_PER_AGENT
            return Seat(name, desk, quote, value, Draws(self._seed, name))

        for n, maker in enumerate(crew.makers, 1):
            self.agents.append(Maker(seat("maker", n), maker))
        for n, noise in enumerate(crew.noise, 1):
            self.agents.append(Crowd(seat("noise", n), noise))
        for n, trend in enumerate(crew.trends, 1):
            self.agents.append(TrendFollower(seat("trend", n), trend))
        for n, trader in enumerate(crew.values, 1):
            self.agents.append(ValueTrader(seat("value", n), trader))

    def state(self) -> PopulationState:
        """What there is to know of it between two calls of `act`."""
        return PopulationState(
            time_ns=self._market.time_ns,
            second=self._second,
            outbox_ns=self._outbox.time_ns,
            wakes=list(self._wakes),
            factor=self._factor.state(min(value.second for value in self.values)),
            values=[value.state() for value in self.values],
            quotes=[quote.state() for quote in self._quotes],
            desks=[agent.desk.state() for agent in self.agents],
            agents=[agent.state() for agent in self.agents],
        )

    def go_on(self, state: PopulationState) -> None:
        """Go on from there: of a population as it was before the open, and of the same crews.

        Raises
        ------
        SnapshotError
            When it is the state of another one.
        """
        crews = [type(agent.state()) for agent in self.agents]
        instruments = len(self.values), len(self._quotes)
        if (
            [type(agent) for agent in state.agents] != crews
            or len(state.desks) != len(crews)
            or sorted(number for _, number in state.wakes) != list(range(len(crews)))
            or (len(state.values), len(state.quotes)) != instruments
        ):
            raise SnapshotError("is the state of other agents", "agents", "have them live through it again")
        self._market.time_ns, self._second = state.time_ns, state.second
        self._outbox.time_ns, self._wakes = state.outbox_ns, list(state.wakes)
        self._factor.go_on(state.factor)
        for value, of_value in zip(self.values, state.values, strict=True):
            value.go_on(of_value)
        for quote, of_quote in zip(self._quotes, state.quotes, strict=True):
            quote.go_on(of_quote)
        for agent, desk, of_agent in zip(self.agents, state.desks, state.agents, strict=True):
            agent.desk.go_on(desk)
            agent.go_on(of_agent)

    @property
    def market(self) -> Market:
        """What the agents see."""
        return self._market

    def act(self, until_ns: int) -> Records:
        """The commands of all agents that wake before `until_ns`, in order of time.

        Commands of one burst follow each other by some hundred nanoseconds, so the last may be a little later
        than `until_ns`; the next call goes on from there.
        """
        until_ns = min(until_ns, self.session.close_ns)
        if until_ns < self._market.time_ns:
            raise CommandError(f"time {until_ns} is before {self._market.time_ns}, the market's time", "act")
        self._pass_seconds(until_ns)
        outbox, wakes, agents = self._outbox, self._wakes, self.agents
        while wakes and wakes[0][0] < until_ns:
            time_ns, n = wakes[0]
            outbox.time_ns = max(outbox.time_ns, time_ns)
            heapq.heapreplace(wakes, (max(agents[n].wake(time_ns), time_ns + 1), n))
        self._market.time_ns = until_ns
        return self._batch()

    def _pass_seconds(self, until_ns: int) -> None:
        target = (until_ns - self.session.open_ns) // SECOND_NS
        while self._second < target:
            self._second += 1
            for quote in self._quotes:
                quote.second()
        for value in self.values:
            value.advance(until_ns)

    def _batch(self) -> Records:
        rows = self._outbox.rows
        batch = commands(len(rows))
        if rows:
            table = np.array(rows, dtype=np.int64)
            for column, name in enumerate(ROW_FIELDS):
                batch[name] = table[:, column]
            rows.clear()
        return batch

    def observe(self, events: Records) -> None:
        """Take note of what has happened, to own orders and to the market."""
        orders, first_id = self._orders, self._first_id
        for event in events.view(ORDER_EVENT).tolist():
            kind = event[3]
            if kind in _OWN:
                if event[13] >= first_id:
                    order = orders.get(event[13])
                    if order is not None and order.desk.account == event[10]:
                        self._tell(order, kind, event)
            elif kind == _QUOTE:
                self._quotes[event[11]].quote(event[12], event[13], event[15], event[16])
            elif kind == _TRADE:
                self._quotes[event[11]].flow_lots += event[14] if event[5] == BUY else -event[14]

    def _tell(self, order: OpenOrder, kind: int, event: tuple[int, ...]) -> None:
        """Bring one own order up to date."""
        leaves_lots = event[16]
        if kind in (_FILLED, _PARTIALLY_FILLED):
            order.desk.position_lots += event[15] if order.side == BUY else -event[15]
            order.leaves_lots = leaves_lots
        elif kind in _REFUSED:
            order.in_flight = False
            return
        elif kind in _ENDED:
            leaves_lots = 0
        else:
            order.in_flight = False
            order.leaves_lots = leaves_lots
            if kind != _REDUCED:
                order.price_ticks = event[14]
        if leaves_lots == 0:
            del self._orders[order.client_order_id]
            del order.desk.open[order.client_order_id]


def run(
    population: Population, exchange: Exchange, until_ns: int | None = None, *, slice_ns: int = SLICE_NS
) -> Iterator[tuple[Records, Records]]:
    """Let a population trade on an exchange, slice by slice, and give each slice's commands and events.

    Parameters
    ----------
    population
        The agents.
    exchange
        Where they trade.
    until_ns
        When to stop; at the session's close unless given.
    slice_ns
        Length of a slice.
    """
    end_ns = population.session.close_ns if until_ns is None else min(until_ns, population.session.close_ns)
    time_ns = population.market.time_ns
    while time_ns < end_ns:
        time_ns = min(time_ns + slice_ns, end_ns)
        batch = population.act(time_ns)
        if len(batch):
            events = exchange.step(batch)
            population.observe(events)
            yield batch, events
