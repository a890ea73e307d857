"""What is due goes into the ledger: each time once, however often and by however many it is planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pipelines.jobs import CatchUp, Does, Job
from pipelines.ledger import Ledger, enter
from pipelines.runs import State, Step, Task
from pipelines.schedule import DueTime, Schedule
from pipelines.schema import jobs as job_rows
from pipelines.schema import runs
from workbench.errors import ConfigError
from workbench.identity.store import Transaction

MOST_TIMES = 10_000
"""Times that one call enters for a job; more is a mistake, or several calls."""


class Planned(NamedTuple):
    """A job, and how many times of it were entered.

    Attributes
    ----------
    job
        Its name.
    entered, skipped
        How many were entered, and how many as skipped.
    again
        How many runs that had ended wait once more.
    known
        How many times were there already and stay as they are, by their states.
    """

    job: str
    entered: int
    skipped: int = 0
    again: int = 0
    known: Mapping[State, int] = {}


def tick(ledger: Ledger, jobs: Mapping[str, Job]) -> list[Planned]:
    """Enter whatever has become due since the last time this was done, for all jobs at once.

    A job that is new begins now; `backfill` is for what was before. Several may do this at the same time.
    """

    def work(transaction: Transaction) -> list[Planned]:
        found = []
        for name, job in jobs.items():
            if job.schedule is not None:
                found.append(_tick(transaction, name, job, job.schedule))
        return found

    return ledger.store.write_now(work)


def _tick(transaction: Transaction, name: str, job: Job, schedule: Schedule) -> Planned:
    now_ns = transaction.now_ns
    dialect = postgresql if transaction.connection.dialect.name == "postgresql" else sqlite
    transaction.execute(
        dialect.insert(job_rows).on_conflict_do_nothing().values(job=name, planned_until_ns=now_ns)
    )
    known = sa.select(job_rows.c.planned_until_ns).where(job_rows.c.job == name).with_for_update()
    planned_until_ns = transaction.execute(known).scalar_one()
    if planned_until_ns >= now_ns:
        return Planned(name, 0)
    due = list(schedule.due_times(planned_until_ns, now_ns))[:MOST_TIMES]
    missed = due[:-1] if job.catch_up is CatchUp.LATEST else []
    skipped = _enter(transaction, job, missed, "a later one was due already")
    entered = _enter(transaction, job, due[len(missed) :])
    until_ns = due[-1].due_ns if len(due) == MOST_TIMES else now_ns
    transaction.execute(sa.update(job_rows).where(job_rows.c.job == name).values(planned_until_ns=until_ns))
    return Planned(name, entered, skipped)


def backfill(ledger: Ledger, job: Job, first: date, last: date, *, again: bool = False) -> Planned:
    """Enter what would have been due for some days, both included.

    Parameters
    ----------
    job
        Of which job.
    first, last
        Exchange-local days. What is not due yet is left to the calendar.
    again
        Whether what has run, failed or was skipped is done once more; else that stays as it is. Deliveries
        are not: a report that is made again brings new ones.

    Raises
    ------
    ConfigError
        When nothing is due in these days.
    """
    if job.schedule is None:
        raise ConfigError("has no schedule", f"job {job.name!r}", "ask for single reports")
    if last < first:
        raise ConfigError(f"{last} is before {first}", "--to", "exchange them")
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    found = [due for due in map(job.schedule.of_day, days) if due is not None]
    due = [each for each in found if each.due_ns <= ledger.now_ns]
    if not due:
        why = "is not over" if found else "has no time at which it is due"
        raise ConfigError(f"{first} to {last} {why}", f"job {job.name!r}", "choose other days")
    if len(due) > MOST_TIMES:
        raise ConfigError(
            f"{len(due):,} times are more than {MOST_TIMES:,}", "--to", "take fewer days at once"
        )

    def work(transaction: Transaction) -> Planned:
        known = _known(transaction, job, due)
        entered = _enter(transaction, job, due)
        if again:
            return Planned(job.name, entered, again=_again(transaction, job, due))
        return Planned(job.name, entered, known=known)

    return ledger.store.write_now(work)


def _known(transaction: Transaction, job: Job, due: Sequence[DueTime]) -> Mapping[State, int]:
    """Of how many of these times the first step is in the ledger, by its state."""
    found = {State(state): 0 for state in State}
    for each in due:
        query = sa.select(runs.c.state).where(
            runs.c.job == job.name,
            runs.c.logical_ns == each.logical_ns,
            runs.c.task == first_task(job, each).task,
        )
        state = transaction.execute(query).scalar_one_or_none()
        if state is not None:
            found[State(state)] += 1
    return {state: count for state, count in found.items() if count}


def _again(transaction: Transaction, job: Job, due: Sequence[DueTime]) -> int:
    """Let what has ended wait once more, as if it had never failed."""
    ended = (State.DONE, State.FAILED, State.SKIPPED)
    repeated = 0
    for each in due:
        repeated += transaction.execute(
            sa.update(runs)
            .where(runs.c.job == job.name, runs.c.logical_ns == each.logical_ns, runs.c.state.in_(ended))
            .where(runs.c.step.not_in([Step.FOLDER, Step.MAIL]), runs.c.planned_ns < transaction.now_ns)
            .values(
                state=State.WAITING,
                failures=0,
                ready_ns=transaction.now_ns,
                note="again",
                ended_ns=None,
                # As the job is now, which may have been changed since.
                report=job.report,
            )
        ).rowcount
    return repeated


def _enter(transaction: Transaction, job: Job, due: Iterable[DueTime], skip: str = "") -> int:
    return sum(
        enter(
            transaction, job.name, each.logical_ns, each.due_ns, [replace(first_task(job, each), skip=skip)]
        )
        for each in due
    )


def first_task(job: Job, due: DueTime) -> Task:
    """What a job begins with at one of its times."""
    step = {
        Does.REPORT: Step.PLAN,
        Does.COMPACTION: Step.COMPACTION,
        Does.RETENTION: Step.RETENTION,
    }[job.does]
    return Task(
        task=str(step),
        step=step,
        report=job.report,
        first_day=due.first_day.isoformat(),
        last_day=due.last_day.isoformat(),
        details={"since_ns": due.since_ns, "until_ns": due.due_ns},
    )
