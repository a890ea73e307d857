"""What waits for a session's thread."""

import threading
import time
from typing import Any

import pytest

from tests.session.live.markets import buy
from workbench.domain.codes import SessionState
from workbench.errors import BusyError, SessionError
from workbench.session.live.controls import Move, SetSpeed
from workbench.session.live.counters import SequencerCounters
from workbench.session.live.inbox import Ask, Inbox
from workbench.session.live.queue import QUEUE_LIMIT, Entry, entry


def some(number: int = 1) -> Entry:
    return entry(buy(2, number), lambda _: None, None, None, None)


def test_commands_are_taken_in_order_and_no_more_than_make_a_turn() -> None:
    counters = SequencerCounters()
    inbox = Inbox("one", counters)
    given = [some(number) for number in range(10_000)]
    for each in given:
        inbox.put(each)
    first = inbox.take_entries()
    assert counters.queued == 10_000
    assert len(first) == 8_192
    assert first + inbox.take_entries() == given
    assert inbox.empty


def test_who_comes_when_too_many_wait_is_turned_away_and_counted() -> None:
    counters = SequencerCounters()
    inbox = Inbox("one", counters)
    one = some()
    for _ in range(QUEUE_LIMIT):
        inbox.put(one)
    with pytest.raises(BusyError, match="65,536"):
        inbox.put(one)
    assert (len(inbox), counters.busy) == (QUEUE_LIMIT, 1)


def test_nothing_is_taken_beyond_a_change_of_state() -> None:
    inbox = Inbox("one", SequencerCounters())
    speed, move, later = (
        SetSpeed(2.0, print),
        Move(SessionState.OPEN, False, print),
        SetSpeed(3.0, print),
    )
    ask = Ask(lambda _: None, print)
    for one in (ask, speed, move, later):
        inbox.add(one)
    assert inbox.take_others() == ([speed, move], [ask])
    assert inbox.take_others() == ([later], [])


def test_at_the_end_everybody_is_told() -> None:
    inbox = Inbox("one", SequencerCounters())
    told: list[Any] = []
    error = SessionError("is over", "session 'one'", "join another")
    inbox.add(SetSpeed(2.0, told.append))
    inbox.add(Ask(lambda _: None, told.append))
    given = [some(number) for number in range(9_000)]
    for each in given:
        inbox.put(each)
    assert inbox.turn_away(error) == given
    assert told == [error, error]
    assert inbox.empty


def test_a_sleeper_is_woken_by_commands_and_by_all_else() -> None:
    inbox = Inbox("one", SequencerCounters())
    for wake in (lambda: inbox.put(some()), lambda: inbox.add(Ask(print, print)), inbox.ring):
        sleeper = threading.Thread(target=inbox.sleep, args=(lambda: 3_600.0,), daemon=True)
        sleeper.start()
        time.sleep(0.05)
        wake()
        sleeper.join(60)
        assert not sleeper.is_alive()
        inbox.take_entries()
        inbox.take_others()


def test_nobody_sleeps_while_something_waits() -> None:
    inbox = Inbox("one", SequencerCounters())
    inbox.put(some())
    inbox.sleep(lambda: pytest.fail("it asked how long it may sleep"))
