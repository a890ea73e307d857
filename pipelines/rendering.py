"""The step that makes a report, whatever makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipelines.jobs import Channel, Job
from pipelines.places import discard, folder_of, keep_only
from pipelines.runs import Outcome, Run, Task

Value = str | int | float | bool
"""What a report's parameter may be."""


@dataclass(frozen=True, slots=True)
class Made:
    """A report that was made.

    Attributes
    ----------
    title, headline
        What it is called, and what it says, in one sentence.
    empty
        Whether there was nothing to tell.
    summary
        Its numbers.
    """

    title: str
    headline: str
    empty: bool = False
    summary: Mapping[str, Any] = field(default_factory=dict)


class Renderer(Protocol):
    """Makes a report: the whole of it in `folder`, which it makes, or nothing of it."""

    def __call__(
        self, name: str, parameters: Mapping[str, Value], folder: Path, *, timeout_s: float, run_id: str
    ) -> Made:
        """Make one."""


class Recipients(Protocol):
    """Whom a run's report is mailed to; nobody when no address is known."""

    def __call__(self, run: Run) -> list[str]:
        """Their addresses."""


class Reporting:
    """Makes reports, and enters their deliveries.

    Parameters
    ----------
    render
        Makes one.
    reports
        The folder of all reports.
    deliveries
        The runs that follow a report.
    """

    def __init__(
        self, render: Renderer, reports: Path, deliveries: Callable[[Run, Job], tuple[Task, ...]]
    ) -> None:
        self._render = render
        self._reports = reports
        self._deliveries = deliveries

    def __call__(self, run: Run, job: Job) -> Outcome:
        """One report, in the attempt's own folder."""
        folder = folder_of(run)
        made = self._render(
            run.report,
            {**parameters_of(run), **job.parameters},
            self._reports / folder,
            timeout_s=job.timeout_s,
            run_id=f"{run.run_id}-{run.attempt}",
        )
        return Outcome(
            made.headline,
            title=made.title,
            summary=made.summary,
            empty=made.empty,
            folder=folder,
            on_page=Channel.PAGE in job.deliver,
            then=self._deliveries(run, job),
        )

    def taken(self, run: Run, outcome: Outcome) -> None:
        """Remove what earlier attempts left, now that this one stands in the ledger."""
        if outcome.folder and run.attempt > 1:
            # What is left behind costs room and nothing else: it is in no ledger.
            with suppress(OSError):
                keep_only(self._reports, outcome.folder)

    def late(self, _run: Run, outcome: Outcome) -> None:
        """Remove a report that came too late."""
        if outcome.folder:
            discard(self._reports, outcome.folder)


def parameters_of(run: Run) -> dict[str, str]:
    """A report's parameters, those that are not empty.

    Names are what people choose, so a report is told the user's id, or that an account is meant.
    """
    account = f"account:{run.account}" if run.account else ""
    if run.account and run.user_id:
        account = f"user:{run.user_id}"
    given = {
        "session": run.session,
        "account": account,
        "class_id": run.class_id,
        "first_day": run.first_day,
        "last_day": run.last_day,
        **run.details.get("parameters", {}),
    }
    return {name: str(value) for name, value in given.items() if value}
