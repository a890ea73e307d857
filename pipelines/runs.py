"""A run: one thing that a job has to do once, and how far it has come."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from sqlalchemy.engine import Row


class Step(StrEnum):
    """What a run does."""

    PLAN = "plan"
    """Finds out whose reports there are to make, and enters a run for each."""
    REPORT = "report"
    FOLDER = "folder"
    MAIL = "mail"
    COMPACTION = "compaction"
    RETENTION = "retention"


class State(StrEnum):
    """How far a run has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Ended(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    FAILED = "failed"
    WAITED = "waited"
    """What it needs is not there yet."""
    RELEASED = "released"
    """Its worker was told to end."""
    LOST = "lost"
    """Its worker did not come back before its lease ended."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, before it is in the ledger.

    Attributes
    ----------
    task
        What of the job it is, in words that tell it from all else of that job and time.
    step
        What it does.
    report, account, user_id, class_id, session, first_day, last_day
        What it is about; empty where it does not matter.
    details
        Whatever else its step must know; plain values.
    parent_id
        The run that it follows from.
    asked_by
        Who asked for it; empty when the calendar did.
    skip
        Why it is entered as skipped; empty when it is to be done.
    """

    task: str
    step: Step
    report: str = ""
    account: str = ""
    user_id: str = ""
    class_id: str = ""
    session: str = ""
    first_day: str = ""
    last_day: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    parent_id: str = ""
    asked_by: str = ""
    skip: str = ""

    def row(self, job: str, logical_ns: int, due_ns: int, now_ns: int) -> dict[str, Any]:
        """The row that it is in the ledger."""
        return {
            **{name: getattr(self, name) for name in _SHARED},
            "run_id": uuid.uuid4().hex[:16],
            "job": job,
            "logical_ns": logical_ns,
            "details": json.dumps(self.details),
            "state": State.SKIPPED if self.skip else State.WAITING,
            "planned_ns": now_ns,
            "due_ns": due_ns,
            "ready_ns": due_ns,
            "attempt": 0,
            "failures": 0,
            "owner": "",
            "lease_ns": 0,
            "ended_ns": now_ns if self.skip else None,
            "note": self.skip,
            "on_page": False,
            "folder": "",
            "title": "",
            "headline": "",
            "empty": False,
            "summary": "{}",
            "seconds": 0.0,
        }


_SHARED = tuple(each.name for each in fields(Task) if each.name not in ("details", "skip"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes
    ----------
    headline
        In one sentence.
    title, summary, empty
        Of a report: what it is called, its numbers, whether there was nothing to tell.
    folder
        Where a report is, below the folder of all reports, with `/`.
    on_page
        Whether it stands on its owner's reports page.
    then
        What follows; entered in the same transaction.
    """

    headline: str
    title: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    empty: bool = False
    folder: str = ""
    on_page: bool = False
    then: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands in the ledger; the columns of `schema.runs` by their names.

    Attributes
    ----------
    run_id
        Its number; a report has it at its foot.
    job, logical_ns, task
        Which one it is: there is never a second one with all three.
    state, note
        How far it has come, and what there is to say about that: why it failed, waits or was skipped.
    ready_ns
        Not begun before.
    attempt
        How often it was begun; the number that an attempt must show to finish it.
    failures
        How often it failed.
    owner, lease_ns
        Whose it is until when.
    seconds
        How long the attempt took that finished it.
    """

    run_id: str
    job: str
    logical_ns: int
    task: str
    step: Step
    parent_id: str
    report: str
    account: str
    user_id: str
    class_id: str
    session: str
    first_day: str
    last_day: str
    details: dict[str, Any]
    asked_by: str
    state: State
    planned_ns: int
    due_ns: int
    ready_ns: int
    attempt: int
    failures: int
    owner: str
    lease_ns: int
    ended_ns: int | None
    note: str
    on_page: bool
    folder: str
    title: str
    headline: str
    empty: bool
    summary: dict[str, Any]
    seconds: float

    @classmethod
    def of(cls, found: Row[Any] | dict[str, Any]) -> Run:
        """The run of a row."""
        row = found if isinstance(found, dict) else found._asdict()
        return cls(
            **{
                **row,
                "step": Step(row["step"]),
                "state": State(row["state"]),
                "details": json.loads(row["details"]),
                "summary": json.loads(row["summary"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a run; `outcome` is None while it goes on."""

    run_id: str
    attempt: int
    owner: str
    began_ns: int
    ended_ns: int | None
    outcome: Ended | None
    note: str
