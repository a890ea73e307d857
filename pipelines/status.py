"""`status`: how jobs stand, in a terminal or for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

from rich.table import Table

from pipelines.jobs import ON_DEMAND, Pipelines
from pipelines.ledger import Ledger
from pipelines.listing import history, standings
from pipelines.runs import Run, State, Step
from pipelines.toml_table import near
from workbench.cli.tables import console
from workbench.errors import ConfigError

_LOOK_AHEAD_NS = 366 * 86_400 * 1_000_000_000


def print_status(ledger: Ledger, said: Pipelines, where: str, *, job: str, most: int, as_json: bool) -> None:
    """Print how all jobs stand, or the latest runs of one."""
    if job:
        if job not in said.jobs:
            raise ConfigError(f"there is no job {job!r}", where, near(job, said.jobs))
        found = history(ledger, job=job, most=most)
        if as_json:
            console().print_json(json.dumps([asdict(each) for each in found]))
        else:
            _print_runs(found)
        return
    names = list(said.jobs)
    standing = standings(ledger, names)
    if as_json:
        rows = [
            {
                "job": each.job,
                "declared": each.job in said.jobs,
                "next_due_ns": next_due_ns(said, each.job, ledger.now_ns),
                "planned_until_ns": each.planned_until_ns,
                "counts": {str(state): each.counts.get(state, 0) for state in State},
                "latest": None if each.latest is None else asdict(each.latest),
                "waits_for": each.waits_for,
            }
            for each in standing
        ]
        console().print_json(json.dumps(rows))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("job", no_wrap=True)
    for state in State:
        table.add_column(str(state), justify="right", no_wrap=True, min_width=len(state))
    table.add_column("next due (UTC)", no_wrap=True, min_width=len("2025-11-21 21:15"))
    for each in standing:
        due_ns = next_due_ns(said, each.job, ledger.now_ns)
        when = "" if due_ns is None else _time(due_ns)
        if each.job not in said.jobs:
            when = "not declared"
        table.add_row(each.job, *(str(each.counts.get(state, 0)) for state in State), when)
    console().print(table)
    for each in standing:
        if each.waits_for:
            console().print(f"{each.job} waits: {each.waits_for}", soft_wrap=True, markup=False)
        elif each.latest is not None and each.latest.step is Step.PLAN and each.latest.empty:
            console().print(f"{each.job} made nothing: {each.latest.headline}", soft_wrap=True, markup=False)


def next_due_ns(said: Pipelines, name: str, now_ns: int) -> int | None:
    """When a job is due next; None for one without a schedule."""
    job = said.jobs.get(name)
    if job is None or name == ON_DEMAND or job.schedule is None:
        return None
    found = next(job.schedule.due_times(now_ns, now_ns + _LOOK_AHEAD_NS), None)
    return None if found is None else found.due_ns


def _print_runs(found: list[Run]) -> None:
    """A line for each, and below it what there is to say; both whole, for their ends tell them apart."""
    shown = console()
    shown.print(f"{'time (UTC)':<16}  {'state':<7}  tries  task", highlight=False)
    for each in found:
        line = f"{_time(each.logical_ns)}  {each.state:<7}  {each.attempt:>5}  {each.task}"
        shown.print(line, soft_wrap=True, highlight=False, markup=False)
        if told := each.note or each.headline:
            shown.print(f"    {told}", soft_wrap=True, highlight=False, markup=False)


def _time(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M")
