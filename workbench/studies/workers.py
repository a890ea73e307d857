"""Worker processes of a sweep: how they are started, and how they end with whoever started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection, forkserver, spawn
from typing import Any

_FORKSERVER = "forkserver"
_starting = threading.Lock()


def context() -> Any:
    """How workers are started: forked from a process that has imported what they need and runs no threads.

    Not from this one, for Polars' and numba's threads do not survive that.
    """
    if not _forks():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context(_FORKSERVER)
    found.set_forkserver_preload(["workbench.studies.sweep_work"])
    return found


def prepare() -> None:
    """Begin to start what workers are made of."""
    context()
    if _forks():
        forkserver.ensure_running()


def _forks() -> bool:
    return _FORKSERVER in multiprocessing.get_all_start_methods()


@contextmanager
def without_main() -> Iterator[None]:
    """Processes started in this block do not import the program that started them.

    What workers need of it comes pickled by its content, so that importing it would only cost time, and a
    program without `if __name__ == "__main__":` would sweep in each of them again.
    """
    with _starting:
        usual = spawn.get_preparation_data

        def without(name: str) -> dict[str, Any]:
            return {key: value for key, value in usual(name).items() if not key.startswith("init_main")}

        spawn.get_preparation_data = without
        try:
            yield
        finally:
            spawn.get_preparation_data = usual


def begin_work() -> None:
    """What a worker does first: leave Ctrl-C to the program, and end when that is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
