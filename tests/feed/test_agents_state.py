"""Agents that go on from their state do what they would have done."""

import random
from enum import Enum
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.domain.codes import Side
from workbench.domain.commands import batch, new_order
from workbench.domain.config import FIRST_TRADER, Account, Venue
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import SnapshotError
from workbench.feed.agents.draws import Draws
from workbench.feed.agents.fundamental import SECOND_NS, Session
from workbench.feed.agents.population import SLICE_NS, Population, PopulationState
from workbench.feed.agents.stocks import sample_crews

DAY = Session(0, 23_400 * SECOND_NS)
CREWS = sample_crews()


def population(seed: int = 7, count: int = 3) -> Population:
    return Population(CREWS[:count], DAY, seed)


def again(one: Population, seed: int = 7, count: int = 3) -> Population:
    """Another one that goes on from the first one's state, through bytes."""
    state = msgspec.msgpack.decode(msgspec.msgpack.encode(one.state()), type=PopulationState)
    other = population(seed, count)
    other.go_on(state)
    return other


def everything(of: Any, done: dict[int, Any] | None = None) -> Any:
    """All that an object consists of, attribute by attribute, in plain values."""
    done = {} if done is None else done
    if isinstance(of, (int, float, str, bool, bytes, type(None), Enum, msgspec.Struct, type)):
        return of
    if id(of) in done:
        return "known"
    done[id(of)] = of
    if isinstance(of, np.random.BitGenerator):
        return str(of.state)
    if isinstance(of, dict):
        return [(everything(key, done), everything(value, done)) for key, value in of.items()]
    if isinstance(of, (list, tuple, set, frozenset)):
        return [everything(each, done) for each in of]
    names = [name for kind in type(of).__mro__ for name in getattr(kind, "__slots__", ())]
    names += getattr(of, "__dict__", {})
    return type(of).__name__, [(name, everything(getattr(of, name), done)) for name in sorted(set(names))]


class Market:
    """An exchange on which agents and somebody else trade."""

    def __init__(self, seed: int, count: int) -> None:
        instruments = [crew.instrument for crew in CREWS[:count]]
        self.exchange = Exchange(Venue(instruments, [Account("ann", 10**9, cash_checked=False)]))
        self._random = random.Random(seed)
        self._count = count

    def step(self, time_ns: int, commands: Records) -> Records:
        """The events of a slice, in which somebody else may trade too."""
        parts = [commands] if len(commands) else []
        if self._random.random() < 0.2:
            instrument = self._random.randrange(self._count)
            side = self._random.choice([Side.BUY, Side.SELL])
            price_ticks = CREWS[instrument].start_ticks + self._random.randrange(-20, 20)
            parts.append(new_order(time_ns, FIRST_TRADER, instrument, side, 300, price_ticks))
        return self.exchange.step(batch(parts)) if parts else commands[:0]


@given(
    seed=st.integers(0, 1_000),
    count=st.integers(1, 3),
    stops=st.lists(st.integers(1, 250), min_size=1, max_size=6, unique=True),
)
@settings(max_examples=8, deadline=None)
def test_they_do_from_their_state_what_they_would_have_done(seed: int, count: int, stops: list[int]) -> None:
    market, one = Market(seed, count), population(seed, count)
    others: list[Population] = []
    for number in range(1, max(stops) + 40):
        time_ns = number * SLICE_NS
        commands = one.act(time_ns)
        for other in others:
            assert other.act(time_ns).tobytes() == commands.tobytes()
        if len(commands):
            commands["time_ns"] = np.minimum(commands["time_ns"], time_ns)
        events = market.step(time_ns, commands)
        for each in (one, *others):
            each.observe(events)
        if number in stops:
            others.append(again(one, seed, count))
    for other in others:
        assert other.state() == one.state()


def test_nothing_that_they_consist_of_is_missing_in_the_state() -> None:
    market, one = Market(1, 3), population()
    for number in range(1, 801):
        one.observe(market.step(number * SLICE_NS, one.act(number * SLICE_NS)))
        if number % 400 == 0:
            other = again(one)
            # Of the seconds that are over, and of the order in which all orders came, nothing hangs.
            one._factor._changes, one._factor._first = [], one._second
            ordered = {number: one._orders[number] for number in other._orders}
            one._orders.clear()
            one._orders.update(ordered)
            assert everything(other) == everything(one)


def test_the_state_stays_small() -> None:
    market, one = Market(1, 3), population()
    sizes = []
    for number in range(1, 4_000):
        one.observe(market.step(number * SLICE_NS, one.act(number * SLICE_NS)))
        if number % 1_000 == 999:
            sizes.append(len(msgspec.msgpack.encode(one.state())))
    assert max(sizes) < 64_000
    assert max(sizes[2:]) < 1.5 * max(sizes[:2])


@pytest.mark.parametrize("change", ["fewer", "others"])
def test_the_state_of_other_agents_is_refused(change: str) -> None:
    state = population(7, 3).state()
    if change == "others":
        state.agents.reverse()
    with pytest.raises(SnapshotError, match="other agents"):
        population(7, 2 if change == "fewer" else 3).go_on(state)


@pytest.mark.parametrize("drawn", [0, 1, 1_023, 1_024, 1_025, 5_000])
@pytest.mark.parametrize("before", [0, 7, 1_024, 9_000])
def test_a_stream_stands_where_it_stood(drawn: int, before: int) -> None:
    one, other = Draws(7, "a"), Draws(7, "a")
    for _ in range(drawn):
        one.bits()
    for _ in range(before):
        other.bits()
    other.go_on(one.taken)
    assert other.taken == one.taken == drawn
    assert [other.bits() for _ in range(3_000)] == [one.bits() for _ in range(3_000)]
