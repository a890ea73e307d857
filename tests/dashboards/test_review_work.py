"""Work of several reviews at once: whose turn it is, and what waits for none."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial

from dashboards.parts.review_work import Work

_TURN_S = 0.02
_PATIENCE_S = 60.0


def work() -> Work:
    def failed(what: str) -> None:
        raise AssertionError(what)

    return Work(None, failed)


async def until(done: list[str], length: int) -> None:
    end = time.monotonic() + _PATIENCE_S
    while len(done) < length:
        assert time.monotonic() < end, done
        await asyncio.sleep(0.001)


def test_of_pages_that_come_at_once_the_first_is_whole_first() -> None:
    done: list[str] = []

    async def come() -> None:
        pages = {name: work() for name in "abc"}
        # They ask in the other order than they came in, and go on asking while others wait.
        for name in "cba":
            pages[name].in_turns(*(partial(done.append, f"{name}{part}") for part in range(3)))
        await until(done, 9)

    asyncio.run(come())
    # Who asked when nobody else had may do the one part that nobody waited for.
    assert done == ["c0", "a0", "a1", "a2", "b0", "b1", "b2", "c1", "c2"]


def test_what_is_made_on_a_thread_is_made_while_nothing_is_put_into_a_page() -> None:
    busy, beside, done = threading.Semaphore(1), list[str](), list[str]()

    def alone() -> None:
        if not busy.acquire(blocking=False):
            beside.append("it")
            return
        time.sleep(_TURN_S)
        busy.release()

    async def come() -> None:
        for _ in range(4):
            page = work()
            page.make("it", alone, lambda _: done.append("made"))
            page.in_turns(alone, alone, partial(done.append, "put"))
        await until(done, 8)

    asyncio.run(come())
    assert not beside
    assert sorted(done) == ["made"] * 4 + ["put"] * 4


def test_a_look_waits_for_no_turn() -> None:
    done: list[str] = []

    async def come() -> None:
        go = threading.Event()
        page, other = work(), work()
        page.make("it", partial(go.wait, _PATIENCE_S), lambda _: done.append("made"))
        await asyncio.sleep(_TURN_S)
        other.in_turns(partial(done.append, "put"))
        other.look("the book", lambda: "seen", done.append)
        await until(done, 1)
        go.set()
        await until(done, 3)

    asyncio.run(come())
    assert done == ["seen", "made", "put"]


def test_what_fails_gives_the_turn_on_and_says_what_it_was() -> None:
    done: list[str] = []

    async def come() -> None:
        page = Work(None, done.append)
        page.make("the charts", [].pop, lambda _: done.append("made"))
        page.in_turns(partial(done.append, "put"))
        await until(done, 2)

    asyncio.run(come())
    assert done == ["the charts", "put"]
