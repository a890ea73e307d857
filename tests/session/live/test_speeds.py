"""The same inputs give the same commands at any speed and in any pieces."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.session.live.markets import (
    AGENTS,
    PEOPLE,
    SECOND_NS,
    Wall,
    begin,
    buy,
    commands_of,
    finish,
    opened,
    pass_to,
    sell,
    until,
)
from workbench.domain.codes import CommandKind, SessionState
from workbench.feed.agents.population import SLICE_NS


def undisturbed(folder: Path, name: str, speed: object) -> bytes:
    session = opened(folder, AGENTS, name, overrides={"live.speed": speed})
    finish(session)
    session.close_and_wait()
    return commands_of(session).tobytes()


def test_agents_and_script_do_the_same_at_any_speed(tmp_path: Path) -> None:
    fastest = undisturbed(tmp_path, "fastest", "max")
    assert undisturbed(tmp_path, "quick", 60) == fastest
    assert undisturbed(tmp_path, "quicker", 1_000) == fastest


@pytest.fixture
def with_people(tmp_path: Path) -> Callable[[str, float, int], bytes]:
    """Runs a session in which people trade at fixed exchange times; its commands."""

    def run(name: str, speed: float, step_ns: int) -> bytes:
        wall = Wall()
        session = begin(tmp_path, AGENTS, name, wall=wall, overrides={"live.speed": speed})
        account = session.join_and_wait("u", "Ann").account
        session.move_and_wait(SessionState.OPEN)
        open_ns = session.open_ns
        # Moments are whole multiples of every speed, so that each clock can show them.
        moments = [open_ns + n * 1_234_567_200 for n in range(1, 20)]
        now_ns = open_ns
        for number, moment in enumerate(moments, start=1):
            while now_ns + step_ns < moment:
                now_ns += step_ns
                pass_to(session, wall, now_ns)
            now_ns = moment
            pass_to(session, wall, moment)
            made = buy if number % 2 else sell
            answer = session.send_and_wait(made(account, number, 100, 4_600))
            assert answer.time_ns == moment
        session.move_and_wait(SessionState.CLOSED)
        session.close_and_wait()
        return commands_of(session).tobytes()

    return run


def test_people_at_the_same_moments_change_the_market_in_the_same_way(
    with_people: Callable[[str, float, int], bytes],
) -> None:
    one = with_people("one", 1.0, 7 * 60_000_000)
    assert with_people("sixty", 60.0, 7 * 60_000_000) == one
    assert with_people("pieces", 1.0, 13_200_000) == one


def test_a_slice_ends_with_a_clock_at_its_boundary(tmp_path: Path) -> None:
    session = opened(tmp_path, AGENTS, overrides={"live.speed": "max"})
    finish(session)
    commands = commands_of(session)
    clocks = commands["time_ns"][commands["kind"] == CommandKind.CLOCK]
    assert clocks.tolist() == [session.open_ns + n * SLICE_NS for n in range(1, 601)]
    assert (np.diff(commands["time_ns"]) >= 0).all()
    session.close_and_wait()


@pytest.mark.slow
def test_a_clock_that_jumps_is_caught_up_and_starves_nobody(tmp_path: Path) -> None:
    wall = Wall()
    text = PEOPLE + 'close = "15:30"\n'
    session = begin(tmp_path, text, wall=wall)
    account = session.join_and_wait("u", "Ann").account
    session.move_and_wait(SessionState.OPEN)
    # Its thread is kept until the clock has jumped and an order waits.
    gate, first = threading.Event(), list[Any]()
    session.submit(buy(account, 6), lambda _: gate.wait(60))
    wall.now_ns += 4 * 3_600 * SECOND_NS
    sequencer = session._sequencer
    sequencer.ring()
    session.submit(buy(account, 1), first.append)
    gate.set()
    until(lambda: first)
    times = [first[0].time_ns, *(session.send_and_wait(buy(account, n)).time_ns for n in range(2, 6))]
    assert times[0] < session.open_ns + 3_600 * SECOND_NS, "it was answered long before all is caught up"
    until(lambda: session.status().time_ns == session.open_ns + 4 * 3_600 * SECOND_NS, 600.0)
    # The last slices may not have been durable yet; who asks waits for them.
    session.ask_and_wait(lambda exchange: exchange.time_ns)
    commands = commands_of(session)
    clocks = commands["time_ns"][commands["kind"] == CommandKind.CLOCK]
    assert set(np.diff(clocks)) == {SLICE_NS}
    assert len(clocks) == 4 * 36_000
    session.close_and_wait()
