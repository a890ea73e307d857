"""The core's parts put together, whatever makes reports and wherever sessions are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from pipelines.addresses import Addresses
from pipelines.archive import Archive
from pipelines.delivering import ToFolder, ToMail, deliveries
from pipelines.jobs import Pipelines
from pipelines.ledger import Ledger
from pipelines.rendering import Renderer, Reporting
from pipelines.runs import Step
from pipelines.subjects import Planner
from pipelines.upkeep import Compaction, Retention
from pipelines.worker import LEASE_S, Action, Worker


@dataclass(frozen=True)
class House:
    """A ledger with all that workers need.

    Attributes
    ----------
    pipelines
        What the jobs file says.
    ledger
        The runs.
    archive, render
        Where sessions are, and what makes reports.
    """

    pipelines: Pipelines
    ledger: Ledger
    archive: Archive
    render: Renderer

    def worker(self, *, owner: str = "", lease_s: float = LEASE_S) -> Worker:
        """A worker for every step that can be done here."""
        said = self.pipelines
        reporting = Reporting(self.render, said.reports, partial(deliveries, recipients=Addresses(said.mail)))
        now_ns = self.ledger.store.now_ns
        actions: dict[Step, Action] = {
            Step.PLAN: Planner(self.archive, now_ns),
            Step.REPORT: reporting,
            Step.COMPACTION: Compaction(said.data),
            Step.RETENTION: Retention(self.ledger, said.data, said.reports),
        }
        if said.folder is not None:
            actions[Step.FOLDER] = ToFolder(self.ledger, said.reports, said.folder)
        if said.mail is not None:
            actions[Step.MAIL] = ToMail(self.ledger, said.reports, said.mail)
        return Worker(
            self.ledger,
            said.jobs,
            actions,
            taken=reporting.taken,
            late=reporting.late,
            owner=owner,
            lease_s=lease_s,
        )
