"""Whose reports there are to make at one time of a job: the step that enters a run for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime

from pipelines.archive import Archive, Session, Taker
from pipelines.errors import NotYet
from pipelines.jobs import Job, Sessions, Whose
from pipelines.places import EVERYBODY
from pipelines.runs import Outcome, Run, Step, Task

_NAMED_MAX = 3
"""Sessions that are named where another rule would take them."""


class Planner:
    """Enters a run for each report that a job has to make.

    Parameters
    ----------
    archive
        Where sessions are.
    now_ns
        The clock.
    """

    def __init__(self, archive: Archive, now_ns: Callable[[], int]) -> None:
        self._archive = archive
        self._now_ns = now_ns

    def __call__(self, run: Run, job: Job) -> Outcome:
        """The reports of one time.

        Raises
        ------
        NotYet
            When sessions that belong to it are not sealed, and there is time to wait for them.
        """
        if job.sessions is Sessions.RECORDED:
            found, doubts = self._archive.recorded(run.details["since_ns"], run.details["until_ns"])
        else:
            first, last = (date.fromisoformat(each) for each in (run.first_day, run.last_day))
            found, doubts = self._archive.of_days(first, last)
        unsealed = [each.name for each in found if not each.sealed]
        if unsealed and self._now_ns() < run.due_ns + round(job.wait_s * 1e9):
            raise NotYet("is not sealed yet", f"session {unsealed[0]!r}", "its reports wait for it")
        sealed = [each for each in found if each.sealed]
        tasks = tuple(_tasks(run, job, sealed))
        left_out = [*doubts, *(f"session {name!r} is not sealed" for name in unsealed)]
        headline = f"{len(tasks)} {'report' if len(tasks) == 1 else 'reports'} of {_sessions(sealed)}"
        if not found:
            headline += f": {self._why_none(run, job)}"
        elif sealed and not tasks:
            headline += f": {_nobody(job)}"
        if left_out:
            headline += f"; left out: {'; '.join(left_out)}"
        return Outcome(
            headline,
            summary={"sessions": [each.name for each in sealed], "left_out": left_out},
            empty=not tasks,
            then=tasks,
        )

    def _why_none(self, run: Run, job: Job) -> str:
        """Which sessions were looked for, and which ones the other rule would take."""
        first, last = (date.fromisoformat(each) for each in (run.first_day, run.last_day))
        days = f"{first}" if first == last else f"{first} to {last}"
        since_ns, until_ns = run.details["since_ns"], run.details["until_ns"]
        if job.sessions is Sessions.RECORDED:
            since = f"from {_time(since_ns)} to {_time(until_ns)} UTC"
            rule = f"sessions = 'recorded', and none was recorded {since}"
            others, _ = self._archive.of_days(first, last)
            there = f"have {days} on the exchange's clock"
            change = "sessions = 'day'"
        else:
            rule = f"sessions = 'day', and none has {days} on its exchange's clock"
            others, _ = self._archive.recorded(since_ns, until_ns)
            there = f"were recorded from {_time(since_ns)} to {_time(until_ns)} UTC"
            change = "sessions = 'recorded'"
        if not others:
            return f"{rule}; {change} would take none either"
        names = ", ".join(
            f"{each.name!r} (recorded {_time(each.created_ns)})" for each in others[:_NAMED_MAX]
        )
        more = f" and {len(others) - _NAMED_MAX} more" if len(others) > _NAMED_MAX else ""
        return (
            f"{rule}; {names}{more} {there}: {change} takes those; backfill with --again once the job says so"
        )


def _nobody(job: Job) -> str:
    """Why there are sessions and no reports of them."""
    return "it is for no class" if job.whose is Whose.CLASS else "nobody took part"


def _time(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M")


def _sessions(sealed: Sequence[Session]) -> str:
    return f"session {sealed[0].name!r}" if len(sealed) == 1 else f"{len(sealed)} sessions"


def _tasks(run: Run, job: Job, sealed: Sequence[Session]) -> Iterable[Task]:
    """A task for each report: of each session by itself, or of all that somebody took part in."""
    if job.sessions is Sessions.RECORDED:
        for session in sealed:
            for whose in _whose(job, [session]):
                yield _task(run, job, whose, [session], alone=True)
        return
    for whose in _whose(job, sealed):
        theirs = [each for each in sealed if _took_part(whose, each)]
        # Two people of one name, whose folders go by names, or an account of sessions without people, which
        # may be somebody's in another: each of their sessions has a report of its own.
        namesakes = isinstance(whose, Taker) and any(
            (other.name == whose.name and other != whose) or (other.user_id and not whose.user_id)
            for each in sealed
            for other in each.takers
        )
        if namesakes:
            for session in theirs:
                yield _task(run, job, whose, [session], alone=True)
        else:
            yield _task(run, job, whose, theirs, alone=False)


def _whose(job: Job, sessions: Sequence[Session]) -> list[Taker | str]:
    """Who gets a report: takers, or ids of classes."""
    if not sessions:
        return []
    if job.whose is Whose.EVERYBODY:
        return [EVERYBODY]
    if job.whose is Whose.CLASS:
        return list(dict.fromkeys(name for each in sessions for name in each.classes))
    return list(dict.fromkeys(taker for each in sessions for taker in each.takers))


def _took_part(whose: Taker | str, session: Session) -> bool:
    if isinstance(whose, Taker):
        return whose in session.takers
    return whose == EVERYBODY or whose in session.classes


def _task(run: Run, job: Job, whose: Taker | str, sessions: Sequence[Session], *, alone: bool) -> Task:
    account, user_id, class_id = (
        (whose.name, whose.user_id, "") if isinstance(whose, Taker) else ("", "", whose)
    )
    # One that is named need not be looked for among all there are.
    session = sessions[0].name if alone or len(sessions) == 1 else ""
    words = [f"account {account}" if account else f"class {class_id}"]
    if alone:
        words.append(f"session {session}")
    return Task(
        task=", ".join(words),
        step=Step.REPORT,
        report=job.report,
        account=account,
        user_id=user_id,
        class_id=class_id,
        session=session,
        first_day="" if job.sessions is Sessions.RECORDED else run.first_day,
        last_day="" if job.sessions is Sessions.RECORDED else run.last_day,
        details={"alone": alone},
        parent_id=run.run_id,
    )
