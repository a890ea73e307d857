"""The ledger of runs: lock, queue and history at once, in SQLite or PostgreSQL.

One row is one run. Workers take a run by a lease, and finish it only while it is still theirs: whoever was
away for longer than that finds another attempt in its place, and what it made is not taken.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from pipelines.errors import LedgerError
from pipelines.jobs import Job
from pipelines.runs import Attempt, Ended, Outcome, Run, State, Task
from pipelines.schema import attempts, runs
from workbench.identity.store import Store, Transaction

MIGRATIONS = Path(__file__).with_name("migrations")
SECOND_NS = 1_000_000_000
LONGEST_BACKOFF_S = 3600.0


class Ledger:
    """The runs of all jobs.

    Parameters
    ----------
    url
        `sqlite:///file` or `postgresql://user@host/database`; brought to the present layout.
    now_ns
        The clock. Clocks of several machines should agree within seconds: one that is late repeats work
        that another has, and one that is early waits; neither makes anything twice.
    """

    def __init__(self, url: str, *, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.store = Store(url, now_ns=now_ns, threads=4, name="ledger of runs", error=LedgerError)
        try:
            self.store.migrate(MIGRATIONS)
        except BaseException:
            self.store.close()
            raise

    @property
    def now_ns(self) -> int:
        """What its clock shows."""
        return self.store.now_ns()

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def claim(self, jobs: Mapping[str, Job], owner: str, lease_s: float) -> Run | None:
        """Take the run that has been ready for longest; None when none is.

        A run whose lease has ended counts as failed once more, and is taken too, or given up when that was
        its last try.

        Parameters
        ----------
        jobs
            The jobs whose runs may be taken; one that is declared no more is left alone.
        owner
            Who takes it, for people to read.
        lease_s
            For how long; `renew` makes it longer.
        """

        def take(transaction: Transaction) -> Run | bool | None:
            now_ns = transaction.now_ns
            row = transaction.execute(_next(jobs, now_ns)).one_or_none()
            if row is None:
                return None
            run = Run.of(row)
            lost = run.state is State.RUNNING
            failures = run.failures + lost
            if lost:
                _end_attempt(transaction, run, Ended.LOST, f"{run.owner} did not come back")
            if failures >= jobs[run.job].attempts and lost:
                note = f"{run.owner} did not come back, and that was attempt {failures} of {failures}"
                _set(transaction, run, state=State.FAILED, failures=failures, ended_ns=now_ns, note=note)
                return True
            changed: dict[str, Any] = {
                "state": State.RUNNING,
                "failures": failures,
                "attempt": run.attempt + 1,
                "owner": owner,
                "lease_ns": now_ns + round(lease_s * SECOND_NS),
            }
            if not _set(transaction, run, **changed):
                return True
            transaction.execute(
                sa.insert(attempts).values(
                    run_id=run.run_id,
                    attempt=run.attempt + 1,
                    owner=owner,
                    began_ns=now_ns,
                    outcome="",
                    note="",
                )
            )
            return replace(run, **changed)

        while True:
            taken = self.store.write_now(take)
            if not isinstance(taken, bool):
                return taken

    def renew(self, run: Run, lease_s: float) -> bool:
        """Keep a run for longer; False when it is no longer one's own."""

        def work(transaction: Transaction) -> bool:
            return _set(transaction, run, lease_ns=transaction.now_ns + round(lease_s * SECOND_NS))

        return self.store.write_now(work)

    def finish(self, run: Run, outcome: Outcome, seconds: float = 0.0) -> bool:
        """Say that a run is done, and enter what follows; False, and nothing, when it is another's."""

        def work(transaction: Transaction) -> bool:
            now_ns = transaction.now_ns
            mine = _set(
                transaction,
                run,
                state=State.DONE,
                ended_ns=now_ns,
                note="",
                lease_ns=0,
                on_page=outcome.on_page,
                folder=outcome.folder,
                title=outcome.title,
                headline=outcome.headline,
                empty=outcome.empty,
                summary=json.dumps(outcome.summary),
                seconds=seconds,
            )
            if mine:
                _end_attempt(transaction, run, Ended.DONE, outcome.headline)
                enter(transaction, run.job, run.logical_ns, max(run.due_ns, 0), outcome.then)
            return mine

        return self.store.write_now(work)

    def fail(self, run: Run, job: Job, why: str, *, lasting: bool) -> State | None:
        """Say that an attempt failed: it is tried again later, or never; None when it is another's."""

        def work(transaction: Transaction) -> State | None:
            failures = run.failures + 1
            given_up = lasting or failures >= job.attempts
            state = State.FAILED if given_up else State.WAITING
            wait_s = min(job.backoff_s * 2 ** (failures - 1), LONGEST_BACKOFF_S)
            mine = _set(
                transaction,
                run,
                state=state,
                failures=failures,
                note=why,
                lease_ns=0,
                ready_ns=transaction.now_ns + round(wait_s * SECOND_NS),
                ended_ns=transaction.now_ns if given_up else None,
            )
            if mine:
                _end_attempt(transaction, run, Ended.FAILED, why)
            return state if mine else None

        return self.store.write_now(work)

    def postpone(self, run: Run, ended: Ended, why: str, wait_s: float = 0.0) -> bool:
        """Give a run back without its having failed; False when it was no longer one's own."""

        def work(transaction: Transaction) -> bool:
            ready_ns = transaction.now_ns + round(wait_s * SECOND_NS)
            mine = _set(transaction, run, state=State.WAITING, note=why, lease_ns=0, ready_ns=ready_ns)
            if mine:
                _end_attempt(transaction, run, ended, why)
            return mine

        return self.store.write_now(work)

    def ask(self, job: str, task: Task) -> Run:
        """Enter what a person wishes for, to be done at once."""

        def work(transaction: Transaction) -> Run:
            row = task.row(job, transaction.now_ns, transaction.now_ns, transaction.now_ns)
            transaction.execute(sa.insert(runs).values(row))
            return Run.of(row)

        return self.store.write_now(work)

    def read(self, work: Callable[[Connection], Any]) -> Any:
        """Run a reading function."""
        return self.store.read_now(work)

    def run(self, run_id: str) -> Run | None:
        """One run; None when there is none of that number."""
        found = self.read(lambda c: c.execute(sa.select(runs).where(runs.c.run_id == run_id)).one_or_none())
        return None if found is None else Run.of(found)

    def attempts_at(self, run_id: str) -> list[Attempt]:
        """Every attempt at a run, in order."""
        query = sa.select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.attempt)
        rows = self.read(lambda c: c.execute(query).all())
        return [
            Attempt(**{**row._asdict(), "outcome": Ended(row.outcome) if row.outcome else None})
            for row in rows
        ]


