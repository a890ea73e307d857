"""Work of a page that may take long: done on a few threads, and its result shown on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import structlog

T = TypeVar("T")

_THREADS = ThreadPoolExecutor(2, "review")
"""Two, whoever looks: beside an exchange a class that opens its reviews at once waits in line."""

_GONE_S = 5.0
"""For so long a turn is kept for a page, whose browser may have gone meanwhile."""
_PAUSE_S = 0.005
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""By loop, who may change a page: one page at a time, and one part of it."""


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
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, what: str, read: Callable[[], T], then: Callable[[T], None]) -> None:
        """Have `read` called on a thread, and `then` with what it gave, on the loop, in the page's turn."""
        task = asyncio.get_running_loop().create_task(self._do(what, read, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, what: str, read: Callable[[], T], then: Callable[[T], None]) -> None:
        try:
            result = await asyncio.get_running_loop().run_in_executor(_THREADS, read)
        except Exception:  # noqa: BLE001 - whatever it is, the page says that it went wrong and the log says what
            structlog.get_logger("workbench.pages").exception("review failed", what=what)
            self.soon(partial(self._failed, what))
        else:
            await self._in_turns((partial(then, result),))

    def in_turns(self, *calls: Callable[[], None]) -> None:
        """Have things done one after the other, each in a later turn of the loop, and one page at a time.

        What stands in a page is made on the loop, some 50 ms for a chart; when a class opens its reviews at
        once, those who trade beside it wait for one part of one page, and not for all of all.
        """
        task = asyncio.get_running_loop().create_task(self._in_turns(calls))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in_turns(self, calls: tuple[Callable[[], None], ...]) -> None:
        loop = asyncio.get_running_loop()
        lock = _turns.setdefault(loop, asyncio.Lock())
        for call in calls:
            async with lock:
                done = asyncio.Event()
                self.soon(partial(_finish, call, done))
                if self._document is None or self._document.session_context is not None:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(done.wait(), _GONE_S)
                await asyncio.sleep(_PAUSE_S)

    def soon(self, call: Callable[[], None]) -> None:
        """Have something done in the page's turn: what changes Bokeh's own models has to wait for it."""
        if self._document is None:
            call()
        elif self._document.session_context is not None:
            # Nobody is told whose browser has gone meanwhile.
            self._document.add_next_tick_callback(call)


def _finish(call: Callable[[], None], done: asyncio.Event) -> None:
    try:
        call()
    finally:
        done.set()
