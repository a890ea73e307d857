"""Where the tasks of a sweep run: processes of this machine, or Dask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from typing import Any

from workbench.errors import ConfigError, SweepError
from workbench.studies import workers as processes
from workbench.studies.batches import Batches
from workbench.studies.sweep_work import Done, work

_AHEAD = 1
"""Tasks that wait for each worker, so that none waits for its next one."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare(on: Any, workers: int | None) -> None:
    """Begin to start what workers are made of, while data are still being read."""
    if on == "processes" and (workers or cores()) > 1:
        processes.prepare()


def results(batches: Batches, on: Any, workers: int | None) -> Iterator[Done]:
    """What became of each task, as soon as it is there, in no order.

    Parameters
    ----------
    batches
        What to do.
    on
        `"processes"`, `"dask"` for a cluster on this machine, a scheduler's address, or a Dask client.
    workers
        How many; as many as there are cores unless given.
    """
    if on == "processes":
        return _in_processes(batches, workers or cores())
    return _on_dask(batches, on, workers or cores())


def _in_processes(batches: Batches, workers: int) -> Iterator[Done]:
    if workers == 1:
        while (task := batches.next()) is not None:
            done = work(task)
            batches.took(done)
            yield done
        return
    workers = min(workers, batches.left)
    pool = ProcessPoolExecutor(workers, mp_context=processes.context(), initializer=processes.begin_work)
    under_way: set[Future[Done]] = set()
    try:
        while True:
            with processes.without_main():
                while len(under_way) < workers * (1 + _AHEAD) and (task := batches.next()) is not None:
                    under_way.add(pool.submit(work, task))
            if not under_way:
                break
            ready, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ready:
                done = future.result()
                batches.took(done)
                yield done
        pool.shutdown()
    except BrokenProcessPool as error:
        raise SweepError(
            "a worker died",
            "sweep",
            "start the sweep again with the same folder; what was done is kept there",
        ) from error
    finally:
        _end(pool)


def _end(pool: ProcessPoolExecutor) -> None:
    """End workers in the middle of what they do; of a pool that has been shut down there are none."""
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        process.terminate()
    pool.shutdown(cancel_futures=True)


def _on_dask(batches: Batches, on: Any, workers: int) -> Iterator[Done]:
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ConfigError("Dask is not installed", "on", "pip install 'trading-workbench[dask]'") from error
    if isinstance(on, distributed.Client):
        yield from _of_client(batches, on, workers)
        return
    if not isinstance(on, str) or not (on == "dask" or "://" in on):
        raise ConfigError(
            f"{on!r} is nowhere to run", "on", 'give "processes", "dask", an address or a Dask client'
        )
    if on != "dask":
        with distributed.Client(on) as client:
            yield from _of_client(batches, client, workers)
        return
    with (
        distributed.LocalCluster(
            n_workers=min(workers, batches.left), threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield from _of_client(batches, client, workers)


def _of_client(batches: Batches, client: Any, workers: int) -> Iterator[Done]:
    as_they_come: Any = import_module("distributed").as_completed
    there = max(len(client.scheduler_info()["workers"]), workers)
    coming = as_they_come()
    waiting = 0
    while True:
        while waiting < there * (1 + _AHEAD) and (task := batches.next()) is not None:
            coming.add(client.submit(work, task, pure=False))
            waiting += 1
        if not waiting:
            return
        done: Done = next(coming).result()
        waiting -= 1
        batches.took(done)
        yield done
