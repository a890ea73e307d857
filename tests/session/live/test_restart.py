"""A session after its process ended, in order or not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.session.live.markets import (
    AGENTS,
    PEOPLE,
    begin,
    buy,
    commands_of,
    finish,
    opened,
    until,
)
from workbench.domain.codes import CommandKind, Phase, SessionState, TradeState
from workbench.domain.commands import set_phase
from workbench.engine.exchange import Exchange
from workbench.errors import JournalError, StoreError
from workbench.journal.manifest import SEALED, read_manifest
from workbench.journal.place import JOURNAL
from workbench.journal.reader import read_remarks
from workbench.session.live.opening import stored_classes
from workbench.session.live.session import LiveSession
from workbench.session.publisher import Rhythm
from workbench.session.recovery import recover
from workbench.session.rerun import rerun
from workbench.session.review import Review
from workbench.session.review_day import ReviewDay
from workbench.session.review_recording import stored_recording
from workbench.session.stored import open_session

ROOT = Path(__file__).parents[3]
OFTEN = Rhythm(publish_events=500, publish_seconds=0.05, snapshot_commands=400)

CHILD = """
import asyncio
import sys
from tests.session.live.markets import AGENTS, buy
from tests.session.live.test_restart import LONGER, OFTEN
from workbench.domain.codes import EventKind, FeeKind, SessionState
from workbench.domain.commands import ALL, fine, set_fee
from workbench.domain.records import TRADE_EVENT
from workbench.session.live.client_ids import client_order_number
from workbench.session.live.session import LiveSession

