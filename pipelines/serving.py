"""Ticking and working for ever, with an orderly end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog

from pipelines.errors import LedgerError
from pipelines.house import House
from pipelines.planning import tick
from pipelines.worker import IDLE_S, LEASE_S, Worked, Worker

log = structlog.get_logger("pipelines")

TICK_S = 15.0
GRACE_S = 60.0


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; in the main thread."""
    stop = threading.Event()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    earlier = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def run(
    house: House,
    stop: threading.Event,
    *,
    workers: int = 1,
    ticking: bool = True,
    tick_s: float = TICK_S,
    idle_s: float = IDLE_S,
    lease_s: float = LEASE_S,
    grace_s: float = GRACE_S,
    told: Callable[[Worked], None] = lambda _worked: None,
) -> bool:
    """Tick and work until told to stop; then what is being worked on is brought to its end.

    Parameters
    ----------
    house
        The ledger and what workers need.
    stop
        Ends it.
    workers
        How many runs are worked on at the same time.
    ticking
        Whether it also enters what is due; of several processes, any number may.
    tick_s, idle_s
        How often it looks for what is due, and for what is ready.
    lease_s
        How long others wait when this process does not come back.
    grace_s
        How long the end may take: runs that are not done by then are given back, for others to begin anew.
    told
        Called with each run that was worked on, in the worker's thread.

    Returns
    -------
    bool
        Whether every run came to its end in time.
    """
    crew = [house.worker(lease_s=lease_s) for _ in range(workers)]

    def work(worker: Worker) -> None:
        for worked in worker.work_on(stop, idle_s):
            told(worked)

    # Daemons: a run that outlasts the grace is given back, and must not keep the process.
    threads = [threading.Thread(target=work, args=(each,), name=each.owner, daemon=True) for each in crew]
    for thread in threads:
        thread.start()
    log.info("pipelines.began", workers=[each.owner for each in crew], ticking=ticking)
    while not stop.is_set():
        if ticking:
            _tick(house)
        stop.wait(tick_s)
    over = threading.Event()
    timer = threading.Timer(grace_s, over.set)
    timer.daemon = True
    timer.start()
    for thread in threads:
        while thread.is_alive() and not over.is_set():
            thread.join(0.05)
    timer.cancel()
    late = [each for each, thread in zip(crew, threads, strict=True) if thread.is_alive()]
    for worker in late:
        worker.release()
    log.info("pipelines.ended", given_back=len(late))
    return not late


def _tick(house: House) -> None:
    try:
        for planned in tick(house.ledger, house.pipelines.jobs):
            if planned.entered or planned.skipped:
                log.info("pipelines.planned", job=planned.job, times=planned.entered, skipped=planned.skipped)
    except LedgerError as error:
        log.warning("pipelines.not_planned", error=str(error))
