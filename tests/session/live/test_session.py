"""A live session as its callers use it."""

import asyncio
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.session.live.markets import PEOPLE, Wall, begin, buy, commands_of, opened, sell, until
from workbench.domain.codes import CommandKind, EventKind, SessionState
from workbench.domain.commands import announce, batch, clock, set_session_state
from workbench.domain.records import COMMAND
from workbench.errors import BusyError, CommandError, ConfigError, SessionError, StoreError
from workbench.session.live import queue
from workbench.session.live.answer import Answer
from workbench.session.live.session import LiveSession


def wait_at(gate: threading.Event, inside: threading.Event | None = None) -> None:
    """Keep the session's thread until the gate opens."""
    if inside is not None:
        inside.set()
    gate.wait(60)


def test_each_caller_gets_the_events_of_its_own_commands(tmp_path: Path) -> None:
    # Time stands: no clock comes between the commands.
    session = opened(tmp_path, wall=Wall())
    accounts = [session.join_and_wait(user, user).account for user in "abc"]
    gate = threading.Event()
    told: dict[int, Answer] = {}
    # While the thread waits here the others queue up, so that they become one batch.
    session.submit(buy(accounts[0], 1), lambda _: wait_at(gate))
    sent = {n: batch([buy(accounts[n % 3], 100 * n + i) for i in range(1 + n % 4)]) for n in range(1, 60)}
    for number, commands in sent.items():
        session.submit(commands, partial(told.__setitem__, number))
    before = session.counters().batches
    gate.set()
    until(lambda: len(told) == len(sent))
    assert session.counters().batches - before <= 4
    last = None
    for number, commands in sent.items():
        answer = told[number]
        assert answer.last_command_seq - answer.first_command_seq + 1 == len(commands)
        assert last is None or answer.first_command_seq == last + 1
        last = answer.last_command_seq
        created = answer.events[answer.events["kind"] == EventKind.ORDER_CREATED]
        assert created["payload"][:, 1].tolist() == commands["client_order_id"].tolist()
        assert set(answer.events["command_seq"]) == set(range(answer.first_command_seq, last + 1))
        assert answer.last_event_seq == answer.events["seq"][-1]
    with pytest.raises(ValueError, match="read-only"):
        answer.events["seq"] = 0
    session.close_and_wait()


def test_loops_and_threads_use_it_at_once(tmp_path: Path) -> None:
    session = opened(tmp_path)

    async def trade() -> tuple[int, int]:
        seat = await session.join("a", "Ann")
        again = await session.join("a", "Another")
        assert seat == again
        answers = await asyncio.gather(*(session.send(buy(seat.account, n)) for n in range(1, 30)))
        assert len({answer.first_command_seq for answer in answers}) == len(answers)
        orders = await session.ask(lambda exchange: exchange.orders(seat.account))
        with pytest.raises(CommandError):
            await session.send(np.zeros(0, dtype=COMMAND))
        with pytest.raises(ZeroDivisionError):
            await session.ask(lambda _: 1 // 0)
        news = await session.announce("Halt", symbols=["ACME"], author="teacher")
        assert session.announcements == [news]
        status = await session.set_speed(2)
        assert (await session.move(SessionState.PAUSED)).state == SessionState.PAUSED
        return len(orders), int(status.speed or 0)

    assert asyncio.run(trade()) == (29, 2)
    asyncio.run(session.close())
    asyncio.run(session.close())


def test_what_only_the_session_may_do_is_refused_and_nobody_else_notices(tmp_path: Path) -> None:
    session = opened(tmp_path)
    account = session.join_and_wait("u", "Ann").account
    gate = threading.Event()
    told: list[Any] = []
    session.submit(buy(account, 1), lambda _: wait_at(gate))
    for command in (clock(0), buy(account, 2), set_session_state(0, SessionState.CLOSED), announce(0, 1)):
        session.submit(command, told.append)
    session.submit(batch([buy(account, 3), clock(0)]), told.append)
    gate.set()
    until(lambda: len(told) == 5)
    refused = [each for each in told if isinstance(each, CommandError)]
    assert len(refused) == 4
    assert {each.what.split()[0] for each in refused} == {"CLOCK", "SET_SESSION_STATE", "ANNOUNCE"}
    orders = session.ask_and_wait(lambda exchange: exchange.orders(account)["client_order_id"].tolist())
    assert sorted(orders) == [1, 2]
    session.close_and_wait()


@pytest.mark.parametrize(
    "given", [None, [1], np.zeros(1), np.zeros(0, dtype=COMMAND), np.zeros(20_000, dtype=COMMAND)]
)
def test_what_is_no_command_is_refused_at_once(tmp_path: Path, given: Any) -> None:
    session = begin(tmp_path)
    with pytest.raises(CommandError):
        session.send_and_wait(given)
    session.close_and_wait()


def test_too_many_waiting_are_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "QUEUE_LIMIT", 5)
    session = opened(tmp_path)
    account = session.join_and_wait("u", "Ann").account
    gate, inside = threading.Event(), threading.Event()
    session.submit(buy(account), lambda _: wait_at(gate, inside))
    assert inside.wait(60)
    told: list[Any] = []
    for _ in range(5):
        session.submit(buy(account), told.append)
    with pytest.raises(BusyError, match="5 callers wait already"):
        session.submit(buy(account), told.append)
    assert session.counters().busy == 1
    assert session.counters().queued == 5
    gate.set()
    until(lambda: len(told) == 5)
    session.send_and_wait(buy(account))
    session.close_and_wait()


