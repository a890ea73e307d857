"""A worker: takes runs from the ledger, one at a time, and says what came of them."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import structlog

from pipelines.errors import LastingError, LedgerError, NotYet
from pipelines.jobs import Job
from pipelines.ledger import Ledger
from pipelines.runs import Ended, Outcome, Run, State, Step
from workbench.errors import ConfigError, ReportError, WorkbenchError

log = structlog.get_logger("pipelines")

Action = Callable[[Run, Job], Outcome]
"""Does what a run is for. Raises `NotYet` when something is still to come, anything else when it fails."""

LEASE_S = 60.0
NOT_YET_S = 60.0
"""What is not there yet is asked for again after so long."""
IDLE_S = 2.0


def _nothing(_run: Run, _outcome: Outcome) -> None:
    """For workers whose steps leave nothing behind."""


class Worked(NamedTuple):
    """A run that was worked on, and how far it is now; None when the run was no longer this worker's."""

    run: Run
    state: State | None
    note: str


def owner_name() -> str:
    """Who a worker is, for people to read, unlike any other."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"


class Worker:
    """One worker. Several may be in one process, in threads of their own.

    Parameters
    ----------
    ledger
        Where runs are.
    jobs
        The jobs whose runs it takes.
    actions
        What to do at each step.
    taken, late
        Told of what was made once it stands in the ledger, or of what came too late for that.
    owner
        Who it is.
    lease_s
        How long others wait for it when it does not come back.
    """

    def __init__(
        self,
        ledger: Ledger,
        jobs: Mapping[str, Job],
        actions: Mapping[Step, Action],
        *,
        taken: Callable[[Run, Outcome], None] = _nothing,
        late: Callable[[Run, Outcome], None] = _nothing,
        owner: str = "",
        lease_s: float = LEASE_S,
    ) -> None:
        self.owner = owner or owner_name()
        self._ledger = ledger
        self._jobs = jobs
        self._actions = actions
        self._taken = taken
        self._late = late
        self._lease_s = lease_s
        self._held: Run | None = None

    def work(self, stop: threading.Event) -> Iterator[Worked]:
        """Work on what is ready until nothing is, or until told to stop."""
        while not stop.is_set():
            worked = self.work_one()
            if worked is None:
                return
            yield worked

    def work_on(self, stop: threading.Event, idle_s: float = IDLE_S) -> Iterator[Worked]:
        """The same for ever; a ledger out of reach is asked again."""
        troubled = False
        while not stop.is_set():
            try:
                yield from self.work(stop)
                troubled = False
            except LedgerError as error:
                if not troubled:
                    log.warning("pipelines.unreachable", error=str(error), worker=self.owner)
                troubled = True
            stop.wait(idle_s)

    def work_one(self) -> Worked | None:
        """Work on the run that has been ready for longest; None when none is."""
        run = self._ledger.claim(self._jobs, self.owner, self._lease_s)
        if run is None:
            return None
        self._held = run
        try:
            with self._renewing(run):
                return self._do(run, self._jobs[run.job])
        finally:
            self._held = None

    def release(self) -> None:
        """Give back what it works on, so that others need not wait for the lease's end."""
        run = self._held
        if run is not None:
            self._ledger.postpone(run, Ended.RELEASED, "its worker was told to end")

    def _do(self, run: Run, job: Job) -> Worked:
        began_s = time.monotonic()
        try:
            outcome = self._action(run)(run, job)
        except NotYet as error:
            mine = self._ledger.postpone(run, Ended.WAITED, str(error), NOT_YET_S)
            return self._told(run, State.WAITING if mine else None, str(error))
        except WorkbenchError as error:
            return self._failed(run, job, str(error), lasting=is_lasting(error))
        except Exception as error:
            log.exception("pipelines.raised", run=run.run_id, job=run.job, task=run.task)
            return self._failed(run, job, f"raised {type(error).__name__}: {error}", lasting=False)
        if self._ledger.finish(run, outcome, time.monotonic() - began_s):
            self._taken(run, outcome)
            return self._told(run, State.DONE, outcome.headline)
        self._late(run, outcome)
        return self._told(run, None, "came too late: another attempt has taken its place")

    def _action(self, run: Run) -> Action:
        action = self._actions.get(run.step)
        if action is None:
            raise ConfigError(f"cannot be done here: the jobs file has no [{run.step}]", f"run {run.run_id}")
        return action

    def _failed(self, run: Run, job: Job, why: str, *, lasting: bool) -> Worked:
        return self._told(run, self._ledger.fail(run, job, why, lasting=lasting), why)

    def _told(self, run: Run, state: State | None, note: str) -> Worked:
        log.info(
            "pipelines.worked",
            job=run.job,
            task=run.task,
            run=run.run_id,
            attempt=run.attempt,
            state="late" if state is None else str(state),
            note=note,
            worker=self.owner,
        )
        return Worked(run, state, note)

    @contextmanager
    def _renewing(self, run: Run) -> Iterator[None]:
        """Keep the lease while work goes on."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._lease_s / 3):
                try:
                    if not self._ledger.renew(run, self._lease_s):
                        return
                except LedgerError as error:
                    # The lease may well last until the ledger is back; if not, the fence holds.
                    log.warning("pipelines.not_renewed", run=run.run_id, error=str(error))

        thread = threading.Thread(target=renew, name=f"lease-{run.run_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def is_lasting(error: WorkbenchError) -> bool:
    """Whether trying again is no use."""
    if isinstance(error, ReportError):
        return error.lasting
    return isinstance(error, LastingError | ConfigError)
