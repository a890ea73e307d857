"""What the ledger tells: runs for the history, reports for their owners' pages, and how jobs stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pipelines.ledger import Ledger
from pipelines.runs import Run, State, Step
from pipelines.schema import jobs as job_rows
from pipelines.schema import runs

MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a job stands.

    Attributes
    ----------
    job
        Which.
    planned_until_ns
        Until when its times are in the ledger; None for one that was never planned.
    counts
        How many runs there are in each state.
    latest
        The run that ended last; None before any.
    waits_for
        Why its run that has been ready for longest waits; empty when none does, or nothing is said.
    """

    job: str
    planned_until_ns: int | None
    counts: Mapping[State, int]
    latest: Run | None
    waits_for: str


def standings(ledger: Ledger, names: list[str]) -> list[Standing]:
    """How the jobs of these names stand, and any others that the ledger knows, after them."""

    def work(connection: sa.Connection) -> list[Standing]:
        planned = {row.job: row.planned_until_ns for row in connection.execute(sa.select(job_rows))}
        counted: dict[str, dict[State, int]] = {}
        query = sa.select(runs.c.job, runs.c.state, sa.func.count()).group_by(runs.c.job, runs.c.state)
        for job, state, count in connection.execute(query):
            counted.setdefault(job, {})[State(state)] = count
        others = sorted({*planned, *counted} - set(names))
        return [
            Standing(
                job,
                planned.get(job),
                counted.get(job, {}),
                _one(connection, runs.c.job == job, runs.c.ended_ns.is_not(None), by=runs.c.ended_ns.desc()),
                _why(_one(connection, runs.c.job == job, runs.c.state == State.WAITING, by=runs.c.ready_ns)),
            )
            for job in [*names, *others]
        ]

    found: list[Standing] = ledger.read(work)
    return found


def _why(run: Run | None) -> str:
    return "" if run is None else run.note


def _one(connection: sa.Connection, *where: sa.ColumnElement[bool], by: Any) -> Run | None:
    row = connection.execute(sa.select(runs).where(*where).order_by(by).limit(1)).one_or_none()
    return None if row is None else Run.of(row)


def history(
    ledger: Ledger,
    *,
    job: str = "",
    state: State | None = None,
    step: Step | None = None,
    before: tuple[int, str] | None = None,
    most: int = 100,
) -> list[Run]:
    """Runs, those of the latest times first.

    Parameters
    ----------
    job, state, step
        Which ones; all unless given.
    before
        Logical time and number of the last run of the page before.
    most
        How many at most, up to 1000.
    """
    query = sa.select(runs)
    if job:
        query = query.where(runs.c.job == job)
    if state is not None:
        query = query.where(runs.c.state == state)
    if step is not None:
        query = query.where(runs.c.step == step)
    return _page(ledger, query, before, most)


def published(
    ledger: Ledger,
    *,
    user_id: str | None = None,
    accounts: tuple[str, ...] = (),
    classes: tuple[str, ...] = (),
    before: tuple[int, str] | None = None,
    most: int = 100,
) -> list[Run]:
    """Reports on reports pages, those of the latest times first; `Run.folder` says where each is.

    Parameters
    ----------
    user_id
        Those of this user; None for everybody's.
    accounts, classes
        Those of these accounts without a user, and of these classes, as well; they narrow nothing down
        when `user_id` is None.
    before, most
        As in `history`.
    """
    # What is being made again is on its page as it was until then.
    query = sa.select(runs).where(runs.c.on_page)
    if user_id is not None:
        theirs = [sa.and_(runs.c.user_id == user_id, sa.literal(bool(user_id)))]
        theirs.append(sa.and_(runs.c.account.in_(accounts), runs.c.user_id == ""))
        theirs.append(sa.and_(runs.c.class_id.in_(classes), runs.c.account == ""))
        query = query.where(sa.or_(*theirs))
    return _page(ledger, query, before, most)


def _page(ledger: Ledger, query: sa.Select[Any], before: tuple[int, str] | None, most: int) -> list[Run]:
    if before is not None:
        at, run_id = before
        query = query.where(
            sa.or_(runs.c.logical_ns < at, sa.and_(runs.c.logical_ns == at, runs.c.run_id < run_id))
        )
    query = query.order_by(runs.c.logical_ns.desc(), runs.c.run_id.desc()).limit(min(most, MOST_ROWS))
    return [Run.of(row) for row in ledger.read(lambda c: c.execute(query).all())]