def enter(transaction: Transaction, job: str, logical_ns: int, due_ns: int, tasks: Iterable[Task]) -> int:
    """Enter tasks that are not in the ledger yet; how many that were."""
    rows = [task.row(job, logical_ns, due_ns, transaction.now_ns) for task in tasks]
    dialect = postgresql if transaction.connection.dialect.name == "postgresql" else sqlite
    entered = 0
    for row in rows:
        statement = dialect.insert(runs).on_conflict_do_nothing(
            index_elements=[runs.c.job, runs.c.logical_ns, runs.c.task]
        )
        found = transaction.execute(statement.values(row).returning(runs.c.run_id))
        entered += found.one_or_none() is not None
    return entered


def _next(jobs: Mapping[str, Job], now_ns: int) -> sa.Select[Any]:
    """The run to be taken next, locked where several can be taken at the same time."""
    earlier = runs.alias("earlier")
    ready = sa.and_(runs.c.state == State.WAITING, runs.c.ready_ns <= now_ns)
    lost = sa.and_(runs.c.state == State.RUNNING, runs.c.lease_ns < now_ns)
    query = sa.select(runs).where(sa.or_(ready, lost), runs.c.job.in_(list(jobs)))
    for job in jobs.values():
        if job.after:
            open_still = (
                sa.exists()
                .where(earlier.c.job.in_(job.after), earlier.c.logical_ns <= runs.c.logical_ns)
                .where(earlier.c.state.in_([State.WAITING, State.RUNNING]))
            )
            query = query.where(sa.or_(runs.c.job != job.name, ~open_still))
    query = query.order_by(runs.c.ready_ns, runs.c.logical_ns, runs.c.task).limit(1)
    return query.with_for_update(skip_locked=True, of=runs)


def _set(transaction: Transaction, run: Run, **values: Any) -> bool:
    """Change a run if it is still the one that was read."""
    mine = (
        runs.c.run_id == run.run_id,
        runs.c.state == run.state,
        runs.c.attempt == run.attempt,
        runs.c.owner == run.owner,
    )
    return transaction.execute(sa.update(runs).where(*mine).values(values)).rowcount == 1


def _end_attempt(transaction: Transaction, run: Run, ended: Ended, note: str) -> None:
    transaction.execute(
        sa.update(attempts)
        .where(attempts.c.run_id == run.run_id, attempts.c.attempt == run.attempt)
        .values(ended_ns=transaction.now_ns, outcome=ended, note=note)
    )
