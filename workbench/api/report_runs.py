"""What the API knows of runs of reports: who keeps and makes them is handed in by whoever starts a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

EVERYBODY = "all"
"""In place of a class: everybody in a session, or in all of them."""

OF_A_CLASS = "class_summary"
"""The report that is of everybody, and of nobody alone."""


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A kind of report.

    Attributes
    ----------
    name, title, about
        What it is asked for by, what people call it, and what it answers.
    """

    name: str
    title: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRun:
    """One run, as the ledger has it.

    Attributes
    ----------
    run_id
        Its number; it stands at the report's foot too.
    job
        What had it made: a job of the pipelines, or `by_hand`.
    report
        Which kind; empty for runs that make none.
    session, account, class_id, first_day, last_day
        What it is about; empty where not given.
    user_id
        Whom it is about, where whoever wrote it down knew; empty otherwise.
    sessions
        Which ones the report was made of; none until it is done.
    state
        `waiting`, `running`, `done`, `failed` or `skipped`.
    sentence
        The report's headline when it is done, else why it waits, failed or was skipped.
    attempts
        How often it was begun.
    asked_by
        The user who asked; empty when it was the clock.
    due_ns, made_ns, began_ns, ended_ns
        The time it is for, and when it was written down, last begun and ended; 0 for not yet.
    seconds
        How long making it took; 0.0 until it is done.
    html
        The page; None until it is done, and for runs that make none.
    """

    run_id: str
    job: str
    report: str
    session: str
    account: str
    class_id: str
    first_day: str
    last_day: str
    user_id: str
    sessions: tuple[str, ...]
    state: str
    sentence: str
    attempts: int
    asked_by: str
    due_ns: int
    made_ns: int
    began_ns: int
    ended_ns: int
    seconds: float
    html: Path | None

    @property
    def about(self) -> tuple[str, ...]:
        """What was asked for: two runs with the same are the same question."""
        return (self.report, self.session, self.account, self.class_id, self.first_day, self.last_day)

    @property
    def cursor(self) -> str:
        """Where a list goes on that ended with this one."""
        return f"{self.made_ns}-{self.run_id}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are listed: those that one of these is true of.

    Attributes
    ----------
    everything
        All of them.
    user_id
        This user asked for it, or it is about them.
    accounts
        It is about one of these accounts, each with its session.
    sessions
        It is about one of these sessions, whoever's account.
    of_no_session
        Whether those that name no session are listed.
    """

    everything: bool = False
    user_id: str = ""
    accounts: Sequence[tuple[str, str]] = ()
    sessions: Sequence[str] = ()
    of_no_session: bool = False


class Reporter(Protocol):
    """Keeps the ledger of runs, and has reports made. Methods may block; they are called in one thread."""

    @property
    def kinds(self) -> Sequence[ReportKind]:
        """Which reports there are."""

    def start(self) -> None:
        """Begin making what waits."""

    def add(self, report: str, parameters: Mapping[str, str], user_id: str, asked_by: str) -> ReportRun:
        """Write a run down that somebody asks for, about this user; it is made when its turn comes."""

    def run(self, run_id: str) -> ReportRun | None:
        """One run."""

    def runs(self, wanted: Wanted, before: str, limit: int) -> list[ReportRun]:
        """The newest first, from behind the one with that cursor; fewer than `limit` at the end."""

    def unfinished(self, asked_by: str = "") -> list[ReportRun]:
        """Runs by hand that wait or run, of somebody or of all, in the order in which they were asked for."""

    def stop(self) -> None:
        """Make no more; what was begun is begun anew by the next server."""


MakeReporter = Callable[[Path], Reporter]
"""Makes the one of a data root."""
