"""One absurd order that waits before the open: agents trade with it, and the market goes on."""

from pathlib import Path

import numpy as np
import pytest

from tests.session.live.markets import (
    AGENTS,
    SECOND_NS,
    Wall,
    begin,
    buy,
    commands_of,
    pass_to,
    sell,
)
from workbench.domain.codes import EventKind, SessionState, Side
from workbench.domain.records import QUOTE_EVENT, TRADE_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.feed.agents.population import run
from workbench.session.live.session import LiveSession
from workbench.session.scenario import parse_scenario

SILLY = [(Side.BUY, 6_000), (Side.SELL, 2_400)]
SECONDS = 10
FAIR_TICKS, NEAR_TICKS = 4_600, 60


def silly(account: int, side: Side, price_ticks: int) -> Records:
    made = buy if side == Side.BUY else sell
    return made(account, 1, 1, price_ticks)


def check_market(events: Records, account: int, price_ticks: int) -> None:
    """The order traded at its price, and then both sides stand near the value and trade there."""
    trades = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    own = (trades["account"] == account) | (trades["maker_account"] == account)
    assert trades[own]["price_ticks"].tolist() == [price_ticks]
    later = trades[~own]
    assert len(later) > 3
    assert np.abs(later["price_ticks"] - FAIR_TICKS).max() < NEAR_TICKS
    quote = events[events["kind"] == EventKind.QUOTE].view(QUOTE_EVENT)[-1]
    bid_ticks, ask_ticks = int(quote["bid_price_ticks"]), int(quote["ask_price_ticks"])
    assert FAIR_TICKS - NEAR_TICKS < bid_ticks < ask_ticks < FAIR_TICKS + NEAR_TICKS


def played(session: LiveSession) -> Records:
    return Exchange(session.venue).step(commands_of(session))


@pytest.mark.parametrize(("side", "price_ticks"), SILLY)
def test_one_that_waits_in_the_pre_open(tmp_path: Path, side: Side, price_ticks: int) -> None:
    wall = Wall()
    session = begin(tmp_path, AGENTS, wall=wall)
    account = session.join_and_wait("u", "Ann").account
    session.move_and_wait(SessionState.PRE_OPEN)
    session.send_and_wait(silly(account, side, price_ticks))
    session.move_and_wait(SessionState.OPEN)
    for second in range(1, SECONDS + 1):
        pass_to(session, wall, session.open_ns + second * SECOND_NS)
    session.close_and_wait()
    check_market(played(session), account, price_ticks)


@pytest.mark.parametrize("stops", [("pre_open",), ("open",), ("pre_open", "open")])
def test_a_restart_changes_nothing_of_what_agents_know(tmp_path: Path, stops: tuple[str, ...]) -> None:
    def day(name: str, stops: tuple[str, ...]) -> bytes:
        wall = Wall()
        session = begin(tmp_path, AGENTS, name, wall=wall)
        account = session.join_and_wait("u", "Ann").account
        session.move_and_wait(SessionState.PRE_OPEN)
        session.send_and_wait(silly(account, Side.BUY, 6_000))
        if "pre_open" in stops:
            session.close_and_wait()
            session = LiveSession.resume(tmp_path, name, wall=wall)
        session.move_and_wait(SessionState.OPEN)
        pass_to(session, wall, session.open_ns + SECOND_NS)
        if "open" in stops:
            session.close_and_wait()
            session = LiveSession.resume(tmp_path, name, wall=wall)
        pass_to(session, wall, session.open_ns + 3 * SECOND_NS)
        session.close_and_wait()
        commands = commands_of(session)
        of_agents: bytes = commands[commands["account"] == 0].tobytes()
        assert of_agents
        return of_agents

    assert day("stopped", stops) == day("unbroken", ())


@pytest.mark.parametrize(("side", "price_ticks"), SILLY)
def test_one_that_stands_alone_on_an_exchange(side: Side, price_ticks: int) -> None:
    scenario = parse_scenario(AGENTS)
    assert scenario.crowd is not None
    venue, population = scenario.venue, scenario.crowd.population()
    account, exchange = scenario.seats.first, Exchange(venue)
    order = silly(account, side, price_ticks)
    order["time_ns"] = population.session.open_ns
    first = exchange.step(order)
    population.observe(first)
    until_ns = population.session.open_ns + SECONDS * SECOND_NS
    events = [first, *(events for _, events in run(population, exchange, until_ns))]
    check_market(np.concatenate(events), account, price_ticks)
