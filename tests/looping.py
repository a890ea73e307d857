"""What serves on an event loop in a thread of the test's process: started, reached, stopped at the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import uvloop

T = TypeVar("T")


class Runs(Protocol):
    """What `looping` can run."""

    def run(self, *, ready: Callable[[Any], None], signals: bool) -> Coroutine[Any, Any, None]:
        """Serve until told to stop, and say when it answers."""

    def stop(self) -> None:
        """End it; on its loop alone."""


class OnLoop:
    """Something whose parts are touched on its loop alone, by `call`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives on the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """What a function gives on the loop."""

        async def there() -> T:
            return function(*args)

        return self.run(there())


def _never() -> bool:
    return False


@contextmanager
def looping(
    running: Runs, what: str, *, start_s: float, ended: Callable[[], bool] = _never
) -> Iterator[asyncio.AbstractEventLoop]:
    """Run something in a thread, and give its loop once it answers.

    Parameters
    ----------
    running
        What is run.
    what
        Its name, such as `server`.
    start_s
        How long it may take until it answers.
    ended
        Whether it has been told to stop before, and is not to be told again.
    """
    started: list[asyncio.AbstractEventLoop] = []
    failed: list[BaseException] = []
    up = threading.Event()

    def ready(_: Any) -> None:
        started.append(asyncio.get_running_loop())
        up.set()

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(running.run(ready=ready, signals=False))
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            failed.append(error)
        finally:
            up.set()

    thread = threading.Thread(target=work, name=what, daemon=True)
    thread.start()
    if not up.wait(start_s):
        raise TimeoutError(f"the {what} did not start in time")
    if failed:
        raise failed[0]
    try:
        yield started[0]
    finally:
        if not ended():
            started[0].call_soon_threadsafe(running.stop)
        thread.join(60)
        if thread.is_alive():
            raise TimeoutError(f"the {what} did not stop in time")
    if failed:
        raise failed[0]
