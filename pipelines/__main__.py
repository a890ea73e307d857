"""`python -m pipelines`: tick, work, backfill, status, serve."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from pipelines.house import House
from pipelines.jobs import Pipelines
from pipelines.jobs_file import read_jobs
from pipelines.ledger import Ledger
from pipelines.planning import Planned, tick
from pipelines.planning import backfill as backfill_job
from pipelines.production import check_places, check_reports, open_house
from pipelines.runs import State
from pipelines.serving import GRACE_S, TICK_S, run, until_told
from pipelines.status import print_status
from pipelines.toml_table import near
from pipelines.worker import LEASE_S, Worked
from workbench.api.logs import set_up_logs
from workbench.cli.errors import DIFFERENT, sentences
from workbench.errors import ConfigError

JOBS = "WORKBENCH_JOBS"
"""Environment variable that names the jobs file."""

app = typer.Typer(
    name="pipelines",
    help="What is due by the exchange's calendar, done once each: reports, compaction, retention.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Jobs = Annotated[
    Path | None,
    typer.Option("--jobs", metavar="FILE", help="The jobs; $WORKBENCH_JOBS, or jobs.toml, unless given."),
]
Workers = Annotated[int, typer.Option(min=1, max=64, help="How many runs are worked on at the same time.")]
Lease = Annotated[
    float, typer.Option("--lease", min=1.0, help="Seconds that others wait for a worker that has vanished.")
]
Grace = Annotated[
    float, typer.Option("--grace", min=0.0, help="Seconds that runs have to end after SIGTERM.")
]


@contextmanager
def _house(jobs: Path | None) -> Iterator[House]:
    path, said = _read(jobs)
    check_places(said, str(path))
    house = open_house(said)
    try:
        yield house
    finally:
        house.ledger.close()


def _read(jobs: Path | None) -> tuple[Path, Pipelines]:
    path = jobs or Path(os.environ.get(JOBS) or "jobs.toml")
    said = read_jobs(path)
    if all(job.schedule is None for job in said.jobs.values()):
        raise ConfigError("declares no job", str(path), "add a table [job.NAME], as docs/pipelines.md says")
    check_reports(said, str(path))
    return path, said


@app.command("tick")
@sentences
def tick_command(jobs: Jobs = None) -> None:
    """Enter what has become due since the last tick, of all jobs."""
    set_up_logs("text", logging.WARNING)
    with _house(jobs) as house:
        for planned in tick(house.ledger, house.pipelines.jobs):
            _tell_planned(planned)


@app.command("work")
@sentences
def work_command(
    jobs: Jobs = None,
    forever: Annotated[bool, typer.Option("--forever", help="Wait for more until SIGTERM.")] = False,
    workers: Workers = 1,
    lease: Lease = LEASE_S,
    grace: Grace = GRACE_S,
) -> None:
    """Work on what is ready; ends when nothing is, with 1 if any run failed for good."""
    set_up_logs("text", logging.WARNING)
    failed = threading.Event()

    def told(worked: Worked) -> None:
        _tell_worked(worked)
        if worked.state is State.FAILED:
            failed.set()

    with _house(jobs) as house, until_told() as stop:
        if forever:
            done = run(house, stop, workers=workers, ticking=False, lease_s=lease, grace_s=grace, told=told)
            _end(in_time=done)
            return
        crew = [house.worker(lease_s=lease) for _ in range(workers)]

        def work(number: int) -> None:
            for worked in crew[number].work(stop):
                told(worked)

        with ThreadPoolExecutor(workers) as threads:
            # What ends one of them, such as a ledger out of reach, is raised here, once all have ended.
            for ended in [threads.submit(work, number) for number in range(workers)]:
                ended.result()
    if failed.is_set():
        raise typer.Exit(DIFFERENT)


@app.command("serve")
@sentences
def serve_command(
    jobs: Jobs = None,
    workers: Workers = 1,
    every: Annotated[float, typer.Option("--every", min=0.1, help="Seconds between two ticks.")] = TICK_S,
    lease: Lease = LEASE_S,
    grace: Grace = GRACE_S,
) -> None:
    """Tick and work until SIGTERM; then what is being worked on is brought to its end."""
    set_up_logs("text" if sys.stderr.isatty() else "json")
    with _house(jobs) as house, until_told() as stop:
        done = run(house, stop, workers=workers, tick_s=every, lease_s=lease, grace_s=grace)
        _end(in_time=done)


@app.command("backfill")
@sentences
def backfill_command(
    job: Annotated[str, typer.Argument(help="The job.")],
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First exchange-local day.")],
    last: Annotated[
        str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day; the first unless given.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Also what has run, failed or was skipped already.")
    ] = False,
    jobs: Jobs = None,
) -> None:
    """Enter what would have been due for some days."""
    set_up_logs("text", logging.WARNING)
    with _house(jobs) as house:
        known = house.pipelines.jobs
        if job not in known:
            raise ConfigError(f"there is no job {job!r}", "backfill", near(job, _declared(house.pipelines)))
        begin = _day(first, "--from")
        end = _day(last, "--to") if last else begin
        _tell_planned(backfill_job(house.ledger, known[job], begin, end, again=again))


@app.command("status")
@sentences
def status_command(
    jobs: Jobs = None,
    job: Annotated[str, typer.Argument(help="A job, to list its runs; all in short unless given.")] = "",
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="So many runs at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say how jobs stand, or what the runs of one came to."""
    set_up_logs("text", logging.WARNING)
    path, said = _read(jobs)
    ledger = Ledger(said.ledger)
    try:
        print_status(ledger, said, str(path), job=job, most=most, as_json=as_json)
    finally:
        ledger.close()


def _declared(said: Pipelines) -> list[str]:
    """The jobs of the file, without what people ask for."""
    return [name for name, each in said.jobs.items() if each.schedule is not None]


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no day, expected YYYY-MM-DD", option) from None


def _tell_planned(planned: Planned) -> None:
    words = [f"{planned.entered} entered"]
    if planned.skipped:
        words.append(f"{planned.skipped} skipped")
    if planned.again:
        words.append(f"{planned.again} again")
    told = f"{planned.job}: {', '.join(words)}"
    if planned.known:
        told += f"; {', '.join(f'{count} {state}' for state, count in planned.known.items())} already"
        if {State.DONE, State.FAILED, State.SKIPPED} & set(planned.known):
            told += ": --again makes them once more"
    typer.echo(told)


def _tell_worked(worked: Worked) -> None:
    state = "late" if worked.state is None else str(worked.state)
    run_ = worked.run
    typer.echo(f"{run_.job}, {run_.last_day or run_.run_id}, {run_.task}: {state}, {worked.note}")


def _end(*, in_time: bool) -> None:
    typer.echo("stopped" if in_time else "stopped; what was not done in time was given back", err=True)
    if not in_time:
        # Threads that still work on it would be waited for; what they make is not taken any more.
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    app(prog_name="python -m pipelines")