def test_a_callback_that_fails_stops_nobody(tmp_path: Path) -> None:
    session = opened(tmp_path)
    account = session.join_and_wait("u", "Ann").account

    def fail(_: object) -> None:
        raise RuntimeError("mine")

    session.submit(buy(account, 1), fail)
    assert session.send_and_wait(buy(account, 2)).last_event_seq
    session.close_and_wait()


def test_times_never_fall_and_only_the_session_sets_them(tmp_path: Path) -> None:
    session = opened(tmp_path)
    account = session.join_and_wait("u", "Ann").account
    odd = buy(account, 1)
    odd["time_ns"] = 1 << 61
    answer = session.send_and_wait(odd)
    assert answer.time_ns < 1 << 61
    assert odd["time_ns"][0] == 1 << 61, "the caller's own array stays as it was"
    session.send_and_wait(sell(account, 2))
    times = commands_of(session)["time_ns"]
    assert (np.diff(times) >= 0).all()
    session.close_and_wait()


def test_seats_run_out_and_late_ones_may_be_refused(tmp_path: Path) -> None:
    session = begin(tmp_path, overrides={"seats.late": False, "seats.count": 2})
    assert [session.join_and_wait(user, user).account for user in "ab"] == [2, 3]
    with pytest.raises(SessionError, match="all of its 2 seats are taken"):
        session.join_and_wait("c", "c")
    session.close_and_wait()
    late = opened(tmp_path, name="late", overrides={"seats.late": False})
    with pytest.raises(SessionError, match="takes nobody after the open"):
        late.join_and_wait("a", "a")
    late.close_and_wait()


def test_news_need_symbols_that_are_there(tmp_path: Path) -> None:
    session = opened(tmp_path)
    with pytest.raises(ConfigError, match="no instrument 'NONE'"):
        session.announce_and_wait("x", symbols=["NONE"])
    numbers = [session.announce_and_wait(text).number for text in "abc"]
    assert numbers == [1, 2, 3]
    kinds = commands_of(session)["kind"].tolist()
    assert kinds.count(CommandKind.ANNOUNCE) == 3
    session.close_and_wait()


def test_events_are_on_the_bus_from_the_first_one(tmp_path: Path) -> None:
    session = opened(tmp_path)
    account = session.join_and_wait("u", "Ann").account
    heard: list[int] = []
    listening = session.bus.subscribe("test", "live", 1, lambda b: heard.extend(b.events["seq"].tolist()))
    last = session.send_and_wait(buy(account, 1)).last_event_seq
    assert listening.wait_for(last, 60)
    assert heard == list(range(1, last + 1))
    session.close_and_wait()


def test_a_closed_session_says_so(tmp_path: Path) -> None:
    session = opened(tmp_path)
    session.close_and_wait()
    with pytest.raises(SessionError, match="is being closed"):
        session.send_and_wait(buy(2))
    with pytest.raises(SessionError, match="is being closed"):
        session.ask_and_wait(lambda exchange: exchange.time_ns)
    with pytest.raises(StoreError, match="a session of that name"):
        LiveSession.create(tmp_path, "live", PEOPLE)