folder, speed = sys.argv[1], float(sys.argv[2])
session = LiveSession.create(folder, "live", LONGER, rhythm=OFTEN, overrides={"live.speed": speed})
account = session.join_and_wait("user", "Ann").account
session.move_and_wait(SessionState.OPEN)
number = 0
while True:
    name = f"order {number}"
    client = client_order_number(name)
    order = buy(account, client, 1, 4_500 + number % 250)
    answer = session.send_and_wait(order, names={(account, client): name})
    trades = answer.events[answer.events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    if len(trades) and number % 3 == 0:
        asyncio.run(session.bust(int(trades["trade_id"][0]), reason=name, author="user"))
        session.send_and_wait(set_fee(0, ALL, FeeKind.TAKER_BPS, 1 + number % 100))
        asyncio.run(session.pay(fine(0, account, 1 + number), reason=name, author="user"))
    print(number, flush=True)
    number += 1
"""


def killed(folder: Path, answers: int, speed: float = 20.0) -> int:
    """Run a session in a process of its own, kill it, and say which order was the last to be answered."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(speed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        last = -1
        for line in child.stdout:
            last = int(line)
            if last >= answers:
                child.send_signal(signal.SIGKILL)
                break
        # Whatever was answered before the kill was also written into the pipe.
        for line in child.stdout:
            last = int(line)
        assert child.wait() == -signal.SIGKILL
    return last


@pytest.mark.parametrize("answers", [3, 150, 600])
def test_after_kill_9_all_that_was_answered_is_there_and_it_goes_on(tmp_path: Path, answers: int) -> None:
    # Slow enough that the market does not close before the last of the answers, on a slow machine too.
    last = killed(tmp_path, answers, speed=1)
    session = LiveSession.resume(tmp_path, "live", rhythm=OFTEN)
    assert session.state == SessionState.OPEN
    seat = session.seat_of("user")
    assert seat is not None
    assert seat.name == "Ann"
    bought = commands_of(session)
    bought = bought[(bought["account"] == seat.account) & (bought["kind"] != CommandKind.FINE)]
    names = [session.client_order_name(seat.account, int(number)) for number in bought["client_order_id"]]
    assert names[: last + 1] == [f"order {number}" for number in range(last + 1)]
    assert len(names) <= last + 2, "at most the one in flight happened unanswered"
    count, found = session.ask_and_wait(
        lambda exchange: (exchange.counters()["commands"][0], exchange.state_hash())
    )
    again = Exchange(session.venue)
    again.step(commands_of(session)[:count])
    assert again.state_hash() == found
    if answers == 600:
        assert len(again.state().fees) > 0
        busted = [trade for trade in again.state().trades if trade["state"] == TradeState.BUSTED]
        assert len(busted) > 10
        assert all(session.bust_reason(int(trade["trade_id"]))[1] == "user" for trade in busted)
        assert len(fines_of(session)) > 10
        assert all(
            session.payment_reason(seq) == (f"order {amount - 1}", "user")
            for seq, amount in fines_of(session).items()
        )
    events = session.status().events
    assert session.send_and_wait(buy(seat.account, 1)).events["seq"][0] > events - 1
    session.set_speed_and_wait(None)
    finish(session)
    session.move_and_wait(SessionState.DEBRIEF)
    session.close_and_wait()
    assert read_manifest(session.folder).state == SEALED
    assert rerun("live", data=tmp_path).identical
    told = Review(ReviewDay(stored_recording("live", tmp_path)), seat.account).cash_entries()
    assert [round(-amount * 1e6) for amount in told["amount"]] == list(fines_of(session).values())
    assert told["text"].to_list() == [f"order {amount - 1}" for amount in fines_of(session).values()]
    with wb.connect(tmp_path) as con:
        counted = con.sql("select count(*), max(seq) from events").fetchall()
    assert counted == [(session.status().events, session.status().events)]


def fines_of(session: LiveSession) -> dict[int, int]:
    """Micros of each fine, by the command."""
    commands = commands_of(session)
    (found,) = np.nonzero(commands["kind"] == CommandKind.FINE)
    return {int(at) + 1: int(commands["amount_micros"][at]) for at in found}


def reach(session: LiveSession, seconds: int) -> None:
    """Wait until so many seconds after the open."""
    until(lambda: session.status().time_ns > session.open_ns + seconds * 10**9)


def test_agents_do_after_a_restart_what_they_would_have_done(tmp_path: Path) -> None:
    whole = opened(tmp_path, AGENTS, "whole", overrides={"live.speed": "max"})
    finish(whole)
    whole.close_and_wait()
    session = opened(tmp_path, AGENTS, "parts", overrides={"live.speed": 200}, rhythm=OFTEN)
    for part in range(1, 6):
        reach(session, part * 9)
        session.close_and_wait()
        session = LiveSession.resume(tmp_path, "parts", rhythm=OFTEN)
        assert session.clock.speed == 200
    finish(session)
    session.close_and_wait()
    assert commands_of(session).tobytes() == commands_of(whole).tobytes()


FASTEST = """
import sys
import time
from tests.session.live.test_restart import LONGER, OFTEN
from workbench.domain.codes import SessionState
from workbench.session.live.session import LiveSession

folder, begun = sys.argv[1], sys.argv[2] == "begin"
if begun:
    session = LiveSession.create(folder, "live", LONGER, rhythm=OFTEN, overrides={"live.speed": "max"})
    session.move_and_wait(SessionState.OPEN)
else:
    session = LiveSession.resume(folder, "live", rhythm=OFTEN)
while True:
    print(session.status().commands, flush=True)
    time.sleep(0.001)
"""

LONGER = AGENTS.replace('close = "09:31"', 'close = "09:36"')


def kill_at(folder: Path, how: str, commands: int) -> None:
    """Let a session run as fast as it can in a process of its own, and kill it after so many commands.

    Its second life ends once a snapshot is there, which another thread writes when it comes to it.
    """
    journal = folder / "sessions" / "live" / JOURNAL
    with subprocess.Popen(
        [sys.executable, "-c", FASTEST, str(folder), how],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= commands and (how == "begin" or list(journal.glob("*.wbs"))):
                child.send_signal(signal.SIGKILL)
                break
        assert child.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_killed_at_full_speed_it_does_what_it_would_have_done(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = opened(tmp_path, LONGER, "whole", overrides={"live.speed": "max"})
    finish(whole)
    whole.close_and_wait()
    for how, commands in (("begin", 2_500), ("go on", 6_000)):
        kill_at(tmp_path, how, commands)
    session = LiveSession.resume(tmp_path, "live", rhythm=OFTEN)
    finish(session)
    session.close_and_wait()
    assert "does not" not in caplog.text
    assert commands_of(session).tobytes() == commands_of(whole).tobytes()


def test_every_state_comes_back(tmp_path: Path) -> None:
    session = begin(tmp_path, PEOPLE)
    session.join_and_wait("a", "Ann")
    for state in (None, SessionState.PRE_OPEN, SessionState.OPEN, SessionState.PAUSED, SessionState.CLOSED):
        if state is not None:
            session.move_and_wait(state)
        before = session.status()
        session.close_and_wait()
        session = LiveSession.resume(tmp_path, "live")
        after = session.status()
        assert (after.state, after.phases, after.seats_taken) == (before.state, before.phases, 1)
        assert after.open_ns == before.open_ns
        assert session.clock.running == (after.state in (SessionState.PRE_OPEN, SessionState.OPEN))
        assert after.time_ns - before.time_ns > -(10**9)
    session.close_and_wait()


def test_what_was_halted_before_a_pause_is_known_after_a_restart(tmp_path: Path) -> None:
    session = opened(tmp_path, PEOPLE)
    session.send_and_wait(set_phase(0, Phase.HALTED, 1))
    session.move_and_wait(SessionState.PAUSED)
    session.close_and_wait()
    session = LiveSession.resume(tmp_path, "live")
    assert session.move_and_wait(SessionState.OPEN).phases == (Phase.CONTINUOUS, Phase.HALTED)
    session.close_and_wait()


def test_a_killed_session_can_be_sealed_without_a_server(tmp_path: Path) -> None:
    killed(tmp_path, 100)
    done = recover("live", data=tmp_path)
    assert done.commands > 100
    assert rerun("live", data=tmp_path).identical
    with pytest.raises(StoreError, match="sealed"):
        LiveSession.resume(tmp_path, "live")


def test_what_orders_are_called_is_read_from_the_journal_beside_the_market_and_without_it(
    tmp_path: Path,
) -> None:
    session = opened(tmp_path, PEOPLE, rhythm=OFTEN)
    account = session.join_and_wait("user", "Ann").account
    session.send_and_wait(buy(account, 7, 1, 4_500), names={(account, 7): "first"})
    session.send_and_wait(buy(account, 8, 1, 4_501), names={(account, 8): "second"})
    until(lambda: open_session(session.name, tmp_path).manifest.commands == session.status().commands)
    called = {(account, 7): "first", (account, 8): "second"}
    assert open_session(session.name, tmp_path).names == called
    session.close_and_wait()
    assert open_session(session.name, tmp_path).names == called


def test_a_recorded_session_is_no_live_one(tmp_path: Path) -> None:
    wb.run(ROOT / "data/scenarios/two-traders.toml", session="two", data=tmp_path)
    with pytest.raises((StoreError, JournalError)):
        LiveSession.resume(tmp_path, "two")


def test_the_journal_alone_says_who_sat_where(tmp_path: Path) -> None:
    session = begin(tmp_path)
    session.join_and_wait("a", "Ann")
    found = b"".join(remark.data for remark in read_remarks(session.folder / JOURNAL))
    assert b"Ann" in found
    session.close_and_wait()


def test_classes_and_a_hidden_board_come_back(tmp_path: Path) -> None:
    session = LiveSession.create(tmp_path, "live", PEOPLE, classes=("one", "two"))
    assert (session.classes, session.board_hidden) == (("one", "two"), False)
    session.set_board_and_wait(hidden=True)
    assert session.board_hidden
    session.close_and_wait()
    again = LiveSession.resume(tmp_path, "live")
    assert (again.classes, again.board_hidden) == (("one", "two"), True)
    for state in (SessionState.OPEN, SessionState.CLOSED, SessionState.DEBRIEF):
        again.move_and_wait(state)
    # The journal is sealed by now, and the class may be shown at last who has won.
    again.set_board_and_wait(hidden=False)
    assert not again.board_hidden
    again.close_and_wait()
    about = read_manifest(again.folder).about
    assert stored_classes(about) == ("one", "two")
    assert stored_classes({"kind": "recorded"}) == ()
