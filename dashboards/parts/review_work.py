"""Work of a page that may take long: done on a few threads, and its result shown on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(2, "review")
"""Two, whoever looks: beside an exchange a class that opens its reviews at once waits in line."""
_MAKER = ThreadPoolExecutor(1, "review-maker")
"""Makes what Bokeh draws, all of it Python: a reading that waits for its exchange must not hold it up."""

_GONE_S = 5.0
"""For so long a turn is kept for a page, whose browser may have gone meanwhile."""
_PAUSE_S = 0.005


class _Turn:
    """Who may change a page: one page at a time, and one part of it; who came first is done first."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._asked = count()

    async def take(self, rank: int) -> None:
        """Wait for the turn; lower ranks are before higher ones, and of one rank whoever asked first."""
        if not self._taken:
            self._taken = True
            return
        waiting = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (rank, next(self._asked), waiting))
        try:
            await waiting
        except asyncio.CancelledError:
            if not waiting.cancelled():
                self.give()
            raise

    def give(self) -> None:
        """Have the next one do their part."""
        while self._waiting:
            waiting = heappop(self._waiting)[2]
            if not waiting.done():
                waiting.set_result(None)
                return
        self._taken = False


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turn] = WeakKeyDictionary()
_pages = count()


class Work:
    """The work of one page.

    Parameters
    ----------
    document
        The page's document; without one results are taken as they come.
    failed
        Told of an error that nobody expected, with what was tried.
    """

    def __init__(self, document: Any, failed: Callable[[str], None]) -> None:
        self._document = document
        self._failed = failed
        self._rank = next(_pages)
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self, what: str, read: Callable[[], T], then: Callable[[T], None]) -> None:
        """Have `read` called on a thread, and `then`, which takes no time, with what it gave, on the loop."""
        self._begin(self._do(what, partial(_called, _THREADS, read), partial(self._at_once, then)))

    def do(self, what: str, read: Callable[[], T], then: Callable[[T], None]) -> None:
        """Have `read` called on a thread, and `then` with what it gave, on the loop, in the page's turn."""
        self._begin(self._do(what, partial(_called, _THREADS, read), partial(self._later, then)))

    def make(self, what: str, made: Callable[[], T], then: Callable[[T], None]) -> None:
        """The same for what has to be reckoned in Python alone.

        That goes on a thread in the page's turn too: the interpreter does one thing at a time, so beside it a
        part that is put into a page would take twice as long, and whoever waits for the loop with it.
        """
        found = partial(self._turn, partial(_called, _MAKER, made))
        self._begin(self._do(what, found, partial(self._later, then)))

    async def _do(
        self, what: str, found: Callable[[], Awaitable[T]], then: Callable[[T], Awaitable[None]]
    ) -> None:
        try:
            result = await found()
        except Exception:  # noqa: BLE001 - whatever it is, the page says that it went wrong and the log says what
            structlog.get_logger("workbench.pages").exception("review failed", what=what)
            self.soon(partial(self._failed, what))
        else:
            await then(result)

    async def _at_once(self, then: Callable[[T], None], result: T) -> None:
        self.soon(partial(then, result))

    async def _later(self, then: Callable[[T], None], result: T) -> None:
        await self._in_turns((partial(then, result),))

    def in_turns(self, *calls: Callable[[], None]) -> None:
        """Have things done one after the other, each in a later turn of the loop, and one page at a time.

        What stands in a page is made on the loop, some 50 ms for a chart; when a class opens its reviews at
        once, those who trade beside it wait for one part of one page, and not for all of all.
        """
        self._begin(self._in_turns(calls))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in_turns(self, calls: tuple[Callable[[], None], ...]) -> None:
        for call in calls:
            await self._turn(partial(self._done, call))

    async def _turn(self, work: Callable[[], Awaitable[T]]) -> T:
        """Wait for the turn, and do something in it."""
        turn = _turns.setdefault(asyncio.get_running_loop(), _Turn())
        await turn.take(self._rank)
        try:
            return await work()
        finally:
            # Whatever came meanwhile for others is done first.
            asyncio.get_running_loop().call_later(_PAUSE_S, turn.give)

    async def _done(self, call: Callable[[], None]) -> None:
        """Have something done that changes the page, unless its browser has gone."""
        done = asyncio.Event()
        self.soon(partial(_finish, call, done))
        if self._document is None or self._document.session_context is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), _GONE_S)

    def soon(self, call: Callable[[], None]) -> None:
        """Have something done in the page's turn: what changes Bokeh's own models has to wait for it."""
        if self._document is None:
            call()
        elif self._document.session_context is not None:
            # Nobody is told whose browser has gone meanwhile.
            self._document.add_next_tick_callback(call)


async def _called(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, call)


def _finish(call: Callable[[], None], done: asyncio.Event) -> None:
    try:
        call()
    finally:
        done.set()
